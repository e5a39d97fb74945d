//! Datagrams in and out, many with one system call. Buffers are made once.
use super::streams::is_stream;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};
use std::{
    io::{IoSlice, IoSliceMut},
    net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket},
    os::fd::AsRawFd,
};

/// As many as one call takes.
pub(super) const BATCH: usize = 64;
/// More than fits through any path that calls go over, with the tags of protection.
pub(super) const LARGEST: usize = 2048;

type Buffer = [u8; LARGEST];

/// What arrived.
pub(super) struct Arrived {
    headers: MultiHeaders<SockaddrStorage>,
    buffers: Vec<Buffer>,
    found: Vec<(SocketAddr, usize)>,
}

impl Arrived {
    pub(super) fn new() -> Self {
        Self {
            headers: MultiHeaders::preallocate(BATCH, None),
            buffers: vec![[0; LARGEST]; BATCH],
            found: Vec::with_capacity(BATCH),
        }
    }

    /// Takes what there is, without waiting. How many came.
    pub(super) fn receive(&mut self, socket: &UdpSocket) -> usize {
        self.found.clear();
        let mut buffers = self.buffers.iter_mut();
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] = std::array::from_fn(|_| {
            let buffer = buffers.next().expect("there are as many buffers as fit into a batch");
            [IoSliceMut::new(buffer)]
        });
        let flags = MsgFlags::MSG_DONTWAIT;
        // What fails here is "nothing there", or of one datagram that is gone: the next call goes on.
        let Ok(messages) = recvmmsg(socket.as_raw_fd(), &mut self.headers, slices.iter_mut(), flags, None)
        else {
            return 0;
        };
        let whole = messages.map(|message| {
            let from = message.address.and_then(address).unwrap_or(NOBODY);
            // What is longer than any packet of ours is not one.
            (from, if message.flags.contains(MsgFlags::MSG_TRUNC) { 0 } else { message.bytes })
        });
        self.found.extend(whole);
        self.found.len()
    }

    /// One of them.
    pub(super) fn get(&mut self, n: usize) -> (SocketAddr, &mut [u8]) {
        let (from, len) = self.found[n];
        (from, &mut self.buffers[n][..len])
    }
}

const NOBODY: SocketAddr = SocketAddr::V4(SocketAddrV4::new(std::net::Ipv4Addr::UNSPECIFIED, 0));

fn address(storage: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddr::V4(SocketAddrV4::from(*v4)));
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddr::V6(SocketAddrV6::from(*v6))))
}

/// What leaves.
pub(super) struct Leaves {
    headers: MultiHeaders<SockaddrStorage>,
    buffers: Vec<Buffer>,
    lens: [usize; BATCH],
    to: Vec<Option<SockaddrStorage>>,
    used: usize,
    /// Datagrams that the system took, and their bytes.
    pub(super) sent: (u64, u64),
    /// Those that it did not take.
    pub(super) refused: u64,
}

impl Leaves {
    pub(super) fn new() -> Self {
        Self {
            headers: MultiHeaders::preallocate(BATCH, None),
            buffers: vec![[0; LARGEST]; BATCH],
            lens: [0; BATCH],
            to: vec![None; BATCH],
            used: 0,
            sent: (0, 0),
            refused: 0,
        }
    }

    /// Writes one; nothing if `write` gives no length. The batch leaves when it is full.
    pub(super) fn push(
        &mut self,
        socket: &UdpSocket,
        to: SocketAddr,
        write: impl FnOnce(&mut Buffer) -> Option<usize>,
    ) {
        if let Some(len) = write(&mut self.buffers[self.used]) {
            self.lens[self.used] = len;
            self.to[self.used] = Some(SockaddrStorage::from(to));
            self.used += 1;
        }
        if self.used == BATCH {
            self.flush(socket);
        }
    }

    /// Sends what was written.
    pub(super) fn flush(&mut self, socket: &UdpSocket) {
        let mut first = 0;
        while first < self.used {
            let mut slices = [[IoSlice::new(&[])]; BATCH];
            let written = self.buffers.iter().zip(&self.lens).skip(first).take(self.used - first);
            for (slice, (buffer, len)) in slices.iter_mut().zip(written) {
                *slice = [IoSlice::new(&buffer[..*len])];
            }
            let slices = &slices[..self.used - first];
            let to = &self.to[first..self.used];
            let flags = MsgFlags::MSG_DONTWAIT;
            let taken = match sendmmsg(socket.as_raw_fd(), &mut self.headers, slices, to, [], flags) {
                Ok(results) => results.count(),
                // One that cannot be sent, to where nobody is or nothing leads, does not hold up the others.
                Err(_) => {
                    self.refused += 1;
                    first += 1;
                    continue;
                }
            };
            self.sent.0 += taken as u64;
            self.sent.1 += self.lens[first..first + taken].iter().map(|len| *len as u64).sum::<u64>();
            first += taken.max(1);
        }
        self.used = 0;
    }
}

/// Whether an address can be spoken to.
pub(super) fn is_somebody(address: SocketAddr) -> bool {
    address != NOBODY && address.port() != 0 && !is_stream(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_leave_and_arrive_with_one_call() {
        let (a, b) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let to = b.local_addr().unwrap();
        let mut leaves = Leaves::new();
        for n in 0..100u8 {
            leaves.push(&a, to, |buffer| {
                buffer[0] = n;
                Some(1 + usize::from(n))
            });
        }
        leaves.push(&a, to, |_| None);
        leaves.flush(&a);
        assert_eq!(leaves.sent.0, 100);
        let mut arrived = Arrived::new();
        let mut all = Vec::new();
        loop {
            let count = arrived.receive(&b);
            if count == 0 {
                break;
            }
            for n in 0..count {
                let (from, bytes) = arrived.get(n);
                assert_eq!(from, a.local_addr().unwrap());
                all.push((bytes[0], bytes.len()));
            }
        }
        assert_eq!(all, (0..100u8).map(|n| (n, 1 + usize::from(n))).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_be_sent_holds_up_nobody() {
        let (a, b) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut leaves = Leaves::new();
        leaves.push(&a, "[::1]:9".parse().unwrap(), |_| Some(3));
        leaves.push(&a, b.local_addr().unwrap(), |_| Some(4));
        leaves.flush(&a);
        assert_eq!((leaves.sent.0, leaves.refused), (1, 1));
    }
}
