//! Records on their way to the database, behind the calls' backs.
//!
//! [`Writer::push`] folds a record into the batch that is being gathered and returns. One task writes that batch every
//! 50 ms, or sooner when it is large, in one transaction; while the database is away it keeps everything and tries
//! again. What a crash loses is what was pushed within the last batch's time.
use super::{
    Store,
    apply::apply,
    batch::Batch,
    conn::Conn,
    fault::{Fault, fault},
};
use crate::calls::Record;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::Notify, sync::watch, task::JoinHandle, time::timeout};
use tracing::{error, info, warn};

/// How records are gathered. The defaults suit a server; tests ask for others.
#[derive(Debug, Clone)]
pub struct WriterLimits {
    /// How long a record waits for others, and the most that a crash loses.
    pub linger: Duration,
    /// As many rows are written at once, and no more in one transaction.
    pub rows: usize,
    /// As many candidates and statistics are kept while the database is away; further ones are lost and counted.
    pub spare: usize,
    /// From as many rows of calls on, calls that are over keep no session descriptions; the calls are always kept.
    pub kept: usize,
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
            // About 16 MB of candidates.
            spare: 65_536,
            // About 300 MB with descriptions, 20 MB without.
            kept: 65_536,
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
    /// Rows that were given up: `db_lost`.
    pub lost: u64,
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
    in_flight: AtomicUsize,
    lost: AtomicU64,
    written: AtomicU64,
    batches: AtomicU64,
    failures: AtomicU64,
    is_away: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    batch: Batch,
    pushed: u64,
    /// Somebody waits: no lingering.
    hurry: bool,
    closing: bool,
    /// The present shortage was told.
    told: bool,
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
            limits,
            queue: Mutex::default(),
            wake: Notify::new(),
            done: watch::Sender::new(0),
            in_flight: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            written: AtomicU64::new(0),
            batches: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            is_away: AtomicBool::new(false),
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
            _ => Err(Unwritten { rows: shared.waiting() }),
        }
    }

    /// Writes what is left and ends the task. Records pushed from now on are lost and counted.
    pub async fn close(&self, patience: Duration) -> Result<(), Unwritten> {
        let shared = &self.owner.shared;
        shared.begin_to_close();
        let task = self.owner.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return Ok(()) };
        if timeout(patience, &mut task).await.is_ok() {
            return Ok(());
        }
        task.abort();
        let rows = shared.waiting();
        shared.lost.fetch_add(rows as u64, Relaxed);
        error!(rows, "stopped before the database took everything");
        Err(Unwritten { rows })
    }

    /// What the metrics say.
    pub fn counts(&self) -> WriterCounts {
        let shared = &self.owner.shared;
        WriterCounts {
            queue_depth: shared.waiting(),
            lost: shared.lost.load(Relaxed),
            written: shared.written.load(Relaxed),
            batches: shared.batches.load(Relaxed),
            failures: shared.failures.load(Relaxed),
            is_away: shared.is_away.load(Relaxed),
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
    fn push(&self, record: Record) {
        let Some(store) = &self.store else { return };
        let is_candidate = matches!(record, Record::Candidate { .. });
        if is_candidate && !store.store_candidates {
            return;
        }
        let is_spare = is_candidate || matches!(record, Record::Statistics { .. });
        let mut queue = self.lock();
        if queue.closing || (is_spare && queue.batch.spare() >= self.limits.spare) {
            self.lost.fetch_add(1, Relaxed);
            if !std::mem::replace(&mut queue.told, true) {
                let why = if queue.closing { "closed" } else { "full: candidates and statistics go first" };
                warn!(why, "the queue to the database takes no more");
            }
            return;
        }
        let before = queue.batch.len();
        queue.batch.add(record);
        queue.pushed += 1;
        let now = queue.batch.len();
        let kept = queue.batch.kept();
        // Not at every push: each time goes through all rows.
        if kept >= self.limits.kept && kept.is_multiple_of((self.limits.kept / 16).max(1)) && now != before {
            queue.batch.forget_descriptions();
        }
        drop(queue);
        if before == 0 || (before < self.limits.rows && now >= self.limits.rows) {
            self.wake.notify_one();
        }
    }

    fn begin_to_close(&self) {
        self.lock().closing = true;
        self.wake.notify_one();
    }

    fn waiting(&self) -> usize {
        self.lock().batch.len() + self.in_flight.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here panics half way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>, store: Store) {
        let mut conn = None;
        while self.gather().await {
            let (batch, pushed) = {
                let mut queue = self.lock();
                let batch = queue.batch.take(self.limits.rows);
                self.in_flight.store(batch.len(), Relaxed);
                let is_all = queue.batch.is_empty();
                if is_all {
                    queue.hurry = false;
                }
                (batch, is_all.then_some(queue.pushed))
            };
            self.write(&store, &mut conn, batch).await;
            self.in_flight.store(0, Relaxed);
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

    /// Writes a batch however long it takes; a record that the database will never take is given up alone.
    async fn write(&self, store: &Store, conn: &mut Option<Conn>, batch: Batch) {
        let mut parts = vec![batch];
        let mut pause = self.limits.first_pause;
        while let Some(mut part) = parts.pop() {
            match attempt(store, conn, &part).await {
                Ok(()) => {
                    self.written.fetch_add(part.len() as u64, Relaxed);
                    self.batches.fetch_add(1, Relaxed);
                    self.is_back();
                    pause = self.limits.first_pause;
                    self.in_flight.fetch_sub(part.len(), Relaxed);
                }
                Err(error) if fault(&error) == Fault::Record && part.len() > 1 => {
                    let first = part.take(part.len() / 2);
                    parts.push(part);
                    parts.push(first);
                }
                Err(error) if fault(&error) == Fault::Record => {
                    // The error may hold what a person wrote; its code says enough.
                    let code = error.as_database_error().and_then(|e| e.code().map(|code| code.into_owned()));
                    error!(?code, "the database will never take this row: it is given up");
                    self.lost.fetch_add(1, Relaxed);
                    self.in_flight.fetch_sub(1, Relaxed);
                }
                Err(error) => {
                    parts.push(part);
                    self.failures.fetch_add(1, Relaxed);
                    if !self.is_away.swap(true, Relaxed) {
                        warn!(%error, "the database is away: records wait in memory");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(self.limits.last_pause);
                }
            }
        }
    }

    fn is_back(&self) {
        if self.is_away.swap(false, Relaxed) {
            info!("the database is back");
        }
        self.lock().told = false;
    }
}

/// One transaction; after an error the connection is not used again.
async fn attempt(store: &Store, conn: &mut Option<Conn>, batch: &Batch) -> Result<(), sqlx::Error> {
    let mut open = match conn.take() {
        Some(open) => open,
        None => store.writing().await?,
    };
    match timeout(STUCK, apply(&mut open, batch)).await {
        Ok(Ok(())) => {
            *conn = Some(open);
            Ok(())
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
