//! What people write, show and decide in a room of many, and the door before it.
use super::{
    FINE, State, World, ended,
    found::{Device, asks, initiated},
    most, participant, registered, room, room_state, user, walk,
};
use calls_machine::{
    CallSnapshot, CallState, Callee, ChatState, Command, Effect, EndReason, FromServer, Input, Picture, Sound,
};
use calls_protocol::{
    Ack, CallType, ChatMessage, ClientEvent, EndedReason, ErrorCode, GroupId, HandChanged, LeftCall, Muted,
    Reacted, Reaction, Refusal, RoomChanged, RoomName, RoomState, ServerEvent, Topology, UnixMillis, Waiting,
    WaitingUser, Written,
};
use std::time::Duration;

/// The state of a room for whoever waits before it.
pub(super) fn before_the_door(name: &RoomName) -> RoomState {
    RoomState { waiting: true, ..decided_by(2, name) }.without_people()
}

/// The state of a room with users 1 and 2, of whom this one is the host.
pub(super) fn decided_by(host: u64, name: &RoomName) -> RoomState {
    RoomState { host_id: Some(user(host)), ..room_state(name, &[1, 2], Topology::Mesh) }
}

trait WithoutPeople {
    fn without_people(self) -> Self;
}

impl WithoutPeople for RoomState {
    fn without_people(mut self) -> Self {
        self.participants.clear();
        self
    }
}

/// What a person can do in a room of many, as long as it makes the world no larger.
pub(super) fn can_do(state: &State, call: &CallSnapshot, app: &mut dyn FnMut(&str, Command)) {
    let key = call.key;
    let waits_for = |is_it: fn(&ClientEvent) -> bool| state.oracle.asked.values().any(is_it);
    if call.chat.len() < 2 {
        app("write", Command::Write { call: key, id: format!("m{}", call.chat.len()), text: "hello".into() });
    }
    if call.reactions.is_empty() {
        app("react", Command::React { call: key, id: "r".into(), reaction: Reaction::Clap });
    }
    if !waits_for(|event| matches!(event, ClientEvent::RaiseHand(_))) {
        app("hand", Command::RaiseHand { call: key, raised: !call.is_hand_up });
    }
    if !waits_for(|event| matches!(event, ClientEvent::Lock(_))) {
        app("lock", Command::Lock { call: key, locked: !call.is_locked });
    }
    if !waits_for(|event| matches!(event, ClientEvent::WaitingRoom(_))) {
        app("have wait", Command::HaveWait { call: key, on: !call.has_waiting_room });
    }
    if !waits_for(|event| matches!(event, ClientEvent::Admit(_))) {
        app("admit 3", Command::Admit { call: key, user: user(3), admitted: true });
    }
    if !waits_for(|event| matches!(event, ClientEvent::ToggleMedia(_))) {
        app("speak", Command::Mute { call: key, muted: false });
    }
}

fn muted(name: &RoomName) -> ServerEvent {
    ServerEvent::Muted(Muted { room_name: name.clone(), user_id: user(1), muted_by: user(2) })
}

fn chat(name: &RoomName, id: &str) -> ServerEvent {
    ServerEvent::Chat(ChatMessage {
        room_name: name.clone(),
        user_id: user(2),
        user_name: "Bo".into(),
        message_id: id.into(),
        text: "hello".into(),
        sent_at: UnixMillis(5),
    })
}

fn waiting(name: &RoomName, who: &[u64]) -> ServerEvent {
    let waits = |id: &u64| WaitingUser {
        user_id: user(*id),
        user_name: "Cid".into(),
        avatar: None,
        since: UnixMillis(3),
    };
    ServerEvent::Waiting(Waiting { room_name: name.clone(), waiting: who.iter().map(waits).collect() })
}

fn reacted(name: &RoomName, reaction: Reaction) -> ServerEvent {
    ServerEvent::Reacted(Reacted { room_name: name.clone(), user_id: user(2), reaction })
}

