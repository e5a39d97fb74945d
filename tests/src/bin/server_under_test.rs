//! The very program `calls-server`, built where cargo tells tests its path.
use std::process::ExitCode;

fn main() -> ExitCode {
    calls_server::program::run()
}
