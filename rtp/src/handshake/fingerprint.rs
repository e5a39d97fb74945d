//! What a description says of a certificate (RFC 8122): `a=fingerprint:sha-256 4A:AD:..`.
use ring::digest::{self, SHA256, SHA384, SHA512};
use std::{fmt, str::FromStr};

/// By which hash a certificate is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// What everybody uses.
    Sha256,
    /// Longer.
    Sha384,
    /// The longest.
    Sha512,
}

impl Hash {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// As a description spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        }
    }
}

/// Why a text is not a fingerprint that we can check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    /// By a hash that we do not take: unknown, or too weak, as SHA-1 is.
    #[error("a fingerprint by a hash that is not taken")]
    UnknownHash,
    /// Not the digits of that hash.
    #[error("not a fingerprint")]
    Malformed,
}

/// Names one certificate. Its text is what stands behind `a=fingerprint:`.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint {
    hash: Hash,
    digest: Box<[u8]>,
}

impl Fingerprint {
    /// Names a certificate by its bytes.
    pub fn of(hash: Hash, certificate: &[u8]) -> Self {
        Self { hash, digest: digest::digest(hash.algorithm(), certificate).as_ref().into() }
    }

    /// From the two words of a description.
    pub fn parse(hash: &str, digits: &str) -> Result<Self, FingerprintError> {
        let is_it = |known: &Hash| known.name().eq_ignore_ascii_case(hash);
        let hash = Hash::ALL.into_iter().find(is_it).ok_or(FingerprintError::UnknownHash)?;
        let digest: Option<Box<[u8]>> = digits.split(':').map(byte).collect();
        match digest {
            Some(digest) if digest.len() == hash.algorithm().output_len() => Ok(Self { hash, digest }),
            _ => Err(FingerprintError::Malformed),
        }
    }

    /// Whether it names this certificate.
    pub fn names(&self, certificate: &[u8]) -> bool {
        *self == Self::of(self.hash, certificate)
    }

    /// By what it names.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The second word of its text: `4A:AD:..`.
    pub fn digits(&self) -> String {
        let digits: Vec<String> = self.digest.iter().map(|byte| format!("{byte:02X}")).collect();
        digits.join(":")
    }
}

/// Two digits.
fn byte(digits: &str) -> Option<u8> {
    let is_plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_plain.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let (hash, digits) = text.split_once(' ').ok_or(FingerprintError::Malformed)?;
        Self::parse(hash, digits.trim())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.hash.name(), self.digits())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.hash.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_reads_back() {
        for hash in Hash::ALL {
            let fingerprint = Fingerprint::of(hash, b"a certificate");

            assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint.clone()));
            assert_eq!(fingerprint.to_string().to_lowercase().parse(), Ok(fingerprint.clone()));
            assert!(fingerprint.names(b"a certificate"));
            assert!(!fingerprint.names(b"another one"));
        }
    }

    #[test]
    fn it_is_written_as_descriptions_write_it() {
        // The SHA-256 of nothing, which everybody knows.
        assert_eq!(
            Fingerprint::of(Hash::Sha256, b"").to_string(),
            "sha-256 E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"
        );
    }

    #[test]
    fn what_is_none_is_refused() {
        use FingerprintError::{Malformed, UnknownHash};
        let good = Fingerprint::of(Hash::Sha256, b"").digits();
        for (text, error) in [
            ("".to_owned(), Malformed),
            ("sha-256".to_owned(), Malformed),
            ("sha-256 ".to_owned(), Malformed),
            (format!("sha-1 {good}"), UnknownHash),
            (format!("sha-384 {good}"), Malformed),
            (format!("sha-256 {good}:00"), Malformed),
            (format!("sha-256 {}", &good[3..]), Malformed),
            (format!("sha-256 {}", good.replace("E3", "+3")), Malformed),
            (format!("sha-256 {}", good.replace("E3", "3")), Malformed),
            (format!("sha-256 {}", good.replace("E3", "é")), Malformed),
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(error), "{text}");
        }
    }
}
