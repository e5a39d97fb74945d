//! A real sound card. The engine comes each 20 ms and never waits; the card comes when it likes, on threads of its own;
//! a third thread opens, watches and closes, which may take long.
mod by_cpal;
#[cfg(all(feature = "oboe", target_os = "android"))]
mod by_oboe;
mod driver;
mod keeper;
mod reserve;
mod ring;
mod streams;

pub use keeper::{CardPart, DeviceEvent};
pub use streams::StreamStats;

use super::Device;
use crate::audio::FRAME_SAMPLES;
use driver::{Driver, Faults, Opened};
use keeper::{Effect, Fault, Input, Keeper, OpenError};
use std::{
    any::Any,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use streams::{Capturing, Gauge, Playing};

/// How often it is looked whether a card still comes, and whether anything is still played.
const LOOK: Duration = Duration::from_secs(1);
/// Looks without a sign of life until it counts as dead.
const PATIENCE: u32 = 2;

/// What the default sound card of the system hears and plays. The microphone is open only while it is wanted; the
/// loudspeaker from the first frame until none came for two seconds. Dropped, all of it is closed.
pub struct SoundCard {
    words: Sender<Word>,
    made: Receiver<Made>,
    thread: Option<JoinHandle<()>>,
    microphone: Option<Capturing>,
    loudspeaker: Option<Box<Playing>>,
    use_of_loudspeaker: Arc<Use>,
}

/// How a sound card does, since its streams were last opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoundCardStats {
    /// What is said.
    pub microphone: StreamStats,
    /// What is heard.
    pub loudspeaker: StreamStats,
}

/// Whether anything is played; the engine writes, the thread looks.
#[derive(Default)]
struct Use {
    frames: AtomicU32,
    /// The thread was asked to open it and did not close it since.
    is_asked: AtomicBool,
}

/// For the thread.
enum Word {
    Want(CardPart, bool),
    /// A stream of that generation broke.
    Fault(CardPart, u32, Fault),
    Leave,
}

/// For the engine.
enum Made {
    Microphone(Option<Capturing>),
    Loudspeaker(Option<Box<Playing>>),
}

impl SoundCard {
    /// The default sound card by `cpal`. Opens nothing yet; `events` is called on a thread of its own.
    pub fn new(events: impl FnMut(DeviceEvent) + Send + 'static) -> io::Result<Self> {
        Self::by(by_cpal::Cpal::new, events)
    }

    /// The phone's own by `oboe`, opened as for a call.
    #[cfg(all(feature = "oboe", target_os = "android"))]
    pub fn by_oboe(events: impl FnMut(DeviceEvent) + Send + 'static) -> io::Result<Self> {
        Self::by(|| by_oboe::Oboe, events)
    }

    fn by<D: Driver>(
        driver: impl FnOnce() -> D + Send + 'static,
        events: impl FnMut(DeviceEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let (words, heard) = mpsc::channel();
        let (make, made) = mpsc::channel();
        let use_of_loudspeaker = Arc::new(Use::default());
        let (say, used) = (words.clone(), use_of_loudspeaker.clone());
        let run = move || {
            Thread {
                keeper: Keeper::new(),
                driver: driver(),
                events,
                words: say,
                make,
                begun: Instant::now(),
                generation: 0,
                microphone: None,
                loudspeaker: None,
                used,
                idle: Watch::default(),
            }
            .run(&heard);
        };
        let thread = Some(thread::Builder::new().name("sound-card".into()).spawn(run)?);
        Ok(Self { words, made, thread, microphone: None, loudspeaker: None, use_of_loudspeaker })
    }

    /// How it does.
    pub fn stats(&self) -> SoundCardStats {
        SoundCardStats {
            microphone: self.microphone.as_ref().map(Capturing::stats).unwrap_or_default(),
            loudspeaker: self.loudspeaker.as_ref().map(|playing| playing.stats()).unwrap_or_default(),
        }
    }

    fn say(&self, word: Word) {
        // The thread ends only when this is dropped, or by a panic, which was reported.
        let _ = self.words.send(word);
    }

    fn take_what_was_made(&mut self) {
        while let Ok(made) = self.made.try_recv() {
            match made {
                Made::Microphone(end) => self.microphone = end,
                Made::Loudspeaker(end) => self.loudspeaker = end,
            }
        }
    }
}

impl Device for SoundCard {
    fn capture(&mut self, out: &mut [i16; FRAME_SAMPLES]) {
        self.take_what_was_made();
        match &mut self.microphone {
            Some(microphone) => microphone.capture(out),
            None => out.fill(0),
        }
    }

    fn play(&mut self, samples: &[i16; FRAME_SAMPLES]) {
        self.take_what_was_made();
        self.use_of_loudspeaker.frames.fetch_add(1, Ordering::Relaxed);
        if !self.use_of_loudspeaker.is_asked.swap(true, Ordering::AcqRel) {
            self.say(Word::Want(CardPart::Loudspeaker, true));
        }
        if let Some(loudspeaker) = &mut self.loudspeaker {
            loudspeaker.play(samples);
        }
    }

