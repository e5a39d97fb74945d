//! What goes through a connection: encoded frames out, RTP packets in. No codec is known here.
use bytes::Bytes;
use calls_protocol::PictureKind;
use calls_samples::Rotation;
use std::{sync::Arc, time::Instant};

/// A picture codec that both ends of a call may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VideoCodec {
    /// RFC 6386, packets by RFC 7741.
    Vp8,
    /// Constrained baseline, packets by RFC 6184 in mode 1. Frames are in Annex B form.
    H264,
}

/// How loud 20 ms of voice are, as the other side may show it without decoding (RFC 6464).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Below the loudest possible, in decibels: 0 is loudest, 127 is silence.
    pub below_loudest_db: u8,
    /// Somebody speaks.
    pub voice: bool,
}

/// One of the sizes in which a picture goes to the media server, which gives each receiver the one of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Layer {
    /// A quarter of each side.
    Quarter,
    /// Half of each side.
    Half,
    /// The picture itself.
    #[default]
    Whole,
}

impl Layer {
    /// The smallest first.
    pub const ALL: [Self; 3] = [Self::Quarter, Self::Half, Self::Whole];

    /// So many of it are the whole, on each side.
    pub fn part(self) -> u32 {
        match self {
            Self::Quarter => 4,
            Self::Half => 2,
            Self::Whole => 1,
        }
    }

    /// Its name in descriptions and packets, of the usual ones.
    pub(crate) fn rid(self) -> &'static str {
        match self {
            Self::Quarter => "q",
            Self::Half => "h",
            Self::Whole => "f",
        }
    }
}

/// A frame of Opus.
#[derive(Debug, Clone)]
pub struct EncodedAudio {
    /// In samples at 48 kHz, counted on over silence.
    pub timestamp: u32,
    /// As the encoder made it.
    pub payload: Bytes,
    /// For those who only want to know who speaks.
    pub level: Level,
}

/// A picture.
#[derive(Debug, Clone)]
pub struct EncodedVideo {
    /// At 90 kHz.
    pub timestamp: u32,
    /// As the encoder made it.
    pub payload: Bytes,
    /// What the encoder speaks.
    pub codec: VideoCodec,
    /// It can be shown without any before it.
    pub key: bool,
    /// How it was taken.
    pub rotation: Rotation,
    /// In which size. To another device goes the whole picture alone.
    pub layer: Layer,
}

/// The name of one part of a description.
pub type Mid = Arc<str>;

/// What a packet is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// A frame of Opus.
    Opus,
    /// A part of a picture.
    Video(VideoCodec),
}

/// A packet as it came, in the order in which packets came, none of them twice.
#[derive(Debug, Clone)]
pub struct ReceivedPacket {
    /// Of which part of their description, if that names the stream. A media server sends many voices in as many parts.
    pub mid: Option<Mid>,
    /// What it is of.
    pub content: Content,
    /// Of which stream. Another one begins a sequence of its own.
    pub ssrc: u32,
    /// When it came, whenever somebody looks at it.
    pub came: Instant,
    /// Its place in the stream.
    pub sequence: u16,
    /// When it was taken, on the clock of its kind.
    pub timestamp: u32,
    /// The last packet of a picture, or the first one after silence.
    pub marker: bool,
    /// Without headers of RTP. Empty: padding in the stream of a picture, which probes the path and is in the sequence.
    pub payload: Bytes,
    /// If the sender says.
    pub level: Option<Level>,
    /// If the sender says; a picture's last packet carries it.
    pub rotation: Option<Rotation>,
}

/// The other side cannot go on without a picture that needs none before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFrameWanted {
    /// Of which picture.
    pub kind: PictureKind,
    /// In which size.
    pub layer: Layer,
}

impl Level {
    pub(crate) fn to_byte(self) -> u8 {
        u8::from(self.voice) << 7 | self.below_loudest_db.min(127)
    }

    pub(crate) fn from_byte(byte: u8) -> Self {
        Self { below_loudest_db: byte & 0x7f, voice: byte & 0x80 != 0 }
    }
}
