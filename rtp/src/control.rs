//! RTCP: what the two ends of a stream tell each other about it (RFC 3550, 4585, 5104).

/// One report block: how much of a stream arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Block {
    /// Of which stream.
    pub ssrc: u32,
    /// Lost since the last report, in 1/256.
    pub lost_share: u8,
    /// Lost altogether; may be below nothing when packets came twice.
    pub lost: i32,
    /// The highest number that came, with how often it went round.
    pub highest: u32,
    /// How unevenly packets come, in the stream's clock.
    pub jitter: u32,
    /// The middle of the last sender report's time.
    pub last_report: u32,
    /// Since that came, in 1/65536 of a second.
    pub since_report: u32,
}

/// What a sender says of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderInfo {
    /// Which stream.
    pub ssrc: u32,
    /// The sender's wall clock, in 1/2^32 of a second since 1900.
    pub ntp: u64,
    /// The stream's own clock at that moment.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Bytes of payload sent.
    pub bytes: u32,
}

/// One message of a datagram; many may stand in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// What a sender says, and what it hears of others.
    Sender(SenderInfo, Blocks<'a>),
    /// What somebody hears of others.
    Receiver(Blocks<'a>),
    /// Packets that are missing.
    Nack {
        /// Of which stream.
        ssrc: u32,
        /// Which.
        missing: Missing<'a>,
    },
    /// A whole picture is needed.
    KeyPicture {
        /// Of which stream.
        ssrc: u32,
    },
    /// When packets came, whatever stream they are of: the whole message, as [`crate::bandwidth::Feedback`] reads it.
    Transport(&'a [u8]),
    /// Streams end.
    Bye(Numbers<'a>),
}

/// Report blocks, read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks<'a>(&'a [u8]);

/// Stream numbers, read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers<'a>(&'a [u8]);

/// Numbers of packets, read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing<'a>(&'a [u8]);

const SENDER: u8 = 200;
const RECEIVER: u8 = 201;
const DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
const FEEDBACK: u8 = 205;
const PICTURE_FEEDBACK: u8 = 206;
const NACK: u8 = 1;
const TRANSPORT: u8 = 15;
const PLI: u8 = 1;
const FIR: u8 = 4;
const BLOCK: usize = 24;

/// The messages of a datagram. It ends at the first byte that is none; kinds that nobody here needs are left out.
pub fn messages(bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    Walk { rest: bytes }.flat_map(|(count, kind, whole, body)| read(count, kind, whole, body))
}

/// Whether bytes that came where packets come are RTCP (RFC 5761).
pub fn is_control(bytes: &[u8]) -> bool {
    bytes.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Walk<'a> {
    /// Its count or format, its kind, all of it, and what it says.
    type Item = (u8, u8, &'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.rest.first_chunk::<4>()?;
        if head[0] >> 6 != 2 {
            return None;
        }
        let length = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (whole, rest) = self.rest.split_at_checked(4 + length)?;
        self.rest = rest;
        let mut body = &whole[4..];
        if head[0] & 0x20 != 0 {
            let padding = usize::from(*body.last()?);
            body = body.get(..body.len().checked_sub(padding)?)?;
        }
        Some((head[0] & 0x1f, head[1], whole, body))
    }
}

/// FIR is asked of several streams at once; the rest is one message each.
fn read<'a>(count: u8, kind: u8, whole: &'a [u8], body: &'a [u8]) -> impl Iterator<Item = Message<'a>> {
    let firs = match (kind, count) {
        (PICTURE_FEEDBACK, FIR) => body.get(8..).unwrap_or_default(),
        _ => &[][..],
    };
    let firs = firs.as_chunks::<8>().0.iter().map(|fir| Message::KeyPicture { ssrc: number(fir, 0) });
    one(count, kind, whole, body).into_iter().chain(firs)
}

fn one<'a>(count: u8, kind: u8, whole: &'a [u8], body: &'a [u8]) -> Option<Message<'a>> {
    let blocks = |from: usize| {
        let most = body.get(from..)?;
        Some(Blocks(&most[..most.len().min(usize::from(count) * BLOCK)]))
    };
    match (kind, count) {
        (SENDER, _) => {
            let fixed = body.first_chunk::<24>()?;
            let info = SenderInfo {
                ssrc: number(fixed, 0),
                ntp: u64::from(number(fixed, 4)) << 32 | u64::from(number(fixed, 8)),
                timestamp: number(fixed, 12),
                packets: number(fixed, 16),
                bytes: number(fixed, 20),
            };
            Some(Message::Sender(info, blocks(24)?))
        }
        (RECEIVER, _) => Some(Message::Receiver(blocks(4)?)),
        (BYE, _) => Some(Message::Bye(Numbers(body.get(..4 * usize::from(count))?))),
        (FEEDBACK, NACK) => {
            let ssrc = number(body.first_chunk::<8>()?, 4);
            Some(Message::Nack { ssrc, missing: Missing(&body[8..]) })
        }
        (FEEDBACK, TRANSPORT) => Some(Message::Transport(whole)),
        (PICTURE_FEEDBACK, PLI) => Some(Message::KeyPicture { ssrc: number(body.first_chunk::<8>()?, 4) }),
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

impl<'a> Blocks<'a> {
    /// Each block.
    pub fn iter(self) -> impl Iterator<Item = Block> + 'a {
        self.0.as_chunks::<BLOCK>().0.iter().map(|block| {
            let lost = number(block, 4) & 0x00ff_ffff;
            Block {
                ssrc: number(block, 0),
                lost_share: block[4],
                // 24 bits with a sign.
                lost: (lost << 8) as i32 >> 8,
                highest: number(block, 8),
                jitter: number(block, 12),
                last_report: number(block, 16),
                since_report: number(block, 20),
            }
        })
    }
}

impl<'a> Numbers<'a> {
    /// Each stream.
    pub fn iter(self) -> impl Iterator<Item = u32> + 'a {
        self.0.as_chunks::<4>().0.iter().map(|ssrc| u32::from_be_bytes(*ssrc))
    }
}

impl<'a> Missing<'a> {
    /// Each packet, as numbered on the wire.
    pub fn iter(self) -> impl Iterator<Item = u16> + 'a {
        self.0.as_chunks::<4>().0.iter().flat_map(|[high, low, mask_high, mask_low]| {
            let first = u16::from_be_bytes([*high, *low]);
            let mask = u16::from_be_bytes([*mask_high, *mask_low]);
            let later = (0..16).filter(move |bit| mask & (1 << bit) != 0);
            std::iter::once(first).chain(later.map(move |bit| first.wrapping_add(bit + 1)))
        })
    }
}

/// Writes messages one after the other. What does not fit any more is left out, and [`Writer::len`] stays.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    /// Writes into `out`.
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// Bytes written.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A sender's report, without blocks.
    pub fn sender(&mut self, info: &SenderInfo) -> bool {
        self.message(0, SENDER, 24, |body| {
            put(body, 0, info.ssrc);
            put(body, 4, (info.ntp >> 32) as u32);
            put(body, 8, info.ntp as u32);
            put(body, 12, info.timestamp);
            put(body, 16, info.packets);
            put(body, 20, info.bytes);
        })
    }

    /// A receiver's report of up to 31 streams.
    pub fn receiver(&mut self, from: u32, blocks: &[Block]) -> bool {
        let blocks = &blocks[..blocks.len().min(31)];
        self.message(blocks.len() as u8, RECEIVER, 4 + blocks.len() * BLOCK, |body| {
            put(body, 0, from);
            for (block, place) in blocks.iter().zip(body[4..].chunks_exact_mut(BLOCK)) {
                put(place, 0, block.ssrc);
                let lost = block.lost.clamp(-0x0080_0000, 0x007f_ffff) as u32 & 0x00ff_ffff;
                put(place, 4, u32::from(block.lost_share) << 24 | lost);
                put(place, 8, block.highest);
                put(place, 12, block.jitter);
                put(place, 16, block.last_report);
                put(place, 20, block.since_report);
            }
        })
    }

    /// Who a stream is of: some stacks want it beside each report.
    pub fn description(&mut self, ssrc: u32, cname: &str) -> bool {
        let cname = &cname.as_bytes()[..cname.len().min(255)];
        // The list ends with at least one zero.
        let length = (4 + 2 + cname.len() + 1).next_multiple_of(4);
        self.message(1, DESCRIPTION, length, |body| {
            body.fill(0);
            put(body, 0, ssrc);
            body[4] = 1;
            body[5] = cname.len() as u8;
            body[6..6 + cname.len()].copy_from_slice(cname);
        })
    }

    /// Asks for packets again; they are in the order of their numbers.
    pub fn nack(&mut self, from: u32, ssrc: u32, missing: &[u16]) -> bool {
        let mut pairs = [(0u16, 0u16); 32];
        let mut used = 0;
        for &sequence in missing {
            if used > 0 {
                let (first, mask) = &mut pairs[used - 1];
                let distance = sequence.wrapping_sub(*first);
                if (1..=16).contains(&distance) {
                    *mask |= 1 << (distance - 1);
                    continue;
                }
            }
            let Some(next) = pairs.get_mut(used) else { break };
            *next = (sequence, 0);
            used += 1;
        }
        self.message(NACK, FEEDBACK, 8 + 4 * used, |body| {
            put(body, 0, from);
            put(body, 4, ssrc);
            for ((first, mask), place) in pairs.iter().zip(body[8..].chunks_exact_mut(4)) {
                place[..2].copy_from_slice(&first.to_be_bytes());
                place[2..].copy_from_slice(&mask.to_be_bytes());
            }
        })
    }

    /// Asks for a whole picture.
    pub fn key_picture(&mut self, from: u32, ssrc: u32) -> bool {
        self.message(PLI, PICTURE_FEEDBACK, 8, |body| {
            put(body, 0, from);
            put(body, 4, ssrc);
        })
    }

    /// Adds a message that is written already.
    pub fn whole(&mut self, message: &[u8]) -> bool {
        let Some(place) = self.out.get_mut(self.len..self.len + message.len()) else { return false };
        place.copy_from_slice(message);
        self.len += message.len();
        true
    }

    fn message(&mut self, count: u8, kind: u8, body: usize, write: impl FnOnce(&mut [u8])) -> bool {
        let Some(place) = self.out.get_mut(self.len..self.len + 4 + body) else { return false };
        place[0] = 0x80 | count;
        place[1] = kind;
        place[2..4].copy_from_slice(&((body / 4) as u16).to_be_bytes());
        write(&mut place[4..]);
        self.len += 4 + body;
        true
    }
}

fn put(body: &mut [u8], at: usize, value: u32) {
    body[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = [0u8; 400];
        let mut writer = Writer::new(&mut bytes);
        let info = SenderInfo { ssrc: 1, ntp: 0x0102_0304_0506_0708, timestamp: 9, packets: 10, bytes: 11 };
        let block = Block {
            ssrc: 5,
            lost_share: 12,
            lost: -3,
            highest: 0x1_0002,
            jitter: 4,
            last_report: 8,
            since_report: 9,
        };
        assert!(writer.sender(&info));
        assert!(writer.description(1, "somebody"));
        assert!(writer.receiver(2, &[block, Block { ssrc: 6, ..block }]));
        assert!(writer.nack(2, 7, &[65_530, 65_535, 3, 100]));
        assert!(writer.key_picture(2, 8));
        let len = writer.len();
        let read: Vec<_> = messages(&bytes[..len]).collect();
        let [
            Message::Sender(sender, none),
            Message::Receiver(blocks),
            Message::Nack { ssrc: 7, missing },
            Message::KeyPicture { ssrc: 8 },
        ] = read[..]
        else {
            panic!("{read:?}")
        };
        assert_eq!((sender, none.iter().count()), (info, 0));
        assert_eq!(blocks.iter().collect::<Vec<_>>(), [block, Block { ssrc: 6, ..block }]);
        assert_eq!(missing.iter().collect::<Vec<_>>(), [65_530, 65_535, 3, 100]);
    }

    #[test]
    fn a_full_request_is_asked_of_each_stream() {
        let mut bytes = vec![0x84, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0];
        bytes.extend([0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0]);
        let read: Vec<_> = messages(&bytes).collect();
        assert_eq!(read, [Message::KeyPicture { ssrc: 2 }, Message::KeyPicture { ssrc: 3 }]);
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let mut bytes = [0u8; 30];
        let mut writer = Writer::new(&mut bytes);
        assert!(writer.key_picture(1, 2));
        assert!(!writer.sender(&SenderInfo::default()));
        assert_eq!(writer.len(), 12);
    }

    proptest! {
        #[test]
        fn missing_numbers_are_kept_in_order(mut numbers in proptest::collection::btree_set(any::<u16>(), 0..32)) {
            numbers.remove(&0);
            let asked: Vec<u16> = numbers.into_iter().collect();
            let mut bytes = [0u8; 200];
            let mut writer = Writer::new(&mut bytes);
            prop_assert!(writer.nack(1, 2, &asked));
            let len = writer.len();
            let Some(Message::Nack { missing, .. }) = messages(&bytes[..len]).next() else { panic!() };
            prop_assert_eq!(missing.iter().collect::<Vec<_>>(), asked);
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for message in messages(&bytes) {
                match message {
                    Message::Sender(_, blocks) | Message::Receiver(blocks) => drop(blocks.iter().count()),
                    Message::Nack { missing, .. } => drop(missing.iter().count()),
                    Message::Bye(numbers) => drop(numbers.iter().count()),
                    Message::KeyPicture { .. } | Message::Transport(_) => {}
                }
            }
        }
    }
}
