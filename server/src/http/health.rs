//! Whether the server and its parts are well. The parts say so themselves; asking costs nothing.
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

/// How a part of the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// Not configured.
    Off = 0,
    /// It works.
    Up = 1,
    /// It does not, and should.
    Down = 2,
}

impl Part {
    /// The word on the health page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// How one part is, now.
#[derive(Debug, Default)]
pub struct PartState(AtomicU8);

impl PartState {
    /// It is so now.
    pub fn set(&self, part: Part) {
        self.0.store(part as u8, Relaxed);
    }

    /// How it is.
    pub fn get(&self) -> Part {
        match self.0.load(Relaxed) {
            0 => Part::Off,
            1 => Part::Up,
            _ => Part::Down,
        }
    }
}

/// How the server is. Shared: the owner of a part writes, the health page reads.
#[derive(Debug, Default)]
pub struct Health {
    /// The database.
    pub database: PartState,
    /// Redis.
    pub redis: PartState,
    /// The embedded relay, or up where another one is configured.
    pub turn: PartState,
    /// The media server.
    pub sfu: PartState,
    draining: AtomicBool,
}

impl Health {
    /// From now on no new work should come here: load balancers see it by [`Health::is_ready`].
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Whether new work may come here.
    pub fn is_ready(&self) -> bool {
        !self.is_draining() && self.database.get() != Part::Down
    }

    /// In one word.
    pub fn status(&self) -> &'static str {
        let parts = [&self.database, &self.redis, &self.turn, &self.sfu];
        if self.is_draining() {
            "draining"
        } else if parts.iter().any(|part| part.get() == Part::Down) {
            "degraded"
        } else {
            "ok"
        }
    }
}
