//! Calls that ended a moment ago: late messages about them get a true answer, and whoever was away hears the end.
use super::{Action, CallSettings, SocketId, people::People, room::after};
use calls_protocol::{
    DeviceId, ErrorCode, EventId, Refusal, RoomName, Seconds, ServerEvent, UnixMillis, UserId,
};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// At most this many are remembered; a flood of short calls forgets the oldest.
const MOST: usize = 200_000;

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Answered, then over.
    HungUp,
    /// The caller gave up.
    Cancelled,
    /// Nobody answered in time.
    TimedOut,
    /// The callee said no.
    Rejected { by: UserId },
    /// Somebody was away too long.
    Lost,
    /// It never rang.
    Refused { caller: UserId, refusal: Refusal },
    /// Both called each other; the other call goes on.
    Replaced { by: RoomName },
}

/// What is remembered of a call.
#[derive(Debug, Clone)]
pub(super) struct Over {
    pub(super) outcome: Outcome,
    pub(super) parties: Vec<UserId>,
    pub(super) duration: Seconds,
    /// How those who had no socket at the end are told of it.
    pub(super) unheard: Vec<Unheard>,
}

/// The end, for somebody who was away.
#[derive(Debug, Clone)]
pub(super) struct Unheard {
    pub(super) user: UserId,
    /// Whose seat it was; nobody else's ears will do. None if the app has no device id, or nobody had answered.
    pub(super) device: Option<DeviceId>,
    pub(super) id: EventId,
    pub(super) event: Arc<ServerEvent>,
}

impl Over {
    pub(super) fn concerns(&self, user: UserId) -> bool {
        self.parties.contains(&user)
    }

    /// What a late message about it is told.
    pub(super) fn refusal(&self, user: UserId) -> Refusal {
        match &self.outcome {
            Outcome::HungUp => Refusal::new(ErrorCode::Expired, "the call is over"),
            Outcome::Cancelled => {
                Refusal::new(ErrorCode::Expired, "the caller hung up before it was answered")
            }
            Outcome::TimedOut => Refusal::new(ErrorCode::Expired, "the call stopped ringing"),
            Outcome::Rejected { by } if *by == user => {
                Refusal::new(ErrorCode::AlreadyAnswered, "one of your devices declined the call already")
            }
            Outcome::Rejected { .. } => Refusal::new(ErrorCode::Expired, "the call was declined"),
            Outcome::Lost => {
                Refusal::new(ErrorCode::Expired, "the call was lost: somebody was away for too long")
            }
            Outcome::Refused { refusal, .. } => refusal.clone(),
            Outcome::Replaced { by } => Refusal::new(
                ErrorCode::Expired,
                format!("you called each other at once: the call goes on as {by}"),
            ),
        }
    }

    /// Tells a device that was away how it ended, once. Returns whether somebody of its user has yet to hear it.
    pub(super) fn tell_unheard(
        &mut self,
        (user, device): (UserId, Option<&DeviceId>),
        to: SocketId,
        after: Option<EventId>,
        out: &mut Vec<Action>,
    ) -> bool {
        self.unheard.retain(|unheard| {
            let concerned = unheard.device.is_none() || unheard.device.as_ref() == device;
            if unheard.user != user || !concerned {
                return true;
            }
            // The end is the last event of its room: any other id is an earlier one, or one of another room.
            if after != Some(unheard.id) {
                out.push(Action::Send { to, event: unheard.event.clone(), id: Some(unheard.id) });
            }
            false
        });
        self.unheard.iter().any(|unheard| unheard.user == user)
    }
}

/// The calls that ended lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Overs {
    rooms: HashMap<RoomName, Over>,
    /// In the order of their end, which is the order of forgetting.
    queue: VecDeque<(UnixMillis, RoomName)>,
}

impl Overs {
    pub(super) fn deadline(&self) -> Option<UnixMillis> {
        self.queue.front().map(|(at, _)| *at)
    }

    /// How long each is still remembered, oldest first.
    pub(super) fn iter(&self, now: UnixMillis) -> impl Iterator<Item = (u64, &RoomName, &Over)> {
        let remembered = self.queue.iter().filter_map(|(at, name)| Some((at, name, self.rooms.get(name)?)));
        remembered.map(move |(at, name, over)| (at.0.saturating_sub(now.0), name, over))
    }

    pub(super) fn get(&self, name: &RoomName) -> Option<&Over> {
        self.rooms.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &RoomName) -> Option<&mut Over> {
        self.rooms.get_mut(name)
    }

    pub(super) fn add(
        &mut self,
        now: UnixMillis,
        settings: &CallSettings,
        name: RoomName,
        over: Over,
        people: &mut People,
    ) {
        if self.rooms.len() >= MOST {
            self.forget_oldest(people);
        }
        for unheard in &over.unheard {
            people.missed_the_end(unheard.user, &name);
        }
        self.queue.push_back((after(now, settings.remember), name.clone()));
        self.rooms.insert(name, over);
    }

    pub(super) fn purge(&mut self, now: UnixMillis, people: &mut People) {
        while self.queue.front().is_some_and(|(at, _)| *at <= now) {
            self.forget_oldest(people);
        }
    }

    fn forget_oldest(&mut self, people: &mut People) {
        if let Some((_, name)) = self.queue.pop_front()
            && let Some(over) = self.rooms.remove(&name)
        {
            for unheard in &over.unheard {
                people.heard(unheard.user, &name);
            }
        }
    }
}
