//! The connection to the server: Socket.IO over a WebSocket, kept alive, with an outbox that loses and doubles nothing.
//!
//! [`Link`] decides: pure, with time and chance as arguments. The rest carries it out.
mod link;
mod outbox;
mod packet;

pub use link::{Link, LinkEffect, LinkInput, LinkSettings, Told, Trouble, Who};
