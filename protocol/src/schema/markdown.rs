//! The contract as a document: the prose of `protocol.md` with what the description knows put in.
use super::{
    ANY_EVENT, Field, GoldenKind, Kind, Message, Type, client_events, error_codes, goldens, server_events,
    shape::named_types,
};
use crate::ErrorCode;

/// `docs/protocol.md`.
pub fn protocol_md() -> String {
    let (client, server) = (client_events(), server_events());
    let named = named_types(client.iter().chain(&server).flat_map(Message::types));
    let page = Page { client: &client, server: &server };
    let parts = [
        ("client_index", page.index("client", &client)),
        ("server_index", page.index("server", &server)),
        ("any_event", code_list(ANY_EVENT)),
        ("types", page.types(&named)),
        ("words", page.words(&named)),
        ("client_events", page.events("client", &client)),
        ("server_events", page.events("server", &server)),
        ("objects", page.objects(&named)),
        ("errors", errors()),
    ];
    let mut text = include_str!("protocol.md").to_owned();
    for (name, part) in parts {
        text = text.replace(&format!("{{{{{name}}}}}"), part.trim_end());
    }
    // The prose says where it is edited; the document says where it came from.
    debug_assert!(!text.contains("{{"), "a part of the prose is not filled in");
    text
}

struct Page<'a> {
    client: &'a [Message],
    server: &'a [Message],
}

impl Page<'_> {
    fn index(&self, side: &str, messages: &[Message]) -> String {
        let row = |m: &Message| format!("| [`{}`](#{}) | {} |\n", m.event, anchor(side, m.event), m.purpose);
        messages.iter().map(row).collect()
    }

    fn events(&self, side: &str, messages: &[Message]) -> String {
        messages.iter().map(|message| self.event(side, message)).collect()
    }

    fn event(&self, side: &str, message: &Message) -> String {
        let event = message.event;
        let kind = if side == "client" { GoldenKind::Client } else { GoldenKind::Server };
        let mut out =
            format!("<a id=\"{}\"></a>\n### `{event}`\n\n{}\n\n", anchor(side, event), message.purpose);
        out += &self.table(&message.payload);
        out += &example(kind, event);
        let Some(answer) = &message.answer else { return out };
        if answer.fields().is_empty() {
            out += "**Answer**: `{ \"ok\": true }`\n\n";
        } else {
            out += &match self.elsewhere(answer) {
                Some(place) => format!("**Answer**, beside `ok`: the fields of {place}.\n\n"),
                None => format!("**Answer**, beside `ok`:\n\n{}", self.table(answer)),
            };
            out += &example(GoldenKind::Ack, event);
        }
        if !message.refusals.is_empty() {
            out += &format!("**Refused** with {}.\n\n", code_list(message.refusals));
        }
        out
    }

    /// Where an object is described that is also the payload of an event of the server.
    fn elsewhere(&self, of: &Type) -> Option<String> {
        let event = self.server.iter().find(|message| message.payload.name == of.name)?.event;
        Some(format!("[`{event}`](#{})", anchor("server", event)))
    }

    fn table(&self, of: &Type) -> String {
        let mut out = "| field | type | |\n|---|---|---|\n".to_owned();
        for field in of.fields() {
            out += &self.row(field);
        }
        out.push('\n');
        if let Kind::Object { one_of, .. } = &of.kind
            && !one_of.is_empty()
        {
            let ways: Vec<_> = one_of.iter().map(|way| code_words(way, " with ")).collect();
            out += &format!("Exactly one of: {}.\n\n", ways.join(", or "));
        }
        out
    }

    fn row(&self, field: &Field) -> String {
        let optional = if field.required { "" } else { "?" };
        let null = if field.required && field.nullable { ", or `null`" } else { "" };
        format!("| `{}`{optional} | {}{null} | {} |\n", field.name, self.type_of(&field.of), cell(&field.doc))
    }

    /// How a type is called in a table.
    fn type_of(&self, of: &Type) -> String {
        match (&of.kind, &of.name) {
            (Kind::Object { .. }, Some(name)) => {
                self.elsewhere(of).unwrap_or_else(|| format!("[{name}](#{})", name.to_lowercase()))
            }
            (Kind::Word { words, .. }, _) if words.len() <= 3 => {
                let words: Vec<_> = words.iter().map(|(word, _)| format!("`\"{word}\"`")).collect();
                words.join(" or ")
            }
            (Kind::Word { .. }, Some(name)) if name == "ErrorCode" => "[code](#error-codes)".into(),
            (Kind::List(item), _) => format!("list of {}", self.type_of(item)),
            (_, Some(name)) => format!("[{name}](#types)"),
            (kind, None) => json(kind),
        }
    }

    fn types(&self, named: &[&Type]) -> String {
        let mut out = String::new();
        for of in named {
            let name = of.name.as_deref().unwrap_or_default();
            let json = match &of.kind {
                Kind::Word { .. } | Kind::Object { .. } => continue,
                Kind::List(item) => format!("list of {}", self.type_of(item)),
                kind => json(kind),
            };
            out += &format!("| {name} | {json} | {} |\n", cell(&of.doc));
        }
        out
    }

    fn words(&self, named: &[&Type]) -> String {
        let mut out = String::new();
        for of in named {
            let Kind::Word { words, open } = &of.kind else { continue };
            let name = of.name.as_deref().unwrap_or_default();
            if name == "ErrorCode" {
                continue;
            }
            out += &format!("**{name}**: {}", cell(&of.doc));
            if *open {
                out += &format!(" Any other word is read as `\"{}\"`.", words[0].0);
            }
            out += "\n\n| word | |\n|---|---|\n";
            for (word, doc) in words {
                out += &format!("| `\"{word}\"` | {} |\n", cell(doc));
            }
            out.push('\n');
        }
        out
    }

    /// Objects that are no payload and no answer of their own.
    fn objects(&self, named: &[&Type]) -> String {
        let messages = || self.client.iter().chain(self.server);
        let has_its_place = |of: &Type| {
            messages().any(|message| {
                message.payload.name == of.name
                    || message.answer.as_ref().is_some_and(|answer| answer.name == of.name)
            })
        };
        let mut out = String::new();
        for of in named {
            if !of.fields().is_empty() && !has_its_place(of) {
                let name = of.name.as_deref().unwrap_or_default();
                out += &format!("### {name}\n\n{}\n\n{}", of.doc, self.table(of));
            }
        }
        out
    }
}

