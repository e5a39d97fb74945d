//! What comes.
use super::Profile;
use super::cipher::{Cipher, Forged, Number};
use super::keys::Master;
use super::replay::Streams;
use super::sealer::HIDDEN;
use super::shape::{RTCP_HEAD, rtcp_ssrc, rtp_head_len, rtp_ssrc, sequence};
use std::fmt;

/// How many words of 64 numbers of a stream of RTP are remembered: a second of the fastest picture, for repairs come
/// late and with their old numbers.
const RTP_WORDS: usize = 16;

/// Packets of RTCP are few, and none is sent again.
const RTCP_WORDS: usize = 2;

/// Why a packet was not opened. All of them are ordinary: whoever knows our address can send us anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Too short, or not RTP.
    #[error("not a protected packet")]
    Malformed,
    /// The peer agreed on hiding RTCP, and did not.
    #[error("a packet of RTCP that is not hidden")]
    NotHidden,
    /// It was there already.
    #[error("the packet was there already")]
    Replayed,
    /// So late that nobody knows any more whether it was there.
    #[error("the packet is older than what is remembered")]
    TooOld,
    /// The peer sends on more streams than we remember.
    #[error("too many streams")]
    TooManyStreams,
    /// The peer did not make it.
    #[error("the packet is not the peer's")]
    NotAuthentic,
}

impl From<Forged> for OpenError {
    fn from(Forged: Forged) -> Self {
        Self::NotAuthentic
    }
}

/// A packet of RTP that was opened: it lies at `..len`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its length without protection.
    pub len: usize,
    /// How much of it is header.
    pub header_len: usize,
    /// Its extended sequence number: the lower 16 bits are in the packet.
    pub index: u64,
}

/// Opens what the other side sends, on all its streams.
///
/// A stream is remembered from its first packet that proved to be the peer's: at most 256 of RTP (152 bytes each) and
/// as many of RTCP (32 bytes each); more than that are refused.
pub struct Opener {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    rtp_streams: Streams<RTP_WORDS>,
    rtcp_streams: Streams<RTCP_WORDS>,
}

impl Opener {
    pub(super) fn new(master: &Master) -> Self {
        Self {
            profile: master.profile(),
            rtp: master.rtp_cipher(),
            rtcp: master.rtcp_cipher(),
            rtp_streams: Streams::new(),
            rtcp_streams: Streams::new(),
        }
    }

    /// Opens a packet of RTP in place. If it cannot, the packet's bytes are of no use any more.
    ///
    /// The first packet of a stream has to come before its number begins anew, as RFC 3711 (section 3.3.1) wants it: who
    /// hears a stream from its middle takes a smaller index than the sender's, and opens nothing.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<Opened, OpenError> {
        let header_len = rtp_head_len(packet).ok_or(OpenError::Malformed)?;
        let len = packet.len().checked_sub(self.profile.tag_len()).ok_or(OpenError::Malformed)?;
        let (Some(ssrc), Some(sequence)) = (rtp_ssrc(packet), sequence(packet)) else {
            return Err(OpenError::Malformed);
        };
        if len < header_len {
            return Err(OpenError::Malformed);
        }
        let index = self.rtp_streams.extend(ssrc, sequence).ok_or(OpenError::Malformed)?;
        self.rtp_streams.check(ssrc, index)?;
        let (head, body_and_tag) = packet.split_at_mut(header_len);
        self.rtp.open_rtp(Number { ssrc, index }, head, body_and_tag)?;
        self.rtp_streams.note(ssrc, index);
        Ok(Opened { len, header_len, index })
    }

    /// Opens a packet of RTCP in place and returns its length without protection. If it cannot, the packet's bytes are
    /// of no use any more.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, OpenError> {
        let len = packet.len().checked_sub(self.profile.rtcp_overhead()).ok_or(OpenError::Malformed)?;
        let ssrc = rtcp_ssrc(packet).ok_or(OpenError::Malformed)?;
        if len < RTCP_HEAD || packet[0] >> 6 != 2 {
            return Err(OpenError::Malformed);
        }
        let (head, rest) = packet.split_first_chunk_mut::<RTCP_HEAD>().ok_or(OpenError::Malformed)?;
        let word = self.rtcp.rtcp_word(rest).ok_or(OpenError::Malformed)?;
        if u32::from_be_bytes(word) & HIDDEN == 0 {
            return Err(OpenError::NotHidden);
        }
        let index = u64::from(u32::from_be_bytes(word) & !HIDDEN);
        self.rtcp_streams.check(ssrc, index)?;
        self.rtcp.open_rtcp(Number { ssrc, index }, word, head, rest)?;
        self.rtcp_streams.note(ssrc, index);
        Ok(len)
    }

    /// What it opens with.
    pub fn profile(&self) -> Profile {
        self.profile
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("profile", &self.profile).finish_non_exhaustive()
    }
}
