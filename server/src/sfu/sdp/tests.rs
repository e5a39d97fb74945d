//! How negotiations go: with descriptions that browsers wrote, with others made of them, and with nonsense.
mod hostile;
mod negotiation;

use super::{Candidate, Credentials, Local, Negotiated, NegotiationError, Session};
use calls_rtp::handshake::{Fingerprint, Hash};

pub(super) const CHROMIUM: &str = include_str!("tests/chromium-plain.sdp");
pub(super) const CHROMIUM_SIMULCAST: &str = include_str!("tests/chromium-simulcast.sdp");
pub(super) const CHROMIUM_DATA: &str = include_str!("tests/chromium-data.sdp");
pub(super) const FIREFOX: &str = include_str!("tests/firefox-plain.sdp");
pub(super) const FIREFOX_SIMULCAST: &str = include_str!("tests/firefox-simulcast.sdp");
pub(super) const FIREFOX_DATA: &str = include_str!("tests/firefox-data.sdp");
pub(super) const ENGINE: &str = include_str!("tests/engine.sdp");

pub(super) const GOLDEN: [&str; 7] =
    [CHROMIUM, CHROMIUM_SIMULCAST, CHROMIUM_DATA, FIREFOX, FIREFOX_SIMULCAST, FIREFOX_DATA, ENGINE];

pub(super) fn credentials(turn: u32) -> Credentials {
    Credentials { ufrag: format!("w{turn:07}"), pwd: format!("{turn:024}") }
}

pub(super) fn session() -> Session {
    Session::new(Local {
        credentials: credentials(0),
        fingerprint: Fingerprint::of(Hash::Sha256, b"the server's certificate"),
        candidates: vec![
            Candidate::Udp("192.0.2.1:7000".parse().unwrap()),
            Candidate::TcpPassive("[2001:db8::1]:7001".parse().unwrap()),
        ],
        session_id: 7,
        first_ssrc: 1000,
    })
}

/// The session takes an offer, with spare credentials of turn 1.
pub(super) fn offered(session: &mut Session, offer: &str) -> Result<(String, Negotiated), NegotiationError> {
    session.client_offer(offer, credentials(1))
}

/// The m-lines with what is said in each, after what is before the first.
pub(super) fn parts(text: &str) -> Vec<&str> {
    let starts =
        text.match_indices("m=").map(|(at, _)| at).filter(|at| *at == 0 || text[..*at].ends_with('\n'));
    let starts: Vec<usize> = std::iter::once(0).chain(starts).chain([text.len()]).collect();
    starts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

/// Kind and mid of each section.
pub(super) fn places(text: &str) -> Vec<(&str, &str)> {
    parts(text)[1..]
        .iter()
        .map(|part| {
            let kind = part["m=".len()..].split(' ').next().unwrap_or_default();
            let mid = part.lines().find_map(|line| line.strip_prefix("a=mid:")).unwrap_or_default();
            (kind, mid)
        })
        .collect()
}

/// As a client that agrees to everything answers our offer: it receives what we send, and sends what we receive.
pub(super) fn agreeing(offer: &str, client: &str) -> String {
    let of_client = |name: &str| {
        client
            .lines()
            .find(|line| line.starts_with(name))
            .map(|line| format!("{line}\r\n"))
            .unwrap_or_default()
    };
    let path = ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"];
    let mut answer = String::new();
    for line in offer.lines() {
        let turned = match line {
            "a=ice-lite" => continue,
            "a=sendonly" => "a=recvonly",
            "a=recvonly" => "a=sendonly",
            "a=setup:actpass" => "a=setup:active",
            _ if line.starts_with("a=ssrc") || line.starts_with("a=candidate") => continue,
            line => line,
        };
        match path.iter().find(|name| line.starts_with(**name)) {
            Some(name) => answer.push_str(&of_client(name)),
            None if line.starts_with("a=rid:") || line.starts_with("a=simulcast:") => {
                answer.push_str(&turned.replace("recv", "send"));
                answer.push_str("\r\n");
            }
            None => {
                answer.push_str(turned);
                answer.push_str("\r\n");
            }
        }
    }
    answer
}

/// What is said in the section of that name.
pub(super) fn section<'a>(text: &'a str, mid: &str) -> &'a str {
    let line = format!("a=mid:{mid}");
    parts(text).into_iter().find(|part| part.lines().any(|it| it == line)).expect("it has that section")
}
