//! A batch becomes rows: one transaction of few statements, the same rows whether it runs once or twice.
mod statements;

use super::{
    batch::{Batch, CallRow, EndRow, GroupRow, Rows, SeatRow},
    conn::{Conn, Dialect, Row, Value},
    record_key::RecordKey,
    rows::Shape,
};
use crate::calls::FinalStatus;
use calls_protocol::{
    CallId, CallType, DeviceId, IceCandidate, Recipient, RoomName, Stats, UnixMillis, UserId,
};
use statements::*;
use std::collections::{HashMap, HashSet};

/// Writes the batch in one transaction. After an error nothing of it is written, and the connection may be in any state.
pub(super) async fn apply(conn: &mut Conn, batch: &Batch) -> Result<(), sqlx::Error> {
    conn.begin().await?;
    calls(conn, &batch.calls).await?;
    groups(conn, &batch.groups).await?;
    seats(conn, &batch.seats).await?;
    candidates(conn, &batch.candidates).await?;
    statistics(conn, &batch.statistics).await?;
    conn.commit().await
}

async fn calls(conn: &mut Conn, calls: &Rows<CallId, CallRow>) -> Result<(), sqlx::Error> {
    let new = calls.rows.iter().filter_map(|(id, call)| Some((*id, &call.rang.as_ref()?.room)));
    let mut taken = Taken::look_up(conn, &CALLS_BY_ID, &CALLS_BY_ROOM, new).await?;
    let (mut inserts, mut answers, mut ends) = (vec![], vec![], vec![]);
    for (id, call) in &calls.rows {
        match &call.rang {
            Some(rang) if !taken.ids.contains(id) => {
                let answered = call.answered.as_ref();
                let answered_at = answered.map(|answered| answered.at);
                let answer = answered.and_then(|answered| answered.answer.as_ref());
                let end = call.ended.as_ref();
                let status = match (end, answered_at) {
                    (Some(end), _) => end.status.as_str(),
                    (None, Some(_)) => "connected",
                    (None, None) => "ringing",
                };
                inserts.extend([
                    id.get().into(),
                    rang.from.get().into(),
                    rang.to.get().into(),
                    rang.call_type.as_str().into(),
                    status.into(),
                    taken.room_for(*id, &rang.room).into(),
                    rang.offer.as_ref().map(|sdp| sdp.as_json()).into(),
                    answer.map(|sdp| sdp.as_json()).into(),
                    seconds(rang.at).into(),
                    answered_at.map(seconds).into(),
                    end.map(|end| seconds(end.at)).into(),
                    end.and_then(|end| end.duration).map(|duration| duration.0).into(),
                    end.map(|end| &*end.reason).into(),
                    end.and_then(|end| end.by).map(UserId::get).into(),
                    rang.at.0.into(),
                    answered_at.map(|at| at.0).into(),
                    rang.expires.0.into(),
                    rang.device.as_ref().map(DeviceId::as_str).into(),
                    answered.and_then(|answered| answered.device.as_ref()).map(DeviceId::as_str).into(),
                ]);
            }
            _ => {
                if let Some(answered) = &call.answered {
                    answers.extend([
                        id.get().into(),
                        answered.answer.as_ref().map(|sdp| sdp.as_json()).into(),
                        answered.at.0.into(),
                        answered.device.as_ref().map(DeviceId::as_str).into(),
                    ]);
                }
                if let Some(end) = &call.ended {
                    ends.extend(end_values(*id, end));
                }
            }
        }
    }
    INSERT_CALLS.run(conn, 19, &inserts).await?;
    ANSWER_CALLS.run(conn, 4, &answers).await?;
    END_CALLS.run(conn, 6, &ends).await
}

fn end_values(id: CallId, end: &EndRow) -> [Value<'_>; 6] {
    // A number, not the word: words from a derived table have a collation of their own, which an adopted table's may
    // refuse to meet.
    let status: i64 = match end.status {
        FinalStatus::Ended => 0,
        FinalStatus::Missed => 1,
        FinalStatus::Rejected => 2,
    };
    [
        id.get().into(),
        status.into(),
        (&*end.reason).into(),
        end.by.map(UserId::get).into(),
        end.at.0.into(),
        end.duration.map(|duration| duration.0).into(),
    ]
}

