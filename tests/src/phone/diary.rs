//! What a device heard and saw, written down while it happens: what must not have been in between is found there.
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// As long as a sample of sound is.
const FRAME: Duration = Duration::from_millis(20);
/// What is heard now and then is told from what is heard by the last second.
const LATELY: usize = 50;
/// Of those frames a voice is heard in this many at least, or in no more than the rest: a frame may come late.
const MOST: usize = 40;

/// Since it was begun anew.
#[derive(Debug, Default)]
pub(super) struct Diary {
    /// Who was heard in each of the last frames.
    lately: std::collections::VecDeque<BTreeSet<u64>>,
    /// Of whoever was listened for: frames without them, now and at the most.
    silences: BTreeMap<u64, (u32, u32)>,
    heights: BTreeMap<u64, Vec<u32>>,
}

impl Diary {
    /// These are listened for from here on.
    pub(super) fn begin(&mut self, users: &[u64]) {
        *self = Self { silences: users.iter().map(|user| (*user, (0, 0))).collect(), ..Self::default() };
    }

    /// Who is heard in the next frame.
    pub(super) fn heard(&mut self, users: &BTreeSet<u64>) {
        for (user, (now, longest)) in &mut self.silences {
            *now = if users.contains(user) { 0 } else { *now + 1 };
            *longest = (*longest).max(*now);
        }
        if self.lately.len() == LATELY {
            self.lately.pop_front();
        }
        self.lately.push_back(users.clone());
    }

    /// How high a picture of somebody is.
    pub(super) fn saw(&mut self, user: u64, height: u32) {
        let heights = self.heights.entry(user).or_default();
        if heights.last() != Some(&height) {
            heights.push(height);
        }
    }

    /// Who was heard all the last second; none, if it was not one and the same choir.
    pub(super) fn steady(&self) -> Option<BTreeSet<u64>> {
        if self.lately.len() < LATELY {
            return None;
        }
        let mut count = BTreeMap::<u64, usize>::new();
        for user in self.lately.iter().flatten() {
            *count.entry(*user).or_default() += 1;
        }
        count.retain(|_, frames| *frames > LATELY - MOST);
        count.values().all(|frames| *frames >= MOST).then(|| count.into_keys().collect())
    }

    pub(super) fn longest_silence(&self, user: u64) -> Option<Duration> {
        self.silences.get(&user).map(|(_, longest)| FRAME * *longest)
    }

    pub(super) fn heights(&self, user: u64) -> Vec<u32> {
        self.heights.get(&user).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choir<const N: usize>(users: [u64; N]) -> BTreeSet<u64> {
        users.into()
    }

    #[test]
    fn a_choir_is_steady_when_it_was_the_same_for_a_second() {
        let mut diary = Diary::default();
        for _ in 0..49 {
            diary.heard(&choir([1, 2]));
            assert_eq!(diary.steady(), None, "too short");
        }
        diary.heard(&choir([2]));
        assert_eq!(diary.steady(), Some(choir([1, 2])));

        for _ in 0..20 {
            diary.heard(&choir([2, 3]));
        }
        assert_eq!(diary.steady(), None, "somebody goes and somebody comes");
        for _ in 0..30 {
            diary.heard(&choir([2, 3]));
        }
        assert_eq!(diary.steady(), Some(choir([2, 3])));
    }

    #[test]
    fn the_longest_silence_of_each_and_the_sizes_are_known_and_begin_anew() {
        let mut diary = Diary::default();
        diary.begin(&[1, 2]);
        for users in [choir([1, 2]), choir([1]), choir([]), choir([2]), choir([1, 2])] {
            diary.heard(&users);
        }

        assert_eq!(diary.longest_silence(1), Some(2 * FRAME));
        assert_eq!(diary.longest_silence(2), Some(2 * FRAME));
        assert_eq!(diary.longest_silence(3), None);
        [90, 90, 180, 90].into_iter().for_each(|height| diary.saw(1, height));
        assert_eq!((diary.heights(1), diary.heights(2)), (vec![90, 180, 90], vec![]));
        diary.begin(&[1]);
        assert_eq!(diary.longest_silence(1), Some(Duration::ZERO));
    }
}
