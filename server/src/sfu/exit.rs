//! The way out of a worker: datagrams in batches, and packets into connections for those who have no other way.
use super::{
    datagrams::{LARGEST, Leaves},
    streams::{self, Writer},
};
use std::{
    collections::HashMap,
    net::{SocketAddr, UdpSocket},
};

/// Where everything leaves.
pub(super) struct Exit {
    pub(super) socket: UdpSocket,
    pub(super) leaves: Leaves,
    streams: HashMap<SocketAddr, Writer>,
    scratch: Box<[u8; LARGEST]>,
}

impl Exit {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self { socket, leaves: Leaves::new(), streams: HashMap::new(), scratch: Box::new([0; LARGEST]) }
    }

    /// Writes one packet for somebody; nothing if `write` gives no length.
    pub(super) fn push(&mut self, to: SocketAddr, write: impl FnOnce(&mut [u8; LARGEST]) -> Option<usize>) {
        if !streams::is_stream(to) {
            self.leaves.push(&self.socket, to, write);
        } else if let (Some(stream), Some(len)) = (self.streams.get(&to), write(&mut self.scratch)) {
            stream.send(&self.scratch[..len]);
        }
    }

    /// The same with a packet that is written already.
    pub(super) fn copy(&mut self, to: SocketAddr, packet: &[u8]) {
        self.push(to, |out| {
            out.get_mut(..packet.len())?.copy_from_slice(packet);
            Some(packet.len())
        });
    }

    /// Sends what was written.
    pub(super) fn flush(&mut self) {
        self.leaves.flush(&self.socket);
    }

    /// Somebody connected.
    pub(super) fn opened(&mut self, from: SocketAddr, stream: Writer) {
        self.streams.insert(from, stream);
    }

    /// Who came by this connection proved to be a client.
    pub(super) fn is_somebody(&self, from: SocketAddr) {
        if let Some(stream) = self.streams.get(&from) {
            stream.proved();
        }
    }

    /// A connection is over.
    pub(super) fn closed(&mut self, from: SocketAddr) {
        self.streams.remove(&from);
    }

    /// The address that somebody really has, whichever way they come.
    pub(super) fn seen_from(&self, from: SocketAddr) -> SocketAddr {
        self.streams.get(&from).map_or(from, |stream| stream.peer)
    }
}
