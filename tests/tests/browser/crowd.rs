//! Rooms of many through the media server, in browsers: what each sees and hears is told by its content.
use crate::stage::Stage;
use anyhow::Result;
use calls_core::peer::PeerSettings;
use calls_protocol::CallType;
use calls_tests::{
    browser::{
        Browser::{Chromium, Firefox},
        Page, Person,
    },
    phone::{self, Phone},
};
use serde_json::json;

const ROOM: &str = "crowd";

async fn somebody(stage: &Stage, browser: calls_tests::browser::Browser, user: u64) -> Result<Page> {
    Page::open(browser, stage.server.address(), Person { user, answers: None }).await
}

async fn joins(page: &mut Page, video: bool, simulcast: bool) -> Result<()> {
    let wish = json!({ "roomName": ROOM, "video": video, "simulcast": simulcast });
    page.order("joinRoom", wish).await?;
    page.reached("media connected").await.map(drop)
}

#[tokio::test]
async fn three_see_and_hear_each_other() -> Result<()> {
    let stage = Stage::of_rooms().await;
    let mut pages = Vec::new();
    for user in 1..=3 {
        let mut page = somebody(&stage, Chromium, user).await?;
        joins(&mut page, true, false).await?;
        pages.push(page);
    }
    for (n, page) in pages.iter_mut().enumerate() {
        for other in (1..=3).filter(|other| *other != n as u64 + 1) {
            page.hears_of(other).await?;
            page.sees_of(other).await?;
        }
    }
    stage.over(pages).await
}

#[tokio::test]
async fn whose_network_lets_no_datagram_out_comes_by_tcp() -> Result<()> {
    let stage = Stage::of_rooms().await;
    let mut ann = somebody(&stage, Chromium, 1).await?;
    let mut bob = somebody(&stage, Chromium, 2).await?;
    joins(&mut ann, true, false).await?;
    bob.order("joinRoom", json!({ "roomName": ROOM, "video": true, "onlyTcp": true })).await?;
    bob.reached("media connected").await?;
    for (page, other) in [(&mut ann, 2), (&mut bob, 1)] {
        page.hears_of(other).await?;
        page.sees_of(other).await?;
    }
    stage.over([ann, bob]).await
}

#[tokio::test]
async fn a_firefox_and_a_chromium_with_three_layers() -> Result<()> {
    let stage = Stage::of_rooms().await;
    let ann = Person { user: 1, answers: None };
    let mut ann = Page::open_with_camera(Chromium, stage.server.address(), ann, (960, 540)).await?;
    let mut bob = somebody(&stage, Firefox, 2).await?;
    joins(&mut ann, true, true).await?;
    joins(&mut bob, false, false).await?;
    bob.hears_of(1).await?;
    bob.sees_of(1).await?;
    ann.hears_of(2).await?;
    let height = |seen: &serde_json::Value| seen["users"]["1"]["camera"]["height"].as_u64();
    let large = bob.until_in_room("a large picture", |seen| height(seen) == Some(540)).await?;
    println!("{large}");
    let wish = |height: u16| json!({ "streams": [{ "userId": 1, "maxHeight": height }] });
    bob.order("subscribe", wish(120)).await?;
    bob.until_in_room("a small picture", |seen| height(seen) == Some(135)).await?;
    bob.sees_of(1).await?;
    bob.order("subscribe", wish(540)).await?;
    bob.until_in_room("a large picture again", |seen| height(seen) == Some(540)).await?;
    stage.over([ann, bob]).await
}

#[tokio::test]
async fn a_chromium_gets_the_size_of_an_engines_camera_that_it_looks_at() -> Result<()> {
    let stage = Stage::of_rooms().await;
    let mut config = phone::config(stage.server.address(), 1);
    config.peer = PeerSettings { start_bitrate: 4_000_000, ..PeerSettings::default() };
    let ann = Phone::with_camera(config, (960, 540))?;
    ann.registered().await?;
    ann.calls.join(ROOM, CallType::Video).await?;
    let mut bob = somebody(&stage, Chromium, 2).await?;
    joins(&mut bob, false, false).await?;
    bob.hears_of(1).await?;
    bob.sees_of(1).await?;
    let height = |seen: &serde_json::Value| seen["users"]["1"]["camera"]["height"].as_u64();
    let wish = |height: u16| json!({ "streams": [{ "userId": 1, "maxHeight": height }] });
    for (wanted, comes) in [(540, 540), (120, 134), (540, 540)] {
        bob.order("subscribe", wish(wanted)).await?;
        bob.until_in_room("the size that it looks at", |seen| height(seen) == Some(comes)).await?;
    }
    bob.sees_of(1).await?;
    ann.calls.close().await;
    stage.over([bob]).await
}
