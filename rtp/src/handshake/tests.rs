//! Two of ours with each other, over a path that loses, repeats, reorders and forges. The time is made up.
mod hostile;
mod path;

use self::path::{Fate, Meeting};
use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Two who are known to each other; made once, for it takes a while.
static ALICE: LazyLock<Identity> = LazyLock::new(|| Identity::for_tests(1));
static BOB: LazyLock<Identity> = LazyLock::new(|| Identity::for_tests(2));

/// Whether what one seals the other opens, both ways.
fn fit(alice: &SrtpKeys, bob: &SrtpKeys) -> bool {
    let opens = |from: &SrtpKeys, to: &SrtpKeys| {
        let mut packet = vec![0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, b'h', b'i'];
        packet.resize(14 + from.profile().tag_len(), 0);
        from.sealer().seal_rtp(&mut packet, 14, 12, 1).unwrap();
        to.opener().open_rtp(&mut packet).is_ok()
    };
    alice.profile() == bob.profile() && opens(alice, bob) && opens(bob, alice)
}

#[test]
fn both_get_keys_that_fit_and_get_them_once() {
    let mut meeting = Meeting::new();

    meeting.go_on();

    let (active, passive) = (meeting.active.keys().unwrap(), meeting.passive.keys().unwrap());
    assert!(fit(&active, &passive));
    assert!(meeting.active.keys().is_none());
    assert!(meeting.passive.keys().is_none());
    assert!(!meeting.active.is_closed() && !meeting.passive.is_closed());
    assert_eq!((meeting.active.deadline(), meeting.passive.deadline()), (None, None), "nothing is due");
}

#[test]
fn it_takes_two_round_trips() {
    let mut meeting = Meeting::new();

    meeting.go_on();

    assert_eq!(meeting.elapsed(), path::ONE_WAY * 4);
}

#[test]
fn a_wrong_fingerprint_gives_no_keys_to_either() {
    // The passive one expects somebody else, and says nothing more: the active one waits until it gives up.
    let mut meeting = Meeting::with(BOB.fingerprint(), BOB.fingerprint());
    meeting.go_on();
    assert_eq!(meeting.passive_error, Some(HandshakeError::WrongFingerprint));
    assert_eq!(meeting.active_error, Some(HandshakeError::TimedOut));
    assert!(meeting.passive.keys().is_none() && meeting.active.keys().is_none());
    assert!(meeting.passive.is_closed() && meeting.active.is_closed());

    // The active one expects somebody else, and does not even say who it is.
    let mut meeting = Meeting::with(ALICE.fingerprint(), ALICE.fingerprint());
    meeting.go_on();
    assert_eq!(meeting.active_error, Some(HandshakeError::WrongFingerprint));
    assert!(meeting.passive.keys().is_none() && meeting.active.keys().is_none());
}

#[test]
fn whoever_gets_no_answer_gives_up() {
    let mut meeting = Meeting::new();
    meeting.lose_everything();

    meeting.go_on();

    assert_eq!(meeting.active_error, Some(HandshakeError::TimedOut));
    assert!(meeting.active.is_closed());
    assert!(meeting.elapsed() <= Duration::from_secs(31), "{:?}", meeting.elapsed());
    assert!(!meeting.passive.is_closed(), "nothing ever came: it waits");
}

#[test]
fn goodbye_is_heard_and_answered() {
    let mut meeting = Meeting::new();
    meeting.go_on();

    meeting.say_goodbye();
    meeting.go_on();

    assert!(meeting.active.is_closed() && meeting.passive.is_closed());
    assert_eq!((&meeting.active_error, &meeting.passive_error), (&None, &None));
}

#[test]
fn what_comes_after_the_end_is_ignored() {
    let mut meeting = Meeting::new();
    meeting.go_on();
    meeting.say_goodbye();
    meeting.go_on();

    let mut sent = 0;
    let now = meeting.now;
    meeting.passive.receive(now, &[22; 100], &mut |_| sent += 1).unwrap();
    meeting.passive.wake(now, &mut |_| sent += 1).unwrap();
    meeting.passive.close(now, &mut |_| sent += 1);

    assert_eq!(sent, 0);
}

#[test]
fn the_last_datagram_is_said_again_to_who_did_not_get_it() {
    let mut good = Meeting::new();
    good.go_on();
    let mut meeting = Meeting::new();
    meeting.fates = vec![Fate::Comes; good.sent.len() - 1].into();
    meeting.fates.push_back(Fate::Lost);

    meeting.go_on();

    assert!(meeting.sent.len() > good.sent.len());
    assert!(fit(&meeting.active.keys().unwrap(), &meeting.passive.keys().unwrap()));
}

#[test]
fn nothing_tells_a_secret() {
    let handshake = Handshake::new(Instant::now(), &ALICE, Role::Active, BOB.fingerprint().clone());

    assert_eq!(format!("{handshake:?}"), "Handshake { role: Active, state: \"begun\", .. }");
}

#[test]
fn all_of_it_may_go_to_another_thread() {
    fn may_go<T: Send>() {}
    fn may_be_shared<T: Sync>() {}

    may_go::<(Handshake, SrtpKeys, crate::protect::Sealer, crate::protect::Opener)>();
    may_be_shared::<Identity>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A few datagrams get lost, come twice or late.
    #[test]
    fn a_path_with_a_few_faults_only_takes_longer(
        faults in prop::collection::btree_map(0usize..14, path::fate(), 0..=4),
    ) {
        let mut meeting = Meeting::new();
        meeting.fates = (0..14).map(|at| faults.get(&at).cloned().unwrap_or(Fate::Comes)).collect();

        meeting.go_on();

        prop_assert_eq!((&meeting.active_error, &meeting.passive_error), (&None, &None));
        prop_assert!(fit(&meeting.active.keys().unwrap(), &meeting.passive.keys().unwrap()));
    }

    /// On a path that does not get better, somebody may give up; nothing else goes wrong.
    #[test]
    fn a_bad_path_takes_longer_or_too_long(fates in prop::collection::vec(path::fate(), 0..60)) {
        let mut meeting = Meeting::new();
        meeting.fates = fates.into();

        meeting.go_on();

        for error in [&meeting.active_error, &meeting.passive_error].into_iter().flatten() {
            prop_assert_eq!(error, &HandshakeError::TimedOut);
        }
        if let (Some(active), Some(passive)) = (meeting.active.keys(), meeting.passive.keys()) {
            prop_assert!(fit(&active, &passive));
        } else {
            prop_assert!(meeting.active_error.is_some() || meeting.passive_error.is_some());
        }
    }
}
