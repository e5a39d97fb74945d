//! Streams with known pictures, through networks that lose, repeat and mix.
use super::*;
use bytes::Bytes;
use std::time::Instant;

const MS: Duration = Duration::from_millis(1);

/// The same numbers for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// What was sent: each picture's number is its timestamp in steps of 3000.
struct Sender {
    codec: VideoCodec,
    sequence: u16,
    number: u32,
}

impl Sender {
    fn new(codec: VideoCodec) -> Self {
        // Goes round soon.
        Self { codec, sequence: u16::MAX - 50, number: 0 }
    }

    fn packet(&mut self, payload: Vec<u8>, marker: bool) -> ReceivedPacket {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        ReceivedPacket {
            mid: None,
            content: Content::Video(self.codec),
            ssrc: 1,
            came: Instant::now(),
            sequence,
            timestamp: self.number.wrapping_mul(3000),
            marker,
            payload: Bytes::from(payload),
            level: None,
            rotation: marker.then_some(Rotation::Quarter),
        }
    }

    /// The next picture in so many packets, and as it has to come out.
    fn picture(&mut self, key: bool, count: u32) -> (Vec<ReceivedPacket>, Picture) {
        self.number += 1;
        let body = |part: u32| [self.number.to_be_bytes(), part.to_be_bytes()].concat();
        let bodies: Vec<Vec<u8>> = (0..count).map(body).collect();
        let last = count - 1;
        let (mut payload, mut packets) = (Vec::new(), Vec::new());
        for (part, body) in (0_u32..).zip(bodies) {
            let mut packed = Vec::new();
            match self.codec {
                VideoCodec::Vp8 => {
                    packed.push(if part == 0 { 0x10 } else { 0 });
                    if part == 0 {
                        packed.push(u8::from(!key));
                        payload.push(u8::from(!key));
                    }
                }
                VideoCodec::H264 => {
                    let unit = if key { 5 } else { 1 };
                    if part == 0 {
                        if key {
                            packets.push(self.packet(vec![24, 0, 2, 0x67, 1, 0, 2, 0x68, 2], false));
                            payload.extend([0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2]);
                        }
                        payload.extend([0, 0, 0, 1, 0x60 | unit]);
                    }
                    if count == 1 {
                        packed.push(0x60 | unit);
                    } else {
                        let edge = u8::from(part == 0) << 7 | u8::from(part == last) << 6;
                        packed.extend([0x60 | 28, edge | unit]);
                    }
                }
            }
            packed.extend(&body);
            payload.extend(&body);
            packets.push(self.packet(packed, part == last));
        }
        let timestamp = self.number.wrapping_mul(3000);
        (packets, Picture { codec: self.codec, key, timestamp, rotation: Rotation::Quarter, payload })
    }
}

const BOTH: [VideoCodec; 2] = [VideoCodec::Vp8, VideoCodec::H264];

fn assembler() -> Assembler {
    Assembler::new(AssemblySettings::default())
}

fn feed(assembler: &mut Assembler, now: Duration, packets: Vec<ReceivedPacket>) -> Vec<Picture> {
    let mut given = Vec::new();
    for packet in packets {
        assembler.push(now, packet);
        given.extend(std::iter::from_fn(|| assembler.pull(now)));
    }
    given
}

#[test]
fn whatever_the_network_does_no_picture_is_damaged_and_a_key_frame_heals() {
    for seed in 0..60 {
        for codec in BOTH {
            mixed(seed, codec);
        }
    }
}

