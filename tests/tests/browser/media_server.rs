//! What browsers say to the descriptions of the media server: each step of a negotiation, without media.
use crate::stage::alone;
use anyhow::{Context, Result, ensure};
use calls_rtp::handshake::{Fingerprint, Hash};
use calls_server::sfu::sdp::{Candidate, Credentials, DtlsRole, Kind, Local, Negotiated, Session};
use calls_tests::browser::{
    Browser::{self, Chromium, Firefox},
    Page,
};
use serde_json::{Value, json};

/// What a description of ours may weigh, and an answer to it.
const MOST: usize = 48 * 1024;

/// What an offer of a browser in a full room may weigh, if it saves words. Chromium's has 140 KiB if it does not.
const MOST_OFFERED: usize = 64 * 1024;

fn credentials(turn: u32) -> Credentials {
    Credentials { ufrag: format!("w{turn:07}"), pwd: format!("{turn:024}") }
}

/// A negotiation of a page with a server that has no media.
struct Talk {
    page: Page,
    session: Session,
    turn: u32,
    /// A page that knows of media servers: it says only what it has to.
    is_thrifty: bool,
}

impl Talk {
    async fn begin(page: Page, kind: &str) -> Result<Self> {
        let address = "192.0.2.1:7000".parse()?;
        let session = Session::new(Local {
            credentials: credentials(0),
            fingerprint: Fingerprint::of(Hash::Sha256, b"the server's certificate"),
            candidates: vec![Candidate::Udp(address), Candidate::TcpPassive(address)],
            session_id: 1,
            first_ssrc: 1000,
        });
        let is_thrifty = kind == "sender";
        let mut talk = Self { page, session, turn: 0, is_thrifty };
        // With `max-bundle`, what is only there as a part of a bundle is written in another way.
        let policy = if is_thrifty { "max-bundle" } else { "balanced" };
        talk.page.order("beginNegotiating", json!({ "as": kind, "bundlePolicy": policy })).await?;
        Ok(talk)
    }

    /// The page offers, and takes our answer.
    async fn theirs(&mut self, restart: bool) -> Result<(Negotiated, Value)> {
        self.turn += 1;
        let offer = self.page.order("offer", json!({ "restart": restart })).await?;
        let offer = offer["sdp"].as_str().context("an offer is text")?;
        let (answer, negotiated) = self.session.client_offer(offer, credentials(self.turn))?;
        println!("offer of {} bytes, our answer of {}", offer.len(), answer.len());
        ensure!(offer.len() < MOST_OFFERED && answer.len() < MOST, "too long");
        let taken = self.page.order("takeAnswer", json!({ "sdp": answer })).await;
        Ok((negotiated, taken.with_context(|| format!("{offer}\n---\n{answer}"))?))
    }

    /// We offer, and take the page's answer.
    async fn ours(&mut self) -> Result<(Negotiated, Value)> {
        let offer = self.session.offer().context("there is something to offer")?;
        let taken = self.page.order("takeOffer", json!({ "sdp": offer, "isThrifty": self.is_thrifty })).await;
        let taken = taken.with_context(|| offer.clone())?;
        let answer = taken["sdp"].as_str().context("an answer is text")?;
        println!("our offer of {} bytes, answer of {}", offer.len(), answer.len());
        ensure!(offer.len() < MOST && answer.len() < MOST, "too long");
        let negotiated = self.session.client_answer(answer).with_context(|| answer.to_owned())?;
        Ok((negotiated, taken))
    }
}

/// How many slots have a sound, and how many a picture.
fn filled(negotiated: &Negotiated) -> (usize, usize) {
    let sounds = negotiated.slots.iter().filter(|slot| slot.sound.is_some()).count();
    (sounds, negotiated.slots.iter().filter(|slot| slot.picture.is_some()).count())
}

fn on(negotiated: &Negotiated) -> Vec<Kind> {
    negotiated.sends.iter().filter(|sent| sent.is_on).map(|sent| sent.source).collect()
}

/// What the page says of a section, by its name.
fn section<'a>(seen: &'a Value, mid: &str) -> &'a Value {
    let sections = seen["sections"].as_array().into_iter().flatten();
    sections.clone().find(|section| section["mid"] == mid).unwrap_or(&Value::Null)
}

