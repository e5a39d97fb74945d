//! The calls of one user, newest first, page by page.
//!
//! Ids grow as calls begin, so each kind of call is read in the order of its ids, by an index; the two are merged by
//! time. A cursor holds a place in each, so pages have no gap and no double, whatever is written in between.
use super::{
    Directory, QueryError, Store,
    conn::{Conn, Row, Value},
    restart::{call_id, call_type, millis, moment, room, user},
};
use crate::calls::Profile;
use calls_protocol::{CallId, CallType, GroupId, RoomName, Seconds, UnixMillis, UserId};
use std::{fmt, str::FromStr, sync::Arc};

/// One page.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// Where the next page begins; none at the end.
    pub next: Option<HistoryCursor>,
}

/// A place between two pages. Its text is for the client to hand back, not to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryCursor {
    /// 1-1 calls go on below this id.
    calls: u64,
    /// Group calls go on below this id.
    groups: u64,
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this server")]
pub struct CursorError;

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.calls, self.groups)
    }
}

impl FromStr for HistoryCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (calls, groups) = text.split_once('.').ok_or(CursorError)?;
        // What the database takes for an id.
        let id = |text: &str| text.parse().ok().filter(|id| *id <= i64::MAX as u64).ok_or(CursorError);
        Ok(Self { calls: id(calls)?, groups: id(groups)? })
    }
}

/// One call as its user sees it.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// Its row in `wo_calls`, or in `wo_group_calls` if `other` is a group.
    pub call: CallId,
    /// With whom.
    pub other: Other,
    /// Who called.
    pub direction: Direction,
    /// The word in the database: `ended`, `missed`, `rejected`, `ringing`, `connected`, `active`.
    pub status: String,
    /// The finer word, if there is one.
    pub end_reason: Option<String>,
    /// Sound, or sound and picture.
    pub call_type: CallType,
    /// Its room.
    pub room: RoomName,
    /// When it began to ring.
    pub started: UnixMillis,
    /// From accept to end, if it was answered and is over.
    pub duration: Option<Seconds>,
}

/// The other side of a call.
#[derive(Debug, Clone)]
pub enum Other {
    /// A person.
    User {
        /// Who.
        id: UserId,
        /// How they are shown.
        profile: Arc<Profile>,
    },
    /// A group.
    Group {
        /// Which.
        id: GroupId,
        /// Its name.
        name: String,
    },
}

/// Who called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody called the user.
    Incoming,
    /// The user called.
    Outgoing,
}

impl Direction {
    /// `incoming` or `outgoing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }
}

/// More than a screen shows, less than a client could use to read the whole table at once.
const MOST: usize = 100;

/// What was read, and where to go on if there may be more.
type Walk = (Vec<Found>, Option<u64>);

/// One row before names are known.
struct Found {
    entry: HistoryEntry,
    is_group: bool,
}

impl Store {
    /// A page of the user's 1-1 calls and of the group calls they started or were in. At most 100 entries.
    pub async fn history(
        &self,
        directory: &Directory,
        of: UserId,
        before: Option<HistoryCursor>,
        limit: usize,
    ) -> Result<History, QueryError> {
        let limit = limit.clamp(1, MOST);
        let mut cursor = before.unwrap_or(HistoryCursor { calls: i64::MAX as u64, groups: i64::MAX as u64 });
        let Some(mut conn) = self.reader().await? else { return Ok(History::default()) };
        // One more than asked tells whether there is a next page.
        let (pairs, pairs_end) = pairs(&mut conn, of, cursor.calls, limit + 1).await?;
        let (groups, groups_end) = groups(&mut conn, of, cursor.groups, limit + 1).await?;
        drop(conn);
        let (mut pairs, mut groups) = (pairs.into_iter().peekable(), groups.into_iter().peekable());
        let mut page = Vec::with_capacity(limit);
        while page.len() < limit {
            let take_group = match (pairs.peek(), groups.peek()) {
                (None, None) => break,
                (Some(pair), Some(group)) => group.entry.started > pair.entry.started,
                (None, Some(_)) => true,
                (Some(_), None) => false,
            };
            let next = if take_group { groups.next() } else { pairs.next() };
            let Some(found) = next else { break };
            if found.is_group {
                cursor.groups = found.entry.call.get();
            } else {
                cursor.calls = found.entry.call.get();
            }
            page.push(found.entry);
        }
        let mut has_more = pairs.peek().is_some() || groups.peek().is_some();
        // Rows that make no sense are passed over, and the walk goes on below them.
        if let (None, Some(end)) = (pairs.peek(), pairs_end) {
            (cursor.calls, has_more) = (end, true);
        }
        if let (None, Some(end)) = (groups.peek(), groups_end) {
            (cursor.groups, has_more) = (end, true);
        }
        directory.name_others(&mut page).await;
        Ok(History { entries: page, next: has_more.then_some(cursor) })
    }
}

