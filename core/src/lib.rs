//! The engine of a device: signalling, connections to other devices, sound and picture.
//!
//! What happens in a call is decided in `calls-machine`; here it is done.
pub mod audio;
pub mod signaling;
