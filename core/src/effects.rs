//! The one place where an effect becomes I/O.
use crate::{
    Host,
    peer::{KeyFrameWanted, Peer, PeerOutput, PeerSettings, PeerStats, VideoCodec},
    pictures::{NoPicture, Pictures},
    signaling::Signaling,
    voice::Voice,
};
use calls_machine::{CallKey, Effect, FromPeer, PeerKey, PeerOrder};
use calls_protocol::Recipient;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tracing::{debug, error};

/// What connections said and the engine has not heard. More than a second of the wildest call.
const WORDS: usize = 256;

/// What a connection says.
pub(crate) enum Word {
    /// For the machine.
    Said(FromPeer),
    /// They need a key frame.
    KeyFrameWanted(KeyFrameWanted),
    /// They take other pictures than before.
    OtherCodecs,
}

/// All that is outside of the machine.
pub(crate) struct Outside {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) signaling: Signaling,
    pub(crate) voice: Voice,
    pub(crate) pictures: Pictures,
    /// What connections say.
    pub(crate) told: mpsc::Receiver<(PeerKey, Word)>,
    settings: PeerSettings,
    tell: mpsc::Sender<(PeerKey, Word)>,
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
        let pictures = Pictures::new(host.clone());
        let (peers, tasks) = (BTreeMap::new(), JoinSet::new());
        Self { host, signaling, voice, pictures, told, settings, tell, peers, tasks }
    }

    /// Does what the machine wants. [`Effect::Changed`] is the engine's.
    pub(crate) async fn run(&mut self, effect: Effect) -> Result<(), NoPicture> {
        match effect {
            Effect::Ask { ask, event } => self.signaling.ask(ask, *event),
            Effect::Forget(ask) => self.signaling.forget(ask),
            Effect::Peer(peer, order) => self.order(peer, order).await,
            Effect::Sound(sound) => self.voice.sound(sound),
            Effect::Microphone(open) => self.voice.microphone(open),
            Effect::Capture(picture) => return self.pictures.show(picture).await,
            Effect::CaptureScreen(on) => return self.pictures.share(on).await,
            Effect::Streams { call, streams } => {
                self.pictures.places(call, &streams);
                self.voice.places(call, streams);
            }
            Effect::Changed => {}
            Effect::Ended { call, reason } => {
                self.voice.forget(call);
                self.pictures.forget(call);
                self.host.ended(call, reason);
            }
        }
        // Those that ended need no memory. That one panicked was logged by its owner.
        while self.tasks.try_join_next().is_some() {}
        Ok(())
    }

    async fn order(&mut self, peer: PeerKey, order: PeerOrder) {
        match &order {
            PeerOrder::Create { .. } => self.create(peer),
            PeerOrder::Gate(gate) => {
                self.voice.gate(peer, *gate);
                self.pictures.gate(peer, *gate);
            }
            PeerOrder::Close => {
                self.voice.remove(peer);
                self.pictures.remove(peer);
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
            return error!(
                call = peer.call.0,
                build = peer.build,
                "an order for a connection that does not exist"
            );
        };
        if link.order(order).await.is_err() {
            debug!(call = peer.call.0, build = peer.build, "the connection is closed already");
        }
    }

    fn create(&mut self, key: PeerKey) {
        let media_server = key.to == Recipient::MediaServer;
        let (peer, output) = Peer::start(PeerSettings { media_server, ..self.settings.clone() });
        let PeerOutput { told, voice, picture, key_frame_wanted, picture_codecs } = output;
        self.voice.add(key, peer.voice_inlet(), voice);
        self.pictures.add(key, &peer, picture_codecs.clone(), picture);
        let tell = self.tell.clone();
        self.tasks.spawn(carry((key, tell), told, key_frame_wanted, picture_codecs));
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

    /// Tells whoever films how much may be sent.
    pub(crate) fn steer(&self) {
        let seeing = self.peers.iter().filter(|(key, _)| self.pictures.may_see(**key));
        if let Some(narrowest) = seeing.map(|(_, peer)| peer.estimate()).filter(|bits| *bits > 0).min() {
            self.pictures.tell_estimate(narrowest);
        }
    }

    /// Ends everything and waits until nothing is left.
    pub(crate) async fn close(self) {
        let Self { signaling, voice, pictures, told, peers, mut tasks, .. } = self;
        // Nobody listens any more.
        drop(told);
        for peer in peers.into_values() {
            tasks.spawn(async move { peer.close().await });
        }
        signaling.close().await;
        pictures.close().await;
        if let Some(thread) = voice.close()
            && tokio::task::spawn_blocking(move || thread.join()).await.is_err()
        {
            error!("the thread of the sound panicked");
        }
        while tasks.join_next().await.is_some() {}
    }
}

/// Carries what a connection says to the engine, until it is closed.
async fn carry(
    (key, tell): (PeerKey, mpsc::Sender<(PeerKey, Word)>),
    mut told: mpsc::Receiver<FromPeer>,
    mut wanted: mpsc::Receiver<KeyFrameWanted>,
    mut codecs: watch::Receiver<Vec<VideoCodec>>,
) {
    loop {
        let word = tokio::select! {
            said = told.recv() => match said {
                Some(said) => Word::Said(said),
                None => return,
            },
            Some(picture) = wanted.recv() => Word::KeyFrameWanted(picture),
            Ok(()) = codecs.changed() => Word::OtherCodecs,
        };
        if tell.send((key, word)).await.is_err() {
            // The engine is at its end.
            return;
        }
    }
}