fn left(name: &RoomName, who: u64, host: u64) -> ServerEvent {
    ServerEvent::UserLeft(LeftCall {
        room_name: name.clone(),
        user_id: user(who),
        user_name: "Bo".into(),
        avatar: None,
        audio: true,
        video: false,
        host_id: Some(user(host)),
    })
}

#[test]
fn a_room_whose_door_is_kept() {
    let world = World {
        commands: |can| {
            let join = Command::Join { room: room("g"), call_type: CallType::Audio };
            can("join".into(), Input::App(join));
        },
        rings: &[],
        events: || {
            let name = room("g");
            let changed = |locked, waiting_room| {
                let (room_name, changed_by) = (room("g"), user(2));
                ServerEvent::RoomChanged(RoomChanged { room_name, locked, waiting_room, changed_by })
            };
            let hand = |id| {
                let (room_name, hand_raised_at) = (room("g"), Some(UnixMillis(9)));
                ServerEvent::HandChanged(HandChanged { room_name, user_id: user(id), hand_raised_at })
            };
            let named = |what: &str, event| (what.to_owned(), event);
            vec![
                named("they let us in", ServerEvent::RoomState(decided_by(2, &name))),
                named("we decide", ServerEvent::RoomState(decided_by(1, &name))),
                named("we are asked to wait", ServerEvent::RoomState(before_the_door(&name))),
                named("they mute us", muted(&name)),
                named("they remove us", ended("g", EndedReason::Removed, None)),
                named("they write", chat(&name, "t")),
                named("3 waits", waiting(&name, &[3])),
                named("nobody waits", waiting(&name, &[])),
                named("they lock", changed(true, false)),
                named("they open", changed(false, false)),
                named("2 raises a hand", hand(2)),
                named("2 leaves us the room", left(&name, 2, 1)),
            ]
        },
        pushes: false,
        calls: 1,
        switches: false,
        gathers: true,
    };
    walk(&world, most());
}

/// A device of user 1 in room g with user 2.
fn gathered(host: u64) -> Device {
    let (mut device, asked) = joining();
    device.answer(&asked, Ok(Ack::RoomState(decided_by(host, &room("g")))));
    assert!(matches!(call(&device).state, CallState::Talking { .. }));
    device
}

fn joining() -> (Device, Vec<Effect>) {
    let mut device = Device::new();
    let join = Command::Join { room: room("g"), call_type: CallType::Audio };
    let asked = device.give(Input::App(join));
    (device, asked)
}

fn call(device: &Device) -> CallSnapshot {
    device.snapshot().calls[0].clone()
}

fn app(device: &mut Device, command: impl FnOnce(calls_machine::CallKey) -> Command) -> Vec<Effect> {
    let key = call(device).key;
    device.give(Input::App(command(key)))
}

fn write(device: &mut Device, id: &str, text: &str) -> Vec<Effect> {
    app(device, |call| Command::Write { call, id: id.into(), text: text.into() })
}

fn lines(device: &Device) -> Vec<(String, ChatState, Option<u64>)> {
    call(device).chat.iter().map(|line| (line.text.clone(), line.state, line.at.map(|at| at.0))).collect()
}

fn refused(code: ErrorCode) -> Result<Ack, Refusal> {
    Err(Refusal::new(code, "no"))
}

fn line_comes_back(device: &mut Device) -> Vec<Effect> {
    device.server(FromServer::Down);
    device.server(FromServer::Up(Box::new(registered(&[]))))
}

#[test]
fn a_line_is_sent_when_the_server_says_so_and_failed_when_it_refuses() {
    let mut device = gathered(2);

    let first = write(&mut device, "m1", "  one\u{7}\r\ntwo ");
    let second = write(&mut device, "m2", "three");
    assert_eq!(lines(&device)[0], ("one\ntwo".into(), ChatState::Sending, None));
    device.answer(&first, Ok(Ack::Written(Written { sent_at: UnixMillis(77) })));
    device.answer(&second, refused(ErrorCode::RateLimited));

    assert_eq!(
        lines(&device),
        [("one\ntwo".into(), ChatState::Sent, Some(77)), ("three".into(), ChatState::Failed, None)]
    );
}

