//! Plays one seed after the other on every core, and retells the first that breaks a promise.
use calls_tests::sim::Broken;
use std::{ops::AddAssign, thread};

/// So many evenings from a first seed on. What went on in all of them.
pub(crate) fn play<T: AddAssign + Default + Send>(
    (first, count): (u64, u64),
    run: fn(u64) -> Result<T, Broken>,
    retell: fn(u64) -> Result<T, Broken>,
) -> T {
    println!("{count} evenings, seeds {first} to {}", first + count - 1);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let share = |n: usize| (first..first + count).skip(n).step_by(threads);
        let workers: Vec<_> =
            (0..threads).map(|n| scope.spawn(move || one_by_one(share(n), run, retell))).collect();
        let mut tally = T::default();
        for worker in workers {
            tally += worker.join().expect("no evening panicked");
        }
        tally
    })
}

fn one_by_one<T: AddAssign + Default>(
    seeds: impl Iterator<Item = u64>,
    run: fn(u64) -> Result<T, Broken>,
    retell: fn(u64) -> Result<T, Broken>,
) -> T {
    let mut tally = T::default();
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
