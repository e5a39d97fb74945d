//! The thread that makes our picture, whatever is in front of the camera: nothing, a camera, a screen.
use super::{
    Frame, Sink, Source,
    codec::Codecs,
    showing::{Showing, ShowingStats, Wish},
};
use crate::peer::EncodedVideo;
use std::{
    collections::VecDeque,
    io,
    mem::discriminant,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use tracing::{error, warn};

/// Gives encoded frames by itself. Here it looks at a [`Source`]; on Android the camera draws into the encoder, and no
/// pixel comes by.
pub trait Maker: Send {
    /// Takes a wish. A new maker is told all that hold; its first frame is a key frame without one.
    fn wish(&mut self, now: Duration, wish: Wish);

    /// The next encoded frame, if there is one. It may wait for 20 ms, no longer.
    fn make(&mut self, now: Duration) -> Option<EncodedVideo>;

    /// When to ask again.
    fn due(&self) -> Duration;

    /// What it did.
    fn stats(&self) -> ShowingStats;
}

/// Makes pictures of a source by codecs that take pixels.
pub struct Studio {
    source: Box<dyn Source>,
    showing: Showing,
    preview: Option<Box<dyn Sink>>,
    /// When to look again.
    due: Duration,
    last: Option<Frame>,
    /// Encoded, and not taken yet.
    ready: VecDeque<EncodedVideo>,
}

/// What is believed about a path before anything is known about it.
const ESTIMATE: u64 = 500_000;
/// As often as a camera sees something new. What is sent may be less, a preview is not.
const LOOK_EVERY: Duration = Duration::from_nanos(1_000_000_000 / 30);
/// After a look that saw nothing.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

impl Studio {
    /// Looks at a source. The preview sees what the source sees, even while nothing is sent.
    pub fn new(source: Box<dyn Source>, codecs: Box<dyn Codecs>, preview: Option<Box<dyn Sink>>) -> Self {
        let showing = Showing::new(Duration::ZERO, codecs, ESTIMATE);
        Self { source, showing, preview, due: Duration::ZERO, last: None, ready: VecDeque::new() }
    }
}

impl Maker for Studio {
    fn wish(&mut self, now: Duration, wish: Wish) {
        self.showing.wish(now, wish);
    }

    fn make(&mut self, now: Duration) -> Option<EncodedVideo> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        let made = match self.source.next(now) {
            Some(frame) => {
                // What was missed is not made up for.
                self.due = (self.due + LOOK_EVERY).max(now);
                if let Some(preview) = &mut self.preview {
                    preview.show(&frame);
                }
                self.showing.show(now, self.last.insert(frame), &mut self.ready)
            }
            None => {
                self.due = now + LOOK_AGAIN;
                // A screen on which nothing moves has one last frame, which must arrive, and again for whoever asks.
                let frame = self.last.as_ref().filter(|_| self.showing.is_behind())?;
                self.showing.catch_up(now, frame, &mut self.ready)
            }
        };
        if let Err(error) = made {
            warn!(%error, cause = std::error::Error::source(&error), "a picture cannot be encoded");
        }
        self.ready.pop_front()
    }

    fn due(&self) -> Duration {
        if self.ready.is_empty() { self.due } else { Duration::ZERO }
    }

    fn stats(&self) -> ShowingStats {
        self.showing.stats()
    }
}

/// Films on a thread of its own, until it is dropped. A drop waits for the frame that is being made.
pub struct Filming {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

/// Where orders lie until the thread looks.
#[derive(Default)]
struct Desk {
    orders: Mutex<Orders>,
    changed: Condvar,
    stats: Mutex<ShowingStats>,
}

#[derive(Default)]
struct Orders {
    /// One of a kind, and of each size, so there are never many.
    wishes: Vec<Wish>,
    maker: Option<Option<Box<dyn Maker>>>,
    /// Who waits until the last maker is gone.
    waiting: Vec<oneshot::Sender<()>>,
    end: bool,
    /// The thread is gone, and takes no orders.
    is_gone: bool,
}

impl Filming {
    /// Begins, with nothing in front of the camera. Each encoded frame is delivered on the thread, which `deliver` must
    /// not hold up; false says that it was not taken, and the next one will be a key frame.
    pub fn start(deliver: impl FnMut(EncodedVideo) -> bool + Send + 'static) -> io::Result<Self> {
        Self::since(Instant::now(), deliver)
    }

    /// The same, by a clock that began then. Those whose frames go into one stream, by turns, have one.
    pub fn since(
        begin: Instant,
        deliver: impl FnMut(EncodedVideo) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let desk = Arc::<Desk>::default();
        let on_thread = desk.clone();
        let thread = thread::Builder::new()
            .name("filming".to_owned())
            .spawn(move || film(begin, &on_thread, deliver))?;
        Ok(Self { desk, thread: Some(thread) })
    }

    /// Puts a camera or a screen in front instead of what was there. The stream goes on, and begins anew with a key frame.
    pub fn film(&self, maker: Box<dyn Maker>) {
        let _untaken = self.desk.put(|orders| orders.maker.replace(Some(maker)));
    }

