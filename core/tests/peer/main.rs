//! Two connections over real sockets on loopback, with the exchange of a call between them and no server.
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it")]
mod end;
mod exchange;
mod forwarder;
mod hostile;
mod media;
mod pair;
mod relay;
mod ring;
#[cfg(feature = "software-video")]
mod video;

// What the programs of the relay's tests look for at the root.
use relay::{client, users};
