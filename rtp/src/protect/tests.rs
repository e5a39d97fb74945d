//! What the RFCs calculated for us, and what must hold for every packet.
mod vectors;

use super::*;
use proptest::prelude::*;

const SSRC: u32 = 0x5501_a0b2;

/// The two ends of one association.
fn ends(profile: Profile) -> (SrtpKeys, SrtpKeys) {
    let exported: Vec<u8> = (1..=profile.exported_len() as u8).collect();
    let keys = |side| SrtpKeys::from_exported(profile, side, &exported).unwrap();
    (keys(Side::Client), keys(Side::Server))
}

fn profile() -> impl Strategy<Value = Profile> {
    prop::sample::select(Profile::ALL.as_slice())
}

/// A packet of RTP with room for a tag, and how long it is without that.
fn rtp(index: u64, ssrc: u32, payload: &[u8]) -> (Vec<u8>, usize) {
    let mut packet = vec![0x80, 96];
    packet.extend((index as u16).to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    let len = packet.len();
    packet.resize(len + 16, 0);
    (packet, len)
}

/// A sealed packet, as it leaves.
fn sealed(sealer: &Sealer, index: u64) -> Vec<u8> {
    let (mut packet, len) = rtp(index, SSRC, b"what is said");
    let len = sealer.seal_rtp(&mut packet, len, 12, index).unwrap();
    packet.truncate(len);
    packet
}

/// A sender report with room for what is added.
fn rtcp(body: &[u8]) -> (Vec<u8>, usize) {
    let mut packet = vec![0x80, 200, 0, 1];
    packet.extend(SSRC.to_be_bytes());
    packet.extend(body);
    let len = packet.len();
    packet.resize(len + 20, 0);
    (packet, len)
}

fn sealed_rtcp(sealer: &mut Sealer) -> Vec<u8> {
    let (mut packet, len) = rtcp(b"a report");
    let len = sealer.seal_rtcp(&mut packet, len).unwrap();
    packet.truncate(len);
    packet
}

#[test]
fn each_side_opens_what_the_other_sealed_and_not_its_own() {
    for profile in Profile::ALL {
        let (client, server) = ends(profile);

        let packet = sealed(&client.sealer(), 7);

        assert!(server.opener().open_rtp(&mut packet.clone()).is_ok());
        assert_eq!(client.opener().open_rtp(&mut packet.clone()), Err(OpenError::NotAuthentic));
    }
}

#[test]
fn a_packet_opens_once() {
    for profile in Profile::ALL {
        let (client, server) = ends(profile);
        let (mut sealer, mut opener) = (client.sealer(), server.opener());
        let (packet, report) = (sealed(&sealer, 7), sealed_rtcp(&mut sealer));

        assert!(opener.open_rtp(&mut packet.clone()).is_ok());
        assert_eq!(opener.open_rtp(&mut packet.clone()), Err(OpenError::Replayed));
        assert!(opener.open_rtcp(&mut report.clone()).is_ok());
        assert_eq!(opener.open_rtcp(&mut report.clone()), Err(OpenError::Replayed));
    }
}

#[test]
fn a_packet_that_came_too_late_is_refused() {
    let (client, server) = ends(Profile::Aes128Gcm);
    let (sealer, mut opener) = (client.sealer(), server.opener());
    assert!(opener.open_rtp(&mut sealed(&sealer, 2000)).is_ok());

    assert!(opener.open_rtp(&mut sealed(&sealer, 2000 - 1023)).is_ok());
    assert_eq!(opener.open_rtp(&mut sealed(&sealer, 2000 - 1024)), Err(OpenError::TooOld));
}

#[test]
fn a_number_far_ahead_forgets_what_was_before_and_nothing_else() {
    let (client, server) = ends(Profile::Aes128Gcm);
    let (sealer, mut opener) = (client.sealer(), server.opener());
    assert!(opener.open_rtp(&mut sealed(&sealer, 100)).is_ok());

    assert!(opener.open_rtp(&mut sealed(&sealer, 100 + 1024)).is_ok());

    // They share a place in the window.
    assert_eq!(opener.open_rtp(&mut sealed(&sealer, 100)), Err(OpenError::TooOld));
    assert!(opener.open_rtp(&mut sealed(&sealer, 101)).is_ok());
}

#[test]
fn a_forged_packet_leaves_no_trace() {
    for profile in Profile::ALL {
        let (client, server) = ends(profile);
        let (sealer, mut opener) = (client.sealer(), server.opener());
        let mut forged = sealed(&sealer, 30_000);
        *forged.last_mut().unwrap() ^= 1;

        assert_eq!(opener.open_rtp(&mut forged), Err(OpenError::NotAuthentic));

        // The stream is as new: a number half a round away is not taken for one of the round before or after.
        assert_eq!(opener.open_rtp(&mut sealed(&sealer, 65_535)).unwrap().index, 65_535);
    }
}

#[test]
fn a_peer_that_sends_on_ever_new_streams_gets_no_more_than_its_share() {
    let (client, server) = ends(Profile::Aes128Gcm);
    let (sealer, mut opener) = (client.sealer(), server.opener());
    let mut open = |ssrc: u32, index: u64| {
        let (mut packet, len) = rtp(index, ssrc, b"");
        sealer.seal_rtp(&mut packet, len, 12, index).unwrap();
        opener.open_rtp(&mut packet)
    };

    for ssrc in 0..256 {
        assert!(open(ssrc, 1).is_ok());
    }

    assert_eq!(open(256, 1), Err(OpenError::TooManyStreams));
    assert!(open(0, 2).is_ok(), "those that exist go on");
    assert_eq!(open(0, 1), Err(OpenError::Replayed), "and still know what was there");
}

#[test]
fn reports_that_are_not_hidden_are_refused() {
    for profile in Profile::ALL {
        let (client, server) = ends(profile);
        let mut report = sealed_rtcp(&mut client.sealer());
        let word = report.len() - 4 - if profile == Profile::Aes128CmSha1_80 { 10 } else { 0 };
        report[word] &= 0x7f;

        assert_eq!(server.opener().open_rtcp(&mut report), Err(OpenError::NotHidden));
    }
}

#[test]
fn nothing_is_sealed_that_does_not_fit_together() {
    for profile in Profile::ALL {
        let sealer = ends(profile).0.sealer();
        let (packet, len) = rtp(9, SSRC, b"payload");
        let seal = |room: usize, len, header_len, index| {
            sealer.seal_rtp(&mut packet.clone()[..room], len, header_len, index)
        };
        let needed = len + profile.tag_len();

        assert_eq!(seal(needed, len, 12, 9), Some(needed));
        assert_eq!(seal(needed - 1, len, 12, 9), None, "no room for the tag");
        assert_eq!(seal(needed, len, 11, 9), None, "no header is so short");
        assert_eq!(seal(needed, len, len + 1, 9), None, "the header is longer than the packet");
        assert_eq!(seal(needed, len, 12, 10), None, "another number");
        assert_eq!(seal(needed, len, 12, 9 + (1 << 48)), None, "no such number");
        assert_eq!(seal(needed, usize::MAX, 12, 9), None);
    }
}

#[test]
fn reports_need_room_as_well() {
    for profile in Profile::ALL {
        let mut sealer = ends(profile).0.sealer();
        let (packet, len) = rtcp(b"");
        let mut seal = |room: usize, len| sealer.seal_rtcp(&mut packet.clone()[..room], len);
        let needed = len + profile.rtcp_overhead();

        assert_eq!(seal(needed - 1, len), None);
        assert_eq!(seal(needed, len - 1), None, "no report is so short");
        assert_eq!(seal(needed, len), Some(needed));
    }
}

#[test]
fn keys_of_another_length_are_refused_and_none_is_printed() {
    let profile = Profile::Aes128Gcm;
    assert!(SrtpKeys::from_exported(profile, Side::Client, &[7; 55]).is_none());

    let keys = SrtpKeys::from_exported(profile, Side::Client, &[7; 56]).unwrap();

    assert_eq!(format!("{keys:?}"), "SrtpKeys { profile: Aes128Gcm, .. }");
    assert_eq!(format!("{:?}", keys.sealer()), "Sealer { profile: Aes128Gcm, .. }");
    assert_eq!(format!("{:?}", keys.opener()), "Opener { profile: Aes128Gcm, .. }");
}

#[test]
fn headers_with_sources_and_extensions_stay_readable() {
    // Two sources and an extension of one word.
    let mut packet = vec![0x92, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
    packet.extend([1; 8]);
    packet.extend([0xbe, 0xde, 0, 1, 0x10, 0x55, 0, 0]);
    let header = packet.clone();
    packet.extend(b"payload");
    let len = packet.len();
    packet.resize(len + 16, 0);
    let (client, server) = ends(Profile::Aes128Gcm);

    client.sealer().seal_rtp(&mut packet, len, header.len(), 1).unwrap();

    assert_eq!(packet[..header.len()], header);
    assert_ne!(&packet[header.len()..len], b"payload");
    let opened = server.opener().open_rtp(&mut packet).unwrap();
    assert_eq!(opened, Opened { len, header_len: header.len(), index: 1 });
    assert_eq!(&packet[header.len()..len], b"payload");
}

proptest! {
    #[test]
    fn what_was_sealed_opens_to_itself(
        profile in profile(), index in 0u64..0x1_0000, ssrc: u32, payload: Vec<u8>,
    ) {
        let (client, server) = ends(profile);
        let (mut packet, len) = rtp(index, ssrc, &payload);
        let before = packet.clone();

        let sealed = client.sealer().seal_rtp(&mut packet, len, 12, index).unwrap();
        let opened = server.opener().open_rtp(&mut packet[..sealed]).unwrap();

        prop_assert_eq!(opened, Opened { len, header_len: 12, index });
        prop_assert_eq!(&packet[..len], &before[..len]);
    }

    #[test]
    fn reports_open_to_themselves(profile in profile(), bodies: Vec<Vec<u8>>) {
        let (client, server) = ends(profile);
        let (mut sealer, mut opener) = (client.sealer(), server.opener());
        for body in bodies {
            let (mut packet, len) = rtcp(&body);
            let before = packet.clone();

            let sealed = sealer.seal_rtcp(&mut packet, len).unwrap();

            prop_assert_eq!(opener.open_rtcp(&mut packet[..sealed]), Ok(len));
            prop_assert_eq!(&packet[..len], &before[..len]);
        }
    }

    #[test]
    fn one_flipped_bit_never_opens(profile in profile(), at: prop::sample::Index, bit in 0u8..8) {
        let (client, server) = ends(profile);
        let mut sealer = client.sealer();
        let (mut packet, mut report) = (sealed(&sealer, 7), sealed_rtcp(&mut sealer));
        let place = at.index(packet.len());
        packet[place] ^= 1 << bit;
        let place = at.index(report.len());
        report[place] ^= 1 << bit;

        prop_assert!(server.opener().open_rtp(&mut packet).is_err());
        prop_assert!(server.opener().open_rtcp(&mut report).is_err());
    }

    #[test]
    fn a_repair_is_the_same_bytes_again(profile in profile(), index in 0u64..1 << 48) {
        let (client, _) = ends(profile);

        prop_assert_eq!(sealed(&client.sealer(), index), sealed(&client.sealer(), index));
    }

    #[test]
    fn no_bytes_make_it_panic(profile in profile(), bytes: Vec<u8>, flags: u8) {
        let mut opener = ends(profile).0.opener();
        let mut likely = bytes.clone();
        if let Some(first) = likely.first_mut() {
            *first = 0x80 | (flags & 0x3f);
        }

        for mut bytes in [bytes, likely] {
            prop_assert!(opener.open_rtp(&mut bytes.clone()).is_err());
            prop_assert!(opener.open_rtcp(&mut bytes).is_err());
        }
    }
}

proptest! {
    // Each one is thousands of packets.
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Each packet is up to the window late, and numbers begin anew on the way.
    #[test]
    fn late_packets_open_across_a_new_round_of_numbers(
        first in 64_600u64..65_536, delays in prop::collection::vec(0u64..1023, 1500),
    ) {
        let (client, server) = ends(Profile::Aes128Gcm);
        let (sealer, mut opener) = (client.sealer(), server.opener());
        let late = delays.iter().zip(first..).map(|(delay, index)| (index + delay, index));
        let mut order: Vec<(u64, u64)> = late.collect();
        order.sort_unstable();
        prop_assume!(order[0].1 < 65_536);

        for (_, index) in order {
            let opened = opener.open_rtp(&mut sealed(&sealer, index)).map(|opened| opened.index);
            prop_assert_eq!(opened, Ok(index));
            prop_assert_eq!(opener.open_rtp(&mut sealed(&sealer, index)), Err(OpenError::Replayed));
        }
    }
}
