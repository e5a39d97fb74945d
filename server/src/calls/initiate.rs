//! Dialling: who may call whom, what if they call each other at once, and opening rooms by name.
use super::{
    Action, Calls, Cx, Facts, FinalStatus, Note, Push, Record, Reply, SocketId,
    crowd::{Crowd, CrowdPhase, Invite, Member, Origin},
    forward::{Early, Sender},
    over::{Outcome, Over},
    pair::{Pair, PairEnd, Party, Phase},
    refuse,
    room::{Room, Seat, Shape, after},
    way::Occasion,
};
use calls_protocol::{
    Ack, CallTarget, CallType, Ended, EndedReason, ErrorCode, GroupId, GroupIncoming, Incoming, Initiate,
    Initiated, JoinRoom, Refusal, RoomName, Sdp, Seconds, ServerEvent, UnixMillis, UserId,
};
use std::sync::Arc;

/// Calls and rooms that one user may be in at once, by all their devices.
const SEATS: usize = 32;

/// Calls that may ring one user at once, each of another caller; whoever comes after that is told that they are busy.
const RINGS: usize = 16;

/// What their offers may weigh together: a device that comes late is told all of them, three times over.
const RINGS_BYTES: usize = 256 * 1024;

/// A call to one user, checked and about to ring.
struct Dial {
    from: UserId,
    to: UserId,
    call_type: CallType,
    room: RoomName,
    offer: Sdp,
}

/// A call to a group, about to be checked.
struct GroupCall {
    group: GroupId,
    call_type: CallType,
    room: RoomName,
    offer: Option<Sdp>,
}

impl Calls {
    pub(super) fn initiate(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        user: UserId,
        initiate: Initiate,
        facts: &Facts,
        out: &mut Vec<Action>,
    ) -> Reply {
        if let Some(reply) = self.said_before(now, socket, user, &initiate, out) {
            return reply;
        }
        if self.stopping {
            return refuse(
                ErrorCode::Unavailable,
                "the server is about to restart: try again in a few seconds",
            );
        }
        if !self.people.may_dial(user, now, &self.settings) {
            return refuse(
                ErrorCode::RateLimited,
                "too many calls in a minute: wait a little, then try again",
            );
        }
        let Initiate { target, call_type, room_name: room, .. } = initiate;
        match target {
            CallTarget::User { to, offer } => {
                let dial = Dial { from: user, to, call_type, room, offer };
                self.call_user(now, socket, dial, facts.callee_has_push, out)
            }
            CallTarget::Group { group, offer } => {
                let call = GroupCall { group, call_type, room, offer };
                self.call_group(now, socket, user, call, facts, out)
            }
        }
    }

    /// A room name that is known already: the same message again, or somebody else's room.
    fn said_before(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        user: UserId,
        initiate: &Initiate,
        out: &mut Vec<Action>,
    ) -> Option<Reply> {
        let name = &initiate.room_name;
        let taken = || refuse(ErrorCode::Conflict, "this room name is taken: choose another, then try again");
        if let Some(room) = self.rooms.get(name) {
            let same = match (&room.shape, &initiate.target) {
                (Shape::Pair(pair), CallTarget::User { to, .. }) => {
                    pair.caller.user == user && pair.callee.user == *to
                }
                (Shape::Crowd(crowd), CallTarget::Group { group, .. }) => {
                    matches!(&crowd.origin, Origin::Group { group: g, by, .. } if g == group && *by == user)
                }
                (Shape::Pair(_), CallTarget::Group { .. }) | (Shape::Crowd(_), CallTarget::User { .. }) => {
                    false
                }
            };
            if !same {
                return Some(taken());
            }
            return Some(self.in_room(now, name, out, |room, cx| {
                room.sit(cx, socket, user)?;
                let callee = match &room.shape {
                    Shape::Pair(pair) => Some(pair.callee.user),
                    Shape::Crowd(_) => None,
                };
                if let CallTarget::Group { offer: Some(offer), .. } = &initiate.target {
                    room.came_by_server(cx, user, offer.clone(), Occasion::Initiate)?;
                }
                let devices = callee.map_or(0, |callee| cx.people.lines(callee).len());
                Ok(Ack::Initiated(room.initiated(cx, user, devices, None)))
            }));
        }
        let over = self.overs.get(name)?;
        Some(match &over.outcome {
            Outcome::Refused { caller, refusal } if *caller == user => Err(refusal.clone()),
            _ if over.concerns(user) => {
                let over = over.refusal(user);
                let message = format!("{}; to call again, choose a new room name", over.message);
                Err(Refusal::new(over.code, message))
            }
            _ => taken(),
        })
    }

