//! Who may relay: the time-limited names of [`credentials`](super::super::credentials), checked as RFC 8489,
//! section 9.2 has it.
//!
//! Nothing is kept for somebody who has not proven anything yet, so a flood of strangers costs no memory: a nonce
//! carries its own proof. It also proves that its holder receives what is sent to the address it speaks from, so a
//! signed request cannot come from a forged one.
use super::super::credentials::TurnSecret;
use crate::stun::{Message, attribute};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use calls_protocol::UserId;
use md5::{Digest, Md5};
use ring::hmac;
use std::net::SocketAddr;

/// The name of what the password opens. Short, since every refusal carries it.
pub(super) const REALM: &str = "calls";

/// How long a nonce is taken; coturn's `stale-nonce` is as long. A client is told and goes on with a new one.
const NONCE_SECONDS: u64 = 600;

/// The longest name there can be: two numbers of twenty digits and the colon.
const LONGEST_NAME: usize = 41;

/// Why a request is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distrust {
    /// Not signed, of nobody we know, too late, or with the wrong password: 401. One answer for all of these, so
    /// that nobody learns which names exist.
    Unauthorized,
    /// The nonce is too old or not ours: 438, and the client tries again with the one in the answer.
    StaleNonce,
    /// Signed, but without what belongs to a signature: 400.
    Incomplete,
}

/// Somebody who proved to hold a name and its password.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user: UserId,
    /// Signs the answers.
    pub(super) key: hmac::Key,
}

/// Checks requests.
pub(super) struct Doorkeeper {
    secret: TurnSecret,
    nonce_key: hmac::Key,
}

impl Doorkeeper {
    /// A doorkeeper who takes the names made with a secret. The nonce key is of this run alone.
    pub(super) fn new(secret: TurnSecret, nonce_key: [u8; 32]) -> Self {
        Self { secret, nonce_key: hmac::Key::new(hmac::HMAC_SHA256, &nonce_key) }
    }

    /// Who sent a request. The cheapest checks come first: a stranger gets no HMAC of ours beyond that of the nonce.
    pub(super) fn check(
        &self,
        message: &Message<'_>,
        client: SocketAddr,
        unix: u64,
    ) -> Result<Caller, Distrust> {
        if !message.is_signed() {
            return Err(Distrust::Unauthorized);
        }
        let parts =
            (message.get(attribute::USERNAME), message.get(attribute::NONCE), message.get(attribute::REALM));
        let (Some(name), Some(nonce), Some(_)) = parts else { return Err(Distrust::Incomplete) };
        if !self.is_nonce(nonce, client, unix) {
            return Err(Distrust::StaleNonce);
        }
        let (name, user) = known_name(name, unix).ok_or(Distrust::Unauthorized)?;
        let key = self.key(name);
        if message.is_signed_by(&key) { Ok(Caller { user, key }) } else { Err(Distrust::Unauthorized) }
    }

    /// A nonce for whoever speaks from an address.
    pub(super) fn nonce(&self, client: SocketAddr, unix: u64) -> String {
        // Sixteen characters: every refusal carries one, and a stranger's request is not much longer.
        let mut bytes = [0; 12];
        // Wraps in 2106, as do both sides of the comparison.
        bytes[..4].copy_from_slice(&(unix as u32).to_be_bytes());
        let proof = self.nonce_proof(unix as u32, client);
        bytes[4..].copy_from_slice(&proof);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn is_nonce(&self, nonce: &[u8], client: SocketAddr, unix: u64) -> bool {
        let mut bytes = [0; 12];
        let Ok(12) = BASE64_URL_SAFE_NO_PAD.decode_slice(nonce, &mut bytes) else { return false };
        let [a, b, c, d, proof @ ..] = bytes;
        let made = u32::from_be_bytes([a, b, c, d]);
        let age = (unix as u32).wrapping_sub(made);
        let expected = self.nonce_proof(made, client);
        // All bytes are looked at, so that the time tells nothing of where they differ.
        let difference = expected.iter().zip(proof).fold(0, |all, (left, right)| all | (left ^ right));
        difference == 0 && u64::from(age) <= NONCE_SECONDS
    }

    fn nonce_proof(&self, made: u32, client: SocketAddr) -> [u8; 8] {
        let mut context = hmac::Context::with_key(&self.nonce_key);
        context.update(&made.to_be_bytes());
        context.update(&client.port().to_be_bytes());
        match client.ip() {
            std::net::IpAddr::V4(ip) => context.update(&ip.octets()),
            std::net::IpAddr::V6(ip) => context.update(&ip.octets()),
        }
        let mut proof = [0; 8];
        proof.copy_from_slice(&context.sign().as_ref()[..8]);
        proof
    }

    /// The key of a name. RFC 8489 makes it of an MD5; its strength is that of the HMAC around it.
    fn key(&self, name: &str) -> hmac::Key {
        let password = self.secret.password(name);
        let digest = Md5::digest(format!("{name}:{REALM}:{password}"));
        hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &digest)
    }
}

