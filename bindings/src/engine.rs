//! The calls of one user on this device.
use crate::{
    CallStats, CallType, CallsConfig, CallsError, CallsListener, CheckReport, Language, Look, Picture,
    Platform, ProofSource, Reaction,
    check::CheckLine,
    config::{group, user},
    host::App,
    listener,
    pixels::Pixels,
    snapshot::Epoch,
    stats::Meter,
};
use calls_core::{Call, CallKey, Callee, Calls, Closed, Config, check};
use calls_protocol::DeviceId;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// The calls of one user on this device. Connected until it ends; every function can be called at any time.
#[derive(uniffi::Object)]
pub struct CallsEngine {
    calls: Calls,
    /// What the app gave, to ask the same things again for a check. None after the end: what the app gave may hold on to us.
    given: Mutex<Option<Given>>,
    meter: Mutex<Meter>,
    pixels: u64,
}

#[derive(Clone)]
struct Given {
    config: CallsConfig,
    proofs: Arc<dyn ProofSource>,
    app: Arc<App>,
}

#[uniffi::export]
impl CallsEngine {
    /// Begins to connect, and goes on trying until it ends. Returns at once; the listener hears the rest.
    #[uniffi::constructor]
    pub fn connect(
        config: CallsConfig,
        proofs: Arc<dyn ProofSource>,
        platform: Arc<dyn Platform>,
        listener: Arc<dyn CallsListener>,
    ) -> Result<Arc<Self>, CallsError> {
        let (pixels, number) = Pixels::new();
        let (microphone, camera) = (config.microphone.clone(), config.camera.clone());
        let app = Arc::new(App { platform, microphone, camera, pixels });
        let calls = Calls::connect(config.engine(proofs.clone())?, app.clone())?;
        let epoch = Epoch::new(calls.now());
        listener::start(listener, calls.snapshots(), calls.levels(), epoch).map_err(CallsError::system)?;
        let given = Mutex::new(Some(Given { config, proofs, app }));
        Ok(Arc::new(Self { calls, given, meter: Mutex::default(), pixels: number }))
    }

    /// By which `NativePixels` knows the pictures of this engine.
    pub fn pixels(&self) -> i64 {
        self.pixels.cast_signed()
    }

    /// Calls somebody. The call's number is in snapshots.
    pub async fn dial(&self, user: i64, call_type: CallType) -> Result<i64, CallsError> {
        let callee = Callee::User(self::user(user)?);
        Ok(number(&self.calls()?.dial(callee, call_type.into()).await?))
    }

    /// Calls a group of the messenger.
    pub async fn dial_group(&self, group: i64, call_type: CallType) -> Result<i64, CallsError> {
        let callee = Callee::Group(self::group(group)?);
        Ok(number(&self.calls()?.dial(callee, call_type.into()).await?))
    }

    /// Comes into a room by its name.
    pub async fn join(&self, room: String, call_type: CallType) -> Result<i64, CallsError> {
        Ok(number(&self.calls()?.join(&room, call_type.into()).await?))
    }

    /// Answers a call that rings.
    pub fn accept(&self, call: i64, call_type: CallType) -> Result<(), CallsError> {
        Ok(self.call(call)?.accept(call_type.into())?)
    }

    /// Says no to a call that rings.
    pub fn reject(&self, call: i64) -> Result<(), CallsError> {
        Ok(self.call(call)?.reject()?)
    }

    /// Ends a call, or leaves it if others go on.
    pub fn hang_up(&self, call: i64) -> Result<(), CallsError> {
        Ok(self.call(call)?.hang_up()?)
    }

    /// Silences the microphone, or not.
    pub fn set_muted(&self, call: i64, muted: bool) -> Result<(), CallsError> {
        Ok(self.call(call)?.set_muted(muted)?)
    }

    /// Shows the camera, the screen, or nothing.
    pub fn show(&self, call: i64, picture: Picture) -> Result<(), CallsError> {
        Ok(self.call(call)?.show(picture.into())?)
    }

    /// Shares the screen beside what is shown, or no longer. Where there is no place for a second picture, in a call that goes
    /// straight between devices, it takes the place of the camera for as long.
    pub fn share_screen(&self, call: i64, on: bool) -> Result<(), CallsError> {
        Ok(self.call(call)?.share_screen(on)?)
    }

    /// These pictures of others are on the screen, instead of those before: others are not decoded, and the media server does
    /// not send them larger than they are shown. Until the first time, it chooses.
    pub fn look(&self, call: i64, looks: Vec<Look>) -> Result<(), CallsError> {
        Ok(self.call(call)?.look(looks.into_iter().filter_map(Look::of).collect())?)
    }

    /// Raises the hand in a room of many, or takes it down.
    pub fn raise_hand(&self, call: i64, raised: bool) -> Result<(), CallsError> {
        Ok(self.call(call)?.raise_hand(raised)?)
    }

    /// Shows something for a moment, in a room of many. Without the server nothing is shown.
    pub fn react(&self, call: i64, reaction: Reaction) -> Result<(), CallsError> {
        Ok(self.call(call)?.react(reaction.into())?)
    }

    /// Writes to everyone in a room of many. How far it is says the line in the snapshot.
    pub fn write(&self, call: i64, text: &str) -> Result<(), CallsError> {
        Ok(self.call(call)?.write(text)?)
    }

    /// As host: switches somebody's microphone off. They may switch it on again.
    pub fn mute_participant(&self, call: i64, user: i64) -> Result<(), CallsError> {
        Ok(self.call(call)?.mute_other(self::user(user)?)?)
    }

    /// As host: somebody has to go, or does not come in, and stays outside until they are admitted.
    pub fn remove_participant(&self, call: i64, user: i64) -> Result<(), CallsError> {
        Ok(self.call(call)?.remove(self::user(user)?)?)
    }

