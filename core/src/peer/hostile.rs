//! For fuzzers: what reads bytes of the other side, without a connection around it. Nothing else uses it.
use super::{candidate, description};
use rtc::{
    crypto::providers::RingCrypto,
    dtls::record_layer::RecordLayer,
    rtcp::packet,
    rtp,
    shared::marshal::Unmarshal,
    stun::{
        attributes::ATTR_USERNAME,
        error_code::ErrorCodeAttribute,
        fingerprint::FINGERPRINT,
        integrity::MessageIntegrity,
        message::{Getter, Message},
        textattrs::TextAttribute,
        uattrs::UnknownAttributes,
        xoraddr::XorMappedAddress,
    },
};
use webrtc::peer_connection::RTCSessionDescription;

/// Reads a description as if it had come in an offer, and in an answer.
pub fn description(text: &str) {
    let Ok(theirs) = description::check(text) else { return };
    for is_ours in [true, false] {
        let _agreed = description::agreed(&theirs.text, is_ours);
    }
    let _role = description::role_of_answerer(&theirs.text);
    let _read = RTCSessionDescription::offer(theirs.text.clone());
    let _read = RTCSessionDescription::answer(theirs.text);
    theirs.candidates.iter().for_each(|line| candidate(line));
}

/// Reads an address of theirs. One that may be tried reads the same again.
pub fn candidate(line: &str) {
    for looks_up_names in [true, false] {
        if let Ok(candidate::Verdict::Try(line)) = candidate::judge(line, looks_up_names) {
            assert!(
                matches!(candidate::judge(&line, looks_up_names), Ok(candidate::Verdict::Try(_))),
                "{line}"
            );
        }
    }
}

/// Reads a packet as media and as a report.
pub fn packet(bytes: &[u8]) {
    let _media = rtp::Packet::unmarshal(&mut &bytes[..]);
    let _reports = packet::unmarshal(&mut &bytes[..]);
}

/// Reads a datagram before anything is known of who sent it: as STUN and all that an answer may hold, and as DTLS.
pub fn datagram(bytes: &[u8]) {
    let mut message = Message::new();
    if message.unmarshal_binary(bytes).is_ok() {
        let _address = XorMappedAddress::default().get_from(&message);
        let _error = ErrorCodeAttribute::default().get_from(&message);
        let _unknown = UnknownAttributes(Vec::new()).get_from(&message);
        let _name = TextAttribute::get_from_as(&message, ATTR_USERNAME);
        let _whole = FINGERPRINT.check(&message);
        let _ours = MessageIntegrity::check(&mut message, b"any", &RingCrypto);
    }
    let _record = RecordLayer::unmarshal(&mut &*bytes);
}
