//! Session descriptions as text: what is checked before the stack reads one, and what is changed in one.
//!
//! The stack is written for descriptions that mean well. Everything here works line by line, takes nothing for
//! granted, and never looks at what it does not need.
use super::media::VideoCodec;
use std::fmt::Write as _;
use thiserror::Error;

/// Chromium's description of two m-lines is 6 KiB, of fifty 100 KiB.
const LONGEST: usize = 256 * 1024;
/// We have two. A browser that added and removed pictures a whole call long stays below this.
const MOST_SECTIONS: usize = 64;
const LONGEST_LINE: usize = 4096;

/// Why a description of the other side is not taken. It is theirs to make right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum DescriptionProblem {
    #[error("a description has to hold `sdp`")]
    NoText,
    #[error("a description has to be shorter than {LONGEST} bytes")]
    TooLong,
    #[error("a line of a description has to be `x=…` and shorter than {LONGEST_LINE} bytes")]
    Line,
    #[error("a description has to begin with `v=0` and hold `o=`, `s=` and `t=`")]
    Head,
    #[error("a description has to hold between 1 and {MOST_SECTIONS} m-lines")]
    Sections,
    #[error("an m-line has to name its kind, port, protocol and payload types")]
    MediaLine,
    #[error("an m-line has to have a mid of its own")]
    Mid,
    #[error("a description has to hold `ice-ufrag` and `ice-pwd` of the lengths of RFC 8839")]
    Credentials,
    #[error("a description has to hold a sha-256 fingerprint of its certificate")]
    Fingerprint,
    #[error("a number in a description is out of its range")]
    Number,
}

/// Who begins DTLS. Settled by the first answer and the same for the whole connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DtlsRole {
    Client,
    Server,
}

/// A description of the other side that can be given to the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Theirs {
    /// Without its addresses, and with all media going both ways: the stack ends a stream for good that is `inactive`
    /// for a while, and answers `sendonly` with `sendonly`. Who may send is ours to say.
    pub(crate) text: String,
    /// What they said, by mid.
    pub(crate) directions: Vec<(String, Direction)>,
    /// Which streams they say are in which section.
    pub(crate) streams: Vec<(u32, String)>,
    /// Its addresses, which are tried when the time has come.
    pub(crate) candidates: Vec<String>,
}

/// Looks through a description of the other side, and takes the addresses out.
pub(crate) fn check(text: &str) -> Result<Theirs, DescriptionProblem> {
    if text.len() > LONGEST {
        return Err(DescriptionProblem::TooLong);
    }
    let mut rest = String::with_capacity(text.len());
    let mut candidates = Vec::new();
    let (mut head, mut sections) = (String::new(), Vec::<SectionCheck>::new());
    let mut default_direction = Direction::BOTH;
    let (mut has_ufrag, mut has_pwd, mut has_fingerprint) = (false, false, false);
    for line in lines(text) {
        let bytes = line.as_bytes();
        if bytes.len() > LONGEST_LINE || bytes.len() < 2 || bytes[1] != b'=' || !bytes[0].is_ascii_lowercase()
        {
            return Err(DescriptionProblem::Line);
        }
        if line.chars().any(char::is_control) {
            return Err(DescriptionProblem::Line);
        }
        if head.is_empty() && line != "v=0" {
            return Err(DescriptionProblem::Head);
        }
        match line.split_at(2) {
            ("m=", media) => {
                finish_section(&mut rest, &sections);
                sections.push(SectionCheck::new(media, default_direction)?);
            }
            ("a=", attribute) => {
                let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
                match name {
                    "sendrecv" | "sendonly" | "recvonly" | "inactive" => {
                        let direction = Direction::of(name);
                        match sections.last_mut() {
                            Some(section) => section.direction = direction,
                            None => default_direction = direction,
                        }
                        continue;
                    }
                    "candidate" => {
                        candidates.push(attribute.to_owned());
                        continue;
                    }
                    // A promise about addresses that were just taken out.
                    "end-of-candidates" => continue,
                    // What they take of our sizes. The stack reads it as what they send, and looks by these names for
                    // what comes by `ssrc` (`get_rids` of rtc 0.21 does not ask for the direction).
                    "rid" | "simulcast" if is_of_ours(name, value) => continue,
                    "ice-ufrag" => has_ufrag |= credential(value, 4)?,
                    "ice-pwd" => has_pwd |= credential(value, 22)?,
                    "fingerprint" => has_fingerprint |= fingerprint(value)?,
                    "mid" => match sections.last_mut() {
                        Some(section) => section.mid(value)?,
                        None => return Err(DescriptionProblem::Mid),
                    },
                    "rtpmap" | "fmtp" | "rtcp-fb" => payload_type(value, name == "rtcp-fb")?,
                    "extmap" => extension_id(value)?,
                    "ssrc" => match (ssrc(value)?, sections.last_mut()) {
                        (number, Some(section)) if section.ssrc.is_none() => section.ssrc = Some(number),
                        _ => {}
                    },
                    _ => {}
                }
            }
            (key, _) if sections.is_empty() => head.push_str(key),
            _ => {}
        }
        rest.push_str(line);
        rest.push_str("\r\n");
    }
    if !["v=", "o=", "s=", "t="].iter().all(|key| head.contains(key)) {
        return Err(DescriptionProblem::Head);
    }
    if sections.is_empty() || sections.len() > MOST_SECTIONS {
        return Err(DescriptionProblem::Sections);
    }
    finish_section(&mut rest, &sections);
    let directions =
        sections.iter().filter_map(|section| Some((section.mid.clone()?, section.direction))).collect();
    let stream = |section: &SectionCheck| Some((section.ssrc?, section.mid.clone()?));
    let streams = sections.iter().filter_map(stream).collect();
    let mut mids: Vec<&str> = sections.iter().filter_map(|section| section.mid.as_deref()).collect();
    mids.sort_unstable();
    mids.dedup();
    if mids.len() != sections.len() {
        return Err(DescriptionProblem::Mid);
    }
    match (has_ufrag && has_pwd, has_fingerprint) {
        (false, _) => Err(DescriptionProblem::Credentials),
        (true, false) => Err(DescriptionProblem::Fingerprint),
        (true, true) => Ok(Theirs { text: rest, directions, streams, candidates }),
    }
}

