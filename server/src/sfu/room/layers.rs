//! How large each picture comes to one receiver: the largest that is of use, of all that its path carries.
//!
//! Down at once, up one at a time and seldom: a picture that changes its size all the time is worse than a small one.
use std::{collections::BTreeMap, time::Duration};

/// The most layers of one picture.
pub(super) const LAYERS: usize = 3;

/// Between two changes upwards of one picture.
const UP_AFTER: Duration = Duration::from_secs(3);
/// After a change upwards that did not last, at the most.
const LONGEST_UP_AFTER: Duration = Duration::from_secs(48);
/// A change upwards that lasts so long was right.
const PROVEN: Duration = Duration::from_secs(15);
/// What is free must be this much more than what a change costs, in percent: estimates waver.
const CLEARLY_PERCENT: u64 = 115;
/// What is chosen may be this much more than what the path is said to carry, in percent, for the same reason.
const BARELY_PERCENT: u64 = 105;
/// The first picture stays, as small as it gets, while it is no more than so many times what the path is said to carry:
/// a path on which little is sent is said to carry little.
const FIRST_TIMES: u64 = 3;

/// One layer of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layer {
    /// Bits a second, measured, or expected where nothing flows yet.
    pub(super) bps: u64,
    pub(super) height: u16,
}

/// One picture that a receiver could get. They stand in the order of their worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish<Id> {
    pub(super) of: Id,
    /// The smallest first.
    pub(super) layers: [Option<Layer>; LAYERS],
    /// How high it is on the screen; nothing, if it is not there.
    pub(super) height: u16,
}

impl<Id> Wish<Id> {
    /// The smallest layer that fills its place on the screen, or the largest there is.
    pub(super) fn enough(&self) -> Option<u8> {
        if self.height == 0 {
            return None;
        }
        // A tenth of the pixels missing is not seen.
        let fills = |layer: &Layer| u32::from(layer.height) * 10 >= u32::from(self.height) * 9;
        let there =
            || self.layers.iter().enumerate().filter_map(|(n, layer)| Some((n as u8, layer.as_ref()?)));
        there().find(|(_, layer)| fills(layer)).or_else(|| there().next_back()).map(|(n, _)| n)
    }

    /// How high the sender's picture is of use, if nothing above this layer goes to this receiver. Of the largest that
    /// came so far, as high as it is on the screen: a larger one may never have been sent.
    pub(super) fn up_to(&self, layer: u8) -> u16 {
        let height = self.layers[usize::from(layer)].map_or(0, |layer| layer.height);
        if self.next(Some(layer)).is_none() { height.max(self.height) } else { height }
    }

    fn cost(&self, layer: Option<u8>) -> u64 {
        layer.and_then(|layer| self.layers[usize::from(layer)]).map_or(0, |layer| layer.bps)
    }

    fn smallest(&self) -> Option<u8> {
        self.layers.iter().position(Option::is_some).map(|n| n as u8)
    }

    fn next(&self, layer: Option<u8>) -> Option<u8> {
        let from = layer.map_or(0, |layer| usize::from(layer) + 1);
        (from..LAYERS).find(|n| self.layers[*n].is_some()).map(|n| n as u8)
    }
}

/// What was chosen for one picture.
#[derive(Debug, Clone, Copy)]
struct Chosen {
    layer: Option<u8>,
    went_up: Duration,
    /// No change upwards before.
    up_from: Duration,
    up_after: Duration,
    fell_at: Duration,
}

/// What was chosen for one receiver.
#[derive(Debug)]
pub(super) struct Layers<Id> {
    chosen: BTreeMap<Id, Chosen>,
}

impl<Id: Copy + Ord> Default for Layers<Id> {
    fn default() -> Self {
        Self { chosen: BTreeMap::new() }
    }
}

impl<Id: Copy + Ord> Layers<Id> {
    /// The layer of a picture that is to be sent; none for nothing.
    pub(super) fn of(&self, id: Id) -> Option<u8> {
        self.chosen.get(&id)?.layer
    }

