//! Starts the server: the command line, the settings, the log, then the server itself.
#![forbid(unsafe_code)]
use calls_server::{
    auth::Auth,
    cli::{self, Asked},
    http::{self, CallHistory, Door, Health, NoSockets, Part, Rest},
    observe::{self, Metrics},
    settings::{Given, Settings},
    turn::IceIssuer,
};
use std::{io, process::ExitCode, sync::Arc};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

fn main() -> ExitCode {
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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(serve(settings))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(reason: &str) -> ExitCode {
    eprintln!("{reason}");
    ExitCode::FAILURE
}

/// Serves until the process is told to stop.
async fn serve(settings: Settings) -> io::Result<()> {
    let metrics = Arc::new(Metrics::new());
    let health = Arc::new(Health::default());
    let ice = Arc::new(IceIssuer::new(settings.ice.clone()));
    let auth = Arc::new(Auth::new(&settings.auth));
    if !settings.ice.turn.is_empty() {
        health.turn.set(Part::Up);
    }
    let rest = Arc::new(Rest::new(&settings, auth, ice, metrics, health.clone(), CallHistory::none()));

    let listener = http::listen(settings.listen).map_err(|error| {
        let address = settings.listen;
        io::Error::new(
            error.kind(),
            format!("cannot listen on {address}: {error}; choose another --port or --host"),
        )
    })?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("stopping");
        health.drain();
    };
    info!("ready on http://{}", listener.local_addr()?);
    let trusted_proxies = settings.trusted_proxies.clone();
    let door = Door { router: http::router(rest), sockets: NoSockets, trusted_proxies };
    let cut_off = http::serve(listener, door, stop, settings.drain).await;
    if cut_off > 0 {
        warn!(requests = cut_off, "requests were cut off by the stop");
    }
    info!("stopped");
    Ok(())
}
