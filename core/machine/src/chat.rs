//! What people in a room of many show and write: hands, reactions, chat.
//!
//! A line of the chat is said again after a lost connection, with its name, until the server answers. A reaction is
//! not: it is old the next moment.
use crate::{
    AskId, CallKey, ChatLine, ChatState, Effect, Machine, ServerLink, Settings, Shown, Time, What, call::Call,
};
use calls_protocol::{
    Chat, ChatMessage, ClientEvent, HandChanged, RaiseHand, React, Reacted, Reaction, UnixMillis, UserId,
};

/// Lines that are kept. Older ones were read, or never will be.
const LINES: usize = 200;

/// Reactions that are shown at once: more than a screen has room for.
const REACTIONS: usize = 64;

/// What is shown and written in one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Talk {
    lines: Vec<Line>,
    /// The oldest first, so the first is the first to go.
    gestures: Vec<Gesture>,
    /// Counts lines and reactions.
    next: u32,
}

/// A line of the chat.
#[derive(Debug, Clone)]
struct Line {
    number: u32,
    user: UserId,
    /// Its writer's own name for it.
    name: String,
    user_name: String,
    text: String,
    at: Option<UnixMillis>,
    state: ChatState,
    /// It was refused because we were not in the room any more, and we are coming back into it.
    is_owed: bool,
}

/// A reaction that is shown.
#[derive(Debug, Clone, Copy)]
struct Gesture {
    id: u32,
    user: UserId,
    reaction: Reaction,
    until: Time,
}

impl Talk {
    pub(crate) fn lines(&self) -> Vec<ChatLine> {
        let line = |line: &Line| ChatLine {
            id: format!("{}-{}", line.user, line.name),
            user: line.user,
            name: line.user_name.clone(),
            text: line.text.clone(),
            at: line.at,
            state: line.state,
        };
        self.lines.iter().map(line).collect()
    }

    pub(crate) fn shown(&self) -> Vec<Shown> {
        let shown =
            |gesture: &Gesture| Shown { user: gesture.user, reaction: gesture.reaction, id: gesture.id };
        self.gestures.iter().map(shown).collect()
    }

    /// When the next reaction goes.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.gestures.first().map(|gesture| gesture.until)
    }

    /// Takes away what was shown long enough.
    pub(crate) fn tick(&mut self, now: Time) {
        self.gestures.retain(|gesture| gesture.until > now);
    }

    /// The call is over: nothing more is shown, and what the server has not answered nobody will read.
    pub(crate) fn end(&mut self) {
        self.gestures.clear();
        for line in self.lines.iter_mut().filter(|line| line.state == ChatState::Sending) {
            line.state = ChatState::Failed;
        }
    }

    fn line(&mut self, number: u32) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.number == number)
    }

    fn add(&mut self, line: Line) -> u32 {
        let number = self.count();
        self.lines.push(Line { number, ..line });
        if self.lines.len() > LINES {
            self.lines.remove(0);
        }
        number
    }

    fn count(&mut self) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        number
    }

    fn show(&mut self, now: Time, settings: &Settings, (user, reaction): (UserId, Reaction)) -> u32 {
        let (id, until) = (self.count(), now + settings.show_reaction);
        self.gestures.push(Gesture { id, user, reaction, until });
        if self.gestures.len() > REACTIONS {
            self.gestures.remove(0);
        }
        id
    }

    /// All that matters for what happens next.
    pub(crate) fn summary(&self, now: Time) -> String {
        let lines: Vec<_> = self.lines.iter().map(|line| (line.user, line.state, line.is_owed)).collect();
        let gestures = self.gestures.iter().map(|gesture| gesture.until.0.saturating_sub(now.0));
        format!("{lines:?} {:?}", gestures.collect::<Vec<_>>())
    }
}

impl Call {
    /// Whether one can speak to others in it, apart from by voice: it is a room of many, and we are in it.
    pub(crate) fn is_gathering(&self) -> bool {
        self.is_talking() && self.with().is_none()
    }
}

impl Machine {
    pub(crate) fn raise_hand(&mut self, key: CallKey, raised: bool, out: &mut Vec<Effect>) {
        let me = self.me;
        let is_up = self.snapshot_of(key).is_some_and(|call| call.is_hand_up);
        let Some(call) = self.live(key).filter(|call| call.is_gathering() && is_up != raised) else { return };
        let hand = RaiseHand { room_name: call.room.clone(), user_id: me, raised };
        self.ask(key, What::Hand(raised), ClientEvent::RaiseHand(hand), out);
    }

    pub(crate) fn hand_changed(&mut self, hand: &HandChanged) {
        let Some(key) = self.live_in(&hand.room_name) else { return };
        let is_ours = hand.user_id == self.me;
        let Some(call) = self.live(key) else { return };
        if is_ours {
            call.hand_is_up = hand.hand_raised_at.is_some();
        } else if let Some(person) = call.people.get_mut(&hand.user_id) {
            person.hand_raised_at = hand.hand_raised_at;
        }
    }