    /// Puts nothing in front, and waits until what was there is dropped: a phone opens one camera at a time.
    pub async fn clear(&self) {
        let (gone, is_gone) = oneshot::channel();
        let untaken = self.desk.put(|orders| {
            // A thread that is gone tells nobody any more.
            if !orders.is_gone {
                orders.waiting.push(gone);
            }
            orders.maker.replace(None)
        });
        drop(untaken);
        // Told by being dropped, by the thread or at its end.
        let _ended = is_gone.await;
    }

    /// Whether its thread is gone: a maker panicked. What is filmed by it is seen by nobody.
    pub fn is_gone(&self) -> bool {
        self.desk.orders.lock().unwrap_or_else(PoisonError::into_inner).is_gone
    }

    /// Tells whoever makes the picture, now and later.
    pub fn wish(&self, wish: Wish) {
        self.desk.put(|orders| replace(&mut orders.wishes, wish));
    }

    /// What the maker did that is in front of the camera.
    pub fn stats(&self) -> ShowingStats {
        *self.desk.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Filming {
    fn drop(&mut self) {
        self.desk.put(|orders| orders.end = true);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the thread of the camera panicked");
        }
    }
}

impl Desk {
    /// What the change gives back is dropped by the caller, with no lock held: a maker may call the app then.
    fn put<T>(&self, change: impl FnOnce(&mut Orders) -> T) -> T {
        let changed = change(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
        changed
    }

    /// Takes what lies here, at the latest after so long.
    fn take(&self, within: Option<Duration>) -> Orders {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = |orders: &mut Orders| orders.is_empty();
        let mut orders = match within {
            Some(within) => {
                let waited = self.changed.wait_timeout_while(orders, within, nothing);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait_while(orders, nothing).unwrap_or_else(PoisonError::into_inner),
        };
        std::mem::take(&mut *orders)
    }
}

impl Orders {
    fn is_empty(&self) -> bool {
        self.wishes.is_empty() && self.maker.is_none() && self.waiting.is_empty() && !self.end
    }
}

/// Puts a wish in the place of the last one of its kind.
fn replace(wishes: &mut Vec<Wish>, wish: Wish) {
    let is_of_a_size = matches!(wish, Wish::KeyFrame(_) | Wish::Unsent(_));
    let is_same = |old: &Wish| discriminant(old) == discriminant(&wish) && (!is_of_a_size || *old == wish);
    wishes.retain(|old| !is_same(old));
    wishes.push(wish);
}

/// Tells whoever waits, now and later, that the thread is gone; also when a maker panicked.
struct Leaving<'a>(&'a Desk);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let left =
            self.0.put(|orders| std::mem::replace(orders, Orders { is_gone: true, ..Orders::default() }));
        drop(left);
    }
}

fn film(begin: Instant, desk: &Desk, mut deliver: impl FnMut(EncodedVideo) -> bool) {
    let _leaving = Leaving(desk);
    let mut maker: Option<Box<dyn Maker>> = None;
    // What a new maker has to be told.
    let mut held: Vec<Wish> = Vec::new();
    loop {
        let within = maker.as_ref().map(|maker| maker.due().saturating_sub(begin.elapsed()));
        let Orders { mut wishes, maker: new, waiting, end, is_gone: _ } = desk.take(within);
        if end {
            return;
        }
        for wish in &wishes {
            match wish {
                Wish::Codecs(_) | Wish::Estimate(_) | Wish::Limit(_) | Wish::Sizes(_) => {
                    replace(&mut held, wish.clone());
                }
                Wish::KeyFrame(_) | Wish::Unsent(_) => {}
            }
        }
        if let Some(new) = new {
            // First the old one: both may be the same camera.
            drop(maker.take());
            (maker, wishes) = (new, held.clone());
        }
        // Each that waits is told by this.
        drop(waiting);
        let Some(maker) = &mut maker else { continue };
        let now = begin.elapsed();
        wishes.into_iter().for_each(|wish| maker.wish(now, wish));
        if now >= maker.due()
            && let Some(frame) = maker.make(now)
        {
            let layer = frame.layer;
            if !deliver(frame) {
                maker.wish(now, Wish::Unsent(layer));
            }
        }
        *desk.stats.lock().unwrap_or_else(PoisonError::into_inner) = maker.stats();
    }
}

#[cfg(test)]
#[cfg(feature = "software-video")]
mod tests {
    use super::*;
    use crate::{
        peer::{Layer, VideoCodec},
        video::{Relayed, Software, pattern},
    };
    use std::sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    };

