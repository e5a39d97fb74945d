//! What was sent, until somebody says what became of it.
use super::probe::Cluster;
use std::collections::VecDeque;

/// Feedback on what is older says nothing about now. Far below the range of [`Kept::at`].
const KEPT: u64 = 2_000_000;
/// Nor does it beyond so many packets: numbers must not meet themselves, and memory is finite.
const MOST: usize = 16_384;

/// What is known of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Flies,
    /// Feedback has passed over it: what was told of it is lost, or it comes late.
    Untold,
    /// Reported as missing. It may still come.
    Lost,
    Arrived,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// In microseconds.
    pub(super) at: u64,
    pub(super) bytes: u16,
    pub(super) fate: Fate,
    pub(super) cluster: Option<Cluster>,
}

/// The same in 12 bytes: each receiver has a thousand of them.
#[derive(Debug, Clone, Copy)]
struct Kept {
    /// The low bits; those above are the newest one's.
    at: u32,
    bytes: u16,
    fate: Fate,
    cluster: Option<Cluster>,
}

/// The packets of the last seconds, by their transport-wide numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    sent: VecDeque<Kept>,
    /// When the newest left.
    newest: u64,
    next: u16,
    /// The index of the first that no feedback has spoken of.
    unheard: usize,
}

impl History {
    /// Gives the packet its number.
    pub(super) fn push(&mut self, sent: Sent) -> u16 {
        let Sent { at, bytes, fate, cluster } = sent;
        while self.sent.len() >= MOST || self.time(0).is_some_and(|first| first + KEPT < at) {
            self.sent.pop_front();
            self.unheard = self.unheard.saturating_sub(1);
        }
        self.newest = self.newest.max(at);
        self.sent.push_back(Kept { at: at as u32, bytes, fate, cluster });
        let number = self.next;
        self.next = number.wrapping_add(1);
        number
    }

    /// The packet with this number, and the bytes of those before it that feedback passes over. None: there is no such
    /// packet (any more).
    pub(super) fn hear(&mut self, number: u16) -> Option<(Sent, u64)> {
        let index = self.index(number)?;
        let mut untold = 0;
        if index >= self.unheard {
            for passed in self.sent.range_mut(self.unheard..index) {
                passed.fate = Fate::Untold;
                untold += u64::from(passed.bytes);
            }
            self.unheard = index + 1;
        }
        let Kept { bytes, fate, cluster, .. } = *self.sent.get(index)?;
        Some((Sent { at: self.time(index)?, bytes, fate, cluster }, untold))
    }

    /// What became of the packet with this number.
    pub(super) fn became(&mut self, number: u16, fate: Fate) {
        if let Some(kept) = self.index(number).and_then(|index| self.sent.get_mut(index)) {
            kept.fate = fate;
        }
    }

    /// When the first of those left that no feedback has spoken of.
    pub(super) fn unheard_since(&self) -> Option<u64> {
        self.time(self.unheard)
    }

    fn index(&self, number: u16) -> Option<usize> {
        let back = usize::from(self.next.wrapping_sub(number).wrapping_sub(1));
        self.sent.len().checked_sub(back + 1)
    }

    /// When one of them left.
    fn time(&self, index: usize) -> Option<u64> {
        let ago = (self.newest as u32).wrapping_sub(self.sent.get(index)?.at);
        Some(self.newest.saturating_sub(u64::from(ago)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Sent = Sent { at: 0, bytes: 100, fate: Fate::Flies, cluster: None };

    #[test]
    fn what_left_is_known_by_its_number_across_the_end_of_numbers_and_of_the_clocks_low_bits() {
        let mut history = History::default();
        // 20 ms apart, so that the low 32 bits of the microseconds begin again within the walk, and the numbers, too.
        for n in 0..300_000_u64 {
            let at = n * 20_000;
            let number = history.push(Sent { at, ..SENT });
            assert_eq!(number, n as u16);
            if n >= 50 {
                let (sent, _) = history.hear(number.wrapping_sub(50)).unwrap();
                assert_eq!(sent.at, at - 1_000_000);
                assert_eq!(history.unheard_since(), Some(at - 980_000));
            }
        }
        assert!(history.hear(9).is_none(), "it is too old");
        assert!(history.sent.len() <= 102, "{}", history.sent.len());
    }

    #[test]
    fn what_feedback_passes_over_is_told_once_and_what_became_of_one_stays() {
        let mut history = History::default();
        for n in 0..4 {
            history.push(Sent { at: n * 1_000, ..SENT });
        }

        assert_eq!(history.hear(2).map(|(_, untold)| untold), Some(200));
        assert_eq!(history.hear(1).map(|(sent, untold)| (sent.fate, untold)), Some((Fate::Untold, 0)));
        history.became(1, Fate::Arrived);
        assert_eq!(history.hear(1).map(|(sent, _)| sent.fate), Some(Fate::Arrived));
        assert!(history.hear(4).is_none(), "it was never sent");
    }
}
