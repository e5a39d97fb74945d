//! The server as a process: killed at any moment, stopped as an operator would, started wrongly.
mod disk;
mod kill;
mod load;
mod log;
mod messenger;
mod monitoring;
mod refused;
mod slow;
mod soak;
mod spill;
mod stop;

/// The very program, built for the tests.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_server_under_test");
