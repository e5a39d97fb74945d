//! The sizes of a camera through the media server: each gets the one that they look at, and no other is made.
use anyhow::Result;
use calls_core::{Call, CallSnapshot, Looks};
use calls_protocol::{CallType, PictureKind, UserId};
use calls_tests::{
    phone::{Phone, config},
    server::TestServer,
};

/// Everybody goes through the media server.
async fn server() -> TestServer {
    let sfu = [("SFU", "on"), ("SFU_PORT", "0"), ("SFU_BIND", "127.0.0.1"), ("SFU_MESH_OF_OPEN_ROOM", "1")];
    TestServer::start(&sfu).await
}

/// In the room, over a path that is known to carry all sizes.
async fn joined(server: &TestServer, user: u64, camera: Option<(u32, u32)>) -> Result<(Phone, Call)> {
    let mut config = config(server.address(), user);
    config.peer.start_bitrate = 4_000_000;
    let phone = Phone::with_camera(config, camera.unwrap_or((320, 180)))?;
    phone.registered().await?;
    let call_type = if camera.is_some() { CallType::Video } else { CallType::Audio };
    let call = phone.calls.join("kitchen", call_type).await?;
    Ok((phone, call))
}

fn looks(call: &Call, user: u64, height: u16) -> Result<()> {
    let looks = Looks { user: UserId::new(user)?, kind: PictureKind::Camera, height };
    Ok(call.look(vec![looks])?)
}

#[tokio::test]
async fn each_gets_the_size_that_they_look_at_and_what_nobody_looks_at_is_not_made() -> Result<()> {
    let server = server().await;
    let (ann, _) = joined(&server, 1, Some((960, 540))).await?;
    let (bob, at_bob) = joined(&server, 2, None).await?;
    let (cid, at_cid) = joined(&server, 3, None).await?;

    for phone in [&bob, &cid] {
        // What is wished of somebody who has not come yet is left out.
        let has_ann = |call: &CallSnapshot| call.others.iter().any(|other| other.user.get() == 1);
        phone.until("together with Ann", has_ann).await?;
    }

    looks(&at_bob, 1, 120)?;
    looks(&at_cid, 1, 720)?;
    bob.sees_height(1, 134).await?;
    cid.sees_height(1, 540).await?;
    ann.encodes(&[134, 270, 540]).await?;

    // The other way round.
    looks(&at_bob, 1, 720)?;
    bob.sees_height(1, 540).await?;
    looks(&at_cid, 1, 120)?;
    cid.sees_height(1, 134).await?;
    bob.sees_of(1, 1).await?;
    cid.sees_of(1, 1).await?;

    looks(&at_bob, 1, 120)?;
    bob.sees_height(1, 134).await?;
    ann.encodes(&[134]).await?;

    at_bob.look(Vec::new())?;
    at_cid.look(Vec::new())?;
    ann.encodes(&[]).await?;

    looks(&at_cid, 1, 540)?;
    cid.sees_height(1, 540).await?;
    ann.encodes(&[134, 270, 540]).await?;

    for phone in [ann, bob, cid] {
        phone.calls.close().await;
    }
    server.stop().await;
    Ok(())
}
