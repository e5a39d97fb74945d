//! A description of a client as types: checked, bounded, and nothing decided yet.
use super::{
    BadDescription, BadSection, Credentials, MediaKind, Mid,
    lines::{Attribute, Attributes, Lines, RawSection},
};
use calls_rtp::handshake::Fingerprint;
use std::collections::BTreeSet;

/// An offer or an answer, as it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// ICE's name and password.
    pub credentials: Credentials,
    /// Whose certificate they have.
    pub fingerprint: Fingerprint,
    /// Who begins DTLS.
    pub setup: Setup,
    /// `a=ice-options`, word by word.
    pub ice_options: Vec<String>,
    /// In their order, those of port 0 too.
    pub sections: Vec<Section>,
}

/// Who begins DTLS, as it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// Whoever says it begins.
    Active,
    /// The other one begins.
    Passive,
    /// The other one chooses.
    ActPass,
}

/// Which way media goes, seen from who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Direction {
    /// From who says it.
    pub sends: bool,
    /// To who says it.
    pub receives: bool,
}

/// A media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it carries.
    pub kind: MediaKind,
    /// The word for it in the m-line.
    pub kind_word: String,
    /// Its name.
    pub mid: Mid,
    /// Port 0: it is over, or never began.
    pub is_refused: bool,
    /// `UDP/TLS/RTP/SAVPF` and the like.
    pub protocol: String,
    /// The first format of the m-line, as it stands there.
    pub first_format: String,
    /// Who sends.
    pub direction: Direction,
    /// What can be sent, what is liked best first.
    pub codecs: Vec<OfferedCodec>,
    /// What packets may carry beside their payload.
    pub extensions: Vec<OfferedExtension>,
    /// Reports may be smaller than RFC 3550 has them.
    pub has_small_reports: bool,
    /// The names of the stream and of the track.
    pub msid: Option<(String, String)>,
    /// What the picture shows: `slides` is a screen.
    pub content: Option<String>,
    /// Streams by number, without those for repairs: the layers of a picture in their order, if it has some.
    pub ssrcs: Vec<u32>,
    /// Whether the numbers are layers of one picture (`a=ssrc-group:SIM`).
    pub is_ssrc_simulcast: bool,
    /// The layers that are sent of one picture, by name, in the order of `a=simulcast:send`.
    pub layers: Vec<Layer>,
}

/// One way to encode, as offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCodec {
    /// The payload type.
    pub number: u8,
    /// In small letters.
    pub name: String,
    /// Of time stamps, a second.
    pub clock: u32,
    /// Of sound; 1 if it is not said.
    pub channels: u8,
    /// `a=fmtp`.
    pub parameters: String,
    /// `a=rtcp-fb`, one each.
    pub feedback: Vec<String>,
}

/// A header extension, as offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedExtension {
    /// What names it in a packet.
    pub id: u16,
    /// What it is.
    pub uri: String,
    /// Who writes it.
    pub direction: Direction,
}

/// A layer of a picture that is sent in several sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name, as the header extension carries it.
    pub rid: String,
    /// It is not sent for the moment.
    pub is_paused: bool,
}

impl Direction {
    /// `sendrecv`.
    pub const BOTH: Self = Self { sends: true, receives: true };

    pub(super) fn of(word: &str) -> Option<Self> {
        let (sends, receives) = match word {
            "sendrecv" => (true, true),
            "sendonly" => (true, false),
            "recvonly" => (false, true),
            "inactive" => (false, false),
            _ => return None,
        };
        Some(Self { sends, receives })
    }

    /// As it is said.
    pub fn word(self) -> &'static str {
        match (self.sends, self.receives) {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            (false, false) => "inactive",
        }
    }

    /// The same, seen from the other side.
    #[must_use]
    pub fn turned(self) -> Self {
        Self { sends: self.receives, receives: self.sends }
    }
}

