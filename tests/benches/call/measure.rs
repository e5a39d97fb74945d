//! Two people with the same kind of device: how long they wait for each other, and what that costs.
use super::machine::{Usage, busy_seconds};
use anyhow::{Context, Result};
use calls_tests::browser::{self, Page, Person};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    env,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{process::Command, time::sleep};

/// What the camera gives, thirty times a second.
pub(crate) const CAMERA: (u32, u32) = (640, 360);

/// A browser that has just begun, or a call, is busy with itself for so long.
const SETTLE: Duration = Duration::from_secs(5);

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Who {
    Engine,
    Chromium,
}

impl Who {
    pub(crate) const BOTH: [Self; 2] = [Self::Engine, Self::Chromium];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Engine => "the engine",
            Self::Chromium => "Chromium",
        }
    }

    /// One person in front of such a device, who answers at once.
    async fn device(self, server: SocketAddr, user: u64, video: bool) -> Result<(Page, Value)> {
        let (mut program, user) = match self {
            Self::Engine => {
                let mut program = Command::new(env::current_exe()?);
                program.arg("--device");
                (program, user + 2)
            }
            Self::Chromium => (browser::driver()?, user),
        };
        let begin = json!({ "browser": "chromium", "hasMirror": false });
        Page::open_by(&mut program, begin, server, Person { user, answers: Some(video) }, CAMERA).await
    }
}

/// How long both waited, in milliseconds, until the second of them heard the other.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct SetUp {
    pub(crate) who: Who,
    /// Since the caller pressed the button.
    pub(crate) from_dial: f64,
    /// Since `call:initiate` was sent.
    pub(crate) from_initiate: f64,
    /// Since the other one pressed the button.
    pub(crate) from_answer: f64,
    /// Since `call:accept` was sent.
    pub(crate) from_accept: f64,
}

/// What a long call costs one device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) who: Who,
    pub(crate) video: bool,
    /// Seconds of processor a minute without a call.
    pub(crate) idle_seconds: f64,
    /// And in it.
    pub(crate) seconds: f64,
    /// Of them, those of each kind of thread.
    pub(crate) threads: BTreeMap<String, f64>,
    /// Megabytes without a call.
    pub(crate) idle_mb: f64,
    /// And in it.
    pub(crate) mb: f64,
    /// What was sent.
    pub(crate) picture: Option<Picture>,
}

/// What a camera became.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Picture {
    pub(crate) codec: String,
    pub(crate) size: (u64, u64),
    /// Encoded in a second.
    pub(crate) made: f64,
    /// Kilobits a second.
    pub(crate) kbit: f64,
    /// Decoded in a second.
    pub(crate) seen: f64,
}

/// Two people who call each other.
pub(crate) struct Pair {
    pub(crate) who: Who,
    /// What the device says it is.
    pub(crate) version: String,
    caller: Page,
    callee: Page,
    /// The user who is called.
    called: u64,
}

impl Pair {
    pub(crate) async fn open(who: Who, server: SocketAddr, video: bool) -> Result<Self> {
        let (caller, about) = who.device(server, Person::ANN.user, video).await?;
        let (callee, _) = who.device(server, Person::BOB.user, video).await?;
        let version = about["version"].as_str().context("it does not say what it is")?.to_owned();
        let called = Person::BOB.user + if who == Who::Engine { 2 } else { 0 };
        Ok(Self { who, version, caller, callee, called })
    }

    /// Calls, until both hear each other.
    pub(crate) async fn call(&mut self, video: bool) -> Result<SetUp> {
        self.caller.order("call", json!({ "other": self.called, "video": video })).await?;
        let Self { caller, callee, .. } = self;
        let heard = caller.reached("first_audio").await?.at.max(callee.reached("first_audio").await?.at);
        Ok(SetUp {
            who: self.who,
            from_dial: heard - caller.reached("wanted").await?.at,
            from_initiate: heard - caller.reached("dialled").await?.at,
            from_answer: heard - callee.reached("ringing").await?.at,
            from_accept: heard - callee.reached("accepting").await?.at,
        })
    }

    pub(crate) async fn hang_up(&mut self) -> Result<()> {
        self.caller.please("hangUp").await?;
        self.caller.reached("ended").await?;
        self.callee.reached("ended").await?;
        Ok(())
    }

    /// What the flight recorder of both says of the call that goes on.
    pub(crate) async fn reports(&mut self) -> Result<String> {
        let (caller, callee) = (self.caller.please("report").await?, self.callee.please("report").await?);
        let text = |report: &Value| report.as_str().unwrap_or("no report").to_owned();
        Ok(format!("caller\n{}callee\n{}", text(&caller), text(&callee)))
    }

    pub(crate) async fn close(self) -> Result<()> {
        self.caller.close().await?;
        self.callee.close().await
    }

    /// What the two devices have used, each.
    pub(crate) async fn usage(&mut self) -> Result<[Usage; 2]> {
        let (caller, callee) = (self.caller.please("usage").await?, self.callee.please("usage").await?);
        Ok([serde_json::from_value(caller)?, serde_json::from_value(callee)?])
    }

