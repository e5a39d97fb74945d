//! The thread that decodes their picture and shows it.
use super::{
    Sink,
    assemble::AssemblySettings,
    codec::Codecs,
    seeing::{Seeing, SeeingStats},
};
use crate::peer::ReceivedPacket;
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};
use tokio::sync::mpsc::Receiver;
use tracing::error;

/// Watches on a thread of its own, until it is dropped or the connection ends. A drop waits for the frame that is being
/// shown.
pub struct Watching {
    end: Arc<AtomicBool>,
    stats: Arc<Mutex<WatchingStats>>,
    thread: Option<JoinHandle<()>>,
}

/// How it does.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WatchingStats {
    /// What became of what came.
    pub seeing: SeeingStats,
    /// All that decoding and showing took.
    pub busy: Duration,
}

impl WatchingStats {
    /// What a frame takes to be decoded and shown.
    pub fn busy_per_frame(&self) -> Duration {
        self.busy.checked_div(u32::try_from(self.seeing.frames).unwrap_or(u32::MAX)).unwrap_or_default()
    }
}

impl Watching {
    /// Begins. When a key frame is needed, `ask_key_frame` is called on the thread.
    pub fn start(
        packets: Receiver<ReceivedPacket>,
        codecs: Box<dyn Codecs>,
        ask_key_frame: impl Fn() + Send + 'static,
        sink: Box<dyn Sink>,
    ) -> io::Result<Self> {
        let end = Arc::<AtomicBool>::default();
        let stats = Arc::<Mutex<WatchingStats>>::default();
        let watcher = Watcher {
            seeing: Seeing::new(codecs, AssemblySettings::default()),
            begin: Instant::now(),
            end: end.clone(),
            stats: stats.clone(),
            ask_key_frame,
            sink,
        };
        let thread =
            thread::Builder::new().name("watching".to_owned()).spawn(move || watcher.watch(packets))?;
        Ok(Self { end, stats, thread: Some(thread) })
    }

    /// How it does.
    pub fn stats(&self) -> WatchingStats {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.end.store(true, Ordering::Release);
        thread.thread().unpark();
        if thread.join().is_err() {
            error!("the thread that shows a picture panicked");
        }
    }
}

struct Watcher<Ask> {
    seeing: Seeing,
    begin: Instant,
    end: Arc<AtomicBool>,
    stats: Arc<Mutex<WatchingStats>>,
    ask_key_frame: Ask,
    sink: Box<dyn Sink>,
}

/// Stats are told at least so often, so that the rate of a picture that stands still goes down.
const TELL_EVERY: Duration = Duration::from_millis(500);

impl<Ask: Fn()> Watcher<Ask> {
    fn watch(mut self, mut packets: Receiver<ReceivedPacket>) {
        // The channel wakes tasks; this thread is one.
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut busy = Duration::ZERO;
        while !self.end.load(Ordering::Acquire) {
            let is_over = match packets.poll_recv(&mut context) {
                Poll::Ready(Some(packet)) => {
                    self.seeing.push(self.begin.elapsed(), packet);
                    false
                }
                Poll::Ready(None) => true,
                Poll::Pending => {
                    let now = self.begin.elapsed();
                    let wait = self.seeing.deadline().map_or(TELL_EVERY, |at| at.saturating_sub(now));
                    thread::park_timeout(wait.min(TELL_EVERY));
                    false
                }
            };
            busy += self.show();
            self.tell(busy);
            if is_over {
                return;
            }
        }
    }

    /// Shows what can be shown, and says how long that took.
    fn show(&mut self) -> Duration {
        let now = self.begin.elapsed();
        let mut has_shown = false;
        while let Some(frame) = self.seeing.see(now) {
            self.sink.show(&frame);
            has_shown = true;
        }
        if self.seeing.wants_key_frame(now) {
            (self.ask_key_frame)();
        }
        if has_shown { self.begin.elapsed().saturating_sub(now) } else { Duration::ZERO }
    }

    fn tell(&self, busy: Duration) {
        let seeing = self.seeing.stats(self.begin.elapsed());
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = WatchingStats { seeing, busy };
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
#[cfg(feature = "software-video")]
mod tests {
    use super::*;
    use crate::{
        peer::{Content, VideoCodec},
        video::{EncoderSettings, Frame, Software, pattern},
    };
    use std::sync::mpsc;

    const PATIENCE: Duration = Duration::from_secs(30);

    struct Shown(mpsc::Sender<Frame>);

    impl Sink for Shown {
        fn show(&mut self, frame: &Frame) {
            self.0.send(frame.clone()).unwrap();
        }
    }

    fn packet(sequence: u16, key: bool) -> ReceivedPacket {
        let settings = EncoderSettings {
            codec: VideoCodec::Vp8,
            width: 96,
            height: 64,
            bitrate: 300_000,
            frame_rate: 30,
        };
        let mut encoder = Software.encoder(settings).unwrap();
        let frame = pattern::TestPattern::new(3, 96, 64).at(Duration::ZERO);
        let mut payload = encoder.encode(&frame, 0, true).unwrap().unwrap().payload;
        payload[0] |= u8::from(!key);
        ReceivedPacket {
            mid: None,
            content: Content::Video(VideoCodec::Vp8),
            ssrc: 1,
            came: Instant::now(),
            sequence,
            timestamp: u32::from(sequence) * 3000,
            marker: true,
            payload: [vec![0x10], payload].concat().into(),
            level: None,
            rotation: None,
        }
    }

    #[test]
    fn what_comes_is_shown_and_what_is_missing_is_asked_for() {
        let (send, packets) = tokio::sync::mpsc::channel(8);
        let (shown, frames) = mpsc::channel();
        let (ask, asked) = mpsc::channel();
        let ask_key_frame = move || ask.send(()).unwrap();
        let sink = Box::new(Shown(shown));
        let watching = Watching::start(packets, Box::new(Software), ask_key_frame, sink).unwrap();

        send.blocking_send(packet(1, false)).unwrap();
        asked.recv_timeout(PATIENCE).unwrap();
        send.blocking_send(packet(2, true)).unwrap();

        assert_eq!(pattern::who(&frames.recv_timeout(PATIENCE).unwrap()), Some(3));
        while watching.stats().seeing.frames == 0 {
            thread::yield_now();
        }
        assert!(watching.stats().busy_per_frame() > Duration::ZERO);
        drop(watching);
        assert!(send.is_closed() && asked.recv().is_err() && frames.recv().is_err(), "nothing is left");
    }

    #[test]
    fn it_ends_with_the_connection() {
        let (send, packets) = tokio::sync::mpsc::channel(8);
        let (shown, frames) = mpsc::channel();
        let watching = Watching::start(packets, Box::new(Software), || {}, Box::new(Shown(shown))).unwrap();

        send.blocking_send(packet(2, true)).unwrap();
        drop(send);

        assert_eq!(frames.iter().count(), 1);
        drop(watching);
    }
}
