//! How long voice is not heard while a call moves to new sockets, on loopback with signalling that takes no time.
//!
//! `cargo run --release -p calls-core --example restart_gap [ROUNDS]`
#[path = "../tests/peer/pair.rs"]
mod pair;

use bytes::Bytes;
use calls_core::peer::{EncodedAudio, Level, ReceivedPacket};
use calls_machine::{FromPeer, PeerOrder};
use calls_protocol::IceServers;
use pair::{Pair, settings};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;

/// So often a frame is sent, to see gaps as they are.
const EVERY: Duration = Duration::from_millis(5);

/// Between two packets.
struct Gap {
    last: Instant,
    longest: Duration,
}

impl Gap {
    fn new() -> Self {
        Self { last: Instant::now(), longest: Duration::ZERO }
    }

    fn look(&mut self, voice: &mut Receiver<ReceivedPacket>) {
        while voice.try_recv().is_ok() {
            self.longest = self.longest.max(self.last.elapsed());
            self.last = Instant::now();
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let rounds: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(50);
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    let mut gaps = Vec::new();
    let mut frames = 0_u32;
    for _ in 0..rounds {
        let (mut at_a, mut at_b) = (Gap::new(), Gap::new());
        let begin = Instant::now();
        let mut has_ordered = false;
        while begin.elapsed() < Duration::from_millis(600) {
            if begin.elapsed() > Duration::from_millis(100) && !has_ordered {
                has_ordered = true;
                (at_a, at_b) = (Gap::new(), Gap::new());
                pair.a.order(PeerOrder::MakeOffer { restart: true }).await;
            }
            frames = frames.wrapping_add(1);
            let level = Level { below_loudest_db: 30, voice: true };
            let frame =
                EncodedAudio { timestamp: frames * 240, payload: Bytes::from_static(&[7; 80]), level };
            // One that is not taken is a gap, which is what is looked for.
            let _gap = (pair.a.peer.send_voice(frame.clone()), pair.b.peer.send_voice(frame));
            let next = Instant::now() + EVERY;
            while Instant::now() < next {
                pair.carry(Duration::from_millis(1)).await;
                at_a.look(&mut pair.a.out.voice);
                at_b.look(&mut pair.b.out.voice);
            }
        }
        assert!(!pair.a.heard.iter().any(|said| matches!(said, FromPeer::OurFault | FromPeer::TheirFault)));
        gaps.extend([at_a.longest, at_b.longest]);
    }
    pair.close().await;
    gaps.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{rounds} restarts, longest gap in voice each way in ms: p50 {:.0} p95 {:.0} max {:.0}",
        ms(gaps[gaps.len() / 2]),
        ms(gaps[gaps.len() * 95 / 100]),
        ms(gaps[gaps.len() - 1])
    );
}
