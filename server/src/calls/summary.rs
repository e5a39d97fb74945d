//! All that can matter for what happens next, in short words and with times relative to now.
//!
//! Two states with the same summary behave alike. A walk over all states relies on it to know where it was already.
use super::{
    Calls,
    crowd::{Crowd, CrowdPhase, Origin},
    forward::Sender,
    over::Over,
    pair::{Pair, Phase},
    room::{Link, Room, Seat, Shape},
    way::{MediaSide, Way},
};
use calls_protocol::UnixMillis;
use std::fmt::{self, Write};

impl Calls {
    /// The state in words; for tests and bug reports. It names user ids and rooms, nothing else of a person.
    pub fn summary(&self, now: UnixMillis) -> String {
        let mut out = String::new();
        self.write_summary(now, &mut out).expect("a String takes every word");
        out
    }

    fn write_summary(&self, now: UnixMillis, out: &mut String) -> fmt::Result {
        writeln!(out, "{}", self.people.summary())?;
        let mut rooms: Vec<&Room> = self.rooms.values().collect();
        rooms.sort_unstable_by_key(|room| &room.name);
        for room in rooms {
            room.write_summary(now, out)?;
        }
        for (left, name, over) in self.overs.iter(now) {
            over.write_summary(out, left, name.as_str())?;
        }
        if self.stopping {
            writeln!(out, "stopping")?;
        }
        Ok(())
    }
}

fn left(now: UnixMillis, until: UnixMillis) -> u64 {
    until.0.saturating_sub(now.0)
}

impl Room {
    fn write_summary(&self, now: UnixMillis, out: &mut String) -> fmt::Result {
        write!(out, "{}", self.name)?;
        match &self.shape {
            Shape::Pair(pair) => pair.write_summary(now, out),
            Shape::Crowd(crowd) => crowd.write_summary(now, out),
        }
    }
}

impl Pair {
    fn write_summary(&self, now: UnixMillis, out: &mut String) -> fmt::Result {
        match self.phase {
            Phase::Ringing { expires } => write!(out, " rings for {}", left(now, expires))?,
            Phase::Connected { .. } => write!(out, " connected")?,
        }
        for party in [&self.caller, &self.callee] {
            write!(out, ", {}", party.user)?;
            party.sender.write_summary(out)?;
            if let Some(seat) = &party.seat {
                seat.write_summary(now, out)?;
            }
        }
        let early = self.early.0.iter().map(|kept| kept.socket).collect::<std::collections::BTreeSet<_>>();
        writeln!(out, ", early {early:?}")
    }
}

impl Crowd {
    fn write_summary(&self, now: UnixMillis, out: &mut String) -> fmt::Result {
        match self.phase {
            CrowdPhase::Ringing { expires } => {
                write!(out, " rings for {:?}", expires.map(|until| left(now, until)))?;
            }
            CrowdPhase::Active { rings_until, .. } => {
                write!(out, " active, rings for {:?}", rings_until.map(|until| left(now, until)))?;
            }
        }
        match &self.origin {
            Origin::Group { group, by, invites } => write!(out, ", group {group} by {by} {invites:?}")?,
            Origin::Open => write!(out, ", open")?,
        }
        for member in &self.members {
            write!(out, ", {}", member.user)?;
            member.sender.write_summary(out)?;
            member.seat.write_summary(now, out)?;
            member.media.write_summary(out)?;
        }
        match self.way {
            Way::Straight { let_go } => write!(out, ", straight {:?}", let_go.map(|at| left(now, at)))?,
            Way::ThroughServer { few_since } => {
                write!(out, ", through the media server, few for {:?}", few_since.map(|at| left(at, now)))?;
            }
        }
        let waiting: Vec<_> = self.door.waiting.iter().map(|guest| (guest.user, guest.socket)).collect();
        write!(out, ", host {:?}, {} {}", self.host, self.door.locked, self.door.has_waiting_room)?;
        write!(out, ", {waiting:?} wait, {:?} know it, {:?} do not", self.door.known, self.door.banned)?;
        writeln!(out, ", {} removed", self.removed.len())
    }
}

impl Seat {
    fn write_summary(&self, now: UnixMillis, out: &mut String) -> fmt::Result {
        match self.link {
            Link::Up(socket) => write!(out, " at {socket:?}")?,
            Link::Lost { since, .. } => write!(out, " lost {} ago", left(since, now))?,
        }
        let unsure = if self.unsure_until.is_some() { " unsure" } else { "" };
        write!(out, " of {:?}{unsure}", self.device)
    }
}

impl Sender {
    fn write_summary(&self, out: &mut String) -> fmt::Result {
        let [audio, video, screen] = [self.audio, self.video, self.screen].map(u8::from);
        let hand = if self.hand.is_some() { " hand" } else { "" };
        write!(out, " {audio}{video}{screen}{hand}")
    }
}

impl MediaSide {
    fn write_summary(&self, out: &mut String) -> fmt::Result {
        // The number itself says nothing: it only grows.
        let line = self.line.as_ref().map(|line| (line.is_up, line.waiting.len()));
        write!(out, " media {line:?} {} {}", u8::from(self.came_by_it), u8::from(self.lost))
    }
}

impl Over {
    fn write_summary(&self, out: &mut String, left: u64, name: &str) -> fmt::Result {
        let unheard: Vec<_> = self.unheard.iter().map(|unheard| (unheard.user, &unheard.device)).collect();
        writeln!(out, "{name} over for {left}: {:?}, unheard by {unheard:?}", self.outcome)
    }
}
