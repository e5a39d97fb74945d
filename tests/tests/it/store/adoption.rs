//! Tables that a messenger has had for years are taken over with their rows.
use super::*;
use calls_server::{calls::OpenCall, db::OpenError};
use calls_tests::databases::Database;

const ROWS: &str = include_str!("fixtures/rows.sql");

#[tokio::test]
async fn tables_of_an_older_form_keep_their_rows_and_take_new_ones() {
    for form in [include_str!("fixtures/published.sql"), include_str!("fixtures/older.sql")] {
        let database = Database::mariadb().await.unwrap();
        database.run(form).await.unwrap();
        database.run(ROWS).await.unwrap();
        let kept =
            "SELECT id, from_id, to_id, call_type, status, room_name, created_at, duration FROM wo_calls";
        let before = database.ask(kept).await.unwrap();

        let store = database.store().await.unwrap();
        assert_eq!(database.ask(kept).await.unwrap(), before);
        let open = store.open_calls().await.unwrap();
        assert_eq!((open.calls.len(), open.malformed.len()), (2, 0));
        assert!(
            matches!(&open.calls[0], OpenCall::OneToOne { accepted: Some(at), .. } if at.0 == 1_767_348_005_000)
        );

        let first = store.next_call_id().await.unwrap();
        assert_eq!((first, store.next_group_call_id().await.unwrap()), (9, 4));
        let mut records = whole_call(first, 1, 2, 0);
        records.push(rings_in("old_1", first + 1, 1, 2, 3));
        records.extend(whole_group_call(4, 9, 1, 2, 0));
        for size in [1, 100] {
            write(&store, &records, size).await;
        }

        let ours = database
            .ask("SELECT id, room_name, status FROM wo_calls WHERE id > 8 ORDER BY id")
            .await
            .unwrap();
        assert_eq!(ours, ["9|room_9|ended", "10|old_1#10|ringing"]);
        let seats = "SELECT COUNT(*) FROM wo_group_call_participants WHERE group_call_id = 4";
        assert_eq!(database.ask(seats).await.unwrap(), ["2"]);
        let statistics =
            "SELECT call_id, group_call_id FROM wo_call_statistics WHERE record_key IS NOT NULL ORDER BY id";
        assert_eq!(database.ask(statistics).await.unwrap(), ["9|NULL", "NULL|4"]);
        store.close().await;

        let shape = "SELECT table_name, column_name, column_type, is_nullable, column_default FROM \
                     information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, ordinal_position";
        let after = database.ask(shape).await.unwrap();
        database.store().await.unwrap().close().await;
        assert_eq!(database.ask(shape).await.unwrap(), after, "a second start changes nothing");
    }
}

#[tokio::test]
async fn tables_of_the_messenger_are_left_alone() {
    for database in Database::both().await.unwrap() {
        // What adoption would touch if it touched more than its own.
        let others = ROWS.split_once("CREATE TABLE wo_users").unwrap().1;
        database.run(&format!("CREATE TABLE wo_users{others}")).await.unwrap();

        database.store().await.unwrap().close().await;

        assert_eq!(database.ask("SELECT * FROM wo_users").await.unwrap(), ["1|Олена|hers"]);
        assert_eq!(database.ask("SELECT * FROM _sqlx_migrations").await.unwrap(), ["1|the messenger's"]);
    }
}

#[tokio::test]
async fn tables_of_an_earlier_version_on_sqlite_get_what_they_lack() {
    let database = Database::sqlite().unwrap();
    database
        .run(
            "CREATE TABLE wo_calls (id INTEGER PRIMARY KEY AUTOINCREMENT, from_id INT NOT NULL, to_id INT NOT NULL, \
             call_type TEXT NOT NULL, status TEXT NOT NULL, room_name VARCHAR(100) NOT NULL, created_at DATETIME); \
             INSERT INTO wo_calls VALUES (7, 1, 2, 'audio', 'ended', 'old', '2026-01-01 10:00:00')",
        )
        .await
        .unwrap();

    let store = database.store().await.unwrap();
    write(&store, &whole_call(8, 1, 2, 0), 1).await;

    assert_eq!(
        database.ask("SELECT id, room_name, duration FROM wo_calls").await.unwrap(),
        ["7|old|NULL", "8|room_8|80"]
    );
    store.close().await;
}

#[tokio::test]
async fn a_fresh_database_lacks_nothing_that_adoption_would_add() {
    for database in Database::both().await.unwrap() {
        database.store().await.unwrap().close().await;
        let shape = match database.is_mariadb() {
            true => {
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
            }
            false => "SELECT sql FROM sqlite_master",
        };
        let fresh = database.ask(shape).await.unwrap();

        database.store().await.unwrap().close().await;

        assert_eq!(database.ask(shape).await.unwrap(), fresh);
    }
}

#[tokio::test]
async fn another_table_of_that_name_is_told_with_what_to_do() {
    let database = Database::mariadb().await.unwrap();
    database.run("CREATE TABLE wo_calls (id INT PRIMARY KEY, caller VARCHAR(20))").await.unwrap();

    let error = database.store().await.unwrap_err();

    let error = error.downcast::<OpenError>().unwrap();
    assert!(error.to_string().contains("RENAME TABLE wo_calls TO wo_calls_old"), "{error}");
}
