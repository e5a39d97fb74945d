//! Starts the server: the command line, the settings, the log, then the server itself.
#![forbid(unsafe_code)]
use calls_server::{
    cli::{self, Asked},
    settings::Given,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let asked = cli::ask(std::env::args_os(), Given::to_this_process).unwrap_or_else(|error| error.exit());
    match asked {
        Asked::Say { text, good } => {
            // A reader that went away (`| head`) wants no more of it.
            let _ = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
            if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Asked::Serve(_) => ExitCode::SUCCESS,
    }
}
