//! What it costs to seal and to open one packet: `cargo run --release -p calls-rtp --example protect_speed`.
use calls_rtp::protect::{Profile, Side, SrtpKeys};
use std::{hint::black_box, time::Instant};

/// How many packets are averaged; the best of five rounds counts, for other programs only make it slower.
const PACKETS: u64 = 50_000;

fn main() {
    println!("{:<18}{:>7}{:>12}{:>12}", "profile", "bytes", "ns to seal", "ns to open");
    for profile in Profile::ALL {
        for len in [200, 1200] {
            let (seal, open) = (0..5)
                .map(|_| round(profile, len))
                .fold((f64::MAX, f64::MAX), |best, now| (best.0.min(now.0), best.1.min(now.1)));
            println!("{:<18}{len:>7}{seal:>12.0}{open:>12.0}", format!("{profile:?}"));
        }
    }
}

/// Nanoseconds a packet, to seal and to open. An opener opens each packet once, so they are sealed first.
fn round(profile: Profile, len: usize) -> (f64, f64) {
    let exported = vec![7; profile.exported_len()];
    let keys = |side| SrtpKeys::from_exported(profile, side, &exported).expect("the length is the profile's");
    let (sealer, mut opener) = (keys(Side::Client).sealer(), keys(Side::Server).opener());
    let stride = len + profile.tag_len();
    // A thousand packets lie in the cache of the processor as the outgoing batch of a server does.
    let mut batch = vec![0u8; stride * 1000];
    let (mut sealing, mut opening) = (0, 0);
    for first in (0..PACKETS).step_by(1000) {
        for (packet, index) in batch.chunks_mut(stride).zip(first..) {
            packet[0] = 0x80;
            packet[2..4].copy_from_slice(&(index as u16).to_be_bytes());
        }
        let begin = Instant::now();
        for (packet, index) in batch.chunks_mut(stride).zip(first..) {
            black_box(sealer.seal_rtp(packet, len, 12, index));
        }
        sealing += begin.elapsed().as_nanos();
        let begin = Instant::now();
        for packet in batch.chunks_mut(stride) {
            black_box(opener.open_rtp(packet)).expect("it was sealed");
        }
        opening += begin.elapsed().as_nanos();
    }
    (sealing as f64 / PACKETS as f64, opening as f64 / PACKETS as f64)
}
