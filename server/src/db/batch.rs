//! Records folded by call: what one transaction writes. Pure.
//!
//! A call that rings, is answered and ends within one batch is one row to insert. Each field is set once and each
//! status moves one way only, so that records in a batch need no order and applying them again changes nothing.
use crate::calls::{FinalStatus, Record};
use calls_protocol::{
    CallId, CallType, DeviceId, GroupId, IceCandidate, RoomName, Sdp, Seconds, Stats, UnixMillis, UserId,
};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What became of calls, and what was said in them.
#[derive(Debug, Default, Clone)]
pub(super) struct Batch {
    pub(super) calls: Rows<CallId, CallRow>,
    pub(super) groups: Rows<CallId, GroupRow>,
    pub(super) seats: Rows<(CallId, UserId), SeatRow>,
    pub(super) candidates: Vec<(IceCandidate, UnixMillis)>,
    pub(super) statistics: Vec<(CallId, Stats, UnixMillis)>,
}

/// Rows by key, in the order in which they came up.
#[derive(Debug, Clone)]
pub(super) struct Rows<K, R> {
    index: HashMap<K, usize>,
    pub(super) rows: Vec<(K, R)>,
}

impl<K, R> Default for Rows<K, R> {
    fn default() -> Self {
        Self { index: HashMap::new(), rows: Vec::new() }
    }
}

impl<K: Copy + Eq + std::hash::Hash, R: Default> Rows<K, R> {
    fn row(&mut self, key: K) -> &mut R {
        let at = match self.index.entry(key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.rows.push((key, R::default()));
                *new.insert(self.rows.len() - 1)
            }
        };
        &mut self.rows[at].1
    }

    /// All but the first rows.
    fn split_off(&mut self, first: usize) -> Self {
        if first >= self.rows.len() {
            return Self::default();
        }
        let rows = self.rows.split_off(first);
        self.index.retain(|_, at| *at < first);
        let index = rows.iter().enumerate().map(|(at, (key, _))| (*key, at)).collect();
        Self { index, rows }
    }
}

/// What is known of a 1-1 call.
#[derive(Debug, Default, Clone)]
pub(super) struct CallRow {
    pub(super) rang: Option<Rang>,
    pub(super) answered: Option<Answered>,
    pub(super) ended: Option<EndRow>,
}

/// How a call began.
#[derive(Debug, Clone)]
pub(super) struct Rang {
    pub(super) from: UserId,
    pub(super) to: UserId,
    pub(super) call_type: CallType,
    pub(super) room: RoomName,
    /// Dropped when memory is short and the call is over.
    pub(super) offer: Option<Sdp>,
    pub(super) at: UnixMillis,
    pub(super) expires: UnixMillis,
    pub(super) device: Option<DeviceId>,
}

/// How a call was answered.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    /// Dropped as the offer is.
    pub(super) answer: Option<Sdp>,
    pub(super) at: UnixMillis,
    pub(super) device: Option<DeviceId>,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub(super) struct EndRow {
    pub(super) status: FinalStatus,
    pub(super) reason: &'static str,
    pub(super) by: Option<UserId>,
    pub(super) at: UnixMillis,
    pub(super) duration: Option<Seconds>,
}

/// What is known of a group call.
#[derive(Debug, Default, Clone)]
pub(super) struct GroupRow {
    pub(super) rang: Option<GroupRang>,
    pub(super) active: Option<UnixMillis>,
    pub(super) ended: Option<(&'static str, UnixMillis)>,
}

/// How a group call began.
#[derive(Debug, Clone)]
pub(super) struct GroupRang {
    pub(super) group: GroupId,
    pub(super) by: UserId,
    pub(super) call_type: CallType,
    pub(super) room: RoomName,
    pub(super) at: UnixMillis,
    pub(super) expires: UnixMillis,
}

/// One person in one group call: somebody who leaves and comes back keeps the one row.
#[derive(Debug, Default, Clone)]
pub(super) struct SeatRow {
    pub(super) first: Option<UnixMillis>,
    pub(super) joined: Option<UnixMillis>,
    pub(super) left: Option<UnixMillis>,
    /// Of the last stay.
    pub(super) device: Option<DeviceId>,
}

impl Batch {
    /// Folds one record in.
    pub(super) fn add(&mut self, record: Record) {
        match record {
            Record::Ringing { call, from, to, call_type, room, offer, at, expires, device } => {
                let rang = Rang { from, to, call_type, room, offer: Some(offer), at, expires, device };
                self.calls.row(call).rang.get_or_insert(rang);
            }
            Record::Connected { call, answer, at, device } => {
                let answered = Answered { answer: Some(answer), at, device };
                self.calls.row(call).answered.get_or_insert(answered);
            }
            Record::Ended { call, status, reason, by, at, duration } => {
                self.calls.row(call).ended.get_or_insert(EndRow { status, reason, by, at, duration });
            }
            Record::GroupRinging { call, group, by, call_type, room, at, expires } => {
                let rang = GroupRang { group, by, call_type, room, at, expires };
                self.groups.row(call).rang.get_or_insert(rang);
            }
            Record::GroupActive { call, at } => {
                self.groups.row(call).active.get_or_insert(at);
            }
            Record::GroupEnded { call, reason, at } => {
                self.groups.row(call).ended.get_or_insert((reason, at));
            }
            Record::Joined { call, user, at, device } => {
                let seat = self.seats.row((call, user));
                seat.first = Some(seat.first.map_or(at, |first| first.min(at)));
                if Some(at) >= seat.joined {
                    (seat.joined, seat.device) = (Some(at), device);
                }
            }
            Record::Left { call, user, at } => {
                let seat = self.seats.row((call, user));
                seat.left = seat.left.max(Some(at));
            }
            Record::Candidate { candidate, at } => self.candidates.push((candidate, at)),
            Record::Statistics { call, stats, at } => self.statistics.push((call, stats, at)),
        }
    }

