//! Records folded by call: what one transaction writes. Pure.
//!
//! A call that rings, is answered and ends within one batch is one row to insert. Each field is set once and each
//! status moves one way only, so that records in a batch need no order and applying them again changes nothing.
use super::weight::Weight;
use crate::calls::{FinalStatus, Record};
use calls_protocol::{
    CallId, CallType, DeviceId, GroupId, IceCandidate, RoomName, Sdp, Seconds, Stats, UnixMillis, UserId,
};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
};

/// What became of calls, and what was said in them.
#[derive(Debug, Default, Clone)]
pub(super) struct Batch {
    pub(super) calls: Rows<CallId, CallRow>,
    pub(super) groups: Rows<CallId, GroupRow>,
    pub(super) seats: Rows<(CallId, UserId), SeatRow>,
    pub(super) candidates: Vec<(IceCandidate, UnixMillis)>,
    pub(super) statistics: Vec<(CallId, Stats, UnixMillis)>,
    weight: Weight,
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
    /// The row, and whether it is a new one.
    fn row(&mut self, key: K) -> (&mut R, bool) {
        let (at, is_new) = match self.index.entry(key) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(new) => {
                self.rows.push((key, R::default()));
                (*new.insert(self.rows.len() - 1), true)
            }
        };
        (&mut self.rows[at].1, is_new)
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
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct CallRow {
    pub(super) rang: Option<Rang>,
    pub(super) answered: Option<Answered>,
    pub(super) ended: Option<EndRow>,
}

/// How a call began.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Answered {
    /// Dropped as the offer is.
    pub(super) answer: Option<Sdp>,
    pub(super) at: UnixMillis,
    pub(super) device: Option<DeviceId>,
}

/// How a call ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EndRow {
    #[serde(with = "Status")]
    pub(super) status: FinalStatus,
    pub(super) reason: Cow<'static, str>,
    pub(super) by: Option<UserId>,
    pub(super) at: UnixMillis,
    pub(super) duration: Option<Seconds>,
}

/// The same words as in the database.
#[derive(Serialize, Deserialize)]
#[serde(remote = "FinalStatus", rename_all = "lowercase")]
enum Status {
    Ended,
    Missed,
    Rejected,
}

/// What is known of a group call.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct GroupRow {
    pub(super) rang: Option<GroupRang>,
    pub(super) active: Option<UnixMillis>,
    pub(super) ended: Option<(Cow<'static, str>, UnixMillis)>,
}

/// How a group call began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GroupRang {
    pub(super) group: GroupId,
    pub(super) by: UserId,
    pub(super) call_type: CallType,
    pub(super) room: RoomName,
    pub(super) at: UnixMillis,
    pub(super) expires: UnixMillis,
}

