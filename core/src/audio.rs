//! Sound: from the microphone to packets, and from packets to the loudspeaker.
//!
//! [`Speaking`] and [`Hearing`] are plain values: samples and packets in, packets and samples out, the time an argument.
mod arrivals;
mod delay;
mod device;
mod hearing;
mod jitter;
mod speaking;
mod tones;

pub use arrivals::Arrivals;
pub use calls_samples::{FRAME_SAMPLES, Loudness, Mixer};
#[cfg(feature = "sound-card")]
pub use device::{CardPart, DeviceEvent, SoundCard, SoundCardStats, StreamStats};
pub use device::{Device, FileDevice, FileError, NullDevice, ToneDevice};
pub use hearing::{Hearing, HearingStats};
pub use jitter::{JitterBuffer, JitterSettings, JitterStats, Packet, Pulled, SAMPLE_RATE};
pub use speaking::{CodecError, Speaking, SpeakingSettings, Spoken};
pub use tones::Tones;
