//! Pairs of users who call each other: back to back (closed loop), or when the clock says so (open loop).
use super::{
    connection::Connection,
    flow::{CANDIDATES, Fault, Flow, Next, Side},
    histogram::Histogram,
    random::Random,
    server,
};
use anyhow::{Context, Result};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt::Write,
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// A call that took longer than this will not come to its end any more.
const FLOW_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a pair listens after its last call, for events that come twice.
const LISTEN_AFTER: Duration = Duration::from_millis(300);

/// With more rows than this waiting at the server, the brake holds: half of what it keeps before it drops candidates.
const ROWS_WAITING: f64 = 30_000.0;
/// How often the brake looks: each look is a page of metrics, which the server pays for.
const BRAKE_LOOKS: Duration = Duration::from_millis(50);

/// When calls are made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// This many pairs, each starting its next call as the last one ends: how much the server can do.
    BackToBack { pairs: usize },
    /// This many calls a second over all pairs, at random moments that do not wait for a slow server: how long a
    /// user waits. A call that had to wait for its pair's previous one is measured from when it was due.
    Rate { flows_per_second: f64 },
}

/// When a load begins, counts and ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) start: Instant,
    /// What ends before this is not counted: code is compiled, caches fill.
    pub(crate) counts_from: Instant,
    pub(crate) end: Instant,
}

impl Window {
    pub(crate) fn from_now(warm_up: Duration, length: Duration) -> Self {
        // Tasks are made before the first call is due.
        let start = Instant::now() + Duration::from_millis(100);
        Self { start, counts_from: start + warm_up, end: start + warm_up + length }
    }
}

/// What came of the calls.
#[derive(Default)]
pub(crate) struct Tally {
    /// All that came to their end, the warm-up's too.
    pub(crate) flows: u64,
    /// Those that ended after the warm-up, even if after the window.
    pub(crate) after_warm_up: u64,
    /// Those that ended within the window.
    pub(crate) in_window: u64,
    /// From `call:initiate` to `call:incoming`.
    pub(crate) ring: Histogram,
    /// From `call:initiate` to `call:ended`.
    pub(crate) whole: Histogram,
    pub(crate) reordered: u64,
    pub(crate) faults: u64,
    /// The first few, in words.
    pub(crate) first_faults: Vec<String>,
}

impl Tally {
    fn fault(&mut self, fault: &Fault) {
        self.faults += 1;
        if self.first_faults.len() < 3 {
            self.first_faults.push(fault.to_string());
        }
    }
}

/// A caller and a callee.
pub(crate) struct Pair {
    caller: Connection,
    callee: Connection,
}

/// Lets neighbours make a pair each; a last one without a partner stays out of it.
pub(crate) fn pair_up(connections: Vec<Connection>) -> Vec<Pair> {
    let mut connections = connections.into_iter();
    std::iter::from_fn(|| Some(Pair { caller: connections.next()?, callee: connections.next()? })).collect()
}

pub(crate) fn part(pairs: Vec<Pair>) -> Vec<Connection> {
    pairs.into_iter().flat_map(|pair| [pair.caller, pair.callee]).collect()
}

/// Plays the load; must be called within a `LocalSet`. Gives back the pairs that still have their connections. With a
/// `brake`, back-to-back calls wait while that server is behind with its writing.
pub(crate) async fn play(
    pairs: Vec<Pair>,
    pace: Pace,
    window: Window,
    random: &mut Random,
    brake: Option<SocketAddr>,
) -> (Vec<Pair>, Tally) {
    let plan = plan(pairs.len(), pace, window, random);
    let stage = Rc::new(Stage {
        window,
        tally: RefCell::default(),
        sdp: description(),
        // No two loads share the name of a room, not even on one database.
        tag: random.next() as u32,
        holds: Cell::new(false),
    });
    let mut tasks = JoinSet::new();
    let braking = brake.map(|server| tokio::task::spawn_local(stage.clone().brake(server)));
    for (pair, calls) in pairs.into_iter().zip(plan) {
        tasks.spawn_local(stage.clone().pair(pair, calls));
    }
    let pairs = tasks.join_all().await.into_iter().flatten().collect();
    if let Some(braking) = braking {
        braking.abort();
    }
    (pairs, stage.tally.take())
}

/// When one pair calls.
enum Calls {
    BackToBack,
    At(VecDeque<Instant>),
}

