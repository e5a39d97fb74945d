//! A device with an engine: it says one tone and knows which tone it hears.
mod diary;
mod studio;

use anyhow::{Context, Result, bail};
use calls_core::{
    Call, CallKey, CallSnapshot, CallState, Calls, Config, EndReason, Host, Lens, Path, Sound,
    audio::{Device, FRAME_SAMPLES, Loudness, SAMPLE_RATE, ToneDevice},
    signaling::{LinkSettings, Proofs, ServerUrl, Who},
    video::{Codecs, Frame, Maker, Sink, Software, Studio, pattern},
};
use calls_protocol::{DeviceId, UserId};
use diary::Diary;
use futures_util::future::{BoxFuture, FutureExt};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use studio::{Counted, Encoders};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

/// Nothing here takes so long, even on a busy machine; it is how something missing is noticed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of one of six voices a sixth, and less where the others blur it: a frame has no whole number of waves. Of nobody's tone
/// between others there is half of this.
const HEARD: f64 = 0.04;

/// Tones of users up to this one are known.
const LAST: u64 = 60;

/// The tone of a user, in hertz: far enough from all others.
pub fn tone_of(user: u64) -> u32 {
    330 + 110 * u32::try_from(user).unwrap_or(0)
}

/// What is added to a user's number when their other camera is seen.
pub const BACK: u64 = 100;

/// Of a camera that nobody asked to be larger.
const CAMERA: (u32, u32) = (320, 180);

/// Or their screen; and to who shows it, where it has a place beside the camera.
pub const SCREEN: u64 = 200;

/// A device of somebody.
pub struct Phone {
    /// Its engine.
    pub calls: Calls,
    heard: watch::Receiver<Option<u32>>,
    chorus: watch::Receiver<BTreeSet<u64>>,
    seen: watch::Receiver<Option<u64>>,
    faces: Arc<watch::Sender<BTreeMap<u64, u64>>>,
    heights: watch::Receiver<BTreeMap<u64, u32>>,
    encoders: watch::Receiver<BTreeMap<u32, usize>>,
    diary: Arc<Mutex<Diary>>,
}

struct Open;

impl Proofs for Open {
    fn fetch(&self, _fresh: bool) -> BoxFuture<'_, Option<Value>> {
        async { Some(json!({})) }.boxed()
    }
}

struct Pocket {
    user: u64,
    has_screen: bool,
    /// Of the camera.
    size: (u32, u32),
    encoders: Encoders,
    heard: Arc<watch::Sender<Option<u32>>>,
    /// Everyone who is heard at once.
    chorus: Arc<watch::Sender<BTreeSet<u64>>>,
    seen: Arc<watch::Sender<Option<u64>>>,
    /// What is seen of each, by who they are.
    faces: Arc<watch::Sender<BTreeMap<u64, u64>>>,
    /// And how high that is.
    heights: Arc<watch::Sender<BTreeMap<u64, u32>>>,
    diary: Arc<Mutex<Diary>>,
}

/// Looks at pictures.
struct Eye {
    user: u64,
    seen: Arc<watch::Sender<Option<u64>>>,
    faces: Arc<watch::Sender<BTreeMap<u64, u64>>>,
    heights: Arc<watch::Sender<BTreeMap<u64, u32>>>,
    diary: Arc<Mutex<Diary>>,
}

impl Sink for Eye {
    fn show(&mut self, frame: &Frame) {
        let who = pattern::who(frame);
        self.seen.send_replace(who);
        if let Some(who) = who {
            self.faces.send_if_modified(|faces| faces.insert(self.user, who) != Some(who));
            let height = frame.height();
            self.heights.send_if_modified(|heights| heights.insert(self.user, height) != Some(height));
            locked(&self.diary).saw(self.user, height);
        }
    }
}

/// Hears as long as there is a device.
struct Ear {
    heard: Arc<watch::Sender<Option<u32>>>,
    chorus: Arc<watch::Sender<BTreeSet<u64>>>,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.heard.send_replace(None);
        self.chorus.send_replace(BTreeSet::new());
    }
}

