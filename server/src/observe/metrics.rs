//! Every number of the server, and the page that shows them.
use super::{
    lines::word,
    process,
    registry::{Counter, Counters, Gauge, Histogram, Page},
};
use crate::calls::Note;
use calls_protocol::{ClientEvent, ErrorCode};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// From a call picked up at once to one that rang until it stopped.
const RING_BOUNDS: &[u64] = &[500, 1000, 2000, 3000, 5000, 8000, 13_000, 20_000, 30_000, 45_000, 60_000];

/// From an answer out of memory to one that waited for a slow database.
const REQUEST_BOUNDS: &[u64] = &[1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000];

const ENDED: &[&str] = &[
    "completed",
    "cancelled",
    "failed",
    "declined",
    "busy",
    "timeout",
    "offline",
    "lost",
    "replaced",
    "server_shutdown",
];

const ERRORS: &[&str] = &[
    "bad_request",
    "unauthorized",
    "forbidden",
    "not_found",
    "recipient_offline",
    "recipient_busy",
    "already_in_call",
    "already_answered",
    "expired",
    "room_full",
    "rate_limited",
    "too_large",
    "conflict",
    "unknown_event",
    "unavailable",
    "internal",
];

/// Numbers of a part that counts for itself, written when somebody asks.
type Source = Box<dyn Fn(&mut Page) + Send + Sync>;

/// Every number. Parts of the server count into it or, by [`Metrics::add_source`], are asked when the page is read.
pub struct Metrics {
    started: Instant,
    started_unix: Duration,
    registered: Counter,
    initiated: Counters,
    group_initiated: Counters,
    rings: Counter,
    accepted: Counter,
    answer_time: Histogram,
    rejected: Counters,
    joined: Counter,
    left: Counter,
    ended: Counters,
    /// Calls and rooms that go on.
    pub calls_live: Gauge,
    /// Calls that ring.
    pub calls_ringing: Gauge,
    /// Users with at least one socket.
    pub users_online: Gauge,
    /// Connections that were closed at the door: too many of all or of one address.
    pub connections_refused: Counter,
    events: Counters,
    errors: Counters,
    requests: Counters,
    request_time: Histogram,
    sources: Mutex<Vec<Source>>,
    served: Mutex<Served>,
}

/// The page that was made last for somebody outside, and what pages have cost lately.
#[derive(Default)]
struct Served {
    last: Option<(Instant, Arc<str>)>,
    /// When the time that was spent on pages is made up for.
    paid_at: Option<Instant>,
}

impl Served {
    /// Nobody scrapes more often for a good reason.
    const OLDEST: Duration = Duration::from_secs(1);
    /// Pages may take a twentieth of one processor.
    const SHARE: u32 = 20;
    /// They are made for each who asks until they have used their share of so long a time.
    const AHEAD: Duration = Duration::from_secs(60);

    /// The page that has to do, as another one would be too dear now.
    fn enough(&self, now: Instant) -> Option<&str> {
        let owed = self.paid_at.map_or(Duration::ZERO, |paid| paid.saturating_duration_since(now));
        let (made, text) = self.last.as_ref()?;
        (owed > Self::AHEAD && now.saturating_duration_since(*made) < Self::OLDEST).then_some(text)
    }

