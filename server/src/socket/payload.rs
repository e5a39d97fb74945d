//! Long-polling bodies: Engine.IO packets joined by a record separator, binary ones as `b` and base64. Pure.
use super::frame::Frame;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{BufMut, Bytes, BytesMut};

const SEPARATOR: u8 = 0x1E;

/// One packet of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text, its Engine.IO type in front.
    Text(&'a str),
    /// A binary message of so many bytes. Its content is of no use here.
    Binary(usize),
    /// `b`, and then no base64.
    NotBase64,
}

/// The packets of a body, in order.
pub(super) fn parts(body: &str) -> impl Iterator<Item = Part<'_>> {
    body.split(char::from(SEPARATOR)).map(|part| match part.strip_prefix('b') {
        None => Part::Text(part),
        Some(encoded) => {
            // The stock Java client breaks its lines, as in mail.
            let encoded: Vec<u8> = encoded.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
            STANDARD.decode(encoded).map_or(Part::NotBase64, |bytes| Part::Binary(bytes.len()))
        }
    })
}

/// A body of these packets.
pub(super) fn join(frames: &[Frame]) -> Bytes {
    let length: usize = frames.iter().map(|frame| frame.packet().len() + 1).sum();
    let mut body = BytesMut::with_capacity(length);
    for (place, frame) in frames.iter().enumerate() {
        if place > 0 {
            body.put_u8(SEPARATOR);
        }
        body.put_slice(frame.packet());
    }
    body.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_body_is_cut_at_the_separators() {
        let found: Vec<_> = parts("40\u{1e}3\u{1e}bAQID\u{1e}b!\u{1e}").collect();

        assert_eq!(
            found,
            [Part::Text("40"), Part::Text("3"), Part::Binary(3), Part::NotBase64, Part::Text("")]
        );
    }

    #[test]
    fn base64_may_have_lines() {
        assert_eq!(parts("bAQI\r\nD\n").collect::<Vec<_>>(), [Part::Binary(3)]);
    }

    #[test]
    fn a_body_of_one_packet_has_no_separator() {
        assert_eq!(join(&[Frame::text("2")]), "2");
        assert_eq!(join(&[Frame::text("2"), Frame::text("42[\"é\"]")]), "2\u{1e}42[\"é\"]");
        assert_eq!(join(&[]), "");
    }

    proptest! {
        #[test]
        fn of_any_body_every_part_is_looked_at(body in "[\\x1e\\x00b42=A-Z\\[\"é]{0,60}") {
            let found: Vec<_> = parts(&body).collect();

            prop_assert_eq!(found.len(), body.matches(char::from(SEPARATOR)).count() + 1);
            for (part, text) in found.iter().zip(body.split(char::from(SEPARATOR))) {
                match part {
                    Part::Text(read) => prop_assert_eq!(*read, text),
                    Part::Binary(length) => prop_assert!(*length <= text.len() && text.starts_with('b')),
                    Part::NotBase64 => prop_assert!(text.starts_with('b')),
                }
            }
        }
    }
}
