//! Every golden message is read, and written again as it was or as its `.out` file says.
use calls_protocol::{
    Accepted, AckError, ClientEvent, DecodeError, Done, EndedAck, ErrorCode, Initiated, Refusal, Registered,
    RoomState, ServerEvent, Written, parse_ack,
    schema::{Golden, GoldenKind, client_events, error_codes, goldens},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

fn of(kind: GoldenKind) -> impl Iterator<Item = &'static Golden> {
    goldens().iter().filter(move |golden| golden.kind == kind && !golden.is_rewritten())
}

/// The name that the golden's file means, if there is such an event.
fn event(golden: &Golden, names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|name| golden.is_of(name))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("golden messages are JSON")
}

#[test]
fn every_client_event_is_read_and_written_as_its_golden_says() {
    for golden in of(GoldenKind::Client) {
        let name = event(golden, ClientEvent::NAMES).expect(golden.stem);

        let read = ClientEvent::decode(name, golden.text).unwrap_or_else(|e| panic!("{}: {e}", golden.stem));

        assert_eq!(read.name(), name);
        assert_eq!(json(&read.payload()), json(golden.rewritten()), "{}", golden.stem);
        assert_eq!(ClientEvent::decode(name, &read.payload()), Ok(read), "{}", golden.stem);
    }
}

#[test]
fn every_server_event_is_read_and_written_as_its_golden_says() {
    for golden in of(GoldenKind::Server) {
        let name = event(golden, ServerEvent::NAMES).expect(golden.stem);

        let read = ServerEvent::decode(name, golden.text).unwrap_or_else(|e| panic!("{}: {e}", golden.stem));

        let mut written = Vec::new();
        read.write_payload_with_id(ServerEvent::event_id(golden.text), &mut written);
        let written = String::from_utf8(written).unwrap();
        assert_eq!(json(&written), json(golden.rewritten()), "{}", golden.stem);
        assert_eq!(ServerEvent::decode(name, &written), Ok(read), "{}", golden.stem);
    }
}

#[test]
fn every_acknowledgement_is_read_and_written_as_its_golden_says() {
    fn check<T: DeserializeOwned + Serialize>(golden: &Golden) {
        let read: T = parse_ack(golden.text).unwrap_or_else(|e| panic!("{}: {e}", golden.stem));
        let mut written = serde_json::to_value(&read).unwrap();
        written["ok"] = true.into();
        assert_eq!(written, json(golden.text), "{}", golden.stem);
    }
    let events = client_events();

    for golden in of(GoldenKind::Ack) {
        let event = events.iter().find(|event| golden.is_of(event.event)).expect(golden.stem);
        match event.answer.as_ref().and_then(|answer| answer.name.as_deref()).expect("events have answers") {
            "Done" => check::<Done>(golden),
            "Registered" => check::<Registered>(golden),
            "Initiated" => check::<Initiated>(golden),
            "Accepted" => check::<Accepted>(golden),
            "EndedAck" => check::<EndedAck>(golden),
            "RoomState" => check::<RoomState>(golden),
            "Written" => check::<Written>(golden),
            other => panic!("{other}: say here how it is read"),
        }
    }
}

#[test]
fn every_error_is_read_and_written_as_its_golden_says() {
    for golden in of(GoldenKind::Error) {
        let Err(AckError::Refused(no)) = parse_ack::<Done>(golden.text) else {
            panic!("{} is no refusal", golden.stem)
        };

        assert_eq!(no.code.as_str(), golden.subject());
        let mut written = Vec::new();
        no.write_ack(&mut written);
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), json(golden.text), "{}", golden.stem);
    }
}

#[test]
fn what_must_be_refused_is_refused_in_these_words() {
    for golden in of(GoldenKind::Refused) {
        let case = json(golden.text);
        let name = case["event"].as_str().expect("a case names its event");

        let error = ClientEvent::decode(name, &case["payload"].to_string()).expect_err(golden.stem);

        let refusal = Refusal::from(error);
        assert_eq!(serde_json::to_value(&refusal).unwrap(), case["error"], "{}", golden.stem);
    }
}

#[test]
fn an_unknown_event_of_a_newer_server_is_told_apart_from_a_broken_one() {
    let unknown = ServerEvent::decode("call:teleported", "{}");
    let broken = ServerEvent::decode("call:ended", "{}");

    assert_eq!(unknown, Err(DecodeError::UnknownEvent("call:teleported".into())));
    assert!(matches!(broken, Err(DecodeError::BadPayload { event: "call:ended", .. })));
}

#[test]
fn every_message_has_a_golden_and_every_golden_a_message() {
    let plain = |kind| -> BTreeSet<&str> {
        of(kind).filter(|golden| golden.stem == golden.subject()).map(|golden| golden.stem).collect()
    };
    let files = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|n| n.replace(':', "_")).collect() };
    let equal = |found: BTreeSet<&str>, wanted: BTreeSet<String>| {
        assert_eq!(found.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), wanted);
    };

    equal(plain(GoldenKind::Client), files(ClientEvent::NAMES));
    equal(plain(GoldenKind::Server), files(ServerEvent::NAMES));
    equal(plain(GoldenKind::Ack), files(ClientEvent::NAMES));
    equal(plain(GoldenKind::Error), error_codes().into_iter().map(|(code, _)| code).collect());
}

#[test]
fn every_file_of_the_golden_folder_is_in_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let listed = |kind| goldens().iter().filter(move |g| g.kind == kind).map(|g| format!("{}.json", g.stem));

    for (folder, kind) in [
        ("client", GoldenKind::Client),
        ("server", GoldenKind::Server),
        ("ack", GoldenKind::Ack),
        ("error", GoldenKind::Error),
        ("refused", GoldenKind::Refused),
    ] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        let found: BTreeSet<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();

        assert_eq!(found, listed(kind).collect(), "{folder}");
    }
}

#[test]
fn every_rewritten_golden_belongs_to_one_that_is_read() {
    for golden in goldens().iter().filter(|golden| golden.is_rewritten()) {
        let stem = golden.stem.trim_end_matches(".out");
        assert!(goldens().iter().any(|g| g.kind == golden.kind && g.stem == stem), "{}", golden.stem);
    }
}

/// What the first source document's clients read out of each event, and the value that it prints.
#[test]
fn the_first_clients_find_what_they_read() {
    let first = |stem: &str| {
        let golden = of(GoldenKind::Server).find(|golden| golden.stem == stem).expect(stem);
        json(golden.text)
    };

    let incoming = first("call_incoming");
    assert_eq!(incoming["fromName"], "John Doe");
    assert_eq!(incoming["callType"], "video");
    assert_eq!(incoming["roomName"], "room_123_456_1638360000");
    assert!(incoming["sdpOffer"].is_object() && incoming["iceServers"].is_array());
    let group = first("group_call_incoming");
    assert_eq!((&group["groupId"], &group["initiatorName"]), (&789.into(), &"John Doe".into()));
    assert_eq!(group["callType"], "video");
    assert!(first("call_answer")["sdpAnswer"].is_object());
    let ended = first("call_ended");
    assert_eq!((&ended["reason"], &ended["endedBy"]), (&"completed".into(), &123.into()));
    assert_eq!(first("user_joined_call")["userId"], 456);
    let media = first("user_media_changed");
    assert_eq!((&media["audio"], &media["video"]), (&false.into(), &true.into()));
}

#[test]
fn every_code_has_its_word() {
    for (word, _) in error_codes() {
        let code: ErrorCode = serde_json::from_value(word.clone().into()).unwrap();

        assert_eq!(code.as_str(), word);
    }
}
