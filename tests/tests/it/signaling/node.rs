//! Against a stock Socket.IO server in Node.
use super::{PATIENCE, Phone, Tokens};
use crate::clients::kit;
use anyhow::{Context, Result, ensure};
use calls_core::signaling::Told;
use calls_protocol::ServerEvent;
use calls_tests::line::Line;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    process::Stdio,
    sync::{Arc, atomic::Ordering::SeqCst},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
    time::timeout,
};

/// The server, what it shows and what it is told.
struct Node {
    process: Child,
    orders: ChildStdin,
    shown: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Node {
    async fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = kit::javascript("server.js")?;
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let orders = process.stdin.take().context("it has an input")?;
        let output = process.stdout.take().context("it has an output")?;
        let shown = BufReader::new(output).lines();
        let mut node = Self { process, orders, shown, address: ([127, 0, 0, 1], 0).into() };
        let port = node.shows("port").await?["port"].as_u64().context("a port")?;
        node.address.set_port(u16::try_from(port)?);
        Ok(node)
    }

    /// What it shows next of one kind.
    async fn shows(&mut self, what: &str) -> Result<Value> {
        loop {
            let line = timeout(PATIENCE, self.shown.next_line()).await;
            let line = line.with_context(|| format!("it never shows {what}"))??;
            let shown: Value = serde_json::from_str(&line.context("it ended")?)?;
            ensure!(shown.get("lost").is_none(), "{shown}");
            if shown.get(what).is_some() {
                return Ok(shown);
            }
        }
    }

    async fn order(&mut self, order: Value) -> Result<()> {
        self.orders.write_all(format!("{order}\n").as_bytes()).await?;
        Ok(())
    }

    async fn stop(mut self) -> Result<()> {
        self.process.kill().await?;
        Ok(())
    }
}

#[tokio::test]
async fn it_is_let_in_asks_and_acknowledges_what_it_is_told() -> Result<()> {
    let mut node = Node::start(&[]).await?;
    let mut phone = Phone::of(7, node.address);
    phone.ask(1);

    phone.until("the answer", |phone| phone.answers.get(&1) == Some(&true)).await?;

    assert_eq!(node.shows("registered").await?, json!({ "registered": 7, "device": "phone" }));
    let away = json!({ "roomName": "r", "userId": 2, "eventId": 5 });
    node.order(json!({ "tell": "user:reconnecting", "payload": away })).await?;
    phone.until("the event", |phone| matches!(phone.events[..], [ServerEvent::Reconnecting(_)])).await?;
    node.shows("arrived").await?;
    phone.signaling.close().await;
    assert_eq!(node.shows("gone").await?["gone"], "client namespace disconnect");
    node.stop().await
}

#[tokio::test]
async fn it_lives_through_the_pings_of_a_nervous_server_and_comes_back_when_it_is_sent_away() -> Result<()> {
    let mut node = Node::start(&["300", "200"]).await?;
    let mut phone = Phone::of(7, node.address);
    phone.until("up", |phone| phone.ups == 1).await?;
    for (drop, ups) in [("namespace", 2), ("connection", 3)] {
        node.order(json!({ "drop": drop })).await?;
        phone.until("up again", |phone| phone.ups == ups).await?;
    }
    phone.ask(1);

    phone.until("an answer", |phone| phone.answers.len() == 1).await?;

    node.stop().await
}

#[tokio::test]
async fn a_half_open_socket_is_noticed_and_nothing_asked_on_it_is_lost() -> Result<()> {
    let node = Node::start(&[]).await?;
    let line = Line::to(node.address).await;
    let mut phone = Phone::of(7, line.address());
    phone.until("up", |phone| phone.ups == 1).await?;
    line.fall_silent();
    for n in 1..=20 {
        phone.ask(n);
    }

    phone.until("every answer", |phone| phone.answers.len() == 20).await?;

    assert_eq!((phone.ups, line.taken()), (2, 2));
    node.stop().await
}

#[tokio::test]
async fn a_token_that_ran_out_is_fetched_anew_and_one_that_is_never_good_signs_out() -> Result<()> {
    let node = Node::start(&[]).await?;
    let old = Arc::new(Tokens { first_is_old: true, ..Tokens::default() });
    let mut phone = Phone::with(7, node.address, old.clone());

    phone.until("up", |phone| phone.ups == 1).await?;

    assert!(old.asked_for_fresh.load(SeqCst));
    let mut stranger = Phone::with(8, node.address, Arc::new(Tokens { never: true, ..Tokens::default() }));
    let told = timeout(PATIENCE, stranger.signaling.next()).await?;
    assert_eq!(told, Some(Told::SignedOut("the token is not good".into())));
    assert_eq!(timeout(PATIENCE, stranger.signaling.next()).await?, None);
    node.stop().await
}
