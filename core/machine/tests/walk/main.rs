//! Every state that a small world can reach, and in each of them everything that can happen, likely or not.
mod found;
mod gathering;
mod rooms;

use calls_machine::{
    AskId, Callee, Command, Effect, FromDevice, FromPeer, FromServer, Input, LocalCandidate, Machine,
    PeerKey, Picture, Settings, Time, oracle::Oracle,
};
use calls_protocol::{
    Accepted, Ack, Answer, CallId, CallType, Candidate, ClientEvent, Ended, EndedAck, EndedReason, ErrorCode,
    IceCandidate, IceServers, Incoming, Initiated, MediaChanged, Participant, Presence, Recipient, Refusal,
    Registered, RejectReason, Rejected, RelayedRenegotiate, RoomName, RoomState, Sdp, Seconds, ServerEvent,
    Topology, UnixMillis, UserId, Written,
};
use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    rc::Rc,
    time::Duration,
};

/// The names and numbers of these worlds are all well formed.
const FINE: &str = "it is well formed";

fn user(id: u64) -> UserId {
    UserId::new(id).expect(FINE)
}

fn room(name: &str) -> RoomName {
    RoomName::new(name).expect(FINE)
}

fn sdp(session: &str) -> Sdp {
    Sdp::object("x", &format!("a=fingerprint:sha-256 {session}"))
}

fn candidate() -> Candidate {
    Candidate::from_json("\"c\"").expect(FINE)
}

/// Times that are few multiples of each other, so that states repeat.
fn settings() -> Settings {
    let steps = |count: u32| Duration::from_secs(10) * count;
    Settings {
        dial: steps(1),
        answer: steps(1),
        first_try: steps(1),
        restart_every: steps(1),
        rebuild_after: steps(1),
        give_up_after: steps(2),
        polite_wait: steps(0),
        offer_again: steps(1),
        refused_again: steps(1),
        move_within: steps(2),
        move_overlap: steps(1),
        subscribe_every: steps(1),
        goodbye: steps(1),
        show_reaction: steps(1),
        show_end: steps(1),
    }
}

/// Steps, the latest first; states that came from the same one share its steps.
type Story = Option<Rc<Step>>;

struct Step(String, Story);

fn told(story: &Story) -> String {
    let mut steps = Vec::new();
    let mut at = story;
    while let Some(step) = at {
        steps.push(step.0.clone());
        at = &step.1;
    }
    steps.reverse();
    steps.join("\n  ")
}

/// One state of the world.
#[derive(Clone)]
struct State {
    machine: Machine,
    oracle: Oracle,
    now: u64,
    /// How it came to be.
    story: Story,
}

impl State {
    fn first() -> Self {
        Self { machine: Machine::new(user(1), settings()), oracle: Oracle::default(), now: 0, story: None }
    }

    fn play(&mut self, name: &str, input: Input, wait: u64) -> Result<Vec<Effect>, String> {
        self.now += wait;
        self.oracle.before(&self.machine, &input);
        self.story = Some(Rc::new(Step(name.to_owned(), self.story.take())));
        let effects = self.machine.handle(Time(self.now), input);
        self.oracle.after(&self.machine, &effects).map_err(|broken| {
            let summary = self.machine.summary(Time(self.now));
            format!("{broken}\nafter {}\n{effects:?}\n{summary}", told(&self.story))
        })?;
        Ok(effects)
    }

    fn summary(&self) -> String {
        let gates: Vec<_> = self.oracle.peers.values().collect();
        let asked = self.oracle.asked.values().map(kind_of).filter(|kind| !kind.is_empty());
        let asked: Vec<_> = asked.collect();
        format!("{} {gates:?} {asked:?}", self.machine.summary(Time(self.now)))
    }

    /// Whatever was going on, time and a good network bring it to rest.
    fn come_to_rest(mut self) -> Result<(), String> {
        self.play("the app closes", Input::App(Command::Close), 0)?;
        match self.machine.deadline() {
            None => Ok(()),
            Some(at) => Err(format!("a timer for {at:?} after closing, after {}", told(&self.story))),
        }
    }
}

