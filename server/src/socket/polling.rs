//! Long polling: what comes in by POST goes to the session's task, what waits in the outbox goes out by GET.
use super::{
    CloseReason, Handshake, Service,
    outbox::{Outbox, Over, Polled, Via},
    payload::{self, Part},
    server::{Core, Refused, answer, new_sid},
    session::{Flow, Session, unless_forced},
    upgrade::{self, Stream},
    wire::Wire,
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{Request, Response, StatusCode, body::Body, header};
use std::{
    error::Error,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{sleep, timeout},
};

/// A session that polls, as its requests see it.
pub(super) struct Polling {
    pub(super) outbox: Arc<Outbox>,
    pub(super) mail: mpsc::Sender<Mail>,
    /// Whether a POST is being handled.
    is_posting: AtomicBool,
    /// The good-bye packet was sent.
    said_goodbye: Notify,
    /// The session is over.
    pub(super) gone: Notify,
}

/// What a request hands to the session's task.
pub(super) enum Mail {
    /// A body, and where to say that all of it was handled.
    Post(String, oneshot::Sender<()>),
    /// The client has moved over to this.
    Upgraded(Box<Wire<Stream>>),
}

/// Opens a session; its first packet is the response.
pub(super) fn open<S: Service>(core: &Arc<Core<S>>, handshake: Box<Handshake>) -> Response<Full<Bytes>> {
    let sid = new_sid();
    let session = Session::open(core, handshake, Via::Polling, &sid);
    let (mail, inbox) = mpsc::channel(1);
    let polling = Arc::new(Polling {
        outbox: session.outbox.clone(),
        mail,
        is_posting: AtomicBool::new(false),
        said_goodbye: Notify::new(),
        gone: Notify::new(),
    });
    core.polling().insert(sid.clone(), polling.clone());
    let first = match polling.outbox.poll_poll(&no_wait(), usize::MAX) {
        Poll::Ready(Polled::Frames(frames)) => payload::join(&frames),
        // The server began to stop at this moment.
        Poll::Ready(_) | Poll::Pending => Bytes::from_static(b"1"),
    };
    tokio::spawn(run(session, sid, polling, inbox));
    answer(StatusCode::OK, first)
}

fn no_wait() -> std::task::Context<'static> {
    std::task::Context::from_waker(std::task::Waker::noop())
}

/// As often as the reference server does it.
const BETWEEN_NOOPS: Duration = Duration::from_millis(100);

/// Waits for something to send.
pub(super) async fn get<S: Service>(
    core: &Core<S>,
    polling: &Polling,
) -> Result<Response<Full<Bytes>>, Refused> {
    if polling.outbox.via() == Via::WebSocket {
        return Err(Refused::REQUEST);
    }
    if !polling.outbox.start_poll() {
        // Two polls would share the packets between them, in no order.
        polling.outbox.close(CloseReason::TransportError);
        return Err(Refused::REQUEST);
    }
    let _place = Place(&polling.outbox);
    if polling.outbox.via() == Via::Upgrading {
        // The client has not let go yet and asks again and again. Its packets may wait so long.
        sleep(BETWEEN_NOOPS).await;
    }
    let polled = poll_fn(|cx| polling.outbox.poll_poll(cx, core.settings.hard_limit)).await;
    let body = match polled {
        Polled::Frames(frames) => payload::join(&frames),
        Polled::Noop => Bytes::from_static(b"6"),
        Polled::Close(reason) if reason.invites_back() => {
            polling.said_goodbye.notify_one();
            return Err(Refused::UNAVAILABLE);
        }
        Polled::Close(_) | Polled::Gone => {
            polling.said_goodbye.notify_one();
            Bytes::from_static(b"1")
        }
    };
    Ok(answer(StatusCode::OK, body))
}

/// The place of the one poll, given back also when the client goes away.
struct Place<'a>(&'a Outbox);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.end_poll();
    }
}

