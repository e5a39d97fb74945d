//! Random steps through one crowded world: two calls, a group call and an open room at once, devices with and without
//! ids. A sequence that breaks a promise is made as short as it can be. `PROPTEST_CASES=100000 PROPTEST_RNG_SEED=7` looks
//! longer, and elsewhere.
use calls_protocol::UserId;
use calls_server::calls::{Facts, GroupFacts};
use calls_tests::world::{
    Move, State, World, dial, everything_about, everything_in_a_crowd, everything_of_the_media_server,
    settings_with_media,
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

fn crowded() -> World {
    let mut world = World::new();
    for seconds in [1, 31] {
        world.moves.push((format!("wait {seconds}s"), Move::Waits(Duration::from_secs(seconds))));
    }
    let sockets = [
        world.socket(1, 0, true),
        world.socket(1, 1, true),
        world.socket(2, 0, true),
        world.socket(2, 1, false),
        world.socket(3, 0, false),
    ];
    let members = [1, 2, 3].map(|id| UserId::new(id).expect("small")).to_vec();
    let group = Arc::new(GroupFacts { name: "Climbers".into(), members });
    for socket in sockets {
        let me = socket / 10;
        for (other, room) in [(1 + me % 3, "r"), (1 + (me + 1) % 3, "s")] {
            dial(&mut world, socket, other, room, socket % 2 == 0);
        }
        let facts = Facts { group: Some(group.clone()), ..Facts::default() };
        let call = json!({ "fromId": me, "groupId": 7, "callType": "audio", "roomName": "g" });
        world.says_with(socket, "call:initiate", &call, facts);
        let facts = Facts { may_open_rooms: true, ..Facts::default() };
        let join = json!({ "roomName": "lounge", "userId": me });
        world.says_with(socket, "call:join_room", &join, facts);
        for room in ["r", "s", "g", "lounge"] {
            everything_about(&mut world, socket, room, 1 + me % 3);
        }
        for room in ["g", "lounge"] {
            everything_in_a_crowd(&mut world, socket, room, 1 + me % 3);
        }
    }
    everything_of_the_media_server(&mut world);
    world
}

fn how_long() -> Config {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 2_000;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    println!("{} sequences, seed {}", config.cases, config.rng_seed);
    config
}

proptest! {
    #![proptest_config(how_long())]

    #[test]
    fn no_sequence_of_events_breaks_a_promise(steps in prop::collection::vec(any::<prop::sample::Index>(), 1..120)) {
        let world = crowded();
        let mut state = State::first(settings_with_media());
        let mut told = Vec::new();
        for step in steps {
            let (name, what) = step.get(&world.moves);
            told.push(name.as_str());
            if let Err(broken) = state.play(what) {
                return Err(TestCaseError::fail(format!("{broken}, after:\n{}", told.join("\n"))));
            }
        }
        if let Err(broken) = state.come_to_rest() {
            return Err(TestCaseError::fail(format!("{broken}, after:\n{}", told.join("\n"))));
        }
    }
}
