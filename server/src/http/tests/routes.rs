//! What the routes answer, to whom.
use super::*;
use crate::http::{access::Peer, openapi, pages::PAGES, routes::ROUTES};
use calls_protocol::{CallId, CallType, GroupId, RoomName, Seconds, UnixMillis};
use serde_json::json;
use std::sync::Mutex;

const SIGNED_IN: &[(&str, &str)] = &[("jwt_secret", SECRET)];

#[tokio::test]
async fn health_says_how_the_server_and_its_parts_are() {
    let server = start(&[]);
    server.health.database.set(Part::Up);

    let answer = server.get("/api/health").await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.json(),
        json!({
            "status": "ok", "version": env!("CARGO_PKG_VERSION"), "uptime": answer.json()["uptime"],
            "auth": "open", "database": "up", "redis": "off", "turn": "off", "sfu": "off",
        })
    );
}

#[tokio::test]
async fn a_server_without_its_database_or_about_to_stop_is_alive_but_not_ready() {
    let server = start(&[]);
    let status = |path: &'static str| async { server.get(path).await.status };
    assert_eq!(status("/api/health/ready").await, 200);

    server.health.database.set(Part::Down);
    assert_eq!(server.get("/api/health/ready").await.refusal(), (503, "unavailable".into()));
    assert_eq!(server.get("/api/health").await.json()["status"], "degraded");

    server.health.database.set(Part::Up);
    assert_eq!(status("/api/health/ready").await, 200);

    server.health.drain();
    assert_eq!(server.get("/api/health/ready").await.refusal(), (503, "unavailable".into()));
    assert_eq!(server.get("/api/health").await.json()["status"], "draining");
    assert_eq!(status("/api/health/live").await, 200);
}

