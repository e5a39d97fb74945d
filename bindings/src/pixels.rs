//! Pictures on their way to the screen, the newest of each person, fetched by whoever draws; and those of the app's camera
//! and screen on their way to the encoder.
//!
//! Kotlin names an engine by a number and a person by theirs; 0 is we ourselves, and a number below 0 the screen of whoever
//! has it above. Nothing here is a pointer.
use calls_core::{
    CallKey,
    peer::Rotation,
    video::{Frame, Inlet, LONGEST_SIDE, Relayed, Sink},
};
use calls_protocol::UserId;
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

/// A side of a picture, if there can be one: looked at before anything is made as large as that.
fn side(length: i32) -> Option<u32> {
    u32::try_from(length).ok().filter(|length| (1..=LONGEST_SIDE).contains(length))
}

/// A plane as Android's `Image` has it: its bytes, how many a row is, and how many a sample.
type CameraPlane<'a> = (&'a [u8], i32, i32);

/// A picture as a camera gives it, `turned` degrees away from upright. None if there can be no such picture.
pub(crate) fn from_camera(
    width: i32,
    height: i32,
    turned: i32,
    planes: [CameraPlane<'_>; 3],
) -> Option<Frame> {
    let (width, height) = (side(width)?, side(height)?);
    let half = (width.div_ceil(2) as usize, height.div_ceil(2) as usize);
    let mut all = Vec::with_capacity(width as usize * height as usize + 2 * half.0 * half.1);
    for ((samples, row, step), (columns, rows)) in
        planes.into_iter().zip([(width as usize, height as usize), half, half])
    {
        let (row, step) = (usize::try_from(row).ok()?, usize::try_from(step).ok()?.max(1));
        for line in 0..rows {
            let (line, before) = (samples.get(line.checked_mul(row)?..)?, all.len());
            all.extend(line.iter().step_by(step).take(columns));
            if all.len() - before < columns {
                return None;
            }
        }
    }
    let mut frame = Frame::new(width, height, all).ok()?;
    frame.rotation = match turned.rem_euclid(360) {
        90 => Rotation::Quarter,
        180 => Rotation::Half,
        270 => Rotation::ThreeQuarters,
        _ => Rotation::None,
    };
    Some(frame)
}

/// A picture of a screen, as red, green, blue and one more byte. None if there can be no such picture.
pub(crate) fn from_screen(width: i32, height: i32, pixels: &[u8], row: i32) -> Option<Frame> {
    let (width, height) = (side(width)?, side(height)?);
    let (columns, row) = (width as usize, usize::try_from(row).ok()?);
    let lines = (0..height as usize).map(|line| pixels.get(line.checked_mul(row)?..)?.get(..columns * 4));
    let lines: Vec<&[u8]> = lines.collect::<Option<_>>()?;
    let luma = lines.iter().flat_map(|line| line.chunks_exact(4)).map(|p| to_yuv(p[0], p[1], p[2])[0]);
    let mut all: Vec<u8> = luma.collect();
    // Letters have edges: each colour is that of one pixel of four, and not a mean that is nobody's.
    for plane in [1, 2] {
        let colours = lines.iter().step_by(2).flat_map(|line| line.chunks_exact(4).step_by(2));
        all.extend(colours.map(|p| to_yuv(p[0], p[1], p[2])[plane]));
    }
    Frame::new(width, height, all).ok()
}

/// The other way round than [`colour`].
fn to_yuv(red: u8, green: u8, blue: u8) -> [u8; 3] {
    let (red, green, blue) = (i32::from(red), i32::from(green), i32::from(blue));
    let part = |value: i32, offset: i32| (((value + 128) >> 8) + offset).clamp(0, 255) as u8;
    [
        part(66 * red + 129 * green + 25 * blue, 16),
        part(-38 * red - 74 * green + 112 * blue, 128),
        part(112 * red - 94 * green - 18 * blue, 128),
    ]
}

/// The size of a picture once it stands upright.
pub(crate) fn upright(frame: &Frame) -> (u32, u32) {
    match frame.rotation {
        Rotation::None | Rotation::Half => (frame.width(), frame.height()),
        Rotation::Quarter | Rotation::ThreeQuarters => (frame.height(), frame.width()),
    }
}

/// Draws a picture upright as red, green, blue and 255, into rows that are so many bytes apart.
pub(crate) fn draw(frame: &Frame, into: &mut [u8], stride: usize) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (y_plane, u_plane, v_plane) = (frame.y(), frame.u(), frame.v());
    let half = frame.half_width() as usize;
    // Where the sample at a column and a row goes: a beginning, and a step for each of the two.
    let (begin, right, down) = match frame.rotation {
        Rotation::None => (0, 4, stride.cast_signed()),
        Rotation::Half => ((height - 1) * stride + (width - 1) * 4, -4, -stride.cast_signed()),
        Rotation::Quarter => ((height - 1) * 4, stride.cast_signed(), -4),
        Rotation::ThreeQuarters => ((width - 1) * stride, -stride.cast_signed(), 4),
    };
    for row in 0..height {
        let luma = &y_plane[row * width..][..width];
        let (blue, red) = (&u_plane[row / 2 * half..][..half], &v_plane[row / 2 * half..][..half]);
        let mut at = begin.cast_signed() + row.cast_signed() * down;
        for (column, y) in luma.iter().enumerate() {
            let place = at.cast_unsigned();
            into[place..place + 4].copy_from_slice(&colour(*y, blue[column / 2], red[column / 2]));
            at += right;
        }
    }
}

