//! Whether the path carries more: for a moment, more is sent, and what comes of it is measured.
use super::MICROS;
use std::num::NonZeroU16;

/// So long a probe lasts, in seconds. Less is lost in the timers of both sides, more fills queues.
const LASTS: f64 = 0.02;
/// And not fewer packets.
const PACKETS: u32 = 5;
/// Of a packet that a probe is planned with, in bytes: padding alone makes none that is larger.
const PACKET: f64 = 240.0;
/// By then what became of it is known.
const ANSWERED: u64 = MICROS;
/// Between two that found nothing; and after the next.
const WAIT: u64 = 5 * MICROS;
const LONGEST_WAIT: u64 = 10 * MICROS;
/// After less was sent for a reason.
const AFTER_DROP: u64 = 2 * MICROS;
/// What is wanted may change with each packet.
const APART: u64 = MICROS / 4;
/// Part of what is sent that may be for probes, and how much of it is saved up, in bytes.
const PART: f64 = 0.035;
const SAVED: f64 = 24_000.0;
/// If that is not enough, it may be later.
const SAVES: u64 = MICROS;
/// Of its packets that have to arrive.
const ARRIVES: f64 = 0.8;
/// Less than this part of its rate arrived, and the path was full.
const FULL: f64 = 0.9;
/// Of what came through a full path.
const BELOW_FULL: f64 = 0.95;

/// Which probe a packet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster(NonZeroU16);

impl Cluster {
    pub(super) const FIRST: Self = Self(NonZeroU16::MIN);

    /// No two of them are on their way at once, so they may begin again.
    fn after(self) -> Self {
        Self(self.0.checked_add(1).unwrap_or(NonZeroU16::MIN))
    }
}

/// What to send to see whether the path carries it: media if there is some, else padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// What each of its packets is sent with.
    pub cluster: Cluster,
    /// How fast, in bits a second.
    pub bps: u64,
    /// At least so many bytes,
    pub bytes: usize,
    /// and so many packets.
    pub packets: u32,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) asked: f64,
    /// What the path carries, at least. None: nothing can be said.
    pub(super) bps: Option<f64>,
    /// It does not carry more.
    pub(super) is_full: bool,
}

/// Sent or arrived: the first and the last moment, in microseconds, and the bytes of each.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: (i64, u32),
    last: (i64, u32),
    bytes: u32,
    packets: u32,
}

impl Span {
    fn add(span: &mut Option<Self>, at: i64, bytes: u32) {
        let span = span.get_or_insert(Self { first: (at, 0), last: (at, 0), bytes: 0, packets: 0 });
        if at < span.first.0 {
            span.first = (at, 0);
        }
        if at > span.last.0 {
            span.last = (at, 0);
        }
        for (_, together) in [&mut span.first, &mut span.last].into_iter().filter(|moment| moment.0 == at) {
            *together += bytes;
        }
        span.bytes += bytes;
        span.packets += 1;
    }

    /// Without the bytes that the time between does not hold.
    fn rate(&self, without: u32) -> Option<f64> {
        let time = self.last.0 - self.first.0;
        let plausible = (1_000..MICROS as i64).contains(&time);
        plausible.then(|| f64::from(self.bytes - without) * 8e6 / time as f64)
    }
}

#[derive(Debug, Clone)]
struct Flying {
    probe: Probe,
    answered_by: u64,
    sent: u32,
    bytes: usize,
    heard: u32,
    /// Of those that arrived: when they left, and when they came.
    left: Option<Span>,
    came: Option<Span>,
}

impl Flying {
    fn found(&self) -> (Option<f64>, bool) {
        let rates = || {
            let (left, came) = (self.left?, self.came?);
            let enough = f64::from(came.packets) >= ARRIVES * f64::from(self.probe.packets.max(self.sent));
            Some((left.rate(left.last.1)?, came.rate(came.first.1)?)).filter(|_| enough)
        };
        match rates() {
            // Packets that waited somewhere and then came at once say nothing about the path.
            Some((left, came)) if came > left * 2.0 => (None, false),
            Some((left, came)) if came < left * FULL => (Some(came * BELOW_FULL), true),
            Some((left, came)) => (Some(left.min(came)), false),
            None => (None, false),
        }
    }
}