/// Hands a body to the session and waits until it is handled.
pub(super) async fn post<S, B>(
    core: &Core<S>,
    polling: &Polling,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, Refused>
where
    S: Service,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // Protocol 4 sends text; this type was protocol 3's binary bodies.
    let is_binary =
        request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/octet-stream");
    if is_binary || polling.outbox.via() == Via::WebSocket {
        return Err(Refused::REQUEST);
    }
    if polling.is_posting.swap(true, SeqCst) {
        // Two bodies at once have no order.
        polling.outbox.close(CloseReason::TransportError);
        return Err(Refused::REQUEST);
    }
    let _turn = Turn(&polling.is_posting);
    // A body that dawdles outlives its session otherwise, and holds what it has sent so far.
    let whole = Limited::new(request.into_body(), core.settings.hard_limit).collect();
    let body = match timeout(core.settings.ping_timeout, whole).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Refused::TOO_LARGE),
        Ok(Err(_)) | Err(_) => return Err(Refused::REQUEST),
    };
    let Ok(body) = String::from_utf8(body.into()) else {
        return Err(Refused::REQUEST);
    };
    let (done, handled) = oneshot::channel();
    if polling.mail.send(Mail::Post(body, done)).await.is_err() || handled.await.is_err() {
        return Err(Refused::SESSION);
    }
    Ok(answer(StatusCode::OK, Bytes::from_static(b"ok")))
}

struct Turn<'a>(&'a AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

/// What woke a session that polls.
enum Woken {
    Mail(Mail),
    End(Over),
}

/// Owns a session while it polls.
async fn run<S: Service>(
    mut session: Session<S>,
    sid: String,
    polling: Arc<Polling>,
    mut inbox: mpsc::Receiver<Mail>,
) {
    let core = session.core.clone();
    // Also when the service panics: the next request of this client must not find a session without a task.
    let _listed = Listed { core: &*core, sid: &sid, polling: &polling };
    let reason = loop {
        let woken = poll_fn(|cx| {
            if let Poll::Ready(over) = session.outbox.poll_over(cx) {
                return Poll::Ready(Woken::End(over));
            }
            if let Poll::Ready(Some(mail)) = inbox.poll_recv(cx) {
                return Poll::Ready(Woken::Mail(mail));
            }
            session.poll_timer(cx).map(|reason| Woken::End(Over::Close(reason)))
        })
        .await;
        match woken {
            Woken::Mail(Mail::Post(body, done)) => {
                let flow = handle(&mut session, &body).await;
                // A client that did not wait for the answer has lost nothing.
                let _ = done.send(());
                if let Flow::Close(reason) = flow {
                    break reason;
                }
            }
            Woken::Mail(Mail::Upgraded(wire)) => {
                session.outbox.change_via(Via::Upgrading, Via::WebSocket);
                core.stats.upgraded.up();
                core.stats.open_polling.down();
                core.stats.open_websocket.up();
                tokio::spawn(upgrade::run(session, *wire));
                return;
            }
            Woken::End(Over::Close(reason) | Over::Drop(reason)) => break reason,
        }
    };
    session.leave(reason);
    // What is left, and the good-bye, go out by the client's next poll.
    let goodbye = poll_fn(|cx| match session.outbox.poll_over(cx) {
        Poll::Ready(Over::Drop(_)) => Poll::Ready(()),
        _ => session.outbox.poll_forced(cx),
    });
    let heard = async {
        tokio::select! {
            () = polling.said_goodbye.notified() => {}
            () = goodbye => {}
        }
    };
    if !matches!(reason, CloseReason::PingTimeout | CloseReason::TransportClosed) {
        // A client that does not poll any more will find the session gone.
        let _ = timeout(core.settings.close_timeout, heard).await;
    }
}

/// Handles the packets of a body, one after the other.
async fn handle<S: Service>(session: &mut Session<S>, body: &str) -> Flow {
    let outbox = session.outbox.clone();
    let packets = async {
        for part in payload::parts(body) {
            let flow = match part {
                Part::Text(text) if text.len() > session.core.settings.message_limit => {
                    session.too_large(text.as_bytes())
                }
                Part::Text(text) => session.text(text).await,
                Part::Binary(_) => session.binary(),
                Part::NotBase64 => session.malformed(super::Fault::BadPacket, None, None),
            };
            if flow != Flow::Continue {
                return flow;
            }
            if session.outbox.is_dropped() {
                // The task finds out why.
                break;
            }
        }
        Flow::Continue
    };
    unless_forced(&outbox, packets, |_| {}).await
}

/// A session that can be found by its requests.
struct Listed<'a, S: Service> {
    core: &'a Core<S>,
    sid: &'a str,
    polling: &'a Polling,
}

impl<S: Service> Drop for Listed<'_, S> {
    fn drop(&mut self) {
        self.core.polling().remove(self.sid);
        self.polling.gone.notify_one();
    }
}
