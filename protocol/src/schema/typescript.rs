//! The contract as TypeScript types, for the web pages and for whoever writes a client with socket.io-client.
use super::{Field, Kind, Message, Reader, Type, client_events, server_events, shape::named_types};
use crate::Refusal;
use std::fmt::Write;

/// `web/src/protocol.ts`.
pub fn protocol_ts() -> String {
    let (client, server) = (client_events(), server_events());
    let mut out = HEAD.to_owned();
    maps(&mut out, &client, &server);
    let refusal = Reader::of_what_is_written().object::<Refusal>();
    let messages = client.iter().chain(&server).flat_map(Message::types);
    for of in named_types(messages.chain([&refusal])) {
        out.push('\n');
        declaration(&mut out, of);
    }
    out
}

const HEAD: &str = r#"// Made from `protocol/` by `cargo xtask gen`. Do not edit: change the Rust types.
//
//     import { io, type Socket } from "socket.io-client";
//     import type { ClientEvents, ServerEvents } from "./protocol";
//
//     const socket: Socket<ServerEvents, ClientEvents> = io({ auth: { token } });
//     socket.on("call:incoming", (call) => ring(call.fromName, call.callType));
//     const answer = await socket.timeout(5000).emitWithAck("call:register", { userId });
//     if (!answer.ok) show(answer.error.message);
//
// Lists of words may grow: treat a word that you do not know like the plainest that you do.

/** What the handshake may carry, by the server's `auth.mode`. */
export interface HandshakeAuth {
  /** `jwt`: a token whose `sub` is the user id. */
  token?: string;
  /** `telegram`: `Telegram.WebApp.initData`. */
  initData?: string;
}

/** The answer to an event of a client: `ok` tells which of the two it is. */
export type Ack<T> = ({ ok: true } & T) | { ok: false; error: Refusal };

/** An event of a room. The largest `eventId` seen goes into `call:resume`; what is for one device alone has none. */
export type InRoom<T> = T & { eventId?: EventId };

/** Everything a client can say, for `Socket<ServerEvents, ClientEvents>`. */
export type ClientEvents = {
  [E in keyof ClientPayloads]: (payload: ClientPayloads[E], ack: (answer: Ack<Answers[E]>) => void) => void;
};
"#;

fn maps(out: &mut String, client: &[Message], server: &[Message]) {
    out.push_str("\n/** What a client says. */\nexport interface ClientPayloads {\n");
    for message in client {
        entry(out, message, &name(&message.payload));
    }
    out.push_str("}\n\n/** What stands beside `ok: true` in the answer. */\nexport interface Answers {\n");
    for message in client {
        let answer = message.answer.as_ref().map(name).unwrap_or_default();
        line(out, 1, &format!("\"{}\": {answer};", message.event));
    }
    out.push_str("}\n\n/** Everything the server can say, for `Socket<ServerEvents, ClientEvents>`. */\n");
    out.push_str("export interface ServerEvents {\n");
    for message in server {
        let payload = name(&message.payload);
        let payload = if message.numbered { format!("InRoom<{payload}>") } else { payload };
        entry(out, message, &format!("(event: {payload}) => void"));
    }
    out.push_str("}\n");
}

fn entry(out: &mut String, message: &Message, value: &str) {
    comment(out, 1, message.purpose);
    line(out, 1, &format!("\"{}\": {value};", message.event));
}

fn declaration(out: &mut String, of: &Type) {
    comment(out, 0, &of.doc);
    let name = name(of);
    match &of.kind {
        Kind::Object { fields, one_of } if one_of.is_empty() => {
            line(out, 0, &format!("export interface {name} {{"));
            for field in fields {
                comment(out, 1, &field.doc);
                line(out, 1, &format!("{};", property(field, field.required)));
            }
            line(out, 0, "}");
        }
        Kind::Object { fields, one_of } => choice(out, &name, fields, one_of),
        Kind::Word { words, .. } => {
            line(out, 0, &format!("export type {name} ="));
            for (place, (word, doc)) in words.iter().enumerate() {
                comment(out, 1, doc);
                let end = if place + 1 == words.len() { ";" } else { "" };
                line(out, 1, &format!("| \"{word}\"{end}"));
            }
        }
        kind => line(out, 0, &format!("export type {name} = {};", plain(kind, &name))),
    }
}

/// An object some fields of which exclude each other.
fn choice(out: &mut String, name: &str, fields: &[Field], one_of: &[Vec<String>]) {
    let part_of_choice = |field: &&Field| one_of.iter().flatten().any(|name| *name == field.name);
    line(out, 0, &format!("export type {name} = {{"));
    for field in fields.iter().filter(|field| !part_of_choice(field)) {
        comment(out, 1, &field.doc);
        line(out, 1, &format!("{};", property(field, field.required)));
    }
    line(out, 0, "} & (");
    for way in one_of {
        line(out, 1, "| {");
        for field in fields.iter().filter(part_of_choice) {
            if one_of.iter().any(|other| other != way && other[0] == field.name) {
                line(out, 3, &format!("{}?: never;", field.name));
            } else {
                comment(out, 3, &field.doc);
                line(out, 3, &format!("{};", property(field, way.contains(&field.name))));
            }
        }
        line(out, 2, "}");
    }
    line(out, 0, ");");
}

fn property(field: &Field, required: bool) -> String {
    let optional = if required { "" } else { "?" };
    let null = if field.nullable && (field.required || !required) { " | null" } else { "" };
    format!("{}{optional}: {}{null}", field.name, name(&field.of))
}

/// How the type is called where it is used.
fn name(of: &Type) -> String {
    of.name.clone().unwrap_or_else(|| plain(&of.kind, ""))
}

fn plain(kind: &Kind, name: &str) -> String {
    match kind {
        Kind::Flag => "boolean".into(),
        Kind::Whole { .. } | Kind::Number { .. } => "number".into(),
        Kind::Text { .. } => "string".into(),
        Kind::List(item) => format!("{}[]", self::name(item)),
        // The members are those of `RTCSessionDescriptionInit` and `RTCIceCandidateInit`, so that either fits.
        Kind::ObjectOrText { .. } if name == "Sdp" => {
            r#"{ type: "offer" | "answer" | "pranswer" | "rollback"; sdp?: string } | string"#.into()
        }
        Kind::ObjectOrText { .. } => [
            "{ candidate?: string; sdpMid?: string | null; sdpMLineIndex?: number | null;",
            " usernameFragment?: string | null } | string",
        ]
        .concat(),
        Kind::Word { .. } | Kind::Object { .. } => unreachable!("words and objects have names"),
    }
}

fn comment(out: &mut String, depth: usize, text: &str) {
    if !text.is_empty() {
        line(out, depth, &format!("/** {} */", text.replace("*/", "* /")));
    }
}

fn line(out: &mut String, depth: usize, text: &str) {
    writeln!(out, "{:1$}{text}", "", depth * 2).expect("a String takes every line");
}
