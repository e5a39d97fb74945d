//! The link against a server of a few lines, with every connection breaking at any moment.
use super::*;
use calls_protocol::{EndWish, RoomName};
use std::collections::{BTreeMap, VecDeque};

const HEARTBEAT: &str = r#"0{"pingInterval":25000,"pingTimeout":20000}"#;

fn link() -> Link {
    let who = Who {
        user: UserId::new(1).unwrap(),
        device: DeviceId::new("phone").unwrap(),
        platform: "test".into(),
        push_token: None,
    };
    Link::new(who, LinkSettings::default(), 7)
}

fn question(n: u64) -> LinkInput {
    let room_name = RoomName::new(&format!("r{n}")).unwrap();
    let end = calls_protocol::End { room_name, user_id: UserId::new(1).unwrap(), reason: EndWish::Completed };
    LinkInput::Ask { ask: AskId(n), event: Box::new(ClientEvent::End(end)) }
}

fn text(text: &str) -> LinkInput {
    LinkInput::Text(text.into())
}

const REGISTERED: &str = r#"430[{"ok":true,"userId":1,"iceServers":[],"pending":[]}]"#;

/// Plays inputs one millisecond apart and shows what came of each.
fn play(link: &mut Link, inputs: Vec<LinkInput>) -> Vec<String> {
    let mut shown = Vec::new();
    for (n, input) in inputs.into_iter().enumerate() {
        for effect in link.handle(Time(n as u64), input) {
            shown.push(match effect {
                LinkEffect::Send(text) => text,
                LinkEffect::Tell(Told::Up(_)) => "up".into(),
                LinkEffect::Tell(Told::Down(trouble)) => format!("down: {trouble}"),
                LinkEffect::Tell(Told::SignedOut(why)) => format!("signed out: {why}"),
                LinkEffect::Tell(Told::Event { event, id }) => format!("{} {id:?}", event.name()),
                LinkEffect::Tell(Told::Answer { ask, answer }) => format!("{} {}", ask.0, answer.is_ok()),
                other => format!("{other:?}"),
            });
        }
    }
    shown
}

fn up() -> Vec<LinkInput> {
    vec![
        LinkInput::Tick,
        LinkInput::Proof(serde_json::json!({"token": "t"})),
        LinkInput::Opened,
        text(HEARTBEAT),
        text("40{\"sid\":\"x\"}"),
        text(REGISTERED),
        LinkInput::Ready,
    ]
}

#[test]
fn it_connects_registers_and_says_what_waited() {
    let mut link = link();
    let mut inputs = vec![question(5)];
    inputs.extend(up());
    inputs.extend([text("431[{\"ok\":true,\"duration\":3}]"), text("2")]);

    assert_eq!(
        play(&mut link, inputs),
        [
            "FetchProof { fresh: false }",
            "Open",
            r#"40{"token":"t"}"#,
            r#"420["call:register",{"userId":1,"deviceId":"phone","platform":"test","callWaiting":true}]"#,
            "up",
            r#"421["call:end",{"roomName":"r5","userId":1,"reason":"completed"}]"#,
            "5 true",
            "3",
        ]
    );
    assert_eq!(link.waiting(), 0);
}

#[test]
fn calls_are_resumed_before_anything_else_is_said() {
    let mut link = link();
    let mut inputs = vec![question(5)];
    inputs.extend(up());
    let ready = inputs.pop().unwrap();
    let resume = calls_protocol::Resume {
        room_name: RoomName::new("r5").unwrap(),
        user_id: UserId::new(1).unwrap(),
        last_event_id: None,
    };
    inputs.push(LinkInput::Ask { ask: AskId(6), event: Box::new(ClientEvent::Resume(resume)) });
    inputs.push(ready);

    let shown = play(&mut link, inputs);

    assert!(shown[5].contains("call:resume") && shown[6].contains("call:end"), "{shown:?}");
}

const SAID_WITH_A: &str = r#"420["call:register",{"userId":1,"deviceId":"phone","platform":"test","pushToken":"a","callWaiting":true}]"#;

fn token(token: &str) -> LinkInput {
    LinkInput::PushToken(token.into())
}

