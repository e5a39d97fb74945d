//! Who is connected, by which sockets, and which rooms concern them.
use super::{CallSettings, Profile, SocketId, room::after};
use calls_protocol::{DeviceId, RoomName, UnixMillis, UserId};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

/// Users and their sockets.
#[derive(Debug, Clone, Default)]
pub(super) struct People {
    users: HashMap<UserId, User>,
    lines: HashMap<SocketId, Line>,
    swept: Option<UnixMillis>,
}

/// A call counts against its caller's limit for this long.
const MINUTE: Duration = Duration::from_secs(60);

/// Times that one socket may register in a minute; once is enough, and an app may be clumsy.
pub(super) const REGISTRATIONS: usize = 30;

/// The same for all sockets of one user: devices that lost the same network come back together, a few times.
const REGISTRATIONS_OF_USER: usize = 300;

/// Times that one user may come into rooms in a minute; the others in them are told each time.
const JOINS: usize = 300;

/// Sockets of one user, each of which hears what rings. Nobody has as many devices; an app may leave dead ones behind.
const LINES: usize = 32;

#[derive(Debug, Clone, Default)]
struct User {
    lines: Vec<SocketId>,
    profile: Option<Arc<Profile>>,
    /// Live rooms that concern this user: called, invited or in it.
    rooms: Vec<RoomName>,
    /// Rooms that ended while this user was away.
    unheard: Vec<RoomName>,
    /// When this user dialled, in the last minute.
    attempts: VecDeque<UnixMillis>,
    registrations: Often,
    joins: Often,
}

/// One registered socket.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) user: UserId,
    pub(super) device: Option<DeviceId>,
    pub(super) call_waiting: bool,
    /// It is told of everything that rings each time, which may be a lot.
    pub(super) registrations: Often,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = if self.call_waiting { " takes a second call" } else { "" };
        write!(f, "{} by {:?}{waiting}", self.user, self.device)
    }
}

/// How often something was done lately.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Often {
    since: Option<UnixMillis>,
    count: usize,
}

impl Often {
    /// Once more. False if that is one too many for this minute.
    pub(super) fn once_more(&mut self, now: UnixMillis, most: usize) -> bool {
        if self.since.is_none_or(|since| after(since, MINUTE) <= now) {
            *self = Self { since: Some(now), count: 0 };
        }
        self.count += 1;
        self.count <= most
    }
}

impl People {
    pub(super) fn online(&self) -> usize {
        self.users.values().filter(|user| !user.lines.is_empty()).count()
    }

    /// Who is connected by what, and what concerns them.
    pub(super) fn summary(&self) -> String {
        let lines: std::collections::BTreeMap<_, _> = self.lines.iter().collect();
        let users: std::collections::BTreeMap<_, _> =
            self.users.iter().map(|(id, user)| (id, (&user.rooms, &user.unheard))).collect();
        format!("{lines:?} {users:?}")
    }

    pub(super) fn user_of(&self, socket: SocketId) -> Option<UserId> {
        self.lines.get(&socket).map(|line| line.user)
    }

    pub(super) fn line(&self, socket: SocketId) -> Option<&Line> {
        self.lines.get(&socket)
    }

    /// The sockets of a user, oldest first.
    pub(super) fn lines(&self, user: UserId) -> &[SocketId] {
        self.users.get(&user).map_or(&[], |user| &user.lines)
    }

    pub(super) fn takes_second_call(&self, user: UserId) -> bool {
        self.lines(user).iter().any(|socket| self.lines[socket].call_waiting)
    }

    pub(super) fn name(&self, user: UserId) -> String {
        self.profile(user).map_or_else(|| format!("User {user}"), |profile| profile.name.clone())
    }

    pub(super) fn avatar(&self, user: UserId) -> Option<String> {
        self.profile(user).and_then(|profile| profile.avatar.clone())
    }

    fn profile(&self, user: UserId) -> Option<&Arc<Profile>> {
        self.users.get(&user).and_then(|user| user.profile.as_ref())
    }

    /// Registers a socket. Returns the older socket of the same device, whose place it takes.
    pub(super) fn pick_up(
        &mut self,
        socket: SocketId,
        line: Line,
        profile: Option<Arc<Profile>>,
    ) -> Option<SocketId> {
        let user = self.users.entry(line.user).or_default();
        if profile.is_some() {
            user.profile = profile;
        }
        let older = line.device.as_ref().and_then(|device| {
            user.lines
                .iter()
                .copied()
                .find(|other| *other != socket && self.lines[other].device.as_ref() == Some(device))
        });
        if !user.lines.contains(&socket) {
            user.lines.push(socket);
        }
        self.lines.insert(socket, line);
        older
    }

