//! Packets as people on the stage send them.
use super::*;

/// A packet of one of a person's streams.
pub(super) fn rtp(
    sending: &mut Sending,
    transport: &mut u16,
    (marker, level): (bool, Option<u8>),
    now: Duration,
    payload: &[u8],
) -> Vec<u8> {
    sending.sequence = sending.sequence.wrapping_add(1);
    *transport = transport.wrapping_add(1);
    let (payload_type, clock) = if sending.kind == Kind::Sound { (111, 48) } else { (96, 90) };
    let timestamp = (now.as_millis() * clock) as u32 + sending.ssrc;
    let head = Head { marker, payload_type, sequence: sending.sequence, timestamp, ssrc: sending.ssrc };
    let mut bytes = vec![0; HEAD + 60];
    let mid = match sending.kind {
        Kind::Sound => b"0",
        Kind::Camera => b"1",
        Kind::Screen => b"2",
    };
    let mut writer = HeadWriter::new(&mut bytes, &head).extension(MID, mid);
    writer = writer.extension(TRANSPORT, &transport.to_be_bytes());
    if sending.kind == Kind::Camera {
        writer = writer.extension(RID, &b"qhf"[sending.layer..=sending.layer]);
    }
    if let Some(level) = level {
        writer = writer.extension(LEVEL, &[level]);
    }
    let len = writer.finish();
    bytes.truncate(len);
    bytes.extend_from_slice(payload);
    if sending.kind != Kind::Sound {
        sending.sent.push_back(bytes.clone());
        if sending.sent.len() > 500 {
            sending.sent.pop_front();
        }
    }
    bytes
}
