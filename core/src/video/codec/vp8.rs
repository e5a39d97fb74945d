//! VP8 by libvpx.
use super::{CodecError, Decoder, Encoded, Encoder, EncoderSettings, software::check_size};
use crate::{
    peer::VideoCodec,
    video::{Frame, Plane},
};

/// Fast, as libwebrtc has it on small machines: a picture that comes in time beats one that is a little sharper.
const SPEED: i32 = -8;

pub(super) struct Vp8Encoder {
    encoder: calls_vpx::Encoder,
    size: (u32, u32),
    bitrate: u32,
    frame_rate: u32,
    /// Of the last picture.
    timestamp: Option<u32>,
}

impl Vp8Encoder {
    pub(super) fn new(settings: EncoderSettings) -> Result<Self, CodecError> {
        let EncoderSettings { codec: _, width, height, bitrate, frame_rate } = settings;
        let encoder = calls_vpx::Encoder::new(width, height, bitrate / 1000, SPEED);
        let encoder = encoder.map_err(CodecError::refused)?;
        Ok(Self { encoder, size: (width, height), bitrate, frame_rate, timestamp: None })
    }
}

impl Encoder for Vp8Encoder {
    fn codec(&self) -> VideoCodec {
        VideoCodec::Vp8
    }

    fn encode(&mut self, frame: &Frame, timestamp: u32, key: bool) -> Result<Option<Encoded>, CodecError> {
        let frame = frame.scaled(self.size.0, self.size.1)?;
        let usual = 90_000 / self.frame_rate.max(1);
        // After a pause the rate control would believe that a second's worth may be spent at once.
        let ticks = self.timestamp.map_or(usual, |before| timestamp.wrapping_sub(before).min(usual * 3));
        self.timestamp = Some(timestamp);
        let encoded = self.encoder.encode(frame.planes(), ticks, key).map_err(CodecError::refused)?;
        Ok(encoded.map(|encoded| Encoded { payload: encoded.payload.to_vec(), key: encoded.key }))
    }

    fn set_bitrate(&mut self, bitrate: u32) -> Result<(), CodecError> {
        if bitrate / 1000 == self.bitrate / 1000 {
            return Ok(());
        }
        self.bitrate = bitrate;
        self.encoder.set_bitrate(bitrate / 1000).map_err(CodecError::refused)
    }
}

pub(super) struct Vp8Decoder(calls_vpx::Decoder);

impl Vp8Decoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        Ok(Self(calls_vpx::Decoder::new().map_err(CodecError::refused)?))
    }
}

impl Decoder for Vp8Decoder {
    fn decode(&mut self, payload: &[u8]) -> Result<Option<Frame>, CodecError> {
        check_size(VideoCodec::Vp8, payload)?;
        let Some(picture) = self.0.decode(payload).map_err(CodecError::refused)? else { return Ok(None) };
        let plane = |n: usize| Plane { samples: picture.planes[n], stride: picture.strides[n] };
        Ok(Some(Frame::copied(picture.width, picture.height, [plane(0), plane(1), plane(2)])?))
    }
}
