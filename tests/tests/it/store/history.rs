//! The history of a user, page by page.
use super::*;
use calls_server::{
    db::{Direction, Directory, Other},
    settings::MessengerTables,
};
use calls_tests::databases::Database;

#[tokio::test]
async fn pages_have_no_gap_and_no_double_while_calls_are_written() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
        let mut records = Vec::new();
        for id in 1..=30 {
            // Three a second, so that many begin at the same moment; some are of others.
            let (from, to) = [(1, 2), (2, 1), (3, 4)][id as usize % 3];
            records.extend(whole_call(id, from, to, id / 3));
            records.extend(whole_group_call(id, 7, id % 2 + 1, 5, id / 3));
        }
        write(&store, &records, 1000).await;
        database.run("UPDATE wo_calls SET from_id = 0, to_id = 1 WHERE id IN (28, 29)").await.unwrap();

        for limit in [1, 3, 100] {
            let (mut seen, mut before) = (Vec::new(), None);
            let mut new = 1000 + limit as u64;
            loop {
                let page = store.history(&directory, user(1), before, limit).await.unwrap();
                assert!(page.entries.len() <= limit);
                seen.extend(page.entries);
                before = page.next;
                if before.is_none() {
                    break;
                }
                // The text of a cursor is what a client hands back.
                before = before.map(|cursor| cursor.to_string().parse().unwrap());
                new += 100;
                write(&store, &whole_call(new, 1, 2, 5000), 100).await;
            }

            let pairs = |id: &u64| id % 3 != 2 && ![28, 29].contains(id);
            let mine: Vec<u64> = seen
                .iter()
                .filter(|entry| matches!(entry.other, Other::User { .. }) && entry.call.get() <= 30)
                .map(|entry| entry.call.get())
                .collect();
            assert_eq!(
                mine,
                (1..=30).rev().filter(pairs).collect::<Vec<_>>(),
                "{} by {limit}",
                database.name
            );
            let groups: Vec<u64> = seen
                .iter()
                .filter(|entry| matches!(entry.other, Other::Group { .. }))
                .map(|entry| entry.call.get())
                .collect();
            assert_eq!(groups, (1..=30).rev().filter(|id| id % 2 == 0).collect::<Vec<_>>());
            assert!(seen.is_sorted_by(|a, b| a.started >= b.started), "newest first");
            database.run("DELETE FROM wo_calls WHERE id > 30").await.unwrap();
        }
        store.close().await;
    }
}

#[tokio::test]
async fn an_entry_says_with_whom_which_way_and_how_long() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        if database.is_mariadb() {
            database
                .run("CREATE TABLE wo_users (user_id INT PRIMARY KEY, first_name TEXT, last_name TEXT, avatar TEXT)")
                .await
                .unwrap();
        }
        database.run("INSERT INTO wo_users VALUES (2, 'Олена', 'Коваль', 'a.png')").await.unwrap();
        let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
        let mut records = whole_call(1, 2, 1, 0);
        records.extend([rings(2, 1, 3, 200), ends(2, FinalStatus::Missed, "timeout", 245, None)]);
        write(&store, &records, 100).await;

        let page = store.history(&directory, user(1), None, 10).await.unwrap();

        assert_eq!(page.next, None);
        let [missed, answered] = &page.entries[..] else { panic!("{page:?}") };
        let Other::User { id, profile } = &answered.other else { panic!("{answered:?}") };
        assert_eq!(
            (id.get(), profile.name.as_str(), profile.avatar.as_deref()),
            (2, "Олена Коваль", Some("a.png"))
        );
        assert_eq!((answered.direction, answered.status.as_str()), (Direction::Incoming, "ended"));
        assert_eq!((answered.started, answered.duration), (at(0), Some(Seconds(80))));
        let Other::User { profile, .. } = &missed.other else { panic!("{missed:?}") };
        assert_eq!(profile.name, "User 3");
        assert_eq!((missed.direction, missed.status.as_str()), (Direction::Outgoing, "missed"));
        assert_eq!((missed.end_reason.as_deref(), missed.duration), (Some("timeout"), None));
        store.close().await;
    }
}
