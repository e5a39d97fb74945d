//! The numbers in RFC 3711, appendix B, and in RFC 7714, sections 16 and 17.
use crate::protect::cipher::{Cipher, Number};
use crate::protect::{Profile, keys::Master};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

fn salt(hex: &str) -> [u8; 14] {
    let mut salt = bytes(hex);
    salt.resize(14, 0);
    salt.try_into().unwrap()
}

#[test]
fn counter_mode_gives_the_keystream_of_rfc_3711_b_2() {
    let key = bytes("2B7E151628AED2A6ABF7158809CF4F3C");
    let salt = salt("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    let cipher = Cipher::new(Profile::Aes128CmSha1_80, &key, &[0; 20], salt);
    let mut body = vec![0; 0xff02 * 16];

    cipher.seal_rtp(Number { ssrc: 0, index: 0 }, &[], &mut body, &mut [0; 10]).unwrap();

    for (block, expected) in [
        (0, "E03EAD0935C95E80E166B16DD92B4EB4"),
        (1, "D23513162B02D0F72A43A2FE4A5F97AB"),
        (2, "41E95B3BB0A2E8DD477901E4FCA894C0"),
        (0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"),
        (0xff00, "362B7C3C6773516318A077D7FC5073AE"),
        (0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"),
    ] {
        assert_eq!(body[block * 16..][..16], bytes(expected), "block {block:x}");
    }
}

#[test]
fn keys_are_derived_as_in_rfc_3711_b_3() {
    let key = bytes("E1F97A0D3E018BE0D64FA32C06DE4139");
    let salt = bytes("0EC675AD498AFEEBB6960B3AABE6");
    let master = Master::new(Profile::Aes128CmSha1_80, &key, &salt).unwrap();
    let derived = |label, len| {
        let mut key = vec![0; len];
        master.derive(label, &mut key);
        key
    };

    assert_eq!(derived(0, 16), bytes("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(derived(2, 14), bytes("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(derived(1, 32), bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE"));
}

const QUID_PRO_QUO: &str = "517569642070726f2071756f";
const KEY_256: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn gcm(profile: Profile) -> Cipher {
    Cipher::new(profile, &bytes(KEY_256)[..profile.key_len()], &[0; 20], salt(QUID_PRO_QUO))
}

#[test]
fn rtp_is_sealed_as_in_rfc_7714_16() {
    let plain = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
                 61727465 73207472 6573";
    for (profile, expected) in [
        (
            Profile::Aes128Gcm,
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
             36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        ),
        (
            Profile::Aes256Gcm,
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f
             1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        ),
    ] {
        let number = Number { ssrc: 0x5501_a0b2, index: 0xf17b };
        let mut packet = bytes(plain);
        let len = packet.len();
        packet.resize(len + 16, 0);

        let (head, rest) = packet.split_at_mut(12);
        let (body, tag) = rest.split_at_mut(len - 12);
        gcm(profile).seal_rtp(number, head, body, tag).unwrap();

        assert_eq!(packet, bytes(expected), "{profile:?}");
        let (head, rest) = packet.split_at_mut(12);
        gcm(profile).open_rtp(number, head, rest).unwrap();
        assert_eq!(packet[..len], bytes(plain));
    }
}

#[test]
fn rtcp_is_sealed_as_in_rfc_7714_17() {
    let plain = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
                 deadbeef deadbeef deadbeef";
    for (profile, expected) in [
        (
            Profile::Aes128Gcm,
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46
             86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
        ),
        (
            Profile::Aes256Gcm,
            "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658
             c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
        ),
    ] {
        let number = Number { ssrc: 0x4d61_7273, index: 0x5d4 };
        let word = [0x80, 0x00, 0x05, 0xd4];
        let mut packet = bytes(plain);
        let len = packet.len();
        packet.resize(len + 20, 0);

        let (head, rest) = packet.split_first_chunk_mut().unwrap();
        let (body, behind) = rest.split_at_mut(len - 8);
        gcm(profile).seal_rtcp(number, word, head, body, behind).unwrap();

        assert_eq!(packet, bytes(expected), "{profile:?}");
        let (head, rest) = packet.split_first_chunk_mut().unwrap();
        assert_eq!(gcm(profile).rtcp_word(rest), Some(word));
        gcm(profile).open_rtcp(number, word, head, rest).unwrap();
        assert_eq!(packet[..len], bytes(plain));
    }
}