impl OfferedCodec {
    /// A parameter of `a=fmtp`; of `rtx`, `apt` is what it repeats.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.split(';').find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Description {
    /// Reads an offer or an answer.
    pub fn parse(text: &str) -> Result<Self, BadDescription> {
        let Lines { head, sections: raw } = Lines::read(text)?;
        let mut sections = Vec::with_capacity(raw.len());
        for (index, section) in raw.iter().enumerate() {
            let read = Section::read(section, &head);
            sections.push(read.map_err(|fault| BadDescription::Section { index, fault })?);
        }
        let mut mids = BTreeSet::new();
        if let Some(index) = sections.iter().position(|section| !mids.insert(&section.mid)) {
            return Err(BadDescription::Section { index, fault: BadSection::Mid });
        }
        let bundle = bundle(&head, &sections)?;
        // RFC 8843: what is said of the path in the first section of the bundle is said for all.
        let said = |name: &str| raw[bundle].attributes.first(name).or_else(|| head.first(name));
        if head.has("ice-lite") {
            return Err(BadDescription::Lite);
        }
        let credentials = match (said("ice-ufrag"), said("ice-pwd")) {
            (Some(ufrag), Some(pwd)) => Credentials::checked(ufrag, pwd),
            _ => None,
        };
        let fingerprint = [&raw[bundle].attributes, &head]
            .into_iter()
            .find_map(|attributes| attributes.all("fingerprint").find_map(|said| said.parse().ok()));
        let setup = match said("setup") {
            Some("active") => Setup::Active,
            Some("passive") => Setup::Passive,
            Some("actpass") => Setup::ActPass,
            _ => return Err(BadDescription::Setup),
        };
        let options = said("ice-options").unwrap_or_default();
        Ok(Self {
            credentials: credentials.ok_or(BadDescription::Credentials)?,
            fingerprint: fingerprint.ok_or(BadDescription::Fingerprint)?,
            setup,
            ice_options: options.split_ascii_whitespace().map(str::to_owned).collect(),
            sections,
        })
    }
}

/// The place of the section that speaks for all: the first of the bundle that is in use.
fn bundle(head: &Attributes<'_>, sections: &[Section]) -> Result<usize, BadDescription> {
    let group = head.all("group").find_map(|group| group.strip_prefix("BUNDLE"));
    let mids: Vec<&str> = group.unwrap_or_default().split_ascii_whitespace().collect();
    let mut in_use = sections.iter().filter(|section| !section.is_refused).peekable();
    if in_use.peek().is_none() {
        return Err(BadDescription::NothingInUse);
    }
    if !in_use.all(|section| mids.contains(&section.mid.as_str())) {
        return Err(BadDescription::Bundle);
    }
    let place =
        |mid: &&str| sections.iter().position(|section| !section.is_refused && section.mid.as_str() == *mid);
    mids.iter().find_map(place).ok_or(BadDescription::Bundle)
}

impl Section {
    fn read(raw: &RawSection<'_>, head: &Attributes<'_>) -> Result<Self, BadSection> {
        let attributes = &raw.attributes;
        let kind = match raw.kind {
            "audio" => MediaKind::Sound,
            "video" => MediaKind::Picture,
            _ => MediaKind::Other,
        };
        // A section that is only there as a part of a bundle has port 0 and is in use all the same.
        let is_refused = raw.port == 0 && !attributes.has("bundle-only");
        let of = |Attribute { name, .. }: Attribute<'_>| Direction::of(name);
        let direction = attributes.last(of).or_else(|| head.last(of)).unwrap_or(Direction::BOTH);
        let mut section = Self {
            kind,
            kind_word: raw.kind.to_owned(),
            mid: attributes.first("mid").and_then(Mid::checked).ok_or(BadSection::Mid)?,
            is_refused,
            protocol: raw.protocol.to_owned(),
            first_format: raw.formats[0].to_owned(),
            direction,
            codecs: Vec::new(),
            extensions: Vec::new(),
            has_small_reports: attributes.has("rtcp-rsize"),
            msid: attributes.first("msid").map(msid),
            content: attributes.first("content").map(str::to_owned),
            ssrcs: Vec::new(),
            is_ssrc_simulcast: false,
            layers: Vec::new(),
        };
        // What is not in use, or not of media, keeps its place and is not looked into.
        if is_refused || kind == MediaKind::Other || !raw.protocol.contains("RTP/") {
            return Ok(section);
        }
        if !attributes.has("rtcp-mux") {
            return Err(BadSection::Mux);
        }
        section.codecs = codecs(raw)?;
        section.extensions = extensions(attributes, head)?;
        (section.ssrcs, section.is_ssrc_simulcast) = ssrcs(attributes)?;
        section.layers = layers(attributes)?;
        Ok(section)
    }
}

fn msid(value: &str) -> (String, String) {
    let (stream, track) = value.split_once(' ').unwrap_or((value, ""));
    (stream.to_owned(), track.to_owned())
}

