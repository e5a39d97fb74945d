//! A place on the screen that a picture is drawn onto.
use crate::pixels::{draw, upright};
use calls_core::video::Frame;
use ndk::{hardware_buffer_format::HardwareBufferFormat, native_window::NativeWindow};
use std::sync::{Mutex, PoisonError};
use tracing::debug;

/// Where somebody is drawn, once there is such a place.
#[derive(Debug, Default)]
pub(crate) struct Surface(Mutex<Option<NativeWindow>>);

impl Surface {
    /// From now on here, or nowhere.
    pub(crate) fn attach(&self, window: Option<NativeWindow>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = window;
    }

    pub(crate) fn is_attached(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Draws a picture. Android makes it as large as the surface is.
    pub(crate) fn draw(&self, frame: &Frame) {
        // Held while it is drawn, so that whoever takes the surface away waits for that.
        let window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(window) = &*window else { return };
        if let Err(error) = draw_onto(window, frame) {
            // It is about to be taken away, or the app is on its way out.
            debug!(%error, "a picture was not drawn");
        }
    }
}

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
