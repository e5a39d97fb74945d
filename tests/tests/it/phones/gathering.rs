//! Plays: what many write, show and decide, and who waits before the door.
use calls_machine::{CallSnapshot, CallState, ChatState, Command, EndReason};
use calls_protocol::{Reaction, UserId};
use calls_tests::phones::Play;

fn user(id: u64) -> UserId {
    UserId::new(id).expect("a user")
}

/// So many phones are in room `r`, which the first one opened and decides.
fn gathered(seed: u64, count: u64) -> Play {
    let users: Vec<u64> = (1..=count).collect();
    let mut play = Play::with_media_server(seed, &users);
    for phone in 0..users.len() {
        play.joins(phone, "r");
        play.pass(1_500);
    }
    play.pass(12_000);
    for phone in 0..users.len() {
        assert_eq!(play.sees(phone, "r").others.len() + 1, users.len(), "seed {seed}");
        assert_eq!(play.sees(phone, "r").host, Some(user(1)), "seed {seed}");
    }
    play
}

/// What somebody reads, and how far each line is.
fn reads(play: &Play, phone: usize, room: &str) -> Vec<String> {
    play.sees(phone, room).chat.into_iter().map(|line| line.text).collect()
}

fn all_are_sent(call: &CallSnapshot) -> bool {
    call.chat.iter().all(|line| line.state == ChatState::Sent && line.at.is_some())
}

fn is_talking(play: &Play, phone: usize) -> bool {
    matches!(play.sees(phone, "r").state, CallState::Talking { .. })
}

fn ended(play: &Play, phone: usize) -> Option<EndReason> {
    match play.sees(phone, "r").state {
        CallState::Ended { reason } => Some(reason),
        _ => None,
    }
}

#[test]
fn what_is_written_under_lost_connections_is_read_once_by_all() {
    for seed in 0..50 {
        let mut play = gathered(seed, 3);

        // The same moment, earlier or later: before the server reads it, before it answers, before others hear it.
        play.writes(1, "r", "a");
        play.pass(seed * 4);
        play.line_breaks(1);
        play.line_breaks(2);
        play.writes(1, "r", "b");
        play.pass(50);
        play.writes(1, "r", "c");
        play.writes(0, "r", "d");
        play.pass(20_000);

        for phone in 0..3 {
            let mut texts = reads(&play, phone, "r");
            let of_one: Vec<String> = texts.iter().filter(|text| *text != "d").cloned().collect();
            assert_eq!(of_one, ["a", "b", "c"], "seed {seed}: phone {phone}");
            texts.sort();
            assert_eq!(texts, ["a", "b", "c", "d"], "seed {seed}: phone {phone}");
            assert!(all_are_sent(&play.sees(phone, "r")), "seed {seed}: phone {phone}");
        }
        play.ends();
    }
}

#[test]
fn what_is_written_while_the_server_is_killed_is_said_again_and_read_once() {
    for seed in 0..50 {
        let mut play = Play::with_media_server(seed, &[1, 2, 3]);
        play.dials_the_group(0, "r");
        play.pass(2_000);
        play.accepts(1, "r");
        play.accepts(2, "r");
        play.pass(15_000);

        play.writes(1, "r", "a");
        play.pass(seed * 3);
        play.server_dies_for(2_000);
        play.pass(500);
        play.writes(1, "r", "b");
        play.pass(40_000);

        let wrote = play.sees(1, "r");
        assert!(all_are_sent(&wrote), "seed {seed}: {:?}", wrote.chat);
        for phone in 0..3 {
            let texts = reads(&play, phone, "r");
            // What was told to nobody any more when the server was killed is lost with it.
            assert!(texts == ["a", "b"] || texts == ["b"], "seed {seed}: phone {phone} {texts:?}");
        }
        play.ends();
    }
}

#[test]
fn an_open_room_that_the_server_forgot_is_opened_again_and_the_line_is_not_lost() {
    for seed in 0..50 {
        let mut play = gathered(seed, 2);

        play.server_dies_for(2_000);
        play.pass(500);
        play.writes(1, "r", "a");
        play.pass(40_000);

        assert_eq!(play.sees(1, "r").chat[0].state, ChatState::Sent, "seed {seed}");
        assert!(reads(&play, 0, "r").len() <= 1, "seed {seed}");
        assert!(play.hears(0, 1) && play.hears(1, 0), "seed {seed}");
        play.ends();
    }
}

