//! How good a connection is, as a person would say. Pure: a judgement of figures that are of the last seconds.
use crate::api::OtherStats;
use std::time::Duration;

/// How good a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// Nothing is known yet.
    Unknown,
    /// Nobody notices anything.
    Good,
    /// One notices something.
    Weak,
    /// One hardly understands each other.
    Bad,
}

/// What is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Signs {
    /// The part of our voice that does not arrive, from 0 to 1.
    pub lost_there: f64,
    /// The part of theirs that does not.
    pub lost_here: f64,
    /// There and back.
    pub round_trip: Duration,
    /// How long their voice waits for packets that are late.
    pub waits: Duration,
}

impl Quality {
    /// Judges. In-band FEC hides a loss of a few percent, and G.114 calls up to 150 ms one way unnoticed, up to 400 ms
    /// tolerable; what waits at both ends is part of that.
    pub fn of(signs: Signs) -> Self {
        let lost = signs.lost_there.max(signs.lost_here);
        let one_way = signs.round_trip / 2 + signs.waits;
        let is_bad = lost > 0.15 || one_way > Duration::from_millis(600);
        let is_weak = lost > 0.04 || one_way > Duration::from_millis(300);
        match () {
            () if is_bad => Self::Bad,
            () if is_weak => Self::Weak,
            () => Self::Good,
        }
    }
}

impl OtherStats {
    /// How good the connection to them is.
    pub fn quality(&self) -> Quality {
        if self.connection.voice_received.packets == 0 {
            return Quality::Unknown;
        }
        let jitter = &self.voice.hearing.jitter;
        Quality::of(Signs {
            lost_there: self.connection.voice_sent.lost.unwrap_or(0.0),
            lost_here: f64::from(jitter.missing_lately) / 100.0,
            round_trip: self.connection.round_trip.unwrap_or_default(),
            waits: jitter.target,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_direction_and_the_whole_way_count() {
        let ms = Duration::from_millis;
        let signs = |lost_there, lost_here, round_trip, waits| Signs {
            lost_there,
            lost_here,
            round_trip: ms(round_trip),
            waits: ms(waits),
        };
        for (signs, quality) in [
            (Signs::default(), Quality::Good),
            (signs(0.03, 0.02, 120, 60), Quality::Good),
            (signs(0.05, 0.0, 20, 20), Quality::Weak),
            (signs(0.0, 0.05, 20, 20), Quality::Weak),
            (signs(0.0, 0.0, 300, 200), Quality::Weak),
            (signs(0.2, 0.0, 20, 20), Quality::Bad),
            (signs(0.0, 0.0, 900, 200), Quality::Bad),
        ] {
            assert_eq!(Quality::of(signs), quality, "{signs:?}");
        }
    }
}
