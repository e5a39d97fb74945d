//! The whole server, put together: what `main` runs and what tests start inside their own process.
//!
//! Order matters. Up: the port, database, relay, what was going on, then the door. Down: no new calls, the sockets, the
//! door (those who poll come through it to hear the end), then what is left to write, and the relay last, since calls
//! still talk through it.
use crate::{
    auth::Auth,
    calls::{Calls, Input, OpenCall},
    clock::{Clock, wall_clock},
    db::{
        Claim, DatabaseSettings, Directory, IdentifierError, Missing, OpenError, Place, PlaceError,
        QueryError, Spill, Store, Unwritten, Writer,
    },
    http::{self, CallHistory, Capacity, Door, Guests, Health, Part, Rest, SocketPath},
    observe::{self, Metrics, Page, write_relay},
    settings::{Database, Settings},
    sfu::{Counts, Sfu, SfuError},
    socket::{Hub, SocketSettings, Sockets},
    switchboard::{self, Lines, Switchboard},
    turn::{
        IceIssuer,
        embedded::{Relay, RelayError, RelaySettings},
    },
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time::{Instant, MissedTickBehavior, interval, timeout, timeout_at},
};
use tracing::{info, warn};

/// How often the database is asked for a sign of life, for the health page.
const HEALTH: Duration = Duration::from_secs(5);

/// However little time there is for a stop, each step of its end gets so much.
const LEAST: Duration = Duration::from_secs(1);

/// A call that the database says has gone on for longer was forgotten by a server long gone.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 60 * 60);

