//! What a VP8 payload says of itself (RFC 7741), as far as forwarding needs it.

/// The head that stands before each part of a VP8 picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Whether a picture begins here.
    pub begins: bool,
    /// Whether it needs none before it.
    pub is_key: bool,
    /// The picture's number, and how many bits it has: 7 or 15.
    pub picture: Option<(u16, u8)>,
    /// Counts pictures of the lowest rate.
    pub tl0: Option<u8>,
    /// Which of the rates it belongs to: 0 is the lowest.
    pub rate: Option<u8>,
    /// Width and height; in the first part of a key picture.
    pub size: Option<(u16, u16)>,
    picture_at: usize,
    tl0_at: usize,
    /// Bytes of the descriptor.
    pub len: usize,
}

impl Descriptor {
    /// Reads the head of a payload.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        let begins = first & 0x10 != 0 && first & 0x07 == 0;
        let mut found = Self {
            begins,
            is_key: false,
            picture: None,
            tl0: None,
            rate: None,
            size: None,
            picture_at: 0,
            tl0_at: 0,
            len: 1,
        };
        if first & 0x80 != 0 {
            let more = *payload.get(1)?;
            found.len = 2;
            if more & 0x80 != 0 {
                let high = *payload.get(found.len)?;
                found.picture_at = found.len;
                if high & 0x80 != 0 {
                    let low = *payload.get(found.len + 1)?;
                    found.picture = Some((u16::from_be_bytes([high & 0x7f, low]), 15));
                    found.len += 2;
                } else {
                    found.picture = Some((u16::from(high), 7));
                    found.len += 1;
                }
            }
            if more & 0x40 != 0 {
                found.tl0_at = found.len;
                found.tl0 = Some(*payload.get(found.len)?);
                found.len += 1;
            }
            if more & 0x30 != 0 {
                let rates = *payload.get(found.len)?;
                found.rate = (more & 0x20 != 0).then_some(rates >> 6);
                found.len += 1;
            }
        }
        let picture = payload.get(found.len..)?;
        found.is_key = begins && picture.first().is_some_and(|byte| byte & 1 == 0);
        if found.is_key
            && let Some([_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1]) = picture.first_chunk::<10>()
        {
            // The upper two bits are how it is scaled.
            let size = |low: u8, high: u8| u16::from_le_bytes([low, high]) & 0x3fff;
            found.size = Some((size(*w0, *w1), size(*h0, *h1)));
        }
        Some(found)
    }

    /// Writes other numbers into a copy of the payload, in the bits that there are.
    pub fn renumber(&self, payload: &mut [u8], picture: u16, tl0: u8) {
        match self.picture {
            Some((_, 15)) => {
                let [high, low] = (picture & 0x7fff).to_be_bytes();
                payload[self.picture_at] = 0x80 | high;
                payload[self.picture_at + 1] = low;
            }
            Some(_) => payload[self.picture_at] = picture as u8 & 0x7f,
            None => {}
        }
        if self.tl0.is_some() {
            payload[self.tl0_at] = tl0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: [u8; 10] = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x41];

    #[test]
    fn a_key_picture_says_how_large_it_is() {
        let mut payload = vec![0x90, 0xf0, 0x92, 0x34, 0x07, 0x60];
        payload.extend(KEY);
        let found = Descriptor::parse(&payload).unwrap();
        assert!(found.begins && found.is_key);
        assert_eq!((found.picture, found.tl0, found.rate), (Some((0x1234, 15)), Some(7), Some(1)));
        assert_eq!(found.size, Some((640, 360)));
        assert_eq!(found.len, 6);
    }

    #[test]
    fn numbers_are_written_where_they_were_read() {
        let mut payload = vec![0x90, 0xc0, 0x92, 0x34, 0x07, 0x01];
        let found = Descriptor::parse(&payload).unwrap();
        found.renumber(&mut payload, 0x7fff, 9);
        let again = Descriptor::parse(&payload).unwrap();
        assert_eq!((again.picture, again.tl0, again.is_key), (Some((0x7fff, 15)), Some(9), false));
        let mut short = vec![0x90, 0x80, 0x12, 0x01];
        Descriptor::parse(&short).unwrap().renumber(&mut short, 0x1ff, 0);
        assert_eq!(Descriptor::parse(&short).unwrap().picture, Some((0x7f, 7)));
    }

    #[test]
    fn a_plain_descriptor_is_one_byte() {
        let found = Descriptor::parse(&[0x00, 0x01]).unwrap();
        assert_eq!((found.begins, found.is_key, found.picture, found.len), (false, false, None, 1));
        assert_eq!(Descriptor::parse(&[]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_renumbered(mut bytes in proptest::collection::vec(any::<u8>(), 0..40), n: u16, t: u8) {
            if let Some(found) = Descriptor::parse(&bytes) {
                prop_assert!(found.len <= bytes.len());
                found.renumber(&mut bytes, n, t);
                let again = Descriptor::parse(&bytes).unwrap();
                prop_assert_eq!((again.len, again.is_key, again.rate), (found.len, found.is_key, found.rate));
            }
        }
    }
}
