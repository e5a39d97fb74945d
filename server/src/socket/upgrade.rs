//! From an HTTP request to a WebSocket, and the session that lives on it.
use super::{
    CloseReason, Fault, Handshake, Service,
    frame::Frame,
    outbox::{Outbox, Over, Via},
    polling::{Mail, Polling},
    server::{Core, Refused, new_sid},
    session::{Flow, Session, unless_forced},
    websocket::{Limits, Message},
    wire::{Farewell, Lost, Wire},
};
use crate::patient::Patient;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use ring::digest;
use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};

/// The key of a WebSocket handshake, if that is what the request is.
pub(super) fn key<B>(request: &Request<B>) -> Result<HeaderValue, Refused> {
    let headers = request.headers();
    let is_upgrade = request.method() == Method::GET
        && has_token(headers, header::CONNECTION, "upgrade")
        && has_token(headers, header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13")
        && request.extensions().get::<OnUpgrade>().is_some();
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24);
    key.filter(|_| is_upgrade).cloned().ok_or(Refused::REQUEST)
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Opens a session on a WebSocket of its own.
pub(super) fn open<S: Service, B>(
    core: Arc<Core<S>>,
    request: Request<B>,
    key: &HeaderValue,
    handshake: Box<Handshake>,
) -> Response<Full<Bytes>> {
    let limits = limits(&core);
    let upgrade = hyper::upgrade::on(request);
    // A task of its own, so that the session's does not keep room for the upgrade.
    tokio::spawn(async move {
        if let Some(wire) = upgraded(upgrade, limits, core.settings.upgrade_timeout).await {
            let session = Session::open(&core, handshake, Via::WebSocket, &new_sid());
            tokio::spawn(run(session, wire));
        }
    });
    switching(key)
}

/// Tries a WebSocket for a session that polls.
pub(super) fn probe<S: Service, B>(
    core: &Arc<Core<S>>,
    polling: Arc<Polling>,
    request: Request<B>,
    key: &HeaderValue,
) -> Result<Response<Full<Bytes>>, Refused> {
    if polling.outbox.via() != Via::Polling {
        return Err(Refused::REQUEST);
    }
    let limits = limits(core);
    let patience = core.settings.upgrade_timeout;
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let moving = async {
            let mut wire = upgraded(upgrade, limits, patience).await?;
            timeout(patience, probed(&polling, &mut wire)).await.ok()??;
            Some(wire)
        };
        let wire = tokio::select! {
            wire = moving => wire,
            () = polling.gone.notified() => return,
        };
        if let Some(wire) = wire {
            // The session may have ended just now; then the wire is dropped with the mail.
            drop(polling.mail.send(Mail::Upgraded(Box::new(wire))).await);
        }
    });
    Ok(switching(key))
}

/// The client asks whether this works, lets go of its poll, and moves over.
async fn probed(polling: &Polling, wire: &mut Wire<Stream>) -> Option<()> {
    let outbox = &polling.outbox;
    let is_probe = matches!(wire.message(outbox).await, Ok(Message::Text(text)) if text == "2probe");
    if !is_probe {
        return None;
    }
    // The answer first: a poll that is let go before it would only come back.
    wire.send_now(Frame::text("3probe"), outbox).await.ok()?;
    let mut standby = Standby::of(outbox)?;
    standby.is_taken = matches!(wire.message(outbox).await, Ok(Message::Text(text)) if text == "5");
    standby.is_taken.then_some(())
}

/// A WebSocket stands by for a session that polls. If the client does not take it, or takes too long, the session
/// goes on as before.
struct Standby<'a> {
    outbox: &'a Outbox,
    is_taken: bool,
}

impl<'a> Standby<'a> {
    /// `None`: another one stands by.
    fn of(outbox: &'a Outbox) -> Option<Self> {
        outbox.change_via(Via::Polling, Via::Upgrading).then_some(Self { outbox, is_taken: false })
    }
}

impl Drop for Standby<'_> {
    fn drop(&mut self) {
        if !self.is_taken {
            self.outbox.change_via(Via::Upgrading, Via::Polling);
        }
    }
}

fn limits<S: Service>(core: &Core<S>) -> Limits {
    Limits { message: core.settings.message_limit, hard: core.settings.hard_limit }
}

fn switching(key: &HeaderValue) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&accept(key)) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// RFC 6455, section 4.2.2: shows that we read the request. No secret, so SHA-1 will do.
fn accept(key: &HeaderValue) -> String {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(hash.finish())
}

