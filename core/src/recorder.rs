//! The flight recorder: what happened in the last calls, as a report that a person can read and send to somebody.
//!
//! There is no name, number, address, description or token in it: people are numbered in the order in which they
//! appear, and addresses are told by their kind. Pure.
use crate::api::OtherStats;
use calls_machine::{
    CallKey, Command, Effect, FromDevice, FromPeer, FromServer, Input, PeerKey, PeerOrder, Time,
};
use calls_protocol::{Candidate, Recipient, ServerEvent};
use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
};

/// What a call begins with says how it came to be: it stays, however long the call is.
const BEGINNING: usize = 300;
/// More than half an hour of a bad network writes. Of a longer call the latest lines stay.
const LATEST: usize = 1700;
/// Of what belongs to no call.
const COMMON: usize = 1000;
/// Calls that are remembered.
const CALLS: usize = 5;
/// How far before a call its report begins, and after it ends, in milliseconds.
const BEFORE: u64 = 5000;

/// What happened, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    count: u64,
    common: VecDeque<Line>,
    calls: BTreeMap<CallKey, Lines>,
}

#[derive(Debug, Clone)]
struct Line {
    at: Time,
    /// Counts all lines: much happens at one moment, and in an order.
    number: u64,
    text: String,
}

/// What happened in one call.
#[derive(Debug, Default)]
struct Lines {
    beginning: Vec<Line>,
    latest: VecDeque<Line>,
    left_out: u64,
    people: Vec<Recipient>,
    ended: Option<Time>,
}

impl Recorder {
    /// Something came in.
    pub(crate) fn came(&mut self, now: Time, input: &Input) {
        let (call, text) = match input {
            Input::App(command) => {
                // A button of a call that is long over begins no report of it.
                let call = call_of(command).filter(|call| self.calls.contains_key(call));
                (call, format!("app     {}", command_name(command)))
            }
            Input::Server(said) => (None, format!("server  {}", server_word(said))),
            Input::Peer(peer, said) => (Some(peer.call), format!("{} {}", self.peer(*peer), peer_word(said))),
            Input::Device(FromDevice::NetworkChanged) => (None, "device  another network".into()),
            Input::Device(FromDevice::NoMicrophone) => (None, "device  no microphone".into()),
            Input::Device(FromDevice::NoCamera) => (None, "device  no camera".into()),
            Input::Device(FromDevice::NoScreen) => (None, "device  no screen to show".into()),
            Input::Tick => return,
        };
        self.line(now, call, text);
    }

    /// Something was asked of the outside.
    pub(crate) fn asked(&mut self, now: Time, effect: &Effect) {
        let (call, text) = match effect {
            Effect::Ask { event, .. } => (None, format!("ask     {}", event.name())),
            Effect::Peer(peer, order) => {
                (Some(peer.call), format!("{} < {}", self.peer(*peer), order_word(order)))
            }
            Effect::Sound(sound) => (None, format!("sound   {sound:?}")),
            Effect::Microphone(open) => {
                (None, format!("device  microphone {}", if *open { "open" } else { "closed" }))
            }
            Effect::Capture(picture) => (None, format!("device  picture {picture:?}")),
            Effect::CaptureScreen(on) => {
                (None, format!("device  screen {}", if *on { "shared" } else { "not shared" }))
            }
            Effect::Ended { call, reason } => {
                self.lines(*call).ended = Some(now);
                (Some(*call), format!("ended   {reason:?}"))
            }
            Effect::Streams { call, streams } => {
                (Some(*call), format!("server  brings {} streams", streams.len()))
            }
            Effect::Forget(_) | Effect::Changed => return,
        };
        self.line(now, call, text);
    }

    /// Something that is neither.
    pub(crate) fn note(&mut self, now: Time, call: CallKey, text: String) {
        self.line(now, Some(call), text);
    }

