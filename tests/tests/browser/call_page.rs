//! The page of a call that the server brings, used as people use it: by the names of its buttons.
use crate::stage::{Stage, alone};
use anyhow::Result;
use calls_tests::{browser::Page, folder::Folder, server::TestServer};
use serde_json::{Value, json};

/// A server whose open rooms go straight for up to three.
async fn stage() -> Stage {
    Stage::with(&[("SFU", "on"), ("SFU_PORT", "0"), ("SFU_MESH_OF_OPEN_ROOM", "3")]).await
}

async fn opens(stage: &Stage, user: u64, path: &str) -> Result<Page> {
    Page::open_call(stage.server.address(), user, path).await
}

/// Opens the link of a room and comes in.
async fn joins(stage: &Stage, user: u64) -> Result<Page> {
    let mut page = opens(stage, user, "room=page").await?;
    page.press("Join").await?;
    page.until_in_room("in the room", |seen| seen["phase"] == "talking").await?;
    Ok(page)
}

/// Everybody hears and sees everybody else, each once.
async fn all_meet(pages: &mut [Page]) -> Result<()> {
    let users = pages.len() as u64;
    for (n, page) in pages.iter_mut().enumerate() {
        for other in (1..=users).filter(|other| *other != n as u64 + 1) {
            page.hears_of(other).await?;
            page.sees_of(other).await?;
            let voices = format!("/users/{other}/voices");
            page.until_in_room("one voice of each", |seen| seen.pointer(&voices) == Some(&json!(1))).await?;
        }
    }
    Ok(())
}

fn says(seen: &Value, list: &str, word: &str) -> bool {
    let list = seen[list].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).any(|one| one.contains(word))
}

#[tokio::test]
async fn somebody_calls_by_the_page_and_the_other_one_answers_and_hangs_up() -> Result<()> {
    let stage = stage().await;
    let mut ann = opens(&stage, 1, "to=2").await?;
    let mut bob = opens(&stage, 2, "").await?;

    ann.press("Call").await?;
    bob.press("Answer with video").await?;

    for (page, other) in [(&mut ann, 2), (&mut bob, 1)] {
        page.hears_of(other).await?;
        page.sees_of(other).await?;
    }
    bob.press("Turn camera off").await?;
    ann.until_in_room("no picture of bob", |seen| seen["users"]["2"].get("camera").is_none()).await?;
    bob.press("Turn camera on").await?;
    ann.sees_of(2).await?;
    bob.press("Hang up").await?;
    ann.until_in_room("the end", |seen| seen["reason"] == "completed").await?;
    bob.until_in_room("the end", |seen| seen["reason"] == "left").await?;
    stage.over([ann, bob]).await
}

#[tokio::test]
async fn four_come_into_a_room_that_moves_to_the_media_server_and_back() -> Result<()> {
    let stage = stage().await;
    let mut pages = Vec::new();
    for user in 1..=3 {
        pages.push(joins(&stage, user).await?);
    }
    all_meet(&mut pages).await?;

    pages.push(joins(&stage, 4).await?);
    for page in &mut pages {
        page.until_in_room("on the media server", |seen| seen["way"] == "byServer").await?;
    }
    all_meet(&mut pages).await?;

    let mut last = pages.pop().expect("four came");
    last.press("Leave").await?;
    last.close().await?;
    for page in &mut pages {
        page.until_in_room("straight again", |seen| seen["way"] == "straight").await?;
    }
    all_meet(&mut pages).await?;
    stage.over(pages).await
}

