//! What a path carries, from when packets left and when they came. Time is an argument.
//!
//! The sender's side is [`Estimator`]: it numbers what leaves, hears what became of it, and says what to send at most. A
//! growing queue lowers that (`delay`, `rate`), so do losses that come of sending too much (`loss`), and silence. Probes
//! raise it (`probe`), when more is wanted than is believed to fit. [`Pacer`] says when a packet may leave. The receiver's
//! side is [`Arrivals`].
//!
//! After "A Google Congestion Control Algorithm for Real-Time Communication" (draft-ietf-rmcat-gcc-02) and what became of
//! it since.
mod delay;
mod delivered;
mod history;
mod loss;
mod pacer;
mod probe;
mod rate;
mod transport_feedback;

pub use pacer::{Kind, Pacer};
pub use probe::{Cluster, Probe};
pub use transport_feedback::{Arrivals, Feedback, Packets};

use delay::{Delay, Usage};
use delivered::Delivered;
use history::{Fate, History, Sent};
use loss::Loss;
use probe::Probes;
use rate::{Rate, Seen};
use std::{ops::RangeInclusive, time::Duration};
use transport_feedback::WRAP;

/// A second.
const MICROS: u64 = 1_000_000;
/// Nobody answers for so long, and the path may be gone.
const SILENCE: u64 = MICROS;
/// While it lasts, this often the rate goes down, to this part.
const SILENT_STEP: u64 = MICROS / 2;
const SILENT_PART: f64 = 0.7;
/// More than this much further than the last, in microseconds: the receiver's clock was set, or the packet lies.
const CLOCK_JUMP: i64 = 10_000_000;
/// The first probe is so much faster than the start, the others than the estimate.
const FIRST_PROBE: f64 = 3.0;
const PROBE: f64 = 2.0;
/// Beyond what is wanted, nothing is probed: with a little for what comes beside it.
const BESIDE: f64 = 1.15;
/// Down to this part at once is more than the usual way back from the end of the path.
const FALL: f64 = 0.75;
/// Who sends this part of the estimate finds the end of the path without probes.
const TRIES: f64 = 0.8;
/// This part of a probe got through: it is worth trying more.
const PROMISING: f64 = 0.7;

/// What a path to one receiver carries.
#[derive(Debug, Clone)]
pub struct Estimator {
    limits: RangeInclusive<f64>,
    want: f64,
    history: History,
    delay: Delay,
    delivered: Delivered,
    rate: Rate,
    loss: Loss,
    probes: Probes,
    /// There and back with the wait for the feedback, in microseconds.
    rtt: u64,
    /// The last arrival, by the receiver's clock that does not begin again, and how far that is from ours.
    clock: Option<(i64, i64)>,
    heard: u64,
    /// How often the rate went down in this silence.
    silent_steps: u64,
}

impl Estimator {
    /// Believes in so many bits a second at first, and says never less or more than the limits.
    pub fn new(now: Duration, start: u64, limits: RangeInclusive<u64>) -> Self {
        let now = micros(now);
        let limits = *limits.start() as f64..=*limits.end().max(limits.start()) as f64;
        let start = (start as f64).clamp(*limits.start(), *limits.end());
        Self {
            limits,
            want: start,
            history: History::default(),
            delay: Delay::default(),
            delivered: Delivered::default(),
            rate: Rate::new(now, start),
            loss: Loss::new(now),
            probes: Probes::new(now),
            rtt: MICROS / 10,
            clock: None,
            heard: now,
            silent_steps: 0,
        }
    }

    /// What the path carries, in bits a second of what is [told as sent](Self::sent).
    pub fn estimate(&self) -> u64 {
        self.bps() as u64
    }

    fn bps(&self) -> f64 {
        self.rate.bps().min(self.loss.bound()).clamp(*self.limits.start(), *self.limits.end())
    }

    /// The share of packets that get lost, of late.
    pub fn loss(&self) -> f64 {
        self.loss.share()
    }

    /// How long an answer takes, with the wait for the feedback.
    pub fn rtt(&self) -> Duration {
        Duration::from_micros(self.rtt)
    }

    /// What would be sent if the path carried everything, in bits a second. Only as long as it is more than the estimate,
    /// there are probes.
    pub fn want(&mut self, now: Duration, bps: u64) {
        let bps = (bps as f64).min(*self.limits.end());
        let is_news = bps > self.want * 1.1 && bps > self.bps();
        self.want = bps;
        if is_news {
            self.probes.hurry(micros(now));
        }
    }

    /// A packet of so many bytes leaves: this is its transport-wide number.
    pub fn sent(&mut self, now: Duration, bytes: usize, cluster: Option<Cluster>) -> u16 {
        let now = micros(now);
        if self.history.unheard_since().is_none() {
            // Nobody could have answered before.
            self.heard = self.heard.max(now);
        }
        self.probes.sent(cluster, bytes);
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
        self.history.push(Sent { at: now, bytes, fate: Fate::Flies, cluster })
    }

