//! One participant of a room: what they send, and what they receive.
use super::{
    Codec, Kind, Out,
    incoming::{Incoming, Seen},
    layers::Layers,
    outgoing::{Leaving, Source, Track, TrackFacts},
    path::{Path, Waiting},
    rewrite::Place,
    slots::{Slot, Slots},
};
use calls_protocol::UserId;
use calls_rtp::{
    bandwidth::Arrivals,
    packet::{Head, Packet},
};
use std::{collections::BTreeMap, time::Duration};

/// Streams of one participant: a sound, and two pictures in three layers. Twice that, since they may be made anew.
const MOST_STREAMS: usize = 14;

/// What was agreed on what a participant sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sends {
    /// Its sections.
    pub sections: Vec<SendSection>,
    /// Numbers of the header extensions that its packets carry.
    pub mid_id: Option<u8>,
    /// Of the name of a layer.
    pub rid_id: Option<u8>,
    /// Of how loud a sound is.
    pub level_id: Option<u8>,
    /// Of the number that all packets of a path share.
    pub transport_id: Option<u8>,
}

/// One section of what a participant sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SendSection {
    /// Its name.
    pub mid: String,
    /// What it is.
    pub kind: Kind,
    /// Codecs, by the numbers of their packets.
    pub payload_types: Vec<(u8, Codec)>,
    /// Streams that were named before; the smallest layer first.
    pub ssrcs: Vec<u32>,
    /// Names of layers, the smallest first.
    pub rids: Vec<String>,
}

/// What may be forwarded of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permitted {
    /// The sound.
    pub audio: bool,
    /// The camera.
    pub video: bool,
    /// The screen.
    pub screen: bool,
}

impl Permitted {
    fn of(self, kind: Kind) -> bool {
        match kind {
            Kind::Sound => self.audio,
            Kind::Camera => self.video,
            Kind::Screen => self.screen,
        }
    }
}

/// What stays of somebody whose connection begins anew.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(super) permitted: Permitted,
    pub(super) looks: Option<BTreeMap<(UserId, Kind), u16>>,
}

/// What stands in a slot: somebody with their camera, or their screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Shown {
    pub(super) seat: usize,
    /// Tells people who had the same seat one after the other.
    pub(super) order: u64,
    pub(super) is_screen: bool,
}

impl Shown {
    pub(super) fn kind(self) -> Kind {
        if self.is_screen { Kind::Screen } else { Kind::Camera }
    }
}

/// One participant.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) user: UserId,
    /// Counts who came, for the order.
    pub(super) order: u64,
    pub(super) permitted: Permitted,
    pub(super) sends: Sends,
    pub(super) streams: Vec<Incoming>,
    /// Who gets each of the streams, by which slot.
    pub(super) takers: Vec<Vec<(usize, Slot)>>,
    pub(super) arrivals: Arrivals,
    pub(super) round_trip: Duration,
    /// From their wall clock to ours.
    pub(super) clock_shift: Option<u64>,

    pub(super) slots: Slots<Shown>,
    pub(super) asked_slots: (usize, usize),
    pub(super) asked_at: Option<Duration>,
    pub(super) sounds: Vec<Track>,
    pub(super) pictures: Vec<Track>,
    pub(super) voices: Vec<Track>,
    /// How high the pictures that they look at are, if they said so.
    pub(super) looks: Option<BTreeMap<(UserId, Kind), u16>>,
    pub(super) layers: Layers<Shown>,
    pub(super) path: Path,
    pub(super) told: Vec<(Slot, Shown)>,
    /// How high their camera and their screen are wanted by anybody, as it was told.
    pub(super) wanted: Option<(u16, u16)>,
    pub(super) less_wanted_since: Option<Duration>,
}

/// A packet on its way through a room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passing<'a> {
    pub(super) source: Source,
    pub(super) codec: Codec,
    pub(super) seen: Seen,
    pub(super) theirs: Place,
    pub(super) head: Head,
    pub(super) level: Option<u8>,
    pub(super) payload: &'a [u8],
}

impl Person {
    pub(super) fn new(user: UserId, order: u64, path: Path) -> Self {
        Self {
            user,
            order,
            permitted: Permitted { audio: true, video: true, screen: true },
            sends: Sends::default(),
            streams: Vec::new(),
            takers: Vec::new(),
            arrivals: Arrivals::default(),
            round_trip: Duration::from_millis(100),
            clock_shift: None,
            slots: Slots::default(),
            asked_slots: (0, 0),
            asked_at: None,
            sounds: Vec::new(),
            pictures: Vec::new(),
            voices: Vec::new(),
            looks: None,
            layers: Layers::default(),
            path,
            told: Vec::new(),
            wanted: None,
            less_wanted_since: None,
        }
    }