    /// Chooses anew for `budget` bits a second.
    pub(super) fn decide(&mut self, now: Duration, budget: u64, wishes: &[Wish<Id>]) {
        self.chosen.retain(|id, _| wishes.iter().any(|wish| wish.of == *id));
        for wish in wishes {
            self.chosen.entry(wish.of).or_insert(Chosen {
                layer: None,
                went_up: now,
                up_from: now,
                up_after: UP_AFTER,
                fell_at: now.saturating_sub(UP_AFTER),
            });
        }
        self.keep_what_is_of_use(wishes);
        if !self.fits(budget, wishes) {
            self.fit(now, budget, wishes);
        }
        self.rise(now, budget, wishes);
    }

    /// What all would cost together if the path carried everything.
    pub(super) fn ideal(wishes: &[Wish<Id>]) -> u64 {
        wishes.iter().map(|wish| wish.cost(wish.enough())).sum()
    }

    /// The largest layer that is sent, or could be after the next change upwards.
    pub(super) fn in_reach(&self, wish: &Wish<Id>) -> Option<u8> {
        let enough = wish.enough()?;
        let next = wish.next(self.of(wish.of)).unwrap_or(enough);
        Some(next.min(enough))
    }

    /// Smaller on the screen, gone from it, or gone altogether: these cost nothing to follow.
    fn keep_what_is_of_use(&mut self, wishes: &[Wish<Id>]) {
        for wish in wishes {
            let enough = wish.enough();
            let Some(chosen) = self.chosen.get_mut(&wish.of) else { continue };
            chosen.layer = chosen.layer.min(enough);
            if let Some(layer) = chosen.layer
                && wish.layers[usize::from(layer)].is_none()
            {
                let below = (0..layer).rev().find(|n| wish.layers[usize::from(*n)].is_some());
                chosen.layer = below.or(wish.smallest());
            }
        }
    }

    fn fits(&self, budget: u64, wishes: &[Wish<Id>]) -> bool {
        let total = self.total(wishes);
        let mut chosen = wishes.iter().filter(|wish| self.of(wish.of).is_some());
        let only = chosen.next().filter(|first| chosen.next().is_none() && is_first(wishes, first));
        let is_smallest = only.is_some_and(|first| self.of(first.of) == first.smallest());
        total * 100 <= budget * BARELY_PERCENT || is_smallest && total <= budget * FIRST_TIMES
    }

    /// What all that was chosen costs together.
    pub(super) fn total(&self, wishes: &[Wish<Id>]) -> u64 {
        wishes.iter().map(|wish| wish.cost(self.of(wish.of))).sum()
    }

    /// Too much was chosen: the smallest for as many as can be, in the order of their worth, then back up while it lasts.
    fn fit(&mut self, now: Duration, budget: u64, wishes: &[Wish<Id>]) {
        let mut left = budget;
        let mut fits: Vec<Option<u8>> = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let smallest = self.of(wish.of).and(wish.smallest());
            let cost = wish.cost(smallest);
            let most = if is_first(wishes, wish) { left * FIRST_TIMES } else { left };
            fits.push(smallest.filter(|_| cost <= most));
            if cost <= most {
                left = left.saturating_sub(cost);
            }
        }
        for _ in 1..LAYERS {
            for (wish, fit) in wishes.iter().zip(&mut fits) {
                let before = self.of(wish.of);
                let Some(next) = wish.next(*fit).filter(|next| fit.is_some() && Some(*next) <= before) else {
                    continue;
                };
                let more = wish.cost(Some(next)).saturating_sub(wish.cost(*fit));
                if more <= left {
                    left -= more;
                    *fit = Some(next);
                }
            }
        }
        for (wish, fit) in wishes.iter().zip(fits) {
            if let Some(chosen) = self.chosen.get_mut(&wish.of).filter(|chosen| chosen.layer != fit) {
                chosen.fell(now);
                chosen.layer = fit;
            }
        }
    }

    /// One picture a time goes up: first whoever has none at all, then in the order of their worth.
    fn rise(&mut self, now: Duration, budget: u64, wishes: &[Wish<Id>]) {
        let mut total = self.total(wishes);
        for wish in wishes.iter().filter(|wish| wish.enough().is_some()) {
            let Some(chosen) = self.chosen.get_mut(&wish.of).filter(|chosen| chosen.layer.is_none()) else {
                continue;
            };
            let cost = wish.cost(wish.smallest());
            // Something to see is worth more than the margin, and than waiting.
            let is_time = now >= chosen.up_from || is_first(wishes, wish) && now >= chosen.fell_at + UP_AFTER;
            if is_time && total + cost <= budget {
                chosen.rose(now, wish.smallest());
                total += cost;
            }
        }
        for level in 0..LAYERS as u8 {
            for wish in wishes {
                let Some(chosen) = self.chosen.get_mut(&wish.of) else { continue };
                let next = wish.next(chosen.layer).filter(|next| wish.enough() >= Some(*next));
                let (Some(next), true) = (next, chosen.layer == Some(level)) else { continue };
                let after = total - wish.cost(chosen.layer) + wish.cost(Some(next));
                if now >= chosen.up_from && after * CLEARLY_PERCENT <= budget * 100 {
                    chosen.rose(now, Some(next));
                    return;
                }
            }
        }
    }
}

