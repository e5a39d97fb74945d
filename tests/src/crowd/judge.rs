//! Whether what one participant gets is what it shall get: by what packets say of themselves, not by their number.
use super::content::{Layer, Stamp};
use std::time::{Duration, Instant};

/// News by TCP and packets by UDP pass each other: for so long nobody is called by a wrong name.
const MOMENT: Duration = Duration::from_secs(1);

/// What must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is not what anybody sent.
    Damaged,
    /// It is from a room that this participant is not in.
    OtherRoom,
    /// It is its own.
    Own,
    /// Whoever sent it had switched it off.
    Secret,
    /// `call:streams` says that it is somebody else's, or nobody's.
    WrongName,
    /// It was there already.
    Twice,
}

/// What came of one stream.
#[derive(Debug)]
struct Line {
    who: u32,
    layer: Layer,
    first: u32,
    highest: u32,
    count: u64,
    late: u64,
    /// Which of the last 128 came, the lowest bit is the highest number.
    seen: u128,
}

/// Whose a section is.
#[derive(Debug)]
struct Name {
    mid: String,
    who: Option<u32>,
    since: Instant,
}

/// What one participant got.
#[derive(Debug)]
pub(super) struct Judge {
    room: u32,
    me: u32,
    lines: Vec<Line>,
    names: Vec<Name>,
    faults: Vec<(Fault, u64)>,
    keys: u64,
}

/// Of all streams that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Delivered {
    pub(super) streams: u64,
    pub(super) came: u64,
    pub(super) expected: u64,
    pub(super) late: u64,
    pub(super) keys: u64,
}

impl Judge {
    /// For a participant of a room.
    pub(super) fn new(room: u32, me: u32) -> Self {
        Self { room, me, lines: Vec::new(), names: Vec::new(), faults: Vec::new(), keys: 0 }
    }

