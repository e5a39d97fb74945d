//! What waits to be written, within a bound of bytes. Who goes first when there is too much is decided here.
use super::{batch::Batch, weight::Weight};
use crate::calls::Record;
use calls_protocol::CallId;
use std::sync::Arc;
use tracing::{error, warn};

/// How much may wait. The defaults suit a server; tests ask for others.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// Bytes of candidates and statistics; further ones are lost.
    pub spare: usize,
    /// Bytes of session descriptions. Above it calls that are over lose theirs, then all calls that wait.
    pub descriptions: usize,
    /// Bytes of all that waits. Close to it candidates, statistics and descriptions go, above it calls.
    pub all: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            // About 50,000 candidates.
            spare: 16 << 20,
            // About 8,000 calls with their offer and answer.
            descriptions: 64 << 20,
            // About 150,000 calls without.
            all: 128 << 20,
        }
    }
}

/// What was given up, by what it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Rows of `wo_ice_candidates`.
    pub candidates: u64,
    /// Rows of `wo_call_statistics`.
    pub statistics: u64,
    /// Offers and answers; the rows that they belong to were kept.
    pub descriptions: u64,
    /// Changes of calls, group calls and participants.
    pub calls: u64,
}

impl Dropped {
    /// Rows that are missing now.
    pub fn rows(&self) -> u64 {
        self.candidates + self.statistics + self.calls
    }

    /// With the names that a metric has for them.
    pub fn all(&self) -> [(&'static str, u64); 4] {
        [
            ("calls", self.calls),
            ("candidates", self.candidates),
            ("descriptions", self.descriptions),
            ("statistics", self.statistics),
        ]
    }

    pub(super) fn of(batch: &Batch) -> Self {
        let count = |rows: usize| rows as u64;
        Self {
            candidates: count(batch.candidates.len()),
            statistics: count(batch.statistics.len()),
            descriptions: 0,
            calls: count(batch.kept()),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.candidates += other.candidates;
        self.statistics += other.statistics;
        self.descriptions += other.descriptions;
        self.calls += other.calls;
    }
}

/// What waits, and what is on its way.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) batch: Batch,
    /// Parts of the batch that is being written, the next one last.
    pub(super) flight: Vec<Arc<Batch>>,
    pub(super) pushed: u64,
    /// Somebody waits: no lingering.
    pub(super) hurry: bool,
    pub(super) closing: bool,
    /// Since the start.
    pub(super) dropped: Dropped,
    /// Since everything was written last: each kind is told once.
    shortage: Dropped,
}

impl Queue {
    /// Takes a record, if there is room for it or room can be made.
    pub(super) fn push(&mut self, record: Record, limits: &QueueLimits) {
        if self.closing {
            return self.give_up(kind(&record), "the server stops");
        }
        match record {
            Record::Candidate { .. } | Record::Statistics { .. } => self.push_spare(record, limits),
            record => self.push_kept(record, limits),
        }
    }

    /// All that waits, for whoever can do something else with it.
    pub(super) fn take_all(&mut self) -> Vec<Arc<Batch>> {
        let mut all = std::mem::take(&mut self.flight);
        all.push(Arc::new(std::mem::take(&mut self.batch)));
        all
    }

    /// Rows that wait or are on their way.
    pub(super) fn rows(&self) -> usize {
        self.batch.len() + self.flight.iter().map(|part| part.len()).sum::<usize>()
    }

    /// The same in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.weight().total()
    }

    /// Everything was written: the next shortage is another one. Says what this one cost.
    pub(super) fn end_shortage(&mut self) -> Dropped {
        std::mem::take(&mut self.shortage)
    }

    /// Counts what is given up; the first of each kind in a shortage is told.
    pub(super) fn give_up(&mut self, what: Dropped, why: &'static str) {
        for ((kind, before), (_, more)) in self.shortage.all().into_iter().zip(what.all()) {
            match (kind, before, more) {
                (_, _, 0) | (_, 1.., _) => {}
                ("calls", ..) => error!(why, "calls will be missing in the database"),
                _ => warn!(dropped = kind, why, "calls go on, but less of them will be in the database"),
            }
        }
        self.shortage.add(what);
        self.dropped.add(what);
    }

    fn weight(&self) -> Weight {
        let mut weight = self.batch.weight();
        self.flight.iter().for_each(|part| weight.add(part.weight()));
        weight
    }

    fn push_spare(&mut self, record: Record, limits: &QueueLimits) {
        let waits = self.weight();
        if waits.spare >= limits.spare || waits.total() >= scarce(limits) {
            return self.give_up(kind(&record), FULL);
        }
        self.add(record);
    }

    fn push_kept(&mut self, record: Record, limits: &QueueLimits) {
        let is_scarce = self.weight().total() >= scarce(limits);
        if is_scarce {
            self.make_room();
        } else if self.weight().descriptions() >= limits.descriptions {
            // At least an eighth goes at once, as this looks at every call that waits.
            let only_over = self.batch.weight().over >= limits.descriptions / 8;
            let forgotten = self.batch.forget_descriptions(only_over);
            self.give_up(descriptions(forgotten), FULL);
        }
        // What ends a call is small, and a row that says for ever that it goes on is worse than none.
        let bound = if begins(&record) { limits.all } else { limits.all + limits.all / 8 };
        if self.weight().total() >= bound {
            return self.give_up(kind(&record), FULL);
        }
        let described = described(&record).filter(|_| is_scarce);
        self.add(record);
        if let Some(call) = described {
            let forgotten = self.batch.forget_descriptions_of(call);
            self.give_up(descriptions(forgotten), FULL);
        }
    }

