//! Calls over networks as people have them: routers that hide them, lost packets, lifts, Wi-Fi that is left behind.
//! And the lab itself, measured with foreign tools.
//!
//! A test program of its own with a runner of its own: it takes root, and where that is not given each test counts as
//! skipped. `NETLAB_SEED` gives all of them another seed.
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it")]
#[path = "netlab/calls.rs"]
mod calls;
#[path = "netlab/itself.rs"]
mod itself;
#[path = "netlab/paths.rs"]
mod paths;
#[path = "netlab/rooms.rs"]
mod rooms;
#[path = "netlab/udp.rs"]
mod udp;
#[path = "netlab/world.rs"]
mod world;

use calls_tests::netlab::{self, Lab};
use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

/// They wait most of the time. More than this, and on two cores they would measure each other.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let missing = netlab::missing();
    if let Some(missing) = missing {
        println!("the net lab is left out: {missing}");
    }
    println!("the seed of the net labs is {}", seed());
    let trials = [calls::trials(), rooms::trials(), itself::trials(), paths::trials()].into_iter().flatten();
    let trials = trials.map(|trial| trial.with_ignored_flag(missing.is_some())).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test by the name of its function.
fn trial<F: Fn() + Send + 'static>(test: F) -> Trial {
    let path = std::any::type_name::<F>();
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// A lab with the seed that was asked for.
fn lab() -> Lab {
    Lab::new(seed())
}

fn seed() -> u64 {
    std::env::var("NETLAB_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}
