//! How loud a piece of sound is, as packets tell it (RFC 6464).

/// Loudness in decibels below the loudest there can be: 0 is the loudest, 127 is silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loudness(pub u8);

/// Quieter than this nobody speaks; a quiet room is at about 60.
const VOICE: u8 = 50;

impl Loudness {
    /// Nothing to be heard.
    pub const SILENCE: Self = Self(127);

    /// Of some samples.
    #[inline(never)]
    pub fn of(samples: &[i16]) -> Self {
        let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        let power = sum / samples.len().max(1) as f64 / f64::from(i16::MAX).powi(2);
        if power <= 0.0 {
            return Self::SILENCE;
        }
        let below = (-10.0 * power.log10()).round().clamp(0.0, 127.0);
        Self(below as u8)
    }

    /// From 0 (silence) to 1 (the loudest), for a picture of it.
    pub fn share(self) -> f32 {
        // Below 70 nothing is heard next to a voice.
        1.0 - f32::from(self.0.min(70)) / 70.0
    }

    /// Whether it is loud enough to be somebody who speaks.
    pub fn is_voice(self) -> bool {
        self.0 < VOICE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_the_loudest_and_a_tone_between() {
        assert_eq!(Loudness::of(&[]), Loudness::SILENCE);
        assert_eq!(Loudness::of(&[0; 960]), Loudness::SILENCE);
        assert_eq!(Loudness::of(&[i16::MAX; 960]), Loudness(0));
        let tone: Vec<i16> =
            (0..960).map(|n| (f64::from(n) * 0.1).sin() * 3276.0).map(|s| s as i16).collect();
        assert!((22..=24).contains(&Loudness::of(&tone).0), "{:?}", Loudness::of(&tone));
        assert!(Loudness::of(&tone).is_voice() && !Loudness::SILENCE.is_voice());
        assert_eq!(Loudness::SILENCE.share(), 0.0);
    }
}
