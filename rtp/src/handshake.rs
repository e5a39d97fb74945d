//! DTLS 1.2 with use of SRTP ([RFC 5764]): who the other side is, and the keys that both agree on.
//!
//! The protocol is `dimpl`'s, its cryptography ring's. Without sockets and without a clock: datagrams and the time come
//! in, datagrams go out. Random bytes are the system's.
//!
//! Of the profiles that both have, `dimpl` takes AES-GCM with 256 bits before that with 128, and counter mode last; it
//! offers them in this order too, and cannot be told otherwise.
//!
//! A certificate is worth what a description says of it: [`Handshake`] gives no keys unless the peer's is the one whose
//! fingerprint it was told. It knows nothing of media but the name of the protection.
//!
//! [RFC 5764]: https://www.rfc-editor.org/rfc/rfc5764
mod der;
mod fingerprint;
mod identity;
mod provider;
#[cfg(test)]
mod tests;

pub use self::fingerprint::{Fingerprint, FingerprintError, Hash};
pub use self::identity::{Identity, IdentityError};

use crate::protect::{Profile, Side, SrtpKeys};
use dimpl::{Dtls, Output, SrtpProfile};
use std::fmt;
use std::time::{Duration, Instant};

/// When nothing is due, `dimpl` names a time in years.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// What most datagrams of a handshake fit into.
const ROOM: usize = 2048;

/// Who begins (RFC 5763): `a=setup` of our description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We do, as client.
    Active,
    /// The peer does; we are the server.
    Passive,
}

/// Why there are no keys. Whatever it is, this handshake is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// Somebody else is there than the one whose description we have.
    #[error("the peer's certificate is not the one that its description names")]
    WrongFingerprint,
    /// The peer has no way to protect media that we have too.
    #[error("the peer agrees on no protection of media")]
    NoProfile,
    /// Nobody answered, or not any more.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// The peer said what does not fit, or cannot what we can.
    #[error("the handshake failed")]
    Failed(#[source] dimpl::Error),
}

impl From<dimpl::Error> for HandshakeError {
    fn from(error: dimpl::Error) -> Self {
        match error {
            dimpl::Error::Timeout(_) => Self::TimedOut,
            other => Self::Failed(other),
        }
    }
}

/// How far it is.
enum State {
    /// Nobody proved anything.
    Begun,
    /// The peer's certificate is the right one; that it has the key for it is not said yet.
    Named,
    /// Both have the keys, until they are taken.
    Agreed(Option<Box<SrtpKeys>>),
    /// It failed, or somebody said goodbye.
    Over,
}

/// One handshake, and what is left of it when it is done: a datagram that says goodbye.
pub struct Handshake {
    /// Nothing when it is over.
    dtls: Option<Box<Dtls>>,
    state: State,
    expected: Fingerprint,
    role: Role,
    deadline: Option<Instant>,
}

impl Handshake {
    /// Begins with a peer whose description has this fingerprint. If we are [`Role::Active`], the first datagram comes
    /// with the first [`wake`](Self::wake), which is due at once.
    pub fn new(now: Instant, identity: &Identity, role: Role, expected: Fingerprint) -> Self {
        let mut dtls = Dtls::new_12(identity.config.clone(), identity.certificate.clone(), now);
        dtls.set_active(role == Role::Active);
        let deadline = (role == Role::Active).then_some(now);
        Self { dtls: Some(Box::new(dtls)), state: State::Begun, expected, role, deadline }
    }

    /// Takes a datagram of the peer; `out` gets each datagram that has to be sent.
    ///
    /// Late and repeated ones are ordinary, and so are those that are no DTLS. But nothing proves a datagram before both
    /// have keys, and one that is well made and wrong ends the handshake: give it only what comes from where ICE found
    /// the peer. What was agreed on stays so, whatever comes: only the peer's goodbye, which nobody else can say, ends it.
    pub fn receive(
        &mut self,
        now: Instant,
        datagram: &[u8],
        out: &mut impl FnMut(&[u8]),
    ) -> Result<(), HandshakeError> {
        self.step(now, out, |dtls| dtls.handle_packet(datagram))
    }

