//! What came of an offer and an answer: all that the media path has to know.
use super::{Credentials, Kind, Media, Mid, Streams};
use calls_rtp::handshake::Fingerprint;
use thiserror::Error;

/// All that is agreed on with one client now; not only what changed, so that nothing has to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// By what the client signs its checks.
    pub client: Credentials,
    /// Whose certificate the client has.
    pub fingerprint: Fingerprint,
    /// By what the client's checks have to be signed.
    pub server: Credentials,
    /// What the server does in DTLS. The same for the whole connection.
    pub role: DtlsRole,
    /// The client began ICE again just now: `client` and `server` are new.
    pub is_restart: bool,
    /// What the client sends, in the order of sections.
    pub sends: Vec<Sent>,
    /// All slots, by their ids.
    pub slots: Vec<Slot>,
    /// What the client wanted and does not get.
    pub refused: Vec<Refused>,
}

/// What one side does in DTLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtlsRole {
    /// It begins: `a=setup:active`.
    Client,
    /// It waits: `a=setup:passive`.
    Server,
}

/// A section in which the client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it is.
    pub source: Kind,
    /// In which section.
    pub mid: Mid,
    /// It may send now. A picture that was stopped keeps its section, and comes back in it.
    pub is_on: bool,
    /// How.
    pub media: Media,
    /// By which streams its packets are told.
    pub streams: Streams,
}

/// The number of a slot, the same for the whole connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u16);

/// Room for one other person: what the server may send of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Which.
    pub id: SlotId,
    /// It was not given up. Whether the client agreed, its halves say.
    pub is_open: bool,
    /// None until the client agreed, and when it does not listen.
    pub sound: Option<SlotMedia>,
    /// None until the client agreed, when it does not look, and in a slot for a voice alone.
    pub picture: Option<SlotMedia>,
}

/// What the server may send in one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotMedia {
    /// In which section.
    pub mid: Mid,
    /// By which number of the stream.
    pub ssrc: u32,
    /// How: each codec of which a packet may be, under the number that it has to have.
    pub media: Media,
}

/// Something that the client wanted and does not get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// In which section.
    pub mid: Mid,
    /// Why.
    pub why: Refusal,
}

/// Why a section is not used, or what is sent in it not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Data channels and the like.
    #[error("the media server takes sound and pictures only")]
    NotMedia,
    /// No DTLS, no RTP.
    #[error("the media server takes `UDP/TLS/RTP/SAVPF` only")]
    Protocol,
    /// Nothing to send it by.
    #[error("the media server takes Opus, VP8, and H.264 in constrained baseline with packetization-mode 1")]
    NoCodec,
    /// One sound, a camera, a screen.
    #[error("the media server takes one sound and two pictures of each person")]
    TooMany,
}
