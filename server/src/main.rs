//! The program; what it does is in `program.rs`.
#![forbid(unsafe_code)]
use std::process::ExitCode;

fn main() -> ExitCode {
    calls_server::program::run()
}
