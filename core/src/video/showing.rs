//! From what a camera sees to encoded frames: which codec, how large, how often, and key frames when they are wanted.
use super::{
    Frame, Shape, Sharing,
    codec::{CodecError, Codecs, Encoder, EncoderSettings},
    layers,
};
use crate::peer::{EncodedVideo, Layer, VideoCodec};
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
    /// In which sizes it is of use.
    Sizes(Sizes),
    /// A picture of this size that needs none before it.
    KeyFrame(Layer),
    /// The last one of this size was made in vain: those that stand on it would be seen damaged, so a key frame comes
    /// first.
    Unsent(Layer),
}

/// In which sizes a picture is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sizes {
    /// In one, for everybody who looks.
    #[default]
    One,
    /// In several, of which the media server gives each the one of use. None needs more than the smallest that has this
    /// height; 0 is for nobody.
    UpTo {
        /// In pixels.
        height: u16,
    },
}

/// Shows: frames become encoded ones.
pub struct Showing {
    codecs: Box<dyn Codecs>,
    theirs: Vec<VideoCodec>,
    /// Of this platform, those that failed to begin.
    failed: Vec<VideoCodec>,
    sharing: Sharing,
    sizes: Sizes,
    most: u32,
    /// The platform has no more encoders at once.
    most_layers: usize,
    layers: [Making; 3],
    stats: ShowingStats,
}

/// One size of the picture.
#[derive(Default)]
struct Making {
    is_made: bool,
    /// The newest picture was not made yet in this size.
    is_behind: bool,
    encoder: Option<Running>,
    key_frame: Wanted,
    last_key_frame: Option<Duration>,
    /// When the next frame is wanted.
    due: Duration,
}

