//! The rules of calls: pure functions of (state, time, input). No clock, no socket, no database, no failure.
//!
//! Whatever the outside does becomes an [`Input`]; whatever should happen comes back as [`Action`]s, in order. The
//! same inputs at the same times give the same actions, so a simulation is a plain loop and a bug is a list of inputs.
//! Late, repeated and impossible messages are ordinary inputs: each gets a reply that says what is so.
mod chat;
mod crowd;
mod door;
mod forward;
mod host;
mod initiate;
mod io;
mod log;
mod media;
mod over;
mod pair;
mod people;
mod record;
mod register;
mod restore;
mod room;
mod summary;
mod way;

pub use io::{Action, CallSettings, Facts, GroupFacts, Input, Note, Profile, Push, SocketId};
pub use media::{MediaNews, MediaOrder, MediaSeat, MediaSettings};
pub use record::{FinalStatus, OpenCall, Present, Record};

use calls_protocol::{
    Ack, CallId, ClientEvent, EndedReason, ErrorCode, IceServers, Refusal, RoomName, UnixMillis, UserId,
};
use log::Log;
use over::{Outcome, Overs};
use pair::PairEnd;
use people::People;
use room::{Room, Shape};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// What answers an event: the acknowledgement, or why not.
type Reply = Result<Ack, Refusal>;

/// Makes the STUN and TURN servers of one user at one moment; pure like everything here.
pub type IssueIce = Arc<dyn Fn(UserId, UnixMillis) -> IceServers + Send + Sync>;

/// Every call of this server.
#[derive(Clone)]
pub struct Calls {
    settings: CallSettings,
    people: People,
    rooms: HashMap<RoomName, Room>,
    /// Which room wakes when; one entry a live room.
    wakes: BTreeSet<(UnixMillis, RoomName)>,
    overs: Overs,
    /// The one live call of a group.
    groups: HashMap<calls_protocol::GroupId, RoomName>,
    next_call: u64,
    next_group_call: u64,
    /// Connections to the media server so far.
    connections: u64,
    issue_ice: IssueIce,
    /// The last id of any event of a room that is over.
    last_event: u64,
    /// What the logs of all rooms weigh together.
    logged: usize,
    /// Set by [`Input::Stop`]: no new call starts here.
    stopping: bool,
}

/// What the functions of a room may touch besides the room.
struct Cx<'a> {
    now: UnixMillis,
    settings: &'a CallSettings,
    people: &'a mut People,
    issue_ice: &'a IssueIce,
    /// Connections to the media server so far: each gets the next number.
    connections: &'a mut u64,
    /// What one log may weigh.
    heaviest_log: usize,
    out: &'a mut Vec<Action>,
}

impl Cx<'_> {
    fn ice(&self, user: UserId) -> IceServers {
        (self.issue_ice)(user, self.now)
    }

    fn store(&mut self, record: Record) {
        self.out.push(Action::Store(record));
    }

    fn note(&mut self, note: Note) {
        self.out.push(Action::Note(note));
    }

    fn order(&mut self, order: MediaOrder) {
        self.out.push(Action::Media(order));
    }
}

impl Calls {
    /// No calls yet; `next_call` and `next_group_call` are the first free row ids.
    pub fn new(settings: CallSettings, next_call: u64, next_group_call: u64, issue_ice: IssueIce) -> Self {
        Self {
            settings,
            people: People::default(),
            rooms: HashMap::new(),
            wakes: BTreeSet::new(),
            overs: Overs::default(),
            groups: HashMap::new(),
            next_call: next_call.max(1),
            next_group_call: next_group_call.max(1),
            connections: 0,
            issue_ice,
            last_event: 0,
            logged: 0,
            stopping: false,
        }
    }

    /// Takes one input and returns what it asks of the outside, in order. `now` never goes back.
    #[must_use = "an action that is not run is lost"]
    pub fn handle(&mut self, now: UnixMillis, input: Input) -> Vec<Action> {
        let mut out = Vec::new();
        match input {
            Input::Event { socket, authenticated, event, facts } => {
                let reply = self.event(now, socket, authenticated, *event, facts, &mut out);
                // The reply goes first: whoever reads it knows the room before its events arrive.
                out.insert(0, Action::Reply(reply));
            }
            Input::Closed { socket } => self.closed(now, socket, &mut out),
            Input::Tick => self.tick(now, &mut out),
            Input::Restore { call, group } => self.restore(now, call, group.as_deref(), &mut out),
            Input::Media(news) => self.media_news(now, news, &mut out),
            Input::Stop => self.stopping = true,
            Input::Shutdown => self.shut_down(now, &mut out),
        }
        out
    }

