//! AES-GCM as RFC 7714 uses it.
use super::cipher::{Forged, Number};
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// One key and its salt.
pub(super) struct Gcm {
    key: LessSafeKey,
    salt: [u8; 12],
}

impl Gcm {
    /// A key of 16 or 32 bytes; the first 12 of the salt.
    pub(super) fn new(key: &[u8], salt: &[u8; 14]) -> Self {
        let algorithm = if key.len() == 32 { &AES_256_GCM } else { &AES_128_GCM };
        let key = UnboundKey::new(algorithm, key).expect("a profile's key has 16 or 32 bytes");
        let salt = *salt.first_chunk().expect("14 bytes begin with 12");
        Self { key: LessSafeKey::new(key), salt }
    }

    /// RFC 7714, sections 8.1 and 9.1: two zeros, the stream, the index, all over the salt.
    fn nonce(&self, number: Number) -> Nonce {
        Nonce::assume_unique_for_key(number.over(self.salt, 2))
    }

    /// Nothing if the body is longer than AES-GCM takes, which no packet is.
    pub(super) fn seal(
        &self,
        number: Number,
        readable: &[u8],
        body: &mut [u8],
        tag: &mut [u8],
    ) -> Option<()> {
        let made = self.key.seal_in_place_separate_tag(self.nonce(number), Aad::from(readable), body).ok()?;
        tag.copy_from_slice(made.as_ref());
        Some(())
    }

    pub(super) fn open(
        &self,
        number: Number,
        readable: &[u8],
        body_and_tag: &mut [u8],
    ) -> Result<(), Forged> {
        match self.key.open_in_place(self.nonce(number), Aad::from(readable), body_and_tag) {
            Ok(_body) => Ok(()),
            Err(ring::error::Unspecified) => Err(Forged),
        }
    }
}
