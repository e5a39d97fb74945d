//! The one clock of the server: the time of day when it started, and how long ago that was. It never goes back, even
//! when somebody sets the machine's clock.
use calls_protocol::UnixMillis;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time of day as the machine knows it now, for what others signed or will check: tokens and TURN names. It is set
/// right after a suspend or a wrong start, which the clock of calls never is.
pub fn wall_clock() -> UnixMillis {
    UnixMillis(millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
}

/// Tells the time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    at: UnixMillis,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), at: wall_clock() }
    }

    /// The time.
    pub fn now(&self) -> UnixMillis {
        UnixMillis(self.at.0 + millis(self.started.elapsed()))
    }

    /// How long until a moment; nothing if it has passed.
    pub fn until(&self, moment: UnixMillis) -> Duration {
        Duration::from_millis(moment.0.saturating_sub(self.now().0))
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
