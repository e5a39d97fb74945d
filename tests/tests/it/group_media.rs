//! Synthetic participants in rooms of a real server with its media server, all in this process: who hears whom is judged by
//! content.
use anyhow::{Context, Result, bail};
use calls_tests::{
    crowd::{Member, Picture, Plan, Room, Stage, Tally, Visitor, Voice},
    server::TestServer,
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How something missing is noticed.
const PATIENCE: Duration = Duration::from_secs(30);

const MEDIA: [(&str, &str); 3] = [("SFU", "on"), ("SFU_PORT", "0"), ("SFU_THREADS", "2")];

fn room(number: u32) -> Room {
    Room { name: format!("room-{number}"), number, group: None, is_video: true }
}

fn talks(below: u8) -> Plan {
    Plan { voice: Some(Voice { below, ..Voice::USUAL }), picture: None }
}

fn shows() -> Plan {
    let picture = Picture { bps: 300_000, every: Duration::from_millis(33), layers: 1, height: 360 };
    Plan { picture: Some(picture), ..talks(30) }
}

async fn join(server: &TestServer, stage: &mut Stage, room: &Room, user: u32, plan: Plan) -> Result<Member> {
    Visitor::sign_in(server.address(), user).await?.join(stage, room, false, plan).await
}

/// Waits until it is so; members that fail say why.
async fn until(stage: &Stage, members: &mut [Member], is_so: impl Fn(&Tally) -> bool) -> Result<Tally> {
    let begun = Instant::now();
    loop {
        let tally = stage.look()?;
        if is_so(&tally) {
            return Ok(tally);
        }
        for member in members.iter_mut() {
            if let Some(error) = member.failure().await {
                return Err(error);
            }
        }
        if begun.elapsed() > PATIENCE {
            bail!("it did not come to that: {:?}", tally.people);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn everybody_hears_and_sees_everybody_of_their_own_room_and_nobody_else() -> Result<()> {
    let server = TestServer::start(&MEDIA).await;
    let mut stage = Stage::start()?;
    let mut members = Vec::new();
    for user in 1..=6 {
        let room = room(user % 2);
        members.push(join(&server, &mut stage, &room, user, shows()).await?);
    }

    // Two others, a sound and a picture of each.
    let all = |tally: &Tally| tally.people.iter().all(|facts| facts.totals.streams == 4);
    until(&stage, &mut members, all).await?;
    stage.count_anew();
    let tally =
        until(&stage, &mut members, |tally| tally.people.iter().all(|facts| facts.totals.came > 300)).await?;

    for facts in &tally.people {
        assert_eq!(facts.faults, [], "{facts:?}");
        assert_eq!(facts.totals.not_opened, 0, "{facts:?}");
    }
    drop(members);
    stage.stop()?;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn whoever_makes_another_connection_is_in_the_room_as_before() -> Result<()> {
    let server = TestServer::start(&MEDIA).await;
    let mut stage = Stage::start()?;
    let room = room(1);
    let mut members = Vec::new();
    for user in 1..=3 {
        members.push(join(&server, &mut stage, &room, user, shows()).await?);
    }
    until(&stage, &mut members, |tally| tally.people.iter().all(|facts| facts.totals.streams == 4)).await?;
    members[0].subscribe(&room, &[(2, 0), (3, 360)]).await?;
    members[0].toggle(&room, true, false).await?;

    members[0].begin_anew(&mut stage, &room, shows()).await?;
    stage.count_anew();

    // Without the picture that is not looked at; and the others without the one that is switched off.
    let came = |tally: &Tally| tally.people.iter().skip(1).all(|facts| facts.totals.came > 300);
    let tally = until(&stage, &mut members, came).await?;
    let streams: Vec<_> = tally.people[1..].iter().map(|facts| facts.totals.streams).collect();
    assert_eq!(streams, [3, 3, 3], "{:?}", tally.people);
    for facts in &tally.people[1..] {
        assert_eq!(facts.faults, [], "{facts:?}");
    }
    drop(members);
    stage.stop()?;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn whoever_switches_the_microphone_off_is_not_heard_whatever_they_send() -> Result<()> {
    let server = TestServer::start(&MEDIA).await;
    let mut stage = Stage::start()?;
    let room = room(1);
    let mut members = Vec::new();
    for user in 1..=3 {
        members.push(join(&server, &mut stage, &room, user, talks(30)).await?);
    }
    until(&stage, &mut members, |tally| tally.people.iter().all(|facts| facts.totals.streams == 2)).await?;

    members[0].toggle(&room, false, false).await?;
    stage.count_anew();

    let others = |tally: &Tally| tally.people.iter().skip(1).all(|facts| facts.totals.came > 50);
    let tally = until(&stage, &mut members, others).await?;
    for facts in &tally.people[1..] {
        assert_eq!((facts.totals.streams, &facts.faults[..]), (1, &[][..]), "{facts:?}");
    }
    assert!(tally.people[0].totals.sent > 30, "it goes on sending");

    members[0].toggle(&room, true, false).await?;
    until(&stage, &mut members, |tally| tally.people.iter().all(|facts| facts.totals.streams == 2)).await?;

    let first = members.remove(0);
    first.leave(&room).await?;
    stage.count_anew();
    let rest = |tally: &Tally| tally.people.iter().skip(1).all(|facts| facts.totals.came > 50);
    let tally = until(&stage, &mut members, rest).await?;
    assert!(tally.people[1..].iter().all(|facts| facts.totals.streams == 1), "{:?}", tally.people);
    let last = tally.people.last().context("three came")?;
    assert_eq!(last.faults, []);
    drop(members);
    stage.stop()?;
    server.stop().await;
    Ok(())
}
