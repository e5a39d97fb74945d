//! Pictures on their way to the screen, the newest of each person, fetched by whoever draws; and those of the app's camera
//! and screen on their way to the encoder.
//!
//! Kotlin names an engine by a number and a person by theirs; 0 is we ourselves, and a number below 0 the screen of whoever
//! has it above. Nothing here is a pointer.
use calls_core::{
    CallKey,
    video::{Frame, Inlet, Relayed, Sink},
};
use calls_protocol::UserId;
use calls_samples::colours::{draw, upright};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

/// Who stands for ourselves: no user has this number.
const OURSELVES: (u64, u64) = (0, 0);

/// The pictures of one engine.
#[derive(Default)]
pub(crate) struct Pixels {
    /// By call and user. Looked at for as long as it takes to find one.
    views: Mutex<BTreeMap<(u64, u64), Arc<View>>>,
    /// What the app hands in goes here, by the number of the source.
    sources: Mutex<Sources>,
}

/// What is seen of somebody.
#[derive(Debug, Default)]
pub(crate) struct View {
    newest: Mutex<Newest>,
    #[cfg(target_os = "android")]
    pub(crate) surface: crate::android::surface::Surface,
}

#[derive(Debug, Default)]
struct Newest {
    /// Of all pictures ever shown, so that whoever fetched one takes nothing old for new, whoever films since.
    number: u64,
    frame: Option<Frame>,
}

/// What the app was asked for and has not been told to close: a camera, a screen, or both beside each other.
#[derive(Default)]
struct Sources {
    last: i64,
    open: BTreeMap<i64, Inlet>,
}

/// All engines, by the number that Kotlin has.
static ENGINES: Mutex<BTreeMap<u64, Weak<Pixels>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);
/// Counts the pictures of all of them.
static SHOWN: AtomicU64 = AtomicU64::new(1);

/// A picture as whoever draws it gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// The one that was fetched last is the newest.
    Nothing,
    /// So many bytes are needed for it.
    TooSmall(usize),
    /// There it is.
    Picture { number: u64, width: u32, height: u32 },
}

