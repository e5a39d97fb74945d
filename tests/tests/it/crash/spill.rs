//! Stopped while the database is away: what could not be written waits in a file for the next start.
use super::PROGRAM;
use anyhow::{Result, ensure};
use calls_tests::{
    client::Client,
    databases::Database,
    folder::Folder,
    mariadb::MariaDb,
    process::{Process, free_port, get},
};
use serde_json::json;
use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::io::AsyncWriteExt;

async fn dial(ann: &mut Client, bob: &mut Client, room: &str) -> Result<()> {
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": room, "sdpOffer": "v=0" });
    ann.ask("call:initiate", &dial).await?;
    bob.expect("call:incoming").await?;
    Ok(())
}

async fn talk(ann: &mut Client, bob: &mut Client, room: &str) -> Result<()> {
    dial(ann, bob, room).await?;
    bob.ask("call:accept", &json!({ "roomName": room, "userId": 2, "sdpAnswer": "v=0" })).await?;
    let candidate = json!({ "roomName": room, "fromUserId": 1, "candidate": format!("candidate:{room}") });
    ann.ask("ice:candidate", &candidate).await?;
    Ok(())
}

async fn hang_up(ann: &mut Client, bob: &mut Client, room: &str) -> Result<()> {
    ann.ask("call:end", &json!({ "roomName": room, "userId": 1 })).await?;
    bob.expect("call:ended").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_wait_for_a_database_that_is_away_outlive_a_stop() -> Result<()> {
    let mariadb = Arc::new(MariaDb::start()?);
    let database = Database::on(mariadb.clone()).await?;
    let (folder, port, url) = (Folder::new(), free_port(), database.url());
    let environment = [("DATABASE_URL", url.as_str()), ("DATA_DIR", "kept"), ("DRAIN_SECONDS", "2")];
    let file = folder.path().join("kept/unwritten.jsonl");
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &environment).await?;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    talk(&mut ann, &mut bob, "before").await?;
    while server.metric("calls_db_queue_depth").await? > 0.0 {
        tokio::task::yield_now().await;
    }

    mariadb.kill();
    hang_up(&mut ann, &mut bob, "before").await?;
    while get(server.address(), "/api/health").await?.contains(r#""database":"up""#) {
        tokio::task::yield_now().await;
    }
    talk(&mut ann, &mut bob, "over").await?;
    hang_up(&mut ann, &mut bob, "over").await?;
    talk(&mut ann, &mut bob, "goes_on").await?;
    server.terminate()?;
    let status = server.ended().await?;
    ensure!(status.success(), "{status}: {}", server.log());
    ensure!(std::fs::metadata(&file)?.permissions().mode() & 0o777 == 0o600, "others can read it");

    mariadb.resume()?;
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &environment).await?;

    let rows = database.ask("SELECT room_name, status, end_reason FROM wo_calls ORDER BY id").await?;
    ensure!(rows == ["before|ended|completed", "over|ended|completed", "goes_on|connected|NULL"], "{rows:?}");
    let candidates = database.ask("SELECT room_name FROM wo_ice_candidates ORDER BY id").await?;
    ensure!(candidates == ["before", "over", "goes_on"], "{candidates:?}");
    ensure!(!file.exists() && !file.with_extension("jsonl.bad").exists(), "all of it was written");
    ensure!(server.log().contains("the next start writes it"), "{}", server.log());
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    ann.ask("call:resume", &json!({ "roomName": "goes_on", "userId": 1, "lastEventId": 1 })).await?;
    server.terminate()?;
    ensure!(server.ended().await?.success(), "{}", server.log());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_has_one_time_limit_for_all_its_steps() -> Result<()> {
    const DRAIN: Duration = Duration::from_secs(8);
    let mariadb = Arc::new(MariaDb::start()?);
    let database = Database::on(mariadb.clone()).await?;
    let (folder, url) = (Folder::new(), database.url());
    let environment = [("DATABASE_URL", url.as_str()), ("DRAIN_SECONDS", "8")];
    let (mut server, _) = Process::start(PROGRAM, folder.path(), free_port(), &environment).await?;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    mariadb.kill();
    dial(&mut ann, &mut bob, "waits").await?;
    // Never sent to its end: the door waits for it. Phones that read nothing keep the sockets, and the database the writer.
    let mut slow = tokio::net::TcpStream::connect(server.address()).await?;
    slow.write_all(b"POST /api/turn-credentials HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{").await?;

    let begun = Instant::now();
    server.terminate()?;
    let status = server.ended().await?;
    let took = begun.elapsed();

    ensure!(status.success(), "{status}: {}", server.log());
    // Each step by itself may take all of it: sockets, door and writer would be three times as long.
    ensure!(took < DRAIN + Duration::from_secs(7), "{took:?}: {}", server.log());
    drop((ann, bob, slow));
    Ok(())
}

