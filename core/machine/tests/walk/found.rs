//! What the evenings of whole phones found, each as small as it gets.
use super::{FINE, ended, pair_events, registered, room, sdp, user};
use calls_machine::{
    AskId, CallState, Callee, Command, Effect, EndReason, FromDevice, FromPeer, FromServer, Input, Machine,
    Path, PeerKey, PeerOrder, Picture, Settings, Snapshot, Time,
};
use calls_protocol::{
    Ack, CallId, CallType, ClientEvent, EndedReason, ErrorCode, GroupId, GroupIncoming, IceServers,
    Initiated, Recipient, Refusal, RelayedRenegotiate, RoomName, RoomState, Sdp, ServerEvent, Topology,
    UnixMillis,
};
use std::time::Duration;

/// A device of user 1, and its clock.
pub(super) struct Device {
    pub(super) machine: Machine,
    now: u64,
}

impl Device {
    /// It knows the server.
    pub(super) fn new() -> Self {
        let mut device = Self { machine: Machine::new(user(1), Settings::default()), now: 0 };
        device.server(FromServer::Up(Box::new(registered(&[]))));
        device
    }

    pub(super) fn give(&mut self, input: Input) -> Vec<Effect> {
        self.machine.handle(Time(self.now), input)
    }

    pub(super) fn server(&mut self, said: FromServer) -> Vec<Effect> {
        self.give(Input::Server(said))
    }

    pub(super) fn event(&mut self, event: ServerEvent) -> Vec<Effect> {
        self.server(FromServer::Event { event: Box::new(event), id: None })
    }

    fn peer(&mut self, build: u32, said: FromPeer) -> Vec<Effect> {
        let call = self.snapshot().calls[0].key;
        self.give(Input::Peer(PeerKey { call, to: user(2).into(), build }, said))
    }

    pub(super) fn answer(&mut self, effects: &[Effect], answer: Result<Ack, Refusal>) -> Vec<Effect> {
        let ask = *asks(effects).last().expect("it asked").0;
        self.server(FromServer::Answer { ask, answer })
    }

    pub(super) fn pass(&mut self, length: Duration) -> Vec<Effect> {
        self.now = (Time(self.now) + length).0;
        self.give(Input::Tick)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.machine.snapshot()
    }

    fn state(&self) -> CallState {
        self.snapshot().calls[0].state
    }

    fn path(&self) -> Path {
        self.snapshot().calls[0].others[0].path
    }

    fn dial(&mut self, to: Callee) -> Vec<Effect> {
        self.give(Input::App(Command::Dial { room: room("a"), to, call_type: CallType::Audio }))
    }

    /// We call user 2, and it rings there.
    fn ring_there(&mut self) {
        self.dial(Callee::User(user(2)));
        let asked = self.peer(0, FromPeer::OfferMade(sdp("OURS")));
        self.answer(&asked, Ok(initiated()));
    }

    /// They answered and are heard.
    fn talk(&mut self) {
        self.ring_there();
        self.event(they_answer());
        self.peer(0, FromPeer::AnswerApplied);
        self.peer(0, FromPeer::Up);
        assert_eq!(self.path(), Path::Up);
    }
}

fn ask_of(effect: &Effect) -> Option<(&AskId, &ClientEvent)> {
    match effect {
        Effect::Ask { ask, event } => Some((ask, event)),
        _ => None,
    }
}

pub(super) fn asks(effects: &[Effect]) -> Vec<(&AskId, &ClientEvent)> {
    effects.iter().filter_map(ask_of).collect()
}

fn order_of(effect: &Effect) -> Option<&PeerOrder> {
    match effect {
        Effect::Peer(_, order) => Some(order),
        _ => None,
    }
}

fn orders(effects: &[Effect]) -> Vec<&PeerOrder> {
    effects.iter().filter_map(order_of).collect()
}

pub(super) fn initiated() -> Ack {
    Ack::Initiated(Initiated {
        call_id: CallId::new(1).expect(FINE),
        room_name: room("a"),
        ice_servers: IceServers::default(),
        devices: 1,
        expires_at: UnixMillis(0),
        replaced_by: None,
    })
}

fn they_answer() -> ServerEvent {
    pair_events("a").remove(0).1
}

fn they_offer(offer: Sdp) -> ServerEvent {
    ServerEvent::Renegotiate(RelayedRenegotiate {
        room_name: room("a"),
        from_user_id: Recipient::User(user(2)),
        sdp_offer: Some(offer),
        sdp_answer: None,
    })
}

fn state_of(name: RoomName, started_at: Option<UnixMillis>) -> Ack {
    Ack::RoomState(RoomState {
        room_name: name,
        call_id: None,
        call_type: CallType::Audio,
        topology: Topology::P2p,
        participants: Vec::new(),
        started_at,
        host_id: None,
        locked: false,
        waiting_room: false,
        waiting: false,
        ice_servers: IceServers::default(),
    })
}

fn no(code: ErrorCode) -> Result<Ack, Refusal> {
    Err(Refusal::new(code, "no"))
}

