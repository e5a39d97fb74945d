//! What only somebody sees who looks at all phones at once.
use super::{
    What, World,
    media::End,
    phone::{Ending, is_over, is_talking},
};
use calls_machine::{CallKind, CallSnapshot, ChatState, Direction, EndReason, Path};
use calls_protocol::RoomName;
use std::collections::{BTreeMap, BTreeSet};

/// Two that are in a call, have the server and a way between them, hear each other after this at the latest: the
/// longest pause between two tries of either side, once more since they may have got into each other's way, and what
/// an exchange of descriptions takes.
const LADDER: u64 = 20_000;

fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl World {
    /// Once a second: who is heard, and whether what is broken is being repaired.
    pub(crate) fn beat(&mut self) -> Result<(), String> {
        self.agenda.add(self.now + 1_000, What::Beat);
        let heard = self.media.heard();
        self.tally.heard += heard.len() as u64;
        for (from, to) in heard {
            must(self.wants(from), || format!("{from:?} is heard at {to:?} and did not want the call"))?;
            must(self.wants(to), || format!("{to:?} hears {from:?} and did not want the call"))?;
        }
        let before = std::mem::take(&mut self.healthy);
        for phone in 0..self.phones.len() {
            for call in self.phones[phone].calls().to_vec() {
                if is_talking(&call) {
                    self.is_repaired_in_time(phone, &call, &before)?;
                }
            }
        }
        Ok(())
    }

    /// The person at this end dialled, joined or accepted.
    fn wants(&self, end: End) -> bool {
        let app = self.phones[end.phone].app.as_ref();
        app.is_some_and(|app| app.oracle.wanted.contains(&end.peer.call))
    }

    fn others_in(&self, phone: usize, room: &RoomName) -> Vec<usize> {
        let me = self.phones[phone].user;
        let is_there = |other: &usize| {
            let other = &self.phones[*other];
            other.user != me && other.call_in(room).is_some_and(is_talking)
        };
        (0..self.phones.len()).filter(is_there).collect()
    }

    fn is_repaired_in_time(
        &mut self,
        phone: usize,
        call: &CallSnapshot,
        before: &BTreeMap<(RoomName, usize, usize), u64>,
    ) -> Result<(), String> {
        for other in 0..self.phones.len() {
            let can_talk = self.server_is_up
                && self.others_in(phone, &call.room).contains(&other)
                && self.phones[phone].is_registered
                && self.phones[other].is_registered
                && self.media.passes(phone, other)
                && self.media.passes(other, phone);
            if !can_talk {
                continue;
            }
            let pair = (call.room.clone(), phone, other);
            let since = before.get(&pair).copied().unwrap_or(self.now);
            self.healthy.insert(pair, since);
            let user = self.phones[other].user;
            let path = call.others.iter().find(|them| them.user == user).map(|them| them.path);
            must(path == Some(Path::Up) || self.now < since + LADDER, || {
                format!(
                    "phone {phone} does not hear phone {other} in {}, though nothing is in the way: {path:?}",
                    call.room
                )
            })?;
        }
        Ok(())
    }

    /// After a long time in which nothing was wrong.
    pub(crate) fn everybody_agrees(&mut self) -> Result<(), String> {
        for phone in 0..self.phones.len() {
            for call in self.phones[phone].calls() {
                if !is_over(call) {
                    self.agrees(phone, call)?;
                }
            }
            let talks = self.phones[phone].calls().iter().filter(|call| is_talking(call));
            let rooms: Vec<&RoomName> = talks.map(|call| &call.room).collect();
            for room in rooms {
                let me = self.phones[phone].user;
                let elsewhere = |other: usize| {
                    other != phone
                        && self.phones[other].user == me
                        && self.phones[other].call_in(room).is_some()
                };
                must(!(0..self.phones.len()).any(elsewhere), || {
                    format!("phone {phone} and another one of the same person are both in {room}")
                })?;
            }
        }
        for (room, endings) in &self.endings {
            fits(endings, self.tally.crashes + self.tally.kills + self.tally.breaks == 0)
                .map_err(|what| format!("{room}: {what}"))?;
        }
        Ok(())
    }

    fn agrees(&self, phone: usize, call: &CallSnapshot) -> Result<(), String> {
        must(is_talking(call), || format!("phone {phone} is {:?} for ever", call.state))?;
        let others = self.others_in(phone, &call.room);
        if call.kind == CallKind::OneToOne {
            must(others.len() == 1, || {
                format!("phone {phone} talks in {} with {} others", call.room, others.len())
            })?;
        }
        must(others.len() == call.others.len(), || {
            format!("phone {phone} sees {:?} in {}, where {others:?} are", call.others, call.room)
        })?;
        for them in &call.others {
            must(them.path == Path::Up && !them.is_away, || {
                format!("phone {phone} is in {} with {them:?}", call.room)
            })?;
        }
        if call.kind != CallKind::OneToOne {
            self.agree_on_the_room(phone, call, &others)?;
        }
        // Who is in a call that the server lost cannot describe anything.
        let is_known = call.kind == CallKind::Room || self.server.has_row(&call.room);
        for end in self.media.ends_of(phone).filter(|_| is_known).filter(|end| end.peer.call == call.key) {
            self.media.is_settled(end)?;
        }
        Ok(())
    }

    /// Everyone in a room of many sees the same host, the same hands and who is silent; nothing is left to be said.
    fn agree_on_the_room(&self, phone: usize, call: &CallSnapshot, others: &[usize]) -> Result<(), String> {
        let names: BTreeSet<&str> = call.chat.iter().map(|line| &*line.id).collect();
        let is_said = call.chat.iter().all(|line| line.state != ChatState::Sending);
        must(is_said && names.len() == call.chat.len(), || format!("phone {phone} reads {:?}", call.chat))?;
        must(call.reactions.is_empty(), || format!("phone {phone} still shows {:?}", call.reactions))?;
        for other in others {
            let (user, theirs) = (self.phones[*other].user, self.phones[*other].call_in(&call.room));
            let theirs = theirs.ok_or_else(|| format!("phone {other} is in {} no more", call.room))?;
            must(theirs.host == call.host, || {
                format!("{:?} is host for phone {phone}, {:?} for phone {other}", call.host, theirs.host)
            })?;
            let seen = call.others.iter().find(|them| them.user == user);
            let seen = seen.map(|them| (them.hand_raised_at.is_some(), them.audio));
            let is_so = (theirs.is_hand_up, !theirs.is_muted && !theirs.is_held);
            must(seen == Some(is_so), || {
                format!("phone {phone} sees hand and voice of phone {other} as {seen:?}, and it is {is_so:?}")
            })?;
        }
        Ok(())
    }

    pub(crate) fn phones_are_at_rest(&self) -> Result<(), String> {
        for phone in &self.phones {
            phone.at_rest()?;
            must(self.media.is_idle(phone.index), || format!("phone {} keeps a connection", phone.index))?;
        }
        Ok(())
    }
}