#[test]
fn what_cannot_be_said_is_not_asked() {
    let mut device = gathered(2);

    assert!(asks(&write(&mut device, "m1", " \n ")).is_empty());
    assert!(asks(&write(&mut device, "m2", &"x".repeat(2001))).is_empty());

    let chat = call(&device).chat;
    assert_eq!(chat.len(), 1);
    assert_eq!(chat[0].state, ChatState::Failed);
}

#[test]
fn a_line_that_is_refused_while_we_come_back_is_said_again_by_its_name() {
    let mut device = gathered(2);
    device.server(FromServer::Down);
    let said = write(&mut device, "m1", "one");

    let resumes = device.server(FromServer::Up(Box::new(registered(&[]))));
    let joins = device.answer(&resumes, refused(ErrorCode::NotFound));
    device.answer(&said, refused(ErrorCode::Conflict));
    assert_eq!(lines(&device)[0].1, ChatState::Sending);
    let again = device.answer(&joins, Ok(Ack::RoomState(decided_by(2, &room("g")))));

    let chats = asks(&again).into_iter().filter_map(|(_, event)| match event {
        ClientEvent::Chat(chat) => Some((chat.message_id.clone(), chat.text.clone())),
        _ => None,
    });
    assert_eq!(chats.collect::<Vec<_>>(), [("m1".to_owned(), "one".to_owned())]);
}

#[test]
fn a_line_that_comes_twice_is_shown_once_and_the_last_two_hundred_stay() {
    let mut device = gathered(2);
    let name = room("g");

    device.event(chat(&name, "m1"));
    device.event(chat(&name, "m1"));
    assert_eq!(lines(&device), [("hello".into(), ChatState::Sent, Some(5))]);
    for number in 0..250 {
        device.event(chat(&name, &format!("n{number}")));
    }

    let chat = call(&device).chat;
    assert_eq!((chat.len(), chat[199].id.as_str()), (200, "2-n249"));
}

#[test]
fn what_nobody_will_read_any_more_is_failed_when_the_call_ends() {
    let mut device = gathered(2);
    write(&mut device, "m1", "one");

    app(&mut device, |call| Command::HangUp { call });

    assert_eq!(lines(&device)[0].1, ChatState::Failed);
}

#[test]
fn reactions_are_gone_after_five_seconds_ours_and_theirs() {
    let mut device = gathered(2);
    let name = room("g");

    app(&mut device, |call| Command::React { call, id: "r".into(), reaction: Reaction::Heart });
    device.pass(Duration::from_secs(2));
    device.event(reacted(&name, Reaction::Clap));
    device.event(reacted(&name, Reaction::Unknown));
    let shown: Vec<_> = call(&device).reactions.iter().map(|shown| (shown.user, shown.reaction)).collect();
    assert_eq!(shown, [(user(1), Reaction::Heart), (user(2), Reaction::Clap)]);
    device.pass(Duration::from_secs(3));
    assert_eq!(call(&device).reactions.len(), 1);
    device.pass(Duration::from_secs(2));

    assert!(call(&device).reactions.is_empty());
}

#[test]
fn a_reaction_is_not_said_again_and_not_without_the_server() {
    let mut device = gathered(2);
    let react = |call| Command::React { call, id: "r".into(), reaction: Reaction::Heart };
    let asked = app(&mut device, react);

    let effects = device.server(FromServer::Down);
    assert!(effects.contains(&Effect::Forget(*asks(&asked)[0].0)));
    device.pass(Duration::from_secs(5));

    assert!(asks(&app(&mut device, react)).is_empty());
    assert!(call(&device).reactions.is_empty());
}

#[test]
fn a_reaction_that_is_refused_is_shown_to_nobody() {
    let mut device = gathered(2);
    let asked = app(&mut device, |call| Command::React { call, id: "r".into(), reaction: Reaction::Heart });

    device.answer(&asked, refused(ErrorCode::RateLimited));

    assert!(call(&device).reactions.is_empty());
}