    /// Long enough for a loaded machine.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn filming() -> (Filming, Receiver<EncodedVideo>) {
        let (send, receive) = channel();
        let filming = Filming::start(move |frame| send.send(frame).is_ok()).unwrap();
        filming.wish(Wish::Codecs(vec![VideoCodec::Vp8]));
        (filming, receive)
    }

    fn camera(who: u64, preview: Option<Box<dyn Sink>>) -> Box<dyn Maker> {
        let source = Box::new(pattern::TestPattern::new(who, 192, 108));
        Box::new(Studio::new(source, Box::new(Software), preview))
    }

    #[tokio::test]
    async fn camera_screen_and_nothing_take_turns_and_each_begins_with_a_key_frame() {
        let (filming, made) = filming();
        let mut decoder = Software.decoder(VideoCodec::Vp8).unwrap();
        let mut last = None;

        for who in [1, 2] {
            filming.film(camera(who, None));
            let (mut seen, mut is_first) = (0, true);
            while seen < 3 {
                let frame = made.recv_timeout(PATIENCE).unwrap();
                let shown = decoder.decode(&frame.payload).unwrap().unwrap();
                assert!(last.is_none_or(|last| frame.timestamp > last), "time goes on");
                last = Some(frame.timestamp);
                if pattern::who(&shown) == Some(who) {
                    assert!(!is_first || frame.key);
                    (seen, is_first) = (seen + 1, false);
                }
            }
        }

        filming.clear().await;
        // One may have been made already; after that there is silence until the end, which closes the channel.
        drop(filming);
        assert!(made.iter().count() < 30);
    }

    #[tokio::test]
    async fn what_was_filmed_is_gone_before_anything_else_is_opened() {
        struct Open(Arc<AtomicU32>);
        impl Source for Open {
            fn next(&mut self, _at: Duration) -> Option<Frame> {
                None
            }
        }
        impl Drop for Open {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let open = Arc::new(AtomicU32::new(0));
        let (filming, _made) = filming();

        for _ in 0..10 {
            filming.clear().await;
            assert_eq!(open.fetch_add(1, Ordering::Relaxed), 0);
            filming.film(Box::new(Studio::new(Box::new(Open(open.clone())), Box::new(Software), None)));
        }
    }

    #[tokio::test]
    async fn a_camera_that_panics_holds_up_nobody() {
        struct Broken;
        impl Source for Broken {
            fn next(&mut self, _at: Duration) -> Option<Frame> {
                panic!("as a test wants it");
            }
        }
        let (filming, made) = filming();
        filming.film(Box::new(Studio::new(Box::new(Broken), Box::new(Software), None)));
        // The channel closes with the thread.
        assert!(made.recv().is_err());

        for _ in 0..2 {
            filming.clear().await;
        }

        assert!(filming.is_gone());
    }

    #[test]
    fn the_preview_sees_what_the_camera_sees_before_anything_is_agreed_on() {
        struct Shown(std::sync::mpsc::SyncSender<Frame>);
        impl Sink for Shown {
            fn show(&mut self, frame: &Frame) {
                // Nobody looks any more.
                let _full = self.0.try_send(frame.clone());
            }
        }
        let (shown, frames) = std::sync::mpsc::sync_channel(1);
        let filming = Filming::start(|_| panic!("nothing may be sent")).unwrap();

        filming.film(camera(7, Some(Box::new(Shown(shown)))));

        assert_eq!(pattern::who(&frames.recv_timeout(PATIENCE).unwrap()), Some(7));
    }

    #[test]
    fn a_frame_that_was_not_taken_is_followed_by_a_key_frame() {
        let (send, made) = channel();
        let mut count = 0;
        let filming = Filming::start(move |frame: EncodedVideo| {
            count += 1;
            send.send((count, frame.key)).is_ok() && count != 3
        })
        .unwrap();
        filming.wish(Wish::Codecs(vec![VideoCodec::H264]));
        filming.film(camera(7, None));

        let keys: Vec<(u32, bool)> = (0..4).map(|_| made.recv_timeout(PATIENCE).unwrap()).collect();

        assert_eq!(keys, [(1, true), (2, false), (3, false), (4, true)]);
    }

    /// Counts how often it is asked.
    struct Counted(Relayed, Arc<AtomicU32>);

    impl Source for Counted {
        fn next(&mut self, at: Duration) -> Option<Frame> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.next(at)
        }
    }

    #[test]
    fn what_does_not_move_arrives_and_comes_again_for_whoever_asks() {
        let ((source, inlet), asked) = (Relayed::new(), Arc::default());
        let (filming, made) = filming();
        let begin = Instant::now();
        let source = Box::new(Counted(source, Arc::clone(&asked)));
        filming.film(Box::new(Studio::new(source, Box::new(Software), None)));
        let mut decoder = Software.decoder(VideoCodec::Vp8).unwrap();
        let mut seen = |who| {
            let frame = made.recv_timeout(PATIENCE).unwrap();
            let shown = decoder.decode(&frame.payload).unwrap().unwrap();
            (pattern::who(&shown) == Some(who)).then_some(frame.key)
        };

        for who in 1..=5 {
            inlet.put(&pattern::TestPattern::new(who, 192, 108).at(Duration::ZERO));
        }
        while seen(5).is_none() {}
        filming.wish(Wish::KeyFrame(Layer::Whole));
        while seen(5) != Some(true) {}

        let times = u128::from(asked.load(Ordering::Relaxed));
        assert!(times <= begin.elapsed().as_millis() / 4 + 6, "asked {times} times");
    }
}
