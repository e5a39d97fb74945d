//! What is heard apart from voices: made here, so that no file has to be shipped. Pure.
use super::{FRAME_SAMPLES, SAMPLE_RATE};
use calls_machine::Sound;

/// A tone that goes on and off: some frequencies at once, for so long, then a pause, and so on.
struct Pattern {
    /// (milliseconds, frequencies); none is a pause.
    steps: &'static [(u32, &'static [f32])],
    /// How loud, from 0 to 1.
    gain: f32,
}

/// A chord that rises, so that it is no alarm.
const RING: Pattern = Pattern {
    steps: &[
        (180, &[523.25, 659.25]),
        (180, &[659.25, 783.99]),
        (360, &[783.99, 1046.5]),
        (280, &[]),
        (180, &[523.25, 659.25]),
        (180, &[659.25, 783.99]),
        (360, &[783.99, 1046.5]),
        (1800, &[]),
    ],
    gain: 0.5,
};

/// As in most of Europe: a second on, four off.
const RING_BACK: Pattern = Pattern { steps: &[(1000, &[425.0]), (4000, &[])], gain: 0.12 };

/// Two short ones, faint: somebody is speaking.
const WAITING: Pattern =
    Pattern { steps: &[(150, &[425.0]), (150, &[]), (150, &[425.0]), (4000, &[])], gain: 0.08 };

/// A faint tick every two seconds: it is being worked on.
const CONNECTING: Pattern = Pattern { steps: &[(40, &[880.0]), (1960, &[])], gain: 0.04 };

/// Every piece begins and ends softly, or it clicks.
const EDGE_MS: f32 = 8.0;

/// Plays one sound, and the next from its beginning.
#[derive(Debug, Default)]
pub struct Tones {
    sound: Sound,
    /// Samples since it began.
    at: u64,
}

impl Tones {
    /// Another sound.
    pub fn set(&mut self, sound: Sound) {
        if self.sound != sound {
            (self.sound, self.at) = (sound, 0);
        }
    }

    /// Which one.
    pub fn sound(&self) -> Sound {
        self.sound
    }

    /// The next 20 ms, added to what is there.
    pub fn add(&mut self, out: &mut [f32; FRAME_SAMPLES]) {
        let pattern = match self.sound {
            Sound::Silence => return,
            Sound::Ring => RING,
            Sound::Waiting => WAITING,
            Sound::RingBack => RING_BACK,
            Sound::Connecting => CONNECTING,
        };
        for sample in out.iter_mut() {
            *sample += pattern.sample(self.at);
            self.at += 1;
        }
    }
}

impl Pattern {
    fn sample(&self, at: u64) -> f32 {
        let whole: u32 = self.steps.iter().map(|(length, _)| length).sum();
        let rate = SAMPLE_RATE as f32 / 1000.0;
        let period = u64::from(whole) * SAMPLE_RATE / 1000;
        let mut into = (at % period) as f32 / rate;
        for (length, frequencies) in self.steps {
            let length = *length as f32;
            if into < length {
                let edge = (into / EDGE_MS).min((length - into) / EDGE_MS).min(1.0);
                let seconds = into / 1000.0;
                let sum: f32 =
                    frequencies.iter().map(|hertz| (seconds * hertz * std::f32::consts::TAU).sin()).sum();
                return sum * edge * self.gain / frequencies.len().max(1) as f32;
            }
            into -= length;
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(sound: Sound, frames: usize) -> Vec<f32> {
        let mut tones = Tones::default();
        tones.set(sound);
        let mut all = Vec::new();
        for _ in 0..frames {
            let mut out = [0.0; FRAME_SAMPLES];
            tones.add(&mut out);
            all.extend(out);
        }
        all
    }

    #[test]
    fn every_sound_is_heard_within_its_bounds_and_never_clicks() {
        for sound in [Sound::Ring, Sound::Waiting, Sound::RingBack, Sound::Connecting] {
            let samples = played(sound, 300);
            let loudest = samples.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
            assert!((0.02..=0.6).contains(&loudest), "{sound:?}: {loudest}");
            let step = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0_f32, f32::max);
            assert!(step < 0.12, "{sound:?} steps by {step}");
        }
        assert!(played(Sound::Silence, 10).iter().all(|sample| *sample == 0.0));
    }

    #[test]
    fn ring_back_is_a_second_of_tone_in_five() {
        let samples = played(Sound::RingBack, 500);
        let tone = samples.chunks(480).filter(|piece| piece.iter().any(|sample| sample.abs() > 0.01)).count();
        assert!((195..=205).contains(&tone), "{tone} of 1000 hundredths");
    }
}
