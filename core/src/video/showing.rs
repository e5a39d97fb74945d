//! From what a camera sees to encoded frames: which codec, how large, how often, and key frames when they are wanted.
use super::{
    Frame, Shape, Steering,
    codec::{CodecError, Codecs, Encoder, EncoderSettings},
};
use crate::peer::{EncodedVideo, VideoCodec};
use std::time::Duration;

/// Between two key frames. Each is as large as several others, and whoever asks twice in a round trip means one.
const KEY_EVERY: Duration = Duration::from_millis(500);
/// By so much a bitrate has to change, in percent, before an encoder is bothered.
const BITRATE_CHANGE: u64 = 5;
/// A camera's clock is not ours: a frame that comes so early is on time.
const EARLY: Duration = Duration::from_millis(4);

/// What is told to whoever makes a picture. Each holds until the next of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The other side takes these, the best first. None of them: nothing is made.
    Codecs(Vec<VideoCodec>),
    /// The path is believed to carry so many bits a second, with voice and everything.
    Estimate(u64),
    /// No larger than this on the shorter side.
    Limit(u32),
    /// A picture that needs none before it.
    KeyFrame,
    /// The last one was made in vain: those that stand on it would be seen damaged, so a key frame comes first.
    Unsent,
}

/// Shows: frames become encoded ones.
pub struct Showing {
    codecs: Box<dyn Codecs>,
    theirs: Vec<VideoCodec>,
    /// Of this platform, those that failed to begin.
    failed: Vec<VideoCodec>,
    steering: Steering,
    encoder: Option<Running>,
    key_frame: Wanted,
    last_key_frame: Option<Duration>,
    /// When the next frame is wanted.
    due: Duration,
    stats: ShowingStats,
}

struct Running {
    encoder: Box<dyn Encoder>,
    settings: EncoderSettings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    No,
    /// Somebody needs it, others do not.
    Soon,
    /// Nothing but it is of use.
    BeforeAnythingElse,
}

/// What became of what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShowingStats {
    /// Encoded.
    pub frames: u64,
    /// Of them, those that need none before.
    pub key_frames: u64,
    /// Left out by the encoder, to keep to the rate.
    pub left_out: u64,
    /// All of them.
    pub bytes: u64,
    /// Encoders that failed.
    pub failures: u64,
    /// As it is made now. None while it pauses.
    pub shape: Option<Shape>,
    /// Of the last frame.
    pub size: Option<(u32, u32)>,
    /// Of the last frame.
    pub codec: Option<VideoCodec>,
}

impl Showing {
    /// Nothing is made before the codecs of the other side are known. The estimate is what the path is believed to carry.
    pub fn new(now: Duration, codecs: Box<dyn Codecs>, estimate: u64) -> Self {
        Self {
            codecs,
            theirs: Vec::new(),
            failed: Vec::new(),
            steering: Steering::new(now, estimate),
            encoder: None,
            key_frame: Wanted::No,
            last_key_frame: None,
            due: now,
            stats: ShowingStats::default(),
        }
    }

    /// Takes a wish.
    pub fn wish(&mut self, now: Duration, wish: Wish) {
        match wish {
            Wish::Codecs(codecs) => self.theirs = codecs,
            Wish::Estimate(estimate) => self.steering.estimate(now, estimate),
            Wish::Limit(short_side) => self.steering.limit(short_side),
            Wish::KeyFrame => self.key_frame = self.key_frame.max(Wanted::Soon),
            Wish::Unsent => self.key_frame = Wanted::BeforeAnythingElse,
        }
    }

    /// Somebody waits for a key frame.
    pub fn wants_key_frame(&self) -> bool {
        self.key_frame != Wanted::No
    }

