//! A session from its first packet to its end, whatever the transport: who it is, its heartbeat, its limits.
use super::{
    AckId, CloseReason, ConnectRefused, Event, Fault, Handshake, Malformed, Service, SocketHandle,
    frame::Frame,
    limits::Rate,
    outbox::{Outbox, Via},
    packet::{self, Packet},
    server::Core,
};
use crate::visitors::Place;
use serde_json::value::RawValue;
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    task::coop::consume_budget,
    time::{Instant, Sleep, sleep_until},
};

/// Whether a session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    Close(CloseReason),
}

/// One session. Its transport's task owns it and hands it what comes in.
pub(super) struct Session<S: Service> {
    pub(super) core: Arc<Core<S>>,
    pub(super) outbox: Arc<Outbox>,
    seat: Seat<S>,
    rate: Rate,
    volume: Rate,
    /// Binary messages that belong to an event which was refused already.
    attachments: u32,
    heart: Heart,
    timer: Pin<Box<Sleep>>,
    /// Of its address; free again when the session is over.
    _place: Option<Place>,
}

/// Where the client is on its way in.
enum Seat<S: Service> {
    /// Before its CONNECT.
    Outside { handshake: Box<Handshake>, until: Instant },
    /// In.
    Inside(Inside<S>),
    /// It was in. This transport serves no second visit: a client that comes back opens a new session.
    Left,
}

/// A socket that the service knows. Tells the service when it is gone, also when a task ends by a panic.
struct Inside<S: Service> {
    core: Arc<Core<S>>,
    socket: SocketHandle,
    /// Apart, so that a session that is still outside does not pay for it.
    identity: Box<S::Identity>,
    /// When its time is over, if ever.
    until: Option<Instant>,
    reason: CloseReason,
}

impl<S: Service> Drop for Inside<S> {
    fn drop(&mut self) {
        self.core.stats.connected.down();
        let (socket, reason) = (self.socket.id(), self.reason);
        if !std::thread::panicking() {
            self.core.service.closed(socket, reason);
            return;
        }
        // A second panic, over a lock that the first one poisoned, would end the process.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let core = self.core.clone();
            runtime.spawn(async move { core.service.closed(socket, CloseReason::Panicked) });
        }
    }
}

/// The heartbeat. The server asks, the client answers.
#[derive(Debug, Clone, Copy)]
enum Heart {
    /// The next question is due then.
    Resting(Instant),
    /// The answer is due then.
    Asked(Instant),
}

impl<S: Service> Session<S> {
    /// Opens a session and puts the packet that says so into its outbox.
    pub(super) fn open(core: &Arc<Core<S>>, mut handshake: Box<Handshake>, via: Via, sid: &str) -> Self {
        let settings = &core.settings;
        let now = Instant::now();
        let outbox = Outbox::new(core.hub.next_id(), settings.outbox_limit, via, core.stats.clone());
        outbox.send_own(open_packet(core, via, sid));
        core.began(via, &outbox);
        let until = now + settings.connect_timeout;
        let ping_at = now + settings.ping_interval;
        Self {
            core: core.clone(),
            outbox,
            _place: handshake.place.take(),
            seat: Seat::Outside { handshake, until },
            rate: Rate::full(),
            volume: Rate::full(),
            attachments: 0,
            heart: Heart::Resting(ping_at),
            timer: Box::pin(sleep_until(ping_at.min(until))),
        }
    }

