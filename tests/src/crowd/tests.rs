//! Two participants and a server between them that loses what it likes, without sockets and in time that is made up.
use super::{
    describe::{Ours, Says},
    outgoing::{Picture, Plan, Voice},
    person::{Facts, Person},
};
use calls_rtp::{
    control::{self, Message},
    handshake::{Fingerprint, Handshake, Identity, Role},
    packet::Packet,
    protect::{Opener, Sealer},
};
use calls_server::sfu::sdp::{Candidate, Credentials, Local, Session};
use ring::hmac;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

const ROOM: u32 = 3;
const PASSWORD: &str = "pppppppppppppppppppppppp";
static CROWD: LazyLock<Arc<Identity>> = LazyLock::new(|| Arc::new(Identity::generate().unwrap()));
static SERVER: LazyLock<Identity> = LazyLock::new(|| Identity::generate().unwrap());

/// One participant and the server's side of it.
struct End {
    person: Person,
    handshake: Handshake,
    keys: Option<(Sealer, Opener)>,
    /// Where numbers of forwarded streams are, by theirs.
    begun: BTreeMap<u32, u64>,
    /// What was sent to it, by number and sequence number.
    sent: BTreeMap<(u32, u16), Vec<u8>>,
}

impl End {
    fn new(now: Instant, who: u32, plan: Plan) -> Self {
        let ssrc = who * 16;
        let ours = Ours {
            credentials: (format!("user{who}"), format!("{who:024}")),
            fingerprint: format!("sha-256 {}", CROWD.fingerprint().digits()),
            sound: Some(ssrc),
            picture: vec![ssrc + 1],
            has_pictures: true,
        };
        let mut session = Session::new(Local {
            credentials: Credentials { ufrag: "wserver1".to_owned(), pwd: PASSWORD.to_owned() },
            fingerprint: SERVER.fingerprint().clone(),
            candidates: vec![Candidate::Udp("127.0.0.1:7000".parse().unwrap())],
            session_id: 1,
            first_ssrc: 5000,
        });
        let spare = Credentials { ufrag: "wserver2".to_owned(), pwd: PASSWORD.to_owned() };
        let (answer, agreed) = session.client_offer(&ours.offer(), spare).unwrap();
        let mut person = Person::new(now, CROWD.clone(), ROOM, who, &ours);
        person.described(now, &Says::parse(&answer).unwrap());
        person.plan(now, plan, 0.0);
        let expected = Fingerprint::parse("sha-256", CROWD.fingerprint().digits().as_str()).unwrap();
        assert_eq!(agreed.fingerprint.to_string(), format!("sha-256 {}", CROWD.fingerprint().digits()));
        let handshake = Handshake::new(now, &SERVER, Role::Passive, expected);
        Self { person, handshake, keys: None, begun: BTreeMap::new(), sent: BTreeMap::new() }
    }
}

/// The answer to a check, signed by the password that both have.
fn checked(request: &[u8]) -> Vec<u8> {
    let mut answer = request[..20].to_vec();
    answer[..2].copy_from_slice(&[0x01, 0x01]);
    answer[2..4].copy_from_slice(&24_u16.to_be_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, PASSWORD.as_bytes());
    let tag = hmac::sign(&key, &answer);
    answer.extend([0, 8, 0, 20]);
    answer.extend(tag.as_ref());
    answer
}

/// Two of them, and who is called by which name.
struct Stage {
    now: Instant,
    begin: Instant,
    ends: [End; 2],
    /// Which of the packets to the second one get lost: each so many-th.
    loses: Option<u64>,
    forwarded: u64,
}

impl Stage {
    fn new(plan: Plan) -> Self {
        let now = Instant::now();
        let ends = [End::new(now, 1, plan), End::new(now, 2, Plan::default())];
        Self { now, begin: now, ends, loses: None, forwarded: 0 }
    }

    fn name(&mut self, of: u32) {
        let named: Vec<(String, u32)> = ["0", "1"].map(|mid| (mid.to_owned(), of)).to_vec();
        self.ends[1].person.named(self.now, &named);
    }

