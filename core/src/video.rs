//! Picture: from a camera to encoded frames, and from packets to what is shown.
//!
//! [`Showing`] and [`Seeing`] are plain values, the time an argument; [`Filming`] and [`Watching`] are the threads that have
//! them. What a camera is, what a screen, and who encodes, is behind [`Source`], [`Codecs`], [`Maker`] and [`Sink`].
mod assemble;
mod codec;
mod filming;
mod layers;
pub mod pattern;
mod seeing;
mod showing;
mod source;
mod steer;
mod watching;
mod y4m;

pub use assemble::{Assembler, AssemblySettings, AssemblyStats, Picture};
pub use calls_samples::{BadFrame, Frame, LONGEST_SIDE, Plane};
#[cfg(feature = "software-video")]
pub use codec::Software;
pub use codec::{CodecError, Codecs, Decoder, Encoded, Encoder, EncoderSettings, claimed_size};
pub use filming::{Filming, Maker, Studio};
pub use seeing::{Seeing, SeeingStats};
pub use showing::{Showing, ShowingStats, Sizes, Wish};
pub use source::{Inlet, Relayed, Source};
pub(crate) use steer::between;
pub use steer::{Shape, Sharing, Steering};
pub use watching::{Watching, WatchingStats};
pub use y4m::{Y4mError, Y4mFile};

/// What shows pictures. It is called on a thread of the engine's, which it must not hold up.
pub trait Sink: Send {
    /// The next picture. It may be kept; cloning it is cheap.
    fn show(&mut self, frame: &Frame);
}
