//! Connections that are lost, and libraries that bring them back by themselves.
use super::{By, Player, stage};
use anyhow::{Result, ensure};
use calls_tests::client::Client;
use serde_json::{Value, json};

pub(super) async fn a_phone_that_comes_out_of_the_lift_hears_everything_once(
    player: &mut Player,
) -> Result<()> {
    let server = stage::server(&[]).await?;
    let lift = stage::Lift::to(server.address()).await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    player.register("ann", lift.address(), &json!({ "userId": 1, "deviceId": "phone" })).await?;
    call(player, &mut bob).await?;
    let last = player.hears("ann", "call:answer").await?["eventId"].take();

    lift.cut();
    // OkHttp would ask again behind the library's back, and a short lift would be none.
    player.got("ann", "lost").await?;
    if player.by != By::Polling {
        bob.expect("user:reconnecting").await?;
    }
    for number in 1..=3 {
        bob.ask("ice:candidate", &candidate(number)).await?;
    }
    lift.mend();
    player.got("ann", "connected").await?;
    player.registered("ann").await?;
    let resume = json!({ "roomName": "r", "userId": 1, "lastEventId": last });
    let state = player.ask("ann", "call:resume", &resume).await?;

    ensure!(state["participants"].as_array().map(Vec::len) == Some(2), "{state}");
    bob.expect("user:reconnected").await?;
    bob.ask("ice:candidate", &candidate(4)).await?;
    four_candidates(player).await?;
    player.ask("ann", "call:resume", &resume).await?;
    ensure!(player.heard("ann", "ice:candidate").await?.is_empty(), "nothing is heard twice");
    player.ask("ann", "call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    ensure!(bob.expect("call:ended").await?["reason"] == "completed");
    bob.vanish();
    lift.end().await;
    stage::over(player, server).await
}

pub(super) async fn a_client_of_the_source_documents_hears_what_it_missed_as_soon_as_it_registers(
    player: &mut Player,
) -> Result<()> {
    if player.by == By::Polling {
        // That a poll does not come again is noticed by the heartbeat alone, after up to 45 seconds. Without a
        // device's name the new socket is a second device until then.
        return Ok(());
    }
    let server = stage::server(&[]).await?;
    let lift = stage::Lift::to(server.address()).await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    player.register("ann", lift.address(), &json!({ "userId": 1 })).await?;
    call(player, &mut bob).await?;
    player.hears("ann", "call:answer").await?;

    lift.cut();
    bob.expect("user:reconnecting").await?;
    for number in 1..=3 {
        bob.ask("ice:candidate", &candidate(number)).await?;
    }
    lift.mend();

    bob.expect("user:reconnected").await?;
    bob.ask("ice:candidate", &candidate(4)).await?;
    four_candidates(player).await?;
    ensure!(player.heard("ann", "ice:candidate").await?.is_empty(), "nothing is heard twice");
    bob.vanish();
    lift.end().await;
    stage::over(player, server).await
}

pub(super) async fn a_call_survives_a_restart_and_the_clients_come_back_by_themselves(
    player: &mut Player,
) -> Result<()> {
    let port = stage::port_to_come_back_to().await?;
    let server = stage::server(&[("PORT", &port)]).await?;
    for (who, user) in [("ann", 1), ("bob", 2)] {
        player.register(who, server.address(), &json!({ "userId": user, "deviceId": "phone" })).await?;
    }
    let call = player.ask("ann", "call:initiate", &dial()).await?["callId"].take();
    player.ask("bob", "call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" })).await?;
    let last = player.hears("ann", "call:answer").await?["eventId"].take();

    let server = stage::restart(server).await?;
    for who in ["ann", "bob"] {
        player.got(who, "connected").await?;
        player.registered(who).await?;
    }
    let back = json!({ "roomName": "r", "userId": 2 });
    player.ask("bob", "call:resume", &back).await?;
    player.ask("bob", "ice:candidate", &candidate(1)).await?;
    let resume = json!({ "roomName": "r", "userId": 1, "lastEventId": last });
    let state = player.ask("ann", "call:resume", &resume).await?;

    ensure!(state["callId"] == call && state["participants"][0]["userName"] == "Ann Ames", "{state}");
    ensure!(player.hears("ann", "ice:candidate").await?["candidate"] == "candidate:1");
    player.ask("ann", "call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    ensure!(player.hears("bob", "call:ended").await?["reason"] == "completed");
    ensure!(player.heard("ann", "ice:candidate").await?.is_empty(), "nothing is heard twice");
    stage::over(player, server).await
}

/// Ann calls Bob, who answers.
async fn call(player: &mut Player, bob: &mut Client) -> Result<()> {
    player.ask("ann", "call:initiate", &dial()).await?;
    bob.ask("call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" })).await?;
    Ok(())
}

fn dial() -> Value {
    json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" })
}

fn candidate(number: u32) -> Value {
    json!({ "roomName": "r", "fromUserId": 2, "candidate": format!("candidate:{number}") })
}

async fn four_candidates(player: &mut Player) -> Result<()> {
    for number in 1..=4 {
        let heard = player.hears("ann", "ice:candidate").await?;
        ensure!(heard["candidate"] == format!("candidate:{number}"), "in order, each once: {heard}");
    }
    Ok(())
}
