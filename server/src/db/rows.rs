//! Many rows in one prepared statement.
//!
//! A statement is prepared once for each number of rows, so rows go out in powers of two: 37 rows are 32 + 4 + 1,
//! three round trips and at most nine prepared statements for one kind of row.
use super::conn::{Conn, Dialect, Row, Value};

/// Below the limits of both databases on parameters (SQLite: 32,766) and terms of a compound SELECT (SQLite: 500).
const MOST_ROWS: usize = 256;

/// One kind of multi-row statement.
pub(super) struct Shape {
    /// Tells its texts apart from those of other shapes.
    pub(super) name: &'static str,
    /// Up to the first row, for each dialect.
    pub(super) head: fn(Dialect) -> &'static str,
    /// One row: `?` is a value, `@` is seconds since 1970 that become a time.
    pub(super) row: &'static str,
    /// Between two rows.
    pub(super) between: &'static str,
    /// After the last row, for each dialect.
    pub(super) tail: fn(Dialect) -> &'static str,
}

impl Shape {
    fn text(&self, dialect: Dialect, rows: usize) -> String {
        let row = self.row.replace('@', time(dialect));
        let rows = vec![row; rows].join(self.between);
        format!("{}{rows}{}", (self.head)(dialect), (self.tail)(dialect))
    }

    /// Asks the question for all values, one to a row.
    pub(super) async fn ask(
        &self,
        conn: &mut Conn,
        mut values: &[Value<'_>],
    ) -> Result<Vec<Row>, sqlx::Error> {
        let dialect = conn.dialect();
        let mut answers = Vec::new();
        while !values.is_empty() {
            let rows = largest_power(values.len());
            let (now, later) = values.split_at(rows);
            let text = conn.text(self.name, rows, || self.text(dialect, rows));
            answers.extend(conn.fetch(text, now).await?);
            values = later;
        }
        Ok(answers)
    }

    /// Runs the statement for all rows; `values` are theirs one after another, `width` to a row.
    pub(super) async fn run(
        &self,
        conn: &mut Conn,
        width: usize,
        mut values: &[Value<'_>],
    ) -> Result<(), sqlx::Error> {
        debug_assert_eq!(values.len() % width, 0, "{} has whole rows", self.name);
        let dialect = conn.dialect();
        while !values.is_empty() {
            let rows = largest_power(values.len() / width);
            let (now, later) = values.split_at(rows * width);
            let text = conn.text(self.name, rows, || self.text(dialect, rows));
            conn.execute(text, now).await?;
            values = later;
        }
        Ok(())
    }
}

/// Seconds since 1970 as a time: in MariaDB that of the session, which is the server's own zone, so that `CURDATE()`
/// of whoever asks there means the same day.
pub(super) fn time(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "datetime(?, 'unixepoch')",
        Dialect::MySql => "FROM_UNIXTIME(?)",
    }
}

fn largest_power(rows: usize) -> usize {
    if rows >= MOST_ROWS { MOST_ROWS } else { 1 << rows.ilog2() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_out_in_powers_of_two_up_to_the_most() {
        for (rows, first) in [(1, 1), (2, 2), (3, 2), (37, 32), (255, 128), (256, 256), (10_000, 256)] {
            assert_eq!(largest_power(rows), first);
        }
    }

    #[test]
    fn a_text_repeats_the_row_and_knows_the_dialect() {
        let shape = Shape {
            name: "test",
            head: |_| "INSERT INTO t VALUES ",
            row: "(?, @)",
            between: ", ",
            tail: |dialect| if dialect == Dialect::Sqlite { " ON CONFLICT DO NOTHING" } else { "" },
        };

        assert_eq!(
            shape.text(Dialect::MySql, 2),
            "INSERT INTO t VALUES (?, FROM_UNIXTIME(?)), (?, FROM_UNIXTIME(?))"
        );
        assert_eq!(
            shape.text(Dialect::Sqlite, 1),
            "INSERT INTO t VALUES (?, datetime(?, 'unixepoch')) ON CONFLICT DO NOTHING"
        );
    }
}
