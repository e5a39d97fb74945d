//! Which packets were there already, a stream at a time.
use super::OpenError;

/// How many streams one side of an association may send. A person sends a sound and two pictures, each with another
/// stream for repairs; a browser that shares its screen anew takes new ones. Whoever sends more has a fault or wants our
/// memory: what exists goes on, nothing is added. None is ever dropped for another: its old packets would open again.
pub(super) const MOST_STREAMS: usize = 256;

/// Of a stream: the highest number, and which of the last `64 * WORDS` were there.
struct Stream<const WORDS: usize> {
    ssrc: u32,
    highest: u64,
    /// The bit of a number is at its remainder, so that nothing moves when the window does.
    seen: [u64; WORDS],
}

impl<const WORDS: usize> Stream<WORDS> {
    /// How many numbers it remembers.
    const SPAN: u64 = 64 * WORDS as u64;

    fn place(index: u64) -> (usize, u64) {
        let bit = index % Self::SPAN;
        // A remainder below the number of bits.
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    fn check(&self, index: u64) -> Result<(), OpenError> {
        if index > self.highest {
            return Ok(());
        }
        if self.highest - index >= Self::SPAN {
            return Err(OpenError::TooOld);
        }
        let (word, bit) = Self::place(index);
        if self.seen[word] & bit != 0 { Err(OpenError::Replayed) } else { Ok(()) }
    }

    fn note(&mut self, index: u64) {
        if index > self.highest {
            if index - self.highest >= Self::SPAN {
                self.seen = [0; WORDS];
            } else {
                for skipped in self.highest + 1..index {
                    let (word, bit) = Self::place(skipped);
                    self.seen[word] &= !bit;
                }
            }
            self.highest = index;
        }
        let (word, bit) = Self::place(index);
        self.seen[word] |= bit;
    }
}

/// All streams of one direction.
pub(super) struct Streams<const WORDS: usize> {
    streams: Vec<Stream<WORDS>>,
}

impl<const WORDS: usize> Streams<WORDS> {
    pub(super) fn new() -> Self {
        Self { streams: Vec::new() }
    }

    fn find(&self, ssrc: u32) -> Option<&Stream<WORDS>> {
        self.streams.iter().find(|stream| stream.ssrc == ssrc)
    }

    /// The extended number that a number of 16 bits most likely means: the one that is closest to the highest so far.
    /// Nothing if it would not fit into 48 bits.
    pub(super) fn extend(&self, ssrc: u32, sequence: u16) -> Option<u64> {
        let Some(stream) = self.find(ssrc) else {
            return Some(u64::from(sequence));
        };
        // The lower half of the highest, and the distance to it as a signed number: both are meant.
        let step = sequence.wrapping_sub(stream.highest as u16) as i16;
        let index = match stream.highest.checked_add_signed(i64::from(step)) {
            Some(index) => index,
            // Before the very first: then it is far ahead instead.
            None => u64::from(sequence),
        };
        (index >> 48 == 0).then_some(index)
    }

    /// Whether a packet with this number may be opened.
    pub(super) fn check(&self, ssrc: u32, index: u64) -> Result<(), OpenError> {
        match self.find(ssrc) {
            Some(stream) => stream.check(index),
            None if self.streams.len() >= MOST_STREAMS => Err(OpenError::TooManyStreams),
            None => Ok(()),
        }
    }

    /// Remembers a packet, once it proved to be the peer's.
    pub(super) fn note(&mut self, ssrc: u32, index: u64) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.ssrc == ssrc) {
            return stream.note(index);
        }
        let mut stream = Stream { ssrc, highest: index, seen: [0; WORDS] };
        stream.note(index);
        self.streams.push(stream);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Beside a set that forgets nothing.
        #[test]
        fn a_number_is_taken_once_and_only_while_it_is_remembered(
            steps in prop::collection::vec((0u64..150, any::<bool>()), 0..200),
        ) {
            let mut streams = Streams::<1>::new();
            let mut taken = BTreeSet::new();
            let mut highest = 1000;
            for (step, back) in steps {
                let index = if back { highest - step } else { highest + step };

                let expected = match taken.last() {
                    Some(last) if index + 64 <= *last => Err(OpenError::TooOld),
                    _ if taken.contains(&index) => Err(OpenError::Replayed),
                    _ => Ok(()),
                };

                prop_assert_eq!(streams.check(1, index), expected);
                if expected.is_ok() {
                    streams.note(1, index);
                    taken.insert(index);
                    highest = highest.max(index);
                }
            }
        }
    }

    #[test]
    fn a_short_number_means_the_closest_long_one() {
        let mut streams = Streams::<1>::new();
        assert_eq!(streams.extend(1, 65_535), Some(65_535), "a new stream is in its first round");

        streams.note(1, 5);
        assert_eq!(streams.extend(1, 65_530), Some(65_530), "nothing was before the first round");

        streams.note(1, 65_530);
        assert_eq!(streams.extend(1, 3), Some(65_539));

        streams.note(1, 65_539);
        assert_eq!(streams.extend(1, 65_531), Some(65_531));

        streams.note(1, (1 << 48) - 2);
        assert_eq!(streams.extend(1, 65_535), Some((1 << 48) - 1));
        assert_eq!(streams.extend(1, 0), None, "all numbers are used up");
    }
}
