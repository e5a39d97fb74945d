//! Records applied twice, in batches of any size, leave the same rows.
use super::*;
use calls_tests::databases::Database;
use proptest::{prelude::*, test_runner::TestRunner};

#[tokio::test]
async fn a_whole_call_becomes_the_same_row_in_one_batch_or_in_many() {
    for size in [1, 2, 100] {
        for database in Database::both().await.unwrap() {
            let store = database.store().await.unwrap();
            write(&store, &whole_call(5, 1, 2, 0), size).await;
            store.close().await;

            let rows = database
                .ask(
                    "SELECT id, from_id, to_id, call_type, status, room_name, duration, end_reason, ended_by, \
                     created_ms, accepted_ms, expires_ms, from_device, to_device FROM wo_calls",
                )
                .await
                .unwrap();
            assert_eq!(
                rows,
                [format!(
                    "5|1|2|video|ended|room_5|80|completed|1|{}|{}|{}|phone-1|tablet",
                    at(0).0,
                    at(5).0,
                    at(45).0
                )]
            );
            let times = "SELECT sdp_offer, sdp_answer, created_at, accepted_at, ended_at FROM wo_calls";
            assert_eq!(
                database.ask(times).await.unwrap(),
                [
                    r#"{"sdp":"offer of 5","type":"offer"}|{"sdp":"answer of 5","type":"answer"}|2026-05-04 10:00:00|2026-05-04 10:00:05|2026-05-04 10:01:25"#
                ]
            );
            let statistics = "SELECT call_id, group_call_id, user_id, call_type, packet_loss, average_latency, rtt_ms, \
                              mos, audio_level, candidate_type FROM wo_call_statistics";
            assert_eq!(
                database.ask(statistics).await.unwrap(),
                ["5|NULL|1|video|0.5|42|41.5|4.2|NULL|relay"]
            );
        }
    }
}

#[tokio::test]
async fn a_long_answer_after_a_short_one_is_kept_whole() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let long = "ї".repeat(30_000);
        write(&store, &[rings(1, 1, 2, 0), rings(2, 3, 4, 0), connects(1, 1)], 1).await;
        let writer = Writer::start(&store);
        writer.push(connects(1, 1));
        writer.flush(PATIENCE).await.unwrap();
        let answer = Sdp::object("answer", &long);
        writer.push(Record::Connected { call: call(2), device: None, answer: answer.clone(), at: at(2) });
        writer.close(PATIENCE).await.unwrap();
        store.close().await;

        let rows = database.ask("SELECT sdp_answer FROM wo_calls WHERE id = 2").await.unwrap();
        assert!(rows == [answer.as_json()], "{} bytes came back", rows[0].len());
    }
}

#[tokio::test]
async fn a_room_name_used_again_is_stored_with_the_number_of_its_call() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let records =
            [rings_in("room", 1, 1, 2, 0), rings_in("room", 2, 1, 2, 9), rings_in("ROOM", 3, 1, 2, 10)];
        write(&store, &records, 1).await;
        write(&store, &records, 3).await;
        let long = "x".repeat(100);
        write(&store, &[rings_in(&long, 4, 1, 2, 0), rings_in(&long, 5, 1, 2, 0)], 2).await;

        let rows = database.ask("SELECT id, room_name FROM wo_calls ORDER BY id").await.unwrap();
        // MariaDB's usual collations take both for one name.
        let third = if database.is_mariadb() { "3|ROOM#3" } else { "3|ROOM" };
        let cut = format!("5|{}#5", "x".repeat(98));
        assert_eq!(rows, ["1|room", "2|room#2", third, &format!("4|{long}"), &cut]);
        let open = store.open_calls().await.unwrap();
        assert_eq!(open.malformed, []);
        assert_eq!(open.calls.len(), 5);
        store.close().await;
    }
}

#[tokio::test]
async fn somebody_who_leaves_and_comes_back_has_one_row_and_is_there() {
    for database in Database::both().await.unwrap() {
        for size in [1, 9] {
            let store = database.store().await.unwrap();
            let records = [group_rings(1, 7, 1, 0), joins(1, 1, 0), leaves(1, 1, 10), joins(1, 1, 20)];
            write(&store, &records, size).await;
            write(&store, &records[..3], size).await;
            store.close().await;

            let rows = database
                .ask("SELECT user_id, joined_at, left_at, duration FROM wo_group_call_participants")
                .await
                .unwrap();
            assert_eq!(rows, ["1|2026-05-04 10:00:00|NULL|NULL"], "{}", database.name);
        }
    }
}

/// Calls as the rules make them: each begins once, goes on or not, ends or not.
fn histories() -> impl Strategy<Value = Vec<Record>> {
    let one = (0..3u64, 0..6usize, 0..9usize, any::<bool>());
    prop::collection::vec(one, 1..12).prop_map(|calls| {
        let mut records = Vec::new();
        for (number, (rooms, pair_steps, group_steps, is_group)) in calls.into_iter().enumerate() {
            let id = number as u64 + 1;
            let mut steps = if is_group {
                whole_group_call(id, 7, 1, 2, id)
            } else {
                // Names repeat, and so do the people.
                let mut steps = whole_call(id, 1, 2, id);
                steps[0] = rings_in(&format!("room_{rooms}"), id, 1, 2, id);
                steps
            };
            steps.truncate(1 + if is_group { group_steps } else { pair_steps });
            records.extend(steps);
        }
        records
    })
}

#[test]
fn any_history_applied_twice_in_any_batches_leaves_the_rows_of_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let databases =
        runtime.block_on(async { [Database::both().await.unwrap(), Database::both().await.unwrap()] });
    let tables = [
        "wo_calls",
        "wo_group_calls",
        "wo_group_call_participants",
        "wo_ice_candidates",
        "wo_call_statistics",
    ];
    let stores = runtime.block_on(async {
        let [[a, b], [c, d]] = &databases;
        [
            (a, a.store().await.unwrap()),
            (b, b.store().await.unwrap()),
            (c, c.store().await.unwrap()),
            (d, d.store().await.unwrap()),
        ]
    });
    let mut runner = TestRunner::new(ProptestConfig { cases: 24, ..ProptestConfig::default() });
    let sizes = (1..20usize, 1..20usize);
    let outcome = runner.run(&(histories(), sizes), |(records, (first, second))| {
        runtime.block_on(async {
            let mut all = Vec::new();
            for (index, (database, store)) in stores.iter().enumerate() {
                for table in tables {
                    database.run(&format!("DELETE FROM {table}")).await.unwrap();
                }
                if index < 2 {
                    write(store, &records, records.len()).await;
                } else {
                    write(store, &records, first).await;
                    write(store, &records, second).await;
                }
                all.push(database.everything().await.unwrap());
            }
            // SQLite once, MariaDB once, SQLite twice, MariaDB twice: all the same.
            prop_assert_eq!(&all[0], &all[2]);
            prop_assert_eq!(&all[1], &all[3]);
            prop_assert_eq!(all[0].len(), all[1].len());
            Ok(())
        })
    });
    outcome.unwrap();
}
