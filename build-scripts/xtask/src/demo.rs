//! `cargo xtask demo`: a server on this machine, clients and then engines that call each other, told in plain words.
use crate::{
    run::{self, Running},
    setup,
    target_dir::TargetDir,
    workspace::Workspace,
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    env, fs,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where the server listens when nobody says otherwise.
const USUAL_PORT: u16 = 3000;

/// A debug build opens its database and is ready in a second; a busy machine may take some.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// The scripted call of two clients, an example of the tests' crate.
const SCRIPT: &str = "demo_call";

/// How the demo runs.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Stop after the call instead of waiting for Ctrl-C
    #[arg(long)]
    once: bool,
    /// Port of the server; without it 3000, or a free one if that is taken
    #[arg(long)]
    port: Option<u16>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    ensure!(
        workspace.root.join("server/src/main.rs").is_file(),
        "the server has no program yet: there is nothing to show"
    );
    setup::run(workspace)?;
    let target = TargetDir::claim(workspace)?;
    run::heading("building the server");
    run::run(target.cargo(workspace).args(["build", "--locked", "--package", "calls-server"]))?;
    run::run(target.cargo(workspace).args(ENGINES_BUILD))?;
    let has_script = workspace.root.join(format!("tests/examples/{SCRIPT}.rs")).is_file();
    if has_script {
        run::run(target.cargo(workspace).args(SCRIPT_BUILD))?;
    }

    let address = SocketAddr::from(([127, 0, 0, 1], options.port.map_or_else(free_port, Ok)?));
    let url = format!("http://{address}");
    run::heading("starting the server");
    let mut server = Server::start(workspace, &target, address)?;
    println!(
        "\nThe server is ready.\n\
         \x20 calls     {url}  (Socket.IO; clients say call:register and are in)\n\
         \x20 health    {url}/api/health\n\
         \x20 REST      {url}/openapi.json\n\
         \x20 metrics   {url}/metrics"
    );
    let mut outcome = Ok(());
    if has_script {
        run::heading("Alice calls Bob");
        outcome = run::run(target.cargo(workspace).args(SCRIPT_RUN).arg("--").arg(&url));
    }
    if outcome.is_ok() {
        run::heading("two engines call each other, with sound and picture");
        outcome = engines(workspace, &target, &url);
    }
    if outcome.is_ok() && !options.once {
        println!("\nThe server keeps running: connect clients of your own. Ctrl-C stops it.");
        let status = server.child.wait()?;
        ensure!(status.success(), "the server stopped: {status}");
        return Ok(ExitCode::SUCCESS);
    }
    outcome.and(server.stop())?;
    Ok(ExitCode::SUCCESS)
}

/// One program answers, another calls it and says what it hears and sees.
fn engines(workspace: &Workspace, target: &TargetDir, url: &str) -> Result<()> {
    let program = |name: &str, user: &str| {
        let mut command = Command::new(target.debug_program("examples").join(name));
        command.current_dir(&workspace.cache).args(["--server", url, "--user", user]);
        command
    };
    println!("  Dora's engine answers anyone and sends back what it hears and sees; Carl's calls her.\n");
    let mut dora = Running(program("echo_bot", "5").stdout(Stdio::piped()).spawn()?);
    let mut words = BufReader::new(dora.0.stdout.take().context("she has a voice")?);
    // The first thing that she says is that the server knows her.
    words.read_line(&mut String::new())?;
    // What she says later is read as well, or she could not say it.
    thread::spawn(move || io::copy(&mut words, &mut io::sink()));
    let mut carl = program("call_cli", "4");
    let done = run::run(carl.args(["--call", "5", "--tone", "440", "--video", "--seconds", "3"]));
    dora.0.kill()?;
    done
}

const ENGINES_BUILD: [&str; 8] =
    ["build", "--locked", "--package", "calls-core", "--example", "call_cli", "--example", "echo_bot"];
const SCRIPT_BUILD: [&str; 6] = ["build", "--locked", "--package", "calls-tests", "--example", SCRIPT];
const SCRIPT_RUN: [&str; 7] = ["run", "--locked", "--quiet", "--package", "calls-tests", "--example", SCRIPT];

/// The usual port, or one that the system says is free.
fn free_port() -> Result<u16> {
    let listener = match TcpListener::bind(("127.0.0.1", USUAL_PORT)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            println!("port {USUAL_PORT} is taken: using another one");
            TcpListener::bind("127.0.0.1:0")
        }
        bound => bound,
    };
    Ok(listener?.local_addr()?.port())
}

/// The server's process. It ends with this value, whatever happens in between.
struct Server {
    child: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts it with an empty database of its own and waits until it takes calls.
    fn start(workspace: &Workspace, target: &TargetDir, address: SocketAddr) -> Result<Self> {
        // Ctrl-C ends this process without a word, so the folder of a demo before may still be there.
        let folder = workspace.cache.join(format!("demo-{}", address.port()));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let mut command = Command::new(target.debug_program("calls-server"));
        command.current_dir(&folder);
        // A variable such as DATABASE_URL, set for something else, must not lead the demo into a real database.
        command.env_clear().envs(env::vars_os().filter(|(name, _)| name == "PATH" || name == "RUST_LOG"));
        command.args(["--host", &address.ip().to_string(), "--port", &address.port().to_string()]);
        // What else runs here may have the usual one.
        command.args(["--sfu-port", "0"]);
        let child = command.spawn().with_context(|| format!("could not start {}", run::shown(&command)));
        let mut server = Self { child: child?, folder };
        server.wait_until_ready(address)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while !is_ready(address) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server stopped before it was ready ({status}); its last words are above");
            }
            ensure!(Instant::now() < deadline, "the server is not ready after {READY_WITHIN:?}");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Asks it to stop, as a service manager would, and waits.
    fn stop(mut self) -> Result<()> {
        if cfg!(unix) {
            run::run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        } else {
            self.child.kill()?;
        }
        let status = self.child.wait()?;
        ensure!(status.success() || cfg!(windows), "the server did not stop well: {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both may be gone already, which is as good.
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Whether `GET /api/health/ready` answers 200.
fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> io::Result<bool> {
        let second = Duration::from_secs(1);
        let mut stream = TcpStream::connect_timeout(&address, second)?;
        stream.set_read_timeout(Some(second))?;
        let question =
            format!("GET /api/health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(question.as_bytes())?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(&status == b"HTTP/1.1 200")
    };
    // Not listening yet, or listening and not answering: not ready either way.
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // All of the question first: closing with unread bytes would reset the connection.
            let question = BufReader::new(&stream).lines().map_while(Result::ok);
            assert!(question.take_while(|line| !line.is_empty()).count() > 1);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn a_server_is_ready_when_it_says_so() {
        assert!(is_ready(answering("HTTP/1.1 200 OK\r\n\r\n")));
        assert!(!is_ready(answering("HTTP/1.1 503 Service Unavailable\r\n\r\n")));
    }

    #[test]
    fn a_server_that_does_not_listen_is_not_ready() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);

        assert!(!is_ready(address));
    }
}