#[tokio::test]
async fn in_open_mode_the_requests_of_the_documents_work_as_printed() {
    let server = start(&[]);

    let servers = server.get("/api/ice-servers/123").await.json();
    let credentials = server.post("/api/turn-credentials", r#"{"userId": "123"}"#).await.json();

    let relay = &servers["iceServers"][1];
    assert_eq!(servers["iceServers"][0]["urls"], json!(["stun:turn.example.org:3478"]));
    assert_eq!(relay["urls"].as_array().unwrap().len(), 3);
    assert_eq!(servers["ttl"], 86_400);
    assert!(relay["username"].as_str().unwrap().ends_with(":123"));
    assert_eq!(credentials["username"], relay["username"]);
    assert_eq!(credentials["credential"], relay["credential"]);
    assert_eq!(credentials["urls"], relay["urls"]);
    assert_eq!(credentials["ttl"], 86_400);
}

#[tokio::test]
async fn whoever_is_signed_in_gets_their_own_and_nothing_of_another() {
    let server = start(SIGNED_IN);

    assert_eq!(server.get_as(5, "/api/ice-servers/5").await.status, 200);
    assert_eq!(server.get_as(5, "/api/ice-servers/6").await.refusal(), (403, "forbidden".into()));
    assert_eq!(server.get_as(5, "/api/calls?user=6").await.refusal(), (403, "forbidden".into()));
    let headers = [("authorization", &*bearer(5)), ("content-type", "application/json")];
    let theirs = server.ask("POST /api/turn-credentials", &headers, r#"{"userId": 6}"#).await;
    assert_eq!(theirs.refusal(), (403, "forbidden".into()));
    let config = server.get_as(5, "/api/ice-config").await.json();
    assert!(config["iceServers"][1]["username"].as_str().unwrap().ends_with(":5"), "{config}");
}

#[tokio::test]
async fn without_a_token_that_holds_nothing_is_given_away() {
    let server = start(SIGNED_IN);
    let forged = bearer(5).replace('.', ".x");
    for path in ["/api/ice-servers/5", "/api/ice-config", "/api/calls?user=5"] {
        for header in
            [None, Some("Basic dTpw"), Some("Bearer"), Some("Bearer x"), Some(&*forged), Some("tma a=1")]
        {
            let headers: Vec<_> = header.iter().map(|header| ("authorization", *header)).collect();

            let answer = server.ask(&format!("GET {path}"), &headers, "").await;

            assert_eq!(answer.refusal(), (401, "unauthorized".into()), "{path} {header:?}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    assert_eq!(server.get("/api/health").await.status, 200);
}

#[tokio::test]
async fn a_telegram_mini_app_signs_in_by_its_init_data() {
    let server = start(&[("telegram_bot_token", "1:TEST")]);
    let data = init_data("1:TEST", 279_058_397);
    for header in [format!("tma {data}"), format!("Bearer {data}")] {
        let answer = server.ask("GET /api/ice-config", &[("authorization", &header)], "").await;

        let username = answer.json()["iceServers"][1]["username"].as_str().unwrap().to_owned();
        assert!(username.ends_with(":279058397"), "{username}");
    }
    let other = format!("tma {}", init_data("2:OTHER", 279_058_397));
    let answer = server.ask("GET /api/ice-config", &[("authorization", &other)], "").await;
    assert_eq!(answer.status, 401);
}

/// What Telegram would sign now; the check itself is tested with data made by others.
fn init_data(bot: &str, user: u64) -> String {
    use ring::hmac::{HMAC_SHA256, Key, sign};
    let date = wall_clock().0 / 1000;
    let lines = format!("auth_date={date}\nuser={{\"id\":{user}}}");
    let inner = sign(&Key::new(HMAC_SHA256, b"WebAppData"), bot.as_bytes());
    let hash = sign(&Key::new(HMAC_SHA256, inner.as_ref()), lines.as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("user=%7B%22id%22%3A{user}%7D&auth_date={date}&hash={hash}")
}

#[tokio::test]
async fn in_open_mode_the_page_of_the_mini_app_gets_a_relay_for_a_guest() {
    let server = start(&[("allow_open_on_public_address", "true")]);

    let first = server.get("/api/ice-config").await.json();
    let again = server.get("/api/ice-config").await.json();
    let other = server.ask("GET /api/ice-config", &[("x-forwarded-for", "192.0.2.1")], "").await.json();

    assert_eq!(first, again);
    assert_ne!(first["iceServers"][1]["username"], other["iceServers"][1]["username"]);
}

#[tokio::test]
async fn in_open_mode_nothing_is_told_to_who_came_through_a_proxy_or_by_another_name() {
    let server = start(&[]);
    let behind = [("x-forwarded-for", "192.0.2.1")];
    let rebound = "GET /api/calls?user=1 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";

    for path in ["/", "/api/ice-servers/5", "/api/calls?user=5", "/metrics"] {
        let answer = server.ask(&format!("GET {path}"), &behind, "").await;
        assert_eq!(answer.refusal(), (403, "forbidden".into()), "{path}");
        assert!(answer.body.contains("allow_open_on_public_address"), "{answer:?}");
    }
    let answer = Answer::read(&exchange(server.address, rebound.as_bytes()).await);
    assert_eq!(answer.refusal(), (403, "forbidden".into()));

    for list in [&[("allow_open_on_public_address", "true")], SIGNED_IN] {
        assert_eq!(start(list).ask("GET /api/health", &behind, "").await.status, 200);
    }
}

#[tokio::test]
async fn without_a_turn_server_there_is_stun_and_a_word_on_it() {
    let rest = rest(&[("turn_embedded", "off"), ("stun_urls", "stun:stun.example.org")], CallHistory::none());
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let door = door_to(rest, NoSockets);
    let (stop, stopped) = oneshot::channel::<()>();
    let (health, metrics) = Default::default();
    let stop_when = async { drop(stopped.await) };
    let serving = tokio::spawn(serve(listener, door, stop_when, Duration::ZERO));
    let server = Running { address, health, metrics, stop, serving };

    let servers = server.get("/api/ice-config").await.json();
    let credentials = server.post("/api/turn-credentials", r#"{"userId":1}"#).await;

    assert_eq!(servers["iceServers"], json!([{ "urls": ["stun:stun.example.org"] }]));
    assert_eq!(credentials.refusal(), (503, "unavailable".into()));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_code_and_status() {
    let server = start(&[("limit_requests_per_minute", "1000")]);
    let huge = format!(r#"{{"userId":1,"x":"{}"}}"#, "x".repeat(20_000));
    let json = ("content-type", "application/json");
    for (line, headers, body, status, code) in [
        ("GET /nothing", vec![], "", 404, "not_found"),
        ("GET /api", vec![], "", 404, "not_found"),
        ("GET /api/health/", vec![], "", 404, "not_found"),
        ("POST /api/health", vec![], "", 405, "bad_request"),
        ("DELETE /api/calls", vec![], "", 405, "bad_request"),
        ("GET /api/turn-credentials", vec![], "", 405, "bad_request"),
        ("GET /api/ice-servers/0", vec![], "", 400, "bad_request"),
        ("GET /api/ice-servers/me", vec![], "", 400, "bad_request"),
        ("GET /api/ice-servers/%ff", vec![], "", 400, "bad_request"),
        ("GET /api/ice-servers/-1", vec![], "", 400, "bad_request"),
        ("GET /api/calls", vec![], "", 400, "bad_request"),
        ("GET /api/calls?user=x", vec![], "", 400, "bad_request"),
        ("GET /api/calls?user=1&limit=0", vec![], "", 400, "bad_request"),
        ("GET /api/calls?user=1&limit=101", vec![], "", 400, "bad_request"),
        ("GET /api/calls?user=1&limit=-5", vec![], "", 400, "bad_request"),
        ("POST /api/turn-credentials", vec![], r#"{"userId":1}"#, 415, "bad_request"),
        ("POST /api/turn-credentials", vec![("content-type", "text/plain")], "x", 415, "bad_request"),
        ("POST /api/turn-credentials", vec![json], "", 400, "bad_request"),
        ("POST /api/turn-credentials", vec![json], "{", 400, "bad_request"),
        ("POST /api/turn-credentials", vec![json], "[1]", 400, "bad_request"),
        ("POST /api/turn-credentials", vec![json], "{}", 400, "bad_request"),
        ("POST /api/turn-credentials", vec![json], r#"{"userId":null}"#, 400, "bad_request"),
        ("POST /api/turn-credentials", vec![json], r#"{"userId":1.5}"#, 400, "bad_request"),
        ("POST /api/turn-credentials", vec![json], &huge, 413, "too_large"),
    ] {
        let answer = server.ask(line, &headers, body).await;

        let short = &body[..body.len().min(40)];
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{line} {short}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("allow").is_some(), status == 405, "{line}");
    }
    assert!(server.metrics.page().contains("calls_errors_total{code=\"too_large\"} 1\n"));
    assert!(server.metrics.page().contains("calls_requests_total{status=\"4xx\"} 24\n"));
}

#[tokio::test]
async fn history_is_asked_for_the_right_user_and_handed_on() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let history = CallHistory::new(move |asked: HistoryAsked| {
        let outcome = match asked.before.as_deref() {
            Some("broken") => Err(HistoryFault::Cursor),
            Some("away") => Err(HistoryFault::Away),
            _ => Ok(HistoryPage { calls: vec![past_call()], next: Some("c7".into()) }),
        };
        log.lock().unwrap().push(asked);
        std::future::ready(outcome)
    });
    let server = start_with(SIGNED_IN, history, NoSockets);

    let page = server.get_as(5, "/api/calls").await.json();
    let explicit = server.get_as(5, "/api/calls?user=5&before=c7&limit=3").await;
    let broken = server.get_as(5, "/api/calls?before=broken").await;
    let away = server.get_as(5, "/api/calls?before=away").await;

    let call = json!({
        "callId": 7, "group": { "groupId": 789, "groupName": "Team" }, "direction": "incoming", "status": "ended",
        "endReason": "completed", "callType": "video", "roomName": "r1", "startedAt": 1_700_000_000_000_u64,
        "duration": 61,
    });
    assert_eq!(page, json!({ "calls": [call], "next": "c7" }));
    assert_eq!(explicit.status, 200);
    assert_eq!(broken.refusal(), (400, "bad_request".into()));
    assert_eq!(away.refusal(), (503, "unavailable".into()));
    let user = UserId::new(5).unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0], HistoryAsked { user, before: None, limit: 20 });
    assert_eq!(asked[1], HistoryAsked { user, before: Some("c7".into()), limit: 3 });
}

fn past_call() -> PastCall {
    PastCall {
        call_id: CallId::new(7).unwrap(),
        with: PastCallWith::Group { group_id: GroupId::new(789).unwrap(), group_name: "Team".into() },
        direction: "incoming",
        status: "ended".into(),
        end_reason: Some("completed".into()),
        call_type: CallType::Video,
        room_name: RoomName::new("r1").unwrap(),
        started_at: UnixMillis(1_700_000_000_000),
        duration: Some(Seconds(61)),
    }
}

#[test]
fn a_past_call_is_what_the_description_says() {
    let described = openapi::description()["components"]["schemas"]["PastCall"].clone();
    let call = serde_json::to_value(past_call()).unwrap();
    let names = |schema: &Value| -> Vec<String> {
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let mut expected = [names(&described), names(&described["oneOf"][1])].concat();
    let mut found: Vec<String> = call.as_object().unwrap().keys().cloned().collect();
    expected.sort();
    found.sort();

    assert_eq!(found, expected);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let server = start(&[("jwt_secret", SECRET), ("limit_requests_per_minute", "3")]);
    for _ in 0..3 {
        assert_eq!(server.get_as(5, "/api/ice-servers/5").await.status, 200);
    }

    let refused = server.get_as(5, "/api/ice-servers/5").await;

    assert_eq!(refused.refusal(), (429, "rate_limited".into()));
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=21).contains(&seconds), "{seconds}");
    assert_eq!(server.get_as(6, "/api/ice-servers/6").await.status, 200);
    assert_eq!(server.get("/api/health").await.status, 200);
}

#[tokio::test]
async fn wrong_tokens_count_against_the_address_that_a_trusted_proxy_names() {
    let server = start(&[("jwt_secret", SECRET), ("limit_requests_per_minute", "2")]);
    let from = |address: &'static str| {
        let server = &server;
        async move {
            let headers = [("authorization", "Bearer x.y.z"), ("x-forwarded-for", address)];
            server.ask("GET /api/ice-config", &headers, "").await.status
        }
    };

    assert_eq!([from("192.0.2.1").await, from("192.0.2.1").await, from("192.0.2.1").await], [401, 401, 429]);
    // What the client itself put in front changes nothing.
    assert_eq!(from("10.0.0.1, 192.0.2.1").await, 429);
    assert_eq!(from("192.0.2.2").await, 401);
    assert_eq!(server.get_as(5, "/api/ice-config").await.status, 200);
}

#[tokio::test]
async fn the_numbers_may_ask_for_a_token_of_their_own() {
    let open = start(&[]);
    let guarded = start(&[("metrics_token", "prometheus-reads-this")]);
    let with = |value: &'static str| {
        let server = &guarded;
        async move { server.ask("GET /metrics", &[("authorization", value)], "").await }
    };

    let page = open.get("/metrics").await;
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(page.body.contains("# TYPE calls_live gauge"));
    assert_eq!(guarded.get("/metrics").await.refusal(), (401, "unauthorized".into()));
    assert_eq!(with("Bearer prometheus-reads-thi").await.status, 401);
    assert_eq!(with("Bearer ").await.status, 401);
    assert_eq!(with("Bearer prometheus-reads-this").await.status, 200);
}

#[tokio::test]
async fn without_a_token_the_numbers_are_for_this_machine() {
    use axum::{body::Body, extract::Request};
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;
    let rest = rest(SIGNED_IN, CallHistory::none());
    let router = TowerToHyperService::new(router(rest));
    let ask = async |peer: &str, header: Option<&'static str>| {
        let mut request = Request::get("/metrics").body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        if let Some(name) = header {
            request.headers_mut().insert(name, "127.0.0.1".parse().unwrap());
        }
        router.call(request).await.unwrap().status().as_u16()
    };

    for near in ["127.0.0.1:5", "[::1]:5", "[::ffff:127.0.0.1]:5"] {
        assert_eq!(ask(near, None).await, 200, "{near}");
        for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            assert_eq!(ask(near, Some(header)).await, 403, "{near} {header}");
        }
    }
    for far in ["192.0.2.1:5", "10.0.0.1:5", "[2001:db8::1]:5"] {
        assert_eq!(ask(far, None).await, 403, "{far}");
    }
    let behind = start(SIGNED_IN).ask("GET /metrics", &[("x-forwarded-for", "192.0.2.1")], "").await;
    assert!(behind.body.contains("metrics_token"), "{behind:?}");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    tokio::time::pause();
    let history = CallHistory::new(|_| std::future::pending());
    let server = start_with(&[], history, NoSockets);

    let answer = server.get("/api/calls?user=1").await;

    assert_eq!(answer.refusal(), (503, "unavailable".into()));
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    tokio::time::pause();
    let server = start(&[]);
    let head = "POST /api/turn-credentials HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 20\r\nconnection: close\r\n\r\n{";

    let answer = Answer::read(&exchange(server.address, head.as_bytes()).await);

    assert_eq!(answer.refusal(), (408, "bad_request".into()));
}

#[tokio::test]
async fn a_page_of_another_origin_reads_answers_only_where_it_is_allowed() {
    let server = start(&[("cors_origins", "https://app.example.org")]);
    let ask = |line: &'static str, origin: &'static str| {
        let server = &server;
        let asks = ("access-control-request-method", "POST");
        async move { server.ask(line, &[("origin", origin), asks], "").await }
    };
    const ALLOWED: &str = "access-control-allow-origin";

    let question = ask("OPTIONS /api/turn-credentials", "https://app.example.org").await;
    let stranger = ask("OPTIONS /api/turn-credentials", "https://evil.example").await;
    let answer = ask("GET /api/health", "https://app.example.org").await;
    let refused = ask("GET /api/ice-servers/x", "https://app.example.org").await;
    let unread = ask("GET /api/health", "https://evil.example").await;

    assert_eq!((question.status, question.header(ALLOWED)), (204, Some("https://app.example.org")));
    assert_eq!(question.header("access-control-allow-headers"), Some("authorization, content-type"));
    assert_eq!((stranger.status, stranger.header(ALLOWED)), (204, None));
    assert_eq!(answer.header(ALLOWED), Some("https://app.example.org"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!((refused.status, refused.header(ALLOWED)), (400, Some("https://app.example.org")));
    assert_eq!((unread.status, unread.header(ALLOWED), unread.header("vary")), (200, None, Some("origin")));
}

#[tokio::test]
async fn the_description_has_every_route_and_every_route_of_it_is_answered() {
    let server = start(&[]);
    let described = server.get("/openapi.json").await.json();
    let paths = described["paths"].as_object().unwrap();

    let mut from_router: Vec<_> = ROUTES.iter().map(|route| (route.path, route.method)).collect();
    from_router.extend(PAGES.iter().map(|page| (page.path, "get")));
    let mut from_description: Vec<_> = paths
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(|method| (&**path, &**method)))
        .collect();
    from_router.sort_unstable();
    from_description.sort_unstable();
    assert_eq!(from_router, from_description);

    for (path, method) in from_description {
        let line = format!("{} {}", method.to_uppercase(), path.replace("{userId}", "1"));
        let status = server.ask(&line, &[], "").await.status;
        assert!(status != 404 && status != 405, "{line}: {status}");
        let responses = &described["paths"][path][method]["responses"];
        assert!(responses[status.to_string()].is_object() || status == 415, "{line}: {status}\n{responses}");
    }
}

#[test]
fn whatever_the_description_points_at_is_there() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let description = openapi::description();
    let mut found = Vec::new();
    walk(&description, &mut found);

    assert!(found.len() > 5);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
}