    /// `call:streams` came: whose each section is.
    pub(super) fn named<'a>(&mut self, now: Instant, named: impl Iterator<Item = (&'a str, u32)> + Clone) {
        for name in &mut self.names {
            let who = named.clone().find(|(mid, _)| *mid == name.mid).map(|(_, who)| who);
            if who != name.who {
                (name.who, name.since) = (who, now);
            }
        }
        for (mid, who) in named {
            if self.names.iter().all(|name| name.mid != mid) {
                self.names.push(Name { mid: mid.to_owned(), who: Some(who), since: now });
            }
        }
    }

    /// A packet came in that section; none if it is not what anybody sent. Whether it is good.
    pub(super) fn hear(&mut self, now: Instant, mid: &str, stamp: Option<Stamp>, is_key: bool) -> bool {
        let fault = match &stamp {
            None => Some(Fault::Damaged),
            Some(stamp) if stamp.room != self.room => Some(Fault::OtherRoom),
            Some(stamp) if stamp.who == self.me => Some(Fault::Own),
            Some(stamp) if stamp.is_secret => Some(Fault::Secret),
            Some(stamp) if !self.is_named(now, mid, stamp.who) => Some(Fault::WrongName),
            Some(stamp) => self.note(stamp).then_some(Fault::Twice),
        };
        self.keys += u64::from(is_key);
        if let Some(fault) = fault {
            match self.faults.iter_mut().find(|(known, _)| *known == fault) {
                Some((_, count)) => *count += 1,
                None => self.faults.push((fault, 1)),
            }
        }
        fault.is_none()
    }

    /// What must not be, and how often it was.
    pub(super) fn faults(&self) -> &[(Fault, u64)] {
        &self.faults
    }

    /// Forgets what came, not what was wrong.
    pub(super) fn count_anew(&mut self) {
        self.lines.clear();
        self.keys = 0;
    }

    /// What came since.
    pub(super) fn delivered(&self) -> Delivered {
        let mut all = Delivered { keys: self.keys, ..Delivered::default() };
        for line in &self.lines {
            all.streams += 1;
            all.came += line.count;
            all.expected += u64::from(line.highest - line.first) + 1;
            all.late += line.late;
        }
        all
    }

    fn is_named(&mut self, now: Instant, mid: &str, who: u32) -> bool {
        match self.names.iter().find(|name| name.mid == mid) {
            Some(name) => name.who == Some(who) || now.saturating_duration_since(name.since) < MOMENT,
            None => {
                self.names.push(Name { mid: mid.to_owned(), who: None, since: now });
                true
            }
        }
    }

    /// Whether it was there already.
    fn note(&mut self, stamp: &Stamp) -> bool {
        let found = self.lines.iter_mut().find(|line| (line.who, line.layer) == (stamp.who, stamp.layer));
        let Some(line) = found else {
            self.lines.push(Line {
                who: stamp.who,
                layer: stamp.layer,
                first: stamp.number,
                highest: stamp.number,
                count: 1,
                late: 0,
                seen: 1,
            });
            return false;
        };
        if stamp.number > line.highest {
            let ahead = stamp.number - line.highest;
            line.seen = line.seen.checked_shl(ahead).unwrap_or(0) | 1;
            line.highest = stamp.number;
        } else {
            let behind = line.highest - stamp.number;
            // So late that nobody knows, or of before the count began.
            let Some(bit) = 1_u128.checked_shl(behind).filter(|_| stamp.number >= line.first) else {
                return false;
            };
            if line.seen & bit != 0 {
                return true;
            }
            line.seen |= bit;
            line.late += 1;
        }
        line.count += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(who: u32, number: u32) -> Stamp {
        Stamp { room: 1, who, layer: Layer::Sound, number, sent: 0, is_secret: false }
    }

    #[test]
    fn each_thing_that_must_not_be_is_told_from_the_others() {
        let now = Instant::now();
        let mut judge = Judge::new(1, 5);
        judge.named(now, [("a1", 7)].into_iter());
        let later = now + MOMENT;

        assert!(judge.hear(later, "a1", Some(stamp(7, 1)), false));
        for (bad, fault) in [
            (None, Fault::Damaged),
            (Some(Stamp { room: 2, ..stamp(7, 2) }), Fault::OtherRoom),
            (Some(stamp(5, 2)), Fault::Own),
            (Some(Stamp { is_secret: true, ..stamp(7, 2) }), Fault::Secret),
            (Some(stamp(8, 2)), Fault::WrongName),
            (Some(stamp(7, 1)), Fault::Twice),
        ] {
            assert!(!judge.hear(later, "a1", bad, false));
            assert_eq!(judge.faults().last(), Some(&(fault, 1)));
        }
    }

    #[test]
    fn a_name_may_be_late_by_a_moment() {
        let now = Instant::now();
        let mut judge = Judge::new(1, 5);
        assert!(judge.hear(now, "a1", Some(stamp(7, 1)), false), "nobody was named yet");
        assert!(!judge.hear(now + MOMENT, "a1", Some(stamp(7, 2)), false), "and never is");

        judge.named(now + MOMENT, [("a1", 8)].into_iter());
        assert!(judge.hear(now + MOMENT, "a1", Some(stamp(7, 3)), false), "what was on its way");
        assert!(judge.hear(now + MOMENT * 2, "a1", Some(stamp(8, 3)), false));
        assert!(!judge.hear(now + MOMENT * 2, "a1", Some(stamp(7, 4)), false));
    }

    #[test]
    fn what_is_missing_and_what_came_late_is_counted_by_content() {
        let now = Instant::now();
        let mut judge = Judge::new(1, 5);
        for number in [10, 11, 14, 13, 15, 9, 300, 299] {
            judge.hear(now, "a1", Some(stamp(7, number)), false);
        }

        let found = judge.delivered();
        assert_eq!((found.streams, found.came, found.expected, found.late), (1, 7, 291, 2));

        judge.count_anew();
        assert_eq!(judge.delivered(), Delivered::default());
    }
}
