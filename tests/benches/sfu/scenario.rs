//! What is played: who is in the room, what each sends, and what everybody has to get.
use calls_tests::crowd::{Picture, Plan, Voice};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One of the plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scenario {
    /// One speaks to many.
    Listen,
    /// The same with packets five times as often, which takes most of one core.
    Fast,
    /// Some talk in a large room.
    Talk,
    /// Some show pictures to others.
    Pictures,
    /// Many come within seconds.
    Arrive,
    /// Some talk, fast, for long: does memory grow?
    Soak,
}

/// How many people there are. Of whoever sends, at the beginning of the list.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Size {
    /// In the room of one who speaks.
    pub(crate) listeners: u32,
    /// In the room in which some talk, and how many do.
    pub(crate) crowd: u32,
    pub(crate) talkers: u32,
    /// Who looks, how many are shown, and with how many bits a second.
    pub(crate) viewers: u32,
    pub(crate) cameras: u32,
    pub(crate) camera_bps: u64,
    /// Sizes of each picture.
    pub(crate) layers: usize,
    /// Who comes, and within how many seconds.
    pub(crate) arrivals: u32,
    pub(crate) arrive_s: f64,
    /// What is counted, of each.
    pub(crate) seconds: f64,
    /// Packets a second of fast traffic.
    pub(crate) fast: u32,
}

impl Size {
    pub(crate) const FULL: Self = Self {
        listeners: 500,
        crowd: 50,
        talkers: 10,
        viewers: 20,
        cameras: 4,
        camera_bps: 1_000_000,
        layers: 1,
        arrivals: 50,
        arrive_s: 5.0,
        seconds: 10.0,
        fast: 250,
    };
    pub(crate) const QUICK: Self =
        Self { listeners: 50, crowd: 20, arrivals: 20, arrive_s: 2.0, seconds: 3.0, ..Self::FULL };
}

/// So many are heard at once by the server's default.
pub(crate) const AUDIBLE: u32 = 6;

impl Scenario {
    pub(crate) const USUAL: [Self; 5] = [Self::Listen, Self::Talk, Self::Pictures, Self::Arrive, Self::Fast];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Fast => "fast",
            Self::Talk => "talk",
            Self::Pictures => "pictures",
            Self::Arrive => "arrive",
            Self::Soak => "soak",
        }
    }

    pub(crate) fn title(self, size: &Size) -> String {
        match self {
            Self::Listen => format!("1 speaks to {}", size.listeners),
            Self::Fast => format!("1 speaks to {}, {} packets/s", size.listeners, size.fast),
            Self::Talk => format!("{} talk in {}", size.talkers, size.crowd),
            Self::Pictures => {
                format!("{} × {:.1} Mbit/s to {}", size.cameras, size.camera_bps as f64 / 1e6, size.viewers)
            }
            Self::Arrive => format!("{} come within {:.0} s", size.arrivals, size.arrive_s),
            Self::Soak => format!("{} talk in {}, {} packets/s each", size.talkers, size.crowd, size.fast),
        }
    }

    /// Everybody in the room.
    pub(crate) fn people(self, size: &Size) -> u32 {
        match self {
            Self::Listen | Self::Fast => size.listeners + 1,
            Self::Talk | Self::Soak => size.crowd,
            Self::Pictures => size.cameras + size.viewers,
            // And one who is there already.
            Self::Arrive => size.arrivals + 1,
        }
    }

    pub(crate) fn has_pictures(self) -> bool {
        self == Self::Pictures
    }

    /// What one of them sends; the first has the number 0.
    pub(crate) fn plan(self, size: &Size, number: u32) -> Plan {
        let voice = |below| Some(Voice { below, ..Voice::USUAL });
        let fast = |below| Some(Voice { every: Duration::from_secs(1) / size.fast, below, ..Voice::USUAL });
        // Each a little softer than the one before, so that it does not change who is heard.
        let softer = |number: u32| 20 + (3 * number).min(35) as u8;
        match self {
            Self::Listen => Plan { voice: voice(25).filter(|_| number == 0), picture: None },
            Self::Fast => Plan { voice: fast(25).filter(|_| number == 0), picture: None },
            Self::Talk if number < size.talkers => Plan { voice: voice(softer(number)), picture: None },
            Self::Soak if number < size.talkers => Plan { voice: fast(softer(number)), picture: None },
            Self::Talk | Self::Soak => Plan { voice: Some(SILENCE), picture: None },
            Self::Pictures => {
                let picture = Picture {
                    bps: size.camera_bps,
                    every: Duration::from_micros(33_333),
                    layers: size.layers,
                    height: 720,
                };
                let is_shown = number < size.cameras;
                Plan {
                    voice: voice(softer(number)).filter(|_| is_shown),
                    picture: is_shown.then_some(picture),
                }
            }
            Self::Arrive => Plan { voice: voice(if number == 0 { 20 } else { 55 }), picture: None },
        }
    }

    /// How many streams of others somebody has to get before anything is counted.
    pub(crate) fn streams(self, size: &Size, number: u32) -> u32 {
        let others = |all: u32| all - u32::from(number < all);
        match self {
            Self::Listen | Self::Fast => others(1),
            Self::Talk | Self::Soak => others(size.talkers.min(AUDIBLE)),
            Self::Pictures => others(size.cameras) * 2,
            Self::Arrive => u32::from(number > 0),
        }
    }

    /// Before it is counted: paths are found to carry what is sent.
    pub(crate) fn warm_up(self) -> Duration {
        Duration::from_secs(if self.has_pictures() { 10 } else { 2 })
    }
}

/// As a microphone that hears nothing: two or three packets a second.
const SILENCE: Voice = Voice { every: Duration::from_millis(400), bytes: 10, below: 127, is_tone: false };
