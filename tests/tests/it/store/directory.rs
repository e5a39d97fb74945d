//! Names, groups and devices.
use super::*;
use calls_server::{
    calls::SocketId,
    db::{Asker, Device, Directory, NoGroup},
    settings::MessengerTables,
};
use calls_tests::{databases::Database, mariadb::MariaDb};
use std::sync::Arc;

const ANN: Asker = Asker::Socket(SocketId(1));

/// Names that are words of SQL, so that they only work quoted.
fn odd_tables() -> MessengerTables {
    MessengerTables {
        users: "Order".into(),
        users_id: "key".into(),
        users_name: vec!["select".into()],
        users_avatar: None,
        groups: "group".into(),
        groups_id: "index".into(),
        groups_name: "where".into(),
        members: "table".into(),
        members_group: "from".into(),
        members_user: "to".into(),
    }
}

#[tokio::test]
async fn names_and_groups_come_from_whatever_tables_the_messenger_has() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        database
            .run(
                "CREATE TABLE `Order` (`key` INT PRIMARY KEY, `select` VARCHAR(50)); \
                 INSERT INTO `Order` VALUES (1, ' Тарас '), (2, ''); \
                 CREATE TABLE `group` (`index` INT PRIMARY KEY, `where` VARCHAR(50)); \
                 INSERT INTO `group` VALUES (7, 'Family'); \
                 CREATE TABLE `table` (`from` INT, `to` INT); \
                 INSERT INTO `table` VALUES (7, 2), (7, 1), (7, 2), (8, 3), (7, NULL)",
            )
            .await
            .unwrap();
        let directory = Directory::new(store.clone(), &odd_tables()).unwrap();

        assert_eq!(directory.profile(user(1)).await.name, "Тарас");
        assert_eq!(directory.profile(user(2)).await.name, "User 2");
        assert_eq!(directory.profile(user(3)).await.name, "User 3");
        let family = directory.group(group(7), ANN).await.unwrap();
        assert_eq!((family.name.as_str(), &family.members), ("Family", &vec![user(1), user(2)]));
        assert_eq!(directory.group(group(9), ANN).await, Err(NoGroup::Unknown));
        store.close().await;
    }
}

/// The messenger's tables as MariaDB has them; SQLite comes with its own.
const GROUPS: &str = "CREATE TABLE IF NOT EXISTS wo_groupchat (group_id INT PRIMARY KEY, group_name VARCHAR(50)); \
                      CREATE TABLE IF NOT EXISTS wo_groupchatusers (group_id INT, user_id INT);";

#[tokio::test]
async fn a_group_that_is_too_large_is_not_read_to_its_end() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let members = |group: u64, count: u64| {
            (1..=count).map(|user| format!("({group}, {user})")).collect::<Vec<_>>().join(", ")
        };
        database.run(GROUPS).await.unwrap();
        let sql = format!(
            "INSERT INTO wo_groupchat (group_id, group_name) VALUES (1, 'Crew'), (2, 'Town'); \
             INSERT INTO wo_groupchatusers (group_id, user_id) VALUES {}, {}",
            members(1, 500),
            members(2, 501)
        );
        database.run(&sql).await.unwrap();
        let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();

        assert_eq!(directory.group(group(1), ANN).await.unwrap().members.len(), 500);
        assert_eq!(directory.group(group(2), ANN).await, Err(NoGroup::TooLarge), "{}", database.name);
        store.close().await;
    }
}

#[tokio::test]
async fn whoever_asks_for_groups_without_end_is_asked_to_wait_and_nobody_else_is() {
    let database = Database::sqlite().unwrap();
    let store = database.store().await.unwrap();
    database.run("INSERT INTO wo_groupchat (group_id, group_name) VALUES (1, 'Crew')").await.unwrap();
    let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
    let (flood, bob) = (Asker::User(user(1)), Asker::User(user(2)));

    let mut refused = 0;
    for id in 1..=200 {
        refused += u64::from(directory.group(group(id), flood).await == Err(NoGroup::TooOften));
    }
    assert_eq!(refused, 140);
    // What was asked for a moment ago costs no question, whether there is such a group or not.
    for _ in 0..100 {
        assert_eq!(directory.group(group(2), flood).await, Err(NoGroup::Unknown));
        assert_eq!(directory.group(group(1), flood).await.unwrap().name, "Crew");
    }
    assert_eq!(directory.group(group(150), bob).await, Err(NoGroup::Unknown));
    store.close().await;
}

#[tokio::test]
async fn groups_that_are_in_no_table_are_not_taken_for_a_database_that_is_away() {
    let database = Database::mariadb().await.unwrap();
    let store = database.store().await.unwrap();
    let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();

    assert_eq!(directory.group(group(1), ANN).await, Err(NoGroup::NotThere));
    assert_eq!(directory.group_of_call(group(1)).await.unwrap(), None);
    assert_eq!(directory.profile(user(1)).await.name, "User 1");
    store.close().await;
}

