//! The queries that the source document gives to operators, letter by letter, on rows that this server wrote.
use super::*;
use calls_tests::databases::Database;
use std::time::SystemTime;

#[tokio::test]
async fn the_operators_queries_run_unchanged_and_are_right() {
    // Of today, whatever day it is: nothing else in the store looks at the clock.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let today = now - NOON / 1000;
    let queries: Vec<&str> =
        include_str!("fixtures/monitoring.sql").split_inclusive(';').map(str::trim).collect();
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let mut records = whole_call(1, 1, 2, 0);
        records.extend([rings(2, 1, 2, today), connects(2, today), rings(3, 1, 3, today)]);
        records.extend([rings(4, 3, 1, today), ends(4, FinalStatus::Missed, "timeout", today, None)]);
        records.extend([rings(5, 3, 1, today), connects(5, today)]);
        records.push(ends(5, FinalStatus::Ended, "completed", today, Some(20)));
        write(&store, &records, 4).await;
        store.close().await;

        // SQLite has no CURDATE().
        if database.is_mariadb() {
            assert_eq!(database.ask(queries[0]).await.unwrap(), ["4"], "calls of today");
            assert_eq!(database.ask(queries[1]).await.unwrap(), ["1"], "answered and going on");
        }
        let average = database.ask(queries[2]).await.unwrap().remove(0);
        assert_eq!(average.parse::<f64>().unwrap(), 50.0, "average of 80 and 20");
        assert_eq!(database.ask(queries[3]).await.unwrap(), ["1|3", "3|2"], "the most active");
    }
}
