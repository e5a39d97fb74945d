//! Whose datagrams belong to another worker, by where they come from. Anybody can have themselves noted here, so whoever is
//! really there must outlast those who are not.
use std::{collections::HashMap, net::SocketAddr};

/// Of each generation: more clients than any machine carries.
const MOST: usize = 50_000;

/// Addresses and workers. Those that are asked for stay; of the others, the oldest go when there are too many.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    young: HashMap<SocketAddr, usize>,
    old: HashMap<SocketAddr, usize>,
}

impl Elsewhere {
    /// Where what comes from there belongs.
    pub(super) fn get(&mut self, from: SocketAddr) -> Option<usize> {
        if let Some(worker) = self.young.get(&from) {
            return Some(*worker);
        }
        let worker = self.old.remove(&from)?;
        self.insert(from, worker);
        Some(worker)
    }

    /// What comes from there belongs to this worker.
    pub(super) fn insert(&mut self, from: SocketAddr, worker: usize) {
        if self.young.len() >= MOST && !self.young.contains_key(&from) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(from, worker);
    }

    /// It belongs here.
    pub(super) fn remove(&mut self, from: SocketAddr) {
        self.young.remove(&from);
        self.old.remove(&from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_goes_on_is_known_however_many_strangers_come() {
        let at = |port: u32| SocketAddr::from(([10, 0, (port >> 16) as u8, 1], port as u16));
        let client = SocketAddr::from(([192, 0, 2, 1], 5_000));
        let mut elsewhere = Elsewhere::default();
        elsewhere.insert(client, 3);
        for stranger in 0..(5 * MOST as u32) {
            elsewhere.insert(at(stranger), 1);
            // A packet of theirs among ten thousand of strangers.
            if stranger % 10_000 == 0 {
                assert_eq!(elsewhere.get(client), Some(3), "after {stranger}");
            }
        }
        assert!(elsewhere.young.len() + elsewhere.old.len() <= 2 * MOST, "and memory has an end");
        elsewhere.remove(client);
        assert_eq!(elsewhere.get(client), None);
    }
}
