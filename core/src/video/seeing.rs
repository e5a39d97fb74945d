//! From packets to what is shown: one picture of theirs.
use super::{
    Frame,
    assemble::{Assembler, AssemblySettings, AssemblyStats, Picture},
    codec::{Codecs, Decoder},
};
use crate::peer::{ReceivedPacket, VideoCodec};
use std::{collections::VecDeque, time::Duration};

/// What is counted as a rate.
const SECOND: Duration = Duration::from_secs(1);
/// Of the last frames their mean distance is known.
const REMEMBERED: usize = 30;
/// More than the mean distance, and it is a freeze (as browsers count them).
const FREEZE: Duration = Duration::from_millis(150);

/// Sees: packets become frames.
pub struct Seeing {
    assembler: Assembler,
    codecs: Box<dyn Codecs>,
    decoder: Option<(VideoCodec, Box<dyn Decoder>)>,
    /// When the last frames were seen.
    seen: VecDeque<Duration>,
    stats: SeeingStats,
}

/// What became of what came.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SeeingStats {
    /// Of the packets.
    pub assembly: AssemblyStats,
    /// Decoded.
    pub frames: u64,
    /// Of them, in the last second.
    pub frames_per_second: u32,
    /// Whole pictures that the decoder does not understand.
    pub broken: u64,
    /// How often it stood still.
    pub freezes: u64,
    /// How long, together.
    pub frozen: Duration,
    /// Of the last frame.
    pub size: Option<(u32, u32)>,
    /// Of the last frame.
    pub codec: Option<VideoCodec>,
}

impl Seeing {
    /// Nothing is seen yet.
    pub fn new(codecs: Box<dyn Codecs>, settings: AssemblySettings) -> Self {
        let assembler = Assembler::new(settings);
        Self { assembler, codecs, decoder: None, seen: VecDeque::new(), stats: SeeingStats::default() }
    }

    /// A packet came.
    pub fn push(&mut self, now: Duration, packet: ReceivedPacket) {
        self.assembler.push(now, packet);
    }

    /// The next frame. To be asked until there is none, after packets and at the deadline.
    pub fn see(&mut self, now: Duration) -> Option<Frame> {
        while let Some(picture) = self.assembler.pull(now) {
            if let Some(frame) = self.decode(&picture) {
                self.count(now, &frame, picture.codec);
                return Some(frame);
            }
        }
        None
    }

    /// Has a key frame to be asked for now? True once for each request.
    pub fn wants_key_frame(&mut self, now: Duration) -> bool {
        self.assembler.wants_key_frame(now)
    }

    /// When to look again if no packet comes before.
    pub fn deadline(&self) -> Option<Duration> {
        self.assembler.deadline()
    }

    /// What became of what came.
    pub fn stats(&self, now: Duration) -> SeeingStats {
        let recent = self.seen.iter().filter(|at| **at + SECOND > now).count();
        SeeingStats {
            assembly: self.assembler.stats(),
            frames_per_second: u32::try_from(recent).unwrap_or(u32::MAX),
            ..self.stats
        }
    }

    fn decode(&mut self, picture: &Picture) -> Option<Frame> {
        let decoded = self.decoder_of(picture.codec).and_then(|decoder| decoder.decode(&picture.payload));
        match decoded {
            Ok(frame) => frame.map(|mut frame| {
                frame.rotation = picture.rotation;
                frame
            }),
            Err(error) => {
                tracing::debug!(%error, cause = std::error::Error::source(&error), "a picture is not understood");
                self.stats.broken += 1;
                // One that has seen it may not understand what is good either.
                self.decoder = None;
                self.assembler.distrust();
                None
            }
        }
    }

    fn decoder_of(&mut self, codec: VideoCodec) -> Result<&mut dyn Decoder, super::CodecError> {
        let decoder = match self.decoder.take().filter(|(of, _)| *of == codec) {
            Some(running) => running,
            None => (codec, self.codecs.decoder(codec)?),
        };
        Ok(&mut *self.decoder.insert(decoder).1)
    }

    fn count(&mut self, now: Duration, frame: &Frame, codec: VideoCodec) {
        if let (Some(first), Some(last)) = (self.seen.front(), self.seen.back()) {
            let distances = u32::try_from(self.seen.len() - 1).unwrap_or(u32::MAX).max(1);
            let (mean, distance) = ((*last - *first) / distances, now.saturating_sub(*last));
            if self.seen.len() > 1 && distance > (mean * 3).max(mean + FREEZE) {
                self.stats.freezes += 1;
                self.stats.frozen += distance;
            }
        }
        // A rate above it is not told exactly, and nobody shows it.
        let most = REMEMBERED.max(self.stats(now).frames_per_second as usize + 1).min(REMEMBERED * 8);
        self.seen.push_back(now);
        while self.seen.len() > most {
            self.seen.pop_front();
        }
        self.stats.frames += 1;
        (self.stats.size, self.stats.codec) = (Some((frame.width(), frame.height())), Some(codec));
    }
}

