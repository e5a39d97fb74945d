//! What may be sent for all that gets lost. Some paths lose packets however few there are; others because there are too
//! many. What shows which it is: whether less is lost after less was sent.

/// A share of losses is worth a look after so many packets and microseconds.
const PACKETS: u32 = 40;
const WINDOW: u64 = 400_000;
/// Up to this share, more may be sent.
const FEW: f64 = 0.03;
/// From this share on, less.
const MANY: f64 = 0.1;
/// A path that loses more than this, however little is sent, is sent as little as can be.
const OWN_AT_MOST: f64 = 0.3;
/// Of what is sent; more than that is no answer to losses.
const UNUSED: f64 = 1.25;
/// In a second, when few are lost; and when many are, by the path itself.
const GROWTH: f64 = 1.15;
const SLOW_GROWTH: f64 = 1.02;

#[derive(Debug, Clone)]
pub(super) struct Loss {
    sent: u32,
    lost: u32,
    since: u64,
    /// Over the last windows.
    share: f64,
    /// What the path loses by itself.
    own: f64,
    bound: f64,
    /// When the bound began to go down: what was lost then, and what got through.
    answered: Option<(f64, f64)>,
    settles_at: u64,
}

impl Loss {
    pub(super) fn new(now: u64) -> Self {
        Self {
            sent: 0,
            lost: 0,
            since: now,
            share: 0.0,
            own: 0.0,
            bound: f64::INFINITY,
            answered: None,
            settles_at: now,
        }
    }

    pub(super) fn share(&self) -> f64 {
        self.share
    }

    /// Not more than this.
    pub(super) fn bound(&self) -> f64 {
        self.bound
    }

    /// Whether so much is lost that more would be wrong.
    pub(super) fn is_high(&self) -> bool {
        self.share > MANY
    }

    pub(super) fn arrived(&mut self) {
        self.sent += 1;
    }

    pub(super) fn lost(&mut self) {
        (self.sent, self.lost) = (self.sent + 1, self.lost + 1);
    }

    /// One that was told as lost has come.
    pub(super) fn found(&mut self) {
        self.lost = self.lost.saturating_sub(1);
    }

    /// A probe came through at this rate.
    pub(super) fn lift(&mut self, bps: f64) {
        self.bound = self.bound.max(bps);
    }

    /// `bps` is sent at most, so much arrives of late, and answers take `rtt` microseconds.
    pub(super) fn look(&mut self, now: u64, bps: f64, arrives: Option<f64>, rtt: u64) {
        if self.sent < PACKETS || now < self.since + WINDOW {
            return;
        }
        let seconds = (now - self.since).min(2_000_000) as f64 / 1e6;
        let share = f64::from(self.lost) / f64::from(self.sent);
        (self.sent, self.lost, self.since) = (0, 0, now);
        self.share += (share - self.share) * 0.5;
        // Slowly: a window in which little was lost, by luck, says little.
        self.own += (self.share - self.own).min(0.0) * 0.1;
        let over = self.share - self.own;
        if over > MANY && now >= self.settles_at {
            self.lower(bps, arrives.unwrap_or(bps), over);
            self.settles_at = now + WINDOW + rtt;
        } else if over < FEW {
            self.answered = None;
            // Nothing to hold on to once it is out of the way.
            let growth = if self.is_high() { SLOW_GROWTH } else { GROWTH };
            self.bound *= growth.powf(seconds);
            if self.bound > bps * 2.0 {
                self.bound = f64::INFINITY;
            }
        }
    }

    fn lower(&mut self, bps: f64, arrives: f64, over: f64) {
        let sends = arrives / (1.0 - self.share).max(0.1);
        let (share, through) = *self.answered.get_or_insert((self.share, arrives));
        // Less is sent than came through, and as much is lost: it was not for us.
        if sends < through * 0.9 && self.share > share * 0.7 && self.share <= OWN_AT_MOST {
            self.own = self.share;
            self.answered = None;
            return;
        }
        // What is far above all that is sent would have to come down for long before that changes anything.
        self.bound = bps.min(sends * UNUSED) * (1.0 - 0.5 * over);
    }
}
