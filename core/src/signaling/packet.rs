//! The text frames of Engine.IO 4 and Socket.IO 5, as a client sees them. Pure.
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// What a frame from the server says.
#[derive(Debug)]
pub(super) enum Frame {
    /// The first one: how often the server will ask whether we live.
    Opened(Heartbeat),
    /// It asks whether we live.
    Ping,
    /// It lets us in.
    LetIn,
    /// It does not.
    Refused { code: Option<String>, message: String },
    /// It tells something, and wants to know that it arrived if there is a number.
    Event { name: String, payload: Box<RawValue>, ack: Option<u64> },
    /// It answers the question of that number.
    Answer { ack: u64, answer: Box<RawValue> },
    /// It ends the session, and the client shall not come back by itself.
    LetGo,
    /// It ends the connection.
    Closed,
    /// Nothing that we use.
    Nothing,
}

/// How long a silence may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heartbeat {
    pub(super) every: Duration,
    pub(super) patience: Duration,
}

impl Heartbeat {
    /// After so much silence nobody is there.
    pub(super) fn longest_silence(self) -> Duration {
        self.every + self.patience
    }
}

/// What cannot be read. What it was is not repeated: it may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server sent what is no Socket.IO frame")]
pub(super) struct Unreadable;

/// Reads a frame.
pub(super) fn read(text: &str) -> Result<Frame, Unreadable> {
    let (kind, rest) = split(text)?;
    match kind {
        '0' => opened(rest),
        '1' => Ok(Frame::Closed),
        '2' => Ok(Frame::Ping),
        '4' => message(rest),
        '3' | '6' => Ok(Frame::Nothing),
        _ => Err(Unreadable),
    }
}

fn split(text: &str) -> Result<(char, &str), Unreadable> {
    let mut letters = text.chars();
    let kind = letters.next().ok_or(Unreadable)?;
    Ok((kind, letters.as_str()))
}

fn opened(json: &str) -> Result<Frame, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Open {
        ping_interval: u64,
        ping_timeout: u64,
    }
    let open: Open = serde_json::from_str(json).map_err(|_| Unreadable)?;
    // A server that asks for less would have us come back all the time, one that asks for more would never be missed.
    let bounded = |millis: u64| Duration::from_millis(millis.clamp(200, 120_000));
    Ok(Frame::Opened(Heartbeat { every: bounded(open.ping_interval), patience: bounded(open.ping_timeout) }))
}

fn message(text: &str) -> Result<Frame, Unreadable> {
    let (kind, rest) = split(text)?;
    if rest.starts_with('/') {
        // Another namespace than ours.
        return Ok(Frame::Nothing);
    }
    match kind {
        '0' => Ok(Frame::LetIn),
        '1' => Ok(Frame::LetGo),
        '2' => {
            let (ack, json) = number(rest)?;
            let (name, payload): (String, Box<RawValue>) = event(json)?;
            Ok(Frame::Event { name, payload, ack })
        }
        '3' => {
            let (Some(ack), json) = number(rest)? else { return Err(Unreadable) };
            let mut answers: Vec<Box<RawValue>> = serde_json::from_str(json).map_err(|_| Unreadable)?;
            let answer = if answers.is_empty() { null() } else { answers.swap_remove(0) };
            Ok(Frame::Answer { ack, answer })
        }
        '4' => Ok(refused(rest)),
        // Binary: nothing of ours is.
        '5' | '6' => Ok(Frame::Nothing),
        _ => Err(Unreadable),
    }
}

fn number(text: &str) -> Result<(Option<u64>, &str), Unreadable> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 {
        return Ok((None, text));
    }
    let number = text[..end].parse().map_err(|_| Unreadable)?;
    Ok((Some(number), &text[end..]))
}

fn event(json: &str) -> Result<(String, Box<RawValue>), Unreadable> {
    let mut parts: Vec<Box<RawValue>> = serde_json::from_str(json).map_err(|_| Unreadable)?;
    let name = parts.first().ok_or(Unreadable)?;
    let name = serde_json::from_str(name.get()).map_err(|_| Unreadable)?;
    let payload = if parts.len() > 1 { parts.swap_remove(1) } else { null() };
    Ok((name, payload))
}

fn null() -> Box<RawValue> {
    RawValue::from_string("null".into()).expect("null is JSON")
}

fn refused(json: &str) -> Frame {
    #[derive(Deserialize, Default)]
    struct No {
        #[serde(default)]
        message: String,
        #[serde(default)]
        data: Option<Data>,
    }
    #[derive(Deserialize)]
    struct Data {
        #[serde(default)]
        code: Option<String>,
    }
    // Servers differ in what they put here; that it is a no is certain.
    let no: No = serde_json::from_str(json).unwrap_or_default();
    Frame::Refused { code: no.data.and_then(|data| data.code), message: no.message }
}

/// We live.
pub(super) const PONG: &str = "3";

/// Lets the server know that we go and do not come back.
pub(super) const GOODBYE: &str = "41";

/// Asks to be let in.
pub(super) fn join(auth: &serde_json::Value) -> String {
    format!("40{auth}")
}

/// Says something, and asks for an answer.
pub(super) fn say(ack: u64, name: &str, payload: &str) -> String {
    format!("42{ack}[\"{name}\",{payload}]")
}

/// It arrived.
pub(super) fn got(ack: u64) -> String {
    format!("43{ack}[]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match read(text) {
            Ok(Frame::Event { name, payload, ack }) => format!("{name} {payload} {ack:?}"),
            Ok(Frame::Answer { ack, answer }) => format!("{ack}: {answer}"),
            Ok(frame) => format!("{frame:?}"),
            Err(unreadable) => unreadable.to_string(),
        }
    }

    #[test]
    fn frames_of_a_server_are_read() {
        for (text, expected) in [
            (
                r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1}"#,
                "Opened(Heartbeat { every: 25s, patience: 20s })",
            ),
            ("2", "Ping"),
            ("6", "Nothing"),
            ("1", "Closed"),
            (r#"40{"sid":"x"}"#, "LetIn"),
            ("40", "LetIn"),
            ("41", "LetGo"),
            (r#"42["call:ended",{"a":1}]"#, r#"call:ended {"a":1} None"#),
            (r#"4217["x"]"#, "x null Some(17)"),
            (r#"437[{"ok":true}]"#, r#"7: {"ok":true}"#),
            ("437[]", "7: null"),
            (
                r#"44{"message":"no","data":{"code":"unauthorized"}}"#,
                r#"Refused { code: Some("unauthorized"), message: "no" }"#,
            ),
            ("44", r#"Refused { code: None, message: "" }"#),
            ("42/admin,[\"x\"]", "Nothing"),
            ("451-[\"x\",{\"_placeholder\":true,\"num\":0}]", "Nothing"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_frame_is_said_to_be_none() {
        for text in [
            "",
            "9",
            "0",
            "0{}",
            "4",
            "42",
            "42[]",
            "42[1,2]",
            "42{",
            "43[]",
            "4399999999999999999999[]",
            "кк",
        ] {
            assert!(read(text).is_err(), "{text}: {}", shown(text));
        }
    }

    #[test]
    fn a_heartbeat_that_makes_no_sense_is_bounded() {
        assert_eq!(
            shown(r#"0{"pingInterval":0,"pingTimeout":99999999999}"#),
            "Opened(Heartbeat { every: 200ms, patience: 120s })"
        );
    }
}