    /// How many rows it touches.
    pub(super) fn len(&self) -> usize {
        self.kept() + self.spare()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows that are never given up.
    pub(super) fn kept(&self) -> usize {
        self.calls.rows.len() + self.groups.rows.len() + self.seats.rows.len()
    }

    /// Rows that are given up first.
    pub(super) fn spare(&self) -> usize {
        self.candidates.len() + self.statistics.len()
    }

    /// Forgets the descriptions of calls that are over: nobody needs them any more, and they are most of the memory.
    pub(super) fn forget_descriptions(&mut self) {
        for (_, call) in &mut self.calls.rows {
            if call.ended.is_some() {
                if let Some(rang) = &mut call.rang {
                    rang.offer = None;
                }
                if let Some(answered) = &mut call.answered {
                    answered.answer = None;
                }
            }
        }
    }

    /// Takes about the first `rows` rows out; calls before what was said in them.
    pub(super) fn take(&mut self, rows: usize) -> Self {
        if self.len() <= rows {
            return std::mem::take(self);
        }
        let mut left = rows;
        let mut share = |have: usize| {
            let now = have.min(left);
            left -= now;
            now
        };
        let calls = share(self.calls.rows.len());
        let groups = share(self.groups.rows.len());
        let seats = share(self.seats.rows.len());
        let candidates = share(self.candidates.len());
        let statistics = share(self.statistics.len());
        let rest = Self {
            calls: self.calls.split_off(calls),
            groups: self.groups.split_off(groups),
            seats: self.seats.split_off(seats),
            candidates: self.candidates.split_off(candidates),
            statistics: self.statistics.split_off(statistics),
        };
        std::mem::replace(self, rest)
    }
}

/// Tells the same record from another one in a unique index: FNV-1a over its fields.
///
/// The index also holds the room or the user, so two records collide only within one room, by a chance of 2^-64 a pair.
#[derive(Clone, Copy)]
pub(super) struct RecordKey(u64);

impl RecordKey {
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn with(mut self, field: &[u8]) -> Self {
        // The length keeps "ab" + "c" apart from "a" + "bc".
        for byte in (field.len() as u64).to_le_bytes().iter().chain(field) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
        self
    }

    pub(super) fn number(self, field: u64) -> Self {
        self.with(&field.to_le_bytes())
    }

    pub(super) fn get(self) -> i64 {
        self.0.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: u64) -> CallId {
        CallId::new(id).unwrap()
    }

    fn joined(id: u64, at: u64) -> Record {
        Record::Joined { call: call(id), user: UserId::new(7).unwrap(), device: None, at: UnixMillis(at) }
    }

    fn left(id: u64, at: u64) -> Record {
        Record::Left { call: call(id), user: UserId::new(7).unwrap(), at: UnixMillis(at) }
    }

    #[test]
    fn a_person_who_comes_back_keeps_one_row_with_the_last_stay() {
        let mut batch = Batch::default();
        for record in [joined(1, 10), left(1, 20), joined(1, 30)] {
            batch.add(record);
        }

        let seat = &batch.seats.rows[0].1;
        assert_eq!(batch.len(), 1);
        assert_eq!(
            (seat.first, seat.joined, seat.left),
            (Some(UnixMillis(10)), Some(UnixMillis(30)), Some(UnixMillis(20)))
        );
    }

    #[test]
    fn taking_a_part_leaves_the_rest_whole() {
        let mut batch = Batch::default();
        for id in 1..=10 {
            batch.add(joined(id, 10));
        }

        let first = batch.take(4);
        batch.add(left(7, 20));
        batch.add(left(2, 20));

        assert_eq!(first.len(), 4);
        // 7 was in the rest and is folded there; 2 was taken and comes up anew.
        assert_eq!(batch.len(), 7);
        assert!(batch.seats.rows[2].1.left.is_some());
    }

    #[test]
    fn record_keys_tell_fields_apart() {
        let key = |a: &str, b: &str| RecordKey::new().with(a.as_bytes()).with(b.as_bytes()).get();

        assert_eq!(key("ab", "c"), key("ab", "c"));
        assert_ne!(key("ab", "c"), key("a", "bc"));
    }
}