fn mixed(seed: u64, codec: VideoCodec) {
    let mut chance = Chance(seed);
    let loss = chance.below(300);
    let mut sender = Sender::new(codec);
    let (mut sent, mut wire) = (Vec::new(), Vec::new());
    // The last second of ten is without fault.
    for number in 0..300_u32 {
        let taken = MS * 33 * number;
        let is_good = number >= 260;
        let key = number == 0 || number == 280 || chance.below(60) == 0;
        let (packets, picture) = sender.picture(key, 1 + chance.below(8) as u32);
        sent.push(picture);
        for packet in packets {
            let mut at = taken + MS * if is_good { 20 } else { 20 + chance.below(40) as u32 };
            if !is_good && chance.below(1000) < loss {
                // Sent again, or never.
                at += MS * (120 + chance.below(500) as u32);
                if chance.below(4) == 0 {
                    continue;
                }
            }
            if !is_good && chance.below(50) == 0 {
                wire.push((at + MS * chance.below(900) as u32, packet.clone()));
            }
            wire.push((at, packet));
        }
    }
    wire.sort_by_key(|(at, _)| *at);
    let mut assembler = assembler();
    let mut last: Option<usize> = None;
    let mut asked = 0;
    for (now, packet) in wire {
        assembler.push(now, packet);
        while let Some(picture) = assembler.pull(now) {
            let index = picture.timestamp as usize / 3000 - 1;
            assert!(sent[index] == picture, "seed {seed}: {codec:?} {picture:?} was never sent");
            let follows = last.is_none_or(|last| index == last + 1);
            assert!(picture.key || (last.is_some() && follows), "seed {seed}: {index} after {last:?}");
            assert!(last.is_none_or(|last| index > last), "seed {seed}: {index} after {last:?}");
            last = Some(index);
        }
        asked += u32::from(assembler.wants_key_frame(now));
        if assembler.deadline().is_some_and(|deadline| deadline <= now) {
            panic!("seed {seed}: it is looked at, and still wants to be: {:?}", assembler.stats());
        }
        let stream = assembler.stream.as_ref().unwrap();
        assert!(stream.parts.len() <= MOST_PACKETS);
    }
    assert_eq!(last, Some(299), "seed {seed} {codec:?}: {:?}", assembler.stats());
    assert!(asked <= 30, "seed {seed}: asked {asked} times in ten seconds");
    if loss == 0 {
        assert_eq!((assembler.stats().losses, assembler.stats().pictures), (0, 300), "seed {seed}");
    }
}

#[test]
fn a_missing_packet_is_waited_for_and_no_longer_than_patience() {
    for codec in BOTH {
        let mut sender = Sender::new(codec);
        let mut assembler = assembler();
        let (key, _) = sender.picture(true, 3);
        assert_eq!(feed(&mut assembler, MS, key).len(), 1);
        let (mut first, _) = sender.picture(false, 3);
        let (second, _) = sender.picture(false, 3);
        let missing = first.remove(1);

        assert!(feed(&mut assembler, MS * 10, first.clone()).is_empty());
        assert!(feed(&mut assembler, MS * 40, second).is_empty());

        // Since the packet behind it came.
        assert_eq!(assembler.deadline(), Some(MS * 510));
        assert!(!assembler.wants_key_frame(MS * 509));
        let repaired = feed(&mut assembler, MS * 509, vec![missing]);
        assert_eq!(repaired.len(), 2, "{codec:?}");
        assert_eq!(assembler.deadline(), None);
    }
}

#[test]
fn what_is_lost_for_good_is_skipped_to_a_key_frame_that_is_asked_for() {
    for codec in BOTH {
        let mut sender = Sender::new(codec);
        let mut assembler = assembler();
        feed(&mut assembler, MS, sender.picture(true, 2).0);
        let _lost = sender.picture(false, 1);
        assert!(feed(&mut assembler, MS * 10, sender.picture(false, 2).0).is_empty());

        assert_eq!(assembler.pull(MS * 510), None);
        assert!(assembler.wants_key_frame(MS * 510));
        assert!(!assembler.wants_key_frame(MS * 520), "once");
        assert_eq!(assembler.deadline(), Some(MS * 1010));
        assert!(feed(&mut assembler, MS * 530, sender.picture(false, 2).0).is_empty());
        let given = feed(&mut assembler, MS * 600, sender.picture(true, 2).0);

        assert!(given.len() == 1 && given[0].key, "{codec:?}");
        assert_eq!(feed(&mut assembler, MS * 600, sender.picture(false, 2).0).len(), 1);
        assert_eq!((assembler.deadline(), assembler.stats().losses), (None, 1));
    }
}

#[test]
fn a_key_frame_behind_a_gap_is_shown_at_once() {
    for codec in BOTH {
        let mut sender = Sender::new(codec);
        let mut assembler = assembler();
        feed(&mut assembler, MS, sender.picture(true, 2).0);
        let (late, _) = sender.picture(false, 1);

        let given = feed(&mut assembler, MS * 10, sender.picture(true, 4).0);

        assert!(given.len() == 1 && given[0].key);
        assert!(feed(&mut assembler, MS * 20, late).is_empty());
        assert_eq!(assembler.stats().late, 1);
    }
}

