//! After a restart: which calls the database says are going on, and which of them are too old.
use super::{
    QueryError, Store,
    apply::stored_room,
    conn::{Conn, Dialect, Row},
};
use crate::calls::{OpenCall, Present};
use calls_protocol::{CallId, CallType, DeviceId, GroupId, RoomName, Sdp, UnixMillis, UserId};
use std::{collections::HashMap, time::Duration};
use tracing::warn;

/// What was found at the start.
#[derive(Debug, Default)]
pub struct OpenCalls {
    /// Calls to hand to the rules.
    pub calls: Vec<OpenCall>,
    /// Rows that said they were going on and made no sense; they are closed.
    pub malformed: Vec<MalformedRow>,
}

/// A row that cannot be a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedRow {
    /// Its table.
    pub table: &'static str,
    /// Its id.
    pub id: i64,
    /// The column that is wrong.
    pub column: &'static str,
}

/// A ring of a row from before, which does not say when it stops.
const RING: u64 = 45_000;

impl Store {
    /// What rings or goes on, oldest first. Rows that make no sense are closed and reported.
    pub async fn open_calls(&self) -> Result<OpenCalls, QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok(OpenCalls::default()) };
        let mut found = OpenCalls::default();
        let dialect = conn.dialect();
        let rows = conn.fetch(open_pairs(dialect), &[]).await?;
        for row in &rows {
            match pair(row) {
                Ok(call) => found.calls.push(call),
                Err(column) => found.malformed.push(malformed("wo_calls", row, column)),
            }
        }
        let mut seats = open_seats(&mut conn).await?;
        let rows = conn.fetch(open_groups(dialect), &[]).await?;
        for row in &rows {
            let participants = row.int(0).and_then(|id| seats.remove(&id)).unwrap_or_default();
            match group(row, participants) {
                Ok(call) => found.calls.push(call),
                Err(column) => found.malformed.push(malformed("wo_group_calls", row, column)),
            }
        }
        for row in &found.malformed {
            warn!(table = row.table, id = row.id, column = row.column, "closed a row that makes no sense");
            conn.execute(
                format!("UPDATE {} SET status = 'ended', end_reason = 'malformed' WHERE id = ?", row.table)
                    .into(),
                &[row.id.into()],
            )
            .await?;
        }
        Ok(found)
    }

    /// Ends rows that no restart can bring back: those that have rung since before `now - ring`, and those that have
    /// gone on since before `now - connected`. Says how many there were.
    pub async fn close_stale(
        &self,
        now: UnixMillis,
        ring: Duration,
        connected: Duration,
    ) -> Result<u64, QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok(0) };
        let before = |age: Duration| now.0.saturating_sub(age.as_millis().try_into().unwrap_or(u64::MAX));
        let created = millis("created_ms", "created_at", conn.dialect());
        let accepted = millis("accepted_ms", "COALESCE(accepted_at, created_at)", conn.dialect());
        let started = millis("started_ms", "COALESCE(started_at, created_at)", conn.dialect());
        let stamp = super::rows::time(conn.dialect());
        let mut closed = 0;
        for (table, from, to, since, age) in [
            ("wo_calls", "ringing", "missed", &created, ring),
            ("wo_calls", "connected", "ended", &accepted, connected),
            ("wo_group_calls", "ringing", "ended", &created, ring),
            ("wo_group_calls", "active", "ended", &started, connected),
        ] {
            let sql = format!(
                "UPDATE {table} SET status = '{to}', end_reason = 'stale', ended_at = {stamp} \
                 WHERE status = '{from}' AND {since} < ?"
            );
            closed += conn.execute(sql.into(), &[(now.0 / 1000).into(), before(age).into()]).await?;
        }
        // Whoever is still down as being in a call that is over has left it.
        let sql = format!(
            "UPDATE wo_group_call_participants SET left_at = {stamp} WHERE left_at IS NULL \
             AND group_call_id IN (SELECT id FROM wo_group_calls WHERE status = 'ended' AND end_reason = 'stale')"
        );
        conn.execute(sql.into(), &[(now.0 / 1000).into()]).await?;
        Ok(closed)
    }

    /// Makes columns with users' ids wide enough for Telegram, whose ids do not fit an `INT`.
    pub async fn widen_user_ids(&self) -> Result<(), QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok(()) };
        Ok(super::adopt::widen_user_ids(&mut conn).await?)
    }
}

/// Milliseconds since 1970 of a row: exact where the row is ours, to the second where it is older.
pub(super) fn millis(exact: &str, time: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => format!("COALESCE({exact}, CAST(strftime('%s', {time}) AS INTEGER) * 1000)"),
        Dialect::MySql => format!("COALESCE({exact}, CAST(UNIX_TIMESTAMP({time}) AS SIGNED) * 1000)"),
    }
}

