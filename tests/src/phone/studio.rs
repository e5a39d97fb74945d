//! A camera whose encoders are counted: which sizes of a picture are made is seen from outside.
use calls_core::{
    peer::VideoCodec,
    video::{CodecError, Codecs, Decoder, Encoded, Encoder, EncoderSettings, Frame, Software},
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::watch;

/// How many encoders there are of pictures of each height.
pub(super) type Encoders = Arc<watch::Sender<BTreeMap<u32, usize>>>;

/// The processor's codecs, counted.
pub(super) struct Counted(pub(super) Encoders);

struct CountedEncoder {
    encoder: Box<dyn Encoder>,
    height: u32,
    count: Encoders,
}

impl Codecs for Counted {
    fn speaks(&self) -> &[VideoCodec] {
        Software.speaks()
    }

    fn encoder(&self, settings: EncoderSettings) -> Result<Box<dyn Encoder>, CodecError> {
        let encoder = Software.encoder(settings)?;
        self.0.send_modify(|count| *count.entry(settings.height).or_default() += 1);
        Ok(Box::new(CountedEncoder { encoder, height: settings.height, count: self.0.clone() }))
    }

    fn decoder(&self, codec: VideoCodec) -> Result<Box<dyn Decoder>, CodecError> {
        Software.decoder(codec)
    }
}

impl Encoder for CountedEncoder {
    fn codec(&self) -> VideoCodec {
        self.encoder.codec()
    }

    fn encode(&mut self, frame: &Frame, timestamp: u32, key: bool) -> Result<Option<Encoded>, CodecError> {
        self.encoder.encode(frame, timestamp, key)
    }

    fn set_bitrate(&mut self, bitrate: u32) -> Result<(), CodecError> {
        self.encoder.set_bitrate(bitrate)
    }
}

impl Drop for CountedEncoder {
    fn drop(&mut self) {
        self.count.send_modify(|count| {
            if let Some(left) = count.get_mut(&self.height) {
                *left -= 1;
            }
            count.retain(|_, left| *left > 0);
        });
    }
}
