//! A room that goes on: whatever is said in it, and whoever comes and goes, the server holds no more than at first.
use super::PROGRAM;
use anyhow::{Result, ensure};
use calls_tests::{
    crowd::{Member, Plan, Room, Stage, Visitor, Voice},
    databases::Database,
    folder::Folder,
    process::{Process, free_port},
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// As fast as the crowd can: in half a minute as many as in five minutes of talk. `cargo xtask load sfu --soak` does it for
/// longer.
const FAST: Voice = Voice { every: Duration::from_millis(1), bytes: 30, below: 25, ..Voice::USUAL };
/// What everybody gets of each of two others before it is over.
const PACKETS: u64 = 15_000;
/// How something missing is noticed.
const PATIENCE: Duration = Duration::from_secs(240);
/// More than this is growth, and not the allocator's own way.
const GROWTH_KB: f64 = 256.0;

/// Waits until everybody got so many packets of others.
async fn until(stage: &Stage, members: &mut [Member], packets: u64) -> Result<()> {
    let begun = Instant::now();
    loop {
        let tally = stage.look()?;
        if tally.people[..members.len()].iter().all(|facts| facts.totals.came >= packets) {
            return Ok(());
        }
        for member in members.iter_mut() {
            if let Some(error) = member.failure().await {
                return Err(error);
            }
        }
        ensure!(begun.elapsed() < PATIENCE, "it did not come to that: {:?}", tally.people);
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_room_that_talks_for_long_and_has_guests_takes_no_more_memory() -> Result<()> {
    let (database, folder) = (Database::sqlite()?, Folder::new());
    let url = database.url();
    let environment = [
        ("AUTH_MODE", "open"),
        ("DATABASE_URL", url.as_str()),
        ("SFU", "on"),
        ("SFU_PORT", "0"),
        ("SFU_THREADS", "1"),
        ("TURN_EMBEDDED", "off"),
        ("LIMIT_CALLS_PER_MINUTE", "1000"),
        ("LOG_LEVEL", "warn"),
        ("DRAIN_SECONDS", "1"),
    ];
    let (mut server, _) = Process::start(PROGRAM, folder.path(), free_port(), &environment).await?;
    let mut stage = Stage::start()?;
    let room = Room { name: "long-room".to_owned(), number: 1, group: None, is_video: false };
    let mut members = Vec::new();
    for user in 1..=3 {
        let visitor = Visitor::sign_in(server.address(), user).await?;
        members
            .push(visitor.join(&mut stage, &room, false, Plan { voice: Some(FAST), picture: None }).await?);
    }

    // What grows to its size does so within the first third.
    let mut held = Vec::new();
    for part in 1..=12 {
        let guest = Visitor::sign_in(server.address(), 9).await?;
        let guest = guest.join(&mut stage, &room, false, Plan { voice: None, picture: None }).await?;
        until(&stage, &mut members, 2 * PACKETS * part / 12).await?;
        guest.leave(&room).await?;
        held.push(server.resident_kb()?);
    }

    let tally = stage.look()?;
    assert!(tally.people.iter().all(|facts| facts.faults.is_empty()), "{:?}", tally.people);
    assert!(held[11] - held[3] < GROWTH_KB, "in kB, after each twelfth: {held:?}");
    drop(members);
    stage.stop()?;
    server.terminate()?;
    server.ended().await?;
    Ok(())
}