    /// As host: nobody new comes in, or they do again. Whoever was in it may return.
    pub fn set_locked(&self, call: i64, locked: bool) -> Result<(), CallsError> {
        Ok(self.call(call)?.lock(locked)?)
    }

    /// As host: newcomers wait until they are let in. When it goes off, those who wait come in.
    pub fn set_waiting_room(&self, call: i64, on: bool) -> Result<(), CallsError> {
        Ok(self.call(call)?.have_wait(on)?)
    }

    /// As host: somebody who waits may come in, or not. Or somebody who was removed may come back.
    pub fn admit(&self, call: i64, user: i64, admitted: bool) -> Result<(), CallsError> {
        Ok(self.call(call)?.admit(self::user(user)?, admitted)?)
    }

    /// Puts a call on hold, or takes it back. Another one that is going on is put on hold then.
    pub fn set_held(&self, call: i64, held: bool) -> Result<(), CallsError> {
        Ok(self.call(call)?.hold(held)?)
    }

    /// The end of a call was seen: it leaves the snapshot.
    pub fn dismiss(&self, call: i64) -> Result<(), CallsError> {
        Ok(self.call(call)?.dismiss()?)
    }

    /// How a call does. Empty when it is over.
    pub async fn stats(&self, call: i64) -> Result<CallStats, CallsError> {
        let of = self.call(call)?;
        let stats = of.stats().await?;
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(meter.read(Instant::now(), of.key(), &stats))
    }

    /// What happened in a call so far, for a person to read and to send to somebody: no names, addresses or words of it.
    pub async fn report(&self, call: i64) -> Result<String, CallsError> {
        Ok(self.call(call)?.report().await?)
    }

    /// A push said that a call rings. With `rings_for` none it is over by now.
    pub fn woken(
        &self,
        room: &str,
        from: i64,
        name: &str,
        call_type: CallType,
        rings_for: Option<Duration>,
    ) -> Result<(), CallsError> {
        Ok(self.calls()?.woken(room, user(from)?, name, call_type.into(), rings_for)?)
    }

    /// The device has another network, or the same with another address.
    pub fn network_changed(&self) -> Result<(), CallsError> {
        Ok(self.calls()?.network_changed()?)
    }

    /// Pushes reach this device here from now on. The server is told at once, or as soon as it is there; calls that go on
    /// do not notice.
    pub fn set_push_token(&self, token: &str) -> Result<(), CallsError> {
        Ok(self.calls()?.set_push_token(token)?)
    }

    /// There is no microphone, or it may not be used.
    pub fn no_microphone(&self) -> Result<(), CallsError> {
        Ok(self.calls()?.no_microphone()?)
    }

    /// There is no camera, or it may not be used.
    pub fn no_camera(&self) -> Result<(), CallsError> {
        Ok(self.calls()?.no_camera()?)
    }

    /// The camera that looks the other way, from now on.
    pub fn switch_camera(&self) -> Result<(), CallsError> {
        Ok(self.calls()?.switch_camera()?)
    }

    /// Tries the server, the relays, voice through them, and the microphone, before anybody is called. Takes seconds;
    /// whoever does not wait any more ends it.
    pub async fn check(&self, language: Language) -> Result<CheckReport, CallsError> {
        let Given { config, proofs, app } = self.given()?;
        let mut config = config.engine(proofs)?;
        // The server has one connection of each device.
        let device = format!("{}-check", config.who.device.as_str().chars().take(50).collect::<String>());
        config.who.device = DeviceId::new(&device).map_err(CallsError::bad_name)?;
        config.who.push_token = None;
        checked(config, app, language).await
    }

    /// Begins to end everything, and does not wait.
    pub fn end(&self) {
        let given = self.lock().take();
        // Not with the lock held: it may be the last to hold something of the app's.
        drop(given);
        self.calls.end();
    }

    /// Ends everything. When it returns, no thread, socket or device of the engine is left, whoever ended it.
    pub async fn shutdown(&self) {
        self.end();
        self.calls.close().await;
    }
}

impl CallsEngine {
    fn given(&self) -> Result<Given, CallsError> {
        self.lock().clone().ok_or(CallsError::Closed)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Given>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn calls(&self) -> Result<&Calls, CallsError> {
        if self.lock().is_none() { Err(CallsError::Closed) } else { Ok(&self.calls) }
    }

    fn call(&self, call: i64) -> Result<Call, CallsError> {
        // A number that no call ever had: then it is as over as one of yesterday.
        Ok(self.calls()?.call(CallKey(u32::try_from(call).unwrap_or(u32::MAX))))
    }
}

fn number(call: &Call) -> i64 {
    call.key().0.into()
}

/// Runs a check on a thread of its own, since it needs timers and sockets, until it is done or nobody waits any more.
async fn checked(config: Config, app: Arc<App>, language: Language) -> Result<CheckReport, CallsError> {
    let (mut answer, answered) = oneshot::channel();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CallsError::system)?;
    let run = move || {
        let done = runtime.block_on(async {
            let mut lines = Vec::new();
            let line = |subject: check::Subject, finding: &check::Finding| {
                lines.push(CheckLine::of(subject, finding, language));
            };
            let outlook = tokio::select! {
                outlook = check::check(&config, &*app, line) => outlook,
                () = answer.closed() => return None,
            };
            Some(outlook.map(|outlook| CheckReport::of(outlook, lines)))
        });
        if let Some(done) = done {
            // Nobody waits any more.
            let _unheard = answer.send(done);
        }
    };
    thread::Builder::new().name("calls-check".into()).spawn(run).map_err(CallsError::system)?;
    match answered.await {
        Ok(report) => Ok(report?),
        Err(_panicked) => Err(Closed.into()),
    }
}