    /// How a connection does.
    pub(crate) fn figures(&mut self, now: Time, call: CallKey, other: &OtherStats) {
        let OtherStats { to, connection, voice, picture, .. } = other;
        let person = self.lines(call).person(*to);
        let path = connection.path.map_or_else(|| "no way yet".to_owned(), |path| path.to_string());
        let round_trip = connection.round_trip.map_or(0, |time| time.as_millis());
        let (hears, jitter) = (&connection.voice_received, &voice.hearing.jitter);
        let mut text = format!(
            "peer {person}  {path}, {round_trip} ms there and back; voice: {} came, {} lost, {} recovered, {} ms made up, \
             waits {} ms, longest gap {} ms",
            hears.packets,
            hears.packets_lost,
            jitter.recovered,
            jitter.made_up / 48,
            jitter.target.as_millis(),
            voice.longest_gap.as_millis(),
        );
        if let Some(watching) = picture.filter(|watching| watching.seeing.frames > 0) {
            // Writing to a string does not fail.
            let _ = write!(text, "; picture: {} frames seen", watching.seeing.frames);
        }
        self.line(now, Some(call), text);
    }

    fn line(&mut self, at: Time, call: Option<CallKey>, text: String) {
        self.count += 1;
        let line = Line { at, number: self.count, text };
        match call {
            Some(call) => self.lines(call).add(line),
            None => {
                self.common.push_back(line);
                if self.common.len() > COMMON {
                    self.common.pop_front();
                }
            }
        }
    }

    fn lines(&mut self, call: CallKey) -> &mut Lines {
        if self.calls.len() >= CALLS && !self.calls.contains_key(&call) {
            // Keys grow, so it is the oldest.
            self.calls.pop_first();
        }
        self.calls.entry(call).or_default()
    }

    fn peer(&mut self, peer: PeerKey) -> String {
        let person = self.lines(peer.call).person(peer.to);
        match peer.build {
            0 => format!("peer {person} "),
            build => format!("peer {person}.{build}"),
        }
    }

    /// What is known of one call and of what is common to all, with times since its first line.
    pub(crate) fn report(&self, call: CallKey) -> String {
        let Some(Lines { beginning, latest, left_out, ended, .. }) = self.calls.get(&call) else {
            return "nothing is known of this call\n".into();
        };
        let begin = beginning.first().map_or(0, |line| line.at.0);
        let end = ended.map_or(u64::MAX, |ended| ended.0 + BEFORE);
        let common = self.common.iter().filter(|line| line.at.0 + BEFORE >= begin && line.at.0 <= end);
        let mut lines: Vec<&Line> = common.chain(beginning).chain(latest).collect();
        lines.sort_by_key(|line| line.number);
        let (end_of_beginning, mut text) = (beginning.last().map(|line| line.number), String::new());
        let mut left_out = (*left_out > 0).then_some(left_out);
        for Line { at, number, text: line } in lines {
            // Writing to a string does not fail.
            if Some(*number) > end_of_beginning
                && let Some(count) = left_out.take()
            {
                let _ = writeln!(text, "({count} lines are left out)");
            }
            let ms = i128::from(at.0) - i128::from(begin);
            let _ = writeln!(text, "{:>9.3} s  {line}", ms as f64 / 1000.0);
        }
        text
    }
}

impl Lines {
    fn add(&mut self, line: Line) {
        if self.beginning.len() < BEGINNING {
            return self.beginning.push(line);
        }
        self.latest.push_back(line);
        if self.latest.len() > LATEST {
            self.latest.pop_front();
            self.left_out += 1;
        }
    }

    /// The media server is nobody: it is number 0.
    fn person(&mut self, who: Recipient) -> usize {
        if who == Recipient::MediaServer {
            return 0;
        }
        self.people.iter().position(|known| *known == who).unwrap_or_else(|| {
            self.people.push(who);
            self.people.len() - 1
        }) + 1
    }
}

fn server_word(said: &FromServer) -> String {
    match said {
        FromServer::Up(_) => "is there".into(),
        FromServer::Down => "is gone".into(),
        FromServer::SignedOut => "does not know us any more".into(),
        FromServer::Event { event, .. } => event_word(event),
        FromServer::Answer { answer: Ok(_), .. } => "answers: done".into(),
        FromServer::Answer { answer: Err(refusal), .. } => format!("answers: {:?}", refusal.code),
        FromServer::Woken { .. } => "wakes us by a push".into(),
    }
}

