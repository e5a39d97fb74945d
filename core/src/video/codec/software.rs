//! Codecs of the processor.
use super::{CodecError, Codecs, Decoder, Encoder, EncoderSettings, h264, vp8};
use crate::peer::VideoCodec;

/// VP8 by libvpx and H.264 by OpenH264, on one thread each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Software;

impl Codecs for Software {
    fn speaks(&self) -> &[VideoCodec] {
        &[VideoCodec::Vp8, VideoCodec::H264]
    }

    fn encoder(&self, settings: EncoderSettings) -> Result<Box<dyn Encoder>, CodecError> {
        Ok(match settings.codec {
            VideoCodec::Vp8 => Box::new(vp8::Vp8Encoder::new(settings)?),
            VideoCodec::H264 => Box::new(h264::H264Encoder::new(settings)?),
        })
    }

    fn decoder(&self, codec: VideoCodec) -> Result<Box<dyn Decoder>, CodecError> {
        Ok(match codec {
            VideoCodec::Vp8 => Box::new(vp8::Vp8Decoder::new()?),
            VideoCodec::H264 => Box::new(h264::H264Decoder::new()?),
        })
    }
}

/// A size that a decoder may be given, if the picture says one.
pub(super) fn check_size(codec: VideoCodec, payload: &[u8]) -> Result<(), CodecError> {
    const MOST: u32 = crate::video::LONGEST_SIDE;
    match super::claimed_size(codec, payload) {
        Some((width, height)) if width > MOST || height > MOST => {
            Err(crate::video::BadFrame { width, height }.into())
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::{
        Frame,
        pattern::{TestPattern, who},
    };
    use std::time::Duration;

    const BOTH: [VideoCodec; 2] = [VideoCodec::Vp8, VideoCodec::H264];

    fn settings(codec: VideoCodec, bitrate: u32) -> EncoderSettings {
        EncoderSettings { codec, width: 320, height: 180, bitrate, frame_rate: 30 }
    }

    fn frame(number: u32) -> Frame {
        TestPattern::new(4711, 320, 180).at(Duration::from_millis(33) * number)
    }

    #[test]
    fn a_pattern_goes_through_each_codec_and_is_known_again() {
        for codec in BOTH {
            let mut encoder = Software.encoder(settings(codec, 300_000)).unwrap();
            let mut decoder = Software.decoder(codec).unwrap();
            assert_eq!(encoder.codec(), codec);
            let (mut seen, mut keys) = (0, Vec::new());
            for number in 0..60 {
                let encoded = encoder.encode(&frame(number), number * 3000, number == 40).unwrap();
                let Some(encoded) = encoded else { continue };
                if encoded.key {
                    keys.push(number);
                    let (width, height) = super::super::claimed_size(codec, &encoded.payload).unwrap();
                    assert!(width == 320 && (180..196).contains(&height), "{width} by {height}");
                }
                let decoded = decoder.decode(&encoded.payload).unwrap().expect("a picture");
                assert_eq!((decoded.width(), decoded.height()), (320, 180));
                assert_eq!(who(&decoded), Some(4711), "{codec:?}, picture {number}");
                seen += 1;
            }
            assert_eq!(keys, [0, 40], "{codec:?}");
            assert!(seen > 40, "{codec:?}: {seen}");
        }
    }

    #[test]
    fn the_rate_is_kept_and_follows_a_change() {
        for codec in BOTH {
            let mut encoder = Software.encoder(settings(codec, 200_000)).unwrap();
            let mut rate = |numbers: std::ops::Range<u32>, bitrate| {
                encoder.set_bitrate(bitrate).unwrap();
                let count = numbers.len();
                let bytes: usize = numbers
                    .filter_map(|number| encoder.encode(&noisy(number), number * 3000, false).unwrap())
                    .map(|encoded| encoded.payload.len())
                    .sum();
                bytes * 8 * 30 / count
            };
            // The first seconds have the key frame.
            rate(0..45, 200_000);
            let low = rate(45..105, 200_000);
            rate(105..135, 800_000);
            let high = rate(135..195, 800_000);

            assert!((120_000..260_000).contains(&low), "{codec:?}: {low}");
            assert!((500_000..1_000_000).contains(&high), "{codec:?}: {high}");
        }
    }

    /// Work that no encoder can guess.
    fn noisy(number: u32) -> Frame {
        let frame = frame(number);
        let mut state = u64::from(number) + 1;
        let mut planes = frame.planes().to_vec();
        for sample in &mut planes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *sample = sample.wrapping_add((state >> 60) as u8);
        }
        Frame::new(320, 180, planes).unwrap()
    }

    #[test]
    fn rubbish_is_an_error_and_no_harm() {
        for codec in BOTH {
            let mut decoder = Software.decoder(codec).unwrap();
            let mut encoder = Software.encoder(settings(codec, 300_000)).unwrap();
            let good = encoder.encode(&frame(0), 0, true).unwrap().unwrap().payload;
            assert!(decoder.decode(&[]).is_err());
            let mut state = 5_u64;
            for round in 0..200 {
                let mut bad = good.clone();
                for _ in 0..round {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let at = (state >> 33) as usize % bad.len();
                    bad[at] = (state >> 20) as u8;
                }
                // Either way is fine.
                let _whatever = decoder.decode(&bad);
                let _whatever = decoder.decode(&bad[..bad.len() / 2]);
            }

            let mut fresh = Software.decoder(codec).unwrap();
            assert_eq!(who(&fresh.decode(&good).unwrap().unwrap()), Some(4711));
        }
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded() {
        let huge = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f, 0, 0, 0, 0];

        let refused = Software.decoder(VideoCodec::Vp8).unwrap().decode(&huge);

        assert!(matches!(refused, Err(CodecError::Bad(_))));
    }
}
