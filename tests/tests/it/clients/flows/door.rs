//! How a client comes in, and when it does not.
use super::{By, Player, stage};
use anyhow::{Context, Result, ensure};
use calls_protocol::{ErrorCode, UserId};
use calls_server::auth::make_test_token;
use calls_tests::server::settings;
use serde_json::json;

pub(super) async fn the_transport_is_the_one_that_was_asked_for(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    let at = server.address();
    player.register("ann", at, &json!({ "userId": 1 })).await?;
    player.register("bob", at, &json!({ "userId": 2 })).await?;

    // Libraries register while they still upgrade; the server says when they are through.
    let expected = match player.by {
        By::WebSocket => (2, 0, 0),
        By::Polling => (0, 2, 0),
        By::Upgrade => (2, 0, 2),
    };
    loop {
        let counted = (
            stage::counted(at, "calls_sockets_open_websocket").await?,
            stage::counted(at, "calls_sockets_open_polling").await?,
            stage::counted(at, "calls_sockets_upgraded_total").await?,
        );
        if counted == expected {
            break;
        }
        ensure!(player.by == By::Upgrade, "{counted:?} and not {expected:?}");
        // Something that takes a while, and goes through the transport that changes.
        player.ask_in_vain("ann", "call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    }
    stage::over(player, server).await
}

pub(super) async fn a_token_decides_who_speaks(player: &mut Player) -> Result<()> {
    let environment = [("JWT_SECRET", "a-secret-that-only-this-test-knows")];
    let server = stage::server(&environment).await?;
    let jwt = settings(&environment).auth.jwt.context("a secret turns tokens on")?;
    let secret = jwt.secret.as_ref().context("it was given")?;
    let now = server.server().switchboard().clock().now().0 / 1000;
    let token = make_test_token(secret, &jwt, UserId::new(1)?, now, 600);

    for (who, auth) in [("nobody", json!(null)), ("forger", json!({ "token": "a.b.c" }))] {
        player.open(who, server.address(), &json!({ "auth": auth, "hello": { "userId": 1 } })).await?;
        let refused = player.got(who, "refused").await?;
        ensure!(refused["message"].as_str().is_some_and(|message| !message.is_empty()), "{refused}");
        ensure!(refused["data"].is_null() || refused["data"]["code"] == "unauthorized", "{refused}");
    }
    player
        .open("ann", server.address(), &json!({ "auth": { "token": token }, "hello": { "userId": 1 } }))
        .await?;
    ensure!(player.registered("ann").await?["userId"] == 1);
    player.open("as bob", server.address(), &json!({ "auth": { "token": token } })).await?;
    player.got("as bob", "connected").await?;
    let refusal = player.ask_in_vain("as bob", "call:register", &json!({ "userId": 2 })).await?;
    ensure!(refusal.code == ErrorCode::Forbidden, "{refusal}");
    stage::over(player, server).await
}

pub(super) async fn there_is_one_namespace(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;

    player.open("ann", server.address(), &json!({ "namespace": "/admin" })).await?;

    let refused = player.got("ann", "refused").await?;
    ensure!(refused["message"] == "Invalid namespace", "{refused}");
    stage::over(player, server).await
}

pub(super) async fn a_device_that_comes_again_takes_its_own_place(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    let phone = json!({ "userId": 1, "deviceId": "phone" });
    player.register("old", server.address(), &phone).await?;

    player.register("new", server.address(), &phone).await?;

    // A library that came back by itself would throw the new one out, and so on for ever.
    player.got("old", "lost").await?;
    player.register("bob", server.address(), &json!({ "userId": 2 })).await?;
    let dial = json!({ "fromId": 2, "toId": 1, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    ensure!(player.ask("bob", "call:initiate", &dial).await?["devices"] == 1);
    player.hears("new", "call:incoming").await?;
    ensure!(stage::counted(server.address(), "calls_sockets_opened_total").await? == 3);
    stage::over(player, server).await
}
