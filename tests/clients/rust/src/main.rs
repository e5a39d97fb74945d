//! rust_socketio as a player: `../README.md` says what it is told and what it says.
//!
//! Faults of the library that are worked round here, so that an app written with it knows what to do:
//! - Emitting inside the connect handler can fail, since the library is not ready itself; so that is done in a task
//!   of its own, which tries again.
//! - What is emitted while the connection is down fails and is not kept; so it is tried again.
//! - It draws acknowledgement numbers by lot out of 999, and calls every handler with the number that comes. Handlers
//!   here tell an answer once.
use futures_util::FutureExt;
use rust_socketio::{
    Event, Payload, TransportType,
    asynchronous::{Client, ClientBuilder},
};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader, stdin},
    time::sleep,
};

/// Nothing that is asked here takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two attempts to emit.
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() {
    let lock = include_str!("../Cargo.lock");
    let version =
        lock.split("name = \"rust_socketio\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next());
    say(&json!({ "client": "rust_socketio", "version": version, "runtime": "tokio" }));
    let mut sockets = HashMap::new();
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await.expect("the input is text") {
        let told: Value = serde_json::from_str(&line).expect("the input is JSON");
        let name = told["as"].as_str().unwrap_or_default().to_owned();
        if told["do"] == "open" {
            // A server that refuses lets the library connect first; that is told by its error handler.
            match open(&told).await {
                Ok(socket) => drop(sockets.insert(name, socket)),
                Err(error) => say(&json!({ "as": name, "got": "refused", "message": error.to_string() })),
            }
        } else if told["do"] == "end" {
            std::process::exit(0);
        } else {
            perform(&sockets[&name], told).await;
        }
    }
    // Whoever started it is gone.
    std::process::exit(1);
}

async fn open(told: &Value) -> Result<Client, rust_socketio::Error> {
    let transports: Vec<_> =
        told["transports"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let transport = match transports[..] {
        ["websocket"] => TransportType::Websocket,
        ["polling"] => TransportType::Polling,
        _ => TransportType::WebsocketUpgrade,
    };
    let url = told["url"].as_str().expect("a url");
    let namespace = told["namespace"].as_str().unwrap_or("/");
    let says = |got: &str| json!({ "as": told["as"], "got": got });
    let mut builder = ClientBuilder::new(url)
        .namespace(namespace)
        .transport_type(transport)
        // The library's own reconnecting, sooner than by default: a test waits for it.
        .reconnect_delay(100, 1000);
    if told["auth"].is_object() {
        builder = builder.auth(told["auth"].clone());
    }
    let (connected, registered, hello) = (says("connected"), says("registered"), told["hello"].clone());
    let builder = builder.on(Event::Connect, move |_, socket| {
        say(&connected);
        let (registered, hello) = (registered.clone(), hello.clone());
        async move {
            if !hello.is_null() {
                tokio::spawn(async move { ask(&socket, "call:register", hello.into(), registered).await });
            }
        }
        .boxed()
    });
    let (refused, lost) = (says("refused"), says("lost"));
    let builder = builder.on(Event::Error, move |error, _| {
        let text = text_of(error);
        if let Some((_, refusal)) = text.split_once("ConnectError frame: ") {
            let refusal: Value = serde_json::from_str(refusal).unwrap_or_else(|_| refusal.into());
            let mut line = refused.clone();
            line["message"] = refusal["message"].clone();
            line["data"] = refusal["data"].clone();
            say(&line);
        } else {
            // The library comes back by itself.
            let mut line = lost.clone();
            line["reason"] = text.into();
            say(&line);
        }
        async {}.boxed()
    });
    let closed = says("lost");
    let builder = builder.on(Event::Close, move |_, _| {
        say(&closed);
        async {}.boxed()
    });
    let came = says("event");
    let builder = builder.on_any(move |event, payload, _| {
        let mut line = came.clone();
        line["event"] = String::from(event).into();
        line["payload"] = first_of(payload);
        say(&line);
        async {}.boxed()
    });
    builder.connect().await
}

async fn perform(socket: &Client, told: Value) {
    let event = told["event"].as_str().unwrap_or_default();
    let answer = json!({ "as": told["as"], "got": "answer", "id": told["id"] });
    match told["do"].as_str() {
        Some("say") => emit(socket, event, told["payload"].clone().into()).await,
        Some("ask") => ask(socket, event, told["payload"].clone().into(), answer).await,
        Some("bytes") => emit(socket, event, vec![1_u8, 2, 3].into()).await,
        Some("close") => {
            // The server closes when it hears this, and the library then says that it could not close itself.
            let _ = socket.disconnect().await;
        }
        _ => panic!("no word of a player: {told}"),
    }
}

async fn emit(socket: &Client, event: &str, payload: Payload) {
    while socket.emit(event, payload.clone()).await.is_err() {
        sleep(PAUSE).await;
    }
}

/// Emits, and says the answer as `payload` of `line`.
async fn ask(socket: &Client, event: &str, payload: Payload, line: Value) {
    loop {
        let mut line = Some(line.clone());
        let answered = move |answer, _| {
            if let Some(mut line) = line.take() {
                line["payload"] = first_of_answer(answer);
                say(&line);
            }
            async {}.boxed()
        };
        match socket.emit_with_ack(event, payload.clone(), PATIENCE, answered).await {
            Ok(()) => return,
            Err(_) => sleep(PAUSE).await,
        }
    }
}

fn first_of(payload: Payload) -> Value {
    match payload {
        Payload::Text(values) => values.into_iter().next().unwrap_or_default(),
        other => text_of(other).into(),
    }
}

/// The library gives the arguments of an answer as one list.
fn first_of_answer(payload: Payload) -> Value {
    match first_of(payload) {
        Value::Array(values) => values.into_iter().next().unwrap_or_default(),
        other => other,
    }
}

#[allow(deprecated)]
fn text_of(payload: Payload) -> String {
    match payload {
        Payload::String(text) => text,
        Payload::Text(values) => values.iter().map(|value| value.as_str().unwrap_or_default()).collect(),
        Payload::Binary(bytes) => format!("{} bytes", bytes.len()),
    }
}

fn say(line: &Value) {
    // One call writes the line as a whole, whichever task says it.
    println!("{line}");
}