#[test]
fn what_a_host_decides_is_shown_at_once_and_taken_back_if_it_is_refused() {
    let mut device = gathered(1);

    let locks = app(&mut device, |call| Command::Lock { call, locked: true });
    let waits = app(&mut device, |call| Command::HaveWait { call, on: true });
    assert!(call(&device).is_locked && call(&device).has_waiting_room);
    assert!(asks(&app(&mut device, |call| Command::Lock { call, locked: true })).is_empty());
    device.answer(&locks, Ok(Ack::Done));
    device.answer(&waits, refused(ErrorCode::RateLimited));

    assert!(call(&device).is_locked && !call(&device).has_waiting_room);
}

#[test]
fn a_hand_that_is_raised_without_a_line_is_up_until_the_server_says_otherwise() {
    let mut device = gathered(2);
    device.server(FromServer::Down);
    let hand = app(&mut device, |call| Command::RaiseHand { call, raised: true });
    let resumes = device.server(FromServer::Up(Box::new(registered(&[]))));

    device.answer(&resumes, Ok(Ack::RoomState(decided_by(2, &room("g")))));
    assert!(call(&device).is_hand_up, "the server has yet to read of it");
    device.answer(&hand, Ok(Ack::Done));
    assert!(call(&device).is_hand_up);

    // A server that was killed forgot every hand.
    let resumes = line_comes_back(&mut device);
    device.answer(&resumes, Ok(Ack::RoomState(decided_by(2, &room("g")))));
    assert!(!call(&device).is_hand_up);
}

#[test]
fn only_the_host_decides_and_only_the_host_sees_who_waits() {
    let name = room("g");
    let mut device = gathered(2);

    device.event(waiting(&name, &[3]));
    assert!(call(&device).waiting.is_empty());
    assert!(asks(&app(&mut device, |call| Command::Lock { call, locked: true })).is_empty());
    assert!(asks(&app(&mut device, |call| Command::Remove { call, user: user(2) })).is_empty());

    device.event(left(&name, 2, 1));
    device.event(waiting(&name, &[3, 4]));
    assert_eq!(call(&device).waiting.len(), 2);
    let admits = app(&mut device, |call| Command::Admit { call, user: user(3), admitted: true });

    assert_eq!(call(&device).waiting[0].user, user(4), "whoever is about to come in waits no more");
    device.answer(&admits, refused(ErrorCode::RoomFull));
    assert_eq!(call(&device).waiting.len(), 2);
}

#[test]
fn who_waits_is_told_anew_after_a_lost_line() {
    let mut device = gathered(1);
    device.event(waiting(&room("g"), &[3]));

    let resumes = line_comes_back(&mut device);
    device.answer(&resumes, Ok(Ack::RoomState(decided_by(1, &room("g")))));

    assert!(call(&device).waiting.is_empty(), "the server says next who waits, if anybody does");
}

#[test]
fn a_host_silences_us_until_we_speak_again() {
    let mut device = gathered(2);

    device.event(muted(&room("g")));
    assert_eq!((call(&device).is_muted, call(&device).muted_by), (true, Some(user(2))));
    app(&mut device, |call| Command::Mute { call, muted: true });
    assert_eq!(call(&device).muted_by, Some(user(2)));
    let tells = app(&mut device, |call| Command::Mute { call, muted: false });

    assert_eq!((call(&device).is_muted, call(&device).muted_by), (false, None));
    assert!(matches!(asks(&tells)[..], [(_, ClientEvent::ToggleMedia(toggle))] if toggle.audio));
}

#[test]
fn whoever_is_silenced_while_they_switch_tells_that_they_are_silent() {
    let mut device = gathered(2);
    app(&mut device, |call| Command::Mute { call, muted: true });
    app(&mut device, |call| Command::Mute { call, muted: false });

    // Said by the host before the server read any of it.
    let effects = device.event(muted(&room("g")));

    assert!(matches!(asks(&effects)[..], [(_, ClientEvent::ToggleMedia(toggle))] if !toggle.audio));
}

