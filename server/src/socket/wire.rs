//! A WebSocket after its handshake: frames out of an outbox into a stream, messages out of the stream.
//! Between messages it holds no buffer.
use super::{
    CloseReason,
    frame::Frame,
    outbox::{Outbox, Over},
    websocket::{Broken, Decoder, Limits, Message},
};
use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once; it lies on the stack of a poll.
const CHUNK: usize = 16 * 1024;
/// How many frames go into one system call.
const SLICES: usize = 32;
/// Answers to pings that may wait. A client that sends pings and does not read gets no more of them.
const PONGS: usize = 4;

/// Why nothing more can be read or written.
#[derive(Debug)]
pub(super) enum Lost {
    /// The other end is gone.
    Io,
    /// It closed in due form, or just stopped.
    Closed,
    /// It broke the protocol.
    Broken(Broken),
}

impl From<io::Error> for Lost {
    fn from(_: io::Error) -> Self {
        // Which of the many ways a connection can break it was is of use to nobody.
        Self::Io
    }
}

impl From<Broken> for Lost {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// One end of a WebSocket.
pub(super) struct Wire<Io> {
    io: Io,
    limits: Limits,
    decoder: Decoder,
    /// Bytes that came together with a message that is being handled.
    unread: Vec<u8>,
    /// How many of them are done with.
    read: usize,
    /// Frames on their way out.
    frames: VecDeque<Frame>,
    /// How much of the first one is out.
    sent: usize,
    needs_flush: bool,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Wire<Io> {
    /// Over a stream from which `unread` has been read already.
    pub(super) fn new(io: Io, limits: Limits, unread: Vec<u8>) -> Self {
        Self {
            io,
            limits,
            decoder: Decoder::default(),
            unread,
            read: 0,
            frames: VecDeque::new(),
            sent: 0,
            needs_flush: false,
        }
    }

    /// Whether bytes wait that came with an earlier message. The answers to all of them go out together.
    pub(super) fn has_unread(&self) -> bool {
        self.read < self.unread.len()
    }

    /// Whether frames wait that no outbox knows of: the answers to pings.
    pub(super) fn has_frames(&self) -> bool {
        !self.frames.is_empty()
    }

    /// The next message.
    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Lost>> {
        loop {
            let message = if self.has_unread() { self.decode_unread()? } else { ready!(self.poll_read(cx))? };
            match message {
                None | Some(Message::Pong) => {}
                Some(Message::Close) => return Poll::Ready(Err(Lost::Closed)),
                Some(Message::Ping(payload)) => {
                    if self.frames.len() < PONGS {
                        self.frames.push_back(Frame::control(10, &payload));
                    }
                }
                Some(message) => return Poll::Ready(Ok(message)),
            }
        }
    }

    fn decode_unread(&mut self) -> Result<Option<Message>, Lost> {
        let mut input = &self.unread[self.read..];
        let message = self.decoder.decode(self.limits, &mut input)?;
        let left = input.len();
        self.read = self.unread.len() - left;
        if left == 0 {
            (self.unread, self.read) = (Vec::new(), 0);
        }
        Ok(message)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Lost>> {
        let mut chunk = [const { MaybeUninit::uninit() }; CHUNK];
        let mut buffer = ReadBuf::uninit(&mut chunk);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer))?;
        let mut input = buffer.filled();
        if input.is_empty() {
            return Poll::Ready(Err(Lost::Closed));
        }
        let message = self.decoder.decode(self.limits, &mut input)?;
        if !input.is_empty() {
            (self.unread, self.read) = (input.to_vec(), 0);
        }
        Poll::Ready(Ok(message))
    }

    /// Writes what waits. `Pending`: nothing is left, or the stream is full. `Ready`: the session shall end.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, outbox: &Outbox) -> Poll<Result<Over, Lost>> {
        loop {
            ready!(self.poll_drain(cx, outbox))?;
            if let Err(over) = ready!(outbox.poll_frames(cx, &mut self.frames)) {
                return Poll::Ready(Ok(over));
            }
        }
    }

    /// Writes the frames that are on their way; ready when all are out.
    fn poll_drain(&mut self, cx: &mut Context<'_>, outbox: &Outbox) -> Poll<Result<(), Lost>> {
        while !self.frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut used = 0;
            for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                let skip = if used == 0 { self.sent } else { 0 };
                *slice = IoSlice::new(&frame.wire()[skip..]);
                used += 1;
            }
            let written = match Pin::new(&mut self.io).poll_write_vectored(cx, &slices[..used]) {
                Poll::Ready(written) => written?,
                Poll::Pending => return Poll::Pending,
            };
            if written == 0 {
                return Poll::Ready(Err(Lost::Io));
            }
            outbox.written(self.advance(written), written);
            self.needs_flush = true;
        }
        if self.needs_flush {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.needs_flush = false;
        }
        // A burst leaves a large ring behind; an idle socket shall not keep it.
        if self.frames.capacity() > SLICES {
            self.frames = VecDeque::new();
        }
        Poll::Ready(Ok(()))
    }

    /// Forgets what is out; how many frames that were.
    fn advance(&mut self, written: usize) -> usize {
        self.sent += written;
        let mut done = 0;
        while let Some(frame) = self.frames.front() {
            let length = frame.wire().len();
            if self.sent < length {
                break;
            }
            self.sent -= length;
            self.frames.pop_front();
            done += 1;
        }
        done
    }

    /// Sends a frame at once, past the outbox: while nobody else writes.
    pub(super) async fn send_now(&mut self, frame: Frame, outbox: &Outbox) -> Result<(), Lost> {
        self.frames.push_back(frame);
        poll_fn(|cx| self.poll_drain(cx, outbox)).await
    }

    /// The next message, for the time before the session owns the wire.
    pub(super) async fn message(&mut self, outbox: &Outbox) -> Result<Message, Lost> {
        poll_fn(|cx| {
            let message = self.poll_message(cx);
            if message.is_pending() {
                // The answers to pings.
                if let Poll::Ready(Err(lost)) = self.poll_drain(cx, outbox) {
                    return Poll::Ready(Err(lost));
                }
            }
            message
        })
        .await
    }

    /// Says good-bye: what waits in the outbox, which is closing, then the farewell, and then reads on until the
    /// client has closed too. To close a socket with unread bytes would make the kernel throw away what the client
    /// has not read yet.
    pub(super) async fn close(mut self, outbox: &Outbox, farewell: Farewell) {
        let goodbye = async {
            poll_fn(|cx| self.poll_write(cx, outbox)).await?;
            if let Farewell::Code(code) = farewell {
                self.send_now(Frame::control(8, &code.to_be_bytes()), outbox).await?;
            }
            poll_fn(|cx| Pin::new(&mut self.io).poll_shutdown(cx)).await?;
            while self.message(outbox).await.is_ok() {}
            Ok::<_, Lost>(())
        };
        // Whoever is gone need not hear it.
        let _ = goodbye.await;
    }
}

/// What a client is told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// A close frame with this code.
    Code(u16),
    /// The connection just ends, as if it broke.
    None,
}

impl Farewell {
    pub(super) fn of(reason: CloseReason) -> Self {
        match reason {
            reason if reason.invites_back() => Self::None,
            CloseReason::TransportError => Self::Code(1002),
            _ => Self::Code(1000),
        }
    }
}
