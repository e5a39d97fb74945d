//! The sound card by `cpal`: ALSA on Linux, AAudio on Android, and what else it knows.
use super::{
    driver::{Driver, Faults, Opened},
    keeper::{Fault, OpenError},
    streams::{Captured, Played},
};
use crate::audio::SAMPLE_RATE;
use cpal::{
    BufferSize, Error, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig, SupportedBufferSize,
    SupportedStreamConfig, SupportedStreamConfigRange,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};
use tracing::debug;

/// Bursts that are asked for, in milliseconds. Left to itself, ALSA may take half a second.
const BURST_MS: u32 = 10;

/// Opens what the system has by default.
pub(super) struct Cpal {
    host: cpal::Host,
}

impl Cpal {
    pub(super) fn new() -> Self {
        Self { host: cpal::default_host() }
    }
}

impl Driver for Cpal {
    fn microphone(&mut self, callback: Captured, faults: Faults) -> Result<Opened, OpenError> {
        let device = self.host.default_input_device().ok_or(OpenError::Absent)?;
        let config = choose(device.supported_input_configs().map_err(|error| why(&error))?)
            .ok_or(OpenError::Absent)?;
        let kind = config.sample_format();
        let config = asked(&config);
        let stream = match kind {
            SampleFormat::I16 => hear::<i16>(&device, config, callback, faults),
            SampleFormat::I32 => hear::<i32>(&device, config, callback, faults),
            SampleFormat::F32 => hear::<f32>(&device, config, callback, faults),
            SampleFormat::U8 => hear::<u8>(&device, config, callback, faults),
            _ => return Err(OpenError::Absent),
        };
        started(stream.map_err(|error| why(&error))?, config)
    }

    fn loudspeaker(&mut self, callback: Played, faults: Faults) -> Result<Opened, OpenError> {
        let device = self.host.default_output_device().ok_or(OpenError::Absent)?;
        let config = choose(device.supported_output_configs().map_err(|error| why(&error))?)
            .ok_or(OpenError::Absent)?;
        let kind = config.sample_format();
        let config = asked(&config);
        let stream = match kind {
            SampleFormat::I16 => say::<i16>(&device, config, callback, faults),
            SampleFormat::I32 => say::<i32>(&device, config, callback, faults),
            SampleFormat::F32 => say::<f32>(&device, config, callback, faults),
            SampleFormat::U8 => say::<u8>(&device, config, callback, faults),
            _ => return Err(OpenError::Absent),
        };
        started(stream.map_err(|error| why(&error))?, config)
    }
}

fn hear<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut callback: Captured,
    faults: Faults,
) -> Result<cpal::Stream, Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels);
    let data =
        move |brought: &[T], _: &_| callback.take(brought, channels, <f32 as FromSample<T>>::from_sample_);
    device.build_input_stream(config, data, move |error| passed_on(&faults, &error), None)
}

fn say<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut callback: Played,
    faults: Faults,
) -> Result<cpal::Stream, Error>
where
    T: SizedSample + FromSample<f32>,
{
    let channels = usize::from(config.channels);
    let data =
        move |wanted: &mut [T], _: &_| callback.fill(wanted, channels, <T as FromSample<f32>>::from_sample_);
    device.build_output_stream(config, data, move |error| passed_on(&faults, &error), None)
}

fn started(stream: cpal::Stream, config: StreamConfig) -> Result<Opened, OpenError> {
    stream.play().map_err(|error| why(&error))?;
    debug!(rate = config.sample_rate, channels = config.channels, "a sound card is open");
    Ok(Opened { rate: config.sample_rate, stream: Box::new(stream) })
}

