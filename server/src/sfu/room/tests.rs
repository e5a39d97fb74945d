//! Rooms under a virtual clock: people who send numbered pictures and sounds, over paths that lose, delay and narrow.
mod hostile;
mod stage;

use super::*;
use stage::{Life, Stage};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn everybody_sees_and_hears_everybody_else() {
    let mut stage = Stage::new(1);
    let people: Vec<usize> = (0..4).map(|_| stage.comes(Life::camera())).collect();
    stage.plays(SECOND * 5);
    for &receiver in &people {
        for &sender in people.iter().filter(|sender| **sender != receiver) {
            assert!(
                stage.seen(receiver, sender) > 40,
                "{receiver} sees {sender}: {}",
                stage.seen(receiver, sender)
            );
            assert!(stage.heard(receiver, sender) > 100, "{receiver} hears {sender}");
        }
        assert_eq!(
            stage.seen(receiver, receiver) + stage.heard(receiver, receiver),
            0,
            "nobody gets their own"
        );
    }
}

#[test]
fn who_leaves_is_gone_and_who_comes_takes_the_slot() {
    let mut stage = Stage::new(2);
    let (a, b) = (stage.comes(Life::camera()), stage.comes(Life::camera()));
    stage.plays(SECOND * 3);
    stage.leaves(b);
    let c = stage.comes(Life::camera());
    stage.plays(SECOND * 3);
    assert!(stage.seen(a, c) > 40);
    assert_eq!(stage.slots_asked(a), 1, "the slot that was there is enough");
}

#[test]
fn pictures_go_to_those_who_look() {
    let mut stage = Stage::new(3);
    let people: Vec<usize> = (0..3).map(|_| stage.comes(Life::camera())).collect();
    stage.looks(people[0], &[(people[1], 720)]);
    stage.plays(SECOND * 4);
    assert!(stage.seen(people[0], people[1]) > 40);
    assert_eq!(stage.seen(people[0], people[2]), 0);
    assert!(stage.heard(people[0], people[2]) > 100, "the sound comes anyway");
    stage.looks(people[0], &[(people[2], 720)]);
    stage.plays(SECOND);
    assert!(stage.seen(people[0], people[2]) > 10, "within a second");
}

#[test]
fn what_is_switched_off_is_not_forwarded() {
    let mut stage = Stage::new(4);
    let (a, b) = (stage.comes(Life::camera()), stage.comes(Life::camera()));
    stage.plays(SECOND * 3);
    stage.permits(b, Permitted { audio: false, video: false, screen: true });
    stage.plays(SECOND / 10);
    let (seen, heard) = (stage.seen(a, b), stage.heard(a, b));
    stage.plays(SECOND * 2);
    assert_eq!((stage.seen(a, b), stage.heard(a, b)), (seen, heard), "although the packets go on");
}

#[test]
fn of_a_crowd_the_loudest_are_heard_and_nobody_else() {
    let mut stage = Stage::new(5);
    let listener = stage.comes(Life::silent());
    let crowd: Vec<usize> = (0..20).map(|_| stage.comes(Life::silent())).collect();
    stage.plays(SECOND * 3);
    for speaker in [3, 9, 17] {
        stage.speaks(crowd[speaker], true);
    }
    stage.plays(SECOND * 3);
    for (n, &sender) in crowd.iter().enumerate() {
        let heard = stage.heard(listener, sender);
        assert_eq!(heard > 100, [3, 9, 17].contains(&n), "{n}: {heard}");
    }
    assert!(stage.names_heard(listener).len() == 3, "{:?}", stage.names_heard(listener));
}

#[test]
fn beyond_the_slots_a_speaker_is_heard_within_a_moment() {
    let mut stage =
        Stage::with(6, RoomSettings { slots: MostSlots { pairs: 4, voices: 2 }, ..RoomSettings::default() });
    let listener = stage.comes(Life::silent());
    let crowd: Vec<usize> = (0..12).map(|_| stage.comes(Life::silent())).collect();
    stage.plays(SECOND * 3);
    stage.speaks(crowd[11], true);
    stage.plays(SECOND);
    assert!(stage.heard(listener, crowd[11]) > 20, "{}", stage.heard(listener, crowd[11]));
    stage.speaks(crowd[11], false);
    stage.speaks(crowd[7], true);
    stage.speaks(crowd[8], true);
    stage.plays(SECOND * 2);
    assert!(stage.heard(listener, crowd[7]) > 40 && stage.heard(listener, crowd[8]) > 40);
}

#[test]
fn all_who_are_heard_at_once_may_be_those_who_are_in_no_slot_with_a_picture() {
    let slots = MostSlots { pairs: 4, ..RoomSettings::default().slots };
    let mut stage = Stage::with(8, RoomSettings { slots, ..RoomSettings::default() });
    let listener = stage.comes(Life::silent());
    let crowd: Vec<usize> = (0..14).map(|_| stage.comes(Life::silent())).collect();
    stage.plays(SECOND * 3);

    let last = &crowd[14 - RoomSettings::default().audible..];
    last.iter().for_each(|speaker| stage.speaks(*speaker, true));
    stage.plays(SECOND * 2);

    let heard: Vec<_> = last.iter().map(|speaker| stage.heard(listener, *speaker)).collect();
    assert!(heard.iter().all(|packets| *packets > 40), "{heard:?}");
}

