//! When a sound card is opened, closed and opened again. Plain: time is an argument, what shall happen is returned.
use std::time::Duration;

/// A part of a sound card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardPart {
    /// What is said.
    Microphone,
    /// What is heard.
    Loudspeaker,
}

/// What an app may want to tell its user about the sound card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceEvent {
    /// It is gone; it is tried again until it is back.
    Lost(CardPart),
    /// Another one is used now: a headset was plugged in or out.
    Changed(CardPart),
    /// What was lost works again.
    Back(CardPart),
    /// There is no microphone.
    NoMicrophone {
        /// There is one, and the app may not use it. Asked for again when the engine next opens it.
        denied: bool,
    },
}

/// Why a stream could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenError {
    /// None there, or it is in use, or it speaks nothing that we do.
    Absent,
    /// The person or the system does not allow it.
    Denied,
}

/// What a stream that was open says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not work any more.
    Dead,
    /// It goes on, with another card behind it.
    Rerouted,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Input {
    /// The engine wants it, or not any more.
    Want(CardPart, bool),
    /// What was to be opened is open.
    Opened(CardPart),
    /// It is not.
    Failed(CardPart, OpenError),
    Fault(CardPart, Fault),
    /// Time passed.
    Tick,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Open(CardPart),
    Close(CardPart),
    Tell(DeviceEvent),
}

/// The first pause; each is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest: somebody who plugs a headset in again waits no longer.
const LONGEST: Duration = Duration::from_secs(4);
/// A stream that dies sooner was never well.
const WELL: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Opening { failures: u32, then: Then },
    Open { since: Duration, failures: u32 },
    Broken { failures: u32, until: Option<Duration> },
}

/// What is told when it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Nothing,
    Changed,
    Back,
}

/// Keeps both directions as the engine wants them.
pub(super) struct Keeper {
    microphone: State,
    loudspeaker: State,
}

impl Keeper {
    pub(super) fn new() -> Self {
        Self { microphone: State::Closed, loudspeaker: State::Closed }
    }

    #[must_use = "an effect that is not run is lost"]
    pub(super) fn handle(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        match input {
            Input::Want(part, true) => self.wanted(part),
            Input::Want(part, false) => self.unwanted(part),
            Input::Opened(part) => self.opened(now, part),
            Input::Failed(part, error) => self.failed(now, part, error),
            Input::Fault(part, Fault::Dead) => self.died(now, part),
            Input::Fault(part, Fault::Rerouted) => match self.state(part) {
                State::Open { .. } => vec![Effect::Tell(DeviceEvent::Changed(part))],
                State::Closed | State::Opening { .. } | State::Broken { .. } => vec![],
            },
            Input::Tick => {
                [CardPart::Microphone, CardPart::Loudspeaker].map(|part| self.due(now, part)).concat()
            }
        }
    }

    /// When it wants to be woken.
    pub(super) fn deadline(&self) -> Option<Duration> {
        [self.microphone, self.loudspeaker].into_iter().filter_map(State::until).min()
    }

    fn state(&mut self, part: CardPart) -> &mut State {
        match part {
            CardPart::Microphone => &mut self.microphone,
            CardPart::Loudspeaker => &mut self.loudspeaker,
        }
    }

    fn wanted(&mut self, part: CardPart) -> Vec<Effect> {
        let state = self.state(part);
        match *state {
            State::Closed => {
                *state = State::Opening { failures: 0, then: Then::Nothing };
                vec![Effect::Open(part)]
            }
            // Asked once more, by somebody who has just allowed it perhaps.
            State::Broken { failures, until: None } => {
                *state = State::Opening { failures, then: Then::Back };
                vec![Effect::Open(part)]
            }
            State::Opening { .. } | State::Open { .. } | State::Broken { .. } => vec![],
        }
    }

    fn unwanted(&mut self, part: CardPart) -> Vec<Effect> {
        match std::mem::replace(self.state(part), State::Closed) {
            State::Open { .. } | State::Opening { .. } => vec![Effect::Close(part)],
            State::Closed | State::Broken { .. } => vec![],
        }
    }

