//! What one user, or two who work together, can take of the server: so much, and the rest is refused.
use calls_protocol::{Ack, ClientEvent, ErrorCode, Refusal, ServerEvent, UnixMillis};
use calls_server::calls::{Action, CallSettings, Calls, Facts, Input, SocketId};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The rules, and how a test speaks to them.
struct Server {
    calls: Calls,
    now: u64,
    last: Vec<Action>,
}

impl Server {
    fn new() -> Self {
        let settings = CallSettings { attempts_per_minute: 1000, ..CallSettings::default() };
        let calls = Calls::new(settings, 1, 1, Arc::new(|_, _| Default::default()));
        Self { calls, now: 1_000_000, last: Vec::new() }
    }

    fn says(&mut self, socket: u64, event: &str, payload: &Value) -> Result<Ack, Refusal> {
        let event = ClientEvent::decode(event, &payload.to_string()).expect("these can be read");
        let facts = Facts { may_open_rooms: true, ..Facts::default() };
        let input = Input::Event {
            socket: SocketId(socket),
            authenticated: event.claimed_user(),
            event: Box::new(event),
            facts,
        };
        self.last = self.calls.handle(UnixMillis(self.now), input);
        match self.last.first() {
            Some(Action::Reply(reply)) => reply.clone(),
            other => panic!("{other:?} is no reply"),
        }
    }

    fn registers(&mut self, socket: u64, user: u64) -> Result<Ack, Refusal> {
        self.says(socket, "call:register", &json!({ "userId": user }))
    }

    fn joins(&mut self, socket: u64, user: u64, room: &str) -> Result<Ack, Refusal> {
        self.says(socket, "call:join_room", &json!({ "userId": user, "roomName": room }))
    }

    fn dials(&mut self, socket: u64, (from, to): (u64, u64), room: &str) -> Result<Ack, Refusal> {
        let call =
            json!({ "fromId": from, "toId": to, "callType": "audio", "roomName": room, "sdpOffer": "v=0" });
        self.says(socket, "call:initiate", &call)
    }

    fn sent_to(&self, socket: u64) -> usize {
        let is_to = |action: &&Action| matches!(action, Action::Send { to, .. } if to.0 == socket);
        self.last.iter().filter(is_to).count()
    }
}

fn code(reply: &Result<Ack, Refusal>) -> Option<ErrorCode> {
    reply.as_ref().err().map(|refusal| refusal.code)
}

#[test]
fn nobody_is_in_more_than_32_rooms_and_leaving_one_makes_room() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(2, 2).unwrap();
    server.joins(2, 2, "another").unwrap();
    for n in 0..32 {
        server.joins(1, 1, &format!("room{n}")).unwrap();
    }

    assert_eq!(code(&server.joins(1, 1, "room32")), Some(ErrorCode::RateLimited));
    assert_eq!(code(&server.joins(1, 1, "another")), Some(ErrorCode::RateLimited));
    assert_eq!(code(&server.dials(1, (1, 2), "call")), Some(ErrorCode::RateLimited));
    server.joins(1, 1, "room0").expect("it is in that one already");
    server.says(1, "call:leave_room", &json!({ "userId": 1, "roomName": "room0" })).unwrap();
    server.joins(1, 1, "another").expect("there is room again");
}

#[test]
fn a_phone_rings_for_16_callers_at_once_and_is_busy_for_the_next() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    for caller in 2..=18 {
        server.registers(caller, caller).unwrap();
    }
    for caller in 2..=17 {
        server.dials(caller, (caller, 1), &format!("call{caller}")).unwrap();
        assert_eq!(server.sent_to(1), 1);
    }

    assert_eq!(code(&server.dials(18, (18, 1), "call18")), Some(ErrorCode::RecipientBusy));
    assert_eq!(server.sent_to(1), 0);
    server.says(2, "call:end", &json!({ "userId": 2, "roomName": "call2" })).unwrap();
    server.dials(18, (18, 1), "again").expect("one less rings");
}

#[test]
fn of_33_connections_the_oldest_that_is_in_no_call_is_closed() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(100, 2).unwrap();
    server.dials(1, (1, 2), "call").unwrap();
    for socket in 2..=32 {
        server.registers(socket, 1).unwrap();
        assert!(!server.last.iter().any(|action| matches!(action, Action::Close(_))));
    }

    server.registers(33, 1).unwrap();

    assert!(server.last.contains(&Action::Close(SocketId(2))), "{:?}", server.last);
    assert_eq!(server.calls.user_of(SocketId(2)), None);
    assert_eq!(server.calls.user_of(SocketId(1)), server.calls.user_of(SocketId(33)));
}

#[test]
fn a_connection_that_registers_all_the_time_is_told_so_and_may_again_a_minute_later() {
    let mut server = Server::new();
    for _ in 0..30 {
        server.registers(1, 1).unwrap();
    }

    assert_eq!(code(&server.registers(1, 1)), Some(ErrorCode::RateLimited));
    server.registers(2, 1).expect("another connection has its own count");
    server.now += 60_000;
    server.registers(1, 1).expect("the minute is over");
}

