//! One run: a server is started, loaded, looked at and ended.
use super::{
    crowd::{self, Crowd},
    flow::CANDIDATES,
    load::{self, Pace, Pair, Tally, Window},
    machine::{busy_seconds, cpu_seconds, resident_kb},
    mariadb::MariaDb,
    profile::Recording,
    random::Random,
    server::{Contestant, Server, Who},
};
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

/// What is done in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scenario {
    /// Calls, nothing written.
    Memory,
    /// Calls, all written to MariaDB.
    MariaDb,
    /// Many users: memory, and all coming back after a crash.
    Crowd,
}

impl Scenario {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::MariaDb => "mariadb",
            Self::Crowd => "crowd",
        }
    }
}

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Size {
    pub(crate) rounds: u32,
    pub(crate) users: u32,
    pub(crate) crowd: u32,
    /// Pairs that call back to back.
    pub(crate) busy_pairs: usize,
    /// Calls a second of the open loop, without a database.
    pub(crate) rate: f64,
    /// The same with MariaDB: a load that the baseline carries too.
    pub(crate) rate_mariadb: f64,
    pub(crate) warm_up_s: f64,
    pub(crate) closed_s: f64,
    pub(crate) open_s: f64,
}

impl Size {
    pub(crate) const FULL: Self = Self {
        rounds: 3,
        users: 1_000,
        crowd: 10_000,
        busy_pairs: 50,
        rate: 150.0,
        rate_mariadb: 15.0,
        warm_up_s: 2.0,
        closed_s: 8.0,
        open_s: 10.0,
    };
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        users: 200,
        crowd: 1_000,
        closed_s: 2.0,
        open_s: 2.0,
        warm_up_s: 0.5,
        ..Self::FULL
    };
}

/// What one run told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    pub(crate) server: String,
    pub(crate) round: u32,
    /// By name; units are part of it.
    pub(crate) numbers: BTreeMap<String, f64>,
    pub(crate) faults: u64,
    pub(crate) first_faults: Vec<String>,
}

/// Everything a run needs.
pub(crate) struct Setting<'a> {
    pub(crate) contestant: &'a Contestant,
    pub(crate) scenario: Scenario,
    pub(crate) size: Size,
    pub(crate) round: u32,
    pub(crate) seed: u64,
    pub(crate) port: u16,
    pub(crate) folder: &'a Path,
    /// Where profiles go, if any are wanted.
    pub(crate) profile: Option<&'a Path>,
}

/// Plays one run. Must be called within a `LocalSet`.
pub(crate) async fn run(setting: &Setting<'_>, mut database: Option<&mut MariaDb>) -> Result<Run> {
    let Setting { contestant, scenario, size, round, seed, port, folder, profile } = *setting;
    let mut book = Book {
        run: Run {
            scenario,
            server: contestant.who.name().to_owned(),
            round,
            numbers: BTreeMap::new(),
            faults: 0,
            first_faults: Vec::new(),
        },
        random: Random::new(seed ^ u64::from(round)),
        database_pid: database.as_ref().map(|database| database.pid()),
        profile: profile.map(Path::to_owned),
    };
    if let Some(database) = &mut database {
        database.renew(contestant.who == Who::Node).await?;
    }
    let log = folder.join("server.log");
    let server = contestant.start(port, database.is_some(), &log).await?;
    match scenario {
        Scenario::Memory | Scenario::MariaDb => {
            let pairs = load::pair_up(crowd::arrive(server.address, size.users).await?);
            let rate = if scenario == Scenario::Memory { size.rate } else { size.rate_mariadb };
            let closed = Pace::BackToBack { pairs: size.busy_pairs };
            let open = Pace::Rate { flows_per_second: rate };
            let pairs = book
                .load("closed", &server, pairs, closed, size.closed_s, size, database.as_deref_mut())
                .await?;
            book.load("open", &server, pairs, open, size.open_s, size, database).await?;
        }
        Scenario::Crowd => return book.crowd(server, setting, &log).await,
    }
    server.end().await?;
    Ok(book.run)
}