#[tokio::test]
async fn a_hand_a_message_and_a_host_who_mutes() -> Result<()> {
    let stage = stage().await;
    let mut host = joins(&stage, 1).await?;
    let mut guest = joins(&stage, 2).await?;
    host.hears_of(2).await?;

    guest.press("Raise hand").await?;
    host.until_in_room("the hand", |seen| says(seen, "tiles", "User 2, hand raised")).await?;

    guest.press("Chat").await?;
    guest.order("write", json!({ "name": "Write a message", "text": "<b>Hello</b>" })).await?;
    host.press("Chat").await?;
    host.until_in_room("the message as it was written", |seen| says(seen, "lines", "<b>Hello</b>")).await?;

    host.press("People").await?;
    host.press("Mute: User 2").await?;
    guest.until_in_room("muted", |seen| says(seen, "buttons", "Turn microphone on")).await?;
    host.until_in_room("the sign of it", |seen| says(seen, "tiles", "User 2, muted")).await?;
    let silent =
        |seen: &Value| seen["users"]["2"]["sound"]["loudness"].as_f64().is_some_and(|loud| loud < 0.001);
    host.until_in_room("silent", silent).await?;

    // They may switch it on again, by the keyboard as well.
    guest.order("press_keys", json!({ "keys": ["Alt", "KeyA"] })).await?;
    host.hears_of(2).await?;

    host.press("Remove: User 2").await?;
    guest.until_in_room("out", |seen| seen["reason"] == "removed").await?;
    stage.over([host, guest]).await
}

#[tokio::test]
async fn whoever_comes_to_a_room_with_a_door_waits_until_the_host_lets_them_in() -> Result<()> {
    let stage = stage().await;
    let mut host = joins(&stage, 1).await?;
    host.press("People").await?;
    host.press("Newcomers wait for the host").await?;
    let mut guest = opens(&stage, 2, "room=page").await?;
    guest.press("Join").await?;
    guest.until_in_room("at the door", |seen| seen["title"] == "The host will let you in soon").await?;

    host.press("Let in").await?;

    guest.hears_of(1).await?;
    host.sees_of(2).await?;
    stage.over([host, guest]).await
}

#[tokio::test]
async fn a_shared_screen_is_seen_beside_the_camera_until_it_is_stopped() -> Result<()> {
    let stage = stage().await;
    let mut ann = joins(&stage, 1).await?;
    let mut bob = joins(&stage, 2).await?;
    bob.sees_of(1).await?;

    ann.press("Share screen").await?;

    let has_screen =
        |seen: &Value| seen["users"]["1"]["screen"]["width"].as_u64().is_some_and(|width| width > 0);
    bob.until_in_room("the screen", has_screen).await?;
    bob.sees_of(1).await?;
    ann.press("Stop sharing").await?;
    bob.until_in_room("no screen", |seen| seen["users"]["1"].get("screen").is_none()).await?;
    bob.sees_of(1).await?;
    stage.over([ann, bob]).await
}

/// Two talk, the server is restarted, and they go on: what follows needs the server.
async fn over_a_restart(paths: [&str; 2], buttons: [&str; 2]) -> Result<()> {
    let _alone = alone().await;
    let server = TestServer::start_in(Folder::new(), &[]).await;
    let address = server.address();
    let mut ann = Page::open_call(address, 1, paths[0]).await?;
    let mut bob = Page::open_call(address, 2, paths[1]).await?;
    ann.press(buttons[0]).await?;
    bob.press(buttons[1]).await?;
    for (page, other) in [(&mut ann, 2), (&mut bob, 1)] {
        page.hears_of(other).await?;
        page.sees_of(other).await?;
    }

    let folder = server.stop().await.expect("it has one");
    ann.until_in_room("the word about it", |seen| seen["banner"].is_string()).await?;
    let server = TestServer::start_in(folder, &[("PORT", &address.port().to_string())]).await;
    for page in [&mut ann, &mut bob] {
        page.until_in_room("back", |seen| seen["banner"].is_null() && seen["phase"] == "talking").await?;
    }

    bob.press("Turn microphone off").await?;
    ann.until_in_room("bob muted", |seen| says(seen, "tiles", "User 2, muted")).await?;
    bob.press("Turn microphone on").await?;
    for (page, other) in [(&mut ann, 2), (&mut bob, 1)] {
        page.hears_of(other).await?;
        page.sees_of(other).await?;
    }
    ann.close().await?;
    bob.close().await?;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_call_goes_on_over_a_restart_of_the_server() -> Result<()> {
    over_a_restart(["to=2", ""], ["Call", "Answer with video"]).await
}

#[tokio::test]
async fn a_room_is_opened_again_after_a_restart_of_the_server() -> Result<()> {
    over_a_restart(["room=page", "room=page"], ["Join", "Join"]).await
}
