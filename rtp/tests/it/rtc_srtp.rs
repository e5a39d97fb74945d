//! Protection, against the one that our engine on devices has.
use bytes::BytesMut;
use calls_rtp::protect::{Profile, Side, SrtpKeys};
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

/// What both sides derived their keys from.
fn exported(profile: Profile) -> Vec<u8> {
    (100..).take(profile.exported_len()).collect()
}

fn ours(profile: Profile, side: Side) -> SrtpKeys {
    SrtpKeys::from_exported(profile, side, &exported(profile)).unwrap()
}

/// Theirs, for what the side sends or for what it gets, with the same key either way.
fn theirs(profile: Profile, direction_of: Side) -> Context {
    let name = match profile {
        Profile::Aes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Profile::Aes256Gcm => ProtectionProfile::AeadAes256Gcm,
        Profile::Aes128CmSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
    };
    let exported = exported(profile);
    let (keys, salts) = exported.split_at(2 * profile.key_len());
    let part = |parts: &[u8]| match direction_of {
        Side::Client => parts[..parts.len() / 2].to_vec(),
        Side::Server => parts[parts.len() / 2..].to_vec(),
    };
    let crypto = rtc_crypto::default_provider().unwrap();
    Context::new(&part(keys), &part(salts), name, None, None, crypto.crypto()).unwrap()
}

/// Numbers that begin anew on the way.
fn indices() -> impl Iterator<Item = u64> {
    65_500..65_600
}

fn rtp(index: u64) -> Vec<u8> {
    let mut packet = vec![0x90, 0xe0];
    packet.extend((index as u16).to_be_bytes());
    packet.extend([1, 2, 3, 4, 5, 6, 7, 8, 0xbe, 0xde, 0, 1, 0x10, 0x7f, 0, 0]);
    packet.extend((0..).take(index as usize % 97));
    packet
}

/// A receiver report without blocks, and one of a sender behind it.
fn rtcp(number: u8) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1, 9, 9, 9, 9, 0x80, 200, 0, 6];
    packet.extend([number; 24]);
    packet
}

#[test]
fn it_opens_what_we_sealed() {
    for profile in Profile::ALL {
        let mut sealer = ours(profile, Side::Client).sealer();
        let mut peer = theirs(profile, Side::Client);

        for index in indices() {
            let mut packet = rtp(index);
            let len = packet.len();
            packet.resize(1500, 0);
            let sealed = sealer.seal_rtp(&mut packet, len, 20, index).unwrap();
            assert_eq!(peer.decrypt_rtp(&packet[..sealed]).unwrap(), rtp(index), "{profile:?} {index}");
        }
        for number in 0..10 {
            let mut packet = rtcp(number);
            let len = packet.len();
            packet.resize(1500, 0);
            let sealed = sealer.seal_rtcp(&mut packet, len).unwrap();
            assert_eq!(peer.decrypt_rtcp(&packet[..sealed]).unwrap(), rtcp(number), "{profile:?} {number}");
        }
    }
}

#[test]
fn we_open_what_it_sealed() {
    for profile in Profile::ALL {
        let mut opener = ours(profile, Side::Client).opener();
        let mut peer = theirs(profile, Side::Server);

        for index in indices() {
            let mut packet: BytesMut = peer.encrypt_rtp(&rtp(index)).unwrap();
            let opened = opener.open_rtp(&mut packet).unwrap();
            assert_eq!((opened.index, opened.header_len), (index, 20), "{profile:?}");
            assert_eq!(packet[..opened.len], rtp(index));
        }
        for number in 0..10 {
            let mut packet = peer.encrypt_rtcp(&rtcp(number)).unwrap();
            let len = opener.open_rtcp(&mut packet).unwrap();
            assert_eq!(packet[..len], rtcp(number), "{profile:?}");
        }
    }
}

#[test]
fn both_seal_to_the_same_bytes() {
    for profile in Profile::ALL {
        let sealer = ours(profile, Side::Server).sealer();
        let mut peer = theirs(profile, Side::Server);

        for index in indices() {
            let mut packet = rtp(index);
            let len = packet.len();
            packet.resize(1500, 0);
            let sealed = sealer.seal_rtp(&mut packet, len, 20, index).unwrap();
            assert_eq!(packet[..sealed], peer.encrypt_rtp(&rtp(index)).unwrap(), "{profile:?} {index}");
        }
    }
}