fn finish_section(text: &mut String, sections: &[SectionCheck]) {
    if sections.last().is_some_and(|section| section.is_media) {
        text.push_str("a=sendrecv\r\n");
    }
}

/// Which way media goes, seen from who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Direction {
    sends: bool,
    receives: bool,
}

impl Direction {
    const BOTH: Self = Self { sends: true, receives: true };

    fn of(name: &str) -> Self {
        Self { sends: name.starts_with("send"), receives: name.ends_with("recv") || name == "recvonly" }
    }

    /// What is left of it for the other side.
    fn answered(self) -> &'static str {
        match (self.receives, self.sends) {
            (true, true) => "a=sendrecv",
            (true, false) => "a=sendonly",
            (false, true) => "a=recvonly",
            (false, false) => "a=inactive",
        }
    }
}

struct SectionCheck {
    mid: Option<String>,
    /// The first of its streams: the others repair it.
    ssrc: Option<u32>,
    is_media: bool,
    direction: Direction,
}

impl SectionCheck {
    fn new(media: &str, direction: Direction) -> Result<Self, DescriptionProblem> {
        let words: Vec<&str> = media.split(' ').collect();
        let [kind, port, protocol, formats @ ..] = &words[..] else {
            return Err(DescriptionProblem::MediaLine);
        };
        let is_rtp = protocol.contains("RTP/");
        let are_numbers =
            || formats.iter().all(|format| format.parse::<u8>().is_ok_and(|number| number < 128));
        if kind.is_empty() || port.parse::<u16>().is_err() || formats.is_empty() || (is_rtp && !are_numbers())
        {
            return Err(DescriptionProblem::MediaLine);
        }
        let is_media = matches!(*kind, "audio" | "video");
        Ok(Self { mid: None, ssrc: None, is_media, direction })
    }

    fn mid(&mut self, value: &str) -> Result<(), DescriptionProblem> {
        // A mid is a token of RFC 4566; 16 bytes are what the header extension of RFC 8843 can carry.
        let is_token = (1..=16).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_token || self.mid.is_some() {
            return Err(DescriptionProblem::Mid);
        }
        self.mid = Some(value.to_owned());
        Ok(())
    }
}

/// Whether a line is about sizes that they receive: ours.
fn is_of_ours(name: &str, value: &str) -> bool {
    let mut words = value.split(' ');
    match name {
        "rid" => words.nth(1).is_some_and(|way| way.starts_with("recv")),
        _ => words.next() == Some("recv") && words.all(|word| word != "send"),
    }
}

