//! When to connect, what to say, when to give a connection up. Pure: time and chance come in.
use super::{
    outbox::Outbox,
    packet::{self, Frame, Heartbeat},
};
use calls_machine::{AskId, Time};
use calls_protocol::{
    Ack, AckError, ClientEvent, DeviceId, EventId, Refusal, Register, Registered, ServerEvent, UserId,
    parse_ack,
};
use std::time::Duration;

/// Who connects.
#[derive(Debug, Clone)]
pub struct Who {
    /// The user.
    pub user: UserId,
    /// The device, the same at every start of the app.
    pub device: DeviceId,
    /// `android`, `linux` …
    pub platform: String,
    /// Where a push reaches it; see [`LinkInput::PushToken`] for another one later.
    pub push_token: Option<String>,
}

/// How long things may take.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// From the first byte until registered.
    pub connect: Duration,
    /// A question that was not answered for so long was asked on a dead connection.
    pub answer: Duration,
    /// The first pause between attempts; each is twice as long, up to `longest_pause`.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            // Longer than any honest round trip; the server's own pings would tell after 45 s.
            answer: Duration::from_secs(8),
            pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
        }
    }
}

/// What happens to a link.
#[derive(Debug)]
pub enum LinkInput {
    /// Something is to be asked.
    Ask {
        /// By which the answer is told.
        ask: AskId,
        /// The question.
        event: Box<ClientEvent>,
    },
    /// The answer matters to nobody any more.
    Forget(AskId),
    /// Pushes reach this device here from now on.
    PushToken(String),
    /// Whoever was told [`Told::Up`] has asked to resume its calls: now the rest may be said.
    Ready,
    /// The proof that was fetched, as `auth` of the handshake.
    Proof(serde_json::Value),
    /// There is none to be had now.
    NoProof,
    /// The connection that was ordered is there.
    Opened,
    /// It brought something.
    Text(String),
    /// It is gone, or never came.
    Gone,
    /// The device has another network: what we have is likely dead, and waiting makes no sense.
    NetworkChanged,
    /// Time passed.
    Tick,
    /// The app goes.
    Close,
}

/// What a link wants.
#[derive(Debug, PartialEq)]
pub enum LinkEffect {
    /// A proof of who we are; a fresh one if the last was refused.
    FetchProof {
        /// The last one is no good.
        fresh: bool,
    },
    /// A connection.
    Open,
    /// This text on it.
    Send(String),
    /// No connection.
    Drop,
    /// That somebody hears this.
    Tell(Told),
}

/// What a link tells.
#[derive(Debug, PartialEq)]
pub enum Told {
    /// Connected and registered. What waits is said after [`LinkInput::Ready`].
    Up(Box<Registered>),
    /// Not any more.
    Down(Trouble),
    /// The server does not take our word, and trying again does not help.
    SignedOut(String),
    /// The server tells something.
    Event {
        /// What.
        event: Box<ServerEvent>,
        /// Its place in what the room told.
        id: Option<EventId>,
    },
    /// The server answers.
    Answer {
        /// Which question.
        ask: AskId,
        /// What.
        answer: Result<Ack, Refusal>,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It broke, or could not be made.
    #[error("the connection to the server broke")]
    Broke,
    /// Nothing came for too long.
    #[error("the server does not answer")]
    Silent,
    /// Another network.
    #[error("the network changed")]
    NetworkChanged,
    /// What came is not of our language.
    #[error("this is no server for calls, or a very different one")]
    Stranger,
    /// It refused for now.
    #[error("the server is full or about to restart")]
    Refused,
}

/// A link to the server.
#[derive(Debug)]
pub struct Link {
    who: Who,
    settings: LinkSettings,
    state: State,
    outbox: Outbox,
    /// Attempts that failed in a row.
    failures: u32,
    /// The proof was refused once, and a fresh one is in use.
    is_fresh: bool,
    is_up: bool,
    /// The server was told of another push token than the one we have now, or is about to be.
    has_new_token: bool,
    /// The proof for this attempt.
    auth: Option<serde_json::Value>,
    chance: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Until the next attempt.
    Pausing { until: Time },
    /// A proof is being fetched.
    Proving { until: Time },
    /// A connection is being made, then greeted.
    Connecting { step: Step, until: Time },
    /// Registered. Until the calls are resumed nothing else is said: the server would take it for the first word of a
    /// device that is back, and guess what it missed.
    Up { heartbeat: Heartbeat, heard: Time, next_ack: u64, is_ready: bool },
    /// For good.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Opening,
    Greeting,
    Joining(Heartbeat),
    Registering(Heartbeat),
}

/// The number of each `call:register`; questions come after it.
const REGISTER: u64 = 0;

impl Link {
    /// A link that will connect at the first [`LinkInput::Tick`]. `chance` is any number; it spreads the attempts of
    /// many devices that lost the same server.
    pub fn new(who: Who, settings: LinkSettings, chance: u64) -> Self {
        Self {
            who,
            settings,
            state: State::Pausing { until: Time(0) },
            outbox: Outbox::default(),
            failures: 0,
            is_fresh: false,
            is_up: false,
            has_new_token: false,
            auth: None,
            chance: chance | 1,
        }
    }

