//! A link in virtual time: so many bits a second, a queue that drops what does not fit, a way, and what spoils it.
use crate::random::Random;
use std::collections::{BTreeMap, VecDeque};

/// All times are microseconds.
pub(crate) const MILLI: u64 = 1_000;
pub(crate) const SECOND: u64 = 1_000 * MILLI;

#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) bps: u64,
    /// How long the queue is, in milliseconds of the capacity.
    pub(crate) queue_ms: u64,
    pub(crate) way: u64,
    /// Up to this, evenly; packets may overtake each other or not.
    pub(crate) jitter: u64,
    pub(crate) overtakes: bool,
    pub(crate) loss: f64,
    /// Chance of a packet that a burst of losses begins with it, and how many it takes.
    pub(crate) bursts: (f64, u32),
    /// The share of feedback that gets lost.
    pub(crate) feedback_loss: f64,
}

impl Link {
    pub(crate) fn of(bps: u64) -> Self {
        Self {
            bps,
            queue_ms: 300,
            way: 20 * MILLI,
            jitter: 0,
            overtakes: false,
            loss: 0.0,
            bursts: (0.0, 0),
            feedback_loss: 0.0,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet {
    pub(crate) flow: usize,
    pub(crate) number: u16,
    pub(crate) bytes: u64,
}

/// When a packet left the queue, and how long it was there.
pub(crate) struct Wait {
    pub(crate) at: u64,
    pub(crate) time: u64,
    pub(crate) bytes: u64,
}

/// What is on the way.
pub(crate) struct Pipe {
    pub(crate) link: Link,
    queue: VecDeque<(u64, Packet)>,
    queued: u64,
    free_at: u64,
    arrivals: BTreeMap<(u64, u64), Packet>,
    last_arrival: u64,
    count: u64,
    burst_left: u32,
    /// Of each packet that got through.
    pub(crate) waits: Vec<Wait>,
}

impl Pipe {
    pub(crate) fn new(link: Link) -> Self {
        Self {
            link,
            queue: VecDeque::new(),
            queued: 0,
            free_at: 0,
            arrivals: BTreeMap::new(),
            last_arrival: 0,
            count: 0,
            burst_left: 0,
            waits: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, now: u64, packet: Packet) {
        // A queue holds a few packets, however slow the link is.
        let room = (self.link.bps * self.link.queue_ms / 8000).max(6000);
        if self.queued + packet.bytes <= room {
            self.queued += packet.bytes;
            self.queue.push_back((now, packet));
        }
    }

    /// What arrives up to now, with its time.
    pub(crate) fn run(&mut self, now: u64, random: &mut Random) -> Vec<(u64, Packet)> {
        while let Some((since, packet)) = self.queue.front().copied() {
            let begins = self.free_at.max(since);
            let ends = begins + packet.bytes * 8 * SECOND / self.link.bps;
            if ends > now {
                break;
            }
            self.queue.pop_front();
            (self.free_at, self.queued) = (ends, self.queued - packet.bytes);
            self.waits.push(Wait { at: ends, time: begins - since, bytes: packet.bytes });
            if self.spoils(random) {
                continue;
            }
            let mut at = ends + self.link.way + random.between(0, self.link.jitter);
            if !self.link.overtakes {
                at = at.max(self.last_arrival);
            }
            self.last_arrival = at;
            self.count += 1;
            self.arrivals.insert((at, self.count), packet);
        }
        let later = self.arrivals.split_off(&(now + 1, 0));
        std::mem::replace(&mut self.arrivals, later)
            .into_iter()
            .map(|((at, _), packet)| (at, packet))
            .collect()
    }

    fn spoils(&mut self, random: &mut Random) -> bool {
        if self.burst_left == 0 && random.chance(self.link.bursts.0) {
            self.burst_left = self.link.bursts.1;
        }
        if self.burst_left > 0 {
            self.burst_left -= 1;
            return true;
        }
        random.chance(self.link.loss)
    }
}