    fn add(&mut self, record: Record) {
        self.batch.add(record);
        self.pushed += 1;
    }

    /// Calls come before all that was said in them. Once this is done it costs nothing until there is room again.
    fn make_room(&mut self) {
        let weight = self.batch.weight();
        if weight.spare > 0 {
            let (candidates, statistics) = self.batch.forget_spare();
            let (candidates, statistics) = (candidates as u64, statistics as u64);
            self.give_up(Dropped { candidates, statistics, ..Dropped::default() }, FULL);
        }
        if weight.descriptions() > 0 {
            let forgotten = self.batch.forget_descriptions(false);
            self.give_up(descriptions(forgotten), FULL);
        }
    }
}

const FULL: &str = "too much waits for the database";

/// From here on only calls are taken, and nothing of what was said in them.
fn scarce(limits: &QueueLimits) -> usize {
    limits.all - limits.all / 8
}

fn begins(record: &Record) -> bool {
    matches!(record, Record::Ringing { .. } | Record::GroupRinging { .. } | Record::Joined { .. })
}

fn described(record: &Record) -> Option<CallId> {
    match record {
        Record::Ringing { call, .. } | Record::Connected { call, .. } => Some(*call),
        _ => None,
    }
}

fn descriptions(count: usize) -> Dropped {
    Dropped { descriptions: count as u64, ..Dropped::default() }
}

fn kind(record: &Record) -> Dropped {
    match record {
        Record::Candidate { .. } => Dropped { candidates: 1, ..Dropped::default() },
        Record::Statistics { .. } => Dropped { statistics: 1, ..Dropped::default() },
        _ => Dropped { calls: 1, ..Dropped::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::FinalStatus;
    use calls_protocol::{CallType, Candidate, IceCandidate, RoomName, Sdp, UnixMillis, UserId};

    const LIMITS: QueueLimits = QueueLimits { spare: 20_000, descriptions: 40_000, all: 80_000 };

    fn rings(id: u64, bytes: usize) -> Record {
        Record::Ringing {
            call: CallId::new(id).unwrap(),
            from: UserId::new(1).unwrap(),
            to: UserId::new(2).unwrap(),
            call_type: CallType::Audio,
            room: RoomName::new("room").unwrap(),
            offer: Sdp::object("offer", &"x".repeat(bytes)),
            at: UnixMillis(0),
            expires: UnixMillis(0),
            device: None,
        }
    }

    fn ends(id: u64) -> Record {
        Record::Ended {
            call: CallId::new(id).unwrap(),
            status: FinalStatus::Missed,
            reason: "timeout",
            by: None,
            at: UnixMillis(1),
            duration: None,
        }
    }

    fn candidate(bytes: usize) -> Record {
        let candidate = IceCandidate {
            room_name: RoomName::new("room").unwrap(),
            to_user_id: None,
            from_user_id: UserId::new(1).unwrap(),
            candidate: Candidate::from_json(&format!("\"{}\"", "c".repeat(bytes))).unwrap(),
            sdp_m_line_index: None,
            sdp_mid: None,
        };
        Record::Candidate { candidate, at: UnixMillis(0) }
    }

    #[test]
    fn large_candidates_are_few() {
        let mut queue = Queue::default();
        for _ in 0..100 {
            queue.push(candidate(4_000), &LIMITS);
        }

        assert_eq!((queue.rows(), queue.dropped.candidates), (5, 95));
    }

    #[test]
    fn calls_that_are_over_lose_their_descriptions_before_calls_that_go_on() {
        let mut queue = Queue::default();
        for id in 1..=3 {
            queue.push(rings(id, 10_000), &LIMITS);
        }
        queue.push(ends(1), &LIMITS);
        queue.push(rings(4, 10_000), &LIMITS);
        queue.push(rings(5, 10_000), &LIMITS);

        let weight = queue.batch.weight();
        assert_eq!((queue.rows(), queue.dropped.descriptions, weight.over), (5, 1, 0));
        assert!(weight.live > 40_000);
        queue.push(rings(6, 10_000), &LIMITS);
        assert_eq!((queue.rows(), queue.dropped.descriptions), (6, 5));
        assert_eq!(queue.dropped.rows(), 0);
    }

    #[test]
    fn no_call_is_lost_while_there_is_anything_else_to_lose() {
        let mut queue = Queue::default();
        (0..3).for_each(|_| queue.push(candidate(4_000), &LIMITS));
        let mut id = 0;
        while queue.dropped.calls == 0 {
            id += 1;
            queue.push(rings(id, 5_000), &LIMITS);
            assert!(queue.bytes() <= LIMITS.all + 6_000, "{}", queue.bytes());
        }

        let weight = queue.batch.weight();
        assert_eq!((weight.spare, weight.descriptions()), (0, 0));
        assert!(id > 90, "{id}");
        // The ends of those that are there still find a place, also of calls whose row was written long ago.
        (1..id).for_each(|id| queue.push(ends(id), &LIMITS));
        queue.push(ends(100_000), &LIMITS);
        assert_eq!(queue.dropped.calls, 1);
        for id in 200_000..300_000 {
            queue.push(ends(id), &LIMITS);
        }
        assert!(queue.bytes() <= LIMITS.all * 9 / 8 + 1_000);
    }

    #[test]
    fn what_is_on_its_way_counts_as_well() {
        let mut queue = Queue::default();
        queue.push(rings(1, 75_000), &LIMITS);
        let part = queue.batch.take(1, usize::MAX);
        queue.flight.push(Arc::new(part));

        queue.push(candidate(10), &LIMITS);

        assert_eq!((queue.rows(), queue.dropped.candidates), (1, 1));
    }
}
