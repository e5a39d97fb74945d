//! A group call or an open room: any number of people, joining and leaving on their own.
use super::{
    Action, Cx, Note, Push, Record, Reply, SocketId,
    door::{Door, Wish},
    forward::Sender,
    over::{Outcome, Over},
    people::Often,
    refuse,
    room::{Room, Seat, Shape, seconds_between},
    way::{MediaSide, Occasion, Way},
};
use calls_protocol::{
    Ack, Ended, EndedAck, EndedReason, ErrorCode, EventId, GroupId, LeftCall, RejectReason, Rejected,
    Seconds, ServerEvent, UnixMillis, UserId, UserInCall,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A call of many.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    pub(super) origin: Origin,
    pub(super) created: UnixMillis,
    pub(super) phase: CrowdPhase,
    /// In the order in which they came.
    pub(super) members: Vec<Member>,
    /// Who was away for too long, or was removed meanwhile, for when they ask.
    pub(super) removed: Vec<Removed>,
    /// Who decides for the others: the initiator or whoever opened it, then whoever is in it longest.
    pub(super) host: Option<UserId>,
    /// What the host decided lately.
    pub(super) decisions: Often,
    pub(super) door: Door,
    pub(super) way: Way,
    /// What had been told when everyone was last told the whole state.
    pub(super) state_told: Option<EventId>,
}

/// Somebody whose seat was given up, and how they are told.
#[derive(Debug, Clone)]
pub(super) struct Removed {
    user: UserId,
    id: EventId,
    ended: Arc<ServerEvent>,
    told: Option<SocketId>,
}

/// Where it comes from, which says who may come in.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// A group of the messenger: its members.
    Group { group: GroupId, by: UserId, invites: BTreeMap<UserId, Invite> },
    /// A room opened by its name: whoever the room's policy lets in.
    Open,
}

/// What became of the ringing at one member's devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invite {
    /// It rings.
    Ringing,
    /// They came in, at least once.
    Joined,
    /// They said no; they may still come in.
    Declined,
    /// They did not answer; they may still come in.
    Missed,
}

/// Where the call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CrowdPhase {
    /// Nobody but the initiator is in it. Without an end it rings no more, but somebody waits to be let in.
    Ringing { expires: Option<UnixMillis> },
    /// Two were in it together; members who were not there yet may still be rung.
    Active { since: UnixMillis, rings_until: Option<UnixMillis> },
}

/// Somebody in the room.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) user: UserId,
    pub(super) seat: Seat,
    pub(super) sender: Sender,
    pub(super) media: MediaSide,
}

impl Member {
    pub(super) fn new(user: UserId, seat: Seat, sender: Sender) -> Self {
        Self { user, seat, sender, media: MediaSide::default() }
    }
}

impl Crowd {
    /// A room whose door stands open; `members` are already in it, `host` decides.
    pub(super) fn new(
        origin: Origin,
        created: UnixMillis,
        phase: CrowdPhase,
        members: Vec<Member>,
        host: Option<UserId>,
    ) -> Self {
        let known = members.iter().map(|member| member.user).collect();
        Self {
            origin,
            created,
            phase,
            members,
            removed: Vec::new(),
            host,
            decisions: Often::default(),
            door: Door { known, ..Door::default() },
            way: Way::FIRST,
            state_told: None,
        }
    }

    pub(super) fn group_id(&self) -> Option<GroupId> {
        match &self.origin {
            Origin::Group { group, .. } => Some(*group),
            Origin::Open => None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.origin, Origin::Open)
    }

    pub(super) fn is_ringing(&self) -> bool {
        matches!(self.phase, CrowdPhase::Ringing { .. })
    }

    pub(super) fn rings_until(&self) -> Option<UnixMillis> {
        match self.phase {
            CrowdPhase::Ringing { expires } => expires,
            CrowdPhase::Active { rings_until, .. } => rings_until,
        }
    }

    pub(super) fn started_at(&self) -> Option<UnixMillis> {
        match self.phase {
            CrowdPhase::Ringing { .. } => None,
            CrowdPhase::Active { since, .. } => Some(since),
        }
    }

