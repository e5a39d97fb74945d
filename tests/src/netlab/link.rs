//! What a link does to packets, as a function of time, length and chance: it holds no clock, socket or packet.
//!
//! The router asks it in real time, a simulation may ask it in its own. Time counts from a moment that the asker
//! chooses, and never goes back.
use crate::sim::Random;
use std::time::Duration;

/// What one direction of a link is like. The default is a perfect one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// How long a packet travels.
    pub delay: Duration,
    /// Up to so much longer, another time for each packet. They stay in order, as behind a queue.
    pub jitter: Duration,
    /// Which of them never arrive.
    pub loss: Loss,
    /// The share of packets that are overtaken, from 0 to 1.
    pub overtaken: f64,
    /// How much later those come.
    pub overtaken_by: Duration,
    /// The share of packets that arrive twice, from 0 to 1.
    pub doubled: f64,
    /// How much passes, in 1000 bits a second, all headers counted; none is without end.
    pub rate_kbps: Option<u32>,
    /// What the rate does not let through waits, but not longer than this: then the queue is full.
    pub queue: Duration,
}

/// Which packets a link loses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    share: f64,
    in_a_row: f64,
}

impl Loss {
    /// None.
    pub const NONE: Self = Self::random(0.0);

    /// A share of them, from 0 to 1, each by its own bad luck.
    pub const fn random(share: f64) -> Self {
        Self { share, in_a_row: 1.0 }
    }

    /// The same share, but so many in a row on average (the model of Gilbert: a good and a bad state).
    pub const fn bursts(share: f64, in_a_row: f64) -> Self {
        Self { share, in_a_row }
    }

    /// Whether a packet is lost, after the fate of the one before it.
    fn strikes(self, struck_before: bool, luck: f64) -> bool {
        if self.share <= 0.0 || self.share >= 1.0 {
            return self.share >= 1.0;
        }
        // Bursts shorter than independent losses make by themselves are not to be had.
        let end = (1.0 / self.in_a_row).min(1.0 - self.share);
        // As many bursts begin as end.
        let begin = self.share * end / (1.0 - self.share);
        if struck_before { luck >= end } else { luck < begin }
    }
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: Loss::NONE,
            overtaken: 0.0,
            // One packet of voice.
            overtaken_by: Duration::from_millis(20),
            doubled: 0.0,
            rate_kbps: None,
            // What a home router holds in a good case.
            queue: Duration::from_millis(200),
        }
    }
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It comes out then.
    Arrives(Duration),
    /// It comes out then, twice.
    ArrivesTwice(Duration),
    /// Bad luck.
    Lost,
    /// The queue in front of the rate was full.
    QueueFull,
}

/// One direction of a link.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// What it is like from the next packet on.
    pub conditions: Conditions,
    is_losing: bool,
    /// When the rate lets the next one begin.
    free_at: Duration,
    last_arrival: Duration,
}

impl Link {
    /// Takes a packet of so many bytes and says what becomes of it.
    ///
    /// Each packet asks chance equally often, so that a change of one condition changes nothing else.
    pub fn carry(&mut self, now: Duration, length: usize, chance: &mut Random) -> Fate {
        let [loss, jitter, overtaken, doubled] = std::array::from_fn(|_| chance.share());
        let Conditions { delay, queue, .. } = self.conditions;

        let begins = self.free_at.max(now);
        if begins - now > queue {
            return Fate::QueueFull;
        }
        self.free_at = begins + self.time_on_the_wire(length);
        self.is_losing = self.conditions.loss.strikes(self.is_losing, loss);
        if self.is_losing {
            return Fate::Lost;
        }
        let soonest = self.free_at + delay + self.conditions.jitter.mul_f64(jitter);
        let in_order = soonest.max(self.last_arrival);
        let at = if overtaken < self.conditions.overtaken {
            in_order + self.conditions.overtaken_by
        } else {
            self.last_arrival = in_order;
            in_order
        };
        if doubled < self.conditions.doubled { Fate::ArrivesTwice(at) } else { Fate::Arrives(at) }
    }

