//! What a room told whom, so that a device that was away hears it once, in order.
use super::{Action, SocketId};
use calls_protocol::{EventId, ServerEvent, UnixMillis, UserId};
use std::{collections::VecDeque, sync::Arc};

/// Older events than these are dropped. A device that was away for longer than that learns from the room's state who is
/// there; descriptions and candidates it missed are made up for by an ICE restart, which it does anyway.
const LONGEST: usize = 1024;

/// What one log may weigh: nobody fills the memory by talking to a lost device, and all of it fits into the outbox of one
/// that comes back, several times.
const HEAVIEST: usize = 512 * 1024;

/// The same while all logs together are heavy: a whole call's worth, if it is an honest one.
const HEAVIEST_OF_MANY: usize = 64 * 1024;

/// The same while it rings: each call that rings is told to a device that comes late, and all of them have to fit.
pub(super) const HEAVIEST_RINGING: usize = 48 * 1024;

/// What an event weighs besides what clients wrote in it.
const ENVELOPE: usize = 256;

/// What all logs together may weigh before each has to be short.
const ALL_HEAVY: usize = 256 * 1024 * 1024;

/// How much a log may hold.
pub(super) fn heaviest(all: usize) -> usize {
    if all < ALL_HEAVY { HEAVIEST } else { HEAVIEST_OF_MANY }
}

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
    /// What rings and for whom; never dropped, since it still has to ring for who comes late.
    rings: Vec<(EventId, UserId, Arc<ServerEvent>)>,
    last: u64,
    weight: usize,
}

impl Log {
    /// Ids start at the time of day in milliseconds, so that they keep growing when a room comes back after a restart,
    /// and after those of every room before, so that they do when its name is used again at once.
    pub(super) fn new(now: UnixMillis, before: u64) -> Self {
        Self { entries: VecDeque::new(), rings: Vec::new(), last: now.0.max(before).max(1), weight: 0 }
    }

    /// The id of the latest event.
    pub(super) fn last(&self) -> EventId {
        EventId::new(self.last).expect("a moment in milliseconds is far below 2^53")
    }

    /// An id before every event: whoever was part of the room from the start may hear all of it.
    pub(super) fn first(&self) -> EventId {
        EventId::new(1).expect("one is an id")
    }

    /// What it weighs.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    pub(super) fn add(&mut self, audience: Audience, event: Arc<ServerEvent>, heaviest: usize) -> EventId {
        self.last += 1;
        let id = self.last();
        if let (Audience::Only(user), ServerEvent::Incoming(_) | ServerEvent::GroupIncoming(_)) =
            (audience, &*event)
        {
            self.rings.push((id, user, event));
            return id;
        }
        self.weight += weight(&event);
        self.entries.push_back((id, audience, event));
        // The latest stays, however heavy.
        while self.entries.len() > LONGEST || self.weight > heaviest && self.entries.len() > 1 {
            if let Some((_, _, dropped)) = self.entries.pop_front() {
                self.weight -= weight(&dropped);
            }
        }
        id
    }

    /// Sends what rings for somebody who is not in the room: what was for them alone, and nothing of the others.
    pub(super) fn replay_to_invited(&self, user: UserId, to: SocketId, out: &mut Vec<Action>) {
        for (id, _, event) in self.rings.iter().filter(|(_, whom, _)| *whom == user) {
            out.push(Action::Send { to, event: event.clone(), id: Some(*id) });
        }
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
        let is_missed = |id: &EventId| *id > after && until.is_none_or(|until| *id <= until);
        for (id, _, event) in self.rings.iter().filter(|(id, whom, _)| *whom == user && is_missed(id)) {
            out.push(Action::Send { to, event: event.clone(), id: Some(*id) });
        }
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

    /// What the offers weigh that `user` was told with a ring.
    pub(super) fn offered_to(&self, user: UserId) -> usize {
        let weigh = |event: &Arc<ServerEvent>| match &**event {
            ServerEvent::Incoming(incoming) => incoming.sdp_offer.as_json().len(),
            _ => 0,
        };
        self.rings_for(user).map(weigh).sum()
    }

    /// What rings for `user`, as they were told of it.
    pub(super) fn rings_for(&self, user: UserId) -> impl Iterator<Item = &Arc<ServerEvent>> {
        self.rings.iter().filter(move |(_, whom, _)| *whom == user).map(|(_, _, event)| event)
    }
}

/// How much of the memory an event takes, about: what clients wrote, and an envelope.
fn weight(event: &ServerEvent) -> usize {
    let sdp = |sdp: &Option<calls_protocol::Sdp>| sdp.as_ref().map_or(0, |sdp| sdp.as_json().len());
    ENVELOPE
        + match event {
            ServerEvent::IceCandidate(candidate) => candidate.candidate.as_json().len(),
            ServerEvent::Renegotiate(message) => sdp(&message.sdp_offer) + sdp(&message.sdp_answer),
            ServerEvent::Answer(answer) => answer.sdp_answer.as_json().len(),
            ServerEvent::Chat(message) => message.text.len() + message.user_name.len(),
            ServerEvent::Waiting(list) => list.waiting.len() * ENVELOPE,
            _ => 0,
        }
}
