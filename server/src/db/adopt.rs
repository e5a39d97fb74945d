//! Tables of calls that exist already, with rows in them: what they lack is added, what they have is kept.
//!
//! A messenger that has run calls before has these tables in one of several older forms. This compares them with
//! what is needed and adds columns and indexes; it finds nothing to do on tables that the migrations made. Nothing is
//! dropped, renamed or narrowed, and no table but our own is looked at.
use super::{
    OpenError,
    conn::{Conn, Dialect},
};
use Kind::{Int, Number, Text, Time};
use std::collections::HashMap;
use tracing::{debug, info};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Number,
    Text,
    Time,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Int => "a whole number (INT or BIGINT)",
            Number => "a number",
            Text => "text (VARCHAR, TEXT or ENUM)",
            Time => "a DATETIME or TIMESTAMP",
        }
    }

    fn holds(self, data_type: &str) -> bool {
        let ints = ["int", "integer", "bigint", "mediumint", "smallint", "tinyint"];
        match self {
            Int => ints.contains(&data_type),
            Number => {
                ints.contains(&data_type) || ["float", "double", "real", "decimal"].contains(&data_type)
            }
            Text => {
                data_type.ends_with("text")
                    || ["varchar", "char", "enum", "character varying"].contains(&data_type)
            }
            Time => ["datetime", "timestamp"].contains(&data_type),
        }
    }
}

/// A column that is written or read.
struct Column {
    name: &'static str,
    kind: Kind,
    /// How to add it where it is missing: nothing if a table without it is not the table it claims to be.
    add: Option<&'static str>,
}

const fn must(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, add: None }
}

const fn may(name: &'static str, kind: Kind, add: &'static str) -> Column {
    Column { name, kind, add: Some(add) }
}

/// An index that is needed, by its columns.
struct Index {
    name: &'static str,
    columns: &'static [&'static str],
    unique: bool,
}

struct Table {
    name: &'static str,
    columns: &'static [Column],
    indexes: &'static [Index],
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { name, columns, unique: false }
}

const fn unique(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index { name, columns, unique: true }
}

const TABLES: &[Table] = &[
    Table {
        name: "wo_calls",
        columns: &[
            must("id", Int),
            must("from_id", Int),
            must("to_id", Int),
            must("call_type", Text),
            must("status", Text),
            must("room_name", Text),
            may("sdp_offer", Text, "LONGTEXT NULL"),
            may("sdp_answer", Text, "LONGTEXT NULL"),
            must("created_at", Time),
            may("accepted_at", Time, "DATETIME NULL"),
            may("ended_at", Time, "DATETIME NULL"),
            may("duration", Int, "INT NULL"),
            may("end_reason", Text, "VARCHAR(255) NULL"),
            may("ended_by", Int, "INT NULL"),
            may("created_ms", Int, "BIGINT NULL"),
            may("accepted_ms", Int, "BIGINT NULL"),
            may("expires_ms", Int, "BIGINT NULL"),
            may("from_device", Text, "VARCHAR(128) NULL"),
            may("to_device", Text, "VARCHAR(128) NULL"),
        ],
        // Not unique here: rows from before may repeat a room, and ours are told apart before they are written.
        indexes: &[
            index("wo_calls_room", &["room_name"]),
            index("wo_calls_from", &["from_id"]),
            index("wo_calls_to", &["to_id"]),
            index("wo_calls_status", &["status"]),
        ],
    },
    Table {
        name: "wo_group_calls",
        columns: &[
            must("id", Int),
            must("group_id", Int),
            must("initiated_by", Int),
            must("call_type", Text),
            must("status", Text),
            must("room_name", Text),
            must("created_at", Time),
            may("started_at", Time, "DATETIME NULL"),
            may("ended_at", Time, "DATETIME NULL"),
            may("duration", Int, "INT NULL"),
            may("end_reason", Text, "VARCHAR(255) NULL"),
            may("created_ms", Int, "BIGINT NULL"),
            may("started_ms", Int, "BIGINT NULL"),
            may("expires_ms", Int, "BIGINT NULL"),
        ],
        indexes: &[
            index("wo_group_calls_room", &["room_name"]),
            index("wo_group_calls_group", &["group_id"]),
            index("wo_group_calls_by", &["initiated_by"]),
            index("wo_group_calls_status", &["status"]),
        ],
    },
    Table {
        name: "wo_group_call_participants",
        columns: &[
            must("id", Int),
            may("group_call_id", Int, "INT NULL"),
            must("user_id", Int),
            may("joined_at", Time, "DATETIME NULL"),
            may("left_at", Time, "DATETIME NULL"),
            may("duration", Int, "INT NULL"),
            may("joined_ms", Int, "BIGINT NULL"),
            may("left_ms", Int, "BIGINT NULL"),
            may("device_id", Text, "VARCHAR(128) NULL"),
            may("record_key", Int, "BIGINT NULL"),
        ],
        indexes: &[
            unique("wo_group_call_participants_once", &["group_call_id", "user_id", "record_key"]),
            index("wo_group_call_participants_user", &["user_id", "group_call_id"]),
        ],
    },
    Table {
        name: "wo_ice_candidates",
        columns: &[
            must("id", Int),
            must("room_name", Text),
            may("user_id", Int, "INT NULL"),
            must("candidate", Text),
            may("sdp_mid", Text, "VARCHAR(100) NULL"),
            may("sdp_m_line_index", Int, "INT NULL"),
            may("created_at", Time, "DATETIME NULL"),
            may("record_key", Int, "BIGINT NULL"),
        ],
        indexes: &[unique("wo_ice_candidates_once", &["room_name", "record_key"])],
    },
    Table {
        name: "wo_call_statistics",
        columns: &[
            must("id", Int),
            may("call_id", Int, "INT NULL"),
            may("group_call_id", Int, "INT NULL"),
            must("user_id", Int),
            may("call_type", Text, "VARCHAR(32) NULL"),
            may("packet_loss", Number, "FLOAT NULL"),
            may("average_latency", Int, "INT NULL"),
            may("rtt_ms", Number, "DOUBLE NULL"),
            may("jitter_ms", Number, "DOUBLE NULL"),
            may("loss_pct", Number, "DOUBLE NULL"),
            may("bitrate_kbps", Number, "DOUBLE NULL"),
            may("audio_level", Number, "DOUBLE NULL"),
            may("mos", Number, "DOUBLE NULL"),
            may("candidate_type", Text, "VARCHAR(32) NULL"),
            may("created_at", Time, "DATETIME NULL"),
            may("record_key", Int, "BIGINT NULL"),
        ],
        indexes: &[
            unique("wo_call_statistics_once", &["user_id", "record_key"]),
            index("wo_call_statistics_call", &["call_id"]),
            index("wo_call_statistics_group_call", &["group_call_id"]),
        ],
    },
];

