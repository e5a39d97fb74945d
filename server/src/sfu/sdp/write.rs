//! A description of the server as text.
use super::{
    Candidate, Credentials, MediaKind, SlotId,
    description::{Direction, Layer},
    media::Media,
    place::{Ours, Place},
};
use calls_rtp::handshake::Fingerprint;
use std::fmt::Write as _;

/// What is said before the first section, and of the path.
pub(super) struct Head<'a> {
    pub(super) session_id: u64,
    pub(super) version: u64,
    pub(super) credentials: &'a Credentials,
    pub(super) fingerprint: &'a Fingerprint,
    pub(super) candidates: &'a [Candidate],
    /// `actpass`, `active`, `passive`.
    pub(super) setup: &'static str,
}

/// Text that grows by lines.
struct Text(String);

impl Text {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        write!(self.0, "{line}\r\n").expect("a String takes every byte");
    }
}

macro_rules! line {
    ($text:expr, $($format:tt)*) => { $text.line(format_args!($($format)*)) };
}

/// A description of all sections; `direction` says of each what the server does in it.
pub(super) fn description(
    head: &Head<'_>,
    places: &[Place],
    direction: impl Fn(&Place) -> Direction,
) -> String {
    let mut text = Text(String::with_capacity(512 + 900 * places.len()));
    line!(text, "v=0");
    line!(text, "o=- {} {} IN IP4 127.0.0.1", head.session_id, head.version);
    line!(text, "s=-");
    line!(text, "c=IN IP4 0.0.0.0");
    line!(text, "t=0 0");
    let in_use: Vec<&str> =
        places.iter().filter(|place| place.media.is_some()).map(|place| place.mid.as_str()).collect();
    line!(text, "{}", format!("a=group:BUNDLE {}", in_use.join(" ")).trim_end());
    line!(text, "a=ice-lite");
    line!(text, "a=ice-options:trickle");
    // Said once for all sections: of fifty, it would be 10 KiB.
    line!(text, "a=ice-ufrag:{}", head.credentials.ufrag);
    line!(text, "a=ice-pwd:{}", head.credentials.pwd);
    line!(text, "a=fingerprint:{}", head.fingerprint);
    let tagged = places.iter().position(|place| place.media.is_some());
    for (index, place) in places.iter().enumerate() {
        match &place.media {
            Some(media) => {
                text.section(place, media, direction(place), head.setup);
                if tagged == Some(index) {
                    text.candidates(head.candidates);
                }
            }
            None => {
                line!(text, "m={} 0 {} {}", place.kind_word, place.protocol, place.first_format);
                line!(text, "a=mid:{}", place.mid);
            }
        }
    }
    text.0
}

impl Text {
    fn section(&mut self, place: &Place, media: &Media, direction: Direction, setup: &str) {
        let numbers: Vec<String> = media.payloads.iter().map(|payload| payload.number.to_string()).collect();
        line!(self, "m={} 9 {} {}", place.kind_word, place.protocol, numbers.join(" "));
        line!(self, "a=mid:{}", place.mid);
        line!(self, "a={}", direction.word());
        line!(self, "a=setup:{setup}");
        line!(self, "a=rtcp-mux");
        if media.has_small_reports {
            line!(self, "a=rtcp-rsize");
        }
        for (extension, id, way) in media.extensions.iter() {
            let way = if way == Direction::BOTH { String::new() } else { format!("/{}", way.word()) };
            line!(self, "a=extmap:{id}{way} {}", extension.uri());
        }
        for payload in &media.payloads {
            let number = payload.number;
            line!(self, "a=rtpmap:{number} {}", payload.codec.map());
            if !payload.parameters.is_empty() {
                line!(self, "a=fmtp:{number} {}", payload.parameters);
            }
            let feedback = media.feedback;
            for (is_there, word) in [
                (feedback.transport_numbers, "transport-cc"),
                (feedback.bitrate, "goog-remb"),
                (feedback.full_picture, "ccm fir"),
                (feedback.lost, "nack"),
                (feedback.picture_loss, "nack pli"),
            ] {
                if is_there {
                    line!(self, "a=rtcp-fb:{number} {word}");
                }
            }
        }
        if place.kind == MediaKind::Sound {
            // Longer packets lose more at once than can be hidden.
            line!(self, "a=ptime:20");
            line!(self, "a=maxptime:60");
        }
        if place.source.is_some() {
            self.layers(&place.streams.layers);
        }
        if let (true, Some(ours)) = (direction.sends, place.ours) {
            self.stream(ours, place.kind);
        }
    }

    fn layers(&mut self, layers: &[Layer]) {
        for layer in layers {
            line!(self, "a=rid:{} recv", layer.rid);
        }
        let rids: Vec<&str> = layers.iter().map(|layer| layer.rid.as_str()).collect();
        if !rids.is_empty() {
            line!(self, "a=simulcast:recv {}", rids.join(";"));
        }
    }

    /// Sound and picture of a slot are of one stream, so that browsers keep lips in step.
    fn stream(&mut self, Ours { slot: SlotId(slot), ssrc }: Ours, kind: MediaKind) {
        let track = if kind == MediaKind::Sound { "audio" } else { "video" };
        line!(self, "a=msid:slot-{slot} slot-{slot}-{track}");
        line!(self, "a=ssrc:{ssrc} cname:slot-{slot}");
    }

    fn candidates(&mut self, candidates: &[Candidate]) {
        for (index, candidate) in candidates.iter().enumerate() {
            line!(self, "a={}", candidate.attribute(index));
        }
        line!(self, "a=end-of-candidates");
    }
}