    fn time_on_the_wire(&self, length: usize) -> Duration {
        let Some(kbps) = self.conditions.rate_kbps else { return Duration::ZERO };
        Duration::from_secs_f64(length as f64 * 8.0 / (f64::from(kbps.max(1)) * 1000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const PACKETS: u32 = 50_000;

    /// A packet of 1000 bytes each millisecond.
    fn fates(conditions: Conditions) -> Vec<(Duration, Fate)> {
        let mut chance = Random::new(7);
        let mut link = Link { conditions, ..Link::default() };
        (0..PACKETS).map(|n| (MS * n, link.carry(MS * n, 1000, &mut chance))).collect()
    }

    fn share(fates: &[(Duration, Fate)], is_counted: impl Fn(Fate) -> bool) -> f64 {
        fates.iter().filter(|(_, fate)| is_counted(*fate)).count() as f64 / f64::from(PACKETS)
    }

    fn arrivals(fates: &[(Duration, Fate)]) -> Vec<(Duration, Duration)> {
        let arrival = |(sent, fate): &(Duration, Fate)| match fate {
            Fate::Arrives(at) | Fate::ArrivesTwice(at) => Some((*sent, *at)),
            Fate::Lost | Fate::QueueFull => None,
        };
        fates.iter().filter_map(arrival).collect()
    }

    #[test]
    fn a_perfect_link_passes_everything_at_once() {
        let fates = fates(Conditions::default());

        assert!(fates.iter().all(|(sent, fate)| *fate == Fate::Arrives(*sent)));
    }

    #[test]
    fn jitter_delays_within_its_bounds_and_keeps_the_order() {
        let fates = fates(Conditions { delay: 100 * MS, jitter: 30 * MS, ..Conditions::default() });

        let arrivals = arrivals(&fates);
        assert!(arrivals.iter().all(|(sent, at)| (100 * MS..=130 * MS).contains(&(*at - *sent))));
        assert!(arrivals.is_sorted_by_key(|(_, at)| *at));
        let latest = arrivals.iter().map(|(sent, at)| *at - *sent).max().unwrap();
        assert!(latest > 125 * MS, "{latest:?}");
    }

    #[test]
    fn random_losses_and_bursts_lose_the_same_share_in_other_shapes() {
        for (loss, in_a_row) in
            [(Loss::random(0.1), 1.11), (Loss::bursts(0.1, 5.0), 5.0), (Loss::random(0.7), 3.33)]
        {
            let fates = fates(Conditions { loss, ..Conditions::default() });

            let lost = share(&fates, |fate| fate == Fate::Lost);
            let bursts =
                fates.windows(2).filter(|pair| pair[0].1 != Fate::Lost && pair[1].1 == Fate::Lost).count();
            let mean = lost * f64::from(PACKETS) / bursts as f64;
            assert!((lost / loss.share - 1.0).abs() < 0.1, "{loss:?}: {lost}");
            assert!((mean / in_a_row - 1.0).abs() < 0.1, "{loss:?}: {mean} in a row");
        }
    }

    #[test]
    fn all_or_nothing_is_lost_without_luck() {
        let all = fates(Conditions { loss: Loss::random(1.0), ..Conditions::default() });
        let mut link = Link { is_losing: true, ..Link::default() };

        assert!(all.iter().all(|(_, fate)| *fate == Fate::Lost));
        assert_eq!(link.carry(MS, 1, &mut Random::new(1)), Fate::Arrives(MS));
    }

    #[test]
    fn what_is_overtaken_comes_after_packets_that_were_sent_later() {
        let fates = fates(Conditions { overtaken: 0.05, overtaken_by: 10 * MS, ..Conditions::default() });

        let late = arrivals(&fates).iter().filter(|(sent, at)| *at - *sent == 10 * MS).count();
        let share = late as f64 / f64::from(PACKETS);
        assert!((0.045..0.055).contains(&share), "{share}");
    }

    #[test]
    fn doubles_come_as_often_as_they_should() {
        let fates = fates(Conditions { doubled: 0.02, ..Conditions::default() });

        let share = share(&fates, |fate| matches!(fate, Fate::ArrivesTwice(_)));
        assert!((0.017..0.023).contains(&share), "{share}");
    }

    #[test]
    fn the_rate_is_kept_and_the_queue_is_bounded() {
        // 8 Mbit/s are sent.
        let fates = fates(Conditions { rate_kbps: Some(2_000), queue: 50 * MS, ..Conditions::default() });

        let arrivals = arrivals(&fates);
        let seconds = arrivals.last().unwrap().1.as_secs_f64();
        let kbps = arrivals.len() as f64 * 8.0 / seconds;
        assert!((1_990.0..=2_010.0).contains(&kbps), "{kbps}");
        let longest = arrivals.iter().map(|(sent, at)| *at - *sent).max().unwrap();
        assert!((50 * MS..=54 * MS).contains(&longest), "{longest:?}");
        assert!((0.74..0.76).contains(&share(&fates, |fate| fate == Fate::QueueFull)));
    }

    #[test]
    fn a_slower_sender_than_the_rate_waits_only_for_its_own_packets() {
        let fates = fates(Conditions { rate_kbps: Some(16_000), ..Conditions::default() });

        assert!(arrivals(&fates).iter().all(|(sent, at)| *at - *sent == MS / 2));
    }

    #[test]
    fn another_condition_does_not_change_who_is_lost() {
        let lost = |conditions| -> Vec<bool> {
            fates(conditions).iter().map(|(_, fate)| *fate == Fate::Lost).collect()
        };
        let plain = Conditions { loss: Loss::random(0.05), ..Conditions::default() };

        assert_eq!(lost(plain), lost(plain));
        assert_eq!(lost(plain), lost(Conditions { jitter: 30 * MS, doubled: 0.5, ..plain }));
    }
}
