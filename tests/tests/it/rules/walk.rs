//! Every state of a small world met by every event that can happen in it.
//!
//! From the empty world, each event is tried in each state that was reached, until no new state appears. After each
//! step the oracle says whether a promise was broken; the path that led there is printed, ready for a play.
use calls_protocol::UserId;
use calls_server::calls::{CallSettings, Facts, GroupFacts};
use calls_tests::world::{
    State, World, dial, everything_about, everything_of_the_media_server, settings, settings_with_media,
};
use serde_json::json;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Goes everywhere. Returns how many states there are.
fn walk(world: &World, settings: CallSettings) -> usize {
    let first = State::first(settings);
    // From which state, by which move.
    let mut came_from: Vec<Option<(usize, usize)>> = vec![None];
    let mut known: HashMap<String, usize> = HashMap::from([(first.summary(), 0)]);
    let mut waiting = VecDeque::from([(0, first)]);
    while let Some((place, state)) = waiting.pop_front() {
        for (index, (_, what)) in world.moves.iter().enumerate() {
            let mut next = state.clone();
            if let Err(broken) = next.play(what) {
                came_from.push(Some((place, index)));
                panic!("{broken}, after:\n{}", path(world, &came_from, came_from.len() - 1));
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

fn path(world: &World, came_from: &[Option<(usize, usize)>], to: usize) -> String {
    let mut steps = Vec::new();
    let mut at = to;
    while let Some((before, index)) = came_from[at] {
        steps.push(world.moves[index].0.as_str());
        at = before;
    }
    steps.reverse();
    steps.join("\n")
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

    let states = walk(&world, settings());

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

    let states = walk(&world, settings());

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

    let states = walk(&world, settings());

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

    let states = walk(&world, settings());

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

    let states = walk(&world, settings());

    println!("{states} states, {} events in each", world.moves.len());
    assert!(states > 100, "the walk did not get far");
}

#[test]
fn a_room_with_a_host_and_a_waiting_room_keeps_every_promise_in_every_state() {
    let mut world = World::new();
    let sockets = [world.socket(1, 0, true), world.socket(2, 0, true)];
    for (socket, other) in sockets.into_iter().zip([2, 1]) {
        let about = json!({ "roomName": "room", "userId": socket / 10 });
        let facts = Facts { may_open_rooms: true, ..Facts::default() };
        world.says_with(socket, "call:join_room", &about, facts);
        world.says(socket, "call:leave_room", &about);
        world.says(socket, "call:resume", &about);
        let to = json!({ "roomName": "room", "toUserId": other });
        world.says(socket, "call:admit", &to);
        world.says(socket, "call:remove", &to);
        for on in [true, false] {
            world.says(socket, "call:lock", &json!({ "roomName": "room", "locked": on }));
            world.says(socket, "call:waiting_room", &json!({ "roomName": "room", "on": on }));
        }
    }

    let states = walk(&world, settings());

    println!("{states} states, {} events in each", world.moves.len());
    assert!(states > 100, "the walk did not get far");
}

#[test]
fn a_room_of_the_media_server_keeps_every_promise_in_every_state() {
    let mut world = World::new();
    let sockets = [world.socket(1, 0, true), world.socket(2, 0, false)];
    for socket in sockets {
        let mut about = json!({ "roomName": "room", "userId": socket / 10 });
        world.says(socket, "call:leave_room", &about);
        world.says(socket, "call:resume", &about);
        let to_server = json!({ "roomName": "room", "toUserId": 0, "sdpOffer": "o" });
        world.says(socket, "call:renegotiate", &to_server);
        let facts = Facts { may_open_rooms: true, ..Facts::default() };
        world.says_with(socket, "call:join_room", &about, facts.clone());
        about["sdpOffer"] = json!("o");
        world.says_with(socket, "call:join_room", &about, facts);
    }
    everything_of_the_media_server(&mut world);

    let states = walk(&world, settings_with_media());

    println!("{states} states, {} events in each", world.moves.len());
    assert!(states > 100, "the walk did not get far");
}