/// One person in one group call: somebody who leaves and comes back keeps the one row.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
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
                self.call(call, |row| {
                    row.rang.get_or_insert(rang);
                });
            }
            Record::Connected { call, answer, at, device } => {
                let answered = Answered { answer: Some(answer), at, device };
                self.call(call, |row| {
                    row.answered.get_or_insert(answered);
                });
            }
            Record::Ended { call, status, reason, by, at, duration } => {
                let ended = EndRow { status, reason: reason.into(), by, at, duration };
                self.call(call, |row| {
                    row.ended.get_or_insert(ended);
                });
            }
            Record::GroupRinging { call, group, by, call_type, room, at, expires } => {
                let rang = GroupRang { group, by, call_type, room, at, expires };
                self.group(call).rang.get_or_insert(rang);
            }
            Record::GroupActive { call, at } => {
                self.group(call).active.get_or_insert(at);
            }
            Record::GroupEnded { call, reason, at } => {
                self.group(call).ended.get_or_insert((reason.into(), at));
            }
            Record::Joined { call, user, at, device } => {
                let seat = self.seat(call, user);
                seat.first = Some(seat.first.map_or(at, |first| first.min(at)));
                if Some(at) >= seat.joined {
                    (seat.joined, seat.device) = (Some(at), device);
                }
            }
            Record::Left { call, user, at } => {
                let seat = self.seat(call, user);
                seat.left = seat.left.max(Some(at));
            }
            Record::Candidate { candidate, at } => self.put_candidate(candidate, at),
            Record::Statistics { call, stats, at } => self.put_statistics(call, stats, at),
        }
    }

    /// Folds a row in that was taken out of a batch before.
    pub(super) fn put_call(&mut self, call: CallId, row: CallRow) {
        self.call(call, |known| {
            known.rang = known.rang.take().or(row.rang);
            known.answered = known.answered.take().or(row.answered);
            known.ended = known.ended.take().or(row.ended);
        });
    }

    pub(super) fn put_group(&mut self, call: CallId, row: GroupRow) {
        let known = self.group(call);
        known.rang = known.rang.take().or(row.rang);
        known.active = known.active.or(row.active);
        known.ended = known.ended.take().or(row.ended);
    }

    pub(super) fn put_seat(&mut self, call: CallId, user: UserId, row: SeatRow) {
        let known = self.seat(call, user);
        known.first = [known.first, row.first].into_iter().flatten().min();
        if row.joined >= known.joined {
            (known.joined, known.device) = (row.joined, row.device);
        }
        known.left = known.left.max(row.left);
    }

    pub(super) fn put_candidate(&mut self, candidate: IceCandidate, at: UnixMillis) {
        self.weight.add(Weight::of_candidate(&candidate));
        self.candidates.push((candidate, at));
    }

    pub(super) fn put_statistics(&mut self, call: CallId, stats: Stats, at: UnixMillis) {
        self.weight.add(Weight::OF_STATISTICS);
        self.statistics.push((call, stats, at));
    }

    fn call(&mut self, call: CallId, change: impl FnOnce(&mut CallRow)) {
        let (row, is_new) = self.calls.row(call);
        if !is_new {
            self.weight.remove(Weight::of_call(row));
        }
        change(row);
        self.weight.add(Weight::of_call(row));
    }

    fn group(&mut self, call: CallId) -> &mut GroupRow {
        let (row, is_new) = self.groups.row(call);
        if is_new {
            self.weight.add(Weight::OF_GROUP);
        }
        row
    }

    fn seat(&mut self, call: CallId, user: UserId) -> &mut SeatRow {
        let (row, is_new) = self.seats.row((call, user));
        if is_new {
            self.weight.add(Weight::OF_SEAT);
        }
        row
    }

    /// What it weighs in memory.
    pub(super) fn weight(&self) -> Weight {
        self.weight
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

    /// Forgets candidates and statistics. Says how many of each there were.
    pub(super) fn forget_spare(&mut self) -> (usize, usize) {
        self.weight.spare = 0;
        (std::mem::take(&mut self.candidates).len(), std::mem::take(&mut self.statistics).len())
    }

    /// Forgets descriptions: those of calls that are over, which nobody needs any more, or all. Says how many.
    pub(super) fn forget_descriptions(&mut self, only_over: bool) -> usize {
        let mut forgotten = 0;
        for (_, call) in &mut self.calls.rows {
            if !only_over || call.ended.is_some() {
                forgotten += forget_descriptions(call, &mut self.weight);
            }
        }
        forgotten
    }

    /// Forgets the descriptions of one call. Says how many.
    pub(super) fn forget_descriptions_of(&mut self, call: CallId) -> usize {
        let Some(at) = self.calls.index.get(&call) else { return 0 };
        forget_descriptions(&mut self.calls.rows[*at].1, &mut self.weight)
    }

    /// Takes about the first `rows` rows out, as long as they weigh no more than `bytes`; calls before what was said in
    /// them. At least one row, however heavy it is.
    pub(super) fn take(&mut self, rows: usize, bytes: usize) -> Self {
        if self.len() <= rows && self.weight.total() <= bytes {
            return std::mem::take(self);
        }
        let mut share = Share { rows, bytes, taken: Weight::default() };
        let calls = share.first(&self.calls.rows, |(_, row)| Weight::of_call(row));
        let groups = share.first(&self.groups.rows, |_| Weight::OF_GROUP);
        let seats = share.first(&self.seats.rows, |_| Weight::OF_SEAT);
        let candidates = share.first(&self.candidates, |(candidate, _)| Weight::of_candidate(candidate));
        let statistics = share.first(&self.statistics, |_| Weight::OF_STATISTICS);
        let mut weight = self.weight;
        weight.remove(share.taken);
        let rest = Self {
            calls: self.calls.split_off(calls),
            groups: self.groups.split_off(groups),
            seats: self.seats.split_off(seats),
            candidates: self.candidates.split_off(candidates),
            statistics: self.statistics.split_off(statistics),
            weight,
        };
        self.weight = share.taken;
        std::mem::replace(self, rest)
    }
}

