//! The engine as a library for Kotlin. It converts, calls the engine and converts back; it holds no rule of a call.
//!
//! One file a concept. Everything but pixels crosses by UniFFI; [`pixels`] are fetched by hand-written JNI, since a picture
//! as a list of bytes would be garbage thirty times a second.
#[cfg(target_os = "android")]
mod android;
mod check;
mod config;
mod engine;
mod error;
mod host;
mod jni;
mod listener;
mod look;
mod pixels;
mod reason;
mod room;
mod snapshot;
mod stats;

pub use check::{CheckLine, CheckOutcome, CheckReport, Language};
pub use config::{CallsConfig, CameraKind, MicrophoneKind, Proof, ProofSource};
pub use engine::CallsEngine;
pub use error::CallsError;
pub use host::{Lens, Platform, PlatformError, Ringing};
pub use listener::CallsListener;
pub use look::Look;
pub use reason::EndReason;
pub use room::{ChatLine, ChatState, Reaction, ShownReaction, WaitingPerson};
pub use snapshot::{
    CallKind, CallSnapshot, CallState, CallType, CallsSnapshot, Direction, MediaPath, Participant, Picture,
    ServerLink, SoundLevels,
};
pub use stats::{CallStats, ParticipantStats, Quality};

uniffi::setup_scaffolding!();