    /// Encodes what is seen. None if nothing is to be sent of it: it pauses, it is too early, or the encoder leaves it out.
    pub fn show(&mut self, now: Duration, frame: &Frame) -> Result<Option<EncodedVideo>, CodecError> {
        if now + EARLY < self.due {
            return Ok(None);
        }
        self.stats.shape = self.steering.shape(now);
        let interval = Duration::from_secs(1) / self.stats.shape.map_or(10, |shape| shape.frame_rate.max(1));
        // What was missed is not made up for.
        self.due = (self.due + interval).max(now + interval / 2);
        let (Some(shape), Some(codec)) = (self.stats.shape, self.codec()) else { return Ok(None) };
        let may_be_key = self.last_key_frame.is_none_or(|last| now >= last + KEY_EVERY);
        if self.key_frame == Wanted::BeforeAnythingElse && !may_be_key {
            return Ok(None);
        }
        let encoded = self.encode(now, frame, codec, shape, self.key_frame != Wanted::No && may_be_key);
        if encoded.is_err() {
            // Another one begins with a key frame.
            self.encoder = None;
            self.stats.failures += 1;
        }
        encoded
    }

    /// What became of what was seen.
    pub fn stats(&self) -> ShowingStats {
        self.stats
    }

    /// The best that both sides speak.
    fn codec(&self) -> Option<VideoCodec> {
        let ours = self.codecs.speaks();
        self.theirs.iter().copied().find(|codec| ours.contains(codec) && !self.failed.contains(codec))
    }

    fn encode(
        &mut self,
        now: Duration,
        frame: &Frame,
        codec: VideoCodec,
        shape: Shape,
        key: bool,
    ) -> Result<Option<EncodedVideo>, CodecError> {
        let (width, height) = frame.size_within(shape.short_side);
        let Shape { bitrate, frame_rate, .. } = shape;
        let settings = EncoderSettings { codec, width, height, bitrate, frame_rate };
        let running = self.running(settings)?;
        let timestamp = ticks(now);
        let Some(encoded) = running.encoder.encode(frame, timestamp, key)? else {
            self.stats.left_out += 1;
            return Ok(None);
        };
        if encoded.key {
            (self.key_frame, self.last_key_frame) = (Wanted::No, Some(now));
            self.stats.key_frames += 1;
        }
        self.stats.frames += 1;
        self.stats.bytes += encoded.payload.len() as u64;
        (self.stats.size, self.stats.codec) = (Some((width, height)), Some(codec));
        let (payload, key) = (encoded.payload.into(), encoded.key);
        Ok(Some(EncodedVideo { timestamp, payload, codec, key, rotation: frame.rotation }))
    }

    /// An encoder for this. It lives as long as only the bitrate changes.
    fn running(&mut self, settings: EncoderSettings) -> Result<&mut Running, CodecError> {
        let same = |old: &EncoderSettings| EncoderSettings { bitrate: old.bitrate, ..settings } == *old;
        let running = match self.encoder.take().filter(|running| same(&running.settings)) {
            Some(mut running) => {
                let (old, new) = (u64::from(running.settings.bitrate), u64::from(settings.bitrate));
                if old.abs_diff(new) * 100 > old * BITRATE_CHANGE {
                    running.encoder.set_bitrate(settings.bitrate)?;
                    running.settings = settings;
                }
                running
            }
            None => {
                let encoder = self.codecs.encoder(settings).inspect_err(|_| {
                    // The other codec then, if there is one.
                    self.failed.push(settings.codec);
                })?;
                Running { encoder, settings }
            }
        };
        Ok(self.encoder.insert(running))
    }
}

/// On the clock of pictures, 90 kHz.
fn ticks(now: Duration) -> u32 {
    (now.as_micros() * 9 / 100) as u32
}

#[cfg(test)]
#[cfg(feature = "software-video")]
mod tests {
    use super::*;
    use crate::video::{Software, pattern::TestPattern};

    const MS: Duration = Duration::from_millis(1);

    fn showing(estimate: u64) -> Showing {
        let mut showing = Showing::new(Duration::ZERO, Box::new(Software), estimate);
        showing.wish(Duration::ZERO, Wish::Codecs(vec![VideoCodec::Vp8, VideoCodec::H264]));
        showing
    }

    /// Shows a camera of 30 frames a second for a while.
    fn run(showing: &mut Showing, from: u32, to: u32) -> Vec<(Duration, EncodedVideo)> {
        let pattern = TestPattern::new(1, 320, 180);
        (from / 33..to / 33)
            .filter_map(|number| {
                let now = MS * 33 * number;
                Some((now, showing.show(now, &pattern.at(now)).unwrap()?))
            })
            .collect()
    }