    /// When [`Input::Tick`] is due next.
    pub fn deadline(&self) -> Option<UnixMillis> {
        let wake = self.wakes.first().map(|(at, _)| *at);
        [wake, self.overs.deadline()].into_iter().flatten().min()
    }

    /// Calls and rooms that are going on.
    pub fn live(&self) -> usize {
        self.rooms.len()
    }

    /// 1-1 and group calls that ring.
    pub fn ringing(&self) -> usize {
        self.rooms.values().filter(|room| room.is_ringing()).count()
    }

    /// Users with at least one socket.
    pub fn users_online(&self) -> usize {
        self.people.online()
    }

    /// Whether the user has a socket here.
    pub fn is_online(&self, user: UserId) -> bool {
        !self.people.lines(user).is_empty()
    }

    /// Whose calls a socket takes.
    pub fn user_of(&self, socket: SocketId) -> Option<UserId> {
        self.people.user_of(socket)
    }

    fn event(
        &mut self,
        now: UnixMillis,
        socket: SocketId,
        authenticated: Option<UserId>,
        event: ClientEvent,
        facts: Facts,
        out: &mut Vec<Action>,
    ) -> Reply {
        if let ClientEvent::Register(register) = event {
            return self.register(now, socket, authenticated, register, facts, out);
        }
        let Some(user) = self.people.user_of(socket) else {
            return refuse(ErrorCode::Unauthorized, "say call:register first, then try again");
        };
        if event.claimed_user().is_some_and(|claimed| claimed != user) {
            return refuse(ErrorCode::Forbidden, "you can only speak for yourself: the user id is another's");
        }
        let name = match event {
            ClientEvent::Initiate(initiate) => {
                return self.initiate(now, socket, user, initiate, &facts, out);
            }
            ClientEvent::JoinRoom(join) if !self.rooms.contains_key(&join.room_name) => {
                return self.open_room(now, socket, user, join, &facts, out);
            }
            _ => event.room().expect("every event but call:register names a room").clone(),
        };
        let Some(room) = self.rooms.get(&name) else {
            return self.about_over(socket, user, &name, &event, out);
        };
        let comes_in = match &room.shape {
            Shape::Pair(_) => matches!(event, ClientEvent::Accept(_)),
            Shape::Crowd(_) => matches!(event, ClientEvent::JoinRoom(_) | ClientEvent::Accept(_)),
        };
        if comes_in && room.seat(user).is_none() {
            if !room.has_place_for(user) {
                self.has_room(user)?;
            }
            if matches!(room.shape, Shape::Crowd(_)) && !self.people.may_join(user, now) {
                return refuse(ErrorCode::RateLimited, "in and out too often in a minute: wait a little");
            }
        }
        self.in_room(now, &name, out, |room, cx| room.event(cx, socket, user, event))
    }

