//! A few phones on a stage: what happens to them is said line by line, and what they showed is read off afterwards.
use super::{DUSK, World, people::Trouble, phone::is_over};
use crate::sim::{Random, user};
use calls_machine::{CallKey, CallSnapshot, CallState, Callee, Command};
use calls_protocol::{CallType, Reaction, Recipient, RoomName};
use calls_server::calls::MediaSettings;

/// Phones, a server, and a network in which nothing goes wrong by itself.
pub struct Play {
    world: World,
    names: u32,
}

impl Play {
    /// One phone for each of these users, switched on and known to the server.
    pub fn of(users: &[u64]) -> Self {
        Self::with_seed(1, users)
    }

    /// The same, with other delays on the way.
    pub fn with_seed(seed: u64, users: &[u64]) -> Self {
        Self::begin(seed, users, None)
    }

    /// The same, with a media server.
    pub fn with_media_server(seed: u64, users: &[u64]) -> Self {
        Self::begin(seed, users, Some(MediaSettings::default()))
    }

    fn begin(seed: u64, users: &[u64], media: Option<MediaSettings>) -> Self {
        let mut world = World::new(Random::new(seed), users, media, true);
        (world.is_rough, world.is_lively) = (false, false);
        let mut play = Self { world, names: 0 };
        for phone in 0..users.len() {
            play.app_starts(phone);
        }
        play.world.start_beating();
        play.pass(3_000);
        play
    }

    fn try_to(&mut self, act: impl FnOnce(&mut World) -> Result<(), String>) {
        if let Err(broken) = act(&mut self.world) {
            panic!("{broken}\n{}", self.world.story().join("\n"));
        }
    }

    fn command(&mut self, phone: usize, command: Command) {
        self.try_to(|world| world.with_phone(phone, |phone, cx| phone.command(cx, command)));
    }

    fn call_in(&self, phone: usize, room: &str) -> CallKey {
        let room = RoomName::new(room).expect("a room name");
        let call = self.world.phones[phone].call_in(&room);
        call.unwrap_or_else(|| panic!("phone {phone} is not in {room}\n{}", self.world.story().join("\n")))
            .key
    }

    /// So many milliseconds pass.
    pub fn pass(&mut self, length: u64) {
        let end = self.world.now + length;
        self.try_to(|world| world.play_until(end));
    }

    /// Somebody calls somebody, without picture.
    pub fn dials(&mut self, phone: usize, to: u64, room: &str) {
        let room = RoomName::new(room).expect("a room name");
        let to = Callee::User(user(to));
        self.command(phone, Command::Dial { room, to, call_type: CallType::Audio });
    }

    /// Somebody comes into a room.
    pub fn joins(&mut self, phone: usize, room: &str) {
        let room = RoomName::new(room).expect("a room name");
        self.command(phone, Command::Join { room, call_type: CallType::Audio });
    }

    /// Somebody answers.
    pub fn accepts(&mut self, phone: usize, room: &str) {
        let call = self.call_in(phone, room);
        self.command(phone, Command::Accept { call, call_type: CallType::Audio });
    }

    /// Somebody answers, or comes into the room again that they left.
    pub fn accepts_or_joins(&mut self, phone: usize, room: &str) {
        let name = RoomName::new(room).expect("a room name");
        match self.world.phones[phone].call_in(&name) {
            Some(_) => self.accepts(phone, room),
            None => self.joins(phone, room),
        }
    }

    /// Somebody says no.
    pub fn declines(&mut self, phone: usize, room: &str) {
        let call = self.call_in(phone, room);
        self.command(phone, Command::Reject { call });
    }

    /// Somebody hangs up.
    pub fn hangs_up(&mut self, phone: usize, room: &str) {
        let call = self.call_in(phone, room);
        self.command(phone, Command::HangUp { call });
    }

    /// Somebody puts a call on hold, or takes it back.
    pub fn holds(&mut self, phone: usize, room: &str, held: bool) {
        let call = self.call_in(phone, room);
        self.command(phone, Command::Hold { call, held });
    }

    /// No network for so long, and the same one again after it.
    pub fn is_offline_for(&mut self, phone: usize, length: u64) {
        self.try_to(|world| world.trouble(Trouble::GoesOffline { phone, length }));
    }

    /// From one network to another.
    pub fn moves(&mut self, phone: usize, line_breaks: bool) {
        self.try_to(|world| world.trouble(Trouble::Moves { phone, line_breaks }));
    }

