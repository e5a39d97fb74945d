//! Every open socket by its id.
use super::{SocketHandle, SocketId, frame::Frame};
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// So many locks that senders rarely meet at one.
const SHARDS: usize = 16;

/// The sockets that are open, to be found by their ids. Shared by the transport, which keeps it, and the service.
#[derive(Debug, Default)]
pub struct Hub {
    last: AtomicU64,
    shards: [Mutex<HashMap<u64, SocketHandle>>; SHARDS],
}

impl Hub {
    /// Without sockets.
    pub fn new() -> Self {
        Self::default()
    }

    /// A socket, if it is open.
    pub fn get(&self, id: SocketId) -> Option<SocketHandle> {
        self.shard(id).get(&id.0).cloned()
    }

    /// Sends to a socket; `false` if it is gone.
    pub fn send(&self, id: SocketId, frame: Frame) -> bool {
        // The handle is cloned so that no lock is held while a task is woken.
        self.get(id).is_some_and(|handle| handle.send(frame))
    }

    /// Closes a socket, as [`SocketHandle::close`]; nothing if it is gone.
    pub fn close(&self, id: SocketId) {
        if let Some(handle) = self.get(id) {
            handle.close();
        }
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An id that no socket had before.
    pub(super) fn next_id(&self) -> SocketId {
        SocketId(self.last.fetch_add(1, Relaxed) + 1)
    }

    pub(super) fn insert(&self, handle: SocketHandle) {
        let id = handle.id();
        self.shard(id).insert(id.0, handle);
    }

    pub(super) fn remove(&self, id: SocketId) {
        self.shard(id).remove(&id.0);
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<SocketHandle> {
        self.shards.iter().flat_map(|shard| lock(shard).values().cloned().collect::<Vec<_>>()).collect()
    }

    fn shard(&self, id: SocketId) -> MutexGuard<'_, HashMap<u64, SocketHandle>> {
        lock(&self.shards[(id.0 % SHARDS as u64) as usize])
    }
}

fn lock(shard: &Mutex<HashMap<u64, SocketHandle>>) -> MutexGuard<'_, HashMap<u64, SocketHandle>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
