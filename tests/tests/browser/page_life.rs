//! What happens to the page of a call in the course of its life: it rings, it is opened for a group, its sign-in runs out,
//! and nobody looks at what it shows.
use crate::stage::{Stage, alone};
use anyhow::{Context, Result};
use calls_protocol::UserId;
use calls_server::auth::make_test_token;
use calls_tests::{
    browser::{Page, Visit},
    folder::Folder,
    server::{TestServer, settings},
};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

fn rings_at(seen: &Value, tones: &[f64]) -> bool {
    let heard = (seen["rings"]["loudness"].as_f64(), seen["rings"]["hertz"].as_f64());
    matches!(heard, (Some(0.01..), Some(hertz)) if tones.iter().any(|tone| (tone - hertz).abs() < 15.0))
}

fn is_silent(seen: &Value) -> bool {
    seen["rings"].is_null() || seen["rings"]["loudness"].as_f64().is_some_and(|loud| loud < 0.001)
}

const RING: [f64; 4] = [587.0, 659.0, 880.0, 988.0];
const RING_BACK: [f64; 1] = [425.0];

#[tokio::test]
async fn it_rings_at_both_ends_until_somebody_answers_and_not_where_that_is_switched_off() -> Result<()> {
    let stage = Stage::new().await;
    let mut ann = Page::open_call(stage.server.address(), 1, "to=2").await?;
    let mut bob = Page::open_call(stage.server.address(), 2, "").await?;

    ann.press("Call").await?;

    bob.until_in_room("it rings", |seen| rings_at(seen, &RING)).await?;
    ann.until_in_room("it rings there", |seen| rings_at(seen, &RING_BACK)).await?;
    bob.press("Answer").await?;
    for (page, other) in [(&mut ann, 2), (&mut bob, 1)] {
        page.hears_of(other).await?;
        page.until_in_room("no ringing", is_silent).await?;
    }
    ann.press("Hang up").await?;
    bob.press("Another call").await?;
    ann.press("Call again").await?;
    bob.until_in_room("it rings", |seen| rings_at(seen, &RING)).await?;
    bob.press("Do not ring aloud").await?;
    bob.until_in_room("no ringing", is_silent).await?;
    bob.press("Decline").await?;
    ann.until_in_room("the end", |seen| seen["reason"] == "declined" && is_silent(seen)).await?;
    stage.over([ann, bob]).await
}

#[tokio::test]
async fn the_link_of_a_group_rings_its_members_who_come_in() -> Result<()> {
    let _alone = alone().await;
    let server = TestServer::start_in(Folder::new(), &[]).await;
    let file = server.folder().context("it has a folder")?.path().join("calls.db");
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?;
    for statement in [
        "INSERT INTO wo_users (user_id, first_name) VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid')",
        "INSERT INTO wo_groupchat (group_id, group_name) VALUES (7, 'Friends')",
        "INSERT INTO wo_groupchatusers (group_id, user_id) VALUES (7, 1), (7, 2), (7, 3)",
    ] {
        sqlx::query(statement).execute(&mut database).await?;
    }
    database.close().await?;
    let mut ann = Page::open_call(server.address(), 1, "group=7").await?;
    let mut bob = Page::open_call(server.address(), 2, "").await?;
    let mut cid = Page::open_call(server.address(), 3, "").await?;

    ann.press("Call").await?;
    for page in [&mut bob, &mut cid] {
        page.until_in_room("the group rings", |seen| seen["title"] == "Friends").await?;
        page.press("Answer with video").await?;
    }

    let mut pages = [ann, bob, cid];
    for (n, page) in (1..).zip(&mut pages) {
        for other in (1..=3).filter(|other| *other != n) {
            page.hears_of(other).await?;
            page.sees_of(other).await?;
        }
    }
    for page in pages {
        page.close().await?;
    }
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_call_outlives_the_sign_in_of_somebody_who_signs_in_again() -> Result<()> {
    let environment = [("JWT_SECRET", "a-secret-that-only-this-test-knows")];
    let jwt = settings(&environment).auth.jwt.context("a secret turns tokens on")?;
    let secret = jwt.secret.as_ref().context("it was given")?;
    let stage = Stage::with(&environment).await;
    let clock = stage.server.server().switchboard().clock();
    // A server takes a token for a minute longer than it says.
    let token = |user: u64, seconds: u64| -> Result<String> {
        Ok(make_test_token(secret, &jwt, UserId::new(user)?, clock.now().0 / 1000 + seconds - 60, 0))
    };
    let mut bob = Page::open_call(stage.server.address(), 2, "room=page").await?;
    bob.order("write", json!({ "name": "Your token", "text": token(2, 600)? })).await?;
    bob.press("Join").await?;
    let mut ann = Page::open_call(stage.server.address(), 1, "room=page").await?;
    // It runs out in the midst of the call.
    ann.order("write", json!({ "name": "Your token", "text": token(1, 25)? })).await?;
    ann.press("Join").await?;
    for (page, other) in [(&mut ann, 2), (&mut bob, 1)] {
        page.hears_of(other).await?;
    }

    ann.until_in_room("the word about it", |seen| seen["banner"].is_string()).await?;
    // Nobody is cut off in the middle of a word.
    for (page, other) in [(&mut ann, 2), (&mut bob, 1)] {
        page.hears_of(other).await?;
    }
    ann.order("write", json!({ "name": "Your token", "text": token(1, 600)? })).await?;

    ann.until_in_room("back", |seen| seen["banner"].is_null() && seen["phase"] == "talking").await?;
    bob.press("Raise hand").await?;
    let has_hand = |seen: &Value| {
        let tiles = seen["tiles"].as_array().into_iter().flatten();
        tiles.filter_map(Value::as_str).any(|tile| tile.contains("hand raised"))
    };
    ann.until_in_room("what is told by the server", has_hand).await?;
    for (page, other) in [(&mut ann, 2), (&mut bob, 1)] {
        page.hears_of(other).await?;
        page.sees_of(other).await?;
    }
    stage.over([ann, bob]).await
}

/// Waits until these layers of the camera are sent, and no others.
async fn sends(page: &mut Page, wanted: &Value) -> Result<()> {
    let is_so = |seen: &Value| seen["layers"].as_array().is_some_and(|all| all.contains(wanted));
    page.until_in_room(&format!("{wanted} sent"), is_so).await.map(drop)
}

#[tokio::test]
async fn layers_that_nobody_looks_at_are_not_sent_until_somebody_does() -> Result<()> {
    let stage = Stage::of_rooms().await;
    let large = Visit { camera: (640, 360), ..Visit::to("room=page") };
    let mut ann = Page::visit(stage.server.address(), 1, large).await?;
    ann.press("Join").await?;
    let small = Visit { window: Some((320, 280)), ..Visit::to("room=page") };
    let mut bob = Page::visit(stage.server.address(), 2, small).await?;
    bob.press("Join").await?;
    bob.sees_of(1).await?;

    // What is left of a page of that height is no more than the smaller of two layers has.
    sends(&mut ann, &json!([true, false])).await?;
    bob.sees_of(1).await?;
    let wide = Visit { window: Some((1200, 1000)), ..Visit::to("room=page") };
    let mut cid = Page::visit(stage.server.address(), 3, wide).await?;
    cid.press("Join").await?;
    sends(&mut ann, &json!([true, true])).await?;
    cid.sees_of(1).await?;
    cid.close().await?;
    bob.close().await?;
    sends(&mut ann, &json!([false, false])).await?;
    stage.over([ann]).await
}