/// What fits best: our rate, few channels, samples that need no effort.
fn choose(ranges: impl Iterator<Item = SupportedStreamConfigRange>) -> Option<SupportedStreamConfig> {
    let ours = u32::try_from(SAMPLE_RATE).expect("48,000 is small");
    ranges
        .filter_map(|range| {
            let effort = match range.sample_format() {
                SampleFormat::F32 | SampleFormat::I16 => 0,
                SampleFormat::I32 => 1,
                SampleFormat::U8 => 2,
                // No card has only these.
                _ => return None,
            };
            let rate = ours.clamp(range.min_sample_rate(), range.max_sample_rate());
            // A rate below ours loses a part of the voice, one above it nothing.
            let away = if rate < ours { 2 * (ours - rate) } else { rate - ours };
            Some(((away, effort, range.channels()), range.with_sample_rate(rate)))
        })
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, config)| config)
}

fn asked(config: &SupportedStreamConfig) -> StreamConfig {
    let frames = config.sample_rate() * BURST_MS / 1000;
    let buffer_size = match config.buffer_size() {
        // Android has its own bursts, and asking for others costs a detour.
        SupportedBufferSize::Range { min, max }
            if (*min..=*max).contains(&frames) && !cfg!(target_os = "android") =>
        {
            BufferSize::Fixed(frames)
        }
        SupportedBufferSize::Range { .. } | SupportedBufferSize::Unknown => BufferSize::Default,
    };
    StreamConfig { buffer_size, ..config.config() }
}

/// Called by the card's own threads, so an error that is none must cost nothing.
fn passed_on(faults: &Faults, error: &Error) {
    match error.kind() {
        // The gauge counts those that matter.
        ErrorKind::Xrun | ErrorKind::RealtimeDenied => {}
        ErrorKind::DeviceChanged => faults.tell(Fault::Rerouted),
        _ => faults.tell(Fault::Dead),
    }
}

fn why(error: &Error) -> OpenError {
    debug!(kind = ?error.kind(), "the sound card cannot be opened");
    match error.kind() {
        ErrorKind::PermissionDenied => OpenError::Denied,
        _ => OpenError::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(channels: u16, rates: (u32, u32), kind: SampleFormat) -> SupportedStreamConfigRange {
        let buffer = SupportedBufferSize::Range { min: 64, max: 480 };
        SupportedStreamConfigRange::new(channels, rates.0, rates.1, buffer, kind)
    }

    fn chosen(ranges: &[SupportedStreamConfigRange]) -> Option<(u32, u16, SampleFormat)> {
        let config = choose(ranges.iter().copied())?;
        Some((config.sample_rate(), config.channels(), config.sample_format()))
    }

    #[test]
    fn the_rate_of_the_engine_goes_before_few_channels_and_these_before_the_kind() {
        let slow = range(1, (8_000, 16_000), SampleFormat::I16);
        let cd = range(2, (44_100, 44_100), SampleFormat::F32);
        let studio = range(8, (96_000, 192_000), SampleFormat::I32);
        let exact = range(6, (48_000, 48_000), SampleFormat::I32);
        let odd = range(1, (48_000, 48_000), SampleFormat::F64);
        let usual = range(2, (8_000, 192_000), SampleFormat::F32);

        assert_eq!(chosen(&[slow, cd]), Some((44_100, 2, SampleFormat::F32)));
        assert_eq!(chosen(&[slow, studio]), Some((96_000, 8, SampleFormat::I32)));
        assert_eq!(chosen(&[slow, cd, odd, studio, exact]), Some((48_000, 6, SampleFormat::I32)));
        assert_eq!(chosen(&[exact, usual]), Some((48_000, 2, SampleFormat::F32)));
        assert_eq!(chosen(&[odd]), None);
    }

    #[test]
    fn short_bursts_are_asked_for_where_the_card_has_them() {
        let at = |rate| choose([range(1, (rate, rate), SampleFormat::I16)].into_iter());

        assert_eq!(asked(&at(48_000).unwrap()).buffer_size, BufferSize::Fixed(480));
        assert_eq!(asked(&at(96_000).unwrap()).buffer_size, BufferSize::Default);
    }
}
