//! A path between two of ours, under virtual time.
use super::*;
use std::collections::{BTreeMap, VecDeque};

/// How long a datagram takes.
pub(super) const ONE_WAY: Duration = Duration::from_millis(20);

/// What happens to a datagram on its way.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    Comes,
    Lost,
    Twice,
    /// So much later than others.
    Late(Duration),
}

/// Any fate.
pub(super) fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        2 => Just(Fate::Comes),
        2 => Just(Fate::Lost),
        1 => Just(Fate::Twice),
        2 => (1u64..3000).prop_map(|late| Fate::Late(Duration::from_millis(late))),
    ]
}

/// What is done to the bytes of a datagram.
pub(super) type Change = Box<dyn Fn(&[u8]) -> Vec<u8>>;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Who {
    Active,
    Passive,
}

/// Alice begins, Bob waits.
pub(super) struct Meeting {
    pub(super) active: Handshake,
    pub(super) passive: Handshake,
    pub(super) active_error: Option<HandshakeError>,
    pub(super) passive_error: Option<HandshakeError>,
    /// Of the next datagrams; those behind them come.
    pub(super) fates: VecDeque<Fate>,
    /// The datagram with this number, counted from none, comes otherwise than it was sent.
    pub(super) change: Option<(usize, Change)>,
    /// All that was sent, in order.
    pub(super) sent: Vec<(Who, Vec<u8>)>,
    pub(super) now: Instant,
    begun: Instant,
    is_cut: bool,
    order: usize,
    /// By the time when they come, and the order in which they were sent.
    under_way: BTreeMap<(Instant, usize), (Who, Vec<u8>)>,
}

impl Meeting {
    /// Of two who know each other.
    pub(super) fn new() -> Self {
        Self::with(BOB.fingerprint(), ALICE.fingerprint())
    }

    /// Where Alice expects the one, and Bob the other.
    pub(super) fn with(by_alice: &Fingerprint, by_bob: &Fingerprint) -> Self {
        let now = Instant::now();
        Self {
            active: Handshake::new(now, &ALICE, Role::Active, by_alice.clone()),
            passive: Handshake::new(now, &BOB, Role::Passive, by_bob.clone()),
            active_error: None,
            passive_error: None,
            fates: VecDeque::new(),
            change: None,
            sent: vec![],
            now,
            begun: now,
            is_cut: false,
            order: 0,
            under_way: BTreeMap::new(),
        }
    }

    pub(super) fn lose_everything(&mut self) {
        self.is_cut = true;
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.now - self.begun
    }

    pub(super) fn say_goodbye(&mut self) {
        let mut out = vec![];
        self.active.close(self.now, &mut |datagram: &[u8]| out.push(datagram.to_vec()));
        self.send(Who::Active, out);
    }

    /// Until nothing is under way and nothing is due.
    pub(super) fn go_on(&mut self) {
        // A datagram or a timer each; a handshake takes a few dozen.
        for _ in 0..1000 {
            let arrival = self.under_way.first_key_value().map(|(key, _)| *key);
            let timers = [self.active.deadline(), self.passive.deadline()];
            let timer = timers.into_iter().flatten().min();
            match (arrival, timer) {
                (None, None) => return,
                (Some(key), timer) if timer.is_none_or(|timer| key.0 <= timer) => self.deliver(key),
                (_, Some(timer)) => {
                    self.now = self.now.max(timer);
                    for who in [Who::Active, Who::Passive] {
                        self.step(who, None);
                    }
                }
                (Some(_), None) => unreachable!("is delivered above"),
            }
        }
        panic!("it never ends");
    }

    fn deliver(&mut self, key: (Instant, usize)) {
        let (from, datagram) = self.under_way.remove(&key).unwrap();
        self.now = self.now.max(key.0);
        let to = if from == Who::Active { Who::Passive } else { Who::Active };
        self.step(to, Some(&datagram));
    }

    fn step(&mut self, who: Who, datagram: Option<&[u8]>) {
        let mut out = vec![];
        let (handshake, error) = match who {
            Who::Active => (&mut self.active, &mut self.active_error),
            Who::Passive => (&mut self.passive, &mut self.passive_error),
        };
        let mut send = |datagram: &[u8]| out.push(datagram.to_vec());
        let result = match datagram {
            Some(datagram) => handshake.receive(self.now, datagram, &mut send),
            None if handshake.deadline().is_some_and(|due| due <= self.now) => {
                handshake.wake(self.now, &mut send)
            }
            None => Ok(()),
        };
        if let Err(found) = result {
            *error = Some(found);
        }
        self.send(who, out);
    }

    fn send(&mut self, who: Who, datagrams: Vec<Vec<u8>>) {
        for datagram in datagrams {
            let due = self.now + ONE_WAY;
            let dues = match self.fates.pop_front().unwrap_or(Fate::Comes) {
                _ if self.is_cut => vec![],
                Fate::Comes => vec![due],
                Fate::Lost => vec![],
                Fate::Twice => vec![due, due + ONE_WAY],
                Fate::Late(late) => vec![due + late],
            };
            let came = match &self.change {
                Some((which, change)) if *which == self.sent.len() => change(&datagram),
                _ => datagram.clone(),
            };
            for due in dues {
                self.order += 1;
                self.under_way.insert((due, self.order), (who, came.clone()));
            }
            self.sent.push((who, datagram));
        }
    }
}
