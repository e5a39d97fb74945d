//! "Can I be reached?": the check before a call, as Kotlin shows it.
use crate::snapshot::mirror;
use calls_core::{
    check::{Finding, Outlook, Subject},
    peer::RelayProtocol,
};
use std::time::Duration;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CheckSubject {
    /// The connection to the server, and whether it knows us.
    Server,
    /// How the network translates our address.
    Address,
    /// A relay, by UDP.
    RelayUdp,
    /// A relay, by TCP.
    RelayTcp,
    /// A relay, by TLS.
    RelayTls,
    /// Voice from here through a relay and back.
    Media,
    /// The microphone and the loudspeaker.
    Sound,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum CheckFinding {
    /// It works.
    Fine {
        /// How long it took.
        took: Duration,
    },
    /// The server does not name anything of the kind.
    NotOffered,
    /// It does not answer.
    NoAnswer,
    /// The server does not take our word.
    SignedOut,
    /// The server is no server for calls.
    Stranger,
    /// There is no way to try it, since something before it failed.
    Skipped,
    /// Voice comes back with holes.
    Lossy {
        /// The part that is missing, in percent.
        percent: f32,
    },
    /// The microphone hears nothing at all.
    Silent,
}

mirror! {
    /// What all that was found comes to.
    CheckOutcome of Outlook {
        /// Calls can be made, and nothing is known that would spoil them.
        Good,
        /// Calls can be made, but something does not work that some of them need.
        Limited,
        /// No call can be made.
        NoCalls,
    }
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CheckLine {
    /// What.
    pub subject: CheckSubject,
    /// What was found.
    pub finding: CheckFinding,
}

/// All that was checked.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct CheckReport {
    /// What it comes to.
    pub outcome: CheckOutcome,
    /// In the order in which it was checked.
    pub lines: Vec<CheckLine>,
}

impl From<Subject> for CheckSubject {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Server => Self::Server,
            Subject::Address => Self::Address,
            Subject::Relay(RelayProtocol::Udp) => Self::RelayUdp,
            Subject::Relay(RelayProtocol::Tcp) => Self::RelayTcp,
            Subject::Relay(RelayProtocol::Tls) => Self::RelayTls,
            Subject::Media => Self::Media,
            Subject::Sound => Self::Sound,
        }
    }
}

impl From<&Finding> for CheckFinding {
    fn from(finding: &Finding) -> Self {
        match finding {
            Finding::Fine { took } => Self::Fine { took: *took },
            Finding::NotOffered => Self::NotOffered,
            Finding::NoAnswer => Self::NoAnswer,
            Finding::SignedOut => Self::SignedOut,
            Finding::Stranger => Self::Stranger,
            Finding::Skipped => Self::Skipped,
            Finding::Lossy { lost } => Self::Lossy { percent: lost * 100.0 },
            Finding::Silent => Self::Silent,
        }
    }
}
