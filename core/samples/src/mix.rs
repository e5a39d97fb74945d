//! Many voices in one loudspeaker. Pure.
use crate::FRAME_SAMPLES;

/// Adds up, and turns everything down before it is too loud: at once, and up again slowly.
#[derive(Debug)]
pub struct Mixer {
    sum: [f32; FRAME_SAMPLES],
    gain: f32,
}

/// Where turning down begins, of 1.
const CEILING: f32 = 0.97;

/// How far the gain comes back in a frame.
const RECOVERY: f32 = 0.02;

impl Mixer {
    /// Silence.
    pub fn new() -> Self {
        Self { sum: [0.0; FRAME_SAMPLES], gain: 1.0 }
    }

    /// One more voice.
    #[inline(never)]
    pub fn add(&mut self, voice: &[i16; FRAME_SAMPLES]) {
        for (sum, sample) in self.sum.iter_mut().zip(voice) {
            *sum += f32::from(*sample) / 32768.0;
        }
    }

    /// What is there so far, to add to.
    pub fn sum(&mut self) -> &mut [f32; FRAME_SAMPLES] {
        &mut self.sum
    }

    /// What the loudspeaker gets. The next frame begins with silence.
    #[inline(never)]
    pub fn take(&mut self, out: &mut [i16; FRAME_SAMPLES]) {
        let loudest = self.sum.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
        let wanted = if loudest > CEILING { CEILING / loudest } else { 1.0 };
        let before = self.gain;
        self.gain = if wanted < before { wanted } else { (before + RECOVERY).min(wanted) };
        // From one gain to the next within the frame; down at once, since what is too loud is too loud from here on.
        let from = before.min(self.gain.max(wanted));
        for (n, (out, sum)) in out.iter_mut().zip(&mut self.sum).enumerate() {
            let share = n as f32 / FRAME_SAMPLES as f32;
            let gain = if self.gain < from { self.gain } else { from + (self.gain - from) * share };
            *out = (*sum * gain * 32767.0).clamp(-32768.0, 32767.0) as i16;
            *sum = 0.0;
        }
    }
}

impl Default for Mixer {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32, frame: usize, loudness: f32) -> [i16; FRAME_SAMPLES] {
        std::array::from_fn(|n| {
            let at = (frame * FRAME_SAMPLES + n) as f32 / 48_000.0;
            ((at * hertz * std::f32::consts::TAU).sin() * loudness * 32767.0) as i16
        })
    }

    #[test]
    fn one_voice_passes_as_it_is() {
        let mut mixer = Mixer::new();
        let mut out = [0; FRAME_SAMPLES];
        mixer.add(&tone(440.0, 0, 0.5));

        mixer.take(&mut out);

        let differences = out.iter().zip(&tone(440.0, 0, 0.5)).map(|(a, b)| (a - b).abs()).max();
        assert!(differences <= Some(1), "{differences:?}");
    }

    #[test]
    fn ten_loud_voices_are_turned_down_and_none_is_cut_off() {
        let mut mixer = Mixer::new();
        let mut out = [0; FRAME_SAMPLES];
        for frame in 0..100 {
            for voice in 0..10_u8 {
                mixer.add(&tone(200.0 + 37.0 * f32::from(voice), frame, 0.8));
            }
            mixer.take(&mut out);
            let cut = out.iter().filter(|sample| sample.unsigned_abs() >= 32_767).count();
            assert_eq!(cut, 0, "frame {frame}");
        }
        // Alone again, a voice is as loud as before within a second.
        for frame in 100..160 {
            mixer.add(&tone(440.0, frame, 0.5));
            mixer.take(&mut out);
        }
        let loudest = out.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!(loudest > 16_000, "{loudest}");
    }
}
