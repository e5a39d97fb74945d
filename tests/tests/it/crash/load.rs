//! Pairs of people who call each other until the server goes away, and what each was told before.
use anyhow::Result;
use calls_tests::{client::Client, sim::Random};
use serde_json::json;
use std::{net::SocketAddr, time::Instant};
use tokio::task::JoinSet;

/// What a client was told of one call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) room: String,
    /// The server's number of it.
    pub(super) id: u64,
    /// When its caller was told that it rings.
    pub(super) dialled: Instant,
    /// Whether its callee was told that it is answered.
    pub(super) is_answered: bool,
    /// Whether its caller was told that it is over.
    pub(super) is_over: bool,
}

/// A pair of people by their ids.
#[derive(Debug, Clone, Copy)]
struct Pair {
    caller: u64,
    callee: u64,
}

impl Pair {
    fn number(number: u64) -> Self {
        Self { caller: 2 * number + 1, callee: 2 * number + 2 }
    }
}

/// Lets pairs call until the server is gone; those who `hold_on` now and then stay in a call or let it ring until
/// then. Gives what they were told, in no order.
pub(super) async fn until_gone(
    server: SocketAddr,
    pairs: u64,
    hold_on: bool,
    seed: u64,
) -> Result<Vec<Call>> {
    let mut tasks = JoinSet::new();
    for number in 0..pairs {
        tasks.spawn(talk(server, Pair::number(number), hold_on, Random::new(seed ^ (number << 32))));
    }
    Ok(tasks.join_all().await.into_iter().flatten().collect())
}

async fn talk(server: SocketAddr, pair: Pair, hold_on: bool, mut random: Random) -> Vec<Call> {
    let mut calls = Vec::new();
    // It ends with the connection, which is what is waited for.
    let _ = talk_on(server, pair, hold_on, &mut random, &mut calls).await;
    calls
}

async fn talk_on(
    server: SocketAddr,
    pair: Pair,
    hold_on: bool,
    random: &mut Random,
    calls: &mut Vec<Call>,
) -> Result<()> {
    let Pair { caller, callee } = pair;
    let mut ann = Client::register(server, caller, "phone").await?;
    let mut bob = Client::register(server, callee, "phone").await?;
    loop {
        let room = format!("room-{caller}-{:x}", random.bits());
        let dial = json!({
            "fromId": caller, "toId": callee, "callType": "audio", "roomName": room, "sdpOffer": "v=0",
        });
        let initiated = ann.ask("call:initiate", &dial).await?;
        let id = initiated["callId"].as_u64().unwrap_or_default();
        calls.push(Call {
            room: room.clone(),
            id,
            dialled: Instant::now(),
            is_answered: false,
            is_over: false,
        });
        let call = calls.last_mut().expect("it was just put there");
        bob.expect("call:incoming").await?;
        if !random.one_in(4) {
            bob.ask("call:accept", &json!({ "roomName": room, "userId": callee, "sdpAnswer": "v=0" }))
                .await?;
            call.is_answered = true;
            ann.expect("call:answer").await?;
            for number in 0..random.below(5) {
                let candidate =
                    json!({ "roomName": room, "fromUserId": caller, "candidate": format!("c{number}") });
                ann.ask("ice:candidate", &candidate).await?;
            }
        }
        if hold_on && random.one_in(12) {
            ann.closed().await?;
        }
        ann.ask("call:end", &json!({ "roomName": room, "userId": caller })).await?;
        call.is_over = true;
        bob.expect("call:ended").await?;
    }
}
