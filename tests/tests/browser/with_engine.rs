//! A browser and our engine call each other.
use crate::stage::Stage;
use anyhow::Result;
use calls_core::{Call, CallSnapshot, Callee, EndReason, Picture, peer::PeerSettings};
use calls_protocol::{CallType, UserId};
use calls_tests::{
    browser::{
        Browser::{self, Chromium, Firefox},
        Page, Person,
    },
    phone::{self, Phone},
};
use serde_json::{Value, json};

/// Who has the phone.
const PHONE: u64 = 5;

/// A page and a phone that talk.
struct Talk {
    stage: Stage,
    browser: Browser,
    page: Page,
    person: u64,
    phone: Phone,
    call: Call,
}

impl Talk {
    /// The browser calls.
    async fn of_a_browser_that_calls(browser: Browser, video: bool) -> Result<Self> {
        let (stage, mut page, phone) = begin(browser, Person::ANN).await?;
        page.order("call", json!({ "other": PHONE, "video": video })).await?;
        phone.rings().await?.accept(call_type(video))?;
        let call = phone.talks().await?;
        Self { stage, browser, page, person: Person::ANN.user, phone, call }.connected("dialled").await
    }

    /// The phone calls.
    async fn of_a_phone_that_calls(browser: Browser, video: bool) -> Result<Self> {
        let bob = Person { answers: Some(video), ..Person::BOB };
        let (stage, page, phone) = begin(browser, bob).await?;
        let call = phone.calls.dial(Callee::User(UserId::new(bob.user)?), call_type(video)).await?;
        Self { stage, browser, page, person: bob.user, phone, call }.connected("ringing").await
    }

    async fn connected(mut self, since: &str) -> Result<Self> {
        let since_then = self.page.reached(since).await?;
        let heard = self.page.reached("first_audio").await?;
        println!("{since} -> first audio in the browser: {:.0} ms", heard.at - since_then.at);
        self.both_hear().await?;
        Ok(self)
    }

    /// Both hear each other now.
    async fn both_hear(&mut self) -> Result<()> {
        self.page.hears(PHONE).await?;
        self.phone.hears(Some(self.person)).await
    }

    /// The phone sees the browser's camera; Firefox has one of its own, which says nothing.
    async fn phone_sees(&mut self) -> Result<()> {
        match self.browser {
            Chromium => self.phone.sees(self.person).await,
            Firefox => self.phone_decodes().await,
        }
    }

