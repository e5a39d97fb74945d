//! Two connections over real sockets on loopback, with the exchange of a call between them and no server.
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it")]
#[cfg(feature = "software-video")]
mod any_bytes;
#[path = "../../../tests/src/coturn.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests of the relay use all of it")]
mod coturn;
mod end;
mod exchange;
#[path = "../../../tests/src/folder.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests of the server use all of it")]
mod folder;
mod forwarder;
mod hostile;
mod media;
mod pair;
mod relay;
mod ring;
#[cfg(feature = "software-video")]
mod video;

// What the programs of the relay's tests look for: at the root, and in the crate of all tests.
extern crate self as calls_tests;
use relay::{client, users};