#[test]
fn a_server_that_forgot_that_we_are_silent_is_told() {
    let mut device = gathered(2);
    let tells = app(&mut device, |call| Command::Mute { call, muted: true });
    device.answer(&tells, Ok(Ack::Done));

    let resumes = line_comes_back(&mut device);
    let effects = device.answer(&resumes, Ok(Ack::RoomState(decided_by(2, &room("g")))));

    let tells = |(_, event): &(_, &ClientEvent)| matches!(event, ClientEvent::ToggleMedia(t) if !t.audio);
    assert!(asks(&effects).iter().any(tells), "{effects:?}");
}

#[test]
fn whoever_waits_at_the_door_asks_again_after_a_lost_line_and_comes_in() {
    let (mut device, asked) = joining();
    device.answer(&asked, Ok(Ack::RoomState(before_the_door(&room("g")))));
    assert_eq!(call(&device).state, CallState::AtTheDoor);

    let again = line_comes_back(&mut device);
    assert!(matches!(asks(&again)[..], [(_, ClientEvent::JoinRoom(_))]), "{again:?}");
    device.answer(&again, Ok(Ack::RoomState(before_the_door(&room("g")))));
    // They change their mind on what to show meanwhile.
    app(&mut device, |call| Command::Show { call, picture: Picture::Camera });
    let mut state = decided_by(2, &room("g"));
    state.participants = vec![participant(2), participant(1)];
    let effects = device.event(ServerEvent::RoomState(state));

    assert!(matches!(call(&device).state, CallState::Talking { .. }));
    assert_eq!(call(&device).others.len(), 1);
    let shows = |(_, event): &(_, &ClientEvent)| matches!(event, ClientEvent::ToggleMedia(t) if t.video);
    assert!(asks(&effects).iter().any(shows), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Peer(..))), "we offer to who is there");
}

#[test]
fn at_the_door_it_is_quiet_and_one_may_go() {
    let (mut device, asked) = joining();
    let effects = device.answer(&asked, Ok(Ack::RoomState(before_the_door(&room("g")))));
    assert!(effects.contains(&Effect::Sound(Sound::Silence)), "{effects:?}");
    assert!(asks(&write(&mut device, "m1", "hello?")).is_empty());

    let effects = app(&mut device, |call| Command::HangUp { call });

    assert!(matches!(asks(&effects)[..], [(_, ClientEvent::End(_))]));
    assert_eq!(call(&device).state, CallState::Ended { reason: EndReason::WeCancelled });
}

#[test]
fn the_end_says_whether_a_host_removed_us_or_did_not_let_us_in() {
    let removed = || ended("g", EndedReason::Removed, None);
    let (mut outside, asked) = joining();
    outside.answer(&asked, Ok(Ack::RoomState(before_the_door(&room("g")))));
    let (mut inside, mut away) = (gathered(2), gathered(2));

    outside.event(removed());
    inside.event(removed());
    let resumes = line_comes_back(&mut away);
    away.answer(&resumes, refused(ErrorCode::Forbidden));

    assert_eq!(call(&outside).state, CallState::Ended { reason: EndReason::NotLetIn });
    assert_eq!(call(&inside).state, CallState::Ended { reason: EndReason::Removed });
    assert_eq!(call(&away).state, CallState::Ended { reason: EndReason::Removed });
}

#[test]
fn a_room_that_is_over_is_over_for_whoever_waits_before_it() {
    for reason in [EndedReason::Cancelled, EndedReason::Missed, EndedReason::Completed] {
        let (mut device, asked) = joining();
        device.answer(&asked, Ok(Ack::RoomState(before_the_door(&room("g")))));

        device.event(ended("g", reason, None));

        assert_eq!(call(&device).state, CallState::Ended { reason: EndReason::TheyHungUp }, "{reason:?}");
    }
}

#[test]
fn whoever_calls_a_group_decides_in_it() {
    let mut device = Device::new();
    let group = Callee::Group(GroupId::new(7).expect(FINE));
    let dial = Command::Dial { room: room("g"), to: group, call_type: CallType::Audio };
    let asked = device.give(Input::App(dial));

    device.answer(&asked, Ok(initiated()));

    assert_eq!(call(&device).host, Some(user(1)));
}
