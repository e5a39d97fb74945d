//! Flights of DTLS are repeated soon when nobody answers.
//!
//! The stack repeats a flight after a second, and the interval cannot be set. Worse, it forgets to repeat when a part of
//! an answer came, or the other side's repetition of what came before; then both wait for ever. So the datagrams of a
//! flight are kept here and sent again as they were. To DTLS that is a datagram that came twice or late, which it has to
//! bear anyway (RFC 6347, section 4.1.2.6).
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::Notify;
use tracing::debug;
use webrtc::runtime::AsyncUdpSocket;

/// After these, one after another. A round trip to the other end of the world is 300 ms, and what is sent too early
/// costs a kilobyte. The second at which the stack itself repeats is not reached.
const REPEAT_AFTER: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400)];

/// Of one flight. Without an end, two sides that hear each other would go on.
const MOST_REPETITIONS: u32 = 12;

/// A flight has up to five datagrams, and the stack may repeat it itself.
const MOST_DATAGRAMS: usize = 16;

#[derive(Default)]
pub(crate) struct Flights {
    flight: Mutex<Flight>,
    sent: Notify,
}

#[derive(Default)]
struct Flight {
    datagrams: Vec<Datagram>,
    /// Counts flights, so that a repetition knows whether it is still about the same.
    number: u64,
    repetitions: u32,
    /// Something came since. What is sent next is another flight.
    has_heard: bool,
    /// Media came, so the other side has all that it needs.
    is_over: bool,
}

#[derive(Clone)]
struct Datagram {
    /// A restart may have closed it meanwhile.
    socket: Weak<dyn AsyncUdpSocket>,
    to: SocketAddr,
    bytes: Vec<u8>,
}

impl Flights {
    /// Looks at a datagram that is sent.
    pub(crate) fn sent(&self, socket: &Arc<dyn AsyncUdpSocket>, to: SocketAddr, bytes: &[u8]) {
        if !is_handshake(bytes) {
            return;
        }
        let mut flight = self.lock();
        if flight.is_over {
            return;
        }
        if flight.has_heard || flight.datagrams.is_empty() {
            flight.datagrams.clear();
            flight.number += 1;
            (flight.has_heard, flight.repetitions) = (false, 0);
        }
        if flight.datagrams.len() < MOST_DATAGRAMS {
            flight.datagrams.push(Datagram { socket: Arc::downgrade(socket), to, bytes: bytes.to_vec() });
        }
        self.sent.notify_one();
    }

    /// Looks at a datagram that came.
    pub(crate) fn came(&self, bytes: &[u8]) {
        let is_media = matches!(inner(bytes), [128..=191, ..]);
        if !is_media && !is_handshake(bytes) {
            return;
        }
        let mut flight = self.lock();
        flight.has_heard = true;
        if flight.is_over {
            return;
        }
        if is_media {
            flight.is_over = true;
            flight.datagrams = Vec::new();
        }
        // It may be a repetition, because our flight was lost.
        self.sent.notify_one();
    }

    /// Repeats flights until media comes.
    pub(crate) async fn repeat(&self) {
        loop {
            self.sent.notified().await;
            let number = self.lock().number;
            for wait in REPEAT_AFTER {
                tokio::time::sleep(wait).await;
                let datagrams = {
                    let mut flight = self.lock();
                    if flight.is_over {
                        return;
                    }
                    if flight.number != number || flight.repetitions >= MOST_REPETITIONS {
                        break;
                    }
                    flight.repetitions += 1;
                    flight.datagrams.clone()
                };
                debug!(datagrams = datagrams.len(), "a flight of DTLS is sent again");
                for Datagram { socket, to, bytes } in datagrams {
                    if let Some(socket) = socket.upgrade() {
                        // Lost like any other.
                        let _lost = socket.send_to(&bytes, to).await;
                    }
                }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a datagram is about: itself, or what a relay's channel carries.
fn inner(bytes: &[u8]) -> &[u8] {
    match bytes {
        [0x40..=0x4f, _, _, _, inner @ ..] => inner,
        _ => bytes,
    }
}

/// A record of a handshake, or of the change of ciphers within it.
fn is_handshake(bytes: &[u8]) -> bool {
    matches!(inner(bytes), [20 | 22, ..])
}
