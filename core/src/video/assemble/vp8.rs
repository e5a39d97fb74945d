//! VP8 in packets: RFC 7741.
use super::{Malformed, Opening};

pub(super) fn opening(payload: &[u8]) -> Result<Opening, Malformed> {
    let (begins, body) = split(payload)?;
    // The first bit of a picture says whether it needs others (RFC 6386, section 9.1).
    Ok(match (begins, body[0] & 1) {
        (true, 0) => Opening::Key,
        (true, _) => Opening::Other,
        (false, _) => Opening::Inside,
    })
}

pub(super) fn whole<'a>(payloads: impl Iterator<Item = &'a [u8]>) -> Result<(bool, Vec<u8>), Malformed> {
    let mut picture = Vec::new();
    for payload in payloads {
        let (begins, body) = split(payload)?;
        if begins != picture.is_empty() {
            return Err(Malformed);
        }
        picture.extend_from_slice(body);
    }
    Ok((picture.first().ok_or(Malformed)? & 1 == 0, picture))
}

/// Whether a picture begins here, and what is behind the descriptor (section 4.2).
fn split(payload: &[u8]) -> Result<(bool, &[u8]), Malformed> {
    const EXTENDED: u8 = 0x80;
    const BEGINS: u8 = 0x10;
    const PARTITION: u8 = 0x07;
    let has = |byte: Option<&u8>, bit: u8| byte.is_some_and(|byte| byte & bit != 0);
    let first = payload.first();
    let mut length = 1;
    if has(first, EXTENDED) {
        let extension = payload.get(1);
        length += 1;
        // A picture's number, of seven bits or fifteen.
        if has(extension, 0x80) {
            length += if has(payload.get(2), 0x80) { 2 } else { 1 };
        }
        // The number of its base layer.
        length += usize::from(has(extension, 0x40));
        // Its layer, or the number of the key frame.
        length += usize::from(has(extension, 0x30));
    }
    let body = payload.get(length..).filter(|body| !body.is_empty()).ok_or(Malformed)?;
    let first = first.ok_or(Malformed)?;
    Ok((first & BEGINS != 0 && first & PARTITION == 0, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_is_taken_off_whatever_is_in_it() {
        for (payload, body) in [
            (&[0x10, 7][..], &[7][..]),
            (&[0x90, 0x80, 0x11, 7], &[7]),
            (&[0x90, 0x80, 0x91, 0x22, 7], &[7]),
            (&[0x90, 0xf0, 0x91, 0x22, 3, 4, 7], &[7]),
            (&[0x90, 0x00, 7, 8], &[7, 8]),
        ] {
            assert_eq!(split(payload).unwrap(), (true, body), "{payload:?}");
        }
        for cut in [&[][..], &[0x10], &[0x90, 0x80, 0x11], &[0x90, 0x80, 0x91, 0x22], &[0x90]] {
            assert!(split(cut).is_err(), "{cut:?}");
        }
        assert!(!split(&[0x11, 7]).unwrap().0, "a later partition");
    }
}
