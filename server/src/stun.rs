//! STUN messages (RFC 8489), as far as TURN (RFC 8656) and ICE (RFC 8445) need them.
//!
//! Pure and without copies on the way in. What follows MESSAGE-INTEGRITY is not covered by it and so is not seen.
use ring::hmac;
use std::{
    net::{IpAddr, SocketAddr},
    ops::Range,
};

const HEADER: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const INTEGRITY_BYTES: usize = 20;
/// What FINGERPRINT is mixed with, so that it differs from other checksums in the same packet.
const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// Numbers of methods.
pub(crate) mod method {
    pub(crate) const BINDING: u16 = 0x001;
    pub(crate) const ALLOCATE: u16 = 0x003;
    pub(crate) const REFRESH: u16 = 0x004;
    pub(crate) const SEND: u16 = 0x006;
    pub(crate) const DATA: u16 = 0x007;
    pub(crate) const CREATE_PERMISSION: u16 = 0x008;
    pub(crate) const CHANNEL_BIND: u16 = 0x009;
}

/// Numbers of attributes. Below 0x8000, one that is not understood must be refused.
pub(crate) mod attribute {
    pub(crate) const USERNAME: u16 = 0x0006;
    pub(crate) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(crate) const ERROR_CODE: u16 = 0x0009;
    pub(crate) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub(crate) const CHANNEL_NUMBER: u16 = 0x000c;
    pub(crate) const LIFETIME: u16 = 0x000d;
    pub(crate) const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub(crate) const DATA: u16 = 0x0013;
    pub(crate) const REALM: u16 = 0x0014;
    /// The client has chosen this pair of addresses (RFC 8445).
    pub(crate) const USE_CANDIDATE: u16 = 0x0025;
    pub(crate) const NONCE: u16 = 0x0015;
    pub(crate) const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    pub(crate) const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    pub(crate) const EVEN_PORT: u16 = 0x0018;
    pub(crate) const REQUESTED_TRANSPORT: u16 = 0x0019;
    pub(crate) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(crate) const FINGERPRINT: u16 = 0x8028;
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Request,
    Indication,
    Success,
    Error,
}

/// Tells an answer's request; chosen by whoever asked.
pub(crate) type Transaction = [u8; 12];

/// One message, read in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) class: Class,
    pub(crate) method: u16,
    pub(crate) transaction: Transaction,
    bytes: &'a [u8],
    /// Where the attributes end that count: at MESSAGE-INTEGRITY, FINGERPRINT or the end of the message.
    end: usize,
    integrity: Option<&'a [u8]>,
    pub(crate) has_fingerprint: bool,
}