    /// The receiver says what arrived. What it says of packets that were not sent, or twice, changes nothing.
    pub fn feedback(&mut self, now: Duration, feedback: &Feedback<'_>) {
        let now = micros(now);
        let (mut is_news, mut untold) = (false, 0);
        let mut newest = None;
        for (number, arrival) in feedback.packets() {
            let Some((sent, passed)) = self.history.hear(number) else { continue };
            untold += passed;
            let before = sent.fate;
            match arrival {
                None if matches!(before, Fate::Flies | Fate::Untold) => {
                    self.history.became(number, Fate::Lost);
                    self.loss.lost();
                    self.probes.heard(sent.cluster, sent.at, None, sent.bytes);
                }
                Some(raw) if before != Fate::Arrived => {
                    self.history.became(number, Fate::Arrived);
                    let arrival = self.unwrap(raw, sent.at as i64);
                    if before == Fate::Lost {
                        self.loss.found();
                    } else {
                        self.loss.arrived();
                        self.probes.heard(sent.cluster, sent.at, Some(arrival), sent.bytes);
                    }
                    // Of what nobody told, most will have come; what came late is counted with those that were in time.
                    let bytes = if before == Fate::Untold { 0 } else { u64::from(sent.bytes) };
                    self.delivered.add(arrival, bytes + std::mem::take(&mut untold));
                    self.delay.packet(sent.at as i64, arrival);
                    newest = newest.max(Some(sent.at));
                }
                _ => continue,
            }
            is_news = true;
        }
        if !is_news {
            return;
        }
        if let Some(at) = newest {
            let sample = now.saturating_sub(at);
            self.rtt = sample.min(self.rtt + sample / 8 - self.rtt / 8);
        }
        if self.silent_steps > 0 {
            self.silent_steps = 0;
            self.probes.look_again(now);
        }
        self.heard = now;
        self.decide(now);
    }

    /// Time has passed: to be called at the [deadline](Self::deadline), or more often.
    pub fn tick(&mut self, now: Duration) {
        let now = micros(now);
        while self.silence_at().is_some_and(|at| now >= at) {
            self.silent_steps += 1;
            self.rate.set(now, self.bps() * SILENT_PART);
            self.probes.hold_back(now);
        }
        self.measure(now);
        self.plan(now);
    }

    /// When [`tick`](Self::tick) has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        let probe = self.probes.due().filter(|_| self.may_probe());
        let times = [probe, self.probes.answered_by(), self.silence_at()];
        times.into_iter().flatten().min().map(Duration::from_micros)
    }

    /// A probe to send now, each once.
    pub fn probe(&mut self, now: Duration) -> Option<Probe> {
        self.probes.take(micros(now))
    }

    /// When the rate goes down because nobody answers.
    fn silence_at(&self) -> Option<u64> {
        let since = self.history.unheard_since()?.max(self.heard);
        (self.rate.bps() > *self.limits.start())
            .then(|| since + SILENCE + self.rtt + SILENT_STEP * self.silent_steps)
    }

    /// The receiver's clock begins again; this one does not.
    fn unwrap(&mut self, raw: i64, sent: i64) -> i64 {
        let near = self.clock.map_or(raw, |(last, _)| {
            let ahead = (raw - last).rem_euclid(WRAP);
            last + if ahead >= WRAP / 2 { ahead - WRAP } else { ahead }
        });
        let offset = near - sent;
        if self.clock.is_some_and(|(_, before)| (offset - before).abs() > CLOCK_JUMP) {
            (self.delay, self.delivered) = (Delay::default(), Delivered::default());
        }
        self.clock = Some((near, offset));
        near
    }

    fn decide(&mut self, now: u64) {
        let before = self.bps();
        let usage = self.delay.usage();
        let is_full = !self.rate.is_open();
        let (short, long) = (self.delivered.rate(200_000), self.delivered.rate(500_000));
        self.rate.look(Seen {
            now,
            usage,
            // Of a rate that has just gone up, the last moments say more.
            short: short.map(|rate| rate.max(self.delivered.rate(100_000).unwrap_or(rate))),
            long,
            queue: self.delay.queue(),
            rtt: self.rtt,
        });
        if is_full && self.rate.is_open() {
            // The path has become wider.
            self.probes.hurry(now);
        }
        let bound = self.loss.bound();
        self.loss.look(now, self.bps(), long, self.rtt);
        if usage == Usage::Over || self.loss.bound() < bound {
            self.probes.hold_back(now);
        }
        if self.bps() < before * FALL {
            self.probes.look_again(now);
        }
        let lowest = *self.limits.start();
        if self.rate.bps() < lowest {
            self.rate.set(now, lowest);
        }
        self.measure(now);
        self.plan(now);
    }

    /// Believes what a probe found.
    fn measure(&mut self, now: u64) {
        let Some(found) = self.probes.found(now) else { return };
        let Some(bps) = found.bps.filter(|_| self.delay.usage() != Usage::Over && !self.loss.is_high())
        else {
            return;
        };
        let bps = bps.min(*self.limits.end());
        if bps <= self.bps() {
            return;
        }
        self.rate.set_capacity(found.is_full.then_some(bps));
        self.rate.set(now, self.rate.bps().max(bps));
        self.loss.lift(bps);
        if bps >= found.asked * PROMISING {
            self.probes.hurry(now);
        }
    }

    /// Only feedback or another wish changes this.
    fn may_probe(&self) -> bool {
        let is_calm = self.delay.usage() == Usage::Normal && !self.loss.is_high() && self.silent_steps == 0;
        is_calm && self.bps() < self.want
    }

    fn plan(&mut self, now: u64) {
        if !self.may_probe() {
            return;
        }
        let estimate = self.bps();
        let times = if self.clock.is_none() { FIRST_PROBE } else { PROBE };
        let bps = (estimate * times).min(self.want * BESIDE);
        let sends = self.delivered.rate(500_000).unwrap_or(0.0);
        let tries = self.rate.was_lowered(now) && sends > estimate * TRIES;
        self.probes.plan(now, bps, sends, tries);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
