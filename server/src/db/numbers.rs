//! The numbers of calls: which are free when a server starts.
//!
//! The rules count on in memory, and clients hear a number before its row is written. A server that was killed may have
//! given numbers that no row has; to give them again would make two calls of one. So a server that starts leaves a note
//! of how far it may count, takes the note away when it stops in good order, and one that finds a note leaves a gap.
use super::{
    QueryError, Store,
    conn::{Conn, Dialect, Row},
};

/// More calls than begin while a batch is on its way. Only a server that is killed while its database has been away
/// for long has more of them unwritten.
const GAP: u64 = 1_000;

/// The tables whose rows the rules number.
const TABLES: [&str; 2] = ["wo_calls", "wo_group_calls"];

impl Store {
    /// The numbers with which calls and group calls go on: no server before has given them, even one that was killed.
    pub async fn take_numbers(&self) -> Result<(u64, u64), QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok((1, 1)) };
        let [calls, groups] = TABLES;
        Ok((take(&mut conn, calls).await?, take(&mut conn, groups).await?))
    }

    /// Says that every number that was given has its row: the next server goes on without a gap.
    pub async fn settle_numbers(&self) -> Result<(), QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok(()) };
        Ok(conn.run("DELETE FROM wo_call_numbers").await?)
    }

    /// The first free id of `wo_calls`.
    pub async fn next_call_id(&self) -> Result<u64, QueryError> {
        self.next_id(TABLES[0]).await
    }

    /// The first free id of `wo_group_calls`.
    pub async fn next_group_call_id(&self) -> Result<u64, QueryError> {
        self.next_id(TABLES[1]).await
    }

    async fn next_id(&self, table: &'static str) -> Result<u64, QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok(1) };
        Ok(next_id(&mut conn, table).await?)
    }
}

async fn take(conn: &mut Conn, table: &'static str) -> Result<u64, sqlx::Error> {
    let free = next_id(conn, table).await?;
    let note = conn.fetch("SELECT taken FROM wo_call_numbers WHERE name = ?", &[table.into()]).await?;
    let first = match note.first() {
        Some(note) => (free + GAP).max(note.int(0).and_then(|taken| taken.try_into().ok()).unwrap_or(0)),
        None => free,
    };
    let note = "REPLACE INTO wo_call_numbers (name, taken) VALUES (?, ?)";
    conn.execute(note.into(), &[table.into(), (first + GAP).into()]).await?;
    Ok(first)
}

/// Past every row and past what the database has counted to: rows that were deleted keep their ids.
async fn next_id(conn: &mut Conn, table: &'static str) -> Result<u64, sqlx::Error> {
    let largest = conn.fetch(format!("SELECT MAX(id) FROM {table}"), &[]).await?;
    let counted = match conn.dialect() {
        Dialect::Sqlite => "SELECT seq + 1 FROM sqlite_sequence WHERE name = ?",
        Dialect::MySql => {
            "SELECT CAST(auto_increment AS SIGNED) FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name = ?"
        }
    };
    let counted = conn.fetch(counted, &[table.into()]).await?;
    let first = |rows: &[Row]| rows.first().and_then(|row| row.int(0)).unwrap_or(0);
    Ok(u64::try_from((first(&largest) + 1).max(first(&counted))).unwrap_or(1).max(1))
}