    /// Shown here at once. Without the server it would be shown to nobody else, or too late.
    pub(crate) fn react(
        &mut self,
        now: Time,
        key: CallKey,
        (name, reaction): (String, Reaction),
        out: &mut Vec<Effect>,
    ) {
        let me = self.me;
        if self.server != ServerLink::Up || reaction == Reaction::Unknown {
            return;
        }
        let Some(call) = self.calls.get_mut(&key).filter(|call| call.is_gathering()) else { return };
        let id = call.talk.show(now, &self.settings, (me, reaction));
        let room_name = call.room.clone();
        let react = React { room_name, user_id: me, message_id: name, reaction };
        self.ask(key, What::React(id), ClientEvent::React(react), out);
    }

    pub(crate) fn reacted(&mut self, now: Time, reacted: &Reacted) {
        let Some(key) = self.live_in(&reacted.room_name) else { return };
        // One that this app does not know it cannot show.
        if reacted.reaction != Reaction::Unknown
            && let Some(call) = self.calls.get_mut(&key).filter(|call| call.is_gathering())
        {
            call.talk.show(now, &self.settings, (reacted.user_id, reacted.reaction));
        }
    }

    /// The server did not take a reaction, so nobody else sees it.
    pub(crate) fn reaction_failed(&mut self, key: CallKey, id: u32) {
        if let Some(call) = self.live(key) {
            call.talk.gestures.retain(|gesture| gesture.id != id);
        }
    }

    /// The line to the server is gone: what was shown then is not shown again when it is back.
    pub(crate) fn forget_reactions(&mut self, out: &mut Vec<Effect>) {
        let is_one = |what: What| matches!(what, What::React(_));
        let open = self.asked.iter().filter(|(_, asked)| is_one(asked.what));
        let open: Vec<AskId> = open.map(|(ask, _)| *ask).collect();
        for ask in open {
            self.asked.remove(&ask);
            out.push(Effect::Forget(ask));
        }
    }

    pub(crate) fn write(&mut self, key: CallKey, (name, text): (String, &str), out: &mut Vec<Effect>) {
        let (me, text) = (self.me, tidy(text));
        if text.is_empty() {
            return;
        }
        let Some(call) = self.live(key).filter(|call| call.is_gathering()) else { return };
        let user_name = call.my_name.clone();
        let is_too_long = text.chars().count() > Chat::LONGEST;
        let state = if is_too_long { ChatState::Failed } else { ChatState::Sending };
        let line = Line { number: 0, user: me, name, user_name, text, at: None, state, is_owed: false };
        let number = call.talk.add(line);
        if !is_too_long {
            self.say_line(key, number, out);
        }
    }

    /// Sends a line of ours, for the first time or again.
    fn say_line(&mut self, key: CallKey, number: u32, out: &mut Vec<Effect>) {
        let me = self.me;
        let Some(call) = self.live(key) else { return };
        let room_name = call.room.clone();
        let Some(line) = call.talk.line(number) else { return };
        line.is_owed = false;
        let chat = Chat { room_name, user_id: me, message_id: line.name.clone(), text: line.text.clone() };
        self.ask(key, What::Write(number), ClientEvent::Chat(chat), out);
    }

    /// The server has a line of ours; `at` is when it got it first.
    pub(crate) fn written(&mut self, key: CallKey, number: u32, at: Option<UnixMillis>) {
        if let Some(line) = self.live(key).and_then(|call| call.talk.line(number)) {
            (line.state, line.at) = (ChatState::Sent, at.or(line.at));
        }
    }

    /// The server did not take a line of ours. It is said again if we are just coming back into the room.
    pub(crate) fn not_written(&mut self, key: CallKey, number: u32) {
        let comes_back = self.has_asked(key, What::Join);
        if let Some(line) = self.live(key).and_then(|call| call.talk.line(number)) {
            match comes_back {
                true => line.is_owed = true,
                false => line.state = ChatState::Failed,
            }
        }
    }

    /// We are in the room again: what was refused meanwhile is said again.
    pub(crate) fn say_owed_lines(&mut self, key: CallKey, out: &mut Vec<Effect>) {
        let Some(call) = self.live(key).filter(|call| call.is_gathering()) else { return };
        let owed = call.talk.lines.iter().filter(|line| line.is_owed);
        let owed: Vec<u32> = owed.map(|line| line.number).collect();
        for number in owed {
            self.say_line(key, number, out);
        }
    }

    pub(crate) fn chat_came(&mut self, message: ChatMessage) {
        let ChatMessage { room_name, user_id, user_name, message_id, text, sent_at } = message;
        let Some(key) = self.live_in(&room_name) else { return };
        let Some(call) = self.live(key).filter(|call| call.is_gathering()) else { return };
        let known = call.talk.lines.iter_mut().find(|line| line.user == user_id && line.name == message_id);
        if let Some(known) = known {
            // Told twice: a server that was killed does not know what it told.
            (known.state, known.at) = (ChatState::Sent, known.at.or(Some(sent_at)));
            return;
        }
        let (name, at, state) = (message_id, Some(sent_at), ChatState::Sent);
        call.talk.add(Line { number: 0, user: user_id, name, user_name, text, at, state, is_owed: false });
    }
}

/// As the server takes it: no control characters but new lines and tabs, nothing empty around it.
fn tidy(text: &str) -> String {
    let is_fine = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
    text.trim().chars().filter(is_fine).collect()
}
