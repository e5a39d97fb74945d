//! Sound: from the microphone to packets, and from packets to the loudspeaker.
mod delay;
mod jitter;

pub use jitter::{JitterBuffer, JitterSettings, JitterStats, Packet, Pulled, SAMPLE_RATE};
