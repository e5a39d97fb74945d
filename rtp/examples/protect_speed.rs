//! What it costs to seal and to open one packet: `cargo run --release -p calls-rtp --example protect_speed`.
use calls_rtp::protect::{Profile, Side, SrtpKeys};
use std::{hint::black_box, time::Instant};

/// How often it is measured: the fastest time counts, for other programs only make it slower.
const ROUNDS: u64 = 500;

/// How many packets are averaged. They lie in the cache of the processor, as the outgoing batch of a server does.
const PACKETS: u64 = 100;

fn main() {
    println!("{:<18}{:>7}{:>12}{:>12}", "profile", "bytes", "ns to seal", "ns to open");
    for profile in Profile::ALL {
        for len in [200, 1200] {
            let (seal, open) = fastest(profile, len);
            println!("{:<18}{len:>7}{seal:>12.0}{open:>12.0}", format!("{profile:?}"));
        }
    }
}

/// Nanoseconds a packet, to seal and to open. An opener opens each packet once, so they are sealed first.
fn fastest(profile: Profile, len: usize) -> (f64, f64) {
    let exported = vec![7; profile.exported_len()];
    let keys = |side| SrtpKeys::from_exported(profile, side, &exported).expect("the length is the profile's");
    let (sealer, mut opener) = (keys(Side::Client).sealer(), keys(Side::Server).opener());
    let stride = len + profile.tag_len();
    let mut batch = vec![0u8; stride * PACKETS as usize];
    let (mut sealing, mut opening) = (f64::MAX, f64::MAX);
    for first in (0..ROUNDS).map(|round| round * PACKETS) {
        for (packet, index) in batch.chunks_mut(stride).zip(first..) {
            packet[0] = 0x80;
            packet[2..4].copy_from_slice(&(index as u16).to_be_bytes());
        }
        let begin = Instant::now();
        for (packet, index) in batch.chunks_mut(stride).zip(first..) {
            black_box(sealer.seal_rtp(packet, len, 12, index));
        }
        sealing = sealing.min(begin.elapsed().as_nanos() as f64);
        let begin = Instant::now();
        for packet in batch.chunks_mut(stride) {
            black_box(opener.open_rtp(packet)).expect("it was sealed");
        }
        opening = opening.min(begin.elapsed().as_nanos() as f64);
    }
    (sealing / PACKETS as f64, opening / PACKETS as f64)
}
