//! One run: a server is started, people come, it is looked at, and ended.
use super::{
    machine::Cpu,
    report::Run,
    scenario::{Scenario, Size},
};
use anyhow::{Context, Result, bail, ensure};
use calls_tests::{
    crowd::{Fault, Histogram, Member, Room, Stage, Tally, Totals, Visitor},
    databases::Database,
    folder::Folder,
    process::{Process, free_port},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

/// So many sign in at once.
const AT_ONCE: usize = 50;
/// Between two who come into a room, where it is not about that.
const PAUSE: Duration = Duration::from_millis(15);
/// By then everybody hears everybody.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The group that is called, and how many the server rings at the most: more meet in an open room.
const GROUP: u64 = 7;
const LARGEST_GROUP: u32 = 500;

/// How a run is made.
pub(crate) struct Setting<'a> {
    /// The program.
    pub(crate) server: &'a str,
    /// Its threads for media.
    pub(crate) workers: u32,
    pub(crate) size: Size,
}

/// The limits of the contract are for people; here one machine is hundreds of them.
fn environment(database: &str, workers: u32) -> Vec<(&'static str, String)> {
    [
        ("AUTH_MODE", "open"),
        ("DATABASE_URL", database),
        ("SFU", "on"),
        ("SFU_PORT", "0"),
        ("TURN_EMBEDDED", "off"),
        ("MAX_PARTICIPANTS", "1000"),
        ("LIMIT_CALLS_PER_MINUTE", "100000"),
        ("LIMIT_EVENTS_PER_SECOND", "1000000"),
        ("LIMIT_HANDSHAKES_PER_MINUTE", "0"),
        ("LIMIT_CONNECTIONS_PER_ADDRESS", "0"),
        ("LOG_LEVEL", "warn"),
        ("DRAIN_SECONDS", "1"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into_iter()
    .chain([("SFU_THREADS", workers.to_string())])
    .collect()
}

/// Everybody of a run.
struct Cast {
    server: Process,
    _folder: Folder,
    _database: Database,
    stage: Stage,
    room: Room,
    people: Vec<Member>,
    idle_kb: f64,
    signed_kb: f64,
}

/// Plays one.
pub(crate) async fn run(setting: &Setting<'_>, scenario: Scenario) -> Result<Run> {
    let size = setting.size;
    let mut cast = Cast::come(setting, scenario).await?;
    cast.is_ready(scenario, &size).await?;
    if scenario.has_pictures() {
        let wanted: Vec<(u32, u16)> = (1..=size.cameras).map(|user| (user, 720)).collect();
        for member in &cast.people {
            member.subscribe(&cast.room, &wanted).await?;
        }
    }
    let joins = cast.joins(scenario)?;
    sleep(scenario.warm_up()).await;
    let mut run = cast.count(scenario, &size).await?;
    run.joins_ms = joins;
    cast.leave().await?;
    Ok(run)
}

/// Plays for long, and looks at the memory after each tenth.
pub(crate) async fn soak(setting: &Setting<'_>, seconds: f64) -> Result<Run> {
    let scenario = Scenario::Soak;
    let mut cast = Cast::come(setting, scenario).await?;
    cast.is_ready(scenario, &setting.size).await?;
    sleep(scenario.warm_up()).await;
    let size = Size { seconds: seconds / 10.0, ..setting.size };
    let mut memory = vec![cast.server.resident_kb()?];
    let mut last = None;
    for tenth in 1..=10 {
        let run = cast.count(scenario, &size).await?;
        memory.push(run.kb);
        println!(
            "soak {tenth:>2}/10: {:.0} kB, {:.0} packets/s, delivery {:.3} %, p99 {:.2} ms, faults {:?}",
            run.kb, run.forwarded_per_s, run.delivery_percent, run.latency_ms.1, run.faults
        );
        last = Some(run);
    }
    cast.leave().await?;
    let mut run = last.context("there were ten")?;
    run.memory_kb = memory;
    Ok(run)
}

impl Cast {
    async fn come(setting: &Setting<'_>, scenario: Scenario) -> Result<Self> {
        let Setting { server, workers, size } = *setting;
        let (database, folder) = (Database::sqlite()?, Folder::new());
        let environment = environment(&database.url(), workers);
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (server, _) = Process::start(server, folder.path(), free_port(), &environment).await?;
        let users = 1..=scenario.people(&size);
        let members: Vec<String> = users.clone().map(|user| format!("({GROUP}, {user})")).collect();
        let sql = format!(
            "INSERT INTO wo_groupchat (group_id, group_name) VALUES ({GROUP}, 'Crowd'); \
             INSERT INTO wo_groupchatusers (group_id, user_id) VALUES {}",
            members.join(", ")
        );
        database.run(&sql).await?;
        let idle_kb = server.resident_kb()?;

        let mut visitors = BTreeMap::new();
        let mut tasks = JoinSet::new();
        for user in users {
            if tasks.len() == AT_ONCE
                && let Some(done) = tasks.join_next().await
            {
                let (user, visitor): (u32, Result<Visitor>) = done?;
                visitors.insert(user, visitor?);
            }
            let address = server.address();
            tasks.spawn(async move { (user, Visitor::sign_in(address, user).await) });
        }
        while let Some(done) = tasks.join_next().await {
            let (user, visitor) = done?;
            visitors.insert(user, visitor?);
        }
        let signed_kb = server.resident_kb()?;

        let is_video = scenario.has_pictures();
        let group = (scenario.people(&size) <= LARGEST_GROUP).then_some(GROUP);
        let room = Room { name: "group_7_1".to_owned(), number: 7, group, is_video };
        let mut cast = Self {
            server,
            _folder: folder,
            _database: database,
            stage: Stage::start()?,
            room,
            people: Vec::new(),
            idle_kb,
            signed_kb,
        };
        let pause = match scenario {
            Scenario::Arrive => Duration::from_secs_f64(size.arrive_s / f64::from(size.arrivals)),
            _ => PAUSE,
        };
        for (number, (_, visitor)) in (0..).zip(visitors) {
            let plan = scenario.plan(&size, number);
            let member = visitor.join(&mut cast.stage, &cast.room, number == 0, plan).await?;
            cast.people.push(member);
            // The room has to be there before others come into it.
            if number == 0 {
                cast.wait_for(|tally| tally.people.iter().all(|facts| facts.is_connected)).await?;
            } else {
                sleep(pause).await;
            }
        }
        Ok(cast)
    }

    /// Everybody gets what they shall get.
    async fn is_ready(&mut self, scenario: Scenario, size: &Size) -> Result<()> {
        let wanted: Vec<u64> =
            (0..).take(self.people.len()).map(|number| scenario.streams(size, number).into()).collect();
        self.wait_for(|tally| {
            let mut all = tally.people.iter().zip(&wanted);
            all.all(|(facts, wanted)| facts.is_connected && facts.totals.streams >= *wanted)
        })
        .await
    }

    async fn wait_for(&mut self, is_ready: impl Fn(&Tally) -> bool) -> Result<()> {
        let begun = Instant::now();
        loop {
            let tally = self.stage.look()?;
            if is_ready(&tally) {
                return Ok(());
            }
            for member in &mut self.people {
                if let Some(error) = member.failure().await {
                    return Err(error);
                }
            }
            if begun.elapsed() > READY_WITHIN {
                bail!("not everybody gets what they shall get: {}\n{}", in_words(&tally), self.server.log());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// How long each waited for the first sound of another, in milliseconds.
    fn joins(&self, scenario: Scenario) -> Result<Vec<f64>> {
        if scenario != Scenario::Arrive {
            return Ok(Vec::new());
        }
        let tally = self.stage.look()?;
        // The first had nobody to hear.
        let waits = self.people.iter().zip(&tally.people).skip(1).map(|(member, facts)| {
            let heard = facts.first_heard.context("everybody hears somebody")?;
            Ok(heard.saturating_duration_since(member.said).as_secs_f64() * 1000.0)
        });
        waits.collect()
    }

    async fn count(&mut self, scenario: Scenario, size: &Size) -> Result<Run> {
        let pid = self.server.pid();
        self.stage.count_anew();
        let (begun, before) = (Instant::now(), Cpu::now(pid)?);
        let left = self.server.metric("calls_sfu_sent_total").await?;
        sleep(Duration::from_secs_f64(size.seconds)).await;
        let (seconds, used) = (begun.elapsed().as_secs_f64(), Cpu::now(pid)?.since(before));
        let left = self.server.metric("calls_sfu_sent_total").await? - left;
        let tally = self.stage.look()?;
        let kb = self.server.resident_kb()?;
        for member in &mut self.people {
            if let Some(error) = member.failure().await {
                return Err(error);
            }
        }
        let all = tally.people.iter().fold(Totals::default(), |all, facts| all.plus(&facts.totals));
        ensure!(all.packets > 0, "nothing was forwarded");
        let packets = all.packets as f64;
        let times = |of: &Histogram| {
            let ms = |share| of.quantile_ms(share).unwrap_or_default();
            (ms(0.5), ms(0.99), of.longest_ms().unwrap_or_default())
        };
        let people = self.people.len() as f64;
        Ok(Run {
            scenario,
            title: scenario.title(size),
            people: self.people.len(),
            seconds,
            forwarded_per_s: packets / seconds,
            forwarded_mbit_per_s: all.bytes as f64 * 8.0 / seconds / 1e6,
            sent_per_s: all.sent as f64 / seconds,
            server_cores: used.server / seconds,
            driver_cores: used.driver / seconds,
            others_cores: (used.busy - used.server - used.driver).max(0.0) / seconds,
            cpu_s_per_million: used.server / packets * 1e6,
            one_core_per_s: packets / used.server.max(0.01),
            delivery_percent: 100.0 * all.came as f64 / all.expected.max(1) as f64,
            datagrams_left: left,
            datagrams_came: tally.datagrams as f64,
            latency_ms: times(&tally.latency),
            wake_ms: times(&tally.wake),
            a_call_takes: tally.datagrams as f64 / tally.calls.max(1) as f64,
            kb,
            kb_a_person: (kb - self.idle_kb) / people,
            kb_of_media: (kb - self.signed_kb) / people,
            streams: all.streams,
            lost: all.lost,
            late: all.late,
            keys: all.keys,
            repairs: all.repairs,
            key_requests: all.key_requests,
            not_opened: all.not_opened,
            refused: tally.refused,
            faults: faults(&tally),
            joins_ms: Vec::new(),
            memory_kb: Vec::new(),
        })
    }

    async fn leave(mut self) -> Result<()> {
        self.people.clear();
        self.stage.stop()?;
        self.server.terminate()?;
        self.server.ended().await?;
        Ok(())
    }
}

fn faults(tally: &Tally) -> BTreeMap<String, u64> {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for (fault, count) in tally.people.iter().flat_map(|facts| &facts.faults) {
        let name = match fault {
            Fault::Damaged => "damaged",
            Fault::OtherRoom => "of another room",
            Fault::Own => "its own",
            Fault::Secret => "switched off",
            Fault::WrongName => "by a wrong name",
            Fault::Twice => "twice",
        };
        *all.entry(name.to_owned()).or_default() += count;
    }
    all
}

fn in_words(tally: &Tally) -> String {
    let connected = tally.people.iter().filter(|facts| facts.is_connected).count();
    let mut streams: BTreeMap<u64, usize> = BTreeMap::new();
    for facts in &tally.people {
        *streams.entry(facts.totals.streams).or_default() += 1;
    }
    let of = tally.people.len();
    format!(
        "{connected} of {of} are connected; streams and who gets so many: {streams:?}, {:?}",
        faults(tally)
    )
}
