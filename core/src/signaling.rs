//! The connection to the server: Socket.IO over a WebSocket, kept alive, with an outbox that loses and doubles nothing.
//!
//! [`Link`] decides: pure, with time and chance as arguments. [`Signaling`] carries it out.
mod client;
mod link;
mod outbox;
mod packet;
mod transport;

pub use client::{Proofs, Signaling, SignalingConfig};
pub use link::{Link, LinkEffect, LinkInput, LinkSettings, Told, Trouble, Who};
pub use transport::{ServerUrl, Trust, TrustError, UrlError};
