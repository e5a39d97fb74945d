//! What is agreed on, step by step.
use super::{super::*, *};

fn sources(negotiated: &Negotiated) -> Vec<(Kind, bool)> {
    negotiated.sends.iter().map(|sent| (sent.source, sent.is_on)).collect()
}

fn filled(negotiated: &Negotiated) -> (usize, usize) {
    let sounds = negotiated.slots.iter().filter(|slot| slot.sound.is_some()).count();
    (sounds, negotiated.slots.iter().filter(|slot| slot.picture.is_some()).count())
}

fn numbers(media: &Media) -> Vec<(Codec, u8)> {
    media.payloads.iter().map(|payload| (payload.codec, payload.number)).collect()
}

/// Our offer, to which the client agrees.
fn agreed(session: &mut Session, client: &str) -> (String, Negotiated) {
    let offer = session.offer().expect("there is something to offer");
    let negotiated = session.client_answer(&agreeing(&offer, client)).unwrap();
    (offer, negotiated)
}

#[test]
fn a_naive_browser_has_a_slot_from_the_first_answer_on() {
    let mut session = session();

    let (answer, negotiated) = offered(&mut session, CHROMIUM).unwrap();

    assert_eq!(sources(&negotiated), [(Kind::Sound, true), (Kind::Camera, true)]);
    assert_eq!(answer.matches("a=sendrecv").count(), 2);
    assert!(answer.contains("a=msid:slot-0 slot-0-audio\r\na=ssrc:1000 cname:slot-0\r\n"), "{answer}");
    let [slot] = &negotiated.slots[..] else { panic!("{negotiated:?}") };
    let picture = slot.picture.as_ref().unwrap();
    assert_eq!((picture.mid.as_str(), picture.ssrc), ("1", 1001));
    // Whatever somebody else sends has to fit; what is asked of this one is the first.
    assert_eq!(numbers(&picture.media), [(Codec::Vp8, 96), (Codec::H264, 108)]);
    assert_eq!(numbers(&slot.sound.as_ref().unwrap().media), [(Codec::Opus, 111)]);
    assert!(session.offer().is_none(), "nothing is left to say");
}

