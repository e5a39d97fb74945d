//! Whether packets take longer and longer: a queue grows somewhere. Carlucci et al., "Analysis and Design of the Google
//! Congestion Control for WebRTC", with the trend line that has replaced its Kalman filter.

/// Packets that left within so many microseconds are one group; what came within as many, faster than it left, had waited
/// together somewhere.
const BURST: i64 = 5_000;
/// Such a group does not grow beyond this.
const LONGEST_BURST: i64 = 100_000;
/// Groups through which the line is drawn.
const WINDOW: usize = 20;
/// How much of the past stays in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// What makes a slope comparable to the threshold, which is in milliseconds.
const GAIN: f64 = 4.0;
/// The more groups are known, the more a slope says; up to these.
const TRUSTED: f64 = 60.0;
/// Above the threshold for so many milliseconds.
const OVER_FOR: f64 = 10.0;
/// A slope over a queue that is shorter than so many microseconds is the shape of a picture, or of a probe.
const SHORT: f64 = 10_000.0;
/// The threshold goes up slowly, so that jitter is not congestion, and down quickly, so that others do not starve us.
const THRESHOLD: f64 = 12.5;
const UP: f64 = 0.0087;
const DOWN: f64 = 0.039;
/// A jump of this many microseconds is another clock, or another way.
const JUMP: i64 = 3_000_000;
/// The shortest way is remembered for one to two times so long.
const MEMORY: i64 = 8_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Usage {
    #[default]
    Normal,
    /// A queue grows.
    Over,
    /// A queue empties.
    Under,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: i64,
    last_sent: i64,
    first_arrival: i64,
    last_arrival: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Delay {
    group: Option<Group>,
    before: Option<Group>,
    /// Arrival and smoothed delay in milliseconds, of the last groups.
    line: [(f64, f64); WINDOW],
    groups: usize,
    accumulated: f64,
    smoothed: f64,
    slope: f64,
    threshold: f64,
    over_for: f64,
    over_times: u32,
    usage: Usage,
    shortest: Shortest,
    /// The delay of the last group, smoothed, above the shortest; in microseconds.
    queue: f64,
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            group: None,
            before: None,
            line: [(0.0, 0.0); WINDOW],
            groups: 0,
            accumulated: 0.0,
            smoothed: 0.0,
            slope: 0.0,
            threshold: THRESHOLD,
            over_for: 0.0,
            over_times: 0,
            usage: Usage::Normal,
            shortest: Shortest::default(),
            queue: 0.0,
        }
    }
}

impl Delay {
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// How long packets wait on the way, in seconds.
    pub(super) fn queue(&self) -> f64 {
        self.queue / 1e6
    }

    /// A packet has arrived. In microseconds, each side by its own clock.
    pub(super) fn packet(&mut self, sent: i64, arrival: i64) {
        let Some(group) = &mut self.group else {
            return self.begin(sent, arrival);
        };
        if (arrival - sent - (group.last_arrival - group.last_sent)).abs() > JUMP {
            *self = Self { threshold: self.threshold, ..Self::default() };
            return self.begin(sent, arrival);
        }
        // It was overtaken: its group is over.
        if sent < group.first_sent {
            return;
        }
        let faster = arrival - group.last_arrival < sent - group.last_sent;
        let is_burst =
            faster && arrival - group.last_arrival <= BURST && arrival - group.first_arrival < LONGEST_BURST;
        if sent - group.first_sent <= BURST || is_burst {
            group.last_sent = group.last_sent.max(sent);
            group.last_arrival = group.last_arrival.max(arrival);
            return;
        }
        let group = *group;
        self.shortest.note(group.last_arrival, group.last_arrival - group.last_sent);
        let queue = self.shortest.above(group.last_arrival - group.last_sent) as f64;
        self.queue += (queue - self.queue) * 0.3;
        if let Some(before) = self.before {
            let sent = (group.last_sent - before.last_sent) as f64 / 1e3;
            let arrived = (group.last_arrival - before.last_arrival) as f64 / 1e3;
            self.compare(sent, arrived, group.last_arrival as f64 / 1e3);
        }
        self.before = Some(group);
        self.begin(sent, arrival);
    }

    fn begin(&mut self, sent: i64, arrival: i64) {
        self.group =
            Some(Group { first_sent: sent, last_sent: sent, first_arrival: arrival, last_arrival: arrival });
    }

    /// Two groups left and arrived with these milliseconds between them.
    fn compare(&mut self, sent: f64, arrived: f64, at: f64) {
        self.accumulated += arrived - sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        self.line[self.groups % WINDOW] = (at, self.smoothed);
        self.groups += 1;
        let before = self.slope;
        if self.groups >= WINDOW {
            self.slope = slope(&self.line).unwrap_or(self.slope);
        }
        let trend = self.slope * GAIN * TRUSTED.min(self.groups as f64);
        if trend > self.threshold {
            self.over_for += if self.over_times == 0 { sent / 2.0 } else { sent };
            self.over_times += 1;
            // A line that flattens is a queue that has been answered.
            if self.over_for > OVER_FOR && self.over_times > 1 && self.slope >= before {
                let usage = if self.queue < SHORT { Usage::Normal } else { Usage::Over };
                (self.over_for, self.over_times, self.usage) = (0.0, 0, usage);
            }
        } else {
            (self.over_for, self.over_times) = (0.0, 0);
            self.usage = if trend < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.adapt(trend.abs(), arrived.clamp(0.0, 100.0));
    }

    fn adapt(&mut self, trend: f64, time: f64) {
        // Too far off for jitter: a threshold that followed would hide congestion.
        if trend > self.threshold + 15.0 {
            return;
        }
        let speed = if trend < self.threshold { DOWN } else { UP };
        self.threshold = (self.threshold + speed * (trend - self.threshold) * time).clamp(6.0, 600.0);
    }
}

/// Of the line that is closest to the points.
fn slope(points: &[(f64, f64); WINDOW]) -> Option<f64> {
    let count = WINDOW as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let sums = points.iter().fold((0.0, 0.0), |sums, point| {
        let away = point.0 - x;
        (sums.0 + away * (point.1 - y), sums.1 + away * away)
    });
    (sums.1 > 0.0).then(|| sums.0 / sums.1)
}

/// The shortest way of late, as the difference of two clocks.
#[derive(Debug, Clone, Default)]
struct Shortest {
    now: Option<i64>,
    before: Option<i64>,
    since: i64,
}

impl Shortest {
    fn note(&mut self, at: i64, way: i64) {
        if self.now.is_none() || at - self.since > MEMORY {
            (self.before, self.now, self.since) = (self.now, Some(way), at);
        }
        self.now = self.now.map(|shortest| shortest.min(way));
    }

    fn above(&self, way: i64) -> i64 {
        [self.now, self.before].into_iter().flatten().min().map_or(0, |shortest| (way - shortest).max(0))
    }
}
