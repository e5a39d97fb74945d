//! What the documents tell an operator to run, run.
use super::*;
use calls_server::settings::MessengerTables;
use calls_tests::{databases::Database, mariadb::MariaDb, server::TestServer};
use std::{process::Command, sync::Arc};

/// The first block of code behind a heading.
fn block(document: &str, heading: &str, fence: &str) -> String {
    let path = format!("{}/../docs/{document}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let section = text.split_once(heading).unwrap().1;
    section.split_once(fence).unwrap().1.split_once("```").unwrap().0.to_owned()
}

/// The statements that the script in deploy.md would give to MariaDB.
fn from_script() -> String {
    let text = block("deploy.md", "It makes its own tables", "```sh\n");
    let script = text
        .replace("$(sudo cat /etc/calls-server/secrets/mysql_password)", "hunter22")
        .replace(") | sudo mariadb", ")");
    assert!(!script.contains("sudo"), "{script}");
    let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn both_documents_print_the_same_grants() {
    let printed = block("database.md", "## Rights", "```sql\n").replace('…', "hunter22");

    assert_eq!(printed, from_script());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_grants_are_enough_for_new_tables_and_for_those_of_a_messenger() {
    for before in ["", include_str!("fixtures/older.sql"), include_str!("fixtures/published.sql")] {
        let mariadb = Arc::new(MariaDb::start().unwrap());
        let database = Database::on(Arc::clone(&mariadb)).await.unwrap();
        let messenger = "CREATE TABLE IF NOT EXISTS wo_users (user_id INT PRIMARY KEY, first_name VARCHAR(60), \
                         last_name VARCHAR(60), avatar VARCHAR(500)); \
                         CREATE TABLE IF NOT EXISTS wo_groupchat (group_id INT PRIMARY KEY, group_name VARCHAR(255)); \
                         CREATE TABLE IF NOT EXISTS wo_groupchatusers (group_id INT, user_id INT);";
        database.run(&format!("{before}\n{messenger}")).await.unwrap();
        let name = database.ask("SELECT DATABASE()").await.unwrap().remove(0);
        // The server of this test has no network, only a socket.
        let grants =
            from_script().replace("socialhub.", &format!("{name}.")).replace("127.0.0.1", "localhost");
        database.run(&grants).await.unwrap();
        let url = mariadb.url("calls", "hunter22", &name);

        let server = TestServer::start(&[("DATABASE_URL", &url)]).await;
        server.stop().await;
        let settings = calls_server::db::DatabaseSettings::new(url.parse().unwrap());
        let store = Store::open(&settings).await.unwrap();
        store.widen_user_ids().await.unwrap();
        let mut records = whole_call(1_000_001, 1, 2, 0);
        records.extend(whole_group_call(1_000_001, 7, 1, 2, 100));
        write(&store, &records, 3).await;
        let directory = calls_server::db::Directory::new(store.clone(), &MessengerTables::default()).unwrap();
        assert_eq!(directory.missing().await.unwrap(), []);
        let device = calls_server::db::Device {
            id: "phone".parse().unwrap(),
            platform: "web".into(),
            push_token: Some("t".into()),
        };
        directory.save_device(user(1), &device, at(0)).await.unwrap();
        store.close_stale(at(0), Duration::from_secs(75), Duration::from_secs(86_400)).await.unwrap();
        store.close().await;
        let counted = database.ask("SELECT COUNT(*) FROM wo_calls WHERE id = 1000001").await.unwrap();
        assert_eq!(counted, ["1"]);
    }
}

#[tokio::test]
async fn the_printed_cleaning_takes_what_is_old_and_leaves_what_goes_on() {
    let printed = block("database.md", "## Addresses of people", "```sql\n");
    for database in Database::both().await.unwrap() {
        let store = database.store().await.unwrap();
        // Long over, and one that rings since then.
        let mut records = whole_call(1, 1, 2, 0);
        records.push(rings(2, 3, 4, 0));
        write(&store, &records, 100).await;
        let sql = match database.is_mariadb() {
            true => printed.replace("NOW()", "'2026-05-08 00:00:00'"),
            false => printed
                .replace("NOW() - INTERVAL 1 DAY", "datetime('2026-05-08', '-1 day')")
                .replace("NOW() - INTERVAL 90 DAY", "datetime('2026-05-08', '-90 day')"),
        };

        database.run(&sql).await.unwrap();

        assert_eq!(database.ask("SELECT COUNT(*) FROM wo_ice_candidates").await.unwrap(), ["0"]);
        assert_eq!(database.ask("SELECT COUNT(*) FROM wo_call_statistics").await.unwrap(), ["1"]);
        let rows = "SELECT id, sdp_offer IS NULL, sdp_answer IS NULL FROM wo_calls ORDER BY id";
        assert_eq!(database.ask(rows).await.unwrap(), ["1|1|1", "2|0|1"], "{}", database.name);
        store.close().await;
    }
}
