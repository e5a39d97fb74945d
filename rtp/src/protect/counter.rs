//! AES in counter mode with HMAC-SHA1, as RFC 3711 uses them.
use super::cipher::{Forged, Number};
use aes::Aes128Enc;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipherCore};
use ctr::{CtrCore, flavors};
use ring::hmac;
use subtle::ConstantTimeEq;

/// The tag of `..._SHA1_80`: the first 80 bits of what SHA-1 gives.
pub(super) type Tag = [u8; 10];

/// The keys that hide and that prove.
pub(super) struct Counter {
    key: Aes128Enc,
    authentication: hmac::Key,
    salt: [u8; 14],
}

impl Counter {
    /// A key of 16 bytes.
    pub(super) fn new(key: &[u8], authentication: &[u8; 20], salt: [u8; 14]) -> Self {
        Self {
            key: Aes128Enc::new_from_slice(key).expect("the profile's key has 16 bytes"),
            authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, authentication),
            salt,
        }
    }

    /// Hides what is shown, and shows what is hidden. RFC 3711, section 4.1.1: the salt, over it the stream and the
    /// index, and two bytes that count blocks.
    pub(super) fn apply(&self, number: Number, body: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&number.over(self.salt, 4));
        let stream = CtrCore::<&Aes128Enc, flavors::Ctr128BE>::inner_iv_init(&self.key, (&iv).into());
        stream.apply_keystream_partial(body.into());
    }

    /// Proves head, body as it is when hidden, and what follows them or is counted by both sides.
    pub(super) fn tag(&self, head: &[u8], body: &[u8], last: [u8; 4]) -> Tag {
        let mut context = hmac::Context::with_key(&self.authentication);
        context.update(head);
        context.update(body);
        context.update(&last);
        *context.sign().as_ref().first_chunk().expect("SHA-1 gives 20 bytes")
    }

    pub(super) fn check(&self, head: &[u8], body: &[u8], last: [u8; 4], tag: &Tag) -> Result<(), Forged> {
        if self.tag(head, body, last).ct_eq(tag).into() { Ok(()) } else { Err(Forged) }
    }
}
