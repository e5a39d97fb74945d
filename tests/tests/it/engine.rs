//! Two engines and a server, with real sockets and real sound.
use anyhow::Result;
use calls_core::{
    Callee, Closed, EndReason, Picture,
    check::{Finding, Outlook, check},
};
use calls_protocol::{CallType, UserId};
use calls_tests::{
    client::Client,
    phone::{self, BACK, Phone, SCREEN},
    server::TestServer,
};
use serde_json::json;

/// Ann calls Bob, who answers; both are heard.
async fn talking(server: &TestServer) -> Result<(Phone, Phone)> {
    let (ann, bob) = (Phone::new(server.address(), 1)?, Phone::new(server.address(), 2)?);
    bob.registered().await?;
    ann.calls.dial(Callee::User(UserId::new(2)?), CallType::Audio).await?;
    bob.rings().await?.accept(CallType::Audio)?;
    ann.hears(Some(2)).await?;
    bob.hears(Some(1)).await?;
    Ok((ann, bob))
}

async fn close(phones: &[&Phone], server: TestServer) {
    for phone in phones {
        phone.calls.close().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn both_are_heard_until_one_hangs_up() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = talking(&server).await?;

    ann.talks().await?.hang_up()?;

    assert_eq!((ann.ended().await?, bob.ended().await?), (EndReason::WeHungUp, EndReason::TheyHungUp));
    bob.hears(None).await?;
    close(&[&ann, &bob], server).await;
    Ok(())
}

#[tokio::test]
async fn nothing_is_heard_of_who_is_muted_and_they_hear_on() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = talking(&server).await?;
    let call = ann.talks().await?;

    call.set_muted(true)?;

    bob.hears(None).await?;
    let sees_it = |call: &calls_core::CallSnapshot| call.others.iter().any(|other| !other.audio);
    bob.until("told of it", sees_it).await?;
    ann.hears(Some(2)).await?;
    call.set_muted(false)?;
    bob.hears(Some(1)).await?;
    close(&[&ann, &bob], server).await;
    Ok(())
}

#[tokio::test]
async fn a_call_with_pictures_shows_both() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = (Phone::new(server.address(), 1)?, Phone::new(server.address(), 2)?);
    bob.registered().await?;
    ann.calls.dial(Callee::User(UserId::new(2)?), CallType::Video).await?;

    bob.rings().await?.accept(CallType::Video)?;

    ann.sees(2).await?;
    bob.sees(1).await?;
    ann.hears(Some(2)).await?;
    close(&[&ann, &bob], server).await;
    Ok(())
}

#[tokio::test]
async fn a_picture_comes_into_a_call_from_either_side_and_changes_its_source() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = talking(&server).await?;
    let call = ann.talks().await?;

    call.show(Picture::Camera)?;
    bob.sees(1).await?;
    bob.talks().await?.show(Picture::Camera)?;
    ann.sees(2).await?;
    ann.calls.switch_camera()?;
    bob.sees(1 + BACK).await?;
    call.show(Picture::Screen)?;
    bob.sees(1 + SCREEN).await?;

    let stats = call.stats().await?;
    assert_eq!(stats.others[0].builds, 1, "{stats:?}");
    call.show(Picture::None)?;
    bob.until("told of it", |call| call.others.iter().all(|other| !other.video)).await?;
    bob.hears(Some(1)).await?;
    ann.hears(Some(2)).await?;
    close(&[&ann, &bob], server).await;
    Ok(())
}

#[tokio::test]
async fn a_screen_that_may_not_be_shown_leaves_no_camera_on() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = (Phone::without_screen(server.address(), 1)?, Phone::new(server.address(), 2)?);
    bob.registered().await?;
    let call = ann.calls.dial(Callee::User(UserId::new(2)?), CallType::Video).await?;
    bob.rings().await?.accept(CallType::Audio)?;
    bob.sees(1).await?;

    call.show(Picture::Screen)?;

    ann.until("nothing shown", |call| call.picture == Picture::None).await?;
    bob.until("told of it", |call| call.others.iter().all(|other| !other.video)).await?;
    call.show(Picture::Camera)?;
    bob.until("told of the camera", |call| call.others.iter().all(|other| other.video)).await?;
    close(&[&ann, &bob], server).await;
    Ok(())
}

