//! H.264 constrained baseline by OpenH264.
use super::{CodecError, Decoder, Encoded, Encoder, EncoderSettings, software::check_size};
use crate::{
    peer::VideoCodec,
    video::{Frame, Plane},
};
use openh264::{
    OpenH264API,
    encoder::{
        BitRate, Complexity, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile, RateControlMode,
        SpsPpsStrategy, UsageType,
    },
    formats::YUVSource,
};
use openh264_sys2::{
    ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE, SBitrateInfo, SPATIAL_LAYER_0,
    SPATIAL_LAYER_ALL,
};

pub(super) struct H264Encoder {
    encoder: openh264::encoder::Encoder,
    size: (u32, u32),
    wanted_bitrate: u32,
    /// What the encoder knows of.
    bitrate: u32,
    has_begun: bool,
}

impl H264Encoder {
    pub(super) fn new(settings: EncoderSettings) -> Result<Self, CodecError> {
        let EncoderSettings { codec: _, width, height, bitrate, frame_rate } = settings;
        let config = EncoderConfig::new()
            .bitrate(BitRate::from_bps(bitrate))
            .max_frame_rate(FrameRate::from_hz(frame_rate as f32))
            .rate_control_mode(RateControlMode::Bitrate)
            .skip_frames(true)
            .usage_type(UsageType::CameraVideoRealTime)
            .complexity(Complexity::Low)
            .profile(Profile::Baseline)
            .sps_pps_strategy(SpsPpsStrategy::ConstantId)
            // Key frames are made when somebody asks.
            .intra_frame_period(IntraFramePeriod::auto())
            .scene_change_detect(false)
            .num_threads(1);
        let encoder = openh264::encoder::Encoder::with_api_config(OpenH264API::from_source(), config);
        let encoder = encoder.map_err(CodecError::refused)?;
        Ok(Self { encoder, size: (width, height), wanted_bitrate: bitrate, bitrate, has_begun: false })
    }

    /// The encoder takes it only between its first picture and its last.
    fn apply_bitrate(&mut self) -> Result<(), CodecError> {
        let rate = i32::try_from(self.wanted_bitrate).unwrap_or(i32::MAX);
        let to = |layer, option: ENCODER_OPTION| (layer, option);
        // The most first: no rate may be above it.
        for (layer, option) in [
            to(SPATIAL_LAYER_ALL, ENCODER_OPTION_MAX_BITRATE),
            to(SPATIAL_LAYER_0, ENCODER_OPTION_MAX_BITRATE),
            to(SPATIAL_LAYER_ALL, ENCODER_OPTION_BITRATE),
        ] {
            let mut info = SBitrateInfo { iLayer: layer, iBitrate: rate };
            // SAFETY: the encoder is initialised, since it has encoded a picture, and these options read one such struct.
            let result = unsafe { self.encoder.raw_api().set_option(option, (&raw mut info).cast()) };
            if result != 0 {
                return Err(CodecError::refused(BadBitrate(self.wanted_bitrate)));
            }
        }
        self.bitrate = self.wanted_bitrate;
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("OpenH264 does not take {0} bits a second")]
struct BadBitrate(u32);

impl Encoder for H264Encoder {
    fn codec(&self) -> VideoCodec {
        VideoCodec::H264
    }

    fn encode(&mut self, frame: &Frame, timestamp: u32, key: bool) -> Result<Option<Encoded>, CodecError> {
        let frame = frame.scaled(self.size.0, self.size.1)?;
        if self.has_begun && self.bitrate != self.wanted_bitrate {
            self.apply_bitrate()?;
        }
        if key && self.has_begun {
            self.encoder.force_intra_frame();
        }
        let at = openh264::Timestamp::from_millis(u64::from(timestamp / 90));
        let bits = self.encoder.encode_at(&Planes(&frame), at).map_err(CodecError::refused)?;
        self.has_begun = true;
        let (kind, payload) = (bits.frame_type(), bits.to_vec());
        Ok((!payload.is_empty()).then_some(Encoded { payload, key: kind == FrameType::IDR }))
    }

    fn set_bitrate(&mut self, bitrate: u32) -> Result<(), CodecError> {
        self.wanted_bitrate = bitrate;
        Ok(())
    }
}

struct Planes<'a>(&'a Frame);

impl YUVSource for Planes<'_> {
    fn dimensions(&self) -> (usize, usize) {
        (self.0.width() as usize, self.0.height() as usize)
    }

    fn strides(&self) -> (usize, usize, usize) {
        let half = self.0.half_width() as usize;
        (self.0.width() as usize, half, half)
    }

    fn y(&self) -> &[u8] {
        self.0.y()
    }

    fn u(&self) -> &[u8] {
        self.0.u()
    }

    fn v(&self) -> &[u8] {
        self.0.v()
    }
}

pub(super) struct H264Decoder(openh264::decoder::Decoder);

impl H264Decoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        Ok(Self(openh264::decoder::Decoder::new().map_err(CodecError::refused)?))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is nothing to decode")]
struct Nothing;

impl Decoder for H264Decoder {
    fn decode(&mut self, payload: &[u8]) -> Result<Option<Frame>, CodecError> {
        if payload.is_empty() {
            return Err(CodecError::refused(Nothing));
        }
        check_size(VideoCodec::H264, payload)?;
        let Some(picture) = self.0.decode(payload).map_err(CodecError::refused)? else { return Ok(None) };
        let ((width, height), (y, u, v)) = (picture.dimensions_i32(), picture.strides());
        let plane = |samples, stride| Plane { samples, stride };
        let planes = [plane(picture.y(), y), plane(picture.u(), u), plane(picture.v(), v)];
        let side = |side| u32::try_from(side).unwrap_or(0);
        Ok(Some(Frame::copied(side(width), side(height), planes)?))
    }
}
