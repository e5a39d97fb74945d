//! Sound: from the microphone to packets, and from packets to the loudspeaker.
//!
//! [`Speaking`] and [`Hearing`] are plain values: samples and packets in, packets and samples out, the time an argument.
mod delay;
mod hearing;
mod jitter;
mod level;
mod speaking;

pub use hearing::{Hearing, HearingStats};
pub use jitter::{JitterBuffer, JitterSettings, JitterStats, Packet, Pulled, SAMPLE_RATE};
pub use level::Loudness;
pub use speaking::{CodecError, Speaking, SpeakingSettings, Spoken};

/// Samples of 20 ms, which is what is captured, encoded and played at once. One channel.
pub const FRAME_SAMPLES: usize = 960;
