//! What the server understands of media: which codecs, which header extensions, which feedback.
use super::{
    Codec,
    description::{Direction, Layer, OfferedCodec, Section},
};
use std::collections::BTreeMap;

/// More sizes of one picture are of no use to anybody.
pub const MOST_LAYERS: usize = 3;

/// What a media section carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// `audio`.
    Sound,
    /// `video`.
    Picture,
    /// `application` and whatever comes: not for us.
    Other,
}

/// A codec under the number that packets have for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The payload type.
    pub number: u8,
    /// What it is.
    pub codec: Codec,
    /// What is said of it in `a=fmtp`.
    pub parameters: String,
}

/// A header extension that the server reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extension {
    /// Which media section: RFC 8843.
    Mid,
    /// Which layer: RFC 8852.
    Rid,
    /// How loud: RFC 6464.
    AudioLevel,
    /// A number for each packet of a path, for its congestion control.
    TransportNumber,
    /// When it was sent; only where there are no such numbers.
    SendTime,
    /// How a picture is to be turned.
    Orientation,
}

/// The ids of header extensions in one section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extensions(BTreeMap<Extension, (u8, Direction)>);

/// What a receiver may say about a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Feedback {
    /// Numbers of the path: `transport-cc`.
    pub transport_numbers: bool,
    /// A bitrate: `goog-remb`; only where there are no such numbers.
    pub bitrate: bool,
    /// What is lost: `nack`.
    pub lost: bool,
    /// That the picture is spoilt: `nack pli`.
    pub picture_loss: bool,
    /// That somebody new looks: `ccm fir`.
    pub full_picture: bool,
}

/// What both sides agreed on in one section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Media {
    /// What packets may carry; the first is what a client sends.
    pub payloads: Vec<Payload>,
    /// What packets carry beside it.
    pub extensions: Extensions,
    /// What is told about packets.
    pub feedback: Feedback,
    /// Reports may be smaller than RFC 3550 has them.
    pub has_small_reports: bool,
}

/// How the streams of a section that the client sends are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Streams {
    /// Layers by name, in the order of the offer. If there are none, it is one stream, or layers by number.
    pub layers: Vec<Layer>,
    /// Streams by number, if they were said: one, or a layer each. Without names, several are layers.
    pub ssrcs: Vec<u32>,
}

