//! A reader that does not read, and crowds that come and go.
use super::PROGRAM;
use anyhow::{Result, ensure};
use calls_tests::{
    client::Client,
    process::{Process, free_port},
    server::Folder,
};
use serde_json::json;

const SETTINGS: [(&str, &str); 3] =
    [("DATABASE_URL", "none"), ("LOG_LEVEL", "warn"), ("LIMIT_EVENTS_PER_SECOND", "1000000")];

fn resident_kb(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_is_dropped_and_costs_little() -> Result<()> {
    let (folder, port) = (Folder::new(), free_port());
    let (server, _) = Process::start(PROGRAM, folder.path(), port, &SETTINGS).await?;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    ann.ask("call:initiate", &dial).await?;
    bob.ask("call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" })).await?;
    let before = resident_kb(server.pid())?;

    // Bob reads nothing from here on, and Ann sends him new descriptions of 50 kB until the server has enough of it.
    let filler = "x".repeat(50_000);
    let mut sent = 0;
    while server.metric("calls_sockets_slow_readers_total").await? < 1.0 {
        let offer = format!("{sent} {filler}");
        ann.ask("call:renegotiate", &json!({ "roomName": "r", "toUserId": 2, "sdpOffer": offer })).await?;
        sent += 1;
        ensure!(sent < 2_000, "the slow reader is never dropped");
    }
    ann.expect("user:reconnecting").await?;

    println!(
        "dropped after {sent} messages of 50 kB; memory {before} kB before, {} kB after",
        resident_kb(server.pid())?
    );
    ann.ask("call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_comes_and_goes_leaves_nothing() -> Result<()> {
    let (folder, port) = (Folder::new(), free_port());
    let (server, _) = Process::start(PROGRAM, folder.path(), port, &SETTINGS).await?;
    for round in 0..3 {
        let mut crowd = Vec::new();
        for user in 1..=400 {
            crowd.push(Client::register(server.address(), user, "phone").await?);
        }
        ensure!(server.metric("calls_users_online").await? == 400.0);
        drop(crowd);
        while server.metric("calls_users_online").await? > 0.0 {
            // Until the server has noticed them all go.
            tokio::task::yield_now().await;
        }
        println!("round {round}: {} kB", resident_kb(server.pid())?);
    }
    Ok(())
}
