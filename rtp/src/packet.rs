//! RTP packets (RFC 3550), with header extensions in their one-byte and two-byte forms (RFC 8285).

/// The smallest head.
pub const HEAD: usize = 12;

/// One packet, read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What every packet says.
    pub head: Head,
    /// What it carries, without padding.
    pub payload: &'a [u8],
    /// Bytes before the payload.
    pub head_len: usize,
    /// Bytes after it.
    pub padding: usize,
    extensions: Extensions<'a>,
}

/// The fixed part of a packet's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Ends a picture; begins a talk.
    pub marker: bool,
    /// Which codec, by the number that was agreed.
    pub payload_type: u8,
    /// Counts packets.
    pub sequence: u16,
    /// When it was made, in the codec's clock.
    pub timestamp: u32,
    /// Which stream.
    pub ssrc: u32,
}

/// Header extensions, read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Extensions<'a> {
    bytes: &'a [u8],
    two_byte: bool,
}

impl<'a> Packet<'a> {
    /// Reads a whole packet; anything that is not one gives nothing.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (head, head_len, extensions) = read_head(bytes)?;
        let rest = &bytes[head_len..];
        let padding = match bytes[0] & 0x20 {
            0 => 0,
            _ => usize::from(*rest.last()?),
        };
        // Padding counts its own last byte, so none at all is a contradiction.
        if bytes[0] & 0x20 != 0 && padding == 0 || padding > rest.len() {
            return None;
        }
        let payload = &rest[..rest.len() - padding];
        Some(Self { head, payload, head_len, padding, extensions })
    }

    /// The value of a header extension, by the number that was agreed for it.
    pub fn extension(&self, id: u8) -> Option<&'a [u8]> {
        self.extensions.find(id)
    }
}

/// The length of a packet's head with its extensions, as SRTP needs it: what follows is sealed.
pub fn head_len(bytes: &[u8]) -> Option<usize> {
    read_head(bytes).map(|(_, len, _)| len)
}

fn read_head(bytes: &[u8]) -> Option<(Head, usize, Extensions<'_>)> {
    let fixed = bytes.get(..HEAD)?;
    if fixed[0] >> 6 != 2 {
        return None;
    }
    let head = Head {
        marker: fixed[1] & 0x80 != 0,
        payload_type: fixed[1] & 0x7f,
        sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
        timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
    };
    let mut at = HEAD + 4 * usize::from(fixed[0] & 0x0f);
    let mut extensions = Extensions::default();
    if fixed[0] & 0x10 != 0 {
        let intro = bytes.get(at..at + 4)?;
        let kind = u16::from_be_bytes([intro[0], intro[1]]);
        let length = 4 * usize::from(u16::from_be_bytes([intro[2], intro[3]]));
        let values = bytes.get(at + 4..at + 4 + length)?;
        at += 4 + length;
        // Any other kind is for somebody else.
        if kind == ONE_BYTE || kind & 0xfff0 == TWO_BYTE {
            extensions = Extensions { bytes: values, two_byte: kind != ONE_BYTE };
        }
    }
    (at <= bytes.len()).then_some((head, at, extensions))
}

const ONE_BYTE: u16 = 0xbede;
const TWO_BYTE: u16 = 0x1000;

impl<'a> Extensions<'a> {
    fn find(self, wanted: u8) -> Option<&'a [u8]> {
        let mut rest = self.bytes;
        while let Some((&first, after)) = rest.split_first() {
            if first == 0 {
                rest = after;
                continue;
            }
            let (id, length, values) = if self.two_byte {
                let (&length, after) = after.split_first()?;
                (first, usize::from(length), after)
            } else {
                // Fifteen ends the list.
                if first >> 4 == 15 {
                    return None;
                }
                (first >> 4, usize::from(first & 0x0f) + 1, after)
            };
            let value = values.get(..length)?;
            if id == wanted {
                return Some(value);
            }
            rest = &values[length..];
        }
        None
    }
}

/// Writes a packet's head, in the one-byte form of extensions.
#[derive(Debug)]
pub struct HeadWriter<'a> {
    out: &'a mut [u8],
    /// Bytes written.
    at: usize,
}

impl<'a> HeadWriter<'a> {
    /// Begins a packet in `out`, which has room for every head (64 bytes are enough for what is written here).
    pub fn new(out: &'a mut [u8], head: &Head) -> Self {
        out[0] = 0x80;
        out[1] = u8::from(head.marker) << 7 | head.payload_type;
        out[2..4].copy_from_slice(&head.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&head.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&head.ssrc.to_be_bytes());
        Self { out, at: HEAD }
    }

