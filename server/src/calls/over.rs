//! Calls that ended a moment ago: late messages about them get a true answer, and whoever was away hears the end.
use super::{Action, CallSettings, SocketId, people::People, room::after};
use calls_protocol::{ErrorCode, EventId, Refusal, RoomName, Seconds, ServerEvent, UnixMillis, UserId};
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
    /// The last event of those who had no socket to hear it.
    pub(super) unheard: Vec<(UserId, EventId, Arc<ServerEvent>)>,
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

    pub(super) fn tell_unheard(
        &mut self,
        user: UserId,
        to: SocketId,
        after: Option<EventId>,
        out: &mut Vec<Action>,
    ) {
        self.unheard.retain(|(who, id, event)| {
            if *who != user {
                return true;
            }
            if after.is_none_or(|after| after < *id) {
                out.push(Action::Send { to, event: event.clone(), id: Some(*id) });
            }
            false
        });
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
        for (user, _, _) in &over.unheard {
            people.missed_the_end(*user, &name);
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
            for (user, _, _) in &over.unheard {
                people.heard(*user, &name);
            }
        }
    }
}
