//! Engines in one room, through the real media server, with real sockets: who is heard and seen is checked by content.
mod crowd;
mod nine;
mod restart;

use anyhow::Result;
use calls_core::{Call, CallSnapshot, CallState, ChatState, EndReason};
use calls_protocol::{CallType, Reaction, Recipient, UserId};
use calls_tests::{
    phone::{Phone, SCREEN},
    server::TestServer,
};
use std::net::SocketAddr;

/// Two speak straight, three through the media server.
async fn server() -> TestServer {
    server_of("2").await
}

/// So many speak straight at most.
async fn server_of(mesh: &str) -> TestServer {
    let sfu = [("SFU", "on"), ("SFU_PORT", "0"), ("SFU_BIND", "127.0.0.1"), ("SFU_MESH_OF_OPEN_ROOM", mesh)];
    TestServer::start(&sfu).await
}

async fn joined(server: &TestServer, user: u64, call_type: CallType) -> Result<Phone> {
    joined_at(server.address(), user, call_type).await
}

async fn joined_at(server: SocketAddr, user: u64, call_type: CallType) -> Result<Phone> {
    let phone = Phone::new(server, user)?;
    phone.registered().await?;
    phone.calls.join("kitchen", call_type).await?;
    Ok(phone)
}

fn others(user: u64, count: u64) -> Vec<u64> {
    (1..=count).filter(|other| *other != user).collect()
}

/// Everybody hears and sees all others.
async fn meet(all: &[Phone]) -> Result<()> {
    let count = all.len() as u64;
    for (user, phone) in (1..).zip(all) {
        for other in others(user, count) {
            phone.sees_of(other, other).await?;
        }
        phone.hears_all(&others(user, count)).await?;
    }
    Ok(())
}

