//! Somebody whose picture comes by two connections, while a call moves, is shown by one of them.
use crate::video::{Frame, Sink};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Before the picture that comes straight: closed while the media server brings the same one.
pub(super) type Curtain = Arc<AtomicBool>;

/// Shows while the curtain is open.
pub(super) struct Behind {
    sink: Box<dyn Sink>,
    curtain: Curtain,
}

impl Behind {
    pub(super) fn new(sink: Box<dyn Sink>, curtain: Curtain) -> Self {
        Self { sink, curtain }
    }
}

impl Sink for Behind {
    fn show(&mut self, frame: &Frame) {
        if !self.curtain.load(Ordering::Acquire) {
            self.sink.show(frame);
        }
    }
}

/// Closes the curtain with its first picture, and opens it when it goes.
pub(super) struct Covering {
    sink: Box<dyn Sink>,
    curtain: Curtain,
}

impl Covering {
    pub(super) fn new(sink: Box<dyn Sink>, curtain: Curtain) -> Self {
        Self { sink, curtain }
    }
}

impl Sink for Covering {
    fn show(&mut self, frame: &Frame) {
        self.curtain.store(true, Ordering::Release);
        self.sink.show(frame);
    }
}

impl Drop for Covering {
    fn drop(&mut self) {
        self.curtain.store(false, Ordering::Release);
    }
}
