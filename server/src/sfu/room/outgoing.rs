//! One stream that a participant receives: whose packets it carries, by which numbers, and which of them can be made again.
use super::{
    Codec, Kind,
    rewrite::{Place, Rewriter},
};
use calls_rtp::{
    control::SenderInfo,
    packet::{Head, HeadWriter, pad},
    vp8::Descriptor,
};
use std::time::Duration;

/// More than any head that is written here.
pub(crate) const LARGEST_HEAD: usize = 64;

/// One stream of one participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Source {
    /// Who sends it.
    pub(super) seat: usize,
    /// Which of theirs.
    pub(super) stream: usize,
}

/// What was agreed for one stream that we send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrackFacts {
    /// Its number on the wire, which we chose.
    pub ssrc: u32,
    /// The numbers of the codecs that the receiver can take.
    pub payload_types: Vec<(Codec, u8)>,
    /// Of the header extension that numbers all packets of a path.
    pub transport_id: Option<u8>,
    /// Of the one that says how loud a sound is.
    pub level_id: Option<u8>,
    /// Whether the receiver says which packets are missing.
    pub has_nack: bool,
}

/// One stream that we send.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) facts: TrackFacts,
    clock: u32,
    pub(super) rewriter: Rewriter,
    /// Whose packets it carries.
    pub(super) from: Option<Source>,
    /// Whose it will carry from their next whole picture on.
    pub(super) next: Option<Source>,
    pub(super) next_since: Duration,
    packets: u32,
    bytes: u32,
    payload_type: u8,
    /// The last packet ended a picture: between two pictures there is room for packets of ours.
    ended: bool,
    pub(super) key_at: Option<Duration>,
    history: History,
}

/// A packet that leaves, all but sealed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaving<'a> {
    pub(crate) head: Head,
    /// The sequence number, counted over the end of its 16 bits.
    pub(crate) index: u64,
    /// The header extension that numbers all packets of a path.
    pub(crate) transport: Option<(u8, u16)>,
    /// The one that says how loud it is.
    pub(crate) level: Option<(u8, u8)>,
    /// The codec's own numbers.
    pub(crate) vp8: Option<(Descriptor, u16, u8)>,
    pub(crate) payload: &'a [u8],
    pub(crate) padding: u8,
}

impl Leaving<'_> {
    /// How many bytes it will have, about, before it is sealed.
    pub(crate) fn size(&self) -> usize {
        self.payload.len() + usize::from(self.padding) + 24
    }

    /// Writes it. Returns the length of the whole and of the head; nothing if it does not fit.
    pub(crate) fn write(&self, out: &mut [u8]) -> Option<(usize, usize)> {
        if out.len() < LARGEST_HEAD + self.payload.len() + usize::from(self.padding) {
            return None;
        }
        let mut head = HeadWriter::new(out, &self.head);
        if let Some((id, number)) = self.transport {
            head = head.extension(id, &number.to_be_bytes());
        }
        if let Some((id, level)) = self.level {
            head = head.extension(id, &[level]);
        }
        let head = head.finish();
        let len = head + self.payload.len();
        out[head..len].copy_from_slice(self.payload);
        if let Some((descriptor, picture, tl0)) = &self.vp8 {
            descriptor.renumber(&mut out[head..len], *picture, *tl0);
        }
        Some((pad(out, len, self.padding), head))
    }
}

/// What has to be known of a packet to make it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) source: Source,
    /// In its own stream.
    pub(super) theirs: u64,
    pub(super) ours: Place,
    pub(super) transport: Option<u16>,
    pub(super) at: Duration,
}

impl Track {
    pub(super) fn new(facts: TrackFacts, kind: Kind, begin: Place) -> Self {
        let clock = if kind == Kind::Sound { 48_000 } else { 90_000 };
        Self {
            facts,
            clock,
            rewriter: Rewriter::new(clock, begin),
            from: None,
            next: None,
            next_since: Duration::ZERO,
            packets: 0,
            bytes: 0,
            payload_type: 0,
            ended: true,
            key_at: None,
            history: History::default(),
        }
    }

    pub(super) fn payload_type(&self, codec: Codec) -> Option<u8> {
        self.facts.payload_types.iter().find(|(known, _)| *known == codec).map(|(_, number)| *number)
    }

    /// Carries this from now on, or nothing. A picture waits for a whole one first; until then the one before goes on if
    /// it is of the same person.
    pub(super) fn want(&mut self, now: Duration, source: Option<Source>) -> bool {
        let Some(source) = source else {
            self.from = None;
            self.next = None;
            return false;
        };
        if self.from == Some(source) {
            self.next = None;
            return false;
        }
        if self.next == Some(source) {
            return false;
        }
        if self.from.is_some_and(|from| from.seat != source.seat) {
            self.from = None;
        }
        self.next = Some(source);
        self.next_since = now;
        true
    }

