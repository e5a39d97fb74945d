//! The pictures of all calls: a thread for the camera and one for the screen while they are shown, and one for each
//! whose picture is watched.
mod curtain;
mod gallery;
mod stage;

use crate::{
    Host, Lens,
    peer::{KeyFrameWanted, Peer, PictureInlet, ReceivedPacket, VideoCodec},
    video::{Maker, ShowingStats, Sizes, Watching, WatchingStats, Wish, between},
};
use calls_machine::{CallKey, Gate, Looks, PeerKey, Picture};
use calls_protocol::{PictureKind, Recipient, StreamPlace, UserId, Wanted};
use curtain::{Behind, Curtain};
use gallery::{Gallery, InView, in_view};
use stage::Stage;
use std::{collections::BTreeMap, sync::Arc, time::Instant};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tracing::{error, warn};

/// What somebody wants of our pictures. Until they say so, everything.
#[derive(Debug, Clone, Copy)]
struct WantedOfUs {
    camera: u16,
    screen: bool,
}

impl Default for WantedOfUs {
    fn default() -> Self {
        Self { camera: u16::MAX, screen: true }
    }
}

/// The pictures of all calls.
pub(crate) struct Pictures {
    host: Arc<dyn Host>,
    viewers: BTreeMap<PeerKey, Viewer>,
    rooms: BTreeMap<CallKey, Room>,
    camera: Stage,
    screen: Stage,
    shows: Picture,
    /// The screen, beside the camera.
    shares: bool,
    lens: Lens,
    /// Threads that end.
    ending: JoinSet<()>,
}

/// Somebody who sees us, and whom we see.
struct Viewer {
    takes: watch::Receiver<Vec<VideoCodec>>,
    may_see: bool,
    wants: WantedOfUs,
    inlet: PictureInlet,
    /// For what comes beside it, of the media server.
    screen_inlet: PictureInlet,
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
        let begin = Instant::now();
        Self {
            host,
            viewers: BTreeMap::new(),
            rooms: BTreeMap::new(),
            camera: Stage::new(begin),
            screen: Stage::new(begin),
            shows: Picture::None,
            shares: false,
            lens: Lens::default(),
            ending: JoinSet::new(),
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
        let seen = match key.to {
            Recipient::User(user) => Seen::Straight(self.watch((key.call, user), peer, from_them)),
            Recipient::MediaServer => {
                Seen::Gallery(Box::new(Gallery::new(key.call, peer.key_frame_asker(), from_them)))
            }
        };
        let (inlet, screen_inlet) = (peer.picture_inlet(), peer.screen_inlet());
        let (may_see, wants) = (false, WantedOfUs::default());
        self.viewers.insert(key, Viewer { takes, may_see, wants, inlet, screen_inlet, seen });
        self.seat();
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
        let Some(viewer) = self.viewers.remove(&key) else { return };
        // Waits for the frame that is being shown.
        viewer.seen.end(&mut self.ending);
        self.seat();
        self.end_what_is_over();
        self.tell_codecs();
    }

    fn end_what_is_over(&mut self) {
        if self.viewers.is_empty() {
            let is_over = [!self.is_on(PictureKind::Camera), !self.is_on(PictureKind::Screen)];
            for (stage, _) in self.stages().into_iter().zip(is_over).filter(|(_, is_over)| *is_over) {
                stage.end();
            }
        }
    }

    /// Shows this from now on.
    pub(crate) async fn show(&mut self, picture: Picture) -> Result<(), NoPicture> {
        let before = (self.is_on(PictureKind::Camera), self.is_on(PictureKind::Screen));
        self.shows = picture;
        self.change(before).await
    }

    /// Shows the screen beside the camera, or no longer. Who has no place for a second picture sees it instead.
    pub(crate) async fn share(&mut self, on: bool) -> Result<(), NoPicture> {
        let before = (self.is_on(PictureKind::Camera), self.is_on(PictureKind::Screen));
        self.shares = on;
        self.change(before).await
    }

