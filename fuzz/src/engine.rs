//! What must hold in the engine for any bytes of a server or of the other side. `core/tests/peer/any_bytes.rs` includes
//! this file, too.
use calls_core::{
    audio::{FRAME_SAMPLES, Hearing, JitterSettings},
    peer::{Content, ReceivedPacket, VideoCodec, hostile},
    signaling::{Link, LinkEffect, LinkInput, LinkSettings, Who},
    video::{Assembler, AssemblySettings},
};
use calls_machine::Time;
use calls_protocol::{DeviceId, UserId};
use std::time::{Duration, Instant};

/// A description of the other side.
pub fn description(data: &[u8]) {
    hostile::description(&String::from_utf8_lossy(data));
}

/// An address of the other side.
pub fn candidate(data: &[u8]) {
    hostile::candidate(&String::from_utf8_lossy(data));
}

/// A packet of the other side, after it was decrypted.
pub fn packet(data: &[u8]) {
    hostile::packet(data);
}

/// A datagram of anybody, before anything is known of them.
pub fn datagram(data: &[u8]) {
    hostile::datagram(data);
}

/// A server that says anything, one line a message. The connection may be given up, and is tried again.
pub fn server(data: &[u8]) {
    let who = Who {
        user: UserId::new(1).expect("not 0"),
        device: DeviceId::new("any").expect("a name"),
        platform: "fuzz".into(),
        push_token: None,
    };
    let mut link = Link::new(who, LinkSettings::default(), 1);
    let mut now = Time(0);
    let mut inputs = vec![LinkInput::Tick];
    for line in String::from_utf8_lossy(data).lines() {
        while let Some(input) = inputs.pop() {
            for effect in link.handle(now, input) {
                match effect {
                    LinkEffect::FetchProof { .. } => inputs.push(LinkInput::Proof(serde_json::json!({}))),
                    LinkEffect::Open => inputs.push(LinkInput::Opened),
                    LinkEffect::Send(_) | LinkEffect::Drop | LinkEffect::Tell(_) => {}
                }
            }
        }
        inputs.push(LinkInput::Text(line.to_owned()));
        now = Time(now.0 + 20);
        if link.deadline().is_some_and(|at| at <= now) {
            inputs.push(LinkInput::Tick);
        }
    }
}

/// Packets from bytes: two of the sequence, two of the time, one of the length, then the payload.
fn packets(mut data: &[u8], content: Content) -> impl Iterator<Item = ReceivedPacket> {
    std::iter::from_fn(move || {
        let [s0, s1, t0, t1, length, rest @ ..] = data else { return None };
        let (payload, next) = rest.split_at(usize::from(*length).min(rest.len()));
        data = next;
        Some(ReceivedPacket {
            mid: None,
            content,
            came: Instant::now(),
            ssrc: u32::from(t1 & 1),
            sequence: u16::from_be_bytes([*s0, *s1]),
            timestamp: u32::from(u16::from_be_bytes([*t0, *t1])) * 480,
            marker: length % 2 == 1,
            payload: payload.to_vec().into(),
            level: None,
            rotation: None,
        })
    })
}

/// A voice: whatever comes, 20 ms are played each time, and nothing grows.
pub fn voice(data: &[u8]) {
    let mut hearing = Hearing::new(JitterSettings::default()).expect("a decoder");
    let mut out = [0; FRAME_SAMPLES];
    let mut now = Duration::ZERO;
    for packet in packets(data, Content::Opus) {
        hearing.push(now, packet.sequence, packet.timestamp, &packet.payload);
        hearing.play(now, &mut out);
        now += Duration::from_millis(20);
    }
}

/// A picture: whatever comes, what is given is not empty, and the first one needs none before it.
pub fn picture(data: &[u8]) {
    for codec in [VideoCodec::Vp8, VideoCodec::H264] {
        let mut assembler = Assembler::new(AssemblySettings::default());
        let (mut now, mut is_first) = (Duration::ZERO, true);
        for packet in packets(data, Content::Video(codec)) {
            assembler.push(now, packet);
            while let Some(picture) = assembler.pull(now) {
                assert!(!picture.payload.is_empty());
                assert!(picture.key || !is_first, "the first picture stands on nothing");
                is_first = false;
            }
            let _asks = assembler.wants_key_frame(now);
            now += Duration::from_millis(11);
        }
    }
}