/// A type without a name, in words.
fn json(kind: &Kind) -> String {
    match kind {
        Kind::Flag => "`true` or `false`".into(),
        Kind::Whole { least, most, or_text } => {
            let most = if *most == crate::ids::LARGEST_ID { "2⁵³ - 1".into() } else { most.to_string() };
            let or_text = if *or_text { "; in a string as well, when a client sends it" } else { "" };
            format!("whole number from {least} to {most}{or_text}")
        }
        Kind::Number { least, most } if *most < f64::MAX => format!("number from {least} to {most}"),
        Kind::Number { .. } => "number".into(),
        Kind::Text { longest: None, .. } => "text".into(),
        Kind::Text { shortest, longest: Some(longest), pattern } => {
            let of = pattern.as_ref().map(|p| format!(" of `{}`", p.trim_matches(['^', '+', '$'])));
            let from =
                if *shortest > 0 { format!("{shortest} to {longest}") } else { format!("up to {longest}") };
            format!("text, {from} characters{}", of.unwrap_or_default())
        }
        Kind::ObjectOrText { longest } => {
            let most = longest.map_or(String::new(), |longest| format!(", at most {longest} bytes of JSON"));
            format!("object or text{most}; passed on as it came")
        }
        Kind::List(_) | Kind::Word { .. } | Kind::Object { .. } => unreachable!("these are written out"),
    }
}

fn example(kind: GoldenKind, event: &str) -> String {
    let golden = goldens().iter().find(|g| g.kind == kind && g.is_of(event) && g.stem == g.subject());
    let text = golden.map(|golden| golden.text).unwrap_or_default();
    format!("```json\n{}\n```\n\n", text.trim_end())
}

fn errors() -> String {
    let mut out = String::new();
    for (word, meaning) in error_codes() {
        let code = serde_json::from_value(word.clone().into()).expect("a code reads its own word");
        out += &format!("| `{word}` | {} | {} |\n", cell(&meaning), what_to_do(code));
    }
    out
}

fn what_to_do(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest => "Mend the client. The same message fails again.",
        ErrorCode::Unauthorized => {
            "Say `call:register`, then repeat. If the token is at fault, get a new one and connect again."
        }
        ErrorCode::Forbidden => "Do not repeat it; close the call's screen if it was about one.",
        ErrorCode::NotFound => "Close the call's screen. The call may have ended a while ago.",
        ErrorCode::RecipientOffline => "Say so, and offer to write instead. The callee finds a missed call.",
        ErrorCode::RecipientBusy => "Say so, and offer to try again later.",
        ErrorCode::AlreadyInCall => "Show the call that this device is in; end it before another.",
        ErrorCode::AlreadyAnswered => {
            "Stop ringing: another device of this user has the call, or declined it."
        }
        ErrorCode::Expired => "Close the call's screen. The message says how the call ended.",
        ErrorCode::RoomFull => "Say so; try again when somebody has left.",
        ErrorCode::RateLimited => {
            "Wait some seconds, and longer each time. What was sent before still counts."
        }
        ErrorCode::TooLarge => "Send less in one message: candidates one by one, no extra fields.",
        ErrorCode::Conflict => {
            "Ask for the room's state by `call:join_room` or `call:resume`; choose a new room name for a new call."
        }
        ErrorCode::UnknownEvent => "The server is older than the client: do without that event.",
        ErrorCode::Unavailable => "Try again in a few seconds; connect anew if the socket closes.",
        ErrorCode::Internal => "Try again once. If it stays, tell the operator when it happened.",
        ErrorCode::Unknown => "Treat it like `internal`.",
    }
}

fn code_list(codes: &[ErrorCode]) -> String {
    let codes: Vec<_> = codes.iter().map(|code| code.as_str().to_owned()).collect();
    code_words(&codes, ", ")
}

fn code_words(words: &[String], between: &str) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(between)
}

fn anchor(side: &str, event: &str) -> String {
    format!("{side}-{}", event.replace([':', '_'], "-"))
}

/// A text fit for a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
