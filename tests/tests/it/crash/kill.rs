//! `kill -9` at any moment, and a server that comes after.
use super::{
    PROGRAM,
    load::{Call, Crowd, Kind},
};
use anyhow::{Context, Result, ensure};
use calls_tests::{
    client::Client,
    databases::Database,
    folder::Folder,
    process::{Process, free_port},
    sim::Random,
};
use serde_json::json;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use tokio::time::sleep;

const SETTINGS: [(&str, &str); 5] = [
    ("RING_SECONDS", "5"),
    ("RESUME_SECONDS", "2"),
    ("LIMIT_CALLS_PER_MINUTE", "100000"),
    ("LIMIT_EVENTS_PER_SECOND", "100000"),
    ("LOG_LEVEL", "warn"),
];

/// Fifty clients; other people in each round, since the calls of those before go on.
fn crowd(round: u64) -> Crowd {
    Crowd { pairs: 19, groups: 3, first_user: 1 + round * 100, some_stay: true }
}

/// What kills did, over all rounds.
#[derive(Default)]
struct Tally {
    /// Calls that clients were told of.
    calls: usize,
    /// Of those, calls that the database never heard of: how long before the kill they were told.
    lost: Vec<Duration>,
    /// Answers and ends that clients were told of and the database was not: the same.
    behind: Vec<Duration>,
    /// Which room had which number.
    numbers: HashMap<(bool, u64), String>,
    resumed: usize,
    ready_after: Vec<Duration>,
}

/// Kills the server `rounds` times on one database and looks at what is left.
async fn killed_again_and_again(database: Database, rounds: u64) -> Result<()> {
    let seed = seed();
    println!("{}: seed {seed}", database.name);
    let (folder, port, url) = (Folder::new(), free_port(), database.url());
    let environment: Vec<_> = SETTINGS.into_iter().chain([("DATABASE_URL", url.as_str())]).collect();
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    for round in 0..rounds {
        if round % 4 == 1 {
            // Also while it starts, reads what was going on, or closes what is too old.
            let mut starting = Process::spawn(PROGRAM, folder.path(), port, &environment)?;
            sleep(Duration::from_millis(random.below(60))).await;
            starting.kill()?;
        }
        let (mut server, ready) = Process::start(PROGRAM, folder.path(), port, &environment).await?;
        tally.ready_after.push(ready);
        crowd(round).meet(&database).await?;
        tally.resumed += some_come_back(&server, &database).await?;
        let moment = Duration::from_millis(100 + random.below(700));
        let playing = crowd(round).until_gone(server.address(), seed.wrapping_add(round));
        let killing = async {
            // Any moment: it is what this test is about.
            sleep(moment).await;
            let killed = Instant::now();
            server.kill()?;
            anyhow::Ok(killed)
        };
        let (calls, killed) = tokio::join!(playing, killing);
        tally.count(&database, &calls?, killed?).await?;
    }

    let (mut server, ready) = Process::start(PROGRAM, folder.path(), port, &environment).await?;
    tally.ready_after.push(ready);
    tally.resumed += some_come_back(&server, &database).await?;
    everything_ends(&server, &database).await?;
    server.terminate()?;
    ensure!(server.ended().await?.success(), "{}", server.log());
    ensure!(!server.log().contains("panicked"), "{}", server.log());
    tally.tell(database.name, rounds)
}

impl Tally {
    /// Compares what clients were told with the rows that a kill left.
    async fn count(&mut self, database: &Database, calls: &[Call], killed: Instant) -> Result<()> {
        self.calls += calls.len();
        for (is_pair, table) in [(true, "wo_calls"), (false, "wo_group_calls")] {
            let rows = database.ask(&format!("SELECT CONCAT(room_name, ' ', status) FROM {table}")).await?;
            let rows: HashMap<&str, &str> = rows.iter().filter_map(|row| row.split_once(' ')).collect();
            let calls: Vec<_> = calls.iter().filter(|call| (call.kind != Kind::Group) == is_pair).collect();
            let last =
                calls.iter().filter(|call| rows.contains_key(call.room.as_str())).map(|call| call.id).max();
            for call in calls {
                let before = self.numbers.insert((is_pair, call.id), call.room.clone());
                ensure!(before.is_none(), "number {} was given to {before:?} and {}", call.id, call.room);
                let Some(status) = rows.get(call.room.as_str()) else {
                    // What is lost is the end of what happened, never something in between.
                    let is_end = last.is_none_or(|last| call.id > last);
                    ensure!(is_end, "call {} is lost, and {last:?}, which came later, is not", call.id);
                    self.lost.push(killed.saturating_duration_since(call.dialled));
                    continue;
                };
                let is_open = matches!(*status, "ringing" | "connected" | "active");
                let unknown = match (call.answered, call.over) {
                    (_, Some(over)) if is_open => Some(over),
                    (Some(answered), None) if *status == "ringing" => Some(answered),
                    _ => None,
                };
                self.behind.extend(unknown.map(|told| killed.saturating_duration_since(told)));
            }
        }
        Ok(())
    }

