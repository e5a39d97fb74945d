//! What is in front of the others: the camera or the screen, each filmed on a thread of its own.
use crate::{
    peer::{EncodedVideo, KeyFrameWanted, NotSent, PictureInlet},
    video::{Filming, Maker, ShowingStats, Wish},
};
use calls_machine::PeerKey;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio::task::JoinSet;

/// Whoever gets a picture of ours. Looked at for as long as it takes to hand a frame to each.
type Audience = Arc<Mutex<BTreeMap<PeerKey, PictureInlet>>>;

pub(super) struct Stage {
    /// The clock of all pictures: they take turns in one stream.
    begin: Instant,
    audience: Audience,
    filming: Option<Filming>,
    /// Threads that end.
    closing: JoinSet<()>,
}

impl Stage {
    pub(super) fn new(begin: Instant) -> Self {
        Self { begin, audience: Audience::default(), filming: None, closing: JoinSet::new() }
    }

    /// These get it from now on, and nobody else. Returns who got it before.
    pub(super) fn show_to(
        &self,
        audience: BTreeMap<PeerKey, PictureInlet>,
    ) -> BTreeMap<PeerKey, PictureInlet> {
        std::mem::replace(&mut *lock(&self.audience), audience)
    }

    /// Films by this. What was in front before has to be put away.
    pub(super) fn film(&mut self, maker: Box<dyn Maker>) -> io::Result<()> {
        if self.filming.as_ref().is_some_and(Filming::is_gone) {
            self.end();
        }
        let filming = match &self.filming {
            Some(filming) => filming,
            None => {
                let audience = self.audience.clone();
                let deliver = move |frame| deliver(&audience, &frame);
                self.filming.insert(Filming::since(self.begin, deliver)?)
            }
        };
        filming.film(maker);
        Ok(())
    }

    /// Until nothing is filmed any more: a camera opens only once at a time.
    pub(super) async fn put_away(&mut self) {
        if let Some(filming) = &self.filming {
            filming.clear().await;
        }
        while self.closing.join_next().await.is_some() {}
    }

    /// Ends the thread, which takes the frame that is being made.
    pub(super) fn end(&mut self) {
        super::end(&mut self.closing, self.filming.take());
    }

    pub(super) async fn ended(mut self) {
        self.end();
        while self.closing.join_next().await.is_some() {}
    }

    pub(super) fn wish(&self, wish: Wish) {
        if let Some(filming) = &self.filming {
            filming.wish(wish);
        }
    }

    pub(super) fn key_frame_wanted(&self, wanted: KeyFrameWanted) {
        self.wish(Wish::KeyFrame(wanted.layer));
    }

    pub(super) fn is_filming(&self) -> bool {
        self.filming.is_some()
    }

    pub(super) fn stats(&self) -> Option<ShowingStats> {
        self.filming.as_ref().map(Filming::stats)
    }
}

/// Hands a frame to everybody. False if somebody could not take it.
fn deliver(audience: &Audience, frame: &EncodedVideo) -> bool {
    // One that is closed is removed in a moment.
    lock(audience).values().filter(|inlet| inlet.send(frame.clone()) == Err(NotSent::Busy)).count() == 0
}

fn lock(audience: &Audience) -> std::sync::MutexGuard<'_, BTreeMap<PeerKey, PictureInlet>> {
    audience.lock().unwrap_or_else(PoisonError::into_inner)
}
