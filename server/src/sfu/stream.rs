//! What a stream is. Descriptions and rooms mean the same by it.

/// What a participant shows and says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The microphone.
    Sound,
    /// The camera: the first picture.
    Camera,
    /// The screen: the second picture.
    Screen,
}

/// How a stream is encoded. There is no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Sound.
    Opus,
    /// Picture.
    Vp8,
    /// Picture, constrained baseline, packetisation mode 1.
    H264,
}