/// When to probe, and what it says.
#[derive(Debug, Clone)]
pub(super) struct Probes {
    next: Cluster,
    ready: Option<Probe>,
    flying: Option<Flying>,
    /// The next may begin then.
    due: u64,
    /// It may cost more than is saved up.
    is_urgent: bool,
    failures: u32,
    last: Option<u64>,
    saved: f64,
}

impl Probes {
    /// The first may begin at once.
    pub(super) fn new(now: u64) -> Self {
        Self {
            next: Cluster::FIRST,
            ready: None,
            flying: None,
            due: now,
            is_urgent: true,
            failures: 0,
            last: None,
            saved: SAVED,
        }
    }

    pub(super) fn due(&self) -> Option<u64> {
        let waits = self.ready.is_none() && self.flying.is_none();
        waits.then_some(self.due)
    }

    pub(super) fn answered_by(&self) -> Option<u64> {
        self.flying.as_ref().map(|flying| flying.answered_by)
    }

    /// More is wanted, or has just been found: soon.
    pub(super) fn hurry(&mut self, now: u64) {
        let earliest = self.last.map_or(now, |last| now.max(last + APART));
        (self.due, self.is_urgent, self.failures) = (self.due.min(earliest), true, 0);
    }

    /// The rate went down for a reason: not now.
    pub(super) fn hold_back(&mut self, now: u64) {
        self.ready = None;
        self.due = self.due.max(now + AFTER_DROP);
    }

    /// After a fall the path may be back soon.
    pub(super) fn look_again(&mut self, now: u64) {
        (self.due, self.is_urgent, self.failures) = (now + AFTER_DROP, true, 0);
    }

    /// Plans one, while so much is sent anyway. Who `tries` to send more by itself needs none without a reason.
    pub(super) fn plan(&mut self, now: u64, bps: f64, sends: f64, tries: bool) {
        if self.due().is_none_or(|due| now < due) {
            return;
        }
        if tries && !self.is_urgent {
            self.due = now + WAIT;
            return;
        }
        let bytes = (bps * LASTS / 8.0).max(PACKET * f64::from(PACKETS));
        let costs = bytes * (1.0 - sends / bps).clamp(0.0, 1.0);
        if self.saved < costs && !self.is_urgent {
            self.due = now + SAVES;
            return;
        }
        self.saved -= costs;
        self.is_urgent = false;
        self.next = self.next.after();
        self.ready =
            Some(Probe { cluster: self.next, bps: bps as u64, bytes: bytes as usize, packets: PACKETS });
    }

    /// To be sent now.
    pub(super) fn take(&mut self, now: u64) -> Option<Probe> {
        let probe = self.ready.take()?;
        self.last = Some(now);
        self.flying = Some(Flying {
            probe,
            answered_by: now + ANSWERED,
            sent: 0,
            bytes: 0,
            heard: 0,
            left: None,
            came: None,
        });
        Some(probe)
    }

    pub(super) fn sent(&mut self, cluster: Option<Cluster>, bytes: usize) {
        self.saved = (self.saved + bytes as f64 * PART).min(SAVED);
        if let Some(flying) = self.flying_of(cluster) {
            flying.sent += 1;
            flying.bytes += bytes;
        }
    }

    /// A packet has arrived, or is lost.
    pub(super) fn heard(&mut self, cluster: Option<Cluster>, left: u64, came: Option<i64>, bytes: u16) {
        let Some(flying) = self.flying_of(cluster) else { return };
        flying.heard += 1;
        if let Some(came) = came {
            Span::add(&mut flying.left, left as i64, bytes.into());
            Span::add(&mut flying.came, came, bytes.into());
        }
    }

    fn flying_of(&mut self, cluster: Option<Cluster>) -> Option<&mut Flying> {
        let cluster = cluster?;
        self.flying.as_mut().filter(|flying| flying.probe.cluster == cluster)
    }

    /// What one found, once.
    pub(super) fn found(&mut self, now: u64) -> Option<Found> {
        let flying = self.flying.as_ref()?;
        let is_sent = flying.sent >= flying.probe.packets && flying.bytes >= flying.probe.bytes;
        let is_over = (is_sent && flying.heard >= flying.sent) || now >= flying.answered_by;
        if !is_over {
            return None;
        }
        let (bps, is_full) = flying.found();
        let found = Found { asked: flying.probe.bps as f64, bps, is_full };
        self.flying = None;
        self.due = now + (WAIT << self.failures).min(LONGEST_WAIT);
        self.failures = (self.failures + 1).min(2);
        Some(found)
    }
}
