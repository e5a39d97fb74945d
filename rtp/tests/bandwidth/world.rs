//! Senders that behave as a media server does, their receivers, and the link between, a millisecond at a time.
use crate::link::{Link, MILLI, Packet, Pipe, SECOND, Wait};
use crate::random::Random;
use calls_rtp::bandwidth::{Arrivals, Estimator, Feedback, Kind, Pacer};
use std::{collections::VecDeque, time::Duration};

/// Of a packet with voice, with all heads.
const VOICE: u64 = 110;
const PACKET: u64 = 1_200;
/// Padding alone makes no larger packet.
const PADDING: u64 = 255;

fn time(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// One sender and its receiver.
pub(crate) struct Flow {
    pub(crate) estimator: Estimator,
    pacer: Pacer,
    waiting: VecDeque<u64>,
    next_voice: u64,
    next_frame: u64,
    /// What pictures would take at most, in bits a second.
    pub(crate) sends: u64,
    /// What is told as wanted.
    pub(crate) wants: u64,
    arrivals: Arrivals,
    next_feedback: u64,
    /// On their way back.
    feedback: VecDeque<(u64, Vec<u8>)>,
    pub(crate) is_mute: bool,
    /// Each packet: when it left, its bytes, whether it was padding.
    pub(crate) sent: Vec<(u64, u64, bool)>,
    last_number: u16,
    /// The estimate at each look at the clock.
    pub(crate) estimates: Vec<(u64, u64)>,
}

impl Flow {
    pub(crate) fn new(now: u64, start: u64, wants: u64, random: &mut Random) -> Self {
        let mut estimator = Estimator::new(time(now), start, 50_000..=20_000_000);
        estimator.want(time(now), wants);
        Self {
            estimator,
            pacer: Pacer::new(start),
            waiting: VecDeque::new(),
            next_voice: now + random.between(0, 20 * MILLI),
            next_frame: now + random.between(0, 33 * MILLI),
            sends: wants,
            wants,
            arrivals: Arrivals::default(),
            next_feedback: now + 50 * MILLI,
            feedback: VecDeque::new(),
            is_mute: false,
            sent: Vec::new(),
            last_number: 0,
            estimates: Vec::new(),
        }
    }

    fn step(&mut self, now: u64, index: usize, pipe: &mut Pipe) {
        while let Some((_, packet)) = self.feedback.pop_front_if(|(at, _)| *at <= now) {
            let feedback = Feedback::parse(&packet).expect("what we have written");
            self.estimator.feedback(time(now), &feedback);
        }
        if self.estimator.deadline().is_some_and(|at| at <= time(now)) {
            self.estimator.tick(time(now));
            assert!(
                self.estimator.deadline().is_none_or(|at| at > time(now)),
                "a clock that runs in a circle"
            );
        }
        self.estimator.want(time(now), self.wants);
        self.pacer.estimate(self.estimator.estimate());
        if let Some(probe) = self.estimator.probe(time(now)) {
            self.pacer.begin(time(now), probe);
        }
        if now >= self.next_voice {
            self.next_voice += 20 * MILLI;
            self.send(now, index, VOICE, false, pipe);
        }
        if now >= self.next_frame {
            self.next_frame += SECOND / 30;
            let bps = self.sends.min(self.estimator.estimate()).saturating_sub(VOICE * 8 * 50);
            let mut bytes = bps / 30 / 8;
            while bytes > 0 {
                let packet = bytes.min(PACKET);
                self.waiting.push_back(packet);
                bytes -= packet;
            }
        }
        while self.pacer.may_send(time(now), Kind::Picture) {
            if let Some(bytes) = self.waiting.pop_front() {
                self.send(now, index, bytes, false, pipe);
            } else if self.pacer.may_send(time(now), Kind::Padding) {
                self.send(now, index, PADDING, true, pipe);
            } else {
                break;
            }
        }
        self.estimates.push((now, self.estimator.estimate()));
    }

    fn send(&mut self, now: u64, flow: usize, bytes: u64, is_padding: bool, pipe: &mut Pipe) {
        let number = self.estimator.sent(time(now), bytes as usize, self.pacer.cluster());
        self.pacer.sent(time(now), bytes as usize);
        self.sent.push((now, bytes, is_padding));
        self.last_number = number;
        pipe.push(now, Packet { flow, number, bytes });
    }

    fn answer(&mut self, now: u64, link: &Link, random: &mut Random) {
        if now < self.next_feedback {
            return;
        }
        self.next_feedback = now + random.between(50, 100) * MILLI;
        while self.arrivals.is_waiting() {
            let mut packet = [0; 1200];
            let length = self.arrivals.write(1, 2, &mut packet);
            if !self.is_mute && !random.chance(link.feedback_loss) {
                self.feedback.push_back((now + link.way, packet[..length].to_vec()));
            }
        }
    }
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) pipe: Pipe,
    pub(crate) flows: Vec<Flow>,
    pub(crate) random: Random,
    /// How often senders look at the clock.
    pub(crate) tick: u64,
}

