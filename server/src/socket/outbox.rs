//! What waits to go out to one socket. Anyone may put something in, at any time and without waiting; whoever owns
//! the transport takes it out.
use super::{AckId, CloseReason, SocketId, frame::Frame, stats::SocketStats};
use serde::Serialize;
use std::{
    collections::VecDeque,
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// One socket, to send to. Cloning is cheap, keeping one does not keep the connection open.
#[derive(Clone)]
pub struct SocketHandle(pub(super) Arc<Outbox>);

impl SocketHandle {
    /// Whose it is.
    pub fn id(&self) -> SocketId {
        self.0.id
    }

    /// Puts a frame into the socket's outbox; it leaves after those put in before. `false`: the socket is gone, or
    /// was just dropped because its outbox is full.
    pub fn send(&self, frame: Frame) -> bool {
        self.0.send(frame)
    }

    /// Sends an acknowledgement; otherwise as [`SocketHandle::send`].
    ///
    /// # Errors
    /// When the argument cannot be JSON.
    pub fn ack(&self, id: AckId, argument: &impl Serialize) -> Result<bool, serde_json::Error> {
        Ok(self.send(Frame::ack(id, argument)?))
    }

    /// Sends what is in the outbox, says good-bye and closes. Stock clients do not reconnect after this.
    pub fn close(&self) {
        self.0.close(CloseReason::ServerClosed);
    }
}

impl fmt::Debug for SocketHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketHandle({:?})", self.id())
    }
}

/// The outbox itself.
pub(super) struct Outbox {
    pub(super) id: SocketId,
    /// How many bytes may wait.
    limit: usize,
    stats: Arc<SocketStats>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    frames: VecDeque<Frame>,
    /// Bytes put in and not yet handed to the kernel or a poll.
    waiting: usize,
    state: State,
    via: Via,
    /// Whether the socket is connected to the namespace: before that only the transport itself speaks.
    connected: bool,
    /// Whether a GET is waiting or being answered.
    polled: bool,
    /// Who takes frames out: the WebSocket's task or a waiting GET.
    taker: Option<Waker>,
    /// The session's task, when that is somebody else.
    owner: Option<Waker>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Nothing more comes in; what is there goes out.
    Closing(CloseReason),
    /// Nothing more goes out either.
    Dropped(CloseReason),
    /// Somebody is in a hurry: whatever still runs for this socket is given up.
    Forced,
}

/// By which transport frames leave.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Via {
    #[default]
    WebSocket,
    Polling,
    /// Still polling, but a WebSocket stands by: a poll is answered at once, so that the client can let go of it.
    Upgrading,
}

/// How a socket shall end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// What waits goes out, then a good-bye.
    Close(CloseReason),
    /// At once, without a word.
    Drop(CloseReason),
}

/// What a poll is answered.
#[derive(Debug)]
pub(super) enum Polled {
    /// These frames.
    Frames(Vec<Frame>),
    /// A packet that means nothing: the client is about to change transports.
    Noop,
    /// The session is closing: the good-bye packet.
    Close(CloseReason),
    /// The session is gone.
    Gone,
}

impl Outbox {
    pub(super) fn new(id: SocketId, limit: usize, via: Via, stats: Arc<SocketStats>) -> Arc<Self> {
        let inner = Mutex::new(Inner { via, ..Inner::default() });
        Arc::new(Self { id, limit, stats, inner })
    }

    fn send(&self, frame: Frame) -> bool {
        let inner = self.lock();
        inner.connected && self.put(inner, frame)
    }

    /// Puts in a packet of the transport's own.
    pub(super) fn send_own(&self, frame: Frame) -> bool {
        self.put(self.lock(), frame)
    }

    /// Lets the service's frames in, behind this one.
    pub(super) fn connect(&self, answer: Frame) {
        let mut inner = self.lock();
        inner.connected = true;
        self.put(inner, answer);
    }

    fn put(&self, mut inner: MutexGuard<'_, Inner>, frame: Frame) -> bool {
        if inner.state != State::Open {
            return false;
        }
        inner.waiting += frame.wire().len();
        let has_room = inner.waiting <= self.limit;
        let wakers = if has_room {
            inner.frames.push_back(frame);
            (inner.taker.take(), None)
        } else {
            inner.state = State::Dropped(CloseReason::SlowReader);
            inner.frames = VecDeque::new();
            self.stats.slow_readers.up();
            (inner.taker.take(), inner.owner.take())
        };
        // Woken after the lock is free, or the woken task would wait for it at once.
        drop(inner);
        wake(wakers);
        has_room
    }

    /// Lets what is there go out, then closes.
    pub(super) fn close(&self, reason: CloseReason) {
        let mut inner = self.lock();
        if inner.state != State::Open {
            return;
        }
        if reason == CloseReason::ServerClosed && inner.connected {
            // Without this packet the client would take it for a lost connection and come back.
            inner.frames.push_back(Frame::text("41"));
        }
        inner.state = State::Closing(reason);
        let wakers = (inner.taker.take(), inner.owner.take());
        drop(inner);
        wake(wakers);
    }