    /// A page was made.
    fn made(&mut self, text: Arc<str>, begun: Instant, now: Instant) {
        self.paid_at = Some(self.paid_at.map_or(now, |paid| paid.max(now)) + (now - begun) * Self::SHARE);
        self.last = Some((now, text));
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("started", &self.started).finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All zero, from now on.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            started_unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            registered: Counter::default(),
            initiated: Counters::new(&["audio", "video"]),
            group_initiated: Counters::new(&["audio", "video"]),
            rings: Counter::default(),
            accepted: Counter::default(),
            answer_time: Histogram::new(RING_BOUNDS),
            rejected: Counters::new(&["declined", "busy"]),
            joined: Counter::default(),
            left: Counter::default(),
            ended: Counters::new(ENDED),
            calls_live: Gauge::default(),
            calls_ringing: Gauge::default(),
            users_online: Gauge::default(),
            connections_refused: Counter::default(),
            events: Counters::new(ClientEvent::NAMES),
            errors: Counters::new(ERRORS),
            requests: Counters::new(&["2xx", "3xx", "4xx", "5xx"]),
            request_time: Histogram::new(REQUEST_BOUNDS),
            sources: Mutex::new(Vec::new()),
            served: Mutex::default(),
        }
    }

    /// How long this process has been up.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Counts what happened to a call.
    pub fn note(&self, note: &Note) {
        match note {
            Note::Registered(_) => self.registered.up(),
            Note::Initiated { call_type, .. } => self.initiated.of(call_type.as_str()).up(),
            Note::GroupInitiated { call_type, .. } => self.group_initiated.of(call_type.as_str()).up(),
            Note::Rang { devices, .. } => self.rings.add(*devices as u64),
            Note::Accepted { after, .. } => {
                self.accepted.up();
                self.answer_time.took(*after);
            }
            // Every answer follows an accepted call, which is counted.
            Note::AnswerSent(_) => {}
            Note::Rejected { reason, .. } => self.rejected.of(word(*reason)).up(),
            Note::Joined { .. } => self.joined.up(),
            Note::Left { .. } => self.left.up(),
            Note::Ended { reason, .. } => self.ended.of(reason).up(),
        }
    }

    /// Counts an event that a client sent.
    pub fn event(&self, name: &str) {
        self.events.of(name).up();
    }

    /// Counts a refusal, on a socket or of a request.
    pub fn refused(&self, code: ErrorCode) {
        self.errors.of(code.as_str()).up();
    }

    /// Counts an answered request that is not one of Socket.IO.
    pub fn request(&self, status: u16, time: Duration) {
        let class = match status / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "other",
        };
        self.requests.of(class).up();
        self.request_time.took(time);
    }

    /// Adds a part that counts for itself (sockets, database, relay): it is asked whenever the page is read.
    pub fn add_source(&self, source: impl Fn(&mut Page) + Send + Sync + 'static) {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(source));
    }

    /// The page as it is given to whoever asks over the network. With many calls and sockets it takes a walk over all
    /// of them, so it is made only so often.
    pub fn page_for_others(&self) -> String {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        if let Some(text) = served.enough(begun) {
            return text.to_owned();
        }
        let text = self.page();
        served.made(text.as_str().into(), begun, Instant::now());
        text
    }

    /// The page, in the text format of Prometheus.
    pub fn page(&self) -> String {
        // The parts first: some of them set the gauges that stand at the top.
        let mut parts = Page::default();
        for source in self.sources.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            source(&mut parts);
        }
        let mut page = Page::default();
        page.gauges("calls_server_info", "Which server this is", "version", [(env!("CARGO_PKG_VERSION"), 1)]);
        page.gauge("calls_live", "Calls and rooms that go on", self.calls_live.get());
        page.gauge("calls_ringing", "Calls that ring", self.calls_ringing.get());
        page.gauge("calls_users_online", "Users with at least one socket", self.users_online.get());
        page.counter(
            "calls_registered_total",
            "Sockets that said whose calls they take",
            self.registered.get(),
        );
        page.counters("calls_initiated_total", "Calls dialled to a user", "type", &self.initiated);
        page.counters(
            "calls_group_initiated_total",
            "Calls started in a group",
            "type",
            &self.group_initiated,
        );
        page.counter("calls_rings_total", "Devices that were made to ring", self.rings.get());
        page.counter("calls_accepted_total", "Calls that were answered", self.accepted.get());
        page.histogram("calls_answer_seconds", "From dialling to the answer", &self.answer_time);
        page.counters("calls_rejected_total", "Calls that a callee refused", "reason", &self.rejected);
        page.counter(
            "calls_joined_total",
            "Times somebody came into a group call or room",
            self.joined.get(),
        );
        page.counter("calls_left_total", "Times somebody left a group call or room", self.left.get());
        page.counters("calls_ended_total", "Calls that are over", "reason", &self.ended);
        page.counter(
            "calls_connections_refused_total",
            "Connections closed at the door, over a limit",
            self.connections_refused.get(),
        );
        page.counters("calls_events_total", "Events that clients sent", "event", &self.events);
        page.counters("calls_errors_total", "Refusals, on sockets and of requests", "code", &self.errors);
        page.counters("calls_requests_total", "REST and page requests", "status", &self.requests);
        page.histogram("calls_request_seconds", "Time to answer them", &self.request_time);
        page.append(&parts);
        process::write(&mut page);
        page.gauge(
            "process_start_time_seconds",
            "When this process started",
            self.started_unix.as_millis() as f64 / 1000.0,
        );
        page.into_text()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::lines::tests::one_of_each, *};
    use std::collections::HashSet;

    fn value(page: &str, sample: &str) -> f64 {
        let line =
            page.lines().find_map(|line| line.strip_prefix(sample).filter(|rest| rest.starts_with(' ')));
        line.unwrap_or_else(|| panic!("no {sample} on\n{page}")).trim().parse().unwrap()
    }

    #[test]
    fn every_note_event_and_refusal_is_counted() {
        let metrics = Metrics::new();
        for (note, _) in one_of_each() {
            metrics.note(&note);
        }
        for name in ClientEvent::NAMES {
            metrics.event(name);
        }
        metrics.event("made:up");
        metrics.refused(ErrorCode::RateLimited);
        metrics.request(404, Duration::from_millis(3));
        metrics.calls_live.set(7);
        metrics.add_source(|page| page.gauge("calls_sockets", "Sockets", 12));

        let page = metrics.page();

        for (sample, expected) in [
            ("calls_live", 7.0),
            ("calls_registered_total", 1.0),
            ("calls_initiated_total{type=\"video\"}", 1.0),
            ("calls_group_initiated_total{type=\"video\"}", 1.0),
            ("calls_rings_total", 2.0),
            ("calls_accepted_total", 1.0),
            ("calls_answer_seconds_bucket{le=\"2\"}", 0.0),
            ("calls_answer_seconds_bucket{le=\"3\"}", 1.0),
            ("calls_rejected_total{reason=\"busy\"}", 1.0),
            ("calls_joined_total", 1.0),
            ("calls_left_total", 1.0),
            ("calls_ended_total{reason=\"completed\"}", 1.0),
            ("calls_ended_total{reason=\"timeout\"}", 1.0),
            ("calls_events_total{event=\"call:initiate\"}", 1.0),
            ("calls_events_total{event=\"other\"}", 1.0),
            ("calls_errors_total{code=\"rate_limited\"}", 1.0),
            ("calls_requests_total{status=\"4xx\"}", 1.0),
            ("calls_sockets", 12.0),
        ] {
            assert_eq!(value(&page, sample), expected, "{sample}");
        }
        assert!(value(&page, "process_start_time_seconds") > 1e9);
    }

    #[test]
    fn pages_that_are_dear_are_made_only_so_often() {
        let ms = Duration::from_millis;
        let mut served = Served::default();
        let start = Instant::now();
        let mut ask = |now: Instant, took: Duration| {
            let makes = served.enough(now).is_none();
            if makes {
                served.made("page".into(), now, now + took);
            }
            makes
        };

        // Somebody asks a hundred times a second, and each page takes 50 ms.
        let made = (0..6000).filter(|n| ask(start + ms(10) * *n, ms(50))).count();

        // A minute's share is three seconds, and it starts with as much; then one a second.
        assert!((120..=190).contains(&made), "{made}");
        let later = start + Duration::from_secs(600);
        assert!((0..1000).all(|n| ask(later + ms(1) * n, ms(1))), "cheap ones are made for each who asks");
    }

    #[test]
    fn the_page_is_what_prometheus_reads() {
        let page = Metrics::new().page();
        let mut families = HashSet::new();
        let mut family = "";

        for line in page.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split(' ').next().unwrap();
                assert!(families.insert(family.to_owned()), "{family} stands twice");
            } else if !line.starts_with('#') {
                let (sample, number) = line.rsplit_once(' ').unwrap();
                assert!(sample.starts_with(family), "{line}");
                assert!(number.parse::<f64>().is_ok(), "{line}");
            }
        }
        assert!(families.len() > 15);
    }

    #[test]
    fn every_code_of_the_contract_has_a_counter() {
        for word in ERRORS {
            let read: ErrorCode = serde_json::from_str(&format!("\"{word}\"")).unwrap();
            assert_eq!(read.as_str(), *word);
            assert_ne!(read, ErrorCode::Unknown);
        }
    }
}
