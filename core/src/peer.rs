//! One connection to one other device: the WebRTC stack behind a face of our own, named nowhere else.
//!
//! A [`Peer`] does what a [`PeerOrder`] says and tells what a [`FromPeer`] can say; which order when is decided by
//! `calls-machine`. Encoded frames go in, packets come out, and neither passes unless the last [`Gate`] lets it. Before
//! [`PeerOrder::Connect`] no packet goes to the other side and none from it is read.
//!
//! One task owns each connection. It ends when the `Peer` is closed or dropped, and everything that it started ends
//! before it does.
//!
//! [`Gate`]: calls_machine::Gate
mod candidate;
mod description;
mod estimate;
mod feedback;
mod flights;
#[doc(hidden)]
pub mod hostile;
mod media;
mod net;
mod owner;
mod pace;
mod pictures;
mod receive;
mod send;
mod servers;
mod settings;
mod stack;
mod stats;
mod turn_stream;

pub use calls_samples::Rotation;
pub use media::{
    Content, EncodedAudio, EncodedVideo, KeyFrameWanted, Layer, Level, Mid, ReceivedPacket, VideoCodec,
};
pub use servers::RelayProtocol;
pub use settings::PeerSettings;
pub use stats::{PathEnd, PathStats, PeerStats, ReceivedStats, SentStats};

use calls_machine::{FromPeer, PeerOrder};
use estimate::Estimate;
use owner::{Inlets, Outlets, Question};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use thiserror::Error;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// Orders that wait. The next one waits in whoever gives it.
const ORDERS: usize = 256;
/// More than a whole call says. If it is full, nobody listens, and what is said is dropped.
const WORDS: usize = 1024;
/// Frames that wait: 160 ms of voice. Older ones are of no use, so the next one is refused.
const VOICE: usize = 8;
/// A picture may burst more than voice.
const PICTURE: usize = 16;
const QUESTIONS: usize = 8;

/// A connection to one other device.
pub struct Peer {
    orders: mpsc::Sender<PeerOrder>,
    questions: mpsc::Sender<Question>,
    voice: mpsc::Sender<EncodedAudio>,
    camera: PictureInlet,
    screen: PictureInlet,
    estimate: Arc<Estimate>,
    task: JoinHandle<()>,
}

/// Where our voice goes into a connection.
#[derive(Debug, Clone)]
pub struct VoiceInlet(mpsc::Sender<EncodedAudio>);

impl VoiceInlet {
    /// Sends a frame, if the gate lets it.
    pub fn send(&self, frame: EncodedAudio) -> Result<(), NotSent> {
        self.0.try_send(frame).map_err(NotSent::from)
    }
}

/// Where our picture goes into a connection.
#[derive(Debug, Clone)]
pub struct PictureInlet {
    frames: mpsc::Sender<EncodedVideo>,
    /// A frame of this size was refused, and no key frame came after it.
    has_gap: Arc<[AtomicBool; 3]>,
}

impl PictureInlet {
    fn new(frames: mpsc::Sender<EncodedVideo>) -> Self {
        Self { frames, has_gap: Arc::default() }
    }

    /// Another source is in front of it: only a key frame is taken next.
    pub(crate) fn begin_anew(&self) {
        self.has_gap.iter().for_each(|has_gap| has_gap.store(true, Ordering::Release));
    }

    /// Sends a picture, if the gate lets it. After one that was refused only a key frame is taken.
    pub fn send(&self, frame: EncodedVideo) -> Result<(), NotSent> {
        let has_gap = &self.has_gap[frame.layer as usize];
        if !frame.key && has_gap.load(Ordering::Acquire) {
            return Err(NotSent::Busy);
        }
        let sent = self.frames.try_send(frame).map_err(NotSent::from);
        has_gap.store(sent.is_err(), Ordering::Release);
        sent
    }
}

/// Asks the other side for key frames.
#[derive(Clone)]
pub struct KeyFrameAsker(mpsc::Sender<Question>);

impl KeyFrameAsker {
    /// Asks for one of the picture in this part of their description, or of all if none is named, if not too much else is
    /// asked.
    pub fn ask(&self, mid: Option<Mid>) -> Result<(), NotSent> {
        self.0.try_send(Question::KeyFrame(mid)).map_err(NotSent::from)
    }
}

/// What comes from a connection.
pub struct PeerOutput {
    /// For the machine.
    pub told: mpsc::Receiver<FromPeer>,
    /// Their voice.
    pub voice: mpsc::Receiver<ReceivedPacket>,
    /// Their picture.
    pub picture: mpsc::Receiver<ReceivedPacket>,
    /// They need a key frame of ours.
    pub key_frame_wanted: mpsc::Receiver<KeyFrameWanted>,
    /// What they take of our picture, the best first; nothing while none may be sent.
    pub picture_codecs: watch::Receiver<Vec<VideoCodec>>,
}

/// The connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the connection is closed")]
pub struct PeerClosed;

