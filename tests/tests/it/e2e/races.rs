//! Accept against accept, against cancel, against the time-out, on real sockets: one outcome each, known to everybody.
use anyhow::{Context as _, Result, ensure};
use calls_tests::{
    client::Client,
    server::{TestServer, settings},
    sim::Random,
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Callers that race side by side, each with a callee of two devices.
const TABLES: u64 = 50;

/// All races together.
const ROUNDS: u64 = 10_000;

/// Short, so that many time-outs fit into a test.
const RINGING: Duration = Duration::from_secs(1);

/// One caller and two devices of one callee.
struct Table {
    caller: Client,
    first: Client,
    second: Client,
    ids: (u64, u64),
    round: u64,
}

impl Table {
    async fn sit(server: SocketAddr, number: u64) -> Result<Self> {
        let ids = (2 * number + 1, 2 * number + 2);
        Ok(Self {
            caller: Client::register(server, ids.0, "caller").await?,
            first: Client::register(server, ids.1, "first").await?,
            second: Client::register(server, ids.1, "second").await?,
            ids,
            round: 0,
        })
    }

    /// Dials; both devices ring.
    async fn dial(&mut self) -> Result<String> {
        self.round += 1;
        let room = format!("race-{}-{}", self.ids.0, self.round);
        let dial = json!({
            "fromId": self.ids.0, "toId": self.ids.1, "callType": "audio", "roomName": room, "sdpOffer": "v=0",
        });
        self.caller.ask("call:initiate", &dial).await?;
        self.first.expect("call:incoming").await?;
        self.second.expect("call:incoming").await?;
        Ok(room)
    }

    fn accept(&self, room: &str) -> Value {
        json!({ "roomName": room, "userId": self.ids.1, "sdpAnswer": "v=0" })
    }

    /// Both devices accept at once. Returns how long it took until everybody knew.
    async fn accept_against_accept(&mut self, first_first: bool) -> Result<Duration> {
        let room = self.dial().await?;
        let accept = self.accept(&room);

        let start = Instant::now();
        let (one, two) = if first_first {
            let one = self.first.begin("call:accept", &accept).await?;
            (one, self.second.begin("call:accept", &accept).await?)
        } else {
            let two = self.second.begin("call:accept", &accept).await?;
            (self.first.begin("call:accept", &accept).await?, two)
        };
        let (one, two) = (self.first.answer(one).await?, self.second.answer(two).await?);
        let won = (one["ok"] == true, two["ok"] == true);
        ensure!(won.0 != won.1, "two winners or none: {one} {two}");
        let (winner, loser, refusal) = match won.0 {
            true => (&mut self.first, &mut self.second, &two),
            false => (&mut self.second, &mut self.first, &one),
        };
        ensure!(refusal["error"]["code"] == "already_answered", "{refusal}");
        ensure!(loser.expect("call:ended").await?["reason"] == "answered_elsewhere");
        self.caller.expect("call:answer").await?;
        let told = start.elapsed();

        self.caller.ask("call:end", &json!({ "roomName": room, "userId": self.ids.0 })).await?;
        ensure!(winner.expect("call:ended").await?["reason"] == "completed");
        Ok(told)
    }

    /// The caller hangs up just as one device accepts.
    async fn accept_against_cancel(&mut self, accept_first: bool) -> Result<Duration> {
        let room = self.dial().await?;
        let (accept, cancel) =
            (self.accept(&room), json!({ "roomName": room, "userId": self.ids.0, "reason": "cancelled" }));

        let start = Instant::now();
        let (accepted, ended) = if accept_first {
            let accepted = self.first.begin("call:accept", &accept).await?;
            (accepted, self.caller.begin("call:end", &cancel).await?)
        } else {
            let ended = self.caller.begin("call:end", &cancel).await?;
            (self.first.begin("call:accept", &accept).await?, ended)
        };
        let accepted = self.first.answer(accepted).await?;
        let ended = self.caller.answer(ended).await?;
        ensure!(ended["ok"] == true, "hanging up was refused: {ended}");
        // Either way it is over for all three, and each heard it once and for its own reason.
        let first = self.first.expect("call:ended").await?;
        let second = self.second.expect("call:ended").await?;
        ensure!(first["reason"] == "cancelled", "{first}");
        if accepted["ok"] == true {
            self.caller.expect("call:answer").await?;
            ensure!(second["reason"] == "answered_elsewhere", "{second}");
        } else {
            ensure!(accepted["error"]["code"] == "expired", "{accepted}");
            ensure!(second["reason"] == "cancelled", "{second}");
        }
        Ok(start.elapsed())
    }

    /// One device accepts at the very moment at which it stops ringing.
    async fn accept_against_time_out(&mut self, early: Duration) -> Result<Duration> {
        let dialled = Instant::now();
        let room = self.dial().await?;
        // Not waiting for something to happen, but for the moment at which two things may.
        let left = RINGING.saturating_sub(dialled.elapsed()).saturating_sub(early);
        tokio::time::sleep(left).await;

        let start = Instant::now();
        let accept = self.accept(&room);
        let accepted = self.first.try_ask("call:accept", &accept).await?;
        let second = self.second.expect("call:ended").await?;
        if accepted["ok"] == true {
            ensure!(second["reason"] == "answered_elsewhere", "{second}");
            self.caller.expect("call:answer").await?;
            let told = start.elapsed();
            self.caller.ask("call:end", &json!({ "roomName": room, "userId": self.ids.0 })).await?;
            ensure!(self.first.expect("call:ended").await?["reason"] == "completed");
            return Ok(told);
        }
        ensure!(accepted["error"]["code"] == "expired", "{accepted}");
        ensure!(second["reason"] == "missed", "{second}");
        ensure!(self.first.expect("call:ended").await?["reason"] == "missed");
        ensure!(self.caller.expect("call:ended").await?["reason"] == "timeout");
        Ok(start.elapsed())
    }

    /// Nothing came that nobody expected.
    async fn rest(&mut self) -> Result<()> {
        for client in [&mut self.caller, &mut self.first, &mut self.second] {
            let left = client.so_far().await?;
            ensure!(left.is_empty(), "somebody was told more: {left:?}");
        }
        Ok(())
    }
}

async fn race(server: SocketAddr, number: u64, rounds: u64) -> Result<Vec<Duration>> {
    let mut table = Table::sit(server, number).await?;
    let mut random = Random::new(number);
    let mut told = Vec::new();
    for round in 0..rounds {
        let flip = random.one_in(2);
        told.push(match round % 20 {
            // A second each: a twentieth of the rounds, at all tables at once.
            0 => table.accept_against_time_out(Duration::from_millis(random.below(12))).await?,
            n if n % 2 == 0 => table.accept_against_accept(flip).await?,
            _ => table.accept_against_cancel(flip).await?,
        });
        table.rest().await.with_context(|| format!("table {number}, round {round}"))?;
    }
    Ok(told)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_races_have_one_outcome_each() -> Result<()> {
    let mut settings =
        settings(&[("LIMIT_CALLS_PER_MINUTE", "100000"), ("LIMIT_EVENTS_PER_SECOND", "100000")]);
    settings.calls.ring = RINGING;
    let server = TestServer::start_with(settings).await;
    let mut tables = JoinSet::new();
    for number in 0..TABLES {
        tables.spawn(race(server.address(), number, ROUNDS / TABLES));
    }

    let mut told = Vec::new();
    while let Some(table) = tables.join_next().await {
        told.extend(table??);
    }

    assert_eq!(told.len() as u64, ROUNDS);
    told.sort_unstable();
    let at = |part: f64| told[((told.len() - 1) as f64 * part) as usize];
    println!(
        "{ROUNDS} races; everybody knew after {:?} (half), {:?} (99 %), {:?} (last)",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    assert_eq!(server.server().switchboard().counts().0, 0, "a call goes on");
    server.stop().await;
    Ok(())
}