fn call_of(command: &Command) -> Option<CallKey> {
    match command {
        Command::Dial { .. } | Command::Join { .. } | Command::Close => None,
        Command::Accept { call, .. }
        | Command::Reject { call }
        | Command::HangUp { call }
        | Command::Mute { call, .. }
        | Command::Show { call, .. }
        | Command::ShareScreen { call, .. }
        | Command::Look { call, .. }
        | Command::RaiseHand { call, .. }
        | Command::React { call, .. }
        | Command::Write { call, .. }
        | Command::MuteOther { call, .. }
        | Command::Remove { call, .. }
        | Command::Lock { call, .. }
        | Command::HaveWait { call, .. }
        | Command::Admit { call, .. }
        | Command::Hold { call, .. }
        | Command::Dismiss { call } => Some(*call),
    }
}

fn command_name(command: &Command) -> String {
    match command {
        Command::Dial { call_type, .. } => format!("dials ({call_type:?})"),
        Command::Join { call_type, .. } => format!("joins a room ({call_type:?})"),
        Command::Accept { call_type, .. } => format!("accepts ({call_type:?})"),
        Command::Reject { .. } => "rejects".into(),
        Command::HangUp { .. } => "hangs up".into(),
        Command::Mute { muted: true, .. } => "mutes".into(),
        Command::Mute { muted: false, .. } => "unmutes".into(),
        Command::Show { picture, .. } => format!("shows {picture:?}"),
        Command::ShareScreen { on: true, .. } => "shares the screen".into(),
        Command::ShareScreen { on: false, .. } => "shares the screen no longer".into(),
        Command::RaiseHand { raised: true, .. } => "raises the hand".into(),
        Command::RaiseHand { raised: false, .. } => "takes the hand down".into(),
        Command::React { .. } => "shows a reaction".into(),
        Command::Write { .. } => "writes".into(),
        Command::MuteOther { .. } => "mutes somebody".into(),
        Command::Remove { .. } => "removes somebody".into(),
        Command::Lock { locked: true, .. } => "locks the room".into(),
        Command::Lock { locked: false, .. } => "unlocks the room".into(),
        Command::HaveWait { on: true, .. } => "has newcomers wait".into(),
        Command::HaveWait { on: false, .. } => "has nobody wait".into(),
        Command::Admit { admitted: true, .. } => "lets somebody in".into(),
        Command::Admit { admitted: false, .. } => "does not let somebody in".into(),
        Command::Look { looks, .. } => format!("looks at {} pictures", looks.len()),
        Command::Hold { held: true, .. } => "holds".into(),
        Command::Hold { held: false, .. } => "takes back".into(),
        Command::Dismiss { .. } => "dismisses".into(),
        Command::Close => "closes".into(),
    }
}

fn event_word(event: &ServerEvent) -> String {
    match event {
        ServerEvent::IceCandidate(theirs) => format!("{}: {}", event.name(), kind_of(&theirs.candidate)),
        _ => event.name().into(),
    }
}

fn peer_word(said: &FromPeer) -> String {
    match said {
        FromPeer::OfferMade(_) => "made an offer".into(),
        FromPeer::AnswerMade(_) => "made an answer".into(),
        FromPeer::AnswerApplied => "took their answer".into(),
        FromPeer::Candidate(ours) => format!("found an address: {}", kind_of(&ours.candidate)),
        FromPeer::WantsToOffer => "wants to offer".into(),
        FromPeer::Up => "up".into(),
        FromPeer::Lost => "lost".into(),
        FromPeer::Closed => "closed by them".into(),
        FromPeer::TheirFault => "fails by their fault".into(),
        FromPeer::OurFault => "fails by ours".into(),
    }
}

