//! A small world: who is in it, and everything that can happen there. Tests walk it or stumble through it.
use crate::oracle::Oracle;
use calls_protocol::{ClientEvent, ErrorCode, Refusal, Sdp, UnixMillis};
use calls_server::calls::{
    Action, CallSettings, Calls, Facts, Input, MediaNews, MediaSettings, Profile, SocketId,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// One thing that can happen at any moment.
#[derive(Clone)]
pub enum Move {
    /// A socket says something.
    Says {
        /// Which; it connects if it is not there.
        socket: u64,
        /// What.
        event: ClientEvent,
        /// What the server would have looked up.
        facts: Facts,
    },
    /// A socket is gone.
    Drops(u64),
    /// Time passes.
    Waits(Duration),
    /// The media server tells something of the connection that is there longest; nothing if there is none.
    Media(MediaMove),
}

/// What the media server tells.
#[derive(Debug, Clone, Copy)]
pub enum MediaMove {
    /// The answer to an offer.
    Answers,
    /// That it cannot take an offer.
    Refuses,
    /// An offer of its own.
    Offers,
    /// That the connection is up.
    Connects,
    /// That it is over.
    Loses,
}

/// A world small enough to be walked.
pub struct World {
    /// Each in words, and as it is played.
    pub moves: Vec<(String, Move)>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Nothing can happen but that time passes, 15 seconds at once: rings and graces are multiples of it.
    pub fn new() -> Self {
        let step = Duration::from_secs(15);
        Self { moves: vec![("wait 15s".into(), Move::Waits(step))] }
    }

    /// Socket number `user * 10 + device` belongs to a device of that name.
    pub fn socket(&mut self, user: u64, device: u64, with_device_id: bool) -> u64 {
        let socket = user * 10 + device;
        let mut payload = json!({ "userId": user });
        if with_device_id {
            payload["deviceId"] = json!(format!("device-{device}"));
        }
        let facts = Facts {
            profile: Some(Arc::new(Profile { name: format!("Name {user}"), avatar: None })),
            ..Facts::default()
        };
        self.says_with(socket, "call:register", &payload, facts);
        self.moves.push((format!("{socket} drops"), Move::Drops(socket)));
        socket
    }

    /// A socket can say this.
    pub fn says(&mut self, socket: u64, event: &str, payload: &Value) {
        self.says_with(socket, event, payload, Facts::default());
    }

    /// A socket can say this, and the server knows something about it.
    pub fn says_with(&mut self, socket: u64, event: &str, payload: &Value, facts: Facts) {
        let name = format!("{socket} says {event} {payload}");
        let event = ClientEvent::decode(event, &payload.to_string()).expect("moves can be read");
        self.moves.push((name, Move::Says { socket, event, facts }));
    }
}

/// One state of a world, with the oracle's books of how it came to be.
#[derive(Clone)]
pub struct State {
    /// The rules.
    pub calls: Calls,
    oracle: Oracle,
    now: UnixMillis,
    /// Sockets that are connected; their numbers grow with every reconnect only in real life.
    here: Vec<u64>,
}

impl State {
    /// Nobody is there.
    pub fn first(settings: CallSettings) -> Self {
        Self {
            calls: Calls::new(settings, 1, 1, Arc::new(|_, _| Default::default())),
            oracle: Oracle::default(),
            now: UnixMillis(1_700_000_000_000),
            here: vec![],
        }
    }

    /// Everybody leaves, and time passes until nothing can be due. What is left then is left for ever.
    pub fn come_to_rest(&mut self) -> Result<(), String> {
        for socket in self.here.clone() {
            self.play(&Move::Drops(socket))?;
        }
        // Rings, graces and memories are over after this, and dialled calls no longer count.
        for _ in 0..20 {
            self.play(&Move::Waits(Duration::from_secs(15)))?;
        }
        self.step(&Input::Tick)?;
        if self.calls.live() > 0 {
            return Err(format!("calls go on without anybody:\n{}", self.summary()));
        }
        let left = self.calls.summary(self.now);
        let empty = Self::first(settings()).calls.summary(self.now);
        if left == empty { Ok(()) } else { Err(format!("something is remembered for ever:\n{left}")) }
    }

    /// All that can matter for what happens next.
    pub fn summary(&self) -> String {
        format!("{:?} {}", self.here, self.calls.summary(self.now))
    }

    /// Plays a move; the error is the promise that was broken.
    pub fn play(&mut self, what: &Move) -> Result<(), String> {
        match what {
            Move::Says { socket, event, facts } => {
                if !self.here.contains(socket) {
                    self.here.push(*socket);
                    self.here.sort_unstable();
                }
                let (socket, event) = (SocketId(*socket), Box::new(event.clone()));
                self.step(&Input::Event { socket, authenticated: None, event, facts: facts.clone() })
            }
            Move::Drops(socket) => {
                if !self.here.contains(socket) {
                    return Ok(());
                }
                self.here.retain(|other| other != socket);
                self.step(&Input::Closed { socket: SocketId(*socket) })
            }
            Move::Waits(length) => {
                let until = UnixMillis(self.now.0 + u64::try_from(length.as_millis()).expect("seconds"));
                while let Some(due) = self.calls.deadline().filter(|due| *due <= until) {
                    self.now = due;
                    self.step(&Input::Tick)?;
                    if self.calls.deadline().is_some_and(|next| next <= due) {
                        return Err("the rules are not done when they are woken".into());
                    }
                }
                self.now = until;
                Ok(())
            }
            Move::Media(what) => match self.news(*what) {
                Some(news) => self.step(&Input::Media(news)),
                None => Ok(()),
            },
        }
    }

    fn news(&self, what: MediaMove) -> Option<MediaNews> {
        let mut lines = self.oracle.media().lines().iter();
        let sdp = Sdp::object("offer", "v=0");
        let is_asked = matches!(what, MediaMove::Answers | MediaMove::Refuses);
        let (seat, _) = lines.find(|(_, waiting)| !is_asked || *waiting > 0)?;
        let seat = seat.clone();
        Some(match what {
            MediaMove::Answers => MediaNews::Answer { seat, sdp },
            MediaMove::Refuses => {
                let refusal = Refusal::new(ErrorCode::Conflict, "an offer of the server is on its way");
                MediaNews::Refused { seat, refusal }
            }
            MediaMove::Offers => MediaNews::Offer { seat, sdp },
            MediaMove::Connects => MediaNews::Connected { seat },
            MediaMove::Loses => MediaNews::Gone { seat },
        })
    }

    fn step(&mut self, input: &Input) -> Result<(), String> {
        let actions = self.calls.handle(self.now, input.clone());
        self.here.retain(|socket| !actions.contains(&Action::Close(SocketId(*socket))));
        self.oracle.watch(self.now, input, &actions)?;
        if self.calls.live() == 0 { self.oracle.rest() } else { Ok(()) }
    }
}

/// The usual numbers, without a limit on dialling.
pub fn settings() -> CallSettings {
    CallSettings { attempts_per_minute: usize::MAX, ..CallSettings::default() }
}

/// The same with a media server that carries whatever has more than two people.
pub fn settings_with_media() -> CallSettings {
    let media = MediaSettings { mesh_of_open_room: 2, ..MediaSettings::default() };
    CallSettings { media: Some(media), ..settings() }
}

/// What anybody can say in a room of many, and what its host decides.
pub fn everything_in_a_crowd(world: &mut World, socket: u64, room: &str, other: u64) {
    let me = socket / 10;
    let mut says = |event: &str, fields: Value| {
        let mut payload = json!({ "roomName": room });
        let fields = fields.as_object().expect("an object").clone();
        payload.as_object_mut().expect("an object").extend(fields);
        world.says(socket, event, &payload);
    };
    for on in [true, false] {
        says("call:lock", json!({ "locked": on }));
        says("call:waiting_room", json!({ "on": on }));
        says("call:admit", json!({ "toUserId": other, "admitted": on }));
        says("call:raise_hand", json!({ "userId": me, "raised": on }));
    }
    says("call:mute", json!({ "toUserId": other }));
    says("call:remove", json!({ "toUserId": other }));
    says("call:chat", json!({ "userId": me, "messageId": "m", "text": "hello" }));
    says("call:react", json!({ "userId": me, "messageId": "r", "reaction": "clap" }));
    says("call:subscribe", json!({ "streams": [{ "userId": other, "maxHeight": 360 }] }));
    says("call:renegotiate", json!({ "toUserId": 0, "sdpOffer": "o" }));
    says("call:renegotiate", json!({ "toUserId": 0, "sdpAnswer": "a" }));
    says("call:join_room", json!({ "userId": me, "sdpOffer": "o" }));
}

/// The media server can tell anything.
pub fn everything_of_the_media_server(world: &mut World) {
    for what in
        [MediaMove::Answers, MediaMove::Refuses, MediaMove::Offers, MediaMove::Connects, MediaMove::Loses]
    {
        world.moves.push((format!("the media server {what:?}"), Move::Media(what)));
    }
}

/// What anybody can say about a room.
pub fn everything_about(world: &mut World, socket: u64, room: &str, other: u64) {
    let me = socket / 10;
    let about = json!({ "roomName": room, "userId": me });
    let with = |fields: &Value| {
        let mut all = about.clone();
        all.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        all
    };
    world.says(socket, "call:accept", &with(&json!({ "sdpAnswer": "a" })));
    world.says(socket, "call:reject", &with(&json!({})));
    world.says(socket, "call:end", &with(&json!({})));
    world.says(socket, "call:join_room", &about);
    world.says(socket, "call:resume", &about);
    world.says(socket, "call:toggle_media", &with(&json!({ "audio": false, "video": false })));
    let candidate = json!({ "roomName": room, "fromUserId": me, "toUserId": other, "candidate": "c" });
    world.says(socket, "ice:candidate", &candidate);
    world.says(socket, "call:renegotiate", &json!({ "roomName": room, "toUserId": other, "sdpOffer": "o" }));
}

/// A socket can call a user.
pub fn dial(world: &mut World, socket: u64, to: u64, room: &str, push: bool) {
    let facts = Facts { callee_has_push: push, ..Facts::default() };
    let payload = json!({
        "fromId": socket / 10, "toId": to, "callType": "video", "roomName": room, "sdpOffer": "o",
    });
    world.says_with(socket, "call:initiate", &payload, facts);
}