    /// The oldest socket of a user who has too many, of those that may go.
    pub(super) fn one_too_many(&self, user: UserId, may_go: impl Fn(SocketId) -> bool) -> Option<SocketId> {
        let lines = self.lines(user);
        if lines.len() <= LINES {
            return None;
        }
        lines.iter().copied().find(|socket| may_go(*socket))
    }

    /// Forgets a socket. Returns whose it was.
    pub(super) fn hang_up(&mut self, socket: SocketId) -> Option<UserId> {
        let line = self.lines.remove(&socket)?;
        if let Some(user) = self.users.get_mut(&line.user) {
            user.lines.retain(|other| *other != socket);
        }
        Some(line.user)
    }

    pub(super) fn rooms(&self, user: UserId) -> Vec<RoomName> {
        self.users.get(&user).map_or_else(Vec::new, |user| user.rooms.clone())
    }

    pub(super) fn enter(&mut self, user: UserId, room: &RoomName) {
        let user = self.users.entry(user).or_default();
        if !user.rooms.contains(room) {
            user.rooms.push(room.clone());
        }
    }

    pub(super) fn leave(&mut self, id: UserId, room: &RoomName) {
        if let Some(user) = self.users.get_mut(&id) {
            user.rooms.retain(|other| other != room);
            self.drop_if_empty(id);
        }
    }

    pub(super) fn missed_the_end(&mut self, user: UserId, room: &RoomName) {
        self.users.entry(user).or_default().unheard.push(room.clone());
    }

    pub(super) fn heard(&mut self, id: UserId, room: &RoomName) {
        if let Some(user) = self.users.get_mut(&id) {
            user.unheard.retain(|other| other != room);
            self.drop_if_empty(id);
        }
    }

    pub(super) fn take_unheard(&mut self, user: UserId) -> Vec<RoomName> {
        self.users.get_mut(&user).map_or_else(Vec::new, |user| std::mem::take(&mut user.unheard))
    }

    /// Counts a dialled call. False if it is one too many.
    pub(super) fn may_dial(&mut self, user: UserId, now: UnixMillis, settings: &CallSettings) -> bool {
        let user = self.users.entry(user).or_default();
        user.forget_attempts(now);
        if user.attempts.len() >= settings.attempts_per_minute {
            return false;
        }
        user.attempts.push_back(now);
        true
    }

    /// Counts a registration. False if it is one too many.
    pub(super) fn may_register(&mut self, user: UserId, now: UnixMillis) -> bool {
        self.users.entry(user).or_default().registrations.once_more(now, REGISTRATIONS_OF_USER)
    }

    /// Counts a coming into a room. False if it is one too many.
    pub(super) fn may_join(&mut self, user: UserId, now: UnixMillis) -> bool {
        self.users.entry(user).or_default().joins.once_more(now, JOINS)
    }

    /// Drops a user nobody will ask about again.
    pub(super) fn forget_if_gone(&mut self, id: UserId, now: UnixMillis) {
        if let Some(user) = self.users.get_mut(&id) {
            user.forget_attempts(now);
            self.drop_if_empty(id);
        }
    }

    fn drop_if_empty(&mut self, id: UserId) {
        // Somebody who dialled too often cannot start afresh by reconnecting, so their attempts keep them here;
        // `sweep` drops them a minute later.
        if self.users.get(&id).is_some_and(User::is_empty) {
            self.users.remove(&id);
        }
    }

    /// Once a minute, drops users kept only for attempts that are forgotten by now.
    pub(super) fn sweep(&mut self, now: UnixMillis) {
        if self.swept.is_some_and(|at| now < after(at, MINUTE)) {
            return;
        }
        self.swept = Some(now);
        self.users.retain(|_, user| {
            user.forget_attempts(now);
            !user.is_empty()
        });
    }
}

impl User {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.rooms.is_empty() && self.unheard.is_empty() && self.attempts.is_empty()
    }

    fn forget_attempts(&mut self, now: UnixMillis) {
        while self.attempts.front().is_some_and(|at| after(*at, MINUTE) <= now) {
            self.attempts.pop_front();
        }
    }
}
