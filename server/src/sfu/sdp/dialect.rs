//! Which numbers a client uses for what. In a bundle a number means the same in every section, so what the server adds
//! has to use theirs, and only free ones for what they never named.
use super::{
    Codec, MediaKind,
    description::{Description, Direction},
    media::{Extension, Extensions, Feedback, Media, Payload},
};
use std::collections::{BTreeMap, BTreeSet};

/// What was heard from one client so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Dialect {
    /// Every payload type that was named, for whatever.
    numbers: BTreeSet<u8>,
    payloads: BTreeMap<Codec, Payload>,
    /// Every id that was named, for whatever.
    ids: BTreeSet<u8>,
    extensions: BTreeMap<Extension, u8>,
    /// What was understood of the first section of its kind that is in use: the next one will be like it.
    sound: Option<Media>,
    picture: Option<Media>,
}

impl Dialect {
    /// Hears an offer or an answer.
    pub(super) fn learn(&mut self, description: &Description) {
        for section in &description.sections {
            for offered in &section.codecs {
                self.numbers.insert(offered.number);
            }
            for extension in &section.extensions {
                let Ok(id) = u8::try_from(extension.id) else { continue };
                self.ids.insert(id);
                if let (Some(known), 1..15) = (Extension::of_uri(&extension.uri), id) {
                    self.extensions.entry(known).or_insert(id);
                }
            }
            let Some(common) = Media::common(section, true) else { continue };
            for payload in &common.payloads {
                self.payloads.entry(payload.codec).or_insert_with(|| payload.clone());
            }
            let heard = if section.kind == MediaKind::Sound { &mut self.sound } else { &mut self.picture };
            heard.get_or_insert(common);
        }
    }

    /// What a new section of ours is to have, in which only the server sends.
    pub(super) fn slot(&mut self, kind: MediaKind) -> Media {
        let heard = if kind == MediaKind::Sound { &self.sound } else { &self.picture }.clone();
        let codecs = match (kind, &heard) {
            // Only what they can: a codec that nobody knows would be asked for in each section.
            (_, Some(media)) => media.payloads.iter().map(|payload| payload.codec).collect(),
            (MediaKind::Sound, None) => vec![Codec::Opus],
            (_, None) => vec![Codec::Vp8, Codec::H264],
        };
        let payloads = codecs.into_iter().filter_map(|codec| self.payload(codec)).collect();
        let is_picture = kind == MediaKind::Picture;
        let own = if is_picture { Extension::Orientation } else { Extension::AudioLevel };
        // Numbers of the path are the rule; who does not know them says so.
        let (time, feedback) = match &heard {
            Some(media) if !media.feedback.transport_numbers => (Extension::SendTime, media.feedback),
            _ => (Extension::TransportNumber, Feedback { transport_numbers: true, ..Feedback::default() }),
        };
        let mut extensions = Extensions::default();
        for extension in [Extension::Mid, own, time] {
            // What they did not name beside its like, they do not know.
            let is_unknown = heard.is_some() && !self.extensions.contains_key(&extension);
            if let (false, Some(id)) = (is_unknown, self.id(extension)) {
                extensions.add(extension, id, Direction::BOTH);
            }
        }
        let feedback = Feedback {
            transport_numbers: feedback.transport_numbers && extensions.id(time).is_some(),
            lost: is_picture,
            picture_loss: is_picture,
            full_picture: is_picture,
            bitrate: feedback.bitrate,
        };
        Media { payloads, extensions, feedback, has_small_reports: true }
    }

    fn payload(&mut self, codec: Codec) -> Option<Payload> {
        if let Some(known) = self.payloads.get(&codec) {
            return Some(known.clone());
        }
        let usual = codec.usual();
        // RFC 3551 and RFC 5761: 96 to 127 are free for all, 35 to 63 when those are gone.
        let number = std::iter::once(usual.number)
            .chain(96..=127)
            .chain(35..=63)
            .find(|number| !self.numbers.contains(number))?;
        let payload = Payload { number, ..usual };
        self.numbers.insert(number);
        self.payloads.insert(codec, payload.clone());
        Some(payload)
    }

    fn id(&mut self, extension: Extension) -> Option<u8> {
        if let Some(id) = self.extensions.get(&extension) {
            return Some(*id);
        }
        let id = (1..15).find(|id| !self.ids.contains(id))?;
        self.ids.insert(id);
        self.extensions.insert(extension, id);
        Some(id)
    }
}
