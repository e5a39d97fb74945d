//! Browsers call each other: what a web developer gets who reads `docs/protocol.md`.
use crate::stage::Stage;
use anyhow::Result;
use calls_tests::browser::{
    Browser::{self, Chromium, Firefox},
    Page, Person,
};
use serde_json::{Value, json};

/// One page sees what the other's camera sees, as far as that is known.
async fn sees(page: &mut Page, other: Browser, person: Person) -> Result<()> {
    match other {
        Chromium => page.sees(person.user).await,
        Firefox => page.sees_somebody().await,
    }
}

/// Both hear each other now, not only before.
async fn both_hear(ann: &mut Page, bob: &mut Page) -> Result<()> {
    ann.hears(Person::BOB.user).await?;
    bob.hears(Person::ANN.user).await
}

/// Starts anew with other addresses, and waits until both know the new names.
async fn restart(by: &mut Page, other: &mut Page) -> Result<()> {
    let before = by.please("look").await?;
    let is_new = |seen: &Value, here: usize| {
        let (old, new) = (&before["names"], &seen["names"]);
        seen["signaling"] == "stable" && new[here] != old[0] && new[1 - here] != old[1]
    };

    by.please("restart").await?;

    by.until("restarted", |seen| is_new(seen, 0)).await?;
    other.until("restarted", |seen| is_new(seen, 1)).await.map(drop)
}

async fn everything(anns: Browser, bobs: Browser) -> Result<()> {
    let stage = Stage::new().await;
    let (mut ann, mut bob) = stage.two(anns, bobs).await?;

    ann.order("call", json!({ "other": 2 })).await?;
    let heard = (ann.reached("first_audio").await?, bob.reached("first_audio").await?);
    let wanted = ann.reached("dialled").await?;
    println!("first audio after {:.0} and {:.0} ms", heard.0.at - wanted.at, heard.1.at - wanted.at);
    both_hear(&mut ann, &mut bob).await?;

    // The one who was called shows himself first.
    bob.please("addVideo").await?;
    ann.reached("first_picture").await?;
    sees(&mut ann, bobs, Person::BOB).await?;
    ann.please("addVideo").await?;
    bob.reached("first_picture").await?;
    sees(&mut bob, anns, Person::ANN).await?;

    ann.please("stopVideo").await?;
    bob.reached("picture_gone").await?;
    ann.sees_somebody().await?;
    ann.please("addVideo").await?;
    bob.reached("first_picture").await?;

    // Firefox and Chromium hear nothing of each other now and then after one of them started anew (seen with 153 and
    // 156 on a busy machine). That is between them; `with_engine` has each of them start anew with our engine.
    let may_restart = anns == bobs;
    if may_restart {
        restart(&mut ann, &mut bob).await?;
        restart(&mut bob, &mut ann).await?;
    }
    both_hear(&mut ann, &mut bob).await?;
    ann.sees_somebody().await?;
    bob.sees_somebody().await?;

    bob.order("mute", json!({ "on": true })).await?;
    ann.reached("user:media_changed").await?;
    ann.hears_nothing().await?;
    bob.order("mute", json!({ "on": false })).await?;
    both_hear(&mut ann, &mut bob).await?;

    ann.please("cut").await?;
    bob.reached("user:reconnecting").await?;
    ann.reached("resumed").await?;
    if may_restart {
        restart(&mut bob, &mut ann).await?;
    }
    both_hear(&mut ann, &mut bob).await?;

    bob.please("hangUp").await?;
    assert_eq!(ann.reached("ended").await?.told["reason"], "completed");
    stage.over([ann, bob]).await
}

#[tokio::test]
async fn chromium_and_chromium_do_all_that_a_call_can_do() -> Result<()> {
    everything(Chromium, Chromium).await
}

#[tokio::test]
async fn firefox_calls_chromium_and_they_do_all_that_a_call_can_do() -> Result<()> {
    everything(Firefox, Chromium).await
}

#[tokio::test]
async fn chromium_calls_firefox_and_they_do_all_that_a_call_can_do() -> Result<()> {
    everything(Chromium, Firefox).await
}

async fn both_at_once(anns: Browser, bobs: Browser, first: &[&str]) -> Result<()> {
    let stage = Stage::new().await;
    let (mut ann, mut bob) = stage.two(anns, bobs).await?;
    ann.order("call", json!({ "other": 2 })).await?;
    for page in [&mut ann, &mut bob] {
        page.reached("first_audio").await?;
    }

    for _ in 0..5 {
        for what in first {
            let (of_ann, of_bob) = tokio::join!(ann.please(what), bob.please(what));
            of_ann.and(of_bob)?;
        }
        sees(&mut ann, bobs, Person::BOB).await?;
        sees(&mut bob, anns, Person::ANN).await?;
        both_hear(&mut ann, &mut bob).await?;
        let (of_ann, of_bob) = tokio::join!(ann.please("stopVideo"), bob.please("stopVideo"));
        of_ann.and(of_bob)?;
        for page in [&mut ann, &mut bob] {
            page.until("without a picture", |seen| seen["picture"]["on"] == false).await?;
        }
    }
    stage.over([ann, bob]).await
}

#[tokio::test]
async fn two_chromium_offer_at_once_and_go_on() -> Result<()> {
    both_at_once(Chromium, Chromium, &["restart", "addVideo"]).await
}

#[tokio::test]
async fn firefox_and_chromium_offer_at_once_and_go_on() -> Result<()> {
    // Not with a restart: when its own collides with another one, Firefox (seen with 153) hears nothing any more now
    // and then.
    both_at_once(Chromium, Firefox, &["addVideo"]).await
}

#[tokio::test]
async fn a_video_call_is_seen_and_heard_at_both_ends_and_ends_when_one_hangs_up() -> Result<()> {
    let stage = Stage::new().await;
    let server = stage.server.address();
    let bob_waits = Person { answers: None, ..Person::BOB };
    let (mut ann, mut bob) =
        tokio::try_join!(Page::open(Chromium, server, Person::ANN), Page::open(Chromium, server, bob_waits))?;

    ann.order("call", json!({ "other": 2, "video": true })).await?;
    bob.reached("ringing").await?;
    bob.order("answer", json!({ "video": true })).await?;

    ann.reached("first_picture").await?;
    bob.reached("first_picture").await?;
    ann.sees(Person::BOB.user).await?;
    bob.sees(Person::ANN.user).await?;
    both_hear(&mut ann, &mut bob).await?;
    ann.please("hangUp").await?;
    assert_eq!(bob.reached("ended").await?.told["reason"], "completed");

    // And once more, the other way round, and nobody wants it.
    bob.order("call", json!({ "other": 1 })).await?;
    ann.reached("ringing").await?;
    ann.please("reject").await?;
    assert_eq!(bob.reached("ended").await?.told["reason"], "declined");
    stage.over([ann, bob]).await
}
