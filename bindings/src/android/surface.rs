//! A place on the screen that a picture is drawn onto.
use calls_core::video::Frame;
use calls_samples::colours::{draw, upright};
use ndk::{hardware_buffer_format::HardwareBufferFormat, native_window::NativeWindow};
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};
use tracing::{debug, error};

/// Where somebody is drawn, once there is such a place.
#[derive(Debug, Default)]
pub(crate) struct Surface(Mutex<Place>);

#[derive(Debug, Default)]
struct Place {
    /// How many there were: views come and go in any order, and each takes away only itself.
    number: u64,
    drawer: Option<Drawer>,
}

/// A thread that draws onto one surface. Locking a surface waits for whoever shows it, which nobody else shall.
#[derive(Debug)]
struct Drawer(Arc<Board>);

/// Where the next picture lies.
#[derive(Debug, Default)]
struct Board {
    next: Mutex<Next>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Next {
    frame: Option<Frame>,
    end: bool,
}

impl Surface {
    /// From now on here. Gives the number of the place.
    pub(crate) fn attach(&self, window: NativeWindow) -> u64 {
        let drawer = Drawer::start(window);
        let mut place = self.place();
        *place = Place { number: place.number + 1, drawer };
        place.number
    }

    /// Nowhere any more, if it is still there. A picture that is being drawn ends by itself: the window is held until then,
    /// and takes no more.
    pub(crate) fn detach(&self, number: u64) {
        let mut place = self.place();
        if place.number == number {
            place.drawer = None;
        }
    }

    pub(crate) fn is_attached(&self) -> bool {
        self.place().drawer.is_some()
    }

    /// Draws a picture, unless a newer one comes first.
    pub(crate) fn draw(&self, frame: &Frame) {
        if let Some(drawer) = &self.place().drawer {
            drawer.0.put(|next| next.frame = Some(frame.clone()));
        }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drawer {
    fn start(window: NativeWindow) -> Option<Self> {
        let board = Arc::<Board>::default();
        let on_thread = board.clone();
        let drawing = thread::Builder::new().name("calls-drawing".into()).spawn(move || {
            while let Some(frame) = on_thread.take() {
                if let Err(error) = draw_onto(&window, &frame) {
                    // It is about to be taken away, or the app is on its way out.
                    debug!(%error, "a picture was not drawn");
                }
            }
        });
        match drawing {
            Ok(_ends_by_itself) => Some(Self(board)),
            Err(error) => {
                error!(%error, "the system has no thread for a picture");
                None
            }
        }
    }
}

impl Drop for Drawer {
    fn drop(&mut self) {
        self.0.put(|next| next.end = true);
    }
}

impl Board {
    fn put(&self, change: impl FnOnce(&mut Next)) {
        change(&mut self.next.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }

    /// The next picture; none at the end.
    fn take(&self) -> Option<Frame> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_while(next, |next| next.frame.is_none() && !next.end);
        let mut next = waited.unwrap_or_else(PoisonError::into_inner);
        if next.end { None } else { next.frame.take() }
    }
}

/// Android makes the picture as large as the surface is.
fn draw_onto(window: &NativeWindow, frame: &Frame) -> std::io::Result<()> {
    let (width, height) = upright(frame);
    let format = Some(HardwareBufferFormat::R8G8B8A8_UNORM);
    window.set_buffers_geometry(width.cast_signed(), height.cast_signed(), format)?;
    let mut locked = window.lock(None)?;
    let (columns, rows, stride) = (locked.width(), locked.height(), locked.stride() * 4);
    if (columns, rows) != (width as usize, height as usize) {
        // It had another size when it was locked; the next one fits.
        return Ok(());
    }
    let bytes = locked.bits().cast::<u8>();
    // SAFETY: the window is locked, so these bytes are ours until it is posted. They are memory of the system's, which
    // has some value.
    let bytes = unsafe { std::slice::from_raw_parts_mut(bytes, stride * rows) };
    draw(frame, bytes, stride);
    Ok(())
}