fn forget_descriptions(call: &mut CallRow, weight: &mut Weight) -> usize {
    weight.remove(Weight::of_call(call));
    let offer = call.rang.as_mut().and_then(|rang| rang.offer.take());
    let answer = call.answered.as_mut().and_then(|answered| answered.answer.take());
    weight.add(Weight::of_call(call));
    usize::from(offer.is_some()) + usize::from(answer.is_some())
}

/// What may still go into one transaction.
struct Share {
    rows: usize,
    bytes: usize,
    taken: Weight,
}

impl Share {
    /// How many of these, from the first one on, still fit.
    fn first<R>(&mut self, rows: &[R], weight: impl Fn(&R) -> Weight) -> usize {
        let mut count = 0;
        for row in rows {
            let weight = weight(row);
            let is_first = self.taken == Weight::default();
            if self.rows == 0 || (!is_first && self.taken.total() + weight.total() > self.bytes) {
                // What comes later waits as well: a call goes before what was said in it.
                self.rows = 0;
                break;
            }
            self.rows -= 1;
            self.taken.add(weight);
            count += 1;
        }
        count
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

        let first = batch.take(4, usize::MAX);
        batch.add(left(7, 20));
        batch.add(left(2, 20));

        assert_eq!(first.len(), 4);
        // 7 was in the rest and is folded there; 2 was taken and comes up anew.
        assert_eq!(batch.len(), 7);
        assert!(batch.seats.rows[2].1.left.is_some());
    }

    fn rings(id: u64, offer: usize) -> Record {
        Record::Ringing {
            call: call(id),
            from: UserId::new(1).unwrap(),
            to: UserId::new(2).unwrap(),
            call_type: CallType::Audio,
            room: RoomName::new("room").unwrap(),
            offer: Sdp::object("offer", &"x".repeat(offer)),
            at: UnixMillis(0),
            expires: UnixMillis(0),
            device: None,
        }
    }

    /// What it must weigh: counted anew.
    fn counted(batch: &Batch) -> Weight {
        let mut weight = Weight::default();
        batch.calls.rows.iter().for_each(|(_, row)| weight.add(Weight::of_call(row)));
        batch.groups.rows.iter().for_each(|_| weight.add(Weight::OF_GROUP));
        batch.seats.rows.iter().for_each(|_| weight.add(Weight::OF_SEAT));
        weight
    }

    #[test]
    fn a_part_is_no_heavier_than_asked_unless_it_is_one_row() {
        let mut batch = Batch::default();
        for id in 1..=10 {
            batch.add(rings(id, if id == 5 { 100_000 } else { 10_000 }));
            batch.add(joined(id, 10));
        }
        let mut rows = vec![];
        while !batch.is_empty() {
            let part = batch.take(4, 30_000);
            assert_eq!((part.weight(), batch.weight()), (counted(&part), counted(&batch)));
            assert!(part.weight().total() <= 30_000 || part.len() == 1, "{}", part.len());
            rows.push(part.len());
        }

        assert_eq!(rows, [2, 2, 1, 2, 2, 4, 4, 3]);
    }

    #[test]
    fn descriptions_are_forgotten_of_calls_that_are_over_first() {
        let mut batch = Batch::default();
        batch.add(rings(1, 10_000));
        batch.add(rings(2, 10_000));
        let (status, reason) = (FinalStatus::Missed, "timeout");
        batch.add(Record::Ended {
            call: call(1),
            status,
            reason,
            by: None,
            at: UnixMillis(1),
            duration: None,
        });
        let (live, over) = (batch.weight().live, batch.weight().over);

        assert_eq!(live, over);
        assert_eq!(batch.forget_descriptions(true), 1);
        assert_eq!((batch.weight().live, batch.weight().over), (live, 0));
        assert_eq!(batch.forget_descriptions(false), 1);
        assert_eq!((batch.weight(), batch.len()), (counted(&batch), 2));
    }
}