fn credential(value: &str, shortest: usize) -> Result<bool, DescriptionProblem> {
    let is_ice_char =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'#');
    if (shortest..=256).contains(&value.len()) && value.bytes().all(is_ice_char) {
        Ok(true)
    } else {
        Err(DescriptionProblem::Credentials)
    }
}

/// Whether this is one that the stack can check. Others may stand beside it.
fn fingerprint(value: &str) -> Result<bool, DescriptionProblem> {
    let (hash, digits) = value.split_once(' ').ok_or(DescriptionProblem::Fingerprint)?;
    if !hash.eq_ignore_ascii_case("sha-256") {
        return Ok(false);
    }
    let bytes: Vec<&str> = digits.split(':').collect();
    let is_byte = |two: &&str| two.len() == 2 && two.bytes().all(|byte| byte.is_ascii_hexdigit());
    if bytes.len() == 32 && bytes.iter().all(is_byte) {
        Ok(true)
    } else {
        Err(DescriptionProblem::Fingerprint)
    }
}

fn payload_type(value: &str, may_be_any: bool) -> Result<(), DescriptionProblem> {
    let number = value.split(' ').next().unwrap_or_default();
    let is_good = number.parse::<u8>().is_ok_and(|number| number < 128) || (may_be_any && number == "*");
    if is_good { Ok(()) } else { Err(DescriptionProblem::Number) }
}

fn extension_id(value: &str) -> Result<(), DescriptionProblem> {
    let number = value.split([' ', '/']).next().unwrap_or_default();
    // RFC 8285: 1 to 255, and the range from 4096 for offers that want to choose later.
    match number.parse::<u16>() {
        Ok(1..=255 | 4096..=4351) => Ok(()),
        _ => Err(DescriptionProblem::Number),
    }
}

fn ssrc(value: &str) -> Result<u32, DescriptionProblem> {
    let number = value.split(' ').next().unwrap_or_default();
    number.parse().map_err(|_| DescriptionProblem::Number)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).filter(|line| !line.is_empty())
}

/// The role that an answer settles for who made it; none in an offer.
pub(crate) fn role_of_answerer(answer: &str) -> Option<DtlsRole> {
    lines(answer).find_map(|line| match line.strip_prefix("a=setup:")? {
        "active" => Some(DtlsRole::Client),
        "passive" => Some(DtlsRole::Server),
        _ => None,
    })
}

/// Our answer as they shall read it: with the role that we have had from the start, and with media going only where
/// they let it. The stack writes `active` into every answer, and Chromium refuses one that changes the role.
pub(crate) fn answer_for_them(
    answer: &str,
    role: Option<DtlsRole>,
    theirs: &[(String, Direction)],
) -> String {
    let setup = match role {
        Some(DtlsRole::Client) => Some("a=setup:active"),
        Some(DtlsRole::Server) => Some("a=setup:passive"),
        None => None,
    };
    let parts = answer.split_inclusive('\n').fold(vec![String::new()], |mut parts, line| {
        if line.starts_with("m=") {
            parts.push(String::new());
        }
        parts.last_mut().expect("the head is there from the start").push_str(line);
        parts
    });
    let mut text = String::with_capacity(answer.len() + 64);
    for part in parts {
        let direction = first_mid(&part).and_then(|mid| theirs.iter().find(|(known, _)| known == mid));
        for line in lines(&part) {
            let line = match (line, direction) {
                ("a=sendrecv", Some((_, theirs))) => theirs.answered(),
                _ if line.starts_with("a=setup:") => setup.unwrap_or(line),
                _ => line,
            };
            write!(text, "{line}\r\n").expect("a String takes every byte");
        }
    }
    text
}

/// The mid of the first m-line: all are bundled, so every address is one of it.
pub(crate) fn first_mid(description: &str) -> Option<&str> {
    lines(description).find_map(|line| line.strip_prefix("a=mid:"))
}

/// What was agreed on about one kind of media.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Agreed {
    /// There is an m-line for it, be it refused.
    pub(crate) has_place: bool,
    /// We may send.
    pub(crate) sends: bool,
    /// Payload types by codec, what the answerer likes best first.
    pub(crate) opus: Option<u8>,
    pub(crate) video: Vec<(VideoCodec, u8)>,
    pub(crate) audio_level: Option<u8>,
    pub(crate) orientation: Option<u8>,
    /// The name of the m-line, and where a packet carries it and that of its size.
    pub(crate) mid: String,
    pub(crate) mid_id: Option<u8>,
    pub(crate) rid_id: Option<u8>,
}

