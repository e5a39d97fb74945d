//! Any bytes at all, from a server or the other side: real ones with changes, and none that make sense.
#[path = "../../../fuzz/src/engine.rs"]
#[allow(unreachable_pub, reason = "in its own crate it is reached")]
mod engine;

use crate::{hostile, pair::End, pair::settings};
use calls_core::{
    audio::{FRAME_SAMPLES, Speaking, SpeakingSettings},
    peer::VideoCodec,
    video::{Codecs, EncoderSettings, Software, pattern::TestPattern},
};
use calls_machine::PeerOrder;
use calls_protocol::IceServers;
use std::time::Duration;

/// Changes bytes at random; the seed is told.
struct Changer(hostile::Changer);

impl Changer {
    fn new() -> (Self, u64) {
        let (changer, rounds) = hostile::Changer::new();
        (Self(changer), rounds)
    }

    fn change(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        for _ in 0..=self.0.draw(4) {
            let at = self.0.draw(changed.len().max(1));
            match self.0.draw(5) {
                0 if !changed.is_empty() => changed[at] = self.0.draw(256) as u8,
                1 if !changed.is_empty() => changed[at] ^= 1 << self.0.draw(8),
                2 => changed.truncate(at),
                3 => changed.insert(at.min(changed.len()), self.0.draw(256) as u8),
                _ => changed.extend_from_within(at.min(changed.len())..),
            }
            changed.truncate(20_000);
        }
        changed
    }

    /// Holds `check` against each seed, changed many times.
    fn hold(&mut self, rounds: u64, seeds: &[Vec<u8>], check: fn(&[u8])) {
        for seed in seeds {
            check(seed);
            for _ in 0..rounds {
                check(&self.change(seed));
            }
        }
    }
}

/// As `packets` of the fuzzer reads them.
fn as_packets(payloads: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let packet = |(number, payload): (usize, Vec<u8>)| {
        let (sequence, time) = ((number as u16).to_be_bytes(), (number as u16 * 2).to_be_bytes());
        let length = payload.len().min(255);
        [&sequence[..], &time, &[length as u8], &payload[..length]].concat()
    };
    payloads.enumerate().flat_map(packet).collect()
}

#[tokio::test]
async fn descriptions_and_addresses_with_changes_are_read_or_refused() {
    let mut end = End::new(settings(), IceServers::default()).await;
    end.order(PeerOrder::MakeOffer { restart: false }).await;
    let offer = end.next_offer().await.sdp().unwrap().into_owned();
    end.peer.close().await;
    let (mut changer, rounds) = Changer::new();
    let lines = [
        "candidate:1 1 udp 2130706431 192.0.2.1 9 typ host generation 0 ufrag x network-cost 999",
        "a=candidate:842163049 1 tcp 1677729535 2001:db8::1 443 typ srflx raddr 0.0.0.0 rport 0 tcptype active",
        "candidate:x 1 udp 1 12345678-1234-1234-1234-123456789012.local 5000 typ host",
    ];

    changer.hold(rounds, &[offer.into_bytes()], engine::description);
    changer.hold(rounds * 10, &lines.map(|line| line.as_bytes().to_vec()), engine::candidate);
}

#[test]
fn packets_and_servers_of_any_kind_are_read_or_refused() {
    let (mut changer, rounds) = Changer::new();
    let media =
        [&[0x90, 111, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 0xbe, 0xde, 0, 1, 0x10, 0x80, 0, 0][..], &[7; 80]]
            .concat();
    let reports = vec![
        0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,
    ];
    // A check with a name, a priority and both proofs; an answer with an address and an error; a first word of DTLS.
    let check = [
        &[0, 1, 0, 60, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 6, 0, 9][..],
        b"them:ours\0\0\0",
        &[0, 0x24, 0, 4, 0x6e, 0, 1, 0xff, 0, 8, 0, 20],
        &[7; 20],
        &[0x80, 0x28, 0, 4, 1, 2, 3, 4],
    ]
    .concat();
    let answer = vec![
        1, 1, 0, 28, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x20, 0, 8, 0, 1,
        0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0, 9, 0, 8, 0, 0, 4, 1, b'N', b'o', b't', b'!', 0, 10, 0, 0,
    ];
    let hello = [
        &[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 62, 1, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0, 50, 254, 253][..],
        &[9; 32],
        &[0, 0, 0, 2, 0xc0, 0x2b, 1, 0, 0, 6, 0, 10, 0, 2, 0, 29],
    ]
    .concat();
    let server = [
        r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
        r#"40{"sid":"b"}"#,
        r#"430[{"success":true,"userId":1,"iceServers":[],"pending":[]}]"#,
        "2",
        r#"42["call:ended",{"roomName":"r","reason":"completed","eventId":3}]"#,
        r#"42["call:incoming",{"fromId":2,"fromName":"n","callType":"audio","roomName":"r","sdpOffer":"x"}]"#,
    ]
    .join("\n");

    changer.hold(rounds * 20, &[media, reports], engine::packet);
    changer.hold(rounds * 20, &[check, answer, hello], engine::datagram);
    changer.hold(rounds * 5, &[server.into_bytes()], engine::server);
}

#[test]
fn voices_and_pictures_of_any_bytes_are_heard_and_seen_or_let_go() {
    let (mut changer, rounds) = Changer::new();
    let mut speaking =
        Speaking::new(&SpeakingSettings { bitrate: 16_000, ..SpeakingSettings::default() }, 0).unwrap();
    let tone: [i16; FRAME_SAMPLES] = std::array::from_fn(|n| ((n % 109) as i16 - 54) * 150);
    let voice = as_packets((0..50).filter_map(|_| Some(speaking.speak(&tone, false).unwrap()?.payload)));
    let seen = |codec| {
        let settings = EncoderSettings { codec, width: 64, height: 48, bitrate: 30_000, frame_rate: 15 };
        let mut encoder = Software.encoder(settings).unwrap();
        let pattern = TestPattern::new(1, 64, 48);
        let mut frame = |n: u32| {
            let encoded =
                encoder.encode(&pattern.at(Duration::from_millis(66) * n), n * 6000, n == 0).unwrap();
            encoded.map_or_else(Vec::new, |encoded| encoded.payload)
        };
        // The descriptor of VP8 that says: a picture begins here.
        let first: &[u8] = if codec == VideoCodec::Vp8 { &[0x10] } else { &[] };
        as_packets((0..20).map(|n| [first, &frame(n)].concat()))
    };

    changer.hold(rounds / 4, &[voice], engine::voice);
    changer.hold(rounds * 2, &[seen(VideoCodec::Vp8), seen(VideoCodec::H264)], engine::picture);
}
