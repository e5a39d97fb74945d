//! One stream that arrives: what of it is missing, and what is told to the server about it.
use calls_rtp::{control::Block, packet::Unwrapper};
use std::time::{Duration, Instant};

/// More than that at once is not asked for piece by piece.
const MOST_MISSING: usize = 100;
/// Between two requests for the same packet, and how many there are.
const ASK_EVERY: Duration = Duration::from_millis(60);
const ASK_OFTEN: u8 = 8;
/// Between two requests for a whole picture.
const KEY_EVERY: Duration = Duration::from_millis(400);

/// One stream.
#[derive(Debug)]
pub(super) struct Track {
    /// Its number.
    pub(super) ssrc: u32,
    /// In which section.
    pub(super) mid: String,
    is_picture: bool,
    counter: Unwrapper,
    base: Option<u64>,
    highest: u64,
    received: u64,
    missing: Vec<Missing>,
    needs_key: bool,
    asked_key: Option<Instant>,
    /// Middle of the last report's time, and when it came.
    report: Option<(u32, Instant)>,
    /// Expected and received at the last report.
    told: (u64, u64),
}

#[derive(Debug)]
struct Missing {
    number: u64,
    asked: u8,
    due: Instant,
}

impl Track {
    /// Nothing came yet.
    pub(super) fn new(ssrc: u32, mid: String, is_picture: bool) -> Self {
        Self {
            ssrc,
            mid,
            is_picture,
            counter: Unwrapper::default(),
            base: None,
            highest: 0,
            received: 0,
            missing: Vec::new(),
            needs_key: is_picture,
            asked_key: None,
            report: None,
            told: (0, 0),
        }
    }

    /// A packet came.
    pub(super) fn receive(&mut self, now: Instant, sequence: u16, is_key: bool) {
        let number = self.counter.unwrap(sequence);
        if is_key {
            self.needs_key = false;
        }
        let base = *self.base.get_or_insert_with(|| {
            self.highest = number;
            number
        });
        // What was on its way when the count began is of before.
        self.received += u64::from(number >= base);
        if number > self.highest {
            let gap = self.highest + 1..number;
            self.highest = number;
            if self.is_picture {
                let fits = self.missing.len() + ((gap.end - gap.start) as usize) <= MOST_MISSING;
                if fits {
                    self.missing.extend(gap.map(|number| Missing { number, asked: 0, due: now }));
                } else {
                    self.missing.clear();
                    self.needs_key = true;
                }
            }
        } else {
            self.missing.retain(|missing| missing.number != number);
        }
    }

    /// Whether pictures come in it.
    pub(super) fn is_picture(&self) -> bool {
        self.is_picture
    }

    /// Whether something has come.
    pub(super) fn is_alive(&self) -> bool {
        self.base.is_some()
    }

    /// The sender reported.
    pub(super) fn reported(&mut self, now: Instant, ntp: u64) {
        self.report = Some(((ntp >> 16) as u32, now));
    }

    /// Which packets to ask for now.
    pub(super) fn ask(&mut self, now: Instant, into: &mut Vec<u16>) {
        let mut is_spoilt = false;
        self.missing.retain(|missing| {
            let is_over = missing.asked == ASK_OFTEN;
            is_spoilt |= is_over;
            !is_over
        });
        self.needs_key |= is_spoilt;
        for missing in self.missing.iter_mut().filter(|missing| missing.due <= now) {
            missing.asked += 1;
            missing.due = now + ASK_EVERY;
            into.push(missing.number as u16);
        }
    }

    /// Whether to ask for a whole picture now.
    pub(super) fn ask_key(&mut self, now: Instant) -> bool {
        let rested = self.asked_key.is_none_or(|at| now.saturating_duration_since(at) >= KEY_EVERY);
        let asks = self.is_alive() && self.needs_key && rested;
        if asks {
            self.asked_key = Some(now);
        }
        asks
    }

    /// What did not come since it was counted from, and will hardly come any more.
    pub(super) fn lost(&self) -> u64 {
        let expected = self.base.map_or(0, |base| self.highest + 1 - base);
        expected.saturating_sub(self.received)
    }

    /// Counts from here. What is on its way or asked for then counts as lost in neither.
    pub(super) fn count_anew(&mut self) {
        if self.base.is_some() {
            self.base = Some(self.highest + 1);
            self.received = 0;
            self.told = (0, 0);
            self.missing.clear();
        }
    }

    /// What is told of it.
    pub(super) fn block(&mut self, now: Instant) -> Option<Block> {
        let base = self.base?;
        let expected = (self.highest + 1).saturating_sub(base);
        let (expected_before, received_before) = self.told;
        self.told = (expected, self.received);
        let newly = expected.saturating_sub(expected_before);
        let lost = newly.saturating_sub(self.received.saturating_sub(received_before));
        Some(Block {
            ssrc: self.ssrc,
            lost_share: (lost * 256).checked_div(newly).unwrap_or(0).min(255) as u8,
            lost: expected.saturating_sub(self.received) as i32,
            highest: self.highest as u32,
            jitter: 0,
            last_report: self.report.map_or(0, |(middle, _)| middle),
            since_report: self
                .report
                .map_or(0, |(_, at)| (now.saturating_duration_since(at).as_secs_f64() * 65_536.0) as u32),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_of_a_picture_is_asked_for_until_it_comes() {
        let (now, mut track) = (Instant::now(), Track::new(1, "v1".to_owned(), true));
        track.receive(now, 65_534, true);
        track.receive(now, 2, false);
        let mut asked = Vec::new();
        track.ask(now, &mut asked);
        assert_eq!(asked, [65_535, 0, 1]);

        track.receive(now, 0, false);
        asked.clear();
        track.ask(now, &mut asked);
        assert!(asked.is_empty(), "it is too early to ask again");
        track.ask(now + ASK_EVERY, &mut asked);
        assert_eq!(asked, [65_535, 1]);
        assert_eq!(track.lost(), 2);
        assert!(!track.ask_key(now));

        for n in 2..20 {
            track.ask(now + ASK_EVERY * n, &mut asked);
        }
        assert!(track.ask_key(now), "what never comes needs a whole picture");
        assert!(!track.ask_key(now), "not twice at once");
    }

    #[test]
    fn a_new_count_leaves_out_what_was_before() {
        let (now, mut track) = (Instant::now(), Track::new(1, "a1".to_owned(), false));
        track.receive(now, 10, false);
        track.receive(now, 12, false);
        assert_eq!(track.lost(), 1);

        track.count_anew();

        assert_eq!(track.lost(), 0);
        track.receive(now, 13, false);
        track.receive(now, 15, false);
        assert_eq!(track.lost(), 1);
        let block = track.block(now).unwrap();
        assert_eq!((block.lost_share, block.lost, block.ssrc), (85, 1, 1));
    }
}