    fn is_on(&self, kind: PictureKind) -> bool {
        match kind {
            PictureKind::Camera => self.shows == Picture::Camera,
            PictureKind::Screen => self.shows == Picture::Screen || self.shares,
        }
    }

    async fn change(&mut self, (camera, screen): (bool, bool)) -> Result<(), NoPicture> {
        for kind in [PictureKind::Camera, PictureKind::Screen] {
            if !self.is_on(kind) {
                self.stage(kind).put_away().await;
            }
        }
        self.seat();
        self.end_what_is_over();
        if self.is_on(PictureKind::Camera) && !camera {
            let maker = self.host.camera(self.lens);
            self.film(PictureKind::Camera, maker).await?;
        }
        if self.is_on(PictureKind::Screen) && !screen {
            let maker = self.host.shared_screen();
            self.film(PictureKind::Screen, maker).await?;
        }
        self.tell_codecs();
        Ok(())
    }

    async fn film(&mut self, kind: PictureKind, maker: Option<Box<dyn Maker>>) -> Result<(), NoPicture> {
        let refused = NoPicture(match kind {
            PictureKind::Camera => Picture::Camera,
            PictureKind::Screen => Picture::Screen,
        });
        let Some(maker) = maker else { return Err(refused) };
        if let Err(error) = self.stage(kind).film(maker) {
            error!(%error, "the system has no thread for a picture of ours");
            return Err(refused);
        }
        self.tell_codecs();
        Ok(())
    }

    fn stage(&mut self, kind: PictureKind) -> &mut Stage {
        match kind {
            PictureKind::Camera => &mut self.camera,
            PictureKind::Screen => &mut self.screen,
        }
    }

    fn stages(&mut self) -> [&mut Stage; 2] {
        [&mut self.camera, &mut self.screen]
    }

    /// Says who gets which picture. The media server has a place for each; another device has one, and the screen goes
    /// before the camera.
    fn seat(&self) {
        let shows_screen = self.is_on(PictureKind::Screen);
        let (mut camera, mut screen) = (BTreeMap::new(), BTreeMap::new());
        for (key, viewer) in &self.viewers {
            match key.to {
                Recipient::MediaServer => {
                    camera.insert(*key, viewer.inlet.clone());
                    screen.insert(*key, viewer.screen_inlet.clone());
                }
                Recipient::User(_) => {
                    let only = if shows_screen { &mut screen } else { &mut camera };
                    only.insert(*key, viewer.inlet.clone());
                }
            }
        }
        // First whoever is seen by fewer: two pictures at once in one stream would be none.
        let ((from, fewer), (to, more)) = match shows_screen {
            true => ((&self.camera, camera), (&self.screen, screen)),
            false => ((&self.screen, screen), (&self.camera, camera)),
        };
        let before = from.show_to(fewer);
        for (key, inlet) in &more {
            if before.contains_key(key) && key.to != Recipient::MediaServer {
                inlet.begin_anew();
            }
        }
        to.show_to(more);
    }

    /// Those who see one of our pictures now.
    fn who_sees(&self, kind: PictureKind) -> impl Iterator<Item = (&PeerKey, &Viewer)> {
        let shows_screen = self.is_on(PictureKind::Screen);
        self.viewers.iter().filter(move |(key, viewer)| {
            let has_it = match (key.to, kind) {
                (Recipient::MediaServer, PictureKind::Camera) => true,
                (Recipient::MediaServer, PictureKind::Screen) => viewer.wants.screen,
                (Recipient::User(_), kind) => (kind == PictureKind::Screen) == shows_screen,
            };
            viewer.may_see && has_it
        })
    }

