//! The server as a process of its own, to be stopped by signals as in real life.
use anyhow::{Context, Result, ensure};
use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

/// Nothing here takes so long, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. Dropping it kills it.
pub struct Process {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

/// A port that nobody listens on, below those that the system gives to clients.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    // Tests of one program look from different places.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 21_000 + (std::process::id() % 5_000) as u16;
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let mut ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed) % 5_000);
    ports.by_ref().take(5_000).find(free).expect("a free port between 21000 and 31000")
}

impl Process {
    /// Starts the program with these settings, and waits until it is ready. Says how long that took.
    pub async fn start(
        program: &str,
        folder: &Path,
        port: u16,
        environment: &[(&str, &str)],
    ) -> Result<(Self, Duration)> {
        let mut process = Self::spawn(program, folder, port, environment)?;
        let after = process.ready().await?;
        Ok((process, after))
    }

    /// Waits until it is ready. Says how long that took from now on.
    pub async fn ready(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        loop {
            if get(self.address, "/api/health/ready").await.is_ok_and(|page| page.starts_with("HTTP/1.1 200"))
            {
                return Ok(begun.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("the server ended at once ({status}): {}", self.log());
            }
            ensure!(begun.elapsed() < PATIENCE, "the server is not ready: {}", self.log());
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Starts the program and waits for nothing.
    pub fn spawn(program: &str, folder: &Path, port: u16, environment: &[(&str, &str)]) -> Result<Self> {
        Self::spawn_telling(program, folder, port, environment, &folder.join("server.log"))
    }

    /// Starts the program, with all it prints going to the end of a file.
    pub fn spawn_telling(
        program: &str,
        folder: &Path,
        port: u16,
        environment: &[(&str, &str)],
        log: &Path,
    ) -> Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let child = Command::new(program)
            .current_dir(folder)
            .env_clear()
            .env("PORT", port.to_string())
            .env("TURN_PORT", "0")
            .env("SFU", "off")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("could not start {program}"))?;
        Ok(Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), log: log.into() })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its number, for /proc.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kilobytes of memory that it holds.
    pub fn resident_kb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        Ok(line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?.parse()?)
    }

    /// Ends it as `kill -9` or a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as a service manager would.
    pub fn terminate(&self) -> Result<()> {
        let status = Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(status.success(), "the process is gone already");
        Ok(())
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(begun.elapsed() < PATIENCE, "the server does not end: {}", self.log());
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// All that it has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A number from the page of metrics.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let page = get(self.address, "/metrics").await?;
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.with_context(|| format!("no {name} on the page"))?.trim().parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It fails only if the process is gone, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks a server for a page: its answer, head and all.
pub async fn get(address: SocketAddr, path: &str) -> Result<String> {
    get_with(address, path, "").await
}

/// Asks with further lines in the head, each with its end.
pub async fn get_with(address: SocketAddr, path: &str, lines: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{lines}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