    pub(super) fn member(&self, user: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.user == user)
    }

    pub(super) fn member_mut(&mut self, user: UserId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.user == user)
    }

    pub(super) fn concerns(&self, user: UserId) -> bool {
        self.member(user).is_some() || self.invite(user).is_some()
    }

    pub(super) fn invite(&self, user: UserId) -> Option<Invite> {
        match &self.origin {
            Origin::Group { invites, .. } => invites.get(&user).copied(),
            Origin::Open => None,
        }
    }

    /// If the host has left, whoever is in it longest decides from now on. Returns who that is.
    fn pass_on_host(&mut self, left: UserId) -> Option<UserId> {
        if self.host != Some(left) {
            return None;
        }
        self.host = self.members.first().map(|member| member.user);
        self.host
    }

    /// What came of the ringing for somebody whom it rang.
    pub(super) fn answer_invite(&mut self, user: UserId, invite: Invite) {
        if self.invite(user).is_some() {
            self.set_invite(user, invite);
        }
    }

    fn set_invite(&mut self, user: UserId, invite: Invite) {
        if let Origin::Group { invites, .. } = &mut self.origin {
            invites.insert(user, invite);
        }
    }

    pub(super) fn still_ringing(&self) -> Vec<UserId> {
        match &self.origin {
            Origin::Group { invites, .. } => invites
                .iter()
                .filter(|(_, invite)| **invite == Invite::Ringing)
                .map(|(user, _)| *user)
                .collect(),
            Origin::Open => Vec::new(),
        }
    }

    pub(super) fn everyone(&self) -> Vec<UserId> {
        let mut all: Vec<UserId> = self.members.iter().map(|member| member.user).collect();
        all.extend(self.door.waiting.iter().map(|guest| guest.user));
        if let Origin::Group { invites, .. } = &self.origin {
            all.extend(invites.keys());
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Room {
    pub(super) fn crowd(&self) -> &Crowd {
        match &self.shape {
            Shape::Crowd(crowd) => crowd,
            Shape::Pair(_) => unreachable!("asked of rooms of many only"),
        }
    }

    pub(super) fn crowd_mut(&mut self) -> &mut Crowd {
        match &mut self.shape {
            Shape::Crowd(crowd) => crowd,
            Shape::Pair(_) => unreachable!("asked of rooms of many only"),
        }
    }

    fn in_call(&self, cx: &Cx<'_>, user: UserId, audio: bool, video: bool) -> UserInCall {
        let (user_name, avatar) = (cx.people.name(user), cx.people.avatar(user));
        UserInCall { room_name: self.name.clone(), user_id: user, user_name, avatar, audio, video }
    }

    /// Gives somebody a seat whom the door lets in.
    pub(super) fn come_in(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, wish: Wish) {
        let Wish { audio, video, offer } = wish;
        let audio = audio.unwrap_or(true);
        let video = video.unwrap_or(self.call_type == calls_protocol::CallType::Video);
        let device = cx.people.line(socket).and_then(|line| line.device.clone());
        let now = cx.now;
        let was_ringing_here = self.crowd().invite(user) == Some(Invite::Ringing);
        if was_ringing_here {
            self.tell_other_devices(cx, user, Some(socket), EndedReason::AnsweredElsewhere);
        }
        let seat = Seat::taken(socket, device.clone(), self.log.last());
        let crowd = self.crowd_mut();
        crowd.answer_invite(user, Invite::Joined);
        crowd.removed.retain(|removed| removed.user != user);
        crowd.members.iter_mut().for_each(|member| member.sender.forget_recipient(user));
        crowd.members.push(Member::new(user, seat, Sender::new(now, audio, video)));
        crowd.door.remember(user);
        crowd.host = crowd.host.or(Some(user));
        let rang = now.0.saturating_sub(crowd.created.0);
        let became_active = match crowd.phase {
            CrowdPhase::Ringing { expires } if crowd.members.len() >= 2 => {
                crowd.phase = CrowdPhase::Active { since: now, rings_until: expires };
                true
            }
            CrowdPhase::Ringing { .. } | CrowdPhase::Active { .. } => false,
        };
        cx.people.enter(user, &self.name);
        if let Some(call) = self.call {
            if became_active {
                cx.store(Record::GroupActive { call, at: now });
                let room = self.name.clone();
                cx.note(Note::Accepted { room, user, after: Duration::from_millis(rang) });
            }
            cx.store(Record::Joined { call, user, device, at: now });
        }
        cx.note(Note::Joined { room: self.name.clone(), user });
        self.stop_ringing_if_all_answered();
        let joined = self.in_call(cx, user, audio, video);
        self.tell_others(cx, user, ServerEvent::UserJoined(joined));
        self.choose_way(cx, Some(user));
        if let Some(offer) = offer {
            // A refusal would be a limit, and nobody reaches one by their first offer.
            drop(self.came_by_server(cx, user, offer, Occasion::Join));
        }
    }

    pub(super) fn stop_ringing_if_all_answered(&mut self) {
        let crowd = self.crowd_mut();
        if crowd.still_ringing().is_empty()
            && let CrowdPhase::Active { rings_until, .. } = &mut crowd.phase
        {
            *rings_until = None;
        }
    }

    pub(super) fn decline(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        reason: RejectReason,
    ) -> Reply {
        if self.stop_waiting(cx, user, None) {
            return Ok(Ack::Done);
        }
        match self.crowd().invite(user) {
            Some(Invite::Ringing) => {}
            Some(Invite::Declined) => return Ok(Ack::Done),
            Some(Invite::Joined) => {
                return refuse(
                    ErrorCode::AlreadyAnswered,
                    "you are in this call; leave it by call:leave_room",
                );
            }
            Some(Invite::Missed) => return refuse(ErrorCode::Expired, "the call stopped ringing here"),
            None => {
                return refuse(ErrorCode::Conflict, "you were not called; leave the room by call:leave_room");
            }
        }
        self.crowd_mut().set_invite(user, Invite::Declined);
        let elsewhere = match reason {
            RejectReason::Declined => EndedReason::DeclinedElsewhere,
            RejectReason::Busy => EndedReason::BusyElsewhere,
        };
        self.tell_other_devices(cx, user, Some(socket), elsewhere);
        let room_name = self.name.clone();
        cx.note(Note::Rejected { room: room_name.clone(), user, reason });
        self.tell_others(cx, user, ServerEvent::Rejected(Rejected { room_name, user_id: user, reason }));
        if self.crowd().is_hopeless() {
            // Everybody said no: the initiator need not wait for the clock.
            self.end_crowd(cx, EndedReason::Timeout, None);
        } else {
            self.stop_ringing_if_all_answered();
        }
        Ok(Ack::Done)
    }

    pub(super) fn leave(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId) -> Reply {
        if self.crowd().invite(user) == Some(Invite::Ringing) {
            // Hanging up before answering is a way to say no.
            let declined = self.decline(cx, socket, user, RejectReason::Declined);
            return declined.map(|_| Ack::Ended(EndedAck { duration: Seconds(0) }));
        }
        if self.stop_waiting(cx, user, None) {
            return Ok(Ack::Ended(EndedAck { duration: Seconds(0) }));
        }
        if self.seat(user).is_none() {
            // Gone already, or never in it: the wish is fulfilled either way.
            return Ok(Ack::Ended(EndedAck { duration: Seconds(0) }));
        }
        self.may_speak(cx, socket, user)?;
        let duration = self.remove(cx, user);
        Ok(Ack::Ended(EndedAck { duration }))
    }

    /// Takes a member out. The last one to leave ends it. Returns how long they were in it.
    pub(super) fn remove(&mut self, cx: &mut Cx<'_>, user: UserId) -> Seconds {
        self.let_go(cx, user);
        let crowd = self.crowd_mut();
        let Some(place) = crowd.members.iter().position(|member| member.user == user) else {
            return Seconds(0);
        };
        let gone = crowd.members.remove(place);
        let new_host = crowd.pass_on_host(user);
        let stays_concerned = crowd.concerns(user);
        if !stays_concerned {
            cx.people.leave(user, &self.name);
        }
        if let Some(call) = self.call {
            cx.store(Record::Left { call, user, at: cx.now });
        }
        cx.note(Note::Left { room: self.name.clone(), user });
        let left = LeftCall {
            room_name: self.name.clone(),
            user_id: user,
            user_name: cx.people.name(user),
            avatar: cx.people.avatar(user),
            audio: gone.sender.audio,
            video: gone.sender.video,
            host_id: new_host,
        };
        self.tell_others(cx, user, ServerEvent::UserLeft(left));
        if self.crowd().members.is_empty() {
            let reason =
                if self.crowd().is_ringing() { EndedReason::Cancelled } else { EndedReason::Completed };
            self.end_crowd(cx, reason, Some(user));
        } else {
            self.choose_way(cx, None);
            if new_host.is_some() && !self.crowd().door.waiting.is_empty() {
                self.tell_who_waits(cx);
            }
        }
        seconds_between(gone.sender.joined, cx.now)
    }

    /// Tells somebody whose seat was given up that it was, once a socket. False if nobody gave up theirs.
    pub(super) fn tell_removed(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId) -> bool {
        let Shape::Crowd(crowd) = &mut self.shape else { return false };
        let Some(removed) = crowd.removed.iter_mut().find(|removed| removed.user == user) else {
            return false;
        };
        if removed.told != Some(socket) {
            removed.told = Some(socket);
            cx.out.push(Action::Send { to: socket, event: removed.ended.clone(), id: Some(removed.id) });
        }
        true
    }

    pub(super) fn crowd_time_is_up(&mut self, cx: &mut Cx<'_>) {
        for user in self.given_up(cx) {
            let ended = Ended {
                room_name: self.name.clone(),
                reason: EndedReason::Failed,
                ended_by: Some(user),
                duration: Seconds(0),
                replaced_by: None,
            };
            // For when they come back; nobody else hears it.
            self.tell(cx, user, ServerEvent::Ended(ended));
            let end = self.log.end_for(user);
            self.remove(cx, user);
            if self.over.is_some() {
                return;
            }
            if let Some((id, ended)) = end {
                self.tell_when_back(cx, user, id, ended);
            }
        }
        self.way_time_is_up(cx);
        if self.crowd().rings_until().is_some_and(|at| at <= cx.now) {
            self.stop_ringing(cx);
        }
    }

    /// Remembers how somebody's stay ended who is away, for when they are back.
    pub(super) fn tell_when_back(&mut self, cx: &Cx<'_>, user: UserId, id: EventId, ended: Arc<ServerEvent>) {
        let most = cx.settings.participants;
        let removed = &mut self.crowd_mut().removed;
        if removed.len() >= most {
            removed.remove(0);
        }
        removed.push(Removed { user, id, ended, told: None });
    }

    /// The ringing is over: for the initiator, if nobody came; for those who did not answer, in any case.
    fn stop_ringing(&mut self, cx: &mut Cx<'_>) {
        if self.crowd().is_ringing() && self.crowd().door.waiting.is_empty() {
            self.end_crowd(cx, EndedReason::Timeout, None);
            return;
        }
        self.miss(cx, EndedReason::Missed);
        if let CrowdPhase::Ringing { expires } = &mut self.crowd_mut().phase {
            *expires = None;
        }
        self.stop_ringing_if_all_answered();
    }

    /// Tells everyone for whom it still rings that it stopped, and why.
    fn miss(&mut self, cx: &mut Cx<'_>, reason: EndedReason) {
        let Origin::Group { by, .. } = &self.crowd().origin else { return };
        let by = *by;
        for user in self.crowd().still_ringing() {
            self.crowd_mut().set_invite(user, Invite::Missed);
            let room_name = self.name.clone();
            let ended = Ended { room_name, reason, ended_by: None, duration: Seconds(0), replaced_by: None };
            self.tell(cx, user, ServerEvent::Ended(ended));
            let missed = Push::Missed { from: by, call_type: self.call_type, room: self.name.clone() };
            cx.out.push(Action::Push { user, push: missed });
        }
    }

    pub(super) fn end_crowd(&mut self, cx: &mut Cx<'_>, reason: EndedReason, by: Option<UserId>) {
        let before = self.log.last();
        let told = if reason == EndedReason::Timeout { EndedReason::Missed } else { reason };
        let duration = self.crowd().started_at().map_or(Seconds(0), |since| seconds_between(since, cx.now));
        self.miss(cx, told);
        self.send_away_all(cx, told, by);
        for user in self.seated() {
            self.let_go(cx, user);
            let room_name = self.name.clone();
            let ended = Ended { room_name, reason, ended_by: by, duration, replaced_by: None };
            self.tell(cx, user, ServerEvent::Ended(ended));
            if let Some(call) = self.call {
                cx.store(Record::Left { call, user, at: cx.now });
            }
        }
        if let Some(call) = self.call {
            cx.store(Record::GroupEnded { call, reason: reason.as_str(), at: cx.now });
        }
        cx.note(Note::Ended { room: self.name.clone(), by, reason: reason.as_str() });
        let outcome = match reason {
            EndedReason::Timeout => Outcome::TimedOut,
            EndedReason::Cancelled => Outcome::Cancelled,
            _ => Outcome::HungUp,
        };
        let (parties, unheard) = (self.crowd().everyone(), self.unheard(cx, before));
        self.over = Some(Over { outcome, parties, duration, unheard });
    }
}