/// Waits until HTTP lets go of the connection. What HTTP kept for it, buffers above all, ends here.
async fn upgraded(upgrade: OnUpgrade, limits: Limits, patience: std::time::Duration) -> Option<Wire<Stream>> {
    let upgraded = timeout(patience, upgrade).await.ok()?.ok()?;
    // From the door, or from a plain server.
    let tcp = match upgraded.downcast::<TokioIo<Patient<TcpStream>>>() {
        Ok(parts) => Ok((parts.io.into_inner().into_inner(), parts.read_buf)),
        Err(other) => {
            let plain = other.downcast::<TokioIo<TcpStream>>();
            plain.map(|parts| (parts.io.into_inner(), parts.read_buf))
        }
    };
    Some(match tcp {
        Ok((io, unread)) => {
            // Signalling is small messages that somebody waits for. Without it they are only later.
            let _ = io.set_nodelay(true);
            Wire::new(Stream::Tcp(io), limits, unread.to_vec())
        }
        Err(other) => Wire::new(Stream::Other(TokioIo::new(other)), limits, vec![]),
    })
}

/// Owns a session on a WebSocket, to its end.
pub(super) async fn run<S: Service, Io>(mut session: Session<S>, mut wire: Wire<Io>)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let end = live(&mut session, &mut wire).await;
    let core = session.core.clone();
    let outbox = session.outbox.clone();
    session.leave(end.reason);
    // Whoever did not answer, or does not read, will not read a good-bye.
    if let Some(farewell) = end.farewell {
        let goodbye = async {
            tokio::select! {
                () = wire.close(&outbox, farewell) => {}
                () = poll_fn(|cx| outbox.poll_forced(cx)) => {}
            }
        };
        // A client that takes longer has had its chance.
        let _ = timeout(core.settings.close_timeout, Box::pin(goodbye)).await;
    }
}

/// How a session ended.
struct End {
    reason: CloseReason,
    /// How it is closed, unless the client is gone.
    farewell: Option<Farewell>,
}

impl From<Lost> for End {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Io => Self { reason: CloseReason::TransportError, farewell: None },
            Lost::Closed => {
                Self { reason: CloseReason::TransportClosed, farewell: Some(Farewell::Code(1000)) }
            }
            Lost::Broken(broken) => {
                Self { reason: CloseReason::TransportError, farewell: Some(Farewell::Code(broken.0)) }
            }
        }
    }
}

impl From<Over> for End {
    fn from(over: Over) -> Self {
        match over {
            Over::Close(reason) => Self { reason, farewell: Some(Farewell::of(reason)) },
            Over::Drop(reason) => Self { reason, farewell: None },
        }
    }
}

async fn live<S: Service, Io>(session: &mut Session<S>, wire: &mut Wire<Io>) -> End
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let outbox = session.outbox.clone();
    loop {
        let message = poll_fn(|cx| {
            // The answers to messages that came together leave together.
            if !wire.has_unread() {
                match wire.poll_write(cx, &outbox) {
                    Poll::Ready(Ok(over)) => return Poll::Ready(Err(End::from(over))),
                    Poll::Ready(Err(lost)) => return Poll::Ready(Err(End::from(lost))),
                    Poll::Pending => {}
                }
            }
            if let Poll::Ready(over) = outbox.poll_over(cx) {
                return Poll::Ready(Err(End::from(over)));
            }
            if let Poll::Ready(message) = wire.poll_message(cx) {
                return Poll::Ready(message.map_err(End::from));
            }
            if wire.has_frames() {
                // Answers to pings. What goes wrong with them goes wrong again the next time.
                let _ = wire.poll_write(cx, &outbox);
            }
            match session.poll_timer(cx) {
                Poll::Ready(CloseReason::PingTimeout) => {
                    Poll::Ready(Err(End { reason: CloseReason::PingTimeout, farewell: None }))
                }
                Poll::Ready(reason) => Poll::Ready(Err(End::from(Over::Close(reason)))),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        let flow = match message {
            Err(end) => return end,
            Ok(Message::Text(text)) => {
                unless_forced(&outbox, session.text(&text), |cx| {
                    // An error, or an end, is found again as soon as the event is handled.
                    let _ = wire.poll_write(cx, &outbox);
                })
                .await
            }
            Ok(Message::Binary) => session.binary(),
            Ok(Message::TooLarge(head)) => session.too_large(&head),
            Ok(Message::NotUtf8) => {
                session.malformed(Fault::NotUtf8, None, None);
                return End { reason: CloseReason::TransportError, farewell: Some(Farewell::Code(1007)) };
            }
            // Answered by the wire.
            Ok(Message::Ping(_) | Message::Pong | Message::Close) => Flow::Continue,
        };
        if let Flow::Close(reason) = flow {
            return End::from(Over::Close(reason));
        }
    }
}

/// What a WebSocket runs over: TCP itself where we can have it, since what is between would keep buffers.
pub(super) enum Stream {
    Tcp(TcpStream),
    Other(TokioIo<Upgraded>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_read(cx, buf),
            Self::Other(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_write(cx, buf),
            Self::Other(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_flush(cx),
            Self::Other(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_shutdown(cx),
            Self::Other(io) => Pin::new(io).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_write_vectored(cx, slices),
            Self::Other(io) => Pin::new(io).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(io) => io.is_write_vectored(),
            Self::Other(io) => io.is_write_vectored(),
        }
    }
}
