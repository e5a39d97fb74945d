//! Everyone who is heard: who they are in the packets of each connection, and their sound, 20 ms at a time. Pure.
//!
//! A straight connection brings one voice, one to the media server many, of which it says whose each is. While a call
//! moves from one way to the other somebody comes by both, and is heard by one: by the media server as long as it brings
//! them.
use super::VoiceStats;
use crate::{
    audio::{Arrivals, CodecError, FRAME_SAMPLES, Hearing, HearingStats, JitterSettings, Loudness, Mixer},
    peer::{Mid, ReceivedPacket},
};
use calls_machine::{CallKey, PeerKey};
use calls_protocol::{Recipient, StreamKind, StreamPlace, UserId};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tracing::error;

/// Voices through the media server that are decoded at once in a call; it sends fewer. Each costs half a percent of a
/// core of a phone.
const MOST_AT_ONCE: usize = 8;

/// Who has said nothing for this long gives their place to somebody who speaks.
const QUIET: Duration = Duration::from_millis(500);

/// The media server brings somebody, if it did so within this. Silence is not sent, so it may be a pause of theirs.
const BRINGS: Duration = Duration::from_secs(2);

/// One voice as it comes by one connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    peer: PeerKey,
    user: UserId,
    /// In which part of the media server's description.
    mid: Option<Mid>,
}

struct Ear {
    hearing: Hearing,
    /// When something came last.
    came: Duration,
    /// When something was played last.
    played: Option<Duration>,
    loudness: Loudness,
    is_heard: bool,
}

impl Ear {
    fn new(now: Duration) -> Result<Self, CodecError> {
        let hearing = Hearing::new(JitterSettings::default())?;
        Ok(Self { hearing, came: now, played: None, loudness: Loudness::SILENCE, is_heard: false })
    }
}

/// All ears of a device.
#[derive(Default)]
pub(super) struct Ears {
    ears: BTreeMap<Source, Ear>,
    arrivals: BTreeMap<(CallKey, UserId), Arrivals>,
    /// Whose each voice of the media server is.
    places: BTreeMap<CallKey, BTreeMap<Mid, UserId>>,
    /// What became of voices that are not decoded any more.
    former: BTreeMap<PeerKey, HearingStats>,
}

impl Ears {
    /// A connection comes, which may be another one to somebody who was heard before.
    pub(super) fn add(&mut self, peer: PeerKey) {
        if let Recipient::User(user) = peer.to {
            self.arrivals.entry((peer.call, user)).or_default().moved();
        }
    }

    /// A connection goes.
    pub(super) fn remove(&mut self, peer: PeerKey) {
        self.ears.retain(|source, _| source.peer != peer);
        self.former.remove(&peer);
    }

    /// Nothing more of it is played for now, and nobody waits for it.
    pub(super) fn pause(&mut self, peer: PeerKey) {
        if let Recipient::User(user) = peer.to {
            self.arrivals.entry((peer.call, user)).or_default().pause();
        }
    }

    /// The media server says who is where.
    pub(super) fn places(&mut self, call: CallKey, streams: &[StreamPlace]) {
        let voices = streams.iter().filter(|place| place.kind == StreamKind::Audio);
        let places: BTreeMap<Mid, UserId> =
            voices.map(|place| (place.mid.as_str().into(), place.user_id)).collect();
        let former = &mut self.former;
        self.ears.retain(|source, ear| {
            let Some(mid) = source.mid.as_ref().filter(|_| source.peer.call == call) else { return true };
            let stays = places.get(mid) == Some(&source.user);
            if !stays {
                add(former.entry(source.peer).or_default(), ear.hearing.stats());
            }
            stays
        });
        if places.is_empty() {
            self.places.remove(&call);
        } else {
            self.places.insert(call, places);
        }
    }

    /// A call is over.
    pub(super) fn forget(&mut self, call: CallKey) {
        self.arrivals.retain(|(of, _), _| *of != call);
        self.places.remove(&call);
    }