impl<'a> Message<'a> {
    /// Reads a datagram that holds one message and nothing else; anything else is not a message.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.get(..HEADER)?;
        let kind = u16::from_be_bytes([header[0], header[1]]);
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let whole = header[4..8] == MAGIC_COOKIE && HEADER + length == bytes.len() && length % 4 == 0;
        if kind & 0xc000 != 0 || !whole {
            return None;
        }
        let (class, method) = from_wire(kind);
        let mut message = Self {
            class,
            method,
            transaction: header[8..].try_into().ok()?,
            bytes,
            end: bytes.len(),
            integrity: None,
            has_fingerprint: false,
        };
        let mut at = HEADER;
        while at < bytes.len() {
            let (number, place, next) = attribute_at(bytes, at)?;
            let value = &bytes[place];
            if number == attribute::FINGERPRINT {
                // It is the last one by definition, and a wrong one means that this is not STUN after all.
                let right = next == bytes.len() && value == fingerprint(&bytes[..at]).to_be_bytes();
                message.end = message.end.min(at);
                message.has_fingerprint = true;
                return right.then_some(message);
            }
            if number == attribute::MESSAGE_INTEGRITY && message.integrity.is_none() {
                message.integrity = Some(value);
                message.end = at;
            }
            at = next;
        }
        Some(message)
    }

    /// The value of the first attribute of a kind.
    pub(crate) fn get(&self, number: u16) -> Option<&'a [u8]> {
        self.all(number).next()
    }

    /// The values of every attribute of a kind.
    pub(crate) fn all(&self, number: u16) -> impl Iterator<Item = &'a [u8]> {
        let bytes = self.bytes;
        self.attributes().filter(move |(found, _)| *found == number).map(move |(_, place)| &bytes[place])
    }

    /// An address that was hidden from meddling routers by XOR.
    pub(crate) fn address(&self, number: u16) -> Option<SocketAddr> {
        self.address_in(self.get(number)?)
    }

    /// Every address of a kind; none if one of them cannot be read.
    pub(crate) fn addresses(&self, number: u16) -> Option<Vec<SocketAddr>> {
        self.all(number).map(|value| self.address_in(value)).collect()
    }

    /// Where in the datagram the value of an attribute stands.
    pub(crate) fn place_of(&self, number: u16) -> Option<Range<usize>> {
        self.attributes().find(|(found, _)| *found == number).map(|(_, place)| place)
    }

    /// Attributes that must be understood and are not among the known ones.
    pub(crate) fn not_understood(&self, known: &[u16]) -> Vec<u16> {
        self.attributes().map(|(number, _)| number).filter(|n| *n < 0x8000 && !known.contains(n)).collect()
    }

    /// Whether the message claims to come from somebody.
    pub(crate) fn is_signed(&self) -> bool {
        self.integrity.is_some()
    }

    /// Whether it was signed by who holds the key, in constant time.
    pub(crate) fn is_signed_by(&self, key: &hmac::Key) -> bool {
        let Some(signature) = self.integrity else { return false };
        let signed = with_length(&self.bytes[..self.end], self.end + 4 + INTEGRITY_BYTES);
        hmac::verify(key, &signed, signature).is_ok()
    }

    /// The numbers of the attributes that count, and where their values stand.
    fn attributes(&self) -> impl Iterator<Item = (u16, Range<usize>)> + use<'a> {
        let (bytes, mut at) = (&self.bytes[..self.end], HEADER);
        std::iter::from_fn(move || {
            let (number, place, next) = attribute_at(bytes, at)?;
            at = next;
            Some((number, place))
        })
    }

    fn address_in(&self, value: &[u8]) -> Option<SocketAddr> {
        let (family, rest) = (value.get(1)?, value.get(2..)?);
        let (port, ip) = rest.split_at_checked(2)?;
        let port = u16::from_be_bytes([port[0] ^ MAGIC_COOKIE[0], port[1] ^ MAGIC_COOKIE[1]]);
        let ip: IpAddr = match family {
            1 => IpAddr::from(mask::<4>(ip.try_into().ok()?, &self.transaction)),
            2 => IpAddr::from(mask::<16>(ip.try_into().ok()?, &self.transaction)),
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }
}

/// The number of the attribute that begins at a place, where its value stands and where the next one begins.
fn attribute_at(bytes: &[u8], at: usize) -> Option<(u16, Range<usize>, usize)> {
    let head = bytes.get(at..at + 4)?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let next = at + 4 + length.next_multiple_of(4);
    if next > bytes.len() {
        return None;
    }
    Some((u16::from_be_bytes([head[0], head[1]]), at + 4..at + 4 + length, next))
}

/// The class stands in two bits in the middle of the method's.
fn from_wire(kind: u16) -> (Class, u16) {
    let class = match (kind & 0x100 != 0, kind & 0x010 != 0) {
        (false, false) => Class::Request,
        (false, true) => Class::Indication,
        (true, false) => Class::Success,
        (true, true) => Class::Error,
    };
    (class, kind & 0x000f | (kind & 0x00e0) >> 1 | (kind & 0x3e00) >> 2)
}

fn to_wire(class: Class, method: u16) -> [u8; 2] {
    let class = match class {
        Class::Request => 0,
        Class::Indication => 0x010,
        Class::Success => 0x100,
        Class::Error => 0x110,
    };
    (method & 0x000f | (method & 0x0070) << 1 | (method & 0x0f80) << 2 | class).to_be_bytes()
}

/// XOR with the cookie and, for the longer addresses, the transaction.
fn mask<const N: usize>(ip: [u8; N], transaction: &Transaction) -> [u8; N] {
    let mut pad = MAGIC_COOKIE.iter().chain(transaction);
    ip.map(|byte| byte ^ pad.next().copied().unwrap_or(0))
}

/// The bytes with the length of a message that ends elsewhere, as the signature is computed before it stands there.
fn with_length(bytes: &[u8], end: usize) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    copy[2..4].copy_from_slice(&((end - HEADER) as u16).to_be_bytes());
    copy
}

