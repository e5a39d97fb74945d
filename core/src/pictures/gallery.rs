//! The pictures that come by the connection to the media server: one thread for each that is in view.
use super::curtain::{Covering, Curtain};
use crate::{
    Host,
    peer::{KeyFrameAsker, Mid, ReceivedPacket},
    video::{Sink, Watching, WatchingStats},
};
use calls_machine::CallKey;
use calls_protocol::{PictureKind, StreamKind, StreamPlace, UserId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{sync::mpsc, task::JoinHandle};
use tracing::error;

/// Packets of one picture that wait; more than that, and its thread hangs.
const QUEUE: usize = 512;

/// Where the packets of each part go.
type Routes = Arc<Mutex<BTreeMap<Mid, mpsc::Sender<ReceivedPacket>>>>;

/// Which pictures are on the screen; all, if the app did not say.
pub(super) type InView = Option<BTreeSet<(UserId, bool)>>;

pub(super) struct Gallery {
    call: CallKey,
    asker: KeyFrameAsker,
    routes: Routes,
    frames: BTreeMap<Mid, Hung>,
    /// Ends with the connection.
    _spreads: JoinHandle<()>,
}

/// One picture that is watched.
struct Hung {
    user: UserId,
    is_screen: bool,
    watching: Watching,
}

impl Gallery {
    pub(super) fn new(
        call: CallKey,
        asker: KeyFrameAsker,
        mut packets: mpsc::Receiver<ReceivedPacket>,
    ) -> Self {
        let routes = Routes::default();
        let known = routes.clone();
        let spreads = tokio::spawn(async move {
            while let Some(packet) = packets.recv().await {
                let Some(mid) = &packet.mid else { continue };
                let route = known.lock().unwrap_or_else(PoisonError::into_inner).get(mid).cloned();
                if let Some(route) = route {
                    // A full one hangs: its picture begins anew with the next key frame.
                    let _hangs = route.try_send(packet);
                }
            }
        });
        Self { call, asker, routes, frames: BTreeMap::new(), _spreads: spreads }
    }

    /// Watches what is there and in view, and no more than that. Returns what is over, whose end takes a moment.
    pub(super) fn hang(
        &mut self,
        host: &Arc<dyn Host>,
        places: &[StreamPlace],
        in_view: &InView,
        curtain: impl Fn(UserId) -> Curtain,
    ) -> Vec<Watching> {
        let is_screen = |place: &StreamPlace| match place.kind {
            StreamKind::Camera => Some(false),
            StreamKind::Screen => Some(true),
            StreamKind::Audio | StreamKind::Unknown => None,
        };
        let pictures = places
            .iter()
            .filter_map(|place| Some((Mid::from(place.mid.as_str()), (place.user_id, is_screen(place)?))));
        let wanted: BTreeMap<Mid, (UserId, bool)> = pictures
            .filter(|(_, picture)| in_view.as_ref().is_none_or(|in_view| in_view.contains(picture)))
            .collect();
        let stays = |mid: &Mid, hung: &Hung| wanted.get(mid) == Some(&(hung.user, hung.is_screen));
        let over: Vec<Mid> =
            self.frames.iter().filter(|(mid, hung)| !stays(mid, hung)).map(|(mid, _)| mid.clone()).collect();
        let ended = over.iter().filter_map(|mid| self.take_down(mid)).collect();
        for (mid, (user, is_screen)) in wanted {
            if self.frames.contains_key(&mid) {
                continue;
            }
            let sink: Option<Box<dyn Sink>> = if is_screen {
                host.screen_display(self.call, user)
            } else {
                host.display(self.call, user)
                    .map(|sink| Box::new(Covering::new(sink, curtain(user))) as Box<dyn Sink>)
            };
            if let Some(watching) = sink.and_then(|sink| self.watch(host, &mid, sink)) {
                self.frames.insert(mid, Hung { user, is_screen, watching });
            }
        }
        ended
    }

    fn watch(&self, host: &Arc<dyn Host>, mid: &Mid, sink: Box<dyn Sink>) -> Option<Watching> {
        let codecs = host.codecs()?;
        let (route, packets) = mpsc::channel(QUEUE);
        let (asker, asked) = (self.asker.clone(), mid.clone());
        let ask = move || {
            // One that cannot be asked now is asked when the next picture cannot be shown.
            let _asked = asker.ask(Some(asked.clone()));
        };
        match Watching::start(packets, codecs, ask, sink) {
            Ok(watching) => {
                self.routes.lock().unwrap_or_else(PoisonError::into_inner).insert(mid.clone(), route);
                Some(watching)
            }
            Err(error) => {
                error!(%error, "the system has no thread for a picture");
                None
            }
        }
    }

    fn take_down(&mut self, mid: &Mid) -> Option<Watching> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).remove(mid);
        self.frames.remove(mid).map(|hung| hung.watching)
    }

    /// How the picture that is seen most is seen.
    pub(super) fn stats(&self) -> Option<WatchingStats> {
        self.frames.values().map(|hung| hung.watching.stats()).max_by_key(|stats| stats.seeing.frames)
    }

    /// All that is watched, whose end takes a moment.
    pub(super) fn end(self) -> Vec<Watching> {
        self.frames.into_values().map(|hung| hung.watching).collect()
    }
}

/// What the app looks at, as the gallery knows it.
pub(super) fn in_view(looks: &[calls_machine::Looks]) -> InView {
    let seen = looks.iter().filter(|looks| looks.height > 0);
    Some(seen.map(|looks| (looks.user, looks.kind == PictureKind::Screen)).collect())
}
