//! The engine on a device: signalling, connections to other devices, sound and picture.
//!
//! What a call does is decided by `calls-machine`; here it meets sockets, devices and clocks.
pub mod audio;
pub mod peer;
pub mod signaling;
pub mod video;
