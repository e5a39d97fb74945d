//! What the engine asks of the platform.
use crate::{CameraKind, MicrophoneKind, pixels::Pixels, snapshot::mirror};
use calls_core::{
    CallKey, Host, Lens as CoreLens, Sound,
    audio::{Device, DeviceEvent, NullDevice, SoundCard, ToneDevice},
    video::{Codecs, Frame, Maker, Relayed, Sink, Source, Studio, pattern::TestPattern},
};
use calls_protocol::UserId;
use std::{sync::Arc, time::Duration};

mirror! {
    /// Which way a camera looks.
    Lens of CoreLens {
        /// At whoever holds the device.
        Front,
        /// At what they look at.
        Back,
    }
}

mirror! {
    /// What is to be heard apart from voices.
    Ringing of Sound {
        /// Nothing.
        Silence,
        /// A call comes in.
        Ring,
        /// A call comes in during another one.
        Waiting,
        /// It rings at the other side.
        RingBack,
        /// It is being connected, or connected again.
        Connecting,
    }
}

/// What only the app can do. Called on threads of the engine, which wait for the answer: it has to be quick.
#[uniffi::export(with_foreign)]
pub trait Platform: Send + Sync {
    /// Whether the app plays this itself, as a phone does with the ring tone that its owner chose. Told of every change,
    /// silence as well.
    fn plays(&self, sound: Ringing) -> Result<bool, PlatformError>;

    /// The camera is wanted: the app opens it and hands its pictures to `NativePixels.push` with this number. False if there
    /// is none, or if it may not be used.
    fn open_camera(&self, lens: Lens, source: i64) -> Result<bool, PlatformError>;

    /// The screen is wanted, likewise; the camera may go on beside it, with a number of its own.
    fn open_screen(&self, source: i64) -> Result<bool, PlatformError>;

    /// Pictures with this number are not wanted any more.
    fn close_picture(&self, source: i64) -> Result<(), PlatformError>;
}

/// The app threw something where the engine asked it. What was wanted is taken for refused, and the call goes on.
#[derive(Debug, thiserror::Error, uniffi::Error)]
#[uniffi(flat_error)]
pub enum PlatformError {
    /// It threw this.
    #[error("the app failed: {0}")]
    Failed(String),
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PlatformError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed(error.reason)
    }
}

/// What the app said; what stands for no if it threw.
fn said<T: Default>(answer: Result<T, PlatformError>) -> T {
    answer.unwrap_or_else(|error| {
        tracing::warn!(%error, "the app was asked");
        T::default()
    })
}

/// The app's side of one engine.
pub(crate) struct App {
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) microphone: MicrophoneKind,
    pub(crate) camera: CameraKind,
    pub(crate) pixels: Arc<Pixels>,
}

impl App {
    /// What the app hands in, if it says that it will; `preview` is where the person sees it as well.
    fn handed_in(
        &self,
        preview: Option<Box<dyn Sink>>,
        opens: impl FnOnce(i64) -> bool,
    ) -> Option<Box<dyn Maker>> {
        let codecs = codecs()?;
        let (number, source) = self.pixels.source();
        let (platform, pixels) = (self.platform.clone(), self.pixels.clone());
        let open = Open { source, number, platform, pixels };
        // Dropped if the app says no: it is told that nothing is wanted, which it knows.
        opens(number).then(|| Box::new(Studio::new(Box::new(open), codecs, preview)) as _)
    }
}

/// Something that the app opened, until it is dropped.
struct Open {
    source: Relayed,
    number: i64,
    platform: Arc<dyn Platform>,
    pixels: Arc<Pixels>,
}

impl Source for Open {
    fn next(&mut self, at: Duration) -> Option<Frame> {
        self.source.next(at)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.pixels.close_source(self.number);
        said(self.platform.close_picture(self.number));
    }
}

impl Host for App {
    fn sound(&self) -> Box<dyn Device> {
        match self.microphone {
            MicrophoneKind::SoundCard => match sound_card(|event| tracing::info!(?event, "sound card")) {
                Ok(card) => Box::new(card),
                Err(error) => {
                    tracing::error!(%error, "no thread for the sound card: this call is silent");
                    Box::new(NullDevice)
                }
            },
            MicrophoneKind::Tone { hertz } => Box::new(ToneDevice::new(hertz, |_| {})),
            MicrophoneKind::Silent => Box::new(NullDevice),
        }
    }

    fn plays(&self, sound: Sound) -> bool {
        said(self.platform.plays(sound.into()))
    }

    fn camera(&self, lens: CoreLens) -> Option<Box<dyn Maker>> {
        match self.camera {
            CameraKind::Phone => {
                let preview = Box::new(self.pixels.ours());
                self.handed_in(Some(preview), |source| said(self.platform.open_camera(lens.into(), source)))
            }
            CameraKind::TestPattern { number } => {
                let source = Box::new(TestPattern::new(number.unsigned_abs(), 640, 360));
                Some(Box::new(Studio::new(source, codecs()?, Some(Box::new(self.pixels.ours())))))
            }
            CameraKind::None => None,
        }
    }

    fn shared_screen(&self) -> Option<Box<dyn Maker>> {
        // The person looks at it already; and a picture of it on it would show itself without end.
        self.handed_in(None, |source| said(self.platform.open_screen(source)))
    }

    fn codecs(&self) -> Option<Box<dyn Codecs>> {
        codecs()
    }

    fn display(&self, call: CallKey, user: UserId) -> Option<Box<dyn Sink>> {
        Some(Box::new(self.pixels.of(call, user)))
    }

    fn screen_display(&self, call: CallKey, user: UserId) -> Option<Box<dyn Sink>> {
        Some(Box::new(self.pixels.screen_of(call, user)))
    }
}

/// By Oboe where it is built in: it knows the phones' manners, and their echo cancellers.
#[cfg(all(target_os = "android", feature = "oboe"))]
fn sound_card(events: impl FnMut(DeviceEvent) + Send + 'static) -> std::io::Result<SoundCard> {
    SoundCard::by_oboe(events)
}

#[cfg(not(all(target_os = "android", feature = "oboe")))]
fn sound_card(events: impl FnMut(DeviceEvent) + Send + 'static) -> std::io::Result<SoundCard> {
    SoundCard::new(events)
}

/// Those of the phone.
#[cfg(target_os = "android")]
fn codecs() -> Option<Box<dyn Codecs>> {
    Some(Box::new(crate::android::codec::Phone))
}

/// Those of the processor, where the platform has none of its own.
#[cfg(all(not(target_os = "android"), feature = "software-video"))]
fn codecs() -> Option<Box<dyn Codecs>> {
    Some(Box::new(calls_core::video::Software))
}

/// None: no pictures.
#[cfg(all(not(target_os = "android"), not(feature = "software-video")))]
fn codecs() -> Option<Box<dyn Codecs>> {
    None
}
