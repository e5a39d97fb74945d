//! What is answered: one list of routes, from which the router and the description at `/openapi.json` are made.
use super::{
    HistoryAsked, HistoryFault, HistoryPage, Refused, Rest,
    access::{Caller, Peer},
    body::{FromQuery, JsonBody, UserInPath},
    cors::cors,
    openapi, pages,
    reply::RefusedCode,
};
use crate::{
    auth::ONLY_HERE,
    clock::wall_clock,
    turn::TurnCredentials,
    visitors::{is_for_this_machine, is_passed_on},
};
use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use calls_protocol::{ErrorCode, IceServers, Seconds, UserId};
use ring::hmac;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Instant};

/// A route and how it is described.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    handler: fn() -> MethodRouter<Arc<Rest>>,
    pub(super) about: openapi::About,
}

/// Every route but the pages.
pub(super) const ROUTES: &[Route] = &[
    Route { method: "get", path: "/api/health", handler: || get(health), about: openapi::HEALTH },
    Route { method: "get", path: "/api/health/live", handler: || get(live), about: openapi::LIVE },
    Route { method: "get", path: "/api/health/ready", handler: || get(ready), about: openapi::READY },
    Route {
        method: "get",
        path: "/api/ice-servers/{userId}",
        handler: || get(ice_servers),
        about: openapi::ICE_SERVERS,
    },
    Route {
        method: "post",
        path: "/api/turn-credentials",
        handler: || post(turn_credentials),
        about: openapi::TURN_CREDENTIALS,
    },
    Route { method: "get", path: "/api/ice-config", handler: || get(ice_config), about: openapi::ICE_CONFIG },
    Route { method: "get", path: "/api/calls", handler: || get(calls), about: openapi::CALLS },
    Route { method: "get", path: "/metrics", handler: || get(metrics), about: openapi::METRICS },
    Route { method: "get", path: "/openapi.json", handler: || get(openapi::page), about: openapi::OPENAPI },
];