fn codecs(raw: &RawSection<'_>) -> Result<Vec<OfferedCodec>, BadSection> {
    let bad = BadSection::Payload;
    let about = |name: &'static str| {
        raw.attributes.all(name).filter_map(|value| {
            let (number, said) = value.split_once(' ')?;
            Some((number, said.trim()))
        })
    };
    let mut codecs = Vec::<OfferedCodec>::new();
    for format in &raw.formats {
        let number = format.parse().ok().filter(|number| *number < 128).ok_or(bad)?;
        if codecs.iter().any(|known| known.number == number) {
            return Err(bad);
        }
        let of = |name: &'static str| {
            about(name).filter(move |(of, _)| of == format || *of == "*").map(|(_, said)| said)
        };
        // RFC 3551 knows numbers without names; they are none that we have a use for.
        let (name, clock, channels) = match of("rtpmap").next() {
            Some(map) => {
                let mut parts = map.split('/');
                let name = parts.next().unwrap_or_default().to_ascii_lowercase();
                let clock = parts.next().and_then(|clock| clock.parse().ok()).ok_or(bad)?;
                let channels = parts.next().map_or(Ok(1), str::parse).map_err(|_| bad)?;
                (name, clock, channels)
            }
            None => (String::new(), 0, 1),
        };
        codecs.push(OfferedCodec {
            number,
            name,
            clock,
            channels,
            parameters: of("fmtp").next().unwrap_or_default().to_owned(),
            feedback: of("rtcp-fb").map(str::to_owned).collect(),
        });
    }
    Ok(codecs)
}

fn extensions(
    attributes: &Attributes<'_>,
    head: &Attributes<'_>,
) -> Result<Vec<OfferedExtension>, BadSection> {
    let bad = BadSection::Extension;
    let mut all = Vec::<OfferedExtension>::new();
    for value in attributes.all("extmap").chain(head.all("extmap")) {
        let (id, rest) = value.split_once(' ').ok_or(bad)?;
        let (id, direction) = id
            .split_once('/')
            .map_or((id, Some(Direction::BOTH)), |(id, direction)| (id, Direction::of(direction)));
        let (id, direction) = (id.parse().map_err(|_| bad)?, direction.ok_or(bad)?);
        let uri = rest.split(' ').next().unwrap_or_default();
        let is_named_again = all.iter().any(|known| known.id == id && known.uri != uri);
        if !matches!(id, 1..=255 | 4096..=4351) || is_named_again {
            return Err(bad);
        }
        // The same again says nothing new, and of two ids for one thing the first is as good.
        if all.iter().all(|known| known.uri != uri) {
            all.push(OfferedExtension { id, uri: uri.to_owned(), direction });
        }
    }
    Ok(all)
}

/// Streams without those for repairs, and whether they are layers.
fn ssrcs(attributes: &Attributes<'_>) -> Result<(Vec<u32>, bool), BadSection> {
    let bad = BadSection::Stream;
    let number = |word: &str| word.parse::<u32>().ok().filter(|ssrc| *ssrc != 0).ok_or(bad);
    let mut all = Vec::new();
    for value in attributes.all("ssrc") {
        let ssrc = number(value.split(' ').next().unwrap_or_default())?;
        if !all.contains(&ssrc) {
            all.push(ssrc);
        }
        if all.len() > 64 {
            return Err(bad);
        }
    }
    let mut layers = None;
    for group in attributes.all("ssrc-group") {
        let (meaning, members) = group.split_once(' ').ok_or(bad)?;
        let members = members.split_ascii_whitespace().map(number).collect::<Result<Vec<u32>, _>>()?;
        match meaning {
            // Repairs of the first, or forward correction for it.
            "FID" | "FEC-FR" => all.retain(|ssrc| !members.iter().skip(1).any(|repair| repair == ssrc)),
            "SIM" if members.len() <= 16 => layers = Some(members),
            _ => {}
        }
    }
    match layers {
        Some(mut layers) => {
            let mut seen = BTreeSet::new();
            layers.retain(|ssrc| all.contains(ssrc) && seen.insert(*ssrc));
            let are_several = layers.len() > 1;
            Ok((if are_several { layers } else { all }, are_several))
        }
        None => Ok((all, false)),
    }
}

/// RFC 8853: `a=simulcast:send l;~m;h,h2`. Of alternatives the first counts.
fn layers(attributes: &Attributes<'_>) -> Result<Vec<Layer>, BadSection> {
    let is_rid = |rid: &str| {
        (1..=16).contains(&rid.len())
            && rid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let mut sent = Vec::new();
    for value in attributes.all("rid") {
        let mut words = value.split(' ');
        let (rid, way) = (words.next().unwrap_or_default(), words.next());
        if !is_rid(rid) || sent.len() == 16 {
            return Err(BadSection::Layer);
        }
        if way == Some("send") {
            sent.push(rid);
        }
    }
    let words: Vec<&str> = attributes.first("simulcast").unwrap_or_default().split(' ').collect();
    let lists = words.chunks_exact(2).find(|pair| pair[0] == "send").map_or("", |pair| pair[1]);
    let mut layers = Vec::<Layer>::new();
    for list in lists.split(';') {
        let first = list.split(',').next().unwrap_or_default();
        let (rid, is_paused) = first.strip_prefix('~').map_or((first, false), |rid| (rid, true));
        if sent.contains(&rid) && layers.iter().all(|known| known.rid != rid) {
            layers.push(Layer { rid: rid.to_owned(), is_paused });
        }
    }
    Ok(layers)
}
