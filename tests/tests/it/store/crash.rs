//! A process that is killed loses a last part of what it was told; what it wrote is whole and can be taken up.
use super::*;
use calls_server::calls::OpenCall;
use calls_tests::databases::Database;

#[tokio::test]
async fn after_any_part_of_the_records_the_open_calls_are_those_that_were_going_on() {
    let mut records = whole_call(1, 1, 2, 0);
    records.extend(whole_group_call(1, 7, 1, 2, 100));
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        for cut in 0..=records.len() {
            write(&store, &records[..cut], 3).await;

            let open = store.open_calls().await.unwrap();

            assert_eq!(open.malformed, [], "{} cut at {cut}", database.name);
            let kinds: Vec<&str> = open.calls.iter().map(kind).collect();
            let expected: &[&str] = match cut {
                0 => &[],
                1..=2 => &["ringing"],
                3..=5 => &["connected"],
                6 => &[],
                7..=9 => &["group ringing"],
                10..=13 => &["group active"],
                _ => &[],
            };
            assert_eq!(kinds, expected, "{} cut at {cut}", database.name);
        }
        store.close().await;
    }
}

fn kind(call: &OpenCall) -> &'static str {
    match call {
        OpenCall::OneToOne { accepted: None, .. } => "ringing",
        OpenCall::OneToOne { .. } => "connected",
        OpenCall::Group { active: None, .. } => "group ringing",
        OpenCall::Group { .. } => "group active",
    }
}

#[tokio::test]
async fn an_open_call_comes_back_with_all_that_was_known() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let mut records = whole_call(3, 1, 2, 0)[..3].to_vec();
        records.extend(whole_group_call(4, 7, 8, 9, 10)[..5].to_vec());
        write(&store, &records, 100).await;

        let open = store.open_calls().await.unwrap().calls;

        let OpenCall::OneToOne {
            call,
            from,
            to,
            call_type,
            room,
            offer,
            created,
            expires,
            accepted,
            devices,
        } = &open[0]
        else {
            panic!("{open:?}")
        };
        assert_eq!((call.get(), from.get(), to.get()), (3, 1, 2));
        assert_eq!((*call_type, room.as_str()), (CallType::Video, "room_3"));
        assert_eq!(*offer, Some(sdp("offer of 3")));
        assert_eq!((*created, *expires, *accepted), (at(0), at(45), Some(at(5))));
        assert_eq!(devices.0.as_ref().unwrap().as_str(), "phone-1");
        assert_eq!(devices.1.as_ref().unwrap().as_str(), "tablet");
        let OpenCall::Group { call, group, by, active, participants, .. } = &open[1] else {
            panic!("{open:?}")
        };
        assert_eq!((call.get(), group.get(), by.get(), *active), (4, 7, 8, Some(at(14))));
        let seats: Vec<_> = participants.iter().map(|present| (present.user.get(), present.since)).collect();
        assert_eq!(seats, [(8, at(10)), (9, at(14))]);
        assert_eq!(store.next_call_id().await.unwrap(), 4);
        assert_eq!(store.next_group_call_id().await.unwrap(), 5);
        store.close().await;
    }
}

#[tokio::test]
async fn ids_of_deleted_rows_are_not_given_again() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        assert_eq!(store.next_call_id().await.unwrap(), 1);
        write(&store, &[rings(41, 1, 2, 0)], 1).await;
        database.run("DELETE FROM wo_calls").await.unwrap();

        assert_eq!(store.next_call_id().await.unwrap(), 42, "{}", database.name);
        store.close().await;
    }
}

#[tokio::test]
async fn numbers_that_a_killed_server_may_have_given_are_not_given_again() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        assert_eq!(store.take_numbers().await.unwrap(), (1, 1), "{}", database.name);

        // Killed before it had written anything, twice: clients may know any number that was to come next.
        assert_eq!(store.take_numbers().await.unwrap(), (1001, 1001));
        assert_eq!(store.take_numbers().await.unwrap(), (2001, 2001));
        // Killed long after: those behind the last row count.
        write(&store, &[rings(9000, 1, 2, 0)], 1).await;
        assert_eq!(store.take_numbers().await.unwrap(), (10_001, 3001));
        store.settle_numbers().await.unwrap();

        assert_eq!(store.take_numbers().await.unwrap(), (9001, 1), "all had rows");
        store.close().await;
    }
}

#[tokio::test]
async fn rows_that_make_no_sense_are_closed_and_told() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        database
            .run(
                "INSERT INTO wo_calls (id, from_id, to_id, call_type, status, room_name) VALUES \
                 (1, 0, 2, 'audio', 'ringing', 'a'), (2, 1, 2, 'audio', 'connected', 'no room'), \
                 (3, 1, 2, 'audio', 'ringing', 'fine'); \
                 INSERT INTO wo_group_calls (id, group_id, initiated_by, status, room_name) \
                 VALUES (1, -7, 1, 'active', 'g')",
            )
            .await
            .unwrap();

        let open = store.open_calls().await.unwrap();

        assert_eq!(open.calls.len(), 1);
        let told: Vec<_> = open.malformed.iter().map(|row| (row.table, row.id, row.column)).collect();
        assert_eq!(
            told,
            [("wo_calls", 1, "from_id"), ("wo_calls", 2, "room_name"), ("wo_group_calls", 1, "group_id")]
        );
        assert_eq!(
            database.ask("SELECT id, status, end_reason FROM wo_calls ORDER BY id").await.unwrap(),
            ["1|ended|malformed", "2|ended|malformed", "3|ringing|NULL"]
        );
        assert_eq!(store.open_calls().await.unwrap().malformed, []);
        store.close().await;
    }
}

#[tokio::test]
async fn rows_too_old_to_come_back_are_closed_and_no_others() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let mut records = vec![rings(1, 1, 2, 0), rings(2, 1, 2, 100), rings(3, 3, 4, 0), connects(3, 1)];
        records.extend([group_rings(1, 7, 1, 0), joins(1, 1, 0)]);
        write(&store, &records, 100).await;

        let (ring, day) = (Duration::from_secs(75), Duration::from_secs(86_400));
        let closed = store.close_stale(at(120), ring, day).await.unwrap();

        assert_eq!(closed, 2, "{}", database.name);
        assert_eq!(
            database.ask("SELECT id, status, end_reason, ended_at FROM wo_calls ORDER BY id").await.unwrap(),
            ["1|missed|stale|2026-05-04 10:02:00", "2|ringing|NULL|NULL", "3|connected|NULL|NULL"]
        );
        assert_eq!(database.ask("SELECT status FROM wo_group_calls").await.unwrap(), ["ended"]);
        let left = "SELECT left_at FROM wo_group_call_participants";
        assert_eq!(database.ask(left).await.unwrap(), ["2026-05-04 10:02:00"]);
        assert_eq!(store.close_stale(at(2 * 86_400), ring, day).await.unwrap(), 2);
        store.close().await;
    }
}
