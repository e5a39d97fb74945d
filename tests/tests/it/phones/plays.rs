//! Plays.
use calls_tests::phones::Play;

#[test]
fn two_people_talk_and_one_hangs_up() {
    let mut play = Play::of(&[1, 2]);

    play.dials(0, 2, "a");
    play.pass(2_000);
    assert_eq!(play.shown(1), [["rings here"]]);
    play.accepts(1, "a");
    play.pass(3_000);
    assert!(play.hears(0, 1) && play.hears(1, 0));
    play.hangs_up(1, "a");
    play.pass(1_000);

    let caller = ["dialing", "rings there", "talking connecting", "talking up", "TheyHungUp"];
    assert_eq!(play.shown(0), [caller]);
    assert_eq!(play.shown(1), [["rings here", "answering", "talking connecting", "talking up", "WeHungUp"]]);
    play.ends();
}
