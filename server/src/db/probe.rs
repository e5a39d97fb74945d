//! Whether the messenger's tables are what the settings say, asked once and told in one line, not with every call.
use super::{Directory, QueryError, Store, fault::is_missing, identifier};
use crate::settings::MessengerTables;
use std::fmt;

/// A table or column of the messenger that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The table.
    pub table: String,
    /// The column, if the table is there.
    pub column: Option<String>,
    /// The setting that names it.
    pub setting: &'static str,
    /// What follows from it.
    pub follows: &'static str,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, column, setting, follows } = self;
        match column {
            Some(column) => write!(f, "table {table} has no column {column} that can be read")?,
            None => write!(f, "there is no table {table} that can be read")?,
        }
        write!(f, ", so {follows} (grant SELECT, or set {setting})")
    }
}

const NO_NAMES: &str = "calls show ids in place of names";
const NO_GROUPS: &str = "group calls are refused";

/// A table, the setting that names it, its columns with theirs.
struct Wanted<'a> {
    table: &'a str,
    setting: &'static str,
    columns: Vec<(&'a str, &'static str)>,
    follows: &'static str,
}

fn wanted(tables: &MessengerTables) -> [Wanted<'_>; 3] {
    let mut people = vec![(tables.users_id.as_str(), "users_id_column")];
    people.extend(tables.users_name.iter().map(|name| (name.as_str(), "users_name_columns")));
    people.extend(tables.users_avatar.iter().map(|name| (name.as_str(), "users_avatar_column")));
    let groups =
        vec![(tables.groups_id.as_str(), "groups_id_column"), (&tables.groups_name, "groups_name_column")];
    let members = vec![
        (tables.members_group.as_str(), "members_group_column"),
        (&tables.members_user, "members_user_column"),
    ];
    [
        Wanted { table: &tables.users, setting: "users_table", columns: people, follows: NO_NAMES },
        Wanted { table: &tables.groups, setting: "groups_table", columns: groups, follows: NO_GROUPS },
        Wanted { table: &tables.members, setting: "members_table", columns: members, follows: NO_GROUPS },
    ]
}

impl Directory {
    /// The tables and columns of the messenger that cannot be read.
    pub async fn missing(&self) -> Result<Vec<Missing>, QueryError> {
        let (store, tables) = self.reads();
        let mut missing = Vec::new();
        for Wanted { table, setting, columns, follows } in wanted(tables) {
            let gap = |column: Option<&str>, setting| Missing {
                table: table.to_owned(),
                column: column.map(str::to_owned),
                setting,
                follows,
            };
            if !is_there(store, table, "1").await? {
                missing.push(gap(None, setting));
                continue;
            }
            for (column, setting) in columns {
                let quoted = identifier(column).map(|name| name.to_string()).unwrap_or_default();
                if !is_there(store, table, &quoted).await? {
                    missing.push(gap(Some(column), setting));
                }
            }
        }
        Ok(missing)
    }
}

/// Asks for no row, so that even a large table answers at once.
async fn is_there(store: &Store, table: &str, column: &str) -> Result<bool, QueryError> {
    let Some(mut conn) = store.reader().await? else { return Ok(true) };
    let Ok(table) = identifier(table) else { return Ok(false) };
    match conn.fetch(format!("SELECT {column} FROM {table} WHERE 1 = 0"), &[]).await {
        Ok(_) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