#[test]
fn losses_on_the_way_in_and_out_are_repaired() {
    for seed in 0..4 {
        let mut stage = Stage::new(100 + seed);
        let lossy = || Life { loss: 0.05, ..Life::camera() };
        let (a, b) = (stage.comes(lossy()), stage.comes(lossy()));
        stage.plays(SECOND * 2);
        let before =
            [(a, b), (b, a)].map(|(receiver, sender)| (stage.seen(receiver, sender), stage.shown(sender)));
        stage.plays(SECOND * 10);
        for ((receiver, sender), before) in [(a, b), (b, a)].into_iter().zip(before) {
            let (whole, sent) = (stage.seen(receiver, sender) - before.0, stage.shown(sender) - before.1);
            assert!(whole * 100 >= sent * 90, "seed {seed}: {whole} of {sent} pictures were whole");
            assert!(
                stage.longest_freeze(receiver, sender) < SECOND,
                "{:?}",
                stage.longest_freeze(receiver, sender)
            );
        }
    }
}

#[test]
fn a_repair_is_the_same_packet_to_the_last_byte() {
    let mut stage = Stage::new(7);
    let lossy = || Life { loss: 0.1, ..Life::camera() };
    let (a, b) = (stage.comes(lossy()), stage.comes(lossy()));
    stage.plays(SECOND * 5);
    // The stage compares each packet with what came before by the same number, and panics if it differs.
    assert!(stage.repaired(a) > 10 && stage.repaired(b) > 10);
}

#[test]
fn a_narrow_path_gets_a_small_picture_and_a_wide_one_a_large() {
    let mut stage = Stage::new(8);
    let sender = stage.comes(Life::simulcast());
    let wide = stage.comes(Life { down: 5_000_000, ..Life::silent() });
    let narrow = stage.comes(Life { down: 400_000, ..Life::silent() });
    stage.looks(wide, &[(sender, 720)]);
    stage.looks(narrow, &[(sender, 720)]);
    stage.plays(SECOND * 20);
    assert_eq!(stage.height(wide, sender), 720);
    assert_eq!(stage.height(narrow, sender), 180);
    assert!(stage.longest_freeze(narrow, sender) < SECOND, "{:?}", stage.longest_freeze(narrow, sender));
}

#[test]
fn a_switch_of_layers_freezes_nobody_for_a_second_and_asks_for_few_whole_pictures() {
    for seed in 0..5 {
        let mut stage = Stage::new(200 + seed);
        let sender = stage.comes(Life::simulcast());
        let receiver = stage.comes(Life { down: 5_000_000, ..Life::silent() });
        stage.looks(receiver, &[(sender, 720)]);
        stage.plays(SECOND * 15);
        for down in [300_000, 5_000_000, 900_000, 5_000_000] {
            stage.narrows(receiver, down);
            stage.plays(SECOND * 12);
        }
        // Half a second for the path to be found narrow, when it loses nineteen of twenty bits at once; then the switch.
        let freeze = stage.longest_freeze(receiver, sender);
        assert!(freeze < SECOND * 3 / 2, "seed {seed}: frozen for {freeze:?}");
        let keys = stage.keys_asked(sender);
        assert!(keys < 60, "seed {seed}: {keys} whole pictures in a minute");
    }
}

#[test]
fn many_who_come_at_once_ask_for_few_whole_pictures() {
    let mut stage = Stage::new(9);
    let sender = stage.comes(Life::camera());
    stage.plays(SECOND * 2);
    let before = stage.keys_asked(sender);
    let crowd: Vec<usize> = (0..40).map(|_| stage.comes(Life::silent())).collect();
    stage.plays(SECOND * 3);
    assert!(stage.keys_asked(sender) - before <= 8, "{}", stage.keys_asked(sender) - before);
    assert!(crowd.iter().all(|receiver| stage.seen(*receiver, sender) > 20));
}

#[test]
fn a_layer_that_nobody_looks_at_is_not_wanted_and_comes_back_when_somebody_does() {
    let mut stage = Stage::new(10);
    let sender = stage.comes(Life::simulcast());
    let receiver = stage.comes(Life { down: 5_000_000, ..Life::silent() });
    stage.looks(receiver, &[(sender, 180)]);
    stage.plays(SECOND * 15);
    assert_eq!(stage.wanted(sender), Some((180, u16::MAX)), "a screen that never came");
    stage.looks(receiver, &[]);
    stage.plays(SECOND * 8);
    assert_eq!(stage.wanted(sender), Some((0, u16::MAX)));
    stage.looks(receiver, &[(sender, 720)]);
    stage.plays(SECOND * 10);
    assert_eq!(stage.height(receiver, sender), 720);
}

#[test]
fn a_screen_comes_beside_the_camera_and_before_it() {
    let mut stage = Stage::new(11);
    let sender = stage.comes(Life { has_screen: true, ..Life::camera() });
    let receiver = stage.comes(Life { down: 1_600_000, ..Life::silent() });
    stage.plays(SECOND * 15);
    assert!(stage.seen(receiver, sender) > 40);
    assert!(stage.seen_screen(receiver, sender) > 40);
}

#[test]
fn a_room_of_fifty_where_all_speak_and_show_holds_its_promises_over_bad_paths() {
    let mut stage = Stage::new(12);
    let people: Vec<usize> = (0..50).map(|_| stage.comes(Life { loss: 0.01, ..Life::simulcast() })).collect();
    stage.plays(SECOND * 10);
    let looked = stage.seen_by(people[0]);
    assert!(looked.len() >= 8, "{looked:?}");
    assert!(stage.most_heard_at_once(people[0]) <= 6);
}
