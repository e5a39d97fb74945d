//! Signed tokens (RFC 7515, RFC 7519), the few lines of it that a server needs.
//!
//! What a token may be signed with is decided by the keys the operator gave, never by the token: HS256 goes to the
//! secret alone, RS256 and ES256 to a public key of that kind alone. So a public key cannot be used as a secret.
use super::{AuthError, SignIn, VerifyingKey, key::Algorithm};
use crate::settings::{JwtSettings, Secret};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use calls_protocol::{UnixMillis, UserId};
use ring::hmac;
use serde::{Deserialize, de::IgnoredAny};
use std::fmt;

/// Clocks of two machines differ by so many seconds at most.
const LEEWAY: u64 = 60;

pub(super) struct Jwt {
    secret: Option<hmac::Key>,
    public_key: Option<VerifyingKey>,
    audience: Option<String>,
    issuer: Option<String>,
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jwt(…)")
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood (RFC 7515 section 4.1.11). None of them is.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<serde_json::Value>,
    exp: Option<f64>,
    nbf: Option<f64>,
    aud: Option<Audience>,
    iss: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Jwt {
    pub(super) fn new(settings: &JwtSettings) -> Self {
        let key = |secret: &Secret| hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
        Self {
            secret: settings.secret.as_ref().map(key),
            public_key: settings.public_key.clone(),
            audience: settings.audience.clone(),
            issuer: settings.issuer.clone(),
        }
    }

    /// Whom a token names, and how long it is good for; `now` in seconds.
    pub(super) fn check(&self, token: &str, now: u64) -> Result<SignIn, AuthError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(AuthError::Damaged)?;
        let (header, claims) = signed.split_once('.').ok_or(AuthError::Damaged)?;
        if claims.contains('.') {
            return Err(AuthError::Damaged);
        }
        let header: Header = decode_json(header)?;
        if header.crit.is_some() {
            return Err(AuthError::Algorithm);
        }
        let signature = decode(signature)?;
        self.verify(&header.alg, signed.as_bytes(), &signature)?;
        // Nothing in the claims is looked at before the signature holds.
        self.user(&decode_json(claims)?, now)
    }

    fn verify(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> Result<(), AuthError> {
        let holds = match (algorithm, &self.secret, &self.public_key) {
            ("HS256", Some(secret), _) => hmac::verify(secret, signed, signature).is_ok(),
            ("RS256", _, Some(key)) if key.algorithm() == Algorithm::Rs256 => key.verify(signed, signature),
            ("ES256", _, Some(key)) if key.algorithm() == Algorithm::Es256 => key.verify(signed, signature),
            (_, _, _) => return Err(AuthError::Algorithm),
        };
        if holds { Ok(()) } else { Err(AuthError::Signature) }
    }

    fn user(&self, claims: &Claims, now: u64) -> Result<SignIn, AuthError> {
        let now = now as f64;
        let leeway = LEEWAY as f64;
        let exp = claims.exp.ok_or(AuthError::NoExpiry)?;
        if exp + leeway <= now {
            return Err(AuthError::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf > now + leeway) {
            return Err(AuthError::NotYet);
        }
        let names = |wanted: &String| match &claims.aud {
            Some(Audience::One(one)) => one == wanted,
            Some(Audience::Many(many)) => many.contains(wanted),
            None => false,
        };
        if self.audience.as_ref().is_some_and(|wanted| !names(wanted))
            || self.issuer.as_ref().is_some_and(|wanted| claims.iss.as_ref() != Some(wanted))
        {
            return Err(AuthError::Claims);
        }
        let user = claims.sub.as_ref().and_then(|sub| UserId::deserialize(sub).ok());
        let user = user.ok_or(AuthError::NoUser)?;
        // A cast of floats ends at the largest number.
        Ok(SignIn { user, until: UnixMillis(((exp + leeway) * 1000.0) as u64) })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, AuthError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| AuthError::Damaged)
}

fn decode_json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, AuthError> {
    let bytes = decode(part)?;
    // serde would also take an array, field by field.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(AuthError::Damaged);
    }
    serde_json::from_slice(&bytes).map_err(|_| AuthError::Damaged)
}

/// A token as `calls-server token` makes it for a first try; `now` in seconds.
pub fn make_test_token(secret: &Secret, settings: &JwtSettings, user: UserId, now: u64, ttl: u64) -> String {
    let mut claims =
        serde_json::json!({ "sub": user.to_string(), "iat": now, "exp": now.saturating_add(ttl) });
    if let Some(audience) = &settings.audience {
        claims["aud"] = audience.as_str().into();
    }
    if let Some(issuer) = &settings.issuer {
        claims["iss"] = issuer.as_str().into();
    }
    let part = |json: String| BASE64_URL_SAFE_NO_PAD.encode(json);
    let signed = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#.into()), part(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("{signed}.{signature}")
}