    /// A packet came. When it came counts, not when we look: else each would seem to have come this moment, and wait a
    /// frame longer than it has to.
    pub(super) fn push(&mut self, begun: Instant, peer: PeerKey, packet: &ReceivedPacket) {
        let at = packet.came.saturating_duration_since(begun);
        let (user, mid) = match peer.to {
            Recipient::User(user) => (user, None),
            Recipient::MediaServer => {
                let places = self.places.get(&peer.call);
                let Some((mid, user)) = packet.mid.as_ref().and_then(|mid| places?.get_key_value(mid)) else {
                    // It is told whose this is a moment later than it comes.
                    return;
                };
                (*user, Some(mid.clone()))
            }
        };
        let source = Source { peer, user, mid };
        if !self.ears.contains_key(&source) && !self.make_room(at, &source) {
            return;
        }
        if source.mid.is_none() {
            // What the media server leaves out is no gap.
            self.arrivals.entry((peer.call, user)).or_default().came(at, packet.sequence, packet.timestamp);
        }
        let ear = match self.ears.entry(source) {
            std::collections::btree_map::Entry::Occupied(ear) => ear.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => match Ear::new(at) {
                Ok(ear) => place.insert(ear),
                Err(error) => return error!(%error, "a voice cannot be decoded"),
            },
        };
        ear.came = at;
        ear.hearing.push(at, packet.sequence, packet.timestamp, &packet.payload);
    }

    /// Whether one voice more can be decoded; of those of the media server, one that is quiet makes room.
    fn make_room(&mut self, now: Duration, source: &Source) -> bool {
        let same = |other: &&Source| source.mid.is_some() && other.peer == source.peer;
        if self.ears.keys().filter(same).count() < MOST_AT_ONCE {
            return true;
        }
        let others = self.ears.iter().filter(|(other, _)| other.peer == source.peer);
        let Some((quietest, ear)) = others.min_by_key(|(_, ear)| ear.came) else { return false };
        if now.saturating_sub(ear.came) < QUIET {
            return false;
        }
        let (quietest, stats) = (quietest.clone(), ear.hearing.stats());
        self.ears.remove(&quietest);
        add(self.former.entry(source.peer).or_default(), stats);
        true
    }

    /// The next 20 ms of everybody, into the mixer. Returns who is heard by a connection for the first time.
    pub(super) fn play(&mut self, now: Duration, mixer: &mut Mixer) -> Vec<PeerKey> {
        let mut fresh = Vec::new();
        let brought: Vec<(CallKey, UserId)> = self
            .ears
            .iter()
            .filter(|(source, ear)| {
                source.mid.is_some() && ear.played.is_some_and(|at| now.saturating_sub(at) < BRINGS)
            })
            .map(|(source, _)| (source.peer.call, source.user))
            .collect();
        let mut samples = [0; FRAME_SAMPLES];
        for (source, ear) in &mut self.ears {
            // Also of those who are not heard by this way: their buffer stays as short as it is.
            let plays = ear.hearing.play(now, &mut samples);
            ear.loudness = Loudness::SILENCE;
            if !plays {
                continue;
            }
            ear.played = Some(now);
            if source.mid.is_none() && brought.contains(&(source.peer.call, source.user)) {
                continue;
            }
            ear.loudness = ear.hearing.loudness();
            mixer.add(&samples);
            if !ear.is_heard && ear.loudness < Loudness::SILENCE {
                ear.is_heard = true;
                fresh.push(source.peer);
            }
        }
        fresh
    }

    /// How loud everybody is.
    pub(super) fn levels(&self) -> Vec<(CallKey, UserId, Loudness)> {
        let mut levels = BTreeMap::new();
        for (source, ear) in &self.ears {
            let level = levels.entry((source.peer.call, source.user)).or_insert(Loudness::SILENCE);
            // The smaller, the louder.
            *level = ear.loudness.min(*level);
        }
        levels.into_iter().map(|((call, user), loudness)| (call, user, loudness)).collect()
    }

    /// How a connection is heard, all its voices together.
    pub(super) fn stats(&self, peer: PeerKey) -> VoiceStats {
        let mut hearing = self.former.get(&peer).copied().unwrap_or_default();
        for (_, ear) in self.ears.iter().filter(|(source, _)| source.peer == peer) {
            add(&mut hearing, ear.hearing.stats());
        }
        let arrivals = peer.to.user().and_then(|user| self.arrivals.get(&(peer.call, user)));
        VoiceStats { hearing, longest_gap: arrivals.map(Arrivals::longest_gap).unwrap_or_default() }
    }
}