#[test]
fn padding_has_a_place_and_is_no_picture() {
    for codec in BOTH {
        let mut sender = Sender::new(codec);
        let mut assembler = assembler();
        let mut packets = sender.picture(true, 2).0;
        packets.push(sender.packet(Vec::new(), false));
        packets.extend(sender.picture(false, 2).0);
        packets.push(sender.packet(Vec::new(), false));
        packets.extend(sender.picture(false, 1).0);

        assert_eq!(feed(&mut assembler, MS, packets).len(), 3);
    }
}

#[test]
fn another_stream_begins_anew_and_stragglers_of_the_old_one_do_not_disturb_it() {
    let mut old = Sender::new(VideoCodec::Vp8);
    let mut new = Sender::new(VideoCodec::H264);
    let mut assembler = assembler();
    let other = |mut packets: Vec<ReceivedPacket>| {
        packets.iter_mut().for_each(|packet| packet.ssrc = 2);
        packets
    };
    feed(&mut assembler, MS, old.picture(true, 2).0);

    assert_eq!(feed(&mut assembler, MS, other(new.picture(true, 2).0)).len(), 1);
    assert!(feed(&mut assembler, MS, old.picture(false, 2).0).is_empty());
    assert_eq!(feed(&mut assembler, MS, other(new.picture(false, 2).0)).len(), 1);
    assert_eq!(feed(&mut assembler, MS * 5000, old.picture(true, 2).0).len(), 1, "back after a while");
}

#[test]
fn a_change_of_codec_begins_with_a_key_frame() {
    let mut sender = Sender::new(VideoCodec::Vp8);
    let mut assembler = assembler();
    feed(&mut assembler, MS, sender.picture(true, 2).0);
    sender.codec = VideoCodec::H264;

    assert!(feed(&mut assembler, MS, sender.picture(false, 2).0).is_empty());
    assert!(assembler.wants_key_frame(MS));
    let given = feed(&mut assembler, MS * 2, sender.picture(true, 2).0);

    assert!(given.len() == 1 && given[0].codec == VideoCodec::H264);
}

#[test]
fn what_a_decoder_refuses_is_followed_by_nothing_but_a_key_frame() {
    let mut sender = Sender::new(VideoCodec::Vp8);
    let mut assembler = assembler();
    feed(&mut assembler, MS, sender.picture(true, 2).0);

    assembler.distrust();

    assert!(assembler.wants_key_frame(MS));
    assert!(feed(&mut assembler, MS, sender.picture(false, 2).0).is_empty());
    assert_eq!(feed(&mut assembler, MS, sender.picture(true, 2).0).len(), 1);
}

#[test]
fn packets_of_a_stranger_cost_no_more_than_their_bound() {
    for seed in 0..40 {
        let mut chance = Chance(seed);
        let mut assembler = assembler();
        for number in 0..4000 {
            let length = chance.below(12);
            let payload: Vec<u8> = (0..length)
                .map(|n| match (n, chance.below(3)) {
                    (0, 0) => 0x10,
                    (0, 1) => 0x7c,
                    _ => chance.below(256) as u8,
                })
                .collect();
            let packet = ReceivedPacket {
                mid: None,
                content: Content::Video(BOTH[chance.below(2) as usize]),
                ssrc: chance.below(3) as u32 / 2,
                came: Instant::now(),
                sequence: match chance.below(100) {
                    0 => chance.below(65_536) as u16,
                    _ => (number + chance.below(20)) as u16,
                },
                timestamp: (number / 7) as u32 * seed as u32,
                marker: chance.below(seed + 1) == 1,
                payload: payload.into(),
                level: None,
                rotation: None,
            };
            let now = MS * number as u32;
            assembler.push(now, packet);
            while assembler.pull(now).is_some() {
                if chance.below(3) == 0 {
                    assembler.distrust();
                }
            }
            assembler.wants_key_frame(now);
            assembler.deadline();
            let stream = assembler.stream.as_ref().unwrap();
            assert!(stream.parts.len() <= MOST_PACKETS, "seed {seed}");
        }
    }
}

#[test]
fn a_picture_without_end_is_given_up() {
    let mut sender = Sender::new(VideoCodec::Vp8);
    let mut assembler = assembler();
    feed(&mut assembler, MS, sender.picture(true, 1).0);
    let (packets, _) = sender.picture(false, 5000);

    let given = feed(&mut assembler, MS, packets[..4999].to_vec());

    assert!(given.is_empty() && assembler.stats().losses == 1);
    assert!(assembler.stream.as_ref().unwrap().parts.len() <= MOST_PACKETS);
    assert!(assembler.wants_key_frame(MS));
}