/// Everything that is answered but `/socket.io/`.
pub fn router(rest: impl Into<Arc<Rest>>) -> Router {
    let rest = rest.into();
    let api = ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)()));
    api.merge(pages::router())
        .fallback(|| async {
            Refused::new(ErrorCode::NotFound, "there is nothing here; /openapi.json says what there is")
        })
        .method_not_allowed_fallback(|| async {
            Refused::new(
                ErrorCode::BadRequest,
                "this method is not answered here; the header `allow` says which",
            )
            .with_status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(middleware::from_fn_with_state(rest.clone(), cors))
        .layer(middleware::from_fn_with_state(rest.clone(), around))
        .with_state(rest)
}

/// What goes for every request: who may ask at all, a time limit, the numbers, and headers that keep browsers from guessing.
async fn around(State(rest): State<Arc<Rest>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let mut response = if rest.auth.is_for_this_machine() && !is_for_this_machine(request.headers()) {
        Refused::new(ErrorCode::Forbidden, ONLY_HERE).into_response()
    } else {
        let answered = tokio::time::timeout(rest.time_out, next.run(request)).await;
        answered.unwrap_or_else(|_| {
            Refused::new(ErrorCode::Unavailable, "this took too long; try again in a moment").into_response()
        })
    };
    if let Some(RefusedCode(code)) = response.extensions().get() {
        rest.metrics.refused(*code);
    }
    rest.metrics.request(response.status().as_u16(), begun.elapsed());
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Credentials and history must not stay in a cache; the pages say for themselves how long they are good for.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[derive(Serialize)]
struct HealthAnswer {
    status: &'static str,
    version: &'static str,
    uptime: Seconds,
    auth: &'static str,
    database: &'static str,
    redis: &'static str,
    turn: &'static str,
    sfu: &'static str,
}

/// Always 200 while the process answers, as the Node handler did; what is wrong stands inside.
async fn health(State(rest): State<Arc<Rest>>) -> Json<HealthAnswer> {
    Json(HealthAnswer {
        status: rest.health.status(),
        version: env!("CARGO_PKG_VERSION"),
        uptime: Seconds(rest.metrics.uptime().as_secs()),
        auth: if rest.auth.is_open() { "open" } else { "required" },
        database: rest.health.database.get().as_str(),
        redis: rest.health.redis.get().as_str(),
        turn: rest.health.turn.get().as_str(),
        sfu: rest.health.sfu.get().as_str(),
    })
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

async fn live() -> Json<Status> {
    Json(Status { status: "ok" })
}

async fn ready(State(rest): State<Arc<Rest>>) -> Result<Json<Status>, Refused> {
    if rest.health.is_ready() {
        return Ok(Json(Status { status: rest.health.status() }));
    }
    let message =
        if rest.health.is_draining() { "the server is stopping" } else { "the database does not answer" };
    Err(Refused::new(ErrorCode::Unavailable, message))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IceAnswer {
    ice_servers: IceServers,
    ttl: Seconds,
}

impl IceAnswer {
    fn of(rest: &Rest, user: UserId) -> Json<Self> {
        Json(Self { ice_servers: rest.ice.ice_servers(user, wall_clock()), ttl: rest.ice.ttl() })
    }
}

async fn ice_servers(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    UserInPath(user): UserInPath,
) -> Result<Json<IceAnswer>, Refused> {
    Ok(IceAnswer::of(&rest, caller.acting_as(user)?))
}

async fn ice_config(State(rest): State<Arc<Rest>>, caller: Caller) -> Json<IceAnswer> {
    IceAnswer::of(&rest, caller.user.unwrap_or_else(|| caller.guest()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whose {
    user_id: UserId,
}

async fn turn_credentials(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    JsonBody(Whose { user_id }): JsonBody<Whose>,
) -> Result<Json<TurnCredentials>, Refused> {
    let user = caller.acting_as(user_id)?;
    let message = "no TURN server is configured here; /api/ice-servers has what there is";
    rest.ice
        .credentials(user, wall_clock())
        .map(Json)
        .ok_or_else(|| Refused::new(ErrorCode::Unavailable, message))
}

#[derive(Deserialize)]
struct WhichCalls {
    user: Option<UserId>,
    before: Option<String>,
    limit: Option<u32>,
}

async fn calls(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    FromQuery(WhichCalls { user, before, limit }): FromQuery<WhichCalls>,
) -> Result<Json<HistoryPage>, Refused> {
    /// A screen of a phone, and a bit to scroll.
    const USUAL: u32 = 20;
    let bad = |message: &'static str| Refused::new(ErrorCode::BadRequest, message);
    let wanted = user.or(caller.user).ok_or_else(|| bad("say whose calls: ?user=…"))?;
    let user = caller.acting_as(wanted)?;
    let limit = limit.unwrap_or(USUAL);
    if !(1..=100).contains(&limit) {
        return Err(bad("limit must be from 1 to 100"));
    }
    match rest.history.read(HistoryAsked { user, before, limit }).await {
        Ok(page) => Ok(Json(page)),
        Err(fault @ HistoryFault::Cursor) => Err(Refused::new(ErrorCode::BadRequest, fault.to_string())),
        Err(fault @ HistoryFault::Away) => Err(Refused::new(ErrorCode::Unavailable, fault.to_string())),
    }
}

async fn metrics(
    State(rest): State<Arc<Rest>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    match &rest.metrics_token {
        Some(token) => {
            let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
            if !is_same(token.reveal(), given) {
                let message = "send the metrics_token of the settings as `Authorization: Bearer …`";
                return Err(Refused::new(ErrorCode::Unauthorized, message));
            }
        }
        None => {
            // The connection itself, not what a header says of it.
            let is_near = peer.is_none_or(|Extension(Peer(peer))| peer.ip().to_canonical().is_loopback());
            if !is_near || is_passed_on(&headers) {
                let message = "without a metrics_token the numbers are for this machine alone; set one, and send it as \
                               `Authorization: Bearer …`";
                return Err(Refused::new(ErrorCode::Forbidden, message));
            }
        }
    }
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], rest.metrics.page_for_others()).into_response())
}

/// Compares in a time that does not depend on where they differ: the HMACs are compared, not the texts.
fn is_same(token: &str, given: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    let expected = hmac::sign(&key, token.as_bytes());
    hmac::verify(&key, given.as_bytes(), expected.as_ref()).is_ok()
}