/// The line breaks and is back.
fn reconnect(device: &mut Device) -> Vec<Effect> {
    device.server(FromServer::Down);
    device.server(FromServer::Up(Box::new(registered(&[]))))
}

#[test]
fn a_caller_who_heard_nothing_yet_asks_for_all_that_the_room_told() {
    let mut device = Device::new();
    device.ring_there();

    let effects = reconnect(&mut device);

    let [(_, ClientEvent::Resume(resume))] = asks(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(resume.last_event_id.expect("an event before all others").get(), 1);
}

#[test]
fn who_dialled_before_the_line_broke_asks_what_the_room_told_then() {
    let mut device = Device::new();
    device.dial(Callee::User(user(2)));
    let asked = device.peer(0, FromPeer::OfferMade(sdp("OURS")));
    reconnect(&mut device);

    let effects = device.answer(&asked, Ok(initiated()));

    assert!(matches!(asks(&effects)[..], [(_, ClientEvent::Resume(_))]), "{effects:?}");
}

#[test]
fn an_answer_that_is_only_told_by_the_state_of_the_room_begins_the_call() {
    let mut device = Device::new();
    device.ring_there();
    let effects = reconnect(&mut device);

    device.answer(&effects, Ok(state_of(room("a"), Some(UnixMillis(1)))));
    assert!(matches!(device.state(), CallState::Talking { .. }));
    let effects = device.event(they_answer());

    assert!(matches!(orders(&effects)[..], [PeerOrder::TakeAnswer(_)]), "{effects:?}");
}

#[test]
fn an_answer_to_an_offer_that_was_taken_back_is_not_applied() {
    let mut device = Device::new();
    device.talk();
    device.peer(0, FromPeer::Lost);
    let offer = |number: u32| Sdp::object("offer", &format!("a=fingerprint:x OURS\r\na=number:{number}"));
    device.peer(0, FromPeer::OfferMade(offer(1)));
    device.pass(Settings::default().restart_every);
    device.peer(0, FromPeer::OfferMade(offer(2)));
    // They take both, one after the other.
    let mut them = Device::new();
    them.talk();
    them.event(they_offer(offer(1)));
    let late = relayed_answer(&them.peer(1, FromPeer::AnswerMade(sdp("THEIRS"))));
    them.event(they_offer(offer(2)));
    let right = relayed_answer(&them.peer(1, FromPeer::AnswerMade(sdp("THEIRS"))));

    assert!(orders(&device.event(late)).is_empty());
    assert!(matches!(orders(&device.event(right))[..], [PeerOrder::TakeAnswer(_)]));
}

fn relayed_answer(effects: &[Effect]) -> ServerEvent {
    let [(_, ClientEvent::Renegotiate(message))] = asks(effects)[..] else { panic!("{effects:?}") };
    ServerEvent::Renegotiate(RelayedRenegotiate {
        room_name: room("a"),
        from_user_id: Recipient::User(user(2)),
        sdp_offer: None,
        sdp_answer: message.sdp_answer.clone(),
    })
}

#[test]
fn who_hangs_up_is_not_shown_as_being_repaired() {
    let mut device = Device::new();
    device.talk();

    device.peer(0, FromPeer::Closed);
    assert_eq!(device.path(), Path::Up);
    device.pass(Settings::default().goodbye);

    assert_eq!(device.path(), Path::Repairing);
}

#[test]
fn an_offer_of_a_connection_that_was_given_up_comes_too_late() {
    let mut device = Device::new();
    device.talk();
    device.peer(0, FromPeer::Lost);
    let effects = device.pass(Settings::default().rebuild_after);
    assert!(matches!(orders(&effects)[0], PeerOrder::Close), "{effects:?}");

    let effects = device.event(they_offer(sdp("THEIRS")));
    assert!(effects.is_empty(), "{effects:?}");
    device.peer(1, FromPeer::OfferMade(sdp("OURS ANEW")));
    let effects = device.event(they_offer(sdp("THEIRS")));

    assert!(effects.is_empty(), "{effects:?}");
}

#[test]
fn an_offer_that_comes_again_gets_the_same_answer_again() {
    let mut device = Device::new();
    device.talk();
    device.event(they_offer(sdp("THEIRS")));
    let first = device.peer(0, FromPeer::AnswerMade(sdp("OURS")));

    let second = device.event(they_offer(sdp("THEIRS")));

    assert!(orders(&second).is_empty());
    assert_eq!(asks(&first)[0].1, asks(&second)[0].1);
}

#[test]
fn an_offer_that_was_lost_with_the_server_is_made_again() {
    let mut device = Device::new();
    device.talk();
    device.peer(0, FromPeer::WantsToOffer);
    device.peer(0, FromPeer::OfferMade(sdp("OURS")));

    let effects = device.pass(Settings::default().offer_again);

    assert_eq!(orders(&effects), [&PeerOrder::RollBack, &PeerOrder::MakeOffer { restart: false }]);
}

#[test]
fn a_push_of_somebody_whom_we_call_is_left_to_the_server() {
    let mut device = Device::new();
    device.server(FromServer::Down);
    device.dial(Callee::User(user(2)));

    let woken = FromServer::Woken {
        room: room("b"),
        from: user(2),
        name: "Bo".into(),
        call_type: CallType::Audio,
        rings_for: Some(Duration::from_secs(20)),
    };
    device.server(woken);

    assert_eq!(device.snapshot().calls.len(), 1);
}

#[test]
fn an_open_room_that_the_server_forgot_is_opened_again() {
    let mut device = Device::new();
    let effects = device.give(Input::App(Command::Join { room: room("a"), call_type: CallType::Audio }));
    device.answer(&effects, Ok(state_of(room("a"), None)));
    let effects = reconnect(&mut device);

    let effects = device.answer(&effects, no(ErrorCode::NotFound));

    assert!(matches!(asks(&effects)[..], [(_, ClientEvent::JoinRoom(_))]), "{effects:?}");
}

#[test]
fn a_ring_that_stops_while_we_come_in_ends_nothing() {
    let mut device = Device::new();
    device.event(ServerEvent::GroupIncoming(GroupIncoming {
        call_id: CallId::new(1).expect(FINE),
        group_id: GroupId::new(7).expect(FINE),
        group_name: "Climbers".into(),
        initiator_id: user(2),
        initiator_name: "Bo".into(),
        call_type: CallType::Audio,
        room_name: room("a"),
        ice_servers: IceServers::default(),
        created_at: UnixMillis(0),
        expires_at: UnixMillis(45_000),
    }));
    let call = device.snapshot().calls[0].key;
    let joins = device.give(Input::App(Command::Accept { call, call_type: CallType::Audio }));

    device.event(ended("a", EndedReason::Missed, None));
    let ask = *asks(&joins)[0].0;
    device.server(FromServer::Answer { ask, answer: Ok(state_of(room("a"), None)) });

    assert!(matches!(device.state(), CallState::Talking { .. }));
}

#[test]
fn who_dials_a_group_that_talks_already_is_told_so() {
    let mut device = Device::new();
    let effects = device.dial(Callee::Group(GroupId::new(7).expect(FINE)));

    device.answer(&effects, no(ErrorCode::Conflict));

    assert_eq!(device.state(), CallState::Ended { reason: EndReason::GroupIsTalking });
}

#[test]
fn a_call_that_gives_way_to_one_that_is_over_is_no_fault_of_ours() {
    let mut device = Device::new();
    device.ring_there();
    device.event(ended("a", EndedReason::Cancelled, Some("b")));

    device.pass(Settings::default().dial);

    assert_eq!(device.state(), CallState::Ended { reason: EndReason::NoAnswer });
}

#[test]
fn who_gives_up_while_their_call_takes_the_place_of_ours_declines_theirs() {
    let mut device = Device::new();
    device.ring_there();
    device.event(ended("a", EndedReason::Cancelled, Some("b")));
    let call = device.snapshot().calls[0].key;

    let effects = device.give(Input::App(Command::HangUp { call }));

    let [(_, ClientEvent::Reject(reject))] = asks(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(reject.room_name, room("b"));
}

#[test]
fn a_caller_without_the_server_does_not_blame_the_other_one() {
    let mut device = Device::new();
    device.ring_there();
    device.server(FromServer::Down);

    device.pass(Settings::default().dial);

    assert_eq!(device.state(), CallState::Ended { reason: EndReason::NoServer });
}

/// What everybody is told of the camera and the screen.
fn told_media(effects: &[Effect]) -> Option<(bool, Option<bool>)> {
    asks(effects).into_iter().find_map(|(_, event)| match event {
        ClientEvent::ToggleMedia(toggle) => Some((toggle.video, toggle.screen)),
        _ => None,
    })
}

#[test]
fn a_shared_screen_is_captured_beside_the_camera_until_it_may_not_be() {
    let mut device = Device::new();
    device.talk();
    let call = device.snapshot().calls[0].key;
    device.give(Input::App(Command::Show { call, picture: Picture::Camera }));

    let shared = device.give(Input::App(Command::ShareScreen { call, on: true }));
    let again = device.give(Input::App(Command::ShareScreen { call, on: true }));
    assert!(device.snapshot().calls[0].is_sharing && shared.contains(&Effect::CaptureScreen(true)));
    assert_eq!((told_media(&shared), told_media(&again)), (Some((true, Some(true))), None));

    let held = device.give(Input::App(Command::Hold { call, held: true }));
    assert!(held.contains(&Effect::CaptureScreen(false)), "{held:?}");
    device.give(Input::App(Command::Hold { call, held: false }));

    let refused = device.give(Input::Device(FromDevice::NoScreen));
    assert_eq!(told_media(&refused), Some((true, Some(false))));
    assert!(!device.snapshot().calls[0].is_sharing && refused.contains(&Effect::CaptureScreen(false)));
    assert_eq!(device.snapshot().calls[0].picture, Picture::Camera);
}
