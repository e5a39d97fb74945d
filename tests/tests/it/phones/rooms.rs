//! Plays: rooms that move to the media server and back, and what goes wrong on the way.
use calls_tests::phones::Play;

/// Phones 0, 1 and 2 talk in the group, through the media server; each moment somebody was silent is counted.
fn three_talk(seed: u64) -> Play {
    let mut play = two_talk(seed, &[1, 2, 3]);
    play.accepts(2, "a");
    play.pass(15_000);
    assert!(all_hear(&play, 3), "seed {seed}");
    for phone in 0..3 {
        assert_eq!(play.connections(phone), (1, 0), "seed {seed}: phone {phone}");
    }
    play
}

/// Phones 0 and 1 talk in the group, straight; it rings at the third.
fn two_talk(seed: u64, users: &[u64]) -> Play {
    let mut play = Play::with_media_server(seed, users);
    play.dials_the_group(0, "a");
    play.pass(2_000);
    play.accepts(1, "a");
    play.pass(5_000);
    assert!(all_hear(&play, 2), "seed {seed}");
    assert_eq!((play.connections(0), play.connections(1)), ((0, 1), (0, 1)), "seed {seed}");
    play
}

/// Whether all of the first so many hear each other.
fn all_hear(play: &Play, count: usize) -> bool {
    (0..count).all(|one| (0..count).all(|other| one == other || play.hears(one, other)))
}

#[test]
fn a_third_moves_the_group_to_the_media_server_and_nobody_falls_silent() {
    for seed in 0..50 {
        let mut play = two_talk(seed, &[1, 2, 3]);

        play.accepts(2, "a");
        for _ in 0..1_500 {
            play.pass(10);
            assert!(all_hear(&play, 2), "seed {seed} at {}", play.now());
        }

        assert!(all_hear(&play, 3), "seed {seed}");
        for phone in 0..3 {
            assert_eq!(play.connections(phone), (1, 0), "seed {seed}: phone {phone}");
            let shown = play.shown(phone).pop().expect("a call");
            assert!(!shown.iter().any(|line| line.contains("repairing")), "seed {seed}: {shown:?}");
        }
        play.ends();
    }
}

#[test]
fn when_one_leaves_the_other_two_speak_straight_again_and_never_fall_silent() {
    for seed in 0..50 {
        let mut play = three_talk(seed);

        play.hangs_up(0, "a");
        for _ in 0..3_000 {
            play.pass(10);
            assert!(play.hears(1, 2) && play.hears(2, 1), "seed {seed} at {}", play.now());
        }

        assert_eq!((play.connections(1), play.connections(2)), ((0, 1), (0, 1)), "seed {seed}");
        play.ends();
    }
}

#[test]
fn a_room_that_changes_its_mind_in_the_middle_of_a_move_is_heard_all_the_time() {
    for seed in 0..50 {
        let mut play = two_talk(seed, &[1, 2, 3]);

        for _ in 0..3 {
            play.accepts_or_joins(2, "a");
            play.pass(100 * seed);
            play.hangs_up(2, "a");
            for _ in 0..(1_100 + 10 * seed) {
                play.pass(10);
                assert!(all_hear(&play, 2), "seed {seed} at {}", play.now());
            }
        }

        play.ends();
    }
}

#[test]
fn a_media_server_that_dies_is_found_again() {
    for seed in 0..50 {
        let mut play = three_talk(seed);

        play.media_server_dies();
        play.pass(50);
        assert!(!play.hears(0, 1), "seed {seed}");
        // The server says that they are lost: nobody waits until they notice.
        play.pass(7_000);

        assert!(all_hear(&play, 3), "seed {seed}");
        for phone in 0..3 {
            let shown = play.shown(phone).pop().expect("a call");
            let paths: Vec<&str> = shown.iter().rev().take(2).map(String::as_str).collect();
            assert_eq!(paths, ["talking up up", "talking repairing repairing"], "seed {seed}");
        }
        play.ends();
    }
}

#[test]
fn a_server_that_is_killed_with_its_media_server_gives_the_call_back() {
    for seed in 0..50 {
        let mut play = three_talk(seed);

        play.server_dies_for(2_000 + 100 * seed);
        play.pass(45_000);

        assert!(all_hear(&play, 3), "seed {seed}");
        play.ends();
    }
}

#[test]
fn a_lift_and_another_network_end_no_call_through_the_media_server() {
    for seed in 0..50 {
        let mut play = three_talk(seed);

        play.is_offline_for(1, 25_000);
        play.pass(40_000);
        assert!(all_hear(&play, 3), "seed {seed}: after the lift");
        play.moves(2, seed % 2 == 0);
        play.pass(8_000);

        assert!(all_hear(&play, 3), "seed {seed}: in another network");
        assert!(play.rebuilt() <= 1, "seed {seed}");
        play.ends();
    }
}

#[test]
fn offers_that_cross_on_the_way_to_and_from_the_media_server_are_both_answered() {
    for seed in 0..100 {
        let mut play = two_talk(seed, &[1, 2, 3]);
        play.accepts(2, "a");

        // Each moment of the move, somebody is in another network and offers again.
        play.pass(20 * seed);
        for phone in 0..3 {
            play.moves(phone, false);
        }
        play.pass(20_000);

        assert!(all_hear(&play, 3), "seed {seed}");
        play.ends();
    }
}
