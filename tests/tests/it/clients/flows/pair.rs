//! Calls between two people, the first with all that belongs to one.
use super::{Player, numbered, stage};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

fn hello(user: u64, device: &str) -> Value {
    json!({ "userId": user, "deviceId": device, "platform": "test" })
}

pub(super) async fn a_call_rings_is_answered_goes_on_and_ends(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    let at = server.address();
    let registered = player.register("ann", at, &hello(1, "phone")).await?;
    ensure!(registered["userId"] == 1 && registered["pending"] == json!([]), "{registered}");
    let event = player.hears("ann", "call:registered").await?;
    ensure!(event["userId"] == 1 && has_servers(&event), "{event}");
    player.register("bob", at, &hello(2, "phone")).await?;
    player.register("tablet", at, &hello(2, "tablet")).await?;
    player.register("cid", at, &hello(3, "phone")).await?;

    // It rings, on both of Bob's devices, with all there is to know.
    let offer =
        json!({ "type": "offer", "sdp": "v=0\r\ns=Їжак ☎ \"\\\r\n", "more": { "of": [1, null, true] } });
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "video", "roomName": "r", "sdpOffer": offer });
    let initiated = player.ask("ann", "call:initiate", &dial).await?;
    ensure!(
        initiated["devices"] == 2 && initiated["roomName"] == "r" && has_servers(&initiated),
        "{initiated}"
    );
    let early =
        candidate(1, 2, &json!({ "candidate": "candidate:0 1 udp 1 192.0.2.1 1 typ host", "sdpMid": "0" }));
    player.ask("ann", "ice:candidate", &early).await?;
    for device in ["bob", "tablet"] {
        let mut incoming = numbered(player.hears(device, "call:incoming").await?)?;
        ensure!(has_servers(&incoming), "{incoming}");
        let (created, expires) = (incoming["createdAt"].as_u64(), incoming["expiresAt"].as_u64());
        ensure!(
            created.is_some() && created < expires && initiated["expiresAt"].as_u64() == expires,
            "{incoming}"
        );
        for field in ["iceServers", "createdAt", "expiresAt"] {
            incoming[field].take();
        }
        let expected = json!({
            "callId": initiated["callId"], "fromId": 1, "fromName": "Ann Ames", "fromAvatar": "ann.jpg", "toId": 2,
            "callType": "video", "roomName": "r", "sdpOffer": offer,
            "iceServers": null, "createdAt": null, "expiresAt": null,
        });
        ensure!(incoming == expected, "{incoming}\nand not\n{expected}");
        let heard = numbered(player.hears(device, "ice:candidate").await?)?;
        ensure!(heard == early, "{heard}");
    }

    // One device answers, the other one stops.
    let answer = json!({ "type": "answer", "sdp": "v=0\r\n" });
    let accept = json!({ "roomName": "r", "userId": 2, "sdpAnswer": answer });
    let accepted = player.ask("bob", "call:accept", &accept).await?;
    ensure!(accepted["callId"] == initiated["callId"] && accepted["startedAt"].is_u64(), "{accepted}");
    let ended = player.hears("tablet", "call:ended").await?;
    ensure!(ended["reason"] == "answered_elsewhere" && ended["roomName"] == "r", "{ended}");
    let answered = player.hears("ann", "call:answer").await?;
    ensure!(
        answered["sdpAnswer"] == answer && answered["userId"] == 2 && has_servers(&answered),
        "{answered}"
    );

    // Candidates go both ways, in either form, as they came.
    let as_object =
        candidate(1, 2, &json!({ "candidate": "candidate:1", "sdpMLineIndex": 0, "sdpMid": "audio" }));
    let as_text = candidate(2, 1, &json!("candidate:2 1 udp 1 192.0.2.2 1 typ host"));
    player.ask("ann", "ice:candidate", &as_object).await?;
    player.ask("bob", "ice:candidate", &as_text).await?;
    let at_bob = numbered(player.hears("bob", "ice:candidate").await?)?;
    let at_ann = numbered(player.hears("ann", "ice:candidate").await?)?;
    ensure!((&at_bob, &at_ann) == (&as_object, &as_text), "{at_bob} {at_ann}");

    // Microphones, a new offer, and its answer as a text.
    let toggle = json!({ "roomName": "r", "userId": 1, "audio": false, "video": true });
    player.ask("ann", "call:toggle_media", &toggle).await?;
    let changed = numbered(player.hears("bob", "user:media_changed").await?)?;
    ensure!(changed == toggle, "{changed}");
    let again = json!({ "roomName": "r", "toUserId": 2, "sdpOffer": offer });
    player.ask("ann", "call:renegotiate", &again).await?;
    let offered = numbered(player.hears("bob", "call:renegotiate").await?)?;
    ensure!(offered == json!({ "roomName": "r", "fromUserId": 1, "sdpOffer": offer }), "{offered}");
    let agree = json!({ "roomName": "r", "toUserId": 1, "sdpAnswer": "v=0" });
    player.ask("bob", "call:renegotiate", &agree).await?;
    let agreed = numbered(player.hears("ann", "call:renegotiate").await?)?;
    ensure!(agreed == json!({ "roomName": "r", "fromUserId": 2, "sdpAnswer": "v=0" }), "{agreed}");
    let stats = json!({
        "roomName": "r", "userId": 2, "rttMs": 48.5, "jitterMs": 3, "lossPct": 0, "bitrateKbps": 742.5,
        "candidateType": "host",
    });
    player.ask("bob", "call:stats", &stats).await?;

    // It ends for both, and nobody else has heard of it.
    let hang_up = json!({ "roomName": "r", "userId": 2, "reason": "completed" });
    let duration = player.ask("bob", "call:end", &hang_up).await?["duration"].take();
    let ended = numbered(player.hears("ann", "call:ended").await?)?;
    let expected = json!({ "roomName": "r", "reason": "completed", "endedBy": 2, "duration": duration });
    ensure!(ended == expected, "{ended}");
    ensure!(player.heard("cid", "call:incoming").await?.is_empty());
    ensure!(player.heard("tablet", "call:ended").await?.is_empty());
    stage::over(player, server).await
}

