//! What turns pictures into bytes and back. Who does it depends on the platform: here the processor, on Android MediaCodec.
use super::{BadFrame, Frame};
use crate::peer::VideoCodec;

#[cfg(feature = "software-video")]
mod h264;
#[cfg(feature = "software-video")]
mod software;
mod sps;
#[cfg(feature = "software-video")]
mod vp8;

#[cfg(feature = "software-video")]
pub use software::Software;

/// The codecs of a platform.
pub trait Codecs: Send {
    /// Which ones there are, the best first.
    fn speaks(&self) -> &[VideoCodec];

    /// Something that encodes pictures of one size. The first is a key frame.
    fn encoder(&self, settings: EncoderSettings) -> Result<Box<dyn Encoder>, CodecError>;

    /// Something that decodes pictures of any size.
    fn decoder(&self, codec: VideoCodec) -> Result<Box<dyn Decoder>, CodecError>;
}

/// What is to be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Into what.
    pub codec: VideoCodec,
    /// Of each picture. Even.
    pub width: u32,
    /// Of each picture. Even.
    pub height: u32,
    /// Bits a second.
    pub bitrate: u32,
    /// Pictures a second.
    pub frame_rate: u32,
}

/// Encodes pictures of one size.
pub trait Encoder: Send {
    /// Into what.
    fn codec(&self) -> VideoCodec;

    /// Encodes one, taken at this time of 90 kHz. None if it is left out to keep to the rate.
    fn encode(&mut self, frame: &Frame, timestamp: u32, key: bool) -> Result<Option<Encoded>, CodecError>;

    /// From the next picture on, in bits a second.
    fn set_bitrate(&mut self, bitrate: u32) -> Result<(), CodecError>;
}

/// A picture in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// H.264 in Annex B form.
    pub payload: Vec<u8>,
    /// It needs none before it.
    pub key: bool,
}

/// Decodes pictures.
pub trait Decoder: Send {
    /// Decodes one. None if nothing is to be shown, or it is shown already by the platform itself.
    fn decode(&mut self, payload: &[u8]) -> Result<Option<Frame>, CodecError>;
}

/// A picture cannot be encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// This platform has no such codec.
    #[error("there is no {0:?} here")]
    NoCodec(VideoCodec),
    /// It is larger than anything that is sent in a call, or no picture at all.
    #[error("the picture cannot be")]
    Bad(#[from] BadFrame),
    /// What came is no picture, or one that cannot be decoded with what was before it.
    #[error("the codec does not understand the picture")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CodecError {
    #[cfg(feature = "software-video")]
    fn refused(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Refused(Box::new(error))
    }
}

/// How large the picture says it is, before a decoder believes it: 20 bytes may ask for a gigabyte.
pub fn claimed_size(codec: VideoCodec, payload: &[u8]) -> Option<(u32, u32)> {
    match codec {
        VideoCodec::Vp8 => match *payload {
            // RFC 6386, section 9.1: a key frame has its size behind three bytes of tag and three of a mark.
            [tag, _, _, 0x9d, 0x01, 0x2a, w, width, h, height, ..] if tag & 1 == 0 => {
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
                Some((side(w, width), side(h, height)))
            }
            _ => None,
        },
        VideoCodec::H264 => sps::size(payload),
    }
}
