//! Whole phones that call each other through the server's rules: plays with exact words, and evenings of a seed each.
mod gathering;
#[path = "phones/plays.rs"]
mod plays;
mod rooms;

use super::evenings;
use calls_tests::phones::{retell, run};

/// Evenings that run on every machine at every change; more by `CALLS_PHONES_EVENINGS`.
const EVENINGS: u64 = 4_000;

#[test]
fn random_evenings_of_whole_phones_break_no_promise() {
    let evenings = super::setting("CALLS_PHONES_EVENINGS").unwrap_or(EVENINGS);
    let first = super::setting("CALLS_PHONES_SEED").unwrap_or(1);
    let tally = evenings::play((first, evenings), run, retell);

    println!("{tally:?}");
    let went_on = [tally.answered, tally.heard, tally.repaired, tally.breaks, tally.kills, tally.woken];
    let is_lively = went_on.iter().all(|count| *count > evenings / 4);
    // One evening alone may be a quiet one.
    assert!(evenings < 1_000 || is_lively && tally.rebuilt > 0 && tally.crashes > 0, "little went on");
}
