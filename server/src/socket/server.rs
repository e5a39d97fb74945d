//! The door: which request is what, and what every session shares.
use super::{
    Handshake, Hub, Service, SocketHandle, SocketSettings, SocketStats,
    outbox::{Outbox, Via},
    polling::{self, Polling},
    query, upgrade,
};
use crate::visitors::{Limiter, Place, Places, network_of};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Body,
    header::{self, HeaderValue},
};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::{
    collections::HashMap,
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

/// The sockets of a server. Cloning is cheap; all clones are the same.
pub struct Sockets<S: Service> {
    core: Arc<Core<S>>,
}

impl<S: Service> Clone for Sockets<S> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone() }
    }
}

impl<S: Service> Sockets<S> {
    /// Sockets that talk to `service` and can be found in `hub`, which is new.
    pub fn new(settings: SocketSettings, hub: Arc<Hub>, service: Arc<S>) -> Self {
        let handshakes = settings.handshakes_per_minute.map(Limiter::new);
        Self {
            core: Arc::new(Core {
                settings,
                hub,
                service,
                stats: Arc::default(),
                polling: Mutex::default(),
                handshakes,
                places: Arc::default(),
                is_stopping: AtomicBool::new(false),
                sessions: AtomicUsize::new(0),
                changed: Notify::new(),
            }),
        }
    }

    /// Whether a request for this path is for the sockets.
    pub fn owns(&self, path: &str) -> bool {
        let own = self.core.settings.path.trim_end_matches('/');
        path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest == "/")
    }

    /// Answers a request for the sockets' path. For a WebSocket the server must serve connections with upgrades.
    /// `peer` is the other end of the TCP connection.
    pub async fn handle<B>(&self, request: Request<B>, peer: SocketAddr) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let cors = Allowed::new(&self.core, request.headers());
        let mut response = match self.route(request, peer).await {
            Ok(response) => response,
            Err(refused) => {
                self.core.stats.refused_handshakes.up();
                refused.response()
            }
        };
        cors.put(response.headers_mut());
        response
    }

    async fn route<B>(&self, request: Request<B>, peer: SocketAddr) -> Result<Response<Full<Bytes>>, Refused>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let core = &self.core;
        if request.method() == Method::OPTIONS {
            return Ok(answer(StatusCode::NO_CONTENT, Bytes::new()));
        }
        let line = request.uri().query().unwrap_or_default().to_owned();
        let is_websocket = match query(&line, "transport").as_deref() {
            Some("polling") => false,
            Some("websocket") => true,
            _ => return Err(Refused::TRANSPORT),
        };
        let Some(sid) = query(&line, "sid") else {
            if request.method() != Method::GET {
                return Err(Refused::METHOD);
            }
            if query(&line, "EIO").as_deref() != Some("4") {
                return Err(Refused::VERSION);
            }
            let key = if is_websocket { Some(upgrade::key(&request)?) } else { None };
            let place = core.admit(peer)?;
            let handshake = Box::new(Handshake::of(&request, peer, place));
            return Ok(match key {
                Some(key) => upgrade::open(core.clone(), request, &key, handshake),
                None => polling::open(core, handshake),
            });
        };
        let Some(polling) = core.polling().get(&*sid).cloned() else {
            return Err(Refused::SESSION);
        };
        match (is_websocket, request.method()) {
            (true, _) => {
                let key = upgrade::key(&request)?;
                upgrade::probe(core, polling, request, &key)
            }
            (false, &Method::GET) => polling::get(core, &polling).await,
            (false, &Method::POST) => polling::post(core, &polling, request).await,
            (false, _) => Err(Refused::METHOD),
        }
    }

    #[cfg(test)]
    pub(super) fn core(&self) -> &Arc<Core<S>> {
        &self.core
    }

    /// The counters.
    pub fn stats(&self) -> &Arc<SocketStats> {
        &self.core.stats
    }

    /// The sockets by id.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.core.hub
    }

    /// Lets nobody in any more, sends what waits to everybody, closes so that stock clients come back elsewhere,
    /// and returns when all sessions are over. What is not over after `patience` is given up.
    pub async fn shutdown(&self, patience: Duration) {
        self.core.is_stopping.store(true, SeqCst);
        self.core.each(|socket| socket.0.close(super::CloseReason::ServerShutdown));
        if timeout(patience, self.core.empty()).await.is_err() {
            self.core.each(|socket| socket.0.force());
            self.core.empty().await;
        }
    }
}

/// What every session shares.
pub(super) struct Core<S: Service> {
    pub(super) settings: SocketSettings,
    pub(super) hub: Arc<Hub>,
    pub(super) service: Arc<S>,
    pub(super) stats: Arc<SocketStats>,
    /// The sessions that poll, by the id their requests carry. A WebSocket needs no name.
    polling: Mutex<HashMap<String, Arc<Polling>>>,
    handshakes: Option<Limiter<IpAddr>>,
    /// Sessions of each address, where they are limited.
    places: Arc<Places>,
    is_stopping: AtomicBool,
    /// How many sessions have not ended.
    sessions: AtomicUsize,
    /// Told when the last one ends.
    changed: Notify,
}