    /// Streams that are gone, or are others from now on, are carried to them no longer.
    pub(super) fn forget(&mut self, is_gone: impl Fn(Source) -> bool + Copy) {
        self.tracks_mut().for_each(|track| track.forget(is_gone));
        self.path.forget(is_gone);
    }

    /// Which of their streams a packet is of, and whether it is a new one. One that is not known says by its section and
    /// layer what it is.
    pub(super) fn stream_of(&mut self, now: Duration, packet: &Packet<'_>) -> Option<(usize, bool)> {
        let ssrc = packet.head.ssrc;
        if let Some(known) = self.streams.iter().position(|stream| stream.ssrc == ssrc) {
            return Some((known, false));
        }
        let payload_type = packet.head.payload_type;
        let codec = |section: &SendSection| {
            section.payload_types.iter().find(|(number, _)| *number == payload_type).map(|(_, codec)| *codec)
        };
        let said = |id: Option<u8>| packet.extension(id?);
        let section = if let Some(named) = self.sends.sections.iter().find(|s| s.ssrcs.contains(&ssrc)) {
            named
        } else if let Some(mid) = said(self.sends.mid_id) {
            self.sends.sections.iter().find(|section| section.mid.as_bytes() == mid)?
        } else {
            // Nothing but the codec says what it is: that is enough if there is one section for it.
            let mut fitting = self.sends.sections.iter().filter(|section| codec(section).is_some());
            fitting.next().filter(|section| section.ssrcs.is_empty() && fitting.next().is_none())?
        };
        let codec = codec(section)?;
        let layer = if section.rids.is_empty() {
            section.ssrcs.iter().position(|known| *known == ssrc).unwrap_or(0)
        } else {
            let rid = said(self.sends.rid_id)?;
            section.rids.iter().position(|known| known.as_bytes() == rid)?
        };
        let stream = Incoming::new(ssrc, section.kind, u8::try_from(layer).ok()?, codec);
        // The same layer again, by another number: the one before is over.
        let same = self.streams.iter().position(|old| (old.kind, old.layer) == (stream.kind, stream.layer));
        if let Some(place) = same.filter(|place| !self.streams[*place].flows(now)) {
            self.streams[place] = stream;
            return Some((place, true));
        }
        if self.streams.len() >= MOST_STREAMS {
            return None;
        }
        self.streams.push(stream);
        self.takers.push(Vec::new());
        Some((self.streams.len() - 1, true))
    }

    /// Whether they send this, or would if somebody looked, and may.
    pub(super) fn has(&self, now: Duration, kind: Kind) -> bool {
        let is_unwanted = self.told_wanted(kind) == Some(0);
        let flows = |stream: &Incoming| stream.kind == kind && (stream.flows(now) || is_unwanted);
        self.permitted.of(kind) && self.streams.iter().any(flows)
    }

    /// How high this picture is wanted, as they were told; what is higher they need not send.
    pub(super) fn told_wanted(&self, kind: Kind) -> Option<u16> {
        self.wanted.map(|(camera, screen)| if kind == Kind::Screen { screen } else { camera })
    }

    pub(super) fn permits(&self, kind: Kind) -> bool {
        self.permitted.of(kind)
    }

    /// Whether they ever said that they would send anything.
    pub(super) fn is_sending(&self) -> bool {
        !self.sends.sections.is_empty()
    }

    /// Places for more slots were agreed.
    pub(super) fn has_slot(
        &mut self,
        slot: Slot,
        sound: TrackFacts,
        picture: Option<TrackFacts>,
        begin: Place,
    ) {
        let (tracks, at) = match slot {
            Slot::Pair(at) => (&mut self.sounds, at),
            Slot::Voice(at) => (&mut self.voices, at),
        };
        put(tracks, at, sound, Kind::Sound, begin);
        if let (Slot::Pair(at), Some(picture)) = (slot, picture) {
            put(&mut self.pictures, at, picture, Kind::Camera, begin);
        }
        self.slots.grow(self.sounds.len().min(self.pictures.len()), self.voices.len());
    }

    pub(super) fn sound_mut(&mut self, slot: Slot) -> Option<&mut Track> {
        match slot {
            Slot::Pair(at) => self.sounds.get_mut(at),
            Slot::Voice(at) => self.voices.get_mut(at),
        }
    }

    pub(super) fn tracks_mut(&mut self) -> impl Iterator<Item = &mut Track> {
        self.sounds.iter_mut().chain(&mut self.pictures).chain(&mut self.voices)
    }