/// A column that a table has.
struct Found {
    data_type: String,
    /// Has to be given in every INSERT: `NOT NULL`, no default, not counted by the database.
    is_demanded: bool,
    /// How long a text it takes, where that is bounded.
    length: Option<i64>,
}

/// Columns by name, and indexes as (unique, columns).
struct Existing {
    columns: HashMap<String, Found>,
    indexes: Vec<(bool, Vec<String>)>,
}

/// Adds what tables of calls lack. What cannot be added is an error that says what to do.
pub(super) async fn adopt(conn: &mut Conn, place: &str) -> Result<(), OpenError> {
    let failed = |cause| OpenError::Database { place: place.into(), cause };
    for table in TABLES {
        let existing = look_at(conn, table.name).await.map_err(failed)?;
        for change in changes(table, &existing, conn.dialect())? {
            // Tables made a moment ago get their indexes here, too; only a column is news.
            if change.starts_with("ALTER") {
                info!(table = table.name, change = %change, "adopted a table of calls");
            } else {
                debug!(table = table.name, change = %change, "completed a table of calls");
            }
            conn.run(&change).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// Makes columns with users' ids wide enough for Telegram, whose ids do not fit an INT. SQLite has no such limit.
pub(super) async fn widen_user_ids(conn: &mut Conn) -> Result<(), sqlx::Error> {
    if conn.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let columns = [
        ("wo_calls", "from_id", "NOT NULL"),
        ("wo_calls", "to_id", "NOT NULL"),
        ("wo_calls", "ended_by", "NULL"),
        ("wo_group_calls", "initiated_by", "NOT NULL"),
        ("wo_group_call_participants", "user_id", "NOT NULL"),
        ("wo_ice_candidates", "user_id", "NULL"),
        ("wo_call_statistics", "user_id", "NOT NULL"),
    ];
    for (table, column, null) in columns {
        let existing = look_at(conn, table).await?;
        if existing.columns.get(column).is_some_and(|found| found.data_type != "bigint") {
            conn.run(&format!("ALTER TABLE {table} MODIFY {column} BIGINT {null}")).await?;
        }
    }
    Ok(())
}

/// What to run, in order. Pure, so that every older form can be tried without a database.
fn changes(table: &Table, existing: &Existing, dialect: Dialect) -> Result<Vec<String>, OpenError> {
    let mut changes = Vec::new();
    for column in table.columns {
        match (existing.columns.get(column.name), column.add) {
            (Some(found), _) => check(table, column, found)?,
            (None, Some(add)) => {
                changes.push(format!("ALTER TABLE {} ADD COLUMN {} {add}", table.name, column.name));
                if column.name == "group_call_id"
                    && existing.columns.contains_key("call_id")
                    && !is_statistics(table)
                {
                    // An older form calls it so.
                    changes.push(format!("UPDATE {} SET group_call_id = call_id", table.name));
                }
            }
            (None, None) => {
                return Err(OpenError::Column {
                    table: table.name,
                    column: column.name.into(),
                    found: "missing".into(),
                    wanted: column.kind.words(),
                    remedy: format!(
                        "this is another table of that name: rename it (RENAME TABLE {0} TO {0}_old), and a new one \
                         is made",
                        table.name
                    ),
                });
            }
        }
    }
    let mut others: Vec<_> = existing.columns.iter().filter(|(_, found)| found.is_demanded).collect();
    others.sort_by_key(|(name, _)| *name);
    for (name, found) in others {
        if table.columns.iter().any(|column| column.name == name) {
            continue;
        }
        let default = if Number.holds(&found.data_type) {
            "0"
        } else if ["varchar", "char"].contains(&found.data_type.as_str()) {
            "''"
        } else {
            return Err(OpenError::Column {
                table: table.name,
                column: name.clone(),
                found: format!("{} NOT NULL without a default", found.data_type),
                wanted: "a default, as this server does not know the column",
                remedy: format!("run: ALTER TABLE {} MODIFY {name} {} NULL", table.name, found.data_type),
            });
        };
        // SQLite can change no column; its tables of calls were all made by this server, so there is none.
        if dialect == Dialect::MySql {
            changes.push(format!("ALTER TABLE {} ALTER COLUMN `{name}` SET DEFAULT {default}", table.name));
        }
    }
    for index in table.indexes {
        let serves = |(is_unique, columns): &(bool, Vec<String>)| {
            let same = columns
                .iter()
                .map(String::as_str)
                .take(index.columns.len())
                .eq(index.columns.iter().copied());
            same && (!index.unique || (*is_unique && columns.len() == index.columns.len()))
        };
        if !existing.indexes.iter().any(serves) {
            let unique = if index.unique { "UNIQUE " } else { "" };
            let columns = index.columns.join(", ");
            changes.push(format!("CREATE {unique}INDEX {} ON {} ({columns})", index.name, table.name));
        }
    }
    Ok(changes)
}

fn is_statistics(table: &Table) -> bool {
    table.name == "wo_call_statistics"
}

fn check(table: &Table, column: &Column, found: &Found) -> Result<(), OpenError> {
    let is_short = column.name == "room_name" && found.length.is_some_and(|length| length < 100);
    if column.kind.holds(&found.data_type) && !is_short {
        return Ok(());
    }
    let wanted = if is_short { "at least VARCHAR(100)" } else { column.kind.words() };
    let example = match column.kind {
        Int => "INT",
        Number => "DOUBLE",
        Text => "VARCHAR(100)",
        Time => "DATETIME",
    };
    let length = found.length.filter(|_| is_short).map(|length| format!("({length})")).unwrap_or_default();
    Err(OpenError::Column {
        table: table.name,
        column: column.name.into(),
        found: format!("as {}{length}", found.data_type),
        wanted,
        remedy: format!(
            "run: ALTER TABLE {} MODIFY {} {example} NOT NULL (after a backup), or rename the table",
            table.name, column.name
        ),
    })
}

async fn look_at(conn: &mut Conn, table: &str) -> Result<Existing, sqlx::Error> {
    match conn.dialect() {
        Dialect::MySql => look_at_mysql(conn, table).await,
        Dialect::Sqlite => look_at_sqlite(conn, table).await,
    }
}

async fn look_at_mysql(conn: &mut Conn, table: &str) -> Result<Existing, sqlx::Error> {
    let columns = "SELECT column_name, LOWER(data_type), is_nullable = 'NO' AND column_default IS NULL \
                   AND extra NOT LIKE '%auto_increment%' AND extra NOT LIKE '%GENERATED%', \
                   CAST(character_maximum_length AS SIGNED) \
                   FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?";
    let mut found = HashMap::new();
    for row in conn.fetch(columns, &[table.into()]).await? {
        let (Some(name), Some(data_type)) = (row.text(0), row.text(1)) else { continue };
        let column = Found { data_type, is_demanded: row.int(2) == Some(1), length: row.int(3) };
        found.insert(name.to_ascii_lowercase(), column);
    }
    let parts = "SELECT index_name, column_name, CAST(non_unique AS SIGNED) FROM information_schema.statistics \
                 WHERE table_schema = DATABASE() AND table_name = ? ORDER BY index_name, seq_in_index";
    let mut indexes: Vec<(String, (bool, Vec<String>))> = Vec::new();
    for row in conn.fetch(parts, &[table.into()]).await? {
        let (Some(name), Some(column)) = (row.text(0), row.text(1)) else { continue };
        let is_unique = row.int(2) == Some(0);
        match indexes.last_mut().filter(|(last, _)| *last == name) {
            Some((_, (_, columns))) => columns.push(column.to_ascii_lowercase()),
            None => indexes.push((name, (is_unique, vec![column.to_ascii_lowercase()]))),
        }
    }
    Ok(Existing { columns: found, indexes: indexes.into_iter().map(|(_, index)| index).collect() })
}

async fn look_at_sqlite(conn: &mut Conn, table: &str) -> Result<Existing, sqlx::Error> {
    let columns = "SELECT name, LOWER(type), \"notnull\" = 1 AND dflt_value IS NULL AND pk = 0 \
                   FROM pragma_table_info(?)";
    let mut found = HashMap::new();
    for row in conn.fetch(columns, &[table.into()]).await? {
        let (Some(name), Some(declared)) = (row.text(0), row.text(1)) else { continue };
        let data_type = declared.split('(').next().unwrap_or_default().trim().to_owned();
        // Lengths are decoration in SQLite.
        found.insert(name, Found { data_type, is_demanded: row.int(2) == Some(1), length: None });
    }
    let mut indexes = Vec::new();
    let listed = conn.fetch("SELECT name, \"unique\" FROM pragma_index_list(?)", &[table.into()]).await?;
    for row in listed {
        let Some(name) = row.text(0) else { continue };
        let parts = "SELECT name FROM pragma_index_info(?) ORDER BY seqno";
        let parts = conn.fetch(parts, &[name.as_str().into()]).await?;
        indexes.push((row.int(1) == Some(1), parts.iter().filter_map(|row| row.text(0)).collect()));
    }
    Ok(Existing { columns: found, indexes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> &'static Table {
        TABLES.iter().find(|table| table.name == name).unwrap()
    }

    fn existing(columns: &[(&str, &str, bool)]) -> Existing {
        let columns = columns.iter().map(|(name, data_type, is_demanded)| {
            let found = Found { data_type: (*data_type).into(), is_demanded: *is_demanded, length: None };
            ((*name).to_owned(), found)
        });
        Existing { columns: columns.collect(), indexes: vec![] }
    }

    #[test]
    fn an_older_form_gets_what_it_lacks_and_defaults_for_what_nobody_fills() {
        let old = existing(&[
            ("id", "int", false),
            ("call_id", "int", true),
            ("user_id", "int", true),
            ("joined_at", "timestamp", false),
        ]);

        let changes = changes(table("wo_group_call_participants"), &old, Dialect::MySql).unwrap();

        assert_eq!(changes[0], "ALTER TABLE wo_group_call_participants ADD COLUMN group_call_id INT NULL");
        assert_eq!(changes[1], "UPDATE wo_group_call_participants SET group_call_id = call_id");
        assert!(changes.contains(
            &"ALTER TABLE wo_group_call_participants ALTER COLUMN `call_id` SET DEFAULT 0".to_owned()
        ));
        assert!(changes.last().unwrap().starts_with("CREATE INDEX wo_group_call_participants_user"));
    }

    #[test]
    fn a_column_of_another_kind_is_told_with_what_to_do() {
        let mut old = existing(&[
            ("id", "int", false),
            ("from_id", "varchar", true),
            ("to_id", "int", true),
            ("call_type", "enum", true),
            ("status", "enum", true),
            ("room_name", "varchar", true),
            ("created_at", "datetime", true),
        ]);
        let told = |old: &Existing| changes(table("wo_calls"), old, Dialect::MySql).unwrap_err().to_string();

        assert_eq!(
            told(&old),
            "table wo_calls has column from_id as varchar, but a whole number (INT or BIGINT) is needed; run: ALTER \
             TABLE wo_calls MODIFY from_id INT NOT NULL (after a backup), or rename the table"
        );

        old.columns.remove("from_id");
        assert!(told(&old).contains("has column from_id missing"), "{}", told(&old));
    }
}
