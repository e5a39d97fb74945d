//! A media section as it was agreed on, with what it is for.
use super::{
    Kind, MediaKind, Mid, SlotId,
    description::{Direction, Section},
    media::{Media, Streams},
    negotiated::Refusal,
};

/// A place in the order of sections. It stays when what was in it is over.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) kind: MediaKind,
    pub(super) kind_word: String,
    pub(super) mid: Mid,
    pub(super) protocol: String,
    pub(super) first_format: String,
    /// What both agreed on; none if the section is refused or over.
    pub(super) media: Option<Media>,
    /// What the client sends in it; stays while it does not send for a while.
    pub(super) source: Option<Kind>,
    pub(super) streams: Streams,
    /// What the client said last that it does.
    pub(super) client: Direction,
    /// What the server sends in it.
    pub(super) ours: Option<Ours>,
    /// Whether the server said last that it sends.
    pub(super) said_to_send: bool,
}

/// Half of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ours {
    pub(super) slot: SlotId,
    pub(super) ssrc: u32,
}

const NOTHING: Direction = Direction { sends: false, receives: false };

impl Place {
    /// One that a client begins.
    pub(super) fn of(section: &Section) -> Self {
        Self {
            kind: section.kind,
            kind_word: section.kind_word.clone(),
            mid: section.mid.clone(),
            protocol: section.protocol.clone(),
            first_format: section.first_format.clone(),
            media: None,
            source: None,
            streams: Streams::default(),
            client: NOTHING,
            ours: None,
            said_to_send: false,
        }
    }

    /// One that the server begins.
    pub(super) fn of_slot(kind: MediaKind, mid: Mid, media: Media, ours: Ours) -> Self {
        let number = media.payloads.first().map_or(0, |payload| payload.number);
        Self {
            kind,
            kind_word: if kind == MediaKind::Sound { "audio" } else { "video" }.to_owned(),
            mid,
            protocol: "UDP/TLS/RTP/SAVPF".to_owned(),
            first_format: number.to_string(),
            media: Some(media),
            source: None,
            streams: Streams::default(),
            client: NOTHING,
            ours: Some(ours),
            said_to_send: false,
        }
    }

    /// Takes what a client offers in it.
    pub(super) fn offered(&mut self, section: &Section) -> Result<(), Refusal> {
        // What can be refused keeps its words: they are repeated in the answer.
        self.protocol.clone_from(&section.protocol);
        self.first_format.clone_from(&section.first_format);
        let media = match section.kind {
            _ if section.is_refused => Ok(None),
            MediaKind::Other => Err(Refusal::NotMedia),
            _ if !is_secure(&section.protocol) => Err(Refusal::Protocol),
            MediaKind::Sound | MediaKind::Picture => {
                Media::common(section, self.ours.is_some()).map(Some).ok_or(Refusal::NoCodec)
            }
        };
        match media {
            Ok(Some(media)) => {
                self.agree(media, section);
                Ok(())
            }
            Ok(None) => {
                self.end();
                Ok(())
            }
            Err(why) => {
                self.end();
                Err(why)
            }
        }
    }

    /// Takes what a client answers to it.
    pub(super) fn answered(&mut self, section: &Section) {
        let left = self.media.as_ref().filter(|_| !section.is_refused);
        match left.and_then(|media| media.answered(section)) {
            Some(media) => self.agree(media, section),
            None => self.end(),
        }
    }

    fn agree(&mut self, mut media: Media, section: &Section) {
        self.client = section.direction;
        // A client that does not send now says no layers, and will mean the same ones when it sends again.
        if section.direction.sends {
            self.streams = Streams::of(section, &media.extensions);
        }
        if self.streams.layers.is_empty() {
            media.extensions.keep(|extension, _| extension != super::Extension::Rid);
        }
        self.media = Some(media);
    }

    /// Whatever was in it is over; the place remains.
    fn end(&mut self) {
        self.media = None;
        self.source = None;
        self.streams = Streams::default();
        self.client = NOTHING;
    }
}

/// RTP in SRTP by keys from DTLS, with feedback or without, in the spellings of JSEP, section 5.1.2.
fn is_secure(protocol: &str) -> bool {
    let known = ["UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVP"];
    known.contains(&protocol) || matches!(protocol, "RTP/SAVPF" | "RTP/SAVP")
}
