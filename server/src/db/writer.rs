//! Records on their way to the database, behind the calls' backs.
//!
//! [`Writer::push`] folds a record into the batch that is being gathered and returns. One task writes that batch every
//! 50 ms, or sooner when it is large, in one transaction; while the database is away it keeps everything and tries
//! again. What a crash loses is what was pushed within the last batch's time.
use super::{
    QueryError, Spill, Store,
    apply::apply,
    batch::Batch,
    conn::Conn,
    fault::{Fault, fault},
    outage::{By, Outage},
    private::without_addresses,
    queue::{Dropped, Queue, QueueLimits},
};
use crate::calls::Record;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tracing::{error, info, warn};

/// How records are gathered. The defaults suit a server; tests ask for others.
#[derive(Debug, Clone)]
pub struct WriterLimits {
    /// How long a record waits for others, and the most that a crash loses.
    pub linger: Duration,
    /// As many rows are written at once, and no more in one transaction.
    pub rows: usize,
    /// A transaction holds no more bytes, but at least one row.
    pub transaction: usize,
    /// How much may wait.
    pub queue: QueueLimits,
    /// First pause before the database is tried again; doubled up to the last.
    pub first_pause: Duration,
    /// Last pause.
    pub last_pause: Duration,
}

impl Default for WriterLimits {
    fn default() -> Self {
        Self {
            linger: Duration::from_millis(50),
            rows: 4096,
            // A statement is a part of a transaction, and MariaDB takes 16 MB in one (`max_allowed_packet`).
            transaction: 4 << 20,
            queue: QueueLimits::default(),
            first_pause: Duration::from_millis(100),
            last_pause: Duration::from_secs(5),
        }
    }
}

/// A transaction that takes longer hangs, and is tried again on another connection.
const STUCK: Duration = Duration::from_secs(30);

/// Takes records and writes them later. Cloning is cheap; when the last clone is dropped, what is gathered is written.
#[derive(Debug, Clone)]
pub struct Writer {
    owner: Arc<Owner>,
}

/// What the metrics say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriterCounts {
    /// Rows that wait: `db_queue_depth`.
    pub queue_depth: usize,
    /// What they take in memory: `db_queue_bytes`.
    pub queue_bytes: usize,
    /// What was given up: `db_lost`, `db_dropped`.
    pub dropped: Dropped,
    /// Rows that were written.
    pub written: u64,
    /// Transactions that were committed.
    pub batches: u64,
    /// Transactions that failed and were tried again.
    pub failures: u64,
    /// Whether the database is away just now.
    pub is_away: bool,
}

/// The database did not take everything in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{rows} rows were not written in time")]
pub struct Unwritten {
    /// How many.
    pub rows: usize,
}

#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    /// None in memory mode: every record is forgotten.
    store: Option<Store>,
    limits: WriterLimits,
    queue: Mutex<Queue>,
    /// The task has something to do.
    wake: Notify,
    /// Everything pushed up to this count is written or given up.
    done: watch::Sender<u64>,
    /// Bytes in a transaction, which is never more than in a statement.
    transaction: AtomicUsize,
    /// Bytes in a statement that the database is known to take.
    statement: AtomicUsize,
    written: AtomicU64,
    batches: AtomicU64,
    failures: AtomicU64,
    outage: Mutex<Outage>,
}

impl Writer {
    /// Starts the task that writes. Must be called within a tokio runtime.
    pub fn start(store: &Store) -> Self {
        Self::with_limits(store, WriterLimits::default())
    }

    /// Starts with other limits.
    pub fn with_limits(store: &Store, limits: WriterLimits) -> Self {
        let shared = Arc::new(Shared {
            store: store.dialect().map(|_| store.clone()),
            transaction: AtomicUsize::new(limits.transaction),
            statement: AtomicUsize::new(usize::MAX),
            limits,
            queue: Mutex::default(),
            wake: Notify::new(),
            done: watch::Sender::new(0),
            written: AtomicU64::new(0),
            batches: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            outage: Mutex::default(),
        });
        let task = shared.store.clone().map(|store| tokio::spawn(Arc::clone(&shared).run(store)));
        Self { owner: Arc::new(Owner { shared, task: Mutex::new(task) }) }
    }

