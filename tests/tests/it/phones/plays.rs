//! Plays: what each phone showed, in which order, in the calls that people remember.
use calls_tests::phones::Play;

/// Phones 0 and 1, of users 1 and 2, talk in room `a`.
fn talking(users: &[u64]) -> Play {
    let mut play = Play::of(users);
    play.dials(0, 2, "a");
    play.pass(2_000);
    play.accepts(1, "a");
    play.pass(4_000);
    assert!(play.hears(0, 1) && play.hears(1, 0));
    play
}

const CALLER: [&str; 4] = ["dialing", "rings there", "talking connecting", "talking up"];
const CALLEE: [&str; 4] = ["rings here", "answering", "talking connecting", "talking up"];

fn then<'a>(first: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [first, more].concat()
}

/// Media was gone and is back, both saw so, and the call was never in question.
fn goes_on_after_a_repair(play: Play) {
    assert!(play.hears(0, 1) && play.hears(1, 0));
    assert_eq!(play.shown(0), [then(&CALLER, &["talking repairing", "talking up"])]);
    assert_eq!(play.shown(1), [then(&CALLEE, &["talking repairing", "talking up"])]);
    play.ends();
}

#[test]
fn two_people_talk_and_one_hangs_up() {
    let mut play = talking(&[1, 2]);

    play.hangs_up(1, "a");
    play.pass(1_000);

    assert_eq!(play.shown(0), [then(&CALLER, &["TheyHungUp"])]);
    assert_eq!(play.shown(1), [then(&CALLEE, &["WeHungUp"])]);
    play.ends();
}

#[test]
fn a_call_is_declined() {
    let mut play = Play::of(&[1, 2]);
    play.dials(0, 2, "a");
    play.pass(2_000);

    play.declines(1, "a");
    play.pass(1_000);

    assert_eq!(play.shown(0), [["dialing", "rings there", "TheyDeclined"]]);
    assert_eq!(play.shown(1), [["rings here", "WeDeclined"]]);
    play.ends();
}

#[test]
fn nobody_answers() {
    let mut play = Play::of(&[1, 2]);

    play.dials(0, 2, "a");
    play.pass(50_000);

    assert_eq!(play.shown(0), [["dialing", "rings there", "NoAnswer"]]);
    assert_eq!(play.shown(1), [["rings here", "Missed"]]);
    play.ends();
}

#[test]
fn two_who_call_each_other_at_once_talk_in_one_call() {
    for seed in 0..400 {
        let mut play = Play::with_seed(seed, &[1, 2]);
        let (first, second) = if seed % 2 == 0 { ("a", "b") } else { ("b", "a") };

        play.dials(0, 2, first);
        play.pass(seed / 2);
        // Whoever sees that it rings here answers instead.
        if play.live(1) == 0 {
            play.dials(1, 1, second);
        } else {
            play.accepts(1, first);
        }
        play.pass(8_000);

        for phone in [0, 1] {
            let shown = play.shown(phone);
            let last: Vec<_> = shown.iter().filter_map(|call| call.last()).collect();
            assert_eq!(last, ["talking up"], "seed {seed}, phone {phone}: {shown:?}");
        }
        assert!(play.hears(0, 1) && play.hears(1, 0), "seed {seed}");
        play.ends();
    }
}

#[test]
fn a_second_call_puts_the_first_on_hold() {
    let mut play = talking(&[1, 2, 3]);

    play.dials(2, 1, "b");
    play.pass(2_000);
    play.accepts(0, "b");
    play.pass(3_000);
    assert!(play.hears(0, 2) && play.hears(2, 0) && !play.hears(0, 1) && !play.hears(1, 0));
    play.hangs_up(0, "b");
    play.pass(1_000);
    play.holds(0, "a", false);
    play.pass(1_000);

    assert!(play.hears(0, 1) && play.hears(1, 0));
    let second = ["rings here", "answering", "talking connecting", "talking up", "WeHungUp"].to_vec();
    assert_eq!(play.shown(0), [then(&CALLER, &["talking on hold up", "talking up"]), second]);
    assert_eq!(play.shown(1), [CALLEE.to_vec()]);
    assert_eq!(play.shown(2), [then(&CALLER, &["TheyHungUp"])]);
    play.ends();
}

#[test]
fn a_lift_of_25_seconds_ends_no_call() {
    let mut play = talking(&[1, 2]);

    play.is_offline_for(1, 25_000);
    play.pass(24_000);
    assert!(!play.hears(0, 1) && !play.hears(1, 0));
    play.pass(12_000);

    goes_on_after_a_repair(play);
}

#[test]
fn from_wifi_to_mobile_the_call_goes_on_before_anybody_sees_a_loss() {
    for line_breaks in [false, true] {
        let mut play = talking(&[1, 2]);

        play.moves(0, line_breaks);
        play.pass(if line_breaks { 12_000 } else { 4_000 });

        assert!(play.hears(0, 1) && play.hears(1, 0));
        if !line_breaks {
            assert_eq!(play.shown(0), [CALLER]);
            assert_eq!(play.shown(1), [CALLEE]);
        }
        play.ends();
    }
}

#[test]
fn a_server_that_is_killed_in_a_call_is_not_noticed() {
    let mut play = talking(&[1, 2]);

    play.server_dies_for(5_000);
    for _ in 0..20 {
        play.pass(1_000);
        assert!(play.hears(0, 1) && play.hears(1, 0));
    }
    play.hangs_up(0, "a");
    play.pass(1_000);

    assert_eq!(play.shown(0), [then(&CALLER, &["WeHungUp"])]);
    assert_eq!(play.shown(1), [then(&CALLEE, &["TheyHungUp"])]);
    play.ends();
}

#[test]
fn a_push_wakes_an_app_that_was_killed() {
    let mut play = Play::of(&[1, 2]);
    play.app_dies(1);
    play.pass(2_000);

    play.dials(0, 2, "a");
    play.pass(8_000);
    play.accepts(1, "a");
    play.pass(4_000);

    assert!(play.hears(0, 1) && play.hears(1, 0));
    assert_eq!(play.shown(0), [CALLER]);
    assert_eq!(play.shown(1), [CALLEE]);
    play.ends();
}

#[test]
fn an_app_that_is_killed_in_a_call_ends_it_for_the_other_one_after_the_grace() {
    let mut play = talking(&[1, 2]);

    play.app_dies(1);
    play.pass(100_000);

    assert_eq!(play.shown(0), [then(&CALLER, &["talking repairing", "TheyLostConnection"])]);
    play.ends();
}

#[test]
fn after_30_seconds_without_media_the_connection_is_built_anew() {
    let mut play = talking(&[1, 2]);

    play.are_cut_for(0, 1, 33_000);
    play.pass(28_000);
    assert_eq!(play.rebuilt(), 0);
    play.pass(4_000);
    assert!(play.rebuilt() > 0);
    play.pass(12_000);

    goes_on_after_a_repair(play);
}

#[test]
fn a_minute_without_media_is_the_end() {
    let mut play = talking(&[1, 2]);

    play.are_cut_for(0, 1, 90_000);
    play.pass(70_000);

    for shown in [play.shown(0), play.shown(1)] {
        assert_eq!(shown[0][4], "talking repairing");
        // Both servers had both of them: nobody's own connection was gone.
        assert_eq!(shown[0][5], "NoPath", "{shown:?}");
    }
    play.ends();
}
