//! Numbers of one stream for the packets of several: who receives it sees no seam when it is somebody else's, or another
//! layer, from here on.
use std::time::Duration;

/// How many changes of the shift are known: late packets go by the one of their time.
const SHIFTS: usize = 16;
/// A gap of more than this is no loss: they were silent, or switched off, or count as they like. It is not passed on, for a
/// receiver's keys go by numbers that grow steadily.
const LARGEST_GAP: u64 = 1_024;
/// A stream that goes on after a switch is at least this much later, so that its clock moves on.
const SHORTEST: Duration = Duration::from_millis(10);

/// What a packet says of its place in its own stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// Counted over the end of the 16 bits.
    pub(super) sequence: u64,
    pub(super) timestamp: u32,
    /// VP8's number of the picture.
    pub(super) picture: u16,
    /// VP8's number among the pictures of the lowest rate.
    pub(super) tl0: u8,
}

/// Turns places in their streams into places in ours.
#[derive(Debug, Clone)]
pub(super) struct Rewriter {
    /// Ticks of the stream's clock in a second.
    clock: u32,
    /// The furthest that was given out.
    last: Place,
    last_at: Option<Duration>,
    source: Option<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    /// What is earlier than this was never ours.
    first: u64,
    /// The highest of theirs that was seen.
    highest: u64,
    /// From which of their numbers on, and by how much; the newest last.
    shifts: [(u64, i64); SHIFTS],
    used: usize,
    timestamp: u32,
    picture: u16,
    tl0: u8,
}

impl Rewriter {
    /// A stream that begins at a place of our choice.
    pub(super) fn new(clock: u32, begin: Place) -> Self {
        Self { clock, last: begin, last_at: None, source: None }
    }

    /// Whether anything was given out.
    pub(super) fn has_begun(&self) -> bool {
        self.last_at.is_some()
    }

    /// From this packet of another stream on.
    pub(super) fn switch(&mut self, now: Duration, first: Place) {
        let passed = self.last_at.map_or(SHORTEST, |at| now.saturating_sub(at).max(SHORTEST));
        let ticks = passed.as_micros() * u128::from(self.clock) / 1_000_000;
        let timestamp = self.last.timestamp.wrapping_add(ticks as u32);
        let sequence = self.last.sequence + 1;
        let mut shifts = [(0, 0); SHIFTS];
        shifts[0] = (first.sequence, sequence.wrapping_sub(first.sequence) as i64);
        self.source = Some(Source {
            first: first.sequence,
            highest: first.sequence.saturating_sub(1),
            shifts,
            used: 1,
            timestamp: timestamp.wrapping_sub(first.timestamp),
            picture: self.last.picture.wrapping_add(1).wrapping_sub(first.picture),
            tl0: self.last.tl0.wrapping_add(1).wrapping_sub(first.tl0),
        });
    }

    /// Our place for one of theirs; none for what was before the stream began here.
    pub(super) fn place(&mut self, now: Duration, theirs: Place) -> Option<Place> {
        let source = self.source.as_mut()?;
        source.close_up(theirs.sequence);
        let shift = source.shift(theirs.sequence)?;
        let ours = Place {
            sequence: theirs.sequence.wrapping_add_signed(shift),
            timestamp: theirs.timestamp.wrapping_add(source.timestamp),
            picture: theirs.picture.wrapping_add(source.picture),
            tl0: theirs.tl0.wrapping_add(source.tl0),
        };
        source.highest = source.highest.max(theirs.sequence);
        if ours.sequence > self.last.sequence {
            self.last = ours;
            self.last_at = Some(now);
        }
        Some(ours)
    }

    /// Their packet is not sent: what follows it closes up.
    pub(super) fn skip(&mut self, sequence: u64) {
        let Some(source) = &mut self.source else { return };
        source.close_up(sequence);
        // What is late leaves its gap, since what followed it is gone already.
        if sequence > source.highest {
            source.move_by(sequence + 1, -1);
            source.highest = sequence;
        }
    }

    /// A place for a packet of our own, after everything that was given out, and after what was lost before what was
    /// skipped: that may still come.
    pub(super) fn fill(&mut self) -> Option<Place> {
        let source = self.source.as_mut()?;
        let next = source.highest + 1;
        self.last.sequence = next.wrapping_add_signed(source.shift(next)?);
        source.move_by(next, 1);
        Some(self.last)
    }

