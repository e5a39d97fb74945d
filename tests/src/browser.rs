//! A browser with the page of a call in it: a client that nobody here wrote the media of.
//!
//! `tests/browser` says what the page can be ordered to do and what it tells.
use crate::{folder::Folder, phone::tone_of};
use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use calls_core::video::{Frame, pattern};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{sleep, timeout},
};

/// Nothing takes so long, even where two browsers start on a busy machine; it is how something missing is noticed.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of what was said a failure shows.
const SHOWN: usize = 60;

/// Which browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    /// Chromium, with the media stack of Google's.
    Chromium,
    /// Firefox: the same ancestors, another way of describing, other habits.
    Firefox,
}

/// Who sits in front of a page. What the microphone hears is their tone, and what the camera sees is their pattern, as in
/// [`crate::phone`]; only Firefox brings a camera of its own.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// Which user.
    pub user: u64,
    /// Answers each call at once; with a picture, if true.
    pub answers: Option<bool>,
}

/// How somebody comes to the server's own page of a call.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// By which browser.
    pub browser: Browser,
    /// What stands behind `?` in the address.
    pub path: &'a str,
    /// How large their camera's picture is. Firefox has its own.
    pub camera: (u32, u32),
    /// How large the page is; none: as the browser likes.
    pub window: Option<(u32, u32)>,
}

/// A milestone that the page reached.
#[derive(Debug, Clone)]
pub struct Milestone {
    /// In milliseconds of the machine's clock, the same in all browsers.
    pub at: f64,
    /// All that was told about it.
    pub told: Value,
}

/// A page in a browser of its own. Dropping it ends the browser.
pub struct Page {
    child: Child,
    /// What the camera sees is in it.
    folder: Folder,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    next_order: u64,
    /// Milestones that nobody asked for yet.
    unheard: VecDeque<Value>,
    /// What went to and fro, for whoever looks into a failure.
    transcript: VecDeque<String>,
    begun: Instant,
}

impl Browser {
    fn word(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }
}

impl<'a> Visit<'a> {
    /// By Chromium, with a small camera.
    pub const fn to(path: &'a str) -> Self {
        Self { browser: Browser::Chromium, path, camera: (320, 180), window: None }
    }
}

impl Person {
    /// The one who calls.
    pub const ANN: Self = Self { user: 1, answers: None };

    /// The one who is called, and answers at once without a picture.
    pub const BOB: Self = Self { user: 2, answers: Some(false) };
}

impl Page {
    /// Starts a browser, opens the page and registers.
    pub async fn open(browser: Browser, server: SocketAddr, person: Person) -> Result<Self> {
        Self::open_with_camera(browser, server, person, (320, 180)).await
    }

    /// The same with a camera of this size. Chromium makes three layers of none that is much smaller than 960 by 540.
    pub async fn open_with_camera(
        browser: Browser,
        server: SocketAddr,
        person: Person,
        size: (u32, u32),
    ) -> Result<Self> {
        let mut begin = json!({ "browser": browser.word() });
        begin["size"] = json!({ "width": size.0, "height": size.1 });
        let (page, opened) = Self::open_by(&mut driver()?, begin, server, person, size).await?;
        println!("user {}: {}", person.user, opened["version"]);
        Ok(page)
    }

    /// Starts a browser with a page that is nobody and knows no server.
    pub async fn open_bare(browser: Browser) -> Result<Self> {
        let mut page = Self::start(&mut driver()?)?;
        page.order("open", json!({ "browser": browser.word(), "isBare": true })).await?;
        Ok(page)
    }

    /// Starts a Chromium with the server's own page of a call at the check before it; `path` is what stands behind `?`.
    pub async fn open_call(server: SocketAddr, user: u64, path: &str) -> Result<Self> {
        Self::visit(server, user, Visit::to(path)).await
    }

    /// Starts a browser with the server's own page of a call.
    pub async fn visit(server: SocketAddr, user: u64, visit: Visit<'_>) -> Result<Self> {
        let Visit { browser, path, camera, window } = visit;
        let window = window.map(|(width, height)| json!({ "width": width, "height": height }));
        let begin = json!({ "browser": browser.word(), "callPage": { "path": path, "size": window } });
        let person = Person { user, answers: None };
        Ok(Self::open_by(&mut driver()?, begin, server, person, camera).await?.0)
    }

    /// Presses the button of that name, as soon as it is there.
    pub async fn press(&mut self, name: &str) -> Result<()> {
        self.order("press", json!({ "name": name })).await.map(drop)
    }

    /// [`Page::open`] by any program that takes the orders of the driver; `begin` is what it has to know beside the usual, the
    /// size is that of the camera. Also what the program says of itself.
    pub async fn open_by(
        program: &mut Command,
        begin: Value,
        server: SocketAddr,
        person: Person,
        (width, height): (u32, u32),
    ) -> Result<(Self, Value)> {
        let mut page = Self::start(program)?;
        let Person { user, answers } = person;
        let camera = page.folder.path().join("camera.y4m");
        std::fs::write(&camera, film(user, width, height))?;
        let mut begin = begin;
        begin["server"] = format!("http://{server}").into();
        begin["user"] = user.into();
        begin["warm"] = json!(["audio"]);
        begin["hertz"] = tone_of(user).into();
        begin["camera"] = json!(camera);
        begin["answers"] = json!(answers.map(|video| json!({ "video": video })));
        let opened = page.order("open", begin).await?;
        page.reached("registered").await?;
        Ok((page, opened))
    }

