//! One server a database: row ids are counted in memory, so two writers would give the same id to two calls.
use super::{Backend, OpenError, Store};
use sqlx::{Connection, Executor, MySqlConnection, Row};
use std::{fs::File, path::PathBuf, time::Duration};

/// How long a server waits for the one before it, which may be going just now.
const PATIENCE_SECONDS: u8 = 5;

/// How long it waits before it asks again.
const AGAIN: Duration = Duration::from_millis(100);

/// The right to write, given back when dropped: also by the system, when the process is killed.
#[derive(Debug)]
pub struct Claim {
    _held: Held,
}

#[derive(Debug)]
enum Held {
    Nothing,
    File { _file: File },
    Connection { _connection: Box<MySqlConnection> },
}

impl Store {
    /// Claims the database for this process, or says that another server writes to it.
    pub async fn claim(&self) -> Result<Claim, OpenError> {
        let held = match &self.backend {
            Backend::Memory => Held::Nothing,
            Backend::Sqlite(pool) => {
                let options = pool.connect_options();
                let mut name = options.get_filename().as_os_str().to_owned();
                name.push(".lock");
                Held::File { _file: lock_file(name.into()).await? }
            }
            Backend::MySql(pool) => {
                let failed = |cause| OpenError::Database { place: "mysql".into(), cause };
                let mut connection =
                    MySqlConnection::connect_with(&pool.connect_options()).await.map_err(failed)?;
                // The lock lives as long as this connection, which is never used again.
                connection.execute("SET SESSION wait_timeout = 31536000").await.map_err(failed)?;
                if !lock_in(&mut connection).await.map_err(failed)? {
                    return Err(OpenError::Claimed);
                }
                Held::Connection { _connection: Box::new(connection) }
            }
        };
        Ok(Claim { _held: held })
    }
}

/// Asks until it is granted. Not in one statement: one that waits for seconds is told in the log as a slow one.
async fn lock_in(connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    for _ in 0..u32::from(PATIENCE_SECONDS) * 10 {
        let ask = sqlx::query("SELECT GET_LOCK(CONCAT('calls-server:', LEFT(DATABASE(), 40)), 0)");
        let granted: Option<i64> = ask.fetch_one(&mut *connection).await?.try_get(0)?;
        if granted == Some(1) {
            return Ok(true);
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(false)
}

async fn lock_file(path: PathBuf) -> Result<File, OpenError> {
    let failed =
        |cause: std::io::Error| OpenError::File { file: path.display().to_string(), cause: cause.into() };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    for _ in 0..u32::from(PATIENCE_SECONDS) * 10 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::Error(cause)) => return Err(failed(cause)),
            Err(std::fs::TryLockError::WouldBlock) => {
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
    Err(OpenError::Claimed)
}