    /// Adds an extension. An id that the one-byte form cannot write, or a value of no or more than 16 bytes, is left out.
    pub fn extension(mut self, id: u8, value: &[u8]) -> Self {
        if !(1..=14).contains(&id) || !(1..=16).contains(&value.len()) {
            return self;
        }
        if self.at == HEAD {
            self.out[0] |= 0x10;
            self.out[HEAD..HEAD + 2].copy_from_slice(&ONE_BYTE.to_be_bytes());
            self.at += 4;
        }
        self.out[self.at] = id << 4 | (value.len() - 1) as u8;
        self.out[self.at + 1..self.at + 1 + value.len()].copy_from_slice(value);
        self.at += 1 + value.len();
        self
    }

    /// Ends the head and says how long it is.
    pub fn finish(mut self) -> usize {
        if self.at > HEAD {
            while !self.at.is_multiple_of(4) {
                self.out[self.at] = 0;
                self.at += 1;
            }
            let words = ((self.at - HEAD - 4) / 4) as u16;
            self.out[HEAD + 2..HEAD + 4].copy_from_slice(&words.to_be_bytes());
        }
        self.at
    }
}

/// Says that the packet in `out`, `len` bytes long, ends with `padding` bytes more, and writes them. Returns the length.
pub fn pad(out: &mut [u8], len: usize, padding: u8) -> usize {
    if padding == 0 {
        return len;
    }
    let end = len + usize::from(padding);
    out[len..end].fill(0);
    out[end - 1] = padding;
    out[0] |= 0x20;
    end
}

/// Counts on where a number of few bits goes round: the nearest count to the last one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unwrapper {
    last: Option<u64>,
}

impl Unwrapper {
    /// The count of a packet. The first one is as it is, and a round further, so that earlier ones have a count as well.
    pub fn unwrap(&mut self, sequence: u16) -> u64 {
        let last = self.last.unwrap_or(u64::from(sequence) + (1 << 16));
        let difference = sequence.wrapping_sub(last as u16) as i16;
        let count = last.saturating_add_signed(i64::from(difference));
        self.last = Some(last.max(count));
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head() -> Head {
        Head { marker: true, payload_type: 111, sequence: 7, timestamp: 90_000, ssrc: 0xdead_beef }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = [0u8; 100];
        let len = HeadWriter::new(&mut bytes, &head()).extension(1, b"audio").extension(3, &[1, 2]).finish();
        bytes[len..len + 3].copy_from_slice(b"abc");
        let packet = Packet::parse(&bytes[..len + 3]).unwrap();
        assert_eq!((packet.head, packet.payload, packet.head_len), (head(), &b"abc"[..], len));
        assert_eq!(packet.extension(1), Some(&b"audio"[..]));
        assert_eq!(packet.extension(3), Some(&[1, 2][..]));
        assert_eq!(packet.extension(2), None);
    }

    #[test]
    fn padding_is_no_payload() {
        let mut bytes = [0u8; 100];
        let len = HeadWriter::new(&mut bytes, &head()).finish();
        let len = pad(&mut bytes, len, 20);
        let packet = Packet::parse(&bytes[..len]).unwrap();
        assert_eq!((packet.payload, packet.padding), (&[][..], 20));
    }

    #[test]
    fn two_byte_extensions_are_read() {
        let mut bytes = vec![0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0x00, 0, 2];
        bytes.extend([5, 0, 0, 200, 3, b'a', b'b', b'c']);
        bytes.extend(b"payload");
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.extension(5), Some(&[][..]));
        assert_eq!(packet.extension(200), Some(&b"abc"[..]));
        assert_eq!(packet.payload, b"payload");
    }

    #[test]
    fn numbers_are_counted_over_their_end_in_both_directions() {
        let mut counter = Unwrapper::default();
        let first = counter.unwrap(65_534);
        assert_eq!(counter.unwrap(1), first + 3);
        assert_eq!(counter.unwrap(65_533), first - 1);
        assert_eq!(counter.unwrap(2), first + 4);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_packet_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200), id: u8) {
            if let Some(packet) = Packet::parse(&bytes) {
                prop_assert_eq!(packet.head_len + packet.payload.len() + packet.padding, bytes.len());
                let _ = packet.extension(id);
            }
        }
    }
}