    fn start(program: &mut Command) -> Result<Self> {
        let started = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.with_context(|| format!("{program:?} does not start"))?;
        Ok(Self {
            input: Some(child.stdin.take().context("it has an input")?),
            output: BufReader::new(child.stdout.take().context("it has an output")?).lines(),
            child,
            folder: Folder::new(),
            next_order: 0,
            unheard: VecDeque::new(),
            transcript: VecDeque::new(),
            begun: Instant::now(),
        })
    }

    /// Has the page do something and waits until it is done; what came of it.
    pub async fn order(&mut self, what: &str, with: Value) -> Result<Value> {
        self.next_order += 1;
        let id = self.next_order;
        let mut order = with;
        order["id"] = id.into();
        order["do"] = what.into();
        self.tell(&order).await?;
        loop {
            let mut said = self.line(what).await?;
            if said["id"] != id {
                self.unheard.push_back(said);
            } else if let Some(ok) = said.get_mut("ok") {
                return Ok(ok.take());
            } else {
                bail!("{what}: {}\n{}", said["error"], self.transcript());
            }
        }
    }

    /// Has the page do something that needs no further words.
    pub async fn please(&mut self, what: &str) -> Result<Value> {
        self.order(what, json!({})).await
    }

    /// Waits for the next milestone of that name.
    pub async fn reached(&mut self, milestone: &str) -> Result<Milestone> {
        let place = self.unheard.iter().position(|said| said["milestone"] == milestone);
        let mut told = place.and_then(|place| self.unheard.remove(place));
        while told.is_none() {
            let said = self.line(milestone).await?;
            if said["milestone"] == milestone {
                told = Some(said);
            } else {
                self.unheard.push_back(said);
            }
        }
        let told = told.context("it is there")?;
        Ok(Milestone { at: told["at"].as_f64().context("a milestone has a time")?, told })
    }

    /// Milestones of that name that came already and were not asked for.
    pub fn unheard(&self, milestone: &str) -> usize {
        self.unheard.iter().filter(|said| said["milestone"] == milestone).count()
    }