#[tokio::test]
async fn lines_that_cannot_be_read_are_kept_aside_and_the_others_are_written() -> Result<()> {
    for database in Database::both().await? {
        let (folder, url) = (Folder::new(), database.url());
        let file = folder.path().join("data/unwritten.jsonl");
        std::fs::create_dir(folder.path().join("data"))?;
        let name = match database.url().rsplit_once('/') {
            Some((_, rest)) if database.is_mariadb() => {
                format!("mysql/{}", rest.split('?').next().unwrap_or_default())
            }
            _ => "sqlite".to_owned(),
        };
        let row = |id: u64, room: &str| {
            format!(
                r#"{{"Call":[{id},{{"rang":{{"from":1,"to":2,"call_type":"audio","room":"{room}","offer":"v=0","at":1000,"expires":2000,"device":null}},"answered":null,"ended":{{"status":"missed","reason":"timeout","by":null,"at":2000,"duration":null}}}}]}}"#
            )
        };
        let half = &row(9, "half")[..40];
        let mut written = std::fs::File::create(&file)?;
        writeln!(written, "{{\"For\":\"{name}\"}}\n{}\n{half}", row(7, "ours"))?;
        writeln!(written, "{}\n{{\"For\":\"mysql/elsewhere\"}}\n{}", row(8, "after"), row(9, "theirs"))?;
        written.write_all(b"\xff\xfe\0\n{\"Future\":[1]}")?;
        drop(written);

        let environment = [("DATABASE_URL", url.as_str())];
        let (server, _) = Process::start(PROGRAM, folder.path(), free_port(), &environment).await?;

        let rows = database.ask("SELECT id, room_name, status, end_reason FROM wo_calls ORDER BY id").await?;
        ensure!(rows == ["7|ours|missed|timeout", "8|after|missed|timeout"], "{}: {rows:?}", database.name);
        ensure!(!file.exists() && file.with_extension("jsonl.bad").exists(), "{}", server.log());
        ensure!(
            server.log().contains("kept aside") && !server.log().contains("panicked"),
            "{}",
            server.log()
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_written_nowhere_is_an_error_in_the_log() -> Result<()> {
    let mariadb = Arc::new(MariaDb::start()?);
    let database = Database::on(mariadb.clone()).await?;
    let (folder, url) = (Folder::new(), database.url());
    // A file where the folder should be.
    std::fs::write(folder.path().join("kept"), "")?;
    let environment = [("DATABASE_URL", url.as_str()), ("DATA_DIR", "kept"), ("DRAIN_SECONDS", "2")];
    let (mut server, _) = Process::start(PROGRAM, folder.path(), free_port(), &environment).await?;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    mariadb.kill();
    dial(&mut ann, &mut bob, "lost").await?;
    server.terminate()?;
    let status = server.ended().await?;

    ensure!(status.code() == Some(1), "{status}: {}", server.log());
    ensure!(server.log().contains("could not be kept in a file"), "{}", server.log());
    ensure!(!server.log().contains("panicked"), "{}", server.log());
    Ok(())
}
