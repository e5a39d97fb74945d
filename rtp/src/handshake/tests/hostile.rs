//! Whoever is on the way may send anything.
use super::path::Who;
use super::*;
use std::sync::OnceLock;

/// All datagrams of a good handshake.
fn recorded() -> &'static [(Who, Vec<u8>)] {
    static RECORDED: OnceLock<Vec<(Who, Vec<u8>)>> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let mut meeting = Meeting::new();
        meeting.go_on();
        meeting.sent
    })
}

/// What somebody does to a datagram.
#[derive(Clone, Debug)]
enum Harm {
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    More(Vec<u8>),
    Other(Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        4 => any::<(prop::sample::Index, u8)>().prop_map(|(at, byte)| Harm::Byte(at, byte)),
        1 => any::<prop::sample::Index>().prop_map(Harm::Cut),
        1 => bytes().prop_map(Harm::More),
        1 => bytes().prop_map(Harm::Other),
    ]
}

fn harmed(datagram: &[u8], harm: &Harm) -> Vec<u8> {
    let mut datagram = datagram.to_vec();
    match harm {
        Harm::Byte(at, byte) if !datagram.is_empty() => {
            let at = at.index(datagram.len());
            datagram[at] = *byte;
        }
        Harm::Byte(..) => {}
        Harm::Cut(at) => datagram.truncate(at.index(datagram.len() + 1)),
        Harm::More(more) => datagram.extend(more),
        Harm::Other(other) => datagram.clone_from(other),
    }
    datagram
}

/// A record that looks right from outside.
fn record(kind: u8, epoch: u8, number: u8, body: &[u8]) -> Vec<u8> {
    let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, number];
    record.extend((body.len() as u16).to_be_bytes());
    record.extend(body);
    record
}

/// Some that were overheard and changed, some that are made up.
fn hostile() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let changed = (any::<prop::sample::Index>(), harm())
        .prop_map(|(which, harm)| harmed(&which.get(recorded()).1, &harm));
    let made = (20u8..26, 0u8..3, any::<u8>(), prop::collection::vec(any::<u8>(), 0..64))
        .prop_map(|(kind, epoch, number, body)| record(kind, epoch, number, &body));
    prop::collection::vec(prop_oneof![changed, made], 1..80)
}

#[test]
fn a_flood_of_what_only_looks_right_ends_nothing() {
    for (kind, epoch) in [(20, 0), (21, 0), (22, 0), (23, 0), (20, 1), (21, 1), (22, 1), (23, 1), (22, 2)] {
        let mut meeting = Meeting::new();
        meeting.go_on();

        for number in 0..200 {
            for body in [&[1][..], &[1, 0], &[2, 40], &[7; 60], &[]] {
                let datagram = record(kind, epoch, number, body);
                let (active, passive) = (&mut meeting.active, &mut meeting.passive);
                assert_eq!(active.receive(meeting.now, &datagram, &mut |_| ()), Ok(()));
                assert_eq!(passive.receive(meeting.now, &datagram, &mut |_| ()), Ok(()));
            }
        }

        assert!(!meeting.active.is_closed() && !meeting.passive.is_closed());
        meeting.say_goodbye();
        meeting.go_on();
        assert!(meeting.passive.is_closed(), "the goodbye is still heard after kind {kind}, epoch {epoch}");
    }
}

proptest! {
    #[test]
    fn no_datagrams_make_a_handshake_panic(datagrams in hostile()) {
        let mut meeting = Meeting::new();
        let mut now = meeting.now;
        let mut sent = 0;
        // The active one has said hello when they come.
        let _ = meeting.active.wake(now, &mut |_| sent += 1);
        for datagram in datagrams {
            now += Duration::from_millis(10);
            let _ = meeting.active.receive(now, &datagram, &mut |_| sent += 1);
            let _ = meeting.passive.receive(now, &datagram, &mut |_| sent += 1);
        }

        prop_assert!(meeting.active.keys().is_none() && meeting.passive.keys().is_none());
    }

    #[test]
    fn a_datagram_that_was_changed_on_the_way_gives_nobody_wrong_keys(
        which in 0usize..6, harm in harm(),
    ) {
        let mut meeting = Meeting::new();
        meeting.change = Some((which, Box::new(move |datagram| harmed(datagram, &harm))));

        meeting.go_on();

        if let (Some(active), Some(passive)) = (meeting.active.keys(), meeting.passive.keys()) {
            prop_assert!(fit(&active, &passive));
        }
    }

    /// Only a goodbye that the peer said ends it.
    #[test]
    fn what_was_agreed_on_outlives_whatever_comes(datagrams in hostile()) {
        let mut meeting = Meeting::new();
        meeting.go_on();
        let mut now = meeting.now;

        for datagram in datagrams {
            now += Duration::from_millis(10);
            prop_assert_eq!(meeting.active.receive(now, &datagram, &mut |_| ()), Ok(()));
            prop_assert_eq!(meeting.passive.receive(now, &datagram, &mut |_| ()), Ok(()));
        }

        prop_assert!(!meeting.active.is_closed() && !meeting.passive.is_closed());
        prop_assert!(fit(&meeting.active.keys().unwrap(), &meeting.passive.keys().unwrap()));
        meeting.now = now;
        meeting.say_goodbye();
        meeting.go_on();
        prop_assert!(meeting.passive.is_closed());
    }
}