    /// Looks at the clock; ready when the session is over. Asks the heartbeat's question when it is due.
    pub(super) fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            match &self.seat {
                Seat::Outside { until, .. } if *until <= now => {
                    return Poll::Ready(CloseReason::TransportClosed);
                }
                Seat::Inside(inside) if inside.until.is_some_and(|until| until <= now) => {
                    self.core.service.expired(&inside.socket);
                    return Poll::Ready(CloseReason::Expired);
                }
                Seat::Outside { .. } | Seat::Inside(_) | Seat::Left => {}
            }
            match self.heart {
                Heart::Resting(at) if at <= now => {
                    self.outbox.send_own(Frame::ping());
                    self.heart = Heart::Asked(now + self.core.settings.ping_timeout);
                }
                Heart::Asked(until) if until <= now => {
                    self.core.stats.ping_timeouts.up();
                    return Poll::Ready(CloseReason::PingTimeout);
                }
                // Another time is due.
                Heart::Resting(_) | Heart::Asked(_) => {}
            }
            self.set_timer();
        }
        Poll::Pending
    }

    fn set_timer(&mut self) {
        let (Heart::Resting(beat) | Heart::Asked(beat)) = self.heart;
        let due = match &self.seat {
            Seat::Outside { until, .. } => beat.min(*until),
            Seat::Inside(inside) => inside.until.map_or(beat, |until| beat.min(until)),
            Seat::Left => beat,
        };
        self.timer.as_mut().reset(due);
    }

    /// An Engine.IO packet of text.
    pub(super) async fn text(&mut self, text: &str) -> Flow {
        self.core.stats.frames_in.up();
        // A client that says a thousand things at once takes its turn with the others.
        consume_budget().await;
        match text.as_bytes().first() {
            Some(b'4') => self.packet(&text[1..]).await,
            Some(b'3') => {
                self.heart = Heart::Resting(Instant::now() + self.core.settings.ping_interval);
                self.set_timer();
                Flow::Continue
            }
            Some(b'1') => Flow::Close(CloseReason::TransportClosed),
            // Clients of protocol 3 asked the server. Answering is harmless.
            Some(b'2') => {
                self.outbox.send_own(Frame::text("3"));
                Flow::Continue
            }
            // An upgrade that is through, and the packet that means nothing.
            Some(b'5' | b'6') => Flow::Continue,
            _ => self.malformed(Fault::BadPacket, None, None),
        }
    }

    /// A binary message: the attachment of an event that was refused already, or a mistake.
    pub(super) fn binary(&mut self) -> Flow {
        self.core.stats.frames_in.up();
        if self.attachments > 0 {
            self.attachments -= 1;
            return Flow::Continue;
        }
        self.malformed(Fault::Binary, None, None)
    }

    /// A message over the limit, of which the start is left.
    pub(super) fn too_large(&mut self, head: &[u8]) -> Flow {
        self.core.stats.frames_in.up();
        // Cut inside a character, perhaps: what is before it is enough.
        let head = match str::from_utf8(head) {
            Ok(head) => head,
            Err(error) => str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
        };
        match head.strip_prefix('4').map(packet::decode) {
            Some(Ok(Packet::Event { ack, args, .. } | Packet::BinaryEvent { ack, args, .. })) => {
                self.malformed(Fault::TooLarge, packet::name_at_start(args), ack)
            }
            _ => self.malformed(Fault::TooLarge, None, None),
        }
    }

    /// Reports what is no event, at most as often as events may come.
    pub(super) fn malformed(&mut self, fault: Fault, event: Option<&str>, ack: Option<AckId>) -> Flow {
        let fault = if self.may_speak() { fault } else { Fault::RateLimited };
        self.report(fault, event, ack)
    }

    fn report(&mut self, fault: Fault, event: Option<&str>, ack: Option<AckId>) -> Flow {
        // A client that is not in yet has nobody to report to, and is a stranger.
        let Seat::Inside(inside) = &self.seat else {
            return Flow::Close(CloseReason::TransportError);
        };
        let counter = match fault {
            Fault::RateLimited => &self.core.stats.rate_limited,
            _ => &self.core.stats.malformed,
        };
        counter.up();
        self.core.service.malformed(&inside.socket, Malformed { fault, event, ack });
        Flow::Continue
    }

    fn may_speak(&mut self) -> bool {
        self.rate.take(Instant::now(), self.core.settings.events_per_second, Duration::from_secs(1))
    }

    /// What one says is passed on to others, who may have less of a network.
    fn may_say_so_much(&mut self, bytes: usize) -> bool {
        let kilobytes = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        self.volume.take_many(Instant::now(), kilobytes, VOLUME_KB, VOLUME_PER)
    }

    async fn packet(&mut self, text: &str) -> Flow {
        match packet::decode(text) {
            Ok(Packet::Connect { namespace: "/", auth }) => self.connect(auth).await,
            Ok(Packet::Connect { namespace, .. }) => {
                self.outbox
                    .send_own(refusal(namespace, &serde_json::json!({"message": "Invalid namespace"})));
                Flow::Continue
            }
            Ok(Packet::Disconnect { namespace: "/" }) => Flow::Close(CloseReason::ClientDisconnect),
            Ok(Packet::Event { namespace: "/", ack, args }) => self.event(ack, args).await,
            Ok(Packet::BinaryEvent { namespace: "/", attachments, ack, args }) => {
                self.attachments = attachments;
                self.malformed(Fault::Binary, packet::name_at_start(args), ack)
            }
            Ok(Packet::BinaryAck { attachments }) => {
                self.attachments = attachments;
                Flow::Continue
            }
            // We ask for no acknowledgements, and a namespace nobody is in has nothing to end.
            Ok(Packet::Ack | Packet::Disconnect { .. }) => Flow::Continue,
            // Somebody who never came into that namespace.
            Ok(Packet::Event { .. } | Packet::BinaryEvent { .. }) | Err(packet::BadPacket) => {
                self.malformed(Fault::BadPacket, None, None)
            }
        }
    }

    async fn connect(&mut self, auth: &str) -> Flow {
        let Seat::Outside { handshake, .. } = &mut self.seat else {
            return Flow::Continue;
        };
        let auth = match auth {
            "" => Ok(None),
            auth => read_auth(auth).map(Some),
        };
        let may_try = self.rate.take(Instant::now(), CONNECTS, Duration::from_secs(60));
        let answer = match auth {
            _ if !may_try => Err(ConnectRefused::new("rate_limited", "too many attempts, wait a minute")),
            Err(NotAnObject) => Err(ConnectRefused::new("bad_request", "auth must be a JSON object")),
            Ok(auth) => {
                handshake.auth = auth;
                // Boxed: it runs once, and a session would keep room for it for ever.
                Box::pin(self.core.service.connect(self.outbox.id, handshake)).await
            }
        };
        match answer {
            Ok(identity) => {
                self.enter(identity);
                Flow::Continue
            }
            Err(refused) => {
                self.core.stats.refused_connects.up();
                self.outbox.send_own(refusal("/", &refused));
                Flow::Continue
            }
        }
    }

    fn enter(&mut self, identity: S::Identity) {
        let socket = SocketHandle(self.outbox.clone());
        self.rate = Rate::full();
        self.core.stats.connected.up();
        // What is further away than the clock counts is never.
        let until = self.core.service.stays(&identity).and_then(|stay| Instant::now().checked_add(stay));
        // From here on the service hears of its end, even if `opened` panics.
        self.seat = Seat::Inside(Inside {
            core: self.core.clone(),
            socket,
            identity: Box::new(identity),
            until,
            reason: CloseReason::Panicked,
        });
        let Seat::Inside(inside) = &self.seat else { return };
        // Into the outbox first, so that what `opened` sends comes behind it. Nothing leaves, or at least nothing
        // that comes back is looked at, before this task goes on.
        inside.socket.0.connect(Frame::text(&format!(r#"40{{"sid":"{}"}}"#, super::server::new_sid())));
        inside.core.service.opened(&inside.socket, &inside.identity);
        self.set_timer();
    }

    async fn event(&mut self, ack: Option<AckId>, args: &str) -> Flow {
        if !self.may_speak() || !self.may_say_so_much(args.len()) {
            return self.report(Fault::RateLimited, packet::name_at_start(args), ack);
        }
        let Some(arguments) = packet::arguments(args) else {
            return self.report(Fault::BadJson, packet::name_at_start(args), ack);
        };
        let Seat::Inside(inside) = &self.seat else {
            return Flow::Close(CloseReason::TransportError);
        };
        let event = Event { name: &arguments.name, payload: arguments.first, ack };
        // Boxed, so that ten thousand idle sessions do not each keep room for the largest handler.
        let mut handling = Box::pin(inside.core.service.event(&inside.socket, &inside.identity, event));
        let mut has_waited = false;
        poll_fn(|cx| {
            let done = handling.as_mut().poll(cx);
            has_waited |= done.is_pending();
            done
        })
        .await;
        drop(handling);
        if has_waited {
            self.excuse();
        }
        Flow::Continue
    }

    /// While an event was handled nothing was read: an answer that waits in the kernel is not late.
    fn excuse(&mut self) {
        if let Heart::Asked(until) = self.heart {
            self.heart = Heart::Asked(until.max(Instant::now() + self.core.settings.ping_timeout));
            self.set_timer();
        }
    }

    /// Lets nothing more into the outbox and tells the service, whatever the transport still has to say.
    pub(super) fn leave(&mut self, reason: CloseReason) {
        self.outbox.close(reason);
        if let Seat::Inside(mut inside) = std::mem::replace(&mut self.seat, Seat::Left) {
            inside.reason = reason;
        }
    }
}

impl<S: Service> Drop for Session<S> {
    fn drop(&mut self) {
        self.leave(CloseReason::Panicked);
        self.outbox.end();
        self.core.ended(&self.outbox);
    }
}

/// Runs something of a session while `meanwhile` does what cannot wait. It is given up when the server stops and is
/// in a hurry.
pub(super) async fn unless_forced(
    outbox: &Outbox,
    running: impl Future<Output = Flow>,
    mut meanwhile: impl FnMut(&mut Context<'_>),
) -> Flow {
    let mut running = pin!(running);
    poll_fn(|cx| {
        if let Poll::Ready(flow) = running.as_mut().poll(cx) {
            return Poll::Ready(flow);
        }
        meanwhile(cx);
        outbox.poll_forced(cx).map(|()| Flow::Close(CloseReason::ServerShutdown))
    })
    .await
}

/// What one socket may say: as much at once, and so much again in that time. A call says a few kilobytes a minute.
const VOLUME_KB: u32 = 8 * 1024;
const VOLUME_PER: Duration = Duration::from_secs(8);

/// A client that fails to get in may try again so often a minute. More is guessing.
const CONNECTS: u32 = 10;

struct NotAnObject;

fn read_auth(auth: &str) -> Result<Box<RawValue>, NotAnObject> {
    if !auth.starts_with('{') || packet::is_too_deep(auth) {
        return Err(NotAnObject);
    }
    serde_json::from_str(auth).map_err(|_| NotAnObject)
}

fn refusal(namespace: &str, content: &impl serde::Serialize) -> Frame {
    let namespace = if namespace == "/" { String::new() } else { format!("{namespace},") };
    let content = serde_json::to_string(content).unwrap_or_default();
    Frame::text(&format!("44{namespace}{content}"))
}

fn open_packet<S: Service>(core: &Core<S>, via: Via, sid: &str) -> Frame {
    let settings = &core.settings;
    let upgrades: &[&str] = if via == Via::WebSocket { &[] } else { &["websocket"] };
    let content = serde_json::json!({
        "sid": sid,
        "upgrades": upgrades,
        "pingInterval": settings.ping_interval.as_millis() as u64,
        "pingTimeout": settings.ping_timeout.as_millis() as u64,
        "maxPayload": settings.hard_limit,
    });
    Frame::text(&format!("0{content}"))
}