    /// Their clock, in ours.
    pub(super) fn timestamp(&self, theirs: u32) -> Option<u32> {
        self.source.as_ref().map(|source| theirs.wrapping_add(source.timestamp))
    }
}

impl Source {
    fn shift(&self, sequence: u64) -> Option<i64> {
        if sequence < self.first {
            return None;
        }
        let known = self.shifts[..self.used].iter().rev();
        known.clone().find(|(from, _)| *from <= sequence).map(|(_, shift)| *shift)
    }

    /// What comes after too large a gap follows what was before it. What is late from within the gap is nobody's.
    fn close_up(&mut self, sequence: u64) {
        let gap = sequence.saturating_sub(self.highest + 1);
        if gap > LARGEST_GAP {
            self.move_by(sequence, -(gap as i64));
            (self.first, self.highest) = (sequence, sequence - 1);
        }
    }

    fn move_by(&mut self, from: u64, by: i64) {
        let (last_from, last) = self.shifts[self.used - 1];
        if last_from == from {
            self.shifts[self.used - 1].1 += by;
            return;
        }
        if self.used == SHIFTS {
            self.shifts.rotate_left(1);
            self.used -= 1;
        }
        self.shifts[self.used] = (from, last + by);
        self.used += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: Duration = Duration::from_millis(33);

    fn place(sequence: u64, timestamp: u32, picture: u16, tl0: u8) -> Place {
        Place { sequence, timestamp, picture, tl0 }
    }

    #[test]
    fn a_switch_leaves_no_seam() {
        let mut stream = Rewriter::new(90_000, place(100, 5_000, 7, 3));
        stream.switch(Duration::ZERO, place(70_000, 1_000_000, 500, 200));
        let first = stream.place(Duration::ZERO, place(70_000, 1_000_000, 500, 200)).unwrap();
        assert_eq!((first.sequence as u16, first.picture, first.tl0), (101, 8, 4));
        stream.switch(FRAME, place(10, 77, 32_767, 255));
        let second = stream.place(FRAME, place(10, 77, 32_767, 255)).unwrap();
        assert_eq!(second.sequence, first.sequence + 1);
        assert_eq!(second.timestamp, first.timestamp + 2_970, "33 ms of 90 kHz");
        assert_eq!((second.picture, second.tl0), (9, 5));
        let third = stream.place(FRAME * 2, place(11, 77 + 3_000, 0, 0)).unwrap();
        assert_eq!((third.timestamp - second.timestamp, third.tl0), (3_000, 6));
    }

    #[test]
    fn what_was_before_the_switch_is_nobodys() {
        let mut stream = Rewriter::new(48_000, Place::default());
        stream.switch(Duration::ZERO, place(100, 0, 0, 0));
        assert_eq!(stream.place(Duration::ZERO, place(99, 0, 0, 0)), None);
    }

    #[test]
    fn a_lost_packet_keeps_its_place() {
        let mut stream = Rewriter::new(90_000, Place::default());
        stream.switch(Duration::ZERO, place(1, 0, 0, 0));
        let mut at = |n| stream.place(Duration::ZERO, place(n, 0, 0, 0)).unwrap().sequence;
        let (one, three, two) = (at(1), at(3), at(2));
        assert_eq!((three, two), (one + 2, one + 1));
    }

    #[test]
    fn what_is_skipped_leaves_no_gap_and_what_is_late_finds_its_place() {
        let mut stream = Rewriter::new(48_000, Place::default());
        stream.switch(Duration::ZERO, place(1, 0, 0, 0));
        let one = stream.place(Duration::ZERO, place(1, 0, 0, 0)).unwrap().sequence;
        stream.skip(3);
        let four = stream.place(Duration::ZERO, place(4, 0, 0, 0)).unwrap().sequence;
        let two = stream.place(Duration::ZERO, place(2, 0, 0, 0)).unwrap().sequence;
        assert_eq!((two, four), (one + 1, one + 2));
    }

    #[test]
    fn our_own_packets_come_after_everything_that_left() {
        let mut stream = Rewriter::new(90_000, Place::default());
        assert_eq!(stream.fill(), None);
        stream.switch(Duration::ZERO, place(1, 500, 0, 0));
        let one = stream.place(Duration::ZERO, place(1, 500, 0, 0)).unwrap();
        let own = stream.fill().unwrap();
        let two = stream.place(FRAME, place(2, 3_500, 1, 1)).unwrap();
        assert_eq!((own.sequence, two.sequence), (one.sequence + 1, one.sequence + 2));
        assert_eq!(own.timestamp, one.timestamp);
    }

    #[test]
    fn whoever_was_switched_off_for_long_goes_on_with_the_next_number() {
        let mut stream = Rewriter::new(48_000, Place::default());
        stream.switch(Duration::ZERO, place(1, 0, 0, 0));
        let mut at = |n| stream.place(Duration::ZERO, place(n, 0, 0, 0)).map(|ours| ours.sequence);
        let before = at(1).unwrap();

        assert_eq!(at(40_000), Some(before + 1));
        assert_eq!(at(40_003), Some(before + 4), "a loss keeps its place");
        assert_eq!(at(20_000), None, "that place is taken");
    }

    #[test]
    fn our_own_packet_does_not_take_the_place_of_one_that_is_lost_before_a_skipped_one() {
        let mut stream = Rewriter::new(90_000, Place::default());
        stream.switch(Duration::ZERO, place(4, 0, 0, 0));
        let four = stream.place(Duration::ZERO, place(4, 0, 0, 0)).unwrap().sequence;
        stream.skip(6);
        let own = stream.fill().unwrap().sequence;
        let five = stream.place(Duration::ZERO, place(5, 0, 0, 0)).unwrap().sequence;
        let seven = stream.place(Duration::ZERO, place(7, 0, 0, 0)).unwrap().sequence;

        assert_eq!((five, own, seven), (four + 1, four + 2, four + 3));
    }

    /// What may happen to a stream.
    #[derive(Debug, Clone)]
    enum Step {
        Send,
        /// One that was lost comes after all.
        Late,
        Leap,
        Lose,
        Skip,
        Fill,
        Switch(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => Just(Step::Send), 1 => Just(Step::Late), 1 => Just(Step::Leap), 1 => Just(Step::Lose), 2 => Just(Step::Skip), 1 => Just(Step::Fill),
            1 => (0..1u64 << 30).prop_map(Step::Switch),
        ]
    }

    proptest! {
        #[test]
        fn no_number_is_given_twice_and_only_losses_leave_gaps(steps in proptest::collection::vec(step(), 1..300)) {
            let mut stream = Rewriter::new(90_000, place(9, 0, 0, 0));
            stream.switch(Duration::ZERO, place(50, 0, 0, 0));
            let (mut next, mut given, mut lost, mut now) = (50, Vec::new(), 0, Duration::ZERO);
            // A loss right before a switch is nobody's.
            let mut lost_since = 0;
            let mut missing = Vec::new();
            for step in steps {
                now += FRAME;
                match step {
                    Step::Send => {
                        given.push(stream.place(now, place(next, 0, 0, 0)).unwrap().sequence);
                        lost += std::mem::take(&mut lost_since);
                        next += 1;
                    }
                    Step::Late => {
                        let late = missing.pop().and_then(|late| stream.place(now, place(late, 0, 0, 0)));
                        given.extend(late.map(|place| place.sequence));
                    }
                    Step::Leap => { next += LARGEST_GAP + 7; }
                    Step::Lose => { missing.push(next); lost_since += 1; next += 1; }
                    Step::Skip => { stream.skip(next); lost += std::mem::take(&mut lost_since); next += 1; }
                    Step::Fill => given.extend(stream.fill().map(|place| place.sequence)),
                    Step::Switch(to) => { next = to; missing.clear(); stream.switch(now, place(to, 0, 0, 0)); lost_since = 0; }
                }
            }
            let mut sorted = given.clone();
            sorted.sort_unstable();
            sorted.dedup();
            prop_assert_eq!(sorted.len(), given.len(), "a number was given twice");
            if let (Some(first), Some(last)) = (sorted.first(), sorted.last()) {
                prop_assert!(last - first < given.len() as u64 + lost, "a gap that is no loss");
            }
        }
    }
}
