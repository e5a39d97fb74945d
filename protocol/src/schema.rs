//! The contract as data: every event, field, type, bound and answer, taken from the Rust types themselves.
//!
//! From it come `docs/protocol.md`, the web client's types, and the inputs that must be refused. Nothing here is
//! compiled into the server. A field that exists in Rust is in the description, because both come from one derive;
//! what the derive cannot know (examples, what to do about an error, prose) is checked against it by tests.
mod bad_inputs;
mod golden;
mod markdown;
mod order;
mod shape;
mod typescript;

pub use bad_inputs::{BadInput, bad_inputs};
pub use golden::{Golden, GoldenKind, goldens};
pub use markdown::protocol_md;
pub(crate) use shape::Reader;
pub use shape::{Field, Kind, Type};
pub use typescript::protocol_ts;

use crate::{ClientEvent, ErrorCode, ServerEvent};

/// One event: what it is for, what it carries, and what answers it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its name on the wire.
    pub event: &'static str,
    /// What it does, in a sentence or two.
    pub purpose: &'static str,
    /// Its payload.
    pub payload: Type,
    /// What stands beside `ok:true`; only of what a client says.
    pub answer: Option<Type>,
    /// Why the server may say no, besides [`ANY_EVENT`]; only of what a client says.
    pub refusals: &'static [ErrorCode],
    /// Whether it belongs to a room and so carries an `eventId`; only of what the server says.
    pub numbered: bool,
}

impl Message {
    /// What it carries and what answers it.
    fn types(&self) -> impl Iterator<Item = &Type> {
        [&self.payload].into_iter().chain(&self.answer)
    }
}

/// What any event of a client can be refused with.
pub const ANY_EVENT: &[ErrorCode] = &[
    ErrorCode::BadRequest,
    ErrorCode::Unauthorized,
    ErrorCode::RateLimited,
    ErrorCode::TooLarge,
    ErrorCode::Internal,
];

/// Everything a client can say.
pub fn client_events() -> Vec<Message> {
    ClientEvent::describe(&mut Reader::of_what_is_read())
}

/// Everything the server can say.
pub fn server_events() -> Vec<Message> {
    ServerEvent::describe(&mut Reader::of_what_is_written())
}

/// Every error code with its meaning, in the order of the contract.
pub fn error_codes() -> Vec<(String, String)> {
    let codes = Reader::of_what_is_written().object::<ErrorCode>();
    match codes.kind {
        Kind::Word { words, .. } => words,
        kind => unreachable!("error codes are words, not {kind:?}"),
    }
}