#[tokio::test]
async fn a_call_on_hold_is_silent_both_ways_and_comes_back() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = talking(&server).await?;
    let call = ann.talks().await?;

    call.hold(true)?;

    ann.hears(None).await?;
    bob.hears(None).await?;
    call.hold(false)?;
    ann.hears(Some(2)).await?;
    bob.hears(Some(1)).await?;
    close(&[&ann, &bob], server).await;
    Ok(())
}

#[tokio::test]
async fn a_second_call_is_taken_while_the_first_one_waits() -> Result<()> {
    let server = TestServer::start(&[("CALL_WAITING", "true")]).await;
    let (ann, bob) = talking(&server).await?;
    let cid = Phone::new(server.address(), 3)?;
    let first = ann.talks().await?;
    cid.calls.dial(Callee::User(UserId::new(1)?), CallType::Audio).await?;

    ann.rings().await?.accept(CallType::Audio)?;

    ann.hears(Some(3)).await?;
    cid.hears(Some(1)).await?;
    bob.hears(None).await?;
    cid.talks().await?.hang_up()?;
    ann.hears(None).await?;
    first.hold(false)?;
    ann.hears(Some(2)).await?;
    close(&[&ann, &bob, &cid], server).await;
    Ok(())
}

#[tokio::test]
async fn a_killed_server_is_not_heard() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let line = calls_tests::line::Line::to(server.address()).await;
    let (ann, bob) = (Phone::new(line.address(), 1)?, Phone::new(line.address(), 2)?);
    bob.registered().await?;
    let call = ann.calls.dial(Callee::User(UserId::new(2)?), CallType::Audio).await?;
    bob.rings().await?.accept(CallType::Audio)?;
    bob.hears(Some(1)).await?;
    ann.hears(Some(2)).await?;

    let next = TestServer::start(&[]).await;
    line.lead_to(next.address());
    line.cut();
    server.stop().await;

    let is_up = |snapshot: &std::sync::Arc<calls_core::Snapshot>| {
        snapshot.server == calls_core::ServerLink::Up && snapshot.calls.len() == 1
    };
    ann.calls.snapshots().wait_for(is_up).await?;
    ann.hears(Some(2)).await?;
    let stats = call.stats().await?;
    assert!(stats.others[0].voice.longest_gap.as_millis() < 200, "{stats:?}");
    assert_eq!(stats.others[0].builds, 1, "media went on over what it had");
    close(&[&ann, &bob], next).await;
    Ok(())
}

#[tokio::test]
async fn another_network_moves_the_call_and_nobody_hangs_up() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = talking(&server).await?;
    let call = ann.talks().await?;

    ann.calls.network_changed()?;

    ann.talks().await?;
    ann.hears(Some(2)).await?;
    bob.hears(Some(1)).await?;
    let report = call.report().await?;
    assert!(report.contains("offer over new addresses"), "{report}");
    close(&[&ann, &bob], server).await;
    Ok(())
}

#[tokio::test]
async fn a_closed_engine_says_so_and_a_report_names_nobody() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = talking(&server).await?;
    let call = ann.talks().await?;
    let report = call.report().await?;

    ann.calls.close().await;

    assert_eq!(call.hang_up(), Err(Closed));
    assert_eq!(call.show(Picture::Camera), Err(Closed));
    assert_eq!(call.stats().await, Err(Closed));
    assert_eq!(ann.calls.dial(Callee::User(UserId::new(2)?), CallType::Audio).await.err(), Some(Closed));
    ann.calls.close().await;
    assert_eq!(bob.ended().await?, EndReason::TheyHungUp);
    assert!(report.contains("found an address: host"), "{report}");
    assert!(!report.contains("127.0.0.1") && !report.contains(" typ "), "{report}");
    close(&[&bob], server).await;
    Ok(())
}