fn kind_of(event: &ClientEvent) -> &'static str {
    match event {
        ClientEvent::Initiate(_) => "initiate",
        ClientEvent::Accept(_) => "accept",
        ClientEvent::JoinRoom(_) => "join",
        ClientEvent::Resume(_) => "resume",
        ClientEvent::RaiseHand(_) => "hand",
        ClientEvent::Lock(_) => "lock",
        ClientEvent::WaitingRoom(_) => "waiting room",
        ClientEvent::Admit(_) => "admit",
        ClientEvent::React(_) => "react",
        ClientEvent::Chat(_) => "chat",
        // Answers to the rest change nothing, so how many are open does not matter.
        _ => "",
    }
}

/// Everything that can happen in a state: name, input, and how much time passes before.
fn moves(state: &State, world: &World) -> Vec<(String, Input, u64)> {
    let mut moves: Vec<(String, Input, u64)> = Vec::new();
    let mut can = |name: String, input: Input| moves.push((name, input, 0));
    let snapshot = state.machine.snapshot();
    if snapshot.calls.len() < world.calls {
        // More at once, ended ones among them, are the same again side by side.
        (world.commands)(&mut can);
    }
    for call in &snapshot.calls {
        let key = call.key;
        let mut app = |name: &str, command| can(format!("{name} {}", key.0), Input::App(command));
        app("accept", Command::Accept { call: key, call_type: CallType::Audio });
        app("reject", Command::Reject { call: key });
        app("hang up", Command::HangUp { call: key });
        if world.switches {
            app("mute", Command::Mute { call: key, muted: true });
            app("show", Command::Show { call: key, picture: Picture::Camera });
            app("hold", Command::Hold { call: key, held: true });
            app("take back", Command::Hold { call: key, held: false });
        }
        app("dismiss", Command::Dismiss { call: key });
        if world.gathers {
            gathering::can_do(state, call, &mut app);
        }
    }
    for peer in state.oracle.peers.keys() {
        for (name, said) in peer_says() {
            can(format!("{peer:?} {name}"), Input::Peer(*peer, said));
        }
    }
    let mut says = 0;
    for (ask, event) in &state.oracle.asked {
        says += u32::from(kind_of(event).is_empty());
        if kind_of(event).is_empty() && says > 1 {
            continue;
        }
        for (name, answer) in answers(event) {
            can(format!("{ask:?} {name}"), Input::Server(FromServer::Answer { ask: *ask, answer }));
        }
    }
    can("down".into(), Input::Server(FromServer::Down));
    can("up, nothing rings".into(), Input::Server(FromServer::Up(Box::new(registered(&[])))));
    for rings in world.rings {
        let pending = registered(&[incoming(rings.0, rings.1)]);
        can(format!("up, {} rings", rings.0), Input::Server(FromServer::Up(Box::new(pending))));
    }
    can("network".into(), Input::Device(FromDevice::NetworkChanged));
    can("no microphone".into(), Input::Device(FromDevice::NoMicrophone));
    can("no camera".into(), Input::Device(FromDevice::NoCamera));
    can("no screen".into(), Input::Device(FromDevice::NoScreen));
    for (name, event) in (world.events)() {
        can(name, Input::Server(FromServer::Event { event: Box::new(event), id: None }));
    }
    if world.pushes {
        for (name, rings_for) in [("push", Some(Duration::from_secs(10))), ("late push", None)] {
            let woken = FromServer::Woken {
                room: room("b"),
                from: user(2),
                name: "Bo".into(),
                call_type: CallType::Audio,
                rings_for,
            };
            can(name.into(), Input::Server(woken));
        }
        can("signed out".into(), Input::Server(FromServer::SignedOut));
    }
    if let Some(at) = state.machine.deadline() {
        moves.push(("time".into(), Input::Tick, at.0.saturating_sub(state.now)));
    }
    moves
}

/// A small world: what the person may begin, who may call, and what the server may tell.
struct World {
    commands: fn(&mut dyn FnMut(String, Input)),
    rings: &'static [(&'static str, u64)],
    events: fn() -> Vec<(String, ServerEvent)>,
    pushes: bool,
    /// The person begins none while so many are on the screen.
    calls: usize,
    /// Whether the person mutes, shows and holds. It doubles everything, and has little to do with the rest.
    switches: bool,
    /// Whether the person writes, reacts and decides as host.
    gathers: bool,
}

