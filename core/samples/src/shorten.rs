//! A voice that is late catches up: a little of it is left out where nobody misses it. Pure.
use crate::FRAME_SAMPLES;

/// What is left out at once when there is too much: a period or two of a voice, which is not missed.
const LEFT_OUT: usize = FRAME_SAMPLES / 4;

/// Shortens a piece by a quarter of a frame: its halves slide over each other where they are most alike, and one fades
/// into the other. Returns its new length.
#[inline(never)]
pub fn leave_out(samples: &mut [i16]) -> usize {
    let count = samples.len();
    if count < LEFT_OUT * 4 {
        return count;
    }
    let (fade, start) = (LEFT_OUT, LEFT_OUT);
    let alike = |shift: usize| -> i64 {
        let pairs = samples[start..start + fade].iter().zip(&samples[start + shift..]);
        pairs.map(|(a, b)| (i64::from(*a) - i64::from(*b)).abs()).sum()
    };
    let best = (LEFT_OUT..LEFT_OUT * 2).min_by_key(|shift| alike(*shift)).unwrap_or(LEFT_OUT);
    for n in 0..fade {
        let share = n as f32 / fade as f32;
        let (from, to) = (f32::from(samples[start + n]), f32::from(samples[start + best + n]));
        samples[start + n] = (from * (1.0 - share) + to * share) as i16;
    }
    samples.copy_within(start + fade + best.., start + fade);
    count - best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_gets_shorter_by_whole_periods_and_has_no_seam() {
        // 200 Hz: 240 samples a period, at 48,000 a second.
        let tone = |n: usize| ((n as f64 / 240.0 * std::f64::consts::TAU).sin() * 8000.0) as i16;
        let mut samples: Vec<i16> = (0..FRAME_SAMPLES).map(tone).collect();

        let kept = leave_out(&mut samples);

        assert_eq!(kept, FRAME_SAMPLES - LEFT_OUT);
        let steepest = samples[..kept].windows(2).map(|pair| pair[0].abs_diff(pair[1])).max();
        assert!(steepest <= Some(210), "a tone of this height rises by 209 a sample, not by {steepest:?}");
    }

    #[test]
    fn what_is_too_short_stays_as_it_is() {
        let mut samples: Vec<i16> = (0..200).collect();

        assert_eq!(leave_out(&mut samples), 200);
        assert_eq!(samples, (0..200).collect::<Vec<i16>>());
    }
}
