//! What is between the engine and the callbacks of a sound card: on one side frames of 20 ms in the engine's time, on
//! the other whatever the card asks for in its own. In a callback there are atomics and a ring of samples, nothing else.
use super::{
    reserve::Reserve,
    ring::{Reader, Writer, ring},
};
use crate::audio::{FRAME_SAMPLES, SAMPLE_RATE};
use calls_samples::Resampler;
use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};

/// Room for 0.7 s at 48 kHz, or 170 ms at the highest rate of any card.
const CAPACITY: usize = 1 << 15;
/// So much more than a reserve and a burst of the card, and what waits is shortened.
const TOO_MUCH_MS: u32 = 60;
/// Nothing begins or ends more suddenly: 5 ms.
const SOFT: usize = 240;
/// How fast what was played last dies away where nothing follows: a tenth is left after 1.6 ms at 48 kHz.
const DYING: f32 = 0.97;

/// How one part of a sound card does, since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamStats {
    /// The rate that the card granted; none while it is closed.
    pub rate: Option<u32>,
    /// How often nothing was there when it was needed.
    pub gaps: u32,
    /// Frames of 20 ms that were left out, since too much waited.
    pub skipped_frames: u32,
    /// Samples that were stretched away (or, below zero, put in) because two clocks differ.
    pub drift_samples: i64,
}

/// What both threads know.
#[derive(Default)]
pub(super) struct Gauge {
    /// How often the card came.
    calls: AtomicU32,
    /// The most samples that it brought or took at once.
    burst: AtomicUsize,
    gaps: AtomicU32,
}

impl Gauge {
    /// How often the card came; one that never comes is dead.
    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    fn came(&self, samples: usize) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.burst.fetch_max(samples, Ordering::Relaxed);
    }

    fn burst(&self) -> usize {
        self.burst.load(Ordering::Relaxed).min(CAPACITY / 4)
    }
}

/// The callback of a microphone.
pub(super) struct Captured {
    writer: Writer,
    gauge: Arc<Gauge>,
}

impl Captured {
    /// Takes what the card brings, all channels in turn; `sample` makes our samples of the card's.
    pub(super) fn take<T: Copy>(&mut self, brought: &[T], channels: usize, sample: impl Fn(T) -> f32) {
        let channels = channels.max(1);
        self.gauge.came(brought.len() / channels);
        let share = 1.0 / channels as f32;
        for frame in brought.chunks_exact(channels) {
            let sum: f32 = frame.iter().map(|one| sample(*one)).sum();
            // A full ring means that nobody reads. The newest is lost, and the reader will skip the rest.
            self.writer.push(sum * share);
        }
    }
}

/// The callback of a loudspeaker.
pub(super) struct Played {
    reader: Reader,
    gauge: Arc<Gauge>,
    last: f32,
    flows: bool,
}

impl Played {
    /// Fills what the card asks for, all channels alike; `sample` makes the card's samples of ours.
    pub(super) fn fill<T: Copy>(&mut self, wanted: &mut [T], channels: usize, sample: impl Fn(f32) -> T) {
        let channels = channels.max(1);
        self.gauge.came(wanted.len() / channels);
        for frame in wanted.chunks_mut(channels) {
            let next = self.reader.pop();
            if next.is_none() && self.flows {
                self.gauge.gaps.fetch_add(1, Ordering::Relaxed);
            }
            self.flows = next.is_some();
            self.last = next.unwrap_or(self.last * DYING);
            frame.fill(sample(self.last));
        }
    }
}

/// The engine's end of a microphone.
pub(super) struct Capturing {
    reader: Reader,
    pub(super) gauge: Arc<Gauge>,
    resampler: Resampler,
    reserve: Reserve,
    flows: bool,
    /// Samples since it began to flow, up to [`SOFT`].
    softly: usize,
    last: f32,
    stats: Counted,
}

/// The engine's end of a loudspeaker.
pub(super) struct Playing {
    writer: Writer,
    pub(super) gauge: Arc<Gauge>,
    resampler: Resampler,
    reserve: Reserve,
    gaps_seen: u32,
    softly: usize,
    /// The first of the frames that are left out, since too much waits.
    left_out: Option<Frame>,
    stats: Counted,
}

type Frame = [f32; FRAME_SAMPLES];

#[derive(Default)]
struct Counted {
    rate: u32,
    skipped: u32,
    drift: f64,
}

impl Counted {
    fn stats(&self, gaps: u32) -> StreamStats {
        StreamStats {
            rate: Some(self.rate),
            gaps,
            skipped_frames: self.skipped,
            drift_samples: self.drift as i64,
        }
    }

    fn nudged(&mut self, nudge: f64) {
        self.drift += nudge * FRAME_SAMPLES as f64;
    }
}

fn our_rate() -> u32 {
    u32::try_from(SAMPLE_RATE).expect("48,000 is small")
}

/// A microphone's two ends. Which rate the card grants is known when it is open.
pub(super) fn microphone() -> (Captured, impl FnOnce(u32) -> Capturing) {
    let (writer, reader) = ring(CAPACITY);
    let gauge = Arc::new(Gauge::default());
    let captured = Captured { writer, gauge: gauge.clone() };
    let open = move |rate| Capturing {
        reader,
        gauge,
        resampler: Resampler::new(rate, our_rate()),
        reserve: Reserve::new(rate),
        flows: false,
        softly: 0,
        last: 0.0,
        stats: Counted { rate, ..Counted::default() },
    };
    (captured, open)
}