/// Where a run writes its numbers.
struct Book {
    run: Run,
    random: Random,
    database_pid: Option<u32>,
    profile: Option<PathBuf>,
}

impl Book {
    fn note(&mut self, name: impl Into<String>, value: f64) {
        // Ten thousandths are more than any of these numbers knows.
        self.run.numbers.insert(name.into(), (value * 10_000.0).round() / 10_000.0);
    }

    fn note_faults(&mut self, tally: &Tally) {
        self.run.faults += tally.faults;
        self.run.first_faults.extend_from_slice(&tally.first_faults);
    }

    /// Plays a load and notes its numbers, their names beginning with `name`. Returns the pairs.
    #[expect(clippy::too_many_arguments, reason = "they are the load; a struct would be used once")]
    async fn load(
        &mut self,
        name: &str,
        server: &Server,
        pairs: Vec<Pair>,
        pace: Pace,
        seconds: f64,
        size: Size,
        mut database: Option<&mut MariaDb>,
    ) -> Result<Vec<Pair>> {
        let window =
            Window::from_now(Duration::from_secs_f64(size.warm_up_s), Duration::from_secs_f64(seconds));
        let before = match &mut database {
            Some(database) => Some(database.rows().await?),
            None => None,
        };
        let _recording = match (&self.profile, pace) {
            (Some(folder), Pace::BackToBack { .. }) => {
                let name = format!("{}-{}", self.run.scenario.name(), self.run.round);
                Some(Recording::start(server.pid(), seconds + size.warm_up_s, folder, &name)?)
            }
            _ => None,
        };
        // Node waits for its rows itself; ours writes behind the call's back.
        let is_ours = self.run.server == Who::Ours.name();
        let is_busy = matches!(pace, Pace::BackToBack { .. });
        let brake = (is_ours && is_busy && before.is_some()).then_some(server.address);
        let database_pid = self.database_pid;
        let look = || Look::now(server.pid(), database_pid);
        let looks = async {
            sleep_until(window.counts_from).await;
            let first = look();
            sleep_until(window.end).await;
            (first, look())
        };
        let ((pairs, tally), (first, last)) =
            tokio::join!(load::play(pairs, pace, window, &mut self.random, brake), looks);
        let (first, last) = (first?, last?);
        self.note_faults(&tally);
        ensure!(tally.in_window > 0, "no call came to its end: {:?}", tally.first_faults);

        let mut flows = tally.after_warm_up as f64;
        let mut rate = tally.in_window as f64 / seconds;
        if let (Some(database), Some(before)) = (database, before) {
            let candidates = tally.flows * u64::from(2 * CANDIDATES);
            // After a fault nobody knows how many there should be.
            let spare = tally.faults * u64::from(2 * CANDIDATES);
            let rows = database
                .settled(before.ended + tally.flows + tally.faults, before.candidates + candidates + spare)
                .await?;
            let (ended, written) = (rows.ended - before.ended, rows.candidates - before.candidates);
            let lag = rows.at.saturating_duration_since(window.end).as_secs_f64();
            self.note(format!("{name}_write_lag_s"), lag);
            self.note(format!("{name}_calls_lost"), tally.flows.saturating_sub(ended) as f64);
            self.note(format!("{name}_candidates_lost"), candidates.saturating_sub(written) as f64);
            // What is not written is not done, and what is written late is done late.
            let share = |there: u64, wanted: u64| there.min(wanted) as f64 / wanted as f64;
            flows *= share(ended, tally.flows).min(share(written, candidates));
            rate = flows / (seconds + lag);
        }
        let end = look()?;
        self.note(format!("{name}_flows"), tally.flows as f64);
        self.note(format!("{name}_flows_per_s"), rate);
        // Calls that ended late, and rows that were written late, are paid for too.
        let milliseconds_a_flow = |seconds: f64| seconds * 1000.0 / flows;
        self.note(format!("{name}_cpu_ms_per_flow"), milliseconds_a_flow(end.server - first.server));
        self.note(format!("{name}_driver_cpu_ms_per_flow"), milliseconds_a_flow(end.driver - first.driver));
        if self.database_pid.is_some() {
            self.note(
                format!("{name}_database_cpu_ms_per_flow"),
                milliseconds_a_flow(end.database - first.database),
            );
        }
        for (who, used) in [
            ("server", last.server - first.server),
            ("driver", last.driver - first.driver),
            ("database", last.database - first.database),
            ("others", last.others() - first.others()),
        ] {
            self.note(format!("{name}_{who}_cores"), (used / (last.at - first.at).as_secs_f64()).max(0.0));
        }
        for (what, histogram) in [("ring", &tally.ring), ("whole", &tally.whole)] {
            for (quantile, share) in [("p50", 0.5), ("p99", 0.99)] {
                let value = histogram.quantile_ms(share).unwrap_or(f64::NAN);
                self.note(format!("{name}_{what}_{quantile}_ms"), value);
            }
        }
        self.note(format!("{name}_reordered"), tally.reordered as f64);
        Ok(pairs)
    }

