//! How long the database has been away, and when to say so again. Pure.
use std::time::Duration;
use tokio::time::Instant;

/// While it is away the log says so as often: whoever looks at the last lines sees it.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Who noticed. A full disk answers every question and takes nothing, so one of them alone does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Writing,
    Asking,
}

/// Whether the database is away, for whom, and since when.
#[derive(Debug, Default)]
pub(super) struct Outage {
    writing: bool,
    asking: bool,
    since: Option<Instant>,
    told: Option<Instant>,
}

impl Outage {
    /// It did not work. For how long it has been so, if that is to be told now.
    pub(super) fn failed(&mut self, by: By, now: Instant) -> Option<Duration> {
        *self.flag(by) = true;
        let since = *self.since.get_or_insert(now);
        if self.told.is_some_and(|told| now < told + TELL_EVERY) {
            return None;
        }
        self.told = Some(now);
        Some(now - since)
    }

    /// It worked. How long it was away, if it is back with this.
    pub(super) fn worked(&mut self, by: By, now: Instant) -> Option<Duration> {
        *self.flag(by) = false;
        if self.writing || self.asking {
            return None;
        }
        self.told = None;
        self.since.take().map(|since| now - since)
    }

    /// Whether it takes nothing.
    pub(super) fn is_writing_in_vain(&self) -> bool {
        self.writing
    }

    fn flag(&mut self, by: By) -> &mut bool {
        match by {
            By::Writing => &mut self.writing,
            By::Asking => &mut self.asking,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_is_told_at_once_then_every_minute_and_once_when_it_is_back() {
        let start = Instant::now();
        let mut outage = Outage::default();
        let mut told = vec![];
        for second in 0..150 {
            let now = start + SECOND * second;
            let by = if second % 2 == 0 { By::Writing } else { By::Asking };
            told.extend(outage.failed(by, now).map(|away| away.as_secs()));
        }

        assert_eq!(told, [0, 60, 120]);
        let end = start + SECOND * 150;
        assert_eq!(outage.worked(By::Asking, end), None, "nothing was written yet");
        assert_eq!(outage.worked(By::Writing, end + SECOND), Some(SECOND * 151));
        assert_eq!(outage.worked(By::Writing, end + SECOND), None, "once");
        assert_eq!(outage.failed(By::Asking, end + SECOND * 2), Some(Duration::ZERO), "another one");
    }
}
