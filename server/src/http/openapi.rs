//! `/openapi.json`: what each route takes and answers, for people and for programs that write clients.
use super::{pages::PAGES, routes::ROUTES};
use axum::Json;
use serde_json::{Map, Value, json};

/// How a route is described.
pub(super) struct About {
    summary: &'static str,
    /// Whether it wants to know who asks.
    signed_in: bool,
    /// Parameters, the body and what a good answer is.
    rest: fn() -> Operation,
}

/// The parts of an operation that differ from route to route.
#[derive(Default)]
struct Operation {
    parameters: Vec<Value>,
    body: Option<Value>,
    answer: Value,
    /// Media type of the answer, if it is not JSON.
    kind: Option<&'static str>,
    /// Statuses of refusals, besides those that every route with the same access has.
    refusals: &'static [(&'static str, &'static str)],
}

pub(super) const HEALTH: About = About {
    summary: "How the server and its parts are",
    signed_in: false,
    rest: || {
        let part = || json!({ "type": "string", "enum": ["off", "up", "down"] });
        Operation {
            answer: object(&[
                ("status", json!({ "type": "string", "enum": ["ok", "degraded", "draining"] })),
                ("version", json!({ "type": "string" })),
                ("uptime", seconds()),
                ("auth", json!({ "type": "string", "enum": ["open", "required"] })),
                ("database", part()),
                ("redis", part()),
                ("turn", part()),
                ("sfu", part()),
            ]),
            ..Operation::default()
        }
    },
};

pub(super) const LIVE: About = About {
    summary: "Answers while the process is alive; for whoever restarts it",
    signed_in: false,
    rest: || Operation { answer: status(), ..Operation::default() },
};

pub(super) const READY: About = About {
    summary: "Whether new work may come here; for load balancers",
    signed_in: false,
    rest: || Operation {
        answer: status(),
        refusals: &[("503", "The server is stopping, or its database is away")],
        ..Operation::default()
    },
};

pub(super) const ICE_SERVERS: About = About {
    summary: "STUN and TURN servers for a user, with a name and password of their own",
    signed_in: true,
    rest: || Operation {
        parameters: vec![json!({
            "name": "userId", "in": "path", "required": true, "schema": reference("Id"),
            "description": "The user who asks",
        })],
        answer: reference("IceServers"),
        ..Operation::default()
    },
};

pub(super) const TURN_CREDENTIALS: About = About {
    summary: "Name and password for TURN alone",
    signed_in: true,
    rest: || Operation {
        body: Some(object(&[("userId", json!({ "oneOf": [reference("Id"), { "type": "string" }] }))])),
        answer: object(&[
            ("username", json!({ "type": "string", "description": "`<expiry>:<userId>`" })),
            ("credential", json!({ "type": "string", "description": "base64(HMAC-SHA1(secret, username))" })),
            ("ttl", seconds()),
            ("urls", json!({ "type": "array", "items": { "type": "string" } })),
        ]),
        refusals: &[
            ("413", "The body is too large"),
            ("415", "The body is not JSON"),
            ("503", "No TURN server is configured"),
        ],
        ..Operation::default()
    },
};

pub(super) const ICE_CONFIG: About = About {
    summary: "STUN and TURN servers for whoever asks; STUN alone where no TURN is configured",
    signed_in: true,
    rest: || Operation { answer: reference("IceServers"), ..Operation::default() },
};

pub(super) const CALLS: About = About {
    summary: "Past calls of a user, newest first",
    signed_in: true,
    rest: || {
        let parameter = |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "query", "schema": schema, "description": description });
        Operation {
            parameters: vec![
                parameter("user", reference("Id"), "Whose; by default of whoever is signed in"),
                parameter("before", json!({ "type": "string" }), "`next` of the page before"),
                parameter(
                    "limit",
                    json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 }),
                    "How many at most",
                ),
            ],
            answer: object(&[
                ("calls", json!({ "type": "array", "items": reference("PastCall") })),
                ("next", json!({ "type": ["string", "null"], "description": "Null on the last page" })),
            ]),
            refusals: &[("503", "The database is away")],
            ..Operation::default()
        }
    },
};

