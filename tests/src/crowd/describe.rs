//! Descriptions of a participant, written by hand: the offer, and answers to what the media server offers. And what the
//! server says, as far as a participant needs it.
use std::{collections::BTreeMap, fmt::Write as _, net::SocketAddr};

/// The numbers of header extensions, by our own choice: who offers first chooses.
pub(super) const LEVEL_ID: u8 = 1;
pub(super) const MID_ID: u8 = 3;
pub(super) const TRANSPORT_ID: u8 = 4;
pub(super) const RID_ID: u8 = 5;
/// The numbers of codecs.
pub(super) const OPUS: u8 = 111;
pub(super) const VP8: u8 = 96;
/// The sections of ours.
pub(super) const SOUND_MID: &str = "0";
pub(super) const PICTURE_MID: &str = "1";

/// The layers' names, the smallest first.
pub(super) const RIDS: [&str; 3] = ["l", "m", "h"];

/// What a participant describes.
#[derive(Debug, Clone)]
pub(super) struct Ours {
    /// ICE's name and password.
    pub(super) credentials: (String, String),
    /// `sha-256 AB:CD…`
    pub(super) fingerprint: String,
    /// The number of the sound; none: it only hears.
    pub(super) sound: Option<u32>,
    /// The numbers of the picture's layers; none: it only sees.
    pub(super) picture: Vec<u32>,
    /// Whether it knows pictures at all.
    pub(super) has_pictures: bool,
}

impl Ours {
    /// The first description.
    pub(super) fn offer(&self) -> String {
        let mut text = self.head("actpass", if self.has_pictures { "0 1" } else { "0" });
        text.push_str(&self.sound("actpass"));
        if self.has_pictures {
            text.push_str(&self.picture("actpass"));
        }
        text
    }

    /// An answer that agrees to everything.
    pub(super) fn answer(&self, offer: &Says) -> String {
        let in_use: Vec<&str> = offer
            .sections
            .iter()
            .filter(|section| !section.is_refused)
            .map(|section| section.mid.as_str())
            .collect();
        let mut text = self.head("active", &in_use.join(" "));
        for section in &offer.sections {
            match section.mid.as_str() {
                _ if section.is_refused => {
                    line(&mut text, format_args!("m={} 0 UDP/TLS/RTP/SAVPF {OPUS}", section.kind));
                    line(&mut text, format_args!("a=mid:{}", section.mid));
                }
                SOUND_MID => text.push_str(&self.sound("active")),
                PICTURE_MID => text.push_str(&self.picture("active")),
                _ => agree(&mut text, section),
            }
        }
        text
    }

    fn head(&self, setup: &str, bundle: &str) -> String {
        let (ufrag, pwd) = &self.credentials;
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {bundle}\r\na=ice-ufrag:{ufrag}\r\n\
             a=ice-pwd:{pwd}\r\na=fingerprint:{}\r\na=setup:{setup}\r\n",
            self.fingerprint
        )
    }

    fn sound(&self, setup: &str) -> String {
        let mut text = begin("audio", OPUS, SOUND_MID, setup);
        line(&mut text, format_args!("a={}", direction(self.sound.is_some())));
        for words in [
            "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
            "a=rtpmap:111 opus/48000/2",
            "a=fmtp:111 minptime=10;useinbandfec=1",
            "a=rtcp-fb:111 transport-cc",
        ] {
            line(&mut text, format_args!("{words}"));
        }
        if let Some(ssrc) = self.sound {
            line(&mut text, format_args!("a=ssrc:{ssrc} cname:crowd"));
        }
        text
    }

    fn picture(&self, setup: &str) -> String {
        let mut text = begin("video", VP8, PICTURE_MID, setup);
        line(&mut text, format_args!("a={}", direction(!self.picture.is_empty())));
        for words in [
            "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
            "a=rtpmap:96 VP8/90000",
            "a=rtcp-fb:96 transport-cc",
            "a=rtcp-fb:96 ccm fir",
            "a=rtcp-fb:96 nack",
            "a=rtcp-fb:96 nack pli",
        ] {
            line(&mut text, format_args!("{words}"));
        }
        match self.picture[..] {
            [] => {}
            [ssrc] => line(&mut text, format_args!("a=ssrc:{ssrc} cname:crowd")),
            _ => {
                line(&mut text, format_args!("a=extmap:5 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"));
                let rids = &RIDS[..self.picture.len().min(RIDS.len())];
                for rid in rids {
                    line(&mut text, format_args!("a=rid:{rid} send"));
                }
                line(&mut text, format_args!("a=simulcast:send {}", rids.join(";")));
            }
        }
        text
    }
}

