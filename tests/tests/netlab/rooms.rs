//! Rooms of many on the media server, over links that get worse and better again. What each engine plays and shows is
//! the judge, by its content.
use crate::{lab, trial};
use anyhow::{Result, ensure};
use calls_core::{Call, Looks, Other, Path, peer::PeerSettings};
use calls_protocol::{CallType, PictureKind, UserId};
use calls_tests::{
    folder::Folder,
    netlab::{Conditions, Host, Lab, Program},
    phone::{Phone, config},
};
use libtest_mimic::Trial;
use std::{
    process::Command,
    time::{Duration, Instant},
};

/// Long enough for a loaded machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// The sizes of the camera.
const SMALL: u32 = 134;
const LARGE: u32 = 270;

/// So long the link is narrow: a try to send more comes at least each five seconds.
const A_WHILE: Duration = Duration::from_secs(6);

/// What a person takes for a stumble.
const A_STUMBLE: Duration = Duration::from_secs(1);

const PORT: u16 = 443;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial(whose_link_gets_narrow_sees_a_smaller_picture_until_it_is_wide_again)]
}

/// A server with a media server on the internet, and those who come into a room there.
struct Room {
    lab: Lab,
    server: Host,
    _program: Program,
    _folder: Folder,
}

/// Somebody in the room.
struct Guest {
    host: Host,
    phone: Phone,
    call: Call,
}

impl Room {
    fn new() -> Self {
        let lab = lab();
        let server = lab.host("server", &[("net", lab.internet())]);
        let folder = Folder::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_server_under_test"));
        command.current_dir(folder.path()).envs([
            ("HOST", server.address().to_string()),
            ("PORT", PORT.to_string()),
            ("ALLOW_OPEN_ON_PUBLIC_ADDRESS", "true".into()),
            ("DATABASE_URL", "none".into()),
            ("TURN_PORT", "0".into()),
            ("SFU", "on".into()),
            ("SFU_MESH_OF_OPEN_ROOM", "1".into()),
        ]);
        let program = server.spawn(&command);
        program.wait_for("ready", PATIENCE);
        Self { lab, server, _program: program, _folder: folder }
    }

    /// Comes in from a machine of its own; with a camera of that size, or none.
    async fn joined(&self, user: u64, camera: Option<(u32, u32)>) -> Result<Guest> {
        let host = self.lab.host(&format!("user{user}"), &[("net", self.lab.internet())]);
        let mut config = config((self.server.address(), PORT).into(), user);
        config.peer = PeerSettings { start_bitrate: 4_000_000, ..PeerSettings::default() };
        // Its thread, and with it its sockets, are where it was made.
        let phone = host.inside(|| Phone::with_camera(config, camera.unwrap_or((320, 180))))?;
        phone.registered().await?;
        let call_type = if camera.is_some() { CallType::Video } else { CallType::Audio };
        let call = phone.calls.join("kitchen", call_type).await?;
        Ok(Guest { host, phone, call })
    }
}

impl Guest {
    fn carries(&self, kbps: u32) {
        let queue = Duration::from_millis(300);
        let delay = Duration::from_millis(10);
        self.host.net("net").set(Conditions { rate_kbps: Some(kbps), queue, delay, ..Conditions::default() });
    }

    async fn looks_at(&self, user: u64, height: u16) -> Result<()> {
        let user = UserId::new(user)?;
        self.phone.until("together", |call| call.others.iter().any(|other| other.user == user)).await?;
        Ok(self.call.look(vec![Looks { user, kind: PictureKind::Camera, height }])?)
    }

    fn others(&self) -> Vec<Other> {
        self.call.snapshot().map(|call| call.others).unwrap_or_default()
    }

    fn takes_notes(&self) {
        self.phone.takes_notes(&self.others().iter().map(|other| other.user.get()).collect::<Vec<_>>());
    }

    /// Since it takes notes, nobody was away for longer than a stumble, and all paths are up.
    fn was_well(&self) -> Result<Duration> {
        let others = self.others();
        ensure!(others.len() == 2 && others.iter().all(|other| other.path == Path::Up), "{others:?}");
        let silences = others.iter().map(|other| self.phone.longest_silence(other.user.get()));
        let longest = silences.max().unwrap_or_default();
        ensure!(longest <= A_STUMBLE, "nothing of somebody for {longest:?} at {}", self.host.address());
        Ok(longest)
    }
}

fn whose_link_gets_narrow_sees_a_smaller_picture_until_it_is_wide_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(narrow_and_wide()).unwrap();
}

async fn narrow_and_wide() -> Result<()> {
    let room = Room::new();
    let guests =
        [room.joined(1, Some((480, 270))).await?, room.joined(2, None).await?, room.joined(3, None).await?];
    let [ann, bob, cid] = &guests;
    bob.carries(2_000);
    for guest in [bob, cid] {
        guest.looks_at(1, 270).await?;
    }
    for (guest, others) in [(ann, [2, 3]), (bob, [1, 3]), (cid, [1, 2])] {
        guest.phone.hears_steadily(&others).await?;
    }
    for guest in [bob, cid] {
        guest.phone.sees_height(1, LARGE).await?;
        guest.phone.sees_of(1, 1).await?;
    }
    guests.iter().for_each(Guest::takes_notes);

    bob.carries(300);
    let narrowed = Instant::now();
    bob.phone.sees_height(1, SMALL).await?;
    let smaller_after = narrowed.elapsed();
    let stumble = bob.was_well()?;
    bob.takes_notes();
    // How long the link is narrow is what is tested; nothing is waited for.
    tokio::time::sleep(A_WHILE).await;
    cid.phone.sees_height(1, LARGE).await?;
    bob.phone.sees_height(1, SMALL).await?;
    // Two voices take a third of the link, and the smallest picture may be a little more than the rest of it: it may
    // pause, the voices may not.
    bob.phone.hears_steadily(&[1, 3]).await?;
    // One try, and not even that where each layer is as large as it should be.
    let sizes = bob.phone.heights_seen(1);
    assert!(sizes.len() <= 3, "it goes to and fro: {sizes:?}");

    bob.carries(2_000);
    let widened = Instant::now();
    bob.phone.sees_height(1, LARGE).await?;
    let larger_after = widened.elapsed();
    bob.phone.forgets_faces();
    bob.phone.sees_of(1, 1).await?;
    cid.phone.sees_height(1, LARGE).await?;

    let stumbles = [stumble, ann.was_well()?, bob.was_well()?, cid.was_well()?];
    println!(
        "2 Mbit/s, 300 kbit/s, 2 Mbit/s: small after {smaller_after:.1?}, large again after {larger_after:.1?}, longest \
         silence {:?}; the other one saw {:?}",
        stumbles.iter().max(),
        cid.phone.heights_seen(1)
    );
    for guest in guests {
        guest.phone.calls.close().await;
    }
    Ok(())
}
