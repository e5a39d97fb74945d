//! A stage for the rules of calls: a script in plain words, played against the real rules under a virtual clock.
//!
//! A line at the margin says what happens; the indented lines below it say what the rules ask for in return:
//!
//! ```text
//! 1a calls 2 in r
//!   1a ok call 1, rings 1
//!   db 1 ringing
//!   2a < incoming r #1
//! ```
//!
//! `1a` is device `a` of user 1. `#1` is the place of an event in what its room told.
mod many;

use calls_protocol::{Ack, ClientEvent, EventId, RoomName, ServerEvent, UnixMillis, UserId};
use calls_server::calls::{
    Action, CallSettings, Calls, Facts, GroupFacts, Input, MediaSettings, Note, OpenCall, Present, Profile,
    Push, Record, SocketId,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Duration};

/// When every play begins.
pub const DAWN: UnixMillis = UnixMillis(1_700_000_000_000);

/// The rules, a clock, and names for the sockets.
pub struct Stage {
    calls: Calls,
    now: UnixMillis,
    sockets: BTreeMap<String, SocketId>,
    next_socket: u64,
    /// The number of a room's first event, to show the others relative to it.
    first_ids: BTreeMap<RoomName, u64>,
    /// Users whose devices a push can wake.
    reachable_by_push: Vec<UserId>,
}

/// The group that scripts know as `group 7`.
fn group() -> GroupFacts {
    GroupFacts { name: "Climbers".into(), members: [1, 2, 3].map(user).to_vec() }
}

fn user(id: u64) -> UserId {
    UserId::new(id).expect("scripts use small ids")
}

/// Plays a script with the usual settings and compares what happened with what is written.
///
/// # Panics
/// If it differs; the message holds the whole play as it went, ready to be read and copied.
#[track_caller]
pub fn check(play: &str) {
    check_with(CallSettings::default(), play);
}

/// As [`check`], with other numbers.
///
/// # Panics
/// If what happened differs from what is written.
#[track_caller]
pub fn check_with(settings: CallSettings, play: &str) {
    let play = unindent(play);
    let mut stage = Stage::new(settings);
    let mut went = String::new();
    for line in play.lines().filter(|line| !line.starts_with("  ")) {
        writeln!(went, "{line}").expect("a String takes every line");
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        for outcome in stage.play(line) {
            writeln!(went, "  {outcome}").expect("a String takes every line");
        }
    }
    assert!(
        went.trim_end() == play.trim_end(),
        "the play went otherwise:\n\n{went}\nbut was written as:\n\n{play}"
    );
}

/// As [`check`], with a media server: it carries groups of more than two, and open rooms of more than four.
///
/// # Panics
/// If what happened differs from what is written.
#[track_caller]
pub fn check_with_media(play: &str) {
    check_with(CallSettings { media: Some(MediaSettings::default()), ..CallSettings::default() }, play);
}

/// Takes away the indentation that a play has from standing in a test.
fn unindent(play: &str) -> String {
    let lines = || play.trim_matches('\n').lines();
    let margin = lines().filter(|l| !l.trim().is_empty()).map(|l| l.len() - l.trim_start().len()).min();
    let cut = |line: &str| line.get(margin.unwrap_or(0)..).unwrap_or("").trim_end().to_owned();
    lines().map(cut).collect::<Vec<_>>().join("\n")
}

impl Stage {
    /// Nobody connected, no calls.
    pub fn new(settings: CallSettings) -> Self {
        Self {
            calls: Calls::new(settings, 1, 1, Arc::new(|_, _| Default::default())),
            now: DAWN,
            sockets: BTreeMap::new(),
            next_socket: 1,
            first_ids: BTreeMap::new(),
            reachable_by_push: Vec::new(),
        }
    }

