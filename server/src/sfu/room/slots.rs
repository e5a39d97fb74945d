//! Who is in which slot of one receiver. A slot is a sound and a picture that the receiver's connection has a place for;
//! as long as there are enough, everybody keeps theirs.

/// Slots with a sound and a picture that one receiver has at the most, and slots with a sound alone beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MostSlots {
    pub(crate) pairs: usize,
    pub(crate) voices: usize,
}

/// One who could be in a slot. They stand in the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate<Id> {
    pub(super) id: Id,
    /// The receiver looks at them.
    pub(super) is_watched: bool,
    /// They are heard right now.
    pub(super) is_heard: bool,
    /// They send a picture.
    pub(super) has_picture: bool,
}

/// The slots of one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slots<Id> {
    pairs: Vec<Option<Id>>,
    voices: Vec<Option<Id>>,
}

impl<Id> Default for Slots<Id> {
    fn default() -> Self {
        Self { pairs: Vec::new(), voices: Vec::new() }
    }
}

/// One slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Slot {
    /// With a sound and a picture.
    Pair(usize),
    /// With a sound alone.
    Voice(usize),
}

/// How many slots are worth asking the receiver for, so that these people fit: in a few steps, since each costs a
/// description and its answer.
pub(super) fn worth_having(people: usize, most: MostSlots) -> (usize, usize) {
    const STEPS: [usize; 6] = [1, 2, 4, 9, 16, 25];
    let pairs = STEPS.into_iter().find(|step| *step >= people).unwrap_or(people);
    let voices = if people > most.pairs { most.voices } else { 0 };
    (pairs.min(most.pairs), voices)
}

impl<Id: Copy + PartialEq> Slots<Id> {
    /// The receiver has so many places now; there are never fewer than before.
    pub(super) fn grow(&mut self, pairs: usize, voices: usize) {
        self.pairs.resize(self.pairs.len().max(pairs), None);
        self.voices.resize(self.voices.len().max(voices), None);
    }

    /// Who is where.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, Id)> {
        let pairs = self.pairs.iter().enumerate().filter_map(|(n, id)| Some((Slot::Pair(n), (*id)?)));
        let voices = self.voices.iter().enumerate().filter_map(|(n, id)| Some((Slot::Voice(n), (*id)?)));
        pairs.chain(voices)
    }

    /// Where somebody is; a slot with a picture before one without.
    pub(super) fn of(&self, id: Id) -> Option<Slot> {
        self.iter().find(|(_, found)| *found == id).map(|(slot, _)| slot)
    }

    /// Fills the slots for the people who are there now. Whether anything changed.
    pub(super) fn assign(&mut self, people: &[Candidate<Id>]) -> bool {
        let before = self.clone();
        let is_there = |id: &Id| people.iter().any(|candidate| candidate.id == *id);
        for slot in self.pairs.iter_mut().chain(&mut self.voices) {
            *slot = slot.filter(is_there);
        }
        let mut by_worth: Vec<&Candidate<Id>> = people.iter().collect();
        by_worth.sort_by_key(|candidate| std::cmp::Reverse(candidate.worth()));
        // Slots with a picture: the most worthy, each where they are if they are.
        let wanted = &by_worth[..by_worth.len().min(self.pairs.len())];
        for candidate in wanted {
            if self.pairs.contains(&Some(candidate.id)) {
                continue;
            }
            let least = by_worth.iter().rev().map(|other| other.id);
            let place = self.pairs.iter().position(Option::is_none).or_else(|| {
                let mut given_up = least.filter(|id| !wanted.iter().any(|other| other.id == *id));
                given_up.find_map(|id| self.pairs.iter().position(|slot| *slot == Some(id)))
            });
            if let Some(place) = place {
                self.pairs[place] = Some(candidate.id);
            }
        }
        // Sounds of those who are heard and have no other place.
        let pairs = &self.pairs;
        for slot in &mut self.voices {
            *slot = slot.filter(|id| !pairs.contains(&Some(*id)));
        }
        for candidate in by_worth.iter().filter(|candidate| candidate.is_heard) {
            if self.of(candidate.id).is_some() {
                continue;
            }
            let is_silent = |id: Id| !people.iter().any(|other| other.id == id && other.is_heard);
            let place = self.voices.iter().position(|slot| slot.is_none_or(is_silent));
            if let Some(place) = place {
                self.voices[place] = Some(candidate.id);
            }
        }
        *self != before
    }
}

