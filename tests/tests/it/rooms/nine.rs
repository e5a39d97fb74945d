//! Nine engines in one room. All have a microphone; three of them a camera, a small one, which is what two cores decode
//! for all of them. No more than six are heard at once: the media server sends the loudest.
use super::{close, server_of};
use anyhow::Result;
use calls_core::Call;
use calls_protocol::{CallType, UserId};
use calls_tests::phone::{Phone, config};

/// With a camera.
const SHOW: [u64; 3] = [1, 2, 3];

/// In the room; whoever does not speak is silent from the beginning.
struct Room {
    phones: Vec<Phone>,
    calls: Vec<Call>,
    speak: Vec<u64>,
}

impl Room {
    async fn come(&mut self, server: std::net::SocketAddr, user: u64, speaks: bool) -> Result<()> {
        let phone = Phone::with_camera(config(server, user), (160, 96))?;
        phone.registered().await?;
        let call_type = if SHOW.contains(&user) { CallType::Video } else { CallType::Audio };
        let call = phone.calls.join("hall", call_type).await?;
        self.phones.push(phone);
        self.calls.push(call);
        if speaks {
            self.speak.push(user);
        } else {
            self.of(user).set_muted(true)?;
        }
        Ok(())
    }

    fn of(&self, user: u64) -> &Call {
        &self.calls[user as usize - 1]
    }

    /// From now on exactly these speak.
    fn speak(&mut self, users: &[u64]) -> Result<()> {
        for user in 1..=self.calls.len() as u64 {
            let (spoke, speaks) = (self.speak.contains(&user), users.contains(&user));
            if spoke != speaks {
                self.of(user).set_muted(!speaks)?;
            }
        }
        self.speak = users.to_vec();
        Ok(())
    }

    /// Everybody hears whoever speaks, and nobody else.
    async fn all_hear(&self) -> Result<()> {
        for (user, phone) in (1..).zip(&self.phones) {
            let others: Vec<u64> = self.speak.iter().copied().filter(|other| *other != user).collect();
            phone.hears_steadily(&others).await?;
        }
        Ok(())
    }

    async fn all_see(&self, whom: &[u64]) -> Result<()> {
        self.phones.iter().for_each(Phone::forgets_faces);
        for (user, phone) in (1..).zip(&self.phones) {
            for other in whom.iter().filter(|other| **other != user) {
                phone.sees_of(*other, *other).await?;
            }
        }
        Ok(())
    }

    /// All show the same one large: whoever speaks.
    async fn all_show_large(&self, user: u64) -> Result<()> {
        let user = UserId::new(user)?;
        for phone in &self.phones {
            phone.until("the one who speaks is shown large", |call| call.dominant == Some(user)).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn nine_come_speak_by_turns_and_go() -> Result<()> {
    let server = server_of("1").await;
    let mut room = Room { phones: Vec::new(), calls: Vec::new(), speak: Vec::new() };
    for user in 1..=9 {
        room.come(server.address(), user, user <= 6).await?;
    }

    room.all_hear().await?;
    room.all_see(&SHOW).await?;

    room.speak(&[2, 3, 4, 5, 6, 7])?;
    room.all_hear().await?;
    room.speak(&[9])?;
    room.all_hear().await?;
    room.all_show_large(9).await?;
    room.speak(&[5])?;
    room.all_hear().await?;
    room.all_show_large(5).await?;

    let last = room.phones.pop().expect("nine came");
    room.calls.pop().expect("nine came").hang_up()?;
    for phone in &room.phones {
        phone.until("without the ninth", |call| call.others.len() == 7).await?;
    }
    last.hears_all(&[]).await?;
    last.calls.close().await;
    room.come(server.address(), 9, true).await?;
    room.speak(&[8, 9])?;
    room.all_hear().await?;
    room.all_see(&SHOW).await?;
    close(room.phones, server).await;
    Ok(())
}
