//! How long it takes from an order to offer until both ends are up, on loopback.
//!
//! `cargo run --release -p calls-core --example setup_times [ROUNDS]`
#[path = "../tests/peer/pair.rs"]
mod pair;

use calls_protocol::IceServers;
use pair::{Pair, settings};
use std::time::{Duration, Instant};

#[tokio::main(worker_threads = 2)]
async fn main() {
    let rounds: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(200);
    let mut times = Vec::with_capacity(rounds);
    let begin = Instant::now();
    for _ in 0..rounds {
        let mut pair = Pair::new(settings, IceServers::default()).await;
        times.push(pair.connect().await);
        pair.close().await;
    }
    times.sort_unstable();
    let at = |part: f64| {
        let index = ((times.len() as f64 * part) as usize).min(times.len() - 1);
        times[index]
    };
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{rounds} pairs in {:.1} s, set up in ms: min {:.1} p50 {:.1} p90 {:.1} p95 {:.1} p99 {:.1} max {:.1}; over 100 ms: {}",
        begin.elapsed().as_secs_f64(),
        ms(times[0]),
        ms(at(0.5)),
        ms(at(0.9)),
        ms(at(0.95)),
        ms(at(0.99)),
        ms(times[times.len() - 1]),
        times.iter().filter(|time| **time > Duration::from_millis(100)).count(),
    );
}