struct Running {
    encoder: Box<dyn Encoder>,
    settings: EncoderSettings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Wanted {
    #[default]
    No,
    /// Somebody needs it, others do not.
    Soon,
    /// Nothing but it is of use.
    BeforeAnythingElse,
}

/// What became of what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShowingStats {
    /// Encoded, in all sizes together.
    pub frames: u64,
    /// Of them, those that need none before.
    pub key_frames: u64,
    /// Left out by the encoder, to keep to the rate.
    pub left_out: u64,
    /// All of them.
    pub bytes: u64,
    /// Encoders that failed.
    pub failures: u64,
    /// In so many sizes it is made now.
    pub layers: usize,
    /// As the largest of them is made now. None while it pauses.
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
            sharing: Sharing::new(now, estimate),
            sizes: Sizes::default(),
            most: u32::MAX,
            most_layers: Layer::ALL.len(),
            layers: [(); 3].map(|()| Making { due: now, ..Making::default() }),
            stats: ShowingStats::default(),
        }
    }

    /// Takes a wish.
    pub fn wish(&mut self, now: Duration, wish: Wish) {
        match wish {
            Wish::Codecs(codecs) => self.theirs = codecs,
            Wish::Estimate(estimate) => self.sharing.estimate(now, estimate),
            Wish::Limit(short_side) => {
                self.most = short_side;
                self.sharing.limit(short_side);
            }
            Wish::Sizes(sizes) => self.sizes = sizes,
            Wish::KeyFrame(layer) => {
                let making = &mut self.layers[layer as usize];
                making.key_frame = making.key_frame.max(Wanted::Soon);
            }
            Wish::Unsent(layer) => self.layers[layer as usize].key_frame = Wanted::BeforeAnythingElse,
        }
    }

    /// Whether the last picture is still to be made, or again, because somebody waits for a key frame.
    pub fn is_behind(&self) -> bool {
        let mut made = self.layers.iter().filter(|making| making.is_made).peekable();
        made.peek().is_none() || made.any(|making| making.is_behind || making.key_frame != Wanted::No)
    }

    /// Encodes what is seen now, in each size of use. Nothing comes of it while it pauses, when it is too early, and when
    /// the encoder leaves it out. What was made before something failed is there too.
    pub fn show(
        &mut self,
        now: Duration,
        frame: &Frame,
        into: &mut impl Extend<EncodedVideo>,
    ) -> Result<(), CodecError> {
        self.layers.iter_mut().for_each(|making| making.is_behind = true);
        self.catch_up(now, frame, into)
    }

    /// Encodes what was seen last, in the sizes in which it was not made yet or is wanted again.
    pub fn catch_up(
        &mut self,
        now: Duration,
        frame: &Frame,
        into: &mut impl Extend<EncodedVideo>,
    ) -> Result<(), CodecError> {
        let planned = self.plan(now, frame);
        for layer in Layer::ALL {
            let making = &mut self.layers[layer as usize];
            making.is_made = planned.iter().any(|(other, _)| *other == layer);
            if !making.is_made {
                // It begins anew, with a key frame.
                (making.encoder, making.key_frame) = (None, Wanted::No);
            }
        }
        (self.stats.layers, self.stats.shape) = (planned.len(), planned.last().map(|(_, shape)| *shape));
        let Some(codec) = self.codec() else { return Ok(()) };
        for (layer, shape) in planned {
            let making = &mut self.layers[layer as usize];
            if now + EARLY < making.due || !making.is_behind && making.key_frame == Wanted::No {
                continue;
            }
            let interval = Duration::from_secs(1) / shape.frame_rate.max(1);
            // What was missed is not made up for.
            making.due = (making.due + interval).max(now + interval / 2);
            let may_be_key = making.last_key_frame.is_none_or(|last| now >= last + KEY_EVERY);
            if making.key_frame == Wanted::BeforeAnythingElse && !may_be_key {
                continue;
            }
            let key = making.key_frame != Wanted::No && may_be_key;
            match self.encode(now, frame, (layer, codec, key), shape) {
                Ok(encoded) => into.extend(encoded),
                Err(error) => {
                    // Another one begins with a key frame.
                    self.layers[layer as usize].encoder = None;
                    self.stats.failures += 1;
                    return Err(error);
                }
            }
        }
        Ok(())
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

    /// Which sizes are made, and as what; the smallest first.
    fn plan(&mut self, now: Duration, frame: &Frame) -> Vec<(Layer, Shape)> {
        let sizes = match self.sizes {
            Sizes::UpTo { height } if self.most_layers > 1 => {
                let mut all = layers::of(frame, self.most);
                // The smallest is the cheapest, and the least worth.
                all.drain(..all.len().saturating_sub(self.most_layers));
                layers::up_to(frame, all, height)
            }
            Sizes::UpTo { height: 0 } => Vec::new(),
            Sizes::UpTo { .. } | Sizes::One => vec![(Layer::Whole, u32::MAX)],
        };
        let sides: Vec<u32> = sizes.iter().map(|(_, side)| *side).collect();
        self.sharing.layers(&sides);
        let shapes = self.sharing.shapes(now);
        sizes.into_iter().map(|(layer, _)| layer).zip(shapes).collect()
    }

    fn encode(
        &mut self,
        now: Duration,
        frame: &Frame,
        (layer, codec, key): (Layer, VideoCodec, bool),
        shape: Shape,
    ) -> Result<Option<EncodedVideo>, CodecError> {
        let (width, height) = frame.size_within(shape.short_side);
        let Shape { bitrate, frame_rate, .. } = shape;
        let settings = EncoderSettings { codec, width, height, bitrate, frame_rate };
        let running = self.running(layer, settings)?;
        let timestamp = ticks(now);
        let encoded = running.encoder.encode(frame, timestamp, key)?;
        let Some(encoded) = encoded else {
            self.stats.left_out += 1;
            return Ok(None);
        };
        let making = &mut self.layers[layer as usize];
        making.is_behind = false;
        if encoded.key {
            (making.key_frame, making.last_key_frame) = (Wanted::No, Some(now));
            self.stats.key_frames += 1;
        }
        self.stats.frames += 1;
        self.stats.bytes += encoded.payload.len() as u64;
        (self.stats.size, self.stats.codec) = (Some((width, height)), Some(codec));
        let (payload, key) = (encoded.payload.into(), encoded.key);
        Ok(Some(EncodedVideo { timestamp, payload, codec, key, rotation: frame.rotation, layer }))
    }

    /// An encoder for this. It lives as long as only the bitrate changes.
    fn running(&mut self, layer: Layer, settings: EncoderSettings) -> Result<&mut Running, CodecError> {
        let same = |old: &EncoderSettings| EncoderSettings { bitrate: old.bitrate, ..settings } == *old;
        let old = self.layers[layer as usize].encoder.take();
        let running = match old.filter(|running| same(&running.settings)) {
            Some(mut running) => {
                let (old, new) = (u64::from(running.settings.bitrate), u64::from(settings.bitrate));
                if old.abs_diff(new) * 100 > old * BITRATE_CHANGE {
                    running.encoder.set_bitrate(settings.bitrate)?;
                    running.settings = settings;
                }
                running
            }
            None => {
                let others = self.layers.iter().filter(|making| making.encoder.is_some()).count();
                let encoder = self.codecs.encoder(settings).inspect_err(|_| match others {
                    // The other codec then, if there is one.
                    0 => self.failed.push(settings.codec),
                    // A phone has few encoders; those that there are go on.
                    others => self.most_layers = others,
                })?;
                Running { encoder, settings }
            }
        };
        Ok(self.layers[layer as usize].encoder.insert(running))
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
    use std::sync::Arc;

    const MS: Duration = Duration::from_millis(1);

    fn showing(estimate: u64) -> Showing {
        let mut showing = Showing::new(Duration::ZERO, Box::new(Software), estimate);
        showing.wish(Duration::ZERO, Wish::Codecs(vec![VideoCodec::Vp8, VideoCodec::H264]));
        showing
    }

    /// Shows a camera of 30 frames a second for a while.
    fn run(showing: &mut Showing, from: u32, to: u32) -> Vec<(Duration, EncodedVideo)> {
        let pattern = TestPattern::new(1, 320, 180);
        let mut made = Vec::new();
        for now in (from / 33..to / 33).map(|number| MS * 33 * number) {
            let mut frames = Vec::new();
            showing.show(now, &pattern.at(now), &mut frames).unwrap();
            made.extend(frames.into_iter().map(|frame| (now, frame)));
        }
        made
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
                showing.wish(MS * step * 50, Wish::KeyFrame(Layer::Whole));
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

        showing.wish(MS * 200, Wish::Unsent(Layer::Whole));
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

    /// A second of a large camera, as which sizes it is made.
    fn heights(showing: &mut Showing, second: u32) -> Vec<(Layer, u32)> {
        let pattern = TestPattern::new(1, 640, 360);
        let mut made = Vec::new();
        for now in (0..30).map(|number| MS * (1000 * second + 33 * number)) {
            showing.show(now, &pattern.at(now), &mut made).unwrap();
        }
        let keys = made.iter().filter(|frame| frame.key);
        let size = |frame: &EncodedVideo| crate::video::claimed_size(frame.codec, &frame.payload).unwrap().1;
        keys.map(|frame| (frame.layer, size(frame))).collect()
    }

    #[test]
    fn each_size_that_is_looked_at_is_made_and_no_other() {
        let mut showing = showing(3_000_000);
        showing.wish(Duration::ZERO, Wish::Sizes(Sizes::UpTo { height: u16::MAX }));
        assert_eq!(heights(&mut showing, 0), [(Layer::Half, 180), (Layer::Whole, 360)]);

        showing.wish(MS * 1000, Wish::Sizes(Sizes::UpTo { height: 180 }));
        assert_eq!((heights(&mut showing, 1), showing.stats().layers), (vec![], 1), "it goes on");

        showing.wish(MS * 2000, Wish::KeyFrame(Layer::Half));
        assert_eq!(heights(&mut showing, 2), [(Layer::Half, 180)]);

        showing.wish(MS * 3000, Wish::Sizes(Sizes::UpTo { height: 0 }));
        heights(&mut showing, 3);
        assert_eq!(showing.stats().layers, 0);

        showing.wish(MS * 4000, Wish::Sizes(Sizes::UpTo { height: 360 }));
        assert_eq!(heights(&mut showing, 4), [(Layer::Half, 180), (Layer::Whole, 360)]);

        showing.wish(MS * 5000, Wish::Sizes(Sizes::One));
        assert_eq!((heights(&mut showing, 5), showing.stats().layers), (vec![], 1), "the whole goes on");
        assert_eq!(showing.stats().size, Some((640, 360)));
    }

    #[test]
    fn a_picture_that_stands_still_arrives_in_each_size() {
        let mut showing = showing(3_000_000);
        showing.wish(Duration::ZERO, Wish::Sizes(Sizes::UpTo { height: u16::MAX }));
        let frame = TestPattern::new(1, 640, 360).at(MS);
        let mut made = Vec::new();
        showing.show(Duration::ZERO, &frame, &mut made).unwrap();
        // The next comes too early.
        showing.show(MS * 5, &frame, &mut made).unwrap();
        assert!(showing.is_behind());

        for step in 2..20 {
            showing.catch_up(MS * 5 * step, &frame, &mut made).unwrap();
        }

        let of = |layer| made.iter().filter(|frame| frame.layer == layer).count();
        assert_eq!((of(Layer::Half), of(Layer::Whole), showing.is_behind()), (2, 2, false));
    }

    /// A phone that has two encoders and no more.
    struct Two(Arc<()>);

    struct Counted(Box<dyn Encoder>, #[expect(dead_code, reason = "counts")] Arc<()>);

    impl Encoder for Counted {
        fn codec(&self) -> VideoCodec {
            self.0.codec()
        }

        fn encode(
            &mut self,
            frame: &Frame,
            timestamp: u32,
            key: bool,
        ) -> Result<Option<crate::video::Encoded>, CodecError> {
            self.0.encode(frame, timestamp, key)
        }

        fn set_bitrate(&mut self, bitrate: u32) -> Result<(), CodecError> {
            self.0.set_bitrate(bitrate)
        }
    }

    impl Codecs for Two {
        fn speaks(&self) -> &[VideoCodec] {
            Software.speaks()
        }

        fn encoder(&self, settings: EncoderSettings) -> Result<Box<dyn Encoder>, CodecError> {
            if Arc::strong_count(&self.0) > 2 {
                return Err(CodecError::NoCodec(settings.codec));
            }
            Ok(Box::new(Counted(Software.encoder(settings)?, self.0.clone())))
        }

        fn decoder(&self, codec: VideoCodec) -> Result<Box<dyn crate::video::Decoder>, CodecError> {
            Software.decoder(codec)
        }
    }

    #[test]
    fn a_platform_with_few_encoders_makes_the_larger_sizes() {
        let mut showing = Showing { codecs: Box::new(Two(Arc::default())), ..showing(5_000_000) };
        showing.wish(Duration::ZERO, Wish::Sizes(Sizes::UpTo { height: u16::MAX }));
        let frame = TestPattern::new(1, 1280, 720).at(MS);
        let mut made = Vec::new();

        assert!(showing.show(Duration::ZERO, &frame, &mut made).is_err());
        showing.show(MS * 500, &frame, &mut made).unwrap();

        assert_eq!(made.last().map(|frame| frame.layer), Some(Layer::Whole));
        assert_eq!(showing.stats().layers, 2);
        assert!(made.iter().all(|frame| frame.codec == VideoCodec::Vp8));
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

        let mut made = Vec::new();
        assert!(showing.show(Duration::ZERO, &frame, &mut made).is_err());
        showing.show(MS * 100, &frame, &mut made).unwrap();

        assert_eq!((made[0].codec, showing.stats().failures), (VideoCodec::H264, 1));
    }
}