async fn close(phones: Vec<Phone>, server: TestServer) {
    for phone in phones {
        phone.calls.close().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn three_engines_hear_each_other_through_the_media_server_and_two_straight_again() -> Result<()> {
    let server = server().await;
    let ann = joined(&server, 1, CallType::Audio).await?;
    let bob = joined(&server, 2, CallType::Audio).await?;
    ann.hears_all(&[2]).await?;
    bob.hears_all(&[1]).await?;

    let cid = joined(&server, 3, CallType::Audio).await?;

    let all = vec![ann, bob, cid];
    for (user, phone) in (1..).zip(&all) {
        phone.hears_all(&others(user, 3)).await?;
    }
    let (ann, cid) = (all[0].talks().await?, all[2].talks().await?);
    cid.raise_hand(true)?;
    let is_up = |call: &CallSnapshot| call.others.iter().any(|other| other.hand_raised_at.is_some());
    all[1].until("told of a hand", is_up).await?;

    cid.hang_up()?;

    all[0].until("without them", |call| call.others.len() == 1).await?;
    // It stays at the media server for 10 s, in case they come back.
    for phone in &all[..2] {
        phone.until("straight again", |call| !call.is_by_server && !call.others.is_empty()).await?;
    }
    assert_eq!(ways_of(&ann).await?, [UserId::new(2)?.into()]);
    all[0].hears_all(&[2]).await?;
    all[1].hears_all(&[1]).await?;
    close(all, server).await;
    Ok(())
}

/// To whom there are connections.
async fn ways_of(call: &Call) -> Result<Vec<Recipient>> {
    Ok(call.stats().await?.others.iter().map(|other| other.to).collect())
}

#[tokio::test]
async fn three_engines_see_each_other_and_a_new_one_is_seen_by_all() -> Result<()> {
    let server = server().await;
    let mut all = Vec::new();

    for count in 1..=4 {
        all.push(joined(&server, count, CallType::Video).await?);
        meet(&all).await?;
    }

    close(all, server).await;
    Ok(())
}

#[tokio::test]
async fn a_shared_screen_takes_the_cameras_place_straight_and_one_of_its_own_through_the_media_server()
-> Result<()> {
    let server = server().await;
    let ann = joined(&server, 1, CallType::Video).await?;
    let bob = joined(&server, 2, CallType::Video).await?;
    bob.sees_of(1, 1).await?;
    let at_ann = ann.talks().await?;
    let says =
        |screen: bool| move |call: &CallSnapshot| call.others.iter().all(|other| other.screen == screen);

    at_ann.share_screen(true)?;
    bob.sees_of(1, 1 + SCREEN).await?;
    bob.until("told of a screen", says(true)).await?;
    at_ann.share_screen(false)?;
    bob.sees_of(1, 1).await?;
    bob.until("told that it is over", says(false)).await?;
    at_ann.share_screen(true)?;
    bob.sees_of(1, 1 + SCREEN).await?;

    let cid = joined(&server, 3, CallType::Audio).await?;
    for phone in [&bob, &cid] {
        phone.sees_of(1 + SCREEN, 1 + SCREEN).await?;
        phone.sees_of(1, 1).await?;
    }
    assert!(at_ann.snapshot().is_some_and(|call| call.is_sharing && call.is_by_server));
    at_ann.share_screen(false)?;
    cid.until("told that it is over", |call| call.others.iter().all(|other| !other.screen)).await?;
    ann.sees_of(2, 2).await?;

    close(vec![ann, bob, cid], server).await;
    Ok(())
}

#[tokio::test]
async fn a_host_lets_in_silences_and_removes_and_everybody_reads_what_is_written() -> Result<()> {
    let server = server().await;
    let ann = joined(&server, 1, CallType::Audio).await?;
    let bob = joined(&server, 2, CallType::Audio).await?;
    let (host, guest) = (ann.talks().await?, bob.talks().await?);
    let user = |id| UserId::new(id).expect("a user");

    host.have_wait(true)?;
    bob.until("told of the waiting room", |call| call.has_waiting_room).await?;
    let cid = joined(&server, 3, CallType::Audio).await?;
    cid.until("at the door", |call| call.state == CallState::AtTheDoor).await?;
    ann.until("told who waits", |call| call.waiting.iter().any(|them| them.user.get() == 3)).await?;
    host.admit(user(3), true)?;
    let third = cid.talks().await?;
    ann.until("nobody waits", |call| call.waiting.is_empty() && call.others.len() == 2).await?;
    ann.hears_all(&[2, 3]).await?;
    cid.hears_all(&[1, 2]).await?;

    guest.write("Чутно?")?;
    third.react(Reaction::Clap)?;
    let reads = |call: &CallSnapshot| {
        call.chat.len() == 1
            && call.chat.iter().all(|line| {
                (line.user.get(), &*line.text, line.state, line.at.is_some())
                    == (2, "Чутно?", ChatState::Sent, true)
            })
    };
    let shows = |call: &CallSnapshot| call.reactions.iter().any(|shown| shown.reaction == Reaction::Clap);
    let all = [&ann, &bob, &cid];
    for phone in all {
        phone.until("a reaction", shows).await?;
    }
    for phone in all {
        phone.until("a line", reads).await?;
    }
    for phone in all {
        phone.until("no reaction any more", |call| call.reactions.is_empty()).await?;
    }

    host.mute_other(user(2))?;
    bob.until("silenced", |call| call.is_muted && call.muted_by == Some(user(1))).await?;
    ann.hears_all(&[3]).await?;
    cid.hears_all(&[1]).await?;
    guest.set_muted(false)?;
    ann.hears_all(&[2, 3]).await?;
    assert_eq!(guest.snapshot().and_then(|call| call.muted_by), None);

    host.lock(true)?;
    bob.until("locked", |call| call.is_locked).await?;
    host.remove(user(3))?;
    assert_eq!(cid.ended().await?, EndReason::Removed);
    ann.hears_all(&[2]).await?;

    close(vec![ann, bob, cid], server).await;
    Ok(())
}
