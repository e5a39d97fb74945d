//! What opens a sound card: `cpal`, `oboe`, or a script of a test.
use super::{
    keeper::{CardPart, Fault, OpenError},
    streams::{Captured, Played},
};
use std::any::Any;

/// Opens streams. It lives on one thread, and so do the streams; their callbacks do not.
pub(super) trait Driver: 'static {
    /// Opens and starts the microphone that the system would use now.
    fn microphone(&mut self, callback: Captured, faults: Faults) -> Result<Opened, OpenError>;

    /// Opens and starts the loudspeaker that the system would use now.
    fn loudspeaker(&mut self, callback: Played, faults: Faults) -> Result<Opened, OpenError>;
}

/// A stream that runs.
pub(super) struct Opened {
    /// What was granted, in samples a second.
    pub(super) rate: u32,
    /// Dropped, it is closed: its callback is not called any more.
    pub(super) stream: Box<dyn Any>,
}

/// Where a stream says that it broke. Not to be called where samples are taken or filled.
#[derive(Clone)]
pub(super) struct Faults {
    pub(super) part: CardPart,
    /// Which stream it is: what an earlier one says is of no use.
    pub(super) generation: u32,
    pub(super) words: std::sync::mpsc::Sender<super::Word>,
}

impl Faults {
    pub(super) fn tell(&self, fault: Fault) {
        // If the sound card is not used any more, nobody needs to know.
        let _ = self.words.send(super::Word::Fault(self.part, self.generation, fault));
    }
}
