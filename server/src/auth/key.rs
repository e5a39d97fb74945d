//! Public keys of tokens, as `openssl` writes them.
use base64::{Engine, prelude::BASE64_STANDARD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use std::fmt;

/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-ecPublicKey`, 1.2.840.10045.2.1.
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `prime256v1`, 1.2.840.10045.3.1.7.
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Why a text is no public key for tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No `-----BEGIN … -----END`.
    #[error("this is no PEM: it must have lines -----BEGIN PUBLIC KEY----- and -----END PUBLIC KEY-----")]
    NoPem,
    /// The half that must stay with the messenger.
    #[error(
        "this is the private key, which must stay where tokens are made; give the public one: \
         `openssl pkey -in key.pem -pubout`"
    )]
    Private,
    /// A certificate around the key.
    #[error("this is a certificate; give the key in it: `openssl x509 -in cert.pem -pubkey -noout`")]
    Certificate,
    /// Damaged, or of another kind.
    #[error("this is no key for RS256 (RSA of at least 2048 bits) or ES256 (curve P-256)")]
    Kind,
}

/// What a public key checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
}

/// A public key that tokens are checked with.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: UnparsedPublicKey<Vec<u8>>,
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({:?})", self.algorithm)
    }
}

impl VerifyingKey {
    /// Reads `PUBLIC KEY` and `RSA PUBLIC KEY`. Line ends may be the two characters `\n`, as hosting panels ask
    /// for where a value has to stand on one line.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let pem = pem.replace("\\n", "\n");
        let (_, rest) = pem.split_once("-----BEGIN ").ok_or(KeyError::NoPem)?;
        let (label, rest) = rest.split_once("-----").ok_or(KeyError::NoPem)?;
        let (body, _) = rest.split_once("-----END ").ok_or(KeyError::NoPem)?;
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        if label.ends_with("PRIVATE KEY") {
            return Err(KeyError::Private);
        }
        if label == "CERTIFICATE" {
            return Err(KeyError::Certificate);
        }
        let der = BASE64_STANDARD.decode(body).map_err(|_| KeyError::NoPem)?;
        match label {
            "PUBLIC KEY" => Self::from_spki(&der),
            "RSA PUBLIC KEY" => Self::rsa(&der),
            _ => None,
        }
        .ok_or(KeyError::Kind)
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn verify(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.key.verify(signed, signature).is_ok()
    }

    /// SubjectPublicKeyInfo (RFC 5280 section 4.1): which algorithm, then the key as a bit string.
    fn from_spki(der: &[u8]) -> Option<Self> {
        let (info, rest) = element(SEQUENCE, der)?;
        let (algorithm, key) = element(SEQUENCE, info)?;
        let (kind, parameters) = element(OBJECT_ID, algorithm)?;
        let (bits, after) = element(BIT_STRING, key)?;
        // The first byte counts unused bits at the end; keys are whole bytes.
        let (0, key) = bits.split_first().map(|(unused, key)| (*unused, key))? else { return None };
        if !rest.is_empty() || !after.is_empty() {
            return None;
        }
        if kind == RSA {
            return Self::rsa(key);
        }
        let (curve, _) = element(OBJECT_ID, parameters)?;
        // 0x04 and two coordinates: the only form that `ring` takes.
        (kind == EC && curve == P256 && key.len() == 65 && key[0] == 4).then(|| Self {
            algorithm: Algorithm::Es256,
            key: UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.to_vec()),
        })
    }

    /// RSAPublicKey (RFC 8017 appendix A.1.1): the modulus, then the exponent.
    fn rsa(der: &[u8]) -> Option<Self> {
        let (numbers, _) = element(SEQUENCE, der)?;
        let (modulus, _) = element(INTEGER, numbers)?;
        // `ring` refuses shorter ones when it verifies; the operator should hear of it when the server starts.
        (modulus.len() >= 2048 / 8).then(|| Self {
            algorithm: Algorithm::Rs256,
            key: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.to_vec()),
        })
    }
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// The content of the DER element that `input` begins with, and what follows it.
fn element(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = input.split_first_chunk()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        // The long form: so many bytes of length follow. No key needs more than two.
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f)).filter(|(b, _)| b.len() <= 2)?;
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}