pub(super) const METRICS: About = About {
    summary: "Numbers for Prometheus: for whoever sends the metrics_token, without one for this machine",
    signed_in: false,
    rest: || Operation {
        answer: json!({ "type": "string" }),
        kind: Some("text/plain"),
        refusals: &[
            ("401", "The metrics token is missing or wrong"),
            ("403", "No metrics token is set, and the request is not of this machine"),
        ],
        ..Operation::default()
    },
};

pub(super) const OPENAPI: About = About {
    summary: "This description",
    signed_in: false,
    rest: || Operation { answer: json!({ "type": "object" }), ..Operation::default() },
};

/// The description as it goes out.
pub(super) async fn page() -> Json<Value> {
    Json(description())
}

/// What every route takes and answers.
pub(super) fn description() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(&route.about);
    }
    for file in PAGES {
        paths.insert(
            file.path.into(),
            json!({ "get": { "summary": "A page", "tags": ["pages"], "security": [],
                "responses": { "200": { "description": "The page or a part of it" } } } }),
        );
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "WorldMates Calls",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "REST beside the Socket.IO events of docs/protocol.md. Refusals have the same codes as \
                there.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "token": {
                "type": "http", "scheme": "bearer",
                "description": "The token of the socket, or the initData of a Telegram mini app. Not needed \
                    where auth_mode is `open`.",
            } },
            "schemas": schemas(),
        },
    })
}

fn operation(about: &About) -> Value {
    let Operation { parameters, body, answer, kind, refusals } = (about.rest)();
    let mut responses = Map::new();
    let kind = kind.unwrap_or("application/json");
    responses
        .insert("200".into(), json!({ "description": "Good", "content": { kind: { "schema": answer } } }));
    let signed_in: &[_] = if about.signed_in {
        &[
            ("400", "The request does not fit"),
            ("401", "No token, or one that does not hold"),
            ("403", "This belongs to another user"),
            ("429", "Too many requests; the header retry-after says when to come back"),
        ]
    } else {
        &[]
    };
    for (status, description) in signed_in.iter().chain(refusals) {
        let content = json!({ "application/json": { "schema": reference("Error") } });
        responses.insert((*status).into(), json!({ "description": description, "content": content }));
    }
    let mut operation = json!({ "summary": about.summary, "responses": responses });
    // Without sign-in an empty list says so; with it, `{}` stands for open mode.
    operation["security"] = if about.signed_in { json!([{ "token": [] }, {}]) } else { json!([]) };
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(schema) = body {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    operation
}

fn schemas() -> Value {
    let text = || json!({ "type": "string" });
    json!({
        "Id": { "type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_991_u64 },
        "Error": object(&[("error", object(&[("code", text()), ("message", text())]))]),
        "IceServers": object(&[
            ("iceServers", json!({ "type": "array", "items": {
                "type": "object",
                "required": ["urls"],
                "properties": {
                    "urls": { "type": "array", "items": { "type": "string" } },
                    "username": { "type": "string" },
                    "credential": { "type": "string" },
                },
            } })),
            ("ttl", seconds()),
        ]),
        "PastCall": past_call(),
    })
}

fn past_call() -> Value {
    let text = || json!({ "type": "string" });
    let maybe_text = || json!({ "type": ["string", "null"] });
    let mut call = object(&[
        ("callId", reference("Id")),
        ("direction", json!({ "type": "string", "enum": ["incoming", "outgoing"] })),
        (
            "status",
            json!({ "type": "string",
            "enum": ["ringing", "connected", "active", "ended", "missed", "rejected"] }),
        ),
        ("endReason", maybe_text()),
        ("callType", json!({ "type": "string", "enum": ["audio", "video"] })),
        ("roomName", text()),
        ("startedAt", json!({ "type": "integer", "description": "Milliseconds since 1970" })),
        (
            "duration",
            json!({ "type": ["integer", "null"], "description": "Seconds; null if never answered" }),
        ),
    ]);
    let user = object(&[("userId", reference("Id")), ("userName", text()), ("avatar", maybe_text())]);
    let group = object(&[("groupId", reference("Id")), ("groupName", text())]);
    call["oneOf"] = json!([object(&[("user", user)]), object(&[("group", group)])]);
    call
}

fn object(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn seconds() -> Value {
    json!({ "type": "integer", "minimum": 0, "description": "Seconds" })
}

fn status() -> Value {
    object(&[("status", json!({ "type": "string" }))])
}
