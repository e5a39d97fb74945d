//! What the path to one receiver carries, and what waits until it may leave.
use super::outgoing::{Sent, Source};
use super::rewrite::Place;
use calls_rtp::bandwidth::{Estimator, Feedback, Kind, Pacer};
use std::{collections::VecDeque, ops::RangeInclusive, time::Duration};

/// What waits longer than this is of no use: the picture has moved on.
const STALE: Duration = Duration::from_millis(500);
/// More waiting than this is a bug or an attack.
const MOST_WAITING: usize = 2_000;
/// Repairs get no more than this part of the path, in percent, and none while so much is on its way already: who misses
/// it still asks again.
const REPAIRS_PERCENT: u64 = 40;
const REPAIRS_BEHIND: Duration = Duration::from_millis(60);

/// A packet of a picture that waits for its turn. Its bytes are in its stream's ring.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    /// The slot whose picture it is.
    pub(super) pair: usize,
    pub(super) source: Source,
    /// Its number in its own stream, and ours.
    pub(super) theirs: u64,
    pub(super) ours: Place,
    pub(super) since: Duration,
}

/// One path.
#[derive(Debug)]
pub(super) struct Path {
    estimator: Estimator,
    pacer: Pacer,
    waiting: VecDeque<Waiting>,
    /// Whether the receiver says what arrived.
    has_feedback: bool,
    has_pictures: bool,
    /// What was chosen for it, in bits a second.
    chosen: u64,
    repaired: super::incoming::Rate,
}

impl Path {
    pub(super) fn new(now: Duration, start: u64, limits: RangeInclusive<u64>) -> Self {
        Self {
            estimator: Estimator::new(now, start, limits),
            pacer: Pacer::new(start),
            waiting: VecDeque::new(),
            has_feedback: false,
            has_pictures: false,
            chosen: 0,
            repaired: super::incoming::Rate::default(),
        }
    }

    /// Bits a second.
    pub(super) fn estimate(&self) -> u64 {
        self.estimator.estimate()
    }

    pub(super) fn want(&mut self, now: Duration, bps: u64) {
        self.estimator.want(now, bps);
        if self.has_feedback {
            self.look(now);
        }
    }

    /// So much was chosen to be sent.
    pub(super) fn chose(&mut self, bps: u64) {
        self.chosen = bps;
        if self.has_feedback {
            self.pace();
        }
    }

    pub(super) fn feedback(&mut self, now: Duration, feedback: &Feedback<'_>) {
        self.has_feedback = true;
        self.estimator.feedback(now, feedback);
        self.look(now);
    }

    /// Sound, which never waits.
    pub(super) fn sound(&mut self, now: Duration, bytes: usize) -> u16 {
        self.numbered(now, bytes)
    }

    /// A picture's packet that leaves, or padding.
    pub(super) fn leaves(&mut self, now: Duration, bytes: usize) -> u16 {
        self.has_pictures = true;
        self.numbered(now, bytes)
    }

    fn numbered(&mut self, now: Duration, bytes: usize) -> u16 {
        let cluster = self.pacer.cluster();
        self.pacer.sent(now, bytes);
        self.estimator.sent(now, bytes, cluster)
    }

    /// Whether a picture's packet may leave at once: nothing waits before it.
    pub(super) fn is_free(&self, now: Duration) -> bool {
        self.waiting.is_empty() && self.pacer.may_send(now, Kind::Picture)
    }

    pub(super) fn wait(&mut self, packet: Waiting) {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(packet);
        }
    }

    /// The next that may leave.
    pub(super) fn next(&mut self, now: Duration) -> Option<Waiting> {
        if !self.pacer.may_send(now, Kind::Picture) {
            return None;
        }
        self.waiting.pop_front()
    }

    /// What waited too long is thrown away; true if there was any: whole pictures are needed.
    pub(super) fn drop_stale(&mut self, now: Duration, mut gone: impl FnMut(&Waiting)) {
        if self.waiting.front().is_some_and(|first| now.saturating_sub(first.since) > STALE) {
            self.waiting.drain(..).for_each(|packet| gone(&packet));
        }
    }

    /// What waits for this slot is not worth sending any more. Whether there was any.
    pub(super) fn drop_pair(&mut self, pair: usize) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|packet| packet.pair != pair);
        self.waiting.len() < before
    }

    /// What is gone will not be needed.
    pub(super) fn forget(&mut self, is_gone: impl Fn(Source) -> bool) {
        self.waiting.retain(|packet| !is_gone(packet.source));
    }

    /// When something that waits may leave, or a probe goes on, or the estimate wants to be looked at.
    pub(super) fn due(&self) -> Option<Duration> {
        let leaves = !self.waiting.is_empty() || self.pacer.cluster().is_some();
        let leaves = leaves.then(|| self.pacer.next());
        let looks = self.estimator.deadline().filter(|_| self.has_feedback);
        leaves.into_iter().chain(looks).min()
    }

    /// Whether time alone changes anything by now. In a large room it does for few.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        !self.waiting.is_empty() || self.due().is_some_and(|due| due <= now)
    }

    pub(super) fn tick(&mut self, now: Duration) {
        if self.has_feedback {
            self.estimator.tick(now);
            self.look(now);
        }
    }

    /// What was chosen leaves, also where it is a little more than what the path is said to carry.
    fn pace(&mut self) {
        self.pacer.estimate(self.estimator.estimate().max(self.chosen));
    }

    fn look(&mut self, now: Duration) {
        self.pace();
        // Without a picture there is nothing to fill a probe with.
        if let Some(probe) = self.has_pictures.then(|| self.estimator.probe(now)).flatten() {
            self.pacer.begin(now, probe);
        }
    }

    /// Whether a probe wants padding now.
    pub(super) fn wants_padding(&self, now: Duration) -> bool {
        self.waiting.is_empty() && self.pacer.may_send(now, Kind::Padding)
    }

    /// Whether there is room for a repair.
    pub(super) fn may_repair(&mut self, now: Duration, bytes: usize) -> bool {
        let is_busy = !self.waiting.is_empty() || self.pacer.next() > now + REPAIRS_BEHIND;
        if is_busy || self.repaired.bps(now) * 100 > self.estimate() * REPAIRS_PERCENT {
            return false;
        }
        self.repaired.add(now, bytes);
        self.pacer.sent(now, bytes);
        true
    }
}

impl Waiting {
    pub(super) fn sent(&self, now: Duration, transport: Option<u16>) -> Sent {
        Sent { source: self.source, theirs: self.theirs, ours: self.ours, transport, at: now }
    }
}