fn registered(pending: &[Incoming]) -> Registered {
    Registered {
        user_id: user(1),
        ice_servers: IceServers::default(),
        pending: pending.to_vec(),
        pending_groups: Vec::new(),
    }
}

fn incoming(name: &str, from: u64) -> Incoming {
    Incoming {
        call_id: CallId::new(1).expect(FINE),
        from_id: user(from),
        from_name: "Bo".into(),
        from_avatar: None,
        to_id: user(1),
        call_type: CallType::Video,
        room_name: room(name),
        sdp_offer: sdp("THEIRS"),
        ice_servers: IceServers::default(),
        created_at: UnixMillis(0),
        expires_at: UnixMillis(10_000),
    }
}

fn peer_says() -> Vec<(&'static str, FromPeer)> {
    let local = LocalCandidate { candidate: candidate(), sdp_mid: None, sdp_m_line_index: None };
    vec![
        ("made an offer", FromPeer::OfferMade(sdp("OURS"))),
        ("made an answer", FromPeer::AnswerMade(sdp("OURS"))),
        ("applied the answer", FromPeer::AnswerApplied),
        ("candidate", FromPeer::Candidate(local)),
        ("wants to offer", FromPeer::WantsToOffer),
        ("up", FromPeer::Up),
        ("lost", FromPeer::Lost),
        ("closed", FromPeer::Closed),
        ("their fault", FromPeer::TheirFault),
        ("our fault", FromPeer::OurFault),
    ]
}

fn answers(event: &ClientEvent) -> Vec<(&'static str, Result<Ack, Refusal>)> {
    let no = |code| Err(Refusal::new(code, "no"));
    let Some(name) = event.room().cloned() else { return Vec::new() };
    let state = |all: &[u64]| Ok(Ack::RoomState(room_state(&name, all, Topology::Mesh)));
    match event {
        ClientEvent::Initiate(_) => {
            let ack = |replaced_by: Option<RoomName>| {
                Ok(Ack::Initiated(Initiated {
                    call_id: CallId::new(1).expect(FINE),
                    room_name: name.clone(),
                    ice_servers: IceServers::default(),
                    devices: 1,
                    expires_at: UnixMillis(0),
                    replaced_by,
                }))
            };
            vec![
                ("rings", ack(None)),
                ("is replaced", ack(Some(room("b")))),
                ("is busy", no(ErrorCode::RecipientBusy)),
            ]
        }
        ClientEvent::Accept(_) => {
            let ack = Accepted {
                call_id: CallId::new(1).expect(FINE),
                room_name: name.clone(),
                ice_servers: IceServers::default(),
                started_at: UnixMillis(0),
            };
            vec![("counts", Ok(Ack::Accepted(ack))), ("comes too late", no(ErrorCode::AlreadyAnswered))]
        }
        ClientEvent::JoinRoom(_) => vec![
            ("finds nobody", state(&[1])),
            ("finds 2", state(&[2, 1])),
            ("finds 2 at the media server", Ok(Ack::RoomState(room_state(&name, &[2, 1], Topology::Sfu)))),
            ("finds it full", no(ErrorCode::RoomFull)),
            ("waits at the door", Ok(Ack::RoomState(gathering::before_the_door(&name)))),
            ("finds 2 and decides", Ok(Ack::RoomState(gathering::decided_by(1, &name)))),
        ],
        ClientEvent::Resume(_) => vec![
            ("finds 2", state(&[1, 2])),
            ("finds 2 at the media server", Ok(Ack::RoomState(room_state(&name, &[1, 2], Topology::Sfu)))),
            ("finds nobody", state(&[1])),
            ("finds nothing", no(ErrorCode::NotFound)),
            ("finds it over", no(ErrorCode::Expired)),
            ("is put off", no(ErrorCode::Unavailable)),
        ],
        ClientEvent::RaiseHand(_)
        | ClientEvent::Lock(_)
        | ClientEvent::WaitingRoom(_)
        | ClientEvent::Admit(_)
        | ClientEvent::React(_) => {
            vec![("is done", Ok(Ack::Done)), ("is refused", no(ErrorCode::RateLimited))]
        }
        ClientEvent::Chat(_) => {
            let written = Written { sent_at: UnixMillis(7) };
            vec![("is written", Ok(Ack::Written(written))), ("is refused", no(ErrorCode::Conflict))]
        }
        _ => vec![("is done", Ok(Ack::Ended(EndedAck { duration: Seconds(0) })))],
    }
}