fn order_word(order: &PeerOrder) -> String {
    match order {
        PeerOrder::Create { .. } => "come to be".into(),
        PeerOrder::MakeOffer { restart: false } => "offer".into(),
        PeerOrder::MakeOffer { restart: true } => "offer over new addresses".into(),
        PeerOrder::RollBack => "take the offer back".into(),
        PeerOrder::TakeOffer(_) => "take their offer".into(),
        PeerOrder::TakeAnswer(_) => "take their answer".into(),
        PeerOrder::TakeCandidate(theirs) => format!("try their address: {}", kind_of(&theirs.candidate)),
        PeerOrder::Connect => "connect".into(),
        PeerOrder::Gate(gate) => {
            format!("voice {}, picture {}, play {}", gate.voice, gate.picture, gate.play)
        }
        PeerOrder::Close => "close".into(),
    }
}

/// The kind of an address, which is all that is told of it.
fn kind_of(candidate: &Candidate) -> &'static str {
    let json = candidate.as_json();
    let kinds = [
        (" typ host", "host"),
        (" typ srflx", "translated"),
        (" typ prflx", "seen by the other side"),
        (" typ relay", "relay"),
    ];
    kinds
        .iter()
        .find(|(word, _)| json.contains(word))
        .map_or("the last, or of an unknown kind", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_machine::EndReason;
    use calls_protocol::{CallType, RoomName, UserId};

    #[test]
    fn a_report_is_of_one_call_and_of_what_is_common_to_all() {
        let mut recorder = Recorder::default();
        let (one, two) = (CallKey(1), CallKey(2));
        let bob = |call| PeerKey { call, to: UserId::new(2).unwrap().into(), build: 0 };
        recorder.came(Time(0), &Input::Server(FromServer::Down));
        recorder.came(Time(60_000), &Input::Peer(bob(one), FromPeer::Lost));
        recorder.came(Time(60_000), &Input::Peer(bob(two), FromPeer::Lost));
        recorder.came(Time(60_000), &Input::App(Command::Accept { call: one, call_type: CallType::Audio }));
        recorder.came(Time(60_500), &Input::App(Command::Reject { call: two }));
        recorder.came(Time(61_000), &Input::Device(FromDevice::NetworkChanged));
        recorder.came(Time(61_000), &Input::App(Command::HangUp { call: one }));
        recorder.came(Time(61_000), &Input::Server(FromServer::Down));
        recorder.asked(Time(61_000), &Effect::Ended { call: one, reason: EndReason::WeHungUp });
        recorder.came(Time(90_000), &Input::Server(FromServer::Down));

        let report = recorder.report(one);

        assert_eq!(
            report,
            "    0.000 s  peer 1  lost\n    0.000 s  app     accepts (Audio)\n    1.000 s  device  another network\n    \
             1.000 s  app     hangs up\n    1.000 s  server  is gone\n    1.000 s  ended   WeHungUp\n",
            "in the order in which it happened"
        );
        recorder.came(Time(90_000), &Input::App(Command::HangUp { call: CallKey(9) }));
        assert!(recorder.report(CallKey(9)).contains("nothing is known"));
    }

    #[test]
    fn a_report_numbers_people_and_never_grows_without_end() {
        let mut recorder = Recorder::default();
        let peer = |user| PeerKey { call: CallKey(1), to: UserId::new(user).unwrap().into(), build: 0 };
        let woken = FromServer::Woken {
            room: RoomName::new("room-of-ann").unwrap(),
            from: UserId::new(4711).unwrap(),
            name: "Ann".into(),
            call_type: CallType::Video,
            rings_for: None,
        };
        for n in 0..3000 {
            recorder.came(Time(n), &Input::Server(woken.clone()));
            recorder.came(Time(n), &Input::Peer(peer(4711), FromPeer::Up));
            recorder.came(Time(n), &Input::Peer(peer(4712), FromPeer::Lost));
        }

        let report = recorder.report(CallKey(1));

        assert_eq!(report.lines().count(), COMMON + BEGINNING + 1 + LATEST);
        assert!(report.contains("(4000 lines are left out)"));
        assert!(report.contains("    0.000 s  peer 1  up"), "the beginning stays");
        assert!(report.contains("peer 1  up") && report.contains("peer 2  lost"));
        for secret in ["Ann", "room-of-ann", "4711"] {
            assert!(!report.contains(secret), "{secret}");
        }
    }
}