impl Chosen {
    fn rose(&mut self, now: Duration, to: Option<u8>) {
        self.layer = to;
        self.went_up = now;
        self.up_from = now + self.up_after;
    }

    fn fell(&mut self, now: Duration) {
        // It went up and could not stay: the next try waits longer.
        self.up_after = if now.saturating_sub(self.went_up) < PROVEN {
            (self.up_after * 2).min(LONGEST_UP_AFTER)
        } else {
            UP_AFTER
        };
        self.up_from = now + self.up_after;
        self.fell_at = now;
    }
}

/// Whether this is the picture that is worth most.
fn is_first<Id: PartialEq>(wishes: &[Wish<Id>], wish: &Wish<Id>) -> bool {
    wishes.iter().find(|other| other.height > 0).is_some_and(|first| first.of == wish.of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn layers() -> [Option<Layer>; LAYERS] {
        [(150_000, 180), (500_000, 360), (1_500_000, 720)].map(|(bps, height)| Some(Layer { bps, height }))
    }

    fn wish(of: u32, height: u16) -> Wish<u32> {
        Wish { of, layers: layers(), height }
    }

    /// Decides again and again for so long.
    fn after(
        layers: &mut Layers<u32>,
        from: Duration,
        seconds: u64,
        budget: u64,
        wishes: &[Wish<u32>],
    ) -> Duration {
        for tick in 0..seconds * 5 {
            layers.decide(from + SECOND / 5 * tick as u32, budget, wishes);
        }
        from + SECOND * seconds as u32
    }

    #[test]
    fn a_picture_is_as_large_as_its_place_on_the_screen() {
        let mut chosen = Layers::default();
        let wishes = [wish(1, 720), wish(2, 360), wish(3, 200), wish(4, 90), wish(5, 0)];
        after(&mut chosen, Duration::ZERO, 60, 10_000_000, &wishes);
        let of = |id| chosen.of(id);
        assert_eq!([of(1), of(2), of(3), of(4), of(5)], [Some(2), Some(1), Some(0), Some(0), None]);
        assert_eq!(Layers::ideal(&wishes), 1_500_000 + 500_000 + 150_000 + 150_000);
    }

    #[test]
    fn a_larger_picture_that_never_came_is_of_use_if_the_place_is_larger() {
        let two = Wish { layers: [layers()[0], layers()[1], None], ..wish(1, 720) };

        assert_eq!([two.up_to(1), two.up_to(0), wish(1, 720).up_to(2)], [720, 180, 720]);
        assert_eq!(Wish { height: 300, ..two }.up_to(1), 360);
    }

    #[test]
    fn whoever_is_worth_more_comes_first_and_everybody_before_anybody_is_large() {
        let mut chosen = Layers::default();
        let wishes = [wish(1, 720), wish(2, 720), wish(3, 720)];
        after(&mut chosen, Duration::ZERO, 60, 1_000_000, &wishes);
        assert_eq!([chosen.of(1), chosen.of(2), chosen.of(3)], [Some(1), Some(0), Some(0)]);
        let mut poor = Layers::default();
        after(&mut poor, Duration::ZERO, 60, 320_000, &wishes);
        assert_eq!([poor.of(1), poor.of(2), poor.of(3)], [Some(0), Some(0), None]);
    }

    #[test]
    fn a_path_that_narrows_is_obeyed_at_once() {
        let mut chosen = Layers::default();
        let wishes = [wish(1, 720), wish(2, 720)];
        let now = after(&mut chosen, Duration::ZERO, 60, 4_000_000, &wishes);
        assert_eq!([chosen.of(1), chosen.of(2)], [Some(2), Some(2)]);
        chosen.decide(now, 700_000, &wishes);
        assert_eq!([chosen.of(1), chosen.of(2)], [Some(1), Some(0)]);
        chosen.decide(now, 100_000, &wishes);
        assert_eq!([chosen.of(1), chosen.of(2)], [Some(0), None], "one small picture stays");
        chosen.decide(now, 40_000, &wishes);
        assert_eq!([chosen.of(1), chosen.of(2)], [None, None]);
    }

    #[test]
    fn a_layer_that_is_not_there_is_not_chosen() {
        let mut chosen = Layers::default();
        let mut only = wish(1, 720);
        after(&mut chosen, Duration::ZERO, 30, 4_000_000, &[only]);
        only.layers[2] = None;
        chosen.decide(SECOND * 31, 4_000_000, &[only]);
        assert_eq!(chosen.of(1), Some(1));
        only.layers = [None; LAYERS];
        chosen.decide(SECOND * 32, 4_000_000, &[only]);
        assert_eq!(chosen.of(1), None);
    }

    #[test]
    fn what_comes_within_reach_is_known_before() {
        let mut chosen = Layers::default();
        let wishes = [wish(1, 720)];
        chosen.decide(Duration::ZERO, 200_000, &wishes);
        assert_eq!((chosen.of(1), chosen.in_reach(&wishes[0])), (Some(0), Some(1)));
        assert_eq!(chosen.in_reach(&wish(1, 90)), Some(0));
        assert_eq!(chosen.in_reach(&wish(1, 0)), None);
    }

    proptest! {
        /// Whatever the path is said to carry.
        #[test]
        fn no_picture_goes_up_and_down_faster_than_once_in_three_seconds_and_nothing_exceeds_the_path(
            budgets in proptest::collection::vec(0..5_000_000u64, 100..400),
            heights in proptest::collection::vec(prop_oneof![Just(0u16), Just(90), Just(180), Just(360), Just(720)], 1..6),
        ) {
            let wishes: Vec<_> = heights.iter().enumerate().map(|(n, height)| wish(n as u32, *height)).collect();
            let mut chosen = Layers::default();
            let mut last_up: BTreeMap<u32, Duration> = BTreeMap::new();
            let mut before: BTreeMap<u32, Option<u8>> = BTreeMap::new();
            for (n, budget) in budgets.iter().enumerate() {
                let now = SECOND / 5 * n as u32;
                chosen.decide(now, *budget, &wishes);
                let total: u64 = wishes.iter().map(|wish| wish.cost(chosen.of(wish.of))).sum();
                let pictures = wishes.iter().filter(|wish| chosen.of(wish.of).is_some()).count();
                let is_within = total * 100 <= budget * BARELY_PERCENT;
                prop_assert!(is_within || pictures == 1 && total <= 150_000.min(budget * 3), "{total} of {budget}");
                for wish in &wishes {
                    let layer = chosen.of(wish.of);
                    prop_assert!(layer <= wish.enough());
                    let has_risen = before.insert(wish.of, layer).is_some_and(|old| layer > old);
                    if has_risen && let Some(last) = last_up.insert(wish.of, now) {
                        prop_assert!(now - last >= UP_AFTER);
                    }
                }
            }
        }
    }
}
