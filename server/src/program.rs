//! The program `calls-server`: the command line, the settings, the log, then the server itself. It is part of the
//! library so that tests can run the very same program as a process, and kill it.
use crate::{
    cli::{self, Asked},
    observe,
    server::Server,
    settings::{Given, Settings},
};
use std::{error::Error, io, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    let asked = cli::ask(std::env::args_os(), Given::to_this_process).unwrap_or_else(|error| error.exit());
    let given = match asked {
        Asked::Say { text, good } => {
            // A reader that went away (`| head`) wants no more of it.
            let _ = io::Write::write_all(&mut io::stdout(), text.as_bytes());
            return if good { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Asked::Serve(given) => given,
    };
    let (settings, warnings) = match Settings::load(&given) {
        Ok(loaded) => loaded,
        Err(problems) => return fail(cli::told(&problems, &[]).trim()),
    };
    if let Err(error) = observe::start_log(&settings.log) {
        return fail(&format!("the log does not start: {error}"));
    }
    for warning in warnings {
        warn!("{warning}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the server has no threads to run on: {error}")),
    };
    match runtime.block_on(serve(settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(reason: &str) -> ExitCode {
    // Whoever closed the other end does not want to know; to panic would tell them less.
    let _ = io::Write::write_all(&mut io::stderr(), format!("{reason}\n").as_bytes());
    ExitCode::FAILURE
}

/// A write went over the limit for the size of a file (`ulimit -f`); the same number on Linux, macOS and the BSDs.
const FILE_TOO_LARGE: i32 = 25;

/// Serves until the process is told to stop.
async fn serve(settings: Settings) -> Result<(), Box<dyn Error>> {
    // Unheard it would end the process. Heard it is an error of that write, and calls go on as with a full disk.
    let _heard = signal(SignalKind::from_raw(FILE_TOO_LARGE))?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::start(settings).await?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop().await?;
    Ok(())
}
