//! From the microphone to packets.
use super::{FRAME_SAMPLES, Loudness};

/// How a voice is encoded.
#[derive(Debug, Clone)]
pub struct SpeakingSettings {
    /// Bits a second.
    pub bitrate: i32,
    /// From 0 (cheap) to 10 (good).
    pub complexity: i32,
    /// Packets lost in a hundred that are expected: so many copies of earlier sound are carried along.
    pub expected_loss: i32,
}

impl Default for SpeakingSettings {
    fn default() -> Self {
        // The usual of calls: a full band voice, and what a loss of a few packets takes.
        Self { bitrate: 32_000, complexity: 9, expected_loss: 5 }
    }
}

/// The codec cannot do it.
#[derive(Debug, thiserror::Error)]
#[error("the sound cannot be encoded or decoded")]
pub struct CodecError(#[from] opus::Error);

/// Speaks: samples of 20 ms become packets.
pub struct Speaking {
    encoder: opus::Encoder,
    timestamp: u32,
    packet: Vec<u8>,
    /// Silent packets in a row, while nothing has to be sent.
    is_resting: bool,
}

/// A packet, and how loud it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Of RTP, in samples.
    pub timestamp: u32,
    /// For the decoder.
    pub payload: Vec<u8>,
    /// How loud it is.
    pub loudness: Loudness,
    /// The first after a pause.
    pub begins: bool,
}

/// What the timestamp of RTP grows by with each packet.
const STEP: u32 = FRAME_SAMPLES as u32;

/// The largest packet that Opus makes of 20 ms.
const LARGEST: usize = 1275;

/// What a packet has at most if it only says that nothing is said (RFC 6716, DTX).
const REST: usize = 2;

impl Speaking {
    /// Begins at any timestamp; a random one is good manners (RFC 3550).
    pub fn new(settings: &SpeakingSettings, timestamp: u32) -> Result<Self, CodecError> {
        let rate = u32::try_from(super::SAMPLE_RATE).expect("48,000 is small");
        let mut encoder = opus::Encoder::new(rate, opus::Channels::Mono, opus::Application::Voip)?;
        encoder.set_bitrate(opus::Bitrate::Bits(settings.bitrate))?;
        encoder.set_complexity(settings.complexity)?;
        encoder.set_inband_fec(true)?;
        encoder.set_packet_loss_perc(settings.expected_loss)?;
        encoder.set_dtx(true)?;
        Ok(Self { encoder, timestamp, packet: vec![0; LARGEST], is_resting: true })
    }

    /// The network loses so many packets in a hundred.
    pub fn expect_loss(&mut self, percent: i32) -> Result<(), CodecError> {
        Ok(self.encoder.set_packet_loss_perc(percent.clamp(0, 50))?)
    }

    /// The network takes so many bits a second.
    pub fn set_bitrate(&mut self, bitrate: i32) -> Result<(), CodecError> {
        Ok(self.encoder.set_bitrate(opus::Bitrate::Bits(bitrate.clamp(8_000, 128_000)))?)
    }

    /// Says nothing for 20 ms: nobody may hear us. What was said before does not go on afterwards.
    pub fn rest(&mut self) -> Result<(), CodecError> {
        self.timestamp = self.timestamp.wrapping_add(STEP);
        if !std::mem::replace(&mut self.is_resting, true) {
            self.encoder.reset_state()?;
        }
        Ok(())
    }

    /// Encodes 20 ms. Muted, it is silence whatever the microphone hears. None while there is nothing to be sent.
    pub fn speak(
        &mut self,
        samples: &[i16; FRAME_SAMPLES],
        muted: bool,
    ) -> Result<Option<Spoken>, CodecError> {
        let silence = [0; FRAME_SAMPLES];
        let samples = if muted { &silence } else { samples };
        let timestamp = self.timestamp;
        self.timestamp = timestamp.wrapping_add(STEP);
        let length = self.encoder.encode(samples, &mut self.packet)?;
        if length <= REST {
            self.is_resting = true;
            return Ok(None);
        }
        let begins = std::mem::replace(&mut self.is_resting, false);
        let payload = self.packet[..length].to_vec();
        Ok(Some(Spoken { timestamp, payload, loudness: Loudness::of(samples), begins }))
    }
}