    /// The camera that looks the other way, if there is one; else the one that was in use goes on.
    pub(crate) async fn switch_camera(&mut self) -> Result<(), NoPicture> {
        if !self.is_on(PictureKind::Camera) {
            return Ok(());
        }
        self.camera.put_away().await;
        let maker = match self.host.camera(self.lens.other()) {
            Some(maker) => {
                self.lens = self.lens.other();
                Some(maker)
            }
            None => self.host.camera(self.lens),
        };
        self.film(PictureKind::Camera, maker).await
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
    pub(crate) fn key_frame_wanted(&mut self, by: PeerKey, wanted: KeyFrameWanted) {
        let kind = match by.to {
            Recipient::MediaServer => wanted.kind,
            Recipient::User(_) if self.is_on(PictureKind::Screen) => PictureKind::Screen,
            Recipient::User(_) => PictureKind::Camera,
        };
        self.stage(kind).key_frame_wanted(wanted);
    }

    /// How our pictures are looked at through the media server.
    pub(crate) fn wanted(&mut self, call: CallKey, wanted: &Wanted) {
        let is_meant = |key: &PeerKey| key.call == call && key.to == Recipient::MediaServer;
        for (_, viewer) in self.viewers.iter_mut().filter(|(key, _)| is_meant(key)) {
            viewer.wants = WantedOfUs { camera: wanted.camera, screen: wanted.screen };
        }
        self.tell_codecs();
    }

    /// Several sizes are of use to the media server alone; whoever sees us straight gets the one that is made.
    fn tell_sizes(&self) {
        let sees = || self.who_sees(PictureKind::Camera);
        let is_by_server = sees().all(|(key, _)| key.to == Recipient::MediaServer);
        let most = sees().map(|(_, viewer)| viewer.wants.camera).max();
        self.camera.wish(Wish::Sizes(match most {
            Some(height) if is_by_server => Sizes::UpTo { height },
            _ => Sizes::One,
        }));
    }

    /// What everybody takes may be different now.
    pub(crate) fn tell_codecs(&self) {
        self.tell_sizes();
        self.camera.wish(Wish::Codecs(self.common_codecs(PictureKind::Camera)));
        self.screen.wish(Wish::Codecs(self.common_codecs(PictureKind::Screen)));
    }

    fn common_codecs(&self, kind: PictureKind) -> Vec<VideoCodec> {
        // Those whose description has not come yet take nothing, and hold up nobody.
        let takers = self.who_sees(kind).map(|(_, viewer)| viewer.takes.borrow().clone());
        let mut takers = takers.filter(|codecs| !codecs.is_empty());
        let Some(mut common) = takers.next() else { return Vec::new() };
        let others: Vec<Vec<VideoCodec>> = takers.collect();
        common.retain(|codec| others.iter().all(|codecs| codecs.contains(codec)));
        if common.is_empty() {
            warn!("those in the call have no picture codec in common");
        }
        common
    }

    /// So many bits a second fit on the narrowest path.
    pub(crate) fn tell_estimate(&self, bits: u64) {
        let is_seen = |kind| self.is_on(kind) && self.who_sees(kind).next().is_some();
        let both = is_seen(PictureKind::Camera) && is_seen(PictureKind::Screen);
        let (camera, screen) = if both { between(bits) } else { (bits, bits) };
        self.camera.wish(Wish::Estimate(camera));
        self.screen.wish(Wish::Estimate(screen));
    }

    pub(crate) fn is_filming(&self) -> bool {
        self.camera.is_filming() || self.screen.is_filming()
    }

    /// How our picture is made; the camera, if it is one of two.
    pub(crate) fn showing(&self) -> Option<ShowingStats> {
        let screen = self.screen.stats().filter(|_| !self.is_on(PictureKind::Camera));
        screen.or_else(|| self.camera.stats())
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
        for viewer in std::mem::take(&mut self.viewers).into_values() {
            viewer.seen.end(&mut self.ending);
        }
        self.camera.ended().await;
        self.screen.ended().await;
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