#[tokio::test]
async fn calls_in_a_row_leave_no_thread_socket_file_or_memory() -> Result<()> {
    let server = TestServer::start(&[("LIMIT_CALLS_PER_MINUTE", "100000")]).await;
    let calls = crate::setting("CALLS_IN_A_ROW").unwrap_or(60);
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_calls_in_a_row"))
        .args([server.address().to_string(), calls.to_string()])
        .output()
        .await?;
    let said = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    let held: serde_json::Value = serde_json::from_str(&said)?;
    for what in ["threads", "files", "sockets"] {
        assert_eq!(held["after"][what], held["idle"][what], "{what}: {held}");
        assert_eq!(held["closed"][what], held["before"][what], "{what}: {held}");
    }
    let memory = |when: &str| held[when]["memory_kb"].as_u64().unwrap_or(0);
    assert!(memory("after") < memory("quarter") + 8 * 1024, "{held}");
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_app_that_sends_nonsense_ends_its_own_call_and_no_other() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let (ann, bob) = (Phone::new(server.address(), 1)?, Phone::new(server.address(), 2)?);
    bob.registered().await?;
    let mut eve = Client::register(server.address(), 3, "odd").await?;

    // An offer that is none, to Bob.
    let offer = json!({ "type": "offer", "sdp": "v=0\r\nm=audio 9 RTP/AVP banana\r\n" });
    let dial = json!({ "fromId": 3, "toId": 2, "callType": "audio", "roomName": "odd", "sdpOffer": offer });
    eve.ask("call:initiate", &dial).await?;
    assert_eq!(bob.ended().await?, EndReason::TheirFault);

    // An answer that is none, to Ann.
    let call = ann.calls.dial(Callee::User(UserId::new(3)?), CallType::Audio).await?;
    let incoming = eve.expect("call:incoming").await?;
    let answer = json!({ "type": "answer", "sdp": "\u{0}".repeat(5000) });
    let accept = json!({ "roomName": incoming["roomName"], "userId": 3, "sdpAnswer": answer });
    eve.ask("call:accept", &accept).await?;
    assert_eq!(ann.ended().await?, EndReason::TheirFault);
    call.dismiss()?;

    // Both are as well as before.
    ann.calls.dial(Callee::User(UserId::new(2)?), CallType::Audio).await?;
    bob.rings().await?.accept(CallType::Audio)?;
    ann.hears(Some(2)).await?;
    bob.hears(Some(1)).await?;
    close(&[&ann, &bob], server).await;
    Ok(())
}

#[tokio::test]
async fn the_check_before_a_call_finds_what_works_and_what_does_not() -> Result<()> {
    let server = TestServer::start(&[]).await;
    let mut found = std::collections::BTreeMap::new();

    let host = phone::pocket(1);
    let outlook = check(&phone::config(server.address(), 1), &host, |subject, finding| {
        found.insert(format!("{subject:?}"), finding.clone());
    })
    .await?;

    assert_eq!(outlook, Outlook::Good, "{found:?}");
    for works in ["Server", "Address", "Relay(Udp)", "Media", "Sound"] {
        assert!(matches!(found[works], Finding::Fine { .. }), "{works}: {found:?}");
    }
    for absent in ["Relay(Tcp)", "Relay(Tls)"] {
        assert_eq!(found[absent], Finding::NotOffered, "{absent}");
    }
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_check_says_that_a_proof_is_not_taken() -> Result<()> {
    let server = TestServer::start(&[("AUTH_MODE", "jwt"), ("JWT_SECRET", SECRET)]).await;
    let mut found = std::collections::BTreeMap::new();

    let host = phone::pocket(1);
    let outlook = check(&phone::config(server.address(), 1), &host, |subject, finding| {
        found.insert(format!("{subject:?}"), finding.clone());
    })
    .await?;

    assert_eq!(outlook, Outlook::NoCalls, "{found:?}");
    assert_eq!(found["Server"], Finding::SignedOut, "{found:?}");
    assert_eq!(found["Media"], Finding::Skipped, "{found:?}");
    server.stop().await;
    Ok(())
}

/// Of nobody.
const SECRET: &str = "9f2b6c1e7a304d58b1c6e0d2f4a78935";
