//! How long the stack may sleep.
//!
//! The stack acts on time only when a sleep of its event loop ends, and three things wait for that although they are
//! ready at once: the first flight of DTLS, a candidate that was just given, an event queued behind another one. The
//! loop sleeps up to 200 ms meanwhile. So the sleeps are ours: short while a connection comes up, and ended early when
//! something was given. Nothing is sent more often by that, since each timer of the stack looks at its own time.
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task};

/// Between two connectivity checks of one pair at first. RFC 8445 asks for 50 ms where paths are unknown; for half a second
/// and the few pairs of a call 10 ms load no network, and a call is there before anybody notices.
pub(crate) const CHECK_EVERY: Duration = Duration::from_millis(10);

/// What is ready waits no longer than this while a connection comes up.
const HURRY: Duration = Duration::from_millis(1);
/// How long it hurries. After this the path is a long one, or there is none, and RFC 8445 has its way.
const HURRY_FOR: Duration = Duration::from_millis(500);
const AFTER_HURRY: Duration = Duration::from_millis(50);
const SEARCH_FOR: Duration = Duration::from_secs(15);
const AFTER_SEARCH: Duration = Duration::from_millis(250);
/// While nothing may be tried. The stack would otherwise wake every check interval of a call that only rings.
const QUIET: Duration = Duration::from_millis(100);

/// A relay is in use for so many milliseconds after a packet: consent goes every two seconds.
const RELAYED_FOR: u64 = 5000;

/// From a relay, through the protocols, to a relay.
const ROUNDS: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing may be tried yet: servers are asked at leisure.
    Quiet,
    /// A connection comes up.
    Hurry { since: Instant },
    /// As the stack likes.
    Steady,
    /// It goes away. A sleep is then also the time that it gives itself for that.
    Ending,
}

#[derive(Debug)]
pub(crate) struct Pace {
    mode: Mutex<Mode>,
    given: Notify,
    ending: AtomicBool,
    /// Milliseconds since `begin` until which packets go through a relay.
    relayed_until: AtomicU64,
    begin: Instant,
    /// So many rounds may have to be gone until all queues of the stack are empty.
    rounds_left: AtomicU8,
    clock: Mutex<Clock>,
}

/// What time it is for the event loop of the stack.
#[derive(Debug, Default)]
struct Clock {
    /// The task that slept last.
    of: Option<task::Id>,
    /// The time of this round, once it was asked for.
    at: Option<Instant>,
    /// Of the last round.
    latest: Option<Instant>,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            mode: Mutex::new(Mode::Quiet),
            given: Notify::new(),
            ending: AtomicBool::new(false),
            relayed_until: AtomicU64::new(0),
            begin: Instant::now(),
            rounds_left: AtomicU8::new(0),
            clock: Mutex::default(),
        }
    }

    /// The time. It stands still for the event loop until that sleeps again: if a round of checks takes longer than the
    /// time between two of them, as with two dozen pairs on a busy processor, the loop would otherwise find the next one
    /// due again and again, and never come to read the answers.
    pub(crate) fn time(&self) -> Instant {
        let now = Instant::now();
        let mode = *self.mode.lock().unwrap_or_else(PoisonError::into_inner);
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        if clock.of.is_none() || clock.of != task::try_id() {
            return now;
        }
        if let Some(at) = clock.at {
            return at;
        }
        let at = match clock.latest {
            // Every packet that comes wakes the loop, which then checks all pairs again: two that search would flood the
            // path between them. After the first moment, time goes on in the steps of RFC 8445.
            Some(latest) if is_searching(mode, now) && now < latest + AFTER_HURRY => latest,
            _ => now,
        };
        (clock.at, clock.latest) = (Some(at), Some(at));
        at
    }

    /// The event loop sleeps, and reads meanwhile.
    fn sleeps(&self) {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        (clock.of, clock.at) = (task::try_id(), None);
    }

    /// A connection comes up, or comes up again.
    pub(crate) fn hurry(&self) {
        self.set(Mode::Hurry { since: Instant::now() });
        self.wake();
    }

    /// It comes up again, unless it may not come up at all yet.
    pub(crate) fn hurry_if_open(&self) {
        if *self.mode.lock().unwrap_or_else(PoisonError::into_inner) != Mode::Quiet {
            self.hurry();
        }
    }

    /// It is up.
    pub(crate) fn steady(&self) {
        self.set(Mode::Steady);
    }

    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.set(Mode::Ending);
    }

    /// Something was given to the stack that it looks at only after a sleep.
    pub(crate) fn wake(&self) {
        self.given.notify_one();
    }

    /// A packet went to a relay to be passed on.
    pub(crate) fn relayed(&self) {
        self.relayed_until.store(self.now() + RELAYED_FOR, Ordering::Relaxed);
    }

    /// A round of the stack empties the queue of packets for relays first and that of packets from relays last, and what
    /// goes into one of them during the round sleeps with it. So while packets go that way, the sleeps after a round
    /// that did something are none.
    fn goes_round_again(&self) -> bool {
        let is_relayed = self.now() < self.relayed_until.load(Ordering::Relaxed);
        let one_less = |left: u8| left.checked_sub(1);
        self.rounds_left.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less).is_ok() && is_relayed
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn set(&self, mode: Mode) {
        let mut current = self.mode.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != Mode::Ending {
            *current = mode;
        }
    }
}

