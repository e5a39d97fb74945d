//! The few lines of DER that a self-signed certificate is made of, and the way to the key in somebody else's.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BITS: u8 = 0x03;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const TEXT: u8 = 0x0c;
pub(super) const TIME_UNTIL_2049: u8 = 0x17;
pub(super) const TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// The version of a certificate.
pub(super) const VERSION: u8 = 0xa0;

/// `ecPublicKey`
pub(super) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `prime256v1`
pub(super) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `secp384r1`
pub(super) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// `ecdsa-with-SHA256`
pub(super) const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `commonName`
pub(super) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// One element around these parts.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut made = vec![tag];
    match len {
        0..0x80 => made.push(len as u8),
        0x80..0x100 => made.extend([0x81, len as u8]),
        _ => {
            let len = u16::try_from(len).expect("what we make is small");
            made.push(0x82);
            made.extend(len.to_be_bytes());
        }
    }
    for part in parts {
        made.extend_from_slice(part);
    }
    made
}

/// Reads elements one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next one with its tag.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // In so many bytes; four are more than any datagram has. None would be for what has no end, which is not DER.
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The next one, if it has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

/// The key of a certificate: a point on a curve.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicKey<'a> {
    /// Its object identifier.
    pub(super) curve: &'a [u8],
    pub(super) point: &'a [u8],
}

/// Finds the key in a certificate. Nothing if it is none, or its key is not one of an elliptic curve.
///
/// Nothing else is looked at: who a certificate is made for, by whom and until when says nothing here, only its
/// fingerprint does.
pub(super) fn public_key(certificate: &[u8]) -> Option<PublicKey<'_>> {
    let mut certificate = Reader(Reader(certificate).expect(SEQUENCE)?);
    let mut signed = Reader(certificate.expect(SEQUENCE)?);
    // The first version has no version.
    if signed.0.first() == Some(&VERSION) {
        signed.expect(VERSION)?;
    }
    signed.expect(INTEGER)?;
    let _algorithm = signed.expect(SEQUENCE)?;
    let _issuer = signed.expect(SEQUENCE)?;
    let _validity = signed.expect(SEQUENCE)?;
    let _subject = signed.expect(SEQUENCE)?;
    let mut key = Reader(signed.expect(SEQUENCE)?);
    let mut algorithm = Reader(key.expect(SEQUENCE)?);
    if algorithm.expect(OBJECT)? != EC_PUBLIC_KEY {
        return None;
    }
    let curve = algorithm.expect(OBJECT)?;
    // The first byte says how many bits of the last one are not meant.
    let point = key.expect(BITS)?.strip_prefix(&[0])?;
    Some(PublicKey { curve, point })
}
