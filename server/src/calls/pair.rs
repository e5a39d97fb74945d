//! A 1-1 call: ringing, answered, over. Accept, reject, end and time-out race here, and one of them wins.
use super::{
    Action, Cx, FinalStatus, Note, Push, Record, Reply, SocketId,
    forward::{Early, Sender, fingerprint},
    over::{Outcome, Over},
    refuse,
    room::{Room, Seat, Shape, seconds_between},
};
use calls_protocol::{
    Accepted, Ack, Answer, CallType, DeviceId, EndWish, Ended, EndedAck, EndedReason, ErrorCode, EventId,
    MediaChanged, Recipient, RejectReason, Rejected, RoomName, Sdp, Seconds, ServerEvent, UnixMillis, UserId,
};
use std::time::Duration;

/// A call between two people.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) caller: Party,
    pub(super) callee: Party,
    pub(super) created: UnixMillis,
    pub(super) phase: Phase,
    /// The fingerprint of the answer that counted: the same one again is the same device.
    pub(super) answer: Option<u64>,
    pub(super) early: Early,
}

/// One of the two. The callee has a seat once a device of theirs answered.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub(super) user: UserId,
    pub(super) seat: Option<Seat>,
    pub(super) sender: Sender,
}

/// Where the call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It rings at the callee's.
    Ringing { expires: UnixMillis },
    /// It was answered.
    Connected { since: UnixMillis },
}

/// What ends a 1-1 call.
pub(super) enum PairEnd {
    /// One of the two hung up.
    HungUp { by: UserId, wish: EndWish },
    /// A device of the callee said no.
    Rejected { by: UserId, socket: SocketId, reason: RejectReason },
    /// Nobody answered.
    TimedOut,
    /// One of the two was away for too long.
    Lost { user: UserId },
    /// Both called each other, and the other call goes on.
    Replaced { by: RoomName },
    /// The server stops, and nobody would remember the call.
    Shutdown,
}

impl Pair {
    pub(super) fn is_ringing(&self) -> bool {
        matches!(self.phase, Phase::Ringing { .. })
    }

    pub(super) fn rings_until(&self) -> Option<UnixMillis> {
        match self.phase {
            Phase::Ringing { expires } => Some(expires),
            Phase::Connected { .. } => None,
        }
    }

    pub(super) fn answered_at(&self) -> Option<UnixMillis> {
        match self.phase {
            Phase::Ringing { .. } => None,
            Phase::Connected { since } => Some(since),
        }
    }

    pub(super) fn party(&self, user: UserId) -> Option<&Party> {
        [&self.caller, &self.callee].into_iter().find(|party| party.user == user)
    }

    pub(super) fn party_mut(&mut self, user: UserId) -> Option<&mut Party> {
        [&mut self.caller, &mut self.callee].into_iter().find(|party| party.user == user)
    }

    pub(super) fn other(&self, user: UserId) -> &Party {
        if self.caller.user == user { &self.callee } else { &self.caller }
    }

    /// A device of the callee may gather candidates before it answers; the caller hears of none until then.
    pub(super) fn keeps_for_later(&self, user: UserId) -> bool {
        self.is_ringing() && self.callee.user == user
    }
}

impl Room {
    fn pair(&self) -> &Pair {
        match &self.shape {
            Shape::Pair(pair) => pair,
            Shape::Crowd(_) => unreachable!("asked of 1-1 calls only"),
        }
    }

    fn pair_mut(&mut self) -> &mut Pair {
        match &mut self.shape {
            Shape::Pair(pair) => pair,
            Shape::Crowd(_) => unreachable!("asked of 1-1 calls only"),
        }
    }