impl<Id> Candidate<Id> {
    /// Who is looked at, then who is heard and seen, then who is seen. What is equal stays in the order of coming.
    fn worth(&self) -> (bool, bool, bool) {
        (self.is_watched, self.is_heard && self.has_picture, self.has_picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn somebody(id: u32) -> Candidate<u32> {
        Candidate { id, is_watched: false, is_heard: false, has_picture: true }
    }

    fn slots(pairs: usize, voices: usize) -> Slots<u32> {
        let mut slots = Slots::default();
        slots.grow(pairs, voices);
        slots
    }

    #[test]
    fn with_slots_for_all_everybody_keeps_theirs() {
        let mut slots = slots(4, 0);
        assert!(slots.assign(&[somebody(1), somebody(2), somebody(3)]));
        let at = |slots: &Slots<u32>, id| slots.of(id);
        assert_eq!(at(&slots, 2), Some(Slot::Pair(1)));
        assert!(slots.assign(&[somebody(1), somebody(3), somebody(4), somebody(5)]));
        assert_eq!((at(&slots, 1), at(&slots, 3)), (Some(Slot::Pair(0)), Some(Slot::Pair(2))));
        let again = [Candidate { is_heard: true, ..somebody(5) }, somebody(4), somebody(3), somebody(1)];
        assert!(!slots.assign(&again), "who speaks is there already");
    }

    #[test]
    fn beyond_the_slots_whoever_is_looked_at_comes_in_and_whoever_speaks_is_heard() {
        let mut slots = slots(2, 1);
        let mut people: Vec<_> = (1..=5).map(somebody).collect();
        slots.assign(&people);
        assert_eq!(slots.iter().map(|(_, id)| id).collect::<Vec<_>>(), [1, 2]);
        people[4].is_watched = true;
        slots.assign(&people);
        assert_eq!(slots.of(5), Some(Slot::Pair(1)), "in the place of who is worth least");
        people[1].is_heard = true;
        people[1].has_picture = false;
        slots.assign(&people);
        assert_eq!(slots.of(2), Some(Slot::Voice(0)));
        people[1].is_heard = false;
        slots.assign(&people);
        assert_eq!(slots.of(2), Some(Slot::Voice(0)), "nobody else needs it");
        people[2] = Candidate { is_heard: true, has_picture: false, ..people[2] };
        slots.assign(&people);
        assert_eq!((slots.of(2), slots.of(3)), (None, Some(Slot::Voice(0))));
    }

    #[test]
    fn slots_are_asked_for_in_a_few_steps() {
        let most = MostSlots { pairs: 25, voices: 4 };
        let steps: Vec<_> =
            [0, 1, 2, 3, 5, 10, 25, 26, 499].map(|people| worth_having(people, most)).to_vec();
        assert_eq!(steps, [(1, 0), (1, 0), (2, 0), (4, 0), (9, 0), (16, 0), (25, 0), (25, 4), (25, 4)]);
    }

    proptest! {
        #[test]
        fn nobody_is_twice_and_nobody_moves_without_need(
            rounds in proptest::collection::vec(
                proptest::collection::btree_map(0..12u32, any::<(bool, bool, bool)>(), 0..10), 1..30),
            pairs in 1..6usize,
            voices in 0..3usize,
        ) {
            let mut slots = slots(pairs, voices);
            for people in rounds {
                let people: Vec<_> = people
                    .into_iter()
                    .map(|(id, (is_watched, is_heard, has_picture))| Candidate { id, is_watched, is_heard, has_picture })
                    .collect();
                let before = slots.clone();
                slots.assign(&people);
                let mut seated: Vec<_> = slots.iter().map(|(_, id)| id).collect();
                prop_assert!(seated.iter().all(|id| people.iter().any(|candidate| candidate.id == *id)));
                let all = seated.len();
                seated.sort_unstable();
                seated.dedup();
                prop_assert_eq!(seated.len(), all);
                // Whoever is in a slot with a picture before and after is in the same.
                for (slot, id) in before.iter() {
                    if let (Slot::Pair(_), Some(now @ Slot::Pair(_))) = (slot, slots.of(id)) {
                        prop_assert_eq!(slot, now);
                    }
                }
                prop_assert!(all >= people.len().min(pairs));
                let heard = || people.iter().filter(|candidate| candidate.is_heard);
                let all_fit = heard().count() <= voices;
                prop_assert!(!all_fit || heard().all(|candidate| slots.of(candidate.id).is_some()));
                prop_assert!(!slots.assign(&people), "the same again changes nothing");
            }
        }
    }
}
