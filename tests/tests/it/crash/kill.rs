//! `kill -9` at any moment, and a server that comes after.
use super::{PROGRAM, load};
use anyhow::{Context, Result, ensure};
use calls_tests::{
    client::Client,
    databases::Database,
    process::{Process, free_port},
    server::Folder,
    sim::Random,
};
use serde_json::json;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::time::sleep;

const SETTINGS: [(&str, &str); 5] = [
    ("RING_SECONDS", "5"),
    ("RESUME_SECONDS", "2"),
    ("LIMIT_CALLS_PER_MINUTE", "100000"),
    ("LIMIT_EVENTS_PER_SECOND", "100000"),
    ("LOG_LEVEL", "warn"),
];

/// Pairs that call each other when the server is killed.
const PAIRS: u64 = 30;

/// Kills the server `rounds` times on one database and looks at what is left.
async fn killed_again_and_again(database: Database, rounds: u64, seed: u64) -> Result<()> {
    println!("{}: seed {seed}", database.name);
    let (folder, port, url) = (Folder::new(), free_port(), database.url());
    let environment: Vec<_> = SETTINGS.into_iter().chain([("DATABASE_URL", url.as_str())]).collect();
    let mut random = Random::new(seed);
    let mut lost = Vec::new();
    let mut told = 0;
    let mut ready_after = Vec::new();
    for round in 0..rounds {
        let (mut server, ready) = Process::start(PROGRAM, folder.path(), port, &environment).await?;
        ready_after.push(ready);
        let moment = Duration::from_millis(300 + random.below(900));
        let playing = load::until_gone(server.address(), PAIRS, true, seed.wrapping_add(round));
        let killing = async {
            // Any moment: it is what this test is about.
            sleep(moment).await;
            server.kill()?;
            anyhow::Ok(Instant::now())
        };
        let (calls, killed) = tokio::join!(playing, killing);
        let (calls, killed) = (calls?, killed?);
        told += calls.len();
        lost.extend(missing(&database, &calls).await?.into_iter().map(|call| killed - call.dialled));
    }

    // Those who come back find their call; the others' calls end without them.
    let (mut server, ready) = Process::start(PROGRAM, folder.path(), port, &environment).await?;
    ready_after.push(ready);
    let resumed = come_back(&server, &database).await?;
    everything_ends(&server, &database).await?;
    server.terminate()?;
    ensure!(server.ended().await?.success(), "{}", server.log());

    lost.sort_unstable();
    ready_after.sort_unstable();
    println!(
        "{}: {told} calls told to clients, {rounds} kills; {} calls lost, the oldest {:?} old; {resumed} resumed; \
         ready again after {:?} at most",
        database.name,
        lost.len(),
        lost.last().copied().unwrap_or_default(),
        ready_after.last().copied().unwrap_or_default(),
    );
    ensure!(told > 100, "hardly anybody called");
    ensure!(lost.len() * 5 < told, "{} of {told} calls are lost", lost.len());
    Ok(())
}

/// Calls that clients were told of and that are not in the database. What is lost is the end of what happened, never
/// something in between.
async fn missing(database: &Database, calls: &[load::Call]) -> Result<Vec<load::Call>> {
    let rooms = database.ask("SELECT room_name FROM wo_calls").await?;
    let known: std::collections::HashSet<&str> = rooms.iter().map(String::as_str).collect();
    let is_there = |call: &&load::Call| known.contains(call.room.as_str());
    let last = calls.iter().filter(is_there).map(|call| call.id).max().unwrap_or(0);
    let lost: Vec<_> = calls.iter().filter(|call| !is_there(call)).cloned().collect();
    for call in &lost {
        ensure!(call.id > last, "call {} is lost, and {last}, which came later, is not", call.id);
    }
    Ok(lost)
}

/// Every other pair of a call that still goes on resumes it, or is told that it is over. Returns how many resumed.
async fn come_back(server: &Process, database: &Database) -> Result<usize> {
    let open = database
        .ask("SELECT CONCAT(room_name, ' ', from_id, ' ', to_id, ' ', status) FROM wo_calls WHERE status IN ('ringing', 'connected')")
        .await?;
    let mut resumed = 0;
    for row in open.iter().step_by(2) {
        let parts: Vec<&str> = row.split(' ').collect();
        let [room, from, to, status] = parts[..] else { anyhow::bail!("an odd row: {row}") };
        let (from, to): (u64, u64) = (from.parse()?, to.parse()?);
        let mut ann = Client::register(server.address(), from, "phone").await?;
        let resume = json!({ "roomName": room, "userId": from });
        let answer = ann.try_ask("call:resume", &resume).await?;
        if answer["ok"] != true {
            ensure!(
                answer["error"]["code"] == "expired" || answer["error"]["code"] == "not_found",
                "{answer}"
            );
            continue;
        }
        resumed += 1;
        let mut bob = Client::register(server.address(), to, "phone").await?;
        if status == "connected" {
            let answer = bob.try_ask("call:resume", &json!({ "roomName": room, "userId": to })).await?;
            ensure!(answer["ok"] == true || answer["error"]["code"] == "expired", "{answer}");
        }
        ann.try_ask("call:end", &json!({ "roomName": room, "userId": from })).await?;
        bob.expect("call:ended").await.context("the other side of a resumed call")?;
    }
    Ok(resumed)
}

/// Waits until nothing goes on, and looks at the rows.
async fn everything_ends(server: &Process, database: &Database) -> Result<()> {
    let begun = Instant::now();
    while server.metric("calls_live").await? > 0.0 || server.metric("calls_db_queue_depth").await? > 0.0 {
        ensure!(begun.elapsed() < Duration::from_secs(30), "calls go on for ever: {}", server.log());
        sleep(Duration::from_millis(50)).await;
    }
    let open = database.ask("SELECT id FROM wo_calls WHERE status IN ('ringing', 'connected')").await?;
    ensure!(open.is_empty(), "rows that never end: {open:?}");
    let endless = database.ask("SELECT id FROM wo_calls WHERE ended_at IS NULL").await?;
    ensure!(endless.is_empty(), "rows without an end: {endless:?}");
    let mut rooms = HashMap::new();
    for room in database.ask("SELECT room_name FROM wo_calls").await? {
        *rooms.entry(room).or_insert(0) += 1;
    }
    ensure!(rooms.values().all(|count| *count == 1), "a call has two rows");
    ensure!(!server.log().contains("panicked"), "{}", server.log());
    Ok(())
}

fn seed() -> u64 {
    // A new one each time; the output says which.
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_on_sqlite_no_call_stays_open() -> Result<()> {
    killed_again_and_again(Database::sqlite()?, 12, seed()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_on_mariadb_no_call_stays_open() -> Result<()> {
    killed_again_and_again(Database::mariadb().await?, 8, seed()).await
}
