//! Watches the rules from outside and knows only what every call must obey, whatever happens.
//!
//! It keeps its own small books, from inputs and actions alone, so that a fault in the rules cannot hide in them:
//! one answer an event, one winner, one end that each party is told of, no ring after the end or after the answer, every
//! numbered event once a socket, in order and only to whom it concerns, rows that move `ringing → connected → ended` and never back.
mod media;

pub use media::MediaBooks;

use calls_protocol::{Ack, CallId, ClientEvent, EndedReason, RoomName, ServerEvent, UnixMillis, UserId};
use calls_server::calls::{Action, Input, Record, SocketId};
use std::collections::{HashMap, HashSet};

/// The books.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    sockets: HashMap<SocketId, Socket>,
    rows: HashMap<CallId, Row>,
    group_rows: HashMap<CallId, GroupRow>,
    media: MediaBooks,
    now: u64,
}

#[derive(Debug, Clone, Default)]
struct Socket {
    user: Option<UserId>,
    has_device_id: bool,
    rooms: HashMap<RoomName, Heard>,
}

/// What one socket heard about one room.
#[derive(Debug, Clone, Default)]
struct Heard {
    ids: HashSet<u64>,
    last: u64,
    /// It was told that this is over, and did not come in again since.
    over: bool,
    /// Over here, but going on at another device of the same user, whose end may be told here too.
    elsewhere: bool,
    rang: HashSet<CallId>,
    /// It rings here now.
    rings: Option<CallId>,
    /// It dialled or answered here, and no other socket of its user spoke for it since.
    inside: bool,
}

