//! The server of WorldMates Calls: Socket.IO signalling, REST, TURN for a start, one binary.
#![forbid(unsafe_code)]

pub mod calls;
pub mod db;
pub mod turn;