/// Both together.
fn add(all: &mut HearingStats, more: HearingStats) {
    let HearingStats { jitter: more, broken } = more;
    let jitter = &mut all.jitter;
    jitter.played += more.played;
    jitter.recovered += more.recovered;
    jitter.made_up += more.made_up;
    jitter.late += more.late;
    jitter.twice += more.twice;
    jitter.overflowed += more.overflowed;
    jitter.target = jitter.target.max(more.target);
    jitter.missing_lately = jitter.missing_lately.max(more.missing_lately);
    all.broken += broken;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audio::{Speaking, SpeakingSettings},
        peer::Content,
    };

    const CALL: CallKey = CallKey(1);
    const FRAME: Duration = Duration::from_millis(20);

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    fn peer(to: Recipient) -> PeerKey {
        PeerKey { call: CALL, to, build: 0 }
    }

    /// A second of somebody's voice by one connection, from `first` on, and how often the mixer got something of it.
    struct Stage {
        ears: Ears,
        begun: Instant,
        speaking: Speaking,
    }

    impl Stage {
        fn with(users: u64) -> Self {
            let mut ears = Ears::default();
            let place =
                |id: u64| StreamPlace { mid: format!("a{id}"), user_id: user(id), kind: StreamKind::Audio };
            ears.places(CALL, &(1..=users).map(place).collect::<Vec<_>>());
            let speaking = Speaking::new(&SpeakingSettings::default(), 0).unwrap();
            Self { ears, begun: Instant::now(), speaking }
        }

        /// One frame comes by each of these, in each of so many frames. Returns how loud everybody is at the end.
        fn play(&mut self, frames: std::ops::Range<u32>, by: &[(PeerKey, Option<&str>)]) -> Vec<u64> {
            let mut mixer = Mixer::new();
            for n in frames {
                let tone = std::array::from_fn(|i| if (i / 40) % 2 == 0 { 6000 } else { -6000 });
                let spoken = self.speaking.speak(&tone, false).unwrap().expect("a tone is no silence");
                for (peer, mid) in by {
                    let packet = ReceivedPacket {
                        mid: mid.map(Mid::from),
                        content: Content::Opus,
                        ssrc: 1,
                        came: self.begun + FRAME * n,
                        sequence: n as u16,
                        timestamp: spoken.timestamp,
                        marker: false,
                        payload: spoken.payload.clone().into(),
                        level: None,
                        rotation: None,
                    };
                    self.ears.push(self.begun, *peer, &packet);
                }
                self.ears.play(FRAME * n, &mut mixer);
                mixer.take(&mut [0; FRAME_SAMPLES]);
            }
            let loud = self.ears.ears.iter().filter(|(_, ear)| ear.loudness < Loudness::SILENCE);
            loud.map(|(source, _)| source.user.get() * if source.mid.is_some() { 10 } else { 1 }).collect()
        }
    }

    #[test]
    fn somebody_who_comes_by_two_ways_is_heard_by_the_media_server_and_straight_when_that_ends() {
        let mut stage = Stage::with(2);
        let (straight, server) = (peer(user(2).into()), peer(Recipient::MediaServer));

        assert_eq!(stage.play(0..30, &[(straight, None)]), [2]);
        assert_eq!(stage.play(30..60, &[(straight, None), (server, Some("a2"))]), [20]);
        stage.ears.remove(server);
        assert_eq!(stage.play(60..62, &[(straight, None)]), [2], "its buffer was never empty");
    }

    #[test]
    fn no_more_than_eight_voices_are_decoded_and_who_is_quiet_makes_room() {
        let mut stage = Stage::with(20);
        let server = peer(Recipient::MediaServer);
        let mids: Vec<String> = (1..=20).map(|id| format!("a{id}")).collect();
        let by = |which: std::ops::Range<usize>| -> Vec<(PeerKey, Option<&str>)> {
            mids[which].iter().map(|mid| (server, Some(mid.as_str()))).collect()
        };

        assert_eq!(stage.play(0..30, &by(0..20)).len(), MOST_AT_ONCE);
        stage.play(30..60, &by(12..14));
        assert_eq!(stage.play(60..90, &by(12..14)), [130, 140], "the others said nothing for half a second");
        stage.ears.places(CALL, &[]);
        assert!(stage.ears.ears.is_empty() && stage.play(90..100, &by(12..14)).is_empty());
    }
}
