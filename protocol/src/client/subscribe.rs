//! `call:subscribe`: what the media server shall send to one participant.
use crate::{RoomName, UserId, bounds};
use serde::{Deserialize, Serialize};

/// `call:subscribe`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Subscribe {
    /// The room.
    pub room_name: RoomName,
    /// What to send, by whose it is; at most 64. Who is not in the room yet counts from when they are.
    #[serde(deserialize_with = "bounds::list::<{ bounds::STREAMS }, _, _>")]
    pub streams: Vec<StreamWish>,
}

/// What one participant wants of another's picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StreamWish {
    /// Whose picture.
    pub user_id: UserId,
    /// Which of theirs; the camera's unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PictureKind>,
    /// No higher than this many pixels.
    pub max_height: u16,
    /// Nothing for now.
    #[serde(default, deserialize_with = "bounds::flag", skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

impl StreamWish {
    /// Which picture it is about.
    pub fn picture(&self) -> PictureKind {
        self.kind.unwrap_or_default()
    }
}

/// One of the pictures that a participant can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PictureKind {
    /// What the camera sees.
    #[default]
    Camera,
    /// The shared screen.
    Screen,
}