#[test]
fn reactions_are_seen_by_all_and_gone_after_five_seconds() {
    let mut play = gathered(1, 3);
    let shown = |play: &Play, phone| -> Vec<(UserId, Reaction)> {
        play.sees(phone, "r").reactions.iter().map(|shown| (shown.user, shown.reaction)).collect()
    };

    play.reacts(1, "r", Reaction::Party);
    assert_eq!(shown(&play, 1), [(user(2), Reaction::Party)], "our own at once");
    play.pass(1_000);
    for phone in 0..3 {
        assert_eq!(shown(&play, phone), [(user(2), Reaction::Party)], "phone {phone}");
    }
    play.pass(5_000);

    for phone in 0..3 {
        assert!(shown(&play, phone).is_empty(), "phone {phone}");
    }
    play.ends();
}

#[test]
fn a_reaction_in_a_lift_is_never_seen_later() {
    for seed in 0..20 {
        let mut play = gathered(seed, 2);

        play.is_offline_for(1, 12_000);
        play.pass(seed * 300);
        play.reacts(1, "r", Reaction::Laugh);
        for _ in 0..300 {
            play.pass(100);
            assert!(play.sees(0, "r").reactions.is_empty(), "seed {seed}");
        }

        play.ends();
    }
}

#[test]
fn hands_are_seen_in_the_order_in_which_they_went_up_also_after_a_lost_line() {
    for seed in 0..20 {
        let mut play = gathered(seed, 4);
        let raise = |call| Command::RaiseHand { call, raised: true };

        play.says(2, "r", raise);
        play.pass(2_500);
        play.line_breaks(3);
        play.says(1, "r", raise);
        play.pass(15_000);

        for phone in [0, 3] {
            let call = play.sees(phone, "r");
            let mut hands: Vec<_> =
                call.others.iter().filter_map(|them| Some((them.hand_raised_at?, them.user))).collect();
            hands.sort();
            let hands: Vec<UserId> = hands.into_iter().map(|(_, user)| user).collect();
            assert_eq!(hands, [user(3), user(2)], "seed {seed}: phone {phone}");
        }
        assert!(play.sees(2, "r").is_hand_up, "seed {seed}");
        play.says(2, "r", |call| Command::RaiseHand { call, raised: false });
        play.pass(4_500);
        assert!(!play.sees(2, "r").is_hand_up, "seed {seed}");
        play.ends();
    }
}

#[test]
fn whoever_a_host_silences_is_heard_by_nobody_until_they_speak_again() {
    for seed in 0..20 {
        let mut play = gathered(seed, 3);
        assert!(play.hears(0, 1) && play.hears(2, 1), "seed {seed}");

        play.says(0, "r", |call| Command::MuteOther { call, user: user(2) });
        if seed % 2 == 0 {
            play.line_breaks(1);
        }
        play.pass(15_000);
        assert_eq!(play.sees(1, "r").muted_by, Some(user(1)), "seed {seed}");
        assert!(play.sees(1, "r").is_muted && !play.hears(0, 1) && !play.hears(2, 1), "seed {seed}");
        for phone in [0, 2] {
            let call = play.sees(phone, "r");
            assert!(call.others.iter().any(|them| them.user == user(2) && !them.audio), "seed {seed}");
        }
        play.says(1, "r", |call| Command::Mute { call, muted: false });
        play.pass(1_000);

        assert!(play.hears(0, 1) && play.sees(1, "r").muted_by.is_none(), "seed {seed}");
        play.ends();
    }
}

#[test]
fn a_locked_room_takes_nobody_new_and_whoever_was_in_it_back() {
    let mut play = Play::with_media_server(1, &[1, 2, 3]);
    play.doors_are_kept();
    play.joins(0, "r");
    play.pass(2_500);
    play.joins(1, "r");
    play.pass(5_000);

    play.says(0, "r", |call| Command::Lock { call, locked: true });
    play.pass(4_500);
    assert!(play.sees(0, "r").is_locked && play.sees(1, "r").is_locked);
    play.joins(2, "r");
    play.pass(1_000);
    assert_eq!(ended(&play, 2), Some(EndReason::NotAllowed));
    play.hangs_up(1, "r");
    play.pass(1_000);
    play.joins(1, "r");
    play.pass(5_000);

    assert!(is_talking(&play, 1) && play.hears(0, 1));
    play.ends();
}