    pub(super) fn accept(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, answer: Sdp) -> Reply {
        let pair = self.pair();
        if pair.callee.user != user {
            return refuse(ErrorCode::Forbidden, "only the one who is called can answer");
        }
        let call = self.call.expect("a 1-1 call has a row");
        if let Phase::Connected { since } = pair.phase {
            let is_seated = pair.callee.seat.as_ref().and_then(Seat::socket) == Some(socket);
            let device = cx.people.line(socket).and_then(|line| line.device.as_ref());
            let is_device =
                device.is_some() && pair.callee.seat.as_ref().and_then(|seat| seat.device.as_ref()) == device;
            if !is_seated && !is_device && pair.answer != Some(fingerprint(&answer)) {
                return refuse(ErrorCode::AlreadyAnswered, "another of your devices is in this call");
            }
            // The same device again: its first answer counted, and it may have lost the acknowledgement.
            self.sit(cx, socket, user)?;
            let room_name = self.name.clone();
            return Ok(Ack::Accepted(Accepted {
                call_id: call,
                room_name,
                ice_servers: cx.ice(user),
                started_at: since,
            }));
        }
        let device = cx.people.line(socket).and_then(|line| line.device.clone());
        let now = cx.now;
        let from = self.log.first();
        let pair = self.pair_mut();
        pair.phase = Phase::Connected { since: now };
        pair.answer = Some(fingerprint(&answer));
        pair.callee.seat = Some(Seat::taken(socket, device.clone(), from));
        pair.callee.sender.joined = now;
        let (caller, rang) = (pair.caller.user, now.0.saturating_sub(pair.created.0));
        cx.store(Record::Connected { call, device, answer: answer.clone(), at: now });
        let accepted = Note::Accepted { room: self.name.clone(), user, after: Duration::from_millis(rang) };
        cx.note(accepted);
        self.tell_other_devices(cx, user, Some(socket), EndedReason::AnsweredElsewhere);
        let answer = Answer {
            room_name: self.name.clone(),
            user_id: Recipient::User(user),
            sdp_answer: answer,
            ice_servers: cx.ice(caller),
        };
        self.tell(cx, caller, ServerEvent::Answer(answer));
        cx.note(Note::AnswerSent(caller));
        let pair = self.pair();
        let sender = &pair.caller.sender;
        let (audio, video, screen) = (sender.audio, sender.video, sender.screen);
        if (audio, video, screen) != (true, self.call_type == CallType::Video, false) {
            // Switched while it rang: the one who answers has to know.
            let room_name = self.name.clone();
            let changed = MediaChanged { room_name, user_id: caller, audio, video, screen };
            self.tell(cx, user, ServerEvent::MediaChanged(changed));
        }
        self.release_candidates(cx, socket, user);
        let room_name = self.name.clone();
        Ok(Ack::Accepted(Accepted { call_id: call, room_name, ice_servers: cx.ice(user), started_at: now }))
    }

    pub(super) fn reject(
        &mut self,
        cx: &mut Cx<'_>,
        socket: SocketId,
        user: UserId,
        reason: RejectReason,
    ) -> Reply {
        let pair = self.pair();
        if pair.callee.user != user {
            return refuse(
                ErrorCode::Forbidden,
                "only the one who is called can decline; to hang up, use call:end",
            );
        }
        if !pair.is_ringing() {
            return refuse(ErrorCode::AlreadyAnswered, "the call is answered; to hang up, use call:end");
        }
        self.end_pair(cx, PairEnd::Rejected { by: user, socket, reason });
        Ok(Ack::Done)
    }

    pub(super) fn end(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId, wish: EndWish) -> Reply {
        let pair = self.pair();
        if pair.is_ringing() && pair.callee.user == user {
            // Hanging up before answering is a way to say no.
            self.end_pair(cx, PairEnd::Rejected { by: user, socket, reason: RejectReason::Declined });
            return Ok(Ack::Ended(EndedAck { duration: Seconds(0) }));
        }
        self.may_speak(cx, socket, user)?;
        let duration = self.end_pair(cx, PairEnd::HungUp { by: user, wish });
        Ok(Ack::Ended(EndedAck { duration: duration.unwrap_or(Seconds(0)) }))
    }

    /// `call:join_room` in a 1-1 call joins nothing: the seeds' clients say it beside dialling and answering.
    pub(super) fn join_pair(&mut self, cx: &mut Cx<'_>, socket: SocketId, user: UserId) -> Reply {
        if self.seat(user).is_some() {
            self.sit(cx, socket, user)?;
        }
        Ok(Ack::RoomState(self.state(cx, user)))
    }

    pub(super) fn pair_time_is_up(&mut self, cx: &mut Cx<'_>) {
        if self.pair().rings_until().is_some_and(|at| at <= cx.now) {
            self.end_pair(cx, PairEnd::TimedOut);
        } else if let Some(user) = self.given_up(cx).first() {
            self.end_pair(cx, PairEnd::Lost { user: *user });
        }
    }

