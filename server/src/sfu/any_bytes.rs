//! What must hold for any bytes of a participant: for the fuzzer, and for the tests beside it.
use super::{
    room::{Leaving, News, Out, Room, RoomSettings, SendSection, Sends, Slot, TrackFacts},
    sdp::{Credentials, Local, Session},
    stream::{Codec, Kind},
};
use calls_protocol::UserId;
use calls_rtp::{
    control,
    handshake::{Fingerprint, Hash},
    packet::Packet,
};
use std::time::Duration;

/// People in the room.
const PEOPLE: usize = 3;
/// Numbers of header extensions, as all agreed.
const MID: u8 = 1;
const RID: u8 = 2;
const LEVEL: u8 = 3;
const TRANSPORT: u8 = 4;

/// A room in which everybody says anything. Of each piece the first byte says who speaks and how much time passes before,
/// the second how long it is; then come that many bytes, as they are after the decryption.
pub fn room(mut data: &[u8]) {
    let mut room = Room::new(RoomSettings::default(), 0);
    let mut told = Told::default();
    let mut now = Duration::from_secs(1);
    for user in 1..=PEOPLE as u64 {
        let seat = room.join(now, UserId::new(user).expect("not 0"));
        room.sends(seat, sends());
    }
    while let [who, length, rest @ ..] = data {
        let (piece, next) = rest.split_at(usize::from(*length).min(rest.len()));
        data = next;
        now += Duration::from_millis(u64::from(*who) / 3);
        let seat = usize::from(*who) % PEOPLE;
        if control::is_control(piece) {
            room.rtcp(now, seat, piece, &mut told);
        } else if let Some(packet) = Packet::parse(piece) {
            room.rtp(now, seat, 70_000 + u64::from(packet.head.sequence), &packet, &mut told);
        }
        if room.deadline(now) <= now {
            room.tick(now, &mut told);
        }
        for (seat, pairs, voices) in std::mem::take(&mut told.slots) {
            let slots = (0..pairs).map(Slot::Pair).chain((0..voices).map(Slot::Voice));
            for (n, slot) in slots.enumerate() {
                let picture = matches!(slot, Slot::Pair(_)).then(|| facts(n as u32 * 2 + 1, false));
                room.has_slot(seat, slot, facts(n as u32 * 2, true), picture, (7, 9));
            }
        }
        assert!(room.deadline(now) >= now);
    }
}

fn sends() -> Sends {
    let section = |mid: &str, kind, payload_types, rids: &[&str]| SendSection {
        mid: mid.to_owned(),
        kind,
        payload_types,
        ssrcs: Vec::new(),
        rids: rids.iter().map(|rid| (*rid).to_owned()).collect(),
    };
    Sends {
        sections: vec![
            section("0", Kind::Sound, vec![(111, Codec::Opus)], &[]),
            section("1", Kind::Camera, vec![(96, Codec::Vp8), (98, Codec::H264)], &["q", "h", "f"]),
            section("2", Kind::Screen, vec![(96, Codec::Vp8)], &[]),
        ],
        mid_id: Some(MID),
        rid_id: Some(RID),
        level_id: Some(LEVEL),
        transport_id: Some(TRANSPORT),
    }
}

fn facts(ssrc: u32, is_sound: bool) -> TrackFacts {
    let picture = vec![(Codec::Vp8, 100), (Codec::H264, 102)];
    TrackFacts {
        ssrc,
        payload_types: if is_sound { vec![(Codec::Opus, 111)] } else { picture },
        transport_id: Some(TRANSPORT),
        level_id: is_sound.then_some(LEVEL),
        has_nack: !is_sound,
    }
}

/// What the room said.
#[derive(Default)]
struct Told {
    /// Seats that want slots: with a picture, and for a voice alone.
    slots: Vec<(usize, usize, usize)>,
}