    /// Plays one line of a script and says what came of it.
    pub fn play(&mut self, line: &str) -> Vec<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["wait", length] => self.wait(seconds(length)),
            ["stop"] => self.input(None, Input::Stop),
            ["shutdown"] => self.input(None, Input::Shutdown),
            ["push", "reaches", who] => {
                self.reachable_by_push.push(who.parse().expect("a user id"));
                vec![]
            }
            ["restore", rest @ ..] => self.restore(rest),
            ["media", news @ ..] => self.input(None, Input::Media(many::news(news))),
            [name, "drops"] => {
                let socket = self.sockets.remove(*name).expect("only a socket that is there can drop");
                self.input(None, Input::Closed { socket })
            }
            [name, action @ ..] => self.event(name, action),
            [] => vec![],
        }
    }

    fn wait(&mut self, length: Duration) -> Vec<String> {
        let until = UnixMillis(self.now.0 + millis(length));
        let mut outcome = Vec::new();
        while let Some(due) = self.calls.deadline().filter(|due| *due <= until) {
            assert!(due >= self.now, "a deadline lies in the past");
            self.now = due;
            let before = outcome.len();
            outcome.extend(self.input(None, Input::Tick));
            let moved = self.calls.deadline().is_none_or(|next| next > due);
            assert!(moved || outcome.len() > before, "the rules want to be woken at {due:?} for ever");
        }
        self.now = until;
        outcome
    }

    fn event(&mut self, name: &str, words: &[&str]) -> Vec<String> {
        let id = name.trim_end_matches(|c: char| c.is_alphabetic());
        let me = user(id.parse().expect("a socket's name begins with its user"));
        let (event, facts) = self.said(me, name, words);
        let next = &mut self.next_socket;
        let socket = *self.sockets.entry(name.to_owned()).or_insert_with(|| {
            *next += 1;
            SocketId(*next - 1)
        });
        let event = Box::new(event);
        self.input(Some(name), Input::Event { socket, authenticated: None, event, facts })
    }

    fn said(&self, me: UserId, name: &str, words: &[&str]) -> (ClientEvent, Facts) {
        let mut facts = Facts::default();
        let (event, payload) = match words {
            ["registers", how @ ..] => {
                facts.profile = Some(Arc::new(Profile { name: format!("Name {me}"), avatar: None }));
                let mut payload = json!({ "userId": me, "callWaiting": how.contains(&"call-waiting") });
                if !how.contains(&"without-id") {
                    payload["deviceId"] = json!(name);
                }
                ("call:register", payload)
            }
            ["calls", "group", group_id, "in", room, how @ ..] => {
                facts.group = (*group_id == "7").then(|| Arc::new(group()));
                let mut payload =
                    json!({ "fromId": me, "groupId": group_id, "callType": "audio", "roomName": room });
                if let ["offering", sdp] = how {
                    payload["sdpOffer"] = json!(sdp);
                }
                ("call:initiate", payload)
            }
            ["calls", to, "in", room, how @ ..] => {
                facts.callee_has_push = self.reachable_by_push.iter().any(|id| id.to_string() == *to);
                let call_type = if how.contains(&"audio") { "audio" } else { "video" };
                let payload = json!({
                    "fromId": me, "toId": to, "callType": call_type, "roomName": room, "sdpOffer": "offer",
                });
                ("call:initiate", payload)
            }
            ["accepts", room] => {
                ("call:accept", json!({ "roomName": room, "userId": me, "sdpAnswer": "answer" }))
            }
            ["rejects", room, why @ ..] => {
                let reason = why.first().unwrap_or(&"declined");
                ("call:reject", json!({ "roomName": room, "userId": me, "reason": reason }))
            }
            ["ends", room, why @ ..] => {
                let reason = why.first().unwrap_or(&"completed");
                ("call:end", json!({ "roomName": room, "userId": me, "reason": reason }))
            }
            ["joins", room, how @ ..] => {
                facts.may_open_rooms = how.contains(&"opening");
                let mut payload = json!({ "roomName": room, "userId": me });
                if let Some(place) = how.iter().position(|word| *word == "offering") {
                    payload["sdpOffer"] = json!(how[place + 1]);
                }
                ("call:join_room", payload)
            }
            ["leaves", room] => ("call:leave_room", json!({ "roomName": room, "userId": me })),
            ["toggles", room, on @ ..] => {
                let (audio, video) = (on.contains(&"audio"), on.contains(&"video"));
                let mut payload = json!({ "roomName": room, "userId": me, "audio": audio, "video": video });
                if on.contains(&"screen") {
                    payload["screen"] = json!(true);
                } else if on.contains(&"no-screen") {
                    payload["screen"] = json!(false);
                }
                ("call:toggle_media", payload)
            }
            ["tries", path, "in", room, to @ ..] => {
                let mut payload = json!({ "roomName": room, "fromUserId": me, "candidate": path });
                if let ["for", to] = to {
                    payload["toUserId"] = json!(to);
                }
                ("ice:candidate", payload)
            }
            [what @ ("offers" | "answers"), sdp, "in", room, "for", to] => {
                let field = if *what == "offers" { "sdpOffer" } else { "sdpAnswer" };
                ("call:renegotiate", json!({ "roomName": room, "toUserId": to, field: sdp }))
            }
            ["resumes", room, after @ ..] => {
                let mut payload = json!({ "roomName": room, "userId": me });
                if let ["after", place] = after {
                    payload["lastEventId"] = json!(self.id_of(room, place));
                }
                ("call:resume", payload)
            }
            ["measures", room] => (
                "call:stats",
                json!({
                    "roomName": room, "userId": me, "rttMs": 20, "jitterMs": 3, "lossPct": 0, "bitrateKbps": 32,
                    "candidateType": "host",
                }),
            ),
            // `1a says call:end {…}`: what no line above can say.
            ["says", event, payload @ ..] => {
                let payload: Value = serde_json::from_str(&payload.join(" ")).expect("JSON");
                (*event, payload)
            }
            other => many::said(me, other)
                .unwrap_or_else(|| panic!("the stage does not know how somebody {other:?}")),
        };
        let event = ClientEvent::decode(event, &payload.to_string()).expect("scripts say what can be read");
        (event, facts)
    }

    fn id_of(&self, room: &str, place: &str) -> u64 {
        let room: RoomName = room.parse().expect("a room name");
        let place: u64 = place.trim_start_matches('#').parse().expect("the place of an event, as in #3");
        self.first_ids.get(&room).copied().unwrap_or(1) - 1 + place
    }

    /// `restore 5 from 1 to 2 in r ringing`, `restore 5 group 7 in g with 1 2`: a call that the database knew of.
    fn restore(&mut self, words: &[&str]) -> Vec<String> {
        let call_type = calls_protocol::CallType::Video;
        let (created, expires) = (UnixMillis(self.now.0 - 5_000), UnixMillis(self.now.0 + 40_000));
        let (call, group) = match words {
            [call, "from", from, "to", to, "in", room, phase] => (
                OpenCall::OneToOne {
                    call: call.parse().expect("a call id"),
                    from: from.parse().expect("a user id"),
                    to: to.parse().expect("a user id"),
                    call_type,
                    room: room.parse().expect("a room name"),
                    offer: Some(calls_protocol::Sdp::object("offer", "v=0")),
                    created,
                    expires,
                    accepted: (*phase == "connected").then_some(UnixMillis(self.now.0 - 3_000)),
                    devices: (None, None),
                },
                None,
            ),
            [call, "group", group_id, "in", room, "with", members @ ..] => (
                OpenCall::Group {
                    call: call.parse().expect("a call id"),
                    group: group_id.parse().expect("a group id"),
                    by: user(1),
                    call_type,
                    room: room.parse().expect("a room name"),
                    created,
                    expires,
                    active: (members.len() > 1).then_some(UnixMillis(self.now.0 - 3_000)),
                    participants: members
                        .iter()
                        .map(|id| Present {
                            user: id.parse().expect("a user id"),
                            device: None,
                            since: created,
                        })
                        .collect(),
                },
                Some(Arc::new(group())),
            ),
            other => panic!("the stage cannot restore {other:?}"),
        };
        self.input(None, Input::Restore { call, group })
    }

    fn input(&mut self, asking: Option<&str>, input: Input) -> Vec<String> {
        let actions = self.calls.handle(self.now, input);
        actions.iter().filter_map(|action| self.tell(asking, action)).collect()
    }

    fn tell(&mut self, asking: Option<&str>, action: &Action) -> Option<String> {
        Some(match action {
            Action::Reply(Ok(Ack::Written(written))) if written.sent_at != self.now => {
                let before = (self.now.0 - written.sent_at.0) / 1000;
                format!("{} ok, written {before} s before", asking.expect("only events are answered"))
            }
            Action::Reply(Ok(ack)) => {
                format!("{} ok{}", asking.expect("only events are answered"), about(ack))
            }
            Action::Reply(Err(no)) => {
                format!("{} no: {}", asking.expect("only events are answered"), word(&no.code))
            }
            // It repeats the acknowledgement.
            Action::Send { event, .. } if matches!(**event, ServerEvent::Registered(_)) => return None,
            Action::Send { to, event, id } => {
                let place = id.map_or(String::new(), |id| self.place(event, id));
                format!("{} < {}{place}", self.name_of(*to), summary(event))
            }
            Action::Store(record) => stored(record)?,
            Action::Push { user, push: Push::Ring(_) } => format!("push {user} ring"),
            Action::Push { user, push: Push::Missed { from, .. } } => format!("push {user} missed {from}"),
            Action::Media(order) => many::ordered(order),
            Action::Close(socket) => {
                let name = self.name_of(*socket);
                format!("{name} is closed")
            }
            Action::Note(Note::Registered(_) | Note::Initiated { .. }) => return None,
            Action::Note(_) => return None,
        })
    }

    fn place(&mut self, event: &ServerEvent, id: EventId) -> String {
        let payload: Value = serde_json::from_str(&event.payload()).expect("payloads are JSON");
        let room: RoomName =
            payload["roomName"].as_str().expect("numbered events name a room").parse().expect("a name");
        let first = *self.first_ids.entry(room).or_insert(id.get());
        // What was told first is not always what is heard first.
        format!(" #{}", i128::from(id.get()) + 1 - i128::from(first))
    }

    fn name_of(&self, socket: SocketId) -> String {
        let found = self.sockets.iter().find(|(_, id)| **id == socket);
        found.map_or_else(|| format!("former {socket:?}"), |(name, _)| name.clone())
    }
}