impl Host for Pocket {
    fn sound(&self) -> Box<dyn Device> {
        let ear = Ear { heard: self.heard.clone(), chorus: self.chorus.clone() };
        let diary = self.diary.clone();
        Box::new(ToneDevice::new(tone_of(self.user).into(), move |samples| {
            let shares = shares(samples);
            ear.heard.send_replace(tone_in(samples, &shares));
            let all: BTreeSet<u64> =
                shares.iter().filter(|(_, share)| *share > HEARD).map(|(user, _)| *user).collect();
            locked(&diary).heard(&all);
            ear.chorus.send_if_modified(|before| std::mem::replace(before, all.clone()) != all);
        }))
    }

    fn camera(&self, lens: Lens) -> Option<Box<dyn Maker>> {
        let who = match lens {
            Lens::Front => self.user,
            Lens::Back => self.user + BACK,
        };
        let source = Box::new(pattern::TestPattern::new(who, self.size.0, self.size.1));
        Some(Box::new(Studio::new(source, Box::new(Counted(self.encoders.clone())), None)))
    }

    fn shared_screen(&self) -> Option<Box<dyn Maker>> {
        if !self.has_screen {
            return None;
        }
        let source = Box::new(pattern::TestPattern::new(self.user + SCREEN, 320, 180));
        Some(Box::new(Studio::new(source, Box::new(Software), None)))
    }

    fn codecs(&self) -> Option<Box<dyn Codecs>> {
        Some(Box::new(Software))
    }

    fn display(&self, _: CallKey, user: UserId) -> Option<Box<dyn Sink>> {
        let (seen, faces, heights) = (self.seen.clone(), self.faces.clone(), self.heights.clone());
        Some(Box::new(Eye { user: user.get(), seen, faces, heights, diary: self.diary.clone() }))
    }

    fn screen_display(&self, call: CallKey, user: UserId) -> Option<Box<dyn Sink>> {
        self.display(call, UserId::new(user.get() + SCREEN).ok()?)
    }

    fn plays(&self, _: Sound) -> bool {
        // So that a tone is somebody's voice.
        true
    }
}

fn locked(diary: &Mutex<Diary>) -> MutexGuard<'_, Diary> {
    diary.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose tone this is; none if it is quiet, or is no tone of anybody.
fn tone_in(samples: &[i16; FRAME_SAMPLES], shares: &[(u64, f64)]) -> Option<u32> {
    if !Loudness::of(samples).is_voice() {
        return None;
    }
    shares.iter().find(|(_, share)| *share > 0.6).map(|(user, _)| tone_of(*user))
}

/// How much of the sound is the tone of each, from 0 to 1; of nobody if there is none.
fn shares(samples: &[i16; FRAME_SAMPLES]) -> Vec<(u64, f64)> {
    let all: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if all == 0.0 {
        return Vec::new();
    }
    let share = |user| power(samples, tone_of(user)) * 2.0 / (all * samples.len() as f64);
    (1..=LAST).map(|user| (user, share(user))).collect()
}

/// How strong one tone is, by the filter of Goertzel.
fn power(samples: &[i16; FRAME_SAMPLES], hertz: u32) -> f64 {
    let turn = 2.0 * (f64::from(hertz) * std::f64::consts::TAU / SAMPLE_RATE as f64).cos();
    let (last, before) = samples
        .iter()
        .fold((0.0, 0.0), |(last, before), sample| (f64::from(*sample) + turn * last - before, last));
    last * last + before * before - turn * last * before
}

/// What an engine of `user` finds in a pocket, for whoever needs no phone around it.
pub fn pocket(user: u64) -> impl Host {
    Pocket {
        user,
        has_screen: true,
        size: CAMERA,
        encoders: Arc::default(),
        heard: Arc::new(watch::channel(None).0),
        chorus: Arc::default(),
        seen: Arc::new(watch::channel(None).0),
        faces: Arc::default(),
        heights: Arc::default(),
        diary: Arc::default(),
    }
}