    /// Takes one input and returns what it asks of the outside, in order.
    #[must_use = "an effect that is not run is lost"]
    pub fn handle(&mut self, now: Time, input: LinkInput) -> Vec<LinkEffect> {
        let mut out = Vec::new();
        match input {
            LinkInput::Ask { ask, event } => {
                self.outbox.add(ask, *event);
                self.say_what_waits(now, &mut out);
            }
            LinkInput::Forget(ask) => self.outbox.forget(ask),
            LinkInput::PushToken(token) => {
                if self.who.push_token.as_ref() != Some(&token) {
                    self.who.push_token = Some(token);
                    self.has_new_token = true;
                    self.say_what_waits(now, &mut out);
                }
            }
            LinkInput::Ready => {
                if let State::Up { is_ready, .. } = &mut self.state {
                    *is_ready = true;
                }
                self.say_what_waits(now, &mut out);
            }
            LinkInput::Proof(auth) => self.proved(now, &auth, &mut out),
            LinkInput::NoProof => {
                if matches!(self.state, State::Proving { .. }) {
                    self.fail(now, Trouble::Broke, &mut out);
                }
            }
            LinkInput::Opened => {
                if let State::Connecting { step: step @ Step::Opening, .. } = &mut self.state {
                    *step = Step::Greeting;
                }
            }
            LinkInput::Text(text) => self.heard(now, &text, &mut out),
            LinkInput::Gone => match self.state {
                State::Connecting { .. } | State::Up { .. } => self.fail(now, Trouble::Broke, &mut out),
                // An older one.
                State::Pausing { .. } | State::Proving { .. } | State::Closed => {}
            },
            LinkInput::NetworkChanged => match self.state {
                State::Closed => {}
                State::Pausing { .. }
                | State::Proving { .. }
                | State::Connecting { .. }
                | State::Up { .. } => {
                    self.fail(now, Trouble::NetworkChanged, &mut out);
                    self.failures = 0;
                    self.begin(now, &mut out);
                }
            },
            LinkInput::Tick => self.tick(now, &mut out),
            LinkInput::Close => self.close(&mut out),
        }
        out
    }

    /// When [`LinkInput::Tick`] is wanted next.
    pub fn deadline(&self) -> Option<Time> {
        match self.state {
            State::Pausing { until } | State::Proving { until } | State::Connecting { until, .. } => {
                Some(until)
            }
            State::Up { heartbeat, heard, .. } => {
                let silent = heard + heartbeat.longest_silence();
                let unanswered = self.outbox.oldest().map(|at| at + self.settings.answer);
                Some(unanswered.map_or(silent, |at| at.min(silent)))
            }
            State::Closed => None,
        }
    }

    /// Questions that wait for their answers.
    pub fn waiting(&self) -> usize {
        self.outbox.len()
    }