/// The reasons at all phones of one call tell one story.
fn fits(endings: &[Ending], is_calm: bool) -> Result<(), String> {
    use EndReason as R;
    for ending in endings {
        let is_never = matches!(
            ending.reason,
            R::OurFault | R::TheirFault | R::SignedOut | R::RoomFull | R::TooManyCalls
        );
        must(!is_never, || format!("phone {} ended by {:?}", ending.phone, ending.reason))?;
        let is_rough = matches!(
            ending.reason,
            R::WeLostConnection
                | R::TheyLostConnection
                | R::NoServer
                | R::ServerStopped
                | R::NoPath
                // A killed server forgot a room, and its name is of another call now.
                | R::NotAllowed
        );
        must(!(is_calm && is_rough), || {
            format!("phone {} ended by {:?} on a calm evening", ending.phone, ending.reason)
        })?;
    }
    let pairs = endings.iter().filter(|ending| ending.last.kind == CallKind::OneToOne);
    let (called, were_called): (Vec<_>, Vec<_>) =
        pairs.partition(|ending| ending.last.direction == Direction::Outgoing);
    for ours in &called {
        for theirs in &were_called {
            // Another phone of theirs answered, or did and was killed.
            let by_another = were_called.iter().any(|other| {
                let answered = is_talking(&other.last) || other.reason == R::WeHungUp;
                other.phone != theirs.phone && answered
            });
            let by_killed = !is_calm && is_talking(&ours.last);
            if !is_talking(&theirs.last) && (by_another || by_killed) {
                must(stood_by(theirs.reason), || {
                    format!("phone {} ended by {:?}", theirs.phone, theirs.reason)
                })?;
                continue;
            }
            must(fit(ours.reason, theirs.reason, is_calm), || {
                let (us, them) = (ours.phone, theirs.phone);
                format!(
                    "it ended by {:?} for phone {us} and by {:?} for phone {them}",
                    ours.reason, theirs.reason
                )
            })?;
        }
    }
    Ok(())
}

