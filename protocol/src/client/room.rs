//! What is said in a room of many: hands, reactions, chat, and what its host decides.
use crate::{RoomName, UserId, bounds};
use serde::{Deserialize, Deserializer, Serialize, de};

/// `call:mute`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Mute {
    /// The room.
    pub room_name: RoomName,
    /// Whose microphone goes off. They may switch it on again.
    pub to_user_id: UserId,
}

/// `call:remove`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Remove {
    /// The room.
    pub room_name: RoomName,
    /// Who has to go.
    pub to_user_id: UserId,
}

/// `call:lock`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Lock {
    /// The room.
    pub room_name: RoomName,
    /// Whether nobody new comes in.
    pub locked: bool,
}

/// `call:waiting_room`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WaitingRoom {
    /// The room.
    pub room_name: RoomName,
    /// Whether newcomers wait until the host lets them in. When it goes off, those who wait come in.
    pub on: bool,
}

/// `call:admit`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Admit {
    /// The room.
    pub room_name: RoomName,
    /// Who waits, or was removed before.
    pub to_user_id: UserId,
    /// Whether they may come in; yes unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted: Option<bool>,
}

/// `call:raise_hand`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RaiseHand {
    /// The room.
    pub room_name: RoomName,
    /// Whose hand.
    pub user_id: UserId,
    /// Whether it is up.
    pub raised: bool,
}

/// `call:react`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct React {
    /// The room.
    pub room_name: RoomName,
    /// Who.
    pub user_id: UserId,
    /// The app's own name for this one: said again with the same name, it has one effect.
    #[serde(deserialize_with = "bounds::text::<{ bounds::MESSAGE_ID }, _>")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = bounds::MESSAGE_ID)))]
    pub message_id: String,
    /// What they show.
    #[serde(deserialize_with = "known_reaction")]
    pub reaction: Reaction,
}

/// What somebody shows for a moment. How it looks is the app's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Yes, good.
    ThumbsUp,
    /// No, not good.
    ThumbsDown,
    /// Love.
    Heart,
    /// That is funny.
    Laugh,
    /// That is surprising.
    Surprise,
    /// That is sad.
    Sad,
    /// Applause.
    Clap,
    /// A reason to celebrate.
    Party,
    /// One of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

impl Reaction {
    /// Every one that can be sent.
    pub const ALL: [Self; 8] = [
        Self::ThumbsUp,
        Self::ThumbsDown,
        Self::Heart,
        Self::Laugh,
        Self::Surprise,
        Self::Sad,
        Self::Clap,
        Self::Party,
    ];
}

/// A reaction that the server does not know is nothing that it could pass on.
fn known_reaction<'de, D: Deserializer<'de>>(input: D) -> Result<Reaction, D::Error> {
    match Reaction::deserialize(input)? {
        Reaction::Unknown => Err(de::Error::custom("expected a reaction of the list")),
        known => Ok(known),
    }
}

/// `call:chat`, from a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// The room.
    pub room_name: RoomName,
    /// Who writes.
    pub user_id: UserId,
    /// The app's own name for this message: said again with the same name, it has one effect.
    #[serde(deserialize_with = "bounds::text::<{ bounds::MESSAGE_ID }, _>")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = bounds::MESSAGE_ID)))]
    pub message_id: String,
    /// What they write; it may have several lines.
    #[serde(deserialize_with = "bounds::lines::<{ bounds::CHAT }, _>")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = bounds::CHAT)))]
    pub text: String,
}

impl Chat {
    /// The most characters of a message.
    pub const LONGEST: usize = bounds::CHAT;
}
