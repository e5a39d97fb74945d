//! The media server: what the calls of many go through. How, and why so: `docs/media-server.md`.
mod room;
pub mod sdp;