    /// The packet that begins what was waited for.
    pub(super) fn begin(&mut self, now: Duration, source: Source, first: Place) {
        self.rewriter.switch(now, first);
        self.from = Some(source);
        self.next = None;
        // What was before the switch helps nobody any more.
        self.history.clear();
    }

    /// What it carried is given up at once, for what comes next.
    pub(super) fn stop(&mut self) {
        self.next = self.next.or(self.from);
        self.from = None;
        self.history.clear();
    }

    /// Notes what has left, so that it can be made again.
    pub(super) fn sent(&mut self, packet: &Leaving<'_>, sent: Option<Sent>) {
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(packet.payload.len() as u32);
        self.payload_type = packet.head.payload_type;
        self.ended = packet.head.marker || packet.padding > 0 && packet.payload.is_empty();
        if let Some(sent) = sent.filter(|_| self.facts.has_nack) {
            self.history.push(sent);
        }
    }

    /// What was sent by this number, if it can be made again.
    pub(super) fn history(&self, sequence: u16) -> Option<Sent> {
        self.history.find(sequence)
    }

    /// What is gone is carried no longer, and nothing of it can be made again.
    pub(super) fn forget(&mut self, is_gone: impl Fn(Source) -> bool) {
        self.from = self.from.filter(|from| !is_gone(*from));
        self.next = self.next.filter(|next| !is_gone(*next));
        for sent in &mut self.history.sent {
            *sent = sent.filter(|sent| !is_gone(sent.source));
        }
    }

    /// A packet of nothing but padding, where there is room for one.
    pub(super) fn padding(&mut self, padding: u8) -> Option<Leaving<'static>> {
        if !self.ended || !self.rewriter.has_begun() || padding == 0 {
            return None;
        }
        let place = self.rewriter.fill()?;
        Some(Leaving {
            head: Head {
                marker: false,
                payload_type: self.payload_type,
                sequence: place.sequence as u16,
                timestamp: place.timestamp,
                ssrc: self.facts.ssrc,
            },
            index: place.sequence,
            transport: None,
            level: None,
            vp8: None,
            payload: &[],
            padding,
        })
    }

    /// What we say of it: the sender's two clocks at one moment, moved to now.
    pub(super) fn report(&self, now_ntp: u64, (ntp, timestamp): (u64, u32)) -> Option<SenderInfo> {
        let timestamp = self.rewriter.timestamp(timestamp)?;
        let passed = now_ntp.wrapping_sub(ntp) as i64;
        let ticks = (i128::from(passed) * i128::from(self.clock)) >> 32;
        Some(SenderInfo {
            ssrc: self.facts.ssrc,
            ntp: now_ntp,
            timestamp: timestamp.wrapping_add(ticks as u32),
            packets: self.packets,
            bytes: self.bytes,
        })
    }
}

/// What was sent lately, by our numbers. As large as it has to be.
#[derive(Debug, Default)]
struct History {
    sent: Vec<Option<Sent>>,
    newest: u64,
}

impl History {
    const SMALLEST: usize = 64;
    const LARGEST: usize = 512;
    /// Nobody asks for what is older.
    const KEEP: Duration = Duration::from_millis(700);

    fn push(&mut self, sent: Sent) {
        if self.sent.is_empty() {
            self.sent = vec![None; Self::SMALLEST];
        }
        let replaced = self.sent[self.place(sent.ours.sequence)];
        let is_young = |old: Sent| sent.at.saturating_sub(old.at) < Self::KEEP && old.ours != sent.ours;
        if self.sent.len() < Self::LARGEST && replaced.is_some_and(is_young) {
            let twice = vec![None; self.sent.len() * 2];
            let old = std::mem::replace(&mut self.sent, twice);
            for kept in old.into_iter().flatten() {
                let place = self.place(kept.ours.sequence);
                self.sent[place] = Some(kept);
            }
        }
        let place = self.place(sent.ours.sequence);
        self.sent[place] = Some(sent);
        self.newest = self.newest.max(sent.ours.sequence);
    }

    fn place(&self, sequence: u64) -> usize {
        (sequence % self.sent.len() as u64) as usize
    }

    fn find(&self, sequence: u16) -> Option<Sent> {
        if self.sent.is_empty() {
            return None;
        }
        // The newest with these 16 bits.
        let back = (self.newest as u16).wrapping_sub(sequence);
        let sequence = self.newest.checked_sub(u64::from(back))?;
        self.sent[self.place(sequence)].filter(|sent| sent.ours.sequence == sequence)
    }

