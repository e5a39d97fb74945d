//! Descriptions of the media server: what a client offers and answers, as types, and what the server says, as text.
//! `docs/media-server.md` says what a client does.
//!
//! A [`Session`] is the negotiation with one client. It is pure: text in, [`Negotiated`] and text out. What it must not
//! know: sockets, clocks, rooms, who anybody is.
mod description;
mod dialect;
mod fault;
mod lines;
mod media;
mod negotiated;
mod path;
mod place;
mod session;
#[cfg(test)]
mod tests;
mod write;

pub use description::{Description, Direction, Layer, OfferedCodec, OfferedExtension, Section, Setup};
pub use fault::{BadDescription, BadSection, NegotiationError};
pub use media::{Extension, Extensions, Feedback, MOST_LAYERS, Media, MediaKind, Payload, Streams};
pub use negotiated::{DtlsRole, Negotiated, Refusal, Refused, Sent, Slot, SlotId, SlotMedia};
pub use path::{Candidate, Credentials, Mid};
pub use session::{Local, Session};

pub use super::stream::{Codec, Kind};
