//! What the log says of a call, and what it never says.
use super::PROGRAM;
use anyhow::{Context, Result, ensure};
use calls_protocol::UserId;
use calls_server::auth::make_test_token;
use calls_tests::{
    client::Client,
    databases::Database,
    folder::Folder,
    process::{Process, free_port, get_with},
    server::settings,
};
use serde_json::json;

/// Words that stand in what clients say and must stand nowhere else.
const PRIVATE: [&str; 13] = [
    "sdp-of-ann",
    "sdp-of-bob",
    "198.51.100.77",
    "203.0.113.9",
    "push-token-of-bob",
    "no-valid-token",
    "secret-of-turn",
    "secret-of-tokens",
    "Ann-Markerova",
    "Bob-Markerov",
    "Family-Marker",
    "marker.example.org/ann.jpg",
    "eyJ",
];

/// The messenger's people and groups.
const PEOPLE: &str = "INSERT INTO wo_users (user_id, first_name, last_name, avatar) VALUES \
     (123, 'Ann-Markerova', '', 'https://marker.example.org/ann.jpg'), (456, 'Bob-Markerov', '', NULL); \
     INSERT INTO wo_groupchat (group_id, group_name) VALUES (7, 'Family-Marker'); \
     INSERT INTO wo_groupchatusers (group_id, user_id) VALUES (7, 123), (7, 456)";

async fn log_of_a_call(environment: &[(&str, &str)]) -> Result<String> {
    let (database, folder, port) = (Database::sqlite()?, Folder::new(), free_port());
    let url = database.url();
    let mut all = vec![
        ("DATABASE_URL", url.as_str()),
        ("JWT_SECRET", "secret-of-tokens-that-is-long-enough"),
        ("TURN_SERVER", "turn.example.org"),
        ("TURN_SECRET", "secret-of-turn-that-is-long-enough"),
    ];
    all.extend(environment);
    let (mut server, _) = Process::start(PROGRAM, folder.path(), port, &all).await?;
    database.run(PEOPLE).await?;
    let (token, token_of_bob) = (token(&all, 123)?, token(&all, 456)?);

    // A token that no server takes: it is refused, and told to nobody.
    let _ = Client::connect_with(server.address(), &json!({ "token": "no-valid-token" })).await;
    for token in [token.as_str(), "no-valid-token"] {
        let head = format!("Authorization: Bearer {token}\r\nX-Forwarded-For: 203.0.113.9\r\n");
        get_with(server.address(), "/api/ice-servers/123", &head).await?;
        get_with(server.address(), &format!("/api/calls?user=123&token={token}"), &head).await?;
    }
    let mut ann = Client::connect_with(server.address(), &json!({ "token": token })).await?;
    ann.ask("call:register", &json!({ "userId": 123, "deviceId": "phone" })).await?;
    let mut bob = Client::connect_with(server.address(), &json!({ "token": token_of_bob })).await?;
    let register = json!({ "userId": 456, "deviceId": "phone", "pushToken": "push-token-of-bob" });
    bob.ask("call:register", &register).await?;
    let dial = json!({
        "fromId": 123, "toId": 456, "callType": "video", "roomName": "room_123_456_1", "sdpOffer": "sdp-of-ann",
    });
    ann.ask("call:initiate", &dial).await?;
    ensure!(bob.expect("call:incoming").await?["fromName"] == "Ann-Markerova");
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
    ann.emit("sdp-of-ann", &json!({ "token": "no-valid-token" })).await?;
    ann.expect("call:error").await?;
    ann.ask("call:end", &json!({ "roomName": "room_123_456_1", "userId": 123, "reason": "completed" }))
        .await?;
    let dial = json!({ "fromId": 123, "groupId": 7, "callType": "audio", "roomName": "g" });
    ann.ask("call:initiate", &dial).await?;
    ensure!(bob.expect("group_call:incoming").await?["groupName"] == "Family-Marker");
    bob.ask("call:join_room", &json!({ "roomName": "g", "userId": 456 })).await?;
    // What breaks the rules of the transport is told by its kind alone.
    bob.say("42[\"sdp-of-bob".into()).await?;
    bob.vanish();
    server.terminate()?;
    server.ended().await?;
    Ok(server.log())
}

fn token(environment: &[(&str, &str)], user: u64) -> Result<String> {
    let jwt = settings(environment).auth.jwt.context("a secret turns tokens on")?;
    let secret = jwt.secret.as_ref().context("it was given")?;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    Ok(make_test_token(secret, &jwt, UserId::new(user)?, now, 600))
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
        "[CALLS] Call ended: room_123_456_1 by 123 (completed)",
    ] {
        let is_there = log.lines().any(|logged| logged.ends_with(&format!(" {line}")));
        ensure!(is_there, "{line} is missing:\n{log}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_private_is_in_the_log_however_much_is_logged() -> Result<()> {
    for (format, level) in [("text", "debug"), ("text", "trace"), ("json", "debug"), ("json", "trace")] {
        let log = log_of_a_call(&[("LOG_LEVEL", level), ("LOG_FORMAT", format)]).await?;

        ensure!(log.lines().count() > 10, "nothing was logged at all");
        for private in PRIVATE {
            let line = log.lines().find(|line| line.contains(private));
            ensure!(
                line.is_none(),
                "{private} is in the {format} log at {level}: {}",
                line.unwrap_or_default()
            );
        }
        if format == "json" {
            for line in log.lines() {
                serde_json::from_str::<serde_json::Value>(line)?;
            }
        }
    }
    Ok(())
}