pub(super) async fn a_client_that_asks_for_no_acknowledgements_hears_everything_by_events(
    player: &mut Player,
) -> Result<()> {
    let server = stage::server(&[]).await?;
    for (who, user) in [("ann", json!("1")), ("bob", json!(2))] {
        player.open(who, server.address(), &json!({})).await?;
        player.got(who, "connected").await?;
        player.say(who, "call:register", &json!({ "userId": user })).await?;
        let registered = player.hears(who, "call:registered").await?;
        ensure!(registered["userId"].is_u64() && has_servers(&registered), "{registered}");
    }

    let dial =
        json!({ "fromId": 1, "toId": "2", "callType": "audio", "roomName": "r", "sdpOffer": "v=0 offer" });
    player.say("ann", "call:initiate", &dial).await?;
    let incoming = player.hears("bob", "call:incoming").await?;
    ensure!(incoming["sdpOffer"] == "v=0 offer" && incoming["toId"] == 2, "{incoming}");
    player
        .say("bob", "call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0 answer" }))
        .await?;
    ensure!(player.hears("ann", "call:answer").await?["sdpAnswer"] == "v=0 answer");
    // The way in which the source documents have both sides enter the room.
    player.say("ann", "call:join_room", &json!({ "roomName": "r", "userId": 1 })).await?;
    let state = player.hears("ann", "call:room_state").await?;
    ensure!(state["topology"] == "p2p" && state["participants"][1]["userName"] == "Bob Byrd", "{state}");
    let sent = candidate(2, 1, &json!({ "candidate": "candidate:1" }));
    player.say("bob", "ice:candidate", &sent).await?;
    ensure!(numbered(player.hears("ann", "ice:candidate").await?)? == sent);
    player.say("ann", "call:end", &json!({ "roomName": "r", "userId": 1, "reason": "completed" })).await?;
    ensure!(player.hears("bob", "call:ended").await?["endedBy"] == 1);

    for who in ["ann", "bob"] {
        // The question that finds out what came is a mistake itself, but one with an acknowledgement.
        ensure!(player.heard(who, "call:error").await?.is_empty());
    }
    stage::over(player, server).await
}

pub(super) async fn a_call_is_declined(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    for (who, user, device) in [("ann", 1, "phone"), ("bob", 2, "phone"), ("tablet", 2, "tablet")] {
        player.register(who, server.address(), &hello(user, device)).await?;
    }
    for (room, reason) in [("r1", "declined"), ("r2", "busy")] {
        let dial =
            json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": room, "sdpOffer": "v=0" });
        player.ask("ann", "call:initiate", &dial).await?;
        player.hears("bob", "call:incoming").await?;

        player.ask("bob", "call:reject", &json!({ "roomName": room, "userId": 2, "reason": reason })).await?;

        let rejected = numbered(player.hears("ann", "call:rejected").await?)?;
        ensure!(rejected == json!({ "roomName": room, "userId": 2, "reason": reason }), "{rejected}");
        let elsewhere = player.hears("tablet", "call:ended").await?;
        ensure!(elsewhere["reason"] == format!("{reason}_elsewhere"), "{elsewhere}");
    }
    stage::over(player, server).await
}

pub(super) async fn a_call_is_cancelled(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    for (who, user, device) in [("ann", 1, "phone"), ("bob", 2, "phone"), ("tablet", 2, "tablet")] {
        player.register(who, server.address(), &hello(user, device)).await?;
    }
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    player.ask("ann", "call:initiate", &dial).await?;
    player.hears("bob", "call:incoming").await?;

    player.ask("ann", "call:end", &json!({ "roomName": "r", "userId": 1, "reason": "cancelled" })).await?;

    for device in ["bob", "tablet"] {
        let ended = player.hears(device, "call:ended").await?;
        ensure!(ended["reason"] == "cancelled" && ended["endedBy"] == 1, "{ended}");
    }
    let too_late = json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" });
    let refusal = player.ask_in_vain("bob", "call:accept", &too_late).await?;
    ensure!(refusal.code == calls_protocol::ErrorCode::Expired, "{refusal}");
    stage::over(player, server).await
}

fn has_servers(payload: &Value) -> bool {
    payload["iceServers"].as_array().is_some_and(|servers| !servers.is_empty())
}

fn candidate(from: u64, to: u64, candidate: &Value) -> Value {
    json!({
        "roomName": "r", "toUserId": to, "fromUserId": from, "candidate": candidate,
        "sdpMLineIndex": 0, "sdpMid": "audio",
    })
}