impl World {
    pub(crate) fn new(seed: u64, link: Link) -> Self {
        println!("seed {seed}");
        Self { now: 0, pipe: Pipe::new(link), flows: Vec::new(), random: Random::new(seed), tick: MILLI }
    }

    /// With one sender that starts at 300 kbit/s.
    pub(crate) fn with_one(seed: u64, link: Link, wants: u64) -> Self {
        let mut world = Self::new(seed, link);
        world.join(300_000, wants);
        world
    }

    pub(crate) fn join(&mut self, start: u64, wants: u64) {
        let flow = Flow::new(self.now, start, wants, &mut self.random);
        self.flows.push(flow);
    }

    pub(crate) fn run(&mut self, seconds: u64) {
        self.run_until(self.now + seconds * SECOND);
    }

    /// So many microseconds.
    pub(crate) fn run_for(&mut self, micros: u64) {
        self.run_until(self.now + micros);
    }

    /// A time below this, by the seed.
    pub(crate) fn moment(&mut self, below: u64) -> u64 {
        self.random.between(0, below / MILLI) * MILLI
    }

    fn run_until(&mut self, end: u64) {
        while self.now < end {
            self.now += MILLI;
            for (index, flow) in self.flows.iter_mut().enumerate() {
                if self.now.is_multiple_of(self.tick) {
                    flow.step(self.now, index, &mut self.pipe);
                }
            }
            for (at, packet) in self.pipe.run(self.now, &mut self.random) {
                self.flows[packet.flow].arrivals.note(packet.number, time(at));
            }
            for flow in &mut self.flows {
                flow.answer(self.now, &self.pipe.link, &mut self.random);
            }
        }
    }

    /// Runs until the first estimate is so high. None: not within so many seconds.
    pub(crate) fn seconds_until(&mut self, bps: u64, limit: u64) -> Option<f64> {
        let (begin, end) = (self.now, self.now + limit * SECOND);
        while self.flows[0].estimator.estimate() < bps {
            if self.now >= end {
                return None;
            }
            self.run_until(self.now + MILLI);
        }
        Some((self.now - begin) as f64 / 1e6)
    }

    pub(crate) fn estimate(&self) -> u64 {
        self.flows[0].estimator.estimate()
    }

    /// The transport-wide number that was given last.
    pub(crate) fn last_number(&self) -> u16 {
        self.flows[0].last_number
    }

    /// The estimate since then, at each look.
    pub(crate) fn estimates(&self, since: u64) -> impl Iterator<Item = u64> {
        self.flows[0].estimates.iter().filter(move |(at, _)| *at >= since).map(|(_, estimate)| *estimate)
    }

    /// The mean of the estimate since then, where no more counts than this.
    pub(crate) fn mean_estimate(&self, since: u64, most: u64) -> f64 {
        self.estimates(since).map(|estimate| estimate.min(most)).sum::<u64>() as f64
            / self.estimates(since).count() as f64
    }

    /// The share of the link that is used since then, while its capacity was this.
    pub(crate) fn utilisation(&self, since: u64) -> f64 {
        let through: u64 =
            self.pipe.waits.iter().filter(|wait| wait.at >= since).map(|wait| wait.bytes).sum();
        through as f64 * 8e6 / (self.now - since) as f64 / self.pipe.link.bps as f64
    }

    /// Bits a second that left from then to then.
    pub(crate) fn sent(&self, flow: usize, from: u64, to: u64) -> f64 {
        let within = |(at, ..): &&(u64, u64, bool)| (from..to).contains(at);
        let bytes: u64 = self.flows[flow].sent.iter().filter(within).map(|(_, bytes, _)| bytes).sum();
        bytes as f64 * 8e6 / (to - from) as f64
    }

    /// The share of padding in the bytes that left since then.
    pub(crate) fn padding(&self, since: u64) -> f64 {
        let sum = |padding: bool| -> f64 {
            let sent = self.flows[0].sent.iter().filter(|(at, ..)| *at >= since);
            sent.filter(|sent| sent.2 || !padding).map(|(_, bytes, _)| *bytes as f64).sum()
        };
        sum(true) / sum(false).max(1.0)
    }

    /// Milliseconds in the queue, since then: on average, and of the 95th in a hundred.
    pub(crate) fn waits(&self, since: u64) -> (f64, f64) {
        self.waits_within(since, self.now)
    }

    pub(crate) fn waits_within(&self, from: u64, to: u64) -> (f64, f64) {
        let of = |wait: &Wait| (from..=to).contains(&wait.at).then_some(wait.time as f64 / 1e3);
        let mut waits: Vec<f64> = self.pipe.waits.iter().filter_map(of).collect();
        waits.sort_by(f64::total_cmp);
        let mean = waits.iter().sum::<f64>() / waits.len().max(1) as f64;
        (mean, waits.get(waits.len() * 95 / 100).copied().unwrap_or(0.0))
    }
}
