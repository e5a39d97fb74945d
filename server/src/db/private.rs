//! Session descriptions without the addresses of people, for operators who store none.
use crate::calls::Record;
use calls_protocol::{CallId, Sdp};
use serde::Deserialize;

/// Takes addresses out of the descriptions of a record. Names the call of a description that cannot be read, and so had
/// better not be stored.
pub(super) fn without_addresses(record: &mut Record) -> Option<CallId> {
    let (call, description) = match record {
        Record::Ringing { call, offer, .. } => (*call, offer),
        Record::Connected { call, answer, .. } => (*call, answer),
        Record::Ended { .. }
        | Record::GroupRinging { .. }
        | Record::GroupActive { .. }
        | Record::GroupEnded { .. }
        | Record::Joined { .. }
        | Record::Left { .. }
        | Record::Candidate { .. }
        | Record::Statistics { .. } => return None,
    };
    match stripped(description) {
        Some(stripped) => {
            *description = stripped;
            None
        }
        None => Some(call),
    }
}

/// The same description in the same form; what else an object held is left out, as anything may stand there.
pub(super) fn stripped(description: &Sdp) -> Option<Sdp> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        kind: String,
    }
    let sdp = lines_without_addresses(&description.sdp()?);
    if description.as_json().starts_with('"') {
        return Sdp::from_json(&serde_json::to_string(&sdp).ok()?).ok();
    }
    let Kind { kind } = serde_json::from_str(description.as_json()).ok()?;
    Some(Sdp::object(&kind, &sdp))
}

/// RFC 8866: `o=` and `c=` end with an address, RFC 3605: `a=rtcp` may, RFC 8839: candidates are made of them. What a
/// browser writes before it knows its address, 0.0.0.0, stands in their place: descriptions need these lines.
fn lines_without_addresses(sdp: &str) -> String {
    let mut kept = String::with_capacity(sdp.len());
    for line in sdp.split_inclusive('\n') {
        let text = line.trim_end_matches(['\r', '\n']);
        let end = &line[text.len()..];
        let start = text.trim_start();
        if ["a=candidate:", "a=remote-candidates:", "a=source-filter:"].iter().any(|a| start.starts_with(a)) {
            continue;
        }
        // How many words stand before the address.
        let words = match start {
            _ if start.starts_with("o=") => 3,
            _ if start.starts_with("c=") => 0,
            _ if start.starts_with("a=rtcp:") && start.contains(' ') => 1,
            _ => {
                kept.push_str(line);
                continue;
            }
        };
        let before: Vec<&str> = start.split(' ').take(words).collect();
        kept.push_str(if words == 0 { "c=" } else { "" });
        kept.push_str(&before.join(" "));
        kept.push_str(if words == 0 { "" } else { " " });
        kept.push_str("IN IP4 0.0.0.0");
        kept.push_str(end);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 46117 2 IN IP4 198.51.100.7\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
                         c=IN IP6 2001:db8::7\r\na=rtcp:9 IN IP4 198.51.100.7\r\na=rtcp-mux\r\n\
                         a=candidate:1 1 udp 2122 192.168.1.7 50000 typ host\r\na=ice-ufrag:abcd\r\n\
                         a=remote-candidates:1 203.0.113.9 4000\r\na=mid:0\r\n";
    const BARE: &str = "v=0\r\no=- 46117 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
                        c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=mid:0\r\n";

    #[test]
    fn an_address_stands_nowhere_and_the_rest_stays() {
        assert_eq!(lines_without_addresses(OFFER), BARE);
        assert_eq!(lines_without_addresses(BARE), BARE);
        assert_eq!(lines_without_addresses(&OFFER.replace("\r\n", "\n")), BARE.replace("\r\n", "\n"));
    }

    #[test]
    fn both_forms_keep_their_form_and_what_is_no_description_is_not_kept() {
        assert_eq!(stripped(&Sdp::object("offer", OFFER)), Some(Sdp::object("offer", BARE)));
        let text = |sdp: &str| Sdp::from_json(&serde_json::to_string(sdp).unwrap()).unwrap();
        assert_eq!(stripped(&text(OFFER)), Some(text(BARE)));
        let more =
            r#"{"type":"answer","sdp":"v=0","candidates":["candidate:1 1 udp 1 192.0.2.1 1 typ host"]}"#;
        assert_eq!(stripped(&Sdp::from_json(more).unwrap()), Some(Sdp::object("answer", "v=0")));
        assert_eq!(stripped(&Sdp::from_json(r#"{"candidates":["192.0.2.1"]}"#).unwrap()), None);
    }
}
