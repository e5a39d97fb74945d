//! The rules of calls, played on a stage.
mod away;
mod crowd;
mod dial;
mod forward;
mod limits;
mod pair;
mod restart;
mod stumble;
mod walk;