fn plan(pairs: usize, pace: Pace, window: Window, random: &mut Random) -> Vec<Calls> {
    let mut plan: Vec<Calls> = (0..pairs).map(|_| Calls::At(VecDeque::new())).collect();
    match pace {
        Pace::BackToBack { pairs: busy } => {
            plan.iter_mut().take(busy).for_each(|calls| *calls = Calls::BackToBack);
        }
        Pace::Rate { flows_per_second } => {
            let mut due = window.start;
            for turn in 0.. {
                // Exponential gaps: callers know nothing of each other.
                due += Duration::from_secs_f64(-(1.0 - random.share()).ln() / flows_per_second);
                if due >= window.end {
                    break;
                }
                if let Calls::At(moments) = &mut plan[turn % pairs] {
                    moments.push_back(due);
                }
            }
        }
    }
    plan
}

/// What all pairs of one load share.
struct Stage {
    window: Window,
    tally: RefCell<Tally>,
    sdp: String,
    tag: u32,
    /// No call is begun: the server has enough to write.
    holds: Cell<bool>,
}

impl Stage {
    /// Holds the calls back while many rows wait at the server. What a database cannot take is not what it does.
    async fn brake(self: Rc<Self>, server: SocketAddr) {
        loop {
            match waiting_rows(server).await {
                Ok(rows) => self.holds.set(rows > ROWS_WAITING),
                Err(error) => self.tally.borrow_mut().fault(&Fault::Closed(error.to_string())),
            }
            sleep(BRAKE_LOOKS).await;
        }
    }

