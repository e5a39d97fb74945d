//! What a participant says to the signalling and hears from it: it comes into a room, answers the media server's offers,
//! and passes on who is in which section.
use super::{
    describe::{Ours, Says},
    outgoing::Plan,
    stage::{Seat, Stage},
};
use crate::client::Client;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// Nobody listens longer than that.
const LONGEST_RUN: Duration = Duration::from_secs(24 * 3600);

/// A room to come into.
#[derive(Debug, Clone)]
pub struct Room {
    /// Its name.
    pub name: String,
    /// What packets say: one number a room.
    pub number: u32,
    /// The group that is called; without one it is an open room.
    pub group: Option<u64>,
    /// Whether pictures are meant.
    pub is_video: bool,
}

/// One who is signed in, and in no room yet.
pub struct Visitor {
    client: Client,
    user: u32,
}

/// One who is in a room, or on the way into it. Dropping it ends its connection.
pub struct Member {
    /// Who it is.
    pub user: u32,
    /// Its place on the stage.
    pub seat: Seat,
    /// When it said that it comes.
    pub said: Instant,
    wishes: mpsc::Sender<Wish>,
    task: JoinHandle<Result<()>>,
}

/// What a member is asked to say.
enum Wish {
    Say { event: &'static str, payload: Value, done: oneshot::Sender<Result<Value>> },
    BeginAnew { ours: Box<Ours>, seat: Seat, done: oneshot::Sender<Result<Value>> },
}

impl Visitor {
    /// Signs in at a server where everybody may say who they are.
    pub async fn sign_in(server: SocketAddr, user: u32) -> Result<Self> {
        let client = Client::register(server, user.into(), "crowd").await?;
        Ok(Self { client, user })
    }

    /// Comes into a room; `calls` is who rings the others of a group. Returns when the server has let it in: media may
    /// flow later. What it can send is what is in the `plan`; it begins at once.
    pub async fn join(mut self, stage: &mut Stage, room: &Room, calls: bool, plan: Plan) -> Result<Member> {
        let ours = description(stage, self.user, plan, room.is_video);
        let seat = stage.seat(room.number, self.user, &ours);
        seat.plan(plan, f64::from(self.user.wrapping_mul(0x9e37_79b1)) / f64::from(u32::MAX));
        let offer = json!({ "type": "offer", "sdp": ours.offer() });
        let call_type = if room.is_video { "video" } else { "audio" };
        let said = Instant::now();
        let ack = match room.group.filter(|_| calls) {
            Some(group) => {
                let dial = json!({ "fromId": self.user, "groupId": group, "callType": call_type,
                                   "roomName": room.name, "sdpOffer": offer });
                self.client.begin("call:initiate", &dial).await?
            }
            None => {
                let join = json!({ "roomName": room.name, "userId": self.user, "sdpOffer": offer,
                                   "audio": plan.voice.is_some(), "video": plan.picture.is_some() });
                self.client.begin("call:join_room", &join).await?
            }
        };
        let (wishes, inbox) = mpsc::channel(8);
        let (client, user) = (self.client, self.user);
        let talk = Talk { client, room: room.name.clone(), ours, seat: seat.clone() };
        let task =
            tokio::spawn(async move { talk.go_on(ack, inbox).await.with_context(|| format!("user {user}")) });
        Ok(Member { user, seat, said, wishes, task })
    }
}

/// Names, numbers and passwords are of nobody's interest here; the same user has the same ones each time.
fn description(stage: &Stage, user: u32, plan: Plan, has_pictures: bool) -> Ours {
    let ssrc = user.wrapping_mul(16).wrapping_add(16);
    let layers = plan.picture.map_or(0, |picture| picture.layers as u32);
    Ours {
        credentials: (format!("u{user:07}"), format!("{user:032}")),
        fingerprint: stage.fingerprint(),
        sound: plan.voice.map(|_| ssrc),
        picture: (0..layers).map(|layer| ssrc + 1 + layer).collect(),
        has_pictures,
    }
}

impl Member {
    /// Says how high the pictures of these users shall be.
    pub async fn subscribe(&self, room: &Room, wanted: &[(u32, u16)]) -> Result<()> {
        let streams: Vec<Value> =
            wanted.iter().map(|(user, height)| json!({ "userId": user, "maxHeight": height })).collect();
        self.ask("call:subscribe", json!({ "roomName": room.name, "streams": streams })).await
    }

    /// Switches microphone and camera off or on. From the server's answer on, nobody may get what it goes on sending.
    pub async fn toggle(&self, room: &Room, audio: bool, video: bool) -> Result<()> {
        if audio || video {
            self.seat.secret(false);
        }
        let toggle = json!({ "roomName": room.name, "userId": self.user, "audio": audio, "video": video });
        self.ask("call:toggle_media", toggle).await?;
        self.seat.secret(!audio && !video);
        Ok(())
    }

