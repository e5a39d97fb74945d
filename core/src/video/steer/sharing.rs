//! What each layer of a picture gets of a path: the smallest lives first, a larger one only while all below it do.
use super::{CLEARLY_PERCENT, FLOOR, LADDER, Shape, Steering, UP_AFTER, budget, rung_of};
use std::time::Duration;

/// Of what a size needs to look clean, in percent: with less, the smaller one looks better.
const LEAST_PERCENT: u64 = 66;

/// Decides what the layers of a picture are made as.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// Of the smallest, and of the pauses of all.
    smallest: Steering,
    budget: u64,
    /// The shorter side of each layer that is wanted, the smallest first.
    sides: Vec<u32>,
    most: u32,
    /// So many of them are made.
    stand: usize,
    /// Since when more could be.
    better_since: Option<Duration>,
}

impl Sharing {
    /// Begins with what the path is believed to carry, in bits a second with everything, and with one layer as large as
    /// that allows.
    pub fn new(now: Duration, estimate: u64) -> Self {
        Self {
            smallest: Steering::new(now, estimate),
            budget: budget(estimate),
            sides: Vec::new(),
            most: u32::MAX,
            stand: 1,
            better_since: None,
        }
    }

    /// No layer is larger than this on the shorter side, whatever the path carries.
    pub fn limit(&mut self, short_side: u32) {
        self.most = short_side;
        self.smallest.limit(self.smallest_side());
    }

    /// These are wanted, by their shorter sides, the smallest first. Without any it is one picture, as large as the path
    /// carries.
    pub fn layers(&mut self, sides: &[u32]) {
        if self.sides == sides {
            return;
        }
        // Somebody waits for one that is wanted again: it does not wait for a proof.
        self.stand = match sides.len() > self.sides.len() {
            true => self.reachable(sides, 100),
            false => self.stand.min(sides.len()).max(1),
        };
        let before = self.smallest_side();
        self.sides = sides.to_vec();
        self.better_since = None;
        match self.smallest_side() {
            side if side > before => self.smallest.widen(side, self.budget),
            side => self.smallest.limit(side),
        }
    }

    /// The path is believed to carry so many bits a second, with everything. To be told again now and then, even if it is
    /// the same.
    pub fn estimate(&mut self, now: Duration, estimate: u64) {
        self.budget = budget(estimate);
        self.share(now);
    }

    /// What to make now, the smallest first. Nothing at all: the voice needs the path.
    pub fn shapes(&mut self, now: Duration) -> Vec<Shape> {
        let shares = self.share(now);
        let Some(smallest) = self.smallest.shape(now) else { return Vec::new() };
        let larger = shares.iter().zip(&self.sides).skip(1).map(|(bits, side)| Shape {
            short_side: *side,
            frame_rate: LADDER[rung_of(*side)].2,
            bitrate: u32::try_from(*bits).unwrap_or(u32::MAX),
        });
        std::iter::once(smallest).chain(larger).collect()
    }

    fn smallest_side(&self) -> u32 {
        self.sides.first().map_or(self.most, |side| self.most.min(*side))
    }

    /// Looks how many layers stand, and what each of them gets.
    fn share(&mut self, now: Duration) -> Vec<u64> {
        if self.sides.len() < 2 {
            self.smallest.give(now, self.budget);
            return vec![self.budget];
        }
        self.climb(now);
        let standing = &self.sides[..self.stand];
        let mut shares: Vec<u64> = standing.iter().map(|side| least(*side)).collect();
        let mut left = self.budget.saturating_sub(shares.iter().sum());
        // First each looks good, from the smallest; what is then left makes the largest sharper.
        let enough = standing.iter().map(|side| LADDER[rung_of(*side)].0);
        let most = standing.iter().map(|side| LADDER[rung_of(*side)].3);
        let upwards = enough.enumerate();
        let downwards = most.enumerate().rev();
        for (layer, limit) in upwards.chain(downwards) {
            let more = limit.saturating_sub(shares[layer]).min(left);
            shares[layer] += more;
            left -= more;
        }
        // Alone, it has all there is, be it less than it needs: it knows when to pause.
        let smallest = if self.stand == 1 { self.budget } else { shares[0] };
        self.smallest.give(now, smallest);
        shares
    }

    /// Fewer at once, more after a while.
    fn climb(&mut self, now: Duration) {
        let down = self.reachable(&self.sides, 100);
        if down < self.stand {
            (self.stand, self.better_since) = (down, None);
            return;
        }
        let up = self.reachable(&self.sides, CLEARLY_PERCENT);
        if up <= self.stand {
            self.better_since = None;
            return;
        }
        let since = *self.better_since.get_or_insert(now);
        if now >= since + UP_AFTER {
            (self.stand, self.better_since) = (up, None);
        }
    }

