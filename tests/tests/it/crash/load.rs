//! People who call each other until the server goes away, and what each was told before.
use anyhow::{Result, ensure};
use calls_tests::{client::Client, databases::Database, sim::Random};
use serde_json::json;
use std::{net::SocketAddr, time::Instant};
use tokio::task::JoinSet;

/// People of one group of this load.
const MEMBERS: u64 = 4;

/// What clients were told of one call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) room: String,
    /// The server's number of it.
    pub(super) id: u64,
    pub(super) kind: Kind,
    /// When its caller was told that it rings.
    pub(super) dialled: Instant,
    /// When its callee was told that it is answered; in a group, when the first was in.
    pub(super) answered: Option<Instant>,
    /// When whoever ended it was told that it is over.
    pub(super) over: Option<Instant>,
}

/// Whose call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Pair { caller: u64, callee: u64 },
    Group,
}

/// Who calls in one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowd {
    pub(super) pairs: u64,
    pub(super) groups: u64,
    /// The first user's id; those of others follow.
    pub(super) first_user: u64,
    /// Whether every fourth pair, and every other group, stops in the middle of a call and waits for what comes.
    pub(super) some_stay: bool,
}

impl Crowd {
    /// How many clients that is.
    pub(super) fn clients(self) -> u64 {
        2 * self.pairs + MEMBERS * self.groups
    }

    fn pair(self, number: u64) -> (u64, u64) {
        let caller = self.first_user + 2 * number;
        (caller, caller + 1)
    }

    /// The first of the members; it is the number of the group, too.
    fn group(self, number: u64) -> u64 {
        self.first_user + 2 * self.pairs + MEMBERS * number
    }

    /// Puts its groups into the messenger's tables, which are made where the messenger would have made them.
    pub(super) async fn meet(self, database: &Database) -> Result<()> {
        let mut sql = String::from(
            "CREATE TABLE IF NOT EXISTS wo_groupchat (group_id INT PRIMARY KEY, group_name VARCHAR(255)); \
             CREATE TABLE IF NOT EXISTS wo_groupchatusers (group_id INT, user_id INT);",
        );
        for group in (0..self.groups).map(|number| self.group(number)) {
            sql += &format!("INSERT INTO wo_groupchat (group_id, group_name) VALUES ({group}, 'Family');");
            for user in group..group + MEMBERS {
                sql +=
                    &format!("INSERT INTO wo_groupchatusers (group_id, user_id) VALUES ({group}, {user});");
            }
        }
        database.run(&sql).await
    }

    /// Lets all call until the server is gone. Gives what they were told, in no order.
    pub(super) async fn until_gone(self, server: SocketAddr, seed: u64) -> Result<Vec<Call>> {
        let mut tasks = JoinSet::new();
        for number in 0..self.pairs {
            let stays = self.some_stay && number % 4 == 0;
            let random = Random::new(seed ^ (number << 32));
            tasks.spawn(async move {
                let mut calls = Vec::new();
                let ended = pair(server, self.pair(number), stays, random, &mut calls).await;
                (calls, ended)
            });
        }
        for number in 0..self.groups {
            let stays = self.some_stay && number % 2 == 0;
            let random = Random::new(seed ^ ((self.pairs + number) << 32));
            tasks.spawn(async move {
                let mut calls = Vec::new();
                let ended = group(server, self.group(number), stays, random, &mut calls).await;
                (calls, ended)
            });
        }
        let mut all = Vec::new();
        for (calls, ended) in tasks.join_all().await {
            all.extend(calls);
            // They end with the connection, which is what is waited for; a refusal before that is a fault.
            let refused =
                ended.err().map(|error| format!("{error:#}")).filter(|why| why.contains("was refused"));
            let stopping = |why: &String| why.contains("unavailable");
            ensure!(refused.as_ref().is_none_or(stopping), "{}", refused.unwrap_or_default());
        }
        Ok(all)
    }
}

async fn pair(
    server: SocketAddr,
    (caller, callee): (u64, u64),
    stays: bool,
    mut random: Random,
    calls: &mut Vec<Call>,
) -> Result<()> {
    let mut ann = Client::register(server, caller, "phone").await?;
    let mut bob = Client::register(server, callee, "phone").await?;
    loop {
        let room = format!("room-{caller}-{:x}", random.bits());
        let dial = json!({
            "fromId": caller, "toId": callee, "callType": "audio", "roomName": room, "sdpOffer": "v=0",
        });
        let call = ann.ask("call:initiate", &dial).await?;
        calls.push(told(&room, &call, Kind::Pair { caller, callee }));
        let call = calls.last_mut().expect("it was just put there");
        let stays_now = stays && random.one_in(4);
        bob.expect("call:incoming").await?;
        if !random.one_in(4) {
            bob.ask("call:accept", &json!({ "roomName": room, "userId": callee, "sdpAnswer": "v=0" }))
                .await?;
            call.answered = Some(Instant::now());
            ann.expect("call:answer").await?;
            for number in 0..random.below(5) {
                let candidate =
                    json!({ "roomName": room, "fromUserId": caller, "candidate": format!("c{number}") });
                ann.ask("ice:candidate", &candidate).await?;
            }
        }
        if stays_now {
            return ann.closed().await;
        }
        ann.ask("call:end", &json!({ "roomName": room, "userId": caller })).await?;
        call.over = Some(Instant::now());
        bob.expect("call:ended").await?;
    }
}

async fn group(
    server: SocketAddr,
    first: u64,
    stays: bool,
    mut random: Random,
    calls: &mut Vec<Call>,
) -> Result<()> {
    let mut people = Vec::new();
    for user in first..first + MEMBERS {
        people.push((user, Client::register(server, user, "phone").await?));
    }
    loop {
        let room = format!("group-{first}-{:x}", random.bits());
        let dial = json!({ "fromId": first, "groupId": first, "callType": "audio", "roomName": room });
        let call = people[0].1.ask("call:initiate", &dial).await?;
        calls.push(told(&room, &call, Kind::Group));
        let call = calls.last_mut().expect("it was just put there");
        let stays_now = stays && random.one_in(4);
        for (user, client) in people.iter_mut().skip(1) {
            client.expect("group_call:incoming").await?;
            client.ask("call:join_room", &json!({ "roomName": room, "userId": user })).await?;
            call.answered.get_or_insert_with(Instant::now);
        }
        if stays_now {
            return people[0].1.closed().await;
        }
        for (user, client) in &mut people {
            client.ask("call:end", &json!({ "roomName": room, "userId": user })).await?;
        }
        call.over = Some(Instant::now());
    }
}

fn told(room: &str, ack: &serde_json::Value, kind: Kind) -> Call {
    let id = ack["callId"].as_u64().unwrap_or_default();
    Call { room: room.into(), id, kind, dialled: Instant::now(), answered: None, over: None }
}