    /// The line to the server breaks.
    pub fn line_breaks(&mut self, phone: usize) {
        self.try_to(|world| world.trouble(Trouble::Breaks(phone)));
    }

    /// For so long nothing passes between two phones; both have the server.
    pub fn are_cut_for(&mut self, one: usize, other: usize, length: u64) {
        for (from, to) in [(one, other), (other, one)] {
            self.try_to(|world| world.trouble(Trouble::Blocks { from, to, length }));
        }
    }

    /// The system ends the app.
    pub fn app_dies(&mut self, phone: usize) {
        self.try_to(|world| world.app_dies(phone));
    }

    /// Somebody opens the app.
    pub fn app_starts(&mut self, phone: usize) {
        self.try_to(|world| world.trouble(Trouble::AppStarts(phone)));
    }

    /// Somebody calls the group of the first three.
    pub fn dials_the_group(&mut self, phone: usize, room: &str) {
        let room = RoomName::new(room).expect("a room name");
        let to = Callee::Group(crate::sim::group_id());
        self.command(phone, Command::Dial { room, to, call_type: CallType::Audio });
    }

    /// What somebody's screen shows of a room that they are in, or were in a moment ago.
    pub fn sees(&self, phone: usize, room: &str) -> CallSnapshot {
        let seen = self.world.phones[phone].calls().iter().rev().find(|call| call.room.as_str() == room);
        seen.cloned().unwrap_or_else(|| panic!("phone {phone} sees nothing of {room}"))
    }

    /// Somebody says or decides something in a room of many.
    pub fn says(&mut self, phone: usize, room: &str, command: impl FnOnce(CallKey) -> Command) {
        let command = command(self.call_in(phone, room));
        self.command(phone, command);
    }

    /// Somebody writes to all.
    pub fn writes(&mut self, phone: usize, room: &str, text: &str) {
        let id = self.new_name();
        self.says(phone, room, |call| Command::Write { call, id, text: text.to_owned() });
    }

    /// Somebody shows something for a moment.
    pub fn reacts(&mut self, phone: usize, room: &str, reaction: Reaction) {
        let id = self.new_name();
        self.says(phone, room, |call| Command::React { call, id, reaction });
    }

    fn new_name(&mut self) -> String {
        self.names += 1;
        format!("name-{}", self.names)
    }

    /// From now on somebody may be kept out of a room: whoever asks all the same is refused, and that is right.
    pub fn doors_are_kept(&mut self) {
        self.world.doors_are_kept = true;
    }

    /// The media server is killed, and another one begins at once.
    pub fn media_server_dies(&mut self) {
        self.world.media_server_dies();
    }

    /// Connections to the media server, and straight ones, of somebody.
    pub fn connections(&self, phone: usize) -> (usize, usize) {
        let by_server = |end: &&crate::phones::media::End| end.peer.to == Recipient::MediaServer;
        let all = self.world.media.ends_of(phone).count();
        let by_server = self.world.media.ends_of(phone).filter(by_server).count();
        (by_server, all - by_server)
    }

    /// The server is killed and is back after so long.
    pub fn server_dies_for(&mut self, length: u64) {
        self.try_to(|world| world.server_dies(length));
    }

    /// Every different thing that a screen showed, call by call in the order in which they came.
    pub fn shown(&self, phone: usize) -> Vec<Vec<String>> {
        let app = self.world.phones[phone].app.as_ref();
        app.map_or(Vec::new(), |app| app.shown.values().cloned().collect())
    }

    /// Whether what one says is played at the other.
    pub fn hears(&self, phone: usize, other: usize) -> bool {
        self.world.media.heard().iter().any(|(from, to)| (from.phone, to.phone) == (other, phone))
    }

    /// How many calls somebody talks in.
    pub fn talks_in(&self, phone: usize) -> usize {
        let talks = |state| matches!(state, CallState::Talking { .. });
        self.world.phones[phone].calls().iter().filter(|call| talks(call.state)).count()
    }

    /// How many calls are not over.
    pub fn live(&self, phone: usize) -> usize {
        self.world.phones[phone].calls().iter().filter(|call| !is_over(call)).count()
    }

    /// Since the beginning.
    pub fn now(&self) -> u64 {
        self.world.now - DUSK
    }

    /// Connections that were built anew so far.
    pub fn rebuilt(&self) -> u64 {
        self.world.media.rebuilt
    }

    /// Everybody hangs up, and nothing may be left anywhere.
    pub fn ends(mut self) {
        self.try_to(World::everybody_says_goodbye);
        self.pass(90_000);
        self.try_to(World::at_rest);
    }
}
