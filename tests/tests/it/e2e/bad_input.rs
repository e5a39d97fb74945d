//! Everything that must be refused, sent to a live server: the right code each, and nobody else notices.
use anyhow::{Context, Result, ensure};
use calls_protocol::{ErrorCode, schema::bad_inputs};
use calls_tests::{client::Client, server::TestServer, sim::Random};
use serde_json::{Value, json};

/// As many, at least; the list is gone through again and again, with and without acknowledgements.
const INPUTS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_bad_inputs_are_refused_and_a_call_beside_them_goes_on() -> Result<()> {
    let server = TestServer::start(&[("LIMIT_EVENTS_PER_SECOND", "1000000")]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    ann.ask("call:initiate", &dial).await?;
    bob.ask("call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" })).await?;
    ann.expect("call:answer").await?;
    bob.so_far().await?;

    let mut mallory = Client::register(server.address(), 3, "phone").await?;
    mallory.so_far().await?;
    let mut sent = 0;
    for with_ack in [true, false].into_iter().cycle() {
        for bad in bad_inputs() {
            sent += 1;
            let name = json!(bad.event);
            let refusal = if with_ack {
                mallory.say(format!("42{sent}[{name},{}]", bad.payload)).await?;
                mallory.answer(sent).await?["error"].clone()
            } else {
                mallory.say(format!("42[{name},{}]", bad.payload)).await?;
                mallory.expect("call:error").await?
            };
            let told = format!(
                "{} {} ({}): {refusal}",
                bad.event,
                bad.fault,
                bad.payload.chars().take(80).collect::<String>()
            );
            // JSON that is none, and JSON too deep, are caught before the event has a name.
            ensure!(refusal["code"] == json!(bad.code), "{told}");
            ensure!(refusal["message"].as_str().is_some_and(|text| !text.is_empty()), "{told}");
            if sent % 100 == 0 {
                let candidate = json!({ "roomName": "r", "fromUserId": 1, "candidate": format!("c{sent}") });
                // A call takes 200 candidates; the ones after that are refused, and that is an answer too.
                ann.try_ask("ice:candidate", &candidate).await?;
            }
        }
        if sent >= INPUTS as u64 {
            break;
        }
    }

    println!("{sent} bad inputs");
    ann.ask("call:end", &json!({ "roomName": "r", "userId": 1 })).await.context("the call beside")?;
    bob.expect("call:ended").await?;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_is_no_text_at_all_is_refused_or_closed_and_nobody_else_notices() -> Result<()> {
    let server = TestServer::start(&[("LIMIT_EVENTS_PER_SECOND", "1000000")]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut random = Random::new(7);
    for round in 0..200 {
        let mut mallory = Client::connect(server.address()).await?;
        let length = random.below(300);
        let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        if round % 2 == 0 {
            mallory.say_bytes(bytes).await?;
        } else {
            mallory.say(String::from_utf8_lossy(&bytes).into_owned()).await?;
        }
        mallory.vanish();
        ensure!(
            ann.ask_in_vain("call:end", &json!({ "roomName": "r", "userId": 1 })).await?.code
                == ErrorCode::NotFound
        );
    }
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_flood_meets_rate_limited_and_the_others_do_not() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut mallory = Client::register(server.address(), 2, "phone").await?;

    let mut last = 0;
    for _ in 0..1000 {
        last = mallory.begin("call:end", &json!({ "roomName": "r", "userId": 2 })).await?;
    }
    let answer = mallory.answer(last).await?;

    ensure!(answer["error"]["code"] == "rate_limited", "{answer}");
    let refusal = ann.ask_in_vain("call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    ensure!(refusal.code == ErrorCode::NotFound);
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_and_the_next_one_is_taken() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let huge = Value::from("x".repeat(270_000));

    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": huge });
    let refusal = ann.ask_in_vain("call:initiate", &dial).await?;

    ensure!(refusal.code == ErrorCode::TooLarge, "{refusal}");
    let refusal = ann.ask_in_vain("call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    ensure!(refusal.code == ErrorCode::NotFound);
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_made_up_name_comes_back_cut() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let mut mallory = Client::register(server.address(), 3, "phone").await?;
    let name = "é".repeat(10_000);

    mallory.emit(&name, &json!({})).await?;
    let unknown = mallory.expect("call:error").await?;
    mallory.say(format!("42[\"{name}\",{{")).await?;
    let broken = mallory.expect("call:error").await?;

    for (told, code) in [(unknown, "unknown_event"), (broken, "bad_request")] {
        ensure!(told["code"] == code, "{told}");
        ensure!(told["event"] == "é".repeat(32), "{told}");
        ensure!(told["message"].as_str().is_some_and(|text| text.len() < 400), "{told}");
    }
    server.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_whose_answers_nobody_reads_ends_by_itself() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut mallory = Client::register(server.address(), 3, "phone").await?;

    // Each is answered by `rate_limited`, and what waits for one socket is bounded: it is dropped.
    let flood = format!("42[\"{}\",{{}}]", "x".repeat(64));
    while mallory.say(flood.clone()).await.is_ok() {}

    // Nobody else noticed.
    ann.ask_in_vain("call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    server.stop().await;
    Ok(())
}