#[test]
fn an_answer_says_once_what_holds_for_all_sections() {
    let (answer, _) = offered(&mut session(), CHROMIUM).unwrap();

    for line in ["a=ice-ufrag:w0000000", "a=ice-lite", "a=group:BUNDLE 0 1", "a=end-of-candidates"] {
        assert_eq!(answer.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {answer}");
    }
    assert!(answer.contains("a=candidate:1 1 udp 2130706431 192.0.2.1 7000 typ host\r\n"));
    assert!(answer.contains("a=candidate:2 1 tcp 1526726399 2001:db8::1 7001 typ host tcptype passive\r\n"));
    assert!(section(&answer, "0").contains("a=candidate:2"));
    assert_eq!(answer.matches("a=setup:passive\r\n").count(), 2);
}

#[test]
fn a_sender_has_three_layers_and_a_screen_and_no_slot() {
    for (offer, ssrcs) in
        [(CHROMIUM_SIMULCAST, vec![]), (FIREFOX_SIMULCAST, vec![4_080_859_156, 4_251_858_288, 528_862_306])]
    {
        let (answer, negotiated) = offered(&mut session(), offer).unwrap();

        let expected = [Kind::Sound, Kind::Camera, Kind::Screen].map(|source| (source, true));
        assert_eq!(sources(&negotiated), expected);
        let rids: Vec<&str> =
            negotiated.sends[1].streams.layers.iter().map(|layer| layer.rid.as_str()).collect();
        assert_eq!(rids, ["l", "m", "h"]);
        assert_eq!(negotiated.sends[1].streams.ssrcs, ssrcs);
        assert_eq!(negotiated.sends[1].media.payloads.len(), 1);
        assert_eq!(negotiated.sends[2].streams.ssrcs.len(), 1, "without its repairs");
        assert!(
            section(&answer, "1")
                .contains("a=rid:l recv\r\na=rid:m recv\r\na=rid:h recv\r\na=simulcast:recv l;m;h\r\n")
        );
        assert_eq!(answer.matches("a=recvonly").count(), 3);
        assert!(negotiated.slots.is_empty() && negotiated.refused.is_empty());
    }
}

#[test]
fn only_what_is_understood_is_agreed_on() {
    let (answer, negotiated) = offered(&mut session(), CHROMIUM).unwrap();

    for word in [
        "rtx",
        "red",
        "ulpfec",
        "VP9",
        "AV1",
        "toffset",
        "playout-delay",
        "abs-send-time",
        "goog-remb",
        "repaired",
    ] {
        assert!(!answer.contains(word), "{word} in {answer}");
    }
    let picture = &negotiated.sends[1].media;
    let all = Feedback {
        transport_numbers: true,
        bitrate: false,
        lost: true,
        picture_loss: true,
        full_picture: true,
    };
    assert_eq!(picture.feedback, all);
    assert_eq!(picture.extensions.id(Extension::Orientation), Some(13));
    assert_eq!(picture.extensions.id(Extension::AudioLevel), None);
    assert_eq!(picture.extensions.of_id(3), Some(Extension::TransportNumber));
    let sound = &negotiated.sends[0].media;
    assert_eq!(sound.extensions.id(Extension::AudioLevel), Some(1));
    assert!(sound.feedback.transport_numbers && !sound.feedback.lost);
}

#[test]
fn who_counts_no_packets_of_the_path_is_told_when_they_were_sent() {
    let offer = CHROMIUM.replace("rmcat-transport-wide-cc-extensions-01", "rmcat-something-else");
    let mut session = session();

    let (_, negotiated) = offered(&mut session, &offer).unwrap();

    let media = &negotiated.sends[1].media;
    assert!(media.feedback.bitrate && !media.feedback.transport_numbers);
    assert_eq!(media.extensions.id(Extension::SendTime), Some(2));
    session.add_slots(1, 0);
    let (offer, _) = agreed(&mut session, &offer);
    let slot = section(&offer, "v1");
    assert!(slot.contains("abs-send-time") && slot.contains("goog-remb") && !slot.contains("transport"));
}

#[test]
fn slots_come_with_the_numbers_that_the_client_uses() {
    let mut session = session();
    offered(&mut session, CHROMIUM_SIMULCAST).unwrap();
    session.add_slots(1, 1);

    let (offer, negotiated) = agreed(&mut session, CHROMIUM_SIMULCAST);

    assert_eq!(
        places(&offer),
        [("audio", "0"), ("video", "1"), ("video", "2"), ("audio", "a0"), ("video", "v0"), ("audio", "a1")]
    );
    let picture = section(&offer, "v0");
    assert!(
        picture.starts_with("m=video 9 UDP/TLS/RTP/SAVPF 96 108\r\n") && picture.contains("a=extmap:3 http")
    );
    assert!(picture.contains("a=sendonly\r\n") && picture.contains("a=setup:actpass\r\n"));
    assert!(picture.contains("a=msid:slot-0 slot-0-video\r\na=ssrc:1001 cname:slot-0\r\n"));
    assert!(section(&offer, "1").contains("a=simulcast:recv l;m;h\r\n"), "layers go on");
    assert_eq!(filled(&negotiated), (2, 1));
    assert_eq!(negotiated.sends[1].streams.layers.len(), 3);
}

#[test]
fn who_never_named_a_picture_is_offered_free_numbers() {
    // Its sound takes what we would take.
    let offer = CHROMIUM_DATA.replace("111", "96").replace("63 ", "102 ").replace(":63", ":102");
    let mut session = session();
    let (_, negotiated) = offered(&mut session, &offer).unwrap();
    assert_eq!(numbers(&negotiated.sends[0].media), [(Codec::Opus, 96)]);
    session.add_slots(1, 0);

    let (ours, negotiated) = agreed(&mut session, &offer);

    let picture = &negotiated.slots[1].picture.as_ref().unwrap().media;
    assert_eq!(numbers(picture), [(Codec::Vp8, 97), (Codec::H264, 98)]);
    // 4 and 3 were named with the sound; the first that was not is free.
    let ids = [Extension::Mid, Extension::TransportNumber, Extension::Orientation];
    assert_eq!(ids.map(|extension| picture.extensions.id(extension)), [Some(4), Some(3), Some(5)]);
    assert!(section(&ours, "v1").contains("a=extmap:5 urn:3gpp:video-orientation\r\n"));
}

#[test]
fn a_data_channel_is_refused_wherever_it_stands() {
    let mut swapped = parts(CHROMIUM_DATA);
    swapped.swap(1, 2);
    for (offer, index) in [(CHROMIUM_DATA.to_owned(), 1), (swapped.concat(), 0)] {
        let mut session = session();

        let (answer, negotiated) = offered(&mut session, &offer).unwrap();

        assert_eq!(sources(&negotiated), [(Kind::Sound, true)]);
        assert_eq!((negotiated.refused.len(), negotiated.refused[0].why), (1, Refusal::NotMedia));
        assert_eq!(places(&answer)[index], ("application", "1"));
        assert!(answer.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"));
        assert!(answer.contains("a=group:BUNDLE 0\r\n") && section(&answer, "0").contains("a=candidate:1"));
        session.add_slots(1, 0);
        let (ours, _) = agreed(&mut session, &offer);
        assert_eq!(places(&ours)[index], ("application", "1"));
    }
    // Nothing but data: nothing is left, and that is said too.
    let data = CHROMIUM_DATA.replace(section(CHROMIUM_DATA, "0"), "").replace("BUNDLE 0 1", "BUNDLE 1");
    let (answer, _) = offered(&mut session(), &data).unwrap();
    assert!(answer.contains("a=group:BUNDLE\r\n"));
}

#[test]
fn h264_is_taken_where_there_is_no_vp8_and_other_profiles_are_not() {
    let without = CHROMIUM.replace("VP8/90000", "VP7/90000");
    let (answer, negotiated) = offered(&mut session(), &without).unwrap();
    assert_eq!(numbers(&negotiated.sends[1].media), [(Codec::H264, 108)]);
    assert!(
        answer.contains(
            "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
        )
    );

    let (answer, negotiated) = offered(&mut session(), &without.replace("42e01f", "640c1f")).unwrap();

    assert_eq!(sources(&negotiated), [(Kind::Sound, true)]);
    assert_eq!(negotiated.refused[0].why, Refusal::NoCodec);
    assert_eq!(places(&answer), [("audio", "0"), ("video", "1")]);
    assert!(section(&answer, "1").starts_with("m=video 0 "));
}

#[test]
fn a_fourth_picture_is_answered_inactive() {
    let screen = section(CHROMIUM_SIMULCAST, "2");
    let more: String = (3..5).map(|mid| screen.replace("a=mid:2", &format!("a=mid:{mid}"))).collect();
    let offer = format!("{CHROMIUM_SIMULCAST}{more}").replace("BUNDLE 0 1 2", "BUNDLE 0 1 2 3 4");

    let (answer, negotiated) = offered(&mut session(), &offer).unwrap();

    assert_eq!(negotiated.sends.len(), 3);
    assert_eq!(
        negotiated.refused.iter().map(|refused| refused.why).collect::<Vec<_>>(),
        [Refusal::TooMany; 2]
    );
    assert!(section(&answer, "4").contains("a=inactive\r\n"));
}

#[test]
fn a_picture_that_stops_keeps_its_section_and_its_meaning() {
    let mut session = session();
    offered(&mut session, CHROMIUM_SIMULCAST).unwrap();
    let camera = section(CHROMIUM_SIMULCAST, "1");
    let stopped = CHROMIUM_SIMULCAST.replace(camera, &camera.replace("a=sendonly", "a=inactive"));

    let (answer, negotiated) = offered(&mut session, &stopped).unwrap();

    let expected = [(Kind::Sound, true), (Kind::Camera, false), (Kind::Screen, true)];
    assert_eq!(sources(&negotiated), expected);
    assert!(section(&answer, "1").contains("a=inactive\r\n"));
    assert_eq!(negotiated.sends[1].streams.layers.len(), 3);
    // Its m-line is given to another one.
    let over = CHROMIUM_SIMULCAST
        .replace(camera, &camera.replace("m=video 9", "m=video 0"))
        .replace("BUNDLE 0 1 2", "BUNDLE 0 2");
    let (_, negotiated) = offered(&mut session, &over).unwrap();
    assert_eq!(sources(&negotiated), [(Kind::Sound, true), (Kind::Screen, true)]);
    let again = CHROMIUM_SIMULCAST.replace("a=mid:1\n", "a=mid:9\n").replace("BUNDLE 0 1 2", "BUNDLE 0 9 2");
    let (answer, negotiated) = offered(&mut session, &again).unwrap();
    assert_eq!(negotiated.sends.len(), 3);
    assert_eq!(places(&answer), [("audio", "0"), ("video", "9"), ("video", "2")]);
}

#[test]
fn what_is_called_slides_is_the_screen() {
    let offer = CHROMIUM.replace("a=mid:1\n", "a=mid:1\na=content:slides\n");

    let (_, negotiated) = offered(&mut session(), &offer).unwrap();

    assert_eq!(sources(&negotiated), [(Kind::Sound, true), (Kind::Screen, true)]);
}

#[test]
fn offers_that_cross_are_one_after_the_other() {
    let mut session = session();
    assert!(session.offer().is_none(), "the client offers first");
    offered(&mut session, CHROMIUM).unwrap();
    session.add_slots(2, 0);
    let ours = session.offer().unwrap();
    assert!(session.is_offering() && session.offer().is_none());

    assert_eq!(offered(&mut session, CHROMIUM).unwrap_err(), NegotiationError::Crossed);

    session.drop_offer();
    let late = agreeing(&ours, CHROMIUM);
    assert_eq!(session.client_answer(&late).unwrap_err(), NegotiationError::Unasked);
    let (_, negotiated) = offered(&mut session, CHROMIUM).unwrap();
    assert_eq!(filled(&negotiated), (1, 1));
    let (again, negotiated) = agreed(&mut session, CHROMIUM);
    assert_eq!(filled(&negotiated), (3, 3));
    assert_eq!(places(&again), places(&ours));
}

#[test]
fn a_client_that_heard_a_dropped_offer_may_go_on_from_it() {
    let mut session = session();
    offered(&mut session, CHROMIUM).unwrap();
    session.add_slots(1, 0);
    let ours = session.offer().unwrap();
    session.drop_offer();

    // It answered, too late, and offers again with the sections that it has now.
    let (answer, negotiated) = offered(&mut session, &agreeing(&ours, CHROMIUM)).unwrap();

    assert_eq!(filled(&negotiated), (2, 2));
    assert!(section(&answer, "v1").contains("a=sendonly\r\n"));
    assert!(session.offer().is_none());
}

#[test]
fn a_slot_that_was_given_up_is_taken_again() {
    let mut session = session();
    offered(&mut session, CHROMIUM_SIMULCAST).unwrap();
    let slots = session.add_slots(2, 1);
    let (_, before) = agreed(&mut session, CHROMIUM_SIMULCAST);

    session.give_up_slot(slots[0]);

    let (offer, negotiated) = agreed(&mut session, CHROMIUM_SIMULCAST);
    assert_eq!(filled(&negotiated), (2, 1));
    assert!(!negotiated.slots[0].is_open && section(&offer, "v0").contains("a=inactive\r\n"));
    assert!(session.offer().is_none());
    assert_eq!(session.add_slots(1, 0), [slots[0]]);
    let (_, after) = agreed(&mut session, CHROMIUM_SIMULCAST);
    assert_eq!(after.slots, before.slots);
}

#[test]
fn a_slot_that_the_client_refuses_is_not_offered_again() {
    let mut session = session();
    offered(&mut session, CHROMIUM_SIMULCAST).unwrap();
    session.add_slots(1, 0);
    let offer = session.offer().unwrap();
    let answer = agreeing(&offer, CHROMIUM_SIMULCAST);
    let picture = section(&answer, "v0");
    let refusing =
        answer.replace(picture, &picture.replace("m=video 9", "m=video 0")).replace(" a0 v0\r", " a0\r");

    let negotiated = session.client_answer(&refusing).unwrap();

    assert_eq!(filled(&negotiated), (1, 0));
    assert!(session.offer().is_none());
    session.add_slots(1, 0);
    assert!(section(&session.offer().unwrap(), "v0").starts_with("m=video 0 "));
}

#[test]
fn ice_begins_again_with_new_names_on_both_sides() {
    let mut session = session();
    let (_, before) = offered(&mut session, CHROMIUM).unwrap();
    assert!(!offered(&mut session, CHROMIUM).unwrap().1.is_restart);

    let again = CHROMIUM.replace("a=ice-ufrag:", "a=ice-ufrag:n");
    let (answer, negotiated) = offered(&mut session, &again).unwrap();

    assert!(negotiated.is_restart && negotiated.client != before.client);
    assert_eq!((negotiated.server, before.server), (credentials(1), credentials(0)));
    assert!(answer.contains("a=ice-ufrag:w0000001\r\n"));
    session.add_slots(1, 0);
    let offer = session.offer().unwrap();
    let error = session.client_answer(&agreeing(&offer, CHROMIUM)).unwrap_err();
    assert_eq!(error, NegotiationError::Credentials);
    assert!(session.is_offering(), "what fails changes nothing");
}

#[test]
fn the_role_in_dtls_is_kept() {
    for (theirs, ours, role) in [
        ("actpass", "passive", DtlsRole::Server),
        ("active", "passive", DtlsRole::Server),
        ("passive", "active", DtlsRole::Client),
    ] {
        let mut session = session();

        let (answer, negotiated) = offered(&mut session, &CHROMIUM.replace("actpass", theirs)).unwrap();

        assert!(answer.contains(&format!("a=setup:{ours}\r\n")) && negotiated.role == role, "{theirs}");
        let (answer, _) = offered(&mut session, CHROMIUM).unwrap();
        assert!(answer.contains(&format!("a=setup:{ours}\r\n")), "{theirs}");
        let error = offered(&mut session, &CHROMIUM.replace("actpass", ours)).unwrap_err();
        assert_eq!(error, NegotiationError::Role, "{theirs}");
    }
}

#[test]
fn a_section_never_changes_its_place() {
    let mut session = session();
    offered(&mut session, CHROMIUM_SIMULCAST).unwrap();
    let parts = parts(CHROMIUM_SIMULCAST);

    for (order, index, mid) in
        [(vec![0, 1, 3, 2], 1, "1"), (vec![0, 1, 2], 2, "2"), (vec![0, 2, 1, 3], 0, "0")]
    {
        let text: String = order.iter().map(|place| parts[*place]).collect();
        let mid = Mid::checked(mid).unwrap();
        assert_eq!(offered(&mut session, &text).unwrap_err(), NegotiationError::Order { index, mid });
    }
    let other = CHROMIUM_SIMULCAST.replace("a=fingerprint:sha-256 9B", "a=fingerprint:sha-256 9C");
    assert_eq!(offered(&mut session, &other).unwrap_err(), NegotiationError::Certificate);
    offered(&mut session, CHROMIUM_SIMULCAST).unwrap();
}

#[test]
fn a_full_room_is_described_in_less_than_48_kib() {
    for client in GOLDEN {
        let mut session = session();
        offered(&mut session, client).unwrap();
        session.add_slots(25, 4);

        let (offer, negotiated) = agreed(&mut session, client);

        println!("{} bytes for 25 pairs and 4 voices", offer.len());
        assert!(offer.len() < 48 * 1024);
        assert!(filled(&negotiated).0 >= 29 && filled(&negotiated).1 >= 25);
        // And no description becomes longer than a client reads.
        assert!(session.add_slots(200, 0).len() < 60);
        assert!(places(&session.offer().unwrap()).len() <= 128);
    }
}