/// A loudspeaker's two ends.
pub(super) fn loudspeaker() -> (Played, impl FnOnce(u32) -> Playing) {
    let (writer, reader) = ring(CAPACITY);
    let gauge = Arc::new(Gauge::default());
    let played = Played { reader, gauge: gauge.clone(), last: 0.0, flows: false };
    let open = move |rate| Playing {
        writer,
        gauge,
        resampler: Resampler::new(our_rate(), rate),
        reserve: Reserve::new(rate),
        gaps_seen: 0,
        softly: 0,
        left_out: None,
        stats: Counted { rate, ..Counted::default() },
    };
    (played, open)
}

impl Capturing {
    /// The next 20 ms; silence where there is nothing yet.
    pub(super) fn capture(&mut self, out: &mut [i16; FRAME_SAMPLES]) {
        let mut frame = [0.0; FRAME_SAMPLES];
        self.next(&mut frame);
        for (out, sample) in out.iter_mut().zip(frame) {
            *out = loud(sample);
        }
    }

    fn next(&mut self, frame: &mut Frame) {
        let needs = self.resampler.needs(FRAME_SAMPLES);
        let waits = self.reader.len();
        let burst = self.gauge.burst();
        if !self.flows && waits < needs + self.reserve.target(burst) {
            return;
        }
        if waits < needs {
            self.flows = false;
            self.gauge.gaps.fetch_add(1, Ordering::Relaxed);
            self.reserve.ran_dry();
            for (n, sample) in frame.iter_mut().take(SOFT).enumerate() {
                *sample = self.last * (1.0 - n as f32 / SOFT as f32);
            }
            return;
        }
        if !self.flows {
            (self.flows, self.softly) = (true, 0);
        }
        self.read(frame);
        let usual = self.reserve.target(burst) + burst + self.resampler.needs(FRAME_SAMPLES);
        if self.reader.len() > usual + self.reserve.samples(TOO_MUCH_MS) {
            let mut later = *frame;
            while self.reader.len() > usual {
                self.read(&mut later);
                self.stats.skipped += 1;
            }
            melt(frame, &later);
            self.reserve.forget();
        } else {
            let nudge = self.reserve.look(self.reader.len(), burst);
            self.resampler.nudge(nudge);
            self.stats.nudged(nudge);
        }
        soften(frame, &mut self.softly);
        self.last = frame[FRAME_SAMPLES - 1];
    }

    fn read(&mut self, frame: &mut Frame) {
        for sample in frame {
            while self.resampler.is_hungry() {
                // Whoever calls has seen that there is enough.
                self.resampler.give(self.reader.pop().unwrap_or(0.0));
            }
            *sample = self.resampler.take();
        }
    }

    pub(super) fn stats(&self) -> StreamStats {
        self.stats.stats(self.gauge.gaps.load(Ordering::Relaxed))
    }
}

impl Playing {
    /// The next 20 ms.
    pub(super) fn play(&mut self, samples: &[i16; FRAME_SAMPLES]) {
        let mut frame = samples.map(|sample| f32::from(sample) / 32_768.0);
        let waits = self.writer.len();
        let gaps = self.gauge.gaps.load(Ordering::Relaxed);
        if gaps != self.gaps_seen {
            self.gaps_seen = gaps;
            self.reserve.ran_dry();
        }
        let burst = self.gauge.burst();
        if waits == 0 {
            // At the beginning and after a gap: silence first, or the next frame would come too late as well.
            self.reserve.forget();
            self.softly = 0;
            for _ in 0..self.reserve.target(burst) {
                self.writer.push(0.0);
            }
        }
        let usual = self.reserve.target(burst) + burst;
        match self.left_out.take() {
            Some(before) if waits > usual => return self.leave_out(before),
            Some(before) => {
                let later = std::mem::replace(&mut frame, before);
                melt(&mut frame, &later);
            }
            None if waits > usual + self.reserve.samples(TOO_MUCH_MS) => return self.leave_out(frame),
            None => {
                let nudge = self.reserve.look(waits, burst);
                self.resampler.nudge(nudge);
                self.stats.nudged(nudge);
            }
        }
        soften(&mut frame, &mut self.softly);
        for sample in frame {
            self.resampler.give(sample);
            while !self.resampler.is_hungry() {
                // A card that does not come any more has a full ring; whoever watches it will open it anew.
                self.writer.push(self.resampler.take());
            }
        }
    }

    /// Says nothing until less waits; then `first` melts into what is said at that time.
    fn leave_out(&mut self, first: Frame) {
        self.left_out = Some(first);
        self.stats.skipped += 1;
        self.reserve.forget();
    }

    pub(super) fn stats(&self) -> StreamStats {
        self.stats.stats(self.gauge.gaps.load(Ordering::Relaxed))
    }
}

/// Two frames become one that begins as the first and ends as the second.
fn melt(first: &mut Frame, second: &Frame) {
    for (n, (first, second)) in first.iter_mut().zip(second).enumerate() {
        let share = n as f32 / FRAME_SAMPLES as f32;
        *first += (second - *first) * share;
    }
}

/// The first samples after silence rise.
fn soften(frame: &mut Frame, done: &mut usize) {
    for sample in frame.iter_mut().take(SOFT.saturating_sub(*done)) {
        *sample *= *done as f32 / SOFT as f32;
        *done += 1;
    }
}

fn loud(sample: f32) -> i16 {
    // `as` stops at the loudest, and makes 0 of what is no number.
    (sample * 32_768.0).round() as i16
}

#[cfg(test)]
mod tests;
