//! One in the room sends whatever harms; the others notice nothing. `docs/threat-model.md` names these tests.
use super::{
    SECOND,
    stage::{Life, Stage},
    *,
};
use calls_rtp::{
    bandwidth::Arrivals,
    packet::{HEAD, HeadWriter, pad},
};

const TICK: Duration = Duration::from_millis(10);

/// Two who see and hear each other, and one who means harm and looks at both.
fn room(seed: u64) -> (Stage, [usize; 2], usize) {
    let mut stage = Stage::new(seed);
    let friend = || Life { down: 3_000_000, ..Life::camera() };
    let friends = [stage.comes(friend()), stage.comes(friend())];
    let hostile = stage.comes(Life::camera());
    stage.plays(SECOND * 5);
    (stage, friends, hostile)
}

/// Plays while harm is done, and sees that it does none.
fn plays(stage: &mut Stage, [a, b]: [usize; 2], seconds: u32, mut harm: impl FnMut(&mut Stage)) {
    let before = [(a, b), (b, a)].map(|(to, of)| (stage.seen(to, of), stage.heard(to, of)));
    for _ in 0..seconds * 100 {
        harm(stage);
        stage.plays(TICK);
    }
    for ((to, of), before) in [(a, b), (b, a)].into_iter().zip(before) {
        let (seen, heard) = (stage.seen(to, of) - before.0, stage.heard(to, of) - before.1);
        let freeze = stage.longest_freeze(to, of);
        assert!(seen >= 23 * u64::from(seconds), "{to} saw {seen} pictures of {of}");
        assert!(heard >= 48 * u64::from(seconds), "{to} heard {heard} packets of {of}");
        assert!(freeze < SECOND, "{to} saw {of} stand still for {freeze:?}");
    }
}

