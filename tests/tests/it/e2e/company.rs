//! Bad company: people who do all that they may, to keep another one out.
use anyhow::{Result, ensure};
use calls_protocol::ErrorCode;
use calls_tests::{client::Client, server::TestServer};
use serde_json::{Value, json};

fn dial(from: usize, to: usize, offer: usize) -> Value {
    json!({
        "fromId": from, "toId": to, "callType": "video", "roomName": format!("{from}{}", "r".repeat(90)),
        "sdpOffer": "o".repeat(offer),
    })
}

#[tokio::test]
async fn whatever_rings_somebody_their_new_device_gets_in_and_hears_it() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let _first = Client::register(server.address(), 1, "first").await?;
    let mut callers = Vec::new();
    let mut rung = 0;
    for from in 2..=12 {
        let mut caller = Client::register(server.address(), from, "phone").await?;
        let call = dial(usize::try_from(from)?, 1, 60_000);
        let answer = caller.try_ask("call:initiate", &call).await?;
        if answer["ok"] == false {
            ensure!(answer["error"]["code"] == ErrorCode::RecipientBusy.as_str(), "{answer}");
            continue;
        }
        rung += 1;
        for n in 0..200 {
            let candidate = format!("{n} {}", "c".repeat(4000));
            let said = json!({
                "roomName": call["roomName"], "fromUserId": from, "toUserId": 1, "candidate": candidate,
            });
            caller.try_ask("ice:candidate", &said).await?;
        }
        callers.push(caller);
    }
    ensure!(rung >= 4, "only {rung} rang");

    let mut second = Client::connect(server.address()).await?;
    let answer = second.ask("call:register", &json!({ "userId": 1, "deviceId": "second" })).await?;

    ensure!(answer["pending"].as_array().is_some_and(|pending| pending.len() == rung));
    let heard = second.so_far().await?;
    ensure!(heard.iter().filter(|(name, _)| name == "call:incoming").count() == rung);
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn whatever_is_said_while_somebody_is_away_they_come_back() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let mut ann = Client::register(server.address(), 1, "ann").await?;
    let mut bob = Client::register(server.address(), 2, "bob").await?;
    for (client, user) in [(&mut ann, 1), (&mut bob, 2)] {
        client.ask("call:join_room", &json!({ "roomName": "r", "userId": user })).await?;
    }
    bob.vanish();
    ann.expect("user:reconnecting").await?;
    for n in 0..30 {
        let offer = format!("{n} {}", "x".repeat(64_000));
        ann.try_ask("call:renegotiate", &json!({ "roomName": "r", "toUserId": 2, "sdpOffer": offer }))
            .await?;
    }
    for n in 0..300 {
        let toggle = json!({ "roomName": "r", "userId": 1, "audio": n % 2 == 0, "video": false });
        ann.try_ask("call:toggle_media", &toggle).await?;
    }

    let mut bob = Client::register(server.address(), 2, "bob").await?;
    bob.ask("call:resume", &json!({ "roomName": "r", "userId": 2 })).await?;

    bob.so_far().await?;
    ann.expect("user:reconnected").await?;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn nobody_rings_one_person_twice_at_once() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let _callee = Client::register(server.address(), 1, "phone").await?;
    let mut first = Client::register(server.address(), 2, "phone").await?;
    let mut second = Client::register(server.address(), 2, "tablet").await?;
    first.ask("call:initiate", &dial(2, 1, 10)).await?;
    let again =
        json!({ "fromId": 2, "toId": 1, "callType": "audio", "roomName": "again", "sdpOffer": "v=0" });

    let refusal = second.ask_in_vain("call:initiate", &again).await?;

    ensure!(refusal.code == ErrorCode::AlreadyInCall, "{refusal}");
    server.stop().await;
    Ok(())
}
