//! A call is judged rightly: in order it is fine, and everything twice, missing or misplaced is a fault.
use super::flow::{CANDIDATES, Fault, Flow, Next, Side};

const ROOM: &str = "room_1";
const SDP: &str = "v=0\\r\\n";

fn incoming() -> String {
    format!(
        r#"42["call:incoming",{{"fromId":1,"roomName":"{ROOM}","sdpOffer":{{"type":"offer","sdp":"{SDP}"}}}}]"#
    )
}
fn answer() -> String {
    format!(r#"42["call:answer",{{"roomName":"{ROOM}","sdpAnswer":{{"type":"answer","sdp":"{SDP}"}}}},7]"#)
}
fn candidate(number: u32) -> String {
    format!(
        r#"42["ice:candidate",{{"roomName":"{ROOM}","candidate":{{"candidate":"candidate:{number} 1 udp"}}}}]"#
    )
}
fn ended() -> String {
    format!(r#"42["call:ended",{{"roomName":"{ROOM}","reason":"completed"}}]"#)
}

/// Up to the moment before `call:ended`.
fn until_the_end() -> Flow<'static> {
    let mut flow = Flow::new(ROOM, SDP);
    assert_eq!(flow.heard(Side::Callee, &incoming()), Ok(Next::Accept));
    assert_eq!(flow.heard(Side::Caller, &answer()), Ok(Next::Trickle));
    for number in 0..CANDIDATES {
        assert_eq!(flow.heard(Side::Caller, &candidate(number)), Ok(Next::Wait));
    }
    for number in 0..CANDIDATES - 1 {
        assert_eq!(flow.heard(Side::Callee, &candidate(number)), Ok(Next::Wait));
    }
    assert_eq!(flow.heard(Side::Callee, &candidate(CANDIDATES - 1)), Ok(Next::HangUp));
    flow
}

#[test]
fn a_call_goes_from_ring_to_end() {
    let mut flow = until_the_end();

    assert_eq!(flow.heard(Side::Callee, &ended()), Ok(Next::Over));
    assert_eq!(flow.reordered, 0);
}

#[test]
fn whatever_comes_twice_is_a_fault() {
    let twice: [(Side, String); 5] = [
        (Side::Callee, incoming()),
        (Side::Caller, answer()),
        (Side::Caller, candidate(3)),
        (Side::Callee, candidate(9)),
        (Side::Callee, ended()),
    ];
    for (side, packet) in twice {
        let mut flow = until_the_end();
        flow.heard(Side::Callee, &ended()).unwrap();

        assert!(matches!(flow.heard(side, &packet), Err(Fault::Unexpected { .. })), "{packet}");
    }
}

#[test]
fn an_event_at_the_wrong_client_or_before_its_time_is_a_fault() {
    let too_early: [(Side, String); 5] = [
        (Side::Caller, incoming()),
        (Side::Caller, answer()),
        (Side::Callee, answer()),
        (Side::Callee, candidate(0)),
        (Side::Callee, ended()),
    ];
    for (side, packet) in too_early {
        assert!(
            matches!(Flow::new(ROOM, SDP).heard(side, &packet), Err(Fault::Unexpected { .. })),
            "{packet}"
        );
    }
}

#[test]
fn an_event_of_another_room_is_a_fault() {
    let mut flow = Flow::new("room_2", SDP);

    assert_eq!(flow.heard(Side::Callee, &ended()), Err(Fault::Stray { event: "call:ended".to_owned() }));
}

#[test]
fn a_changed_description_is_a_fault() {
    let mut flow = Flow::new(ROOM, "v=1");

    assert!(matches!(flow.heard(Side::Callee, &incoming()), Err(Fault::Damaged { .. })));
}

#[test]
fn a_refusal_is_a_fault_in_the_servers_own_words() {
    let packet = r#"42["call:error",{"code":"rate_limited"}]"#;

    let fault = Flow::new(ROOM, SDP).heard(Side::Caller, packet).unwrap_err();

    assert!(fault.to_string().contains("rate_limited"));
}

#[test]
fn candidates_out_of_order_are_counted() {
    let mut flow = Flow::new(ROOM, SDP);
    flow.heard(Side::Callee, &incoming()).unwrap();
    flow.heard(Side::Caller, &answer()).unwrap();

    for number in [1, 0, 2] {
        flow.heard(Side::Callee, &candidate(number)).unwrap();
    }

    assert_eq!(flow.reordered, 1);
}

#[test]
fn a_candidate_that_nobody_sent_is_a_fault() {
    for number in [CANDIDATES, 31, 32, 4_000_000_000] {
        let mut flow = Flow::new(ROOM, SDP);
        flow.heard(Side::Callee, &incoming()).unwrap();
        flow.heard(Side::Caller, &answer()).unwrap();

        assert!(flow.heard(Side::Callee, &candidate(number)).is_err());
    }
}
