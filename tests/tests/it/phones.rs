//! Whole phones that call each other through the server's rules: plays with exact words, and evenings of a seed each.
#[path = "phones/plays.rs"]
mod plays;

use calls_tests::phones::{Tally, retell, run};
use std::thread;

/// Evenings that run on every machine at every change; more by `CALLS_PHONES_EVENINGS`.
const EVENINGS: u64 = 4_000;

#[test]
fn random_evenings_of_whole_phones_break_no_promise() {
    let evenings = super::setting("CALLS_PHONES_EVENINGS").unwrap_or(EVENINGS);
    let first = super::setting("CALLS_PHONES_SEED").unwrap_or(1);
    println!("{evenings} evenings, seeds {first} to {}", first + evenings - 1);
    let threads = thread::available_parallelism().map_or(1, |n| u64::try_from(n.get()).expect("few cores"));

    let tally = thread::scope(|scope| {
        let share =
            |n: u64| (first + n..first + evenings).step_by(usize::try_from(threads).expect("few cores"));
        let workers: Vec<_> = (0..threads).map(|n| scope.spawn(move || play(share(n)))).collect();
        let mut tally = Tally::default();
        for worker in workers {
            tally += worker.join().expect("no evening panicked");
        }
        tally
    });

    println!("{tally:?}");
    let went_on = [tally.answered, tally.heard, tally.repaired, tally.breaks, tally.kills, tally.woken];
    let is_lively = went_on.iter().all(|count| *count > evenings / 4);
    // One evening alone may be a quiet one.
    assert!(evenings < 1_000 || is_lively && tally.rebuilt > 0 && tally.crashes > 0, "little went on");
}

fn play(seeds: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        match run(seed) {
            Ok(evening) => tally += evening,
            Err(broken) => {
                let story = retell(seed).err().map_or_else(Vec::new, |again| again.story);
                panic!("{}\nseed {seed}: {}", story.join("\n"), broken.what);
            }
        }
    }
    tally
}
