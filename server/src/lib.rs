//! The server of WorldMates Calls: Socket.IO signalling, REST, TURN for a start, one binary.
#![forbid(unsafe_code)]

pub mod auth;
pub mod calls;
pub mod cli;
pub mod clock;
pub mod db;
pub mod http;
pub mod observe;
mod patient;
pub mod program;
pub mod server;
pub mod settings;
pub mod sfu;
pub mod socket;
mod stun;
pub mod switchboard;
pub mod turn;
mod visitors;
