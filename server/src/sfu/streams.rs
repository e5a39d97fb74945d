//! ICE over TCP (RFC 6544), for networks that let nothing else out: each packet behind its length (RFC 4571).
//!
//! A connection has a number, and stands among addresses as one that no datagram ever comes from.
use super::{
    client::{name_of, worker_of},
    datagrams::LARGEST,
    worker::{Inbox, Letter},
};
use crate::{
    stun::Message,
    visitors::{Places, network_of},
};
use std::{
    future,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout},
};

/// More connections than this are turned away; people come by them only where nothing else works.
const MOST: usize = 5_000;
/// The same of one network: many people may be behind one address.
const MOST_OF_ONE: usize = 200;
/// Whoever has not proved for so long to be a client is turned away.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nor does anybody need more packets to prove it.
const MOST_OF_STRANGERS: usize = 20;
/// Bytes that are read at once.
const BUFFERED: usize = 4_096;
/// Whoever says nothing at all for so long is gone; checks come every few seconds.
const SILENCE: Duration = Duration::from_secs(40);
/// Packets that wait for a slow reader. What does not fit is lost, as on any path.
const WAITING: usize = 256;

/// The addresses that nothing can have (RFC 6666), with the number of a connection in the lower half.
const NOWHERE: u16 = 0x0100;

/// How a connection stands among addresses.
pub(super) fn address_of(number: u64) -> SocketAddr {
    let [a, b, c, d] = [number >> 48, number >> 32, number >> 16, number].map(|part| part as u16);
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(NOWHERE, 0, 0, 0, a, b, c, d)), 1)
}

/// Whether an address stands for a connection.
pub(super) fn is_stream(address: SocketAddr) -> bool {
    matches!(address, SocketAddr::V6(v6) if v6.ip().segments()[..4] == [NOWHERE, 0, 0, 0])
}

/// Where packets for a connection go.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    /// Who is at its other end.
    pub(super) peer: SocketAddr,
    packets: mpsc::Sender<Vec<u8>>,
    is_somebody: Arc<AtomicBool>,
}

impl Writer {
    /// Who is there proved to be a client.
    pub(super) fn proved(&self) {
        self.is_somebody.store(true, Relaxed);
    }

    /// Sends a packet, unless too many wait.
    pub(super) fn send(&self, packet: &[u8]) {
        // A reader that is too slow loses packets; one that is gone is heard of elsewhere.
        let _lost = self.packets.try_send(packet.to_vec());
    }
}

/// Takes connections until it is dropped.
pub(super) async fn serve(listener: TcpListener, inboxes: Vec<Inbox>) {
    let numbers = AtomicU64::new(0);
    let open = Arc::new(AtomicUsize::new(0));
    let places = Arc::new(Places::default());
    let mut connections = JoinSet::new();
    loop {
        // What ended is taken off the list.
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = listener.accept().await else {
            // Too many files are open, or the caller is gone already.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        if open.load(Relaxed) >= MOST {
            continue;
        }
        let Some(place) = places.take(network_of(peer.ip()), MOST_OF_ONE) else { continue };
        open.fetch_add(1, Relaxed);
        let number = numbers.fetch_add(1, Relaxed);
        let (inboxes, open) = (inboxes.clone(), open.clone());
        connections.spawn(async move {
            connection(stream, peer, number, &inboxes).await;
            open.fetch_sub(1, Relaxed);
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, number: u64, inboxes: &[Inbox]) {
    // Voices do not wait for more to be said.
    let _slower = stream.set_nodelay(true);
    let (input, output) = stream.into_split();
    let mut input = BufReader::with_capacity(BUFFERED, input);
    let Ok(Some(first)) = timeout(PATIENCE, packet(&mut input)).await else { return };
    let worker = Message::parse(&first).and_then(|message| worker_of(name_of(&message)?.as_bytes()));
    let Some(inbox) = worker.and_then(|worker| inboxes.get(worker)) else { return };
    let (packets, waiting) = mpsc::channel(WAITING);
    let from = address_of(number);
    let is_somebody = Arc::new(AtomicBool::new(false));
    inbox.put(Letter::Stream { from, writer: Writer { peer, packets, is_somebody: is_somebody.clone() } });
    inbox.hand(vec![(from, first)]);
    let nobody = async {
        sleep(PATIENCE).await;
        if is_somebody.load(Relaxed) {
            future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = read(&mut input, from, inbox, &is_somebody) => {}
        () = nobody => {}
        () = write(output, waiting) => {}
    }
    inbox.put(Letter::StreamOver { from });
}

async fn read(input: &mut BufReader<OwnedReadHalf>, from: SocketAddr, inbox: &Inbox, proved: &AtomicBool) {
    let mut strange = 0;
    while let Ok(Some(packet)) = timeout(SILENCE, packet(input)).await {
        if !proved.load(Relaxed) {
            strange += 1;
            if strange > MOST_OF_STRANGERS {
                return;
            }
        }
        inbox.hand(vec![(from, packet)]);
    }
}

/// The next packet; none at the end, or after what is none of ours.
async fn packet(input: &mut BufReader<OwnedReadHalf>) -> Option<Vec<u8>> {
    let length = usize::from(input.read_u16().await.ok()?);
    if length == 0 || length > LARGEST {
        return None;
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

async fn write(mut output: OwnedWriteHalf, mut waiting: mpsc::Receiver<Vec<u8>>) {
    let mut bytes = Vec::with_capacity(2 * LARGEST);
    while let Some(packet) = waiting.recv().await {
        bytes.clear();
        let mut next = Some(packet);
        // As many as wait with one call.
        while let Some(packet) = next {
            bytes.extend((packet.len() as u16).to_be_bytes());
            bytes.extend(packet);
            next = if bytes.len() < 16 * LARGEST { waiting.try_recv().ok() } else { None };
        }
        if output.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun;
    use tokio::time::Instant;

    /// How long a connection lasts whose first packet is a check, and that says nothing more.
    async fn lasts(proves: bool) -> Duration {
        let begun = Instant::now();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let poll = mio::Poll::new().unwrap();
        let (letters, read) = std::sync::mpsc::channel();
        let inbox = Inbox::new(letters, mio::Waker::new(poll.registry(), mio::Token(0)).unwrap());
        let serving = tokio::spawn(serve(listener, vec![inbox]));
        let check = stun::Writer::new(stun::Class::Request, stun::method::BINDING, [1; 12])
            .with(stun::attribute::USERNAME, b"Abcdefgh:them")
            .finish();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&[&(check.len() as u16).to_be_bytes(), &check[..]].concat()).await.unwrap();
        // As the worker keeps it.
        let writer = loop {
            match read.try_recv() {
                Ok(Letter::Stream { writer, .. }) => break writer,
                _ => tokio::task::yield_now().await,
            }
        };
        if proves {
            writer.proved();
        }
        let _closed = stream.read(&mut [0; 10]).await;
        serving.abort();
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn who_proves_to_be_nobody_is_turned_away_soon() {
        let (stranger, client) = (lasts(false).await, lasts(true).await);

        assert!(stranger >= PATIENCE && stranger < SILENCE, "{stranger:?}");
        assert!(client >= SILENCE, "{client:?}");
    }

    #[test]
    fn a_connection_stands_where_no_datagram_comes_from() {
        for number in [0, 1, u64::MAX] {
            assert!(is_stream(address_of(number)));
        }
        assert_ne!(address_of(1), address_of(2));
        assert!(!is_stream("192.0.2.1:1".parse().unwrap()) && !is_stream("[2001:db8::1]:1".parse().unwrap()));
    }
}
