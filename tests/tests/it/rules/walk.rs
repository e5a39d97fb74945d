//! Every state of a small world met by every event that can happen in it.
//!
//! From the empty world, each event is tried in each state that was reached, until no new state appears. After each
//! step the oracle says whether a promise was broken; the path that led there is printed, ready for a play.
use calls_protocol::{ClientEvent, UnixMillis, UserId};
use calls_server::calls::{Action, CallSettings, Calls, Facts, GroupFacts, Input, Profile, SocketId};
use calls_tests::oracle::Oracle;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// One thing that can happen at any moment.
#[derive(Clone)]
enum Move {
    Says { socket: u64, event: ClientEvent, facts: Facts },
    Drops(u64),
    Waits(Duration),
}

/// A world small enough to be walked.
struct World {
    moves: Vec<(String, Move)>,
}

impl World {
    fn new() -> Self {
        let step = Duration::from_secs(15);
        Self { moves: vec![("wait 15s".into(), Move::Waits(step))] }
    }

    /// Socket number `user * 10 + device` belongs to a device of that name.
    fn socket(&mut self, user: u64, device: u64, with_device_id: bool) -> u64 {
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

    fn says(&mut self, socket: u64, event: &str, payload: &Value) {
        self.says_with(socket, event, payload, Facts::default());
    }

    fn says_with(&mut self, socket: u64, event: &str, payload: &Value, facts: Facts) {
        let name = format!("{socket} says {event} {payload}");
        let event = ClientEvent::decode(event, &payload.to_string()).expect("moves can be read");
        self.moves.push((name, Move::Says { socket, event, facts }));
    }

    /// Goes everywhere. Returns how many states there are.
    fn walk(&self, settings: CallSettings) -> usize {
        let begin = UnixMillis(1_700_000_000_000);
        let first = State {
            calls: Calls::new(settings, 1, 1, Arc::new(|_, _| Default::default())),
            oracle: Oracle::default(),
            now: begin,
            here: vec![],
        };
        // From which state, by which move.
        let mut came_from: Vec<Option<(usize, usize)>> = vec![None];
        let mut known: HashMap<String, usize> = HashMap::from([(first.summary(), 0)]);
        let mut waiting = VecDeque::from([(0, first)]);
        while let Some((place, state)) = waiting.pop_front() {
            for (index, (_, what)) in self.moves.iter().enumerate() {
                let mut next = state.clone();
                if let Err(broken) = next.play(what) {
                    came_from.push(Some((place, index)));
                    panic!("{broken}, after:\n{}", self.path(&came_from, came_from.len() - 1));
                }
                let number = came_from.len();
                if *known.entry(next.summary()).or_insert(number) == number {
                    came_from.push(Some((place, index)));
                    waiting.push_back((number, next));
                }
            }
        }
        known.len()
    }

    fn path(&self, came_from: &[Option<(usize, usize)>], to: usize) -> String {
        let mut steps = Vec::new();
        let mut at = to;
        while let Some((before, index)) = came_from[at] {
            steps.push(self.moves[index].0.as_str());
            at = before;
        }
        steps.reverse();
        steps.join("\n")
    }
}

#[derive(Clone)]
struct State {
    calls: Calls,
    oracle: Oracle,
    now: UnixMillis,
    /// Sockets that are connected; their numbers grow with every reconnect only in real life.
    here: Vec<u64>,
}

impl State {
    fn summary(&self) -> String {
        format!("{:?} {}", self.here, self.calls.summary(self.now))
    }

    fn play(&mut self, what: &Move) -> Result<(), String> {
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
        }
    }

    fn step(&mut self, input: &Input) -> Result<(), String> {
        let actions = self.calls.handle(self.now, input.clone());
        self.here.retain(|socket| !actions.contains(&Action::Close(SocketId(*socket))));
        self.oracle.watch(self.now, input, &actions)?;
        if self.calls.live() == 0 { self.oracle.rest() } else { Ok(()) }
    }
}

fn settings() -> CallSettings {
    CallSettings { attempts_per_minute: usize::MAX, ..CallSettings::default() }
}

