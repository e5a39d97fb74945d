//! The pictures of all calls: one thread that films while something is shown, and one for each whose picture is watched.
mod curtain;
mod gallery;

use crate::{
    Host, Lens,
    peer::{EncodedVideo, KeyFrameWanted, NotSent, Peer, PictureInlet, ReceivedPacket, VideoCodec},
    video::{Filming, Maker, ShowingStats, Sizes, Watching, WatchingStats, Wish},
};
use calls_machine::{CallKey, Gate, Looks, PeerKey, Picture};
use calls_protocol::{Recipient, StreamPlace, UserId, Wanted};
use curtain::{Behind, Curtain};
use gallery::{Gallery, InView, in_view};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tracing::{error, warn};

/// Whoever gets our picture. Looked at for as long as it takes to hand a frame to each.
type Audience = Arc<Mutex<BTreeMap<PeerKey, PictureInlet>>>;

/// What somebody wants of our pictures. Until they say so, everything.
#[derive(Debug, Clone, Copy)]
struct WantedOfUs {
    camera: u16,
}

impl Default for WantedOfUs {
    fn default() -> Self {
        Self { camera: u16::MAX }
    }
}

/// The pictures of all calls.
pub(crate) struct Pictures {
    host: Arc<dyn Host>,
    audience: Audience,
    viewers: BTreeMap<PeerKey, Viewer>,
    rooms: BTreeMap<CallKey, Room>,
    filming: Option<Filming>,
    shows: Picture,
    lens: Lens,
    /// Threads that end: those that show, and those that film.
    ending: JoinSet<()>,
    closing: JoinSet<()>,
}

/// Somebody who sees us, and whom we see.
struct Viewer {
    takes: watch::Receiver<Vec<VideoCodec>>,
    may_see: bool,
    wants: WantedOfUs,
    seen: Seen,
}

/// What comes by a connection.
enum Seen {
    /// One picture, if it is shown anywhere.
    Straight(Option<Watching>),
    /// Those of a room.
    Gallery(Box<Gallery>),
}

/// What is known of the pictures of a call.
#[derive(Default)]
struct Room {
    /// Who is where in what the media server sends.
    places: Vec<StreamPlace>,
    in_view: InView,
    curtains: BTreeMap<UserId, Curtain>,
}

/// There is no such picture, or it may not be shown.
pub(crate) struct NoPicture(pub(crate) Picture);

