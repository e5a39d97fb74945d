//! What hides the last messages of a handshake, and the goodbye.
use super::failed;
use aes::Aes128Enc;
use aes::cipher::{BlockEncrypt, KeyInit};
use dimpl::crypto::{
    Aad, Buf, Cipher, Dtls12CipherSuite, Dtls13CipherSuite, Nonce, SupportedDtls12CipherSuite,
    SupportedDtls13CipherSuite, TmpBuf,
};
use dimpl::{CryptoError, CryptoOperation, HashAlgorithm};
use ring::aead::{self, AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, LessSafeKey, UnboundKey};
use std::fmt;

/// Of a nonce's twelve bytes, AES-GCM sends eight with each record, ChaCha20 none.
const NONCE: usize = 12;

/// In the order in which we like them.
pub(super) static SUITES: &[&dyn SupportedDtls12CipherSuite] = &[
    &Suite {
        name: Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256,
        hash: HashAlgorithm::SHA256,
        algorithm: &AES_128_GCM,
        sent: 8,
    },
    &Suite {
        name: Dtls12CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
        hash: HashAlgorithm::SHA256,
        algorithm: &CHACHA20_POLY1305,
        sent: 0,
    },
    &Suite {
        name: Dtls12CipherSuite::ECDHE_ECDSA_AES256_GCM_SHA384,
        hash: HashAlgorithm::SHA384,
        algorithm: &AES_256_GCM,
        sent: 8,
    },
];

#[derive(Debug)]
struct Suite {
    name: Dtls12CipherSuite,
    hash: HashAlgorithm,
    algorithm: &'static aead::Algorithm,
    /// How much of a nonce is sent with each record.
    sent: usize,
}

impl SupportedDtls12CipherSuite for Suite {
    fn suite(&self) -> Dtls12CipherSuite {
        self.name
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        self.hash
    }

    fn key_lengths(&self) -> (usize, usize, usize) {
        (0, self.algorithm.key_len(), NONCE - self.sent)
    }

    fn explicit_nonce_len(&self) -> usize {
        self.sent
    }

    fn tag_len(&self) -> usize {
        self.algorithm.tag_len()
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        cipher(self.algorithm, key)
    }
}

/// For the check of the configuration; the suite is taken out of what is offered.
pub(super) static SUITES_OF_1_3: &[&dyn SupportedDtls13CipherSuite] = &[&SuiteOf13];

#[derive(Debug)]
struct SuiteOf13;

impl SupportedDtls13CipherSuite for SuiteOf13 {
    fn suite(&self) -> Dtls13CipherSuite {
        Dtls13CipherSuite::AES_128_GCM_SHA256
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn key_len(&self) -> usize {
        AES_128_GCM.key_len()
    }

    fn iv_len(&self) -> usize {
        NONCE
    }

    fn tag_len(&self) -> usize {
        AES_128_GCM.tag_len()
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        cipher(&AES_128_GCM, key)
    }

    fn encrypt_sn(&self, key: &[u8], sample: &[u8; 16]) -> [u8; 16] {
        let mut mask = (*sample).into();
        Aes128Enc::new_from_slice(key).expect("the key has this suite's length").encrypt_block(&mut mask);
        mask.into()
    }
}

fn cipher(algorithm: &'static aead::Algorithm, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
    let key = UnboundKey::new(algorithm, key).map_err(failed(CryptoOperation::CreateCipher))?;
    Ok(Box::new(Aead(LessSafeKey::new(key))))
}

struct Aead(LessSafeKey);

impl Cipher for Aead {
    fn encrypt(&mut self, plain: &mut Buf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce.0);
        self.0
            .seal_in_place_append_tag(nonce, aead::Aad::from(&aad[..]), plain)
            .map_err(failed(CryptoOperation::Encrypt))
    }

    fn decrypt(&mut self, sealed: &mut TmpBuf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce.0);
        let plain = self
            .0
            .open_in_place(nonce, aead::Aad::from(&aad[..]), sealed.as_mut())
            .map_err(failed(CryptoOperation::Decrypt))?;
        let len = plain.len();
        sealed.truncate(len);
        Ok(())
    }
}

impl fmt::Debug for Aead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aead").finish_non_exhaustive()
    }
}
