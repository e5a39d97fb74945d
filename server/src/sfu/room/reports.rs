//! What a room asks of those who send, and tells those who send and receive: missing packets, whole pictures, arrivals,
//! reports.
use super::{OUR_SSRC, Out, REPORTS, Room, Source};
use calls_rtp::control;
use std::{collections::BTreeMap, time::Duration};

/// How many get their report at once.
const REPORTS_AT_ONCE: usize = 32;

impl Room {
    pub(super) fn ask_again(&mut self, now: Duration, out: &mut impl Out) {
        let mut bytes = [0u8; 1_000];
        for (seat, person) in self.people.iter_mut().enumerate() {
            let Some(person) = person else { continue };
            let mut writer = control::Writer::new(&mut bytes);
            for stream in person.streams.iter_mut().filter(|stream| stream.is_missing_any()) {
                stream.ask(now, person.round_trip, &mut self.asked);
                if !self.asked.is_empty() {
                    writer.nack(OUR_SSRC, stream.ssrc, &self.asked);
                }
            }
            let len = writer.len();
            if len > 0 {
                out.rtcp(seat, &bytes[..len]);
            }
        }
    }

    pub(super) fn ask_for_keys(&mut self, now: Duration, out: &mut impl Out) {
        let mut bytes = [0u8; 200];
        for (seat, person) in self.people.iter_mut().enumerate() {
            let Some(person) = person else { continue };
            let mut writer = control::Writer::new(&mut bytes);
            for stream in &mut person.streams {
                if stream.ask_key(now) {
                    writer.key_picture(OUR_SSRC, stream.ssrc);
                }
            }
            let len = writer.len();
            if len > 0 {
                out.rtcp(seat, &bytes[..len]);
            }
        }
    }

    pub(super) fn tell_arrivals(&mut self, out: &mut impl Out) {
        let mut bytes = [0u8; 1_200];
        for (seat, person) in self.people.iter_mut().enumerate() {
            let Some(person) = person else { continue };
            let about = person.streams.first().map_or(0, |stream| stream.ssrc);
            while person.arrivals.is_waiting() {
                let len = person.arrivals.write(OUR_SSRC, about, &mut bytes);
                if len == 0 {
                    break;
                }
                out.rtcp(seat, &bytes[..len]);
            }
        }
    }

    /// What we hear of what some of them send, and what we send to each of these. Next time the others have their turn:
    /// in a room of hundreds, media would wait behind the reports to all.
    pub(super) fn report(&mut self, now: Duration, out: &mut impl Out) {
        let turn = self.reported..self.reported + REPORTS_AT_ONCE;
        let all = self.people.len().max(REPORTS_AT_ONCE);
        self.reported = if turn.end < all { turn.end } else { 0 };
        self.due.reports = now + REPORTS * REPORTS_AT_ONCE as u32 / all as u32;
        let now_ntp = self.ntp(now);
        let clocks: BTreeMap<Source, (u64, u32)> = self
            .people
            .iter()
            .enumerate()
            .filter_map(|(seat, person)| Some((seat, person.as_deref()?)))
            .flat_map(|(seat, person)| {
                let streams = person.streams.iter().enumerate();
                streams.filter_map(move |(stream, s)| Some((Source { seat, stream }, s.clocks()?)))
            })
            .collect();
        let mut bytes = [0u8; 1_200];
        for (seat, person) in self.people.iter_mut().enumerate().take(turn.end).skip(turn.start) {
            let Some(person) = person else { continue };
            let mut writer = control::Writer::new(&mut bytes);
            for track in person.tracks_mut() {
                let clock = track.from.and_then(|source| clocks.get(&source));
                if let Some(info) = clock.and_then(|clock| track.report(now_ntp, *clock)) {
                    writer.sender(&info);
                }
            }
            let mut blocks = [control::Block::default(); 31];
            let mut used = 0;
            for stream in &mut person.streams {
                if let (Some(block), Some(place)) = (stream.block(now), blocks.get_mut(used)) {
                    *place = block;
                    used += 1;
                }
            }
            if used > 0 {
                writer.receiver(OUR_SSRC, &blocks[..used]);
            }
            let len = writer.len();
            if len > 0 {
                out.rtcp(seat, &bytes[..len]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Codec, Kind, Leaving, News, RoomSettings, SendSection, Sends};
    use super::*;
    use calls_protocol::UserId;
    use calls_rtp::packet::{Head, HeadWriter, Packet};

    /// Who got reports.
    #[derive(Default)]
    struct Told(Vec<usize>);

    impl Out for Told {
        fn rtp(&mut self, _: usize, _: &Leaving<'_>) {}
        fn rtcp(&mut self, to: usize, _: &[u8]) {
            self.0.push(to);
        }
        fn news(&mut self, _: News) {}
    }

    /// A packet of a sound, and whoever sends it: so that there is something to report.
    fn sends(room: &mut Room, seat: usize) {
        let sound = SendSection {
            mid: "0".to_owned(),
            kind: Kind::Sound,
            payload_types: vec![(111, Codec::Opus)],
            ssrcs: vec![7 + seat as u32],
            rids: Vec::new(),
        };
        let none = None;
        let agreed =
            Sends { sections: vec![sound], mid_id: none, rid_id: none, level_id: none, transport_id: none };
        room.sends(seat, agreed);
        let head =
            Head { marker: false, payload_type: 111, sequence: 1, timestamp: 1, ssrc: 7 + seat as u32 };
        let mut bytes = [0; 60];
        let len = HeadWriter::new(&mut bytes, &head).finish() + 20;
        let packet = Packet::parse(&bytes[..len]).unwrap();
        room.rtp(Duration::ZERO, seat, 1, &packet, &mut Told::default());
    }

    #[test]
    fn reports_to_hundreds_leave_a_few_at_a_time_and_each_gets_one_a_second() {
        let mut room = Room::new(RoomSettings::default(), 0);
        for user in 1..=300 {
            let seat = room.join(Duration::ZERO, UserId::new(user).unwrap());
            sends(&mut room, seat);
        }
        let mut got = [0; 300];
        for ms in 1..=5_000 {
            let mut told = Told::default();
            room.tick(Duration::from_millis(ms), &mut told);
            assert!(told.0.len() <= REPORTS_AT_ONCE, "{} at once", told.0.len());
            told.0.into_iter().for_each(|seat| got[seat] += 1);
        }

        assert!(got.iter().all(|reports| (4..=6).contains(reports)), "in five seconds: {got:?}");
    }
}