#[tokio::test]
async fn what_is_missing_of_the_messenger_is_named_with_its_setting() {
    let [sqlite, mariadb] = Database::both().await.unwrap();
    let store = sqlite.store().await.unwrap();
    let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
    assert_eq!(directory.missing().await.unwrap(), [], "SQLite comes with tables of its own");
    assert_eq!(Directory::new(store.clone(), &odd_tables()).unwrap().missing().await.unwrap().len(), 3);
    store.close().await;

    let store = mariadb.store().await.unwrap();
    let sql = "CREATE TABLE wo_users (user_id INT, first_name TEXT, last_name TEXT); \
               CREATE TABLE wo_groupchat (group_id INT, group_name TEXT)";
    mariadb.run(sql).await.unwrap();
    let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
    let told: Vec<String> = directory.missing().await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "table wo_users has no column avatar that can be read, so calls show ids in place of names \
             (grant SELECT, or set users_avatar_column)",
            "there is no table wo_groupchatusers that can be read, so group calls are refused \
             (grant SELECT, or set members_table)"
        ]
    );
    store.close().await;
}

#[tokio::test]
async fn a_name_that_is_no_name_is_refused_before_it_meets_sql() {
    let tables =
        MessengerTables { users: "wo_users; DROP TABLE wo_calls".into(), ..MessengerTables::default() };

    assert!(Directory::new(Store::memory(), &tables).is_err());
}

#[tokio::test]
async fn a_token_belongs_to_whoever_signed_in_last() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
        let device = |id: &str, token: Option<&str>| Device {
            id: id.parse().unwrap(),
            platform: "android".into(),
            push_token: token.map(Into::into),
        };
        assert!(!directory.has_push(user(1)).await);

        directory.save_device(user(1), &device("phone", Some("t1")), at(0)).await.unwrap();
        directory.save_device(user(1), &device("tablet", None), at(0)).await.unwrap();
        assert_eq!(&*directory.push_tokens(user(1)).await, [device("phone", Some("t1"))]);
        // Said again without its token, a device keeps it.
        directory.save_device(user(1), &device("phone", None), at(1)).await.unwrap();
        assert!(directory.has_push(user(1)).await);

        directory.save_device(user(2), &device("phone", Some("t1")), at(2)).await.unwrap();
        assert!(!directory.has_push(user(1)).await && directory.has_push(user(2)).await);

        directory.forget_token(user(2), "t1").await.unwrap();
        assert!(!directory.has_push(user(2)).await);
        store.close().await;
    }
}

#[tokio::test]
async fn of_many_devices_the_one_not_seen_for_the_longest_time_is_forgotten() {
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
        let device = |number: u64| Device {
            id: format!("phone-{number}").parse().unwrap(),
            platform: "android".into(),
            push_token: Some(format!("token-{number}")),
        };
        // A table from before has more.
        database
            .run("INSERT INTO wo_call_devices VALUES (1, 'x', '', 'x', '2020-01-01'), (1, 'y', '', 'y', '2020-01-01')")
            .await
            .unwrap();
        for number in 0..20 {
            directory.save_device(user(1), &device(number), at(number)).await.unwrap();
        }
        directory.save_device(user(2), &device(99), at(0)).await.unwrap();

        directory.save_device(user(1), &device(0), at(30)).await.unwrap();
        directory.save_device(user(1), &device(20), at(31)).await.unwrap();
        directory.save_device(user(1), &device(21), at(31)).await.unwrap();

        let kept: Vec<String> =
            directory.push_tokens(user(1)).await.iter().map(|device| device.id.to_string()).collect();
        let expected: Vec<String> =
            [20, 21, 0].into_iter().chain((3..20).rev()).map(|n| format!("phone-{n}")).collect();
        assert_eq!(kept, expected, "{}", database.name);
        let rows = "SELECT user_id, COUNT(*) FROM wo_call_devices GROUP BY user_id ORDER BY user_id";
        assert_eq!(database.ask(rows).await.unwrap(), ["1|20", "2|1"]);
        store.close().await;
    }
}

#[tokio::test]
async fn a_token_that_went_to_somebody_and_came_back_is_news_again() {
    let database = Database::sqlite().unwrap();
    let store = database.store().await.unwrap();
    let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
    let device =
        Device { id: "phone".parse().unwrap(), platform: "ios".into(), push_token: Some("t1".into()) };
    for number in [1, 2, 1] {
        assert!(directory.is_news(user(number), &device));
        directory.save_device(user(number), &device, at(0)).await.unwrap();
        assert!(!directory.is_news(user(number), &device));
    }

    assert_eq!(database.ask("SELECT user_id FROM wo_call_devices").await.unwrap(), ["1"]);
    store.close().await;
}

#[tokio::test]
async fn a_database_that_is_away_makes_the_name_and_not_an_error() {
    let server = Arc::new(MariaDb::start().unwrap());
    let database = Database::on(Arc::clone(&server)).await.unwrap();
    let store = database.store().await.unwrap();
    let directory = Directory::new(store.clone(), &MessengerTables::default()).unwrap();
    server.kill();

    assert_eq!(directory.profile(user(5)).await.name, "User 5");
    assert_eq!(directory.group(group(5), ANN).await, Err(NoGroup::Away));
    assert!(directory.group_of_call(group(5)).await.is_err(), "a restart does not take that for an answer");
    assert!(!directory.has_push(user(5)).await);
}