/// CRC-32 of the message with the length it has once the fingerprint stands in it.
fn fingerprint(before: &[u8]) -> u32 {
    let crc = with_length(before, before.len() + 8).iter().fold(!0_u32, |crc, byte| {
        // Bit by bit: answers are some 100 bytes, and few.
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    !crc ^ FINGERPRINT_XOR
}

/// A message in the making. Its length is right after every step.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    transaction: Transaction,
}

impl Writer {
    /// An empty message.
    pub(crate) fn new(class: Class, method: u16, transaction: Transaction) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(to_wire(class, method));
        bytes.extend([0, 0]);
        bytes.extend(MAGIC_COOKIE);
        bytes.extend(transaction);
        Self { bytes, transaction }
    }

    /// Adds an attribute.
    pub(crate) fn with(mut self, number: u16, value: &[u8]) -> Self {
        self.bytes.extend(number.to_be_bytes());
        self.bytes.extend((value.len() as u16).to_be_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let length = (self.bytes.len() - HEADER) as u16;
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
        self
    }

    /// Adds an address.
    pub(crate) fn with_address(self, number: u16, address: SocketAddr) -> Self {
        let (value, length) = hidden_address(address, &self.transaction);
        self.with(number, &value[..length])
    }

    /// Adds an error code. The reason is left empty: clients go by the code, and an answer to somebody unknown
    /// should not be longer than it must.
    pub(crate) fn with_error(self, code: u16) -> Self {
        self.with(attribute::ERROR_CODE, &[0, 0, (code / 100) as u8, (code % 100) as u8])
    }

    /// Signs what stands there so far.
    pub(crate) fn signed(self, key: &hmac::Key) -> Self {
        let signed = with_length(&self.bytes, self.bytes.len() + 4 + INTEGRITY_BYTES);
        let signature = hmac::sign(key, &signed);
        self.with(attribute::MESSAGE_INTEGRITY, signature.as_ref())
    }

    /// Adds the checksum that tells STUN from anything else. Must come last.
    pub(crate) fn with_fingerprint(self) -> Self {
        let sum = fingerprint(&self.bytes);
        self.with(attribute::FINGERPRINT, &sum.to_be_bytes())
    }

    /// The datagram.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The value of an address attribute and how many of its bytes count.
pub(crate) fn hidden_address(address: SocketAddr, transaction: &Transaction) -> ([u8; 20], usize) {
    let mut value = [0; 20];
    let [high, low] = address.port().to_be_bytes();
    value[2..4].copy_from_slice(&[high ^ MAGIC_COOKIE[0], low ^ MAGIC_COOKIE[1]]);
    match address.ip() {
        IpAddr::V4(ip) => {
            value[1] = 1;
            value[4..8].copy_from_slice(&mask(ip.octets(), transaction));
            (value, 8)
        }
        IpAddr::V6(ip) => {
            value[1] = 2;
            value[4..20].copy_from_slice(&mask(ip.octets(), transaction));
            (value, 20)
        }
    }
}

/// Room that [`data_indication`] needs before the data, at most; after it up to three bytes.
pub(crate) const INDICATION_HEAD: usize = HEADER + 4 + 20 + 4;

/// Writes the head of a Data indication right before data that already lies in a buffer, and says where it now
/// begins and ends. A relayed packet is not copied.
pub(crate) fn data_indication(
    buffer: &mut [u8],
    data: Range<usize>,
    peer: SocketAddr,
    transaction: &Transaction,
) -> Range<usize> {
    let (address, length) = hidden_address(peer, transaction);
    let start = data.start - 4 - length - 4 - HEADER;
    let end = data.end + (data.len().next_multiple_of(4) - data.len());
    buffer[data.end..end].fill(0);
    let head = &mut buffer[start..data.start];
    head[..2].copy_from_slice(&to_wire(Class::Indication, method::DATA));
    head[2..4].copy_from_slice(&((end - start - HEADER) as u16).to_be_bytes());
    head[4..8].copy_from_slice(&MAGIC_COOKIE);
    head[8..HEADER].copy_from_slice(transaction);
    head[HEADER..HEADER + 2].copy_from_slice(&attribute::XOR_PEER_ADDRESS.to_be_bytes());
    head[HEADER + 2..HEADER + 4].copy_from_slice(&(length as u16).to_be_bytes());
    head[HEADER + 4..HEADER + 4 + length].copy_from_slice(&address[..length]);
    let tail = &mut head[HEADER + 4 + length..];
    tail[..2].copy_from_slice(&attribute::DATA.to_be_bytes());
    tail[2..4].copy_from_slice(&(data.len() as u16).to_be_bytes());
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The long-term credential example of RFC 5769, section 2.4.
    const RFC_5769_LONG_TERM: &str = "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383\
        e382afe382b900000015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c65\
        2e6f72670000080014f67024656dd64a3e02b8e0712e85c9a28ca89666";

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }

    fn key(text: &str) -> hmac::Key {
        use md5::Digest;
        hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &md5::Md5::digest(text.as_bytes()))
    }

    #[test]
    fn the_signature_printed_in_rfc_5769_is_right_and_another_key_is_not() {
        let bytes = hex(RFC_5769_LONG_TERM);

        let message = Message::parse(&bytes).unwrap();

        assert_eq!((message.class, message.method), (Class::Request, method::BINDING));
        assert_eq!(message.get(attribute::REALM), Some(b"example.org".as_slice()));
        assert!(message.is_signed_by(&key("マトリックス:example.org:TheMatrIX")));
        assert!(!message.is_signed_by(&key("マトリックス:example.org:TheMatrix")));
    }

    #[test]
    fn one_changed_byte_breaks_the_signature_or_the_message() {
        let right = key("マトリックス:example.org:TheMatrIX");
        let bytes = hex(RFC_5769_LONG_TERM);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;

            let trusted = Message::parse(&changed).is_some_and(|message| message.is_signed_by(&right));

            assert!(!trusted, "byte {at}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let v4: SocketAddr = "192.0.2.1:32853".parse().unwrap();
        let v6: SocketAddr = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap();
        let key = key("a:b:c");

        let bytes = Writer::new(Class::Success, method::CHANNEL_BIND, [7; 12])
            .with(attribute::USERNAME, b"abcde")
            .with_address(attribute::XOR_PEER_ADDRESS, v4)
            .with_address(attribute::XOR_PEER_ADDRESS, v6)
            .with_error(438)
            .signed(&key)
            .with_fingerprint()
            .finish();
        let message = Message::parse(&bytes).unwrap();

        assert_eq!((message.class, message.method), (Class::Success, method::CHANNEL_BIND));
        assert_eq!(message.get(attribute::USERNAME), Some(b"abcde".as_slice()));
        assert_eq!(message.addresses(attribute::XOR_PEER_ADDRESS), Some(vec![v4, v6]));
        assert_eq!(message.get(attribute::ERROR_CODE), Some([0, 0, 4, 38].as_slice()));
        assert!(message.has_fingerprint && message.is_signed_by(&key));
    }

    #[test]
    fn what_follows_the_signature_is_not_seen() {
        let key = key("a:b:c");
        let bytes = Writer::new(Class::Request, method::REFRESH, [1; 12])
            .with(attribute::USERNAME, b"first")
            .signed(&key)
            .with(attribute::LIFETIME, &[0; 4])
            .finish();

        let message = Message::parse(&bytes).unwrap();

        assert!(message.is_signed_by(&key));
        assert_eq!(message.get(attribute::LIFETIME), None);
    }

    #[test]
    fn every_method_and_class_survives_the_wire() {
        for method in 0..0x1000 {
            for class in [Class::Request, Class::Indication, Class::Success, Class::Error] {
                assert_eq!(from_wire(u16::from_be_bytes(to_wire(class, method))), (class, method));
            }
        }
    }

    #[test]
    fn a_data_indication_is_written_around_data_where_it_lies() {
        for peer in ["198.51.100.7:9", "[2001:db8::9]:65535"] {
            let peer: SocketAddr = peer.parse().unwrap();
            for length in 0..9 {
                let mut buffer = [0xff; 100];
                let data = INDICATION_HEAD..INDICATION_HEAD + length;

                let place = data_indication(&mut buffer, data, peer, &[3; 12]);

                let message = Message::parse(&buffer[place]).unwrap();
                assert_eq!((message.class, message.method), (Class::Indication, method::DATA));
                assert_eq!(message.address(attribute::XOR_PEER_ADDRESS), Some(peer));
                assert_eq!(message.get(attribute::DATA), Some(vec![0xff; length].as_slice()));
            }
        }
    }

    proptest! {
        #[test]
        fn no_datagram_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _message = Message::parse(&bytes);
        }

        #[test]
        fn no_attributes_make_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = Writer::new(Class::Request, method::ALLOCATE, [9; 12]).finish();
            bytes.extend(&body);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            let length = (bytes.len() - HEADER) as u16;
            bytes[2..4].copy_from_slice(&length.to_be_bytes());

            if let Some(message) = Message::parse(&bytes) {
                let _addresses = message.addresses(attribute::XOR_PEER_ADDRESS);
                let _place = message.place_of(attribute::DATA);
                prop_assert!(!message.is_signed_by(&key("a:b:c")));
            }
        }
    }
}
