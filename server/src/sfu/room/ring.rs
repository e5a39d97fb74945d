//! What one stream sent lately, once for everybody who may need it again.
use std::time::Duration;

/// What is kept at least, unless the stream is larger than [`LARGEST`].
const KEEP: Duration = Duration::from_millis(700);
const SMALLEST: usize = 16 * 1024;
/// 4 Mbit/s for the time that is kept.
const LARGEST: usize = 512 * 1024;
/// Packets, for each 16 KiB: of 512 bytes at the least on average, before bytes are the limit.
const PACKETS: usize = 32;
/// How finely it is known when bytes were written.
const PAGE: usize = 2048;

/// Packets by their number. The newest take the place of the oldest.
#[derive(Debug, Default)]
pub(super) struct Ring {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// When each page was last written to.
    pages: Vec<Option<Duration>>,
    /// Bytes ever written.
    written: u64,
}

/// What is known of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    len: u16,
    /// Where it begins, among all bytes ever written.
    from: u64,
    at: Duration,
    is_used: bool,
}

impl Entry {
    pub(super) fn new(sequence: u64, timestamp: u32, marker: bool) -> Self {
        Self { sequence, timestamp, marker, ..Self::default() }
    }
}

impl Ring {
    /// Keeps a packet.
    pub(super) fn push(&mut self, now: Duration, mut entry: Entry, payload: &[u8]) {
        if self.bytes.is_empty() {
            self.resize(SMALLEST);
        }
        if payload.len() > SMALLEST {
            return;
        }
        if self.bytes.len() < LARGEST && self.is_tight(now, entry.sequence, payload.len()) {
            self.resize(self.bytes.len() * 2);
        }
        let size = self.bytes.len() as u64;
        // A packet stands in one piece: what is left at the end stays empty.
        let left = size - self.written % size;
        if left < payload.len() as u64 {
            self.written += left;
        }
        let at = self.put(now, payload);
        entry.from = at;
        entry.len = payload.len() as u16;
        entry.at = now;
        entry.is_used = true;
        let place = self.place(entry.sequence);
        self.entries[place] = entry;
    }

    /// A packet that is still there.
    pub(super) fn get(&self, sequence: u64) -> Option<(Entry, &[u8])> {
        if self.entries.is_empty() {
            return None;
        }
        let entry = self.entries[self.place(sequence)];
        if !entry.is_used || entry.sequence != sequence || !self.is_there(&entry) {
            return None;
        }
        let at = (entry.from % self.bytes.len() as u64) as usize;
        Some((entry, &self.bytes[at..at + usize::from(entry.len)]))
    }

    /// Writes bytes that fit before the end, and says where among all.
    fn put(&mut self, now: Duration, payload: &[u8]) -> u64 {
        let from = self.written;
        let at = (from % self.bytes.len() as u64) as usize;
        self.bytes[at..at + payload.len()].copy_from_slice(payload);
        for page in &mut self.pages[at / PAGE..(at + payload.len()).div_ceil(PAGE)] {
            *page = Some(now);
        }
        self.written += payload.len() as u64;
        from
    }

    fn place(&self, sequence: u64) -> usize {
        (sequence % self.entries.len() as u64) as usize
    }

    fn is_there(&self, entry: &Entry) -> bool {
        self.written - entry.from <= self.bytes.len() as u64
    }

    /// Whether this packet would take the place of one that somebody may still ask for.
    fn is_tight(&self, now: Duration, sequence: u64, len: usize) -> bool {
        let is_young = |at: Duration| now.saturating_sub(at) < KEEP;
        let replaced = &self.entries[self.place(sequence)];
        if replaced.is_used && replaced.sequence != sequence && is_young(replaced.at) {
            return true;
        }
        // The page behind this packet is of the round before.
        let behind = (self.written as usize + len).next_multiple_of(PAGE) % self.bytes.len();
        self.pages[behind / PAGE].is_some_and(is_young)
    }

    fn resize(&mut self, size: usize) {
        let old = std::mem::take(self);
        self.bytes = vec![0; size];
        self.entries = vec![Entry::default(); size / SMALLEST * PACKETS];
        self.pages = vec![None; size / PAGE];
        let mut kept: Vec<Entry> = old.entries.iter().filter(|entry| entry.is_used).copied().collect();
        kept.sort_unstable_by_key(|entry| entry.from);
        for entry in kept {
            if let Some((entry, payload)) = old.get(entry.sequence) {
                let from = self.put(entry.at, payload);
                let place = self.place(entry.sequence);
                self.entries[place] = Entry { from, ..entry };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(sequence: u64) -> Entry {
        Entry::new(sequence, sequence as u32 * 10, sequence.is_multiple_of(3))
    }

    #[test]
    fn what_was_kept_is_given_back() {
        let mut ring = Ring::default();
        assert_eq!(ring.get(3), None);
        ring.push(Duration::ZERO, entry(3), b"three");
        let (found, payload) = ring.get(3).unwrap();
        assert_eq!((found.timestamp, found.marker, payload), (30, true, &b"three"[..]));
        assert_eq!(ring.get(4), None);
    }

    #[test]
    fn a_stream_of_four_megabit_is_kept_for_its_time_and_no_longer() {
        let mut ring = Ring::default();
        // 1,200 bytes each 2.4 ms.
        for n in 0..2_000u64 {
            ring.push(Duration::from_micros(2_400 * n), entry(n), &[n as u8; 1_200]);
        }
        for n in 2_000 - 280..2_000 {
            assert_eq!(ring.get(n).unwrap().1, [n as u8; 1_200], "{n}");
        }
        assert_eq!(ring.get(1_000), None);
        assert_eq!(ring.bytes.len(), LARGEST);
    }

    #[test]
    fn a_small_stream_stays_small() {
        let mut ring = Ring::default();
        // 60 kbit/s.
        for n in 0..1_000u64 {
            ring.push(Duration::from_millis(20 * n), entry(n), &[1; 150]);
        }
        assert!(ring.bytes.len() <= 2 * SMALLEST, "{}", ring.bytes.len());
    }

    proptest! {
        #[test]
        fn what_is_given_back_is_what_was_kept(
            packets in proptest::collection::vec((0..3u64, 0..1_500usize, 0..8u64), 1..400),
        ) {
            let mut ring = Ring::default();
            let (mut now, mut sequence, mut all) = (Duration::ZERO, 100, std::collections::HashMap::new());
            for (gap, len, pause) in packets {
                sequence += 1 + gap;
                now += Duration::from_millis(pause);
                let payload = vec![(sequence * 7) as u8; len];
                ring.push(now, entry(sequence), &payload);
                all.insert(sequence, payload);
                prop_assert_eq!(ring.get(sequence).map(|(_, p)| p.to_vec()), all.get(&sequence).cloned());
            }
            for (sequence, payload) in all {
                if let Some((found, kept)) = ring.get(sequence) {
                    prop_assert_eq!((found.sequence, kept), (sequence, &payload[..]));
                }
            }
        }
    }
}