const EXTENSIONS: [(Extension, &str); 6] = [
    (Extension::Mid, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    (Extension::Rid, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
    (Extension::AudioLevel, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    (Extension::TransportNumber, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    (Extension::SendTime, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
    (Extension::Orientation, "urn:3gpp:video-orientation"),
];

impl Extension {
    /// What it is called in descriptions.
    pub fn uri(self) -> &'static str {
        EXTENSIONS.iter().find(|(known, _)| *known == self).expect("all of them are in the table").1
    }

    pub(super) fn of_uri(uri: &str) -> Option<Self> {
        EXTENSIONS.iter().find(|(_, known)| *known == uri).map(|(extension, _)| *extension)
    }
}

impl Extensions {
    /// The id of one.
    pub fn id(&self, extension: Extension) -> Option<u8> {
        self.0.get(&extension).map(|(id, _)| *id)
    }

    /// Which one has that id.
    pub fn of_id(&self, id: u8) -> Option<Extension> {
        self.0.iter().find(|(_, (known, _))| *known == id).map(|(extension, _)| *extension)
    }

    /// All of them, with their ids and who writes them, seen from the server.
    pub fn iter(&self) -> impl Iterator<Item = (Extension, u8, Direction)> {
        self.0.iter().map(|(extension, (id, direction))| (*extension, *id, *direction))
    }

    pub(super) fn add(&mut self, extension: Extension, id: u8, direction: Direction) {
        self.0.insert(extension, (id, direction));
    }

    pub(super) fn keep(&mut self, is_kept: impl Fn(Extension, u8) -> bool) {
        self.0.retain(|extension, (id, _)| is_kept(*extension, *id));
    }
}

impl Codec {
    /// Which one this is, if it is one of ours.
    pub(super) fn of(offered: &OfferedCodec) -> Option<Self> {
        match (offered.name.as_str(), offered.clock) {
            ("opus", 48000) if offered.channels == 2 => Some(Self::Opus),
            ("vp8", 90000) => Some(Self::Vp8),
            // The other packetisation mode cannot carry a frame that is larger than a packet.
            ("h264", 90000)
                if offered.parameter("packetization-mode") == Some("1")
                    && offered.parameter("profile-level-id").is_some_and(is_constrained_baseline) =>
            {
                Some(Self::H264)
            }
            _ => None,
        }
    }

    /// As `a=rtpmap` has it.
    pub(super) fn map(self) -> &'static str {
        match self {
            Self::Opus => "opus/48000/2",
            Self::Vp8 => "VP8/90000",
            Self::H264 => "H264/90000",
        }
    }

    pub(super) fn kind(self) -> MediaKind {
        match self {
            Self::Opus => MediaKind::Sound,
            Self::Vp8 | Self::H264 => MediaKind::Picture,
        }
    }

    /// What is said of it where a client said nothing yet.
    pub(super) fn usual(self) -> Payload {
        let (number, parameters) = match self {
            Self::Opus => (111, OPUS.to_owned()),
            Self::Vp8 => (96, String::new()),
            Self::H264 => (102, h264("42e01f")),
        };
        Payload { number, codec: self, parameters }
    }
}

/// RFC 6184, table 5: 42, and the second bit of the flags. 42e0 is what all write who have it.
fn is_constrained_baseline(profile: &str) -> bool {
    let byte = |range| profile.get(range).and_then(|two| u8::from_str_radix(two, 16).ok());
    profile.len() == 6
        && profile.bytes().all(|byte| byte.is_ascii_hexdigit())
        && byte(0..2) == Some(0x42)
        && byte(2..4).is_some_and(|flags| flags & 0x40 != 0)
}

/// Repairs inside of the stream are wanted: the server makes none of sound.
const OPUS: &str = "minptime=10;useinbandfec=1";

fn h264(profile: &str) -> String {
    format!("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}")
}

impl Payload {
    /// One of a client, with what we say of it.
    pub(super) fn of(offered: &OfferedCodec) -> Option<Self> {
        let codec = Codec::of(offered)?;
        let parameters = match codec {
            // Who would like to be silent while nothing is said may be.
            Codec::Opus if offered.parameter("usedtx") == Some("1") => format!("{OPUS};usedtx=1"),
            Codec::Opus => OPUS.to_owned(),
            Codec::Vp8 => String::new(),
            Codec::H264 => h264(offered.parameter("profile-level-id").unwrap_or("42e01f")),
        };
        Some(Self { number: offered.number, codec, parameters })
    }
}

impl Media {
    /// What the server and a client have in common in one section; none if there is nothing to send it by. `is_slot`
    /// says that the server sends in it: then each codec of a publisher has to fit, not only the one that is liked best.
    pub(super) fn common(section: &Section, is_slot: bool) -> Option<Self> {
        let mut payloads = Vec::<Payload>::new();
        for payload in section.codecs.iter().filter_map(Payload::of) {
            let is_new = payloads.iter().all(|known| known.codec != payload.codec);
            if payload.codec.kind() == section.kind && is_new {
                payloads.push(payload);
            }
        }
        payloads.sort_by_key(|payload| payload.codec);
        if !is_slot {
            payloads.truncate(1);
        }
        let numbers: Vec<u8> = payloads.iter().map(|payload| payload.number).collect();
        let says = |what: &str| {
            let used = section.codecs.iter().filter(|codec| numbers.contains(&codec.number));
            let mut said = used.map(|codec| codec.feedback.iter().any(|feedback| feedback == what));
            said.next().is_some_and(|first| first && said.all(|next| next))
        };
        let mut extensions = Extensions::default();
        for offered in &section.extensions {
            let (Some(extension), Ok(id)) = (Extension::of_uri(&offered.uri), u8::try_from(offered.id))
            else {
                continue;
            };
            // Larger ids need longer heads, which we do not write: `a=extmap-allow-mixed` is not answered.
            let fits = id < 15
                && match extension {
                    Extension::Rid => !section.layers.is_empty(),
                    Extension::AudioLevel => section.kind == MediaKind::Sound,
                    Extension::Orientation => section.kind == MediaKind::Picture,
                    Extension::Mid | Extension::TransportNumber | Extension::SendTime => true,
                };
            if fits && offered.direction != (Direction { sends: false, receives: false }) {
                extensions.add(extension, id, offered.direction.turned());
            }
        }
        let has_numbers = says("transport-cc") && extensions.id(Extension::TransportNumber).is_some();
        extensions.keep(|extension, _| match extension {
            Extension::TransportNumber => has_numbers,
            Extension::SendTime => !has_numbers,
            _ => true,
        });
        let is_picture = section.kind == MediaKind::Picture;
        let feedback = Feedback {
            transport_numbers: has_numbers,
            bitrate: !has_numbers && says("goog-remb") && extensions.id(Extension::SendTime).is_some(),
            lost: is_picture && says("nack"),
            picture_loss: is_picture && says("nack pli"),
            full_picture: is_picture && says("ccm fir"),
        };
        let has_small_reports = section.has_small_reports;
        (!payloads.is_empty()).then_some(Self { payloads, extensions, feedback, has_small_reports })
    }

    /// What is left of what we offered after an answer; none if nothing is.
    pub(super) fn answered(&self, section: &Section) -> Option<Self> {
        let theirs = Self::common(section, true)?;
        let mut left = self.clone();
        left.payloads.retain(|ours| {
            theirs.payloads.iter().any(|theirs| (theirs.number, theirs.codec) == (ours.number, ours.codec))
        });
        left.extensions.keep(|extension, id| theirs.extensions.id(extension) == Some(id));
        let (ours, theirs) = (self.feedback, theirs.feedback);
        left.feedback = Feedback {
            transport_numbers: ours.transport_numbers && theirs.transport_numbers,
            bitrate: ours.bitrate && theirs.bitrate,
            lost: ours.lost && theirs.lost,
            picture_loss: ours.picture_loss && theirs.picture_loss,
            full_picture: ours.full_picture && theirs.full_picture,
        };
        left.has_small_reports &= section.has_small_reports;
        (!left.payloads.is_empty()).then_some(left)
    }
}

impl Streams {
    /// Those that a client sends in a section.
    pub(super) fn of(section: &Section, extensions: &Extensions) -> Self {
        // Names that packets cannot carry name nothing.
        let are_named = extensions.id(Extension::Rid).is_some() && extensions.id(Extension::Mid).is_some();
        let mut layers = if are_named { section.layers.clone() } else { Vec::new() };
        layers.truncate(MOST_LAYERS);
        let mut ssrcs = section.ssrcs.clone();
        let are_layers = section.is_ssrc_simulcast && section.kind == MediaKind::Picture;
        ssrcs.truncate(match layers.len() {
            0 if are_layers => MOST_LAYERS,
            0 => 1,
            layers => layers,
        });
        Self { layers, ssrcs }
    }
}
