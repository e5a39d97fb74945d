//! For how long nothing came that should have: what a person calls a gap. Pure.
use super::{FRAME_SAMPLES, SAMPLE_RATE};
use std::time::Duration;

/// One packet's time.
const FRAME: Duration = Duration::from_millis(FRAME_SAMPLES as u64 * 1000 / SAMPLE_RATE);

/// When packets of one voice came.
#[derive(Debug, Clone, Default)]
pub struct Arrivals {
    last: Option<Last>,
    longest_gap: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    at: Duration,
    /// None at the seam between two streams.
    packet: Option<(u16, u32)>,
}

impl Arrivals {
    /// A packet came at `now`. A pause that they chose, with no packet missing, is no gap.
    pub fn came(&mut self, now: Duration, sequence: u16, timestamp: u32) {
        if let Some(last) = self.last {
            let usual = match last.packet {
                None => FRAME,
                Some((before, since)) => match sequence.wrapping_sub(before) {
                    1 => samples(timestamp.wrapping_sub(since)),
                    // Came after its successor, or twice.
                    0 | 0x8000.. => return,
                    _ => FRAME,
                },
            };
            self.longest_gap = self.longest_gap.max(now.saturating_sub(last.at).saturating_sub(usual));
        }
        self.last = Some(Last { at: now, packet: Some((sequence, timestamp)) });
    }

    /// The same voice goes on over a new connection, which counts its packets anew.
    pub fn moved(&mut self) {
        if let Some(last) = &mut self.last {
            last.packet = None;
        }
    }

    /// Nothing is awaited until the next packet: one of the two put the call on hold.
    pub fn pause(&mut self) {
        self.last = None;
    }

    /// The longest one so far. Nothing before the first packet counts.
    pub fn longest_gap(&self) -> Duration {
        self.longest_gap
    }
}

fn samples(count: u32) -> Duration {
    Duration::from_micros(u64::from(count) * 1_000_000 / SAMPLE_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn of(packets: &[(u64, u16, u32)]) -> Arrivals {
        let mut arrivals = Arrivals::default();
        packets.iter().for_each(|(at, sequence, timestamp)| arrivals.came(ms(*at), *sequence, *timestamp));
        arrivals
    }

    #[test]
    fn packets_in_time_leave_no_gap_and_neither_does_a_pause_that_they_chose() {
        assert_eq!(of(&[(5000, 1, 0), (5020, 2, 960), (5420, 3, 20_160)]).longest_gap(), ms(0));
    }

    #[test]
    fn lost_and_late_packets_leave_one() {
        assert_eq!(of(&[(0, 65_535, 0), (620, 30, 29_760)]).longest_gap(), ms(600));
        assert_eq!(of(&[(0, 1, 0), (320, 2, 960), (320, 3, 1920)]).longest_gap(), ms(300));
        assert_eq!(of(&[(0, 1, 0), (40, 3, 1920), (45, 2, 960), (60, 4, 2880)]).longest_gap(), ms(20));
    }

    #[test]
    fn a_gap_is_counted_over_a_new_connection_and_not_over_a_hold() {
        let mut arrivals = of(&[(0, 1, 0)]);
        arrivals.moved();
        arrivals.came(ms(720), 9000, 77);
        assert_eq!(arrivals.longest_gap(), ms(700));
        arrivals.pause();
        arrivals.came(ms(9000), 9001, 1037);
        assert_eq!(arrivals.longest_gap(), ms(700));
    }
}
