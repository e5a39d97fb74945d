//! How large, how often and how sharp a picture may be, from what the path carries. Time is an argument.
mod sharing;

pub use sharing::Sharing;

use std::time::Duration;

/// Of a voice with all its headers. It goes first.
const VOICE: u64 = 50_000;
/// Below this a picture says nothing, and takes from the voice.
const FLOOR: u64 = 60_000;
/// Packets' headers, and what is sent again.
const HEADERS_PERCENT: u64 = 8;
/// More than its own threshold, in percent, for a step up.
const CLEARLY_PERCENT: u64 = 115;
/// So long, for a step up. A step down is taken at once.
const UP_AFTER: Duration = Duration::from_secs(3);
/// Below the floor for so long, and the picture pauses.
const PAUSE_AFTER: Duration = Duration::from_secs(2);
/// A path that carries only a voice is estimated as one that carries no more, so a pause ends by itself to see. The first
/// is the shortest; each that follows a try that failed is twice as long.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(40);
/// A try that lasts so long has not failed.
const TRY: Duration = Duration::from_secs(8);

/// What a picture is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Of the shorter side; a smaller source stays as it is.
    pub short_side: u32,
    /// Pictures a second.
    pub frame_rate: u32,
    /// Bits a second for the encoder.
    pub bitrate: u32,
}

/// One step: from so many bits a second on, this short side, this rate, and no more bits than this.
type Rung = (u64, u32, u32, u64);

/// Where a sharper picture becomes a larger one; about what VP8 and H.264 need to look clean.
const LADDER: &[Rung] = &[
    (0, 180, 10, 150_000),
    (110_000, 180, 15, 220_000),
    (150_000, 240, 15, 400_000),
    (220_000, 240, 25, 500_000),
    (300_000, 360, 25, 900_000),
    (450_000, 360, 30, 1_000_000),
    (700_000, 540, 30, 1_600_000),
    (1_200_000, 720, 30, 2_500_000),
];

/// Decides what a picture is made as.
#[derive(Debug, Clone)]
pub struct Steering {
    most: u32,
    budget: u64,
    rung: usize,
    /// Since when the next rung could be stood on.
    better_since: Option<Duration>,
    state: State,
    next_pause: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Flows { since: Duration, low_since: Option<Duration> },
    Paused { until: Duration },
}

impl Steering {
    /// Begins with what the path is believed to carry, in bits a second with everything.
    pub fn new(now: Duration, estimate: u64) -> Self {
        let mut steering = Self {
            most: u32::MAX,
            budget: 0,
            rung: 0,
            better_since: None,
            state: State::Flows { since: now, low_since: None },
            next_pause: PAUSE,
        };
        steering.budget = budget(estimate);
        steering.rung = steering.reachable(100);
        steering
    }

    /// No larger than this on the shorter side, whatever the path carries.
    pub fn limit(&mut self, short_side: u32) {
        self.most = short_side;
        self.rung = self.rung.min(self.highest());
    }

    /// It may be larger now than before, and has so many bits a second for itself: nothing has to be proved first.
    fn widen(&mut self, short_side: u32, budget: u64) {
        (self.most, self.budget) = (short_side, budget);
        (self.rung, self.better_since) = (self.reachable(100), None);
    }

    /// The path is believed to carry so many bits a second, with everything. To be told again now and then, even if it is
    /// the same.
    pub fn estimate(&mut self, now: Duration, estimate: u64) {
        self.give(now, budget(estimate));
    }

    /// It may have so many bits a second for itself.
    fn give(&mut self, now: Duration, budget: u64) {
        self.budget = budget;
        self.look(now);
    }

    /// What to make now. None: nothing, the voice needs the path.
    pub fn shape(&mut self, now: Duration) -> Option<Shape> {
        self.look(now);
        if matches!(self.state, State::Paused { .. }) {
            return None;
        }
        let (_, short_side, frame_rate, most) = LADDER[self.rung];
        let bitrate = u32::try_from(self.budget.clamp(FLOOR, most)).unwrap_or(u32::MAX);
        Some(Shape { short_side: short_side.min(self.most), frame_rate, bitrate })
    }

