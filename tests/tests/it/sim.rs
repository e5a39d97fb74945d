//! Evenings of calls on a network that fails, one seed each.
use calls_tests::sim::{Tally, retell, run};
use std::thread;

/// Scripts that run on every machine at every change; more by `CALLS_SIM_SCRIPTS`.
const SCRIPTS: u64 = 100_000;

#[test]
fn random_evenings_on_a_failing_network_break_no_promise() {
    let scripts = super::setting("CALLS_SIM_SCRIPTS").unwrap_or(SCRIPTS);
    let first = super::setting("CALLS_SIM_SEED").unwrap_or(1);
    println!("{scripts} evenings, seeds {first} to {}", first + scripts - 1);
    let threads = thread::available_parallelism().map_or(1, |n| u64::try_from(n.get()).expect("few cores"));

    let tally = thread::scope(|scope| {
        let share =
            |n: u64| (first + n..first + scripts).step_by(usize::try_from(threads).expect("few cores"));
        let workers: Vec<_> = (0..threads).map(|n| scope.spawn(move || play(share(n)))).collect();
        let mut tally = Tally::default();
        for worker in workers {
            tally += worker.join().expect("no evening panicked");
        }
        tally
    });

    println!("{tally:?}");
    assert!(tally.answered > scripts && tally.resumed > scripts && tally.breaks > scripts, "little went on");
}

fn play(seeds: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        match run(seed) {
            Ok(evening) => tally += evening,
            Err(broken) => {
                let story = retell(seed).err().map_or_else(Vec::new, |again| again.story);
                panic!("seed {seed}: {}\n{}", broken.what, story.join("\n"));
            }
        }
    }
    tally
}
