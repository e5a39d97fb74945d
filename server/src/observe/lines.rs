//! What happens to calls, as the documents print it: `[CALLS] Call initiated: 123 -> 456 (video)`.
use crate::calls::Note;
use calls_protocol::RejectReason;
use std::fmt::{self, Display};
use tracing::info;

/// The target of these lines, for `log_level` and for whoever reads JSON.
pub const CALLS_TARGET: &str = "calls";

/// The line of a note. Scripts that read the log of the Node handler find every line as it was, so "1 devices" stays.
pub fn line(note: &Note) -> impl Display + '_ {
    Line(note)
}

struct Line<'a>(&'a Note);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[CALLS] ")?;
        match self.0 {
            Note::Registered(user) => write!(f, "User registered for calls: {user}"),
            Note::Initiated { from, to, call_type } => {
                write!(f, "Call initiated: {from} -> {to} ({call_type})")
            }
            Note::GroupInitiated { from, group, call_type } => {
                write!(f, "Group call initiated: {from} -> group {group} ({call_type})")
            }
            Note::Rang { user, devices } => {
                write!(f, "Incoming call sent to user {user} ({devices} devices)")
            }
            Note::Accepted { room, user, after: _ } => write!(f, "Call accepted: {room} by user {user}"),
            Note::AnswerSent(user) => write!(f, "Answer sent to initiator {user}"),
            Note::Rejected { room, user, reason } => {
                write!(f, "Call rejected: {room} by user {user} ({})", word(*reason))
            }
            Note::Joined { room, user } => write!(f, "User joined: {user} in {room}"),
            Note::Left { room, user } => write!(f, "User left: {user} in {room}"),
            Note::Ended { room, by: Some(by), reason } => {
                write!(f, "Call ended: {room} by {by} ({reason})")
            }
            Note::Ended { room, by: None, reason } => {
                write!(f, "Call ended: {room} by server ({reason})")
            }
        }
    }
}

/// Logs a note: the line for people, and fields for machines.
pub fn log_note(note: &Note) {
    macro_rules! say {
        ($event:literal $(, $field:ident = $value:expr)*) => {
            info!(target: CALLS_TARGET, event = $event $(, $field = $value)*, "{}", Line(note))
        };
    }
    match note {
        Note::Registered(user) => say!("registered", user = user.get()),
        Note::Initiated { from, to, call_type } => {
            say!("initiated", from = from.get(), to = to.get(), call_type = call_type.as_str());
        }
        Note::GroupInitiated { from, group, call_type } => {
            say!("group_initiated", from = from.get(), group = group.get(), call_type = call_type.as_str());
        }
        Note::Rang { user, devices } => say!("rang", user = user.get(), devices = *devices),
        Note::Accepted { room, user, after } => {
            say!("accepted", room = room.as_str(), user = user.get(), after_ms = after.as_millis() as u64);
        }
        Note::AnswerSent(user) => say!("answer_sent", user = user.get()),
        Note::Rejected { room, user, reason } => {
            say!("rejected", room = room.as_str(), user = user.get(), reason = word(*reason));
        }
        Note::Joined { room, user } => say!("joined", room = room.as_str(), user = user.get()),
        Note::Left { room, user } => say!("left", room = room.as_str(), user = user.get()),
        Note::Ended { room, by, reason } => {
            say!("ended", room = room.as_str(), by = by.map(|by| by.get()), reason = *reason);
        }
    }
}

/// The word on the wire.
pub(super) fn word(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::Declined => "declined",
        RejectReason::Busy => "busy",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use calls_protocol::{CallType, GroupId, RoomName, UserId};
    use std::time::Duration;

    /// One of each, with the line it makes.
    pub(crate) fn one_of_each() -> Vec<(Note, &'static str)> {
        let user = |id| UserId::new(id).unwrap();
        let room = || RoomName::new("room_123_456_1638360000").unwrap();
        let video = CallType::Video;
        vec![
            (Note::Registered(user(123)), "[CALLS] User registered for calls: 123"),
            (
                Note::Initiated { from: user(123), to: user(456), call_type: video },
                "[CALLS] Call initiated: 123 -> 456 (video)",
            ),
            (
                Note::GroupInitiated { from: user(123), group: GroupId::new(789).unwrap(), call_type: video },
                "[CALLS] Group call initiated: 123 -> group 789 (video)",
            ),
            (
                Note::Rang { user: user(456), devices: 2 },
                "[CALLS] Incoming call sent to user 456 (2 devices)",
            ),
            (
                Note::Accepted { room: room(), user: user(456), after: Duration::from_millis(2500) },
                "[CALLS] Call accepted: room_123_456_1638360000 by user 456",
            ),
            (Note::AnswerSent(user(123)), "[CALLS] Answer sent to initiator 123"),
            (
                Note::Rejected { room: room(), user: user(456), reason: RejectReason::Busy },
                "[CALLS] Call rejected: room_123_456_1638360000 by user 456 (busy)",
            ),
            (
                Note::Joined { room: room(), user: user(9) },
                "[CALLS] User joined: 9 in room_123_456_1638360000",
            ),
            (Note::Left { room: room(), user: user(9) }, "[CALLS] User left: 9 in room_123_456_1638360000"),
            (
                Note::Ended { room: room(), by: Some(user(123)), reason: "completed" },
                "[CALLS] Call ended: room_123_456_1638360000 by 123 (completed)",
            ),
            (
                Note::Ended { room: room(), by: None, reason: "timeout" },
                "[CALLS] Call ended: room_123_456_1638360000 by server (timeout)",
            ),
        ]
    }

    #[test]
    fn every_note_makes_the_line_that_the_documents_print() {
        for (note, expected) in one_of_each() {
            assert_eq!(line(&note).to_string(), expected);
        }
    }
}