async fn groups(conn: &mut Conn, groups: &Rows<CallId, GroupRow>) -> Result<(), sqlx::Error> {
    let new = groups.rows.iter().filter_map(|(id, call)| Some((*id, &call.rang.as_ref()?.room)));
    let mut taken = Taken::look_up(conn, &GROUPS_BY_ID, &GROUPS_BY_ROOM, new).await?;
    let (mut inserts, mut actives, mut ends) = (vec![], vec![], vec![]);
    for (id, call) in &groups.rows {
        let ended = call.ended.as_ref().map(|(reason, at)| (&**reason, *at));
        match &call.rang {
            Some(rang) if !taken.ids.contains(id) => {
                let status = match (ended, call.active) {
                    (Some(_), _) => "ended",
                    (None, Some(_)) => "active",
                    (None, None) => "ringing",
                };
                let duration = ended.zip(call.active).map(|((_, end), start)| whole_seconds(start, end));
                inserts.extend([
                    id.get().into(),
                    rang.group.get().into(),
                    rang.by.get().into(),
                    rang.call_type.as_str().into(),
                    status.into(),
                    taken.room_for(*id, &rang.room).into(),
                    seconds(rang.at).into(),
                    call.active.map(seconds).into(),
                    ended.map(|(_, at)| seconds(at)).into(),
                    duration.into(),
                    ended.map(|(reason, _)| reason).into(),
                    rang.at.0.into(),
                    call.active.map(|at| at.0).into(),
                    rang.expires.0.into(),
                ]);
            }
            _ => {
                if let Some(at) = call.active {
                    actives.extend([id.get().into(), at.0.into()]);
                }
                if let Some((reason, at)) = ended {
                    ends.extend([id.get().into(), reason.into(), at.0.into()]);
                }
            }
        }
    }
    INSERT_GROUPS.run(conn, 14, &inserts).await?;
    ACTIVATE_GROUPS.run(conn, 2, &actives).await?;
    END_GROUPS.run(conn, 3, &ends).await
}

async fn seats(conn: &mut Conn, seats: &Rows<(CallId, UserId), SeatRow>) -> Result<(), sqlx::Error> {
    let mut values = vec![];
    for ((call, user), seat) in &seats.rows {
        // Somebody who left was there, whatever became of the record that says so.
        let first = seat.first.or(seat.left).unwrap_or(UnixMillis(0));
        let left = seat.left.filter(|left| Some(*left) >= seat.joined);
        let duration = left.zip(seat.joined).map(|(left, joined)| whole_seconds(joined, left));
        values.extend([
            call.get().into(),
            user.get().into(),
            seconds(first).into(),
            left.map(seconds).into(),
            duration.into(),
            seat.joined.map(|at| at.0).into(),
            seat.left.map(|at| at.0).into(),
            seat.device.as_ref().map(DeviceId::as_str).into(),
        ]);
    }
    UPSERT_SEATS.run(conn, 8, &values).await
}

async fn candidates(conn: &mut Conn, candidates: &[(IceCandidate, UnixMillis)]) -> Result<(), sqlx::Error> {
    let mut values = Vec::with_capacity(candidates.len() * 7);
    for (candidate, at) in candidates {
        let text = candidate.candidate.as_json();
        let mid = candidate.sdp_mid.as_deref().unwrap_or_default();
        let line = u64::from(candidate.sdp_m_line_index.unwrap_or_default());
        let user = candidate.from_user_id.get();
        let to = match candidate.to_user_id {
            Some(Recipient::User(to)) => to.get(),
            Some(Recipient::MediaServer) | None => 0,
        };
        let key = RecordKey::new().with(text.as_bytes()).with(mid.as_bytes());
        values.extend([
            candidate.room_name.as_str().into(),
            user.into(),
            text.into(),
            mid.into(),
            line.into(),
            seconds(*at).into(),
            key.number(line).number(user).number(to).number(at.0).get().into(),
        ]);
    }
    INSERT_CANDIDATES.run(conn, 7, &values).await
}

async fn statistics(conn: &mut Conn, statistics: &[(CallId, Stats, UnixMillis)]) -> Result<(), sqlx::Error> {
    if statistics.is_empty() {
        return Ok(());
    }
    let ids: HashSet<u64> = statistics.iter().map(|(call, ..)| call.get()).collect();
    let ids: Vec<Value<'_>> = ids.into_iter().map(Value::from).collect();
    // A record says which call, not which table; the room tells a group call from a 1-1 call with the same number.
    let one_to_one = kinds(&CALL_TYPES.ask(conn, &ids).await?);
    let groups = kinds(&GROUP_TYPES.ask(conn, &ids).await?);
    let mut values = Vec::with_capacity(statistics.len() * 15);
    for (call, stats, at) in statistics {
        let id = i64::try_from(call.get()).unwrap_or(i64::MAX);
        let room = stored_key(stats.room_name.as_str());
        let has_room =
            |kinds: &HashMap<i64, (String, String)>| kinds.get(&id).is_some_and(|(r, _)| *r == room);
        let is_group = !has_room(&one_to_one) && has_room(&groups);
        let kind = if is_group { groups.get(&id) } else { one_to_one.get(&id) };
        let call_type = kind.map_or_else(|| CallType::Audio.as_str().to_owned(), |(_, kind)| kind.clone());
        let key = RecordKey::new().with(stats.room_name.as_str().as_bytes()).number(call.get()).number(at.0);
        values.extend([
            (!is_group).then_some(id).into(),
            is_group.then_some(id).into(),
            stats.user_id.get().into(),
            call_type.into(),
            stats.loss_pct.into(),
            // A round trip of ten minutes is none, and fits an INT.
            (stats.rtt_ms.round().clamp(0.0, 600_000.0) as i64).into(),
            stats.rtt_ms.into(),
            stats.jitter_ms.into(),
            stats.loss_pct.into(),
            stats.bitrate_kbps.into(),
            stats.audio_level.into(),
            stats.mos.into(),
            stats.candidate_type.chars().take(32).collect::<String>().into(),
            seconds(*at).into(),
            key.get().into(),
        ]);
    }
    INSERT_STATISTICS.run(conn, 15, &values).await
}

