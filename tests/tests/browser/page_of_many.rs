//! The page of a call among more people than have a place on it: what is out of sight does not come.
use crate::stage::Stage;
use anyhow::{Result, ensure};
use calls_tests::{
    browser::{Page, Visit},
    crowd::{Picture, Plan, Room, Stage as Crowd, Visitor},
};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How something missing is noticed.
const PATIENCE: Duration = Duration::from_secs(60);

/// So long a picture that comes sends something, several times over.
const A_WHILE: Duration = Duration::from_secs(1);

async fn flows(page: &mut Page) -> Result<Map<String, Value>> {
    let flows = page.please("flows").await?;
    Ok(flows.as_object().cloned().unwrap_or_default())
}

/// Waits until what comes is what is in sight; who that is.
async fn comes_what_is_seen(page: &mut Page, people: usize) -> Result<BTreeSet<String>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let before = flows(page).await?;
        sleep(A_WHILE).await;
        let after = flows(page).await?;
        let came = |user: &String| after[user]["packets"].as_u64() > before[user]["packets"].as_u64();
        let known: Vec<_> = after.keys().filter(|user| before.contains_key(*user)).collect();
        let coming: BTreeSet<String> = known.iter().copied().filter(|user| came(user)).cloned().collect();
        let seen: BTreeSet<String> =
            known.iter().copied().filter(|user| after[*user]["isInSight"] == true).cloned().collect();
        if known.len() == people && coming == seen {
            return Ok(seen);
        }
        ensure!(
            Instant::now() < deadline,
            "of {} are in sight {seen:?}, and come {coming:?}\n{}",
            known.len(),
            page.transcript()
        );
    }
}

#[tokio::test]
async fn of_twenty_others_those_come_who_are_in_sight() -> Result<()> {
    let stage = Stage::with(&[
        ("SFU", "on"),
        ("SFU_PORT", "0"),
        ("SFU_MESH_OF_OPEN_ROOM", "1"),
        ("SFU_THREADS", "1"),
    ])
    .await;
    let address = stage.server.address();
    let mut crowd = Crowd::start()?;
    let room = Room { name: "page".to_owned(), number: 1, group: None, is_video: true };
    let picture = Picture { bps: 50_000, every: Duration::from_millis(100), layers: 1, height: 180 };
    let mut members = Vec::new();
    for user in 2..=21 {
        let plan = Plan { voice: None, picture: Some(picture) };
        members.push(Visitor::sign_in(address, user).await?.join(&mut crowd, &room, false, plan).await?);
    }
    let phone = Visit { window: Some((360, 480)), ..Visit::to("room=page") };
    let mut page = Page::visit(address, 1, phone).await?;
    page.press("Join").await?;

    let first = comes_what_is_seen(&mut page, members.len()).await?;
    ensure!((2..20).contains(&first.len()), "{first:?}");
    page.order("scroll", json!({ "to": 1 })).await?;
    let last = comes_what_is_seen(&mut page, members.len()).await?;

    // The oldest stand first, the newest last.
    ensure!(first.contains("2") && !first.contains("21") && last.contains("21") && !last.contains("2"));
    drop(members);
    crowd.stop()?;
    stage.over([page]).await
}
