//! The one task that owns a connection: orders in, words out.
use super::{
    candidate::{self, Verdict},
    description::{self, DtlsRole},
    estimate::Estimate,
    media::{EncodedAudio, EncodedVideo, KeyFrameWanted, Mid, ReceivedPacket, VideoCodec},
    net::Net,
    pictures::OurPicture,
    receive::{self, Ear, KeyFrames, Known},
    send::Outgoing,
    servers::Servers,
    settings::PeerSettings,
    stack::{Stack, TOLD, Told},
    stats::{self, PeerStats},
};
use calls_machine::{FromPeer, Gate, PeerOrder, RemoteCandidate};
use calls_protocol::{IceServers, PictureKind, Sdp};
use rtc::peer_connection::configuration::RTCOfferOptions;
use std::{
    ops::ControlFlow,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use thiserror::Error;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};
use tracing::{debug, info, warn};
use webrtc::{
    error::Error as StackError,
    peer_connection::{RTCIceCandidateInit, RTCPeerConnectionState, RTCSessionDescription, StatsSelector},
};

/// How often the watch looks.
const WATCH_EVERY: Duration = Duration::from_millis(250);
/// Tasks of the stack end by themselves within this; a relay that does not answer must not hold up a hang-up.
const END_WITHIN: Duration = Duration::from_secs(2);
/// What was said longer ago than a frame or two, before anybody could hear it, is not said any more.
const EARLY: Duration = Duration::from_millis(40);
/// Addresses of theirs. Each is tried from each of ours, so a list without end would be a flood.
const MOST_CANDIDATES: usize = 100;

