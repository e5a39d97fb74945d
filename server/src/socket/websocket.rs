//! WebSocket frames (RFC 6455) as a server reads them. Pure: bytes in, messages out.
//!
//! Our own because of what a connection costs while nothing happens: this decoder owns no buffer between messages.
//! It also can let a message that is too large pass by, keeping its start and not its body, where the libraries
//! close the connection.
use std::mem;

/// Something a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Text.
    Text(String),
    /// Text that is not UTF-8.
    NotUtf8,
    /// A binary message; its content is of no use here.
    Binary,
    /// A message over the limit: its first bytes, enough for a packet's head.
    TooLarge(Vec<u8>),
    /// A ping, to be answered with the same bytes.
    Ping(Vec<u8>),
    /// The answer to a ping. We send none, but a client may say it unasked.
    Pong,
    /// The client closes; nothing follows.
    Close,
}

/// The client broke the protocol; the code goes into our close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken(pub(super) u16);

impl Broken {
    /// Frames that mean nothing.
    pub(super) const PROTOCOL: Self = Self(1002);
    /// A message over the hard limit.
    pub(super) const TOO_BIG: Self = Self(1009);
}

/// How much of a message over the limit is kept: room for the type, an ack id and the name of an event.
const HEAD: usize = 256;

/// The limits on one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Larger than this is [`Message::TooLarge`].
    pub(super) message: usize,
    /// Larger than this ends the connection.
    pub(super) hard: usize,
}

/// Reads frames from bytes that may be cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The start of a header whose end has not come.
    header: [u8; 14],
    header_len: u8,
    /// The frame whose payload is being read.
    frame: Option<Head>,
    /// The message of which fragments came: its kind, and how long it is so far.
    message: Option<(Kind, usize)>,
    /// Its bytes.
    payload: Vec<u8>,
    /// The bytes of a control frame, which may come between two fragments.
    control: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opcode {
    Message,
    Close,
    Ping,
    Pong,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    last: bool,
    opcode: Opcode,
    mask: [u8; 4],
    left: u64,
}

impl Decoder {
    /// Takes bytes from the front of `input` until a message is complete, or all of them.
    pub(super) fn decode(&mut self, limits: Limits, input: &mut &[u8]) -> Result<Option<Message>, Broken> {
        loop {
            let mut head = match self.frame.take() {
                Some(head) => head,
                None => match self.head(limits, input)? {
                    Some(head) => head,
                    None => return Ok(None),
                },
            };
            let here = usize::try_from(head.left).unwrap_or(usize::MAX).min(input.len());
            let (chunk, rest) = input.split_at(here);
            *input = rest;
            self.take(limits, head, chunk);
            head.left -= here as u64;
            if head.left > 0 {
                // The next chunk starts where the mask stands now.
                head.mask.rotate_left(here % 4);
                self.frame = Some(head);
                return Ok(None);
            }
            if let Some(message) = self.complete(limits, head) {
                return Ok(Some(message));
            }
        }
    }