fn seconds(text: &str) -> Duration {
    Duration::from_secs(text.trim_end_matches('s').parse().expect("seconds, as in 45s"))
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).expect("plays are short")
}

/// The wire's word for a unit variant.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).expect("a word").as_str().expect("a word").to_owned()
}

fn list(ids: impl Iterator<Item = impl ToString>) -> String {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(" ")
}

fn about(ack: &Ack) -> String {
    match ack {
        Ack::Done => String::new(),
        Ack::Registered(registered) => {
            let calls = registered.pending.iter().map(|call| &call.room_name);
            let pending: Vec<_> =
                calls.chain(registered.pending_groups.iter().map(|call| &call.room_name)).collect();
            if pending.is_empty() { String::new() } else { format!(", rings: {}", list(pending.into_iter())) }
        }
        Ack::Initiated(initiated) => {
            let instead =
                initiated.replaced_by.as_ref().map_or(String::new(), |room| format!(", instead {room}"));
            format!(" call {}, rings {}{instead}", initiated.call_id, initiated.devices)
        }
        Ack::Accepted(accepted) => format!(" call {}", accepted.call_id),
        Ack::Ended(ended) => format!(" {} s", ended.duration.0),
        Ack::RoomState(state) => format!(" in it: {}", many::state(state)),
        Ack::Written(_) => String::new(),
    }
}