    fn call_user(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        dial: Dial,
        callee_has_push: bool,
        out: &mut Vec<Action>,
    ) -> Reply {
        if dial.from == dial.to {
            return refuse(ErrorCode::BadRequest, "toId: you cannot call yourself");
        }
        self.is_free(socket, dial.from)?;
        self.has_room(dial.from)?;
        if let Some(ringing) = self.call_between(dial.from, dial.to) {
            let message = format!("you are calling them already, in room {ringing}: end that call first");
            return Err(Refusal::new(ErrorCode::AlreadyInCall, message));
        }
        let devices = self.people.lines(dial.to).len();
        let is_reachable = devices > 0 || callee_has_push;
        if let Some(other) = self.call_between(dial.to, dial.from) {
            // They want to talk to each other, so nobody is busy; and a call that rings is not given up for one that
            // could not.
            if other < dial.room || !is_reachable {
                return Ok(self.yield_to(now, socket, &dial, &other, out));
            }
            let by = dial.room.clone();
            self.in_room(now, &other, out, |room, cx| {
                room.end_pair(cx, PairEnd::Replaced { by });
            });
            return Ok(self.ring(now, socket, dial, devices, callee_has_push, out));
        }
        if self.is_busy(dial.to) || self.rings_enough(dial.to, &dial.offer) {
            let refusal = Refusal::new(ErrorCode::RecipientBusy, "they are in another call: try again later");
            return Err(self.never_rang(now, dial, "busy", refusal, out));
        }
        if !is_reachable {
            let refusal =
                Refusal::new(ErrorCode::RecipientOffline, "none of their devices can be reached right now");
            return Err(self.never_rang(now, dial, "offline", refusal, out));
        }
        Ok(self.ring(now, socket, dial, devices, callee_has_push, out))
    }

    /// A device that cannot hold a call starts no second one, and none starts two at once.
    fn is_free(&self, socket: SocketId, user: UserId) -> Result<(), Refusal> {
        let can_hold = self.people.line(socket).is_some_and(|line| line.call_waiting);
        let in_the_way = self.people.rooms(user).into_iter().find(|name| {
            let room = &self.rooms[name];
            let here = room.seat(user).and_then(Seat::socket) == Some(socket);
            here && (!can_hold || room.is_ringing()) && !matches!(&room.shape, Shape::Crowd(c) if c.is_open())
        });
        if let Some(name) = in_the_way {
            let message = format!("this device is in a call already, room {name}: end it first");
            return Err(Refusal::new(ErrorCode::AlreadyInCall, message));
        }
        Ok(())
    }

    /// Whether a user may be in one more call.
    pub(super) fn has_room(&self, user: UserId) -> Result<(), Refusal> {
        let holds = |name: &&RoomName| self.rooms[*name].has_place_for(user);
        if self.people.rooms(user).iter().filter(holds).count() >= SEATS {
            return refuse(ErrorCode::RateLimited, "you are in too many calls at once: leave one first");
        }
        Ok(())
    }

    /// Whether the phone of a user rings as much as a person can bear. Each caller's offer is kept until they answer.
    fn rings_enough(&self, user: UserId, offer: &Sdp) -> bool {
        let rings = |name: &RoomName| {
            let room = &self.rooms[name];
            matches!(&room.shape, Shape::Pair(pair) if pair.is_ringing() && pair.callee.user == user)
                .then(|| room.log.offered_to(user))
        };
        let offers: Vec<usize> = self.people.rooms(user).iter().filter_map(rings).collect();
        offers.len() >= RINGS || offers.iter().sum::<usize>() + offer.as_json().len() > RINGS_BYTES
    }

