//! Stopped as an operator would, under load: nothing that a client was told is missing.
use super::{PROGRAM, load::Crowd};
use anyhow::{Result, ensure};
use calls_tests::{
    databases::Database,
    process::{Process, free_port, get},
    server::Folder,
};
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
        let is_final = !row.starts_with("ringing") && !row.starts_with("connected");
        ensure!(call.over.is_none() || is_final, "call {} is over, and its row says {row}", call.id);
    }
    println!("{}: {} calls, nothing missing", database.name, calls.len());
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