    /// Of so many layers the path carries so much.
    fn reachable(&self, sides: &[u32], percent: u64) -> usize {
        let needs = sides.iter().scan(0, |sum, side| {
            *sum += least(*side);
            Some(*sum)
        });
        needs.take_while(|need| self.budget * 100 >= need * percent).count().max(1)
    }
}

/// Without so many bits a second, a layer of this size is not made.
fn least(short_side: u32) -> u64 {
    let first = LADDER.iter().find(|(_, side, ..)| *side >= short_side).unwrap_or(&LADDER[LADDER.len() - 1]);
    (first.0 * LEAST_PERCENT / 100).max(FLOOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HD: [u32; 3] = [180, 360, 720];

    fn sharing(estimate: u64, sides: &[u32]) -> Sharing {
        let mut sharing = Sharing::new(Duration::ZERO, estimate);
        sharing.layers(sides);
        sharing
    }

    /// The sizes that are made in each of so many seconds.
    fn run(sharing: &mut Sharing, from: u32, seconds: u32, estimate: u64) -> Vec<Vec<u32>> {
        let each = (from..from + seconds).map(|second| {
            sharing.estimate(SECOND * second, estimate);
            sharing.shapes(SECOND * second).iter().map(|shape| shape.short_side).collect()
        });
        each.collect()
    }

    #[test]
    fn a_narrow_path_keeps_the_smallest_layer_and_a_wide_one_has_all() {
        let made = |estimate: u64| -> Vec<(u32, u32)> {
            let shapes = sharing(estimate, &HD).shapes(Duration::ZERO);
            shapes.iter().map(|shape| (shape.short_side, shape.bitrate / 1000)).collect()
        };

        assert_eq!(made(100_000), [(180, 60)], "below what it needs it lives");
        assert_eq!(made(300_000), [(180, 220)], "alone it has what it can use");
        assert_eq!(made(600_000), [(180, 110), (360, 396)]);
        assert_eq!(made(1_400_000), [(180, 110), (360, 340), (720, 792)]);
        assert_eq!(made(5_000_000), [(180, 220), (360, 1000), (720, 2500)]);
    }

    #[test]
    fn all_layers_together_stay_below_the_path_whatever_it_carries() {
        for sides in [&[135, 270, 540][..], &HD, &[180, 360], &[240, 480], &[720], &[]] {
            let mut before = 0;
            for estimate in (120_000..6_000_000).step_by(10_000) {
                let shapes = sharing(estimate, sides).shapes(Duration::ZERO);
                let total: u64 = shapes.iter().map(|shape| u64::from(shape.bitrate)).sum();
                assert!(total < estimate, "{estimate}: {shapes:?}");
                assert!(shapes.windows(2).all(|pair| pair[0].short_side < pair[1].short_side), "{shapes:?}");
                assert!(shapes.len() >= before || sides.len() < 2, "{estimate}: {shapes:?}");
                before = shapes.len();
            }
        }
    }

    #[test]
    fn a_layer_goes_at_once_and_comes_back_after_a_while() {
        let mut sharing = sharing(3_000_000, &HD);

        assert_eq!(run(&mut sharing, 0, 2, 500_000), [[180, 360], [180, 360]]);
        let made = run(&mut sharing, 2, 5, 3_000_000);

        let counts: Vec<usize> = made.iter().map(Vec::len).collect();
        assert_eq!(counts, [2, 2, 2, 3, 3]);
    }

    #[test]
    fn a_layer_that_is_wanted_again_is_there_at_once() {
        let mut sharing = sharing(3_000_000, &HD);

        sharing.layers(&HD[..1]);
        assert_eq!(sharing.shapes(SECOND).len(), 1);
        sharing.layers(&HD);

        assert_eq!(sharing.shapes(SECOND * 2).len(), 3);
    }

    #[test]
    fn an_estimate_that_wavers_around_a_layer_changes_nothing() {
        let mut sharing = sharing(1_150_000, &HD);
        let mut counts = Vec::new();
        for second in 0..60 {
            let estimate = if second % 2 == 0 { 1_190_000 } else { 1_300_000 };
            counts.extend(run(&mut sharing, second, 1, estimate).iter().map(Vec::len));
        }

        counts.dedup();
        assert_eq!(counts, [2]);
    }

    #[test]
    fn without_a_path_all_of_it_pauses_and_one_layer_is_steered_as_ever() {
        let mut paused = sharing(1_000_000, &HD);
        assert!(run(&mut paused, 0, 4, 60_000)[3].is_empty());

        let mut one = sharing(1_000_000, &[]);
        let mut steering = Steering::new(Duration::ZERO, 1_000_000);
        for (second, estimate) in
            (0..).zip([1_000_000, 300_000, 60_000, 60_000, 60_000, 2_000_000, 2_000_000])
        {
            one.estimate(SECOND * second, estimate);
            steering.estimate(SECOND * second, estimate);
            let expected: Vec<Shape> = steering.shape(SECOND * second).into_iter().collect();
            assert_eq!(one.shapes(SECOND * second), expected);
        }
    }
}
