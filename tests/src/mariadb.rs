//! A real MariaDB as a plain process: own folder, own socket, no network, ended by its own pid.
//!
//! Laying out a data folder takes seconds, so one is kept as a template and copied for each server. Tests that run at
//! the same time share a server, each with a database of its own; a test that kills it takes one to itself.
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

/// A running server, until it is dropped.
pub struct MariaDb {
    folder: PathBuf,
    process: Mutex<Option<Child>>,
    databases: AtomicU32,
}

static SHARED: Mutex<Weak<MariaDb>> = Mutex::new(Weak::new());
static SERVERS: AtomicU32 = AtomicU32::new(0);

/// Small files: a test writes little, and the template is copied.
const SMALL: [&str; 2] = ["--innodb-log-file-size=16M", "--innodb-data-file-path=ibdata1:12M:autoextend"];

impl MariaDb {
    /// The server that tests share; started by the first, ended after the last.
    pub fn shared() -> Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let started = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// A server for one test.
    pub fn start() -> Result<Self> {
        let template = template()?;
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        // Short: the path of a socket may have no more than 107 characters.
        let folder = std::env::temp_dir().join(format!("wmc-mariadb-{}-{number}", std::process::id()));
        copy_folder(&template, &folder.join("data"))?;
        fs::create_dir(folder.join("tmp"))?;
        let server = Self { folder, process: Mutex::new(None), databases: AtomicU32::new(0) };
        server.resume()?;
        Ok(server)
    }

    /// Starts the process again on the same data.
    pub fn resume(&self) -> Result<()> {
        let mut child = Command::new(program("mariadbd")?)
            .args(["--no-defaults", &format!("--user={}", user())])
            .arg(format!("--datadir={}", self.folder.join("data").display()))
            .arg(format!("--socket={}", self.socket().display()))
            .arg(format!("--pid-file={}", self.folder.join("pid").display()))
            // Its own: a server that begins deletes what it finds there, of others as well.
            .arg(format!("--tmpdir={}", self.folder.join("tmp").display()))
            .args(["--skip-networking", "--innodb-flush-log-at-trx-commit=1", "--performance-schema=OFF"])
            .args(SMALL)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("mariadbd does not start")?;
        let mut log = BufReader::new(child.stderr.take().context("mariadbd has a log")?);
        let mut told = String::new();
        loop {
            let before = told.len();
            if log.read_line(&mut told)? == 0 {
                bail!("mariadbd ended: {told}");
            }
            if told[before..].contains("ready for connections") {
                break;
            }
        }
        // Reads on until the process ends: a full pipe would stop it.
        std::thread::spawn(move || log.lines().map_while(|line| line.ok()).for_each(drop));
        *self.process() = Some(child);
        Ok(())
    }

    /// Kills the process as `kill -9` does, if it runs.
    pub fn kill(&self) {
        if let Some(mut child) = self.process().take() {
            // Only fails for a process that has ended, which is what is wanted.
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// The pid, for who wants to count its CPU.
    pub fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Child::id)
    }

    /// A name for a new database.
    pub fn database_name(&self) -> String {
        format!("calls_{}", self.databases.fetch_add(1, Ordering::Relaxed))
    }

    /// Where a database of this server is, for this user.
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        let socket = self.socket().display().to_string().replace('/', "%2F");
        format!("mysql://{user}:{password}@localhost/{database}?socket={socket}")
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        self.kill();
        // What stays behind is in the folder for temporary files.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A laid-out data folder; made once for a version of MariaDB and kept beside the build.
fn template() -> Result<PathBuf> {
    static ONCE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = ONCE.lock().unwrap_or_else(PoisonError::into_inner);
    let version = Command::new(program("mariadbd")?).args(["--no-defaults", "--version"]).output()?.stdout;
    let name: String =
        String::from_utf8_lossy(&version).chars().filter(char::is_ascii_alphanumeric).collect();
    let cache = std::env::temp_dir().join(format!("wmc-mariadb-template-{}", user()));
    let finished = cache.join(&name);
    if finished.is_dir() {
        return Ok(finished);
    }
    // Another test binary may do the same: each makes its own, the first to finish gives it the name.
    let mine = cache.join(format!("{name}.{}", std::process::id()));
    fs::create_dir_all(&cache)?;
    let laid_out = Command::new(program("mariadb-install-db")?)
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--user={}", user()))
        .arg(format!("--datadir={}", mine.display()))
        .args(SMALL)
        .output()?;
    let log = String::from_utf8_lossy(&laid_out.stderr);
    ensure!(laid_out.status.success(), "mariadb-install-db failed: {log}");
    if let Err(error) = fs::rename(&mine, &finished) {
        ensure!(finished.is_dir(), "{}: {error}", finished.display());
        fs::remove_dir_all(&mine)?;
    }
    Ok(finished)
}

fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    found.with_context(|| format!("{name} is not here: run `cargo xtask setup`"))
}

/// MariaDB refuses to be root unless told so.
fn user() -> String {
    let name = Command::new("id").arg("-un").output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&name).trim().to_owned()
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
