//! A stock client in a process of its own, that does what it is told and says what comes of it.
use anyhow::{Context, Result, anyhow, bail, ensure};
use calls_protocol::{Refusal, ServerEvent};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// Nothing takes so long, even where a JVM starts on a busy machine; it is how something missing is noticed.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of what was said a failure shows.
const SHOWN: usize = 30;

/// By which transports a client may go, in the words that the libraries have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    WebSocket,
    Polling,
    /// It begins by polling, as the libraries do by default.
    Upgrade,
}

impl By {
    fn transports(self) -> &'static [&'static str] {
        match self {
            Self::WebSocket => &["websocket"],
            Self::Polling => &["polling"],
            Self::Upgrade => &["polling", "websocket"],
        }
    }
}

/// A running player.
pub(super) struct Player {
    pub(super) by: By,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Sockets of one scene are not mistaken for those of another with the same name.
    scene: u32,
    /// Those that were opened in this scene.
    opened: Vec<String>,
    /// What was said about a socket and not asked for yet.
    unheard: BTreeMap<String, VecDeque<Value>>,
    /// What went to and fro, for whoever looks into a failure.
    transcript: VecDeque<String>,
    next_ask: u64,
}

impl Player {
    /// Starts a player, and prints which client it is.
    pub(super) async fn start(mut program: Command, by: By) -> Result<Self> {
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("it has an input")?;
        let output = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        let mut player = Self {
            by,
            child,
            input,
            output,
            scene: 0,
            opened: Vec::new(),
            unheard: BTreeMap::new(),
            transcript: VecDeque::new(),
            next_ask: 0,
        };
        let first = player.line().await?;
        let word = |name: &str| first[name].as_str().with_context(|| format!("no {name} in {first}"));
        println!("{} {} on {}, by {by:?}", word("client")?, word("version")?, word("runtime")?);
        Ok(player)
    }

    /// Closes every socket.
    pub(super) async fn close(&mut self) -> Result<()> {
        for who in std::mem::take(&mut self.opened) {
            self.tell(&who, json!({ "do": "close" })).await?;
        }
        Ok(())
    }

    /// Forgets what was said.
    pub(super) fn next_scene(&mut self) {
        self.unheard.clear();
        self.transcript.clear();
        self.scene += 1;
    }

    /// Opens a socket called `who`; `with` are the further words of `open`.
    pub(super) async fn open(&mut self, who: &str, server: SocketAddr, with: &Value) -> Result<()> {
        let url = format!("http://{server}");
        let mut told = json!({ "do": "open", "url": url, "transports": self.by.transports() });
        for (name, value) in with.as_object().into_iter().flatten() {
            told[name] = value.clone();
        }
        self.opened.push(who.to_owned());
        self.tell(who, told).await
    }

    /// Opens a socket that registers from its connect handler, and waits until it has; the answer.
    pub(super) async fn register(&mut self, who: &str, server: SocketAddr, hello: &Value) -> Result<Value> {
        self.open(who, server, &json!({ "hello": hello })).await?;
        self.got(who, "connected").await?;
        self.registered(who).await
    }

    /// Waits until a socket has registered, perhaps once more; the answer.
    pub(super) async fn registered(&mut self, who: &str) -> Result<Value> {
        let answer = self.got(who, "registered").await?["payload"].take();
        ensure!(answer["ok"] == true, "{who} is not registered: {answer}");
        Ok(answer)
    }

    /// Emits without asking for an acknowledgement.
    pub(super) async fn say(&mut self, who: &str, event: &str, payload: &Value) -> Result<()> {
        self.tell(who, json!({ "do": "say", "event": event, "payload": payload })).await
    }

    /// Emits and waits for a good acknowledgement.
    pub(super) async fn ask(&mut self, who: &str, event: &str, payload: &Value) -> Result<Value> {
        let answer = self.try_ask(who, event, payload).await?;
        ensure!(answer["ok"] == true, "{event} of {who} was refused: {answer}");
        Ok(answer)
    }

    /// Emits and waits for a refusal.
    pub(super) async fn ask_in_vain(&mut self, who: &str, event: &str, payload: &Value) -> Result<Refusal> {
        let answer = self.try_ask(who, event, payload).await?;
        ensure!(answer["ok"] == false, "{event} of {who} was not refused: {answer}");
        Ok(serde_json::from_value(answer["error"].clone())?)
    }

