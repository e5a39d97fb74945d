//! A call of a group, whose names and members come from the database.
use super::{Player, numbered, stage};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

pub(super) async fn a_group_is_rung_joins_and_leaves(player: &mut Player) -> Result<()> {
    let server = stage::server(&[]).await?;
    for (who, user) in [("ann", 1), ("bob", 2), ("cid", 3)] {
        let hello = json!({ "userId": user, "deviceId": "phone" });
        player.register(who, server.address(), &hello).await?;
    }

    // Everybody else is rung.
    let dial = json!({
        "fromId": 1, "groupId": 7, "callType": "video", "roomName": "g", "sdpOffer": { "type": "offer", "sdp": "v=0" },
    });
    let initiated = player.ask("ann", "call:initiate", &dial).await?;
    ensure!(initiated["devices"] == 2, "{initiated}");
    for who in ["bob", "cid"] {
        let mut incoming = numbered(player.hears(who, "group_call:incoming").await?)?;
        for field in ["iceServers", "createdAt", "expiresAt"] {
            ensure!(!incoming[field].take().is_null(), "no {field}");
        }
        let expected = json!({
            "callId": initiated["callId"], "groupId": 7, "groupName": "Friends", "initiatorId": 1,
            "initiatorName": "Ann Ames", "callType": "video", "roomName": "g",
            "iceServers": null, "createdAt": null, "expiresAt": null,
        });
        ensure!(incoming == expected, "{incoming}");
    }

    // One joins with an acknowledgement, one without; each is told who is there.
    let join = json!({ "roomName": "g", "userId": 2, "audio": true, "video": false });
    let state = player.ask("bob", "call:join_room", &join).await?;
    ensure!(names(&state) == ["Ann Ames", "Bob Byrd"] && state["topology"] == "mesh", "{state}");
    let joined = numbered(player.hears("ann", "user:joined_call").await?)?;
    let expected = json!({
        "roomName": "g", "userId": 2, "userName": "Bob Byrd", "avatar": null, "audio": true, "video": false,
    });
    ensure!(joined == expected, "{joined}");
    player.say("cid", "call:join_room", &json!({ "roomName": "g", "userId": 3 })).await?;
    let state = player.hears("cid", "call:room_state").await?;
    ensure!(names(&state) == ["Ann Ames", "Bob Byrd", "Cid Cole"], "{state}");
    for who in ["ann", "bob"] {
        let joined = player.hears(who, "user:joined_call").await?;
        ensure!(joined["userId"] == 3 && joined["userName"] == "Cid Cole", "{joined}");
    }

    // What is for one is heard by one, what is for all by all.
    let offer = json!({ "roomName": "g", "toUserId": 1, "sdpOffer": "v=0 of Cid" });
    player.ask("cid", "call:renegotiate", &offer).await?;
    let offered = player.hears("ann", "call:renegotiate").await?;
    ensure!(offered["fromUserId"] == 3 && offered["sdpOffer"] == "v=0 of Cid", "{offered}");
    let candidate = json!({ "roomName": "g", "toUserId": 3, "fromUserId": 1, "candidate": "candidate:1" });
    player.ask("ann", "ice:candidate", &candidate).await?;
    ensure!(numbered(player.hears("cid", "ice:candidate").await?)? == candidate);
    player
        .ask(
            "ann",
            "call:toggle_media",
            &json!({ "roomName": "g", "userId": 1, "audio": false, "video": true }),
        )
        .await?;
    for who in ["bob", "cid"] {
        let changed = player.hears(who, "user:media_changed").await?;
        ensure!(changed["userId"] == 1 && changed["audio"] == false, "{changed}");
    }
    ensure!(player.heard("bob", "call:renegotiate").await?.is_empty());
    ensure!(player.heard("bob", "ice:candidate").await?.is_empty());

    // Who leaves leaves the others in it; the last one ends it.
    player.ask("cid", "call:leave_room", &json!({ "roomName": "g", "userId": 3 })).await?;
    for who in ["ann", "bob"] {
        let left = player.hears(who, "user:left_call").await?;
        ensure!(left["userId"] == 3 && left["userName"] == "Cid Cole", "{left}");
    }
    for (who, user) in [("ann", 1), ("bob", 2)] {
        player
            .ask(who, "call:end", &json!({ "roomName": "g", "userId": user, "reason": "completed" }))
            .await?;
    }
    let refusal =
        player.ask_in_vain("cid", "call:join_room", &json!({ "roomName": "g", "userId": 3 })).await?;
    ensure!(refusal.code == calls_protocol::ErrorCode::Expired, "{refusal}");
    stage::over(player, server).await
}

fn names(state: &Value) -> Vec<&str> {
    let participants = state["participants"].as_array().into_iter().flatten();
    participants.filter_map(|participant| participant["userName"].as_str()).collect()
}
