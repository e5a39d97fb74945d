//! What a client is told about its mistakes.
use super::{Player, stage};
use anyhow::{Result, ensure};
use calls_protocol::ErrorCode;
use serde_json::json;

pub(super) async fn a_mistake_is_answered(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    player.open("stranger", server.address(), &json!({})).await?;
    player.got("stranger", "connected").await?;
    player.register("ann", server.address(), &json!({ "userId": 1 })).await?;

    let mistakes = [
        ("stranger", "call:end", json!({ "roomName": "r", "userId": 1 }), ErrorCode::Unauthorized),
        ("ann", "call:end", json!({ "roomName": "r", "userId": 1 }), ErrorCode::NotFound),
        ("ann", "call:end", json!({ "roomName": "r", "userId": 2 }), ErrorCode::Forbidden),
        ("ann", "call:end", json!({ "roomName": "a room", "userId": 1 }), ErrorCode::BadRequest),
        ("ann", "call:dance", json!({ "roomName": "r" }), ErrorCode::UnknownEvent),
        (
            "ann",
            "call:initiate",
            json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" }),
            ErrorCode::RecipientOffline,
        ),
        (
            "ann",
            "call:initiate",
            json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "x".repeat(270_000) }),
            ErrorCode::TooLarge,
        ),
    ];
    for (who, event, payload, code) in mistakes {
        let refusal = player.ask_in_vain(who, event, &payload).await?;
        ensure!(refusal.code == code && !refusal.message.is_empty(), "{event}: {refusal:?}");
    }
    ensure!(player.heard("ann", "call:error").await?.is_empty(), "nothing is told twice");
    stage::over(player, server).await
}

pub(super) async fn a_mistake_without_an_acknowledgement_is_an_event(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    player.register("ann", server.address(), &json!({ "userId": 1 })).await?;

    let mistakes = [
        ("call:accept", json!({ "roomName": "r", "userId": 1, "sdpAnswer": "v=0" }), "not_found"),
        (
            "call:toggle_media",
            json!({ "roomName": "r", "userId": 1, "audio": 1, "video": true }),
            "bad_request",
        ),
        ("call:dance", json!({ "roomName": "r" }), "unknown_event"),
    ];
    for (event, payload, code) in mistakes {
        player.say("ann", event, &payload).await?;

        let error = player.hears("ann", "call:error").await?;
        ensure!(error["event"] == event && error["code"] == code && error["roomName"] == "r", "{error}");
        ensure!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
    }
    stage::over(player, server).await
}

pub(super) async fn binary_data_is_refused_and_the_socket_lives(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    player.register("ann", server.address(), &json!({ "userId": 1 })).await?;

    for _ in 0..3 {
        player.say_bytes("ann", "call:initiate").await?;
        let error = player.hears("ann", "call:error").await?;
        ensure!(error["event"] == "call:initiate" && error["code"] == "bad_request", "{error}");
    }

    let refusal = player.ask_in_vain("ann", "call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    ensure!(refusal.code == ErrorCode::NotFound, "{refusal}");
    stage::over(player, server).await
}