    fn tick(&mut self, now: Time, out: &mut Vec<LinkEffect>) {
        if self.deadline().is_none_or(|at| now < at) {
            return;
        }
        match self.state {
            State::Pausing { .. } => self.begin(now, out),
            State::Proving { .. } | State::Connecting { .. } | State::Up { .. } => {
                self.fail(now, Trouble::Silent, out);
            }
            State::Closed => {}
        }
    }

    fn begin(&mut self, now: Time, out: &mut Vec<LinkEffect>) {
        self.state = State::Proving { until: now + self.settings.connect };
        out.push(LinkEffect::FetchProof { fresh: self.is_fresh });
    }

    fn proved(&mut self, now: Time, auth: &serde_json::Value, out: &mut Vec<LinkEffect>) {
        if !matches!(self.state, State::Proving { .. }) {
            return;
        }
        self.auth = Some(auth.clone());
        self.state = State::Connecting { step: Step::Opening, until: now + self.settings.connect };
        out.push(LinkEffect::Open);
    }

    /// This attempt, or this connection, is over.
    fn fail(&mut self, now: Time, trouble: Trouble, out: &mut Vec<LinkEffect>) {
        if matches!(self.state, State::Connecting { .. } | State::Up { .. }) {
            out.push(LinkEffect::Drop);
        }
        self.outbox.nothing_was_said();
        if std::mem::replace(&mut self.is_up, false) {
            out.push(LinkEffect::Tell(Told::Down(trouble)));
        }
        self.state = State::Pausing { until: now + self.pause() };
        self.failures = self.failures.saturating_add(1);
    }

    /// Twice as long each time, and half of it left to chance: a server that comes back is not run over.
    fn pause(&mut self) -> Duration {
        let full = self.settings.pause * 2_u32.saturating_pow(self.failures.min(16));
        let full = full.min(self.settings.longest_pause);
        // A xorshift: nobody has to be unable to guess it.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        let share = u32::try_from(self.chance % 1000).expect("below a thousand");
        full / 2 + full * share / 2000
    }

    fn heard(&mut self, now: Time, text: &str, out: &mut Vec<LinkEffect>) {
        if !matches!(self.state, State::Connecting { .. } | State::Up { .. }) {
            // Of a connection that was dropped.
            return;
        }
        let Ok(frame) = packet::read(text) else {
            self.fail(now, Trouble::Stranger, out);
            return;
        };
        if let State::Up { heard, .. } = &mut self.state {
            *heard = now;
        }
        match frame {
            Frame::Ping => out.push(LinkEffect::Send(packet::PONG.into())),
            Frame::Opened(heartbeat) => self.greeted(heartbeat, out),
            Frame::LetIn => self.let_in(out),
            Frame::Refused { code, message } => self.refused(now, code.as_deref(), message, out),
            Frame::Event { name, payload, ack } => self.told(now, &name, payload.get(), ack, out),
            Frame::Answer { ack, answer } => self.answered(now, ack, answer.get(), out),
            Frame::LetGo | Frame::Closed => self.fail(now, Trouble::Broke, out),
            Frame::Nothing => {}
        }
    }

    fn greeted(&mut self, heartbeat: Heartbeat, out: &mut Vec<LinkEffect>) {
        if let State::Connecting { step, .. } = &mut self.state
            && matches!(step, Step::Opening | Step::Greeting)
        {
            *step = Step::Joining(heartbeat);
            out.push(LinkEffect::Send(packet::join(self.auth.as_ref().unwrap_or(&serde_json::Value::Null))));
        }
    }

    fn let_in(&mut self, out: &mut Vec<LinkEffect>) {
        let State::Connecting { step, .. } = &mut self.state else { return };
        let Step::Joining(heartbeat) = *step else { return };
        *step = Step::Registering(heartbeat);
        self.register(out);
    }

    fn register(&mut self, out: &mut Vec<LinkEffect>) {
        self.has_new_token = false;
        let register = ClientEvent::Register(Register {
            user_id: self.who.user,
            device_id: Some(self.who.device.clone()),
            platform: Some(self.who.platform.clone()),
            push_token: self.who.push_token.clone(),
            call_waiting: true,
        });
        out.push(LinkEffect::Send(packet::say(REGISTER, register.name(), &register.payload())));
    }