    /// A sound for this participant; `is_heard` says whether it is worth sending.
    pub(super) fn take_sound(
        &mut self,
        now: Duration,
        (seat, slot): (usize, Slot),
        packet: &Passing<'_>,
        is_heard: bool,
        out: &mut impl Out,
    ) {
        let Some(track) = self.sound_mut(slot) else { return };
        if track.next == Some(packet.source) && is_heard {
            track.begin(now, packet.source, packet.theirs);
        }
        if track.from != Some(packet.source) {
            return;
        }
        let Some(payload_type) = track.payload_type(packet.codec).filter(|_| is_heard) else {
            track.rewriter.skip(packet.theirs.sequence);
            return;
        };
        let Some(ours) = track.rewriter.place(now, packet.theirs) else { return };
        let mut leaving = track.leaving(packet, payload_type, ours);
        leaving.level = track.facts.level_id.zip(packet.level);
        let transport = track.facts.transport_id;
        let number = transport.map(|id| (id, self.path.sound(now, leaving.size())));
        leaving.transport = number;
        out.rtp(seat, &leaving);
        if let Some(track) = self.sound_mut(slot) {
            track.sent(&leaving, None);
        }
    }

    /// A part of a picture for this participant.
    pub(super) fn take_picture(
        &mut self,
        now: Duration,
        (seat, pair): (usize, usize),
        packet: &Passing<'_>,
        out: &mut impl Out,
    ) {
        let Some(track) = self.pictures.get_mut(pair) else { return };
        if track.next == Some(packet.source) && packet.seen.begins_key {
            track.begin(now, packet.source, packet.theirs);
        }
        if track.from != Some(packet.source) {
            return;
        }
        // Padding of theirs is for us.
        if packet.payload.is_empty() || track.payload_type(packet.codec).is_none() {
            track.rewriter.skip(packet.theirs.sequence);
            return;
        }
        if packet.seen.begins_key {
            track.key_at = Some(now);
        }
        let Some(ours) = track.rewriter.place(now, packet.theirs) else { return };
        let waiting =
            Waiting { pair, source: packet.source, theirs: packet.theirs.sequence, ours, since: now };
        if self.path.is_free(now) {
            self.send_picture(now, seat, &waiting, packet, out);
        } else {
            self.path.wait(waiting);
        }
    }

    /// A part of a picture leaves.
    pub(super) fn send_picture(
        &mut self,
        now: Duration,
        seat: usize,
        waiting: &Waiting,
        packet: &Passing<'_>,
        out: &mut impl Out,
    ) {
        let Some(track) = self.pictures.get_mut(waiting.pair) else { return };
        let Some(payload_type) = track.payload_type(packet.codec) else { return };
        let mut leaving = track.leaving(packet, payload_type, waiting.ours);
        leaving.transport = track.facts.transport_id.map(|id| (id, self.path.leaves(now, leaving.size())));
        out.rtp(seat, &leaving);
        track.sent(&leaving, Some(waiting.sent(now, leaving.transport.map(|(_, number)| number))));
    }

    /// A probe wants bytes, and there is nothing to see to fill it with.
    pub(super) fn send_padding(&mut self, now: Duration, seat: usize, out: &mut impl Out) {
        const MOST: u8 = 255;
        while self.path.wants_padding(now) {
            // A stream that rests will do as well.
            let mut padded = self.pictures.iter_mut().filter(|track| track.facts.transport_id.is_some());
            let Some((track, mut leaving)) =
                padded.find_map(|track| track.padding(MOST).map(|leaving| (track, leaving)))
            else {
                return;
            };
            leaving.transport =
                track.facts.transport_id.map(|id| (id, self.path.leaves(now, leaving.size())));
            out.rtp(seat, &leaving);
            track.sent(&leaving, None);
        }
    }
}

impl Track {
    fn leaving<'a>(&self, packet: &Passing<'a>, payload_type: u8, ours: Place) -> Leaving<'a> {
        Leaving {
            head: Head {
                marker: packet.head.marker,
                payload_type,
                sequence: ours.sequence as u16,
                timestamp: ours.timestamp,
                ssrc: self.facts.ssrc,
            },
            index: ours.sequence,
            transport: None,
            level: None,
            vp8: packet.seen.vp8.map(|found| (found, ours.picture, ours.tl0)),
            payload: packet.payload,
            padding: 0,
        }
    }
}

fn put(tracks: &mut Vec<Track>, at: usize, facts: TrackFacts, kind: Kind, begin: Place) {
    if let Some(track) = tracks.get_mut(at) {
        // Agreed anew: what it carries goes on.
        track.facts = facts;
    } else if at == tracks.len() {
        tracks.push(Track::new(facts, kind, begin));
    }
}
