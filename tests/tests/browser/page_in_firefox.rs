//! The page of a call in Firefox: with Chromium and with its like. Its camera is its own, so it is known by its movement.
use crate::stage::Stage;
use anyhow::Result;
use calls_tests::browser::{Browser, Page, Visit};

async fn opens(stage: &Stage, browser: Browser, user: u64, path: &str) -> Result<Page> {
    Page::visit(stage.server.address(), user, Visit { browser, ..Visit::to(path) }).await
}

/// Waits until what comes of somebody in this browser is theirs.
async fn meets(page: &mut Page, (other, browser): (u64, Browser)) -> Result<()> {
    page.hears_of(other).await?;
    match browser {
        Browser::Chromium => page.sees_of(other).await,
        Browser::Firefox => page.sees_moving(other).await,
    }
}

/// The first calls, the second answers, each switches the camera off and on, and the second hangs up.
async fn call(ann: Browser, bob: Browser) -> Result<()> {
    let stage = Stage::new().await;
    let mut at_ann = opens(&stage, ann, 1, "to=2").await?;
    let mut at_bob = opens(&stage, bob, 2, "").await?;

    at_ann.press("Call").await?;
    at_bob.press("Answer with video").await?;

    meets(&mut at_ann, (2, bob)).await?;
    meets(&mut at_bob, (1, ann)).await?;
    at_bob.press("Turn camera off").await?;
    at_ann.until_in_room("no picture of bob", |seen| seen["users"]["2"].get("camera").is_none()).await?;
    at_bob.press("Turn camera on").await?;
    meets(&mut at_ann, (2, bob)).await?;
    at_ann.press("Turn camera off").await?;
    at_bob.until_in_room("no picture of ann", |seen| seen["users"]["1"].get("camera").is_none()).await?;
    at_ann.press("Turn camera on").await?;
    meets(&mut at_bob, (1, ann)).await?;
    at_bob.press("Hang up").await?;
    at_ann.until_in_room("the end", |seen| seen["reason"] == "completed").await?;
    stage.over([at_ann, at_bob]).await
}

#[tokio::test]
async fn a_firefox_calls_a_chromium() -> Result<()> {
    call(Browser::Firefox, Browser::Chromium).await
}

#[tokio::test]
async fn a_chromium_calls_a_firefox() -> Result<()> {
    call(Browser::Chromium, Browser::Firefox).await
}

#[tokio::test]
async fn two_of_firefox_and_one_of_chromium_meet_through_the_media_server() -> Result<()> {
    let stage = Stage::of_rooms().await;
    let people = [Browser::Firefox, Browser::Chromium, Browser::Firefox];
    let mut pages = Vec::new();
    for (user, browser) in (1..).zip(people) {
        let mut page = opens(&stage, browser, user, "room=page").await?;
        page.press("Join").await?;
        page.until_in_room("in the room", |seen| seen["phase"] == "talking").await?;
        pages.push(page);
    }
    for (user, page) in (1..).zip(&mut pages) {
        page.until_in_room("on the media server", |seen| seen["way"] == "byServer").await?;
        for other in (1..).zip(people).filter(|(other, _)| *other != user) {
            meets(page, other).await?;
        }
    }

    // Whoever leaves is gone, and the others go on.
    let last = pages.pop().expect("three came");
    last.close().await?;
    for (page, other) in pages.iter_mut().zip([(2, people[1]), (1, people[0])]) {
        page.until_in_room("one less", |seen| seen["users"].get("3").is_none()).await?;
        meets(page, other).await?;
    }
    stage.over(pages).await
}