/// Room and call type by id.
fn kinds(rows: &[Row]) -> HashMap<i64, (String, String)> {
    let kind = |row: &Row| Some((row.int(0)?, (stored_key(&row.text(1)?), row.text(2)?)));
    rows.iter().filter_map(kind).collect()
}

/// Ids and room names that rows have already.
struct Taken {
    ids: HashSet<CallId>,
    rooms: HashMap<String, u64>,
    dialect: Dialect,
}

impl Taken {
    async fn look_up(
        conn: &mut Conn,
        by_id: &Shape,
        by_room: &Shape,
        new: impl Iterator<Item = (CallId, &RoomName)>,
    ) -> Result<Self, sqlx::Error> {
        let (mut ids, mut rooms) = (vec![], vec![]);
        for (id, room) in new {
            ids.push(id.get().into());
            rooms.push(room.as_str().into());
        }
        let known = by_id.ask(conn, &ids).await?;
        let named = by_room.ask(conn, &rooms).await?;
        let id = |row: &Row| row.int(0).and_then(|id| u64::try_from(id).ok());
        let dialect = conn.dialect();
        let room = |row: &Row| Some((name_in_index(dialect, &row.text(1)?), id(row)?));
        Ok(Self {
            ids: known.iter().filter_map(|row| CallId::new(id(row)?).ok()).collect(),
            rooms: named.iter().filter_map(room).collect(),
            dialect,
        })
    }

    /// The name under which a new row goes in: `room_name` is unique, and clients use names again.
    fn room_for(&mut self, id: CallId, room: &RoomName) -> String {
        let owner = *self.rooms.entry(name_in_index(self.dialect, room.as_str())).or_insert(id.get());
        if owner == id.get() { room.as_str().to_owned() } else { numbered(room.as_str(), id) }
    }
}

/// Most collations of MariaDB do not tell case apart, and so do their unique indexes; SQLite does.
fn name_in_index(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => name.to_owned(),
        Dialect::MySql => name.to_ascii_lowercase(),
    }
}

/// `name#<id>`: a name that no client can ask for. Cut where the column would be too short.
fn numbered(room: &str, id: CallId) -> String {
    let suffix = format!("#{id}");
    let kept = room.len().min(100 - suffix.len());
    format!("{}{suffix}", &room[..kept])
}

/// The room name that a client knows, of the one in a row.
pub(super) fn stored_room(stored: &str) -> &str {
    stored.split_once('#').map_or(stored, |(room, _)| room)
}

fn stored_key(stored: &str) -> String {
    stored_room(stored).to_ascii_lowercase()
}

fn seconds(at: UnixMillis) -> u64 {
    at.0 / 1000
}

fn whole_seconds(from: UnixMillis, to: UnixMillis) -> u64 {
    to.0.saturating_sub(from.0) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_used_again_gets_the_number_of_its_call_and_stays_within_the_column() {
        let id = CallId::new(123).unwrap();
        let rooms = HashMap::from([("room".into(), 7)]);
        let mut taken = Taken { ids: HashSet::new(), rooms, dialect: Dialect::MySql };

        assert_eq!(taken.room_for(id, &RoomName::new("Room").unwrap()), "Room#123");
        assert_eq!(taken.room_for(id, &RoomName::new("new").unwrap()), "new");
        let next = CallId::new(124).unwrap();
        assert_eq!(taken.room_for(next, &RoomName::new("new").unwrap()), "new#124", "twice in one batch");
        assert_eq!(numbered(&"x".repeat(100), id).len(), 100);
        assert_eq!(stored_room("Room#123"), "Room");
    }
}