/// Whether a phone on which somebody did not answer can have ended like this, when another one did.
fn stood_by(reason: EndReason) -> bool {
    use EndReason as R;
    matches!(
        reason,
        R::AnsweredElsewhere
            | R::DeclinedElsewhere
            | R::BusyElsewhere
            | R::Missed
            | R::WeDeclined
            | R::WeWereBusy
            | R::WeHungUp
            | R::TheyHungUp
            | R::NoServer
    )
}

/// Whether a caller and somebody who was called can have ended like this.
fn fit(caller: EndReason, callee: EndReason, is_calm: bool) -> bool {
    use EndReason as R;
    // A device that only a late push told of it may believe that it was the one that was busy.
    let elsewhere = matches!(callee, R::AnsweredElsewhere | R::DeclinedElsewhere | R::BusyElsewhere)
        || !is_calm && callee == R::WeWereBusy;
    // Both sides may act at the same moment.
    let crossed = matches!(callee, R::WeDeclined | R::WeHungUp | R::WeWereBusy | R::WeCancelled);
    let talked = matches!(callee, R::TheyHungUp | R::WeHungUp);
    let lost = !is_calm
        && matches!(
            callee,
            R::WeLostConnection | R::TheyLostConnection | R::NoPath | R::NoServer | R::Missed
        );
    match caller {
        R::WeHungUp => talked || elsewhere || lost,
        R::TheyHungUp => callee == R::WeHungUp || elsewhere || lost || !is_calm && talked,
        R::WeCancelled => callee == R::Missed || crossed || elsewhere || talked || lost,
        // To hang up before the server heard of the answer is to decline.
        R::TheyDeclined if !is_calm && callee == R::NoServer => true,
        R::TheyDeclined => {
            matches!(callee, R::WeCancelled | R::WeDeclined | R::WeWereBusy | R::Missed | R::WeHungUp)
                || elsewhere
        }
        // Accepted on a phone that only a late push told of it, or one at which it still rings after a killed server
        // forgot it and, asked again, found them busy.
        R::TheyAreBusy if !is_calm && matches!(callee, R::WeHungUp | R::NotAllowed) => true,
        R::TheyAreBusy => matches!(callee, R::WeWereBusy | R::WeDeclined | R::Missed) || elsewhere,
        R::NoAnswer => matches!(callee, R::Missed | R::WeHungUp) || crossed || elsewhere || lost,
        R::WeLostConnection | R::TheyLostConnection | R::NoPath | R::NoServer | R::ServerStopped => !is_calm,
        R::Unreachable | R::NotFound | R::AlreadyInCall | R::NoMicrophone | R::GroupIsTalking => !is_calm,
        R::Missed
        | R::WeDeclined
        | R::WeWereBusy
        | R::AnsweredElsewhere
        | R::DeclinedElsewhere
        | R::BusyElsewhere
        | R::SignedOut
        | R::NotAllowed
        | R::Removed
        | R::NotLetIn
        | R::RoomFull
        | R::TooManyCalls
        | R::TheirFault
        | R::OurFault => false,
    }
}
