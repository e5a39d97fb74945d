//! What the server remembers: five tables of calls, a table of devices, and a look into the messenger's own tables.
//!
//! One contract for SQLite (embedded), MariaDB or MySQL (beside a messenger), and no database at all. The rules of
//! calls hand over [`Record`](crate::calls::Record)s; [`Writer`] folds them by call and writes them in batches, so
//! that no call ever waits for a database. [`Store`] reads: what was going on before a restart, the history, the next
//! free ids. [`Directory`] knows names, groups and push tokens. Nothing here decides anything about a call.
mod adopt;
mod apply;
mod batch;
mod cache;
mod claim;
mod conn;
mod devices;
mod directory;
mod error;
mod fault;
mod history;
mod messenger;
mod numbers;
mod open;
mod outage;
mod place;
mod private;
mod probe;
mod queue;
mod rate;
mod record_key;
mod restart;
mod rows;
mod spill;
mod weight;
mod writer;

pub use claim::Claim;
pub use devices::Device;
pub use directory::{Asker, Directory, NoGroup};
pub use error::{OpenError, QueryError};
pub use history::{CursorError, Direction, History, HistoryCursor, HistoryEntry, Other};
pub use messenger::{IdentifierError, identifier};
pub use place::{DatabaseSettings, Place, PlaceError};
pub use probe::Missing;
pub use queue::{Dropped, QueueLimits};
pub use restart::{MalformedRow, OpenCalls};
pub use spill::Spill;
pub use writer::{Unwritten, Writer, WriterCounts, WriterLimits};

use conn::{Conn, Dialect};
use sqlx::{MySqlPool, SqlitePool};
use std::time::{Duration, Instant};

/// The database behind the server. Cloning is cheap: clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Backend,
    store_candidates: bool,
}

/// Two drivers, or none. Not `sqlx::Any`: it knows neither `DATETIME` nor what a dialect can do.
#[derive(Debug, Clone)]
enum Backend {
    /// Nothing outlives the process.
    Memory,
    Sqlite(SqlitePool),
    MySql(MySqlPool),
}

/// How long a reader waits for a connection before it says that the database is away.
const PATIENCE: Duration = Duration::from_secs(3);

impl Store {
    /// No database: nothing is remembered.
    pub fn memory() -> Self {
        Self { backend: Backend::Memory, store_candidates: false }
    }

    /// `none`, `sqlite` or `mysql`, for the health page.
    pub fn kind(&self) -> &'static str {
        match self.backend {
            Backend::Memory => "none",
            Backend::Sqlite(_) => "sqlite",
            Backend::MySql(_) => "mysql",
        }
    }

    /// Asks the database for a sign of life and says how long it took.
    pub async fn ping(&self) -> Result<Duration, QueryError> {
        let asked = Instant::now();
        if let Some(mut conn) = self.reader().await? {
            conn.fetch("SELECT 1", &[]).await?;
        }
        Ok(asked.elapsed())
    }

    /// Closes the connections. What a [`Writer`] still holds is its own business: close it first.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Memory => {}
            Backend::Sqlite(pool) => pool.close().await,
            Backend::MySql(pool) => pool.close().await,
        }
    }

    /// The dialect, if there is a database.
    fn dialect(&self) -> Option<Dialect> {
        match self.backend {
            Backend::Memory => None,
            Backend::Sqlite(_) => Some(Dialect::Sqlite),
            Backend::MySql(_) => Some(Dialect::MySql),
        }
    }

    /// A connection for the writer.
    async fn writing(&self) -> Result<Conn, sqlx::Error> {
        match &self.backend {
            Backend::Memory => Err(sqlx::Error::PoolClosed),
            Backend::Sqlite(pool) => pool.acquire().await.map(Conn::sqlite),
            Backend::MySql(pool) => pool.acquire().await.map(Conn::mysql),
        }
    }

    /// A connection of the pool; none without a database.
    async fn reader(&self) -> Result<Option<Conn>, QueryError> {
        Ok(match &self.backend {
            Backend::Memory => None,
            Backend::Sqlite(pool) => Some(Conn::sqlite(pool.acquire().await?)),
            Backend::MySql(pool) => Some(Conn::mysql(pool.acquire().await?)),
        })
    }
}