fn direction(sends: bool) -> &'static str {
    // A slot of the first answer: two need no further offer.
    if sends { "sendrecv" } else { "recvonly" }
}

fn begin(kind: &str, number: u8, mid: &str, setup: &str) -> String {
    format!(
        "m={kind} 9 UDP/TLS/RTP/SAVPF {number}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=setup:{setup}\r\na=rtcp-mux\r\n\
         a=rtcp-rsize\r\n"
    )
}

/// A section in which only the server sends: all that it can, so can we.
fn agree(text: &mut String, section: &Section) {
    let numbers: Vec<String> = section.codecs.keys().map(u8::to_string).collect();
    line(text, format_args!("m={} 9 UDP/TLS/RTP/SAVPF {}", section.kind, numbers.join(" ")));
    line(text, format_args!("c=IN IP4 0.0.0.0"));
    line(text, format_args!("a=mid:{}", section.mid));
    line(text, format_args!("a={}", if section.sends { "recvonly" } else { "inactive" }));
    line(text, format_args!("a=setup:active\r\na=rtcp-mux\r\na=rtcp-rsize"));
    for words in &section.kept {
        line(text, format_args!("{words}"));
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{words}\r\n");
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Says {
    /// ICE's name and password.
    pub(super) credentials: (String, String),
    /// The hash's name and the digits.
    pub(super) fingerprint: (String, String),
    /// Where it is, by UDP.
    pub(super) addresses: Vec<SocketAddr>,
    /// In their order.
    pub(super) sections: Vec<Section>,
}

/// A section of what the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// `audio` or `video`.
    pub(super) kind: String,
    /// Its name.
    pub(super) mid: String,
    /// Port 0.
    pub(super) is_refused: bool,
    /// The server sends in it.
    pub(super) sends: bool,
    /// The number of what it sends.
    pub(super) ssrc: Option<u32>,
    /// Names of codecs by their numbers.
    pub(super) codecs: BTreeMap<u8, String>,
    /// Lines that an answer repeats.
    kept: Vec<String>,
}

impl Says {
    /// Reads a description of the server; nothing if something is missing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mut ufrag, mut pwd, mut fingerprint) = (None, None, None);
        let mut addresses = Vec::new();
        let mut sections: Vec<Section> = Vec::new();
        for line in text.lines() {
            if let Some(media) = line.strip_prefix("m=") {
                sections.push(Section::begun(media)?);
                continue;
            }
            let Some(said) = line.strip_prefix("a=") else { continue };
            let (name, value) = said.split_once(':').unwrap_or((said, ""));
            match name {
                "ice-ufrag" => ufrag = Some(value.to_owned()),
                "ice-pwd" => pwd = Some(value.to_owned()),
                "fingerprint" => {
                    let (hash, digits) = value.split_once(' ')?;
                    fingerprint = Some((hash.to_owned(), digits.to_owned()));
                }
                "candidate" => addresses.extend(udp_address(value)),
                _ => {}
            }
            if let Some(section) = sections.last_mut() {
                section.hear(line, name, value);
            }
        }
        Some(Self { credentials: (ufrag?, pwd?), fingerprint: fingerprint?, addresses, sections })
    }

    /// What the server sends, by number: in which section.
    pub(super) fn streams(&self) -> impl Iterator<Item = (u32, &Section)> {
        let sent = self.sections.iter().filter(|section| !section.is_refused && section.sends);
        sent.filter_map(|section| Some((section.ssrc?, section)))
    }
}