    /// Has to be called at [`deadline`](Self::deadline): sends again what may be lost, or gives up.
    pub fn wake(&mut self, now: Instant, out: &mut impl FnMut(&[u8])) -> Result<(), HandshakeError> {
        self.step(now, out, |_| Ok(()))
    }

    /// When it wants to be woken. It is another time after each call.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What both agreed on, once: when the peer proved to be the one whose fingerprint we have.
    pub fn keys(&mut self) -> Option<SrtpKeys> {
        match &mut self.state {
            State::Agreed(keys) => keys.take().map(|keys| *keys),
            State::Begun | State::Named | State::Over => None,
        }
    }

    /// Whether somebody said goodbye, or it failed: nothing comes of it any more.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Says goodbye if there is somebody to say it to, and ends it. It is said once; it may get lost.
    pub fn close(&mut self, now: Instant, out: &mut impl FnMut(&[u8])) {
        // What fails while it ends is of no interest.
        let _ = self.step(now, out, Dtls::close);
        self.end();
    }

    fn end(&mut self) {
        self.dtls = None;
        self.deadline = None;
        self.state = State::Over;
    }

    fn step(
        &mut self,
        now: Instant,
        out: &mut impl FnMut(&[u8]),
        act: impl FnOnce(&mut Dtls) -> Result<(), dimpl::Error>,
    ) -> Result<(), HandshakeError> {
        let Some(dtls) = &mut self.dtls else {
            return Ok(());
        };
        let acted = dtls.handle_timeout(now).and_then(|()| act(dtls));
        let result = acted.map_err(HandshakeError::from).and_then(|()| self.drain(now, out));
        match result {
            Ok(()) => Ok(()),
            Err(_) if matches!(self.state, State::Agreed(_)) => {
                // It cannot go on, but the keys are what they are: only a goodbye will not be heard.
                self.dtls = None;
                self.deadline = None;
                Ok(())
            }
            Err(error) => {
                self.end();
                Err(error)
            }
        }
    }

    /// Takes what there is to send and to know.
    fn drain(&mut self, now: Instant, out: &mut impl FnMut(&[u8])) -> Result<(), HandshakeError> {
        let mut buffer = vec![0; ROOM];
        let mut is_new = false;
        while let Some(dtls) = &mut self.dtls {
            match dtls.poll_output(&mut buffer) {
                Output::Packet(datagram) => out(datagram),
                Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
                Output::PeerCert(certificate) => {
                    if !self.expected.names(certificate) {
                        return Err(HandshakeError::WrongFingerprint);
                    }
                    self.state = State::Named;
                }
                Output::Connected => {
                    if !matches!(self.state, State::Named) {
                        return Err(HandshakeError::WrongFingerprint);
                    }
                    is_new = true;
                }
                Output::KeyingMaterial(exported, profile) => {
                    let keys = take_keys(self.role, profile, &exported).ok_or(HandshakeError::NoProfile)?;
                    if is_new {
                        self.state = State::Agreed(Some(Box::new(keys)));
                    }
                }
                Output::CloseNotify => {
                    self.end();
                }
                Output::Timeout(due) => {
                    self.deadline = Some(due).filter(|due| due.saturating_duration_since(now) < NEVER);
                    break;
                }
                // Nobody here speaks over DTLS itself.
                Output::ApplicationData(_) => {}
                // What a later `dimpl` may tell.
                _ => {}
            }
        }
        if is_new && !matches!(self.state, State::Agreed(_) | State::Over) {
            return Err(HandshakeError::NoProfile);
        }
        Ok(())
    }
}

fn take_keys(role: Role, profile: SrtpProfile, exported: &[u8]) -> Option<SrtpKeys> {
    let profile = match profile {
        SrtpProfile::AEAD_AES_128_GCM => Profile::Aes128Gcm,
        SrtpProfile::AEAD_AES_256_GCM => Profile::Aes256Gcm,
        SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
        _ => return None,
    };
    let side = match role {
        Role::Active => Side::Client,
        Role::Passive => Side::Server,
    };
    SrtpKeys::from_exported(profile, side, exported)
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Begun => "begun",
            State::Named => "named",
            State::Agreed(_) => "agreed",
            State::Over => "over",
        };
        f.debug_struct("Handshake").field("role", &self.role).field("state", &state).finish_non_exhaustive()
    }
}