    /// The room in which `caller` is ringing `callee`.
    fn call_between(&self, caller: UserId, callee: UserId) -> Option<RoomName> {
        self.people.rooms(caller).into_iter().find(|name| {
            matches!(&self.rooms[name].shape, Shape::Pair(pair)
                if pair.is_ringing() && pair.caller.user == caller && pair.callee.user == callee)
        })
    }

    /// In a call, with an app that cannot take a second one.
    fn is_busy(&self, user: UserId) -> bool {
        let in_call = self.people.rooms(user).into_iter().any(|name| {
            let room = &self.rooms[&name];
            room.seat(user).is_some() && !matches!(&room.shape, Shape::Crowd(crowd) if crowd.is_open())
        });
        in_call && !self.people.takes_second_call(user)
    }

    /// Both call each other at once, and the other call has the lower room name: this one never was.
    fn yield_to(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        dial: &Dial,
        other: &RoomName,
        out: &mut Vec<Action>,
    ) -> Ack {
        let ended = Ended {
            room_name: dial.room.clone(),
            reason: EndedReason::Cancelled,
            ended_by: None,
            duration: Seconds(0),
            replaced_by: Some(other.clone()),
        };
        out.push(Action::Send { to: socket, event: Arc::new(ServerEvent::Ended(ended)), id: None });
        self.remember_over(now, dial, Outcome::Replaced { by: other.clone() });
        let devices = self.people.lines(dial.to).len();
        self.in_room(now, other, out, |room, cx| {
            let mut ack = room.initiated(cx, dial.from, devices, Some(other.clone()));
            ack.room_name = dial.room.clone();
            Ack::Initiated(ack)
        })
    }

    fn remember_over(&mut self, now: UnixMillis, dial: &Dial, outcome: Outcome) {
        let parties = match outcome {
            // The callee never heard of it, and is not to learn of it by asking.
            Outcome::Refused { .. } | Outcome::Replaced { .. } => vec![dial.from],
            _ => vec![dial.from, dial.to],
        };
        let over = Over { outcome, parties, duration: Seconds(0), unheard: Vec::new() };
        self.overs.add(now, &self.settings, dial.room.clone(), over, &mut self.people);
    }

    /// The callee is busy or out of reach: the row says `missed`, the caller is told, the callee learns by push.
    fn never_rang(
        &mut self,
        now: UnixMillis,
        dial: Dial,
        reason: &'static str,
        refusal: Refusal,
        out: &mut Vec<Action>,
    ) -> Refusal {
        let call = self.next_call_id();
        // Nobody ever read it, and a row need not keep it.
        let offer = Sdp::object("offer", "");
        let outcome = Outcome::Refused { caller: dial.from, refusal: refusal.clone() };
        self.remember_over(now, &dial, outcome);
        let Dial { from, to, call_type, room, .. } = dial;
        let ringing = Record::Ringing {
            call,
            from,
            to,
            call_type,
            room: room.clone(),
            offer,
            at: now,
            expires: now,
            device: None,
        };
        let status = FinalStatus::Missed;
        let ended = Record::Ended { call, status, reason, by: None, at: now, duration: None };
        out.extend([ringing, ended].map(Action::Store));
        out.push(Action::Note(Note::Initiated { from, to, call_type }));
        out.push(Action::Note(Note::Ended { room: room.clone(), by: None, reason }));
        out.push(Action::Push { user: to, push: Push::Missed { from, call_type, room } });
        refusal
    }