    async fn try_ask(&mut self, who: &str, event: &str, payload: &Value) -> Result<Value> {
        self.next_ask += 1;
        let id = self.next_ask;
        self.tell(who, json!({ "do": "ask", "id": id, "event": event, "payload": payload })).await?;
        let is_it = |said: &Value| said["got"] == "answer" && said["id"] == id;
        Ok(self.until(who, &format!("answer to {event}"), is_it).await?["payload"].take())
    }

    /// Emits binary data, which this protocol has no use for.
    pub(super) async fn say_bytes(&mut self, who: &str, event: &str) -> Result<()> {
        self.tell(who, json!({ "do": "bytes", "event": event })).await
    }

    /// The next event of that name; its payload can be read by the contract.
    pub(super) async fn hears(&mut self, who: &str, event: &str) -> Result<Value> {
        let is_it = |said: &Value| said["got"] == "event" && said["event"] == event;
        let payload = self.until(who, event, is_it).await?["payload"].take();
        ServerEvent::decode(event, &payload.to_string()).context("an event that is not in the contract")?;
        Ok(payload)
    }

    /// The next thing of that kind that is said of a socket.
    pub(super) async fn got(&mut self, who: &str, what: &str) -> Result<Value> {
        self.until(who, what, |said| said["got"] == what).await
    }

    /// Events of that name that have come already, after the server has answered everything that was asked before.
    pub(super) async fn heard(&mut self, who: &str, event: &str) -> Result<Vec<Value>> {
        // What is sent to one socket stays in order: behind this answer nothing older can come.
        self.try_ask(who, "call:end", &json!({})).await?;
        let unheard = self.unheard.get(&self.name(who)).into_iter().flatten();
        Ok(unheard
            .filter(|said| said["got"] == "event" && said["event"] == event)
            .map(|said| said["payload"].clone())
            .collect())
    }

    /// Ends the player, which must have found nothing wrong itself.
    pub(super) async fn end(mut self) -> Result<()> {
        self.tell("", json!({ "do": "end" })).await?;
        let status = timeout(PATIENCE, self.child.wait()).await.context("the player does not end")??;
        ensure!(status.success(), "the player ended with {status}");
        Ok(())
    }

    /// What went to and fro lately.
    pub(super) fn transcript(&self) -> String {
        self.transcript.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    async fn until(&mut self, who: &str, what: &str, is_it: impl Fn(&Value) -> bool) -> Result<Value> {
        let name = self.name(who);
        let unheard = self.unheard.entry(name.clone()).or_default();
        if let Some(place) = unheard.iter().position(&is_it) {
            return unheard.remove(place).context("it is there");
        }
        loop {
            let said = self.line().await.with_context(|| format!("while {who} waited for: {what}"))?;
            if said["as"] == name && is_it(&said) {
                return Ok(said);
            }
            let about = said["as"].as_str().ok_or_else(|| anyhow!("about nobody: {said}"))?.to_owned();
            self.unheard.entry(about).or_default().push_back(said);
        }
    }

    fn name(&self, who: &str) -> String {
        format!("{who}-{}", self.scene)
    }

    async fn line(&mut self) -> Result<Value> {
        let line = timeout(PATIENCE, self.output.next_line()).await.context("nothing more came")??;
        let Some(line) = line else {
            bail!("the player ended with {}", self.child.wait().await?);
        };
        self.note(format!("  {line}"));
        serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))
    }

    async fn tell(&mut self, who: &str, mut told: Value) -> Result<()> {
        told["as"] = self.name(who).into();
        self.note(format!("> {told}"));
        self.input.write_all(format!("{told}\n").as_bytes()).await.context("the player is gone")?;
        self.input.flush().await.context("the player is gone")
    }

    fn note(&mut self, mut line: String) {
        // Long ones are descriptions of servers, mostly.
        if let Some((end, _)) = line.char_indices().nth(400) {
            line.replace_range(end.., "…");
        }
        self.transcript.push_back(line);
        if self.transcript.len() > SHOWN {
            self.transcript.pop_front();
        }
    }
}