/// What anybody can say about a room.
fn everything_about(world: &mut World, socket: u64, room: &str, other: u64) {
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

fn dial(world: &mut World, socket: u64, to: u64, room: &str, push: bool) {
    let facts = Facts { callee_has_push: push, ..Facts::default() };
    let payload = json!({
        "fromId": socket / 10, "toId": to, "callType": "video", "roomName": room, "sdpOffer": "o",
    });
    world.says_with(socket, "call:initiate", &payload, facts);
}

#[test]
fn a_call_between_two_people_with_two_devices_each_keeps_every_promise_in_every_state() {
    let mut world = World::new();
    let caller = world.socket(1, 0, true);
    let (first, second) = (world.socket(2, 0, true), world.socket(2, 1, true));
    dial(&mut world, caller, 2, "r", true);
    for (socket, other) in [(caller, 2), (first, 1), (second, 1)] {
        everything_about(&mut world, socket, "r", other);
    }

    let states = world.walk(settings());

    println!("{states} states, {} events in each", world.moves.len());
    assert!(states > 100, "the walk did not get far");
}

#[test]
fn apps_without_device_ids_keep_every_promise_in_every_state() {
    let mut world = World::new();
    let caller = world.socket(1, 0, false);
    let (first, second) = (world.socket(2, 0, false), world.socket(2, 1, false));
    dial(&mut world, caller, 2, "r", false);
    for (socket, other) in [(caller, 2), (first, 1), (second, 1)] {
        everything_about(&mut world, socket, "r", other);
    }

    let states = world.walk(settings());

    println!("{states} states, {} events in each", world.moves.len());
    assert!(states > 100, "the walk did not get far");
}

#[test]
fn two_people_who_call_each_other_keep_every_promise_in_every_state() {
    let mut world = World::new();
    let (one, two) = (world.socket(1, 0, true), world.socket(2, 0, true));
    dial(&mut world, one, 2, "r", false);
    dial(&mut world, two, 1, "s", false);
    for room in ["r", "s"] {
        for (socket, other) in [(one, 2), (two, 1)] {
            let about = json!({ "roomName": room, "userId": socket / 10 });
            world.says(socket, "call:end", &about);
            world.says(socket, "call:resume", &about);
            let mut answer = about;
            answer["sdpAnswer"] = json!("a");
            world.says(socket, "call:accept", &answer);
            let candidate =
                json!({ "roomName": room, "fromUserId": socket / 10, "toUserId": other, "candidate": "c" });
            world.says(socket, "ice:candidate", &candidate);
        }
    }

    let states = world.walk(settings());

    println!("{states} states, {} events in each", world.moves.len());
    assert!(states > 100, "the walk did not get far");
}

#[test]
fn a_group_call_keeps_every_promise_in_every_state() {
    let group = Arc::new(GroupFacts {
        name: "Climbers".into(),
        members: [1, 2, 3].map(|id| UserId::new(id).expect("small")).to_vec(),
    });
    let mut world = World::new();
    let sockets = [world.socket(1, 0, true), world.socket(2, 0, true), world.socket(3, 0, false)];
    let facts = Facts { group: Some(group), ..Facts::default() };
    let payload = json!({ "fromId": 1, "groupId": 7, "callType": "audio", "roomName": "g" });
    world.says_with(sockets[0], "call:initiate", &payload, facts);
    for socket in sockets {
        let about = json!({ "roomName": "g", "userId": socket / 10 });
        world.says(socket, "call:join_room", &about);
        world.says(socket, "call:leave_room", &about);
        world.says(socket, "call:reject", &about);
        world.says(socket, "call:resume", &about);
        world.says(
            socket,
            "ice:candidate",
            &json!({ "roomName": "g", "fromUserId": socket / 10, "candidate": "c" }),
        );
    }

    let states = world.walk(settings());

    println!("{states} states, {} events in each", world.moves.len());
    assert!(states > 100, "the walk did not get far");
}

#[test]
fn an_open_room_keeps_every_promise_in_every_state() {
    let mut world = World::new();
    let sockets = [world.socket(1, 0, true), world.socket(1, 1, true), world.socket(2, 0, true)];
    for socket in sockets {
        let about = json!({ "roomName": "room", "userId": socket / 10 });
        let facts = Facts { may_open_rooms: true, ..Facts::default() };
        world.says_with(socket, "call:join_room", &about, facts);
        world.says(socket, "call:leave_room", &about);
        world.says(socket, "call:resume", &about);
        let mut media = about;
        media["audio"] = json!(false);
        media["video"] = json!(false);
        world.says(socket, "call:toggle_media", &media);
    }

    let states = world.walk(settings());

    println!("{states} states, {} events in each", world.moves.len());
    assert!(states > 100, "the walk did not get far");
}
