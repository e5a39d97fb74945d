//! Any bytes at all: what was wrong once is replayed, and proptest throws more of its own.
#[path = "../../fuzz/src/protocol.rs"]
#[allow(unreachable_pub)] // In its own crate it is reached.
mod fuzz;

use calls_protocol::{
    ClientEvent, ServerEvent,
    schema::{GoldenKind, Kind, bad_inputs, client_events, goldens},
};
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::{fs, path::Path};

/// Every input that was wrong once, and how many there are.
fn replay(target: &str, check: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions").join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the regressions are part of the clone") {
        let path = entry.expect("the regressions can be listed").path();
        // Shown only when the check below fails.
        println!("{}", path.display());
        check(&fs::read(&path).expect("an input can be read"));
        count += 1;
    }
    count
}

#[test]
fn what_was_wrong_once_with_client_events_holds() {
    assert!(replay("decode_client_event", fuzz::decode_client_event) > 0);
}

#[test]
fn what_was_wrong_once_with_server_events_holds() {
    assert!(replay("decode_server_event", fuzz::decode_server_event) > 0);
}

#[test]
fn golden_and_refused_inputs_hold_in_either_direction() {
    for golden in goldens().iter().filter(|g| matches!(g.kind, GoldenKind::Client | GoldenKind::Server)) {
        for name in ClientEvent::NAMES.iter().chain(ServerEvent::NAMES) {
            let input = format!("{name}\n{}", golden.text);
            fuzz::decode_client_event(input.as_bytes());
            fuzz::decode_server_event(input.as_bytes());
        }
    }
    for bad in bad_inputs() {
        fuzz::decode_server_event(format!("{}\n{}", bad.event, bad.payload).as_bytes());
    }
}

fn event_name() -> impl Strategy<Value = String> {
    let known: Vec<&str> = ClientEvent::NAMES.iter().chain(ServerEvent::NAMES).copied().collect();
    prop_oneof![9 => prop::sample::select(known).prop_map(str::to_owned), 1 => "[ -~]{0,20}"]
}

/// Field names of the contract among others, so that values reach the fields.
fn field_name() -> impl Strategy<Value = String> {
    let mut known: Vec<String> = Vec::new();
    for message in client_events() {
        known.extend(message.payload.fields().iter().map(|field| field.name.clone()));
        for field in message.payload.fields() {
            if let Kind::List(item) = &field.of.kind {
                known.extend(item.fields().iter().map(|field| field.name.clone()));
            }
        }
    }
    prop_oneof![9 => prop::sample::select(known), 1 => "[ -~]{0,12}"]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u64..1000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~а-яє\u{0}-\u{1f}]{0,12}".prop_map(Value::from),
        "[0-9]{1,18}".prop_map(Value::from),
        prop::sample::select(vec!["audio", "video", "busy", "room1", "host"]).prop_map(Value::from),
    ];
    let name = field_name().boxed();
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..10)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A golden payload, some fields of which are something else.
fn changed_golden() -> impl Strategy<Value = (String, String)> {
    let goldens: Vec<(String, Value)> = goldens()
        .iter()
        .filter(|golden| golden.kind == GoldenKind::Client)
        .map(|golden| {
            let name = ClientEvent::NAMES.iter().find(|name| golden.is_of(name)).expect(golden.stem);
            ((*name).to_owned(), serde_json::from_str(golden.text).expect(golden.stem))
        })
        .collect();
    let change = (any::<prop::sample::Index>(), json());
    (prop::sample::select(goldens), prop::collection::vec(change, 0..3)).prop_map(
        |((name, mut payload), changes)| {
            let fields = payload.as_object_mut().expect("a payload is an object");
            for (which, value) in changes {
                let field = which.get(&fields.keys().cloned().collect::<Vec<_>>()).clone();
                fields.insert(field, value);
            }
            (name, payload.to_string())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_understood_or_refused(name in event_name(), payload: Vec<u8>) {
        let input = [name.as_bytes(), b"\n", &payload].concat();
        fuzz::decode_client_event(&input);
        fuzz::decode_server_event(&input);
    }

    #[test]
    fn arbitrary_json_is_understood_or_refused(name in event_name(), payload in json()) {
        let input = format!("{name}\n{payload}");
        fuzz::decode_client_event(input.as_bytes());
        fuzz::decode_server_event(input.as_bytes());
    }

    #[test]
    fn a_golden_with_something_else_in_it_is_understood_or_refused((name, payload) in changed_golden()) {
        fuzz::decode_client_event(format!("{name}\n{payload}").as_bytes());
    }
}
