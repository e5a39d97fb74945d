//! Descriptions that no browser writes.
use super::{super::*, *};
use proptest::prelude::*;

fn bad(text: &str) -> BadDescription {
    Description::parse(text).expect_err("it is not taken")
}

fn bad_section(text: &str) -> BadSection {
    match bad(text) {
        BadDescription::Section { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn each_fault_is_called_by_its_name() {
    let change = |from: &str, to: &str| {
        assert!(CHROMIUM.contains(from), "{from}");
        CHROMIUM.replace(from, to)
    };
    let long = format!("a=x:{}\n", "x".repeat(5000));
    for (text, expected) in [
        (String::new(), BadDescription::Head),
        ("o=- 1 2 IN IP4 0.0.0.0\n".into(), BadDescription::Head),
        ("v=0\n".into(), BadDescription::Head),
        (change("s=-\n", ""), BadDescription::Head),
        (parts(CHROMIUM)[0].into(), BadDescription::Sections),
        (change("s=-\n", "s=-\u{7}\n"), BadDescription::Line { line: 3 }),
        (change("s=-\n", "hello\n"), BadDescription::Line { line: 3 }),
        (change("s=-\n", &long), BadDescription::Line { line: 3 }),
        ("v".repeat(300_000), BadDescription::TooLong),
        (change("a=group:BUNDLE 0 1\n", ""), BadDescription::Bundle),
        (change("a=group:BUNDLE 0 1\n", "a=group:BUNDLE 0\n"), BadDescription::Bundle),
        (change(" 9 UDP", " 0 UDP"), BadDescription::NothingInUse),
        (change("a=ice-ufrag:", "a=x:"), BadDescription::Credentials),
        (change("a=ice-pwd:", "a=ice-pwd:?"), BadDescription::Credentials),
        (change("sha-256 ", "sha-1 "), BadDescription::Fingerprint),
        (change("sha-256 ", "sha-256 0"), BadDescription::Fingerprint),
        (change("a=setup:actpass", "a=setup:holdconn"), BadDescription::Setup),
        (change("s=-\n", "s=-\na=ice-lite\n"), BadDescription::Lite),
        (format!("{CHROMIUM}{}", "a=x\n".repeat(2000)), BadDescription::TooManyAttributes),
        (format!("{CHROMIUM}{}", "m=x 0 y z\n".repeat(200)), BadDescription::Sections),
    ] {
        assert_eq!(bad(&text), expected, "{text:.200}");
    }
    for (text, expected) in [
        (change("m=audio 9", "m=audio"), BadSection::MediaLine),
        (change("m=audio 9", "m=audio 70000"), BadSection::MediaLine),
        (change("m=audio 9", "m=audio  9"), BadSection::MediaLine),
        (change("a=mid:0\n", ""), BadSection::Mid),
        (change("a=mid:0\n", "a=mid:1\n"), BadSection::Mid),
        (change("a=mid:0\n", "a=mid:seventeen letters\n"), BadSection::Mid),
        (change("a=rtcp-mux\n", ""), BadSection::Mux),
        (change("SAVPF 111 63", "SAVPF 111 111"), BadSection::Payload),
        (change("SAVPF 111 63", "SAVPF 111 163"), BadSection::Payload),
        (change("opus/48000/2", "opus/fast"), BadSection::Payload),
        (change("a=extmap:1 ", "a=extmap:2 "), BadSection::Extension),
        (change("a=extmap:1 ", "a=extmap:0 "), BadSection::Extension),
        (change("a=extmap:1 ", "a=extmap:1/both "), BadSection::Extension),
        (change("a=rtcp-mux\n", "a=rtcp-mux\na=ssrc:0 cname:x\n"), BadSection::Stream),
        (change("a=rtcp-mux\n", "a=rtcp-mux\na=rid:a;b send\n"), BadSection::Layer),
    ] {
        assert_eq!(bad_section(&text), expected, "{text:.200}");
    }
}

#[test]
fn more_layers_than_three_and_names_that_packets_cannot_carry_are_left_out() {
    let layers = |negotiated: &Negotiated| -> Vec<(String, bool)> {
        let layers = negotiated.sends[1].streams.layers.iter();
        layers.map(|layer| (layer.rid.clone(), layer.is_paused)).collect()
    };
    let more = CHROMIUM_SIMULCAST.replace(
        "a=simulcast:send l;m;h",
        "a=rid:x send\na=rid:y recv\na=simulcast:recv y send h;~m,l;no;l;h;x",
    );
    let (answer, negotiated) = offered(&mut session(), &more).unwrap();
    assert_eq!(layers(&negotiated), [("h".into(), false), ("m".into(), true), ("l".into(), false)]);
    assert!(answer.contains("a=simulcast:recv h;m;l\r\n"));

    let nameless = CHROMIUM_SIMULCAST.replace("sdes:rtp-stream-id", "sdes:x");
    let (answer, negotiated) = offered(&mut session(), &nameless).unwrap();

    assert!(layers(&negotiated).is_empty() && !answer.contains("a=rid"));
}

#[test]
fn layers_by_number_are_taken_in_their_order() {
    let old = CHROMIUM.replace(
        "a=ssrc-group:FID",
        "a=ssrc-group:SIM 30 10 20 40\na=ssrc:10 x\na=ssrc:20 x\na=ssrc:30 x\na=ssrc-group:FID",
    );

    let (_, negotiated) = offered(&mut session(), &old).unwrap();

    assert_eq!(negotiated.sends[1].streams.ssrcs, [30, 10, 20]);
}

#[test]
fn our_numbers_of_streams_are_never_theirs() {
    let theirs = CHROMIUM.replace(
        "a=ssrc-group:FID",
        "a=ssrc:1000 x\na=ssrc-group:SIM 1000 1001 1002\na=ssrc:1001 x\na=ssrc:1002 x\na=ssrc-group:FID",
    );
    let theirs = theirs.replace("a=sendrecv", "a=sendonly");
    let mut session = session();
    offered(&mut session, &theirs).unwrap();

    session.add_slots(1, 0);

    assert!(section(&session.offer().unwrap(), "a0").contains("a=ssrc:1003 "));
}

/// What holds of every offer, whatever was done to it.
fn holds(session: &mut Session, offer: &str) {
    let parsed = Description::parse(offer);
    let Ok((answer, negotiated)) = offered(session, offer) else { return };
    let theirs: Vec<(String, String)> = parsed
        .expect("what is answered can be read")
        .sections
        .into_iter()
        .map(|section| (section.kind_word, section.mid.as_str().to_owned()))
        .collect();
    let ours: Vec<(String, String)> =
        places(&answer).iter().map(|(kind, mid)| ((*kind).to_owned(), (*mid).to_owned())).collect();
    assert_eq!(ours, theirs, "{offer}\n{answer}");
    assert!(negotiated.sends.len() <= 3);
    // What we wrote we can read, but for being lite.
    if negotiated.sends.iter().any(|sent| sent.is_on) {
        Description::parse(&answer.replace("a=ice-lite\r\n", ""))
            .unwrap_or_else(|bad| panic!("{bad}: {answer}"));
    }
    session.add_slots(2, 1);
    if let Some(ours) = session.offer() {
        assert!(ours.len() < 256 * 1024);
        let read = session.client_answer(&agreeing(&ours, offer));
        if read.is_err() {
            session.drop_offer();
        }
    }
}

/// A change of a description.
#[derive(Debug, Clone)]
enum Change {
    Drop(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Cut(prop::sample::Index, prop::sample::Index),
    Write(prop::sample::Index, prop::sample::Index, String),
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for change in changes {
        if lines.is_empty() {
            break;
        }
        let count = lines.len();
        match change {
            Change::Drop(at) => drop(lines.remove(at.index(count))),
            Change::Repeat(from, to) => {
                let line = lines[from.index(count)].clone();
                lines.insert(to.index(count), line);
            }
            Change::Swap(one, other) => lines.swap(one.index(count), other.index(count)),
            Change::Cut(at, place) => {
                let line = &mut lines[at.index(count)];
                let cut = place.index(line.chars().count() + 1);
                *line = line.chars().take(cut).collect();
            }
            Change::Write(at, place, text) => {
                let line = &mut lines[at.index(count)];
                let place = place.index(line.chars().count() + 1);
                let (before, after): (String, String) =
                    (line.chars().take(place).collect(), line.chars().skip(place + text.len()).collect());
                *line = format!("{before}{text}{after}");
            }
        }
    }
    lines.join("\r\n")
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let index = any::<prop::sample::Index>;
    let change = prop_oneof![
        index().prop_map(Change::Drop),
        (index(), index()).prop_map(|(from, to)| Change::Repeat(from, to)),
        (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        (index(), index()).prop_map(|(at, place)| Change::Cut(at, place)),
        (index(), index(), "[a-z0-9 :;=/~,*-]{1,4}")
            .prop_map(|(at, place, text)| Change::Write(at, place, text)),
    ];
    prop::collection::vec(change, 1..6)
}

proptest! {
    #[test]
    fn any_text_is_refused_or_answered(text in "(v=0\nm=)?(\\PC|[\r\n]){0,400}") {
        holds(&mut session(), &text);
        let mut after = session();
        offered(&mut after, CHROMIUM).unwrap();
        holds(&mut after, &text);
    }

    #[test]
    fn lines_in_any_order_are_refused_or_answered(
        lines in prop::collection::vec(prop::sample::select(
            CHROMIUM_SIMULCAST.lines().chain(FIREFOX_SIMULCAST.lines()).collect::<Vec<_>>()), 0..80),
    ) {
        let text = format!("v=0\no=- 1 2 IN IP4 0.0.0.0\ns=-\nt=0 0\n{}", lines.join("\n"));
        holds(&mut session(), &text);
    }

    #[test]
    fn a_changed_offer_is_refused_or_answered_section_by_section(
        golden in prop::sample::select(&GOLDEN[..]),
        first in changes(),
        then in changes(),
    ) {
        let mut session = session();
        holds(&mut session, &changed(golden, &first));
        holds(&mut session, &changed(golden, &then));
        holds(&mut session, golden);
    }
}
