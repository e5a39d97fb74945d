//! Rooms of 25 and 50, of whom two are engines. The others are synthetic: they decode nothing, but what they say is the
//! tone of each as Opus, so that the engines' ears can tell who is heard.
use super::server_of;
use anyhow::Result;
use calls_core::Call;
use calls_protocol::{CallType, UserId};
use calls_tests::{
    crowd::{Member, Plan, Room, Stage, Visitor, Voice},
    phone::{Phone, config},
    server::TestServer,
};

const ROOM: &str = "hall";

/// Half as loud is speech, too.
const LOUD: u8 = 25;
const SOFT: u8 = 50;

/// The media server sends so many voices at once.
const AUDIBLE: u32 = 6;

fn says(below: u8) -> Plan {
    Plan { voice: Some(Voice { below, is_tone: true, ..Voice::USUAL }), picture: None }
}

/// Sends and says nothing, as a microphone in a quiet room.
fn silent() -> Plan {
    says(127)
}

/// Two engines and a crowd.
struct Hall {
    server: TestServer,
    stage: Stage,
    room: Room,
    engines: Vec<(Phone, Call)>,
    members: Vec<Member>,
}

impl Hall {
    async fn of(count: u32) -> Result<Self> {
        let server = server_of("1").await;
        let stage = Stage::start()?;
        let room = Room { name: ROOM.to_owned(), number: 1, group: None, is_video: false };
        let mut hall = Self { server, stage, room, engines: Vec::new(), members: Vec::new() };
        for user in 1..=2 {
            let phone = Phone::with_camera(config(hall.server.address(), user), (160, 96))?;
            phone.registered().await?;
            let call = phone.calls.join(ROOM, CallType::Video).await?;
            call.set_muted(true)?;
            hall.engines.push((phone, call));
        }
        for user in 3..=count {
            let visitor = Visitor::sign_in(hall.server.address(), user).await?;
            hall.members.push(visitor.join(&mut hall.stage, &hall.room, false, silent()).await?);
        }
        for (phone, _) in &hall.engines {
            phone.until("all there", |call| call.others.len() == count as usize - 1).await?;
        }
        Ok(hall)
    }

    fn member(&self, user: u32) -> &Member {
        &self.members[user as usize - 3]
    }

    fn says(&self, users: impl IntoIterator<Item = u32>, below: u8) {
        users.into_iter().for_each(|user| self.member(user).seat.plan(says(below), 0.0));
    }

    /// Both engines hear exactly these, of those who are not themselves.
    async fn hear(&self, users: &[u64]) -> Result<()> {
        for (own, (phone, _)) in (1..).zip(&self.engines) {
            let others: Vec<u64> = users.iter().copied().filter(|user| *user != own).collect();
            phone.hears_steadily(&others).await?;
        }
        Ok(())
    }

    async fn show_large(&self, user: u64) -> Result<()> {
        let user = UserId::new(user)?;
        for (own, (phone, _)) in (1..).zip(&self.engines) {
            if own != user.get() {
                phone.until("whoever speaks is shown large", |call| call.dominant == Some(user)).await?;
            }
        }
        Ok(())
    }

    async fn see_each_other(&self) -> Result<()> {
        for (phone, _) in &self.engines {
            phone.forgets_faces();
        }
        self.engines[0].0.sees_of(2, 2).await?;
        self.engines[1].0.sees_of(1, 1).await
    }

    async fn end(self) -> Result<()> {
        for (phone, _) in self.engines {
            phone.calls.close().await;
        }
        drop(self.members);
        self.stage.stop()?;
        self.server.stop().await;
        Ok(())
    }
}

async fn who_speaks_is_heard_in_a_room_of(count: u32) -> Result<()> {
    let hall = Hall::of(count).await?;
    hall.hear(&[]).await?;
    hall.see_each_other().await?;

    // One, and another one.
    hall.says([count], LOUD);
    hall.hear(&[count.into()]).await?;
    hall.show_large(count.into()).await?;
    hall.says([count], 127);
    hall.says([9], LOUD);
    hall.hear(&[9]).await?;
    hall.show_large(9).await?;

    // Who is muted is not heard, whatever they go on sending.
    hall.says([4], LOUD);
    hall.hear(&[4, 9]).await?;
    hall.member(9).toggle(&hall.room, false, false).await?;
    hall.hear(&[4]).await?;
    hall.show_large(4).await?;
    hall.member(9).toggle(&hall.room, true, false).await?;
    hall.hear(&[4, 9]).await?;
    hall.says([4, 9], 127);

    // More than are sent at once: the loudest are.
    hall.says(3..=count, SOFT);
    let loud = count - AUDIBLE + 1..=count;
    hall.says(loud.clone(), LOUD);
    hall.hear(&loud.map(u64::from).collect::<Vec<_>>()).await?;
    hall.says(3..=count, 127);

    // An engine among them.
    hall.engines[0].1.set_muted(false)?;
    hall.hear(&[1]).await?;
    hall.show_large(1).await?;
    hall.says([count / 2], LOUD);
    hall.hear(&[1, u64::from(count / 2)]).await?;
    hall.see_each_other().await?;
    hall.end().await
}

#[tokio::test]
async fn of_25_the_engines_hear_exactly_who_speaks() -> Result<()> {
    who_speaks_is_heard_in_a_room_of(25).await
}

#[tokio::test]
async fn of_50_the_engines_hear_exactly_who_speaks() -> Result<()> {
    who_speaks_is_heard_in_a_room_of(50).await
}
