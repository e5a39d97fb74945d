//! A MariaDB of the bench's own: own folder, own socket, ended with the bench.
use super::{machine::says, server::terminate};
use anyhow::{Context, Result, bail, ensure};
use sqlx::{Connection as _, MySqlConnection, mysql::MySqlConnectOptions};
use std::{
    fs::File,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Below the ports that the kernel gives to clients, and not MariaDB's own.
const PORT: &str = "18306";
pub(crate) const URL: &str = "mysql://signalling:signalling@127.0.0.1:18306/signalling";
/// The same, for the baseline.
pub(crate) const ENVIRONMENT: [(&str, &str); 5] = [
    ("MYSQL_HOST", "127.0.0.1"),
    ("MYSQL_PORT", PORT),
    ("MYSQL_USER", "signalling"),
    ("MYSQL_PASSWORD", "signalling"),
    ("MYSQL_DATABASE", "signalling"),
];

const SCHEMA: &str = include_str!("baseline/schema.sql");
const BASELINE_TABLES: &str = include_str!("baseline/tables.sql");
/// A writer that was silent for so long has nothing left.
const NO_MORE_AFTER: Duration = Duration::from_secs(5);

/// Whether it can be started here.
pub(crate) fn is_installed() -> bool {
    says("mariadbd", &["--version"]).is_ok() && says("sh", &["-c", "command -v mariadb-install-db"]).is_ok()
}

/// A running MariaDB. Dropping it ends it.
pub(crate) struct MariaDb {
    child: Child,
    connection: MySqlConnection,
}

impl MariaDb {
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let user = format!("--user={}", says("id", &["-un"])?);
        let data = format!("--datadir={}", folder.join("mariadb").display());
        let socket = folder.join("mariadb.sock");
        says(
            "mariadb-install-db",
            &["--no-defaults", &user, &data, "--auth-root-authentication-method=normal", "--skip-test-db"],
        )?;
        let log = File::create(folder.join("mariadb.log"))?;
        // Default settings, as most run it: each commit waits for the disk.
        let child = Command::new("mariadbd")
            .args(["--no-defaults", &user, &data, "--bind-address=127.0.0.1", &format!("--port={PORT}")])
            .arg(format!("--socket={}", socket.display()))
            .arg(format!("--pid-file={}", folder.join("mariadb.pid").display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("could not start mariadbd")?;
        // From here on the process has an owner who ends it.
        let mut child = Starting(Some(child));
        let options = MySqlConnectOptions::new().socket(&socket).username("root");
        let deadline = Instant::now() + Duration::from_secs(60);
        let connection = loop {
            match MySqlConnection::connect_with(&options).await {
                Ok(connection) => break connection,
                Err(error) if Instant::now() > deadline => {
                    return Err(error).context("MariaDB did not start");
                }
                Err(_) => {}
            }
            if let Some(status) = child.0.as_mut().and_then(|child| child.try_wait().transpose()) {
                bail!("MariaDB ended at once ({}), is port {PORT} taken?", status?);
            }
            sleep(Duration::from_millis(50)).await;
        };
        let mut database = Self { child: child.0.take().context("taken once")?, connection };
        database
            .run("CREATE USER signalling@'127.0.0.1' IDENTIFIED BY 'signalling'; GRANT ALL ON signalling.* TO signalling@'127.0.0.1'")
            .await?;
        Ok(database)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A database as a messenger has it, without any call; with the baseline's own tables if it needs them.
    pub(crate) async fn renew(&mut self, for_baseline: bool) -> Result<()> {
        self.run("DROP DATABASE IF EXISTS signalling; CREATE DATABASE signalling CHARACTER SET utf8mb4; USE signalling")
            .await?;
        self.run(SCHEMA).await?;
        if for_baseline {
            self.run(BASELINE_TABLES).await?;
        }
        Ok(())
    }

    /// What is written by now.
    pub(crate) async fn rows(&mut self) -> Result<Rows> {
        Ok(Rows {
            at: Instant::now(),
            ended: self.count("SELECT COUNT(*) FROM wo_calls WHERE status = 'ended'").await?,
            candidates: self.count("SELECT COUNT(*) FROM wo_ice_candidates").await?,
        })
    }

    /// Waits until that many rows are there, or no more come: a server may write behind a call's back, and a queue
    /// that is full may lose candidates.
    pub(crate) async fn settled(&mut self, ended: u64, candidates: u64) -> Result<Rows> {
        let mut last = self.rows().await?;
        while last.ended < ended || last.candidates < candidates {
            sleep(Duration::from_millis(100)).await;
            let now = self.rows().await?;
            if (now.ended, now.candidates) != (last.ended, last.candidates) {
                last = now;
            } else if last.at.elapsed() > NO_MORE_AFTER {
                break;
            }
        }
        let Rows { ended: there, candidates: with, .. } = last;
        ensure!(
            there <= ended && with <= candidates,
            "{there} calls and {with} candidates are in the database, but there were {ended} and {candidates}"
        );
        Ok(last)
    }

    async fn count(&mut self, query: &'static str) -> Result<u64> {
        let count: i64 = sqlx::query_scalar(query).fetch_one(&mut self.connection).await?;
        Ok(u64::try_from(count)?)
    }

    async fn run(&mut self, statements: &'static str) -> Result<()> {
        sqlx::raw_sql(statements).execute(&mut self.connection).await?;
        Ok(())
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // Its folder is about to go: what matters is that it ends.
        if terminate(&self.child).is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// How much was written at a moment.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    /// When it was first seen to be so much.
    pub(crate) at: Instant,
    /// Calls that are over.
    pub(crate) ended: u64,
    pub(crate) candidates: u64,
}

/// Ends the process if the way to a [`MariaDb`] is cut short.
struct Starting(Option<Child>);

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