impl<S: Service> Core<S> {
    /// The sessions that poll.
    pub(super) fn polling(&self) -> MutexGuard<'_, HashMap<String, Arc<Polling>>> {
        self.polling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another session may be opened; with it comes its place, if its address may only have so many.
    fn admit(&self, peer: SocketAddr) -> Result<Option<Place>, Refused> {
        let is_full = self.settings.max_sockets.is_some_and(|most| self.sessions.load(SeqCst) >= most);
        if is_full || self.is_stopping() {
            return Err(Refused::UNAVAILABLE);
        }
        let address = peer.ip();
        if self.settings.uncounted.contains(address) {
            return Ok(None);
        }
        let visitor = network_of(address);
        let is_refused =
            |limiter: &Limiter<IpAddr>| limiter.take(visitor, Instant::now().into_std()).is_err();
        if self.handshakes.as_ref().is_some_and(is_refused) {
            return Err(Refused::TOO_MANY);
        }
        let Some(most) = self.settings.sockets_per_address else { return Ok(None) };
        self.places.take(visitor, most).map(Some).ok_or(Refused::TOO_MANY)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(SeqCst)
    }

    /// A session began.
    pub(super) fn began(&self, via: Via, outbox: &Arc<Outbox>) {
        self.sessions.fetch_add(1, SeqCst);
        self.stats.opened.up();
        self.open_by(via).up();
        self.hub.insert(SocketHandle(outbox.clone()));
        // The server may have begun to stop since the request was let in; whoever is in the hub by now is closed by
        // `shutdown`, and whoever is not sees the flag here.
        if self.is_stopping() {
            outbox.close(super::CloseReason::ServerShutdown);
        }
    }

    /// A session ended.
    pub(super) fn ended(&self, outbox: &Outbox) {
        self.hub.remove(outbox.id);
        self.open_by(outbox.via()).down();
        if self.sessions.fetch_sub(1, SeqCst) == 1 {
            self.changed.notify_waiters();
        }
    }

    pub(super) fn open_by(&self, via: Via) -> &super::Counter {
        match via {
            Via::WebSocket => &self.stats.open_websocket,
            Via::Polling | Via::Upgrading => &self.stats.open_polling,
        }
    }

    fn each(&self, act: impl Fn(&SocketHandle)) {
        self.hub.all().iter().for_each(act);
    }

    async fn empty(&self) {
        loop {
            let changed = self.changed.notified();
            if self.sessions.load(SeqCst) == 0 {
                return;
            }
            changed.await;
        }
    }
}

/// Why a request was refused, in the words of Engine.IO.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    status: StatusCode,
    code: u8,
    message: &'static str,
}

impl Refused {
    const fn new(status: StatusCode, code: u8, message: &'static str) -> Self {
        Self { status, code, message }
    }

    const TRANSPORT: Self = Self::new(StatusCode::BAD_REQUEST, 0, "Transport unknown");
    pub(super) const SESSION: Self = Self::new(StatusCode::BAD_REQUEST, 1, "Session ID unknown");
    const METHOD: Self = Self::new(StatusCode::BAD_REQUEST, 2, "Bad handshake method");
    pub(super) const REQUEST: Self = Self::new(StatusCode::BAD_REQUEST, 3, "Bad request");
    pub(super) const TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, 3, "Payload too large");
    const TOO_MANY: Self = Self::new(StatusCode::TOO_MANY_REQUESTS, 4, "Too many connections");
    pub(super) const UNAVAILABLE: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, 4, "Server full or stopping");
    const VERSION: Self = Self::new(StatusCode::BAD_REQUEST, 5, "Unsupported protocol version");

    fn response(self) -> Response<Full<Bytes>> {
        let body = serde_json::json!({"code": self.code, "message": self.message}).to_string();
        let mut response = answer(self.status, body.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// A response with a text body that nobody keeps.
pub(super) fn answer(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let is_empty = body.is_empty();
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !is_empty {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    }
    response
}

/// What a page of another origin is told it may.
struct Allowed {
    origin: Option<HeaderValue>,
    requested: Option<HeaderValue>,
}

impl Allowed {
    fn new<S: Service>(core: &Core<S>, headers: &HeaderMap) -> Self {
        let is_allowed =
            |origin: &&HeaderValue| origin.to_str().is_ok_and(|origin| core.settings.cors.allows(origin));
        Self {
            origin: headers.get(header::ORIGIN).filter(is_allowed).cloned(),
            requested: headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
        }
    }

    fn put(self, headers: &mut HeaderMap) {
        let Some(origin) = self.origin else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(requested) = self.requested {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, requested);
        }
    }
}

/// A name that cannot be guessed: whoever knows it speaks for the session.
pub(super) fn new_sid() -> String {
    let mut random = [0; 15];
    SystemRandom::new().fill(&mut random).expect("the system has a source of randomness");
    URL_SAFE_NO_PAD.encode(random)
}