    /// Takes a record. Never waits, never fails: what cannot be kept is counted.
    pub fn push(&self, record: Record) {
        self.owner.shared.push(record);
    }

    /// Waits until everything pushed so far is written.
    pub async fn flush(&self, patience: Duration) -> Result<(), Unwritten> {
        let shared = &self.owner.shared;
        if shared.store.is_none() {
            return Ok(());
        }
        let target = {
            let mut queue = shared.lock();
            queue.hurry = true;
            queue.pushed
        };
        shared.wake.notify_one();
        let mut done = shared.done.subscribe();
        let reached = timeout(patience, done.wait_for(|done| *done >= target)).await;
        match reached {
            Ok(Ok(_)) => Ok(()),
            // The sender lives in `shared`, so only time can be the cause.
            _ => Err(Unwritten { rows: shared.lock().rows() }),
        }
    }

    /// Writes what is left and ends the task. Records pushed from now on are lost and counted, and so is what the database
    /// does not take in time.
    pub async fn close(&self, patience: Duration) -> Result<(), Unwritten> {
        self.lose(&self.end(patience).await)
    }

    /// The same, but what the database does not take in time is kept in a file for the next start. Says how many rows.
    pub async fn close_or_keep(&self, patience: Duration, spill: &Spill) -> Result<usize, Unwritten> {
        let left = self.end(patience).await;
        let rows = left.iter().map(|part| part.len()).sum();
        if rows == 0 {
            return Ok(0);
        }
        let (spill, parts) = (spill.clone(), left.clone());
        let kept = tokio::task::spawn_blocking(move || spill.keep(&parts)).await;
        match kept.unwrap_or_else(|error| Err(error.into())) {
            Ok(()) => {
                warn!(rows, "the database did not take all in time: the next start writes it");
                Ok(rows)
            }
            Err(error) => {
                error!(%error, "what the database did not take in time could not be kept in a file either");
                self.lose(&left).map(|()| 0)
            }
        }
    }

    /// Ends the task. What it could not write.
    async fn end(&self, patience: Duration) -> Vec<Arc<Batch>> {
        let shared = &self.owner.shared;
        shared.begin_to_close();
        let task = self.owner.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return vec![] };
        if timeout(patience, &mut task).await.is_err() {
            task.abort();
            // It ends at its next pause; how is known.
            let _aborted = task.await;
        }
        shared.lock().take_all()
    }

    fn lose(&self, left: &[Arc<Batch>]) -> Result<(), Unwritten> {
        let rows = left.iter().map(|part| part.len()).sum();
        for part in left {
            self.owner.shared.lock().give_up(Dropped::of(part), "the database did not take it in time");
        }
        if rows == 0 { Ok(()) } else { Err(Unwritten { rows }) }
    }

    /// Puts rows of the last run into the batch; told whether candidates are wanted.
    pub(super) fn put_back(&self, put: impl FnOnce(&mut Batch, bool)) {
        let shared = &self.owner.shared;
        let Some(store) = &shared.store else { return };
        let mut queue = shared.lock();
        put(&mut queue.batch, store.store_candidates);
        queue.pushed += 1;
        drop(queue);
        shared.wake.notify_one();
    }

    /// Somebody else asked the database something: one line of the log for all who notice that it is away.
    pub fn heard<T>(&self, answer: &Result<T, QueryError>) {
        match answer {
            Ok(_) => self.owner.shared.worked(By::Asking),
            Err(error) => self.owner.shared.failed(By::Asking, error),
        }
    }

    /// What the metrics say.
    pub fn counts(&self) -> WriterCounts {
        let shared = &self.owner.shared;
        let is_away = shared.outage().is_writing_in_vain();
        let queue = shared.lock();
        WriterCounts {
            queue_depth: queue.rows(),
            queue_bytes: queue.bytes(),
            dropped: queue.dropped,
            written: shared.written.load(Relaxed),
            batches: shared.batches.load(Relaxed),
            failures: shared.failures.load(Relaxed),
            is_away,
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // The task writes what is left and ends by itself.
        self.shared.begin_to_close();
    }
}

