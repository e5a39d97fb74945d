//! What only the platform can do.
use crate::audio::Device;
use calls_machine::{CallKey, EndReason, Sound};

/// What only the platform can do: the app's side of the engine. Called on threads of the engine, with no lock held.
pub trait Host: Send + Sync + 'static {
    /// What captures and plays. Asked for when something is to be heard or said, on the thread that uses it, and dropped
    /// when nothing is.
    fn sound(&self) -> Box<dyn Device>;

    /// Whether the app plays this itself, as a phone does with the ring tone that its owner chose. Told of every change,
    /// [`Sound::Silence`] as well.
    fn plays(&self, _sound: Sound) -> bool {
        false
    }

    /// A call is over: for the history.
    fn ended(&self, _call: CallKey, _reason: EndReason) {}
}
