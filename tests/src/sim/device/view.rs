//! A call as one device sees it, and the books it keeps of what it heard.
use super::many::Gathering;
use calls_protocol::{RoomName, RoomState, UserId};
use std::collections::{BTreeSet, HashMap};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// We dialled, and nobody answered yet.
    Dialling,
    /// It rings here.
    Ringing,
    /// We answered or joined, and wait for the acknowledgement.
    Entering,
    /// We are in it.
    Live,
}

/// A call as this device sees it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) phase: Phase,
    pub(super) is_pair: bool,
    pub(super) last: u64,
    /// The server forgot events of this room when it was killed.
    pub(super) has_gaps: bool,
    pub(super) present: BTreeSet<UserId>,
    /// Numbers of this stay, so that a later one is not mistaken for it.
    pub(super) number: u64,
    pub(super) sent: HashMap<UserId, u64>,
    /// The latest number of each stay of each other device.
    pub(super) seen: HashMap<u64, u64>,
    /// What the server had taken for us when it told us of the end.
    pub(super) expected: HashMap<usize, u64>,
    /// What is so of rooms of many only.
    pub(super) many: Gathering,
}

/// Numbers are `stay * STAY + count`; stays are `device * DEVICE + views`.
pub(super) const STAY: u64 = 10_000;
pub(super) const DEVICE: u64 = 1_000;

impl View {
    /// What the server says of the room. Returns whether we are in it, and do not wait.
    pub(super) fn is_told(&mut self, me: UserId, state: &RoomState) -> bool {
        self.present = state.participants.iter().map(|p| p.user_id).filter(|id| *id != me).collect();
        self.many.told(me, state);
        !state.waiting
    }

    /// A numbered message came: it is the next of its sender.
    pub(super) fn number_came(
        &mut self,
        me: usize,
        room: &RoomName,
        number: Option<u64>,
    ) -> Result<(), String> {
        let Some(number) = number else { return Ok(()) };
        let (stay, count) = (number / STAY, number % STAY);
        let seen = self.seen.insert(stay, count);
        // Who joins a room of many hears what is sent from then on; in a call of two, everything.
        let follows = match seen {
            Some(seen) => count == seen + 1,
            None => count == 1 || !self.is_pair,
        };
        if follows || self.has_gaps {
            return Ok(());
        }
        Err(format!("device {me} heard number {count} of stay {stay} in {room} after {seen:?}"))
    }

    /// It is over: everything that the server took for us before has been heard.
    pub(super) fn check_the_end(&self, me: usize, room: &RoomName) -> Result<(), String> {
        if self.phase != Phase::Live || self.has_gaps || !self.is_pair {
            return Ok(());
        }
        for number in self.expected.values() {
            let (stay, count) = (number / STAY, number % STAY);
            let seen = self.seen.get(&stay).copied().unwrap_or(0);
            if seen < count {
                return Err(format!(
                    "device {me} heard {seen} of {count} of stay {stay} before the end of {room}"
                ));
            }
        }
        Ok(())
    }
}
