//! One connection with one face for both drivers: SQL text in, plain values in and out.
//!
//! What differs between the dialects is text, and stands beside its use; what differs between the drivers' types
//! stops here.
use sqlx::{
    Arguments, AssertSqlSafe, Connection, Executor, MySql, MySqlConnection, Row as _, Sqlite,
    SqliteConnection,
    mysql::{MySqlArguments, MySqlRow},
    pool::PoolConnection,
    sqlite::{SqliteArguments, SqliteRow},
};
use std::{borrow::Cow, collections::HashMap, sync::Arc};

/// Which SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    /// MariaDB or MySQL.
    MySql,
}

/// What goes in.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value<'_> {
    /// Ids and milliseconds: both keep below 2^53.
    fn from(number: u64) -> Self {
        Self::Int(number.try_into().unwrap_or(i64::MAX))
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        // NaN and infinity are no numbers in SQL.
        if number.is_finite() { Self::Float(number) } else { Self::Null }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What comes out: one row. A value of another type, or text that is no UTF-8, reads as absent.
pub(super) enum Row {
    Sqlite(SqliteRow),
    MySql(MySqlRow),
}

impl Row {
    pub(super) fn int(&self, column: usize) -> Option<i64> {
        match self {
            Self::Sqlite(row) => row.try_get(column).ok().flatten(),
            // A messenger's ids may be unsigned, which the checked form would not read as `i64`.
            Self::MySql(row) => row
                .try_get::<Option<i64>, _>(column)
                .or_else(|_| row.try_get::<Option<u64>, _>(column).map(|n| n.and_then(|n| n.try_into().ok())))
                .ok()
                .flatten(),
        }
    }

    pub(super) fn text(&self, column: usize) -> Option<String> {
        match self {
            Self::Sqlite(row) => row.try_get(column).ok().flatten(),
            // `information_schema` and old tables have text in columns that call themselves binary.
            Self::MySql(row) => row
                .try_get::<Option<String>, _>(column)
                .or_else(|_| row.try_get_unchecked::<Option<String>, _>(column))
                .ok()
                .flatten(),
        }
    }
}

/// A connection, of a pool or of its own.
pub(super) struct Conn {
    raw: Raw,
    /// Texts of multi-row statements: built once, found by the driver's own cache of prepared statements.
    texts: HashMap<(&'static str, usize), Arc<str>>,
}

enum Raw {
    Sqlite(PoolConnection<Sqlite>),
    MySql(PoolConnection<MySql>),
}

impl Conn {
    pub(super) fn sqlite(conn: PoolConnection<Sqlite>) -> Self {
        Self { raw: Raw::Sqlite(conn), texts: HashMap::new() }
    }

    pub(super) fn mysql(conn: PoolConnection<MySql>) -> Self {
        Self { raw: Raw::MySql(conn), texts: HashMap::new() }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.raw {
            Raw::Sqlite(_) => Dialect::Sqlite,
            Raw::MySql(_) => Dialect::MySql,
        }
    }

    /// Runs one statement without parameters, unprepared.
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        match &mut self.raw {
            Raw::Sqlite(conn) => (&mut **conn).execute(AssertSqlSafe(sql)).await.map(drop),
            Raw::MySql(conn) => (&mut **conn).execute(AssertSqlSafe(sql)).await.map(drop),
        }
    }

    /// Runs one prepared statement and says how many rows it touched.
    pub(super) async fn execute(&mut self, sql: Arc<str>, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(sql);
        match &mut self.raw {
            Raw::Sqlite(conn) => {
                let query = sqlx::query_with(sql, sqlite_arguments(values)?);
                query.execute(&mut **conn).await.map(|done| done.rows_affected())
            }
            Raw::MySql(conn) => {
                let query = sqlx::query_with(sql, mysql_arguments(values)?);
                query.execute(&mut **conn).await.map(|done| done.rows_affected())
            }
        }
    }

    /// Asks one prepared question.
    pub(super) async fn fetch(
        &mut self,
        sql: impl Into<Arc<str>>,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, sqlx::Error> {
        let sql = AssertSqlSafe(sql.into());
        Ok(match &mut self.raw {
            Raw::Sqlite(conn) => {
                let query = sqlx::query_with(sql, sqlite_arguments(values)?);
                query.fetch_all(&mut **conn).await?.into_iter().map(Row::Sqlite).collect()
            }
            Raw::MySql(conn) => {
                let query = sqlx::query_with(sql, mysql_arguments(values)?);
                query.fetch_all(&mut **conn).await?.into_iter().map(Row::MySql).collect()
            }
        })
    }

    /// The largest statement that the database takes, in bytes; one that is larger costs the connection.
    pub(super) async fn largest_statement(&mut self) -> Result<usize, sqlx::Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(usize::MAX),
            Dialect::MySql => {
                let rows = self.fetch("SELECT CAST(@@max_allowed_packet AS SIGNED)", &[]).await?;
                let bytes = rows.first().and_then(|row| row.int(0));
                Ok(bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or(usize::MAX))
            }
        }
    }

    /// The text of a multi-row statement, built once for its name and number of rows.
    pub(super) fn text(
        &mut self,
        name: &'static str,
        rows: usize,
        build: impl FnOnce() -> String,
    ) -> Arc<str> {
        self.texts.entry((name, rows)).or_insert_with(|| build().into()).clone()
    }

    /// Starts a transaction that may write from its first statement on.
    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        match self.dialect() {
            // A deferred one would fail instead of wait when another connection writes in between.
            Dialect::Sqlite => self.run("BEGIN IMMEDIATE").await,
            Dialect::MySql => self.run("BEGIN").await,
        }
    }

    pub(super) async fn commit(&mut self) -> Result<(), sqlx::Error> {
        self.run("COMMIT").await
    }

    pub(super) async fn rollback(&mut self) -> Result<(), sqlx::Error> {
        self.run("ROLLBACK").await
    }

    /// Takes the connection out of its pool and drops it: after a fault nobody knows what state it is in.
    pub(super) fn discard(self) {
        match self.raw {
            Raw::Sqlite(conn) => drop(conn.detach()),
            Raw::MySql(conn) => drop(conn.detach()),
        }
    }

    /// The driver's own connection, for migrations.
    pub(super) fn raw_sqlite(&mut self) -> Option<&mut SqliteConnection> {
        match &mut self.raw {
            Raw::Sqlite(conn) => Some(conn),
            Raw::MySql(_) => None,
        }
    }

    /// The driver's own connection, for migrations.
    pub(super) fn raw_mysql(&mut self) -> Option<&mut MySqlConnection> {
        match &mut self.raw {
            Raw::Sqlite(_) => None,
            Raw::MySql(conn) => Some(conn),
        }
    }

    /// Says goodbye to the database.
    pub(super) async fn hang_up(self) {
        let bye = match self.raw {
            Raw::Sqlite(conn) => conn.detach().close().await,
            Raw::MySql(conn) => conn.detach().close().await,
        };
        // Everything was committed before; a connection that is already gone is as good as a closed one.
        drop(bye);
    }
}

fn sqlite_arguments(values: &[Value<'_>]) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Int(number) => arguments.add(*number),
            Value::Float(number) => arguments.add(*number),
            Value::Text(text) => arguments.add(text.clone().into_owned()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn mysql_arguments(values: &[Value<'_>]) -> Result<MySqlArguments, sqlx::Error> {
    let mut arguments = MySqlArguments::default();
    for value in values {
        match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Int(number) => arguments.add(*number),
            Value::Float(number) => arguments.add(*number),
            Value::Text(text) => arguments.add(text.as_ref()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
