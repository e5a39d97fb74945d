//! Opening: connect, make or adopt the tables, and say in words what is wrong.
use super::{Backend, DatabaseSettings, OpenError, PATIENCE, Place, Store, adopt, conn::Conn};
use sqlx::{
    Connection,
    migrate::{MigrateError, Migrator},
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// The messenger may use sqlx too; its own `_sqlx_migrations` stays its own.
const MIGRATIONS: &str = "wo_calls_migrations";

/// How long one server waits for another that prepares the same tables.
const OTHERS_PREPARE: Duration = Duration::from_secs(60);

/// How long a file may be held by another program.
const BUSY: Duration = Duration::from_secs(5);

/// Connections that read; the writer takes one of them for itself.
const CONNECTIONS: u32 = 5;

impl Store {
    /// Connects, makes the tables that are missing and adopts those that exist.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, OpenError> {
        let place = &settings.place;
        let backend = match place {
            Place::Memory => return Ok(Self::memory()),
            Place::Sqlite(file) => open_sqlite(file).await,
            Place::MySql(options) => open_mysql(place, options).await,
        }?;
        Ok(Self { backend, store_candidates: settings.store_candidates })
    }
}

async fn open_sqlite(file: &Path) -> Result<Backend, OpenError> {
    let begun = Instant::now();
    loop {
        match try_sqlite(file).await {
            // Two that turn a new file to WAL at once do not wait for each other as they do for a transaction: SQLite
            // tells one of them straight away.
            Err(OpenError::Locked { .. }) if begun.elapsed() < BUSY => tokio::time::sleep(BUSY / 100).await,
            opened => return opened,
        }
    }
}

async fn try_sqlite(file: &Path) -> Result<Backend, OpenError> {
    let shown = file.display().to_string();
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make_private_folder(folder)
            .map_err(|cause| OpenError::File { file: shown.clone(), cause: cause.into() })?;
    }
    make_private_file(file).map_err(|cause| OpenError::File { file: shown.clone(), cause: cause.into() })?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        // Readers do not wait for the writer, and a killed process loses nothing that was committed.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY);
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        // Nothing to ask: a file does not hang up.
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(|cause| explain_file(&shown, cause))?;
    let backend = Backend::Sqlite(pool.clone());
    let mut conn = Conn::sqlite(pool.acquire().await.map_err(|cause| explain_file(&shown, cause))?);
    migrate_sqlite(&mut conn, &shown).await?;
    Ok(backend)
}