    /// Ends the call: tells both, writes the row, leaves the outcome. Returns how long they talked.
    pub(super) fn end_pair(&mut self, cx: &mut Cx<'_>, end: PairEnd) -> Option<Seconds> {
        let (now, before) = (cx.now, self.log.last());
        let pair = self.pair();
        let (caller, callee) = (pair.caller.user, pair.callee.user);
        let answered = pair.answered_at();
        let duration = answered.map(|since| seconds_between(since, now));
        let call = self.call.expect("a 1-1 call has a row");
        let ended = |reason, ended_by, replaced_by| {
            ServerEvent::Ended(Ended {
                room_name: self.name.clone(),
                reason,
                ended_by,
                duration: duration.unwrap_or(Seconds(0)),
                replaced_by,
            })
        };
        let (status, word, by, outcome);
        match end {
            PairEnd::HungUp { by: user, wish } => {
                let reason = match wish {
                    EndWish::Completed if answered.is_none() => EndedReason::Cancelled,
                    EndWish::Completed => EndedReason::Completed,
                    EndWish::Cancelled => EndedReason::Cancelled,
                    EndWish::Failed => EndedReason::Failed,
                };
                let other = if user == caller { callee } else { caller };
                let event = ended(reason, Some(user), None);
                self.tell(cx, other, event);
                outcome = if answered.is_some() { Outcome::HungUp } else { Outcome::Cancelled };
                (status, word, by) = (FinalStatus::Ended, reason.as_str(), Some(user));
            }
            PairEnd::Rejected { by: user, socket, reason } => {
                let elsewhere = match reason {
                    RejectReason::Declined => EndedReason::DeclinedElsewhere,
                    RejectReason::Busy => EndedReason::BusyElsewhere,
                };
                self.tell_other_devices(cx, user, Some(socket), elsewhere);
                let room_name = self.name.clone();
                self.tell(cx, caller, ServerEvent::Rejected(Rejected { room_name, user_id: user, reason }));
                cx.note(Note::Rejected { room: self.name.clone(), user, reason });
                outcome = Outcome::Rejected { by: user };
                let words = match reason {
                    RejectReason::Declined => "declined",
                    RejectReason::Busy => "busy",
                };
                (status, word, by) = (FinalStatus::Rejected, words, Some(user));
            }
            PairEnd::TimedOut => {
                let (timeout, missed) =
                    (ended(EndedReason::Timeout, None, None), ended(EndedReason::Missed, None, None));
                self.tell(cx, caller, timeout);
                self.tell(cx, callee, missed);
                outcome = Outcome::TimedOut;
                (status, word, by) = (FinalStatus::Missed, "timeout", None);
            }
            PairEnd::Lost { user } => {
                let other = if user == caller { callee } else { caller };
                let reason = if answered.is_some() { EndedReason::Failed } else { EndedReason::Cancelled };
                // The one who is away is told as well: it is what they hear when they come back.
                let (here, away) =
                    (ended(reason, Some(user), None), ended(EndedReason::Failed, Some(user), None));
                self.tell(cx, other, here);
                self.tell(cx, user, away);
                outcome = Outcome::Lost;
                let lost = if answered.is_some() { FinalStatus::Ended } else { FinalStatus::Missed };
                (status, word, by) = (lost, "lost", None);
            }
            PairEnd::Replaced { by: room } => {
                let event = ended(EndedReason::Cancelled, None, Some(room.clone()));
                self.tell(cx, caller, event.clone());
                self.tell(cx, callee, event);
                outcome = Outcome::Replaced { by: room };
                (status, word, by) = (FinalStatus::Ended, "replaced", None);
            }
            PairEnd::Shutdown => {
                let event = ended(EndedReason::ServerShutdown, None, None);
                self.tell(cx, caller, event.clone());
                self.tell(cx, callee, event);
                outcome = Outcome::Lost;
                status = if answered.is_some() { FinalStatus::Ended } else { FinalStatus::Missed };
                (word, by) = ("server_shutdown", None);
            }
        }
        cx.store(Record::Ended { call, status, reason: word, by, at: now, duration });
        cx.note(Note::Ended { room: self.name.clone(), by, reason: word });
        let was_missed =
            answered.is_none() && !matches!(outcome, Outcome::Rejected { .. } | Outcome::Replaced { .. });
        if was_missed {
            let missed = Push::Missed { from: caller, call_type: self.call_type, room: self.name.clone() };
            cx.out.push(Action::Push { user: callee, push: missed });
        }
        let unheard = self.unheard(cx, before);
        self.over = Some(Over {
            outcome,
            parties: vec![caller, callee],
            duration: duration.unwrap_or(Seconds(0)),
            unheard,
        });
        duration
    }
}

impl Party {
    pub(super) fn new(user: UserId, seat: Option<Seat>, now: UnixMillis, video: bool) -> Self {
        Self { user, seat, sender: Sender::new(now, true, video) }
    }

    /// Somebody who was in a call when the server stopped and has not come back yet.
    pub(super) fn away(
        user: UserId,
        device: Option<DeviceId>,
        heard: EventId,
        now: UnixMillis,
        video: bool,
    ) -> Self {
        Self::new(user, Some(Seat::away(device, now, heard)), now, video)
    }
}