    fn ring(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        dial: Dial,
        devices: usize,
        callee_has_push: bool,
        out: &mut Vec<Action>,
    ) -> Ack {
        let Dial { from, to, call_type, room: name, offer } = dial;
        let call = self.next_call_id();
        let expires = after(now, self.settings.ring);
        let video = call_type == CallType::Video;
        let device = self.people.line(socket).and_then(|line| line.device.clone());
        let log = self.new_log(now);
        let pair = Pair {
            caller: Party::new(from, Some(Seat::taken(socket, device.clone(), log.first())), now, video),
            callee: Party::new(to, None, now, video),
            created: now,
            phase: Phase::Ringing { expires },
            answer: None,
            early: Early::default(),
        };
        let room = Room {
            name: name.clone(),
            call: Some(call),
            call_type,
            shape: Shape::Pair(pair),
            log,
            wake: None,
            over: None,
        };
        self.rooms.insert(name.clone(), room);
        self.people.enter(from, &name);
        self.people.enter(to, &name);
        self.in_room(now, &name, out, |room, cx| {
            let ringing = Record::Ringing {
                call,
                from,
                to,
                call_type,
                room: name.clone(),
                offer: offer.clone(),
                at: now,
                expires,
                device,
            };
            cx.store(ringing);
            cx.note(Note::Initiated { from, to, call_type });
            room.tell_incoming(cx, offer, callee_has_push);
            cx.note(Note::Rang { user: to, devices });
            Ack::Initiated(room.initiated(cx, from, devices, None))
        })
    }

    fn call_group(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        user: UserId,
        call: GroupCall,
        facts: &Facts,
        out: &mut Vec<Action>,
    ) -> Reply {
        let GroupCall { group, call_type, room: name, offer } = call;
        let Some(found) = &facts.group else {
            let unknown = || Refusal::new(ErrorCode::NotFound, "there is no such group");
            return Err(facts.no_group.clone().unwrap_or_else(unknown));
        };
        if !found.members.contains(&user) {
            return refuse(ErrorCode::Forbidden, "you are not a member of this group");
        }
        if let Some(running) = self.groups.get(&group) {
            let message = format!("this group is in a call already: join room {running}");
            return Err(Refusal::new(ErrorCode::Conflict, message));
        }
        self.is_free(socket, user)?;
        self.has_room(user)?;
        let mut invites = std::collections::BTreeMap::from([(user, Invite::Joined)]);
        invites.extend(
            found.members.iter().filter(|member| **member != user).map(|member| (*member, Invite::Ringing)),
        );
        if invites.len() == 1 {
            return refuse(ErrorCode::RecipientOffline, "nobody else is in this group");
        }
        let call = self.next_group_call_id();
        let expires = after(now, self.settings.ring);
        let device = self.people.line(socket).and_then(|line| line.device.clone());
        let log = self.new_log(now);
        let seat = Seat::taken(socket, device.clone(), log.first());
        let me = Member::new(user, seat, Sender::new(now, true, call_type == CallType::Video));
        let rung: Vec<UserId> = invites.keys().copied().filter(|member| *member != user).collect();
        for member in invites.keys() {
            self.people.enter(*member, &name);
        }
        let origin = Origin::Group { group, by: user, invites };
        let phase = CrowdPhase::Ringing { expires: Some(expires) };
        let shape = Shape::Crowd(Crowd::new(origin, now, phase, vec![me], Some(user)));
        let room =
            Room { name: name.clone(), call: Some(call), call_type, shape, log, wake: None, over: None };
        self.rooms.insert(name.clone(), room);
        self.groups.insert(group, name.clone());
        self.in_room(now, &name, out, |room, cx| {
            let room_name = name.clone();
            cx.store(Record::GroupRinging {
                call,
                group,
                by: user,
                call_type,
                room: room_name,
                at: now,
                expires,
            });
            cx.store(Record::Joined { call, user, device, at: now });
            cx.note(Note::GroupInitiated { from: user, group, call_type });
            let mut devices = 0;
            for member in rung {
                room.tell_group_incoming(cx, member, &found.name);
                let rang = cx.people.lines(member).len();
                cx.note(Note::Rang { user: member, devices: rang });
                devices += rang;
            }
            if let Some(offer) = offer {
                room.came_by_server(cx, user, offer, Occasion::Initiate)?;
            }
            Ok(Ack::Initiated(room.initiated(cx, user, devices, None)))
        })
    }