/// One who sends everything: three layers of the camera and a screen, then slots for more and more people.
async fn sends_everything(page: Page) -> Result<Page> {
    let mut talk = Talk::begin(page, "sender").await?;

    let (negotiated, seen) = talk.theirs(false).await?;

    assert_eq!(on(&negotiated), [Kind::Sound, Kind::Camera, Kind::Screen]);
    assert_eq!((negotiated.role, filled(&negotiated)), (DtlsRole::Server, (0, 0)));
    assert_eq!(section(&seen, "1")["currentDirection"], "sendonly");
    assert!(talk.session.offer().is_none(), "nothing to offer");

    for (pairs, voices, expected) in [(3, 0, (3, 3)), (22, 4, (29, 25))] {
        talk.session.add_slots(pairs, voices);

        let (negotiated, seen) = talk.ours().await?;

        assert_eq!(filled(&negotiated), expected);
        assert_eq!(on(&negotiated), [Kind::Sound, Kind::Camera, Kind::Screen]);
        let layers: Vec<&str> =
            negotiated.sends[1].streams.layers.iter().map(|layer| layer.rid.as_str()).collect();
        assert_eq!(layers, ["l", "m", "h"]);
        assert_eq!(section(&seen, "v2")["currentDirection"], "recvonly");
        let heard = seen["heard"].as_array().context("tracks came")?;
        assert_eq!(heard[..2], [json!(["audio", "slot-0"]), json!(["video", "slot-0"])]);
        assert_eq!(heard.len(), expected.0 + expected.1);
    }

    let (negotiated, _) = talk.theirs(true).await?;
    assert!(negotiated.is_restart);
    assert_eq!(negotiated.server, credentials(talk.turn));
    assert_eq!(filled(&negotiated), (29, 25));

    // One of those who left comes back in the same place.
    let slot = negotiated.slots[1].id;
    talk.session.give_up_slot(slot);
    let (negotiated, seen) = talk.ours().await?;
    assert_eq!(filled(&negotiated), (28, 24));
    assert_eq!(section(&seen, "v1")["currentDirection"], "inactive");
    assert_eq!(talk.session.add_slots(1, 0), [slot]);
    let (negotiated, _) = talk.ours().await?;
    assert_eq!(filled(&negotiated), (29, 25));

    // A screen ends for good, and another one begins in its place.
    talk.page.order("stopSection", json!({ "mid": "2" })).await?;
    let (negotiated, _) = talk.theirs(false).await?;
    assert_eq!(on(&negotiated), [Kind::Sound, Kind::Camera]);
    talk.page.please("addPicture").await?;
    let (negotiated, _) = talk.theirs(false).await?;
    assert_eq!(on(&negotiated), [Kind::Sound, Kind::Camera, Kind::Screen]);
    Ok(talk.page)
}

/// One who knows nothing of media servers has a slot from the first answer on.
async fn is_naive(page: Page) -> Result<Page> {
    let mut talk = Talk::begin(page, "naive").await?;

    let (negotiated, seen) = talk.theirs(false).await?;

    assert_eq!(on(&negotiated), [Kind::Sound, Kind::Camera]);
    assert_eq!(filled(&negotiated), (1, 1));
    assert_eq!(section(&seen, "0")["currentDirection"], "sendrecv");
    assert_eq!(section(&seen, "1")["currentDirection"], "sendrecv");
    assert_eq!(seen["heard"], json!([["audio", "slot-0"], ["video", "slot-0"]]));

    talk.session.add_slots(2, 0);
    let (negotiated, _) = talk.ours().await?;
    assert_eq!((filled(&negotiated), on(&negotiated).len()), ((3, 3), 2));
    // A browser may put a new picture where it only received until now.
    talk.page.please("addPicture").await?;
    let (negotiated, _) = talk.theirs(false).await?;
    assert_eq!(on(&negotiated), [Kind::Sound, Kind::Camera, Kind::Screen]);
    assert_eq!(filled(&negotiated), (3, 3));
    Ok(talk.page)
}

/// A data channel is refused, and what follows works.
async fn wants_data(page: Page) -> Result<Page> {
    let mut talk = Talk::begin(page, "data").await?;

    let (negotiated, _) = talk.theirs(false).await?;

    assert_eq!((on(&negotiated).len(), negotiated.refused.len()), (1, 1));
    talk.session.add_slots(2, 1);
    let (negotiated, _) = talk.ours().await?;
    assert_eq!(filled(&negotiated), (4, 2));
    // And if there was nothing else, in the first place of all.
    let mut talk = Talk::begin(talk.page, "onlyData").await?;
    let (negotiated, _) = talk.theirs(false).await?;
    assert_eq!((on(&negotiated).len(), negotiated.refused.len()), (0, 1));
    talk.page.please("addPicture").await?;
    let (negotiated, _) = talk.theirs(false).await?;
    assert_eq!(on(&negotiated), [Kind::Camera]);
    talk.session.add_slots(2, 1);
    let (negotiated, _) = talk.ours().await?;
    assert_eq!(filled(&negotiated), (3, 3));
    Ok(talk.page)
}

/// Offers cross: ours stands, theirs is taken back and made again.
async fn crosses(page: Page) -> Result<Page> {
    let mut talk = Talk::begin(page, "naive").await?;
    talk.theirs(false).await?;
    talk.session.add_slots(1, 0);
    let crossing = talk.session.offer().context("there is something to offer")?;
    let late = talk.page.order("offer", json!({})).await?;
    let late = late["sdp"].as_str().context("an offer is text")?.to_owned();
    talk.session.client_offer(&late, credentials(9)).unwrap_err();

    talk.page.please("rollback").await?;
    let taken = talk.page.order("takeOffer", json!({ "sdp": crossing })).await?;
    let negotiated = talk.session.client_answer(taken["sdp"].as_str().context("an answer is text")?)?;

    assert_eq!(filled(&negotiated), (2, 2));
    talk.theirs(false).await?;
    // Ours is taken back, theirs is taken: what we offered comes later.
    talk.session.add_slots(1, 0);
    talk.session.offer().context("there is something to offer")?;
    talk.session.drop_offer();
    talk.theirs(false).await?;
    let (negotiated, _) = talk.ours().await?;
    assert_eq!(filled(&negotiated), (3, 3));
    Ok(talk.page)
}

async fn negotiates(browser: Browser) -> Result<()> {
    let _alone = alone().await;
    let page = Page::open_bare(browser).await?;
    let page = is_naive(page).await?;
    let page = sends_everything(page).await?;
    let page = wants_data(page).await?;
    crosses(page).await?.close().await
}

#[tokio::test]
async fn chromium_takes_every_description_of_the_media_server() -> Result<()> {
    negotiates(Chromium).await
}

#[tokio::test]
async fn firefox_takes_every_description_of_the_media_server() -> Result<()> {
    negotiates(Firefox).await
}