fn summary(event: &ServerEvent) -> String {
    match event {
        ServerEvent::Registered(_) => "registered".into(),
        ServerEvent::Incoming(e) => format!("incoming {} from {}", e.room_name, e.from_name),
        ServerEvent::GroupIncoming(e) => {
            format!("incoming {} from {} in {}", e.room_name, e.initiator_name, e.group_name)
        }
        ServerEvent::Answer(e) => format!("answer {} {}", e.room_name, e.sdp_answer.as_json()),
        ServerEvent::IceCandidate(e) => {
            format!("candidate {} {} of {}", e.room_name, e.candidate.as_json(), e.from_user_id)
        }
        ServerEvent::Ended(e) => {
            let by = e.ended_by.map_or(String::new(), |by| format!(" by {by}"));
            let instead = e.replaced_by.as_ref().map_or(String::new(), |room| format!(", instead {room}"));
            format!("ended {} {}{by} {} s{instead}", e.room_name, word(&e.reason), e.duration.0)
        }
        ServerEvent::Rejected(e) => format!("rejected {} {} by {}", e.room_name, word(&e.reason), e.user_id),
        ServerEvent::UserJoined(e) => {
            format!("joined {} {} {}", e.room_name, e.user_id, many::switched_on(e.audio, e.video, false))
        }
        ServerEvent::UserLeft(e) => {
            let host = e.host_id.map_or(String::new(), |host| format!(", host {host}"));
            format!("left {} {}{host}", e.room_name, e.user_id)
        }
        ServerEvent::MediaChanged(e) => {
            format!("media {} {} {}", e.room_name, e.user_id, many::switched_on(e.audio, e.video, e.screen))
        }
        ServerEvent::Reconnecting(e) => format!("reconnecting {} {}", e.room_name, e.user_id),
        ServerEvent::Reconnected(e) => format!("reconnected {} {}", e.room_name, e.user_id),
        ServerEvent::Renegotiate(e) => {
            let sdp = e.sdp_offer.as_ref().map(|sdp| format!("offer {}", sdp.as_json()));
            let sdp = sdp.or_else(|| e.sdp_answer.as_ref().map(|sdp| format!("answer {}", sdp.as_json())));
            format!("renegotiate {} {}", e.room_name, sdp.unwrap_or_default())
        }
        ServerEvent::Error(e) => format!("error {} {}", e.event, word(&e.code)),
        of_many => many::summary(of_many).unwrap_or_else(|| of_many.name().to_owned()),
    }
}

fn stored(record: &Record) -> Option<String> {
    Some(match record {
        Record::Ringing { call, .. } => format!("db {call} ringing"),
        Record::Connected { call, .. } => format!("db {call} connected"),
        Record::Ended { call, status, reason, duration, .. } => {
            let talked = duration.map_or(String::new(), |seconds| format!(" {} s", seconds.0));
            format!("db {call} {} {reason}{talked}", status.as_str())
        }
        Record::GroupRinging { call, .. } => format!("db group {call} ringing"),
        Record::GroupActive { call, .. } => format!("db group {call} active"),
        Record::GroupEnded { call, reason, .. } => format!("db group {call} ended {reason}"),
        Record::Joined { call, user, .. } => format!("db group {call} joined {user}"),
        Record::Left { call, user, .. } => format!("db group {call} left {user}"),
        // One line for each of hundreds would hide the others.
        Record::Candidate { .. } => return None,
        Record::Statistics { call, .. } => format!("db {call} statistics"),
    })
}
