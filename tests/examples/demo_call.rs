//! A call between two people on three devices, told in plain words while it happens. `cargo xtask demo` runs it
//! against the server it started: `demo_call http://127.0.0.1:3000`.
use anyhow::{Context, Result, ensure};
use calls_tests::client::Client;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Instant};

const ALICE: u64 = 1;
const BOB: u64 = 2;
const CAROL: u64 = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).context("usage: demo_call http://ADDRESS:PORT")?;
    let server: SocketAddr = url.trim_start_matches("http://").trim_end_matches('/').parse()?;
    // A room name is used once; a demo that runs twice needs another.
    let room = format!("demo-{}", std::process::id());

    let (mut alice, mut phone, mut tablet) = connect(server).await?;
    ring(&mut alice, &mut phone, &mut tablet, &room).await?;
    answer(&mut alice, &mut phone, &mut tablet, &room).await?;
    let phone = lift(server, &mut alice, phone, &room).await?;
    hang_up(&mut alice, phone, &room).await?;
    nobody_there(&mut alice, &room).await?;
    say("That was the whole contract at work; docs/protocol.md has every message.");
    Ok(())
}

fn say(line: &str) {
    println!("  {line}");
}

async fn connect(server: SocketAddr) -> Result<(Client, Client, Client)> {
    let mut alice = Client::connect(server).await?;
    let registered =
        alice.ask("call:register", &json!({ "userId": ALICE, "deviceId": "alices-phone" })).await?;
    let phone = Client::register(server, BOB, "bobs-phone").await?;
    let tablet = Client::register(server, BOB, "bobs-tablet").await?;
    let servers = registered["iceServers"].as_array().map_or(0, Vec::len);
    say("Alice connects by her phone, Bob by his phone and his tablet.");
    say(&format!("Each is given {servers} STUN/TURN servers, with a password of their own for a day."));
    Ok((alice, phone, tablet))
}

async fn ring(alice: &mut Client, phone: &mut Client, tablet: &mut Client, room: &str) -> Result<()> {
    let dialled = Instant::now();
    let dial = json!({
        "fromId": ALICE, "toId": BOB, "callType": "video", "roomName": room,
        "sdpOffer": { "type": "offer", "sdp": "v=0\r\n" },
    });
    let initiated = alice.ask("call:initiate", &dial).await?;
    let incoming = phone.expect("call:incoming").await?;
    tablet.expect("call:incoming").await?;
    let took = dialled.elapsed();
    say(&format!("Alice calls Bob. {} devices ring, {took:.1?} after she dialled.", initiated["devices"]));
    say(&format!("Bob sees {} calling, with the offer to answer.", incoming["fromName"]));
    Ok(())
}

async fn answer(alice: &mut Client, phone: &mut Client, tablet: &mut Client, room: &str) -> Result<()> {
    let accept =
        json!({ "roomName": room, "userId": BOB, "sdpAnswer": { "type": "answer", "sdp": "v=0\r\n" } });
    phone.ask("call:accept", &accept).await?;
    alice.expect("call:answer").await?;
    let ended = tablet.expect("call:ended").await?;
    ensure!(ended["reason"] == "answered_elsewhere");
    say("Bob answers on his phone. His tablet stops ringing: answered elsewhere.");
    for number in 1..=3 {
        alice.ask("ice:candidate", &candidate(room, ALICE, number)).await?;
        phone.expect("ice:candidate").await?;
    }
    say(
        "The phones tell each other where they can be reached, to send picture and sound straight to each other.",
    );
    Ok(())
}

/// The connection to the server is gone for a moment; picture and sound between the two are not touched.
async fn lift(server: SocketAddr, alice: &mut Client, mut phone: Client, room: &str) -> Result<Client> {
    // The largest `eventId` that the phone saw in this room is where it will go on.
    phone.ask("call:toggle_media", &toggle(room, BOB, false)).await?;
    let last = alice_turns(alice, &mut phone, room).await?;
    phone.vanish();
    alice.expect("user:reconnecting").await?;
    say("Bob steps into a lift. Alice is told: reconnecting. He has 30 seconds.");
    alice.ask("ice:candidate", &candidate(room, ALICE, 4)).await?;
    let mut phone = Client::register(server, BOB, "bobs-phone").await?;
    phone.ask("call:resume", &json!({ "roomName": room, "userId": BOB, "lastEventId": last })).await?;
    let missed = phone.expect("ice:candidate").await?;
    ensure!(missed["candidate"] == candidate(room, ALICE, 4)["candidate"]);
    alice.expect("user:reconnected").await?;
    say("He is back. His phone resumes the call and hears the one thing it missed, once.");
    Ok(phone)
}

/// Alice switches her camera off; returns the number of that event.
async fn alice_turns(alice: &mut Client, phone: &mut Client, room: &str) -> Result<Value> {
    alice.ask("call:toggle_media", &toggle(room, ALICE, false)).await?;
    Ok(phone.expect("user:media_changed").await?["eventId"].clone())
}

async fn hang_up(alice: &mut Client, mut phone: Client, room: &str) -> Result<()> {
    alice.ask("call:end", &json!({ "roomName": room, "userId": ALICE })).await?;
    let ended = phone.expect("call:ended").await?;
    say(&format!("Alice hangs up; Bob is told: {}.", ended["reason"]));
    Ok(())
}

async fn nobody_there(alice: &mut Client, room: &str) -> Result<()> {
    let dial = json!({
        "fromId": ALICE, "toId": CAROL, "callType": "audio", "roomName": format!("{room}-2"), "sdpOffer": "v=0",
    });
    let refusal = alice.ask_in_vain("call:initiate", &dial).await?;
    say(&format!("She calls Carol, who is not connected. The server says at once: {}.", refusal.message));
    Ok(())
}

fn candidate(room: &str, from: u64, number: u32) -> Value {
    json!({
        "roomName": room, "fromUserId": from, "sdpMid": "0", "sdpMLineIndex": 0,
        "candidate": format!("candidate:{number} 1 udp 2122260223 192.0.2.{number} 50000 typ host"),
    })
}

fn toggle(room: &str, user: u64, video: bool) -> Value {
    json!({ "roomName": room, "userId": user, "audio": true, "video": video })
}
