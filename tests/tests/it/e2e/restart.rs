//! A server that goes, and one that comes after it.
use calls_tests::{client::Client, folder::Folder, server::TestServer};
use serde_json::json;

#[tokio::test]
async fn a_call_survives_a_restart() -> anyhow::Result<()> {
    let server = TestServer::start_in(Folder::new(), &[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    let call = ann.ask("call:initiate", &dial).await?["callId"].clone();
    bob.ask("call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" })).await?;

    let (folder, ann_gone, bob_gone) = tokio::join!(server.stop(), ann.closed(), bob.closed());
    ann_gone?;
    bob_gone?;
    let folder = folder.expect("it had a folder");
    let server = TestServer::start_in(folder, &[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    let state = ann.ask("call:resume", &json!({ "roomName": "r", "userId": 1 })).await?;
    bob.ask("call:resume", &json!({ "roomName": "r", "userId": 2 })).await?;

    assert_eq!(state["callId"], call);
    ann.ask("call:end", &json!({ "roomName": "r", "userId": 1 })).await?;
    assert_eq!(bob.expect("call:ended").await?["reason"], json!("completed"));
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_ring_survives_a_restart_and_still_ends() -> anyhow::Result<()> {
    let server = TestServer::start_in(Folder::new(), &[("RING_SECONDS", "5")]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    ann.ask("call:initiate", &dial).await?;

    let (folder, ann_gone, bob_gone) = tokio::join!(server.stop(), ann.closed(), bob.closed());
    ann_gone?;
    bob_gone?;
    let folder = folder.expect("it had a folder");
    let server = TestServer::start_in(folder, &[("RING_SECONDS", "5")]).await;
    let mut bob = Client::connect(server.address()).await?;
    let registered = bob.ask("call:register", &json!({ "userId": 2, "deviceId": "phone" })).await?;

    assert_eq!(registered["pending"][0]["roomName"], json!("r"));
    assert_eq!(bob.expect("call:incoming").await?["sdpOffer"], json!("v=0"));
    assert_eq!(bob.expect("call:ended").await?["reason"], json!("missed"));
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn without_a_database_everybody_is_told_that_the_server_stops() -> anyhow::Result<()> {
    let server = TestServer::start(&[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    ann.ask("call:initiate", &dial).await?;
    bob.expect("call:incoming").await?;

    let stopping = server.stop();
    let (_, ann_told, bob_told) = tokio::join!(stopping, ann.expect("call:ended"), bob.expect("call:ended"));

    assert_eq!(ann_told?["reason"], json!("server_shutdown"));
    assert_eq!(bob_told?["reason"], json!("server_shutdown"));
    Ok(())
}