/// Who called whom, and from which address, is nobody else's on this machine to read.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the file if it is not there; one that is keeps the rights that somebody gave it.
fn make_private_file(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

async fn migrate_sqlite(conn: &mut Conn, file: &str) -> Result<(), OpenError> {
    let failed = |cause| explain_file(file, cause);
    let place = &format!("sqlite:{file}");
    let mut migrator = sqlx::migrate!("migrations/sqlite");
    migrator.dangerous_set_table_name(MIGRATIONS);
    let raw = conn.raw_sqlite().expect("the connection is one to SQLite");
    // A second server waits for this transaction, then finds nothing to do.
    let mut whole = raw.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    migrator.run_direct(None, &mut *whole, false).await.map_err(|cause| match cause {
        MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => failed(cause),
        cause => migrate_error(place, cause),
    })?;
    whole.commit().await.map_err(failed)?;
    conn.begin().await.map_err(failed)?;
    adopt::adopt(conn, place).await?;
    conn.commit().await.map_err(failed)
}

async fn open_mysql(place: &Place, options: &MySqlConnectOptions) -> Result<Backend, OpenError> {
    let options = session(options.clone());
    let explain = |cause| explain(place, &options, cause);
    // Once without the pool, which would try again and again until its time is over and then say only that.
    let first = tokio::time::timeout(Duration::from_secs(10), sqlx::MySqlConnection::connect_with(&options));
    match first.await {
        // Whether it hangs up in good order does not matter.
        Ok(Ok(conn)) => drop(conn.close().await),
        Ok(Err(cause)) => return Err(explain(cause)),
        Err(_) => return Err(explain(sqlx::Error::PoolTimedOut)),
    }
    let pool = MySqlPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(0)
        .acquire_timeout(PATIENCE)
        .after_connect(|conn, _| {
            Box::pin(async move {
                // Strict, so that a number too large for its column is an error and not another number.
                let strict = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')";
                sqlx::Executor::execute(conn, strict).await.map(drop)
            })
        })
        .connect_with(options.clone())
        .await
        .map_err(explain)?;
    let mut conn = Conn::mysql(pool.acquire().await.map_err(explain)?);
    prepare_mysql(&mut conn, place, &options).await?;
    Ok(Backend::MySql(pool))
}

/// The session keeps the server's own time zone: what `CURRENT_TIMESTAMP` and `CURDATE()` mean to everybody else.
fn session(options: MySqlConnectOptions) -> MySqlConnectOptions {
    options.timezone(None).charset("utf8mb4").pipes_as_concat(false).statement_cache_capacity(256)
}

async fn prepare_mysql(
    conn: &mut Conn,
    place: &Place,
    options: &MySqlConnectOptions,
) -> Result<(), OpenError> {
    let explain = |cause| explain(place, options, cause);
    // MariaDB commits each change of a table at once, so a lock by name keeps other servers out. It goes with the
    // connection if this process is killed.
    let lock = format!("{MIGRATIONS}.{}", options.get_database().unwrap_or_default());
    let lock: String = lock.chars().take(64).collect();
    let seconds = OTHERS_PREPARE.as_secs().into();
    let got = conn.fetch("SELECT GET_LOCK(?, ?)", &[lock.as_str().into(), seconds]).await.map_err(explain)?;
    if got.first().and_then(|row| row.int(0)) != Some(1) {
        return Err(explain(sqlx::Error::PoolTimedOut));
    }
    let prepared = prepare_locked(conn, place, options).await;
    // If this fails the connection is gone, and the lock with it.
    let unlocked = conn.fetch("SELECT RELEASE_LOCK(?)", &[lock.as_str().into()]).await;
    prepared.and(unlocked.map(drop).map_err(explain))
}

async fn prepare_locked(
    conn: &mut Conn,
    place: &Place,
    options: &MySqlConnectOptions,
) -> Result<(), OpenError> {
    let explain = |cause| explain(place, options, cause);
    let shown = place.shown();
    let known = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?";
    if !conn.fetch(known, &[MIGRATIONS.into()]).await.map_err(explain)?.is_empty() {
        // A server was killed in the middle. Every statement of ours can run again, so it starts over.
        let again = format!("DELETE FROM {MIGRATIONS} WHERE success = FALSE");
        conn.run(&again).await.map_err(explain)?;
    }
    let mut migrator: Migrator = sqlx::migrate!("migrations/mysql");
    migrator.dangerous_set_table_name(MIGRATIONS);
    migrator.set_locking(false);
    let raw = conn.raw_mysql().expect("the connection is one to MariaDB");
    migrator.run_direct(None, raw, false).await.map_err(|cause| match cause {
        MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => explain(cause),
        cause => migrate_error(&shown, cause),
    })?;
    adopt::adopt(conn, &shown).await.map_err(|error| match error {
        OpenError::Database { cause, .. } => explain(cause),
        error => error,
    })
}

fn migrate_error(place: &str, cause: MigrateError) -> OpenError {
    match cause {
        cause @ (MigrateError::VersionMissing(_)
        | MigrateError::VersionNotPresent(_)
        | MigrateError::VersionTooNew(..)) => OpenError::Newer(cause),
        cause => OpenError::Migrate { place: place.into(), cause },
    }
}

/// What an error of SQLite means to the operator.
fn explain_file(file: &str, cause: sqlx::Error) -> OpenError {
    let code = match &cause {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<u32>().ok()),
        _ => None,
    };
    let file = file.to_owned();
    // The low byte is the primary code.
    match code.map(|code| code & 0xff) {
        // BUSY, LOCKED.
        Some(5 | 6) => OpenError::Locked { file },
        // CORRUPT, NOTADB.
        Some(11 | 26) => OpenError::NoDatabaseFile { file, cause },
        // READONLY, IOERR, FULL, CANTOPEN; without a code the system spoke.
        Some(8 | 10 | 13 | 14) | None => OpenError::File { file, cause },
        Some(_) => OpenError::Database { place: format!("sqlite:{file}"), cause },
    }
}

/// What an error of MariaDB means to the operator.
fn explain(place: &Place, options: &MySqlConnectOptions, cause: sqlx::Error) -> OpenError {
    let (shown, user) = (place.shown(), options.get_username().to_owned());
    let number = match &cause {
        sqlx::Error::Database(error) => {
            error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(|error| error.number())
        }
        _ => None,
    };
    match (number, &cause) {
        (Some(1045 | 1698), _) => OpenError::AccessDenied { place: shown, user },
        (Some(1049), _) => {
            let database = options.get_database().unwrap_or_default().to_owned();
            OpenError::NoDatabase { place: shown, database }
        }
        (Some(1044 | 1142 | 1143 | 1227 | 1370), _) => OpenError::NoRights { place: shown, user, cause },
        (_, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut) => {
            OpenError::Unreachable { place: shown, cause }
        }
        _ => OpenError::Database { place: shown, cause },
    }
}