    fn play(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(1);
            let wall = (self.now - self.begin).as_micros() as u64;
            for who in 0..2 {
                let mut said = Vec::new();
                self.ends[who].person.wake(self.now, &mut || wall, &mut |bytes| said.push(bytes.to_vec()));
                self.serve(who, said);
            }
        }
    }

    /// The server hears what one says; what it says to that is heard at once.
    fn serve(&mut self, who: usize, mut said: Vec<Vec<u8>>) {
        while !said.is_empty() {
            let mut back = Vec::new();
            for mut bytes in std::mem::take(&mut said) {
                match bytes[0] {
                    0..=3 => back.push(checked(&bytes)),
                    20..=63 => {
                        let end = &mut self.ends[who];
                        end.handshake.receive(self.now, &bytes, &mut |out| back.push(out.to_vec())).unwrap();
                        if let Some(keys) = end.handshake.keys() {
                            end.keys = Some((keys.sealer(), keys.opener()));
                        }
                    }
                    _ if control::is_control(&bytes) => self.reports(who, &mut bytes, &mut back),
                    _ => self.forward(who, &mut bytes),
                }
            }
            for mut bytes in back {
                let end = &mut self.ends[who];
                end.person.datagram(self.now, &mut bytes, &mut |out| said.push(out.to_vec()));
            }
        }
    }

    fn reports(&mut self, who: usize, bytes: &mut [u8], back: &mut Vec<Vec<u8>>) {
        let end = &mut self.ends[who];
        let len = end.keys.as_mut().unwrap().1.open_rtcp(bytes).unwrap();
        for message in control::messages(&bytes[..len]) {
            if let Message::Nack { ssrc, missing } = message {
                back.extend(missing.iter().map(|number| end.sent[&(ssrc, number)].clone()));
            }
        }
    }

    /// A sound becomes stream 5000 of the other, a picture 5001.
    fn forward(&mut self, who: usize, bytes: &mut [u8]) {
        let opened = self.ends[who].keys.as_mut().unwrap().1.open_rtp(bytes).unwrap();
        let mut packet = bytes[..opened.len].to_vec();
        let ssrc = 5000 + Packet::parse(&packet).unwrap().head.ssrc % 16;
        let to = &mut self.ends[1 - who];
        let index = to.begun.entry(ssrc).or_insert(65_000);
        packet[2..4].copy_from_slice(&(*index as u16).to_be_bytes());
        packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
        let Some((sealer, _)) = &to.keys else { return };
        packet.resize(opened.len + 16, 0);
        let len = sealer.seal_rtp(&mut packet, opened.len, opened.header_len, *index).unwrap();
        *index += 1;
        self.forwarded += 1;
        to.sent.insert((ssrc, (*index - 1) as u16), packet[..len].to_vec());
        if self.loses.is_none_or(|each| !self.forwarded.is_multiple_of(each)) {
            to.person.datagram(self.now, &mut packet[..len], &mut |_| {});
        }
    }

    fn facts(&self) -> Facts {
        self.ends[1].person.facts()
    }
}

fn picture() -> Plan {
    let picture = Picture { bps: 1_000_000, every: Duration::from_millis(33), layers: 1, height: 720 };
    Plan { voice: Some(Voice::USUAL), picture: Some(picture) }
}

#[test]
fn two_hear_and_see_each_other_through_a_server() {
    let mut stage = Stage::new(picture());
    stage.name(1);

    stage.play(Duration::from_secs(3));

    let facts = stage.facts();
    assert!(facts.is_connected && facts.first_heard.is_some(), "{facts:?}");
    assert_eq!(facts.faults, []);
    assert_eq!((facts.totals.streams, facts.totals.lost, facts.totals.late), (2, 0, 0));
    assert_eq!(facts.totals.came, facts.totals.expected);
    // 50 of sound, and 30 pictures of four packets.
    let wanted = 3 * (50 + 30 * 4);
    assert!(facts.totals.came.abs_diff(wanted) < wanted / 10, "{facts:?}");
    assert_eq!(facts.totals.keys, 1);
}

#[test]
fn what_is_lost_of_a_picture_comes_again_and_of_a_sound_is_counted() {
    let mut stage = Stage::new(picture());
    stage.name(1);
    stage.play(Duration::from_secs(1));
    stage.loses = Some(10);

    stage.play(Duration::from_secs(3));
    stage.loses = None;
    stage.play(Duration::from_secs(1));

    let facts = stage.facts();
    assert_eq!(facts.faults, []);
    let missing = facts.totals.expected - facts.totals.came;
    assert_eq!(missing, facts.totals.lost, "{facts:?}");
    assert!(missing > 0 && missing < 30, "only sounds: {facts:?}");
    assert!(facts.totals.late > 20, "{facts:?}");
}

#[test]
fn a_wrong_name_and_a_sound_that_is_switched_off_are_seen() {
    let mut stage = Stage::new(Plan { picture: None, ..picture() });
    stage.name(1);
    stage.play(Duration::from_secs(1));
    stage.ends[0].person.secret(true);
    stage.play(Duration::from_millis(100));
    let count =
        |facts: &Facts| facts.faults.iter().map(|(fault, count)| (format!("{fault:?}"), *count)).collect();
    let faults: Vec<(String, u64)> = count(&stage.facts());
    assert_eq!(faults, [("Secret".to_owned(), 5)]);

    stage.ends[0].person.secret(false);
    stage.name(9);
    stage.play(Duration::from_millis(1_100));
    let faults: Vec<(String, u64)> = count(&stage.facts());
    assert_eq!(faults[1].0, "WrongName");
    assert!((4..=6).contains(&faults[1].1), "{faults:?}");
}
