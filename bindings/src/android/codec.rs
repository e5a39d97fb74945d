//! The codecs of the phone, by `MediaCodec` with bytes in and bytes out.
//!
//! Never run on a phone yet. What is known of the phones' manners is in the comments.
use calls_core::{
    peer::VideoCodec,
    video::{CodecError, Codecs, Decoder, Encoded, Encoder, EncoderSettings, Frame, claimed_size},
};
use calls_samples::layout::{Layout, PLANAR, SEMI_PLANAR};
use ndk::media::{
    media_codec::{
        DequeuedInputBufferResult, DequeuedOutputBufferInfoResult, MediaCodec, MediaCodecDirection,
        OutputBuffer,
    },
    media_format::MediaFormat,
};
use std::{collections::VecDeque, mem::MaybeUninit, time::Duration};
use tracing::debug;

/// The codecs of this phone.
pub(crate) struct Phone;

/// Every phone has both: Android comes with its own if the chip has none. VP8 first, as everywhere in the engine.
const SPEAKS: [VideoCodec; 2] = [VideoCodec::Vp8, VideoCodec::H264];
/// How long a codec may take for a picture before the next one is given to it.
const WAIT: Duration = Duration::from_millis(15);
/// `BUFFER_FLAG_KEY_FRAME` and `BUFFER_FLAG_CODEC_CONFIG`.
const KEY: u32 = 1;
const CONFIG: u32 = 2;
/// Key frames are asked for when somebody needs one: by itself the encoder makes one an hour.
const KEY_EVERY_SECONDS: i32 = 3600;
/// `BITRATE_MODE_CBR`: a call cannot wait for a large frame.
const CONSTANT: i32 = 2;

impl Codecs for Phone {
    fn speaks(&self) -> &[VideoCodec] {
        &SPEAKS
    }

