//! ICE candidates as text: which of theirs are tried, and how ours are told.
use calls_machine::{LocalCandidate, RemoteCandidate};
use calls_protocol::Candidate;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, net::IpAddr};
use thiserror::Error;

/// A candidate of the other side that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a candidate has to be written as in RFC 8839, section 5.1")]
pub(crate) struct Malformed;

/// What becomes of a candidate of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This line is tried.
    Try(String),
    /// It is in order but of no use to us: another transport, a name that is not looked up, the end of the list.
    Skip,
}

/// Members of `RTCIceCandidateInit` that matter here; whatever else it holds is skipped.
#[derive(Deserialize)]
struct Init<'a> {
    #[serde(borrow)]
    candidate: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitOut<'a> {
    candidate: &'a str,
    sdp_mid: &'a str,
    #[serde(rename = "sdpMLineIndex")]
    sdp_m_line_index: u16,
}

/// The line in a candidate of theirs.
pub(crate) fn line_of(theirs: &RemoteCandidate) -> Result<String, Malformed> {
    let json = theirs.candidate.as_json();
    if json.starts_with('"') {
        return serde_json::from_str(json).map_err(|_| Malformed);
    }
    serde_json::from_str::<Init<'_>>(json).map(|init| init.candidate.into_owned()).map_err(|_| Malformed)
}

/// Judges a line of theirs. Names are tried only if somebody looks them up.
pub(crate) fn judge(line: &str, looks_up_names: bool) -> Result<Verdict, Malformed> {
    let line = line.trim();
    let line = line.strip_prefix("a=").unwrap_or(line);
    let line = line.strip_prefix("candidate:").unwrap_or(line);
    if line.is_empty() || line == "end-of-candidates" {
        return Ok(Verdict::Skip);
    }
    if !line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(Malformed);
    }
    let words: Vec<&str> = line.split(' ').collect();
    let [foundation, component, transport, priority, address, port, typ, kind, more @ ..] = &words[..] else {
        return Err(Malformed);
    };
    let is_foundation = (1..=32).contains(&foundation.len())
        && foundation.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b));
    let (Ok(component), Ok(_), Ok(port)) =
        (component.parse::<u16>(), priority.parse::<u32>(), port.parse::<u16>())
    else {
        return Err(Malformed);
    };
    if !is_foundation || *typ != "typ" || component == 0 || !are_pairs(more) {
        return Err(Malformed);
    }
    // RTCP travels with RTP; only the first component is in use.
    let is_ours = component == 1 && transport.eq_ignore_ascii_case("udp");
    let is_known = matches!(*kind, "host" | "srflx" | "prflx" | "relay");
    if !is_ours || !is_known || port == 0 {
        return Ok(Verdict::Skip);
    }
    let is_reachable = match address.parse::<IpAddr>() {
        Ok(ip) => !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast(ip),
        // Only names of mDNS, and only for addresses of the device itself: no other name is ever looked up for a peer.
        Err(_) => looks_up_names && *kind == "host" && is_local_name(address),
    };
    if is_reachable { Ok(Verdict::Try(format!("candidate:{line}"))) } else { Ok(Verdict::Skip) }
}

/// The rest of a candidate: names with values, of which `raddr` and `rport` have a form.
fn are_pairs(words: &[&str]) -> bool {
    words.len().is_multiple_of(2)
        && words.chunks_exact(2).all(|pair| match pair {
            ["raddr", address] => address.parse::<IpAddr>().is_ok() || address.ends_with(".local"),
            ["rport", port] => port.parse::<u16>().is_ok(),
            [name, value] => !name.is_empty() && !value.is_empty(),
            _ => false,
        })
}

fn is_broadcast(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_broadcast())
}

/// A name as browsers make them: a UUID below `.local`.
fn is_local_name(name: &str) -> bool {
    name.strip_suffix(".local").is_some_and(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// A candidate of ours as the other side shall read it. Browsers refuse one that does not say of which m-line it is.
pub(crate) fn ours(line: &str, mid: &str) -> LocalCandidate {
    let init = InitOut { candidate: line, sdp_mid: mid, sdp_m_line_index: 0 };
    let json = serde_json::to_string(&init).expect("text and a number serialise");
    LocalCandidate {
        candidate: Candidate::from_json(&json).expect("an object is a candidate"),
        sdp_mid: Some(mid.to_owned()),
        sdp_m_line_index: Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_write_is_tried() {
        for line in [
            "candidate:1 1 udp 2130706431 192.168.1.7 54321 typ host",
            "a=candidate:1 1 UDP 2130706431 2001:db8::1 54321 typ host generation 0 ufrag x network-id 1",
            "candidate:842163049 1 udp 1677729535 203.0.113.7 50000 typ srflx raddr 10.0.0.1 rport 5000 generation 0",
        ] {
            assert!(matches!(judge(line, false), Ok(Verdict::Try(_))), "{line}");
        }
    }

    #[test]
    fn what_is_of_no_use_is_skipped_and_not_a_fault() {
        for line in [
            "",
            "candidate:",
            "candidate:1 2 udp 1 192.168.1.7 54321 typ host",
            "candidate:1 1 tcp 1 192.168.1.7 9 typ host tcptype active",
            "candidate:1 1 udp 1 0.0.0.0 54321 typ host",
            "candidate:1 1 udp 1 224.0.0.1 54321 typ host",
            "candidate:1 1 udp 1 192.168.1.7 0 typ host",
            "candidate:1 1 udp 1 example.org 54321 typ host",
            "candidate:1 1 udp 1 1b4f.local 54321 typ host",
            "candidate:1 1 quic 1 192.168.1.7 54321 typ starlight",
        ] {
            assert_eq!(judge(line, false), Ok(Verdict::Skip), "{line}");
        }
        let named = "candidate:1 1 udp 1 1b4f-11.local 54321 typ host";
        assert!(matches!(judge(named, true), Ok(Verdict::Try(_))));
    }

    #[test]
    fn what_makes_no_sense_is_a_fault() {
        for line in [
            "candidate",
            "candidate:1 1 udp 1 192.168.1.7 54321",
            "candidate:1 x udp 1 192.168.1.7 54321 typ host",
            "candidate:1 1 udp -1 192.168.1.7 54321 typ host",
            "candidate:1 1 udp 1 192.168.1.7 70000 typ host",
            "candidate:1 1 udp 1 192.168.1.7 54321 type host",
            "candidate:1 1 udp 1 192.168.1.7 54321 typ srflx raddr",
            "candidate:1 1 udp 1 192.168.1.7 54321 typ srflx raddr x rport 1",
            "candidate:1 1 udp 99999999999999999999 192.168.1.7 54321 typ host",
            "candidate:\u{fc} 1 udp 1 192.168.1.7 54321 typ host",
            "candidate:1 1 udp 1 192.168.1.7\r\n 54321 typ host",
        ] {
            assert_eq!(judge(line, true), Err(Malformed), "{line}");
        }
    }
}
