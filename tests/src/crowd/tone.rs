//! A sound that is one: the tone of a user as Opus, for engines that are in the room as well. It is encoded once and sent
//! again and again.
use crate::phone::tone_of;
use calls_core::audio::{FRAME_SAMPLES, SAMPLE_RATE, Speaking, SpeakingSettings};

/// In 200 ms each tone has a whole number of waves, so that the end goes on as the beginning.
const FRAMES: u64 = 10;
/// How loud it is, of 32,767. The encoder hears it for a while before what is kept.
const PEAK: f64 = 6_000.0;

/// The payloads of 200 ms, each of 20.
///
/// # Panics
/// If the codec cannot do it.
pub(super) fn of(user: u32) -> Vec<Vec<u8>> {
    let hertz = f64::from(tone_of(user.into()));
    let mut speaking = Speaking::new(&SpeakingSettings::default(), 0).expect("Opus can be encoded");
    let mut payloads: Vec<Vec<u8>> = (0..2 * FRAMES)
        .map(|frame| {
            let samples = std::array::from_fn(|n| {
                let seconds = (frame * FRAME_SAMPLES as u64 + n as u64) as f64 / SAMPLE_RATE as f64;
                ((seconds * hertz * std::f64::consts::TAU).sin() * PEAK) as i16
            });
            let spoken = speaking.speak(&samples, false).expect("Opus can be encoded");
            spoken.expect("a tone is no silence").payload
        })
        .collect();
    payloads.split_off(FRAMES as usize)
}
