//! Which connection described itself: all that the machine reads in a description.
use calls_protocol::Sdp;

/// What tells one connection of the other side from the next: the fingerprint of its certificate, which is made for
/// one connection and stays for as long as it lives.
pub(crate) fn session_of(sdp: &Sdp) -> Option<String> {
    let text = sdp.sdp()?;
    let line = text.lines().find_map(|line| line.trim_end().strip_prefix("a=fingerprint:"))?;
    Some(line.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_found_in_either_form_and_its_letters_count_once() {
        let text = "v=0\r\na=fingerprint:sha-256 aa:BB\r\nm=audio 9 X 0\r\na=fingerprint:sha-256 CC\r\n";

        assert_eq!(session_of(&Sdp::object("offer", text)).unwrap(), "SHA-256 AA:BB");
        assert_eq!(
            session_of(&Sdp::from_json("\"a=fingerprint:sha-256 aa:bb\"").unwrap()).unwrap(),
            "SHA-256 AA:BB"
        );
        assert_eq!(session_of(&Sdp::object("offer", "v=0\r\n")), None);
        assert_eq!(session_of(&Sdp::from_json("{}").unwrap()), None);
    }
}