/// A frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotSent {
    /// Others still wait and it would come too late, or it is of a picture and stands on one that was refused so. It is
    /// let go.
    #[error("earlier frames wait to be sent or were not taken")]
    Busy,
    /// For ever.
    #[error("the connection is closed")]
    Closed,
}

impl Peer {
    /// Begins one on the current tokio runtime. Nothing happens before [`PeerOrder::Create`].
    pub fn start(settings: PeerSettings) -> (Self, PeerOutput) {
        let (orders, orders_in) = mpsc::channel(ORDERS);
        let (questions, questions_in) = mpsc::channel(QUESTIONS);
        let (voice, voice_in) = mpsc::channel(VOICE);
        let (camera, camera_in) = mpsc::channel(PICTURE);
        let (screen, screen_in) = mpsc::channel(PICTURE);
        let (camera, screen) = (PictureInlet::new(camera), PictureInlet::new(screen));
        let (told_out, told) = mpsc::channel(WORDS);
        let (voice_out, voice_received) = mpsc::channel(receive::VOICE_QUEUE);
        let (picture_out, picture_received) = mpsc::channel(receive::PICTURE_QUEUE);
        let (wanted_out, key_frame_wanted) = mpsc::channel(receive::WANTED_QUEUE);
        let (codecs_out, picture_codecs) = watch::channel(Vec::new());
        let inlets = Inlets {
            orders: orders_in,
            questions: questions_in,
            voice: voice_in,
            camera: camera_in,
            screen: screen_in,
        };
        let outlets = Outlets {
            told: told_out,
            voice: voice_out,
            picture: picture_out,
            wanted: wanted_out,
            codecs: codecs_out,
        };
        let estimate = Arc::<Estimate>::default();
        let task = tokio::spawn(owner::run(settings, inlets, outlets, estimate.clone()));
        let output = PeerOutput {
            told,
            voice: voice_received,
            picture: picture_received,
            key_frame_wanted,
            picture_codecs,
        };
        (Self { orders, questions, voice, camera, screen, estimate, task }, output)
    }

    /// Gives an order. They are carried out one after another.
    pub async fn order(&self, order: PeerOrder) -> Result<(), PeerClosed> {
        self.orders.send(order).await.map_err(|_| PeerClosed)
    }

    /// Sends a frame of our voice, if the gate lets it.
    pub fn send_voice(&self, frame: EncodedAudio) -> Result<(), NotSent> {
        self.voice.try_send(frame).map_err(NotSent::from)
    }

    /// Where our voice goes in, for a thread of its own. It does not keep the connection alive.
    pub fn voice_inlet(&self) -> VoiceInlet {
        VoiceInlet(self.voice.clone())
    }

    /// Where our picture goes in, likewise; to the media server, the camera.
    pub fn picture_inlet(&self) -> PictureInlet {
        self.camera.clone()
    }

    /// Where the screen goes in, likewise, to the media server. Nothing of it leaves by another connection.
    pub fn screen_inlet(&self) -> PictureInlet {
        self.screen.clone()
    }

    /// Asks for key frames, likewise.
    pub fn key_frame_asker(&self) -> KeyFrameAsker {
        KeyFrameAsker(self.questions.clone())
    }

    /// How much may be sent, by the estimate of the path, in bits per second.
    pub fn estimate(&self) -> u64 {
        self.estimate.bits_per_second()
    }

    /// Sends a picture of ours, if the gate lets it. Camera, screen and whatever else there is take turns here; the
    /// other side sees one stream. After one that was refused only a key frame is taken. After some that the gate let go
    /// likewise, and a key frame is asked for as if the other side had.
    pub fn send_picture(&self, frame: EncodedVideo) -> Result<(), NotSent> {
        self.camera.send(frame)
    }

    /// Asks the other side for a picture that can be shown without any before it.
    pub async fn ask_for_key_frame(&self) -> Result<(), PeerClosed> {
        self.questions.send(Question::KeyFrame(None)).await.map_err(|_| PeerClosed)
    }

    /// How it does.
    pub async fn stats(&self) -> Result<PeerStats, PeerClosed> {
        let (answer, stats) = oneshot::channel();
        self.questions.send(Question::Stats(answer)).await.map_err(|_| PeerClosed)?;
        stats.await.map_err(|_| PeerClosed)
    }

    /// Says good-bye and goes away: when this returns, no task and no socket of it is left.
    pub async fn close(self) {
        let Self { orders, questions, voice, camera, screen, estimate: _, task } = self;
        drop((orders, questions, voice, camera, screen));
        if let Err(error) = task.await
            && error.is_panic()
        {
            tracing::error!("the owner of a connection panicked");
        }
    }
}

impl<T> From<mpsc::error::TrySendError<T>> for NotSent {
    fn from(error: mpsc::error::TrySendError<T>) -> Self {
        match error {
            mpsc::error::TrySendError::Full(_) => Self::Busy,
            mpsc::error::TrySendError::Closed(_) => Self::Closed,
        }
    }
}

fn random_u32() -> u32 {
    let mut bytes = [0; 4];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .expect("the system gives random bytes, or TLS would not work either");
    u32::from_ne_bytes(bytes)
}
