//! What waits, in bytes: near enough to bound memory and the size of a statement by it.
use super::batch::CallRow;
use calls_protocol::{IceCandidate, Sdp};

/// Bytes by what they are, as that decides who goes first when there are too many.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    /// Rows of calls and of who was in them, without descriptions.
    pub(super) rows: usize,
    /// Descriptions of calls that go on: a restart may need them.
    pub(super) live: usize,
    /// Descriptions of calls that are over.
    pub(super) over: usize,
    /// Candidates and statistics.
    pub(super) spare: usize,
}

/// A row of `wo_calls` with its place in the index: names of rooms and devices may be 100 and 128 letters.
const CALL: usize = 768;

/// A candidate with its room, without its text.
const CANDIDATE: usize = 256;

impl Weight {
    pub(super) const OF_GROUP: Self = Self { rows: 384, live: 0, over: 0, spare: 0 };
    pub(super) const OF_SEAT: Self = Self { rows: 256, live: 0, over: 0, spare: 0 };
    pub(super) const OF_STATISTICS: Self = Self { rows: 0, live: 0, over: 0, spare: 320 };

    pub(super) fn of_call(row: &CallRow) -> Self {
        let offer = row.rang.as_ref().and_then(|rang| rang.offer.as_ref());
        let answer = row.answered.as_ref().and_then(|answered| answered.answer.as_ref());
        let descriptions = offer.map_or(0, bytes) + answer.map_or(0, bytes);
        let (live, over) = if row.ended.is_some() { (0, descriptions) } else { (descriptions, 0) };
        Self { rows: CALL, live, over, spare: 0 }
    }

    pub(super) fn of_candidate(candidate: &IceCandidate) -> Self {
        let text = candidate.candidate.as_json().len() + candidate.sdp_mid.as_ref().map_or(0, String::len);
        Self { spare: CANDIDATE + text, ..Self::default() }
    }

    pub(super) fn total(self) -> usize {
        self.rows + self.descriptions() + self.spare
    }

    pub(super) fn descriptions(self) -> usize {
        self.live + self.over
    }

    pub(super) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.live += other.live;
        self.over += other.over;
        self.spare += other.spare;
    }

    pub(super) fn remove(&mut self, other: Self) {
        self.rows -= other.rows;
        self.live -= other.live;
        self.over -= other.over;
        self.spare -= other.spare;
    }
}

/// What a description takes.
pub(super) fn bytes(description: &Sdp) -> usize {
    description.as_json().len()
}
