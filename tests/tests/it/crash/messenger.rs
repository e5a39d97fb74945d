//! A messenger whose tables are not those of the settings: told once, at the start.
use super::PROGRAM;
use anyhow::{Result, ensure};
use calls_tests::{
    client::Client,
    databases::Database,
    folder::Folder,
    process::{Process, free_port},
};
use serde_json::json;

#[tokio::test]
async fn tables_that_are_not_there_are_told_once_and_not_with_every_call() -> Result<()> {
    for database in Database::both().await? {
        let (folder, url) = (Folder::new(), database.url());
        let environment = [("DATABASE_URL", url.as_str())];
        let (mut server, _) = Process::start(PROGRAM, folder.path(), free_port(), &environment).await?;
        let told = |server: &Process| server.log().matches("the messenger's tables").count();
        while database.is_mariadb() && told(&server) == 0 {
            // Once it serves, it asks.
            tokio::task::yield_now().await;
        }

        for user in 1..=20 {
            let mut client = Client::register(server.address(), user, "phone").await?;
            let dial = json!({ "fromId": user, "groupId": user, "callType": "audio", "roomName": "r" });
            client.ask_in_vain("call:initiate", &dial).await?;
        }
        server.terminate()?;
        server.ended().await?;

        let log = server.log();
        ensure!(told(&server) == usize::from(database.is_mariadb()), "{}: {log}", database.name);
        // Two others are of this machine and of having nothing set.
        let others = log.matches("open mode").count() + log.matches("limit_connections").count();
        ensure!(log.matches("WARN").count() <= 1 + others, "{log}");
        for wanted in ["wo_users", "users_table", "wo_groupchat", "group calls are refused"] {
            ensure!(log.contains(wanted) == database.is_mariadb(), "{wanted}: {log}");
        }
    }
    Ok(())
}
