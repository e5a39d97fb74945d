//! What we send.
use super::Profile;
use super::cipher::{Cipher, Number};
use super::keys::Master;
use super::shape::{RTCP_HEAD, RTP_HEAD, rtcp_ssrc, rtp_ssrc, sequence};
use std::fmt;

/// The first bit of the word of RTCP: the body is hidden.
pub(super) const HIDDEN: u32 = 1 << 31;

/// Seals what one side sends, on all its streams.
pub struct Sealer {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    /// Of the next packet of RTCP: one count for all streams, which is more than is asked for.
    rtcp_index: u32,
}

impl Sealer {
    pub(super) fn new(master: &Master) -> Self {
        let (rtp, rtcp) = (master.rtp_cipher(), master.rtcp_cipher());
        Self { profile: master.profile(), rtp, rtcp, rtcp_index: 0 }
    }

    /// Seals a packet of RTP in place and returns its new length. It lies at `..len`, its header at `..header_len`, and
    /// there is room for the tag behind it.
    ///
    /// `index` is its extended sequence number: how often the number began anew, times 65536, and the number. The caller
    /// counts, so that a repair gives the same bytes again. **The same index of one stream with other bytes** tells
    /// everybody on the way what both packets say, and with GCM how to forge more: never do that.
    ///
    /// Nothing is sealed if there is no room, `header_len` cannot be one, or the number in the packet is not the index's.
    #[must_use = "what was not sealed must not be sent"]
    pub fn seal_rtp(&self, packet: &mut [u8], len: usize, header_len: usize, index: u64) -> Option<usize> {
        let sealed = len.checked_add(self.profile.tag_len())?;
        if header_len < RTP_HEAD || header_len > len || index >> 48 != 0 {
            return None;
        }
        let packet = packet.get_mut(..sealed)?;
        if u64::from(sequence(packet)?) != index & 0xffff {
            return None;
        }
        let number = Number { ssrc: rtp_ssrc(packet)?, index };
        let (head, rest) = packet.split_at_mut(header_len);
        let (body, tag) = rest.split_at_mut(len - header_len);
        self.rtp.seal_rtp(number, head, body, tag)?;
        Some(sealed)
    }

    /// Seals a packet of RTCP (a compound one, as a rule) in place and returns its new length. It lies at `..len`, with
    /// room for [`Profile::rtcp_overhead`] behind it.
    ///
    /// Nothing is sealed if there is no room, if it is too short to be one, or after 2³¹ packets: 24 days of a thousand
    /// each second, when new keys are due.
    #[must_use = "what was not sealed must not be sent"]
    pub fn seal_rtcp(&mut self, packet: &mut [u8], len: usize) -> Option<usize> {
        let sealed = len.checked_add(self.profile.rtcp_overhead())?;
        if len < RTCP_HEAD || self.rtcp_index >= HIDDEN {
            return None;
        }
        let packet = packet.get_mut(..sealed)?;
        let number = Number { ssrc: rtcp_ssrc(packet)?, index: u64::from(self.rtcp_index) };
        let word = (HIDDEN | self.rtcp_index).to_be_bytes();
        let (head, rest) = packet.split_first_chunk_mut::<RTCP_HEAD>()?;
        let (body, behind) = rest.split_at_mut(len - RTCP_HEAD);
        self.rtcp.seal_rtcp(number, word, head, body, behind)?;
        self.rtcp_index += 1;
        Some(sealed)
    }

    /// What it seals with.
    pub fn profile(&self) -> Profile {
        self.profile
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("profile", &self.profile).finish_non_exhaustive()
    }
}
