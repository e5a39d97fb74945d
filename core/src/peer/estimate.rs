//! How much may be sent: the estimate of the stack, readable from outside.
use rtc::interceptor::{BandwidthEstimator, EstimatorStats, Gcc, PacketReport};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// Below this there is no picture, and voice alone needs less.
const LEAST: f64 = 30_000.0;
/// More than a picture of a phone needs.
const MOST: f64 = 5_000_000.0;

#[derive(Debug, Default)]
pub(crate) struct Estimate(AtomicU64);

impl Estimate {
    pub(crate) fn bits_per_second(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn estimator(self: &Arc<Self>, start: u32) -> impl BandwidthEstimator + use<> {
        let estimator = Told { inner: Gcc::new(start.into(), LEAST, MOST), estimate: self.clone() };
        estimator.tell();
        estimator
    }
}

struct Told {
    inner: Gcc,
    estimate: Arc<Estimate>,
}

impl Told {
    fn tell(&self) {
        self.estimate.0.store(self.inner.target_bitrate() as u64, Ordering::Relaxed);
    }
}

impl BandwidthEstimator for Told {
    fn on_reports(&mut self, now: Instant, reports: &[PacketReport]) {
        self.inner.on_reports(now, reports);
        self.tell();
    }

    fn target_bitrate(&self) -> f64 {
        self.inner.target_bitrate()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.inner.handle_timeout(now);
        self.tell();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.inner.poll_timeout()
    }

    fn stats(&self) -> EstimatorStats {
        self.inner.stats()
    }
}
