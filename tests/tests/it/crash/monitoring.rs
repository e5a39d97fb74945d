//! The queries that the source document gives to operators, on MariaDB, after a busy hour of the whole server: they say
//! what the clients have counted themselves.
use super::PROGRAM;
use anyhow::{Context, Result, ensure};
use calls_tests::{
    client::Client,
    databases::Database,
    folder::Folder,
    process::{Process, free_port},
};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};
use tokio::{task::JoinSet, time::sleep};

/// Callers; the n-th makes n calls, so that no two are equally active.
const CALLERS: u64 = 12;

/// The callees' ids start behind those of the callers.
const CALLEES: u64 = 100;

/// What clients know of the calls of one caller.
#[derive(Default)]
struct Counted {
    calls: u64,
    /// Answered and not over.
    going_on: u64,
    /// What `call:ended` said of those that were answered.
    durations: Vec<u64>,
}

/// One caller: some calls are declined, some answered and ended, and that of every fourth caller goes on.
async fn call_often(server: SocketAddr, caller: u64) -> Result<Counted> {
    let callee = CALLEES + caller;
    let mut ann = Client::register(server, caller, "phone").await?;
    let mut bob = Client::register(server, callee, "phone").await?;
    let mut counted = Counted::default();
    for number in 1..=caller {
        let room = format!("room-{caller}-{number}");
        let dial = json!({
            "fromId": caller, "toId": callee, "callType": "video", "roomName": room, "sdpOffer": "v=0",
        });
        ann.ask("call:initiate", &dial).await?;
        counted.calls += 1;
        if number % 3 == 2 {
            bob.ask("call:reject", &json!({ "roomName": room, "userId": callee })).await?;
            ann.expect("call:rejected").await?;
            continue;
        }
        bob.ask("call:accept", &json!({ "roomName": room, "userId": callee, "sdpAnswer": "v=0" })).await?;
        let is_last = number == caller;
        if is_last && caller.is_multiple_of(4) {
            counted.going_on += 1;
            continue;
        }
        if is_last {
            // A duration is in whole seconds, and only real time makes one.
            sleep(Duration::from_millis(1100 * (1 + caller % 2))).await;
        }
        ann.ask("call:end", &json!({ "roomName": room, "userId": caller })).await?;
        let duration = bob.expect("call:ended").await?["duration"].as_u64();
        counted.durations.push(duration.context("an answered call has a duration")?);
    }
    Ok(counted)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_queries_say_what_the_clients_counted() -> Result<()> {
    let queries: Vec<&str> = include_str!("../store/fixtures/monitoring.sql")
        .split_inclusive(';')
        .map(str::trim)
        .filter(|query| !query.is_empty())
        .collect();
    let (database, folder, port) = (Database::mariadb().await?, Folder::new(), free_port());
    let url = database.url();
    let (mut server, _) =
        Process::start(PROGRAM, folder.path(), port, &[("DATABASE_URL", &url), ("LOG_LEVEL", "warn")])
            .await?;
    let mut callers = JoinSet::new();
    for caller in 1..=CALLERS {
        callers.spawn(call_often(server.address(), caller));
    }
    let mut all = Counted::default();
    for counted in callers.join_all().await {
        let counted = counted?;
        all.calls += counted.calls;
        all.going_on += counted.going_on;
        all.durations.extend(counted.durations);
    }
    // The server hands over what goes on, and writes the rest.
    server.terminate()?;
    ensure!(server.ended().await?.success(), "{}", server.log());

    ensure!(database.ask(queries[0]).await? == [all.calls.to_string()], "calls of today");
    ensure!(database.ask(queries[1]).await? == [all.going_on.to_string()], "answered and going on");
    let average = all.durations.iter().sum::<u64>() as f64 / all.durations.len() as f64;
    let said: f64 = database.ask(queries[2]).await?[0].parse()?;
    ensure!((said - average).abs() < 0.001 && average > 0.0, "average: {said} and not {average}");
    let active: Vec<String> = (3..=CALLERS).rev().map(|caller| format!("{caller}|{caller}")).collect();
    ensure!(database.ask(queries[3]).await? == active, "the most active");
    println!("{} calls, {} going on, {average:.3} s on average", all.calls, all.going_on);
    Ok(())
}
