//! What an H.264 payload says of itself (RFC 6184), as far as forwarding needs it.

const SLICE_OF_KEY: u8 = 5;
const SEQUENCE: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// Whether a picture that needs none before it begins in this payload: by its parameters, or by its first slice.
pub fn begins_key(payload: &[u8]) -> bool {
    let Some(first) = payload.first() else { return false };
    match first & 0x1f {
        STAP_A => {
            let mut rest = &payload[1..];
            while let [high, low, unit @ ..] = rest {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let Some(kind) = unit.first().filter(|_| length <= unit.len() && length > 0) else {
                    return false;
                };
                if matches!(kind & 0x1f, SLICE_OF_KEY | SEQUENCE) {
                    return true;
                }
                rest = &unit[length..];
            }
            false
        }
        FU_A => payload.get(1).is_some_and(|part| part & 0x80 != 0 && part & 0x1f == SLICE_OF_KEY),
        kind => matches!(kind, SLICE_OF_KEY | SEQUENCE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn key_pictures_begin_with_parameters_or_a_slice() {
        assert!(begins_key(&[0x67, 1, 2]));
        assert!(begins_key(&[0x65, 1]));
        assert!(begins_key(&[0x7c, 0x85, 1]), "first part of a slice");
        assert!(!begins_key(&[0x7c, 0x05, 1]), "a later part");
        assert!(begins_key(&[0x78, 0, 1, 0x09, 0, 2, 0x67, 1]), "parameters after a delimiter");
        assert!(!begins_key(&[0x41, 1]));
        assert!(!begins_key(&[0x78, 0, 9, 0x67]), "longer than it is");
        assert!(!begins_key(&[]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = begins_key(&bytes);
        }
    }
}
