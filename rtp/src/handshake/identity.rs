//! The certificate by which others know us, and the key of it.
use super::der::{self, element};
use super::{Fingerprint, Hash, provider};
use dimpl::{Config, ConfigBuilder, DtlsCertificate};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use std::{fmt, sync::Arc, time::Duration};

/// How long to wait for an answer at first; twice as long each time. The second of RFC 6347 is long for somebody who
/// waits for a picture, and hardly any path takes longer than this.
const FIRST_WAIT: Duration = Duration::from_millis(400);

/// How often something is sent again: the last time after 25 seconds.
const REPEATS: usize = 6;

/// Nobody waits longer for a call.
const LONGEST: Duration = Duration::from_secs(30);

/// Why there is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The system has no random bytes for us.
    #[error("the system gives no random bytes")]
    NoRandomBytes,
    /// What the handshake is done with does not work on this machine.
    #[error("the handshake's cryptography does not work here")]
    Cryptography(#[source] dimpl::Error),
}

impl From<ring::error::Unspecified> for IdentityError {
    // The one way in which making a key and signing with it can fail.
    fn from(ring::error::Unspecified: ring::error::Unspecified) -> Self {
        Self::NoRandomBytes
    }
}

/// A certificate and its key. Made once a process and used for all its handshakes; a new process is somebody else.
pub struct Identity {
    pub(super) certificate: DtlsCertificate,
    pub(super) config: Arc<Config>,
    fingerprint: Fingerprint,
}

impl Identity {
    /// Makes a new key of P-256 and a certificate for it.
    pub fn generate() -> Result<Self, IdentityError> {
        Self::with(Config::builder())
    }

    /// One whose waiting is the same each time, so that a test that fails does so again.
    #[cfg(test)]
    pub(super) fn for_tests(seed: u64) -> Self {
        Self::with(Config::builder().dangerously_set_rng_seed(seed)).expect("random bytes")
    }

    fn with(config: ConfigBuilder) -> Result<Self, IdentityError> {
        let random = SystemRandom::new();
        let private_key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)?;
        let certificate = certificate(private_key.as_ref(), &random)?;
        let fingerprint = Fingerprint::of(Hash::Sha256, &certificate);
        let config = config
            .with_crypto_provider(provider::provider())
            // DTLS 1.2 is what is spoken here.
            .dtls13_cipher_suites(&[])
            // A cookie proves that the peer is where it says: ICE has already shown that, and it costs a round trip.
            .use_server_cookie(false)
            .flight_start_rto(FIRST_WAIT)
            .flight_retries(REPEATS)
            .handshake_timeout(LONGEST)
            .build()
            .map_err(IdentityError::Cryptography)?;
        let private_key = private_key.as_ref().to_vec();
        Ok(Self {
            certificate: DtlsCertificate { certificate, private_key },
            config: Arc::new(config),
            fingerprint,
        })
    }

    /// What our descriptions say of it.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// A certificate that its own key signed (RFC 5280). Made by hand: it is the same bytes each time but for the number,
/// the key and the signature, and a library for it is larger than all of this crate.
fn certificate(private_key: &[u8], random: &SystemRandom) -> Result<Vec<u8>, ring::error::Unspecified> {
    use der::{BITS, INTEGER, OBJECT, SEQUENCE, SET, TEXT, TIME, TIME_UNTIL_2049, VERSION};
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, private_key, random)
        .expect("ring reads the key that it made");

    let mut number = [0; 16];
    random.fill(&mut number)?;
    // Positive, and as short as it can be.
    number[0] = number[0] & 0x3f | 0x40;

    let algorithm = element(SEQUENCE, &[&element(OBJECT, &[der::ECDSA_SHA256])]);
    // What browsers write as well: it says nothing of who this is.
    let common_name = [element(OBJECT, &[der::COMMON_NAME]), element(TEXT, &[b"WebRTC"])].concat();
    let name = element(SEQUENCE, &[&element(SET, &[&element(SEQUENCE, &[&common_name])])]);
    // Always: a certificate that only its fingerprint vouches for does not grow old, and no clock is asked.
    let validity =
        [element(TIME_UNTIL_2049, &[b"000101000000Z"]), element(TIME, &[b"99991231235959Z"])].concat();
    let kind = [element(OBJECT, &[der::EC_PUBLIC_KEY]), element(OBJECT, &[der::P256])].concat();
    let point = element(BITS, &[&[0], key.public_key().as_ref()]);
    let signed = element(
        SEQUENCE,
        &[
            // The third version is number 2.
            &element(VERSION, &[&element(INTEGER, &[&[2]])]),
            &element(INTEGER, &[&number]),
            &algorithm,
            &name,
            &element(SEQUENCE, &[&validity]),
            &name,
            &element(SEQUENCE, &[&element(SEQUENCE, &[&kind]), &point]),
        ],
    );
    let signature = key.sign(random, &signed)?;
    Ok(element(SEQUENCE, &[&signed, &algorithm, &element(BITS, &[&[0], signature.as_ref()])]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_key_is_found_in_the_certificate() {
        let identity = Identity::generate().unwrap();

        let key = der::public_key(&identity.certificate.certificate).unwrap();

        assert_eq!(key.curve, der::P256);
        assert_eq!((key.point.len(), key.point[0]), (65, 4));
    }

    #[test]
    fn each_identity_is_another_and_tells_no_secret() {
        let (one, other) = (Identity::generate().unwrap(), Identity::generate().unwrap());

        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_eq!(format!("{one:?}"), "Identity { .. }");
    }

    proptest! {
        #[test]
        fn no_certificate_makes_the_reader_panic(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
            let _ = der::public_key(&bytes);
            let mut certificate = Identity::generate().unwrap().certificate.certificate;
            let at = at.index(certificate.len());
            certificate[at] = byte;
            let _ = der::public_key(&certificate);
            let _ = der::public_key(&certificate[..at]);
        }
    }
}
