//! The rules of calls: pure functions of (state, time, input). No clock, no socket, no database, no failure.
mod record;

pub use record::{FinalStatus, OpenCall, Record};