    fn opened(&mut self, now: Duration, part: CardPart) -> Vec<Effect> {
        let state = self.state(part);
        let State::Opening { failures, then } = *state else { return vec![Effect::Close(part)] };
        *state = State::Open { since: now, failures };
        match then {
            Then::Nothing => vec![],
            Then::Changed => vec![Effect::Tell(DeviceEvent::Changed(part))],
            Then::Back => vec![Effect::Tell(DeviceEvent::Back(part))],
        }
    }

    fn failed(&mut self, now: Duration, part: CardPart, error: OpenError) -> Vec<Effect> {
        let state = self.state(part);
        let State::Opening { failures, then } = *state else { return vec![] };
        let until = match error {
            OpenError::Absent => Some(now + pause(failures)),
            OpenError::Denied => None,
        };
        *state = State::Broken { failures: failures + 1, until };
        let denied = error == OpenError::Denied;
        match (part, then) {
            // It was told when it broke.
            (_, Then::Back) => vec![],
            (CardPart::Microphone, Then::Nothing) => vec![Effect::Tell(DeviceEvent::NoMicrophone { denied })],
            (CardPart::Microphone, Then::Changed) if denied => {
                vec![Effect::Tell(DeviceEvent::NoMicrophone { denied })]
            }
            (_, Then::Nothing | Then::Changed) => vec![Effect::Tell(DeviceEvent::Lost(part))],
        }
    }

    fn died(&mut self, now: Duration, part: CardPart) -> Vec<Effect> {
        let state = self.state(part);
        let State::Open { since, failures } = *state else { return vec![] };
        if now < since + WELL {
            // Opened anew at once it would die at once, again and again.
            *state = State::Broken { failures: failures + 1, until: Some(now + pause(failures)) };
            return vec![Effect::Close(part), Effect::Tell(DeviceEvent::Lost(part))];
        }
        // Mostly another card has taken its place, and nobody hears more than a gap.
        *state = State::Opening { failures: 0, then: Then::Changed };
        vec![Effect::Close(part), Effect::Open(part)]
    }

    fn due(&mut self, now: Duration, part: CardPart) -> Vec<Effect> {
        let state = self.state(part);
        match *state {
            State::Broken { failures, until: Some(until) } if now >= until => {
                *state = State::Opening { failures, then: Then::Back };
                vec![Effect::Open(part)]
            }
            State::Closed | State::Opening { .. } | State::Open { .. } | State::Broken { .. } => vec![],
        }
    }
}

impl State {
    fn until(self) -> Option<Duration> {
        match self {
            Self::Broken { until, .. } => until,
            Self::Closed | Self::Opening { .. } | Self::Open { .. } => None,
        }
    }
}

