//! A room of many in a terminal: what people write, show and decide is told, and typed.
use crate::terminal::{Teller, plain};
use calls_core::{Call, CallSnapshot, CallState, ChatState, Closed};
use calls_protocol::{Reaction, UserId};
use serde_json::json;
use std::{collections::BTreeMap, io::BufRead as _, thread};
use tokio::sync::mpsc;

/// What can be typed.
const HELP: &str = "a line is written to all; /hand, /nohand, /react clap, and as host /mute 2, /remove 2, /lock, \
                    /unlock, /wait, /nowait, /admit 2, /refuse 2";

/// What was told so far.
#[derive(Default)]
pub(crate) struct Gathering {
    lines: BTreeMap<String, ChatState>,
    /// The number of the next reaction that is news.
    next_reaction: u32,
    waiting: Vec<UserId>,
    hands: Vec<UserId>,
    muted_by: Option<UserId>,
    door: (bool, bool),
    is_at_the_door: bool,
}

impl Gathering {
    /// Tells what is new.
    pub(crate) fn see(&mut self, teller: &Teller, call: &CallSnapshot) {
        let is_at_the_door = call.state == CallState::AtTheDoor;
        if is_at_the_door && !std::mem::replace(&mut self.is_at_the_door, is_at_the_door) {
            teller.tell("at_the_door", "the host was asked to let us in", &json!({}));
        }
        for line in &call.chat {
            if self.lines.insert(line.id.clone(), line.state) != Some(line.state) {
                let state = format!("{:?}", line.state).to_lowercase();
                let words = format!("{} ({state}): {}", plain(&line.name), plain(&line.text));
                let more = json!({ "from": line.user, "text": line.text, "state": state });
                teller.tell("chat", &words, &more);
            }
        }
        for shown in call.reactions.iter().filter(|shown| shown.id >= self.next_reaction) {
            let more = json!({ "from": shown.user, "reaction": shown.reaction });
            teller.tell("reaction", &format!("{} shows {:?}", shown.user, shown.reaction), &more);
        }
        if let Some(last) = call.reactions.last() {
            self.next_reaction = self.next_reaction.max(last.id + 1);
        }
        let waiting: Vec<UserId> = call.waiting.iter().map(|them| them.user).collect();
        if waiting != self.waiting {
            teller.tell(
                "waiting",
                &format!("waiting at the door: {waiting:?}"),
                &json!({ "waiting": waiting }),
            );
            self.waiting = waiting;
        }
        let mut hands: Vec<_> =
            call.others.iter().filter_map(|them| Some((them.hand_raised_at?, them.user))).collect();
        hands.sort_unstable();
        let hands: Vec<UserId> = hands.into_iter().map(|(_, user)| user).collect();
        if hands != self.hands {
            teller.tell("hands", &format!("hands: {hands:?}"), &json!({ "hands": hands }));
            self.hands = hands;
        }
        if call.muted_by != std::mem::replace(&mut self.muted_by, call.muted_by)
            && let Some(host) = call.muted_by
        {
            teller.tell("muted", "the host muted us", &json!({ "by": host }));
        }
        let door = (call.is_locked, call.has_waiting_room);
        if door != std::mem::replace(&mut self.door, door) {
            let words = format!("locked: {}, newcomers wait: {}", door.0, door.1);
            teller.tell("door", &words, &json!({ "locked": door.0, "waiting_room": door.1 }));
        }
    }
}

/// Lines that are typed. It goes on until the program ends.
pub(crate) fn typed() -> mpsc::UnboundedReceiver<String> {
    let (tell, told) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

/// Does what was typed.
pub(crate) fn act(teller: &Teller, call: &Call, line: &str) -> Result<(), Closed> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let user = words.get(1).and_then(|text| text.parse::<UserId>().ok());
    match (words.first().copied(), user) {
        (Some("/hand"), _) => call.raise_hand(true),
        (Some("/nohand"), _) => call.raise_hand(false),
        (Some("/react"), _) => match reaction(words.get(1).copied().unwrap_or_default()) {
            Some(reaction) => call.react(reaction),
            None => {
                let all = Reaction::ALL.map(|reaction| word(reaction).unwrap_or_default()).join(", ");
                teller.tell("help", &format!("reactions: {all}"), &json!({}));
                Ok(())
            }
        },
        (Some("/mute"), Some(user)) => call.mute_other(user),
        (Some("/remove"), Some(user)) => call.remove(user),
        (Some("/lock"), _) => call.lock(true),
        (Some("/unlock"), _) => call.lock(false),
        (Some("/wait"), _) => call.have_wait(true),
        (Some("/nowait"), _) => call.have_wait(false),
        (Some("/admit"), Some(user)) => call.admit(user, true),
        (Some("/refuse"), Some(user)) => call.admit(user, false),
        (Some(other), _) if other.starts_with('/') => {
            teller.tell("help", HELP, &json!({}));
            Ok(())
        }
        _ => call.write(line),
    }
}

/// Its word on the wire.
fn word(reaction: Reaction) -> Option<String> {
    json!(reaction).as_str().map(str::to_owned)
}

fn reaction(name: &str) -> Option<Reaction> {
    Reaction::ALL.into_iter().find(|reaction| word(*reaction).as_deref() == Some(name))
}
