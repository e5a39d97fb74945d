//! Which protection two sides agreed on, and the keys of it: what the handshake gives, and what is derived from that.
use super::cipher::Cipher;
use super::{Opener, Sealer};
use aes::cipher::{KeyIvInit, StreamCipher};
use aes::{Aes128, Aes256};
use ctr::Ctr128BE;
use std::fmt;

/// How packets are protected, as DTLS-SRTP names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `SRTP_AEAD_AES_128_GCM`: encrypted and authenticated in one go.
    Aes128Gcm,
    /// `SRTP_AEAD_AES_256_GCM`.
    Aes256Gcm,
    /// `SRTP_AES128_CM_HMAC_SHA1_80`: what everybody has.
    Aes128CmSha1_80,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::Aes128CmSha1_80];

    /// Length of a master key, and of the key that encrypts.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128CmSha1_80 => 16,
            Self::Aes256Gcm => 32,
        }
    }

    /// Length of a master salt.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => 12,
            Self::Aes128CmSha1_80 => 14,
        }
    }

    /// How much longer a sealed packet of RTP is.
    pub const fn tag_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => 16,
            Self::Aes128CmSha1_80 => 10,
        }
    }

    /// How much longer a sealed packet of RTCP is: the tag, and the word with its number.
    pub const fn rtcp_overhead(self) -> usize {
        self.tag_len() + 4
    }

    /// How many bytes the handshake has to export.
    pub const fn exported_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }
}

/// Which side of the handshake somebody was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Began the handshake (`a=setup:active`).
    Client,
    /// Waited for it (`a=setup:passive`).
    Server,
}

/// A key and a salt from which the keys of one direction are derived.
#[derive(Clone)]
pub(super) struct Master {
    profile: Profile,
    /// The longest key; a shorter one uses the beginning.
    key: [u8; 32],
    /// Salts of 12 bytes are followed by zeros, as RFC 7714, section 11, derives with them.
    salt: [u8; 14],
}

impl Master {
    /// Nothing if a length is not the profile's.
    pub(super) fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Option<Self> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return None;
        }
        let mut master = Self { profile, key: [0; 32], salt: [0; 14] };
        master.key[..key.len()].copy_from_slice(key);
        master.salt[..salt.len()].copy_from_slice(salt);
        Some(master)
    }

    pub(super) fn profile(&self) -> Profile {
        self.profile
    }

    /// Fills `key` with the key of this label: RFC 3711, section 4.3, with a derivation rate of zero.
    pub(super) fn derive(&self, label: u8, key: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        iv[7] ^= label;
        key.fill(0);
        if self.profile.key_len() == 32 {
            Ctr128BE::<Aes256>::new((&self.key).into(), (&iv).into()).apply_keystream(key);
        } else {
            Ctr128BE::<Aes128>::new(self.key[..16].into(), (&iv).into()).apply_keystream(key);
        }
    }

    /// What seals and opens RTP.
    pub(super) fn rtp_cipher(&self) -> Cipher {
        self.cipher(0)
    }

    /// What seals and opens RTCP.
    pub(super) fn rtcp_cipher(&self) -> Cipher {
        self.cipher(3)
    }

    /// Labels follow each other: encryption, authentication, salt.
    fn cipher(&self, first_label: u8) -> Cipher {
        let mut key = [0; 32];
        let key = &mut key[..self.profile.key_len()];
        let mut authentication = [0; 20];
        let mut salt = [0; 14];
        self.derive(first_label, key);
        self.derive(first_label + 1, &mut authentication);
        self.derive(first_label + 2, &mut salt[..self.profile.salt_len()]);
        Cipher::new(self.profile, key, &authentication, salt)
    }
}

/// The keys of one association, as one of its sides has them.
#[derive(Clone)]
pub struct SrtpKeys {
    profile: Profile,
    ours: Master,
    theirs: Master,
}

impl SrtpKeys {
    /// Takes apart what DTLS exported (RFC 5764, section 4.2), for the one who was `side`. Nothing if it is too short
    /// or too long for the profile.
    pub fn from_exported(profile: Profile, side: Side, exported: &[u8]) -> Option<Self> {
        if exported.len() != profile.exported_len() {
            return None;
        }
        let (keys, salts) = exported.split_at(2 * profile.key_len());
        let (client_key, server_key) = keys.split_at(profile.key_len());
        let (client_salt, server_salt) = salts.split_at(profile.salt_len());
        let client = Master::new(profile, client_key, client_salt)?;
        let server = Master::new(profile, server_key, server_salt)?;
        let (ours, theirs) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        Some(Self { profile, ours, theirs })
    }

    /// What was agreed on.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// For what we send. One for an association: a second one would give numbers of RTCP that are already used.
    pub fn sealer(&self) -> Sealer {
        Sealer::new(&self.ours)
    }

    /// For what comes. One for an association: it remembers what was there already.
    pub fn opener(&self) -> Opener {
        Opener::new(&self.theirs)
    }
}

impl fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpKeys").field("profile", &self.profile).finish_non_exhaustive()
    }
}
