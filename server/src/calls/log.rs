//! What a room told whom, so that a device that was away hears it once, in order.
use super::{Action, SocketId};
use calls_protocol::{EventId, ServerEvent, UnixMillis, UserId};
use std::{collections::VecDeque, sync::Arc};

/// Older events than these are dropped; the room's state, which a resume answers with, covers what they said.
const LONGEST: usize = 1024;

/// For whom an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// One user.
    Only(UserId),
    /// Everyone in the room but one.
    AllBut(UserId),
}

impl Audience {
    fn includes(self, user: UserId) -> bool {
        match self {
            Self::Only(one) => one == user,
            Self::AllBut(one) => one != user,
        }
    }
}

/// The events of one room, numbered.
#[derive(Debug, Clone)]
pub(super) struct Log {
    entries: VecDeque<(EventId, Audience, Arc<ServerEvent>)>,
    last: u64,
}

impl Log {
    /// Ids start at the time of day in milliseconds, so that they keep growing when a room comes back after a restart.
    pub(super) fn new(now: UnixMillis) -> Self {
        Self { entries: VecDeque::new(), last: now.0.max(1) }
    }

    /// The id of the latest event.
    pub(super) fn last(&self) -> EventId {
        EventId::new(self.last).expect("a moment in milliseconds is far below 2^53")
    }

    /// An id before every event: whoever was part of the room from the start may hear all of it.
    pub(super) fn first(&self) -> EventId {
        EventId::new(1).expect("one is an id")
    }

    pub(super) fn add(&mut self, audience: Audience, event: Arc<ServerEvent>) -> EventId {
        self.last += 1;
        let id = self.last();
        if self.entries.len() == LONGEST {
            self.entries.pop_front();
        }
        self.entries.push_back((id, audience, event));
        id
    }

    /// Sends what rings for somebody who is not in the room: what was for them alone, and nothing of the others.
    pub(super) fn replay_to_invited(&self, user: UserId, to: SocketId, out: &mut Vec<Action>) {
        for (id, audience, event) in &self.entries {
            if *audience == Audience::Only(user) {
                out.push(Action::Send { to, event: event.clone(), id: Some(*id) });
            }
        }
    }

    /// Sends what was for `user` after one event and, if there is one, up to another.
    pub(super) fn replay(
        &self,
        user: UserId,
        after: EventId,
        until: Option<EventId>,
        to: SocketId,
        out: &mut Vec<Action>,
    ) {
        let start = self.entries.partition_point(|(id, _, _)| *id <= after);
        let end =
            until.map_or(self.entries.len(), |until| self.entries.partition_point(|(id, _, _)| *id <= until));
        for (id, audience, event) in self.entries.range(start..end.max(start)) {
            if audience.includes(user) {
                out.push(Action::Send { to, event: event.clone(), id: Some(*id) });
            }
        }
    }

    /// How `user` was told that it is over.
    pub(super) fn end_for(&self, user: UserId) -> Option<(EventId, Arc<ServerEvent>)> {
        let ends = |event: &ServerEvent| matches!(event, ServerEvent::Ended(_) | ServerEvent::Rejected(_));
        let mut latest = self.entries.iter().rev();
        let found = latest.find(|(_, audience, event)| *audience == Audience::Only(user) && ends(event));
        found.map(|(id, _, event)| (*id, event.clone()))
    }

    /// Every event that was for `user` alone.
    pub(super) fn all_for(&self, user: UserId) -> impl Iterator<Item = &Arc<ServerEvent>> {
        self.entries
            .iter()
            .filter(move |(_, audience, _)| *audience == Audience::Only(user))
            .map(|(_, _, event)| event)
    }
}
