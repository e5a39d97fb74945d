//! Two connections and what carries words between them: the exchange of a call without its server.
#![allow(dead_code, clippy::unwrap_used, reason = "tests and the examples use different parts, and may fail")]
use calls_core::peer::{Peer, PeerOutput, PeerSettings};
use calls_machine::{FromPeer, Gate, LocalCandidate, PeerOrder, RemoteCandidate};
use calls_protocol::{IceServers, Sdp};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Long enough for a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const OPEN: Gate = Gate { voice: true, picture: true, play: true };

/// On loopback.
pub(crate) fn settings() -> PeerSettings {
    PeerSettings { addresses: vec![(Ipv4Addr::LOCALHOST, 0).into()], ..PeerSettings::default() }
}

/// One end.
pub(crate) struct End {
    pub(crate) peer: Peer,
    pub(crate) out: PeerOutput,
    /// Words other than those that go to the other end.
    pub(crate) heard: Vec<FromPeer>,
}

impl End {
    pub(crate) async fn new(settings: PeerSettings, servers: IceServers) -> Self {
        let (peer, out) = Peer::start(settings);
        let end = Self { peer, out, heard: Vec::new() };
        end.order(PeerOrder::Create { servers }).await;
        end
    }

    pub(crate) async fn order(&self, order: PeerOrder) {
        self.peer.order(order).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> FromPeer {
        timeout(PATIENCE, self.out.told.recv()).await.expect("it says something").expect("it lives")
    }

    pub(crate) async fn next_offer(&mut self) -> Sdp {
        loop {
            match self.next().await {
                FromPeer::OfferMade(offer) => return offer,
                FromPeer::Candidate(_) | FromPeer::Up | FromPeer::AnswerApplied => {}
                other => panic!("{other:?} and no offer"),
            }
        }
    }

    pub(crate) async fn next_answer(&mut self) -> Sdp {
        loop {
            match self.next().await {
                FromPeer::AnswerMade(answer) => return answer,
                FromPeer::Candidate(_) | FromPeer::Up | FromPeer::AnswerApplied => {}
                other => panic!("{other:?} and no answer"),
            }
        }
    }

    /// The next word that is none of those that are only passed on.
    pub(crate) async fn wait_for(&mut self, wanted: &FromPeer) {
        while self.next().await != *wanted {}
    }
}

pub(crate) struct Pair {
    pub(crate) a: End,
    pub(crate) b: End,
}

pub(crate) fn remote(ours: LocalCandidate) -> RemoteCandidate {
    let LocalCandidate { candidate, sdp_mid, sdp_m_line_index } = ours;
    RemoteCandidate { candidate, sdp_mid, sdp_m_line_index }
}

impl Pair {
    pub(crate) async fn new(settings: impl Fn() -> PeerSettings, servers: IceServers) -> Self {
        let a = End::new(settings(), servers.clone()).await;
        let b = End::new(settings(), servers).await;
        Self { a, b }
    }

    /// The first one offers, both want the call.
    pub(crate) async fn connected(settings: impl Fn() -> PeerSettings, servers: IceServers) -> Self {
        let mut pair = Self::new(settings, servers).await;
        pair.connect().await;
        pair
    }

    pub(crate) async fn connect(&mut self) -> Duration {
        for end in [&self.a, &self.b] {
            end.order(PeerOrder::Gate(OPEN)).await;
            end.order(PeerOrder::Connect).await;
        }
        let begin = Instant::now();
        self.a.order(PeerOrder::MakeOffer { restart: false }).await;
        self.until(|pair| pair.a.heard.contains(&FromPeer::Up) && pair.b.heard.contains(&FromPeer::Up)).await;
        begin.elapsed()
    }

    /// Carries words until something is so.
    pub(crate) async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "a: {:?}\nb: {:?}", self.a.heard, self.b.heard);
            self.carry(Duration::from_millis(50)).await;
        }
    }

    /// Carries one word, if one comes in time.
    pub(crate) async fn carry(&mut self, within: Duration) {
        tokio::select! {
            Some(said) = self.a.out.told.recv() => pass(said, &mut self.a.heard, &self.b.peer).await,
            Some(said) = self.b.out.told.recv() => pass(said, &mut self.b.heard, &self.a.peer).await,
            () = tokio::time::sleep(within) => {}
        }
    }

    pub(crate) async fn close(self) {
        self.a.peer.close().await;
        self.b.peer.close().await;
    }
}

async fn pass(said: FromPeer, heard: &mut Vec<FromPeer>, other: &Peer) {
    let order = match said {
        FromPeer::OfferMade(offer) => PeerOrder::TakeOffer(offer),
        FromPeer::AnswerMade(answer) => PeerOrder::TakeAnswer(answer),
        FromPeer::Candidate(candidate) => PeerOrder::TakeCandidate(remote(candidate)),
        other => return heard.push(other),
    };
    other.order(order).await.unwrap();
}