fn pause(failures: u32) -> Duration {
    PAUSE.saturating_mul(1 << failures.min(8)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::{CardPart::*, *};

    /// What happens at each millisecond, and what it has to lead to.
    fn check(script: &[(u64, Input, &[Effect])]) {
        let mut keeper = Keeper::new();
        for (ms, input, expected) in script {
            let effects = keeper.handle(Duration::from_millis(*ms), *input);
            assert_eq!(effects, *expected, "at {ms} ms, after {input:?}");
        }
    }

    #[test]
    fn nothing_is_open_that_nobody_asked_for() {
        check(&[
            (0, Input::Tick, &[]),
            (5, Input::Want(Microphone, true), &[Effect::Open(Microphone)]),
            (6, Input::Opened(Microphone), &[]),
            (7, Input::Want(Microphone, true), &[]),
            (9, Input::Want(Microphone, false), &[Effect::Close(Microphone)]),
            (10, Input::Want(Microphone, false), &[]),
            (11, Input::Fault(Microphone, Fault::Dead), &[]),
            (9_000, Input::Tick, &[]),
        ]);
    }

    #[test]
    fn a_headset_that_is_plugged_in_is_a_change_and_no_loss() {
        check(&[
            (0, Input::Want(Loudspeaker, true), &[Effect::Open(Loudspeaker)]),
            (10, Input::Opened(Loudspeaker), &[]),
            (
                5_000,
                Input::Fault(Loudspeaker, Fault::Dead),
                &[Effect::Close(Loudspeaker), Effect::Open(Loudspeaker)],
            ),
            (5_050, Input::Opened(Loudspeaker), &[Effect::Tell(DeviceEvent::Changed(Loudspeaker))]),
            (
                6_000,
                Input::Fault(Loudspeaker, Fault::Rerouted),
                &[Effect::Tell(DeviceEvent::Changed(Loudspeaker))],
            ),
        ]);
    }

    #[test]
    fn a_lost_card_is_tried_again_ever_more_rarely_until_it_is_back() {
        check(&[
            (0, Input::Want(Microphone, true), &[Effect::Open(Microphone)]),
            (0, Input::Opened(Microphone), &[]),
            (
                3_000,
                Input::Fault(Microphone, Fault::Dead),
                &[Effect::Close(Microphone), Effect::Open(Microphone)],
            ),
            (
                3_000,
                Input::Failed(Microphone, OpenError::Absent),
                &[Effect::Tell(DeviceEvent::Lost(Microphone))],
            ),
            (3_249, Input::Tick, &[]),
            (3_250, Input::Tick, &[Effect::Open(Microphone)]),
            (3_250, Input::Failed(Microphone, OpenError::Absent), &[]),
            (3_749, Input::Tick, &[]),
            (3_750, Input::Tick, &[Effect::Open(Microphone)]),
            (3_760, Input::Opened(Microphone), &[Effect::Tell(DeviceEvent::Back(Microphone))]),
        ]);
        assert_eq!(pause(31), LONGEST);
    }

    #[test]
    fn one_that_dies_as_soon_as_it_is_open_is_not_opened_in_a_circle() {
        check(&[
            (0, Input::Want(Loudspeaker, true), &[Effect::Open(Loudspeaker)]),
            (1, Input::Opened(Loudspeaker), &[]),
            (
                2,
                Input::Fault(Loudspeaker, Fault::Dead),
                &[Effect::Close(Loudspeaker), Effect::Tell(DeviceEvent::Lost(Loudspeaker))],
            ),
            (251, Input::Tick, &[]),
            (252, Input::Tick, &[Effect::Open(Loudspeaker)]),
        ]);
    }

    #[test]
    fn a_microphone_that_is_denied_is_asked_for_again_only_when_it_is_wanted_again() {
        check(&[
            (0, Input::Want(Microphone, true), &[Effect::Open(Microphone)]),
            (
                1,
                Input::Failed(Microphone, OpenError::Denied),
                &[Effect::Tell(DeviceEvent::NoMicrophone { denied: true })],
            ),
            (60_000, Input::Tick, &[]),
            (60_001, Input::Want(Microphone, true), &[Effect::Open(Microphone)]),
            (60_002, Input::Opened(Microphone), &[Effect::Tell(DeviceEvent::Back(Microphone))]),
        ]);
    }

    #[test]
    fn what_opens_too_late_is_closed() {
        check(&[
            (0, Input::Want(Microphone, true), &[Effect::Open(Microphone)]),
            (1, Input::Want(Microphone, false), &[Effect::Close(Microphone)]),
            (2, Input::Opened(Microphone), &[Effect::Close(Microphone)]),
            (3, Input::Failed(Microphone, OpenError::Absent), &[]),
        ]);
    }

    #[test]
    fn a_keeper_sleeps_until_the_next_attempt() {
        let mut keeper = Keeper::new();
        assert_eq!(keeper.deadline(), None);

        let _opens = keeper.handle(Duration::ZERO, Input::Want(Microphone, true));
        let _told = keeper.handle(Duration::ZERO, Input::Failed(Microphone, OpenError::Absent));

        assert_eq!(keeper.deadline(), Some(PAUSE));
    }
}