/// BT.601 with the usual range, as cameras and codecs of calls have it, in numbers without a fraction.
fn colour(y: u8, u: u8, v: u8) -> [u8; 4] {
    let (y, u, v) = (298 * (i32::from(y) - 16), i32::from(u) - 128, i32::from(v) - 128);
    let part = |value: i32| ((value + 128) >> 8).clamp(0, 255) as u8;
    [part(y + 409 * v), part(y - 100 * u - 208 * v), part(y + 516 * u), 255]
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
    fn colours_are_those_of_the_standard() {
        for (yuv, rgb) in [
            ([16, 128, 128], [0, 0, 0]),
            ([235, 128, 128], [255, 255, 255]),
            ([81, 90, 240], [255, 0, 0]),
            ([145, 54, 34], [0, 255, 1]),
            ([41, 240, 110], [0, 0, 255]),
        ] {
            let [red, green, blue, full] = colour(yuv[0], yuv[1], yuv[2]);
            let near = |a: u8, b: u8| a.abs_diff(b) <= 1;
            assert!(
                near(red, rgb[0]) && near(green, rgb[1]) && near(blue, rgb[2]),
                "{yuv:?}: {red} {green} {blue}"
            );
            assert_eq!(full, 255);
        }
    }

    #[test]
    fn a_picture_of_the_camera_is_taken_out_of_its_planes_or_refused() {
        // 2 by 2 with gaps behind the rows, and colours that take turns.
        let (y, turns) = ([1, 2, 0, 3, 4], [5, 6]);
        let planes = [(&y[..], 3, 1), (&turns[..], 2, 2), (&turns[1..], 2, 2)];

        let frame = from_camera(2, 2, 450, planes).expect("it fits");

        assert_eq!(frame.planes(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(frame.rotation, Rotation::Quarter);
        for (width, height) in [(0, 2), (-2, 2), (2, 5000), (4, 4), (i32::MAX, i32::MAX)] {
            assert!(from_camera(width, height, 0, planes).is_none(), "{width} by {height}");
        }
        assert!(from_camera(2, 2, 0, [(&y[..], i32::MAX, 1), planes[1], planes[2]]).is_none());
        assert!(from_camera(2, 2, 0, [(&y[..], -1, 1), planes[1], planes[2]]).is_none());
    }

    #[test]
    fn a_picture_of_the_screen_comes_back_in_its_colours() {
        let rows = [[200, 30, 60, 9, 200, 30, 60, 9, 7], [200, 30, 60, 9, 200, 30, 60, 9, 7]].concat();

        let frame = from_screen(2, 2, &rows, 9).expect("it fits");

        let mut bytes = vec![0; 16];
        draw(&frame, &mut bytes, 8);
        for pixel in bytes.chunks(4) {
            assert!(
                pixel[0].abs_diff(200) < 4 && pixel[1].abs_diff(30) < 4 && pixel[2].abs_diff(60) < 4,
                "{pixel:?}"
            );
        }
        assert!(from_screen(2, 3, &rows, 9).is_none());
        assert!(from_screen(3, 2, &rows, 9).is_none());
        assert!(from_screen(2, 2, &rows, -9).is_none());
        assert_eq!(from_screen(1, 1, &rows, 9).expect("odd sizes, too").planes().len(), 3);
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

    #[test]
    fn a_picture_is_turned_until_it_stands() {
        // A bright corner at the upper left of what the sensor saw, 4 wide and 2 high.
        let mut planes = vec![16; 8];
        planes[0] = 235;
        planes.extend([128; 4]);
        let mut frame = Frame::new(4, 2, planes).expect("a size");
        for (rotation, (width, height), bright) in [
            (Rotation::None, (4, 2), 0),
            (Rotation::Quarter, (2, 4), 1),
            (Rotation::Half, (4, 2), 7),
            (Rotation::ThreeQuarters, (2, 4), 6),
        ] {
            frame.rotation = rotation;
            assert_eq!(upright(&frame), (width, height));
            let mut bytes = vec![0; 32];
            draw(&frame, &mut bytes, width as usize * 4);
            let found = bytes.chunks(4).position(|pixel| pixel[0] == 255);
            assert_eq!(found, Some(bright), "{rotation:?}");
        }
    }
}
