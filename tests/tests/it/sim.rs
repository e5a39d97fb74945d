//! Evenings of calls on a network that fails, one seed each.
use super::evenings;
use calls_tests::sim::{retell, run};

/// Scripts that run on every machine at every change; more by `CALLS_SIM_SCRIPTS`.
const SCRIPTS: u64 = 100_000;

#[test]
fn random_evenings_on_a_failing_network_break_no_promise() {
    let scripts = super::setting("CALLS_SIM_SCRIPTS").unwrap_or(SCRIPTS);
    let first = super::setting("CALLS_SIM_SEED").unwrap_or(1);
    let tally = evenings::play((first, scripts), run, retell);

    println!("{tally:?}");
    assert!(tally.answered > scripts && tally.resumed > scripts && tally.breaks > scripts, "little went on");
}