    /// Gives up whatever still runs for this socket.
    pub(super) fn force(&self) {
        let mut inner = self.lock();
        inner.state = State::Forced;
        inner.frames = VecDeque::new();
        let wakers = (inner.taker.take(), inner.owner.take());
        drop(inner);
        wake(wakers);
    }

    /// The session is over: handles to it do nothing from now on, a waiting poll is let go.
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        if !matches!(inner.state, State::Dropped(_) | State::Forced) {
            inner.state = State::Dropped(CloseReason::TransportClosed);
        }
        inner.frames = VecDeque::new();
        let wakers = (inner.taker.take(), inner.owner.take());
        drop(inner);
        wake(wakers);
    }

    /// For a WebSocket's task: moves what waits into `frames`, which is empty. `Pending`: nothing waits; the task is
    /// woken when something does. An error: nothing will come any more.
    pub(super) fn poll_frames(
        &self,
        cx: &Context<'_>,
        frames: &mut VecDeque<Frame>,
    ) -> Poll<Result<(), Over>> {
        let mut inner = self.lock();
        match inner.state {
            State::Dropped(reason) => return Poll::Ready(Err(Over::Drop(reason))),
            State::Forced => return Poll::Ready(Err(Over::Drop(CloseReason::ServerShutdown))),
            State::Open | State::Closing(_) => {}
        }
        if !inner.frames.is_empty() {
            mem::swap(&mut inner.frames, frames);
            return Poll::Ready(Ok(()));
        }
        if let State::Closing(reason) = inner.state {
            return Poll::Ready(Err(Over::Close(reason)));
        }
        remember(&mut inner.taker, cx);
        Poll::Pending
    }

    /// So many bytes left.
    pub(super) fn written(&self, frames: usize, bytes: usize) {
        self.stats.frames_out.add(frames as u64);
        self.stats.bytes_out.add(bytes as u64);
        let mut inner = self.lock();
        inner.waiting = inner.waiting.saturating_sub(bytes);
    }

    /// For the session's task, also while it cannot write: ready when the session shall end.
    pub(super) fn poll_over(&self, cx: &Context<'_>) -> Poll<Over> {
        let mut inner = self.lock();
        match inner.state {
            State::Open => {
                remember(&mut inner.owner, cx);
                Poll::Pending
            }
            State::Closing(reason) => Poll::Ready(Over::Close(reason)),
            State::Dropped(reason) => Poll::Ready(Over::Drop(reason)),
            State::Forced => Poll::Ready(Over::Drop(CloseReason::ServerShutdown)),
        }
    }

    /// For a task that waits for the service: ready when nobody will wait for the service any more.
    pub(super) fn poll_forced(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.state == State::Forced {
            return Poll::Ready(());
        }
        remember(&mut inner.owner, cx);
        Poll::Pending
    }

    /// Whether nothing will go out any more.
    pub(super) fn is_dropped(&self) -> bool {
        matches!(self.lock().state, State::Dropped(_) | State::Forced)
    }

    /// Takes the place of the one poll. `false`: it is taken.
    pub(super) fn start_poll(&self) -> bool {
        !mem::replace(&mut self.lock().polled, true)
    }

    /// Gives the place of the one poll back.
    pub(super) fn end_poll(&self) {
        let mut inner = self.lock();
        inner.polled = false;
        if inner.via != Via::WebSocket {
            inner.taker = None;
        }
    }

    /// For a poll: what it is answered, at most about `most` bytes.
    pub(super) fn poll_poll(&self, cx: &Context<'_>, most: usize) -> Poll<Polled> {
        let mut inner = self.lock();
        if matches!(inner.state, State::Dropped(_) | State::Forced) {
            return Poll::Ready(Polled::Gone);
        }
        if inner.via == Via::WebSocket {
            return Poll::Ready(Polled::Noop);
        }
        let mut taken = vec![];
        let mut bytes = 0;
        while let Some(frame) = inner.frames.front() {
            bytes += frame.wire().len();
            if !taken.is_empty() && bytes > most {
                break;
            }
            taken.extend(inner.frames.pop_front());
        }
        if !taken.is_empty() {
            drop(inner);
            self.written(taken.len(), taken.iter().map(|frame| frame.wire().len()).sum());
            return Poll::Ready(Polled::Frames(taken));
        }
        if let State::Closing(reason) = inner.state {
            return Poll::Ready(Polled::Close(reason));
        }
        if inner.via == Via::Upgrading {
            return Poll::Ready(Polled::Noop);
        }
        remember(&mut inner.taker, cx);
        Poll::Pending
    }

    /// By which transport frames leave now.
    pub(super) fn via(&self) -> Via {
        self.lock().via
    }

    /// Changes transports if frames leave by `from`; lets a waiting poll go.
    pub(super) fn change_via(&self, from: Via, to: Via) -> bool {
        let mut inner = self.lock();
        if inner.via != from {
            return false;
        }
        inner.via = to;
        let wakers = (inner.taker.take(), None);
        drop(inner);
        wake(wakers);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while holding it; if something did, the frames are still good.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remember(slot: &mut Option<Waker>, cx: &Context<'_>) {
    if !slot.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *slot = Some(cx.waker().clone());
    }
}

fn wake((taker, owner): (Option<Waker>, Option<Waker>)) {
    for waker in [taker, owner].into_iter().flatten() {
        waker.wake();
    }
}
