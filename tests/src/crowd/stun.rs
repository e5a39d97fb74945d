//! Checks of ICE (RFC 8445), from the side that decides: a request with the other's password, and its answer.
use ring::hmac;
use std::fmt::Write as _;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEAD: usize = 20;
const REQUEST: u16 = 0x0001;
const SUCCESS: u16 = 0x0101;
const USERNAME: u16 = 0x0006;
const INTEGRITY: u16 = 0x0008;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const CONTROLLING: u16 = 0x802a;
const FINGERPRINT_XOR: u32 = 0x5354_554e;
/// Of an integrity, with its head.
const INTEGRITY_LEN: usize = 24;

/// Who checks whom.
#[derive(Debug, Clone)]
pub(super) struct Checker {
    username: String,
    key: hmac::Key,
}

impl Checker {
    /// For the server of this name and password.
    pub(super) fn new(server: (&str, &str), ours: &str) -> Self {
        let mut username = String::new();
        // Writing to a String cannot fail.
        let _ = write!(username, "{}:{ours}", server.0);
        Self { username, key: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, server.1.as_bytes()) }
    }

    /// A check that also says that this is the path to be used.
    pub(super) fn request(&self, transaction: [u8; 12]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(REQUEST.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(COOKIE);
        bytes.extend(transaction);
        put(&mut bytes, USERNAME, self.username.as_bytes());
        put(&mut bytes, CONTROLLING, &[transaction[0]; 8]);
        put(&mut bytes, USE_CANDIDATE, &[]);
        put(&mut bytes, PRIORITY, &0x7eff_ffff_u32.to_be_bytes());
        set_length(&mut bytes, INTEGRITY_LEN);
        let tag = hmac::sign(&self.key, &bytes);
        put(&mut bytes, INTEGRITY, tag.as_ref());
        set_length(&mut bytes, 8);
        let sum = crc32(&bytes) ^ FINGERPRINT_XOR;
        put(&mut bytes, FINGERPRINT, &sum.to_be_bytes());
        bytes
    }

    /// Whether this is the server's good answer to that check.
    pub(super) fn is_answer(&self, bytes: &[u8], transaction: [u8; 12]) -> bool {
        let Some(head) = bytes.first_chunk::<HEAD>() else { return false };
        if u16::from_be_bytes([head[0], head[1]]) != SUCCESS || head[8..] != transaction {
            return false;
        }
        let mut at = HEAD;
        while let Some([k0, k1, l0, l1]) = bytes.get(at..at + 4) {
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            if u16::from_be_bytes([*k0, *k1]) == INTEGRITY {
                // It is signed as if nothing came behind.
                let mut signed = bytes[..at].to_vec();
                set_length(&mut signed, INTEGRITY_LEN);
                let tag = bytes.get(at + 4..at + 4 + length).unwrap_or_default();
                return hmac::verify(&self.key, &signed, tag).is_ok();
            }
            at += 4 + length.next_multiple_of(4);
        }
        false
    }
}

/// Whether bytes that came where packets come are STUN (RFC 7983).
pub(super) fn is_stun(bytes: &[u8]) -> bool {
    bytes.len() >= HEAD && bytes[0] < 4 && bytes[4..8] == COOKIE
}

fn put(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    bytes.extend(kind.to_be_bytes());
    bytes.extend((value.len() as u16).to_be_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// As if so many bytes more came behind what is there.
fn set_length(bytes: &mut [u8], more: usize) {
    let length = (bytes.len() - HEAD + more) as u16;
    bytes[2..4].copy_from_slice(&length.to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_has_the_sum_and_the_signature_that_the_standard_asks_for() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let checker = Checker::new(("server", "a-password-of-22-letters"), "us");
        let mut request = checker.request([7; 12]);
        assert!(is_stun(&request));
        assert_eq!(usize::from(u16::from_be_bytes([request[2], request[3]])) + HEAD, request.len());

        assert!(!checker.is_answer(&request, [7; 12]), "it is the question");
        request[..2].copy_from_slice(&SUCCESS.to_be_bytes());
        assert!(!checker.is_answer(&request, [7; 12]), "not signed as an answer");
    }

    #[test]
    fn only_the_answer_to_this_check_from_who_knows_the_password_counts() {
        let checker = Checker::new(("server", "a-password-of-22-letters"), "us");
        let mut answer = [SUCCESS.to_be_bytes().as_slice(), &[0, 0], &COOKIE, &[7; 12]].concat();
        put(&mut answer, 0x0020, &[0, 1, 2, 3, 4, 5, 6, 7]);
        set_length(&mut answer, INTEGRITY_LEN);
        let tag = hmac::sign(&checker.key, &answer);
        put(&mut answer, INTEGRITY, tag.as_ref());
        set_length(&mut answer, 8);
        put(&mut answer, FINGERPRINT, &[0; 4]);

        assert!(checker.is_answer(&answer, [7; 12]));
        assert!(!checker.is_answer(&answer, [8; 12]));
        assert!(!Checker::new(("server", "another"), "us").is_answer(&answer, [7; 12]));
        for len in 0..answer.len() {
            checker.is_answer(&answer[..len], [7; 12]);
        }
    }
}