/// What an order can fail by, with whose fault it is.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("their description cannot be used")]
    Description(#[from] description::DescriptionProblem),
    #[error("their address cannot be used")]
    Candidate(#[from] candidate::Malformed),
    #[error("the stack refuses their description")]
    Theirs(#[source] StackError),
    #[error("the stack fails us")]
    Ours(#[source] StackError),
}

impl Fault {
    fn told(&self) -> FromPeer {
        match self {
            Self::Description(_) | Self::Candidate(_) | Self::Theirs(_) => FromPeer::TheirFault,
            Self::Ours(_) => FromPeer::OurFault,
        }
    }
}

/// What can be asked of a connection besides orders.
pub(crate) enum Question {
    Stats(oneshot::Sender<PeerStats>),
    /// Of the picture in this part of their description; of all, if none is named.
    KeyFrame(Option<Mid>),
}

/// All that flows into the owner.
pub(crate) struct Inlets {
    pub(crate) orders: mpsc::Receiver<PeerOrder>,
    pub(crate) questions: mpsc::Receiver<Question>,
    pub(crate) voice: mpsc::Receiver<EncodedAudio>,
    pub(crate) camera: mpsc::Receiver<EncodedVideo>,
    pub(crate) screen: mpsc::Receiver<EncodedVideo>,
}

/// All that flows out of it.
pub(crate) struct Outlets {
    pub(crate) told: mpsc::Sender<FromPeer>,
    pub(crate) voice: mpsc::Sender<ReceivedPacket>,
    pub(crate) picture: mpsc::Sender<ReceivedPacket>,
    pub(crate) wanted: mpsc::Sender<KeyFrameWanted>,
    pub(crate) codecs: watch::Sender<Vec<VideoCodec>>,
}

pub(crate) async fn run(
    settings: PeerSettings,
    mut inlets: Inlets,
    outlets: Outlets,
    estimate: Arc<Estimate>,
) {
    let Some(servers) = wait_for_create(&mut inlets).await else { return };
    let (told, from_stack) = mpsc::channel(TOLD);
    let net = Net::new(Servers::read(&servers, settings.tls.is_some()), settings.tls.clone());
    match Stack::build(&settings, &net, &estimate, told, outlets.wanted.clone()).await {
        Ok(stack) => {
            let mut owner = Owner::new(settings, net, estimate, stack, outlets);
            owner.serve(&mut inlets, from_stack).await;
            // Nobody gives it anything any more, and hears so.
            drop(inlets);
            owner.close().await;
        }
        Err(error) => {
            let fault = Fault::Ours(error);
            warn!(%fault, "a connection does not come to be");
            net.pace.end();
            net.end_tasks(Duration::ZERO).await;
            // Whoever listens is told; if nobody does, nobody waits.
            let _nobody_listens = outlets.told.send(fault.told()).await;
            // Until it goes away: an order that finds nobody would look like another fault.
            // Whoever asks something hears at once that nobody answers.
            let Inlets { mut orders, questions, .. } = inlets;
            drop(questions);
            while let Some(order) = orders.recv().await {
                if order == PeerOrder::Close {
                    break;
                }
            }
        }
    }
}

/// The first order. Whatever comes before it has nothing to act on.
async fn wait_for_create(inlets: &mut Inlets) -> Option<IceServers> {
    loop {
        let order = tokio::select! {
            order = inlets.orders.recv() => order?,
            // There is nothing to tell yet, which whoever asks hears by this being dropped.
            Some(_unanswered) = inlets.questions.recv() => continue,
        };
        match order {
            PeerOrder::Create { servers } => return Some(servers),
            PeerOrder::Close => return None,
            PeerOrder::MakeOffer { .. }
            | PeerOrder::RollBack
            | PeerOrder::TakeOffer(_)
            | PeerOrder::TakeAnswer(_)
            | PeerOrder::TakeCandidate(_)
            | PeerOrder::Connect
            | PeerOrder::Gate(_) => debug!("an order for a connection that does not exist yet"),
        }
    }
}

struct Owner {
    settings: PeerSettings,
    net: Arc<Net>,
    estimate: Arc<Estimate>,
    stack: Stack,
    outlets: Outlets,
    voice: Outgoing,
    camera: OurPicture,
    /// Beside the camera, where there is room for it.
    screen: Option<OurPicture>,
    known: watch::Sender<Known>,
    ear: Arc<Ear>,
    listeners: JoinSet<()>,
    key_frames: KeyFrames,
    gate: Gate,
    is_open: bool,
    /// Our role in DTLS, from the first answer on.
    role: Option<DtlsRole>,
    /// The first m-line of our last description.
    mid: String,
    /// Their addresses that have to wait, as lines.
    held: Vec<String>,
    /// How many of theirs the stack got in this round.
    given: usize,
    health: Health,
    /// What was said last while nothing could be sent, and when: the first words wait for no further frame.
    early: Option<(Instant, EncodedAudio)>,
    asked_to_offer: bool,
    stack_is_gone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Connecting,
    Up,
    Lost,
    Closed,
}

impl Owner {
    fn new(
        settings: PeerSettings,
        net: Arc<Net>,
        estimate: Arc<Estimate>,
        stack: Stack,
        outlets: Outlets,
    ) -> Self {
        let mut listeners = JoinSet::new();
        let repeater = net.clone();
        listeners.spawn(async move { repeater.repeat_flights().await });
        let (audio, ssrc) = (stack.audio.track.clone(), stack.audio.streams[0].1);
        let voice = Outgoing::new((audio, ssrc), super::random_u32(), None);
        let camera = OurPicture::new(PictureKind::Camera, stack.camera.clone());
        let screen = stack.screen.clone().map(|screen| OurPicture::new(PictureKind::Screen, screen));
        Self {
            voice,
            camera,
            screen,
            known: watch::Sender::default(),
            ear: Arc::default(),
            listeners,
            key_frames: KeyFrames::default(),
            gate: Gate::default(),
            is_open: false,
            role: None,
            mid: String::new(),
            held: Vec::new(),
            given: 0,
            health: Health::Connecting,
            early: None,
            asked_to_offer: false,
            stack_is_gone: false,
            settings,
            net,
            estimate,
            stack,
            outlets,
        }
    }

    async fn serve(&mut self, inlets: &mut Inlets, mut from_stack: mpsc::Receiver<Told>) {
        let mut watch = tokio::time::interval(WATCH_EVERY);
        watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let net = self.net.clone();
        loop {
            tokio::select! {
                // Orders first, so that whoever gave one and then asks hears how it is after it. Frames last: they are
                // the only ones that never cease.
                biased;
                order = inlets.orders.recv() => {
                    let Some(order) = order else { return };
                    if self.order(order).await.is_break() {
                        return;
                    }
                }
                Some(told) = from_stack.recv() => self.told(told).await,
                Some(question) = inlets.questions.recv() => self.answer(question).await,
                () = net.alert.notified() => self.look_for_farewell().await,
                () = net.stack_ended.notified() => self.stack_ended(),
                _ = watch.tick() => self.watch(),
                Some(frame) = inlets.voice.recv() => self.send_voice(frame).await,
                Some(frame) = inlets.camera.recv() => self.send_camera(frame).await,
                Some(frame) = inlets.screen.recv() => self.send_screen(frame).await,
            }
        }
    }

    async fn send_voice(&mut self, frame: EncodedAudio) {
        if self.health == Health::Connecting {
            self.early = Some((Instant::now(), frame));
        } else if self.gate.voice {
            self.voice.audio(frame).await;
        }
    }

    async fn send_camera(&mut self, frame: EncodedVideo) {
        let sent = self.camera.send(frame, self.gate.picture).await;
        self.ask_ourselves(sent);
    }

    async fn send_screen(&mut self, frame: EncodedVideo) {
        let Some(screen) = &mut self.screen else { return };
        let sent = screen.send(frame, self.gate.picture).await;
        self.ask_ourselves(sent);
    }

    fn ask_ourselves(&self, sent: Result<(), KeyFrameWanted>) {
        if let Err(wanted) = sent {
            // Full: one that is not seen yet asks for the same.
            let _waits_already = self.outlets.wanted.try_send(wanted);
        }
    }

    async fn close(mut self) {
        self.net.pace.end();
        if self.stack.connection.close().await.is_err() {
            debug!("the stack was closed already");
        }
        self.listeners.shutdown().await;
        self.net.end_tasks(END_WITHIN).await;
    }

    fn tell(&self, told: FromPeer) {
        if self.outlets.told.try_send(told).is_err() {
            // The channel holds more than a whole call says, so nobody reads it any more.
            debug!("nobody listens to a connection");
        }
    }

    async fn order(&mut self, order: PeerOrder) -> ControlFlow<()> {
        if self.stack_is_gone && order != PeerOrder::Close {
            // It was told as closed; whoever ordered this has not heard yet, and will build another one.
            return ControlFlow::Continue(());
        }
        let done = match order {
            PeerOrder::Create { .. } => Ok(()),
            PeerOrder::MakeOffer { restart } => self.make_offer(restart).await,
            PeerOrder::RollBack => self.roll_back().await,
            PeerOrder::TakeOffer(offer) => self.take_offer(&offer).await,
            PeerOrder::TakeAnswer(answer) => self.take_answer(&answer).await,
            PeerOrder::TakeCandidate(candidate) => self.take_candidate(&candidate).await,
            PeerOrder::Connect => self.connect().await,
            PeerOrder::Gate(gate) => self.set_gate(gate).await,
            PeerOrder::Close => return ControlFlow::Break(()),
        };
        if let Err(fault) = done {
            // Its cause is not told: the stack quotes what it does not understand, addresses as well.
            warn!(%fault, "an order to a connection failed");
            self.tell(fault.told());
        }
        ControlFlow::Continue(())
    }

    async fn make_offer(&mut self, restart: bool) -> Result<(), Fault> {
        let connection = &self.stack.connection;
        let options = RTCOfferOptions { ice_restart: restart };
        let offer = connection.create_offer(Some(options)).await.map_err(Fault::Ours)?;
        let text = offer.sdp.clone();
        connection.set_local_description(offer).await.map_err(Fault::Ours)?;
        self.described(&text);
        self.tell(FromPeer::OfferMade(Sdp::object("offer", &text)));
        Ok(())
    }

    async fn has_offered(&self) -> bool {
        self.stack.connection.pending_local_description().await.is_some()
    }

    async fn roll_back(&mut self) -> Result<(), Fault> {
        if !self.has_offered().await {
            return Ok(());
        }
        let back = RTCSessionDescription::rollback(None).map_err(Fault::Ours)?;
        self.stack.connection.set_local_description(back).await.map_err(Fault::Ours)
    }

    async fn take_offer(&mut self, offer: &Sdp) -> Result<(), Fault> {
        let theirs = description::check(&offer.sdp().ok_or(description::DescriptionProblem::NoText)?)?;
        self.know(&theirs);
        let offer = RTCSessionDescription::offer(theirs.text).map_err(Fault::Theirs)?;
        let connection = &self.stack.connection;
        connection.set_remote_description(offer).await.map_err(Fault::Theirs)?;
        let answer = connection.create_answer(None).await.map_err(Fault::Theirs)?;
        let text = answer.sdp.clone();
        connection.set_local_description(answer).await.map_err(Fault::Ours)?;
        if self.role.is_none() {
            self.role = description::role_of_answerer(&text);
        }
        self.described(&text);
        let text = description::answer_for_them(&text, self.role, &theirs.directions);
        self.tell(FromPeer::AnswerMade(Sdp::object("answer", &text)));
        self.agree(&text, true);
        self.given = 0;
        self.take_lines(theirs.candidates).await
    }

    async fn take_answer(&mut self, answer: &Sdp) -> Result<(), Fault> {
        if !self.has_offered().await {
            return Ok(());
        }
        let text = answer.sdp().ok_or(description::DescriptionProblem::NoText)?;
        let theirs = description::check(&text)?;
        self.know(&theirs);
        let answer = RTCSessionDescription::answer(theirs.text).map_err(Fault::Theirs)?;
        self.stack.connection.set_remote_description(answer).await.map_err(Fault::Theirs)?;
        if self.role.is_none() {
            self.role = description::role_of_answerer(&text).map(|theirs| match theirs {
                DtlsRole::Client => DtlsRole::Server,
                DtlsRole::Server => DtlsRole::Client,
            });
        }
        self.tell(FromPeer::AnswerApplied);
        self.agree(&text, false);
        self.given = 0;
        self.take_lines(theirs.candidates).await
    }

    /// Which of their streams is where. It is known before the first packet of it can come.
    fn know(&self, theirs: &description::Theirs) {
        let mids = theirs.streams.iter().map(|(ssrc, mid)| (*ssrc, mid.as_str().into()));
        let mids = mids.collect();
        self.known.send_modify(|known| known.mids = mids);
    }

    async fn ask_for_key_frame(&mut self, mid: Option<&Mid>) {
        let mids = self.known.borrow().mids.clone();
        self.key_frames.ask(Instant::now(), mid, &mids).await;
    }

    fn described(&mut self, ours: &str) {
        if let Some(mid) = description::first_mid(ours) {
            mid.clone_into(&mut self.mid);
        }
    }

    fn agree(&mut self, answer: &str, is_ours: bool) {
        let (audio, video) = description::agreed(answer, is_ours);
        self.voice.agreed.clone_from(&audio);
        self.camera.agree(&video);
        if let Some(screen) = &mut self.screen {
            screen.agree(&description::agreed_on_screen(answer, is_ours));
        }
        self.outlets.codecs.send_replace(self.camera.codecs());
        self.known.send_modify(|known| (known.audio, known.video) = (audio, video));
        self.asked_to_offer = false;
        self.want_to_offer();
    }

    /// A picture is to be sent for which there is no m-line yet. One that they refused or hold is theirs to open.
    fn want_to_offer(&mut self) {
        let is_settled = self.voice.agreed.has_place;
        if is_settled && self.gate.picture && !self.camera.has_place() && !self.asked_to_offer {
            self.asked_to_offer = true;
            self.tell(FromPeer::WantsToOffer);
        }
    }

    async fn take_candidate(&mut self, theirs: &RemoteCandidate) -> Result<(), Fault> {
        self.take_lines(vec![candidate::line_of(theirs)?]).await
    }

    async fn take_lines(&mut self, lines: Vec<String>) -> Result<(), Fault> {
        for line in lines {
            if let Verdict::Try(line) = candidate::judge(&line, self.settings.local_names)? {
                self.held.push(line);
            }
        }
        self.held.truncate(MOST_CANDIDATES);
        self.give_held().await;
        Ok(())
    }

    /// Gives the stack what it may try now.
    async fn give_held(&mut self) {
        let connection = &self.stack.connection;
        if !self.is_open || connection.remote_description().await.is_none() {
            return;
        }
        for candidate in std::mem::take(&mut self.held) {
            self.given += 1;
            if self.given > MOST_CANDIDATES {
                debug!(most = MOST_CANDIDATES, "more addresses than are tried");
                return;
            }
            let init = RTCIceCandidateInit { candidate, ..RTCIceCandidateInit::default() };
            if connection.add_ice_candidate(init).await.is_err() {
                debug!("the stack has no use for an address of theirs");
            }
        }
        self.net.pace.wake();
    }

    async fn connect(&mut self) -> Result<(), Fault> {
        self.is_open = true;
        self.net.open();
        self.net.pace.hurry();
        self.give_held().await;
        Ok(())
    }

    async fn set_gate(&mut self, gate: Gate) -> Result<(), Fault> {
        let may_be_heard_now = gate.play && !self.gate.play;
        self.gate = gate;
        self.ear.is_open.store(gate.play, Ordering::Release);
        if may_be_heard_now {
            // What came before was let go, the last key frame with it.
            self.ask_for_key_frame(None).await;
        }
        self.want_to_offer();
        Ok(())
    }

    async fn told(&mut self, told: Told) {
        match told {
            Told::Candidate(line) => self.tell_candidate(&line),
            Told::Ice(state) => debug!(%state, "paths"),
            Told::State(RTCPeerConnectionState::Connected) => self.connected().await,
            Told::State(RTCPeerConnectionState::Failed) => self.closed(),
            Told::State(state) => debug!(%state, "connection"),
            Told::Track(track) => {
                let is_video = track.kind().await == rtc::rtp_transceiver::rtp_sender::RtpCodecKind::Video;
                let queue = if is_video { &self.outlets.picture } else { &self.outlets.voice };
                self.listeners.spawn(receive::listen(
                    track.clone(),
                    is_video,
                    self.known.subscribe(),
                    self.ear.clone(),
                    queue.clone(),
                ));
                if is_video {
                    self.key_frames.of(track);
                    self.ask_for_key_frame(None).await;
                }
            }
        }
    }

    fn tell_candidate(&self, line: &str) {
        match candidate::judge(line, false) {
            Ok(Verdict::Try(line)) => self.tell(FromPeer::Candidate(candidate::ours(&line, &self.mid))),
            // A socket on no interface in particular: nobody could send there.
            Ok(Verdict::Skip) | Err(candidate::Malformed) => {}
        }
    }

    async fn connected(&mut self) {
        self.up();
        if let Some((said, frame)) = self.early.take()
            && said.elapsed() < EARLY
        {
            self.send_voice(frame).await;
        }
    }

    fn up(&mut self) {
        if self.health != Health::Closed {
            self.health = Health::Up;
            self.tell(FromPeer::Up);
        }
    }

    fn closed(&mut self) {
        if self.health != Health::Closed {
            self.health = Health::Closed;
            self.tell(FromPeer::Closed);
        }
    }

    fn watch(&mut self) {
        let is_silent = self.net.silent_for().is_some_and(|length| length > self.settings.lost_after);
        match self.health {
            Health::Up if is_silent => {
                info!("nothing comes from the other side");
                self.health = Health::Lost;
                self.tell(FromPeer::Lost);
            }
            Health::Lost if !is_silent => self.up(),
            Health::Connecting | Health::Up | Health::Lost | Health::Closed => {}
        }
    }

    /// The stack does not say when the other side closes DTLS, so it is asked whenever an alert came.
    async fn look_for_farewell(&mut self) {
        let senders = self.stack.connection.get_senders().await;
        let Some(sender) = senders.first() else { return };
        let Ok(Some(transport)) = sender.transport().await else { return };
        if super::stack::is_closed(&*transport).await {
            self.closed();
        }
    }

    fn stack_ended(&mut self) {
        // Errors of sockets and of DTLS end it. Another connection may still do.
        warn!("the stack of a connection ended by itself");
        self.stack_is_gone = true;
        self.closed();
    }

    async fn answer(&mut self, question: Question) {
        match question {
            Question::KeyFrame(mid) => self.ask_for_key_frame(mid.as_ref()).await,
            Question::Stats(answer) => {
                let report = self.stack.connection.get_stats(Instant::now(), StatsSelector::None).await;
                let mut read = stats::read(&report, &self.net);
                read.estimate = self.estimate.bits_per_second();
                read.repeated = self.ear.repeated.load(Ordering::Relaxed);
                read.dropped = self.ear.dropped.load(Ordering::Relaxed);
                // Whoever asked may have gone.
                let _nobody_waits = answer.send(read);
            }
        }
    }
}
