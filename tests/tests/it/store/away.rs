//! What clients are told while the database is away.
use super::*;
use calls_protocol::ErrorCode;
use calls_tests::{client::Client, databases::Database, mariadb::MariaDb, process::get, server::TestServer};
use serde_json::json;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_to_try_again_and_not_that_there_is_nothing() {
    let mariadb = Arc::new(MariaDb::start().unwrap());
    let database = Database::on(Arc::clone(&mariadb)).await.unwrap();
    let sql = "CREATE TABLE wo_groupchat (group_id INT PRIMARY KEY, group_name VARCHAR(50)); \
               CREATE TABLE wo_groupchatusers (group_id INT, user_id INT); \
               INSERT INTO wo_groupchat VALUES (7, 'Family'); INSERT INTO wo_groupchatusers VALUES (7, 1), (7, 2)";
    database.run(sql).await.unwrap();
    let server =
        TestServer::start(&[("DATABASE_URL", &database.url()), ("LIMIT_CALLS_PER_MINUTE", "100000")]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await.unwrap();
    let mut bob = Client::register(server.address(), 2, "phone").await.unwrap();
    let dial = |room: &str, group: u64| json!({ "fromId": 1, "groupId": group, "callType": "audio", "roomName": room });
    mariadb.kill();

    let refusal = ann.ask_in_vain("call:initiate", &dial("a", 7)).await.unwrap();
    assert_eq!(refusal.code, ErrorCode::Unavailable, "{refusal:?}");
    let page = get(server.address(), "/api/calls?user=1").await.unwrap();
    assert!(page.starts_with("HTTP/1.1 503") && page.contains("unavailable"), "{page}");
    let ready = get(server.address(), "/api/ice-config").await.unwrap();
    assert!(ready.starts_with("HTTP/1.1 200"), "what needs no database goes on: {ready}");

    mariadb.resume().unwrap();
    let mut tries = 0;
    while let Err(refusal) = ann.ask("call:initiate", &dial(&format!("b{tries}"), 7)).await {
        // Until the server has found the database again; the test runner's limit is what ends this if it does not.
        let text = refusal.to_string();
        assert!(text.contains("try again in a few seconds"), "{text}");
        tries += 1;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(bob.expect("group_call:incoming").await.unwrap()["groupName"], "Family");
    let nobody = json!({ "fromId": 2, "groupId": 8, "callType": "audio", "roomName": "c" });
    let refusal = bob.ask_in_vain("call:initiate", &nobody).await.unwrap();
    assert_eq!(refusal.code, ErrorCode::NotFound, "{refusal:?}");
    drop((ann, bob));
    server.stop().await;
}
