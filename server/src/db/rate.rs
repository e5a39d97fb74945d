//! How often somebody may do something in a minute; bounded in memory.
use super::cache::Cache;
use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// Those who are counted. Whoever is forgotten for want of room starts anew.
const REMEMBERED: usize = 20_000;

/// Counts for each of many.
#[derive(Debug)]
pub(super) struct Rate<K> {
    counts: Cache<K, Arc<Mutex<Count>>>,
    a_minute: u32,
}

#[derive(Debug)]
struct Count {
    since: Instant,
    count: u32,
}

impl<K: Copy + Eq + Hash> Rate<K> {
    pub(super) fn new(a_minute: u32) -> Self {
        // Longer than the minute that is counted.
        Self { counts: Cache::new(REMEMBERED, MINUTE * 60), a_minute }
    }

    /// Counts one more. False if it is one too many.
    pub(super) fn allows(&self, who: K) -> bool {
        let count = self.counts.get(who).unwrap_or_else(|| {
            let count = Arc::new(Mutex::new(Count { since: Instant::now(), count: 0 }));
            self.counts.put_for(who, Arc::clone(&count), MINUTE * 60);
            count
        });
        // Nothing in here panics half way through a change.
        let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
        if count.since.elapsed() >= MINUTE {
            *count = Count { since: Instant::now(), count: 0 };
        }
        count.count = count.count.saturating_add(1);
        count.count <= self.a_minute
    }
}