    fn clear(&mut self) {
        self.sent.fill(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_rtp::packet::Packet;

    const MS: Duration = Duration::from_millis(1);

    fn facts() -> TrackFacts {
        TrackFacts {
            ssrc: 77,
            payload_types: vec![(Codec::Vp8, 100), (Codec::H264, 102)],
            transport_id: Some(3),
            level_id: None,
            has_nack: true,
        }
    }

    fn sent(sequence: u64, at: Duration) -> Sent {
        let ours = Place { sequence, ..Place::default() };
        Sent { source: Source { seat: 1, stream: 2 }, theirs: sequence + 5, ours, transport: Some(9), at }
    }

    fn leaving(payload: &[u8]) -> Leaving<'_> {
        let head = Head { marker: true, payload_type: 100, sequence: 9, timestamp: 8, ssrc: 77 };
        Leaving { head, index: 9, transport: Some((3, 0x1234)), level: None, vp8: None, payload, padding: 0 }
    }

    #[test]
    fn what_leaves_is_written_with_our_numbers() {
        let payload = [0x90, 0x80, 0x80, 0x05, 0x01, 7, 7];
        let vp8 = Some((Descriptor::parse(&payload).unwrap(), 0x0102, 0));
        let mut bytes = [0; 200];
        let (len, head) = Leaving { vp8, ..leaving(&payload) }.write(&mut bytes).unwrap();
        let packet = Packet::parse(&bytes[..len]).unwrap();
        assert_eq!((packet.head_len, packet.extension(3)), (head, Some(&[0x12, 0x34][..])));
        assert_eq!(Descriptor::parse(packet.payload).unwrap().picture, Some((0x0102, 15)));
        assert_eq!(packet.payload[5..], [7, 7]);
        assert_eq!(leaving(&[1; 180]).write(&mut bytes), None);
    }

    #[test]
    fn what_was_sent_is_found_by_its_number_for_as_long_as_it_helps() {
        let mut track = Track::new(facts(), Kind::Camera, Place::default());
        // 400 packets a second.
        for n in 0..2_000u64 {
            track.sent(&leaving(&[0]), Some(sent(65_000 + n, MS * n as u32 * 5 / 2)));
        }
        for n in 1_999 - 270..2_000 {
            assert_eq!(track.history((65_000 + n) as u16).map(|sent| sent.ours.sequence), Some(65_000 + n));
        }
        assert_eq!(track.history(65_000), None);
        track.forget(|source| source.seat == 1);
        assert_eq!(track.history((65_000 + 1_999) as u16), None);
    }

    #[test]
    fn a_picture_of_the_same_person_goes_on_until_the_next_begins_whole() {
        let mut track = Track::new(facts(), Kind::Camera, Place::default());
        let (small, large) = (Source { seat: 1, stream: 0 }, Source { seat: 1, stream: 1 });
        assert!(track.want(MS, Some(small)));
        track.begin(MS, small, Place::default());
        assert!(track.want(MS, Some(large)) && !track.want(MS, Some(large)));
        assert_eq!((track.from, track.next), (Some(small), Some(large)));
        let other = Source { seat: 2, stream: 0 };
        assert!(track.want(MS, Some(other)));
        assert_eq!(
            (track.from, track.next),
            (None, Some(other)),
            "nobody sees one person under another's name"
        );
        assert!(!track.want(MS, None));
        assert_eq!((track.from, track.next), (None, None));
    }

    #[test]
    fn padding_stands_between_pictures_only() {
        let mut track = Track::new(facts(), Kind::Camera, Place::default());
        assert!(track.padding(200).is_none(), "nothing began");
        let source = Source { seat: 1, stream: 0 };
        track.begin(MS, source, Place { sequence: 5, timestamp: 100, picture: 0, tl0: 0 });
        let place =
            track.rewriter.place(MS, Place { sequence: 5, timestamp: 100, ..Place::default() }).unwrap();
        let half = Leaving { head: Head { marker: false, ..leaving(&[1]).head }, ..leaving(&[1]) };
        track.sent(&half, None);
        assert!(track.padding(200).is_none(), "in the middle of a picture");
        track.sent(&leaving(&[1]), None);
        let padding = track.padding(200).unwrap();
        assert_eq!((padding.index, padding.head.payload_type), (place.sequence + 1, 100));
    }

    #[test]
    fn a_report_moves_the_senders_clocks_to_now() {
        let mut track = Track::new(facts(), Kind::Camera, Place::default());
        track.begin(MS, Source { seat: 1, stream: 0 }, Place { timestamp: 1_000, ..Place::default() });
        let shift = track.rewriter.timestamp(0).unwrap();
        let second = 1u64 << 32;
        let info = track.report(50 * second, (48 * second, 5_000)).unwrap();
        assert_eq!(info.timestamp, shift.wrapping_add(5_000 + 180_000));
    }
}
