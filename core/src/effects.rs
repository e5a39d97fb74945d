//! The one place where an effect becomes I/O.
use crate::{
    Host,
    peer::{Peer, PeerOutput, PeerSettings, PeerStats},
    signaling::Signaling,
    voice::Voice,
};
use calls_machine::{CallKey, Effect, FromPeer, PeerKey, PeerOrder};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{sync::mpsc, task::JoinSet};
use tracing::{debug, error};

/// What connections said and the engine has not heard. More than a second of the wildest call.
const WORDS: usize = 256;

/// All that is outside of the machine.
pub(crate) struct Outside {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) signaling: Signaling,
    pub(crate) voice: Voice,
    /// What connections say.
    pub(crate) told: mpsc::Receiver<(PeerKey, FromPeer)>,
    settings: PeerSettings,
    tell: mpsc::Sender<(PeerKey, FromPeer)>,
    peers: BTreeMap<PeerKey, Peer>,
    /// Connections that are on their way out, and those who carry the words of the others.
    tasks: JoinSet<()>,
}

impl Outside {
    pub(crate) fn new(
        host: Arc<dyn Host>,
        settings: PeerSettings,
        signaling: Signaling,
        voice: Voice,
    ) -> Self {
        let (tell, told) = mpsc::channel(WORDS);
        Self { host, signaling, voice, told, settings, tell, peers: BTreeMap::new(), tasks: JoinSet::new() }
    }

    /// Does what the machine wants. [`Effect::Changed`] is the engine's.
    pub(crate) async fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Ask { ask, event } => self.signaling.ask(ask, *event),
            Effect::Forget(ask) => self.signaling.forget(ask),
            Effect::Peer(peer, order) => self.order(peer, order).await,
            Effect::Sound(sound) => self.voice.sound(sound),
            Effect::Microphone(open) => self.voice.microphone(open),
            Effect::Capture(_) => {}
            Effect::Changed => {}
            Effect::Ended { call, reason } => {
                self.voice.forget(call);
                self.host.ended(call, reason);
            }
        }
        // Those that ended need no memory. That one panicked was logged by its owner.
        while self.tasks.try_join_next().is_some() {}
    }

    async fn order(&mut self, peer: PeerKey, order: PeerOrder) {
        match &order {
            PeerOrder::Create { .. } => self.create(peer),
            PeerOrder::Gate(gate) => self.voice.gate(peer, *gate),
            PeerOrder::Close => {
                self.voice.remove(peer);
                let Some(link) = self.peers.remove(&peer) else { return };
                self.tasks.spawn(async move { link.close().await });
                return;
            }
            PeerOrder::MakeOffer { .. }
            | PeerOrder::RollBack
            | PeerOrder::TakeOffer(_)
            | PeerOrder::TakeAnswer(_)
            | PeerOrder::TakeCandidate(_)
            | PeerOrder::Connect => {}
        }
        let Some(link) = self.peers.get(&peer) else {
            return error!(?peer, "an order for a connection that does not exist");
        };
        if link.order(order).await.is_err() {
            debug!(?peer, "the connection is closed already");
        }
    }

    fn create(&mut self, key: PeerKey) {
        let (peer, output) = Peer::start(self.settings.clone());
        let PeerOutput { mut told, voice, picture: _, key_frame_wanted: _ } = output;
        self.voice.add(key, peer.voice_inlet(), voice);
        let tell = self.tell.clone();
        // It ends with the connection.
        self.tasks.spawn(async move {
            while let Some(said) = told.recv().await {
                if tell.send((key, said)).await.is_err() {
                    return;
                }
            }
        });
        self.peers.insert(key, peer);
    }

    /// How the connections of a call do.
    pub(crate) async fn peer_stats(&self, call: CallKey) -> Vec<(PeerKey, PeerStats)> {
        let mut all = Vec::new();
        for (key, peer) in self.peers.iter().filter(|(key, _)| key.call == call) {
            if let Ok(stats) = peer.stats().await {
                all.push((*key, stats));
            }
        }
        all
    }

    /// The device has another network.
    pub(crate) fn network_changed(&self) {
        self.signaling.network_changed();
    }

    /// Ends everything and waits until nothing is left.
    pub(crate) async fn close(self) {
        let Self { signaling, voice, told, peers, mut tasks, .. } = self;
        // Nobody listens any more.
        drop(told);
        for peer in peers.into_values() {
            tasks.spawn(async move { peer.close().await });
        }
        signaling.close().await;
        if let Some(thread) = voice.close()
            && tokio::task::spawn_blocking(move || thread.join()).await.is_err()
        {
            error!("the thread of the sound panicked");
        }
        while tasks.join_next().await.is_some() {}
    }
}
