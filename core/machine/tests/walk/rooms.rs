//! Rooms of many: who comes and goes, and the way to the media server and back.
use super::{FINE, World, most, pair_events, room, room_state, sdp, user, walk};
use calls_machine::{Callee, Command, Input};
use calls_protocol::{
    CallError, CallType, ErrorCode, LeftCall, Recipient, RelayedRenegotiate, ServerEvent, StreamKind,
    StreamPlace, Streams, Topology, UserInCall,
};

#[test]
fn a_room_of_many() {
    let world = World {
        commands: |can| {
            let join = Command::Join { room: room("g"), call_type: CallType::Audio };
            can("join".into(), Input::App(join));
            let group = Callee::Group(calls_protocol::GroupId::new(7).expect(FINE));
            let dial = Command::Dial { room: room("g"), to: group, call_type: CallType::Audio };
            can("dial the group".into(), Input::App(dial));
        },
        rings: &[],
        events: || {
            let who = UserInCall {
                room_name: room("g"),
                user_id: user(2),
                user_name: "Bo".into(),
                avatar: None,
                audio: true,
                video: false,
            };
            let mut events = pair_events("g");
            let gone = LeftCall {
                room_name: room("g"),
                user_id: user(2),
                user_name: "Bo".into(),
                avatar: None,
                audio: true,
                video: false,
                host_id: None,
            };
            events.push(("2 joins".into(), ServerEvent::UserJoined(who)));
            events.push(("2 leaves".into(), ServerEvent::UserLeft(gone)));
            events
        },
        pushes: false,
        calls: 1,
        switches: false,
        gathers: false,
    };
    walk(&world, most());
}

/// What the media server and the rules say of the way of room `g`.
fn way_events() -> Vec<(String, ServerEvent)> {
    let name = room("g");
    let described = |offer: Option<&str>, answer: Option<&str>| {
        ServerEvent::Renegotiate(RelayedRenegotiate {
            room_name: room("g"),
            from_user_id: Recipient::MediaServer,
            sdp_offer: offer.map(sdp),
            sdp_answer: answer.map(sdp),
        })
    };
    let failed = |code| {
        let (event, message) = ("call:renegotiate".into(), String::new());
        ServerEvent::Error(CallError { event, code, message, room_name: Some(room("g")) })
    };
    let streams = |users: &[u64]| {
        let place = |id: &u64| StreamPlace { mid: "0".into(), user_id: user(*id), kind: StreamKind::Audio };
        ServerEvent::Streams(Streams { room_name: room("g"), streams: users.iter().map(place).collect() })
    };
    let named = |what: &str, event| (what.to_owned(), event);
    vec![
        named("to the media server", ServerEvent::RoomState(room_state(&name, &[2, 1], Topology::Sfu))),
        named("straight again", ServerEvent::RoomState(room_state(&name, &[2, 1], Topology::Mesh))),
        named(
            "straight again, they offer",
            ServerEvent::RoomState(room_state(&name, &[1, 2], Topology::Mesh)),
        ),
        named("the server answers", described(None, Some("SERVER"))),
        named("another server answers", described(None, Some("SERVER-2"))),
        named("the server offers", described(Some("SERVER"), None)),
        named("the server offers more", described(Some("SERVER\r\na=more"), None)),
        named("the server refuses", failed(ErrorCode::Conflict)),
        named("the server forgot us", failed(ErrorCode::Unavailable)),
        named("2 is heard", streams(&[2])),
        named("nobody is heard", streams(&[])),
    ]
}

#[test]
fn a_room_that_moves_to_the_media_server_and_back() {
    let world = World {
        commands: |can| {
            let join = Command::Join { room: room("g"), call_type: CallType::Audio };
            can("join".into(), Input::App(join));
        },
        rings: &[],
        events: || {
            let mut events = way_events();
            events.extend(pair_events("g").into_iter().skip(5));
            events
        },
        pushes: false,
        calls: 1,
        switches: false,
        gathers: false,
    };
    walk(&world, most());
}
