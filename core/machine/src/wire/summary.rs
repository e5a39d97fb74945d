//! A wire in short words, for those who compare states.
use super::{Exchange, Health, Wire};
use crate::Time;

impl Wire {
    /// All that matters for what happens next, in short words and with times relative to now.
    pub(crate) fn summary(&self, now: Time) -> String {
        let left = |at: Time| at.0.saturating_sub(now.0);
        let gone = |at: Time| now.0.saturating_sub(at.0);
        let health = match self.health {
            Health::Waiting => "waiting".into(),
            Health::Connecting { since, next_try } => {
                format!("connecting {} {}", gone(since), left(next_try))
            }
            Health::Up => "up".into(),
            Health::Closed { since } => format!("closed {}", gone(since)),
            Health::Lost { since, next_try, rebuilt } => {
                format!("lost {} {} {rebuilt}", gone(since), left(next_try))
            }
        };
        let exchange = match &self.exchange {
            Exchange::Applying { next } => format!("applying {}", next.is_some()),
            Exchange::Offered { restart, mark, again } => {
                // It only counts while media flows.
                let again = (self.health == Health::Up).then_some(left(*again));
                format!("offered {restart} {mark:?} {again:?}")
            }
            Exchange::Answering { answers, mark } => format!("answering {} {mark:?}", (*answers).min(2)),
            other => format!("{other:?}"),
        };
        let (owed, open, theirs) = (self.owed, self.is_open, self.has_theirs);
        let answered = self.answered.as_ref().map(|(mark, _)| mark);
        let sessions = (&self.their_session, &self.former_session, answered);
        let early = !self.early.is_empty();
        // Only a connection to the media server can be over, and only then does its age count.
        let over = self.to_server.then(|| (self.is_over, left(self.not_before)));
        format!("{exchange} {owed:?} {health} {open} {theirs} {sessions:?} {early} {over:?}")
    }
}