    fn look(&mut self, now: Duration) {
        match self.state {
            State::Paused { until } => {
                let carries = self.budget * 100 >= FLOOR * CLEARLY_PERCENT;
                if carries || now >= until {
                    self.state = State::Flows { since: now, low_since: None };
                    (self.rung, self.better_since) = (0, None);
                }
            }
            State::Flows { since, low_since } => {
                if now >= since + TRY {
                    self.next_pause = PAUSE;
                }
                let low_since = (self.budget < FLOOR).then(|| low_since.unwrap_or(now));
                if low_since.is_some_and(|low| now >= low + PAUSE_AFTER) {
                    self.state = State::Paused { until: now + self.next_pause };
                    self.next_pause = (self.next_pause * 2).min(LONGEST_PAUSE);
                    return;
                }
                self.state = State::Flows { since, low_since };
                self.climb(now);
            }
        }
    }

    fn climb(&mut self, now: Duration) {
        let down = self.reachable(100);
        if down < self.rung {
            (self.rung, self.better_since) = (down, None);
            return;
        }
        let up = self.reachable(CLEARLY_PERCENT);
        if up <= self.rung {
            self.better_since = None;
            return;
        }
        let since = *self.better_since.get_or_insert(now);
        if now >= since + UP_AFTER {
            (self.rung, self.better_since) = (up, None);
        }
    }

    /// The highest rung of which the path carries so much.
    fn reachable(&self, percent: u64) -> usize {
        let stands = |(from, ..): &Rung| self.budget * 100 >= from * percent;
        LADDER.iter().rposition(stands).unwrap_or(0).min(self.highest())
    }

    /// The rung that is as large as is allowed: more would be bits for nothing.
    fn highest(&self) -> usize {
        rung_of(self.most)
    }
}

/// The highest rung of the smallest size that is not smaller than this.
fn rung_of(short_side: u32) -> usize {
    let size = LADDER.iter().map(|(_, side, ..)| *side).find(|side| *side >= short_side);
    LADDER.iter().rposition(|(_, side, ..)| Some(*side) == size).unwrap_or(LADDER.len() - 1)
}

/// Of what a path carries, what the camera and the screen may each believe to have, when both go by it. What somebody
/// shows to all is read, and comes first; a face need not be sharp beside it.
pub(crate) fn between(estimate: u64) -> (u64, u64) {
    const SCREEN_PERCENT: u64 = 60;
    let pictures = estimate.saturating_sub(VOICE);
    let screen = pictures * SCREEN_PERCENT / 100;
    // Each takes the voice away from what it is told.
    (estimate - screen, estimate - (pictures - screen))
}

