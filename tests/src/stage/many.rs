//! What is said, told and ordered in rooms of many, in the words of a play.
//!
//! `1.3` is the connection to the media server that user 1 has as the third of all.
use super::{list, user, word};
use calls_protocol::{
    ErrorCode, Refusal, RoomName, RoomState, Sdp, ServerEvent, Speaker, StreamKind, StreamPlace, Topology,
    UserId,
};
use calls_server::calls::{MediaNews, MediaOrder, MediaSeat};
use serde_json::{Value, json};

/// What somebody says in a room of many: the event and its payload.
pub(super) fn said(me: UserId, words: &[&str]) -> Option<(&'static str, Value)> {
    let moderation = |room: &str, to: &str| json!({ "roomName": room, "toUserId": to });
    let about_me = |room: &str| json!({ "roomName": room, "userId": me });
    Some(match words {
        ["mutes", to, "in", room] => ("call:mute", moderation(room, to)),
        ["removes", to, "from", room] => ("call:remove", moderation(room, to)),
        [what @ ("locks" | "unlocks"), room] => {
            ("call:lock", json!({ "roomName": room, "locked": *what == "locks" }))
        }
        [what @ ("opens" | "closes"), "the", "waiting", "room", "of", room] => {
            ("call:waiting_room", json!({ "roomName": room, "on": *what == "opens" }))
        }
        ["admits", to, "to", room] => ("call:admit", moderation(room, to)),
        ["refuses", to, "at", room] => {
            ("call:admit", json!({ "roomName": room, "toUserId": to, "admitted": false }))
        }
        [what @ ("raises" | "lowers"), "a", "hand", "in", room] => {
            let mut payload = about_me(room);
            payload["raised"] = json!(*what == "raises");
            ("call:raise_hand", payload)
        }
        ["shows", reaction, "in", room, "as", id] => {
            let mut payload = about_me(room);
            payload["messageId"] = json!(id);
            payload["reaction"] = json!(reaction);
            ("call:react", payload)
        }
        ["writes", text, "in", room, "as", id] => {
            let mut payload = about_me(room);
            payload["messageId"] = json!(id);
            payload["text"] = json!(text);
            ("call:chat", payload)
        }
        // `1a subscribes r 2:720 3:screen:1080 4:90:paused`
        ["subscribes", room, wishes @ ..] => {
            let streams: Vec<Value> = wishes.iter().map(|wish| stream_wish(wish)).collect();
            ("call:subscribe", json!({ "roomName": room, "streams": streams }))
        }
        _ => return None,
    })
}

fn stream_wish(text: &str) -> Value {
    let mut words = text.split(':').peekable();
    let mut wish = json!({ "userId": words.next() });
    if words.next_if_eq(&"screen").is_some() {
        wish["kind"] = json!("screen");
    }
    let height: u16 = words.next().and_then(|height| height.parse().ok()).expect("a height, as in 2:720");
    wish["maxHeight"] = json!(height);
    wish["paused"] = json!(words.next() == Some("paused"));
    wish
}

/// News of the media server: `answers g 1.1 sdp`.
pub(super) fn news(words: &[&str]) -> MediaNews {
    let sdp = |text: &str| Sdp::from_json(&json!(text).to_string()).expect("a text is a description");
    match words {
        ["answers", room, line, text] => MediaNews::Answer { seat: seat(room, line), sdp: sdp(text) },
        ["offers", room, line, text] => MediaNews::Offer { seat: seat(room, line), sdp: sdp(text) },
        ["refuses", room, line] => {
            let refusal = Refusal::new(ErrorCode::Conflict, "an offer of the server is on its way");
            MediaNews::Refused { seat: seat(room, line), refusal }
        }
        ["has", room, line] => MediaNews::Connected { seat: seat(room, line) },
        ["loses", room, line] => MediaNews::Gone { seat: seat(room, line) },
        // `media shows g 1.1 3:2:audio 4:2:camera`
        ["shows", room, line, places @ ..] => {
            let streams = places.iter().map(|place| stream_place(place)).collect();
            MediaNews::Streams { seat: seat(room, line), streams }
        }
        // `media wants g 1.1 360 screen`
        ["wants", room, line, height, rest @ ..] => {
            let camera = height.parse().expect("a height, as in 360");
            MediaNews::Wanted { seat: seat(room, line), camera, screen: rest == ["screen"] }
        }
        ["hears", room, speakers @ ..] => {
            let speakers: Vec<UserId> = speakers.iter().map(|id| id.parse().expect("a user id")).collect();
            let dominant = speakers.first().copied();
            let heard = speakers.into_iter().map(|user_id| Speaker { user_id, level: 0.5 });
            MediaNews::Speakers { room: name(room), dominant, speakers: heard.collect() }
        }
        other => panic!("the stage does not know how the media server {other:?}"),
    }
}

fn name(room: &str) -> RoomName {
    room.parse().expect("a room name")
}

fn seat(room: &str, line: &str) -> MediaSeat {
    let (who, connection) = line.split_once('.').expect("a connection, as in 1.3");
    let user = user(who.parse().expect("a user id"));
    MediaSeat { room: name(room), user, connection: connection.parse().expect("a number") }
}