    /// Reads a header; `None` when its end has not come yet.
    fn head(&mut self, limits: Limits, input: &mut &[u8]) -> Result<Option<Head>, Broken> {
        loop {
            let have = usize::from(self.header_len);
            let need = match have {
                0 | 1 => 2,
                _ => match self.header[1] & 0x7F {
                    126 => 8,
                    127 => 14,
                    _ => 6,
                },
            };
            if have >= need {
                break;
            }
            let take = (need - have).min(input.len());
            if take == 0 {
                return Ok(None);
            }
            let (start, rest) = input.split_at(take);
            self.header[have..have + take].copy_from_slice(start);
            self.header_len += take as u8;
            *input = rest;
        }
        self.header_len = 0;
        let header = self.header;
        let (length, mask_at) = match header[1] & 0x7F {
            126 => (u64::from(u16::from_be_bytes([header[2], header[3]])), 4),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&header[2..10]);
                (u64::from_be_bytes(length), 10)
            }
            short => (u64::from(short), 2),
        };
        let mut mask = [0; 4];
        mask.copy_from_slice(&header[mask_at..mask_at + 4]);
        let last = header[0] & 0x80 != 0;
        let is_plain = header[0] & 0x70 == 0;
        let is_masked = header[1] & 0x80 != 0;
        // No extension was agreed, so the reserved bits are zero; a client always masks.
        if !is_plain || !is_masked {
            return Err(Broken::PROTOCOL);
        }
        let opcode = self.opcode(header[0] & 0x0F, last, length)?;
        if opcode == Opcode::Message {
            let so_far = self.message.map_or(0, |(_, length)| length as u64);
            if so_far.saturating_add(length) > limits.hard as u64 {
                return Err(Broken::TOO_BIG);
            }
        }
        Ok(Some(Head { last, opcode, mask, left: length }))
    }

    fn opcode(&mut self, opcode: u8, last: bool, length: u64) -> Result<Opcode, Broken> {
        let control = |opcode| if last && length <= 125 { Ok(opcode) } else { Err(Broken::PROTOCOL) };
        match (opcode, self.message) {
            (0, Some(_)) => Ok(Opcode::Message),
            (1, None) => {
                self.message = Some((Kind::Text, 0));
                Ok(Opcode::Message)
            }
            (2, None) => {
                self.message = Some((Kind::Binary, 0));
                Ok(Opcode::Message)
            }
            (8, _) => control(Opcode::Close),
            (9, _) => control(Opcode::Ping),
            (10, _) => control(Opcode::Pong),
            // A continuation of nothing, a message inside a message, or an opcode that does not exist.
            _ => Err(Broken::PROTOCOL),
        }
    }

    fn take(&mut self, limits: Limits, head: Head, chunk: &[u8]) {
        if head.opcode != Opcode::Message {
            unmask(chunk, head.mask, &mut self.control);
            return;
        }
        let Some((kind, length)) = &mut self.message else { return };
        *length += chunk.len();
        if *kind == Kind::Binary {
            return;
        }
        if *length > limits.message {
            // Over the limit: only the head is of use, for the ack id of the refusal.
            let room = HEAD.saturating_sub(self.payload.len()).min(chunk.len());
            unmask(&chunk[..room], head.mask, &mut self.payload);
            self.payload.truncate(HEAD);
            self.payload.shrink_to(HEAD);
            return;
        }
        unmask(chunk, head.mask, &mut self.payload);
    }

    fn complete(&mut self, limits: Limits, head: Head) -> Option<Message> {
        match head.opcode {
            Opcode::Ping => Some(Message::Ping(mem::take(&mut self.control))),
            Opcode::Pong => {
                self.control = Vec::new();
                Some(Message::Pong)
            }
            Opcode::Close => {
                self.control = Vec::new();
                Some(Message::Close)
            }
            Opcode::Message if !head.last => None,
            Opcode::Message => {
                let payload = mem::take(&mut self.payload);
                Some(match self.message.take() {
                    Some((_, length)) if length > limits.message => Message::TooLarge(payload),
                    Some((Kind::Binary, _)) => Message::Binary,
                    _ => String::from_utf8(payload).map_or(Message::NotUtf8, Message::Text),
                })
            }
        }
    }
}