    fn microphone(&mut self, open: bool) {
        self.say(Word::Want(CardPart::Microphone, open));
        if !open {
            self.microphone = None;
        }
    }
}

impl Drop for SoundCard {
    fn drop(&mut self) {
        self.say(Word::Leave);
        // If it panicked, that was reported, and its streams were dropped with it.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The thread that opens and closes.
struct Thread<D, E> {
    keeper: Keeper,
    driver: D,
    events: E,
    words: Sender<Word>,
    make: Sender<Made>,
    begun: Instant,
    /// Counts streams.
    generation: u32,
    microphone: Option<Running>,
    loudspeaker: Option<Running>,
    used: Arc<Use>,
    idle: Watch,
}

/// A stream that is open.
struct Running {
    generation: u32,
    gauge: Arc<Gauge>,
    alive: Watch,
    _stream: Box<dyn Any>,
}

/// Notices that a number does not change any more.
#[derive(Default)]
struct Watch {
    seen: u32,
    same: u32,
}

impl Watch {
    /// True when it was the same for too long.
    fn is_still(&mut self, number: u32) -> bool {
        self.same = if number == self.seen { self.same + 1 } else { 0 };
        self.seen = number;
        self.same >= PATIENCE
    }
}

impl<D: Driver, E: FnMut(DeviceEvent)> Thread<D, E> {
    fn run(mut self, words: &Receiver<Word>) {
        let mut look_at = None;
        loop {
            let now = self.begun.elapsed();
            let is_open = self.microphone.is_some() || self.loudspeaker.is_some();
            look_at = is_open.then(|| look_at.unwrap_or(now + LOOK));
            let until = [self.keeper.deadline(), look_at].into_iter().flatten().min();
            let word = match until {
                Some(until) => words.recv_timeout(until.saturating_sub(now)),
                None => words.recv().map_err(RecvTimeoutError::from),
            };
            match word {
                Ok(Word::Want(part, wanted)) => self.input(Input::Want(part, wanted)),
                Ok(Word::Fault(part, generation, fault)) => {
                    let running = self.running(part).as_ref();
                    if running.is_some_and(|running| running.generation == generation) {
                        self.input(Input::Fault(part, fault));
                    }
                }
                Ok(Word::Leave) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if look_at.is_some_and(|at| self.begun.elapsed() >= at) {
                look_at = None;
                self.look();
            }
            self.input(Input::Tick);
        }
    }

    fn running(&mut self, part: CardPart) -> &mut Option<Running> {
        match part {
            CardPart::Microphone => &mut self.microphone,
            CardPart::Loudspeaker => &mut self.loudspeaker,
        }
    }

    /// Some cards die without a word, and some engines stop playing without one.
    fn look(&mut self) {
        for part in [CardPart::Microphone, CardPart::Loudspeaker] {
            let dead = self.running(part).as_mut();
            if dead.is_some_and(|running| running.alive.is_still(running.gauge.calls())) {
                self.input(Input::Fault(part, Fault::Dead));
            }
        }
        if self.loudspeaker.is_some() && self.idle.is_still(self.used.frames.load(Ordering::Relaxed)) {
            self.used.is_asked.store(false, Ordering::Release);
            self.input(Input::Want(CardPart::Loudspeaker, false));
        }
    }

    fn input(&mut self, input: Input) {
        for effect in self.keeper.handle(self.begun.elapsed(), input) {
            match effect {
                Effect::Open(part) => match self.open(part) {
                    Ok(()) => self.input(Input::Opened(part)),
                    Err(error) => self.input(Input::Failed(part, error)),
                },
                Effect::Close(part) => self.close(part),
                Effect::Tell(event) => (self.events)(event),
            }
        }
    }

    fn open(&mut self, part: CardPart) -> Result<(), OpenError> {
        self.generation += 1;
        let generation = self.generation;
        let faults = Faults { part, generation, words: self.words.clone() };
        let (stream, gauge, made) = match part {
            CardPart::Microphone => {
                let (captured, end) = streams::microphone();
                let Opened { rate, stream } = self.driver.microphone(captured, faults)?;
                let end = end(rate);
                (stream, end.gauge.clone(), Made::Microphone(Some(end)))
            }
            CardPart::Loudspeaker => {
                let (played, end) = streams::loudspeaker();
                let Opened { rate, stream } = self.driver.loudspeaker(played, faults)?;
                let end = end(rate);
                self.idle = Watch::default();
                (stream, end.gauge.clone(), Made::Loudspeaker(Some(Box::new(end))))
            }
        };
        *self.running(part) = Some(Running { generation, gauge, alive: Watch::default(), _stream: stream });
        self.give(made);
        Ok(())
    }

    fn close(&mut self, part: CardPart) {
        *self.running(part) = None;
        self.give(match part {
            CardPart::Microphone => Made::Microphone(None),
            CardPart::Loudspeaker => Made::Loudspeaker(None),
        });
    }

    fn give(&self, made: Made) {
        // The engine let go of the card, and `Leave` is on its way.
        let _ = self.make.send(made);
    }
}

#[cfg(test)]
mod tests;