fn room_state(name: &RoomName, all: &[u64], topology: Topology) -> RoomState {
    RoomState {
        room_name: name.clone(),
        call_id: None,
        call_type: CallType::Audio,
        topology,
        participants: all.iter().map(|id| participant(*id)).collect(),
        started_at: None,
        host_id: None,
        locked: false,
        waiting_room: false,
        waiting: false,
        ice_servers: IceServers::default(),
    }
}

fn participant(id: u64) -> Participant {
    Participant {
        user_id: user(id),
        user_name: "Bo".into(),
        avatar: None,
        audio: true,
        video: false,
        screen: false,
        joined_at: UnixMillis(0),
        hand_raised_at: None,
    }
}

fn ended(name: &str, reason: EndedReason, replaced_by: Option<&str>) -> ServerEvent {
    ServerEvent::Ended(Ended {
        room_name: room(name),
        reason,
        ended_by: None,
        duration: Seconds(0),
        replaced_by: replaced_by.map(room),
    })
}

/// The person may call user 2 in room a.
fn can_dial(can: &mut dyn FnMut(String, Input), call_type: CallType) {
    let dial = Command::Dial { room: room("a"), to: Callee::User(user(2)), call_type };
    can("dial".into(), Input::App(dial));
}

/// What the server may tell of a 1-1 call in room `name` with user 2.
fn pair_events(name: &'static str) -> Vec<(String, ServerEvent)> {
    let them = Recipient::User(user(2));
    let described = |offer: Option<&str>, answer: Option<&str>| {
        ServerEvent::Renegotiate(RelayedRenegotiate {
            room_name: room(name),
            from_user_id: them,
            sdp_offer: offer.map(sdp),
            sdp_answer: answer.map(sdp),
        })
    };
    let answer = Answer {
        room_name: room(name),
        user_id: them,
        sdp_answer: sdp("THEIRS"),
        ice_servers: IceServers::default(),
    };
    let their = IceCandidate {
        room_name: room(name),
        to_user_id: Some(Recipient::User(user(1))),
        from_user_id: user(2),
        candidate: candidate(),
        sdp_m_line_index: None,
        sdp_mid: None,
    };
    let no = Rejected { room_name: room(name), user_id: user(2), reason: RejectReason::Declined };
    let named = |what: &str, event| (format!("{name}: {what}"), event);
    vec![
        named("they answer", ServerEvent::Answer(answer)),
        named("their candidate", ServerEvent::IceCandidate(their)),
        named("they decline", ServerEvent::Rejected(no)),
        named("they hang up", ended(name, EndedReason::Completed, None)),
        named("answered elsewhere", ended(name, EndedReason::AnsweredElsewhere, None)),
        named("they offer", described(Some("THEIRS"), None)),
        named("they offer anew", described(Some("ANOTHER"), None)),
        named("they answer again", described(None, Some("THEIRS"))),
    ]
}

/// What the server may tell that is only shown.
fn shown_events(name: &'static str) -> Vec<(String, ServerEvent)> {
    let away = Presence { room_name: room(name), user_id: user(2) };
    let media =
        MediaChanged { room_name: room(name), user_id: user(2), audio: false, video: false, screen: false };
    vec![
        (format!("{name}: they go away"), ServerEvent::Reconnecting(away.clone())),
        (format!("{name}: they come back"), ServerEvent::Reconnected(away)),
        (format!("{name}: they mute"), ServerEvent::MediaChanged(media)),
    ]
}

