//! The receiver's side: when each packet came, and the feedback that says so.
use super::{Chunk, FORMAT, HEAD, PACKET_TYPE, Symbol, TICK, TICKS_PER_REFERENCE};
use std::{collections::VecDeque, time::Duration};

/// A packet may be so much later than those behind it, and is still told.
const KEPT: usize = 256;
/// A jump over more numbers than these is no loss: the sender began anew.
const LONGEST_GAP: u64 = 4096;
/// So many may have been overtaken by the first.
const BEFORE_FIRST: u64 = 32;
/// Not (yet) here.
const ABSENT: i64 = i64::MIN;

/// When packets came, by their transport-wide numbers, until it is told.
#[derive(Debug, Clone, Default)]
pub struct Arrivals {
    /// In ticks, from the number `start` on. What is told stays for a while, to be told again beside one that is late.
    ticks: VecDeque<i64>,
    start: u64,
    /// The first that is to be told.
    next: u64,
    told: u8,
}

impl Arrivals {
    /// A packet with this number is here. One that is here already, or far too late, changes nothing.
    pub fn note(&mut self, number: u16, at: Duration) {
        let tick = i64::try_from(at.as_micros()).unwrap_or(i64::MAX) / TICK;
        let end = self.start + self.ticks.len() as u64;
        // Far from zero, so that numbers can go back from the first.
        let last = if self.ticks.is_empty() { 1 << 32 | u64::from(number) } else { end - 1 };
        // As the 16 bits beside it that are closest.
        let number = last.wrapping_add_signed((number.wrapping_sub(last as u16) as i16).into());
        if self.ticks.is_empty() || number > end + LONGEST_GAP {
            self.ticks.clear();
            (self.start, self.next) = (number - BEFORE_FIRST, number);
        }
        let Some(index) = number.checked_sub(self.start).map(|index| index as usize) else { return };
        if index >= self.ticks.len() {
            self.ticks.resize(index, ABSENT);
            self.ticks.push_back(tick);
        } else if self.ticks[index] == ABSENT {
            self.ticks[index] = tick;
        } else {
            return;
        }
        self.next = self.next.min(number);
        // Nobody asks for feedback: the oldest is no longer worth it.
        self.forget(LONGEST_GAP as usize * 2);
    }

    /// Whether there is something to tell.
    pub fn is_waiting(&self) -> bool {
        self.next < self.start + self.ticks.len() as u64
    }

