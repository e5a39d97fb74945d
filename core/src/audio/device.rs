//! What speaks and hears: a sound card, a file, a tone, or nothing. Frames of 20 ms, one channel.
#[cfg(feature = "sound-card")]
mod sound_card;

#[cfg(feature = "sound-card")]
pub use sound_card::{CardPart, DeviceEvent, SoundCard, SoundCardStats, StreamStats};

use super::{FRAME_SAMPLES, SAMPLE_RATE};
use std::path::Path;

/// Something that captures and plays. Asked for 20 ms at a time; it never waits.
pub trait Device: Send {
    /// The next 20 ms of the microphone; silence if there is nothing.
    fn capture(&mut self, out: &mut [i16; FRAME_SAMPLES]);

    /// The next 20 ms for the loudspeaker.
    fn play(&mut self, samples: &[i16; FRAME_SAMPLES]);

    /// The microphone is wanted now, or not any more. While it is closed nothing is captured, and no lamp burns.
    fn microphone(&mut self, _open: bool) {}
}

/// Hears nothing and says nothing.
#[derive(Debug, Default)]
pub struct NullDevice;

impl Device for NullDevice {
    fn capture(&mut self, out: &mut [i16; FRAME_SAMPLES]) {
        out.fill(0);
    }

    fn play(&mut self, _: &[i16; FRAME_SAMPLES]) {}
}

/// Whoever wants to know what is played.
type Listener = Box<dyn FnMut(&[i16; FRAME_SAMPLES]) + Send>;

/// Says one tone, and shows what it hears to whoever made it.
pub struct ToneDevice {
    hertz: f64,
    at: u64,
    heard: Listener,
}

impl ToneDevice {
    /// Says a tone of that many hertz; `heard` gets what is played.
    pub fn new(hertz: f64, heard: impl FnMut(&[i16; FRAME_SAMPLES]) + Send + 'static) -> Self {
        Self { hertz, at: 0, heard: Box::new(heard) }
    }
}

impl Device for ToneDevice {
    fn capture(&mut self, out: &mut [i16; FRAME_SAMPLES]) {
        for sample in out {
            let seconds = self.at as f64 / SAMPLE_RATE as f64;
            *sample = ((seconds * self.hertz * std::f64::consts::TAU).sin() * 8000.0) as i16;
            self.at += 1;
        }
    }

    fn play(&mut self, samples: &[i16; FRAME_SAMPLES]) {
        (self.heard)(samples);
    }
}

/// Says what is in a WAV file, again and again.
pub struct FileDevice {
    samples: Vec<i16>,
    at: usize,
}

/// A file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("the sound file cannot be read")]
    Read(#[from] hound::Error),
    /// It is of a kind that is not played here.
    #[error(
        "the sound file has to be WAV with 16 bits and a rate that divides 48,000, not {bits} bits at {rate} Hz"
    )]
    Kind {
        /// Its bits.
        bits: u16,
        /// Its rate.
        rate: u32,
    },
    /// There is nothing in it.
    #[error("the sound file is empty")]
    Empty,
}

impl FileDevice {
    /// Reads a file with one channel or more; the first is taken.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let mut reader = hound::WavReader::open(path)?;
        let hound::WavSpec { channels, sample_rate, bits_per_sample, sample_format } = reader.spec();
        let is_fine = bits_per_sample == 16 && sample_format == hound::SampleFormat::Int;
        let times = u32::try_from(SAMPLE_RATE).expect("48,000 is small") / sample_rate.max(1);
        if !is_fine || sample_rate == 0 || u64::from(times * sample_rate) != SAMPLE_RATE {
            return Err(FileError::Kind { bits: bits_per_sample, rate: sample_rate });
        }
        let all: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>()?;
        let first: Vec<i16> = all.into_iter().step_by(usize::from(channels.max(1))).collect();
        let samples = stretched(&first, usize::try_from(times).expect("it is at most 48,000"));
        if samples.is_empty() {
            return Err(FileError::Empty);
        }
        Ok(Self { samples, at: 0 })
    }
}

/// So many samples for each, in straight lines between them.
fn stretched(samples: &[i16], times: usize) -> Vec<i16> {
    let next = samples.iter().skip(1).chain(samples.last());
    let pairs = samples.iter().zip(next);
    pairs
        .flat_map(|(from, to)| {
            let (from, to) = (i32::from(*from), i32::from(*to));
            (0..times).map(move |n| {
                let share = i32::try_from(n).unwrap_or(0);
                let whole = i32::try_from(times).unwrap_or(1);
                i16::try_from(from + (to - from) * share / whole).unwrap_or(0)
            })
        })
        .collect()
}

impl Device for FileDevice {
    fn capture(&mut self, out: &mut [i16; FRAME_SAMPLES]) {
        for sample in out {
            *sample = self.samples[self.at];
            self.at = (self.at + 1) % self.samples.len();
        }
    }

    fn play(&mut self, _: &[i16; FRAME_SAMPLES]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_rate_is_stretched_and_begins_again_at_its_end() {
        let folder = std::env::temp_dir().join(format!("calls-core-device-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("tone.wav");
        let kind = |sample_rate| hound::WavSpec {
            channels: 2,
            sample_rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, kind(16_000)).unwrap();
        for n in [0_i16, 300, 600] {
            writer.write_sample(n).unwrap();
            writer.write_sample(-1_i16).unwrap();
        }
        writer.finalize().unwrap();
        let mut device = FileDevice::open(&path).unwrap();
        let mut out = [0; FRAME_SAMPLES];

        device.capture(&mut out);

        assert_eq!(out[..11], [0, 100, 200, 300, 400, 500, 600, 600, 600, 0, 100]);
        hound::WavWriter::create(&path, kind(44_100)).unwrap().finalize().unwrap();
        assert!(matches!(FileDevice::open(&path), Err(FileError::Kind { rate: 44_100, .. })));
        hound::WavWriter::create(&path, kind(48_000)).unwrap().finalize().unwrap();
        assert!(matches!(FileDevice::open(&path), Err(FileError::Empty)));
        assert!(matches!(FileDevice::open(Path::new("nowhere.wav")), Err(FileError::Read(_))));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
