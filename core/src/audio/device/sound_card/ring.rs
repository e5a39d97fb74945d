//! A queue of samples between two threads that never wait for each other: one writes, the other reads.
use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};

struct Slots {
    /// Samples as their bits. A power of two of them, so that the counters below may wrap.
    samples: Box<[AtomicU32]>,
    written: AtomicUsize,
    read: AtomicUsize,
}

impl Slots {
    fn len(&self) -> usize {
        let (written, read) = (self.written.load(Ordering::Acquire), self.read.load(Ordering::Acquire));
        // The two are read one after another, so the reader may have been seen ahead by a writer that is behind.
        written.wrapping_sub(read).min(self.samples.len())
    }

    fn slot(&self, at: usize) -> &AtomicU32 {
        &self.samples[at & (self.samples.len() - 1)]
    }
}

/// The end that writes.
pub(super) struct Writer(Arc<Slots>);

/// The end that reads.
pub(super) struct Reader(Arc<Slots>);

/// A queue for so many samples.
pub(super) fn ring(capacity: usize) -> (Writer, Reader) {
    let samples = (0..capacity.next_power_of_two()).map(|_| AtomicU32::new(0)).collect();
    let slots = Arc::new(Slots { samples, written: AtomicUsize::new(0), read: AtomicUsize::new(0) });
    (Writer(slots.clone()), Reader(slots))
}

impl Writer {
    /// How many wait to be read.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds one; false if there is no room.
    pub(super) fn push(&mut self, sample: f32) -> bool {
        let written = self.0.written.load(Ordering::Relaxed);
        let has_room = self.0.len() < self.0.samples.len();
        if has_room {
            self.0.slot(written).store(sample.to_bits(), Ordering::Relaxed);
            self.0.written.store(written.wrapping_add(1), Ordering::Release);
        }
        has_room
    }
}

impl Reader {
    /// How many wait to be read.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes the oldest.
    pub(super) fn pop(&mut self) -> Option<f32> {
        let read = self.0.read.load(Ordering::Relaxed);
        if self.0.len() == 0 {
            return None;
        }
        let sample = f32::from_bits(self.0.slot(read).load(Ordering::Relaxed));
        self.0.read.store(read.wrapping_add(1), Ordering::Release);
        Some(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_ring_refuses_and_an_empty_one_has_nothing() {
        let (mut writer, mut reader) = ring(3);

        let taken: Vec<bool> = (0..5_u8).map(|n| writer.push(n.into())).collect();
        let read: Vec<f32> = std::iter::from_fn(|| reader.pop()).collect();

        assert_eq!(taken, [true, true, true, true, false], "room is a power of two");
        assert_eq!(read, [0.0, 1.0, 2.0, 3.0]);
        assert!(writer.push(9.0));
        assert_eq!((writer.len(), reader.len(), reader.pop(), reader.pop()), (1, 1, Some(9.0), None));
    }

    #[test]
    fn all_samples_arrive_in_order_between_two_threads() {
        const SAMPLES: u32 = 200_000;
        let (mut writer, mut reader) = ring(64);
        let writing = std::thread::spawn(move || {
            let mut next = 0;
            while next < SAMPLES {
                if writer.push(next as f32) {
                    next += 1;
                } else {
                    std::thread::yield_now();
                }
            }
        });

        for expected in 0..SAMPLES {
            let sample = loop {
                match reader.pop() {
                    Some(sample) => break sample,
                    None => std::thread::yield_now(),
                }
            };
            assert_eq!(sample, expected as f32);
        }

        writing.join().unwrap();
    }
}