#[derive(Debug, Clone)]
struct Row {
    at: UnixMillis,
    room: RoomName,
    parties: [UserId; 2],
    connected: Option<UnixMillis>,
    ended: bool,
    /// The answer that counted.
    winner: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct GroupRow {
    active: bool,
    ended: bool,
    inside: HashSet<UserId>,
}

/// Says what is wrong, if `holds` does not.
fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl Oracle {
    /// Takes note of one step of the rules. The error says which promise was broken.
    pub fn watch(&mut self, now: UnixMillis, input: &Input, actions: &[Action]) -> Result<(), String> {
        must(self.now <= now.0, || "time went back".into())?;
        self.now = now.0;
        self.watch_reply(input, actions)?;
        if let Input::Media(news) = input {
            self.media.told(news);
        }
        if let Input::Event { socket, event, .. } = input
            && let ClientEvent::Register(register) = &**event
            && matches!(actions.first(), Some(Action::Reply(Ok(_))))
        {
            let known = self.sockets.entry(*socket).or_default();
            if known.user != Some(register.user_id) {
                *known = Socket { user: Some(register.user_id), ..Socket::default() };
            }
            known.has_device_id |= register.device_id.is_some();
        }
        let resuming =
            matches!(input, Input::Event { event, .. } if matches!(**event, ClientEvent::Resume(_)));
        for action in actions {
            match action {
                Action::Reply(_) | Action::Note(_) | Action::Push { .. } => {}
                Action::Media(order) => self.media.ordered(order)?,
                Action::Send { to, event, id } => self.sent(*to, event, id.map(|id| id.get()), resuming)?,
                Action::Store(record) => self.stored(now, record)?,
                Action::Close(socket) => {
                    must(self.sockets.contains_key(socket), || {
                        format!("{socket:?} is closed but not there")
                    })?;
                    self.sockets.remove(socket);
                }
            }
        }
        if let Input::Closed { socket } = input {
            self.sockets.remove(socket);
        }
        let actor = match input {
            Input::Event { socket, .. } => Some(*socket),
            _ => None,
        };
        actions.iter().try_for_each(|action| match action {
            Action::Store(record) => self.all_were_told(record, actor),
            _ => Ok(()),
        })
    }

    /// Whoever rings hears that it was answered, and both hear that it is over; who did it knows by the reply.
    fn all_were_told(&self, record: &Record, actor: Option<SocketId>) -> Result<(), String> {
        let (call, is_end) = match record {
            Record::Connected { call, .. } => (call, false),
            Record::Ended { call, .. } => (call, true),
            _ => return Ok(()),
        };
        let row = &self.rows[call];
        let others = self.sockets.iter().filter(|(id, _)| Some(**id) != actor);
        for (id, socket) in others.filter(|(_, s)| s.user.is_some_and(|user| row.parties.contains(&user))) {
            let Some(heard) = socket.rooms.get(&row.room) else { continue };
            must(heard.rings != Some(*call), || format!("{id:?} rings on when call {call} does not"))?;
            must(!(is_end && heard.inside && !heard.over), || {
                format!("{id:?} is in call {call} and does not hear that it ended")
            })?;
        }
        Ok(())
    }

    /// At rest, with no call going on: everything that began has ended.
    pub fn rest(&self) -> Result<(), String> {
        self.media.rest()?;
        for (call, row) in &self.rows {
            must(row.ended, || format!("call {call} never ended"))?;
        }
        for (call, row) in &self.group_rows {
            must(row.ended, || format!("group call {call} never ended"))?;
            must(row.inside.is_empty(), || format!("group call {call} ended with {:?} in it", row.inside))?;
        }
        Ok(())
    }

    /// What the media server was ordered.
    pub fn media(&self) -> &MediaBooks {
        &self.media
    }

    /// The server was killed: no socket is left, rows are as they were.
    pub fn crash(&mut self, lost: &[Record]) {
        self.sockets.clear();
        self.media.crash();
        for record in lost {
            self.undo(record);
        }
    }

    fn undo(&mut self, record: &Record) {
        let row = |rows: &mut HashMap<CallId, Row>, call, change: fn(&mut Row)| {
            rows.entry(call).and_modify(change);
        };
        let group_row = |rows: &mut HashMap<CallId, GroupRow>, call, change: &dyn Fn(&mut GroupRow)| {
            rows.entry(call).and_modify(change);
        };
        match record {
            Record::Ringing { call, .. } => drop(self.rows.remove(call)),
            Record::GroupRinging { call, .. } => drop(self.group_rows.remove(call)),
            Record::Connected { call, .. } => row(&mut self.rows, *call, |row| {
                row.connected = None;
                row.winner = None;
            }),
            Record::Ended { call, .. } => row(&mut self.rows, *call, |row| row.ended = false),
            Record::GroupActive { call, .. } => group_row(&mut self.group_rows, *call, &|row| {
                row.active = false;
            }),
            Record::GroupEnded { call, .. } => group_row(&mut self.group_rows, *call, &|row| {
                row.ended = false;
            }),
            Record::Joined { call, user, .. } => group_row(&mut self.group_rows, *call, &|row| {
                row.inside.remove(user);
            }),
            Record::Left { call, user, .. } => group_row(&mut self.group_rows, *call, &|row| {
                row.inside.insert(*user);
            }),
            Record::Candidate { .. } | Record::Statistics { .. } => {}
        }
    }

    fn watch_reply(&mut self, input: &Input, actions: &[Action]) -> Result<(), String> {
        let replies = actions.iter().filter(|action| matches!(action, Action::Reply(_))).count();
        let Input::Event { socket, event, .. } = input else {
            return must(replies == 0, || "an answer to what was no question".into());
        };
        must(replies == 1, || format!("{replies} answers to one event"))?;
        let Some(Action::Reply(reply)) = actions.first() else {
            return Err("the answer is not the first thing sent".into());
        };
        let leaves =
            matches!(**event, ClientEvent::End(_) | ClientEvent::LeaveRoom(_) | ClientEvent::Reject(_));
        if let Some(name) = event.room().filter(|_| !leaves)
            && let Some(heard) = self.sockets.get_mut(socket).and_then(|socket| socket.rooms.get_mut(name))
        {
            // An app without device ids takes over from the device that answered, when that one is gone, and hears what it
            // missed even if what it said cannot be done any more.
            heard.over &= !heard.elsewhere;
        }
        if let Some(name) = event.room()
            && let user @ Some(_) = self.sockets.get(socket).and_then(|socket| socket.user)
        {
            let others = self.sockets.iter_mut().filter(|(id, _)| *id != socket);
            for (_, other) in others.filter(|(_, other)| other.user == user && !other.has_device_id) {
                // Without device ids, who speaks last may have the seat.
                if let Some(heard) = other.rooms.get_mut(name) {
                    heard.inside = false;
                }
            }
        }
        let Ok(ack) = reply else { return Ok(()) };
        let came_in = match (ack, &**event) {
            (Ack::Initiated(_) | Ack::Accepted(_), _) => event.room(),
            (Ack::RoomState(_), ClientEvent::JoinRoom(_) | ClientEvent::Accept(_)) => event.room(),
            _ => None,
        };
        if let Some(name) = came_in {
            // It comes in, perhaps again after an end: what follows belongs to this stay.
            let rooms = &mut self.sockets.entry(*socket).or_default().rooms;
            let heard = rooms.entry(name.clone()).or_default();
            heard.over = false;
            if matches!(ack, Ack::Initiated(_) | Ack::Accepted(_)) {
                (heard.inside, heard.rings) = (true, None);
            }
        }
        if let Ack::Accepted(accepted) = ack {
            let answer = match &**event {
                ClientEvent::Accept(accept) => Some(accept.sdp_answer.as_json().to_owned()),
                _ => None,
            };
            let row = self.rows.get(&accepted.call_id);
            let winner = row.and_then(|row| row.winner.clone());
            must(winner.is_none() || winner == answer, || format!("{} has two winners", accepted.call_id))?;
            let began_now =
                actions.iter().any(|action| matches!(action, Action::Store(Record::Connected { .. })));
            let was_connected = row.is_some_and(|row| row.connected.is_some());
            must(began_now != was_connected, || "an answer that neither connects nor repeats".into())?;
            if let Some(row) = self.rows.get_mut(&accepted.call_id) {
                row.winner = answer;
            }
        }
        Ok(())
    }

    fn sent(
        &mut self,
        to: SocketId,
        event: &ServerEvent,
        id: Option<u64>,
        resuming: bool,
    ) -> Result<(), String> {
        let Some(socket) = self.sockets.get_mut(&to) else {
            return Err(format!("{} to {to:?}, which is not there", event.name()));
        };
        must(socket.user.is_some(), || format!("{} to {to:?}, which is nobody's", event.name()))?;
        let Some(name) = event.room() else { return Ok(()) };
        if let Some(row) = self.rows.values().find(|row| !row.ended && row.room == *name) {
            let concerned = socket.user.is_some_and(|user| row.parties.contains(&user));
            must(concerned, || format!("{} of {name} to {to:?}, whom it does not concern", event.name()))?;
        }
        let heard = socket.rooms.entry(name.clone()).or_default();
        if let Some(id) = id {
            must(heard.ids.insert(id), || format!("event {id} of {name} went to {to:?} twice"))?;
            must(id > heard.last || resuming, || format!("event {id} of {name} came late to {to:?}"))?;
            heard.last = heard.last.max(id);
        }
        let ring = match event {
            ServerEvent::Incoming(incoming) => Some(incoming.call_id),
            ServerEvent::GroupIncoming(incoming) => Some(incoming.call_id),
            _ => None,
        };
        match ring {
            Some(call) => {
                must(heard.rang.insert(call), || format!("call {call} rang twice at {to:?}"))?;
                heard.over = false;
                heard.rings = Some(call);
            }
            None => must(!heard.over || is_end(event), || {
                format!("{} of {name} to {to:?} after its end", event.name())
            })?,
        }
        if let ServerEvent::Ended(ended) = event {
            let goes_on_elsewhere = ended.reason == EndedReason::AnsweredElsewhere;
            must(!heard.over || heard.elsewhere || goes_on_elsewhere, || {
                format!("{to:?} is told twice that {name} ended")
            })?;
            heard.elsewhere = goes_on_elsewhere;
        }
        heard.over |= is_end(event) && !matches!(event, ServerEvent::Rejected(_));
        if is_end(event) {
            heard.rings = None;
        }
        if let (ServerEvent::Rejected(_), Some(row)) =
            (event, self.rows.values().find(|row| !row.ended && row.room == *name))
        {
            // In a 1-1 call that is the end of it; in a group the others go on.
            heard.over |= socket.user == Some(row.parties[0]);
        }
        Ok(())
    }

    fn stored(&mut self, now: UnixMillis, record: &Record) -> Result<(), String> {
        match record {
            Record::Ringing { call, at, expires, from, to, room, .. } => {
                must(at <= expires && *at == now, || format!("call {call} rings at the wrong time"))?;
                let (room, parties) = (room.clone(), [*from, *to]);
                let row = Row { at: *at, room, parties, connected: None, ended: false, winner: None };
                must(self.rows.insert(*call, row).is_none(), || format!("call {call} began twice"))?;
            }
            Record::Connected { call, at, .. } => {
                let Some(row) = self.rows.get_mut(call) else {
                    return Err(format!("{call} was never dialled"));
                };
                must(!row.ended, || format!("call {call} was answered after its end"))?;
                must(row.connected.is_none(), || format!("call {call} was answered twice"))?;
                must(row.at <= *at, || format!("call {call} was answered before it rang"))?;
                row.connected = Some(*at);
            }
            Record::Ended { call, at, duration, .. } => {
                let Some(row) = self.rows.get_mut(call) else {
                    return Err(format!("{call} was never dialled"));
                };
                must(!row.ended, || format!("call {call} ended twice"))?;
                row.ended = true;
                let talked = row.connected.map(|since| (at.0 - since.0) / 1000);
                must(duration.map(|d| d.0) == talked, || format!("call {call} has the wrong duration"))?;
            }
            Record::GroupRinging { call, .. } => {
                let fresh = self.group_rows.insert(*call, GroupRow::default()).is_none();
                must(fresh, || format!("group call {call} began twice"))?;
            }
            Record::GroupActive { call, .. } => {
                let row = self.group_row(*call)?;
                must(!row.active, || format!("group call {call} became active twice"))?;
                row.active = true;
            }
            Record::GroupEnded { call, .. } => self.group_row(*call)?.ended = true,
            Record::Joined { call, user, .. } => {
                let fresh = self.group_row(*call)?.inside.insert(*user);
                must(fresh, || format!("{user} joined group call {call} twice"))?;
            }
            Record::Left { call, user, .. } => {
                let was_in = self.group_row(*call)?.inside.remove(user);
                must(was_in, || format!("{user} left group call {call} without being in it"))?;
            }
            Record::Statistics { .. } | Record::Candidate { .. } => {}
        }
        Ok(())
    }

    fn group_row(&mut self, call: CallId) -> Result<&mut GroupRow, String> {
        let row = self.group_rows.get_mut(&call).ok_or_else(|| format!("group call {call} never began"))?;
        must(!row.ended, || format!("group call {call} goes on after its end"))?;
        Ok(row)
    }
}

fn is_end(event: &ServerEvent) -> bool {
    matches!(event, ServerEvent::Ended(_) | ServerEvent::Rejected(_))
}