    /// Writes what is not yet told as one RTCP packet, as much as there is place for, and says how long it is: 0 if there
    /// is nothing to tell. To be called again while something [is waiting](Self::is_waiting).
    pub fn write(&mut self, from: u32, about: u32, into: &mut [u8]) -> usize {
        let first = (self.next - self.start) as usize;
        let Some(reference) = self.ticks.range(first..).find(|tick| **tick != ABSENT) else { return 0 };
        let reference = reference.div_euclid(TICKS_PER_REFERENCE);
        // Packets' lengths are told in 32 bits, and so many of them.
        let room = into.len().min(1 << 16) / 4 * 4;
        let begin = Walk { index: first, at: reference * TICKS_PER_REFERENCE };
        let (mut walk, mut chunks, mut deltas) = (begin, 0, 0);
        while let Some((chunk, after)) = self.chunk(walk) {
            let covers = after.index - walk.index;
            let more = chunk.delta_bytes(covers as u16).unwrap_or(0);
            if HEAD + (chunks + 1) * 2 + deltas + more > room || after.index - first > usize::from(u16::MAX) {
                break;
            }
            (walk, chunks, deltas) = (after, chunks + 1, deltas + more);
        }
        let count = walk.index - first;
        if count == 0 {
            return 0;
        }
        let length = HEAD + chunks * 2 + deltas;
        let padding = length.next_multiple_of(4) - length;
        let packet = &mut into[..length + padding];
        packet[0] = 2 << 6 | u8::from(padding > 0) << 5 | FORMAT;
        packet[1] = PACKET_TYPE;
        packet[2..4].copy_from_slice(&(((length + padding) / 4 - 1) as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&from.to_be_bytes());
        packet[8..12].copy_from_slice(&about.to_be_bytes());
        packet[12..14].copy_from_slice(&(self.next as u16).to_be_bytes());
        packet[14..16].copy_from_slice(&(count as u16).to_be_bytes());
        packet[16..19].copy_from_slice(&(reference as u32).to_be_bytes()[1..]);
        packet[19] = self.told;
        self.fill(begin, walk.index, &mut packet[HEAD..]);
        if let Some(last) = packet.last_mut().filter(|_| padding > 0) {
            *last = padding as u8;
        }
        self.told = self.told.wrapping_add(1);
        self.next += count as u64;
        self.forget((self.start + self.ticks.len() as u64 - self.next) as usize + KEPT);
        length + padding
    }

    /// Chunks, then times, then zeros.
    fn fill(&self, begin: Walk, end: usize, body: &mut [u8]) {
        let (mut walk, mut written) = (begin, 0);
        while let Some((chunk, after)) = self.chunk(walk).filter(|_| walk.index < end) {
            body[written..written + 2].copy_from_slice(&chunk.0.to_be_bytes());
            (walk, written) = (after, written + 2);
        }
        let mut walk = begin;
        while let Some((symbol, after)) = self.symbol(walk).filter(|_| walk.index < end) {
            let delta = ((after.at - walk.at) as u16).to_be_bytes();
            let size = usize::from(symbol.0);
            body[written..written + size].copy_from_slice(&delta[2 - size..]);
            (walk, written) = (after, written + size);
        }
        body[written..].fill(0);
    }

    /// The chunk that says most of what follows. Each but the last has at least seven packets.
    fn chunk(&self, walk: Walk) -> Option<(Chunk, Walk)> {
        let mut steps = Steps { arrivals: self, walk };
        let first = steps.clone().next()?;
        let most = usize::from(Chunk::LONGEST_RUN);
        let run = steps.clone().take(most).take_while(|symbol| *symbol == first).count();
        let is_all = steps.clone().nth(run).is_none();
        let large = steps.clone().take(14).any(|symbol| symbol == Symbol::LARGE);
        let (chunk, covers) = if run >= 14 || is_all || (run >= 7 && large) {
            (Chunk::run(first, run as u16), run)
        } else if large {
            (Chunk::of_two_bits(steps.clone()), 7)
        } else {
            (Chunk::of_one_bit(steps.clone()), 14)
        };
        steps.by_ref().take(covers).for_each(drop);
        Some((chunk, steps.walk))
    }

    /// What is said of the packet at this place. None: it is told in another feedback, since there is none, or since its
    /// time is too far from the one before.
    fn symbol(&self, walk: Walk) -> Option<(Symbol, Walk)> {
        let tick = *self.ticks.get(walk.index)?;
        let index = walk.index + 1;
        if tick == ABSENT {
            return Some((Symbol::LOST, Walk { index, at: walk.at }));
        }
        let delta = i16::try_from(tick - walk.at).ok()?;
        let symbol = if u8::try_from(delta).is_ok() { Symbol::SMALL } else { Symbol::LARGE };
        Some((symbol, Walk { index, at: tick }))
    }

    fn forget(&mut self, longest: usize) {
        let old = self.ticks.len().saturating_sub(longest);
        self.ticks.drain(..old);
        self.start += old as u64;
        self.next = self.next.max(self.start);
    }
}

/// Where the writing is, and the last time told.
#[derive(Debug, Clone, Copy)]
struct Walk {
    index: usize,
    at: i64,
}

#[derive(Clone)]
struct Steps<'a> {
    arrivals: &'a Arrivals,
    walk: Walk,
}

impl Iterator for Steps<'_> {
    type Item = Symbol;

    fn next(&mut self) -> Option<Symbol> {
        let (symbol, after) = self.arrivals.symbol(self.walk)?;
        self.walk = after;
        Some(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_asks_costs_no_more_than_a_little_memory() {
        let mut arrivals = Arrivals::default();
        for n in 0..200_000_u32 {
            arrivals.note((n * 37) as u16, Duration::from_millis(u64::from(n)));
        }

        assert!(arrivals.ticks.capacity() <= 65_536, "{}", arrivals.ticks.capacity());
    }
}
