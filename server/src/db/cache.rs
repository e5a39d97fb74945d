//! Values that were looked up a moment ago. Bounded, and old ones are looked up again.
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Two generations: what is used moves to the young one; when that is full, the old one is dropped as a whole.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    generations: Mutex<Generations<K, V>>,
    /// Entries in one generation.
    room: usize,
    lives: Duration,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, (Instant, V)>,
    old: HashMap<K, (Instant, V)>,
}

impl<K: Copy + Eq + Hash, V: Clone> Cache<K, V> {
    pub(super) fn new(entries: usize, lives: Duration) -> Self {
        let generations = Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() });
        Self { generations, room: (entries / 2).max(1), lives }
    }

    pub(super) fn get(&self, key: K) -> Option<V> {
        let mut generations = self.lock();
        let (at, value) = match generations.young.get(&key) {
            Some(entry) => entry.clone(),
            None => {
                let entry = generations.old.remove(&key)?;
                generations.make_room(self.room);
                generations.young.insert(key, entry.clone());
                entry
            }
        };
        (at.elapsed() < self.lives).then_some(value)
    }

    /// Keeps a value, for no longer than others.
    pub(super) fn put_for(&self, key: K, value: V, lives: Duration) {
        let mut generations = self.lock();
        generations.make_room(self.room);
        // As if it had been looked up earlier; a clock that has just begun keeps it a little longer.
        let now = Instant::now();
        let at = now.checked_sub(self.lives.saturating_sub(lives)).unwrap_or(now);
        generations.young.insert(key, (at, value));
    }

    pub(super) fn forget(&self, key: K) {
        let mut generations = self.lock();
        generations.young.remove(&key);
        generations.old.remove(&key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations<K, V>> {
        // Nothing in here panics half way through a change.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Generations<K, V> {
    fn make_room(&mut self, room: usize) {
        if self.young.len() >= room {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_is_known_for_its_time_and_not_longer() {
        let cache = Cache::new(10, Duration::from_secs(30));
        cache.put_for(1, "one", Duration::from_secs(30));
        cache.put_for(2, "two", Duration::from_secs(1));

        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!((cache.get(1), cache.get(2)), (Some("one"), None));

        tokio::time::advance(Duration::from_secs(29)).await;
        assert_eq!(cache.get(1), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_never_grows_past_its_bound_and_keeps_what_is_used() {
        let cache = Cache::new(10, Duration::from_secs(30));
        cache.put_for(0, 0, cache.lives);
        for key in 1..1000 {
            cache.put_for(key, key, cache.lives);
            assert_eq!(cache.get(0), Some(0));
        }

        let generations = cache.lock();
        assert!(generations.young.len() + generations.old.len() <= 11);
    }
}
