//! What somebody is about to do.
use calls_protocol::RoomName;

/// What somebody is about to do.
#[derive(Debug, Clone)]
pub(crate) enum Intent {
    Calls,
    CallsTheGroup,
    OpensARoom,
    Answers(RoomName),
    GivesUp(RoomName),
    Talks(RoomName),
    HangsUp(RoomName),
    LosesTheNetwork,
    KillsTheApp,
    SaysGoodbye,
}

pub(crate) fn something_to_do(random: &mut crate::sim::Random) -> Intent {
    match random.below(10) {
        0..=3 => Intent::Calls,
        4 => Intent::CallsTheGroup,
        5 => Intent::OpensARoom,
        6..=8 => Intent::LosesTheNetwork,
        _ => Intent::KillsTheApp,
    }
}