    /// Many users connect, call, lose their server and come back.
    async fn crowd(mut self, server: Server, setting: &Setting<'_>, log: &Path) -> Result<Run> {
        let Setting { contestant, size, port, .. } = *setting;
        let users = f64::from(size.crowd);
        let empty_kb = resident_kb(server.pid())?;
        let (began, before) = (Instant::now(), cpu_seconds(server.pid())?);
        let connections = crowd::arrive(server.address, size.crowd).await?;
        self.note("connect_s", began.elapsed().as_secs_f64());
        self.note("connect_cpu_ms", (cpu_seconds(server.pid())? - before) * 1000.0 / users);
        let full_kb = settled_kb(server.pid()).await?;
        self.note("start_mb", empty_kb / 1024.0);
        self.note("full_mb", full_kb / 1024.0);
        self.note("kb_per_connection", (full_kb - empty_kb) / users);

        let pairs = load::pair_up(connections);
        let closed = Pace::BackToBack { pairs: size.busy_pairs };
        let pairs = self.load("closed", &server, pairs, closed, size.closed_s / 2.0, size, None).await?;
        let loaded_kb = settled_kb(server.pid()).await?;
        self.note("kb_per_connection_after_load", (loaded_kb - empty_kb) / users);

        let address = server.address;
        let waiting = Crowd::hold(load::part(pairs), address, &mut self.random);
        server.kill()?;
        let began = Instant::now();
        let server = contestant.start(port, false, log).await?;
        self.note("restart_ready_s", began.elapsed().as_secs_f64());
        let connections = waiting.all_back(began + Duration::from_secs(120)).await?;
        self.note("reconnect_s", began.elapsed().as_secs_f64());
        self.note("reconnect_cpu_ms", cpu_seconds(server.pid())? * 1000.0 / users);

        // Served means that calls work again.
        let window = Window::from_now(Duration::ZERO, Duration::from_secs(1));
        let (_, tally) = load::play(load::pair_up(connections), closed, window, &mut self.random, None).await;
        self.note_faults(&tally);
        ensure!(tally.flows > 0, "after the restart no call came to its end: {:?}", tally.first_faults);
        server.kill()?;
        Ok(self.run)
    }
}

/// Processor time used so far.
struct Look {
    at: Instant,
    server: f64,
    driver: f64,
    database: f64,
    machine: f64,
}

impl Look {
    fn now(server: u32, database: Option<u32>) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            server: cpu_seconds(server)?,
            driver: cpu_seconds(std::process::id())?,
            database: database.map_or(Ok(0.0), cpu_seconds)?,
            machine: busy_seconds()?,
        })
    }

    /// By whoever else is at work on this machine, and disturbs.
    fn others(&self) -> f64 {
        self.machine - self.server - self.driver - self.database
    }
}

/// The memory once it stands still for a second.
async fn settled_kb(pid: u32) -> Result<f64> {
    let mut last = resident_kb(pid)?;
    for _ in 0..5 {
        sleep(Duration::from_secs(1)).await;
        let now = resident_kb(pid)?;
        if (now - last).abs() < last * 0.005 {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}
