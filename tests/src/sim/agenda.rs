//! Moments to come, in the order in which they come.
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

/// What is to happen, and when. What is planned first comes first among what comes at once.
pub(crate) struct Agenda<W> {
    moments: BinaryHeap<Reverse<Moment<W>>>,
    order: u64,
}

struct Moment<W> {
    at: u64,
    order: u64,
    what: W,
}

impl<W> Default for Agenda<W> {
    fn default() -> Self {
        Self { moments: BinaryHeap::new(), order: 0 }
    }
}

impl<W> Agenda<W> {
    pub(crate) fn add(&mut self, at: u64, what: impl Into<W>) {
        self.order += 1;
        self.moments.push(Reverse(Moment { at, order: self.order, what: what.into() }));
    }

    /// The next one, if it comes before `end` or then.
    pub(crate) fn next_until(&mut self, end: u64) -> Option<(u64, W)> {
        if self.moments.peek()?.0.at > end {
            return None;
        }
        self.moments.pop().map(|Reverse(moment)| (moment.at, moment.what))
    }
}

impl<W> PartialEq for Moment<W> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl<W> Eq for Moment<W> {}

impl<W> PartialOrd for Moment<W> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<W> Ord for Moment<W> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
