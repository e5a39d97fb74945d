//! The servers that are measured: how each is started, and how it is ended.
use super::{baseline, mariadb};
use anyhow::{Context, Result, bail};
use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

/// Cargo names the program when it builds this bench, as soon as the package has it.
const OURS: Option<&str> = option_env!("CARGO_BIN_EXE_calls-server");
const OUR_FLAGS: &str = "--host 127.0.0.1 --port {port} --database-url {database} --auth-mode open";
/// For both.
const TURN_SECRET: &str = "a-secret-that-only-this-bench-knows-and-uses";
/// ICE servers and silence as the baseline has them; and no limits, as a few users make many calls.
const OUR_ENVIRONMENT: [(&str, &str); 8] = [
    ("TURN_EMBEDDED", "off"),
    ("STUN_URLS", "stun:127.0.0.1:3478"),
    ("TURN_URL", "turn:127.0.0.1:3478?transport=udp,turn:127.0.0.1:3478?transport=tcp"),
    ("LOG_LEVEL", "warn"),
    ("STORE_CANDIDATES", "true"),
    ("LIMIT_CALLS_PER_MINUTE", "100000"),
    ("LIMIT_EVENTS_PER_SECOND", "1000000"),
    ("DRAIN_SECONDS", "1"),
];

const READY_WITHIN: Duration = Duration::from_secs(30);
/// A graceful stop may have rows to write.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// One of the two that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Ours,
    Node,
}

impl Who {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "calls-server",
            Self::Node => "Node",
        }
    }
}

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Contestant {
    pub(crate) who: Who,
    /// With `{port}` and `{database}` in it.
    command: Vec<String>,
}

impl Contestant {
    pub(crate) fn node() -> Result<Self> {
        let main = baseline::install()?;
        Ok(Self { who: Who::Node, command: vec!["node".to_owned(), main.to_string_lossy().into_owned()] })
    }

    /// Our server, or whatever takes its place.
    pub(crate) fn ours(command: Option<&str>) -> Result<Self> {
        let command = match (command, OURS) {
            (Some(command), _) => command.split_whitespace().map(str::to_owned).collect(),
            (None, Some(program)) => {
                [program].into_iter().chain(OUR_FLAGS.split_whitespace()).map(str::to_owned).collect()
            }
            (None, None) => {
                bail!("the package has no program calls-server yet: name one by --ours, or use --only node")
            }
        };
        Ok(Self { who: Who::Ours, command })
    }

    /// Starts it and waits until it is ready. `log` takes what it prints.
    pub(crate) async fn start(&self, port: u16, with_database: bool, log: &Path) -> Result<Server> {
        let database = if with_database { mariadb::URL } else { "none" };
        let port_word = port.to_string();
        let mut words = self
            .command
            .iter()
            .map(|word| word.replace("{port}", &port_word).replace("{database}", database));
        let mut command = Command::new(words.next().context("the command of the server is empty")?);
        command.args(words).envs([
            ("PORT", port_word.as_str()),
            ("NODE_ENV", "production"),
            ("TURN_SECRET", TURN_SECRET),
        ]);
        match self.who {
            Who::Ours => command.envs(OUR_ENVIRONMENT),
            Who::Node => command.env_remove("MYSQL_DATABASE"),
        };
        if self.who == Who::Node && with_database {
            command.envs(mariadb::ENVIRONMENT);
        }
        let output = File::create(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("could not start {command:?}"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Server { child, address, log: log.to_owned() };
        server.ready().await?;
        Ok(server)
    }
}

/// A server that runs. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    async fn ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while !is_ready(self.address).await.unwrap_or(false) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once ({status}): {}", self.last_words());
            }
            if Instant::now() > deadline {
                bail!("GET /api/health/ready gave no 200 within 30 s: {}", self.last_words());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn end(mut self) -> Result<()> {
        terminate(&self.child)?;
        let deadline = Instant::now() + ENDS_WITHIN;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                bail!("the server did not stop within 30 s: {}", self.last_words());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It fails only if the process is gone, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends SIGTERM to a process that we started and did not yet wait for, so the number is still its own.
pub(crate) fn terminate(child: &Child) -> Result<()> {
    let status = Command::new("kill").arg(child.id().to_string()).status().context("kill is needed")?;
    anyhow::ensure!(status.success(), "could not end process {}", child.id());
    Ok(())
}

async fn is_ready(address: SocketAddr) -> Result<bool> {
    Ok(get(address, "/api/health/ready").await?.starts_with("HTTP/1.1 200"))
}

/// Asks the server for a page: its answer, head and all.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// A port that nobody listens on, below those that the kernel gives to clients: ours are many.
pub(crate) fn free_port() -> Result<u16> {
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (first..32_768).chain(20_000..first).find(free).context("no free port between 20000 and 32767")
}
