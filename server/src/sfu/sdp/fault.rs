//! What can be wrong with what a client says. It is theirs to make right, so each is a sentence that says how.
use super::{
    Mid,
    lines::{LONGEST, LONGEST_LINE, MOST_ATTRIBUTES, MOST_SECTIONS},
};
use thiserror::Error;

/// Why a description of a client is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadDescription {
    /// More text than any client has a reason for.
    #[error("a description has to be shorter than {LONGEST} bytes")]
    TooLong,
    /// Not a line of a description.
    #[error(
        "line {line} of the description has to be `x=…` without control characters, {LONGEST_LINE} bytes at most"
    )]
    Line {
        /// The first is 1.
        line: usize,
    },
    /// What has to come before the first m-line.
    #[error("a description has to begin with `v=0` and hold `o=`, `s=` and `t=`")]
    Head,
    /// None, or more than anybody has a reason for.
    #[error("a description has to hold between 1 and {MOST_SECTIONS} media sections")]
    Sections,
    /// More attributes than anybody has a reason for.
    #[error("a media section has to hold at most {MOST_ATTRIBUTES} attributes")]
    TooManyAttributes,
    /// One of its media sections.
    #[error("media section {index} (the first is 0) {fault}")]
    Section {
        /// Which.
        index: usize,
        /// What is wrong with it.
        fault: BadSection,
    },
    /// Every section has port 0.
    #[error("a description has to hold a media section whose port is not 0")]
    NothingInUse,
    /// The server has one path for all.
    #[error(
        "a description has to hold `a=group:BUNDLE` with all media sections in use (bundlePolicy does not matter)"
    )]
    Bundle,
    /// ICE's name and password.
    #[error("a description has to hold `a=ice-ufrag` and `a=ice-pwd` of the lengths of RFC 8839")]
    Credentials,
    /// Two that only answer checks never meet.
    #[error("a client has to make checks itself: `a=ice-lite` is the server's part")]
    Lite,
    /// Whose certificate it is.
    #[error("a description has to hold `a=fingerprint` of its certificate by sha-256, sha-384 or sha-512")]
    Fingerprint,
    /// Who begins DTLS.
    #[error("a description has to hold `a=setup:actpass`, `active` or `passive`")]
    Setup,
}

/// What is wrong with a media section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadSection {
    /// `m=`.
    #[error("has to name its kind, port, protocol and formats in the m-line, with one space between them")]
    MediaLine,
    /// Its name.
    #[error("has to have an `a=mid` of its own, of 1 to 16 characters without spaces")]
    Mid,
    /// RTP and RTCP on one port.
    #[error("has to hold `a=rtcp-mux`: the server has one port for RTP and RTCP")]
    Mux,
    /// `a=rtpmap`, or a number in the m-line.
    #[error(
        "has to name each payload type once in its m-line, below 128, and describe it by `a=rtpmap:<number> <name>/<clock>`"
    )]
    Payload,
    /// `a=extmap`.
    #[error("has to give each header extension an id of its own from 1 to 255, or 4096 to 4351")]
    Extension,
    /// `a=ssrc`, `a=ssrc-group`.
    #[error("has to name streams by numbers of 32 bits that are not 0, at most 64 of them")]
    Stream,
    /// `a=rid`, `a=simulcast`.
    #[error("has to name layers by `a=rid:<1 to 16 letters, digits, - or _> send`, at most 16 of them")]
    Layer,
}

/// Why an offer or an answer does not fit what was agreed on before.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NegotiationError {
    /// It cannot be read.
    #[error(transparent)]
    Bad(#[from] BadDescription),
    /// The server's offer is not answered yet: theirs crossed it.
    #[error("the server made an offer: answer it first, then offer again")]
    Crossed,
    /// An answer to nothing.
    #[error("there is no offer of the server that this could answer")]
    Unasked,
    /// Sections are told apart by their places.
    #[error(
        "media section {index} (the first is 0) has to be `{mid}` as before: sections keep their order, kind and name, also after their end"
    )]
    Order {
        /// Which.
        index: usize,
        /// What it was.
        mid: Mid,
    },
    /// DTLS is not begun again.
    #[error("the certificate of a connection stays the same: make a new connection instead")]
    Certificate,
    /// DTLS is not begun again.
    #[error("who begins DTLS stays the same for the whole connection: offer `a=setup:actpass`")]
    Role,
    /// Only an offer starts ICE again.
    #[error("an answer has to have the ICE credentials of before: only an offer starts ICE again")]
    Credentials,
}
