//! What can go wrong, in words that a person can act on. No error shows a password.
use super::fault::is_missing;
use sqlx::migrate::MigrateError;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server writes to it.
    #[error(
        "another calls-server writes to this database; stop it first: two servers would give one id to two calls"
    )]
    Claimed,
    /// Nobody answers there.
    #[error("cannot reach the database at {place}: {cause}; is it running, and are host and port right?")]
    Unreachable {
        /// Where, without secrets.
        place: String,
        /// What the driver says.
        #[source]
        cause: sqlx::Error,
    },
    /// Wrong name or password.
    #[error("the database at {place} refuses user {user:?}: check the user and its password")]
    AccessDenied {
        /// Where, without secrets.
        place: String,
        /// Who tried.
        user: String,
    },
    /// The server is there, the database is not.
    #[error("there is no database {database:?} at {place}: create it, or correct the name")]
    NoDatabase {
        /// Where, without secrets.
        place: String,
        /// Its name.
        database: String,
    },
    /// The user may not do what is needed.
    #[error(
        "user {user:?} lacks rights at {place}: {cause}; it needs SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER \
         and INDEX on the tables of calls (docs/database.md has the grants)"
    )]
    NoRights {
        /// Where, without secrets.
        place: String,
        /// Who tried.
        user: String,
        /// What the database says.
        #[source]
        cause: sqlx::Error,
    },
    /// The file cannot be made, read or written.
    #[error(
        "cannot use the file {file}: {cause}; may this user write there, and is there room on the disk? database_url \
         names another place"
    )]
    File {
        /// Which one.
        file: String,
        /// Why.
        #[source]
        cause: sqlx::Error,
    },
    /// Another program has it.
    #[error(
        "another program holds the file {file}, perhaps another server: stop it, or give this one a database_url of \
         its own"
    )]
    Locked {
        /// Which one.
        file: String,
    },
    /// It is a file of something else, or a broken one.
    #[error(
        "{file} is no database that can be read ({cause}): restore a backup, or name another file in database_url"
    )]
    NoDatabaseFile {
        /// Which one.
        file: String,
        /// Why.
        #[source]
        cause: sqlx::Error,
    },
    /// A table that exists is not one we can write to.
    #[error("table {table} has column {column} {found}, but {wanted} is needed; {remedy}")]
    Column {
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
        /// What it is.
        found: String,
        /// What it has to be.
        wanted: &'static str,
        /// What to do.
        remedy: String,
    },
    /// A newer server has been here.
    #[error("the database was written by a newer version of this server ({0}); start that version")]
    Newer(#[source] MigrateError),
    /// The tables could not be made.
    #[error("cannot prepare the tables at {place}: {cause}")]
    Migrate {
        /// Where, without secrets.
        place: String,
        /// Why.
        #[source]
        cause: MigrateError,
    },
    /// Anything else that the database says.
    #[error("the database at {place} fails: {cause}")]
    Database {
        /// Where, without secrets.
        place: String,
        /// What it says.
        #[source]
        cause: sqlx::Error,
    },
}

/// The database did not answer a question.
#[derive(Debug, thiserror::Error)]
#[error("the database does not answer: {0}")]
pub struct QueryError(#[from] sqlx::Error);

impl QueryError {
    /// Whether a table or column is not there: no fault of the database, and asking again is in vain.
    pub(super) fn is_missing(&self) -> bool {
        is_missing(&self.0)
    }
}
