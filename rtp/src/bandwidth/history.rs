//! What was sent, until somebody says what became of it.
use super::probe::Cluster;
use std::collections::VecDeque;

/// Feedback on what is older says nothing about now.
const KEPT: u64 = 3_000_000;
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

#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// In microseconds.
    pub(super) at: u64,
    pub(super) bytes: u32,
    pub(super) fate: Fate,
    pub(super) cluster: Option<Cluster>,
}

/// The packets of the last seconds, by their transport-wide numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    sent: VecDeque<Sent>,
    next: u16,
    /// The index of the first that no feedback has spoken of.
    unheard: usize,
}

impl History {
    /// Gives the packet its number.
    pub(super) fn push(&mut self, sent: Sent) -> u16 {
        let old = |first: &Sent| first.at + KEPT < sent.at;
        while self.sent.len() >= MOST || self.sent.front().is_some_and(old) {
            self.sent.pop_front();
            self.unheard = self.unheard.saturating_sub(1);
        }
        self.sent.push_back(sent);
        let number = self.next;
        self.next = number.wrapping_add(1);
        number
    }

    /// The packet with this number, and the bytes of those before it that feedback passes over. None: there is no such
    /// packet (any more).
    pub(super) fn hear(&mut self, number: u16) -> Option<(&mut Sent, u64)> {
        let back = usize::from(self.next.wrapping_sub(number).wrapping_sub(1));
        let index = self.sent.len().checked_sub(back + 1)?;
        let mut untold = 0;
        if index >= self.unheard {
            for passed in self.sent.range_mut(self.unheard..index) {
                passed.fate = Fate::Untold;
                untold += u64::from(passed.bytes);
            }
            self.unheard = index + 1;
        }
        Some((self.sent.get_mut(index)?, untold))
    }

    /// When the first of those left that no feedback has spoken of.
    pub(super) fn unheard_since(&self) -> Option<u64> {
        self.sent.get(self.unheard).map(|sent| sent.at)
    }
}
