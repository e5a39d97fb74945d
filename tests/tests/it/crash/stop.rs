//! Stopped as an operator would, under load: nothing that a client was told is missing.
use super::{
    PROGRAM,
    load::{Call, Crowd, Kind},
};
use anyhow::{Result, ensure};
use calls_tests::{
    client::Client,
    databases::Database,
    folder::Folder,
    process::{Process, free_port, get},
};
use serde_json::json;
use std::{collections::HashMap, time::Duration};
use tokio::time::sleep;

const SETTINGS: [(&str, &str); 3] =
    [("LIMIT_CALLS_PER_MINUTE", "100000"), ("LIMIT_EVENTS_PER_SECOND", "100000"), ("LOG_LEVEL", "warn")];

/// Fifty clients, of whom some are in the middle of a call when the server stops.
const CROWD: Crowd = Crowd { pairs: 25, groups: 0, first_user: 1, some_stay: true };

/// Those who never stop calling.
const WITHOUT: Crowd = Crowd { pairs: 10, groups: 0, first_user: 1, some_stay: false };

async fn nothing_is_missing_after_a_stop(database: Database) -> Result<()> {
    let (folder, port, url) = (Folder::new(), free_port(), database.url());
    let environment: Vec<_> = SETTINGS.into_iter().chain([("DATABASE_URL", url.as_str())]).collect();
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &environment).await?;

    let playing = CROWD.until_gone(server.address(), 1);
    let stopping = async {
        sleep(Duration::from_millis(1000)).await;
        server.terminate()?;
        server.ended().await
    };
    let (calls, status) = tokio::join!(playing, stopping);
    let (calls, status) = (calls?, status?);

    ensure!(status.success(), "{status}: {}", server.log());
    ensure!(calls.len() > 50, "hardly anybody called");
    let rows = database
        .ask("SELECT CONCAT(room_name, ' ', status, ' ', CASE WHEN accepted_at IS NULL THEN 'no' ELSE 'yes' END) FROM wo_calls")
        .await?;
    let rows: HashMap<&str, &str> = rows.iter().filter_map(|row| row.split_once(' ')).collect();
    for call in &calls {
        let row = rows.get(call.room.as_str()).copied().unwrap_or("missing");
        ensure!(row != "missing", "call {} is missing", call.id);
        ensure!(
            call.answered.is_none() || row.ends_with("yes"),
            "call {} was answered, and its row says {row}",
            call.id
        );
        ensure!(call.over.is_none() || !is_open(&row), "call {} is over, and its row says {row}", call.id);
    }
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &environment).await?;
    let resumed =
        all_come_back(&server, calls.iter().filter(|call| rows.get(call.room.as_str()).is_some_and(is_open)))
            .await?;
    server.terminate()?;
    ensure!(server.ended().await?.success(), "{}", server.log());
    println!("{}: {} calls, nothing missing; {resumed} went on", database.name, calls.len());
    Ok(())
}

fn is_open(row: &&str) -> bool {
    row.starts_with("ringing") || row.starts_with("connected")
}

/// Those whose calls go on find them at the next server: what rang rings, and who talked talks.
async fn all_come_back(server: &Process, calls: impl Iterator<Item = &Call>) -> Result<usize> {
    let mut resumed = 0;
    for call in calls {
        let Kind::Pair { caller, callee } = call.kind else { continue };
        let mut ann = Client::register(server.address(), caller, "phone").await?;
        let mut bob = Client::connect(server.address()).await?;
        let pending = bob.ask("call:register", &json!({ "userId": callee, "deviceId": "phone" })).await?;
        let state = ann.ask("call:resume", &json!({ "roomName": call.room, "userId": caller })).await?;
        ensure!(state["callId"] == call.id, "{state}");
        if call.answered.is_some() {
            bob.ask("call:resume", &json!({ "roomName": call.room, "userId": callee })).await?;
        } else if pending["pending"][0]["roomName"] != call.room.as_str() {
            // Answered, and the server was gone before the callee heard that it had worked.
            bob.ask("call:resume", &json!({ "roomName": call.room, "userId": callee })).await?;
        }
        ann.ask("call:end", &json!({ "roomName": call.room, "userId": caller })).await?;
        bob.expect("call:ended").await?;
        resumed += 1;
    }
    ensure!(resumed > 0, "no call went on");
    Ok(resumed)
}

#[tokio::test]
async fn while_it_stops_it_says_that_it_is_not_ready() -> Result<()> {
    let (folder, port) = (Folder::new(), free_port());
    let environment = [("DATABASE_URL", "none"), ("LOG_LEVEL", "warn")];
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &environment).await?;
    // A phone that does not notice: the server waits for it a while.
    let asleep = Client::register(server.address(), 1, "phone").await?;

    server.terminate()?;
    let page = loop {
        let page = get(server.address(), "/api/health/ready").await?;
        if !page.starts_with("HTTP/1.1 200") {
            break page;
        }
    };

    ensure!(page.starts_with("HTTP/1.1 503") && page.contains("stopping"), "{page}");
    ensure!(Client::connect(server.address()).await.is_err(), "nobody new comes in");
    ensure!(get(server.address(), "/api/health").await?.contains("draining"));
    asleep.vanish();
    ensure!(server.ended().await?.success(), "{}", server.log());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_sqlite_has_all_that_clients_were_told() -> Result<()> {
    nothing_is_missing_after_a_stop(Database::sqlite()?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_mariadb_has_all_that_clients_were_told() -> Result<()> {
    nothing_is_missing_after_a_stop(Database::mariadb().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_hurts_no_call_and_loses_no_row() -> Result<()> {
    let mariadb = std::sync::Arc::new(calls_tests::mariadb::MariaDb::start()?);
    let database = Database::on(mariadb.clone()).await?;
    let (folder, port, url) = (Folder::new(), free_port(), database.url());
    let environment: Vec<_> = SETTINGS.into_iter().chain([("DATABASE_URL", url.as_str())]).collect();
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &environment).await?;

    let playing = WITHOUT.until_gone(server.address(), 2);
    let breaking = async {
        sleep(Duration::from_millis(500)).await;
        mariadb.kill();
        while get(server.address(), "/api/health").await?.contains(r#""database":"up""#) {
            sleep(Duration::from_millis(50)).await;
        }
        let rung_before = server.metric("calls_rings_total").await?;
        while server.metric("calls_rings_total").await? < rung_before + 100.0 {
            // Calls go on without a database; the test runner's own limit is what ends this if they do not.
            sleep(Duration::from_millis(20)).await;
        }
        mariadb.resume()?;
        while !get(server.address(), "/api/health").await?.contains(r#""database":"up""#) {
            sleep(Duration::from_millis(50)).await;
        }
        server.terminate()?;
        server.ended().await
    };
    let (calls, status) = tokio::join!(playing, breaking);
    let (calls, status) = (calls?, status?);

    ensure!(status.success(), "{status}: {}", server.log());
    let rooms = database.ask("SELECT room_name FROM wo_calls").await?;
    let known: std::collections::HashSet<&str> = rooms.iter().map(String::as_str).collect();
    for call in &calls {
        ensure!(known.contains(call.room.as_str()), "call {} is missing", call.id);
    }
    println!("{} calls before, without and after the database: nothing missing", calls.len());
    Ok(())
}