/// One sleep of the stack. It begins when it is made: the stack may never look at it if something else is ready.
pub(crate) struct Sleep {
    pace: Arc<Pace>,
    length: Duration,
    goes_round_again: bool,
    is_over: bool,
}

impl Sleep {
    /// For as long as the stack asked, or as is right now.
    pub(crate) fn new(pace: &Arc<Pace>, asked: Duration) -> Self {
        pace.sleeps();
        let mode = *pace.mode.lock().unwrap_or_else(PoisonError::into_inner);
        let length = allowed(mode, asked, Instant::now());
        Self { pace: pace.clone(), length, goes_round_again: pace.goes_round_again(), is_over: false }
    }

    pub(crate) async fn run(mut self) {
        if !self.goes_round_again {
            if self.pace.ending.load(Ordering::Acquire) {
                tokio::time::sleep(self.length).await;
            } else {
                tokio::select! {
                    () = tokio::time::sleep(self.length) => {}
                    () = self.pace.given.notified() => {}
                }
            }
        }
        self.is_over = true;
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        // A round follows that only empties queues, or one that does something: a timer fired, or something came before
        // this sleep was over.
        if !(self.is_over && self.goes_round_again) {
            self.pace.rounds_left.store(ROUNDS, Ordering::Release);
        }
    }
}

/// The first moment is over, and there is no path yet.
fn is_searching(mode: Mode, now: Instant) -> bool {
    matches!(mode, Mode::Hurry { since } if now.saturating_duration_since(since) >= HURRY_FOR)
}

fn allowed(mode: Mode, asked: Duration, now: Instant) -> Duration {
    match mode {
        Mode::Quiet => asked.max(QUIET),
        Mode::Hurry { since } => match now.saturating_duration_since(since) {
            past if past < HURRY_FOR => asked.min(HURRY),
            past if past < SEARCH_FOR => asked.max(AFTER_HURRY).min(2 * AFTER_HURRY),
            _ => asked.max(AFTER_SEARCH).min(2 * AFTER_SEARCH),
        },
        Mode::Steady | Mode::Ending => asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn time_stands_still_for_the_event_loop_until_it_sleeps_and_for_nobody_else() {
        let pace = Arc::new(Pace::new());
        let event_loop = tokio::spawn({
            let pace = pace.clone();
            async move {
                let _sleep = Sleep::new(&pace, Duration::ZERO);
                let first = pace.time();
                while Instant::now() == first {}
                let same = pace.time();
                let other = tokio::spawn({
                    let pace = pace.clone();
                    async move { pace.time() }
                });
                let other = other.await.unwrap();
                let _sleep = Sleep::new(&pace, Duration::ZERO);
                (first, same, other, pace.time())
            }
        });

        let (first, same, other, next) = event_loop.await.unwrap();

        assert_eq!(first, same);
        assert!(other > first && next > first);
    }

    #[tokio::test]
    async fn a_search_that_takes_long_goes_on_in_steps() {
        let pace = Arc::new(Pace::new());
        let event_loop = tokio::spawn({
            let pace = pace.clone();
            async move {
                pace.set(Mode::Hurry { since: Instant::now() - HURRY_FOR });
                let mut times = Vec::new();
                let begin = Instant::now();
                while begin.elapsed() < AFTER_HURRY * 3 {
                    // Woken by a packet, again and again.
                    let _sleep = Sleep::new(&pace, Duration::ZERO);
                    times.push(pace.time());
                }
                times
            }
        });

        let mut times = event_loop.await.unwrap();

        times.dedup();
        assert!((2..=4).contains(&times.len()), "{} rounds of checks", times.len());
        assert!(times.windows(2).all(|pair| pair[1] >= pair[0] + AFTER_HURRY));
    }

    #[test]
    fn the_stack_sleeps_long_while_a_call_rings_and_hardly_while_it_connects() {
        let (begin, asked) = (Instant::now(), Duration::from_millis(5));
        let hurry = Mode::Hurry { since: begin };

        assert_eq!(allowed(Mode::Quiet, asked, begin), QUIET);
        assert_eq!(allowed(hurry, asked, begin), HURRY);
        assert_eq!(allowed(hurry, asked, begin + HURRY_FOR), AFTER_HURRY);
        assert_eq!(allowed(hurry, asked, begin + SEARCH_FOR), AFTER_SEARCH);
        assert_eq!(allowed(Mode::Steady, asked, begin), asked);
    }
}
