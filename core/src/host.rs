//! What only the platform can do.
use crate::{
    audio::Device,
    video::{Codecs, Maker, Sink},
};
use calls_machine::{CallKey, EndReason, Sound};
use calls_protocol::UserId;

/// Which way a camera looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lens {
    /// At whoever holds the device.
    #[default]
    Front,
    /// At what they look at.
    Back,
}

impl Lens {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Front => Self::Back,
            Self::Back => Self::Front,
        }
    }
}

/// What only the platform can do: the app's side of the engine.
///
/// Called on threads of the engine, with no lock held: an answer that takes long holds up every call, so whatever waits
/// (a camera that opens, a permission that is asked for) does so on a thread of its own. Whoever keeps a [`crate::Calls`]
/// in here keeps the engine alive for ever.
pub trait Host: Send + Sync + 'static {
    /// What captures and plays. Asked for on the thread that uses it, when somebody calls or is called, so that nothing has
    /// to be opened when they answer, and dropped when no call is left. The microphone is open only between
    /// [`Device::microphone`] with `true` and `false`.
    fn sound(&self) -> Box<dyn Device>;

    /// Whether the app plays this itself, as a phone does with the ring tone that its owner chose. Told of every change,
    /// [`Sound::Silence`] as well.
    fn plays(&self, _sound: Sound) -> bool {
        false
    }

    /// A camera, if there is one and it may be used. Dropped when it is not wanted any more.
    fn camera(&self, _lens: Lens) -> Option<Box<dyn Maker>> {
        None
    }

    /// The screen of this device, if it may be shown.
    fn shared_screen(&self) -> Option<Box<dyn Maker>> {
        None
    }

    /// What decodes pictures of others; none shows nobody. Asked for once for each of them, while it rings or when it comes into view.
    fn codecs(&self) -> Option<Box<dyn Codecs>> {
        None
    }

    /// Where the picture of somebody is shown; none shows nothing of them.
    fn display(&self, _call: CallKey, _user: UserId) -> Option<Box<dyn Sink>> {
        None
    }

    /// Where the shared screen of somebody is shown, when it comes beside their camera: in a call through the media server.
    fn screen_display(&self, _call: CallKey, _user: UserId) -> Option<Box<dyn Sink>> {
        None
    }

    /// A call is over: for the history.
    fn ended(&self, _call: CallKey, _reason: EndReason) {}
}
