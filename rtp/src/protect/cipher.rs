//! One direction of RTP or of RTCP: its keys at work, whatever the profile.
//!
//! What lies where (the head stays readable, the body is hidden):
//!
//! | | GCM | counter mode and SHA-1 |
//! | --- | --- | --- |
//! | RTP | head, body, tag | head, body, tag |
//! | RTCP | head, body, tag, word | head, body, word, tag |
//!
//! The word is the number of a packet of RTCP, and its first bit says that the body is hidden.
use super::Profile;
use super::counter::Counter;
use super::gcm::Gcm;

/// Which packet it is: never twice the same with one key, unless the bytes are the same as well.
#[derive(Clone, Copy)]
pub(super) struct Number {
    pub(super) ssrc: u32,
    /// The extended sequence number of RTP, or the index of RTCP; 48 bits.
    pub(super) index: u64,
}

impl Number {
    /// How both kinds of cipher count packets: the stream and the index, and room for a counter of blocks, which the
    /// one counts in the last two bytes and the other behind them.
    pub(super) fn over<const LEN: usize>(self, mut salt: [u8; LEN], at: usize) -> [u8; LEN] {
        let number = self.ssrc.to_be_bytes().into_iter().chain(self.index.to_be_bytes().into_iter().skip(2));
        salt.iter_mut().skip(at).zip(number).for_each(|(salt, number)| *salt ^= number);
        salt
    }
}

/// A tag was not made with our key, or not for these bytes.
#[derive(Debug)]
pub(super) struct Forged;

/// Hides and proves, as the profile says. Both hold tables of half a kilobyte and more, made once.
pub(super) enum Cipher {
    Gcm(Box<Gcm>),
    Counter(Box<Counter>),
}

impl Cipher {
    /// Lengths of keys are the profile's; a shorter salt is followed by zeros.
    pub(super) fn new(profile: Profile, key: &[u8], authentication: &[u8; 20], salt: [u8; 14]) -> Self {
        match profile {
            Profile::Aes128Gcm | Profile::Aes256Gcm => Self::Gcm(Box::new(Gcm::new(key, &salt))),
            Profile::Aes128CmSha1_80 => Self::Counter(Box::new(Counter::new(key, authentication, salt))),
        }
    }

    /// Hides the body, and writes the tag behind it.
    pub(super) fn seal_rtp(
        &self,
        number: Number,
        head: &[u8],
        body: &mut [u8],
        tag: &mut [u8],
    ) -> Option<()> {
        match self {
            Self::Gcm(cipher) => cipher.seal(number, head, body, tag),
            Self::Counter(cipher) => {
                cipher.apply(number, body);
                tag.copy_from_slice(&cipher.tag(head, body, rollover(number)));
                Some(())
            }
        }
    }

    /// Shows the body if the tag behind it is right. If not, what lies there is of no use any more.
    pub(super) fn open_rtp(
        &self,
        number: Number,
        head: &[u8],
        body_and_tag: &mut [u8],
    ) -> Result<(), Forged> {
        match self {
            Self::Gcm(cipher) => cipher.open(number, head, body_and_tag),
            Self::Counter(cipher) => {
                let (body, tag) = body_and_tag.split_last_chunk_mut().ok_or(Forged)?;
                cipher.check(head, body, rollover(number), tag)?;
                cipher.apply(number, body);
                Ok(())
            }
        }
    }

    /// Hides the body, and writes the word and the tag behind it in the order that the profile wants.
    pub(super) fn seal_rtcp(
        &self,
        number: Number,
        word: [u8; 4],
        head: &[u8; 8],
        body: &mut [u8],
        behind: &mut [u8],
    ) -> Option<()> {
        match self {
            Self::Gcm(cipher) => {
                let (tag, place) = behind.split_last_chunk_mut()?;
                *place = word;
                cipher.seal(number, &readable(head, word), body, tag)
            }
            Self::Counter(cipher) => {
                let (place, tag) = behind.split_first_chunk_mut()?;
                *place = word;
                cipher.apply(number, body);
                tag.copy_from_slice(&cipher.tag(head, body, word));
                Some(())
            }
        }
    }

    /// The word of a sealed packet of RTCP, given what follows its head.
    pub(super) fn rtcp_word(&self, rest: &[u8]) -> Option<[u8; 4]> {
        match self {
            Self::Gcm(_) => rest.last_chunk().copied(),
            Self::Counter(_) => {
                rest.get(..rest.len().checked_sub(Profile::Aes128CmSha1_80.tag_len())?)?.last_chunk().copied()
            }
        }
    }

    /// Shows the body if the tag is right.
    pub(super) fn open_rtcp(
        &self,
        number: Number,
        word: [u8; 4],
        head: &[u8; 8],
        rest: &mut [u8],
    ) -> Result<(), Forged> {
        match self {
            Self::Gcm(cipher) => {
                let (body_and_tag, _word) = rest.split_last_chunk_mut::<4>().ok_or(Forged)?;
                cipher.open(number, &readable(head, word), body_and_tag)
            }
            Self::Counter(cipher) => {
                let (body_and_word, tag) = rest.split_last_chunk_mut().ok_or(Forged)?;
                let (body, _word) = body_and_word.split_last_chunk_mut::<4>().ok_or(Forged)?;
                cipher.check(head, body, word, tag)?;
                cipher.apply(number, body);
                Ok(())
            }
        }
    }
}

/// What a receiver must know beyond the packet: how often the sequence number began anew.
fn rollover(number: Number) -> [u8; 4] {
    // An index has 48 bits.
    ((number.index >> 16) as u32).to_be_bytes()
}

/// What GCM proves of a packet of RTCP without hiding it.
fn readable(head: &[u8; 8], word: [u8; 4]) -> [u8; 12] {
    let mut all = [0; 12];
    all[..8].copy_from_slice(head);
    all[8..].copy_from_slice(&word);
    all
}
