//! A reader that does not read, and crowds that come and go.
use super::PROGRAM;
use anyhow::{Result, ensure};
use calls_tests::{
    client::Client,
    folder::Folder,
    process::{Process, free_port},
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
    let mut people = Vec::new();
    for user in 1..=3 {
        let mut client = Client::register(server.address(), user, "phone").await?;
        client.ask("call:join_room", &json!({ "roomName": "r", "userId": user })).await?;
        people.push(client);
    }
    let [mut ann, _bob, mut cid] = <[Client; 3]>::try_from(people).ok().expect("three of them");
    let before = resident_kb(server.pid())?;

    // Bob reads nothing from here on, and Ann and Cid send him new descriptions of 50 kB, as many as each may, until the
    // server has enough of it. Cid misses nothing meanwhile.
    let filler = "x".repeat(50_000);
    let (mut sent, mut most, mut cid_knows) = (0, before, false);
    while server.metric("calls_sockets_slow_readers_total").await? < 1.0 {
        let offer = format!("{sent} {filler}");
        let sender = if sent % 2 == 0 { &mut ann } else { &mut cid };
        sender.ask("call:renegotiate", &json!({ "roomName": "r", "toUserId": 2, "sdpOffer": offer })).await?;
        let audio = sent % 2 == 1;
        let toggle = json!({ "roomName": "r", "userId": 1, "audio": audio, "video": false });
        ann.ask("call:toggle_media", &toggle).await?;
        loop {
            match cid.event().await? {
                (name, payload) if name == "user:media_changed" => {
                    ensure!(payload["audio"] == audio, "Cid missed something");
                    break;
                }
                // It may come before what was said after it.
                (name, _) => cid_knows |= name == "user:reconnecting",
            }
        }
        sent += 1;
        most = most.max(resident_kb(server.pid())?);
        ensure!(sent < 2_000, "the slow reader is never dropped");
    }
    ann.expect("user:reconnecting").await?;
    if !cid_knows {
        cid.expect("user:reconnecting").await?;
    }

    println!("dropped after {sent} messages of 50 kB; memory {before} kB before, {most} kB at most");
    ensure!(most < before + 32 * 1024, "a slow reader costs {} kB", most - before);
    Ok(())
}

/// As many idle clients as the issue asks for, or as many as this machine allows files to one program.
fn crowd() -> Result<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    let files = files.split_whitespace().next().unwrap_or_default().parse().unwrap_or(u64::MAX);
    Ok(2_000.min(files / 2))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_comes_and_goes_leaves_nothing() -> Result<()> {
    let (folder, port, crowd) = (Folder::new(), free_port(), crowd()?);
    let (server, _) = Process::start(PROGRAM, folder.path(), port, &SETTINGS).await?;
    let gauges = ["calls_users_online", "calls_sockets_open_websocket", "calls_sockets_open_polling"];
    for round in 0..3 {
        let mut clients = Vec::new();
        for user in 1..=crowd {
            clients.push(Client::register(server.address(), user, "phone").await?);
        }
        ensure!(server.metric("calls_users_online").await? == crowd as f64);
        println!("round {round}: {crowd} clients, {} kB", resident_kb(server.pid())?);
        drop(clients);
        for gauge in gauges {
            while server.metric(gauge).await? > 0.0 {
                // Until the server has noticed them all go.
                tokio::task::yield_now().await;
            }
        }
        println!("round {round}: nobody, {} kB", resident_kb(server.pid())?);
    }
    Ok(())
}
