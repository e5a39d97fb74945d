//! Clients written from the source documents alone must work unchanged, and so must the one that our own page prints.
use super::{kit, script, stage};
use anyhow::Result;
use calls_tests::server::TestServer;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{process::Command, time::interval};

#[tokio::test]
async fn a_page_of_the_source_documents_works_unchanged() -> Result<()> {
    plays(kit::javascript("seed.js")?).await
}

#[tokio::test]
async fn an_android_app_of_the_source_documents_works_unchanged() -> Result<()> {
    plays(kit::java("Seed.java")?).await
}

#[tokio::test]
async fn the_client_that_the_protocol_page_prints_works_as_it_stands() -> Result<()> {
    let server = stage::server(&[]).await?;
    let mut program = kit::javascript("minute.js")?;
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol.md");
    program.arg(page).arg(format!("http://{}", server.address()));

    let said = script::run(program, std::future::ready(())).await?;

    assert_eq!(said, ["connected", "over"]);
    server.stop().await;
    Ok(())
}

async fn plays(mut program: Command) -> Result<()> {
    let server = stage::server(&[]).await?;
    program.arg(format!("http://{}", server.address()));

    let said = script::run(program, both_registered(&server)).await?;

    assert_eq!(Value::from(said), transcript());
    server.stop().await;
    Ok(())
}

async fn both_registered(server: &TestServer) {
    let mut look = interval(Duration::from_millis(5));
    while server.server().switchboard().counts().2 < 2 {
        look.tick().await;
    }
}

fn transcript() -> Value {
    json!([
        ["John Doe", "video", "room_123_456_1638360000", { "type": "offer", "sdp": "v=0" }, true],
        [{ "type": "answer", "sdp": "v=0" }],
        [123, { "candidate": "candidate:1" }, 0, "audio"],
        [456, { "candidate": "candidate:2" }, 0, "audio"],
        ["completed", 123],
        ["audio"],
        ["Call was rejected"],
        [789, "John Doe", "video"],
        ["456 joined"],
        ["User 456: audio=false, video=true"],
    ])
}
