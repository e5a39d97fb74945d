//! What Telegram gives its mini app (`initData`): fields of a query, signed with a key made of the bot's token.
//!
//! <https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app>
use super::{AuthError, SignIn};
use calls_protocol::{UnixMillis, UserId};
use ring::hmac;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// A mini app stays open for hours; what is a day old was taken from somewhere else.
const LONGEST_AGE: u64 = 24 * 60 * 60;

/// Clocks of two machines differ by so many seconds at most.
const LEEWAY: u64 = 60;

pub(super) struct Telegram(hmac::Key);

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telegram(…)")
    }
}

#[derive(Deserialize)]
struct User {
    id: UserId,
}

impl Telegram {
    pub(super) fn new(bot_token: &str) -> Self {
        let outer = hmac::Key::new(hmac::HMAC_SHA256, b"WebAppData");
        let inner = hmac::sign(&outer, bot_token.as_bytes());
        Self(hmac::Key::new(hmac::HMAC_SHA256, inner.as_ref()))
    }

    /// Whom the data names, and how long it is good for; `now` in seconds.
    pub(super) fn check(&self, data: &str, now: u64) -> Result<SignIn, AuthError> {
        let mut fields = BTreeMap::new();
        for pair in data.split('&') {
            let (name, value) = pair.split_once('=').ok_or(AuthError::Damaged)?;
            // A field that stands twice could mean one thing to the signature and another to its reader.
            if fields.insert(decoded(name)?, decoded(value)?).is_some() {
                return Err(AuthError::Damaged);
            }
        }
        let hash = fields.remove("hash").and_then(|hash| from_hex(&hash)).ok_or(AuthError::Damaged)?;
        let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        // Compares in constant time.
        hmac::verify(&self.0, lines.join("\n").as_bytes(), &hash).map_err(|_| AuthError::Signature)?;

        let made = fields.get("auth_date").and_then(|date| date.parse::<u64>().ok());
        let made = made.ok_or(AuthError::NoExpiry)?;
        if made > now.saturating_add(LEEWAY) {
            return Err(AuthError::NotYet);
        }
        if now.saturating_sub(made) > LONGEST_AGE {
            return Err(AuthError::Expired);
        }
        let user = fields.get("user").and_then(|user| serde_json::from_str::<User>(user).ok());
        let user = user.ok_or(AuthError::NoUser)?.id;
        Ok(SignIn { user, until: UnixMillis(made.saturating_add(LONGEST_AGE + 1).saturating_mul(1000)) })
    }
}

/// A part of a query as it was before it was written into one.
fn decoded(text: &str) -> Result<String, AuthError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.and_then(hex_digit));
                let [Some(high), Some(low)] = digits else { return Err(AuthError::Damaged) };
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| AuthError::Damaged)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().map(hex_digit).collect::<Option<_>>()?;
    let (pairs, odd) = digits.as_chunks::<2>();
    odd.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
