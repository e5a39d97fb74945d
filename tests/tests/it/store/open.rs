//! Opening: two at once, and errors that say what to do.
use super::*;
use calls_server::db::OpenError;
use calls_tests::{databases::Database, mariadb::MariaDb};

#[tokio::test]
async fn servers_that_start_at_once_prepare_the_tables_together() {
    for database in Database::both().await.unwrap() {
        let settings = database.settings().unwrap();
        let opened = tokio::join!(Store::open(&settings), Store::open(&settings), Store::open(&settings));

        for store in [opened.0, opened.1, opened.2] {
            let store = store.unwrap();
            store.ping().await.unwrap();
            store.close().await;
        }
        let applied =
            database.ask("SELECT COUNT(*) FROM wo_calls_migrations WHERE success = 1").await.unwrap();
        assert_eq!(applied, [if database.is_mariadb() { "2" } else { "3" }]);
    }
}

#[tokio::test]
async fn a_server_killed_while_it_prepared_the_tables_starts_over() {
    let database = Database::mariadb().await.unwrap();
    database.store().await.unwrap().close().await;
    database.run("UPDATE wo_calls_migrations SET success = FALSE; DROP TABLE wo_call_devices").await.unwrap();

    let store = database.store().await.unwrap();

    assert_eq!(database.ask("SELECT COUNT(*) FROM wo_call_devices").await.unwrap(), ["0"]);
    store.close().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_without_the_password() {
    let server = MariaDb::shared().unwrap();
    let database = Database::mariadb().await.unwrap();
    database
        .run(
            "CREATE USER IF NOT EXISTS reader@localhost IDENTIFIED BY 'hunter2'; \
             GRANT SELECT ON *.* TO reader@localhost",
        )
        .await
        .unwrap();
    let name = database.ask("SELECT DATABASE()").await.unwrap().remove(0);
    let told = async |url: &str| {
        let settings = calls_server::db::DatabaseSettings::new(url.parse().unwrap());
        let error = Store::open(&settings).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hunter2"), "{text}");
        error
    };

    let error = told(&server.url("reader", "hunter23", &name)).await;
    assert!(matches!(error, OpenError::AccessDenied { .. }), "{error:?}");
    let error = told(&server.url("reader", "hunter2", &name)).await;
    assert!(matches!(error, OpenError::NoRights { .. }), "{error:?}");
    let error = told(&server.url("root", "", "nowhere")).await;
    assert!(matches!(error, OpenError::NoDatabase { .. }), "{error:?}");
    let error = told("mysql://root:hunter2@127.0.0.1:1/calls").await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
    let error = told("sqlite:/proc/hunter/calls.db").await;
    assert!(matches!(error, OpenError::File { .. }), "{error:?}");
}
