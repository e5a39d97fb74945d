//! What can go wrong, in words that a program can match and a person can act on.
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// Why the server refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The message does not fit the contract; the text names the field.
    BadRequest,
    /// No valid proof of who is speaking, or `call:register` has not been said yet.
    Unauthorized,
    /// A proof, but not for this: another's id, another's call, a group one is not in.
    Forbidden,
    /// No such room, group or route.
    NotFound,
    /// The callee has neither a connected device nor a push token.
    RecipientOffline,
    /// The callee is in a call and their app cannot take a second one.
    RecipientBusy,
    /// This device is in a call already.
    AlreadyInCall,
    /// Another device, or this one before, answered.
    AlreadyAnswered,
    /// The call is over.
    Expired,
    /// The room takes no further participant.
    RoomFull,
    /// Too much at once: wait and try again.
    RateLimited,
    /// The message is larger than the server takes.
    TooLarge,
    /// It contradicts what is: the room name is taken, the call is not at that point.
    Conflict,
    /// No event of that name.
    UnknownEvent,
    /// The server cannot do it now: it is stopping, or a part of it is not configured.
    Unavailable,
    /// Our fault.
    Internal,
    /// A code of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

impl ErrorCode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::RecipientOffline => "recipient_offline",
            Self::RecipientBusy => "recipient_busy",
            Self::AlreadyInCall => "already_in_call",
            Self::AlreadyAnswered => "already_answered",
            Self::Expired => "expired",
            Self::RoomFull => "room_full",
            Self::RateLimited => "rate_limited",
            Self::TooLarge => "too_large",
            Self::Conflict => "conflict",
            Self::UnknownEvent => "unknown_event",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal: the code for the program, one sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("{code}: {message}")]
pub struct Refusal {
    /// What a program matches on.
    pub code: ErrorCode,
    /// One sentence that a person can act on.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Why a message could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Nobody listens to this name.
    #[error("there is no event {0:?}")]
    UnknownEvent(String),
    /// The payload is not the one of this event.
    #[error("{event}: {reason}")]
    BadPayload {
        /// The event whose payload it was meant to be.
        event: &'static str,
        /// The field and what is wrong with it.
        reason: String,
    },
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        let code = match error {
            DecodeError::UnknownEvent(_) => ErrorCode::UnknownEvent,
            DecodeError::BadPayload { .. } => ErrorCode::BadRequest,
        };
        Self::new(code, error.to_string())
    }
}
