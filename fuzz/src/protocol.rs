//! What must hold for any bytes of a message. `protocol/tests/fuzz.rs` includes this file, too.
use calls_protocol::{ClientEvent, DecodeError, Refusal, ServerEvent, parse_ack};

/// An input is the event's name, a line break, and the payload.
fn name_and_payload(data: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(data).ok()?.split_once('\n')
}

/// What a client says is understood or refused in a few words; what was understood survives being written again.
pub fn decode_client_event(data: &[u8]) {
    let Some((name, payload)) = name_and_payload(data) else { return };
    match ClientEvent::decode(name, payload) {
        Ok(event) => {
            assert_eq!(event.name(), name);
            // What the server looks at first, of whatever it was sent.
            assert_eq!(event.room().is_none(), name == "call:register");
            let _ = event.claimed_user();
            let written = event.payload();
            assert_eq!(ClientEvent::decode(name, &written).as_ref(), Ok(&event), "{written}");
        }
        Err(error) => refused(error),
    }
}

/// What the server says is understood or refused in a few words, and keeps its place in the room.
pub fn decode_server_event(data: &[u8]) {
    let Some((name, payload)) = name_and_payload(data) else { return };
    // The answer to an event is read by the same rules.
    let _ = parse_ack::<calls_protocol::Registered>(payload);
    let _ = parse_ack::<calls_protocol::RoomState>(payload);
    match ServerEvent::decode(name, payload) {
        Ok(event) => {
            assert_eq!(event.name(), name);
            let id = ServerEvent::event_id(payload);
            let mut written = Vec::new();
            event.write_payload_with_id(id, &mut written);
            let written = String::from_utf8(written).expect("JSON is UTF-8");
            assert_eq!(ServerEvent::decode(name, &written).as_ref(), Ok(&event), "{written}");
            assert_eq!(ServerEvent::event_id(&written), id, "{written}");
        }
        Err(error) => refused(error),
    }
}

/// A refusal travels back and into the log, whatever was sent.
fn refused(error: DecodeError) {
    let refusal = Refusal::from(error);
    assert!(refusal.message.len() <= 1024, "{} bytes: {}", refusal.message.len(), refusal.message);
    assert!(!refusal.message.is_empty());
}
