//! The page of a call and our engine: straight between two, and in a room, straight and through the media server.
use crate::stage::Stage;
use anyhow::Result;
use calls_core::{Callee, EndReason, peer::PeerSettings};
use calls_protocol::{CallType, UserId};
use calls_tests::{
    browser::Page,
    phone::{self, Phone},
};

/// Who has the page, and who the phone.
const PAGE: u64 = 1;
const PHONE: u64 = 2;

/// A server whose open rooms go straight for up to so many; a page, and a phone.
async fn begin(straight: &str, path: &str) -> Result<(Stage, Page, Phone)> {
    let stage = Stage::with(&[("SFU", "on"), ("SFU_PORT", "0"), ("SFU_MESH_OF_OPEN_ROOM", straight)]).await;
    let server = stage.server.address();
    let mut config = phone::config(server, PHONE);
    if straight != "1" {
        // The media server is on loopback, a browser is not.
        config.peer = PeerSettings::default();
    }
    let phone = Phone::with(config)?;
    phone.registered().await?;
    let page = Page::open_call(server, PAGE, path).await?;
    Ok((stage, page, phone))
}

async fn meet(page: &mut Page, phone: &Phone) -> Result<()> {
    phone.forgets_faces();
    page.hears_of(PHONE).await?;
    page.sees_of(PHONE).await?;
    phone.hears(Some(PAGE)).await?;
    phone.sees_of(PAGE, PAGE).await
}

async fn over(stage: Stage, page: Page, phone: Phone) -> Result<()> {
    phone.calls.close().await;
    stage.over([page]).await
}

#[tokio::test]
async fn the_page_calls_an_engine_and_the_engine_hangs_up() -> Result<()> {
    let (stage, mut page, phone) = begin("3", "to=2").await?;

    page.press("Call").await?;
    phone.rings().await?.accept(CallType::Video)?;

    meet(&mut page, &phone).await?;
    phone.talks().await?.hang_up()?;
    page.until_in_room("the end", |seen| seen["reason"] == "completed").await?;
    over(stage, page, phone).await
}

#[tokio::test]
async fn an_engine_calls_the_page_and_the_page_hangs_up() -> Result<()> {
    let (stage, mut page, phone) = begin("3", "").await?;

    phone.calls.dial(Callee::User(UserId::new(PAGE)?), CallType::Video).await?;
    page.press("Answer with video").await?;

    meet(&mut page, &phone).await?;
    page.press("Hang up").await?;
    assert_eq!(phone.ended().await?, EndReason::TheyHungUp);
    over(stage, page, phone).await
}

/// Both are in one room; each is silenced for a while, and leaves.
async fn in_one_room(straight: &str) -> Result<()> {
    let (stage, mut page, phone) = begin(straight, "room=page").await?;
    page.press("Join").await?;
    page.until_in_room("in the room", |seen| seen["phase"] == "talking").await?;
    let call = phone.calls.join("page", CallType::Video).await?;
    meet(&mut page, &phone).await?;
    let is_by_server = straight == "1";
    phone.until("the way of the room", |call| call.is_by_server == is_by_server).await?;

    page.press("Turn microphone off").await?;
    phone.hears(None).await?;
    call.set_muted(true)?;
    let is_silent = |seen: &serde_json::Value| {
        seen["users"]["2"]["sound"]["loudness"].as_f64().is_none_or(|loud| loud < 0.001)
    };
    page.until_in_room("silence", is_silent).await?;
    page.press("Turn microphone on").await?;
    call.set_muted(false)?;
    meet(&mut page, &phone).await?;

    call.hang_up()?;
    page.until_in_room("alone", |seen| seen["users"].get("2").is_none()).await?;
    over(stage, page, phone).await
}

#[tokio::test]
async fn the_page_and_an_engine_meet_in_a_room_on_the_media_server() -> Result<()> {
    in_one_room("1").await
}

#[tokio::test]
async fn the_page_and_an_engine_meet_in_a_room_straight() -> Result<()> {
    in_one_room("3").await
}
