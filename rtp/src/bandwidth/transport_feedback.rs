//! What arrived and when, by transport-wide numbers: draft-holmer-rmcat-transport-wide-cc-extensions-01, read in place.
//! [`Arrivals`] is the other side, which writes it.
mod arrivals;

pub use arrivals::Arrivals;

/// Of a generic RTCP packet about transport: RFC 4585.
const PACKET_TYPE: u8 = 205;
const FORMAT: u8 = 15;
/// Before the chunks: RTCP's own head with two sources, then base, count, reference and number of the feedback.
const HEAD: usize = 20;
/// What times are told in, in microseconds.
const TICK: i64 = 250;
/// The reference time is told in 64 ms.
const TICKS_PER_REFERENCE: i64 = 256;
/// After so many microseconds the reference time begins again, which is 12 days.
pub(super) const WRAP: i64 = (1 << 24) * TICKS_PER_REFERENCE * TICK;

/// One feedback packet, not yet taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Feedback<'a> {
    base: u16,
    count: u16,
    reference: u32,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> Feedback<'a> {
    /// Of one RTCP packet with its head. None: it is something else, or shorter than what it says.
    pub fn parse(packet: &'a [u8]) -> Option<Self> {
        let (head, body) = packet.split_at_checked(HEAD)?;
        let length = (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1) * 4;
        if head[0] >> 6 != 2 || head[0] & 31 != FORMAT || head[1] != PACKET_TYPE {
            return None;
        }
        // Padding needs no look: who says how many arrivals there are says where they end.
        let body = body.get(..length.checked_sub(HEAD)?)?;
        let count = u16::from_be_bytes([head[14], head[15]]);
        let (chunks, deltas) = measure(body, count)?;
        let (chunks, rest) = body.split_at_checked(chunks)?;
        Some(Self {
            base: u16::from_be_bytes([head[12], head[13]]),
            count,
            reference: u32::from_be_bytes([0, head[16], head[17], head[18]]),
            chunks,
            deltas: rest.get(..deltas)?,
        })
    }

    /// How many numbers are spoken of.
    pub fn count(&self) -> usize {
        self.count.into()
    }

    /// Every number that is spoken of, in order: with the microseconds of its arrival by the receiver's clock, which begins
    /// again every 12 days, or without if it has not arrived.
    pub fn packets(&self) -> Packets<'a> {
        Packets {
            number: self.base,
            left: self.count,
            chunk: Chunk(0),
            within: 0,
            chunks: self.chunks,
            deltas: self.deltas,
            at: i64::from(self.reference) * TICKS_PER_REFERENCE * TICK,
        }
    }
}

/// How many bytes the chunks of so many packets take, and the times behind them. None: they end too early.
fn measure(body: &[u8], count: u16) -> Option<(usize, usize)> {
    let (mut left, mut chunks, mut deltas) = (count, 0, 0);
    while left > 0 {
        let chunk = Chunk(u16::from_be_bytes([*body.get(chunks)?, *body.get(chunks + 1)?]));
        let covers = chunk.len().min(left);
        // A run of none leads nowhere, and a symbol that nobody has defined has no size.
        deltas += chunk.delta_bytes(covers).filter(|_| covers > 0)?;
        left -= covers;
        chunks += 2;
    }
    Some((chunks, deltas))
}

/// What [`Feedback::packets`] goes through.
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    number: u16,
    left: u16,
    chunk: Chunk,
    within: u16,
    chunks: &'a [u8],
    deltas: &'a [u8],
    at: i64,
}

impl Iterator for Packets<'_> {
    type Item = (u16, Option<i64>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        if self.within == self.chunk.len() {
            let (chunk, rest) = self.chunks.split_first_chunk::<2>()?;
            (self.chunk, self.within, self.chunks) = (Chunk(u16::from_be_bytes(*chunk)), 0, rest);
        }
        let symbol = self.chunk.symbol(self.within);
        self.within += 1;
        let number = self.number;
        self.number = number.wrapping_add(1);
        let delta = match symbol {
            Symbol::LOST => return Some((number, None)),
            Symbol::SMALL => {
                let (delta, rest) = self.deltas.split_first()?;
                self.deltas = rest;
                i64::from(*delta)
            }
            _ => {
                let (delta, rest) = self.deltas.split_first_chunk::<2>()?;
                self.deltas = rest;
                i64::from(i16::from_be_bytes(*delta))
            }
        };
        self.at += delta * TICK;
        Some((number, Some(self.at)))
    }
}

/// What is said of one packet, in two bits. Each is as large as its time is long, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Symbol(u8);

impl Symbol {
    const LOST: Self = Self(0);
    const SMALL: Self = Self(1);
    const LARGE: Self = Self(2);
}

/// What is said of several packets, in two bytes: one symbol and how often, or a few symbols of one or two bits.
#[derive(Debug, Clone, Copy)]
struct Chunk(u16);

impl Chunk {
    const LONGEST_RUN: u16 = 0x1FFF;

    fn run(symbol: Symbol, length: u16) -> Self {
        Self(u16::from(symbol.0) << 13 | length)
    }

    /// At most 14, and none of them large.
    fn of_one_bit(symbols: impl Iterator<Item = Symbol>) -> Self {
        Self(symbols.zip(0..14).fold(0x8000, |word, (symbol, n)| word | u16::from(symbol.0) << (13 - n)))
    }

    /// At most 7.
    fn of_two_bits(symbols: impl Iterator<Item = Symbol>) -> Self {
        Self(symbols.zip(0..7).fold(0xC000, |word, (symbol, n)| word | u16::from(symbol.0) << (12 - 2 * n)))
    }

    fn len(self) -> u16 {
        match self.0 >> 14 {
            0 | 1 => self.0 & Self::LONGEST_RUN,
            2 => 14,
            _ => 7,
        }
    }

    fn symbol(self, within: u16) -> Symbol {
        let bits = match self.0 >> 14 {
            0 | 1 => self.0 >> 13,
            2 => self.0 >> (13 - within) & 1,
            _ => self.0 >> (12 - 2 * within) & 3,
        };
        Symbol((bits & 3) as u8)
    }

    /// How long the times of its first packets are. None: one of the symbols is not defined.
    fn delta_bytes(self, covers: u16) -> Option<usize> {
        let size = |symbol: Symbol| (symbol.0 <= 2).then_some(usize::from(symbol.0));
        if self.0 >> 15 == 0 {
            return Some(size(self.symbol(0))? * usize::from(covers));
        }
        (0..covers).map(|n| size(self.symbol(n))).sum()
    }
}

#[cfg(test)]
mod tests;