    fn encoder(&self, settings: EncoderSettings) -> Result<Box<dyn Encoder>, CodecError> {
        // Which of the two layouts an encoder takes, only trying tells.
        let mut last = CodecError::NoCodec(settings.codec);
        for colour in [SEMI_PLANAR, PLANAR] {
            match PhoneEncoder::start(settings, colour) {
                Ok(encoder) => return Ok(Box::new(encoder)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn decoder(&self, codec: VideoCodec) -> Result<Box<dyn Decoder>, CodecError> {
        Ok(Box::new(PhoneDecoder::start(codec)?))
    }
}

fn mime(codec: VideoCodec) -> &'static str {
    match codec {
        VideoCodec::Vp8 => "video/x-vnd.on2.vp8",
        VideoCodec::H264 => "video/avc",
    }
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> CodecError {
    CodecError::Refused(Box::new(error))
}

/// A codec with everything that goes through it; stopped and freed when it is dropped.
struct Running(MediaCodec);

// SAFETY: a codec belongs to no thread; that it is used by one at a time, `&mut` sees to.
unsafe impl Send for Running {}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.stop().is_err() {
            debug!("a codec was stopped already");
        }
    }
}

impl Running {
    /// Gives it bytes. False if it is full.
    fn give(
        &self,
        time_us: u64,
        length: usize,
        fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> usize,
    ) -> Result<bool, CodecError> {
        match self.0.dequeue_input_buffer(WAIT).map_err(refused)? {
            DequeuedInputBufferResult::TryAgainLater => Ok(false),
            DequeuedInputBufferResult::Buffer(mut buffer) => {
                let bytes = buffer.buffer_mut();
                let filled = if bytes.len() < length { 0 } else { fill(bytes) };
                self.0.queue_input_buffer(buffer, 0, filled, time_us, 0).map_err(refused)?;
                Ok(filled > 0)
            }
        }
    }

    /// The next that it made, if it is done by then.
    fn take<T>(
        &self,
        within: Duration,
        mut read: impl FnMut(&OutputBuffer<'_>) -> Option<T>,
    ) -> Result<Option<T>, CodecError> {
        loop {
            match self.0.dequeue_output_buffer(within).map_err(refused)? {
                DequeuedOutputBufferInfoResult::Buffer(buffer) => {
                    let made = read(&buffer);
                    self.0.release_output_buffer(buffer, false).map_err(refused)?;
                    if made.is_some() {
                        return Ok(made);
                    }
                }
                DequeuedOutputBufferInfoResult::TryAgainLater => return Ok(None),
                DequeuedOutputBufferInfoResult::OutputFormatChanged
                | DequeuedOutputBufferInfoResult::OutputBuffersChanged => {}
            }
        }
    }
}

/// What of a buffer counts.
fn bytes<'a>(buffer: &'a OutputBuffer<'_>) -> &'a [u8] {
    let (begin, length) = (buffer.info().offset(), buffer.info().size());
    let (begin, length) = (usize::try_from(begin).unwrap_or(0), usize::try_from(length).unwrap_or(0));
    buffer.buffer().get(begin..begin + length).unwrap_or_default()
}

/// Writes into memory that was never written to. False if it does not fit.
fn put(into: &mut [MaybeUninit<u8>], at: usize, bytes: &[u8]) -> bool {
    let Some(place) = into.get_mut(at..at + bytes.len()) else { return false };
    place.write_copy_of_slice(bytes);
    true
}

struct PhoneEncoder {
    codec: Running,
    of: VideoCodec,
    layout: Layout,
    /// Sequence and picture parameters of H.264, which go before each key frame.
    parameters: Vec<u8>,
    /// Made and not asked for yet: a codec may be a picture or two behind.
    made: VecDeque<Encoded>,
}

impl PhoneEncoder {
    fn start(settings: EncoderSettings, colour: i32) -> Result<Self, CodecError> {
        let EncoderSettings { codec: of, width, height, bitrate, frame_rate } = settings;
        let codec = MediaCodec::from_encoder_type(mime(of)).ok_or(CodecError::NoCodec(of))?;
        let mut format = MediaFormat::new();
        format.set_str("mime", mime(of));
        for (key, value) in
            [("width", width), ("height", height), ("bitrate", bitrate), ("frame-rate", frame_rate)]
        {
            format.set_i32(key, i32::try_from(value).unwrap_or(i32::MAX));
        }
        format.set_i32("bitrate-mode", CONSTANT);
        format.set_i32("color-format", colour);
        format.set_i32("i-frame-interval", KEY_EVERY_SECONDS);
        codec.configure(&format, None, MediaCodecDirection::Encoder).map_err(refused)?;
        let codec = Running(codec);
        codec.0.start().map_err(refused)?;
        // Without gaps: that an encoder wants some, it could say from API 28 on only.
        let layout = Layout { colour, width, height, stride: width as usize, slice: height as usize };
        Ok(Self { codec, of, layout, parameters: Vec::new(), made: VecDeque::new() })
    }

    /// Takes what the codec made: what waits from before, and the next one if it is done in time.
    fn take_all(&mut self, mut within: Duration) -> Result<(), CodecError> {
        let Self { codec, parameters, made, .. } = self;
        while codec
            .take(within, |buffer| {
                let flags = buffer.info().flags();
                if flags & CONFIG != 0 {
                    *parameters = bytes(buffer).to_vec();
                    return None;
                }
                let key = flags & KEY != 0;
                let before = if key { &parameters[..] } else { &[] };
                made.push_back(Encoded { payload: [before, bytes(buffer)].concat(), key });
                Some(())
            })?
            .is_some()
        {
            within = Duration::ZERO;
        }
        Ok(())
    }

    fn tell(&self, key: &str, value: i32) -> Result<(), CodecError> {
        let mut parameters = MediaFormat::new();
        parameters.set_i32(key, value);
        self.codec.0.set_parameters(parameters).map_err(refused)
    }
}

impl Encoder for PhoneEncoder {
    fn codec(&self) -> VideoCodec {
        self.of
    }

    fn encode(&mut self, frame: &Frame, timestamp: u32, key: bool) -> Result<Option<Encoded>, CodecError> {
        if key {
            self.tell("request-sync", 0)?;
        }
        let layout = self.layout;
        // A camera gives the sizes that it has; the encoder was made for one.
        let frame = &frame.scaled(layout.width, layout.height)?;
        // What is done makes room for what comes.
        self.take_all(Duration::ZERO)?;
        let time_us = u64::from(timestamp) * 100 / 9;
        let given = self.codec.give(time_us, layout.length(), |into| {
            let mut fits = true;
            layout.write(frame, |at, samples| fits &= put(into, at, samples));
            if fits { layout.length() } else { 0 }
        })?;
        if !given {
            debug!("the encoder takes no picture now");
        }
        if self.made.is_empty() {
            self.take_all(WAIT)?;
        }
        Ok(self.made.pop_front())
    }

    fn set_bitrate(&mut self, bitrate: u32) -> Result<(), CodecError> {
        self.tell("video-bitrate", i32::try_from(bitrate).unwrap_or(i32::MAX))
    }
}

struct PhoneDecoder {
    codec: Running,
    of: VideoCodec,
    /// What the last key frame said it is. Codecs work in blocks of 16, and what is decoded may be larger than what is seen.
    size: Option<(u32, u32)>,
    /// Counts pictures: the decoder wants times that grow, and what they are does not matter.
    count: u64,
}

impl PhoneDecoder {
    fn start(of: VideoCodec) -> Result<Self, CodecError> {
        let codec = MediaCodec::from_decoder_type(mime(of)).ok_or(CodecError::NoCodec(of))?;
        let mut format = MediaFormat::new();
        format.set_str("mime", mime(of));
        // A beginning: each key frame says how large it is.
        format.set_i32("width", 640);
        format.set_i32("height", 360);
        format.set_i32("low-latency", 1);
        codec.configure(&format, None, MediaCodecDirection::Decoder).map_err(refused)?;
        let codec = Running(codec);
        codec.0.start().map_err(refused)?;
        Ok(Self { codec, of, size: None, count: 0 })
    }
}

/// How the decoder lays out what it made.
fn layout(format: &MediaFormat, seen: Option<(u32, u32)>) -> Result<Layout, CodecError> {
    let number = |key| format.i32(key).and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0);
    let (Some(width), Some(height)) = (number("width"), number("height")) else {
        return Err(CodecError::Refused("the decoder does not say how large its pictures are".into()));
    };
    let colour = match format.i32("color-format") {
        // `COLOR_FormatYUV420PackedPlanar` and `…Flexible`, which is planar where nothing else is said.
        Some(PLANAR | 20 | 0x7f42_0888) => PLANAR,
        // And Qualcomm's names for the other one.
        Some(SEMI_PLANAR | 0x7fa3_0c00 | 0x7fa3_0c04) | None => SEMI_PLANAR,
        Some(other) => {
            return Err(CodecError::Refused(format!("colours of kind {other:#x} are not known").into()));
        }
    };
    let (seen_width, seen_height) = seen.unwrap_or((width, height));
    Ok(Layout {
        colour,
        width: seen_width.min(width),
        height: seen_height.min(height),
        stride: number("stride").unwrap_or(width).max(width) as usize,
        slice: number("slice-height").unwrap_or(height).max(height) as usize,
    })
}

impl PhoneDecoder {
    /// The newest picture that is done by then; older ones are not shown any more.
    fn newest(&self, mut within: Duration) -> Result<Option<Frame>, CodecError> {
        let (codec, mut newest) = (&self.codec.0, None);
        while let Some(made) = self.codec.take(within, |buffer| {
            Some(layout(&codec.output_format(), self.size).map(|layout| layout.read(buffer.buffer())))
        })? {
            newest = Some(made??);
            within = Duration::ZERO;
        }
        Ok(newest)
    }
}

impl Decoder for PhoneDecoder {
    fn decode(&mut self, payload: &[u8]) -> Result<Option<Frame>, CodecError> {
        self.count += 1;
        self.size = claimed_size(self.of, payload).or(self.size);
        let time_us = self.count * 1000;
        let give =
            |decoder: &Self| {
                decoder.codec.give(time_us, payload.len(), |into| {
                    if put(into, 0, payload) { payload.len() } else { 0 }
                })
            };
        // What is done makes room for what comes.
        let before = self.newest(Duration::ZERO)?;
        if !give(self)? {
            // It is not decoded, and those after it stand on it: a key frame has to come.
            return Err(CodecError::Refused("the decoder does not keep up".into()));
        }
        Ok(self.newest(WAIT)?.or(before))
    }
}