impl Pictures {
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        Self {
            host,
            audience: Audience::default(),
            viewers: BTreeMap::new(),
            rooms: BTreeMap::new(),
            filming: None,
            shows: Picture::None,
            lens: Lens::default(),
            ending: JoinSet::new(),
            closing: JoinSet::new(),
        }
    }

    /// Somebody more.
    pub(crate) fn add(
        &mut self,
        key: PeerKey,
        peer: &Peer,
        takes: watch::Receiver<Vec<VideoCodec>>,
        from_them: mpsc::Receiver<ReceivedPacket>,
    ) {
        self.audience().insert(key, peer.picture_inlet());
        let seen = match key.to {
            Recipient::User(user) => Seen::Straight(self.watch((key.call, user), peer, from_them)),
            Recipient::MediaServer => {
                Seen::Gallery(Box::new(Gallery::new(key.call, peer.key_frame_asker(), from_them)))
            }
        };
        self.viewers.insert(key, Viewer { takes, may_see: false, wants: WantedOfUs::default(), seen });
        self.hang(key.call);
        self.tell_codecs();
    }

    /// The media server says who is where.
    pub(crate) fn places(&mut self, call: CallKey, streams: &[StreamPlace]) {
        self.rooms.entry(call).or_default().places = streams.to_vec();
        self.hang(call);
        if streams.is_empty() && self.viewers.keys().all(|viewer| viewer.call != call) {
            self.forget(call);
        }
    }

    /// A call is over.
    pub(crate) fn forget(&mut self, call: CallKey) {
        self.rooms.remove(&call);
    }

    /// The app shows these.
    pub(crate) fn looks(&mut self, call: CallKey, looks: &[Looks]) {
        if self.rooms.contains_key(&call) || self.viewers.keys().any(|viewer| viewer.call == call) {
            self.rooms.entry(call).or_default().in_view = in_view(looks);
            self.hang(call);
        }
    }

    /// Watches what is there and in view.
    fn hang(&mut self, call: CallKey) {
        let Self { host, viewers, rooms, ending, .. } = self;
        let Some(Room { places, in_view, curtains }) = rooms.get_mut(&call) else { return };
        let mut curtain_of = BTreeMap::new();
        for place in places.iter() {
            let curtain = curtains.entry(place.user_id).or_default().clone();
            curtain_of.insert(place.user_id, curtain);
        }
        for (_, viewer) in viewers.iter_mut().filter(|(key, _)| key.call == call) {
            let Seen::Gallery(gallery) = &mut viewer.seen else { continue };
            let curtain = |user: UserId| curtain_of.get(&user).cloned().unwrap_or_default();
            for over in gallery.hang(host, places, in_view, curtain) {
                end(ending, Some(over));
            }
        }
    }

    fn watch(
        &mut self,
        (call, user): (CallKey, UserId),
        peer: &Peer,
        packets: mpsc::Receiver<ReceivedPacket>,
    ) -> Option<Watching> {
        let curtain = self.rooms.entry(call).or_default().curtains.entry(user).or_default().clone();
        let sink = Box::new(Behind::new(self.host.display(call, user)?, curtain));
        let codecs = self.host.codecs()?;
        let asker = peer.key_frame_asker();
        let ask = move || {
            // One that cannot be asked now is asked when the next picture cannot be shown.
            let _asked = asker.ask(None);
        };
        match Watching::start(packets, codecs, ask, sink) {
            Ok(watching) => Some(watching),
            Err(error) => {
                error!(%error, "the system has no thread for a picture");
                None
            }
        }
    }

    /// Somebody less.
    pub(crate) fn remove(&mut self, key: PeerKey) {
        self.audience().remove(&key);
        let Some(viewer) = self.viewers.remove(&key) else { return };
        // Waits for the frame that is being shown.
        viewer.seen.end(&mut self.ending);
        if self.viewers.is_empty() && self.shows == Picture::None {
            end(&mut self.closing, self.filming.take());
        }
        self.tell_codecs();
    }

    /// Shows this from now on.
    pub(crate) async fn show(&mut self, picture: Picture) -> Result<(), NoPicture> {
        self.shows = picture;
        self.put_away().await;
        let maker = match picture {
            Picture::None if self.viewers.is_empty() => {
                end(&mut self.closing, self.filming.take());
                return Ok(());
            }
            Picture::None => return Ok(()),
            Picture::Camera => self.host.camera(self.lens),
            Picture::Screen => self.host.shared_screen(),
        };
        self.film(maker.ok_or(NoPicture(picture))?)
    }

    /// Until nothing is filmed any more: a camera opens only once at a time.
    async fn put_away(&mut self) {
        if let Some(filming) = &self.filming {
            filming.clear().await;
        }
        while self.closing.join_next().await.is_some() {}
    }

    fn film(&mut self, maker: Box<dyn Maker>) -> Result<(), NoPicture> {
        if self.filming.as_ref().is_some_and(Filming::is_gone) {
            end(&mut self.closing, self.filming.take());
        }
        if self.filming.is_none() {
            let audience = self.audience.clone();
            match Filming::start(move |frame| deliver(&audience, &frame)) {
                Ok(filming) => self.filming = Some(filming),
                Err(error) => {
                    error!(%error, "the system has no thread for the camera");
                    return Err(NoPicture(self.shows));
                }
            }
            self.tell_codecs();
        }
        if let Some(filming) = &self.filming {
            filming.film(maker);
        }
        Ok(())
    }

    /// The camera that looks the other way, if there is one; else the one that was in use goes on.
    pub(crate) async fn switch_camera(&mut self) -> Result<(), NoPicture> {
        if self.shows != Picture::Camera {
            return Ok(());
        }
        self.put_away().await;
        let maker = match self.host.camera(self.lens.other()) {
            Some(maker) => {
                self.lens = self.lens.other();
                maker
            }
            None => self.host.camera(self.lens).ok_or(NoPicture(Picture::Camera))?,
        };
        self.film(maker)
    }

    /// Whether somebody may see us now. Who only rings, or is on hold, has no say in how our picture is made.
    pub(crate) fn gate(&mut self, key: PeerKey, gate: Gate) {
        if let Some(viewer) = self.viewers.get_mut(&key) {
            viewer.may_see = gate.picture;
            self.tell_codecs();
        }
    }

    /// Whether somebody may see us.
    pub(crate) fn may_see(&self, key: PeerKey) -> bool {
        self.viewers.get(&key).is_some_and(|viewer| viewer.may_see)
    }

    /// Somebody needs a key frame.
    pub(crate) fn key_frame_wanted(&self, wanted: KeyFrameWanted) {
        self.wish(Wish::KeyFrame(wanted.layer));
    }

    /// How high our pictures are looked at through the media server.
    pub(crate) fn wanted(&mut self, call: CallKey, wanted: &Wanted) {
        let is_meant = |key: &PeerKey| key.call == call && key.to == Recipient::MediaServer;
        for (_, viewer) in self.viewers.iter_mut().filter(|(key, _)| is_meant(key)) {
            viewer.wants = WantedOfUs { camera: wanted.camera };
        }
        self.tell_sizes();
    }

    /// Several sizes are of use to the media server alone; whoever sees us straight gets the one that is made.
    fn tell_sizes(&self) {
        let sees = || self.viewers.iter().filter(|(_, viewer)| viewer.may_see);
        let is_by_server = sees().all(|(key, _)| key.to == Recipient::MediaServer);
        let most = sees().map(|(_, viewer)| viewer.wants.camera).max();
        self.wish(Wish::Sizes(match most {
            Some(height) if is_by_server => Sizes::UpTo { height },
            _ => Sizes::One,
        }));
    }

    /// What everybody takes may be different now.
    pub(crate) fn tell_codecs(&self) {
        self.tell_sizes();
        // Those whose description has not come yet take nothing, and hold up nobody.
        let who_sees = self.viewers.values().filter(|viewer| viewer.may_see);
        let mut takers = who_sees.map(|viewer| viewer.takes.borrow().clone());
        let mut takers = takers.by_ref().filter(|codecs| !codecs.is_empty());
        let Some(mut common) = takers.next() else { return self.wish(Wish::Codecs(Vec::new())) };
        let others: Vec<Vec<VideoCodec>> = takers.collect();
        common.retain(|codec| others.iter().all(|codecs| codecs.contains(codec)));
        if common.is_empty() {
            warn!("those in the call have no picture codec in common");
        }
        self.wish(Wish::Codecs(common));
    }

    /// So many bits a second fit on the narrowest path.
    pub(crate) fn tell_estimate(&self, bits: u64) {
        self.wish(Wish::Estimate(bits));
    }

    pub(crate) fn is_filming(&self) -> bool {
        self.filming.is_some()
    }

    fn wish(&self, wish: Wish) {
        if let Some(filming) = &self.filming {
            filming.wish(wish);
        }
    }

    fn audience(&self) -> std::sync::MutexGuard<'_, BTreeMap<PeerKey, PictureInlet>> {
        self.audience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How our picture is made.
    pub(crate) fn showing(&self) -> Option<ShowingStats> {
        self.filming.as_ref().map(Filming::stats)
    }

    /// How theirs is seen.
    pub(crate) fn watching(&self, key: PeerKey) -> Option<WatchingStats> {
        match &self.viewers.get(&key)?.seen {
            Seen::Straight(watching) => watching.as_ref().map(Watching::stats),
            Seen::Gallery(gallery) => gallery.stats(),
        }
    }

    /// Ends everything and waits until no thread is left.
    pub(crate) async fn close(mut self) {
        end(&mut self.closing, self.filming.take());
        for viewer in std::mem::take(&mut self.viewers).into_values() {
            viewer.seen.end(&mut self.ending);
        }
        while self.closing.join_next().await.is_some() {}
        while self.ending.join_next().await.is_some() {}
    }
}

impl Seen {
    fn end(self, ending: &mut JoinSet<()>) {
        match self {
            Self::Straight(watching) => end(ending, watching),
            Self::Gallery(gallery) => gallery.end().into_iter().for_each(|over| end(ending, Some(over))),
        }
    }
}

/// Drops a thread, which waits for its end, where that holds up nobody.
fn end(ending: &mut JoinSet<()>, thread: Option<impl Send + 'static>) {
    while ending.try_join_next().is_some() {}
    if let Some(thread) = thread {
        ending.spawn_blocking(move || drop(thread));
    }
}

/// Hands a frame to everybody. False if somebody could not take it.
fn deliver(audience: &Audience, frame: &EncodedVideo) -> bool {
    let audience = audience.lock().unwrap_or_else(PoisonError::into_inner);
    // One that is closed is removed in a moment.
    audience.values().filter(|inlet| inlet.send(frame.clone()) == Err(NotSent::Busy)).count() == 0
}
