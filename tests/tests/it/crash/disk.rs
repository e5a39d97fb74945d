//! A disk that takes no more, under the database or under the log: calls go on, and nothing is lost.
use super::{PROGRAM, load::Crowd};
use anyhow::{Result, ensure};
use calls_tests::{
    client::Client,
    databases::Database,
    folder::Folder,
    process::{Process, free_port, get},
};
use serde_json::json;
use std::{collections::HashSet, path::Path, process::Command, time::Duration};
use tokio::time::sleep;

/// People who never stop calling.
const CROWD: Crowd = Crowd { pairs: 10, groups: 0, first_user: 1, some_stay: false };

/// How large a file of this server may become; a number of bytes or `unlimited`.
fn limit_files(server: &Process, bytes: &str) -> Result<()> {
    let pid = server.pid().to_string();
    let status =
        Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status()?;
    ensure!(status.success(), "prlimit: {status}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_hurts_no_call_and_what_waits_is_written_when_there_is_room() -> Result<()> {
    let (database, folder, port) = (Database::sqlite()?, Folder::new(), free_port());
    let url = database.url();
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("LIMIT_CALLS_PER_MINUTE", "100000"),
        ("LIMIT_EVENTS_PER_SECOND", "100000"),
        ("LOG_LEVEL", "warn"),
    ];
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &environment).await?;

    let playing = CROWD.until_gone(server.address(), 3);
    let filling = async {
        limit_files(&server, "65536")?;
        while !get(server.address(), "/api/health").await?.contains(r#""database":"down""#) {
            sleep(Duration::from_millis(50)).await;
        }
        let rung_before = server.metric("calls_rings_total").await?;
        while server.metric("calls_rings_total").await? < rung_before + 100.0 {
            sleep(Duration::from_millis(20)).await;
        }
        limit_files(&server, "unlimited")?;
        while !get(server.address(), "/api/health").await?.contains(r#""database":"up""#) {
            sleep(Duration::from_millis(50)).await;
        }
        server.terminate()?;
        server.ended().await
    };
    let (calls, status) = tokio::join!(playing, filling);
    let (calls, status) = (calls?, status?);

    ensure!(status.success(), "{status}: {}", server.log());
    ensure!(!server.log().contains("panicked"), "{}", server.log());
    let (away, back) = ("the database is away", "away_seconds=");
    ensure!(server.log().contains(away) && server.log().contains(back), "{}", server.log());
    let rooms = database.ask("SELECT room_name FROM wo_calls").await?;
    let known: HashSet<&str> = rooms.iter().map(String::as_str).collect();
    for call in &calls {
        ensure!(known.contains(call.room.as_str()), "call {} is missing", call.id);
    }
    println!("{} calls before, with and after a full disk: nothing missing", calls.len());
    Ok(())
}

#[tokio::test]
async fn a_log_that_cannot_be_written_hurts_no_call() -> Result<()> {
    let (folder, port) = (Folder::new(), free_port());
    let environment = [("DATABASE_URL", "none"), ("LOG_LEVEL", "trace")];
    let mut server =
        Process::spawn_telling(PROGRAM, folder.path(), port, &environment, Path::new("/dev/full"))?;
    server.ready().await?;

    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    ann.ask("call:initiate", &dial).await?;
    bob.ask("call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" })).await?;
    ann.ask("call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    bob.expect("call:ended").await?;

    server.terminate()?;
    ensure!(server.ended().await?.success());
    Ok(())
}