/// Why the server did not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `database_url` names no database.
    #[error("database_url: {0}")]
    Place(#[from] PlaceError),
    /// The database does not open.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// The database opened and then did not answer.
    #[error("the database stopped answering while the server started: {0}")]
    Query(#[from] QueryError),
    /// The database does not take what the last run kept for it.
    #[error("the database does not take what the last run left in unwritten.jsonl in the data folder: {0}")]
    Unwritten(#[source] Unwritten),
    /// A setting of the messenger's tables is no name.
    #[error("a table or column of the messenger: {0}")]
    Identifier(#[from] IdentifierError),
    /// The embedded relay does not start.
    #[error("{0}")]
    Relay(#[from] RelayError),
    /// The media server does not start.
    #[error("{0}")]
    Sfu(#[from] SfuError),
    /// The port is not to be had.
    #[error(
        "cannot listen on {address}: {source}; is another server running there? --port chooses another port"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    switchboard: Arc<Switchboard>,
    sockets: Sockets<Switchboard>,
    health: Arc<Health>,
    store: Store,
    /// No other server writes to the database while this one does.
    claim: Claim,
    writer: Writer,
    /// For what is not written when the server ends.
    spill: Spill,
    relay: Option<Relay>,
    /// Ends the door.
    stop: oneshot::Sender<()>,
    door: JoinHandle<usize>,
    /// Ended when the server ends: time, health, devices.
    tasks: JoinSet<()>,
    drain: Duration,
}

impl Server {
    /// Starts, and returns when clients may come.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let clock = Clock::start();
        // The port first: a second server that was started by mistake ends here, and touches no call of the first.
        let listen = |source| StartError::Listen { address: settings.listen, source };
        let listener = http::listen(settings.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (store, directory, spill) = open(&settings).await?;
        let claim = store.claim().await?;
        let writer = Writer::start(&store);
        // Before anything is counted or closed: it is what the last run knew.
        spill.take_up(&store, &writer).await.map_err(StartError::Unwritten)?;
        let relay = relay(&settings)?;
        let ice = match &relay {
            Some(relay) => settings.ice_with_embedded(relay.local_addr().port()),
            None => settings.ice.clone(),
        };
        let ice = Arc::new(IceIssuer::new(ice));
        let metrics = Arc::new(Metrics::new());
        let auth = Arc::new(Auth::new(&settings.auth));
        let calls = calls(&settings, &store, &ice).await?;
        let hub = Arc::new(Hub::new());
        let (devices, saver) = switchboard::devices(directory.clone(), clock);
        let lines = Lines {
            hub: hub.clone(),
            auth: auth.clone(),
            directory: directory.clone(),
            writer: writer.clone(),
            devices,
            metrics: metrics.clone(),
            open_rooms: settings.open_rooms,
            cors: settings.cors.clone(),
        };
        let switchboard = Arc::new(Switchboard::new(calls, clock, lines));
        let rings = settings.calls.ring + settings.calls.grace;
        let media = media(&settings, &switchboard)?;
        store.close_stale(clock.now(), rings, LONGEST_CALL).await?;
        restore(&store, &directory, &switchboard).await?;

        let health = Arc::new(Health::default());
        health.turn.set(if settings.ice.turn.is_empty() && relay.is_none() { Part::Off } else { Part::Up });
        let capacity = capacity(&settings);
        let sockets = Sockets::new(socket_settings(&settings, capacity), hub, switchboard.clone());
        publish(&metrics, &switchboard, &sockets, &writer);
        health.sfu.set(if media.is_some() { Part::Up } else { Part::Off });
        if let Some(counts) = media {
            metrics.add_source(move |page: &mut Page| write_media(page, &counts));
        }
        if let Some(stats) = relay.as_ref().map(Relay::watch) {
            metrics.add_source(move |page: &mut Page| write_relay(page, &stats()));
        }
        let history = CallHistory::of_store(store.clone(), directory.clone());
        let rest = Rest::new(&settings, auth, ice, metrics.clone(), health.clone(), history);
        let uncounted = settings.trusted_proxies.clone().and_loopback();
        let door = Door {
            router: http::router(rest),
            sockets: SocketsDoor(sockets.clone()),
            trusted_proxies: settings.trusted_proxies.clone(),
            guests: Guests::new(capacity.connections, settings.limits.connections_per_address, uncounted),
            metrics,
        };
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let door = tokio::spawn(http::serve(listener, door, stopped, settings.drain));

        let mut tasks = JoinSet::new();
        tasks.spawn(saver);
        tasks.spawn({
            let switchboard = switchboard.clone();
            async move { switchboard.keep_time().await }
        });
        watch_database(&store, &writer, &health).await;
        tasks.spawn(keep_health(store.clone(), directory, writer.clone(), health.clone()));
        info!(%address, database = store.kind(), "ready");
        let drain = settings.drain;
        Ok(Self {
            address,
            switchboard,
            sockets,
            health,
            store,
            claim,
            writer,
            spill,
            relay,
            stop,
            door,
            tasks,
            drain,
        })
    }

    /// Where clients come to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The calls, for tests that look inside.
    pub fn switchboard(&self) -> &Arc<Switchboard> {
        &self.switchboard
    }

    /// What waits to be written, and where it goes.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Stops: no new calls from now on, everything that was said is written, and every client is told to come back. All
    /// of it within `drain_seconds`, and some seconds more if the database hangs.
    /// Calls that go on are found in the database by the next server; without a database they end here.
    pub async fn stop(mut self) -> Result<(), Unwritten> {
        info!("stopping");
        self.health.drain();
        let remembers = self.store.kind() != "none";
        self.switchboard.input(if remembers { Input::Stop } else { Input::Shutdown });
        let end = Instant::now() + self.drain;
        // Most of the time is for phones that do not notice; what comes after them is quick unless something is wrong.
        self.sockets.shutdown(self.drain * 3 / 4).await;
        // Nobody listens if the door has ended already.
        let _ = self.stop.send(());
        self.tasks.shutdown().await;
        close_door(self.door, end - self.drain / 8).await;
        let kept = self.writer.close_or_keep(left(end), &self.spill).await;
        if matches!(kept, Ok(0)) {
            settle(&self.store, left(end)).await;
        }
        drop(self.claim);
        // A database that is away does not say goodbye.
        let _gone = timeout(LEAST, self.store.close()).await;
        if let Some(sfu) = self.switchboard.disconnect() {
            // Its threads say goodbye to their clients, which takes a moment of theirs and none of ours.
            let _ended = tokio::task::spawn_blocking(move || sfu.stop()).await;
        }
        if let Some(relay) = self.relay {
            relay.stop().await;
        }
        info!("stopped");
        kept.map(drop)
    }
}

/// What is left of the time for a stop. A little is, however long the sockets took: a database that is well needs no more.
fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now()).max(LEAST)
}

async fn close_door(mut door: JoinHandle<usize>, end: Instant) {
    match timeout_at(end, &mut door).await {
        Ok(Ok(0)) => {}
        Ok(Ok(cut)) => warn!(cut, "requests were cut off"),
        Ok(Err(error)) => warn!(%error, "the door did not end by itself"),
        Err(_) => {
            door.abort();
            warn!("requests were cut off");
        }
    }
}

/// Says that every number has its row.
async fn settle(store: &Store, patience: Duration) {
    // Without it the next server leaves a gap in its numbers, as after a crash.
    match timeout(patience, store.settle_numbers()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(%error, "the numbers of calls are left open"),
        Err(_) => warn!("the numbers of calls are left open: the database is slow"),
    }
}

async fn open(settings: &Settings) -> Result<(Store, Directory, Spill), StartError> {
    let place = match &settings.database {
        Database::Memory => Place::Memory,
        Database::Sqlite(file) => Place::Sqlite(file.clone()),
        Database::MySql(url) => url.reveal().parse()?,
    };
    let spill = Spill::new(&settings.data_dir, &place);
    let store = Store::open(&DatabaseSettings { place, store_candidates: settings.store_candidates }).await?;
    if settings.auth.telegram.is_some() {
        // Ids of Telegram are larger than the seeds' INT columns.
        store.widen_user_ids().await?;
    }
    let directory = Directory::new(store.clone(), &settings.messenger)?;
    Ok((store, directory, spill))
}

fn relay(settings: &Settings) -> Result<Option<Relay>, RelayError> {
    let Some(wanted) = &settings.embedded_turn else { return Ok(None) };
    let relay = Relay::start(RelaySettings {
        bind: wanted.bind,
        port: wanted.port,
        relay_ports: wanted.relay_ports.clone(),
        external_ip: wanted.external_ip,
        secret: wanted.secret.clone(),
        allow_private_peers: wanted.allow_private_peers,
        allocations_per_user: wanted.allocations_per_user,
        allocations: wanted.allocations,
        kbps_per_user: wanted.kbps_per_user,
    })?;
    Ok(Some(relay))
}

/// Starts the media server, whose news the switchboard hears and whose orders it gives.
fn media(settings: &Settings, switchboard: &Arc<Switchboard>) -> Result<Option<Arc<Counts>>, SfuError> {
    let Some(wanted) = &settings.sfu else { return Ok(None) };
    // Weak: the switchboard owns what tells it.
    let rules = Arc::downgrade(switchboard);
    let sfu = Sfu::start(wanted, move |news| {
        if let Some(rules) = rules.upgrade() {
            rules.input(Input::Media(news));
        }
    })?;
    info!(address = %sfu.address(), reached_at = ?wanted.addresses, "media server");
    let counts = sfu.counts();
    switchboard.connect(sfu);
    Ok(Some(counts))
}

fn write_media(page: &mut Page, counts: &Counts) {
    use std::sync::atomic::Ordering::Relaxed;
    page.gauge("calls_sfu_clients", "People connected to the media server", counts.clients.load(Relaxed));
    page.counter(
        "calls_sfu_unreached_total",
        "Connections that ended before they were up: clients did not reach it",
        counts.unreached.load(Relaxed),
    );
    page.gauge("calls_sfu_rooms", "Rooms on the media server", counts.rooms.load(Relaxed));
    page.counter("calls_sfu_received_total", "Datagrams that came", counts.received.load(Relaxed));
    page.counter("calls_sfu_sent_total", "Datagrams that left", counts.sent.load(Relaxed));
    page.counter("calls_sfu_sent_bytes_total", "Bytes that left", counts.sent_bytes.load(Relaxed));
    page.counter("calls_sfu_dropped_total", "Datagrams of nobody", counts.dropped.load(Relaxed));
}

async fn calls(settings: &Settings, store: &Store, ice: &Arc<IceIssuer>) -> Result<Calls, QueryError> {
    let (next, next_group) = store.take_numbers().await?;
    let ice = ice.clone();
    // A relay looks at the clock on the wall, and not at that of the rules, which no jump of it moves.
    let issue = Arc::new(move |user, _| ice.ice_servers(user, wall_clock()));
    Ok(Calls::new(settings.calls.clone(), next, next_group, issue))
}

/// Gives the rules what was going on when the last server ended. They ring on, wait for devices, or end it.
async fn restore(store: &Store, directory: &Directory, switchboard: &Switchboard) -> Result<(), QueryError> {
    let open = store.open_calls().await?;
    let count = open.calls.len();
    for call in open.calls {
        let group = match &call {
            OpenCall::Group { group, .. } => directory.group_of_call(*group).await?,
            OpenCall::OneToOne { .. } => None,
        };
        switchboard.input(Input::Restore { call, group });
    }
    if count > 0 {
        info!(count, "calls of the last run were taken over");
    }
    Ok(())
}

/// How many connections fit, and a word if that is fewer than the operator wants.
fn capacity(settings: &Settings) -> Capacity {
    let wanted = settings.limits.connections;
    let files = observe::file_limit().and_then(|files| usize::try_from(files).ok());
    let relays = settings.embedded_turn.as_ref().map_or(0, |relay| relay.allocations);
    let capacity = Capacity::of(wanted, files, relays);
    if capacity.connections < wanted {
        let connections = capacity.connections;
        warn!(
            connections,
            "fewer connections fit than limit_connections says: raise the limit of open files (LimitNOFILE, ulimit -n)"
        );
    }
    capacity
}

fn socket_settings(settings: &Settings, capacity: Capacity) -> SocketSettings {
    SocketSettings {
        max_sockets: Some(capacity.sockets),
        handshakes_per_minute: settings.limits.handshakes_per_minute,
        sockets_per_address: settings.limits.connections_per_address,
        uncounted: settings.trusted_proxies.clone().and_loopback(),
        message_limit: settings.limits.message_bytes,
        hard_limit: SocketSettings::default().hard_limit.max(settings.limits.message_bytes),
        events_per_second: settings.limits.events_per_second,
        cors: settings.cors.clone(),
        ..SocketSettings::default()
    }
}

/// Puts the numbers of parts that count for themselves on the metrics page.
fn publish(
    metrics: &Arc<Metrics>,
    switchboard: &Arc<Switchboard>,
    sockets: &Sockets<Switchboard>,
    writer: &Writer,
) {
    let (stats, writer) = (sockets.stats().clone(), writer.clone());
    // Weak: the page is asked by what the switchboard owns.
    let (calls, gauges) = (Arc::downgrade(switchboard), Arc::downgrade(metrics));
    metrics.add_source(move |page: &mut Page| {
        if let (Some(calls), Some(gauges)) = (calls.upgrade(), gauges.upgrade()) {
            let (live, ringing, users) = calls.counts();
            gauges.calls_live.set(live as u64);
            gauges.calls_ringing.set(ringing as u64);
            gauges.users_online.set(users as u64);
        }
        for (name, value) in stats.all() {
            match name {
                "open_websocket" | "open_polling" => {
                    page.gauge(&format!("calls_sockets_{name}"), "Sockets by their transport", value);
                }
                _ => {
                    page.counter(&format!("calls_sockets_{name}_total"), "Of the Socket.IO transport", value);
                }
            }
        }
        let counts = writer.counts();
        page.gauge("calls_db_queue_depth", "Rows that wait to be written", counts.queue_depth);
        page.gauge("calls_db_away", "Whether the database takes nothing", u8::from(counts.is_away));
        page.gauge("calls_db_queue_bytes", "What they take in memory", counts.queue_bytes);
        page.counter("calls_db_lost_total", "Rows that were given up", counts.dropped.rows());
        page.totals("calls_db_dropped_total", "What was given up", "what", counts.dropped.all());
        page.counter("calls_db_written_total", "Rows that were written", counts.written);
        page.counter("calls_db_batches_total", "Transactions that were committed", counts.batches);
        page.counter("calls_db_failures_total", "Transactions that were tried again", counts.failures);
    });
}

async fn watch_database(store: &Store, writer: &Writer, health: &Health) {
    if store.kind() == "none" {
        return health.database.set(Part::Off);
    }
    let answer = store.ping().await;
    writer.heard(&answer);
    // A full disk answers every question and takes nothing.
    let is_up = answer.is_ok() && !writer.counts().is_away;
    health.database.set(if is_up { Part::Up } else { Part::Down });
}

async fn keep_health(store: Store, directory: Directory, writer: Writer, health: Arc<Health>) {
    let mut every = interval(HEALTH);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Asked at the start, and again when the database was away: somebody may have changed it.
    let mut asked = false;
    let mut told = Vec::new();
    loop {
        every.tick().await;
        watch_database(&store, &writer, &health).await;
        asked &= health.database.get() != Part::Down;
        if !asked && let Ok(missing) = directory.missing().await {
            asked = true;
            tell_missing(&missing, &mut told);
        }
    }
}

/// One line for all that is missing, unless it was told already.
fn tell_missing(missing: &[Missing], told: &mut Vec<Missing>) {
    if missing != told.as_slice() && !missing.is_empty() {
        let all: Vec<String> = missing.iter().map(ToString::to_string).collect();
        warn!("the messenger's tables are not as the settings say: {}", all.join("; "));
    }
    *told = missing.to_vec();
}

/// The sockets, as the door knows them.
#[derive(Clone)]
struct SocketsDoor(Sockets<Switchboard>);

impl SocketPath for SocketsDoor {
    fn owns(&self, path: &str) -> bool {
        self.0.owns(path)
    }

    fn open(&self) -> usize {
        usize::try_from(self.0.stats().open_websocket.get()).unwrap_or(usize::MAX)
    }

    async fn handle(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        self.0.handle(request, peer).await
    }
}