impl Pixels {
    /// Of a new engine, and its number.
    pub(crate) fn new() -> (Arc<Self>, u64) {
        let (pixels, number) = (Arc::<Self>::default(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|_, engine| engine.strong_count() > 0);
        engines.insert(number, Arc::downgrade(&pixels));
        (pixels, number)
    }

    /// Of the engine with this number, while there is one.
    pub(crate) fn find(engine: u64) -> Option<Arc<Self>> {
        ENGINES.lock().unwrap_or_else(PoisonError::into_inner).get(&engine)?.upgrade()
    }

    /// Where pictures of somebody go.
    pub(crate) fn of(&self, call: CallKey, user: UserId) -> Shown {
        self.shown((call.0.into(), user.get()))
    }

    /// Where the screen that somebody shares beside their camera goes.
    pub(crate) fn screen_of(&self, call: CallKey, user: UserId) -> Shown {
        self.shown((call.0.into(), user.get().wrapping_neg()))
    }

    /// Where our own go.
    pub(crate) fn ours(&self) -> Shown {
        self.shown(OURSELVES)
    }

    /// A new source of what the app hands in, and its number.
    pub(crate) fn source(&self) -> (i64, Relayed) {
        let mut sources = self.sources();
        let (source, into) = Relayed::new();
        sources.last += 1;
        let number = sources.last;
        sources.open.insert(number, into);
        (number, source)
    }

    /// Nothing of this source is wanted any more: what still comes is late, and dropped.
    pub(crate) fn close_source(&self, source: i64) {
        self.sources().open.remove(&source);
    }

    /// The app hands in a picture.
    pub(crate) fn push(&self, source: i64, frame: &Frame) {
        if let Some(inlet) = self.sources().open.get(&source) {
            inlet.put(frame);
        }
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self, who: (u64, u64)) -> Shown {
        Shown(self.view(who.0, who.1))
    }

    /// What is seen of somebody, now or later.
    pub(crate) fn view(&self, call: u64, user: u64) -> Arc<View> {
        let mut views = self.views();
        // Those that nobody fills or draws any more.
        views.retain(|_, view| Arc::strong_count(view) > 1 || view.is_shown());
        views.entry(who(call, user)).or_default().clone()
    }

    /// The same, if anybody shows or draws them. Asked for each picture of each person, so it keeps no house.
    pub(crate) fn known_view(&self, call: u64, user: u64) -> Option<Arc<View>> {
        self.views().get(&who(call, user)).cloned()
    }

    fn views(&self) -> MutexGuard<'_, BTreeMap<(u64, u64), Arc<View>>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How large the newest picture of somebody is once it stands upright.
    pub(crate) fn size(&self, call: u64, user: u64) -> Option<(u32, u32)> {
        let view = self.known_view(call, user)?;
        let newest = view.newest();
        newest.frame.as_ref().map(upright)
    }

    /// Copies the newest picture of somebody, upright, as red, green, blue and 255, if it is newer than the one with this
    /// number.
    pub(crate) fn fetch(&self, call: u64, user: u64, after: u64, into: &mut [u8]) -> Fetched {
        let (number, frame) = {
            let Some(view) = self.known_view(call, user) else { return Fetched::Nothing };
            let newest = view.newest();
            match &newest.frame {
                Some(frame) if newest.number > after => (newest.number, frame.clone()),
                _ => return Fetched::Nothing,
            }
        };
        let (width, height) = upright(&frame);
        let length = width as usize * height as usize * 4;
        let Some(into) = into.get_mut(..length) else { return Fetched::TooSmall(length) };
        draw(&frame, into, width as usize * 4);
        Fetched::Picture { number, width, height }
    }
}

/// Ourselves are the same in each call.
fn who(call: u64, user: u64) -> (u64, u64) {
    if user == OURSELVES.1 { OURSELVES } else { (call, user) }
}

impl View {
    fn newest(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_shown(&self) -> bool {
        #[cfg(target_os = "android")]
        if self.surface.is_attached() {
            return true;
        }
        self.newest().frame.is_some()
    }
}

/// Fills a view until it is dropped: then nothing is seen there any more.
pub(crate) struct Shown(Arc<View>);

impl Sink for Shown {
    fn show(&mut self, frame: &Frame) {
        {
            let mut newest = self.0.newest();
            newest.number = SHOWN.fetch_add(1, Ordering::Relaxed);
            newest.frame = Some(frame.clone());
        }
        #[cfg(target_os = "android")]
        self.0.surface.draw(frame);
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.newest().frame = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_core::video::Source as _;
    use std::time::Duration;

    fn user(id: u64) -> UserId {
        UserId::new(id).expect("not 0")
    }

    #[test]
    fn each_picture_is_fetched_once_and_gone_with_whoever_shows_it() {
        let (pixels, number) = Pixels::new();
        let mut shown = pixels.of(CallKey(1), user(7));
        let mut bytes = vec![0; 4 * 2 * 4];
        let fetch =
            |after, bytes: &mut [u8]| Pixels::find(number).expect("it lives").fetch(1, 7, after, bytes);
        assert_eq!(fetch(0, &mut bytes), Fetched::Nothing);

        shown.show(&Frame::plain(4, 2, [235, 128, 128]).expect("a size"));

        assert_eq!(fetch(0, &mut bytes[..8]), Fetched::TooSmall(32));
        let Fetched::Picture { number: first, width: 4, height: 2 } = fetch(0, &mut bytes) else {
            panic!("a picture was shown");
        };
        assert_eq!(bytes, [255; 32]);
        assert_eq!(fetch(first, &mut bytes), Fetched::Nothing);
        assert_eq!(pixels.size(1, 7), Some((4, 2)));
        drop(shown);
        assert_eq!((fetch(0, &mut bytes), pixels.size(1, 7)), (Fetched::Nothing, None));
        // Another camera, or another connection to them: its first picture is new.
        let mut shown = pixels.of(CallKey(1), user(7));
        shown.show(&Frame::plain(4, 2, [16, 128, 128]).expect("a size"));
        assert!(matches!(fetch(first, &mut bytes), Fetched::Picture { number, .. } if number > first));
        drop(shown);
        drop(pixels);
        assert!(Pixels::find(number).is_none());
    }

    #[test]
    fn the_screen_of_somebody_is_seen_beside_their_camera() {
        let pixels = Pixels::default();
        let mut camera = pixels.of(CallKey(1), user(7));
        let mut screen = pixels.screen_of(CallKey(1), user(7));
        camera.show(&Frame::plain(4, 2, [235, 128, 128]).expect("a size"));
        screen.show(&Frame::plain(2, 2, [16, 128, 128]).expect("a size"));
        let mut bytes = vec![0; 4 * 2 * 4];

        assert!(matches!(pixels.fetch(1, 7, 0, &mut bytes), Fetched::Picture { width: 4, .. }));
        assert!(matches!(
            pixels.fetch(1, (-7_i64).cast_unsigned(), 0, &mut bytes),
            Fetched::Picture { width: 2, .. }
        ));
    }

    #[test]
    fn camera_and_screen_are_handed_in_beside_each_other_until_one_is_closed() {
        let (pixels, _) = Pixels::new();
        let picture = Frame::plain(2, 2, [1, 2, 3]).expect("a size");
        let (first, mut camera) = pixels.source();
        let (second, mut screen) = pixels.source();

        pixels.push(first, &picture);
        assert_eq!((camera.next(Duration::ZERO), screen.next(Duration::ZERO)), (Some(picture.clone()), None));
        pixels.push(second, &picture);
        assert_eq!((camera.next(Duration::ZERO), screen.next(Duration::ZERO)), (None, Some(picture.clone())));
        pixels.close_source(first);
        pixels.push(first, &picture);
        pixels.push(second, &picture);
        assert_eq!((camera.next(Duration::ZERO), screen.next(Duration::ZERO)), (None, Some(picture)));
    }
}