    /// Looks and listens until something is so; what was seen then.
    pub async fn until(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.please("look").await?;
            if is_so(&seen) {
                return Ok(seen);
            }
            ensure!(Instant::now() < deadline, "not {what}: {seen}\n{}", self.transcript());
            // Nothing tells when a sound changes.
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until somebody's tone is heard, as loud as a voice.
    pub async fn hears(&mut self, user: u64) -> Result<()> {
        let hertz = f64::from(tone_of(user));
        let is_tone = |seen: &Value| {
            let heard = (seen["sound"]["loudness"].as_f64(), seen["sound"]["hertz"].as_f64());
            matches!(heard, (Some(0.01..), Some(tone)) if (tone - hertz).abs() < 15.0)
        };
        self.until(&format!("a tone of {hertz} Hz heard"), is_tone).await.map(drop)
    }

    /// Waits until nothing is heard.
    pub async fn hears_nothing(&mut self) -> Result<()> {
        let is_silent = |seen: &Value| seen["sound"]["loudness"].as_f64().is_some_and(|loud| loud < 0.001);
        self.until("silent", is_silent).await.map(drop)
    }

    /// Waits until further pictures are shown, whatever is in them.
    pub async fn sees_somebody(&mut self) -> Result<()> {
        let shown = |seen: &Value| seen["picture"]["frames"].as_u64().unwrap_or(0);
        let before = shown(&self.please("look").await?);
        self.until("any picture shown", |seen| seen["picture"]["on"] == true && shown(seen) > before)
            .await
            .map(drop)
    }

    /// Waits until further pictures are shown that are somebody's.
    pub async fn sees(&mut self, user: u64) -> Result<()> {
        self.sees_somebody().await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.whose_picture().await?;
            if seen == Some(user) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "the picture is of {seen:?}, not {user}\n{}",
                self.transcript()
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Looks at the room of many until something is so; what was seen then.
    pub async fn until_in_room(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.please("lookRoom").await?;
            if is_so(&seen) {
                return Ok(seen);
            }
            ensure!(Instant::now() < deadline, "not {what}: {seen}\n{}", self.transcript());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until, in the room of many, what is heard of somebody is their tone.
    pub async fn hears_of(&mut self, user: u64) -> Result<()> {
        let hertz = f64::from(tone_of(user));
        let is_tone = |seen: &Value| {
            let sound = &seen["users"][user.to_string()]["sound"];
            let heard = (sound["loudness"].as_f64(), sound["hertz"].as_f64());
            matches!(heard, (Some(0.01..), Some(tone)) if (tone - hertz).abs() < 15.0)
        };
        self.until_in_room(&format!("user {user} heard, by a tone of {hertz} Hz"), is_tone).await.map(drop)
    }

    /// Waits until, in the room of many, what is shown of somebody is their pattern.
    pub async fn sees_of(&mut self, user: u64) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let picture = self.order("pictureInRoom", json!({ "user": user })).await?;
            let seen = whose(&picture)?;
            if seen == Some(user) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let (room, stats) = (self.please("lookRoom").await?, self.please("roomStats").await?);
                bail!("user {user} is not seen but {seen:?}: {room}\n{stats}\n{}", self.transcript());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until, in the room of many, what is shown of somebody moves, whatever it is: Firefox has a camera of its own.
    pub async fn sees_moving(&mut self, user: u64) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut before = Value::Null;
        loop {
            let picture = self.order("pictureInRoom", json!({ "user": user })).await?;
            let is_there = picture["luma"].is_string();
            if is_there && before["luma"].is_string() && picture["luma"] != before["luma"] {
                return Ok(());
            }
            if Instant::now() > deadline {
                let (room, stats) = (self.please("lookRoom").await?, self.please("roomStats").await?);
                bail!("user {user} does not move: {room}\n{stats}\n{}", self.transcript());
            }
            before = picture;
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whose pattern is shown now.
    async fn whose_picture(&mut self) -> Result<Option<u64>> {
        let picture = self.please("picture").await?;
        whose(&picture)
    }

    /// The figures of the connection: reports of `getStats` by their kind.
    pub async fn stats(&mut self) -> Result<Value> {
        self.please("stats").await
    }

    /// Ends the browser.
    pub async fn close(mut self) -> Result<()> {
        drop(self.input.take());
        let status = timeout(PATIENCE, self.child.wait()).await.context("the browser does not end")??;
        ensure!(status.success(), "the driver ended with {status}");
        Ok(())
    }

    /// What went to and fro lately.
    pub fn transcript(&self) -> String {
        self.transcript.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    async fn line(&mut self, awaited: &str) -> Result<Value> {
        let line = match timeout(PATIENCE, self.output.next_line()).await {
            Ok(line) => line?,
            Err(_) => bail!("{awaited} did not come\n{}", self.transcript()),
        };
        let Some(line) = line else {
            bail!("the driver ended with {}\n{}", self.child.wait().await?, self.transcript());
        };
        self.note("<", &line);
        let said: Value = serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))?;
        if said["milestone"] == "fault" {
            bail!("the page says: {}\n{}", said["why"], self.transcript());
        }
        Ok(said)
    }

    async fn tell(&mut self, told: &Value) -> Result<()> {
        let line = format!("{told}\n");
        self.note(">", line.trim_end());
        let input = self.input.as_mut().context("it is open")?;
        input.write_all(line.as_bytes()).await.context("the driver is gone")?;
        input.flush().await.context("the driver is gone")
    }

    fn note(&mut self, direction: &str, line: &str) {
        // Looking is done again and again; what was seen last stands in the failure itself.
        let words = [
            r#""do":"look""#,
            r#""do":"picture"#,
            r#""do":"lookRoom""#,
            r#""do":"roomStats""#,
            r#""do":"flows""#,
            r#""isInSight""#,
            r#""connections""#,
            r#""users""#,
            r#""signaling""#,
            r#""luma""#,
        ];
        if words.iter().any(|word| line.contains(word)) {
            return;
        }
        let shown: String = line.chars().take(300).collect();
        self.transcript.push_back(format!("{:6} {direction} {shown}", self.begun.elapsed().as_millis()));
        if self.transcript.len() > SHOWN {
            self.transcript.pop_front();
        }
    }
}

/// Whose pattern a picture holds, as a page gives it: its brightness.
fn whose(picture: &Value) -> Result<Option<u64>> {
    let side = |name: &str| picture[name].as_u64().and_then(|side| u32::try_from(side).ok());
    let (Some(width), Some(height), Some(luma)) = (side("width"), side("height"), picture["luma"].as_str())
    else {
        return Ok(None);
    };
    let mut planes = BASE64_STANDARD.decode(luma)?;
    planes.resize(planes.len() * 3 / 2, 128);
    Ok(Frame::new(width, height, planes).ok().and_then(|frame| pattern::who(&frame)))
}

/// What drives a browser.
pub fn driver() -> Result<Command> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let kit = folder.join("node_modules");
    ensure!(kit.exists(), "{} is not installed: run `cargo xtask setup`", kit.display());
    let mut node = Command::new("node");
    node.arg(folder.join("driver.js"));
    Ok(node)
}

/// A second of the pattern of a user.
fn film(user: u64, width: u32, height: u32) -> Vec<u8> {
    let pattern = pattern::TestPattern::new(user, width, height);
    let mut film = format!("YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg\n").into_bytes();
    for number in 0..30 {
        film.extend(b"FRAME\n");
        film.extend(pattern.at(Duration::from_millis(number * 1000 / 30)).planes());
    }
    film
}