impl Out for Told {
    fn rtp(&mut self, to: usize, packet: &Leaving<'_>) {
        assert!(to < PEOPLE);
        let mut bytes = [0; 4096];
        let (len, head) = packet.write(&mut bytes).expect("it fits");
        let read = Packet::parse(&bytes[..len]).expect("what leaves is a packet");
        assert_eq!(head, read.head_len);
    }

    fn rtcp(&mut self, to: usize, messages: &[u8]) {
        assert!(to < PEOPLE);
        assert!(control::is_control(messages));
    }

    fn news(&mut self, news: News) {
        if let News::Slots { seat, pairs, voices } = news {
            self.slots.push((seat, pairs, voices));
        }
    }
}

/// A description of a client: refused, or answered with one that names each of its sections.
pub fn description(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let credentials = || Credentials { ufrag: "A1234567".to_owned(), pwd: "p".repeat(24) };
    let mut session = Session::new(Local {
        credentials: credentials(),
        fingerprint: Fingerprint::of(Hash::Sha256, b"a certificate"),
        candidates: Vec::new(),
        session_id: 1,
        first_ssrc: 5_000,
    });
    if let Ok((answer, _)) = session.client_offer(&text, credentials()) {
        let sections = |text: &str| text.lines().filter(|line| line.starts_with("m=")).count();
        assert_eq!(sections(&answer), sections(&text));
        session.add_slots(2, 1);
        // Their own offer is no answer to ours, and must not be the end of anything.
        if session.offer().is_some() && session.client_answer(&text).is_err() {
            session.drop_offer();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_rtp::packet::{HEAD, Head, HeadWriter};
    use proptest::prelude::*;

    /// A packet that is nearly right: of a known section, with a payload that begins like a picture.
    fn packet() -> impl Strategy<Value = Vec<u8>> {
        let payload = prop::collection::vec(any::<u8>(), 0..60);
        (
            0..3_usize,
            any::<u16>(),
            any::<u32>(),
            0..3_usize,
            payload,
            prop::option::of((0..200_usize, any::<u8>())),
        )
            .prop_map(|(section, sequence, timestamp, layer, payload, change)| {
                let ssrc = 10 * section as u32 + layer as u32;
                let payload_type = [111, 96, 96][section];
                let head = Head { marker: layer == 1, payload_type, sequence, timestamp, ssrc };
                let mut bytes = vec![0; HEAD + 60];
                let mut writer = HeadWriter::new(&mut bytes, &head)
                    .extension(MID, &[b"0", b"1", b"2"][section][..])
                    .extension(TRANSPORT, &sequence.to_be_bytes());
                if section == 1 {
                    writer = writer.extension(RID, &b"qhf"[layer..=layer]);
                }
                let len = writer.extension(LEVEL, &[20]).finish();
                bytes.truncate(len);
                bytes.extend([0x90, 0x80, 0x80, 1, 0, 0, 0, 0x9d, 1, 0x2a, 0, 1, 0, 1]);
                bytes.extend(payload);
                if let Some((at, byte)) = change {
                    let at = at % bytes.len();
                    bytes[at] = byte;
                }
                bytes
            })
    }

    fn report() -> impl Strategy<Value = Vec<u8>> {
        (0..40_u32, prop::collection::vec(any::<u16>(), 1..8), prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(ssrc, missing, garbage)| {
                let mut bytes = [0; 200];
                let mut writer = control::Writer::new(&mut bytes);
                writer.nack(1, ssrc, &missing);
                writer.key_picture(1, ssrc);
                let len = writer.len();
                [&bytes[..len], &garbage].concat()
            })
    }

    proptest! {
        #[test]
        fn any_pieces_leave_a_room_standing(
            pieces in prop::collection::vec((any::<u8>(), prop_oneof![packet(), packet(), report(), prop::collection::vec(any::<u8>(), 0..50)]), 0..120)
        ) {
            let all: Vec<u8> =
                pieces.into_iter().flat_map(|(who, piece)| [vec![who, piece.len() as u8], piece].concat()).collect();
            room(&all);
        }

        #[test]
        fn any_bytes_are_refused_or_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            description(&bytes);
            room(&bytes);
        }
    }
}
