//! The store, on SQLite and on a real MariaDB: one contract, every test on both.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod adoption;
mod away;
mod crash;
mod directory;
mod history;
mod monitoring;
mod open;
mod printed;
mod queue;
mod speed;
mod twice;

use calls_protocol::{
    CallId, CallType, Candidate, GroupId, IceCandidate, RoomName, Sdp, Seconds, Stats, UnixMillis, UserId,
};
use calls_server::{
    calls::{FinalStatus, Record},
    db::{Dropped, Store, Writer},
};
use std::time::Duration;

/// 2026-05-04 10:00:00 UTC.
const NOON: u64 = 1_777_888_800_000;

/// Long enough for a slow machine; nobody waits for it unless something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

fn user(id: u64) -> UserId {
    UserId::new(id).unwrap()
}

fn call(id: u64) -> CallId {
    CallId::new(id).unwrap()
}

fn group(id: u64) -> GroupId {
    GroupId::new(id).unwrap()
}

fn room(name: &str) -> RoomName {
    RoomName::new(name).unwrap()
}

fn at(seconds: u64) -> UnixMillis {
    UnixMillis(NOON + seconds * 1000)
}

fn sdp(text: &str) -> Sdp {
    Sdp::object("offer", text)
}

/// `1` calls `2` in `room_<id>`, at that second.
fn rings(id: u64, from: u64, to: u64, second: u64) -> Record {
    rings_in(&format!("room_{id}"), id, from, to, second)
}

fn rings_in(name: &str, id: u64, from: u64, to: u64, second: u64) -> Record {
    Record::Ringing {
        call: call(id),
        from: user(from),
        to: user(to),
        call_type: CallType::Video,
        room: room(name),
        offer: sdp(&format!("offer of {id}")),
        at: at(second),
        expires: at(second + 45),
        device: Some("phone-1".parse().unwrap()),
    }
}

fn connects(id: u64, second: u64) -> Record {
    let answer = Sdp::object("answer", &format!("answer of {id}"));
    Record::Connected { call: call(id), device: Some("tablet".parse().unwrap()), answer, at: at(second) }
}

fn ends(id: u64, status: FinalStatus, reason: &'static str, second: u64, duration: Option<u64>) -> Record {
    let by = (reason == "completed").then(|| user(1));
    Record::Ended { call: call(id), status, reason, by, at: at(second), duration: duration.map(Seconds) }
}

fn group_rings(id: u64, of: u64, by: u64, second: u64) -> Record {
    Record::GroupRinging {
        call: call(id),
        group: group(of),
        by: user(by),
        call_type: CallType::Audio,
        room: room(&format!("group_{id}")),
        at: at(second),
        expires: at(second + 45),
    }
}

fn joins(id: u64, who: u64, second: u64) -> Record {
    Record::Joined { call: call(id), user: user(who), device: None, at: at(second) }
}

fn leaves(id: u64, who: u64, second: u64) -> Record {
    Record::Left { call: call(id), user: user(who), at: at(second) }
}

fn candidate(name: &str, from: u64, number: u64, second: u64) -> Record {
    let text = format!(r#"{{"candidate":"candidate:{number} 1 udp 1 192.0.2.1 {number} typ host"}}"#);
    let candidate = IceCandidate {
        room_name: room(name),
        to_user_id: None,
        from_user_id: user(from),
        candidate: Candidate::from_json(&text).unwrap(),
        sdp_m_line_index: Some(0),
        sdp_mid: Some("audio".into()),
    };
    Record::Candidate { candidate, at: at(second) }
}

fn statistics(id: u64, name: &str, of: u64, second: u64) -> Record {
    let stats = Stats {
        room_name: room(name),
        user_id: user(of),
        rtt_ms: 41.5,
        jitter_ms: 3.0,
        loss_pct: 0.5,
        bitrate_kbps: 900.0,
        audio_level: None,
        mos: Some(4.2),
        candidate_type: "relay".into(),
    };
    Record::Statistics { call: call(id), stats, at: at(second) }
}

/// A 1-1 call of 80 seconds, from its ring to its end.
fn whole_call(id: u64, from: u64, to: u64, second: u64) -> Vec<Record> {
    let name = format!("room_{id}");
    vec![
        rings(id, from, to, second),
        candidate(&name, from, 1, second),
        connects(id, second + 5),
        candidate(&name, to, 2, second + 5),
        statistics(id, &name, from, second + 10),
        ends(id, FinalStatus::Ended, "completed", second + 85, Some(80)),
    ]
}

/// A group call of two, from its ring to its end.
fn whole_group_call(id: u64, of: u64, by: u64, other: u64, second: u64) -> Vec<Record> {
    let name = format!("group_{id}");
    vec![
        group_rings(id, of, by, second),
        joins(id, by, second),
        joins(id, other, second + 4),
        Record::GroupActive { call: call(id), at: at(second + 4) },
        statistics(id, &name, other, second + 9),
        leaves(id, by, second + 60),
        leaves(id, other, second + 64),
        Record::GroupEnded { call: call(id), reason: "completed", at: at(second + 64) },
    ]
}

/// Writes the records, `size` at a time.
async fn write(store: &Store, records: &[Record], size: usize) {
    let writer = Writer::start(store);
    for some in records.chunks(size.max(1)) {
        for record in some {
            writer.push(record.clone());
        }
        writer.flush(PATIENCE).await.unwrap();
    }
    writer.close(PATIENCE).await.unwrap();
    assert_eq!(writer.counts().dropped, Dropped::default());
}
