//! Who is speaking: tokens of the messenger, the word of Telegram, or nobody's in open mode.
//!
//! [`Auth::check`] takes what somebody brought and says whom it proves. It is a plain function of the settings, the
//! proof and the time. Errors tell the bearer what to do; they never repeat a part of the proof.
mod jwt;
mod key;
mod telegram;

pub use jwt::make_test_token;
pub use key::{KeyError, VerifyingKey};

use crate::settings::AuthSettings;
use calls_protocol::{ErrorCode, Refusal, UnixMillis, UserId};
use jwt::Jwt;
use telegram::Telegram;

/// Longer than a token with a picture's address and a dozen claims; checked before anything is decoded.
const LONGEST_PROOF: usize = 8 * 1024;

/// What somebody brought to show who they are.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// Nothing.
    Nothing,
    /// A token.
    Token(&'a str),
    /// What Telegram gave its mini app.
    InitData(&'a str),
}

impl<'a> Proof<'a> {
    /// The proof in the `auth` of a Socket.IO handshake: `{token}` or `{initData}`.
    pub fn of_handshake(auth: &'a serde_json::Value) -> Self {
        let text = |name| auth.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
        match (text("token"), text("initData")) {
            (Some(token), _) => Self::of_bearer(token),
            (None, Some(data)) => Self::InitData(data),
            (None, None) => Self::Nothing,
        }
    }

    /// The proof in an `Authorization` header: `Bearer <token>`, `Bearer <initData>` or `tma <initData>`.
    pub fn of_header(value: Option<&'a str>) -> Result<Self, AuthError> {
        let Some(value) = value else { return Ok(Self::Nothing) };
        let (scheme, rest) = value.trim().split_once(' ').ok_or(AuthError::Scheme)?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            Ok(Self::of_bearer(rest))
        } else if scheme.eq_ignore_ascii_case("tma") {
            Ok(Self::InitData(rest))
        } else {
            Err(AuthError::Scheme)
        }
    }

    /// A token has no `=` in it, what Telegram gives always does.
    fn of_bearer(text: &'a str) -> Self {
        if text.contains("hash=") { Self::InitData(text) } else { Self::Token(text) }
    }
}

/// Why somebody is not who they say, in words for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Nothing was brought, and it is needed.
    #[error(
        "sign in first: send a token (`auth: {{token}}` on the socket, `Authorization: Bearer …` for REST)"
    )]
    Missing,
    /// Not `Bearer` and not `tma`.
    #[error("the Authorization header must be `Bearer <token>`")]
    Scheme,
    /// A token where only Telegram is believed, or the other way round.
    #[error("this server does not take this kind of sign-in; ask its operator for auth_mode")]
    NotTaken,
    /// It cannot be read.
    #[error("this is no token: it is cut off or damaged; get a new one")]
    Damaged,
    /// Signed in another way than the operator's key is for.
    #[error("the token is signed by an algorithm that this server does not take")]
    Algorithm,
    /// Not signed by the operator's key.
    #[error("the signature does not fit: the token was not made for this server, or was changed")]
    Signature,
    /// Its time is over.
    #[error("the sign-in has expired; get a new token")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet; check the clock of whoever makes it")]
    NotYet,
    /// It would be good for ever.
    #[error("the token has no `exp`; tokens must expire")]
    NoExpiry,
    /// Made for somebody else.
    #[error("the token is for another audience or by another issuer than this server is set to take")]
    Claims,
    /// It names nobody.
    #[error("the token names no user: `sub` must be the user's id, a whole number")]
    NoUser,
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        Self::new(ErrorCode::Unauthorized, error.to_string())
    }
}

/// What a proof proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignIn {
    /// Whom it names.
    pub user: UserId,
    /// From when on it would be refused.
    pub until: UnixMillis,
}

/// Where the ids of Telegram's users begin if the messenger's users are there, too: user 5 of Telegram is not user 5 of
/// the messenger. Telegram promises that its ids fit below it; above it there is room for all of them.
/// See `docs/adr/0015-who-may-sign-in-beside-whom.md`.
pub const TELEGRAM_IDS: u64 = 1 << 52;

fn beside_messenger(telegram: SignIn) -> Result<SignIn, AuthError> {
    let id = Some(telegram.user.get()).filter(|id| *id < TELEGRAM_IDS);
    let user = id.and_then(|id| UserId::new(TELEGRAM_IDS + id).ok()).ok_or(AuthError::NoUser)?;
    Ok(SignIn { user, ..telegram })
}

/// A token of the messenger names no user of Telegram.
fn of_messenger(sign_in: SignIn) -> Result<SignIn, AuthError> {
    if sign_in.user.get() < TELEGRAM_IDS { Ok(sign_in) } else { Err(AuthError::NoUser) }
}

/// What a stranger is told while nobody signs in.
pub(crate) const ONLY_HERE: &str = "nobody signs in here, so this server answers its own machine alone, at localhost and \
     not through a proxy; its operator sets jwt_secret, or allow_open_on_public_address = true";

/// Checks proofs.
#[derive(Debug)]
pub struct Auth {
    jwt: Option<Jwt>,
    telegram: Option<Telegram>,
    open: bool,
    open_to_others: bool,
}

impl Auth {
    /// A check by these settings.
    pub fn new(settings: &AuthSettings) -> Self {
        Self {
            jwt: settings.jwt.as_ref().map(Jwt::new),
            telegram: settings.telegram.as_ref().map(|token| Telegram::new(token.reveal())),
            open: settings.open,
            open_to_others: settings.open_to_others,
        }
    }

    /// Whether whoever brings nothing is believed.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether nobody signs in, and so nobody but this machine may ask.
    pub fn is_for_this_machine(&self) -> bool {
        self.open && !self.open_to_others
    }

    /// Whom the proof names; none in open mode, where `call:register` is believed.
    pub fn check(&self, proof: Proof<'_>, now: UnixMillis) -> Result<Option<UserId>, AuthError> {
        Ok(self.sign_in(proof, now)?.map(|sign_in| sign_in.user))
    }

    /// The same, and for how long.
    pub fn sign_in(&self, proof: Proof<'_>, now: UnixMillis) -> Result<Option<SignIn>, AuthError> {
        let now = now.0 / 1000;
        let outcome = match (proof, &self.jwt, &self.telegram) {
            (Proof::Nothing, _, _) if self.open => return Ok(None),
            (Proof::Nothing, _, _) => Err(AuthError::Missing),
            (Proof::Token(text) | Proof::InitData(text), _, _) if text.len() > LONGEST_PROOF => {
                Err(AuthError::Damaged)
            }
            (Proof::Token(token), Some(jwt), None) => jwt.check(token, now),
            (Proof::InitData(data), None, Some(telegram)) => telegram.check(data, now),
            (Proof::Token(token), Some(jwt), Some(_)) => jwt.check(token, now).and_then(of_messenger),
            (Proof::InitData(data), Some(_), Some(telegram)) => {
                telegram.check(data, now).and_then(beside_messenger)
            }
            // Apps send their messenger's token also to a server that asks for none, as in the source documents.
            (_, None, None) if self.open => return Ok(None),
            (Proof::Token(_) | Proof::InitData(_), _, _) => Err(AuthError::NotTaken),
        };
        // A wrong proof is refused in open mode, too: who sends one wants to be known by it.
        outcome.map(Some)
    }
}

#[cfg(test)]
mod tests;
