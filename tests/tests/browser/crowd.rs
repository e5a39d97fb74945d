//! Rooms of many through the media server, in browsers: what each sees and hears is told by its content.
use crate::stage::Stage;
use anyhow::Result;
use calls_tests::browser::{
    Browser::{Chromium, Firefox},
    Page, Person,
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
    let stage = Stage::with(&[("SFU", "on"), ("SFU_PORT", "0"), ("SFU_MESH_OF_OPEN_ROOM", "1")]).await;
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
async fn a_firefox_and_a_chromium_with_three_layers() -> Result<()> {
    let stage = Stage::with(&[("SFU", "on"), ("SFU_PORT", "0"), ("SFU_MESH_OF_OPEN_ROOM", "1")]).await;
    let mut ann = somebody(&stage, Chromium, 1).await?;
    let mut bob = somebody(&stage, Firefox, 2).await?;
    joins(&mut ann, true, true).await?;
    joins(&mut bob, false, false).await?;
    bob.hears_of(1).await?;
    bob.sees_of(1).await?;
    ann.hears_of(2).await?;
    stage.over([ann, bob]).await
}
