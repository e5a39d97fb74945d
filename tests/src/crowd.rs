//! Synthetic participants of group calls, so many that one process plays hundreds beside the server.
//!
//! Each signs in, offers, checks, shakes hands, sends and hears as a client does, but decodes nothing: what it sends says
//! whose it is, which one, and when it left, and what arrives is judged by that. `member` is what a participant says to
//! the signalling, `stage` are the sockets and the thread of all of them; everything else is pure. What it must not know:
//! how the server does it.
mod content;
mod describe;
mod histogram;
mod judge;
mod member;
mod outgoing;
mod person;
mod stage;
mod stun;
#[cfg(test)]
mod tests;
mod tone;
mod track;

pub use content::{Layer, Stamp};
pub use histogram::Histogram;
pub use judge::Fault;
pub use member::{Member, Room, Visitor};
pub use outgoing::{Picture, Plan, Voice};
pub use person::{Facts, Totals};
pub use stage::{Seat, Stage, Tally};
