//! Every message between a client and the server of WorldMates Calls, typed once, in both directions.
//!
//! What arrives is parsed into types that cannot be wrong ([`UserId`], [`RoomName`], [`CallType`] …); what is only
//! passed on between two clients ([`Sdp`], [`Candidate`]) keeps the very bytes it came with. Event names live here
//! and nowhere else. This crate knows no clock, no socket and no rule of a call.
//!
//! ```
//! use calls_protocol::ClientEvent;
//!
//! let event = ClientEvent::decode("call:register", r#"{"userId":"123"}"#)?;
//! assert_eq!(event.name(), "call:register");
//! # Ok::<(), calls_protocol::DecodeError>(())
//! ```
#![forbid(unsafe_code)]

mod ack;
mod bounds;
mod client;
mod error;
mod events;
mod ids;
mod mark;
mod opaque;
#[cfg(feature = "schema")]
pub mod schema;
mod server;

pub use ack::{Accepted, Ack, AckError, Done, Ended as EndedAck, Initiated, Registered, Written, parse_ack};
pub use client::{
    Accept, Admit, CallTarget, Chat, ClientEvent, End, EndWish, IceCandidate, Initiate, JoinRoom, LeaveRoom,
    Lock, Mute, PictureKind, RaiseHand, React, Reaction, Recipient, Register, Reject, RejectReason, Remove,
    Renegotiate, Resume, Stats, StreamWish, Subscribe, ToggleMedia, WaitingRoom,
};
pub use error::{DecodeError, ErrorCode, Refusal};
pub use ids::{CallId, CallType, DeviceId, EventId, GroupId, IdError, RoomName, Seconds, UnixMillis, UserId};
pub use mark::Mark;
pub use opaque::{Candidate, Sdp};
pub use server::{
    Answer, CallError, ChatMessage, Ended, EndedReason, GroupIncoming, HandChanged, IceServer, IceServers,
    Incoming, LeftCall, MediaChanged, Muted, Participant, Presence, Reacted, Rejected, RelayedRenegotiate,
    RoomChanged, RoomState, ServerEvent, Speaker, Speakers, StreamKind, StreamPlace, Streams, Topology,
    UserInCall, Waiting, WaitingUser, Wanted,
};
