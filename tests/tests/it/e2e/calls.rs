//! The main flows, once each, over real sockets: the rules have their own tests.
use calls_protocol::UserId;
use calls_server::auth::make_test_token;
use calls_tests::{
    client::Client,
    server::{TestServer, settings},
};
use serde_json::json;

#[tokio::test]
async fn a_call_rings_is_answered_and_ends() -> anyhow::Result<()> {
    let server = TestServer::start(&[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;

    let offer = json!({ "type": "offer", "sdp": "v=0\r\n" });
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "video", "roomName": "r", "sdpOffer": offer });
    let initiated = ann.ask("call:initiate", &dial).await?;
    assert_eq!((&initiated["callId"], &initiated["devices"]), (&json!(1), &json!(1)));
    let incoming = bob.expect("call:incoming").await?;
    assert_eq!(incoming["sdpOffer"], offer, "it is forwarded as it came");
    assert!(incoming["iceServers"].as_array().is_some_and(|servers| !servers.is_empty()), "{incoming}");

    let answer = json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" });
    bob.ask("call:accept", &answer).await?;
    assert_eq!(ann.expect("call:answer").await?["sdpAnswer"], json!("v=0"));

    let candidate = json!({
        "roomName": "r", "toUserId": 2, "fromUserId": 1, "candidate": { "candidate": "candidate:1" },
        "sdpMLineIndex": 0, "sdpMid": "0",
    });
    ann.emit("ice:candidate", &candidate).await?;
    let mut heard = bob.expect("ice:candidate").await?;
    assert!(heard.as_object_mut().is_some_and(|heard| heard.remove("eventId").is_some()));
    assert_eq!(heard, candidate);

    bob.ask("call:end", &json!({ "roomName": "r", "userId": 2, "reason": "completed" })).await?;
    assert_eq!(ann.expect("call:ended").await?["reason"], json!("completed"));
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn without_an_acknowledgement_a_failure_is_an_event() -> anyhow::Result<()> {
    let server = TestServer::start(&[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;

    ann.emit("call:accept", &json!({ "roomName": "r", "userId": 1, "sdpAnswer": "v=0" })).await?;
    let error = ann.expect("call:error").await?;

    assert_eq!(error["event"], json!("call:accept"));
    assert_eq!(error["code"], json!("not_found"));
    assert_eq!(error["roomName"], json!("r"));
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_phone_that_comes_out_of_the_lift_hears_everything_once() -> anyhow::Result<()> {
    let server = TestServer::start(&[]).await;
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let mut bob = Client::register(server.address(), 2, "phone").await?;
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "v=0" });
    ann.ask("call:initiate", &dial).await?;
    bob.ask("call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "v=0" })).await?;
    let last = ann.expect("call:answer").await?["eventId"].clone();

    ann.vanish();
    bob.expect("user:reconnecting").await?;
    for number in 1..=3 {
        let candidate =
            json!({ "roomName": "r", "fromUserId": 2, "candidate": format!("candidate:{number}") });
        bob.ask("ice:candidate", &candidate).await?;
    }
    let mut ann = Client::register(server.address(), 1, "phone").await?;
    let resume = json!({ "roomName": "r", "userId": 1, "lastEventId": last });
    let state = ann.ask("call:resume", &resume).await?;
    bob.expect("user:reconnected").await?;

    assert_eq!(state["participants"].as_array().map(Vec::len), Some(2));
    for number in 1..=3 {
        let heard = ann.expect("ice:candidate").await?;
        assert_eq!(heard["candidate"], json!(format!("candidate:{number}")));
    }
    ann.ask("call:resume", &resume).await?;
    assert_eq!(ann.so_far().await?, [], "nothing is heard twice");
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_token_decides_who_speaks() -> anyhow::Result<()> {
    let environment = [("JWT_SECRET", "a-secret-that-only-this-test-knows")];
    let server = TestServer::start(&environment).await;
    let jwt = settings(&environment).auth.jwt.expect("a secret turns tokens on");
    let secret = jwt.secret.as_ref().expect("it was given");
    let now = server.server().switchboard().clock().now().0 / 1000;
    let token = make_test_token(secret, &jwt, UserId::new(1)?, now, 60);

    assert!(Client::connect(server.address()).await.is_err(), "nobody comes in without a token");
    assert!(Client::connect_with(server.address(), &json!({ "token": "a.b.c" })).await.is_err());
    let mut ann = Client::connect_with(server.address(), &json!({ "token": token })).await?;
    let refusal = ann.ask_in_vain("call:register", &json!({ "userId": 2 })).await?;
    assert_eq!(refusal.code, calls_protocol::ErrorCode::Forbidden);
    ann.ask("call:register", &json!({ "userId": 1 })).await?;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_token_that_runs_out_ends_the_socket_and_not_the_call() -> anyhow::Result<()> {
    let environment = [("JWT_SECRET", "a-secret-that-only-this-test-knows")];
    let server = TestServer::start(&environment).await;
    let jwt = settings(&environment).auth.jwt.expect("a secret turns tokens on");
    let secret = jwt.secret.as_ref().expect("it was given");
    let now = server.server().switchboard().clock().now().0 / 1000;
    // Clocks may differ by a minute, so this one runs out in two or three seconds.
    let runs_out = json!({ "token": make_test_token(secret, &jwt, UserId::new(1)?, now - 57, 0) });
    let fresh =
        |user| anyhow::Ok(json!({ "token": make_test_token(secret, &jwt, UserId::new(user)?, now, 60) }));
    let mut ann = Client::connect_with(server.address(), &runs_out).await?;
    let mut bob = Client::connect_with(server.address(), &fresh(2)?).await?;
    ann.ask("call:register", &json!({ "userId": 1, "deviceId": "ann-phone" })).await?;
    bob.ask("call:register", &json!({ "userId": 2, "deviceId": "bob-phone" })).await?;
    let dial = json!({ "fromId": 1, "toId": 2, "callType": "audio", "roomName": "r", "sdpOffer": "o" });
    ann.ask("call:initiate", &dial).await?;
    bob.expect("call:incoming").await?;
    bob.ask("call:accept", &json!({ "roomName": "r", "userId": 2, "sdpAnswer": "a" })).await?;

    let told = ann.expect("call:error").await?;
    ann.closed().await?;
    bob.expect("user:reconnecting").await?;
    assert!(Client::connect_with(server.address(), &runs_out).await.is_err(), "the old token is refused");
    let mut ann = Client::connect_with(server.address(), &fresh(1)?).await?;
    ann.ask("call:register", &json!({ "userId": 1, "deviceId": "ann-phone" })).await?;
    let state = ann.ask("call:resume", &json!({ "roomName": "r", "userId": 1 })).await?;

    assert_eq!((&told["event"], &told["code"]), (&json!("connect"), &json!("unauthorized")));
    assert_eq!(state["participants"].as_array().map(Vec::len), Some(2));
    bob.expect("user:reconnected").await?;
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_page_of_a_strange_web_site_does_not_come_in() -> anyhow::Result<()> {
    let server = TestServer::start(&[("CORS_ORIGINS", "https://app.example.org")]).await;
    let (address, nothing) = (server.address(), json!({}));

    let own = format!("http://{address}");
    for welcome in [own.as_str(), "https://app.example.org"] {
        Client::connect_from(address, &nothing, Some(welcome)).await?;
    }
    for stranger in ["https://evil.example.org", "http://localhost:5173", "null"] {
        assert!(Client::connect_from(address, &nothing, Some(stranger)).await.is_err(), "{stranger} came in");
    }
    server.stop().await;
    Ok(())
}

#[tokio::test]
async fn where_nobody_signs_in_a_proxy_and_a_rebound_name_are_kept_out() -> anyhow::Result<()> {
    let open = TestServer::start(&[]).await;
    let meant = TestServer::start(&[("ALLOW_OPEN_ON_PUBLIC_ADDRESS", "true")]).await;
    let by_proxy = [("x-forwarded-for", "192.0.2.1")];
    let rebound = [("host", "evil.example:3000")];

    for headers in [&by_proxy, &rebound] {
        let refused = Client::connect_by(open.address(), &json!({}), headers).await.err();
        let told = refused.map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains("\"forbidden\"") && told.contains("jwt_secret"), "{headers:?}: {told}");
        Client::connect_by(meant.address(), &json!({}), headers).await?;
    }
    Client::connect_by(open.address(), &json!({}), &[("host", "localhost:3000")]).await?;
    open.stop().await;
    meant.stop().await;
    Ok(())
}
