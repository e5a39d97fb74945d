//! How long the stack may sleep.
//!
//! The stack acts on time only when a sleep of its event loop ends, and three things wait for that although they are
//! ready at once: the first flight of DTLS, a candidate that was just given, an event queued behind another one. The
//! loop sleeps up to 200 ms meanwhile. So the sleeps are ours: short while a connection comes up, and ended early when
//! something was given. Nothing is sent more often by that, since each timer of the stack looks at its own time.
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Between two connectivity checks of one pair at first: RFC 8445 asks for 50 ms where paths are unknown, and for pairs
/// of a call, a few packets of 100 bytes, 5 ms load no network.
pub(crate) const CHECK_EVERY: Duration = Duration::from_millis(5);

/// What is ready waits no longer than this while a connection comes up.
const HURRY: Duration = Duration::from_millis(1);
/// How long it hurries. After this the path is a long one, or there is none, and RFC 8445 has its way.
const HURRY_FOR: Duration = Duration::from_secs(2);
const AFTER_HURRY: Duration = Duration::from_millis(50);
const SEARCH_FOR: Duration = Duration::from_secs(15);
const AFTER_SEARCH: Duration = Duration::from_millis(250);
/// While nothing may be tried. The stack would otherwise wake every check interval of a call that only rings.
const QUIET: Duration = Duration::from_millis(100);

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
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { mode: Mutex::new(Mode::Quiet), given: Notify::new(), ending: AtomicBool::new(false) }
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

    /// Sleeps for as long as the stack asked, or as is right now.
    pub(crate) async fn sleep(&self, asked: Duration) {
        let length =
            allowed(*self.mode.lock().unwrap_or_else(PoisonError::into_inner), asked, Instant::now());
        if self.ending.load(Ordering::Acquire) {
            return tokio::time::sleep(length).await;
        }
        tokio::select! {
            () = tokio::time::sleep(length) => {}
            () = self.given.notified() => {}
        }
    }

    fn set(&self, mode: Mode) {
        let mut current = self.mode.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != Mode::Ending {
            *current = mode;
        }
    }
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