impl Shared {
    fn push(&self, mut record: Record) {
        let Some(store) = &self.store else { return };
        let mut unreadable = None;
        if !store.store_candidates {
            if matches!(record, Record::Candidate { .. }) {
                return;
            }
            unreadable = without_addresses(&mut record);
        }
        let mut queue = self.lock();
        let before = queue.batch.len();
        queue.push(record, &self.limits.queue);
        if let Some(call) = unreadable {
            queue.batch.forget_descriptions_of(call);
        }
        let now = queue.batch.len();
        drop(queue);
        if (before == 0 && now > 0) || (before < self.limits.rows && now >= self.limits.rows) {
            self.wake.notify_one();
        }
    }

    fn begin_to_close(&self) {
        self.lock().closing = true;
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here panics half way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>, store: Store) {
        let mut conn = None;
        while self.gather().await {
            let pushed = {
                let mut queue = self.lock();
                let batch = queue.batch.take(self.limits.rows, self.transaction.load(Relaxed));
                queue.flight.push(Arc::new(batch));
                let is_all = queue.batch.is_empty();
                if is_all {
                    queue.hurry = false;
                }
                is_all.then_some(queue.pushed)
            };
            self.write(&store, &mut conn).await;
            if let Some(pushed) = pushed {
                self.done.send_replace(pushed);
            }
        }
        if let Some(conn) = conn {
            conn.hang_up().await;
        }
    }

    /// Waits for a batch worth writing; `false` when closing and nothing is left.
    async fn gather(&self) -> bool {
        loop {
            {
                let mut queue = self.lock();
                if !queue.batch.is_empty() {
                    break;
                }
                let dropped = queue.end_shortage();
                if dropped != Dropped::default() {
                    let Dropped { candidates, statistics, descriptions, calls } = dropped;
                    warn!(
                        candidates,
                        statistics,
                        descriptions,
                        calls,
                        "the queue to the database was too long; this was given up"
                    );
                }
                if queue.closing {
                    return false;
                }
                // Whoever waits for an empty queue has what they wanted.
                queue.hurry = false;
                self.done.send_replace(queue.pushed);
            }
            self.wake.notified().await;
        }
        let full = async {
            while {
                let queue = self.lock();
                !(queue.hurry || queue.closing || queue.batch.len() >= self.limits.rows)
            } {
                self.wake.notified().await;
            }
        };
        // Running out of time is the ordinary case.
        let _elapsed = timeout(self.limits.linger, full).await;
        true
    }

    /// Writes what is on its way however long it takes; a record that the database will never take is given up alone.
    async fn write(&self, store: &Store, conn: &mut Option<Conn>) {
        let mut pause = self.limits.first_pause;
        while let Some(part) = self.next_part() {
            let Some(part) = self.fitting(part) else { continue };
            match self.attempt(store, conn, &part).await {
                Ok(false) => {}
                Ok(true) => {
                    self.lock().flight.pop();
                    self.written.fetch_add(part.len() as u64, Relaxed);
                    self.batches.fetch_add(1, Relaxed);
                    self.worked(By::Writing);
                    pause = self.limits.first_pause;
                }
                Err(error) if fault(&error) == Fault::Record && part.len() > 1 => {
                    let half = part.len() / 2;
                    self.split(part, half, usize::MAX);
                }
                Err(error) if fault(&error) == Fault::Record => {
                    // The error may hold what a person wrote; its code says enough.
                    let code = error.as_database_error().and_then(|e| e.code().map(|code| code.into_owned()));
                    error!(?code, "the database will never take this row: it is given up");
                    let mut queue = self.lock();
                    queue.flight.pop();
                    queue.dropped.add(Dropped::of(&part));
                }
                Err(error) => {
                    self.failures.fetch_add(1, Relaxed);
                    self.failed(By::Writing, &error);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(self.limits.last_pause);
                }
            }
        }
    }