#[test]
fn another_push_token_is_told_at_once_and_only_if_it_is_another() {
    let mut link = link();
    let mut inputs = up();
    inputs.extend([token("a"), text(REGISTERED), token("a"), question(5)]);

    let shown = play(&mut link, inputs);

    assert_eq!(
        shown[5..],
        [SAID_WITH_A, r#"421["call:end",{"roomName":"r5","userId":1,"reason":"completed"}]"#]
    );
}

#[test]
fn a_push_token_from_before_the_connection_is_told_with_the_first_word() {
    let mut link = link();
    let mut inputs = vec![token("a")];
    inputs.extend(up());

    let shown = play(&mut link, inputs);

    assert_eq!(shown[3..], [SAID_WITH_A, "up"]);
}

#[test]
fn a_push_token_from_while_it_registers_is_told_once_the_calls_were_resumed() {
    let mut link = link();
    let mut inputs = up();
    let (ready, registered) = (inputs.pop().unwrap(), inputs.pop().unwrap());
    inputs.extend([token("a"), registered, question(5), ready]);

    let shown = play(&mut link, inputs);

    assert_eq!(shown[4], "up");
    assert!(shown[5].contains("call:end") && shown[6] == SAID_WITH_A, "{shown:?}");
}

#[test]
fn a_server_that_does_not_want_another_push_token_now_keeps_its_connection() {
    let mut link = link();
    let mut inputs = up();
    inputs.extend([
        token("a"),
        text(r#"430[{"ok":false,"error":{"code":"rate_limited","message":"too often"}}]"#),
    ]);
    inputs.extend([LinkInput::Gone, LinkInput::NetworkChanged]);
    inputs.extend(up().into_iter().skip(1));

    let shown = play(&mut link, inputs);

    assert_eq!(shown[6..8], ["Drop", "down: the connection to the server broke"]);
    assert_eq!(shown.iter().filter(|said| *said == SAID_WITH_A).count(), 2, "{shown:?}");
}

#[test]
fn a_server_that_registers_by_an_event_is_as_good() {
    let mut link = link();
    let mut inputs = up();
    inputs.truncate(inputs.len() - 2);
    inputs.push(text(r#"42["call:registered",{"userId":1,"iceServers":[],"pending":[]}]"#));
    inputs.push(text(REGISTERED));

    let shown = play(&mut link, inputs);

    assert_eq!(shown.iter().filter(|shown| *shown == "up").count(), 1, "{shown:?}");
}

#[test]
fn events_are_told_with_their_ids_and_acknowledged_if_asked() {
    let mut link = link();
    let mut inputs = up();
    inputs.push(text(r#"4212["user:reconnecting",{"roomName":"r","userId":2,"eventId":9}]"#));
    inputs.push(text(r#"42["of:tomorrow",{}]"#));
    inputs.push(text(r#"42["call:ended",{"roomName":7}]"#));

    let shown = play(&mut link, inputs);

    assert_eq!(shown[5..], ["4312[]".to_owned(), "user:reconnecting Some(9)".into()]);
}

#[test]
fn a_proof_that_ran_out_is_fetched_anew_once() {
    let no = r#"44{"message":"the token ran out","data":{"code":"unauthorized"}}"#;
    let mut link = link();
    let proof = || LinkInput::Proof(serde_json::json!({}));
    let inputs = vec![
        LinkInput::Tick,
        proof(),
        LinkInput::Opened,
        text(HEARTBEAT),
        text(no),
        proof(),
        LinkInput::Opened,
        text(HEARTBEAT),
        text(no),
    ];

    let shown = play(&mut link, inputs);

    assert!(shown.contains(&"FetchProof { fresh: true }".into()), "{shown:?}");
    assert_eq!(shown.last().unwrap(), "signed out: the token ran out");
    assert_eq!(link.deadline(), None);
}

#[test]
fn another_network_is_tried_at_once() {
    let mut link = link();
    let mut inputs = up();
    inputs.push(LinkInput::NetworkChanged);

    let shown = play(&mut link, inputs);

    assert_eq!(shown[5..], ["Drop", "down: the network changed", "FetchProof { fresh: false }"]);
}

#[test]
fn a_question_without_an_answer_ends_a_dead_connection_long_before_the_pings_do() {
    let mut link = link();
    play(&mut link, up());
    drop(link.handle(Time(1000), question(1)));

    assert_eq!(link.deadline(), Some(Time(9000)));
    let effects = link.handle(Time(9000), LinkInput::Tick);

    assert!(effects.contains(&LinkEffect::Tell(Told::Down(Trouble::Silent))), "{effects:?}");
}

#[test]
fn pauses_grow_stay_bounded_and_differ_between_devices() {
    let pauses = |chance| {
        let mut link = Link { chance, ..link() };
        (0..12)
            .map(|_| {
                let pause = link.pause();
                link.failures += 1;
                pause
            })
            .collect::<Vec<_>>()
    };

    let one = pauses(3);

    assert!(one[0] <= Duration::from_millis(250));
    assert!(one[11] >= Duration::from_secs(5) && one[11] <= Duration::from_secs(10), "{one:?}");
    assert_ne!(one, pauses(5));
}

#[test]
fn what_is_no_frame_ends_the_connection_and_not_the_link() {
    let mut link = link();
    let mut inputs = up();
    inputs.push(text("HTTP/1.1 200 OK"));

    let shown = play(&mut link, inputs);

    assert_eq!(shown.last().unwrap(), "down: this is no server for calls, or a very different one");
    assert!(link.deadline().is_some());
}

/// A server, a wire that breaks, and an app that asks: all at random from one seed.
struct World {
    link: Link,
    now: u64,
    random: u64,
    to_server: VecDeque<String>,
    to_link: VecDeque<String>,
    is_open: bool,
    /// Half open: what is sent goes nowhere, and nobody says so.
    is_dead: bool,
    /// How often the server did what was asked, in the order of the first time.
    done: BTreeMap<u64, u32>,
    order: Vec<u64>,
    answered: BTreeMap<u64, u32>,
    forgotten: Vec<u64>,
    /// The push token that the server knows.
    token: String,
}

impl World {
    fn chance(&mut self, one_in: u64) -> bool {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33).is_multiple_of(one_in)
    }

    fn act(&mut self, input: LinkInput) {
        let effects = self.link.handle(Time(self.now), input);
        for effect in effects {
            match effect {
                LinkEffect::FetchProof { .. } => self.act(LinkInput::Proof(serde_json::Value::Null)),
                LinkEffect::Open => {
                    self.drop_wire();
                    if self.chance(5) {
                        self.act(LinkInput::Gone);
                        continue;
                    }
                    self.is_open = true;
                    self.to_link.push_back(HEARTBEAT.into());
                    self.act(LinkInput::Opened);
                }
                LinkEffect::Send(text) if !self.is_dead => self.to_server.push_back(text),
                LinkEffect::Send(_) => {}
                LinkEffect::Drop => self.drop_wire(),
                LinkEffect::Tell(Told::Answer { ask, .. }) => {
                    assert!(!self.forgotten.contains(&ask.0), "the answer to {ask:?} was wanted no more");
                    *self.answered.entry(ask.0).or_default() += 1;
                }
                LinkEffect::Tell(Told::Up(_)) => self.act(LinkInput::Ready),
                LinkEffect::Tell(_) => {}
            }
        }
    }

    fn drop_wire(&mut self) {
        (self.is_open, self.is_dead) = (false, false);
        self.to_server.clear();
        self.to_link.clear();
    }

    /// The server reads one text.
    fn serve(&mut self) {
        if self.is_dead {
            self.to_server.clear();
            self.to_link.clear();
        }
        let Some(text) = self.to_server.pop_front() else { return };
        if text.starts_with("40") {
            self.to_link.push_back("40{}".into());
        } else if text.starts_with("420[") {
            let token = text.split("\"pushToken\":\"").nth(1).and_then(|rest| rest.split('"').next());
            self.token = token.unwrap_or_default().into();
            self.to_link.push_back(REGISTERED.into());
        } else if let Some(rest) = text.strip_prefix("42") {
            let (ack, json) = rest.split_once('[').unwrap();
            let room = json.split("\"roomName\":\"r").nth(1).and_then(|rest| rest.split('"').next());
            let n: u64 = room.expect("every question names its room").parse().unwrap();
            let times = self.done.entry(n).or_default();
            if *times == 0 {
                self.order.push(n);
            }
            *times += 1;
            self.to_link.push_back(format!("43{ack}[{{\"ok\":true,\"duration\":0}}]"));
        }
    }
}

#[test]
fn nothing_asked_is_lost_answered_twice_or_said_out_of_order_however_often_the_wire_breaks() {
    for seed in 0..300 {
        let mut world = World {
            link: link(),
            now: 0,
            random: seed,
            to_server: VecDeque::new(),
            to_link: VecDeque::new(),
            is_open: false,
            is_dead: false,
            done: BTreeMap::new(),
            order: Vec::new(),
            answered: BTreeMap::new(),
            forgotten: Vec::new(),
            token: String::new(),
        };
        let (mut asked, mut tokens) = (0, 0);
        for _ in 0..2_000 {
            if world.chance(20) && asked < 60 {
                asked += 1;
                world.act(question(asked));
            }
            if world.chance(200) && asked > 0 && !world.answered.contains_key(&asked) {
                world.forgotten.push(asked);
                world.act(LinkInput::Forget(AskId(asked)));
            }
            if world.chance(100) {
                tokens += 1;
                world.act(token(&format!("token {tokens}")));
            }
            if world.is_open && world.chance(40) {
                world.drop_wire();
                world.act(LinkInput::Gone);
            }
            if world.is_open && world.chance(150) {
                world.is_dead = true;
            }
            if world.chance(2) {
                world.serve();
            }
            if world.chance(2)
                && let Some(text) = world.to_link.pop_front()
            {
                world.act(LinkInput::Text(text));
            }
            world.now += 20;
            world.act(LinkInput::Tick);
        }
        for _ in 0..5_000 {
            world.serve();
            if let Some(text) = world.to_link.pop_front() {
                world.act(LinkInput::Text(text));
            }
            world.now += 20;
            world.act(LinkInput::Tick);
        }
        for n in 1..=asked {
            let was_forgotten = world.forgotten.contains(&n);
            let times = world.answered.get(&n).copied().unwrap_or(0);
            assert_eq!(
                times,
                u32::from(!was_forgotten),
                "seed {seed}: question {n} was answered {times} times"
            );
        }
        assert!(world.order.is_sorted(), "seed {seed}: {:?}", world.order);
        assert_eq!(world.link.waiting(), 0, "seed {seed}");
        assert_eq!(world.token, format!("token {tokens}"), "seed {seed}");
    }
}