async fn pairs(conn: &mut Conn, of: UserId, below: u64, limit: usize) -> Result<Walk, sqlx::Error> {
    let started = millis("created_ms", "created_at", conn.dialect());
    let columns = format!(
        "id, from_id, to_id, call_type, status, room_name, {started} AS started, duration, end_reason"
    );
    // Two walks down an index each, instead of one that uses none. Nobody calls themselves, so no row is in both.
    let side = |mine: &str| {
        format!(
            "SELECT * FROM (SELECT {columns} FROM wo_calls WHERE {mine} = ? AND id < ? ORDER BY id DESC LIMIT {limit}) \
             AS side_{mine}"
        )
    };
    let sql = format!("{} UNION {} ORDER BY id DESC LIMIT {limit}", side("from_id"), side("to_id"));
    let values: [Value<'_>; 4] = [of.get().into(), below.into(), of.get().into(), below.into()];
    let rows = conn.fetch(sql, &values).await?;
    let found = rows.iter().filter_map(|row| {
        let (from, to) = (user(row, 1)?, user(row, 2)?);
        let (direction, other) =
            if from == of { (Direction::Outgoing, to) } else { (Direction::Incoming, from) };
        let profile = Arc::new(Profile { name: String::new(), avatar: None });
        let entry = HistoryEntry {
            call: call_id(row)?,
            other: Other::User { id: other, profile },
            direction,
            call_type: call_type(row, 3)?,
            status: row.text(4)?,
            room: room(row, 5)?,
            started: moment(row, 6)?,
            duration: row.int(7).and_then(|seconds| seconds.try_into().ok()).map(Seconds),
            end_reason: row.text(8),
        };
        Some(Found { entry, is_group: false })
    });
    Ok((found.collect(), end(&rows, limit)))
}

async fn groups(conn: &mut Conn, of: UserId, below: u64, limit: usize) -> Result<Walk, sqlx::Error> {
    let started = millis("created_ms", "created_at", conn.dialect());
    let sql = format!(
        "SELECT id, group_id, initiated_by, call_type, status, room_name, {started} AS started, duration, end_reason \
         FROM wo_group_calls WHERE id IN (SELECT id FROM (\
         SELECT DISTINCT group_call_id AS id FROM wo_group_call_participants WHERE user_id = ? AND group_call_id < ? \
         ORDER BY group_call_id DESC LIMIT {limit}) AS was_in \
         UNION SELECT id FROM (SELECT id FROM wo_group_calls WHERE initiated_by = ? AND id < ? \
         ORDER BY id DESC LIMIT {limit}) AS began) ORDER BY id DESC LIMIT {limit}"
    );
    let values: [Value<'_>; 4] = [of.get().into(), below.into(), of.get().into(), below.into()];
    let rows = conn.fetch(sql, &values).await?;
    let found = rows.iter().filter_map(|row| {
        let by = user(row, 2)?;
        let group = GroupId::new(row.int(1)?.try_into().ok()?).ok()?;
        let entry = HistoryEntry {
            call: call_id(row)?,
            other: Other::Group { id: group, name: String::new() },
            direction: if by == of { Direction::Outgoing } else { Direction::Incoming },
            call_type: call_type(row, 3)?,
            status: row.text(4)?,
            room: room(row, 5)?,
            started: moment(row, 6)?,
            duration: row.int(7).and_then(|seconds| seconds.try_into().ok()).map(Seconds),
            end_reason: row.text(8),
        };
        Some(Found { entry, is_group: true })
    });
    Ok((found.collect(), end(&rows, limit)))
}

/// The last id, if the database gave as many rows as were asked for.
fn end(rows: &[Row], limit: usize) -> Option<u64> {
    rows.last().filter(|_| rows.len() == limit)?.int(0)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_text_and_nonsense_is_refused() {
        let cursor = HistoryCursor { calls: 12, groups: 9 };

        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "1", "1.", ".1", "a.b", "1.2.3", "-1.2", "99999999999999999999.1"] {
            assert_eq!(text.parse::<HistoryCursor>(), Err(CursorError), "{text}");
        }
    }
}
