//! The rules of calls, played on a stage.
mod away;
mod chat;
mod crowd;
mod dial;
mod forward;
mod host;
mod limits;
mod media;
mod pair;
mod restart;
mod stumble;
mod walk;
mod way;