    /// Leaves the room, and ends the connection.
    pub async fn leave(self, room: &Room) -> Result<()> {
        self.ask("call:leave_room", json!({ "roomName": room.name, "userId": self.user })).await?;
        self.seat.leave();
        Ok(())
    }

    /// Gives its connection up without a word, and offers another one, as whoever cannot repair theirs does.
    pub async fn begin_anew(&mut self, stage: &mut Stage, room: &Room, plan: Plan) -> Result<()> {
        self.seat.vanish();
        stage.renew_certificate()?;
        let ours = Box::new(description(stage, self.user, plan, room.is_video));
        self.seat = stage.seat(room.number, self.user, &ours);
        self.seat.plan(plan, 0.0);
        let seat = self.seat.clone();
        self.wish("call:renegotiate", |done| Wish::BeginAnew { ours, seat, done }).await
    }

    /// Says something that the server agrees to.
    pub async fn ask(&self, event: &'static str, payload: Value) -> Result<()> {
        self.wish(event, |done| Wish::Say { event, payload, done }).await
    }

    async fn wish(
        &self,
        event: &str,
        wish: impl FnOnce(oneshot::Sender<Result<Value>>) -> Wish,
    ) -> Result<()> {
        let (done, answer) = oneshot::channel();
        // Whoever ended does not answer either.
        let _ = self.wishes.send(wish(done)).await;
        let answer = answer.await.context("its connection ended")??;
        if answer["ok"] != true {
            bail!("{event} was refused: {answer}");
        }
        Ok(())
    }

    /// Why it ended, if it has.
    pub async fn failure(&mut self) -> Option<anyhow::Error> {
        if !self.task.is_finished() {
            return None;
        }
        match (&mut self.task).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(panic) => Some(panic.into()),
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The connection of one who is in a room.
struct Talk {
    client: Client,
    room: String,
    ours: Ours,
    seat: Seat,
}

impl Talk {
    async fn go_on(mut self, ack: u64, mut wishes: mpsc::Receiver<Wish>) -> Result<()> {
        let answer = self.client.answer(ack).await?;
        if answer["ok"] != true {
            bail!("not let in: {answer}");
        }
        self.client.waits(LONGEST_RUN);
        loop {
            tokio::select! {
                event = self.client.event() => {
                    let (name, payload) = event?;
                    self.hear(&name, &payload).await?;
                }
                wish = wishes.recv() => {
                    let (done, answer) = match wish {
                        None => return Ok(()),
                        Some(Wish::Say { event, payload, done }) => {
                            (done, self.client.try_ask(event, &payload).await)
                        }
                        Some(Wish::BeginAnew { ours, seat, done }) => {
                            (self.ours, self.seat) = (*ours, seat);
                            let offer = json!({ "type": "offer", "sdp": self.ours.offer() });
                            let offer = json!({ "roomName": self.room, "toUserId": 0, "sdpOffer": offer });
                            (done, self.client.try_ask("call:renegotiate", &offer).await)
                        }
                    };
                    // Whoever asked may have stopped waiting.
                    let _ = done.send(answer);
                }
            }
        }
    }

    async fn hear(&mut self, name: &str, payload: &Value) -> Result<()> {
        match name {
            "call:answer" if payload["userId"] == 0 => {
                self.seat.described(said(&payload["sdpAnswer"])?);
            }
            "call:renegotiate" if payload["fromUserId"] == 0 && payload["sdpAnswer"].is_object() => {
                self.seat.described(said(&payload["sdpAnswer"])?);
            }
            "call:renegotiate" if payload["fromUserId"] == 0 => {
                let says = said(&payload["sdpOffer"])?;
                let answer = json!({ "type": "answer", "sdp": self.ours.answer(&says) });
                // Before the answer: with it the server begins to send.
                self.seat.described(says);
                let answer = json!({ "roomName": self.room, "toUserId": 0, "sdpAnswer": answer });
                self.client.emit("call:renegotiate", &answer).await?;
            }
            "call:streams" => {
                let streams = payload["streams"].as_array().context("a list of streams")?;
                let named = streams.iter().filter_map(|stream| {
                    let user = u32::try_from(stream["userId"].as_u64()?).ok()?;
                    Some((stream["mid"].as_str()?.to_owned(), user))
                });
                self.seat.named(named.collect());
            }
            "call:error" => bail!("the server refused: {payload}"),
            "call:ended" => bail!("the call is over: {payload}"),
            _ => {}
        }
        Ok(())
    }
}

/// A description, said as text or as an object.
fn said(sdp: &Value) -> Result<Says> {
    let text = sdp.as_str().or_else(|| sdp["sdp"].as_str()).context("a description")?;
    Says::parse(text).context("a description that lacks something")
}
