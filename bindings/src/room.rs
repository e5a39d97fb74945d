//! What a room of many has beside its calls: chat, reactions, and who waits before its door.
use crate::snapshot::mirror;
use calls_core as core;
use calls_protocol::Reaction as Word;

/// What somebody shows for a moment. How it looks is the app's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Reaction {
    /// Yes, good.
    ThumbsUp,
    /// No, not good.
    ThumbsDown,
    /// Love.
    Heart,
    /// That is funny.
    Laugh,
    /// That is surprising.
    Surprise,
    /// That is sad.
    Sad,
    /// Applause.
    Clap,
    /// A reason to celebrate.
    Party,
}

impl Reaction {
    /// None for one of a newer server, which this app cannot show.
    fn of(word: Word) -> Option<Self> {
        match word {
            Word::ThumbsUp => Some(Self::ThumbsUp),
            Word::ThumbsDown => Some(Self::ThumbsDown),
            Word::Heart => Some(Self::Heart),
            Word::Laugh => Some(Self::Laugh),
            Word::Surprise => Some(Self::Surprise),
            Word::Sad => Some(Self::Sad),
            Word::Clap => Some(Self::Clap),
            Word::Party => Some(Self::Party),
            Word::Unknown => None,
        }
    }
}

impl From<Reaction> for Word {
    fn from(reaction: Reaction) -> Self {
        match reaction {
            Reaction::ThumbsUp => Self::ThumbsUp,
            Reaction::ThumbsDown => Self::ThumbsDown,
            Reaction::Heart => Self::Heart,
            Reaction::Laugh => Self::Laugh,
            Reaction::Surprise => Self::Surprise,
            Reaction::Sad => Self::Sad,
            Reaction::Clap => Self::Clap,
            Reaction::Party => Self::Party,
        }
    }
}

/// What somebody shows for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ShownReaction {
    /// Who.
    pub user: i64,
    /// What.
    pub reaction: Reaction,
    /// No other one of the call has the same.
    pub id: i64,
}

impl ShownReaction {
    pub(crate) fn of(shown: &core::Shown) -> Option<Self> {
        let core::Shown { user, reaction, id } = shown;
        let reaction = Reaction::of(*reaction)?;
        Some(Self { user: user.get().cast_signed(), reaction, id: i64::from(*id) })
    }
}

mirror! {
    /// How far a line of the chat is. One of somebody else is always sent.
    ChatState of core::ChatState {
        /// On its way. It is said again after a lost connection.
        Sending,
        /// The server has it.
        Sent,
        /// The server did not take it.
        Failed,
    }
}

/// A line of the chat.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChatLine {
    /// No other line of the call has the same.
    pub id: String,
    /// Who wrote it.
    pub user: i64,
    /// Their name; empty if it is not known.
    pub name: String,
    /// What they wrote: plain text, perhaps of several lines.
    pub text: String,
    /// When it reached the server, in milliseconds since 1970; none while it is on its way.
    pub at: Option<i64>,
    /// How far it is.
    pub state: ChatState,
}

impl From<&core::ChatLine> for ChatLine {
    fn from(line: &core::ChatLine) -> Self {
        let core::ChatLine { id, user, name, text, at, state } = line;
        Self {
            id: id.clone(),
            user: user.get().cast_signed(),
            name: name.clone(),
            text: text.clone(),
            at: at.map(|at| at.0.cast_signed()),
            state: (*state).into(),
        }
    }
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WaitingPerson {
    /// Who.
    pub user: i64,
    /// Their name.
    pub name: String,
    /// Their picture.
    pub avatar: Option<String>,
    /// Since when, in milliseconds since 1970 on the server's clock.
    pub since: i64,
}

impl From<&core::Waiting> for WaitingPerson {
    fn from(waiting: &core::Waiting) -> Self {
        let core::Waiting { user, name, avatar, since } = waiting;
        Self {
            user: user.get().cast_signed(),
            name: name.clone(),
            avatar: avatar.clone(),
            since: since.0.cast_signed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reaction_that_can_be_sent_can_be_shown() {
        for word in Word::ALL {
            assert_eq!(Reaction::of(word).map(Word::from), Some(word));
        }
        assert_eq!(Reaction::of(Word::Unknown), None);
    }
}