    /// Frames encoded, bytes sent, frames decoded, codec and size, of what the caller shows and sees.
    async fn pictures(&mut self) -> Result<(f64, f64, f64, String, (u64, u64))> {
        let stats = self.caller.please("stats").await?;
        let number = |value: &Value| value.as_f64().unwrap_or(0.0);
        let side = |value: &Value| value.as_u64().unwrap_or(0);
        if self.who == Who::Engine {
            let codec = stats["codec"].as_str().unwrap_or("?").to_owned();
            let size = (side(&stats["size"][0]), side(&stats["size"][1]));
            return Ok((number(&stats["made"]), number(&stats["sent"]), number(&stats["seen"]), codec, size));
        }
        let video = |kind: &str| {
            let all = stats[kind].as_array().into_iter().flatten();
            all.clone().find(|report| report["kind"] == "video").cloned().unwrap_or_default()
        };
        let (sent, seen) = (video("outbound-rtp"), video("inbound-rtp"));
        let codecs = stats["codec"].as_array().context("no codecs")?;
        let codec =
            codecs.iter().find(|codec| codec["id"] == sent["codecId"]).map(|codec| &codec["mimeType"]);
        let name = codec.and_then(Value::as_str).unwrap_or("?").trim_start_matches("video/").to_owned();
        let size = (side(&sent["frameWidth"]), side(&sent["frameHeight"]));
        let counts = [&sent["framesEncoded"], &sent["bytesSent"], &seen["framesDecoded"]].map(number);
        Ok((counts[0], counts[1], counts[2], name, size))
    }
}

/// One call of such a length between two new devices: what one device, the mean of both, uses for it.
pub(crate) async fn cost(who: Who, server: SocketAddr, video: bool, length: Duration) -> Result<Cost> {
    let mut pair = Pair::open(who, server, video).await?;
    sleep(SETTLE).await;
    let new = pair.usage().await?;
    let begun = Instant::now();
    sleep(length / 4).await;
    let idle = pair.usage().await?;
    let idle_minutes = begun.elapsed().as_secs_f64() / 60.0;
    pair.call(video).await?;
    sleep(SETTLE).await;
    let pictures = if video { Some(pair.pictures().await?) } else { None };
    let (before, begun) = (pair.usage().await?, Instant::now());
    sleep(length).await;
    let after = pair.usage().await?;
    let seconds = begun.elapsed().as_secs_f64();
    let minutes = seconds / 60.0;
    let picture = match pictures {
        Some((made, sent, seen, ..)) => {
            let (made_now, sent_now, seen_now, codec, size) = pair.pictures().await?;
            let kbit = (sent_now - sent) * 8.0 / 1000.0 / seconds;
            let (made, seen) = ((made_now - made) / seconds, (seen_now - seen) / seconds);
            Some(Picture { codec, size, made, kbit, seen })
        }
        None => None,
    };
    pair.hang_up().await?;
    pair.close().await?;
    let used = |from: &[Usage; 2], to: &[Usage; 2], minutes: f64| {
        mean(to, |usage| usage.seconds) / minutes - mean(from, |usage| usage.seconds) / minutes
    };
    let of_thread = |usages: &[Usage; 2], name: &str| {
        mean(usages, |usage| usage.threads.get(name).copied().unwrap_or(0.0))
    };
    let names = after.iter().flat_map(|usage| usage.threads.keys());
    let threads = names
        .map(|name| (name.clone(), (of_thread(&after, name) - of_thread(&before, name)) / minutes))
        .collect();
    Ok(Cost {
        who,
        video,
        idle_seconds: used(&new, &idle, idle_minutes),
        seconds: used(&before, &after, minutes),
        threads,
        idle_mb: mean(&idle, |usage| usage.bytes) / 1e6,
        mb: mean(&after, |usage| usage.bytes) / 1e6,
        picture,
    })
}

fn mean(usages: &[Usage; 2], of: impl Fn(&Usage) -> f64) -> f64 {
    usages.iter().map(of).sum::<f64>() / 2.0
}

/// How many processors are kept busy by whoever is not measured.
pub(crate) struct Others {
    begun: Instant,
    busy: f64,
    ours: f64,
}

impl Others {
    pub(crate) async fn watch(pairs: &mut [Pair]) -> Result<Self> {
        Ok(Self { begun: Instant::now(), busy: busy_seconds()?, ours: of_all(pairs).await? })
    }

    pub(crate) async fn cores(self, pairs: &mut [Pair]) -> Result<f64> {
        let (busy, ours) = (busy_seconds()? - self.busy, of_all(pairs).await? - self.ours);
        Ok(((busy - ours) / self.begun.elapsed().as_secs_f64()).max(0.0))
    }
}

async fn of_all(pairs: &mut [Pair]) -> Result<f64> {
    let mut seconds = super::machine::own_usage()?.seconds;
    for pair in pairs {
        seconds += pair.usage().await?.iter().map(|usage| usage.seconds).sum::<f64>();
    }
    Ok(seconds)
}
