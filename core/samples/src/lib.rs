//! Sound and pictures, sample by sample: all that is done so often in a call that it has to be fast.
//!
//! A phone's library is made small, and in small code such a loop takes three to ten times as long. So these stand in a
//! crate of their own, which is made fast (`[profile.android.package]` in the workspace's Cargo.toml). They are never
//! inlined: within a small function they would be small again.
//!
//! No clocks, threads, devices, codecs.
pub mod colours;
mod frame;
pub mod layout;
mod level;
mod mix;
mod resample;
mod rotation;
mod shorten;

pub use frame::{BadFrame, Frame, LONGEST_SIDE, Plane};
pub use level::Loudness;
pub use mix::Mixer;
pub use resample::Resampler;
pub use rotation::Rotation;
pub use shorten::leave_out;

/// Samples of 20 ms, which is what is captured, encoded and played at once. One channel.
pub const FRAME_SAMPLES: usize = 960;
