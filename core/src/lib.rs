//! The engine on a device: signalling, connections to other devices, sound and picture.
//!
//! What a call does is decided by `calls-machine`; here it meets sockets, devices and clocks. An app holds [`Calls`] and
//! brings a [`Host`].
mod api;
pub mod audio;
pub mod check;
mod effects;
mod engine;
mod host;
mod network;
pub mod peer;
mod pictures;
mod quality;
mod recorder;
pub mod signaling;
pub mod video;
mod voice;

pub use api::{Call, CallStats, Calls, Closed, Config, ConnectError, JoinError, OtherStats};
pub use calls_machine::{
    CallKey, CallKind, CallSnapshot, CallState, Callee, ChatLine, ChatState, Direction, EndReason, Language,
    Looks, Other, Path, Picture, ServerLink, Settings, Shown, Side, Snapshot, Sound, Time, Waiting,
};
pub use host::{Host, Lens};
pub use quality::{Quality, Signs};
pub use voice::{Levels, VoiceStats};
