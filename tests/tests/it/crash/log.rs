//! What the log says of a call, and what it never says.
use super::PROGRAM;
use anyhow::{Result, ensure};
use calls_tests::{
    client::Client,
    process::{Process, free_port},
    server::Folder,
};
use serde_json::json;

/// Words that stand in what clients say and must stand nowhere else.
const PRIVATE: [&str; 5] =
    ["sdp-of-ann", "sdp-of-bob", "198.51.100.77", "push-token-of-bob", "no-valid-token"];

async fn log_of_a_call(environment: &[(&str, &str)]) -> Result<String> {
    let (folder, port) = (Folder::new(), free_port());
    let mut all = vec![("DATABASE_URL", "sqlite:calls.db")];
    all.extend(environment);
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &all).await?;
    // A token that no server takes: it is refused, or ignored in open mode, and told to nobody.
    let _ = Client::connect_with(server.address(), &json!({ "token": "no-valid-token" })).await;
    let mut ann = Client::register(server.address(), 123, "phone").await?;
    let mut bob = Client::connect(server.address()).await?;
    let register = json!({ "userId": 456, "deviceId": "phone", "pushToken": "push-token-of-bob" });
    bob.ask("call:register", &register).await?;
    let dial = json!({
        "fromId": 123, "toId": 456, "callType": "video", "roomName": "room_123_456_1", "sdpOffer": "sdp-of-ann",
    });
    ann.ask("call:initiate", &dial).await?;
    bob.ask(
        "call:accept",
        &json!({ "roomName": "room_123_456_1", "userId": 456, "sdpAnswer": "sdp-of-bob" }),
    )
    .await?;
    let candidate = json!({
        "roomName": "room_123_456_1", "fromUserId": 123, "toUserId": 456,
        "candidate": "candidate:1 1 udp 1 198.51.100.77 5000 typ host",
    });
    ann.ask("ice:candidate", &candidate).await?;
    // Messages that cannot be read are private, too.
    ann.emit("call:accept", &json!({ "roomName": "r", "userId": "x", "sdpAnswer": "sdp-of-ann" })).await?;
    ann.expect("call:error").await?;
    ann.ask("call:end", &json!({ "roomName": "room_123_456_1", "userId": 123, "reason": "completed" }))
        .await?;
    server.terminate()?;
    server.ended().await?;
    Ok(server.log())
}

#[tokio::test]
async fn the_lines_of_the_documents_are_there() -> Result<()> {
    let log = log_of_a_call(&[]).await?;

    for line in [
        "[CALLS] User registered for calls: 123",
        "[CALLS] Call initiated: 123 -> 456 (video)",
        "[CALLS] Incoming call sent to user 456 (1 devices)",
        "[CALLS] Call accepted: room_123_456_1 by user 456",
        "[CALLS] Answer sent to initiator 123",
        "[CALLS] Call ended: room_123_456_1",
    ] {
        ensure!(log.contains(line), "{line} is missing:\n{log}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_private_is_in_the_log_however_much_is_logged() -> Result<()> {
    for format in ["text", "json"] {
        let log = log_of_a_call(&[("LOG_LEVEL", "trace"), ("LOG_FORMAT", format)]).await?;

        ensure!(log.lines().count() > 10, "nothing was logged at all");
        for private in PRIVATE {
            let line = log.lines().find(|line| line.contains(private));
            ensure!(line.is_none(), "{private} is in the {format} log: {}", line.unwrap_or_default());
        }
        if format == "json" {
            for line in log.lines() {
                serde_json::from_str::<serde_json::Value>(line)?;
            }
        }
    }
    Ok(())
}
