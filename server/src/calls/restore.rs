//! After a restart: the calls that the database says were going on, each seat waiting for its device to come back.
use super::{
    Cx, OpenCall, Present,
    crowd::{Crowd, CrowdPhase, Invite, Member, Origin},
    forward::{Early, Sender},
    log::Log,
    pair::{Pair, Party, Phase},
    room::{Room, Seat, Shape},
};
use calls_protocol::{CallType, EndedReason, Sdp, UnixMillis, UserId};

impl Room {
    /// The room of a call that was going on, and the offer with which it still rings. `members` are those of its group.
    pub(super) fn restored(
        now: UnixMillis,
        log: Log,
        call: OpenCall,
        members: &[UserId],
    ) -> (Self, Option<Sdp>) {
        let heard = log.last();
        let (name, call, call_type, shape, offer) = match call {
            OpenCall::OneToOne {
                call,
                from,
                to,
                call_type,
                room,
                offer,
                created,
                expires,
                accepted,
                devices,
            } => {
                let video = call_type == CallType::Video;
                let (phase, callee) = match accepted {
                    Some(since) => {
                        (Phase::Connected { since }, Party::away(to, devices.1, heard, now, video))
                    }
                    None => (Phase::Ringing { expires }, Party::new(to, None, now, video)),
                };
                let caller = Party::away(from, devices.0, heard, now, video);
                let pair = Pair { caller, callee, created, phase, answer: None, early: Early::default() };
                (room, call, call_type, Shape::Pair(pair), offer)
            }
            OpenCall::Group { call, group, by, call_type, room, created, expires, active, participants } => {
                // Who declined is not remembered: it rings on for everybody who is not in it, until it would have ended.
                let rings_until = (expires > now).then_some(expires);
                let (phase, absent) = match (active, rings_until) {
                    (Some(since), Some(_)) => (CrowdPhase::Active { since, rings_until }, Invite::Ringing),
                    (Some(since), None) => (CrowdPhase::Active { since, rings_until }, Invite::Missed),
                    (None, _) => (CrowdPhase::Ringing { expires: Some(expires) }, Invite::Ringing),
                };
                let mut invites: std::collections::BTreeMap<_, _> =
                    members.iter().map(|m| (*m, absent)).collect();
                invites.extend(participants.iter().map(|present| (present.user, Invite::Joined)));
                let member = |present: Present| {
                    let seat = Seat::away(present.device, now, heard);
                    let sender = Sender::new(present.since, true, call_type == CallType::Video);
                    Member::new(present.user, seat, sender)
                };
                // Who was host is not remembered.
                let initiator = participants.iter().find(|present| present.user == by);
                let host = initiator.or(participants.first()).map(|present| present.user);
                let members = participants.into_iter().map(member).collect();
                let origin = Origin::Group { group, by, invites };
                (room, call, call_type, Shape::Crowd(Crowd::new(origin, created, phase, members, host)), None)
            }
        };
        (Self { name, call: Some(call), call_type, shape, log, wake: None, over: None }, offer)
    }

    /// What still rings rings again for whoever registers; what is too late ends now.
    pub(super) fn tell_again(&mut self, cx: &mut Cx<'_>, offer: Option<Sdp>, group_name: &str) {
        match (&self.shape, offer) {
            (Shape::Pair(pair), Some(offer)) if pair.is_ringing() => self.tell_incoming(cx, offer, false),
            (Shape::Pair(_), _) => {}
            (Shape::Crowd(crowd), _) if crowd.members.is_empty() => {
                self.end_crowd(cx, EndedReason::Failed, None);
            }
            (Shape::Crowd(crowd), _) => {
                for user in crowd.still_ringing() {
                    self.tell_group_incoming(cx, user, group_name);
                }
                self.choose_way(cx, None);
            }
        }
        if self.over.is_none() && self.deadline(cx.settings).is_some_and(|at| at <= cx.now) {
            self.time_is_up(cx);
        }
    }
}