fn open_pairs(dialect: Dialect) -> String {
    format!(
        "SELECT id, from_id, to_id, call_type, status, room_name, sdp_offer, {}, expires_ms, {}, from_device, to_device \
         FROM wo_calls \
         WHERE status IN ('ringing', 'connected') ORDER BY id",
        millis("created_ms", "created_at", dialect),
        millis("accepted_ms", "accepted_at", dialect)
    )
}

fn open_groups(dialect: Dialect) -> String {
    format!(
        "SELECT id, group_id, initiated_by, call_type, status, room_name, {}, expires_ms, {} FROM wo_group_calls \
         WHERE status IN ('ringing', 'active') ORDER BY id",
        millis("created_ms", "created_at", dialect),
        millis("started_ms", "started_at", dialect)
    )
}

async fn open_seats(conn: &mut Conn) -> Result<HashMap<i64, Vec<Present>>, sqlx::Error> {
    let since = millis("p.joined_ms", "p.joined_at", conn.dialect());
    let sql = format!(
        "SELECT p.group_call_id, p.user_id, {since}, p.device_id FROM wo_group_call_participants p \
         JOIN wo_group_calls c ON c.id = p.group_call_id \
         WHERE c.status IN ('ringing', 'active') AND p.left_at IS NULL ORDER BY p.id"
    );
    let mut seats: HashMap<i64, Vec<Present>> = HashMap::new();
    for row in conn.fetch(sql, &[]).await? {
        let seat = || {
            let present = Present { user: user(&row, 1)?, device: device(&row, 3), since: moment(&row, 2)? };
            Some((row.int(0)?, present))
        };
        let Some((call, present)) = seat() else { continue };
        let seats = seats.entry(call).or_default();
        // Tables from before may hold one person twice.
        if !seats.iter().any(|known| known.user == present.user) {
            seats.push(present);
        }
    }
    Ok(seats)
}

fn pair(row: &Row) -> Result<OpenCall, &'static str> {
    let created = moment(row, 7).ok_or("created_at")?;
    let is_connected = row.text(4).as_deref() == Some("connected");
    Ok(OpenCall::OneToOne {
        call: call_id(row).ok_or("id")?,
        from: user(row, 1).ok_or("from_id")?,
        to: user(row, 2).ok_or("to_id")?,
        call_type: call_type(row, 3).ok_or("call_type")?,
        room: room(row, 5).ok_or("room_name")?,
        offer: row.text(6).and_then(|offer| description(&offer)),
        created,
        expires: moment(row, 8).unwrap_or(UnixMillis(created.0 + RING)),
        accepted: is_connected.then(|| moment(row, 9).unwrap_or(created)),
        devices: (device(row, 10), device(row, 11)),
    })
}

fn group(row: &Row, participants: Vec<Present>) -> Result<OpenCall, &'static str> {
    let created = moment(row, 6).ok_or("created_at")?;
    let is_active = row.text(4).as_deref() == Some("active");
    Ok(OpenCall::Group {
        call: call_id(row).ok_or("id")?,
        group: row.int(1).and_then(|id| GroupId::new(id.try_into().ok()?).ok()).ok_or("group_id")?,
        by: user(row, 2).ok_or("initiated_by")?,
        call_type: call_type(row, 3).ok_or("call_type")?,
        room: room(row, 5).ok_or("room_name")?,
        created,
        expires: moment(row, 7).unwrap_or(UnixMillis(created.0 + RING)),
        active: is_active.then(|| moment(row, 8).unwrap_or(created)),
        participants,
    })
}

fn malformed(table: &'static str, row: &Row, column: &'static str) -> MalformedRow {
    MalformedRow { table, id: row.int(0).unwrap_or_default(), column }
}

/// Older handlers wrote the bare SDP text where newer ones write JSON.
fn description(stored: &str) -> Option<Sdp> {
    Sdp::from_json(stored).ok().or_else(|| Sdp::from_json(&serde_json::to_string(stored).ok()?).ok())
}

fn device(row: &Row, column: usize) -> Option<DeviceId> {
    DeviceId::new(&row.text(column)?).ok()
}

pub(super) fn call_id(row: &Row) -> Option<CallId> {
    CallId::new(row.int(0)?.try_into().ok()?).ok()
}

pub(super) fn user(row: &Row, column: usize) -> Option<UserId> {
    UserId::new(row.int(column)?.try_into().ok()?).ok()
}

pub(super) fn moment(row: &Row, column: usize) -> Option<UnixMillis> {
    row.int(column)?.try_into().ok().map(UnixMillis)
}

pub(super) fn call_type(row: &Row, column: usize) -> Option<CallType> {
    match row.text(column)?.as_str() {
        "audio" => Some(CallType::Audio),
        "video" => Some(CallType::Video),
        _ => None,
    }
}

pub(super) fn room(row: &Row, column: usize) -> Option<RoomName> {
    RoomName::new(stored_room(&row.text(column)?)).ok()
}
