//! The engine as a library for Kotlin. It converts, calls the engine and converts back; it holds no rule of a call.
//!
//! Today it is what the check of the Android build links: enough that the whole engine is reachable from outside. The
//! API for Kotlin takes its place.
#[cfg(target_os = "android")]
mod android;
mod session;

pub use session::{Session, SessionError};

uniffi::setup_scaffolding!();
