//! STUN and TURN over real sockets: coturn with the configuration that is shipped, and the embedded relay, both met
//! by coturn's own clients and by a small one of our own.
//!
//! Everything stays on loopback, on ports that were free a moment before.
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it")]
#[path = "turn/client.rs"]
mod client;
#[path = "turn/coturn.rs"]
mod coturn;
#[path = "turn/embedded.rs"]
mod embedded;
#[path = "turn/programs.rs"]
mod programs;
#[path = "turn/users.rs"]
mod users;