    fn tell(mut self, name: &str, rounds: u64) -> Result<()> {
        self.lost.sort_unstable();
        self.behind.sort_unstable();
        self.ready_after.sort_unstable();
        let oldest = |times: &[Duration]| times.last().copied().unwrap_or_default();
        println!(
            "{name}: {rounds} kills of {} clients' server, {} calls told to them; {} lost, told {:?} before at most; \
             {} behind, {:?} at most; {} came back into a call; ready again after {:?} at most",
            crowd(0).clients(),
            self.calls,
            self.lost.len(),
            oldest(&self.lost),
            self.behind.len(),
            oldest(&self.behind),
            self.resumed,
            oldest(&self.ready_after),
        );
        ensure!(self.calls > 50 * usize::try_from(rounds)?, "hardly anybody called");
        ensure!(self.lost.len() + self.behind.len() > 0, "no kill met anything on its way to the database");
        ensure!(self.resumed > 0, "nobody came back");
        // The writer's 50 ms and the time of a transaction; the rest is for a machine that does other things, too.
        ensure!(oldest(&self.lost).max(oldest(&self.behind)) < Duration::from_secs(2), "too much is lost");
        Ok(())
    }
}

/// Half of those whose calls go on come back: a pair ends its call, a member of a group goes away again. Returns how
/// many found their call.
async fn some_come_back(server: &Process, database: &Database) -> Result<usize> {
    let open = database
        .ask("SELECT CONCAT(room_name, ' ', from_id, ' ', to_id, ' ', status) FROM wo_calls WHERE status IN ('ringing', 'connected')")
        .await?;
    let mut resumed = 0;
    for row in open.iter().step_by(2) {
        let parts: Vec<&str> = row.split(' ').collect();
        let [room, from, to, status] = parts[..] else { anyhow::bail!("an odd row: {row}") };
        let (from, to): (u64, u64) = (from.parse()?, to.parse()?);
        let mut ann = Client::register(server.address(), from, "phone").await?;
        if !resume(&mut ann, room, from).await? {
            continue;
        }
        resumed += 1;
        let mut bob = Client::register(server.address(), to, "phone").await?;
        if status == "connected" {
            resume(&mut bob, room, to).await?;
        }
        // In vain if its time has just run out.
        ann.try_ask("call:end", &json!({ "roomName": room, "userId": from })).await?;
        bob.expect("call:ended").await.context("the other side of a resumed call")?;
    }
    let open = database
        .ask(
            "SELECT CONCAT(c.room_name, ' ', p.user_id) FROM wo_group_calls c \
             JOIN wo_group_call_participants p ON p.group_call_id = c.id \
             WHERE c.status IN ('ringing', 'active') AND p.left_at IS NULL",
        )
        .await?;
    for row in open.iter().step_by(2) {
        let (room, user) = row.split_once(' ').context("an odd row")?;
        let user = user.parse()?;
        let mut ann = Client::register(server.address(), user, "phone").await?;
        resumed += usize::from(resume(&mut ann, room, user).await?);
        ann.vanish();
    }
    Ok(resumed)
}

/// Comes back into a call, if it goes on.
async fn resume(client: &mut Client, room: &str, user: u64) -> Result<bool> {
    let answer = client.try_ask("call:resume", &json!({ "roomName": room, "userId": user })).await?;
    let is_over = answer["error"]["code"] == "expired" || answer["error"]["code"] == "not_found";
    ensure!(answer["ok"] == true || is_over, "{answer}");
    Ok(answer["ok"] == true)
}

/// Waits until nothing goes on, and looks at the rows.
async fn everything_ends(server: &Process, database: &Database) -> Result<()> {
    let begun = Instant::now();
    while server.metric("calls_live").await? > 0.0 || server.metric("calls_db_queue_depth").await? > 0.0 {
        ensure!(begun.elapsed() < Duration::from_secs(30), "calls go on for ever: {}", server.log());
        sleep(Duration::from_millis(50)).await;
    }
    for (what, question) in [
        ("a call that never ends", "SELECT id FROM wo_calls WHERE status IN ('ringing', 'connected')"),
        ("a call without an end", "SELECT id FROM wo_calls WHERE ended_at IS NULL"),
        ("a group call that never ends", "SELECT id FROM wo_group_calls WHERE status <> 'ended'"),
        ("a group call without an end", "SELECT id FROM wo_group_calls WHERE ended_at IS NULL"),
        (
            "somebody who never left",
            "SELECT group_call_id FROM wo_group_call_participants WHERE left_at IS NULL",
        ),
        ("a call with two rows", "SELECT room_name FROM wo_calls GROUP BY room_name HAVING COUNT(*) > 1"),
        (
            "a group call with two rows",
            "SELECT room_name FROM wo_group_calls GROUP BY room_name HAVING COUNT(*) > 1",
        ),
    ] {
        let rows = database.ask(question).await?;
        ensure!(rows.is_empty(), "{what}: {rows:?}");
    }
    Ok(())
}

fn seed() -> u64 {
    // A new one each time; the output says which.
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_on_sqlite_no_call_stays_open() -> Result<()> {
    killed_again_and_again(Database::sqlite()?, 20).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_on_mariadb_no_call_stays_open() -> Result<()> {
    killed_again_and_again(Database::mariadb().await?, 8).await
}
