//! `kill -9` of the server and its media server while engines talk through it, and another one on the same ports.
use super::{joined_at, meet, others};
use crate::crash::PROGRAM;
use anyhow::Result;
use calls_core::Path;
use calls_protocol::CallType;
use calls_tests::{
    folder::Folder,
    phone::Phone,
    process::{Process, free_port},
};
use std::time::Instant;

/// Where a server is, whichever process that is at the moment.
struct Place {
    folder: Folder,
    port: u16,
    media: String,
}

impl Place {
    fn new() -> Self {
        Self { folder: Folder::new(), port: free_port(), media: free_port().to_string() }
    }

    async fn server(&self) -> Result<Process> {
        let settings = [
            ("SFU", "on"),
            ("SFU_PORT", self.media.as_str()),
            ("SFU_BIND", "127.0.0.1"),
            ("SFU_MESH_OF_OPEN_ROOM", "2"),
            ("LOG_LEVEL", "warn"),
        ];
        Ok(Process::start(PROGRAM, self.folder.path(), self.port, &settings).await?.0)
    }
}

async fn come(server: &Process, count: u64, call_type: CallType) -> Result<Vec<Phone>> {
    let mut all = Vec::new();
    for user in 1..=count {
        all.push(joined_at(server.address(), user, call_type).await?);
    }
    for phone in &all {
        phone.until("by the media server", |call| call.is_by_server).await?;
    }
    Ok(all)
}

async fn go(all: Vec<Phone>) {
    for phone in all {
        phone.calls.close().await;
    }
}

#[tokio::test]
async fn four_hear_and_see_each_other_again_after_the_server_was_killed() -> Result<()> {
    let place = Place::new();
    let mut server = place.server().await?;
    let all = come(&server, 4, CallType::Video).await?;
    meet(&all).await?;

    server.kill()?;
    for phone in &all {
        phone.hears_all(&[]).await?;
    }
    let killed = Instant::now();
    let _server = place.server().await?;

    for phone in &all {
        phone.registered().await?;
        phone.forgets_faces();
    }
    meet(&all).await?;
    println!("all hear and see all again {:?} after the silence", killed.elapsed());
    go(all).await;
    Ok(())
}

#[tokio::test]
async fn three_who_gave_the_media_server_up_are_there_again_when_it_is() -> Result<()> {
    let place = Place::new();
    let mut server = place.server().await?;
    let all = come(&server, 3, CallType::Audio).await?;
    for (user, phone) in (1..).zip(&all) {
        phone.hears_all(&others(user, 3)).await?;
    }

    server.kill()?;
    for phone in &all {
        phone.until("without media", |call| call.others.iter().all(|other| other.path != Path::Up)).await?;
    }
    let found = Instant::now();
    let _server = place.server().await?;

    for (user, phone) in (1..).zip(&all) {
        phone.hears_all(&others(user, 3)).await?;
    }
    println!("all hear all again {:?} after they found the media gone", found.elapsed());
    go(all).await;
    Ok(())
}
