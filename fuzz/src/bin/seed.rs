//! Writes the golden messages and the refused inputs as the fuzzer's start, and every word of the contract as its
//! dictionary. Run it after a new message: `cargo run --manifest-path fuzz/Cargo.toml --bin seed`.
use calls_protocol::{
    ClientEvent, ServerEvent,
    schema::{GoldenKind, client_events, error_codes, goldens, server_events},
};
use std::{collections::BTreeSet, fs, io, path::Path};

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (target, kind, names) in [
        ("decode_client_event", GoldenKind::Client, ClientEvent::NAMES),
        ("decode_server_event", GoldenKind::Server, ServerEvent::NAMES),
    ] {
        let corpus = here.join("corpus").join(target);
        fs::create_dir_all(&corpus)?;
        for golden in goldens().iter().filter(|golden| golden.kind == kind) {
            let name = names.iter().find(|name| golden.is_of(name)).expect("a golden is of an event");
            fs::write(corpus.join(golden.stem), format!("{name}\n{}", golden.text))?;
        }
    }
    let (client, server) = (client_events(), server_events());
    let messages = || client.iter().chain(&server);
    let events = messages().map(|message| message.event.to_owned());
    let fields = messages().flat_map(|message| message.payload.fields()).map(|field| field.name.clone());
    let codes = error_codes().into_iter().map(|(code, _)| code);
    let words: BTreeSet<String> = events.chain(fields).chain(codes).collect();
    fs::write(here.join("decode.dict"), words.iter().map(|word| format!("\"{word}\"\n")).collect::<String>())
}