/// What is left for the picture.
fn budget(estimate: u64) -> u64 {
    estimate.saturating_sub(VOICE) * (100 - HEADERS_PERCENT) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn kilobits(kilobits: u64) -> u64 {
        kilobits * 1000
    }

    /// For so many seconds this estimate; what is made in each.
    fn run(steering: &mut Steering, from: u32, seconds: u32, estimate: u64) -> Vec<Option<Shape>> {
        (from..from + seconds)
            .map(|second| {
                steering.estimate(SECOND * second, estimate);
                steering.shape(SECOND * second)
            })
            .collect()
    }

    fn sizes(shapes: &[Option<Shape>]) -> Vec<u32> {
        shapes.iter().map(|shape| shape.map_or(0, |shape| shape.short_side)).collect()
    }

    #[test]
    fn more_bits_make_a_larger_picture_and_the_rate_stays_below_the_estimate() {
        let mut before = 0;
        for estimate in (110..4000).step_by(10).map(kilobits) {
            let shape = Steering::new(Duration::ZERO, estimate).shape(Duration::ZERO).unwrap();
            let pixels = shape.short_side.pow(2) * shape.frame_rate;
            assert!(pixels >= before && u64::from(shape.bitrate) < estimate, "{estimate}: {shape:?}");
            before = pixels;
        }
        let shape =
            |estimate| Steering::new(Duration::ZERO, kilobits(estimate)).shape(Duration::ZERO).unwrap();
        assert_eq!((shape(220).short_side, shape(220).frame_rate), (240, 15));
        assert_eq!(shape(400).short_side, 360);
        assert_eq!(shape(850).short_side, 540);
        assert_eq!(shape(2000).short_side, 720);
    }

    #[test]
    fn a_step_down_is_taken_at_once_and_one_up_after_a_while() {
        let mut steering = Steering::new(Duration::ZERO, kilobits(2000));

        assert_eq!(sizes(&run(&mut steering, 0, 2, kilobits(400))), [360, 360]);
        assert_eq!(sizes(&run(&mut steering, 2, 5, kilobits(2000))), [360, 360, 360, 720, 720]);
    }

    #[test]
    fn an_estimate_that_wavers_around_a_threshold_changes_nothing() {
        let mut steering = Steering::new(Duration::ZERO, kilobits(800));
        let mut made = Vec::new();
        for second in 0..60 {
            // Around the step to 540 lines, with a headroom below what is clear.
            let estimate = if second % 2 == 0 { kilobits(805) } else { kilobits(860) };
            made.extend(run(&mut steering, second, 1, estimate));
        }

        let mut sizes = sizes(&made);
        sizes.dedup();
        assert_eq!(sizes, [360], "{made:?}");
    }

    #[test]
    fn below_the_floor_the_picture_pauses_and_looks_again_less_and_less_often() {
        let mut steering = Steering::new(Duration::ZERO, kilobits(500));

        let made = run(&mut steering, 0, 200, kilobits(60));

        let flows: Vec<bool> = made.iter().map(Option::is_some).collect();
        let begins: Vec<usize> = (1..200).filter(|n| flows[*n] && !flows[n - 1]).collect();
        assert_eq!(flows.iter().position(|flows| !flows), Some(2));
        let waits: Vec<usize> = begins.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!((begins[0], waits), (7, vec![12, 22, 42, 42, 42]));
    }

    #[test]
    fn a_path_that_recovers_has_its_picture_back_and_its_pauses_are_short_again() {
        let mut steering = Steering::new(Duration::ZERO, kilobits(500));
        run(&mut steering, 0, 40, kilobits(60));

        let made = run(&mut steering, 40, 20, kilobits(600));

        assert_eq!(made[0].map(|shape| shape.short_side), Some(180), "it begins small");
        assert_eq!(made[19].map(|shape| shape.short_side), Some(360));
        let low = run(&mut steering, 60, 10, kilobits(60));
        assert!(low[2].is_none() && low[7].is_some(), "{low:?}");
    }

    #[test]
    fn camera_and_screen_share_a_path_and_leave_the_voice_its_part() {
        for estimate in (0..6000).step_by(7).map(kilobits) {
            let (camera, screen) = between(estimate);
            assert!(screen >= camera && budget(camera) + budget(screen) <= budget(estimate));
        }
        assert_eq!(between(kilobits(1050)), (kilobits(450), kilobits(650)));
    }

    #[test]
    fn a_limit_holds_whatever_the_path_carries() {
        let mut steering = Steering::new(Duration::ZERO, kilobits(4000));

        steering.limit(240);

        let shape = run(&mut steering, 0, 10, kilobits(4000)).pop().unwrap().unwrap();
        assert_eq!((shape.short_side, shape.bitrate), (240, 500_000));
        steering.limit(u32::MAX);
        assert_eq!(sizes(&run(&mut steering, 10, 4, kilobits(4000))).last(), Some(&720));
    }
}