    /// Runs `act` on a live room, then books its next wake, or buries it if that was its end.
    fn in_room<T>(
        &mut self,
        now: UnixMillis,
        name: &RoomName,
        out: &mut Vec<Action>,
        act: impl FnOnce(&mut Room, &mut Cx<'_>) -> T,
    ) -> T {
        let room = self.rooms.get_mut(name).expect("the caller looked the room up");
        let mut cx = Cx {
            now,
            settings: &self.settings,
            people: &mut self.people,
            issue_ice: &self.issue_ice,
            connections: &mut self.connections,
            heaviest_log: log::heaviest(self.logged),
            out,
        };
        let before = room.log.weight();
        let result = act(room, &mut cx);
        self.logged = self.logged + room.log.weight() - before;
        self.settle(now, name);
        result
    }

    fn settle(&mut self, now: UnixMillis, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        if room.over.is_some() {
            self.bury(now, name);
            return;
        }
        let due = room.deadline(&self.settings);
        if due != room.wake {
            if let Some(at) = room.wake.take() {
                self.wakes.remove(&(at, name.clone()));
            }
            if let Some(at) = due {
                self.wakes.insert((at, name.clone()));
            }
            room.wake = due;
        }
    }

    fn bury(&mut self, now: UnixMillis, name: &RoomName) {
        let Some(mut room) = self.rooms.remove(name) else { return };
        if let Some(at) = room.wake {
            self.wakes.remove(&(at, name.clone()));
        }
        for user in room.everyone() {
            self.people.leave(user, name);
        }
        if let Shape::Crowd(crowd) = &room.shape
            && let Some(group) = crowd.group_id()
            && self.groups.get(&group) == Some(name)
        {
            self.groups.remove(&group);
        }
        self.logged -= room.log.weight();
        self.last_event = self.last_event.max(room.log.last().get());
        let over = room.over.take().expect("only a room that is over is buried");
        if room.call.is_none() {
            // An open room: its name is free again at once.
            return;
        }
        self.overs.add(now, &self.settings, name.clone(), over, &mut self.people);
    }

    fn closed(&mut self, now: UnixMillis, socket: SocketId, out: &mut Vec<Action>) {
        let Some(user) = self.people.hang_up(socket) else { return };
        for name in self.people.rooms(user) {
            self.in_room(now, &name, out, |room, cx| room.lose_socket(cx, user, socket));
        }
        self.people.forget_if_gone(user, now);
    }

    fn media_news(&mut self, now: UnixMillis, news: MediaNews, out: &mut Vec<Action>) {
        let name = news.room().clone();
        // News of a room that is over come late, and nobody is left to hear them.
        if self.rooms.contains_key(&name) {
            self.in_room(now, &name, out, |room, cx| room.media_news(cx, news));
        }
    }

    fn tick(&mut self, now: UnixMillis, out: &mut Vec<Action>) {
        // Each once: a room that wants to be woken at once again, which would be a bug, does not keep the others waiting.
        let due: Vec<RoomName> =
            self.wakes.iter().take_while(|(at, _)| *at <= now).map(|(_, name)| name.clone()).collect();
        for name in due {
            if self.rooms.contains_key(&name) {
                self.in_room(now, &name, out, Room::time_is_up);
            }
        }
        self.overs.purge(now, &mut self.people);
        self.people.sweep(now);
    }

    fn restore(
        &mut self,
        now: UnixMillis,
        call: OpenCall,
        group: Option<&GroupFacts>,
        out: &mut Vec<Action>,
    ) {
        let members = group.map_or(&[][..], |group| &group.members);
        let (room, offer) = Room::restored(now, self.new_log(now), call, members);
        let name = room.name.clone();
        if self.rooms.contains_key(&name) {
            return;
        }
        for user in room.everyone() {
            self.people.enter(user, &name);
        }
        if let Shape::Crowd(crowd) = &room.shape
            && let Some(group) = crowd.group_id()
        {
            self.groups.insert(group, name.clone());
        }
        self.rooms.insert(name.clone(), room);
        let group_name = group.map_or("", |group| &group.name);
        self.in_room(now, &name, out, |room, cx| room.tell_again(cx, offer, group_name));
    }

    fn shut_down(&mut self, now: UnixMillis, out: &mut Vec<Action>) {
        self.stopping = true;
        let mut names: Vec<RoomName> = self.rooms.keys().cloned().collect();
        names.sort_unstable();
        for name in names {
            self.in_room(now, &name, out, |room, cx| match room.shape {
                Shape::Pair(_) => drop(room.end_pair(cx, PairEnd::Shutdown)),
                Shape::Crowd(_) => room.end_crowd(cx, EndedReason::ServerShutdown, None),
            });
        }
    }

    /// An event about a room that is not live: over, or never there.
    fn about_over(
        &mut self,
        socket: SocketId,
        user: UserId,
        name: &RoomName,
        event: &ClientEvent,
        out: &mut Vec<Action>,
    ) -> Reply {
        let Some(over) = self.overs.get_mut(name) else {
            return refuse(ErrorCode::NotFound, "there is no such call; it may have ended a while ago");
        };
        if !over.concerns(user) {
            return refuse(ErrorCode::Forbidden, "you are not part of this call");
        }
        match event {
            ClientEvent::End(_) => Ok(Ack::Ended(calls_protocol::EndedAck { duration: over.duration })),
            ClientEvent::LeaveRoom(_) => Ok(Ack::Done),
            ClientEvent::Reject(_) if over.outcome == (Outcome::Rejected { by: user }) => Ok(Ack::Done),
            ClientEvent::Resume(resume) => {
                let device = self.people.line(socket).and_then(|line| line.device.as_ref());
                if !over.tell_unheard((user, device), socket, resume.last_event_id, out) {
                    self.people.heard(user, name);
                }
                Err(over.refusal(user))
            }
            _ => Err(over.refusal(user)),
        }
    }

    fn new_log(&self, now: UnixMillis) -> Log {
        Log::new(now, self.last_event)
    }

    fn next_call_id(&mut self) -> CallId {
        let id = CallId::new(self.next_call).expect("row ids stay below 2^53");
        self.next_call += 1;
        id
    }

    fn next_group_call_id(&mut self) -> CallId {
        let id = CallId::new(self.next_group_call).expect("row ids stay below 2^53");
        self.next_group_call += 1;
        id
    }
}

fn refuse<T>(code: ErrorCode, message: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(code, message))
}
