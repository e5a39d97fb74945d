//! Which way up a picture is.

/// By how much a picture has to be turned clockwise to stand upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// It stands.
    #[default]
    None,
    /// A quarter.
    Quarter,
    /// It is upside down.
    Half,
    /// Three quarters.
    ThreeQuarters,
}

impl Rotation {
    /// As packets tell it (3GPP TS 26.114, 7.4.5). The camera counts as the front one, and nothing is mirrored: both
    /// concern only a preview.
    pub fn to_byte(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Quarter => 1,
            Self::Half => 2,
            Self::ThreeQuarters => 3,
        }
    }

    /// As packets tell it, whatever else stands in the byte.
    pub fn from_byte(byte: u8) -> Self {
        match byte & 0b11 {
            0 => Self::None,
            1 => Self::Quarter,
            2 => Self::Half,
            _ => Self::ThreeQuarters,
        }
    }
}