/// A packet of a stream, or of one that nobody heard of, with whatever in it.
fn packet(ssrc: u32, payload_type: u8, sequence: u16, mid: &[u8], payload: &[u8]) -> Vec<u8> {
    let head = Head { marker: true, payload_type, sequence, timestamp: u32::from(sequence) * 90, ssrc };
    let mut bytes = vec![0; HEAD + 60];
    // Loud, and in the section where it says that it is.
    let len = HeadWriter::new(&mut bytes, &head).extension(1, mid).extension(3, &[0]).finish();
    bytes.truncate(len);
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn any_bytes_of_a_participant_leave_the_room_as_it_was() {
    let (mut stage, friends, hostile) = room(1);
    let sound = stage.stream_of(hostile, Kind::Sound);
    let picture = stage.stream_of(hostile, Kind::Camera);
    let mut sequence = 0;
    plays(&mut stage, friends, 5, |stage| {
        for _ in 0..8 {
            sequence += 1;
            let mut bytes = match sequence % 4 {
                0 => packet(sound, 111, sequence, b"0", &[7; 80]),
                1 => packet(picture, 96, sequence, b"1", &[0x90, 0x80, 0xff, 0xff, 0, 1, 2, 3]),
                2 => {
                    let mut bytes = vec![0; 400];
                    let mut writer = control::Writer::new(&mut bytes);
                    writer.nack(1, 10, &[1, 2, 3]);
                    writer.key_picture(1, 11);
                    let len = writer.len();
                    bytes.truncate(len);
                    bytes
                }
                _ => (0..60).map(|_| (stage.draws() * 256.0) as u8).collect(),
            };
            for _ in 0..(stage.draws() * 6.0) as usize {
                let at = (stage.draws() * bytes.len() as f64) as usize;
                bytes[at] = (stage.draws() * 256.0) as u8;
            }
            bytes.truncate(((stage.draws() * 1.5 * bytes.len() as f64) as usize).min(bytes.len()));
            stage.injects(hostile, &bytes);
        }
    });
}

#[test]
fn a_flood_of_sound_drowns_nobody() {
    let (mut stage, friends, hostile) = room(2);
    let sound = stage.stream_of(hostile, Kind::Sound);
    let (mut sequence, before) = (30_000_u16, stage.given(friends[0]));
    plays(&mut stage, friends, 5, |stage| {
        for _ in 0..100 {
            sequence = sequence.wrapping_add(1);
            stage.injects(hostile, &packet(sound, 111, sequence, b"0", &[1; 1_000]));
        }
    });
    let given = (stage.given(friends[0]) - before) / 5;
    assert!(given < 500, "10,000 packets a second came, and {given} of everything went on");
}

#[test]
fn a_flood_of_pictures_drowns_nobody() {
    let (mut stage, friends, hostile) = room(3);
    let picture = stage.stream_of(hostile, Kind::Camera);
    let mut sequence = 30_000_u16;
    plays(&mut stage, friends, 5, |stage| {
        for _ in 0..40 {
            sequence = sequence.wrapping_add(1);
            let number = (0x8000 | sequence >> 2).to_be_bytes();
            let mut payload = vec![0x90, 0x80, number[0], number[1], 0, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 2];
            payload.resize(1_100, 3);
            stage.injects(hostile, &packet(picture, 96, sequence, b"1", &payload));
        }
    });
}

#[test]
fn asking_for_whole_pictures_without_end_gets_a_few() {
    let (mut stage, friends, hostile) = room(4);
    let before = friends.map(|friend| stage.keys_asked(friend));
    plays(&mut stage, friends, 5, |stage| {
        for ssrc in 10..20 {
            let mut bytes = [0; 64];
            let mut writer = control::Writer::new(&mut bytes);
            writer.key_picture(1, ssrc);
            let len = writer.len();
            stage.injects(hostile, &bytes[..len]);
        }
    });
    for (friend, before) in friends.into_iter().zip(before) {
        let asked = stage.keys_asked(friend) - before;
        assert!(asked <= 15, "{asked} whole pictures in 5 s");
    }
}

#[test]
fn asking_for_repairs_without_end_costs_the_one_who_asks() {
    let (mut stage, friends, hostile) = room(5);
    let (mut first, before) = (0_u16, stage.given(hostile));
    plays(&mut stage, friends, 5, |stage| {
        for ssrc in 10..20 {
            let missing: Vec<u16> = (0..100).map(|n| first.wrapping_add(n)).collect();
            let mut bytes = [0; 1_000];
            let mut writer = control::Writer::new(&mut bytes);
            writer.nack(1, ssrc, &missing);
            let len = writer.len();
            stage.injects(hostile, &bytes[..len]);
        }
        first = first.wrapping_add(97);
    });
    let given = (stage.given(hostile) - before) / 5;
    assert!(given < 1_000, "{given} packets a second to the one who asks");
}

#[test]
fn who_lies_about_what_arrived_changes_their_own_path_alone() {
    let (mut stage, friends, hostile) = room(6);
    let before = friends.map(|friend| stage.estimate(friend));
    let mut number = 0_u16;
    plays(&mut stage, friends, 5, |stage| {
        let mut arrivals = Arrivals::default();
        for n in 0..50 {
            arrivals.note(number, SECOND + TICK * n / 50);
            number = number.wrapping_add(1);
        }
        let mut bytes = [0; 1_200];
        let len = arrivals.write(1, 2, &mut bytes);
        stage.injects(hostile, &bytes[..len]);
    });
    for (friend, before) in friends.into_iter().zip(before) {
        let after = stage.estimate(friend);
        assert!(after * 10 > before * 8, "{before} became {after}");
    }
    assert!(stage.estimate(hostile) <= *RoomSettings::default().limits.end());
}

#[test]
fn ever_new_streams_are_a_few() {
    let (mut stage, friends, hostile) = room(7);
    let mut ssrc = 77_000;
    plays(&mut stage, friends, 5, |stage| {
        for _ in 0..20 {
            ssrc += 1;
            stage.injects(hostile, &packet(ssrc, 96, 1, b"1", &[0x10, 0, 0, 0]));
            stage.injects(hostile, &packet(ssrc, 111, 1, b"0", &[0; 20]));
        }
    });
}

#[test]
fn padding_is_no_way_to_send_what_nobody_asked_for() {
    let (mut stage, friends, hostile) = room(8);
    let picture = stage.stream_of(hostile, Kind::Camera);
    let mut sequence = 30_000_u16;
    let before = stage.given(friends[0]);
    plays(&mut stage, friends, 5, |stage| {
        for _ in 0..20 {
            sequence = sequence.wrapping_add(1);
            let mut bytes = packet(picture, 96, sequence, b"1", &[]);
            let len = bytes.len();
            bytes.resize(len + 255, 0);
            let len = pad(&mut bytes, len, 255);
            bytes.truncate(len);
            stage.injects(hostile, &bytes);
        }
    });
    let given = (stage.given(friends[0]) - before) / 5;
    assert!(given < 300, "{given} packets a second");
}