/// Appends a chunk without its mask.
fn unmask(chunk: &[u8], mask: [u8; 4], into: &mut Vec<u8>) {
    let start = into.len();
    into.extend_from_slice(chunk);
    let mut words = into[start..].chunks_exact_mut(4);
    for word in &mut words {
        for (byte, key) in word.iter_mut().zip(mask) {
            *byte ^= key;
        }
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { message: 1000, hard: 5000 };

    /// A frame as a client sends it.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [0xA1, 0x02, 0x73, 0xF4];
        let mut bytes = vec![first];
        match payload.len() {
            length @ 0..=125 => bytes.push(0x80 | length as u8),
            length @ 126..=0xFFFF => {
                bytes.push(0x80 | 126);
                bytes.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                bytes.push(0x80 | 127);
                bytes.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        bytes.extend_from_slice(&mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    /// Everything that comes out when the bytes come in pieces of this size.
    fn decode_by(bytes: &[u8], piece: usize) -> Result<Vec<Message>, Broken> {
        let mut decoder = Decoder::default();
        let mut messages = vec![];
        for mut input in bytes.chunks(piece) {
            while let Some(message) = decoder.decode(LIMITS, &mut input)? {
                messages.push(message);
            }
            assert!(input.is_empty());
        }
        assert!(decoder.payload.is_empty() || decoder.message.is_some(), "nothing is kept between messages");
        Ok(messages)
    }

    fn decode(bytes: &[u8]) -> Result<Vec<Message>, Broken> {
        decode_by(bytes, usize::MAX)
    }

    #[test]
    fn messages_come_out_in_order() {
        let bytes =
            [frame(0x81, b"42[]"), frame(0x82, b"\0\x01"), frame(0x8A, b""), frame(0x89, b"hi")].concat();

        let found = decode(&bytes).unwrap();

        let text = Message::Text("42[]".into());
        assert_eq!(found, [text, Message::Binary, Message::Pong, Message::Ping(b"hi".to_vec())]);
    }

    #[test]
    fn a_control_frame_may_come_between_fragments() {
        let bytes = [frame(0x01, b"ab"), frame(0x89, b"p"), frame(0x00, b"cd"), frame(0x80, b"e")].concat();

        assert_eq!(decode(&bytes).unwrap(), [Message::Ping(b"p".to_vec()), Message::Text("abcde".into())]);
    }

    #[test]
    fn a_close_is_told() {
        assert_eq!(decode(&frame(0x88, &[0x03, 0xE8])).unwrap(), [Message::Close]);
        assert_eq!(decode(&frame(0x88, b"")).unwrap(), [Message::Close]);
    }

    #[test]
    fn a_message_over_the_limit_keeps_its_head_and_the_next_one_is_read() {
        let large = [b"4217[\"name\"".to_vec(), vec![b'x'; 2000]].concat();
        let bytes = [frame(0x81, &large), frame(0x81, b"3")].concat();

        let found = decode(&bytes).unwrap();

        assert_eq!(found, [Message::TooLarge(large[..HEAD].to_vec()), Message::Text("3".into())]);
    }

    #[test]
    fn a_message_over_the_hard_limit_breaks_at_its_header() {
        assert_eq!(decode(&frame(0x81, &[b'x'; 5001])[..8]), Err(Broken::TOO_BIG));
        assert_eq!(
            decode(&[frame(0x01, &[b'x'; 3000]), frame(0x80, &[b'x'; 2001])].concat()),
            Err(Broken::TOO_BIG)
        );
        let endless = [&[0x81, 0xFF][..], &[0xFF; 12]].concat();
        assert_eq!(decode(&endless), Err(Broken::TOO_BIG));
    }

    #[test]
    fn text_that_is_no_utf8_is_named() {
        assert_eq!(decode(&frame(0x81, b"42\xFF\xFE")).unwrap(), [Message::NotUtf8]);
        // A character cut by a fragment is whole again at the end.
        assert_eq!(
            decode(&[frame(0x01, b"\xC3"), frame(0x80, b"\xA9")].concat()).unwrap(),
            [Message::Text("é".into())]
        );
    }

    #[test]
    fn what_the_protocol_forbids_breaks() {
        let unmasked = vec![0x81, 0x01, b'2'];
        let reserved_bit = frame(0xC1, b"x");
        let unknown_opcode = frame(0x83, b"x");
        let continuation_of_nothing = frame(0x80, b"x");
        let message_inside_a_message = [frame(0x01, b"x"), frame(0x81, b"y")].concat();
        let long_ping = frame(0x89, &[0; 126]);
        let fragmented_ping = frame(0x09, b"");
        for bytes in [
            unmasked,
            reserved_bit,
            unknown_opcode,
            continuation_of_nothing,
            message_inside_a_message,
            long_ping,
            fragmented_ping,
        ] {
            // The unmasked frame is shorter than a masked header; the rest stands for what follows it.
            let bytes = [bytes, vec![0; 8]].concat();
            assert_eq!(decode(&bytes), Err(Broken::PROTOCOL), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_messages_are_the_same(
            messages in prop::collection::vec(
                (prop::collection::vec(any::<u8>(), 0..1500), 1_usize..4, any::<bool>()), 1..6),
            piece in 1_usize..2000,
        ) {
            let mut bytes = vec![];
            for (payload, fragments, is_text) in &messages {
                let cut = payload.len().div_ceil(*fragments).max(1);
                let count = payload.chunks(cut).count().max(1);
                for n in 0..count {
                    let opcode = if n > 0 { 0 } else if *is_text { 1 } else { 2 };
                    let last = if n + 1 == count { 0x80 } else { 0 };
                    bytes.extend(frame(last | opcode, payload.chunks(cut).nth(n).unwrap_or_default()));
                }
            }
            let whole = decode(&bytes).unwrap();

            let in_pieces = decode_by(&bytes, piece).unwrap();

            // The head of an oversized message may be shorter when it came in fragments, never different.
            prop_assert_eq!(whole.len(), messages.len());
            prop_assert_eq!(whole, in_pieces);
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_by(&bytes, 7);
        }

        #[test]
        fn nearly_frames_are_decoded_or_refused(
            frames in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)), 0..10),
            piece in 1_usize..100,
        ) {
            let bytes: Vec<u8> = frames.iter().flat_map(|(first, payload)| frame(*first & 0x8F, payload)).collect();

            prop_assert_eq!(decode(&bytes).is_ok(), decode_by(&bytes, piece).is_ok());
        }
    }
}