/// The settings of an engine on loopback, impatient with the server.
///
/// # Panics
/// If the user is 0.
pub fn config(server: SocketAddr, user: u64) -> Config {
    let who = Who {
        user: UserId::new(user).expect("not 0"),
        device: DeviceId::new("pocket").expect("a name"),
        platform: "test".into(),
        push_token: None,
    };
    let url = ServerUrl::parse(&format!("http://{server}")).expect("an address is one");
    let mut config = Config::new(url, who, Arc::new(Open));
    config.peer.addresses = vec![(Ipv4Addr::LOCALHOST, 0).into()];
    // Nothing of the test changes the network by itself, and the machine's may.
    config.watch_network = false;
    config.link = LinkSettings {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(2),
        pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(50),
    };
    config
}

impl Phone {
    /// A device of `user`.
    pub fn new(server: SocketAddr, user: u64) -> Result<Self> {
        Self::with(config(server, user))
    }

    /// A device with other settings.
    pub fn with(config: Config) -> Result<Self> {
        Self::made(config, true, CAMERA)
    }

    /// A device with other settings and a camera of this size.
    pub fn with_camera(config: Config, size: (u32, u32)) -> Result<Self> {
        Self::made(config, true, size)
    }

    /// A device whose screen may not be shown.
    pub fn without_screen(server: SocketAddr, user: u64) -> Result<Self> {
        Self::made(config(server, user), false, CAMERA)
    }

    fn made(config: Config, has_screen: bool, size: (u32, u32)) -> Result<Self> {
        let (heard_now, heard) = watch::channel(None);
        let (seen_now, seen) = watch::channel(None);
        let user = config.who.user.get();
        let (chorus, faces) = (Arc::<watch::Sender<_>>::default(), Arc::<watch::Sender<_>>::default());
        let (heard_all, seen_all) = (chorus.subscribe(), faces.clone());
        let (heard_now, seen_now) = (Arc::new(heard_now), Arc::new(seen_now));
        let (heights, encoders) = (Arc::<watch::Sender<_>>::default(), Encoders::default());
        let (all_heights, all_encoders) = (heights.subscribe(), encoders.subscribe());
        let diary = Arc::<Mutex<Diary>>::default();
        let host = Pocket {
            user,
            has_screen,
            size,
            encoders,
            heard: heard_now,
            chorus,
            seen: seen_now,
            faces,
            heights,
            diary: diary.clone(),
        };
        let calls = Calls::connect(config, Arc::new(host))?;
        let (heights, encoders) = (all_heights, all_encoders);
        Ok(Self { calls, heard, chorus: heard_all, seen, faces: seen_all, heights, encoders, diary })
    }

    /// Waits until the server knows it.
    pub async fn registered(&self) -> Result<()> {
        let is_up = |snapshot: &Arc<calls_core::Snapshot>| snapshot.server == calls_core::ServerLink::Up;
        timeout(PATIENCE, self.calls.snapshots().wait_for(is_up)).await.context("no server")??;
        Ok(())
    }

    /// Waits for a call in such a state, and gives it.
    pub async fn until(&self, what: &str, is_so: impl Fn(&CallSnapshot) -> bool) -> Result<Call> {
        let mut snapshots = self.calls.snapshots();
        let found = timeout(PATIENCE, snapshots.wait_for(|snapshot| snapshot.calls.iter().any(&is_so))).await;
        let Ok(found) = found else { bail!("never {what}: {:?}", *self.calls.snapshots().borrow()) };
        let snapshot = found?;
        let call = snapshot.calls.iter().find(|call| is_so(call)).context("it was there")?;
        Ok(self.calls.call(call.key))
    }

    /// Waits for a call that rings.
    pub async fn rings(&self) -> Result<Call> {
        self.until("a ring", |call| call.state == CallState::RingingHere).await
    }

    /// Waits until media flows.
    pub async fn talks(&self) -> Result<Call> {
        let up = |call: &CallSnapshot| {
            let is_up = !call.others.is_empty() && call.others.iter().all(|other| other.path == Path::Up);
            matches!(call.state, CallState::Talking { .. }) && is_up
        };
        self.until("in a call", up).await
    }

    /// Waits for the end of a call.
    pub async fn ended(&self) -> Result<EndReason> {
        let call = self.until("the end", |call| matches!(call.state, CallState::Ended { .. })).await?;
        match call.snapshot().map(|call| call.state) {
            Some(CallState::Ended { reason }) => Ok(reason),
            other => bail!("over and then {other:?}"),
        }
    }

