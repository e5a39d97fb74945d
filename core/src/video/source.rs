//! Where pictures come from: a camera, a screen, a file, somebody else.
use super::Frame;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Something that can be looked at. It never waits.
pub trait Source: Send {
    /// What it sees at this moment, on a clock that began when it was first asked. None: nothing now.
    fn next(&mut self, at: Duration) -> Option<Frame>;
}

/// Shows what is put into it from outside.
pub struct Relayed(Inlet);

/// Puts pictures into a [`Relayed`]. One that nobody took yet gives way to the next.
#[derive(Clone, Default)]
pub struct Inlet(Arc<Mutex<Option<Frame>>>);

impl Relayed {
    /// A source, and what feeds it.
    pub fn new() -> (Self, Inlet) {
        let inlet = Inlet::default();
        (Self::of(&inlet), inlet)
    }

    /// A source of what is put into this.
    pub fn of(inlet: &Inlet) -> Self {
        Self(inlet.clone())
    }
}

impl Inlet {
    /// The next picture.
    pub fn put(&self, frame: &Frame) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame.clone());
    }
}

impl super::Sink for Inlet {
    fn show(&mut self, frame: &Frame) {
        self.put(frame);
    }
}

impl Source for Relayed {
    fn next(&mut self, _: Duration) -> Option<Frame> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_relayed_is_the_newest_and_each_picture_once() {
        let (mut source, inlet) = Relayed::new();
        assert_eq!(source.next(Duration::ZERO), None);

        for brightness in 0..3 {
            inlet.put(&Frame::plain(2, 2, [brightness, 0, 0]).unwrap());
        }

        assert_eq!(source.next(Duration::ZERO).unwrap().y()[0], 2);
        assert_eq!(source.next(Duration::ZERO), None);
    }
}