#[test]
fn candidates_before_the_answer_are_kept_by_weight() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(2, 2).unwrap();
    server.dials(1, (1, 2), "call").unwrap();
    let candidate = |n: usize| {
        let text = format!("{n} {}", "x".repeat(4000));
        json!({ "roomName": "call", "fromUserId": 2, "toUserId": 1, "candidate": text })
    };

    let taken = (0..200).take_while(|n| server.says(2, "ice:candidate", &candidate(*n)).is_ok()).count();

    assert!((30..40).contains(&taken), "{taken} of 4 kB are in 128 KiB");
    assert_eq!(code(&server.says(2, "ice:candidate", &candidate(200))), Some(ErrorCode::RateLimited));
}

#[test]
fn what_is_said_in_an_empty_room_is_kept_for_nobody() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(2, 2).unwrap();
    server.joins(1, 1, "room").unwrap();
    for n in 0..50 {
        let candidate = json!({ "roomName": "room", "fromUserId": 1, "candidate": n.to_string() });
        server.says(1, "ice:candidate", &candidate).unwrap();
    }

    server.joins(2, 2, "room").unwrap();

    let joined = server.last.iter().find_map(|action| match action {
        Action::Send { event, id, .. } if matches!(**event, ServerEvent::UserJoined(_)) => *id,
        _ => None,
    });
    assert_eq!(joined.map(|id| id.get()), Some(server.now + 1), "it is the first event of the room");
}

#[test]
fn a_room_that_opens_again_at_once_goes_on_counting() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(2, 2).unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        server.joins(1, 1, "room").unwrap();
        server.joins(2, 2, "room").unwrap();
        ids.extend(server.last.iter().filter_map(|action| match action {
            Action::Send { id: Some(id), .. } => Some(id.get()),
            _ => None,
        }));
        for user in [2, 1] {
            server.says(user, "call:leave_room", &json!({ "userId": user, "roomName": "room" })).unwrap();
        }
    }

    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn a_ring_that_nobody_hears_any_more_leaves_nothing_behind() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(2, 2).unwrap();
    let empty = server.calls.summary(UnixMillis(server.now));
    for n in 0..10 {
        server.dials(1, (1, 2), &format!("call{n}")).unwrap();
        server.says(1, "call:end", &json!({ "userId": 1, "roomName": format!("call{n}") })).unwrap();
    }
    let later = server.now + Duration::from_secs(120).as_millis() as u64;

    drop(server.calls.handle(UnixMillis(later), Input::Tick));

    assert_eq!(server.calls.summary(UnixMillis(later)), empty);
    assert_eq!(server.calls.deadline(), None);
}

#[test]
fn candidates_of_ever_new_descriptions_are_forwarded_and_no_longer_stored() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(2, 2).unwrap();
    server.joins(1, 1, "room").unwrap();
    server.joins(2, 2, "room").unwrap();
    let (mut stored, mut forwarded) = (0, 0);
    for n in 0..600 {
        if n % 100 == 0 {
            let offer = json!({ "roomName": "room", "toUserId": 2, "sdpOffer": n.to_string() });
            server.says(1, "call:renegotiate", &offer).unwrap();
        }
        let candidate =
            json!({ "roomName": "room", "fromUserId": 1, "toUserId": 2, "candidate": n.to_string() });
        server.says(1, "ice:candidate", &candidate).unwrap();
        stored += server.last.iter().filter(|action| matches!(action, Action::Store(_))).count();
        forwarded += server.sent_to(2);
    }

    assert_eq!((stored, forwarded), (400, 600));
}

#[test]
fn more_descriptions_than_any_call_needs_are_refused() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(2, 2).unwrap();
    server.joins(1, 1, "room").unwrap();
    server.joins(2, 2, "room").unwrap();
    let offer = |n: usize| json!({ "roomName": "room", "toUserId": 2, "sdpOffer": n.to_string() });

    let taken = (0..200).filter(|n| server.says(1, "call:renegotiate", &offer(*n)).is_ok()).count();

    assert_eq!(taken, 120);
    server.now += 60_000;
    server.says(1, "call:renegotiate", &offer(500)).expect("the minute is over");
}

#[test]
fn going_in_and_out_all_the_time_is_refused() {
    let mut server = Server::new();
    server.registers(1, 1).unwrap();
    server.registers(2, 2).unwrap();
    server.joins(1, 1, "room").unwrap();
    let mut taken = 0;
    for _ in 0..400 {
        taken += usize::from(server.joins(2, 2, "room").is_ok());
        server.says(2, "call:leave_room", &json!({ "userId": 2, "roomName": "room" })).unwrap();
    }

    assert_eq!(taken, 300);
}
