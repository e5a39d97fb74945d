//! The sound card by `oboe`, Google's C++ library, which knows the faults of many phones.
use super::{
    driver::{Driver, Faults, Opened},
    keeper::{Fault, OpenError},
    streams::{Captured, Played},
};
use oboe::{
    AudioInputCallback, AudioInputStreamSafe, AudioOutputCallback, AudioOutputStreamSafe, AudioStream,
    AudioStreamBase, AudioStreamBuilder, DataCallbackResult, Error, InputPreset, Mono, PerformanceMode,
    Usage,
};

/// Opens what the phone has by default, as for a call: with its own echo cancellation, and its volume of calls.
pub(super) struct Oboe;

struct Hear(Captured, Faults);
struct Say(Played, Faults);

impl AudioInputCallback for Hear {
    type FrameType = (f32, Mono);

    fn on_audio_ready(&mut self, _: &mut dyn AudioInputStreamSafe, brought: &[f32]) -> DataCallbackResult {
        self.0.take(brought, 1, |sample| sample);
        DataCallbackResult::Continue
    }

    fn on_error_after_close(&mut self, _: &mut dyn AudioInputStreamSafe, _: Error) {
        self.1.tell(Fault::Dead);
    }
}

impl AudioOutputCallback for Say {
    type FrameType = (f32, Mono);

    fn on_audio_ready(
        &mut self,
        _: &mut dyn AudioOutputStreamSafe,
        wanted: &mut [f32],
    ) -> DataCallbackResult {
        self.0.fill(wanted, 1, |sample| sample);
        DataCallbackResult::Continue
    }

    fn on_error_after_close(&mut self, _: &mut dyn AudioOutputStreamSafe, _: Error) {
        self.1.tell(Fault::Dead);
    }
}

impl Driver for Oboe {
    fn microphone(&mut self, callback: Captured, faults: Faults) -> Result<Opened, OpenError> {
        let mut stream = AudioStreamBuilder::default()
            .set_input()
            .set_mono()
            .set_f32()
            .set_shared()
            .set_performance_mode(PerformanceMode::LowLatency)
            .set_input_preset(InputPreset::VoiceCommunication)
            .set_callback(Hear(callback, faults))
            .open_stream()
            .map_err(why)?;
        stream.start().map_err(why)?;
        Ok(Opened { rate: rate(stream.get_sample_rate()), stream: Box::new(stream) })
    }

    fn loudspeaker(&mut self, callback: Played, faults: Faults) -> Result<Opened, OpenError> {
        let mut stream = AudioStreamBuilder::default()
            .set_output()
            .set_mono()
            .set_f32()
            .set_shared()
            .set_performance_mode(PerformanceMode::LowLatency)
            .set_usage(Usage::VoiceCommunication)
            .set_callback(Say(callback, faults))
            .open_stream()
            .map_err(why)?;
        stream.start().map_err(why)?;
        Ok(Opened { rate: rate(stream.get_sample_rate()), stream: Box::new(stream) })
    }
}

fn rate(granted: i32) -> u32 {
    u32::try_from(granted).unwrap_or(48_000).max(1)
}

/// Oboe does not tell a microphone that is denied from one that is not there; the app knows its permissions.
fn why(error: Error) -> OpenError {
    tracing::debug!(?error, "the sound card cannot be opened");
    OpenError::Absent
}