    fn refused(&mut self, now: Time, code: Option<&str>, message: String, out: &mut Vec<LinkEffect>) {
        let is_proof = matches!(code, Some("unauthorized" | "forbidden"));
        if is_proof && self.is_fresh {
            self.sign_out(message, out);
            return;
        }
        self.is_fresh |= is_proof;
        self.fail(now, Trouble::Refused, out);
        if is_proof {
            // A proof that ran out is the usual cause, and no reason to wait.
            self.begin(now, out);
        }
    }

    fn sign_out(&mut self, message: String, out: &mut Vec<LinkEffect>) {
        out.push(LinkEffect::Drop);
        self.is_up = false;
        self.state = State::Closed;
        out.push(LinkEffect::Tell(Told::SignedOut(message)));
    }

    fn told(&mut self, now: Time, name: &str, payload: &str, ack: Option<u64>, out: &mut Vec<LinkEffect>) {
        if let Some(ack) = ack {
            out.push(LinkEffect::Send(packet::got(ack)));
        }
        // An event of a newer server is no fault, and neither is one that cannot be read: the others still count.
        let Ok(event) = ServerEvent::decode(name, payload) else { return };
        if let ServerEvent::Registered(registered) = event {
            // Servers of the source documents say it by an event alone.
            self.registered(now, registered, out);
            return;
        }
        let id = ServerEvent::event_id(payload);
        out.push(LinkEffect::Tell(Told::Event { event: Box::new(event), id }));
    }

    fn registered(&mut self, now: Time, registered: Registered, out: &mut Vec<LinkEffect>) {
        let State::Connecting { step: Step::Registering(heartbeat), .. } = self.state else { return };
        self.state = State::Up { heartbeat, heard: now, next_ack: REGISTER + 1, is_ready: false };
        (self.failures, self.is_fresh, self.is_up) = (0, false, true);
        out.push(LinkEffect::Tell(Told::Up(Box::new(registered))));
    }

    fn answered(&mut self, now: Time, ack: u64, answer: &str, out: &mut Vec<LinkEffect>) {
        if ack == REGISTER {
            match parse_ack::<Registered>(answer) {
                Ok(registered) => self.registered(now, registered, out),
                Err(AckError::Refused(refusal)) if matches!(self.state, State::Connecting { .. }) => {
                    let code = refusal.code.as_str();
                    self.refused(now, Some(code), refusal.message.into_owned(), out);
                }
                Err(AckError::Refused(_) | AckError::Unreadable(_)) => {}
            }
            return;
        }
        // One that was forgotten meanwhile has no question any more.
        let Some(question) = self.outbox.answered(ack) else { return };
        let answer = question.event.read_ack(answer);
        out.push(LinkEffect::Tell(Told::Answer { ask: question.ask, answer }));
    }

    fn say_what_waits(&mut self, now: Time, out: &mut Vec<LinkEffect>) {
        let State::Up { next_ack, is_ready: true, .. } = &mut self.state else { return };
        let (resumes, others): (Vec<_>, Vec<_>) =
            self.outbox.unsaid().partition(|question| matches!(question.event, ClientEvent::Resume(_)));
        for question in resumes.into_iter().chain(others) {
            let (name, payload) = (question.event.name(), question.event.payload());
            out.push(LinkEffect::Send(packet::say(*next_ack, name, &payload)));
            question.said = Some((*next_ack, now));
            *next_ack += 1;
        }
        if self.has_new_token {
            // A device says so by registering once more: the server takes it for what it is, and no call of it notices.
            // Last, since calls are in more of a hurry.
            self.register(out);
        }
    }

    fn close(&mut self, out: &mut Vec<LinkEffect>) {
        match self.state {
            State::Up { .. } => out.extend([LinkEffect::Send(packet::GOODBYE.into()), LinkEffect::Drop]),
            State::Connecting { .. } => out.push(LinkEffect::Drop),
            State::Pausing { .. } | State::Proving { .. } | State::Closed => {}
        }
        self.is_up = false;
        self.state = State::Closed;
    }
}

#[cfg(test)]
mod tests;
