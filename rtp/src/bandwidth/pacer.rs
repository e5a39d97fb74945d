//! When the next packet may leave, so that a picture does not arrive at a queue all at once. What waits, and in which
//! order, is the caller's: sound first, then repairs, then pictures.
use super::{Cluster, MICROS, Probe, micros};
use std::time::Duration;

/// Faster than the estimate, in percent: a picture is gone before the next one.
const FASTER_PERCENT: u64 = 150;
/// After a silence, or between two looks at the clock, so many microseconds may be sent at once.
const BURST: u64 = 5_000;

/// What leaves, as far as the pacer cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Never waits; others wait for it.
    Sound,
    /// Pictures, and what is sent again.
    Picture,
    /// Only as a probe asks for it.
    Padding,
}

/// Holds the budget of a path.
#[derive(Debug, Clone)]
pub struct Pacer {
    bps: u64,
    /// What has left is through by then.
    free_at: u64,
    probe: Option<Probe>,
}

impl Pacer {
    /// Begins with an estimate in bits a second.
    pub fn new(estimate: u64) -> Self {
        Self { bps: estimate.max(1), free_at: 0, probe: None }
    }

    /// The path is believed to carry so much.
    pub fn estimate(&mut self, estimate: u64) {
        self.bps = estimate.max(1);
    }

    /// Sends this probe from now on: what leaves until it is through belongs to it.
    pub fn begin(&mut self, now: Duration, probe: Probe) {
        // Evenly from the first packet on, or its rate would not be what it is taken for.
        self.free_at = micros(now);
        self.probe = Some(probe);
    }

    /// What a packet that leaves now belongs to.
    pub fn cluster(&self) -> Option<Cluster> {
        self.probe.map(|probe| probe.cluster)
    }

    /// Whether a packet may leave.
    pub fn may_send(&self, now: Duration, kind: Kind) -> bool {
        match kind {
            Kind::Sound => true,
            Kind::Picture => self.free_at <= micros(now),
            Kind::Padding => self.probe.is_some() && self.free_at <= micros(now),
        }
    }

    /// When a picture's packet, or padding, may leave.
    pub fn next(&self) -> Duration {
        Duration::from_micros(self.free_at)
    }

    /// A packet has left.
    pub fn sent(&mut self, now: Duration, bytes: usize) {
        let bps = self.probe.map_or(self.bps * FASTER_PERCENT / 100, |probe| probe.bps).max(1);
        let idle_since = micros(now).saturating_sub(BURST);
        self.free_at = self.free_at.max(idle_since) + bytes as u64 * 8 * MICROS / bps;
        if let Some(probe) = &mut self.probe {
            probe.bytes = probe.bytes.saturating_sub(bytes);
            probe.packets = probe.packets.saturating_sub(1);
            if probe.bytes == 0 && probe.packets == 0 {
                self.probe = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// How many packets of 1000 bytes leave in a second that is looked at every 5 ms.
    fn leave_in_a_second(pacer: &mut Pacer) -> u32 {
        let mut left = 0;
        for now in (0..1000).step_by(5).map(millis) {
            while pacer.may_send(now, Kind::Picture) {
                pacer.sent(now, 1000);
                left += 1;
            }
        }
        left
    }

    #[test]
    fn pictures_leave_half_as_fast_again_as_the_estimate() {
        let mut pacer = Pacer::new(800_000);

        assert!((149..=152).contains(&leave_in_a_second(&mut pacer)));
        pacer.estimate(80_000);
        pacer.free_at = 0;
        assert!((14..=17).contains(&leave_in_a_second(&mut pacer)));
    }

    #[test]
    fn sound_never_waits_and_padding_leaves_for_a_probe_only() {
        let mut pacer = Pacer::new(100_000);
        pacer.sent(millis(10), 10_000);

        assert!(pacer.may_send(millis(11), Kind::Sound) && !pacer.may_send(millis(11), Kind::Picture));
        assert!(!pacer.may_send(millis(2000), Kind::Padding) && pacer.cluster().is_none());

        let probe = Probe { cluster: Cluster::FIRST, bps: 1_000_000, bytes: 2500, packets: 5 };
        pacer.begin(millis(11), probe);
        let mut left = 0;
        for now in (11..60).map(millis) {
            while pacer.may_send(now, Kind::Padding) {
                assert_eq!(pacer.cluster(), Some(probe.cluster));
                pacer.sent(now, 500);
                left += 1;
            }
        }
        assert_eq!((left, pacer.cluster()), (5, None));
    }
}