    /// `call:join_room` of a room that is not live: one that ended, or a new one opened by its name.
    pub(super) fn open_room(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        user: UserId,
        join: JoinRoom,
        facts: &Facts,
        out: &mut Vec<Action>,
    ) -> Reply {
        let name = join.room_name.clone();
        if let Some(over) = self.overs.get(&name) {
            if over.concerns(user) {
                return Err(over.refusal(user));
            }
            // Those who were in that call may still ask for it, and must not be led to a stranger.
            return refuse(ErrorCode::Conflict, "this room name is taken: choose another, then try again");
        }
        if !facts.may_open_rooms {
            return refuse(ErrorCode::NotFound, "there is no such call; it may have ended a while ago");
        }
        if self.stopping {
            return refuse(
                ErrorCode::Unavailable,
                "the server is about to restart: try again in a few seconds",
            );
        }
        self.has_room(user)?;
        if !self.people.may_dial(user, now, &self.settings) {
            return refuse(
                ErrorCode::RateLimited,
                "too many rooms in a minute: wait a little, then try again",
            );
        }
        let phase = CrowdPhase::Active { since: now, rings_until: None };
        let crowd = Crowd::new(Origin::Open, now, phase, Vec::new(), None);
        let call_type = if join.video == Some(true) { CallType::Video } else { CallType::Audio };
        let wish = join.into();
        let (shape, log) = (Shape::Crowd(crowd), self.new_log(now));
        let room = Room { name: name.clone(), call: None, call_type, shape, log, wake: None, over: None };
        self.rooms.insert(name.clone(), room);
        self.in_room(now, &name, out, |room, cx| room.join(cx, socket, user, wish))
    }
}

impl Room {
    fn initiated(
        &self,
        cx: &Cx<'_>,
        user: UserId,
        devices: usize,
        replaced_by: Option<RoomName>,
    ) -> Initiated {
        let expires_at = match &self.shape {
            Shape::Pair(pair) => pair.rings_until(),
            Shape::Crowd(crowd) => crowd.rings_until(),
        };
        Initiated {
            call_id: self.call.expect("what is dialled has a row"),
            room_name: self.name.clone(),
            ice_servers: cx.ice(user),
            devices,
            expires_at: expires_at.unwrap_or(cx.now),
            replaced_by,
        }
    }

    pub(super) fn tell_incoming(&mut self, cx: &mut Cx<'_>, offer: Sdp, callee_has_push: bool) {
        let Shape::Pair(pair) = &self.shape else { unreachable!("only a 1-1 call rings with an offer") };
        let (from, to) = (pair.caller.user, pair.callee.user);
        let Phase::Ringing { expires } = pair.phase else { unreachable!("only a ringing call is incoming") };
        let incoming = Incoming {
            call_id: self.call.expect("a 1-1 call has a row"),
            from_id: from,
            from_name: cx.people.name(from),
            from_avatar: cx.people.avatar(from),
            to_id: to,
            call_type: self.call_type,
            room_name: self.name.clone(),
            sdp_offer: offer,
            ice_servers: cx.ice(to),
            created_at: pair.created,
            expires_at: expires,
        };
        let event = ServerEvent::Incoming(incoming);
        if callee_has_push {
            cx.out.push(Action::Push { user: to, push: Push::Ring(Arc::new(event.clone())) });
        }
        self.tell(cx, to, event);
    }

    pub(super) fn tell_group_incoming(&mut self, cx: &mut Cx<'_>, member: UserId, group_name: &str) {
        let Shape::Crowd(Crowd { origin: Origin::Group { group, by, .. }, created, .. }) = &self.shape else {
            unreachable!("only a group call rings a group")
        };
        let (group_id, initiator_id, created_at) = (*group, *by, *created);
        let Shape::Crowd(crowd) = &self.shape else { unreachable!("looked at above") };
        let incoming = GroupIncoming {
            call_id: self.call.expect("a group call has a row"),
            group_id,
            group_name: group_name.to_owned(),
            initiator_id,
            initiator_name: cx.people.name(initiator_id),
            call_type: self.call_type,
            room_name: self.name.clone(),
            ice_servers: cx.ice(member),
            created_at,
            expires_at: crowd.rings_until().unwrap_or(cx.now),
        };
        let event = ServerEvent::GroupIncoming(incoming);
        cx.out.push(Action::Push { user: member, push: Push::Ring(Arc::new(event.clone())) });
        self.tell(cx, member, event);
    }
}