    #[test]
    fn nothing_is_made_before_the_other_side_says_what_it_takes() {
        let mut showing = Showing::new(Duration::ZERO, Box::new(Software), 500_000);
        assert!(run(&mut showing, 0, 300).is_empty());

        showing.wish(MS * 300, Wish::Codecs(vec![VideoCodec::H264]));
        let made = run(&mut showing, 300, 600);
        showing.wish(MS * 600, Wish::Codecs(Vec::new()));

        assert!(made.len() > 5 && made[0].1.key);
        assert!(made.iter().all(|(_, frame)| frame.codec == VideoCodec::H264));
        assert!(run(&mut showing, 600, 900).is_empty());
    }

    #[test]
    fn a_key_frame_comes_when_it_is_asked_for_and_not_more_often_than_that_helps() {
        let mut showing = showing(500_000);
        let mut keys = Vec::new();
        for step in 0..60_u32 {
            // Somebody who asks all the time, from the second second on.
            if step >= 20 {
                showing.wish(MS * step * 50, Wish::KeyFrame);
            }
            let made = run(&mut showing, step * 50, (step + 1) * 50);
            keys.extend(made.iter().filter(|(_, frame)| frame.key).map(|(now, _)| *now));
        }

        assert_eq!(keys.len(), 5, "{keys:?}");
        assert!(keys.windows(2).all(|pair| pair[1] >= pair[0] + KEY_EVERY), "{keys:?}");
    }

    #[test]
    fn after_a_frame_that_was_not_sent_nothing_comes_but_a_key_frame() {
        let mut showing = showing(500_000);
        run(&mut showing, 0, 200);

        showing.wish(MS * 200, Wish::Unsent);
        let made = run(&mut showing, 200, 900);

        assert!(made[0].1.key && made[0].0 >= KEY_EVERY && made.len() > 5, "{:?}", made[0]);
    }

    #[test]
    fn the_picture_follows_the_path_and_pauses_below_the_floor() {
        let mut showing = showing(250_000);
        showing.wish(Duration::ZERO, Wish::Limit(120));
        let slow = run(&mut showing, 0, 1000);
        assert_eq!(showing.stats().size, Some((212, 120)));
        assert!(slow.len() <= 16, "{} in a second", slow.len());

        let mut paused = 0;
        for second in 1..5 {
            showing.wish(MS * second * 1000, Wish::Estimate(40_000));
            paused += u32::from(run(&mut showing, second * 1000, (second + 1) * 1000).is_empty());
        }

        assert!(paused >= 2, "{:?}", showing.stats());
        assert_eq!(showing.stats().shape, None);
    }

    #[test]
    fn time_goes_on_in_ticks_of_90_kilohertz() {
        let made = run(&mut showing(500_000), 0, 500);

        for pair in made.windows(2) {
            let passed = (pair[1].0 - pair[0].0).as_millis() as u32;
            assert_eq!(pair[1].1.timestamp - pair[0].1.timestamp, passed * 90);
        }
    }

    /// The first codec is there in name only.
    struct Broken;

    impl Codecs for Broken {
        fn speaks(&self) -> &[VideoCodec] {
            Software.speaks()
        }

        fn encoder(&self, settings: EncoderSettings) -> Result<Box<dyn Encoder>, CodecError> {
            match settings.codec {
                VideoCodec::Vp8 => Err(CodecError::NoCodec(VideoCodec::Vp8)),
                VideoCodec::H264 => Software.encoder(settings),
            }
        }

        fn decoder(&self, codec: VideoCodec) -> Result<Box<dyn crate::video::Decoder>, CodecError> {
            Software.decoder(codec)
        }
    }

    #[test]
    fn a_codec_that_does_not_begin_gives_way_to_the_other() {
        let mut showing = Showing { codecs: Box::new(Broken), ..showing(500_000) };
        let frame = TestPattern::new(1, 320, 180).at(MS);

        assert!(showing.show(Duration::ZERO, &frame).is_err());
        let made = showing.show(MS * 100, &frame).unwrap().unwrap();

        assert_eq!((made.codec, showing.stats().failures), (VideoCodec::H264, 1));
    }
}