    /// The phone decodes further pictures.
    async fn phone_decodes(&mut self) -> Result<()> {
        let begun = tokio::time::Instant::now();
        let before = self.decoded().await?;
        while self.decoded().await? < before + 10 {
            anyhow::ensure!(begun.elapsed().as_secs() < 30, "{:?}", self.call.stats().await?);
            // Nothing tells when a picture was decoded.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn decoded(&self) -> Result<u64> {
        let stats = self.call.stats().await?;
        let seen = stats.others.iter().filter_map(|other| other.picture.as_ref());
        Ok(seen.map(|picture| picture.seeing.frames).sum())
    }

    async fn both_see(&mut self) -> Result<()> {
        self.page.sees(PHONE).await?;
        self.phone_sees().await?;
        self.phone_decodes().await
    }

    async fn restarts(&mut self, by_page: bool) -> Result<()> {
        let names = self.page.please("look").await?["names"].take();
        if by_page {
            self.page.please("restart").await?;
        } else {
            self.phone.calls.network_changed()?;
        }
        let is_new =
            |seen: &Value| seen["signaling"] == "stable" && (0..2).all(|n| seen["names"][n] != names[n]);
        self.page.until("restarted", is_new).await.map(drop)
    }

    async fn over(self) -> Result<()> {
        // Everything went by one connection.
        let stats = self.call.stats().await?;
        assert!(stats.others.iter().all(|other| other.builds == 1), "{stats:?}");
        let Self { stage, mut page, phone, .. } = self;
        page.please("hangUp").await?;
        assert_eq!(phone.ended().await?, EndReason::TheyHungUp);
        phone.calls.close().await;
        stage.over([page]).await
    }
}

async fn begin(browser: Browser, person: Person) -> Result<(Stage, Page, Phone)> {
    let stage = Stage::new().await;
    let server = stage.server.address();
    let mut config = phone::config(server, PHONE);
    // A browser is not on loopback.
    config.peer = PeerSettings::default();
    let phone = Phone::with(config)?;
    phone.registered().await?;
    let page = Page::open(browser, server, person).await?;
    Ok((stage, page, phone))
}

fn call_type(video: bool) -> CallType {
    if video { CallType::Video } else { CallType::Audio }
}

/// Addresses, silence and lost connections.
async fn sound_through_everything(mut talk: Talk) -> Result<()> {
    for by_page in [true, false, true, false] {
        talk.restarts(by_page).await?;
        talk.both_hear().await?;
    }

    talk.page.order("mute", json!({ "on": true })).await?;
    talk.phone.hears(None).await?;
    let is_told = |call: &CallSnapshot| call.others.iter().all(|other| !other.audio);
    talk.phone.until("told", is_told).await?;
    talk.page.order("mute", json!({ "on": false })).await?;
    talk.call.set_muted(true)?;
    talk.page.reached("user:media_changed").await?;
    talk.page.hears_nothing().await?;
    talk.call.set_muted(false)?;
    talk.both_hear().await?;

    talk.page.please("cut").await?;
    talk.page.reached("resumed").await?;
    talk.both_hear().await?;
    talk.over().await
}

/// Pictures come and go on either side, and stay over new addresses.
async fn picture_through_everything(mut talk: Talk, page_first: bool) -> Result<()> {
    for by_page in [page_first, !page_first] {
        if by_page {
            talk.page.please("addVideo").await?;
            talk.phone_sees().await?;
        } else {
            talk.call.show(Picture::Camera)?;
            talk.page.reached("first_picture").await?;
            talk.page.sees(PHONE).await?;
        }
    }
    talk.both_see().await?;

    for by_page in [true, false] {
        talk.restarts(by_page).await?;
        talk.both_see().await?;
        talk.both_hear().await?;
    }

    talk.page.please("stopVideo").await?;
    let is_told = |call: &CallSnapshot| call.others.iter().all(|other| !other.video);
    talk.phone.until("told", is_told).await?;
    talk.page.please("addVideo").await?;
    talk.phone_decodes().await?;
    talk.call.show(Picture::None)?;
    talk.page.reached("user:media_changed").await?;
    talk.call.show(Picture::Camera)?;
    talk.both_see().await?;
    talk.both_hear().await?;
    talk.over().await
}

/// Both want something new at the same moment, again and again.
async fn at_once(mut talk: Talk) -> Result<()> {
    let (added, shown) =
        tokio::join!(talk.page.please("addVideo"), async { talk.call.show(Picture::Camera) });
    added?;
    shown?;
    talk.both_see().await?;
    for _ in 0..5 {
        let changed = talk.phone.calls.network_changed();
        talk.page.please("restart").await?;
        changed?;
        talk.page.until("agreed", |seen| seen["signaling"] == "stable").await?;
        talk.both_hear().await?;
        talk.both_see().await?;
    }
    talk.over().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_and_the_engine_offer_at_once_whoever_called() -> Result<()> {
    at_once(Talk::of_a_browser_that_calls(Chromium, false).await?).await?;
    at_once(Talk::of_a_phone_that_calls(Chromium, false).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firefox_and_the_engine_offer_at_once_whoever_called() -> Result<()> {
    at_once(Talk::of_a_browser_that_calls(Firefox, false).await?).await?;
    at_once(Talk::of_a_phone_that_calls(Firefox, false).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_calls_the_engine() -> Result<()> {
    sound_through_everything(Talk::of_a_browser_that_calls(Chromium, false).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_calls_chromium() -> Result<()> {
    sound_through_everything(Talk::of_a_phone_that_calls(Chromium, false).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firefox_calls_the_engine() -> Result<()> {
    sound_through_everything(Talk::of_a_browser_that_calls(Firefox, false).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_calls_firefox() -> Result<()> {
    sound_through_everything(Talk::of_a_phone_that_calls(Firefox, false).await?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_that_called_brings_a_picture_into_the_call_and_the_engine_another() -> Result<()> {
    picture_through_everything(Talk::of_a_browser_that_calls(Chromium, false).await?, true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_brings_a_picture_into_its_call_with_chromium_which_brings_another() -> Result<()> {
    picture_through_everything(Talk::of_a_phone_that_calls(Chromium, false).await?, false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_brings_a_picture_into_the_call_of_firefox_which_brings_another() -> Result<()> {
    picture_through_everything(Talk::of_a_browser_that_calls(Firefox, false).await?, false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firefox_that_was_called_brings_a_picture_into_the_call_and_the_engine_another() -> Result<()> {
    picture_through_everything(Talk::of_a_phone_that_calls(Firefox, false).await?, true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_begin_with_pictures_show_both() -> Result<()> {
    for browser in [Chromium, Firefox] {
        for by_page in [true, false] {
            let mut talk = if by_page {
                Talk::of_a_browser_that_calls(browser, true).await?
            } else {
                Talk::of_a_phone_that_calls(browser, true).await?
            };
            talk.both_see().await?;
            talk.over().await?;
        }
    }
    Ok(())
}
