//! From one sample rate to another, and a little faster or slower where two clocks differ.
//!
//! A windowed sinc, read between the rows of a table: any ratio is as good as another, and it may change at any sample.

/// Rows of the table, from one sample to the next. Between two of them the line is straight; an error of -80 dB.
const PHASES: usize = 128;
/// Samples on each side, where nothing has to be filtered away.
const REACH: usize = 12;
/// No filter is longer than this many times [`REACH`]: below an eighth of the rate a voice is no voice.
const LONGEST: f64 = 8.0;
/// Where the filter begins to close, as a part of what the slower rate can carry.
const PASS: f64 = 0.92;

/// Changes the rate of one channel.
pub struct Resampler {
    /// `PHASES + 1` rows of `taps`.
    table: Vec<f32>,
    taps: usize,
    /// The last samples, each written twice, so that `taps` of them always lie in a row.
    past: Vec<f32>,
    at: usize,
    /// Samples that go in for one that comes out.
    step: f64,
    nudge: f64,
    /// How far the next sample is ahead of the last one that went in.
    ahead: f64,
}

impl Resampler {
    /// From so many samples a second to so many.
    pub fn new(from: u32, to: u32) -> Self {
        let step = f64::from(from.max(1)) / f64::from(to.max(1));
        let narrower = step.clamp(1.0, LONGEST);
        let half = (REACH as f64 * narrower).ceil() as usize;
        let taps = 2 * half;
        Self {
            table: table(half, PASS / narrower),
            taps,
            past: vec![0.0; 2 * taps],
            at: 0,
            step,
            nudge: 0.0,
            ahead: 1.0,
        }
    }

    /// Takes in so much more (less) for each sample that comes out: 0.001 is one in a thousand.
    pub fn nudge(&mut self, share: f64) {
        self.nudge = share;
    }

    /// How many have to go in before so many came out, at most.
    pub fn needs(&self, samples: usize) -> usize {
        (samples as f64 * self.step * (1.0 + self.nudge) + self.ahead).ceil() as usize
    }

    /// Another one has to go in before the next one comes out.
    pub fn is_hungry(&self) -> bool {
        self.ahead >= 1.0
    }

    /// One goes in.
    #[inline(never)]
    pub fn give(&mut self, sample: f32) {
        self.past[self.at] = sample;
        self.past[self.at + self.taps] = sample;
        self.at = (self.at + 1) % self.taps;
        self.ahead -= 1.0;
    }

    /// One comes out. Must not be hungry.
    #[inline(never)]
    pub fn take(&mut self) -> f32 {
        debug_assert!(!self.is_hungry(), "a sample is made of those that went in");
        let place = self.ahead.max(0.0) * PHASES as f64;
        let row = (place as usize).min(PHASES - 1);
        let share = (place - row as f64) as f32;
        let (low, high) = self.table[row * self.taps..(row + 2) * self.taps].split_at(self.taps);
        let past = &self.past[self.at..self.at + self.taps];
        let weights = low.iter().zip(high).map(|(low, high)| low + (high - low) * share);
        self.ahead += self.step * (1.0 + self.nudge);
        past.iter().zip(weights).map(|(sample, weight)| sample * weight).sum()
    }
}

/// What each of the last samples weighs, for each place between the two in the middle.
fn table(half: usize, cutoff: f64) -> Vec<f32> {
    let mut table = Vec::with_capacity((PHASES + 1) * 2 * half);
    for row in 0..=PHASES {
        let place = half as f64 - 1.0 + row as f64 / PHASES as f64;
        let weights: Vec<f64> = (0..2 * half)
            .map(|tap| tap as f64 - place)
            .map(|away| sinc(away * cutoff) * window(away / half as f64))
            .collect();
        // All rows are equally loud, or a steady tone would hum at the rate of the rows.
        let sum: f64 = weights.iter().sum();
        table.extend(weights.iter().map(|weight| (weight / sum) as f32));
    }
    table
}

fn sinc(x: f64) -> f64 {
    let x = x * std::f64::consts::PI;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

/// Blackman's: what it lets through beside the pass band is 74 dB down.
fn window(x: f64) -> f64 {
    let angle = std::f64::consts::PI * x.clamp(-1.0, 1.0);
    0.42 + 0.5 * angle.cos() + 0.08 * (2.0 * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(from: u32, to: u32, hertz: f64) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to);
        let mut out = Vec::new();
        for n in 0..from / 2 {
            let seconds = f64::from(n) / f64::from(from);
            resampler.give((seconds * hertz * std::f64::consts::TAU).sin() as f32);
            while !resampler.is_hungry() {
                out.push(resampler.take());
            }
        }
        out
    }

    /// How loud a tone is in the second half of the samples, and all else, in decibels.
    fn tone_and_rest(samples: &[f32], rate: u32, hertz: f64) -> (f64, f64) {
        // Whole tenths of a second, so that a tone of whole tens of hertz fits exactly.
        let samples = &samples[samples.len() - rate as usize / 5..];
        let (mut sine, mut cosine, mut all) = (0.0, 0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let angle = n as f64 / f64::from(rate) * hertz * std::f64::consts::TAU;
            let sample = f64::from(*sample);
            sine += sample * angle.sin();
            cosine += sample * angle.cos();
            all += sample * sample;
        }
        let length = samples.len() as f64;
        let tone = 2.0 * (sine * sine + cosine * cosine) / length / length;
        let power = |of: f64| 10.0 * of.max(1e-15).log10();
        (power(2.0 * tone), power(2.0 * (all / length - tone)))
    }

    #[test]
    fn a_tone_stays_the_same_tone_at_every_rate_of_a_sound_card() {
        for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
            for (from, to) in [(rate, 48_000), (48_000, rate)] {
                let out = resampled(from, to, 1_000.0);

                let (tone, rest) = tone_and_rest(&out, to, 1_000.0);
                assert!(tone.abs() < 0.1, "{from} to {to}: {tone:.2} dB instead of 0");
                assert!(rest < -60.0, "{from} to {to}: {rest:.1} dB that was not there");
                let wanted = to as usize / 2;
                assert!(
                    out.len().abs_diff(wanted) <= 1 + (to / from) as usize,
                    "{from} to {to}: {} samples of {wanted}",
                    out.len()
                );
            }
        }
    }

    #[test]
    fn what_the_slower_rate_cannot_carry_is_gone_and_not_folded_back() {
        let out = resampled(48_000, 16_000, 15_000.0);

        let loudest = out[out.len() / 2..].iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
        assert!(loudest < 0.001, "{loudest}");
    }

    #[test]
    fn a_nudge_takes_in_more_without_a_seam() {
        let mut resampler = Resampler::new(48_000, 48_000);
        let (mut given, mut out) = (0_u32, Vec::new());
        for n in 0..48_000 {
            resampler.nudge(if n / 960 % 2 == 0 { 0.005 } else { 0.0 });
            while resampler.is_hungry() {
                resampler.give((f64::from(given) / 48_000.0 * 440.0 * std::f64::consts::TAU).sin() as f32);
                given += 1;
            }
            out.push(resampler.take());
        }

        assert!((48_110..=48_130).contains(&given), "half of the time 5 in 1,000 more: {given}");
        let steepest = out.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.059, "a tone of 440 Hz rises by 0.0576 a sample, not by {steepest}");
    }
}