    /// One pair from the first call to the last. None if a connection was lost.
    async fn pair(self: Rc<Self>, mut pair: Pair, mut calls: Calls) -> Option<Pair> {
        let mut number = 0;
        loop {
            while matches!(calls, Calls::BackToBack) && self.holds.get() && Instant::now() < self.window.end {
                sleep(BRAKE_LOOKS).await;
            }
            let due = match &mut calls {
                Calls::BackToBack => Some(self.window.start.max(Instant::now())),
                Calls::At(moments) => moments.pop_front(),
            };
            let Some(due) = due.filter(|due| *due < self.window.end) else { break };
            number += 1;
            // A call that its pair's previous one held up has waited since it was due. One that found its pair idle
            // begins when the timer wakes us, up to a millisecond late; that is none of the server's doing.
            let is_held_up = Instant::now() > due;
            let outcome = match self.listen(&mut pair, due).await {
                Ok(()) if is_held_up => self.call(&mut pair, due, number).await,
                Ok(()) => self.call(&mut pair, Instant::now(), number).await,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = outcome {
                self.tally.borrow_mut().fault(&fault);
                if matches!(fault, Fault::Closed(_)) {
                    return None;
                }
                self.forget(&mut pair).await;
            }
        }
        let silence = Instant::now().max(self.window.end) + LISTEN_AFTER;
        if let Err(fault) = self.listen(&mut pair, silence).await {
            self.tally.borrow_mut().fault(&fault);
        }
        Some(pair)
    }

    /// Until then, nothing but pings may come.
    async fn listen(&self, pair: &mut Pair, until: Instant) -> Result<(), Fault> {
        let mut nothing = Flow::new("", "");
        let mut wake = pin!(sleep_until(until));
        loop {
            for side in [Side::Caller, Side::Callee] {
                while hear(pair.side(side), side, &mut nothing)?.is_some() {}
            }
            pair.flush().await?;
            if Instant::now() >= until {
                return Ok(());
            }
            tokio::select! {
                biased;
                filled = pair.fill() => filled?,
                () = &mut wake => {}
            }
        }
    }

    /// One call, checked event by event.
    async fn call(&self, pair: &mut Pair, due: Instant, number: u32) -> Result<(), Fault> {
        let (caller, callee) = (pair.caller.user, pair.callee.user);
        let room = format!("room_{:08x}_{caller}_{number}", self.tag);
        let sdp = &self.sdp;
        let mut flow = Flow::new(&room, sdp);
        let mut rang_after = Duration::ZERO;
        let mut deadline = pin!(sleep_until(Instant::now() + FLOW_TIMEOUT));
        pair.caller.say(format_args!(
            r#"42["call:initiate",{{"fromId":{caller},"toId":{callee},"callType":"video","roomName":"{room}","sdpOffer":{{"type":"offer","sdp":"{sdp}"}}}}]"#
        ));
        pair.flush().await?;
        loop {
            tokio::select! {
                biased;
                filled = pair.fill() => filled?,
                () = &mut deadline => return Err(Fault::Lost { waiting_for: flow.waiting_for() }),
            }
            for side in [Side::Caller, Side::Callee] {
                while let Some(next) = hear(pair.side(side), side, &mut flow)? {
                    match next {
                        Next::Wait => {}
                        Next::Accept => {
                            rang_after = due.elapsed();
                            pair.callee.say(format_args!(
                                r#"42["call:accept",{{"roomName":"{room}","userId":{callee},"sdpAnswer":{{"type":"answer","sdp":"{sdp}"}}}}]"#
                            ));
                        }
                        Next::Trickle => {
                            trickle(&mut pair.caller, callee, &room);
                            trickle(&mut pair.callee, caller, &room);
                        }
                        Next::HangUp => pair.caller.say(format_args!(
                            r#"42["call:end",{{"roomName":"{room}","userId":{caller},"reason":"completed"}}]"#
                        )),
                        Next::Over => {
                            self.count(due, rang_after, flow.reordered);
                            return Ok(());
                        }
                    }
                }
            }
            pair.flush().await?;
        }
    }

    fn count(&self, due: Instant, rang_after: Duration, reordered: u32) {
        let now = Instant::now();
        let mut tally = self.tally.borrow_mut();
        tally.flows += 1;
        tally.reordered += u64::from(reordered);
        if now < self.window.counts_from {
            return;
        }
        tally.after_warm_up += 1;
        if now <= self.window.end {
            tally.in_window += 1;
        }
        // An overloaded open loop finishes late: leaving its late calls out would flatter it.
        tally.ring.add(rang_after);
        tally.whole.add(now - due);
    }

    /// After a fault: lets what is under way pass by, so that one fault is not counted many times.
    async fn forget(&self, pair: &mut Pair) {
        let until = Instant::now() + Duration::from_secs(1);
        while Instant::now() < until {
            // Whatever it finds was counted; a lost connection shows itself again at the next call.
            if matches!(self.listen(pair, until).await, Err(Fault::Closed(_))) {
                return;
            }
        }
    }
}

impl Pair {
    fn side(&mut self, side: Side) -> &mut Connection {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    /// Waits until either connection has more bytes.
    async fn fill(&mut self) -> Result<(), Fault> {
        tokio::select! {
            biased;
            filled = self.caller.fill() => filled.map_err(closed),
            filled = self.callee.fill() => filled.map_err(closed),
        }
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        self.caller.flush().await.map_err(closed)?;
        self.callee.flush().await.map_err(closed)
    }
}

/// How many rows wait to be written, as the server's metrics have it.
async fn waiting_rows(server: SocketAddr) -> Result<f64> {
    let page = server::get(server, "/metrics").await?;
    let line = page.lines().find_map(|line| line.strip_prefix("calls_db_queue_depth "));
    Ok(line.context("no calls_db_queue_depth on the metrics page")?.trim().parse()?)
}

/// What the next packet that has come means; none: no packet has come.
fn hear(connection: &mut Connection, side: Side, flow: &mut Flow<'_>) -> Result<Option<Next>, Fault> {
    let Some(packet) = connection.next().map_err(closed)? else { return Ok(None) };
    flow.heard(side, connection.text(packet).map_err(closed)?).map(Some)
}

/// All candidates of one side, in one write: to a server they often come so close.
fn trickle(from: &mut Connection, to: u32, room: &str) {
    let user = from.user;
    for number in 0..CANDIDATES {
        from.say(format_args!(
            r#"42["ice:candidate",{{"roomName":"{room}","toUserId":{to},"fromUserId":{user},"candidate":{{"candidate":"candidate:{number} 1 udp 2122260223 192.0.2.{number} {port} typ host generation 0 ufrag EsAw network-id 1","sdpMid":"0","sdpMLineIndex":0}},"sdpMLineIndex":0,"sdpMid":"0"}}]"#,
            port = 50_000 + number
        ));
    }
}

/// A session description of 2.4 kB, about what a browser offers for sound and picture; JSON-escaped.
fn description() -> String {
    let mut sdp = String::from(r"v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
    sdp.push_str(r"a=group:BUNDLE 0 1\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99\r\nc=IN IP4 0.0.0.0\r\n");
    for payload in (96..128).cycle() {
        if sdp.len() >= 2_400 {
            break;
        }
        // Writing to a String cannot fail.
        let _ = write!(sdp, r"a=rtpmap:{payload} VP8/90000\r\na=rtcp-fb:{payload} nack pli\r\n");
    }
    sdp
}

// By value, as `map_err` gives it.
#[expect(clippy::needless_pass_by_value)]
fn closed(error: anyhow::Error) -> Fault {
    Fault::Closed(error.to_string())
}