fn stream_place(text: &str) -> StreamPlace {
    let [mid, who, kind] = text.split(':').collect::<Vec<_>>()[..] else { panic!("{text} is no place") };
    let kind = match kind {
        "audio" => StreamKind::Audio,
        "camera" => StreamKind::Camera,
        _ => StreamKind::Screen,
    };
    StreamPlace { mid: mid.into(), user_id: who.parse().expect("a user id"), kind }
}

/// An order to the media server.
pub(super) fn ordered(order: &MediaOrder) -> String {
    let MediaSeat { room, user, connection } = order.seat();
    let whose = format!("{room} {user}.{connection}");
    match order {
        MediaOrder::Offer { sdp, .. } => format!("media offer {whose} {}", sdp.as_json()),
        MediaOrder::Answer { sdp, .. } => format!("media answer {whose} {}", sdp.as_json()),
        MediaOrder::Subscribe { wishes, .. } => {
            let wishes = wishes.iter().map(|wish| {
                let paused = if wish.paused { ":paused" } else { "" };
                format!("{}:{}:{}{paused}", wish.user_id, word(&wish.picture()), wish.max_height)
            });
            format!("media subscribe {whose} {}", list(wishes)).trim_end().to_owned()
        }
        MediaOrder::Media { audio, video, screen, .. } => {
            format!("media switches {whose} {}", switched_on(*audio, *video, *screen))
        }
        MediaOrder::Again { .. } => format!("media again {whose}"),
        MediaOrder::Leave { .. } => format!("media leave {whose}"),
    }
}

/// What somebody has switched on.
pub(super) fn switched_on(audio: bool, video: bool, screen: bool) -> String {
    let on = [(audio, "audio"), (video, "video"), (screen, "screen")];
    let words: Vec<&str> = on.into_iter().filter(|(is_on, _)| *is_on).map(|(_, word)| word).collect();
    if words.is_empty() { "silent".into() } else { words.join(" ") }
}

/// Who is in a room, and what is not usual about it.
pub(super) fn state(state: &RoomState) -> String {
    let mut text = list(state.participants.iter().map(|p| p.user_id));
    if text.is_empty() {
        text = "nobody".into();
    }
    let first = state.participants.first().map(|p| p.user_id);
    if let Some(host) = state.host_id.filter(|host| Some(*host) != first) {
        text += &format!(", host {host}");
    }
    if state.topology == Topology::Sfu {
        text += ", sfu";
    }
    for (is_so, words) in
        [(state.locked, ", locked"), (state.waiting_room, ", waiting room"), (state.waiting, ", you wait")]
    {
        text += if is_so { words } else { "" };
    }
    let mut hands: Vec<_> =
        state.participants.iter().filter_map(|p| Some((p.hand_raised_at?, p.user_id))).collect();
    hands.sort_unstable();
    if !hands.is_empty() {
        text += &format!(", hands {}", list(hands.iter().map(|(_, user)| *user)));
    }
    let screens: Vec<_> = state.participants.iter().filter(|p| p.screen).map(|p| p.user_id).collect();
    if !screens.is_empty() {
        text += &format!(", screens {}", list(screens.into_iter()));
    }
    text
}

/// An event of a room of many, in words; `None` if it is of any call.
pub(super) fn summary(event: &ServerEvent) -> Option<String> {
    Some(match event {
        ServerEvent::RoomState(e) => format!("room {}: {}", e.room_name, state(e)),
        ServerEvent::Muted(e) => format!("muted {} by {}", e.room_name, e.muted_by),
        ServerEvent::HandChanged(e) => {
            let way = if e.hand_raised_at.is_some() { "up" } else { "down" };
            format!("hand {} {} {way}", e.room_name, e.user_id)
        }
        ServerEvent::Reacted(e) => format!("reacted {} {} {}", e.room_name, e.user_id, word(&e.reaction)),
        ServerEvent::Chat(e) => format!("chat {} {}: {}", e.room_name, e.user_name, e.text),
        ServerEvent::RoomChanged(e) => {
            let lock = if e.locked { "locked" } else { "unlocked" };
            let waiting = if e.waiting_room { ", waiting room" } else { "" };
            format!("changed {} {lock}{waiting} by {}", e.room_name, e.changed_by)
        }
        ServerEvent::Waiting(e) => {
            let waiting = list(e.waiting.iter().map(|waiting| waiting.user_id));
            format!("waiting {}: {waiting}", e.room_name).trim_end().to_owned()
        }
        ServerEvent::Streams(e) => {
            let places = e
                .streams
                .iter()
                .map(|place| format!("{}:{}:{}", place.mid, place.user_id, word(&place.kind)));
            format!("streams {} {}", e.room_name, list(places))
        }
        ServerEvent::Wanted(e) => {
            let screen = if e.screen { " screen" } else { "" };
            format!("wanted {} {}{screen}", e.room_name, e.camera)
        }
        ServerEvent::Speakers(e) => {
            format!("speakers {} {}", e.room_name, list(e.speakers.iter().map(|speaker| speaker.user_id)))
        }
        _ => return None,
    })
}
