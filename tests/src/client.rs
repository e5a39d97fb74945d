//! A Socket.IO client for tests: small, and with everything visible. The stock clients have tests of their own.
use anyhow::{Context, Result, bail, ensure};
use calls_protocol::{Refusal, ServerEvent};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{collections::VecDeque, net::SocketAddr, time::Duration};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// Nothing in a test takes so long, even on a busy machine; it is how a missing message is noticed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connected client.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Events that came while something else was awaited.
    events: VecDeque<(String, Value)>,
    next_ack: u64,
    patience: Duration,
}

/// What came.
enum Came {
    Event(String, Value),
    Ack(u64, Value),
    Other,
}

impl Client {
    /// Connects, without saying who it is.
    pub async fn connect(server: SocketAddr) -> Result<Self> {
        Self::connect_with(server, &json!({})).await
    }

    /// Connects with something in its hand: `{token: …}`.
    pub async fn connect_with(server: SocketAddr, auth: &Value) -> Result<Self> {
        Self::connect_from(server, auth, None).await
    }

    /// Connects as a page of a web site would.
    pub async fn connect_from(server: SocketAddr, auth: &Value, origin: Option<&str>) -> Result<Self> {
        let origin: Vec<_> = origin.into_iter().map(|origin| ("origin", origin)).collect();
        Self::connect_by(server, auth, &origin).await
    }

    /// Connects by a request with these headers.
    pub async fn connect_by(
        server: SocketAddr,
        auth: &Value,
        headers: &[(&'static str, &str)],
    ) -> Result<Self> {
        let url = format!("ws://{server}/socket.io/?EIO=4&transport=websocket");
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        let (socket, _) = timeout(PATIENCE, connect_async(request)).await??;
        let mut client = Self { socket, events: VecDeque::new(), next_ack: 0, patience: PATIENCE };
        let open = client.text().await?;
        ensure!(open.starts_with('0'), "no open packet but {open}");
        client.say(format!("40{auth}")).await?;
        let answer = client.text().await?;
        ensure!(answer.starts_with("40"), "not let in: {answer}");
        Ok(client)
    }

    /// Connects and registers.
    pub async fn register(server: SocketAddr, user: u64, device: &str) -> Result<Self> {
        let mut client = Self::connect(server).await?;
        client.ask("call:register", &json!({ "userId": user, "deviceId": device })).await?;
        Ok(client)
    }

    /// From now on it waits for so long: of a client that only listens, nothing may be there to hear.
    pub fn waits(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Sends raw text.
    pub async fn say(&mut self, text: String) -> Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Sends raw bytes as a binary message.
    pub async fn say_bytes(&mut self, bytes: Vec<u8>) -> Result<()> {
        Ok(self.socket.send(Message::binary(bytes)).await?)
    }

    /// Emits without asking for an acknowledgement.
    pub async fn emit(&mut self, event: &str, payload: &Value) -> Result<()> {
        self.say(format!("42{}", json!([event, payload]))).await
    }

    /// Emits and gives the number of the acknowledgement to wait for.
    pub async fn begin(&mut self, event: &str, payload: &Value) -> Result<u64> {
        self.next_ack += 1;
        self.say(format!("42{}{}", self.next_ack, json!([event, payload]))).await?;
        Ok(self.next_ack)
    }

    /// Waits for an acknowledgement.
    pub async fn answer(&mut self, ack: u64) -> Result<Value> {
        loop {
            match self.came().await.with_context(|| format!("while waiting for acknowledgement {ack}"))? {
                Came::Ack(id, answer) if id == ack => return Ok(answer),
                Came::Ack(..) | Came::Other => {}
                Came::Event(name, payload) => self.events.push_back((name, payload)),
            }
        }
    }

    /// Emits and waits for the acknowledgement, whatever it says.
    pub async fn try_ask(&mut self, event: &str, payload: &Value) -> Result<Value> {
        let ack = self.begin(event, payload).await?;
        self.answer(ack).await
    }

    /// Emits and waits for a good acknowledgement.
    pub async fn ask(&mut self, event: &str, payload: &Value) -> Result<Value> {
        let answer = self.try_ask(event, payload).await?;
        ensure!(answer["ok"] == true, "{event} was refused: {answer}");
        Ok(answer)
    }

    /// Emits and waits for a refusal.
    pub async fn ask_in_vain(&mut self, event: &str, payload: &Value) -> Result<Refusal> {
        let answer = self.try_ask(event, payload).await?;
        ensure!(answer["ok"] == false, "{event} was not refused: {answer}");
        Ok(serde_json::from_value(answer["error"].clone())?)
    }

    /// The next event, whichever it is.
    pub async fn event(&mut self) -> Result<(String, Value)> {
        if let Some(event) = self.events.pop_front() {
            return Ok(event);
        }
        loop {
            if let Came::Event(name, payload) = self.came().await? {
                return Ok((name, payload));
            }
        }
    }

    /// The next event of a name; those before it are passed over.
    pub async fn expect(&mut self, name: &str) -> Result<Value> {
        loop {
            let (came, payload) = self.event().await.with_context(|| format!("while waiting for {name}"))?;
            if came == name {
                return Ok(payload);
            }
        }
    }

    /// Events that have come already, after the server has answered everything that was asked before.
    pub async fn so_far(&mut self) -> Result<Vec<(String, Value)>> {
        // What is sent to one socket stays in order: behind this answer nothing older can come.
        self.try_ask("call:end", &json!({})).await?;
        Ok(self.events.drain(..).collect())
    }

    /// Goes without a word, as a phone in a lift.
    pub fn vanish(self) {
        drop(self);
    }

    /// Waits until the server ends the connection, and ends it, too.
    pub async fn closed(&mut self) -> Result<()> {
        // A close is answered by the next read, as a client must.
        while let Some(Ok(_)) =
            timeout(PATIENCE, self.socket.next()).await.context("the server does not close")?
        {}
        // A library lets go of a connection that is over; a server that stops waits a while for that.
        self.socket.get_mut().shutdown().await.or_else(|error| match error.kind() {
            std::io::ErrorKind::NotConnected | std::io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(error.into()),
        })
    }

    async fn text(&mut self) -> Result<String> {
        loop {
            let message = timeout(self.patience, self.socket.next()).await.context("nothing came")?;
            match message.context("the connection ended")?? {
                Message::Text(text) => return Ok(text.to_string()),
                Message::Close(why) => bail!("closed: {why:?}"),
                _ => {}
            }
        }
    }

    async fn came(&mut self) -> Result<Came> {
        let text = self.text().await?;
        if text == "2" {
            self.say("3".into()).await?;
            return Ok(Came::Other);
        }
        if let Some(event) = text.strip_prefix("42") {
            let (name, payload): (String, Value) = serde_json::from_str(event)?;
            // Whatever the server says, it can be read by the contract.
            ServerEvent::decode(&name, &payload.to_string())
                .context("an event that is not in the contract")?;
            return Ok(Came::Event(name, payload));
        }
        if let Some(ack) = text.strip_prefix("43") {
            let digits = ack.bytes().take_while(u8::is_ascii_digit).count();
            let (answer,): (Value,) = serde_json::from_str(&ack[digits..])?;
            return Ok(Came::Ack(ack[..digits].parse()?, answer));
        }
        if text.starts_with("41") || text.starts_with('1') {
            bail!("disconnected by the server: {text}");
        }
        Ok(Came::Other)
    }
}
