//! One call as its two clients see it: what to do next, and whether the server told each of them everything, once.
//!
//! Knows no socket and no clock. A server that is fast because it drops or doubles events must not look good.
use std::fmt;

/// ICE candidates of each side.
pub(crate) const CANDIDATES: u32 = 10;
const ALL_CANDIDATES: u32 = (1 << CANDIDATES) - 1;

/// Which of the two clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Caller,
    Callee,
}

/// What the clients do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Wait,
    /// The callee accepts.
    Accept,
    /// Both send their candidates.
    Trickle,
    /// The caller hangs up.
    HangUp,
    /// All was heard.
    Over,
}

/// The server did wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It said so itself.
    Refused(String),
    /// An event of another call: a late or doubled one.
    Stray { event: String },
    /// An event that was heard before, or by the wrong client, or before its time.
    Unexpected { side: Side, event: String },
    /// The description is not what the other side sent.
    Damaged { event: String },
    /// Something never came.
    Lost { waiting_for: &'static str },
    /// The connection is gone.
    Closed(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) => write!(f, "the server refused: {text}"),
            Self::Stray { event } => write!(f, "{event} of a call that was over"),
            Self::Unexpected { side, event } => {
                write!(f, "{event} came to the {side:?} twice or out of place")
            }
            Self::Damaged { event } => write!(f, "{event} carried another description than was sent"),
            Self::Lost { waiting_for } => write!(f, "{waiting_for} never came"),
            Self::Closed(reason) => write!(f, "the connection is gone: {reason}"),
        }
    }
}

/// What was heard of one call.
pub(crate) struct Flow<'a> {
    room: &'a str,
    /// JSON-escaped.
    sdp: &'a str,
    was_incoming: bool,
    was_answered: bool,
    is_ending: bool,
    is_over: bool,
    /// One bit a candidate.
    at_caller: u32,
    at_callee: u32,
    /// Candidates that came before one with a lower number. Not a fault: only our server promises the order.
    pub(crate) reordered: u32,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(room: &'a str, sdp: &'a str) -> Self {
        Self {
            room,
            sdp,
            was_incoming: false,
            was_answered: false,
            is_ending: false,
            is_over: false,
            at_caller: 0,
            at_callee: 0,
            reordered: 0,
        }
    }

    /// Takes one Socket.IO event packet (`42[…]`) that `side` received.
    pub(crate) fn heard(&mut self, side: Side, packet: &str) -> Result<Next, Fault> {
        let (event, body) = event_of(packet).unwrap_or((packet, ""));
        if event == "call:error" {
            return Err(Fault::Refused(body.chars().take(200).collect()));
        }
        if event == "call:registered" {
            // The baseline does not send it; ours may after the acknowledgement.
            return Ok(Next::Wait);
        }
        if text_after(body, "\"roomName\":\"") != Some(self.room) {
            return Err(Fault::Stray { event: event.to_owned() });
        }
        let unexpected = || Fault::Unexpected { side, event: event.to_owned() };
        match (side, event) {
            (Side::Callee, "call:incoming") if !self.was_incoming => {
                self.was_incoming = true;
                self.intact(event, body)?;
                Ok(Next::Accept)
            }
            (Side::Caller, "call:answer") if self.was_incoming && !self.was_answered => {
                self.was_answered = true;
                self.intact(event, body)?;
                Ok(Next::Trickle)
            }
            (_, "ice:candidate") if self.was_answered => self.candidate(side, body).ok_or_else(unexpected),
            (Side::Callee, "call:ended") if self.is_ending && !self.is_over => {
                self.is_over = true;
                Ok(Next::Over)
            }
            _ => Err(unexpected()),
        }
    }

    pub(crate) fn waiting_for(&self) -> &'static str {
        match () {
            () if !self.was_incoming => "call:incoming",
            () if !self.was_answered => "call:answer",
            () if !self.is_ending => "ice:candidate",
            () => "call:ended",
        }
    }

    fn candidate(&mut self, side: Side, body: &str) -> Option<Next> {
        let number: u32 = leading_number(&body[body.find("\"candidate:")? + "\"candidate:".len()..])?;
        let seen = match side {
            Side::Caller => &mut self.at_caller,
            Side::Callee => &mut self.at_callee,
        };
        let bit = 1_u32.checked_shl(number).filter(|bit| bit & ALL_CANDIDATES != 0 && *seen & bit == 0)?;
        if *seen > bit {
            self.reordered += 1;
        }
        *seen |= bit;
        if self.at_caller & self.at_callee == ALL_CANDIDATES && !self.is_ending {
            self.is_ending = true;
            return Some(Next::HangUp);
        }
        Some(Next::Wait)
    }

    fn intact(&self, event: &str, body: &str) -> Result<(), Fault> {
        match text_after(body, "\"sdp\":\"") {
            Some(sdp) if sdp == self.sdp => Ok(()),
            _ => Err(Fault::Damaged { event: event.to_owned() }),
        }
    }
}

/// Name and body of `42["name",body]`.
fn event_of(packet: &str) -> Option<(&str, &str)> {
    packet.strip_prefix("42[\"")?.split_once("\",")
}

/// The string that follows `key`; none of ours contains a quotation mark.
fn text_after<'b>(body: &'b str, key: &str) -> Option<&'b str> {
    let rest = &body[body.find(key)? + key.len()..];
    rest.split_once('"').map(|(text, _)| text)
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}
