//! Where the parts of a packet are that protection looks at.

/// The part of a packet of RTCP that stays readable: the first header and its sender.
pub(super) const RTCP_HEAD: usize = 8;

/// The shortest header of RTP.
pub(super) const RTP_HEAD: usize = 12;

/// How long the header of a packet of RTP is, with its sources and its extension; nothing if it is none.
pub(super) fn rtp_head_len(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    if first >> 6 != 2 {
        return None;
    }
    let sources = usize::from(first & 0xf) * 4;
    let mut len = RTP_HEAD + sources;
    if first & 0x10 != 0 {
        let words = packet.get(len + 2..len + 4)?;
        len += 4 + usize::from(u16::from_be_bytes([words[0], words[1]])) * 4;
    }
    (len <= packet.len()).then_some(len)
}

/// Four bytes as a number.
pub(super) fn word(packet: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*packet.get(at..)?.first_chunk()?))
}

/// The number of a packet of RTP.
pub(super) fn sequence(packet: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*packet.get(2..)?.first_chunk()?))
}

/// Whose a packet of RTP is.
pub(super) fn rtp_ssrc(packet: &[u8]) -> Option<u32> {
    word(packet, 8)
}

/// Whose a packet of RTCP is.
pub(super) fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    word(packet, 4)
}