#[cfg(test)]
#[cfg(feature = "software-video")]
mod tests {
    use super::*;
    use crate::{
        peer::{Content, Rotation},
        video::{
            EncoderSettings, Software,
            pattern::{TestPattern, who},
        },
    };
    use std::time::Instant;

    const MS: Duration = Duration::from_millis(1);

    /// Packets of a VP8 stream, one or more a picture.
    fn stream(count: u32) -> Vec<Vec<ReceivedPacket>> {
        let settings = EncoderSettings {
            codec: VideoCodec::Vp8,
            width: 192,
            height: 108,
            bitrate: 400_000,
            frame_rate: 30,
        };
        let mut encoder = Software.encoder(settings).unwrap();
        let mut sequence = 65_500_u16;
        let pattern = TestPattern::new(9, 192, 108);
        let picture = |number: u32| {
            let encoded =
                encoder.encode(&pattern.at(MS * 33 * number), number * 3000, number.is_multiple_of(60));
            let Some(encoded) = encoded.unwrap() else { return Vec::new() };
            let chunks: Vec<&[u8]> = encoded.payload.chunks(700).collect();
            let packet = |(index, chunk): (usize, &&[u8])| {
                sequence = sequence.wrapping_add(1);
                ReceivedPacket {
                    mid: None,
                    content: Content::Video(VideoCodec::Vp8),
                    ssrc: 1,
                    came: Instant::now(),
                    sequence,
                    timestamp: number * 3000,
                    marker: index + 1 == chunks.len(),
                    payload: [&[if index == 0 { 0x10 } else { 0 }], *chunk].concat().into(),
                    level: None,
                    rotation: (index + 1 == chunks.len()).then_some(Rotation::ThreeQuarters),
                }
            };
            chunks.iter().enumerate().map(packet).collect()
        };
        (0..count).map(picture).collect()
    }

    fn seeing() -> Seeing {
        Seeing::new(Box::new(Software), AssemblySettings::default())
    }

    #[test]
    fn what_is_seen_is_what_was_sent_with_its_rotation() {
        let mut seeing = seeing();
        for (number, packets) in (0_u32..).zip(stream(60)) {
            let now = MS * 33 * number;
            packets.into_iter().for_each(|packet| seeing.push(now, packet));
            while let Some(frame) = seeing.see(now) {
                assert_eq!((who(&frame), frame.rotation), (Some(9), Rotation::ThreeQuarters));
            }
        }

        let stats = seeing.stats(MS * 33 * 59);
        assert!(stats.frames > 50 && (25..=31).contains(&stats.frames_per_second), "{stats:?}");
        assert_eq!((stats.size, stats.freezes, stats.broken), (Some((192, 108)), 0, 0));
    }

    #[test]
    fn a_loss_freezes_the_picture_until_a_key_frame_and_never_damages_it() {
        let mut seeing = seeing();
        let mut asked = None;
        for (number, mut packets) in (0_u32..).zip(stream(90)) {
            let now = MS * 33 * number;
            if number == 20 {
                packets.pop();
            }
            packets.into_iter().for_each(|packet| seeing.push(now, packet));
            while let Some(frame) = seeing.see(now) {
                assert_eq!(who(&frame), Some(9));
                assert!(!(21..60).contains(&number), "{number} stands on what was lost");
            }
            if seeing.wants_key_frame(now) {
                asked.get_or_insert(number);
            }
        }

        let stats = seeing.stats(MS * 33 * 89);
        assert_eq!((stats.freezes, stats.assembly.losses), (1, 1), "{stats:?}");
        assert!(stats.frozen > SECOND && (34..40).contains(&asked.unwrap()), "{asked:?} {stats:?}");
    }

    #[test]
    fn rubbish_is_counted_and_the_next_key_frame_heals() {
        let mut seeing = seeing();
        let mut seen_after = 0;
        for (number, mut packets) in (0_u32..).zip(stream(70)) {
            if number == 30 {
                // It begins as a key frame does, and is none.
                packets[0].payload = vec![0x10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].into();
            }
            let now = MS * 33 * number;
            packets.into_iter().for_each(|packet| seeing.push(now, packet));
            while let Some(frame) = seeing.see(now) {
                assert_eq!(who(&frame), Some(9));
                seen_after += u32::from(number >= 60);
            }
        }

        assert!(seen_after > 8, "{:?}", seeing.stats(SECOND));
        assert!(seeing.stats(SECOND).broken > 0);
    }
}
