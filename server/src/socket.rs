//! Socket.IO (protocol 5 over Engine.IO 4), as a transport: the namespace `/`, WebSockets and long polling. It
//! knows packets, sessions and limits, and nothing of calls: a [`Service`] is told what came, and sends frames.
//!
//! Our own, for what an idle connection and an event cost; `docs/adr/0002` has the numbers. One task owns a session
//! from its handshake to its end; everybody else puts frames into its [outbox](SocketHandle).
//!
//! ```text
//!  request -> Sockets::handle -> polling (GET, POST) ---\
//!                             -> upgrade -> websocket ---> session -> Service
//!  Frame -> SocketHandle -> outbox -> GET or websocket
//! ```
mod frame;
mod hub;
mod limits;
mod outbox;
mod packet;
mod payload;
mod polling;
mod server;
mod session;
mod settings;
mod stats;
mod upgrade;
mod websocket;
mod wire;

#[cfg(test)]
mod tests;

pub use crate::calls::SocketId;
pub use frame::Frame;
pub use hub::Hub;
pub use outbox::SocketHandle;
pub use server::Sockets;
pub use settings::SocketSettings;
pub use stats::{Counter, SocketStats};

use crate::visitors::{Place, is_for_this_machine};
use hyper::{Request, header};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, net::SocketAddr, time::Duration};

/// What is behind the sockets. All of one socket's calls come one after the other, in the order of its packets.
pub trait Service: Send + Sync + 'static {
    /// Who a socket is. Kept for the socket and handed to each of its events.
    type Identity: Send + Sync + 'static;

    /// Whether a client may come in.
    fn connect(
        &self,
        socket: SocketId,
        handshake: &Handshake,
    ) -> impl Future<Output = Result<Self::Identity, ConnectRefused>> + Send;

    /// For how long whoever came in may stay; none: as long as they like.
    fn stays(&self, _: &Self::Identity) -> Option<Duration> {
        None
    }

    /// A socket's time is over: the last word to it. It is closed after this, and invited to come back.
    fn expired(&self, _: &SocketHandle) {}

    /// A socket is in. It ends before the client is told so, so no event can come before it; what it sends
    /// arrives behind that answer.
    fn opened(&self, socket: &SocketHandle, identity: &Self::Identity);

    /// A client said something. The next event of this socket waits until this one's future is done. The future is
    /// run to its end even when the client is gone; only a forced shutdown drops it.
    fn event(
        &self,
        socket: &SocketHandle,
        identity: &Self::Identity,
        event: Event<'_>,
    ) -> impl Future<Output = ()> + Send;

    /// A client said something that is no event. The socket lives; tell the client what was wrong.
    fn malformed(&self, socket: &SocketHandle, malformed: Malformed<'_>);

    /// A socket is gone: once for each [`Service::opened`], after everything else of this socket.
    fn closed(&self, socket: SocketId, reason: CloseReason);
}

/// The number a client gave an event in order to recognise the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AckId(pub u64);

/// An event as it came.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its first argument, unread. Its JSON is well formed and not deep.
    pub payload: Option<&'a RawValue>,
    /// Which acknowledgement the client waits for.
    pub ack: Option<AckId>,
}

/// Something that is no event.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed<'a> {
    /// What is wrong.
    pub fault: Fault,
    /// The name of the event, as far as it can be known.
    pub event: Option<&'a str>,
    /// Which acknowledgement the client waits for, as far as it can be known.
    pub ack: Option<AckId>,
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is larger than [`SocketSettings::message_limit`].
    TooLarge,
    /// It came too soon: see [`SocketSettings::events_per_second`].
    RateLimited,
    /// It is binary or has binary attachments.
    Binary,
    /// Its JSON is broken, nested too deeply, or no array that starts with a name.
    BadJson,
    /// It is no packet at all.
    BadPacket,
    /// It is text, but not UTF-8. The WebSocket protocol demands that the connection ends after this.
    NotUtf8,
}

/// What a client brought along when it knocked. Of its request only what decides whether it may come in: a socket that
/// is not in yet must not keep 16 KiB of headers.
#[derive(Debug)]
pub struct Handshake {
    /// Where the client is, also behind a trusted proxy.
    pub peer: SocketAddr,
    /// The site of the page that connects, if it is one.
    pub origin: Option<Box<str>>,
    /// By which name the client reached this server.
    pub host: Option<Box<str>>,
    /// Whether that is a name of this very machine, and no proxy passed the request on.
    pub is_for_this_machine: bool,
    /// What the client sent as `auth`: a JSON object, unread.
    pub auth: Option<Box<RawValue>>,
    place: Option<Place>,
}

impl Handshake {
    fn of<B>(request: &Request<B>, peer: SocketAddr, place: Option<Place>) -> Self {
        let text = |name| {
            // Copied: a value of hyper's keeps the whole head of the request alive.
            request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into())
        };
        Self {
            peer,
            origin: text(header::ORIGIN),
            host: text(header::HOST),
            is_for_this_machine: is_for_this_machine(request.headers()),
            auth: None,
            place,
        }
    }
}

/// Why a client may not come in; it arrives as a `connect_error`.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectRefused {
    /// One sentence for a person.
    pub message: String,
    /// For the program: `{"code": "unauthorized"}`.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub data: serde_json::Value,
}

impl ConnectRefused {
    /// With `data: {code}`.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), data: serde_json::json!({ "code": code }) }
    }
}

/// Why a socket is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client disconnected.
    ClientDisconnect,
    /// The connection was closed.
    TransportClosed,
    /// The connection broke, or the client broke its protocol.
    TransportError,
    /// The client did not answer the heartbeat.
    PingTimeout,
    /// The client read too slowly, and its outbox is full.
    SlowReader,
    /// Its time was over: see [`Service::stays`].
    Expired,
    /// [`SocketHandle::close`].
    ServerClosed,
    /// [`Sockets::shutdown`].
    ServerShutdown,
    /// The service panicked over an event of this socket.
    Panicked,
}

impl CloseReason {
    /// Whether the client shall come back at once. It is then told nothing at the end but cut
    /// off: every stock client comes back from a connection that breaks, and not every one from one that is closed.
    /// The Java client stops reading at a WebSocket's close frame and tells nobody, so that a phone would sit there
    /// until the heartbeat is missed, longer than its seat in a call waits. The Python client stays away after the
    /// good-bye packet of a poll.
    fn invites_back(self) -> bool {
        matches!(self, Self::ServerShutdown | Self::Panicked | Self::Expired)
    }
}

/// A parameter of a query string, percent-decoded.
fn query<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let raw = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })?;
    if !raw.contains(['%', '+']) {
        return Some(raw.into());
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                (high * 16 + low) as u8
            }
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}
