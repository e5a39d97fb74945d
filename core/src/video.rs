//! Picture: from a camera to encoded frames, and from packets to what is shown.
mod assemble;
mod codec;
mod frame;
pub mod pattern;
mod source;
mod y4m;

pub use assemble::{Assembler, AssemblySettings, AssemblyStats, Picture};
#[cfg(feature = "software-video")]
pub use codec::Software;
pub use codec::{CodecError, Codecs, Decoder, Encoded, Encoder, EncoderSettings};
pub use frame::{BadFrame, Frame, LONGEST_SIDE, Plane};
pub use source::{Inlet, Relayed, Source};
pub use y4m::{Y4mError, Y4mFile};

/// What shows pictures. It is called on a thread of the engine's, which it must not hold up.
pub trait Sink: Send {
    /// The next picture. It may be kept; cloning it is cheap.
    fn show(&mut self, frame: &Frame);
}