#[test]
fn newcomers_wait_at_the_door_until_the_host_admits_or_refuses_them() {
    for seed in 0..20 {
        let mut play = Play::with_media_server(seed, &[1, 2, 3]);
        play.joins(0, "r");
        play.pass(2_000);
        play.says(0, "r", |call| Command::HaveWait { call, on: true });
        play.pass(1_000);

        play.joins(1, "r");
        play.pass(1_000);
        play.joins(2, "r");
        play.pass(1_000);
        let waits =
            |play: &Play| -> Vec<UserId> { play.sees(0, "r").waiting.iter().map(|them| them.user).collect() };
        assert_eq!(waits(&play), [user(2), user(3)], "seed {seed}");
        assert_eq!(play.sees(1, "r").state, CallState::AtTheDoor, "seed {seed}");
        // The host's line breaks, and that of one who waits: they ask again, at the end of the line.
        play.line_breaks(0);
        play.line_breaks(1);
        play.pass(8_000);
        let mut both = waits(&play);
        both.sort();
        assert_eq!(both, [user(2), user(3)], "seed {seed}");
        play.says(0, "r", |call| Command::Admit { call, user: user(2), admitted: true });
        play.says(0, "r", |call| Command::Admit { call, user: user(3), admitted: false });
        play.pass(5_000);

        assert!(waits(&play).is_empty(), "seed {seed}");
        assert!(is_talking(&play, 1) && play.hears(0, 1) && play.hears(1, 0), "seed {seed}");
        assert_eq!(play.shown(2), [["dialing", "at the door", "NotLetIn"]], "seed {seed}");
        play.ends();
    }
}

#[test]
fn when_the_waiting_room_closes_everybody_comes_in_and_who_gives_up_is_seen_no_more() {
    let mut play = Play::with_media_server(1, &[1, 2, 3]);
    play.joins(0, "r");
    play.pass(2_000);
    play.says(0, "r", |call| Command::HaveWait { call, on: true });
    play.pass(1_000);
    play.joins(1, "r");
    play.joins(2, "r");
    play.pass(2_000);

    play.hangs_up(2, "r");
    play.pass(1_000);
    assert_eq!(play.sees(0, "r").waiting.len(), 1);
    play.says(0, "r", |call| Command::HaveWait { call, on: false });
    play.pass(5_000);

    assert!(is_talking(&play, 1) && play.hears(0, 1));
    assert!(play.sees(0, "r").waiting.is_empty() && !play.sees(1, "r").has_waiting_room);
    play.ends();
}

#[test]
fn whoever_is_removed_reads_it_and_comes_back_only_when_the_host_says_so() {
    for seed in 0..20 {
        let mut play = gathered(seed, 3);
        play.doors_are_kept();

        if seed % 2 == 0 {
            // They are in a lift: they read it when they are back.
            play.is_offline_for(1, 10_000);
            play.pass(3_000);
        }
        play.says(0, "r", |call| Command::Remove { call, user: user(2) });
        play.pass(2_000);
        assert_eq!(play.sees(0, "r").others.len(), 1, "seed {seed}");
        play.pass(14_000);
        let shown = play.shown(1).pop().expect("a call");
        assert_eq!(shown.last().map(String::as_str), Some("Removed"), "seed {seed}");
        play.joins(1, "r");
        play.pass(4_500);
        assert_eq!(ended(&play, 1), Some(EndReason::NotAllowed), "seed {seed}");
        play.says(0, "r", |call| Command::Admit { call, user: user(2), admitted: true });
        play.pass(4_500);
        play.joins(1, "r");
        play.pass(15_000);

        assert!(play.hears(0, 1) && play.hears(1, 0), "seed {seed}");
        play.ends();
    }
}

#[test]
fn when_the_host_leaves_the_one_who_came_next_decides_and_sees_who_waits() {
    for seed in 0..20 {
        let mut play = gathered(seed, 3);
        play.says(0, "r", |call| Command::HaveWait { call, on: true });
        play.pass(500);
        play.hangs_up(2, "r");
        play.pass(500);

        play.hangs_up(0, "r");
        play.pass(2_000);
        assert_eq!(play.sees(1, "r").host, Some(user(2)), "seed {seed}");
        play.says(1, "r", |call| Command::Lock { call, locked: true });
        play.pass(1_000);

        assert!(play.sees(1, "r").is_locked && play.sees(1, "r").has_waiting_room, "seed {seed}");
        play.ends();
    }
}