/// The name as text and its user, unless it is none of ours or its time is over.
fn known_name(name: &[u8], unix: u64) -> Option<(&str, UserId)> {
    let name = std::str::from_utf8(name).ok().filter(|name| name.len() <= LONGEST_NAME)?;
    let (expiry, user) = name.split_once(':')?;
    let expiry: u64 = expiry.parse().ok()?;
    let user = user.parse().ok()?;
    (expiry > unix).then_some((name, user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::{Class, Writer, method};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const NOW: u64 = 1_700_000_000;

    fn doorkeeper() -> Doorkeeper {
        Doorkeeper::new(TurnSecret::parse(SECRET).unwrap(), [7; 32])
    }

    fn client() -> SocketAddr {
        "198.51.100.1:4711".parse().unwrap()
    }

    /// A Refresh signed as a client signs it that was told this name, password and nonce.
    fn request(name: &str, password: &str, nonce: &str) -> Vec<u8> {
        let key = Md5::digest(format!("{name}:{REALM}:{password}"));
        Writer::new(Class::Request, method::REFRESH, [1; 12])
            .with(attribute::USERNAME, name.as_bytes())
            .with(attribute::REALM, REALM.as_bytes())
            .with(attribute::NONCE, nonce.as_bytes())
            .signed(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key))
            .finish()
    }

    fn check(bytes: &[u8], from: SocketAddr, unix: u64) -> Result<u64, Distrust> {
        let message = Message::parse(bytes).unwrap();
        doorkeeper().check(&message, from, unix).map(|caller| caller.user.get())
    }

    fn check_name(name: &str) -> Result<u64, Distrust> {
        let password = TurnSecret::parse(SECRET).unwrap().password(name);
        let nonce = doorkeeper().nonce(client(), NOW);
        check(&request(name, &password, &nonce), client(), NOW)
    }

    #[test]
    fn a_name_opens_until_its_moment_and_not_at_it() {
        assert_eq!(check_name(&format!("{}:123", NOW + 1)), Ok(123));
        assert_eq!(check_name(&format!("{NOW}:123")), Err(Distrust::Unauthorized));
        assert_eq!(check_name(&format!("{}:123", NOW - 1)), Err(Distrust::Unauthorized));
    }

    #[test]
    fn a_name_that_this_server_never_makes_does_not_open_even_with_the_right_password() {
        for name in
            ["", "1800000000", "1800000000:", "1800000000:bob", ":123", "soon:123", "123:1800000000:x"]
        {
            assert_eq!(check_name(name), Err(Distrust::Unauthorized), "{name}");
        }
        assert_eq!(check_name(&format!("{}1800000000:123", "0".repeat(40))), Err(Distrust::Unauthorized));
    }

    #[test]
    fn a_wrong_password_does_not_open() {
        let nonce = doorkeeper().nonce(client(), NOW);

        let outcome = check(&request("1800000000:123", "guessed", &nonce), client(), NOW);

        assert_eq!(outcome, Err(Distrust::Unauthorized));
    }

    #[test]
    fn another_users_password_does_not_open() {
        let password = TurnSecret::parse(SECRET).unwrap().password("1800000000:124");
        let nonce = doorkeeper().nonce(client(), NOW);

        let outcome = check(&request("1800000000:123", &password, &nonce), client(), NOW);

        assert_eq!(outcome, Err(Distrust::Unauthorized));
    }

    #[test]
    fn a_nonce_is_good_for_its_address_and_its_time() {
        let name = "1800000000:123";
        let password = TurnSecret::parse(SECRET).unwrap().password(name);
        let nonce = doorkeeper().nonce(client(), NOW);
        let bytes = request(name, &password, &nonce);

        assert_eq!(check(&bytes, client(), NOW + NONCE_SECONDS), Ok(123));
        assert_eq!(check(&bytes, client(), NOW + NONCE_SECONDS + 1), Err(Distrust::StaleNonce));
        // A clock that was set back makes nonces of the future: as good as none.
        assert_eq!(check(&bytes, client(), NOW - 1), Err(Distrust::StaleNonce));
        for other in ["198.51.100.1:4712", "198.51.100.2:4711", "[::ffff:198.51.100.1]:4711"] {
            assert_eq!(check(&bytes, other.parse().unwrap(), NOW), Err(Distrust::StaleNonce), "{other}");
        }
        for forged in ["", "AAAA", "AAAAAAAAAAAAAAAA", "not base64 at all", &nonce[1..]] {
            let bytes = request(name, &password, forged);
            assert_eq!(check(&bytes, client(), NOW), Err(Distrust::StaleNonce), "{forged}");
        }
    }

    #[test]
    fn an_unsigned_request_is_told_to_sign_and_half_a_signature_is_an_error() {
        let bare = Writer::new(Class::Request, method::ALLOCATE, [1; 12]).finish();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"x");
        let half = Writer::new(Class::Request, method::ALLOCATE, [1; 12]).signed(&key).finish();

        assert_eq!(check(&bare, client(), NOW), Err(Distrust::Unauthorized));
        assert_eq!(check(&half, client(), NOW), Err(Distrust::Incomplete));
    }
}
