//! What a failed statement means for the records in it: try again later, or never.

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The database is away, busy, full or not ready: the same statement may succeed later.
    Database,
    /// A value does not fit its column or breaks a constraint: it never will.
    Record,
}

/// Whether a table or column is not there, or not ours to read: asking again is in vain until somebody changes that.
pub(super) fn is_missing(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        // No such database, column, table; no rights on the database, the table, the column.
        return matches!(error.number(), 1049 | 1054 | 1146 | 1044 | 1142 | 1143);
    }
    // SQLite has no code of its own for it.
    let said = error.message();
    ["no such table", "no such column", "unknown database"].iter().any(|missing| said.contains(missing))
}

/// Whose fault this error is. In doubt it is the database's: waiting loses nothing.
pub(super) fn fault(error: &sqlx::Error) -> Fault {
    let sqlx::Error::Database(error) = error else {
        return Fault::Database;
    };
    let code = error.code().unwrap_or_default();
    let is_sqlite = error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
    let is_record = if is_sqlite {
        // The low byte is the primary code: TOOBIG, CONSTRAINT, MISMATCH.
        code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18..=20))
    } else {
        // SQLSTATE: 22 is a bad value, 23 a broken constraint. The numbers are bad values without a state of their own:
        // incorrect string, truncated ENUM, a column without default.
        let number = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(|e| e.number());
        code.starts_with("22") || code.starts_with("23") || matches!(number, Some(1265 | 1364 | 1366))
    };
    if is_record { Fault::Record } else { Fault::Database }
}
