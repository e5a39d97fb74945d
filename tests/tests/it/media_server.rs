//! What our own engine's connection says to the descriptions of the media server, without media.
use anyhow::{Context, Result, bail, ensure};
use calls_core::peer::{Peer, PeerOutput, PeerSettings};
use calls_machine::{FromPeer, PeerOrder};
use calls_protocol::{IceServers, Sdp};
use calls_rtp::handshake::{Fingerprint, Hash};
use calls_server::sfu::sdp::{Candidate, Credentials, DtlsRole, Kind, Local, Negotiated, Session};
use std::time::Duration;
use tokio::time::timeout;

/// How something missing is noticed.
const PATIENCE: Duration = Duration::from_secs(30);

fn credentials(turn: u32) -> Credentials {
    Credentials { ufrag: format!("w{turn:07}"), pwd: format!("{turn:024}") }
}

struct Talk {
    peer: Peer,
    out: PeerOutput,
    session: Session,
}

impl Talk {
    async fn begin() -> Result<Self> {
        let (peer, out) = Peer::start(PeerSettings::default());
        peer.order(PeerOrder::Create { servers: IceServers::default() }).await?;
        let session = Session::new(Local {
            credentials: credentials(0),
            fingerprint: Fingerprint::of(Hash::Sha256, b"the server's certificate"),
            candidates: vec![Candidate::Udp("192.0.2.1:7000".parse()?)],
            session_id: 1,
            first_ssrc: 1000,
        });
        Ok(Self { peer, out, session })
    }

    /// What it says next of descriptions.
    async fn says(&mut self) -> Result<FromPeer> {
        loop {
            let said = timeout(PATIENCE, self.out.told.recv()).await.context("it says nothing")?;
            match said.context("it is gone")? {
                FromPeer::Candidate(_) | FromPeer::WantsToOffer => {}
                said => return Ok(said),
            }
        }
    }

    async fn theirs(&mut self, restart: bool) -> Result<Negotiated> {
        self.peer.order(PeerOrder::MakeOffer { restart }).await?;
        let FromPeer::OfferMade(offer) = self.says().await? else { bail!("no offer") };
        let offer = offer.sdp().context("an offer is text")?;
        let (answer, negotiated) = self.session.client_offer(&offer, credentials(1))?;
        self.peer.order(PeerOrder::TakeAnswer(Sdp::object("answer", &answer))).await?;
        ensure!(self.says().await? == FromPeer::AnswerApplied, "not taken: {offer}\n{answer}");
        Ok(negotiated)
    }

    async fn ours(&mut self) -> Result<Negotiated> {
        let offer = self.session.offer().context("there is nothing to offer")?;
        self.peer.order(PeerOrder::TakeOffer(Sdp::object("offer", &offer))).await?;
        let FromPeer::AnswerMade(answer) = self.says().await? else { bail!("no answer to {offer}") };
        Ok(self.session.client_answer(&answer.sdp().context("an answer is text")?)?)
    }
}

/// How many slots have a sound, and how many a picture.
fn filled(negotiated: &Negotiated) -> (usize, usize) {
    let sounds = negotiated.slots.iter().filter(|slot| slot.sound.is_some()).count();
    (sounds, negotiated.slots.iter().filter(|slot| slot.picture.is_some()).count())
}

#[tokio::test]
async fn the_engine_takes_every_description_of_the_media_server() -> Result<()> {
    let mut talk = Talk::begin().await?;

    let negotiated = talk.theirs(false).await?;

    let sources: Vec<Kind> = negotiated.sends.iter().map(|sent| sent.source).collect();
    assert_eq!((sources, negotiated.role), (vec![Kind::Sound, Kind::Camera], DtlsRole::Server));
    assert_eq!(filled(&negotiated), (1, 1), "both ways in one section");

    for (pairs, voices, expected) in [(3, 0, (4, 4)), (21, 4, (29, 25))] {
        talk.session.add_slots(pairs, voices);
        assert_eq!(filled(&talk.ours().await?), expected);
    }

    let negotiated = talk.theirs(true).await?;
    assert_eq!((negotiated.is_restart, filled(&negotiated)), (true, (29, 25)));
    assert_eq!(negotiated.server, credentials(1));
    talk.peer.close().await;
    Ok(())
}