    /// Waits until it hears somebody, or nobody.
    pub async fn hears(&self, whom: Option<u64>) -> Result<()> {
        let wanted = whom.map(tone_of);
        let mut heard = self.heard.clone();
        let came = timeout(PATIENCE, heard.wait_for(|tone| *tone == wanted)).await;
        if came.is_err() {
            bail!("hears {:?} and not {wanted:?}", *self.heard.borrow());
        }
        Ok(())
    }

    /// Waits until it hears exactly these at once.
    pub async fn hears_all(&self, whom: &[u64]) -> Result<()> {
        let wanted: BTreeSet<u64> = whom.iter().copied().collect();
        let mut heard = self.chorus.clone();
        if timeout(PATIENCE, heard.wait_for(|users| *users == wanted)).await.is_err() {
            bail!(
                "hears {:?} and not {wanted:?}: {:?}",
                *self.chorus.borrow(),
                *self.calls.snapshots().borrow()
            );
        }
        Ok(())
    }

    /// Waits until it has heard exactly these for a second, but for a frame here and there.
    pub async fn hears_steadily(&self, whom: &[u64]) -> Result<()> {
        let wanted: BTreeSet<u64> = whom.iter().copied().collect();
        let begun = Instant::now();
        loop {
            let steady = locked(&self.diary).steady();
            if steady.as_ref() == Some(&wanted) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("hears {steady:?} and not {wanted:?}: {:?}", *self.calls.snapshots().borrow());
            }
            // Nothing tells when a second has been good.
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// From here on it is written down what it sees, and how long it hears nothing of each of these.
    pub fn takes_notes(&self, of: &[u64]) {
        locked(&self.diary).begin(of);
    }

    /// The longest time without the voice of somebody since it takes notes of them.
    ///
    /// # Panics
    /// If it does not.
    pub fn longest_silence(&self, of: u64) -> Duration {
        locked(&self.diary).longest_silence(of).expect("it takes notes of them")
    }

    /// In which heights it saw somebody since it takes notes, one after the other.
    pub fn heights_seen(&self, of: u64) -> Vec<u32> {
        locked(&self.diary).heights(of)
    }

    /// What it saw until now is not counted any more: it has to come again.
    pub fn forgets_faces(&self) {
        self.faces.send_replace(BTreeMap::new());
    }

    /// Waits until this is seen where somebody is shown.
    pub async fn sees_of(&self, user: u64, what: u64) -> Result<()> {
        let mut faces = self.faces.subscribe();
        if timeout(PATIENCE, faces.wait_for(|faces| faces.get(&user) == Some(&what))).await.is_err() {
            bail!("sees {:?} and not {what} of {user}", *self.faces.borrow());
        }
        Ok(())
    }

    /// Waits until somebody's picture is so high.
    pub async fn sees_height(&self, user: u64, height: u32) -> Result<()> {
        let mut heights = self.heights.clone();
        if timeout(PATIENCE, heights.wait_for(|heights| heights.get(&user) == Some(&height))).await.is_err() {
            bail!("sees {:?} and not {height} lines of {user}", *self.heights.borrow());
        }
        Ok(())
    }

    /// Waits until its camera is encoded in exactly these heights, by one encoder each.
    pub async fn encodes(&self, heights: &[u32]) -> Result<()> {
        let wanted: BTreeMap<u32, usize> = heights.iter().map(|height| (*height, 1)).collect();
        let mut encoders = self.encoders.clone();
        if timeout(PATIENCE, encoders.wait_for(|encoders| *encoders == wanted)).await.is_err() {
            bail!("encodes {:?} and not {wanted:?}", *self.encoders.borrow());
        }
        Ok(())
    }

    /// Waits until it sees somebody, by the number that is in their picture.
    pub async fn sees(&self, whom: u64) -> Result<()> {
        let mut seen = self.seen.clone();
        let came = timeout(PATIENCE, seen.wait_for(|who| *who == Some(whom))).await;
        if came.is_err() {
            bail!("sees {:?} and not {whom}", *self.seen.borrow());
        }
        Ok(())
    }
}
