//! What a room asks of those who send, and tells those who send and receive: missing packets, whole pictures, arrivals,
//! reports.
use super::{OUR_SSRC, Out, Room, Source};
use calls_rtp::control;
use std::{collections::BTreeMap, time::Duration};

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

    /// What we hear of what each sends, and what we send to each.
    pub(super) fn report(&mut self, now: Duration, out: &mut impl Out) {
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
        for (seat, person) in self.people.iter_mut().enumerate() {
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
