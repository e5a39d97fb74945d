//! The description knows every message, and what is made from it says all that it knows.
use calls_protocol::{
    ClientEvent, ServerEvent,
    schema::{
        GoldenKind, Kind, Message, Type, client_events, error_codes, goldens, protocol_md, protocol_ts,
        server_events,
    },
};
use serde_json::Value;
use std::collections::BTreeSet;

fn names(messages: &[Message]) -> Vec<&'static str> {
    messages.iter().map(|message| message.event).collect()
}

/// Each field of an object and of what is inside it, with a look at whether a value of it has that field.
fn fields_missing_in(of: &Type, examples: &[&Value], path: &str, missing: &mut Vec<String>) {
    match &of.kind {
        Kind::Object { fields, .. } => {
            for field in fields {
                let path = format!("{path}.{}", field.name);
                let inside: Vec<&Value> = examples
                    .iter()
                    .filter_map(|example| example.get(&field.name))
                    .filter(|v| !v.is_null())
                    .collect();
                if inside.is_empty() {
                    missing.push(path);
                } else {
                    fields_missing_in(&field.of, &inside, &path, missing);
                }
            }
        }
        Kind::List(item) => {
            let inside: Vec<&Value> =
                examples.iter().filter_map(|example| example.as_array()).flatten().collect();
            fields_missing_in(item, &inside, path, missing);
        }
        _ => {}
    }
}

#[test]
fn every_event_is_described_once_with_a_purpose() {
    assert_eq!(names(&client_events()), ClientEvent::NAMES);
    assert_eq!(names(&server_events()), ServerEvent::NAMES);
    for message in client_events().iter().chain(&server_events()) {
        assert!(message.purpose.ends_with('.'), "{}: {:?}", message.event, message.purpose);
        assert!(!message.payload.fields().is_empty(), "{} has no fields", message.event);
    }
    assert!(client_events().iter().all(|message| message.answer.is_some()));
}

#[test]
fn every_field_is_described() {
    fn undocumented(of: &Type, path: &str) -> Vec<String> {
        let mut found = Vec::new();
        for field in of.fields() {
            let path = format!("{path}.{}", field.name);
            if field.doc.is_empty() {
                found.push(path.clone());
            }
            found.extend(undocumented(&field.of, &path));
        }
        found
    }

    for message in client_events().iter().chain(&server_events()) {
        assert_eq!(undocumented(&message.payload, message.event), [""; 0]);
        let answer = message.answer.iter().flat_map(|answer| undocumented(answer, message.event));
        assert_eq!(answer.collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn every_field_stands_in_a_golden_message() {
    let mut missing = Vec::new();
    for (kind, messages) in [(GoldenKind::Client, client_events()), (GoldenKind::Server, server_events())] {
        for message in messages {
            let of_it = goldens().iter().filter(|golden| golden.kind == kind && golden.is_of(message.event));
            let examples: Vec<Value> =
                of_it.map(|golden| serde_json::from_str(golden.text).expect(golden.stem)).collect();

            let examples: Vec<&Value> = examples.iter().collect();
            fields_missing_in(&message.payload, &examples, message.event, &mut missing);
        }
    }

    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_document_and_the_web_types_name_every_event_field_and_code() {
    let (document, types) = (protocol_md(), protocol_ts());
    for message in client_events().iter().chain(&server_events()) {
        assert!(document.contains(&format!("### `{}`", message.event)), "{}", message.event);
        assert!(types.contains(&format!("\"{}\": ", message.event)), "{}", message.event);
        for field in message.payload.fields() {
            assert!(document.contains(&format!("| `{}`", field.name)), "{} {}", message.event, field.name);
            let property = [format!("{}: ", field.name), format!("{}?: ", field.name)];
            assert!(property.iter().any(|p| types.contains(p)), "{} {}", message.event, field.name);
        }
    }
    for (code, _) in error_codes() {
        assert!(document.contains(&format!("| `{code}` |")), "{code}");
        assert!(types.contains(&format!("| \"{code}\"")), "{code}");
    }
}

#[test]
fn every_link_in_the_document_leads_somewhere() {
    let document = protocol_md();
    let headings = document.lines().filter(|line| line.starts_with('#'));
    let mut places: BTreeSet<String> = headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|title| title.replace(' ', "-").replace(|c: char| !c.is_alphanumeric() && c != '-', ""))
        .collect();
    places.extend(
        document.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned),
    );

    let links = document.split("](#").skip(1).filter_map(|rest| rest.split(')').next());
    let broken: Vec<&str> = links.filter(|link| !places.contains(*link)).collect();

    assert_eq!(broken, [""; 0]);
}

#[test]
fn the_document_has_no_loose_ends() {
    let document = protocol_md();

    assert!(!document.contains("{{"), "a part of the prose was not filled in");
    assert!(document.lines().all(|line| line.trim_end() == line), "a line ends in a space");
    assert_eq!(document.matches("```").count() % 2, 0, "an example is not closed");
}
