//! Names, groups and devices.
use super::*;
use calls_server::{
    db::{Device, Directory},
    settings::MessengerTables,
};
use calls_tests::{databases::Database, mariadb::MariaDb};
use std::sync::Arc;

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
        let family = directory.group(group(7)).await.unwrap();
        assert_eq!((family.name.as_str(), &family.members), ("Family", &vec![user(1), user(2)]));
        assert_eq!(directory.group(group(9)).await, None);
        store.close().await;
    }
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
    assert_eq!(directory.group(group(5)).await, None);
    assert!(!directory.has_push(user(5)).await);
}
