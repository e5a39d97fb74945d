//! The two databases that the store is tested on, behind one face: an empty one for each test, and plain SQL.
use crate::mariadb::MariaDb;
use anyhow::{Context, Result};
use calls_server::db::{DatabaseSettings, Place, Store};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, Row, SqliteConnection};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// An empty database for one test.
pub struct Database {
    /// `sqlite` or `mariadb`, for messages.
    pub name: &'static str,
    kind: Kind,
}

enum Kind {
    Sqlite { folder: PathBuf },
    MariaDb { server: Arc<MariaDb>, database: String },
}

static FOLDERS: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// A file that does not exist yet.
    pub fn sqlite() -> Result<Self> {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("wmc-sqlite-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self { name: "sqlite", kind: Kind::Sqlite { folder } })
    }

    /// A database without tables on the server that tests share.
    pub async fn mariadb() -> Result<Self> {
        Self::on(MariaDb::shared()?).await
    }

    /// A database without tables on this server.
    pub async fn on(server: Arc<MariaDb>) -> Result<Self> {
        let database = server.database_name();
        let mut root = MySqlConnection::connect(&server.url("root", "", "")).await?;
        root.execute(AssertSqlSafe(format!("CREATE DATABASE {database} CHARACTER SET utf8mb4"))).await?;
        root.close().await?;
        Ok(Self { name: "mariadb", kind: Kind::MariaDb { server, database } })
    }

    /// One of each.
    pub async fn both() -> Result<[Self; 2]> {
        Ok([Self::sqlite()?, Self::mariadb().await?])
    }

    /// Whether it is MariaDB.
    pub fn is_mariadb(&self) -> bool {
        matches!(self.kind, Kind::MariaDb { .. })
    }

    /// As the operator would write it.
    pub fn url(&self) -> String {
        match &self.kind {
            Kind::Sqlite { folder } => format!("sqlite:{}", folder.join("calls.db").display()),
            Kind::MariaDb { server, database } => server.url("root", "", database),
        }
    }

    /// What the store is opened with.
    pub fn settings(&self) -> Result<DatabaseSettings> {
        Ok(DatabaseSettings::new(self.url().parse::<Place>()?))
    }

    /// Opens the store.
    pub async fn store(&self) -> Result<Store> {
        Ok(Store::open(&self.settings()?).await?)
    }

    /// Runs statements, separated by semicolons.
    pub async fn run(&self, sql: &str) -> Result<()> {
        self.run_all(sql).await.with_context(|| format!("{}: {sql}", self.name))
    }

    async fn run_all(&self, sql: &str) -> Result<()> {
        match &self.kind {
            Kind::Sqlite { folder } => {
                let options = sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(folder.join("calls.db"))
                    .create_if_missing(true);
                let mut conn = SqliteConnection::connect_with(&options).await?;
                conn.execute(AssertSqlSafe(sql)).await?;
                conn.close().await?;
            }
            Kind::MariaDb { .. } => {
                let mut conn = MySqlConnection::connect(&self.url()).await?;
                conn.execute(AssertSqlSafe(sql)).await?;
                conn.close().await?;
            }
        }
        Ok(())
    }

    /// What a person sees who asks this in the database's own client: one text a row, columns divided by `|`.
    pub async fn ask(&self, sql: &str) -> Result<Vec<String>> {
        self.ask_all(sql).await.with_context(|| format!("{}: {sql}", self.name))
    }

    async fn ask_all(&self, sql: &str) -> Result<Vec<String>> {
        fn text<R: Row>(row: &R, cell: impl Fn(usize) -> Option<String>) -> String {
            let cells = (0..row.columns().len()).map(|at| cell(at).unwrap_or_else(|| "NULL".into()));
            cells.collect::<Vec<_>>().join("|")
        }
        Ok(match &self.kind {
            Kind::Sqlite { .. } => {
                let mut conn = SqliteConnection::connect(&self.url()).await?;
                let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut conn).await?;
                conn.close().await?;
                rows.iter().map(|row| text(row, |at| row.try_get_unchecked(at).ok().flatten())).collect()
            }
            Kind::MariaDb { .. } => {
                // The session as any client has it, not as this driver would set it.
                let options: sqlx::mysql::MySqlConnectOptions = self.url().parse()?;
                let mut conn = MySqlConnection::connect_with(&options.timezone(None)).await?;
                let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut conn).await?;
                conn.close().await?;
                rows.iter().map(|row| text(row, |at| row.try_get_unchecked(at).ok().flatten())).collect()
            }
        })
    }

    /// Every row of the five tables in an order of their own, without the ids that the database gives.
    pub async fn everything(&self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for (table, columns, order) in [
            (
                "wo_calls",
                "id, from_id, to_id, call_type, status, room_name, sdp_offer, sdp_answer, created_at, accepted_at, \
                 ended_at, duration, end_reason, ended_by, created_ms, accepted_ms, expires_ms, from_device, to_device",
                "id",
            ),
            (
                "wo_group_calls",
                "id, group_id, initiated_by, call_type, status, room_name, created_at, started_at, ended_at, \
                 duration, end_reason, created_ms, started_ms, expires_ms",
                "id",
            ),
            (
                "wo_group_call_participants",
                "group_call_id, user_id, joined_at, left_at, duration, joined_ms, left_ms, device_id",
                "group_call_id, user_id",
            ),
            (
                "wo_ice_candidates",
                "room_name, user_id, candidate, sdp_mid, sdp_m_line_index, created_at",
                "room_name, user_id, candidate, created_at, record_key",
            ),
            (
                "wo_call_statistics",
                "call_id, group_call_id, user_id, call_type, rtt_ms, loss_pct, candidate_type, created_at",
                "user_id, created_at, record_key",
            ),
        ] {
            let rows = self.ask(&format!("SELECT {columns} FROM {table} ORDER BY {order}")).await?;
            all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        Ok(all)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Kind::Sqlite { folder } = &self.kind {
            // What stays behind is in the folder for temporary files.
            std::fs::remove_dir_all(folder).ok();
        }
    }
}