/// Reads from an answer what both agreed on for the second m-line of pictures.
pub(crate) fn agreed_on_screen(answer: &str, is_ours: bool) -> Agreed {
    let sections = sections(answer);
    let second = sections.iter().filter(|section| section.kind == "video").nth(1);
    second.filter(|section| section.port != "0").map(|section| section.agreed(is_ours)).unwrap_or_default()
}

/// Reads from an answer what both agreed on for audio and for video: the first m-line of each kind that is in use.
pub(crate) fn agreed(answer: &str, is_ours: bool) -> (Agreed, Agreed) {
    let mut found: [Option<Agreed>; 2] = [None, None];
    for section in sections(answer) {
        let which = match section.kind {
            "audio" => 0,
            "video" => 1,
            _ => continue,
        };
        let agreed = found[which].get_or_insert_default();
        if section.port != "0" && agreed.opus.is_none() && agreed.video.is_empty() {
            *agreed = section.agreed(is_ours);
        }
        agreed.has_place = true;
    }
    let [audio, video] = found;
    (audio.unwrap_or_default(), video.unwrap_or_default())
}

struct Section<'a> {
    kind: &'a str,
    port: &'a str,
    formats: Vec<u8>,
    attributes: Vec<&'a str>,
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut found: Vec<Section<'_>> = Vec::new();
    for line in lines(text) {
        if let Some(media) = line.strip_prefix("m=") {
            let mut words = media.split(' ');
            let (kind, port) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let formats = words.skip(1).filter_map(|format| format.parse().ok()).collect();
            found.push(Section { kind, port, formats, attributes: Vec::new() });
        } else if let (Some(section), Some(attribute)) = (found.last_mut(), line.strip_prefix("a=")) {
            section.attributes.push(attribute);
        }
    }
    found
}

impl Section<'_> {
    fn agreed(&self, is_ours: bool) -> Agreed {
        let has = |direction: &str| self.attributes.contains(&direction);
        let sends = match is_ours {
            _ if has("inactive") => false,
            true => !has("recvonly"),
            false => !has("sendonly"),
        };
        let mut agreed = Agreed { sends, ..Agreed::default() };
        for number in &self.formats {
            match self.codec(*number) {
                Some(Codec::Opus) => agreed.opus = agreed.opus.or(Some(*number)),
                Some(Codec::Video(codec)) if agreed.video.iter().all(|(known, _)| *known != codec) => {
                    agreed.video.push((codec, *number));
                }
                Some(Codec::Video(_)) | None => {}
            }
        }
        for attribute in &self.attributes {
            if let Some(mid) = attribute.strip_prefix("mid:") {
                mid.clone_into(&mut agreed.mid);
            }
            let Some((id, uri)) = attribute.strip_prefix("extmap:").and_then(|rest| rest.split_once(' '))
            else {
                continue;
            };
            let id = id.split('/').next().and_then(|id| id.parse().ok());
            match uri.split(' ').next().unwrap_or_default() {
                AUDIO_LEVEL => agreed.audio_level = id,
                ORIENTATION => agreed.orientation = id,
                MID => agreed.mid_id = id,
                RID => agreed.rid_id = id,
                _ => {}
            }
        }
        agreed
    }

    fn codec(&self, number: u8) -> Option<Codec> {
        let of = |name: &str| {
            let key = format!("{name}:{number} ");
            self.attributes.iter().find_map(|attribute| attribute.strip_prefix(&key))
        };
        let map = of("rtpmap")?.to_ascii_lowercase();
        match map.split('/').next()? {
            "opus" => Some(Codec::Opus),
            "vp8" => Some(Codec::Video(VideoCodec::Vp8)),
            // The other packetisation mode cannot carry a frame that is larger than a packet.
            "h264" if of("fmtp").unwrap_or_default().contains("packetization-mode=1") => {
                Some(Codec::Video(VideoCodec::H264))
            }
            _ => None,
        }
    }
}

enum Codec {
    Opus,
    Video(VideoCodec),
}

/// RFC 6464.
pub(crate) const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// 3GPP TS 26.114, section 7.4.5.
pub(crate) const ORIENTATION: &str = "urn:3gpp:video-orientation";
/// RFC 9143: of which m-line a packet is, where a stream is not in the description.
pub(crate) const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// RFC 8852: of which size of a picture a packet is.
pub(crate) const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";

#[cfg(test)]
mod tests {
    use super::*;