    fn next_part(&self) -> Option<Arc<Batch>> {
        self.lock().flight.last().cloned()
    }

    fn failed(&self, by: By, error: &dyn std::error::Error) {
        let Some(away) = self.outage().failed(by, Instant::now()) else { return };
        let (rows, bytes) = {
            let queue = self.lock();
            (queue.rows(), queue.bytes())
        };
        let away_seconds = away.as_secs();
        warn!(%error, away_seconds, rows, bytes, "the database is away: calls go on, their rows wait in memory");
    }

    fn worked(&self, by: By) {
        if let Some(away) = self.outage().worked(by, Instant::now()) {
            info!(away_seconds = away.as_secs(), rows = self.lock().rows(), "the database is back");
        }
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        // Nothing in there panics half way through a change.
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transaction; after an error the connection is not used again. False if there was no connection: there is one
    /// now, and it is known what it takes.
    async fn attempt(
        &self,
        store: &Store,
        conn: &mut Option<Conn>,
        batch: &Batch,
    ) -> Result<bool, sqlx::Error> {
        let Some(mut open) = conn.take() else {
            *conn = Some(self.connect(store).await?);
            return Ok(false);
        };
        match timeout(STUCK, apply(&mut open, batch)).await {
            Ok(Ok(())) => {
                *conn = Some(open);
                Ok(true)
            }
            Ok(Err(error)) => {
                // The connection stays if it can still take orders: a bad record is no reason to sign in again.
                if fault(&error) == Fault::Record && open.rollback().await.is_ok() {
                    *conn = Some(open);
                } else {
                    open.discard();
                }
                Err(error)
            }
            Err(_) => {
                open.discard();
                Err(sqlx::Error::PoolTimedOut)
            }
        }
    }

    async fn connect(&self, store: &Store) -> Result<Conn, sqlx::Error> {
        let mut open = store.writing().await?;
        // Half of it: what goes with the values is not counted to the byte.
        let largest = open.largest_statement().await? / 2;
        self.statement.store(largest, Relaxed);
        self.transaction.store(self.limits.transaction.min(largest), Relaxed);
        Ok(open)
    }

    /// The part, if the database is known to take one of its size; else what is next is a smaller one.
    fn fitting(&self, part: Arc<Batch>) -> Option<Arc<Batch>> {
        let (weight, bytes) = (part.weight().total(), self.transaction.load(Relaxed));
        if weight > bytes && part.len() > 1 {
            self.split(part, usize::MAX, bytes);
        } else if weight > self.statement.load(Relaxed) {
            self.lighten(part);
        } else {
            return Some(part);
        }
        None
    }

    /// Makes two of the part that is next.
    fn split(&self, part: Arc<Batch>, rows: usize, bytes: usize) {
        let mut queue = self.lock();
        queue.flight.pop();
        let mut rest = Arc::unwrap_or_clone(part);
        let first = rest.take(rows, bytes);
        queue.flight.extend([rest, first].map(Arc::new));
    }

    /// One row that no statement can hold: it goes without its descriptions, or not at all.
    fn lighten(&self, part: Arc<Batch>) {
        let mut queue = self.lock();
        queue.flight.pop();
        let mut part = Arc::unwrap_or_clone(part);
        let descriptions = part.forget_descriptions(false) as u64;
        if descriptions > 0 {
            queue.flight.push(Arc::new(part));
            queue.give_up(Dropped { descriptions, ..Dropped::default() }, TOO_LARGE);
        } else {
            queue.give_up(Dropped::of(&part), TOO_LARGE);
        }
    }
}

const TOO_LARGE: &str = "larger than the database takes it; max_allowed_packet";