/// Walks through at most `most` states, nearest first. Returns how many there were and how many steps were taken.
fn walk(world: &World, most: usize) -> (usize, usize) {
    // Summaries are long and many: their hashes tell them apart as well.
    let hash = |state: &State| BuildHasherDefault::<DefaultHasher>::default().hash_one(state.summary());
    let mut seen = HashSet::new();
    let mut queue = VecDeque::from([State::first()]);
    let mut steps = 0;
    seen.insert(hash(&queue[0]));
    while let Some(state) = queue.pop_front() {
        if let Err(broken) = state.clone().come_to_rest() {
            panic!("{broken}");
        }
        for (name, input, wait) in moves(&state, world) {
            steps += 1;
            let mut next = state.clone();
            if let Err(broken) = next.play(&name, input, wait) {
                panic!("{broken}");
            }
            if seen.len() < most && seen.insert(hash(&next)) {
                queue.push_back(next);
            }
        }
    }
    println!("{} states, {steps} steps", seen.len());
    (seen.len(), steps)
}

/// How many states of a world that is too large are looked at; `WALK_STATES` looks further.
fn most() -> usize {
    std::env::var("WALK_STATES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

/// Walks through all of a world.
fn walk_wholly(world: &World) {
    const FAR: usize = 100_000;
    let (states, _) = walk(world, FAR);
    assert!(states < FAR, "the world grew: find out by what, and make it smaller");
}

#[test]
fn a_call_that_we_dial() {
    let world = World {
        commands: |can| can_dial(can, CallType::Audio),
        rings: &[],
        events: || pair_events("a"),
        pushes: false,
        calls: 1,
        switches: false,
        gathers: false,
    };
    walk_wholly(&world);
}

#[test]
fn what_is_switched_and_shown() {
    let world = World {
        commands: |can| can_dial(can, CallType::Audio),
        rings: &[],
        events: || {
            let mut events = vec![pair_events("a").remove(0)];
            events.extend(shown_events("a"));
            events
        },
        pushes: false,
        calls: 1,
        switches: true,
        gathers: false,
    };
    walk(&world, most());
}

#[test]
fn a_call_that_rings_here() {
    let world = World {
        commands: |_| {},
        rings: &[("b", 2)],
        events: || {
            let mut events = pair_events("b");
            events.push(("b rings".into(), ServerEvent::Incoming(incoming("b", 2))));
            events
        },
        pushes: true,
        calls: 1,
        switches: false,
        gathers: false,
    };
    walk_wholly(&world);
}

#[test]
fn both_call_each_other() {
    let world = World {
        commands: |can| can_dial(can, CallType::Audio),
        rings: &[("b", 2)],
        events: || {
            let mut events: Vec<_> =
                ["a", "b"].into_iter().flat_map(|name| pair_events(name).into_iter().take(4)).collect();
            events.push(("b rings".into(), ServerEvent::Incoming(incoming("b", 2))));
            events.push(("a gives way to b".into(), ended("a", EndedReason::Cancelled, Some("b"))));
            events.push(("b gives way to a".into(), ended("b", EndedReason::Cancelled, Some("a"))));
            events
        },
        pushes: false,
        calls: 1,
        switches: false,
        gathers: false,
    };
    walk(&world, most());
}

#[test]
fn a_second_call_comes_in() {
    let world = World {
        commands: |can| can_dial(can, CallType::Video),
        rings: &[("c", 3)],
        events: || {
            let mut events: Vec<_> = pair_events("a").into_iter().take(4).collect();
            events.push(("c rings".into(), ServerEvent::Incoming(incoming("c", 3))));
            events.push(("d rings".into(), ServerEvent::Incoming(incoming("d", 4))));
            events.push(("c ends".into(), ended("c", EndedReason::Cancelled, None)));
            events
        },
        pushes: false,
        calls: 1,
        switches: false,
        gathers: false,
    };
    walk(&world, most());
}

#[test]
fn what_was_closed_or_forgotten_is_ignored() {
    let mut state = State::first();
    let old = PeerKey { call: state.machine.next_call(), to: user(2).into(), build: 9 };
    for (name, said) in peer_says() {
        let effects = state.play(name, Input::Peer(old, said), 0).expect(FINE);
        assert!(effects.is_empty(), "{name}: {effects:?}");
    }
    let answer = FromServer::Answer { ask: AskId(99), answer: Ok(Ack::Done) };
    assert!(state.play("an old answer", Input::Server(answer), 0).unwrap().is_empty());
    assert!(state.play("a tick", Input::Tick, 0).expect(FINE).is_empty());
}