impl Section {
    fn begun(media: &str) -> Option<Self> {
        let mut words = media.split(' ');
        let (kind, port) = (words.next()?.to_owned(), words.next()?);
        Some(Self {
            kind,
            mid: String::new(),
            is_refused: port == "0",
            sends: true,
            ssrc: None,
            codecs: words.skip(1).filter_map(|number| Some((number.parse().ok()?, String::new()))).collect(),
            kept: Vec::new(),
        })
    }

    fn hear(&mut self, line: &str, name: &str, value: &str) {
        match name {
            "mid" => value.clone_into(&mut self.mid),
            "recvonly" | "inactive" => self.sends = false,
            "ssrc" => self.ssrc = value.split(' ').next().and_then(|ssrc| ssrc.parse().ok()).or(self.ssrc),
            "extmap" | "fmtp" | "rtcp-fb" => self.kept.push(line.to_owned()),
            "rtpmap" => {
                self.kept.push(line.to_owned());
                if let Some((number, codec)) = value.split_once(' ')
                    && let Some(known) =
                        number.parse().ok().and_then(|number: u8| self.codecs.get_mut(&number))
                {
                    codec.clone_into(known);
                }
            }
            _ => {}
        }
    }
}

/// `1 1 udp 2130706431 192.0.2.1 7000 typ host`
fn udp_address(candidate: &str) -> Option<SocketAddr> {
    let words: Vec<&str> = candidate.split(' ').collect();
    let is_udp = words.get(2)?.eq_ignore_ascii_case("udp");
    let address = SocketAddr::new(words.get(4)?.parse().ok()?, words.get(5)?.parse().ok()?);
    is_udp.then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_rtp::handshake::{Fingerprint, Hash};
    use calls_server::sfu::sdp::{Candidate, Codec, Credentials, Extension, Kind, Local, Session};

    fn ours() -> Ours {
        Ours {
            credentials: ("abcd".to_owned(), "a-password-of-22-letters".to_owned()),
            fingerprint: format!("sha-256 {}", ["AB"; 32].join(":")),
            sound: Some(10),
            picture: vec![20, 21, 22],
            has_pictures: true,
        }
    }

    fn server() -> Session {
        Session::new(Local {
            credentials: Credentials { ufrag: "w1234567".to_owned(), pwd: "p".repeat(24) },
            fingerprint: Fingerprint::of(Hash::Sha256, b"the server's certificate"),
            candidates: vec![
                Candidate::Udp("127.0.0.1:7000".parse().unwrap()),
                Candidate::TcpPassive("127.0.0.1:7001".parse().unwrap()),
            ],
            session_id: 1,
            first_ssrc: 5000,
        })
    }

    fn spare() -> Credentials {
        Credentials { ufrag: "w7654321".to_owned(), pwd: "q".repeat(24) }
    }

    #[test]
    fn the_server_takes_what_is_offered_as_it_is_meant() {
        let (answer, agreed) = server().client_offer(&ours().offer(), spare()).unwrap();

        assert_eq!(agreed.refused, []);
        let [sound, camera] = &agreed.sends[..] else { panic!("{:?}", agreed.sends) };
        assert_eq!((sound.source, camera.source), (Kind::Sound, Kind::Camera));
        assert_eq!(sound.streams.ssrcs, [10]);
        assert_eq!(sound.media.payloads[0].number, OPUS);
        assert_eq!(camera.media.payloads[0].number, VP8);
        assert_eq!(camera.media.payloads[0].codec, Codec::Vp8);
        let rids: Vec<&str> = camera.streams.layers.iter().map(|layer| layer.rid.as_str()).collect();
        assert_eq!(rids, RIDS);
        for (extension, id) in [(Extension::Mid, MID_ID), (Extension::TransportNumber, TRANSPORT_ID)] {
            assert_eq!(sound.media.extensions.id(extension), Some(id));
            assert_eq!(camera.media.extensions.id(extension), Some(id));
        }
        assert_eq!(sound.media.extensions.id(Extension::AudioLevel), Some(LEVEL_ID));
        assert_eq!(camera.media.extensions.id(Extension::Rid), Some(RID_ID));
        assert!(camera.media.feedback.lost && camera.media.feedback.picture_loss);

        let says = Says::parse(&answer).unwrap();
        assert_eq!(says.credentials, ("w1234567".to_owned(), "p".repeat(24)));
        let server = Fingerprint::of(Hash::Sha256, b"the server's certificate");
        assert_eq!(says.fingerprint, ("sha-256".to_owned(), server.digits()));
        assert_eq!(says.addresses, ["127.0.0.1:7000".parse::<SocketAddr>().unwrap()]);
        let streams: Vec<_> = says.streams().map(|(ssrc, section)| (ssrc, section.mid.as_str())).collect();
        assert_eq!(streams, [(5000, SOUND_MID), (5001, PICTURE_MID)]);
    }

    #[test]
    fn slots_are_offered_and_answered_as_often_as_the_server_likes() {
        let ours = ours();
        let mut server = server();
        server.client_offer(&ours.offer(), spare()).unwrap();
        for (pairs, voices, all) in [(3, 0, 8), (21, 4, 54)] {
            server.add_slots(pairs, voices);
            let offer = Says::parse(&server.offer().unwrap()).unwrap();
            assert_eq!(offer.sections.len(), all);
            assert_eq!(offer.streams().count(), all);

            let agreed = server.client_answer(&ours.answer(&offer)).unwrap();

            let open = agreed.slots.iter().filter(|slot| slot.sound.is_some());
            assert_eq!(open.count() + agreed.slots.iter().filter(|slot| slot.picture.is_some()).count(), all);
            for media in agreed.slots.iter().filter_map(|slot| slot.picture.as_ref()) {
                assert_eq!(media.media.payloads[0].number, VP8);
                assert!(media.media.feedback.transport_numbers);
            }
            assert_eq!(agreed.sends.len(), 2);
            assert_eq!(agreed.sends[1].streams.layers.len(), 3);
        }
        assert!(ours.answer(&Says::parse(&ours.offer()).unwrap()).len() < 4000);
    }

    #[test]
    fn who_only_hears_sends_nothing_and_has_slots_all_the_same() {
        let ours = Ours { sound: None, picture: Vec::new(), has_pictures: false, ..ours() };
        let mut server = server();
        let (answer, agreed) = server.client_offer(&ours.offer(), spare()).unwrap();
        assert!(agreed.sends.iter().all(|sent| !sent.is_on), "{:?}", agreed.sends);
        assert_eq!(Says::parse(&answer).unwrap().streams().count(), 1);
        assert!(agreed.slots[0].sound.is_some());

        server.add_slots(2, 0);
        let offer = Says::parse(&server.offer().unwrap()).unwrap();
        let kinds: Vec<&str> = offer.sections.iter().map(|section| section.kind.as_str()).collect();
        assert_eq!(kinds, ["audio", "audio", "video", "audio", "video"]);
        let agreed = server.client_answer(&ours.answer(&offer)).unwrap();
        assert_eq!(agreed.slots.iter().filter(|slot| slot.picture.is_some()).count(), 2);
    }

    #[test]
    fn a_section_that_is_over_keeps_its_place() {
        let says = Says::parse(
            "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:sha-256 AB\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:v7\r\n",
        )
        .unwrap();

        let answer = ours().answer(&says);

        assert!(answer.ends_with("m=video 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:v7\r\n"), "{answer}");
        assert!(answer.contains("a=group:BUNDLE \r\n"));
        assert_eq!(Says::parse("v=0\r\n"), None);
    }
}