    /// As Chromium writes one, without what repeats itself.
    const CHROMIUM: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS s\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
        a=candidate:1 1 udp 2122260223 192.168.1.7 50000 typ host generation 0 network-id 1\r\n\
        a=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlfw\r\na=ice-options:trickle\r\n\
        a=fingerprint:sha-256 6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n\
        a=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendrecv\r\na=msid:s t\r\na=rtcp-mux\r\n\
        a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
        a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=ssrc:2231627014 cname:xyz\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:4ZcD\r\n\
        a=ice-pwd:2/1muCWoOi3uLifh0NuRHlfw\r\na=setup:actpass\r\na=mid:1\r\na=extmap:3/recvonly urn:3gpp:video-orientation\r\n\
        a=recvonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:* nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
        a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f\r\n\
        a=rtpmap:104 H264/90000\r\na=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n";

    #[test]
    fn a_browsers_description_is_taken_without_its_addresses() {
        let theirs = check(CHROMIUM).unwrap();

        assert_eq!(
            theirs.candidates,
            ["candidate:1 1 udp 2122260223 192.168.1.7 50000 typ host generation 0 network-id 1"]
        );
        assert!(
            !theirs.text.contains("a=candidate") && theirs.text.contains("a=ssrc:2231627014 cname:xyz\r\n")
        );
        assert_eq!(theirs.text.lines().count(), CHROMIUM.lines().count() - 1);
        // Bare line ends, as some libraries write them, are the same.
        assert_eq!(check(&CHROMIUM.replace("\r\n", "\n")).unwrap(), theirs);
    }

    #[test]
    fn an_answer_says_what_was_agreed_on() {
        let (audio, video) = agreed(CHROMIUM, false);

        assert_eq!((audio.sends, audio.opus, audio.audio_level), (true, Some(111), Some(1)));
        assert!(video.sends, "they only receive");
        assert_eq!(video.video, [(VideoCodec::Vp8, 96), (VideoCodec::H264, 104)]);
        assert_eq!(video.orientation, Some(3));
        assert!(!agreed(CHROMIUM, true).1.sends, "we only receive");
        assert!(!agreed(&CHROMIUM.replace("m=video 9", "m=video 0"), false).1.sends);
    }

    #[test]
    fn what_they_take_of_our_sizes_is_not_for_the_stack_and_what_they_send_is() {
        let ours = "a=rid:q recv\r\na=rid:f recv max-height=720\r\na=simulcast:recv q;f\r\n";
        let theirs = "a=rid:1 send\r\na=simulcast:send 1 recv q\r\n";

        let read = |lines: &str| check(&format!("{CHROMIUM}{lines}")).unwrap().text;

        assert_eq!(read(ours), read(""));
        assert!(read(theirs).contains(theirs));
    }

    #[test]
    fn the_second_part_for_pictures_is_for_the_screen() {
        let (head, camera) = CHROMIUM.split_once("m=video").unwrap();
        let screen = camera.replace("a=mid:1", "a=mid:2").replace("a=recvonly", "a=sendonly");
        let both = |screen: &str| format!("{head}m=video{camera}m=video{screen}");

        let agreed = agreed_on_screen(&both(&screen), true);

        assert!(agreed.sends && agreed.mid == "2" && !agreed.video.is_empty());
        assert_eq!(super::agreed(&both(&screen), true).1.mid, "1");
        assert!(!agreed_on_screen(&both(&screen.replacen(" 9 ", " 0 ", 1)), true).sends);
        assert!(!agreed_on_screen(CHROMIUM, true).sends);
    }

    #[test]
    fn who_sends_is_hidden_from_the_stack_and_told_to_them() {
        for (theirs, ours) in [
            ("a=sendrecv", "a=sendrecv"),
            ("a=sendonly", "a=recvonly"),
            ("a=recvonly", "a=sendonly"),
            ("a=inactive", "a=inactive"),
            // Nothing is both ways.
            ("a=x", "a=sendrecv"),
        ] {
            let checked = check(&CHROMIUM.replace("a=sendrecv", theirs)).unwrap();
            assert_eq!(checked.text.matches("a=sendrecv").count(), 2);

            let answer = checked.text.replace("actpass", "active");
            let told = answer_for_them(&answer, Some(DtlsRole::Server), &checked.directions);

            let (audio, video) = told.split_once("m=video").unwrap();
            assert!(audio.contains(ours) && video.contains("a=sendonly"), "{theirs}: {told}");
            assert_eq!(told.matches("a=setup:passive").count(), 2);
            assert_eq!(agreed(&told, true).0.sends, ours.starts_with("a=send"), "{ours}");
        }
    }
}
