//! From packets to the loudspeaker: one voice.
use super::{
    CodecError, FRAME_SAMPLES, JitterBuffer, JitterSettings, JitterStats, Loudness, Packet, Pulled,
    SAMPLE_RATE,
};
use calls_samples::leave_out;
use std::{collections::VecDeque, time::Duration};

/// The longest packet that Opus has: 120 ms.
const LONGEST: usize = 5760;

/// Hears: packets become samples.
pub struct Hearing {
    jitter: JitterBuffer,
    decoder: opus::Decoder,
    /// Decoded and not played.
    ready: VecDeque<i16>,
    decoded: Vec<i16>,
    loudness: Loudness,
    broken: u64,
}

/// What became of what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HearingStats {
    /// What became of the packets.
    pub jitter: JitterStats,
    /// Packets that the decoder does not understand.
    pub broken: u64,
}

impl Hearing {
    /// Nothing is heard yet.
    pub fn new(settings: JitterSettings) -> Result<Self, CodecError> {
        let rate = u32::try_from(SAMPLE_RATE).expect("48,000 is small");
        let decoder = opus::Decoder::new(rate, opus::Channels::Mono)?;
        let jitter = JitterBuffer::new(settings);
        let decoded = vec![0; LONGEST];
        Ok(Self { jitter, decoder, ready: VecDeque::new(), decoded, loudness: Loudness::SILENCE, broken: 0 })
    }

    /// A packet came. One that is no sound is counted and dropped.
    pub fn push(&mut self, now: Duration, sequence: u16, timestamp: u32, payload: &[u8]) {
        match self.decoder.get_nb_samples(payload) {
            Ok(samples @ 1..=LONGEST) => {
                let payload = payload.to_vec();
                self.jitter.push(now, Packet { sequence, timestamp, samples: samples as u64, payload });
            }
            _ => self.broken += 1,
        }
    }

    /// The next 20 ms. Returns whether there is anything to be heard.
    pub fn play(&mut self, now: Duration, out: &mut [i16; FRAME_SAMPLES]) -> bool {
        while self.ready.len() < FRAME_SAMPLES {
            if !self.decode(now) {
                break;
            }
        }
        let anything = !self.ready.is_empty();
        for sample in out.iter_mut() {
            *sample = self.ready.pop_front().unwrap_or(0);
        }
        self.loudness = Loudness::of(out);
        anything
    }

    /// How loud the last 20 ms were.
    pub fn loudness(&self) -> Loudness {
        self.loudness
    }

    /// What became of what came.
    pub fn stats(&self) -> HearingStats {
        HearingStats { jitter: self.jitter.stats(), broken: self.broken }
    }

    /// Decodes what is next. False if there is nothing.
    fn decode(&mut self, now: Duration) -> bool {
        let length = |samples: u64| usize::try_from(samples).unwrap_or(LONGEST).min(LONGEST);
        let (decoded, hurry) = match self.jitter.pull(now) {
            Pulled::Nothing => return false,
            Pulled::Play { payload, hurry } => {
                (self.decoder.decode(&payload, &mut self.decoded, false), hurry)
            }
            Pulled::Recover { payload, samples } => {
                let room = &mut self.decoded[..length(samples)];
                (self.decoder.decode(&payload, room, true), false)
            }
            // Without a packet the decoder draws out what was, or goes on with its faint noise.
            Pulled::MakeUp { samples } | Pulled::Rest { samples } => {
                let room = &mut self.decoded[..length(samples)];
                (self.decoder.decode(&[], room, false), false)
            }
        };
        let count = match decoded {
            Ok(count) => count,
            Err(_) => {
                // Their packet, our clock: the time that it stood for passes in silence.
                self.broken += 1;
                self.decoded[..FRAME_SAMPLES].fill(0);
                FRAME_SAMPLES
            }
        };
        let kept = if hurry { leave_out(&mut self.decoded[..count]) } else { count };
        self.ready.extend(&self.decoded[..kept]);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Speaking, SpeakingSettings};

    const TICK: Duration = Duration::from_millis(20);

    /// A tone, 20 ms at a time.
    fn tone(n: usize, hertz: f64) -> [i16; FRAME_SAMPLES] {
        std::array::from_fn(|i| {
            let at = (n * FRAME_SAMPLES + i) as f64 / SAMPLE_RATE as f64;
            ((at * hertz * std::f64::consts::TAU).sin() * 8000.0) as i16
        })
    }

    /// How much of the sound is this tone, from 0 to 1.
    fn purity(samples: &[i16], hertz: f64) -> f64 {
        let (mut re, mut im, mut all) = (0.0, 0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let angle = n as f64 * hertz * std::f64::consts::TAU / SAMPLE_RATE as f64;
            let value = f64::from(*sample);
            (re, im, all) = (re + value * angle.cos(), im + value * angle.sin(), all + value * value);
        }
        if all == 0.0 { 0.0 } else { 2.0 * (re * re + im * im) / (all * samples.len() as f64) }
    }

    /// Sends `count` frames of a tone through a network and gives what is heard after the first half second.
    fn call(count: usize, arrives: impl Fn(usize) -> Option<Duration>) -> (Vec<i16>, Hearing) {
        let mut speaking = Speaking::new(&SpeakingSettings::default(), u32::MAX - 5000).unwrap();
        let mut hearing = Hearing::new(JitterSettings::default()).unwrap();
        let mut coming = Vec::new();
        for n in 0..count {
            let spoken = speaking.speak(&tone(n, 440.0), false).unwrap().expect("a tone is no silence");
            if let Some(late) = arrives(n) {
                coming.push((TICK * u32::try_from(n).unwrap() + late, u16::try_from(n).unwrap(), spoken));
            }
        }
        coming.sort_by_key(|(at, ..)| *at);
        let (mut coming, mut heard) = (VecDeque::from(coming), Vec::new());
        let mut out = [0; FRAME_SAMPLES];
        for n in 0..count {
            let now = TICK * u32::try_from(n).unwrap();
            while coming.front().is_some_and(|(at, ..)| *at <= now) {
                let (at, sequence, spoken) = coming.pop_front().unwrap();
                hearing.push(at, sequence, spoken.timestamp, &spoken.payload);
            }
            hearing.play(now, &mut out);
            if n >= 25 {
                heard.extend(out);
            }
        }
        (heard, hearing)
    }

    /// Purity of each tenth of a second, the worst twentieth left out.
    fn worst(heard: &[i16]) -> f64 {
        let mut pieces: Vec<f64> = heard.chunks_exact(4800).map(|piece| purity(piece, 440.0)).collect();
        pieces.sort_by(f64::total_cmp);
        pieces[pieces.len() / 20]
    }

    #[test]
    fn a_tone_comes_through_a_good_network_as_it_was() {
        let (heard, hearing) = call(300, |_| Some(Duration::from_millis(30)));

        assert!(worst(&heard) > 0.98, "{}", worst(&heard));
        assert_eq!(hearing.stats().broken, 0);
    }

    #[test]
    fn a_tone_comes_through_loss_and_jitter_without_a_hole() {
        let arrives = |n: usize| {
            let chance = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            let lost = chance.is_multiple_of(12);
            (!lost).then(|| Duration::from_millis(20 + chance % 40))
        };
        let (heard, hearing) = call(600, arrives);

        let holes = heard.chunks_exact(480).filter(|piece| Loudness::of(piece).0 > 40).count();
        assert!(holes <= 3, "{holes} holes of 10 ms; {:?}", hearing.stats());
        assert!(hearing.stats().jitter.recovered > 10, "{:?}", hearing.stats());
    }

    #[test]
    fn a_delay_that_is_no_longer_needed_goes_without_a_click() {
        let late = |n: usize| if (50..100).contains(&n) { (n as u64 * 37) % 200 } else { 20 };
        let (heard, hearing) = call(900, |n| Some(Duration::from_millis(late(n))));

        let end = &heard[heard.len() - 48_000..];
        assert!(worst(end) > 0.95, "{}", worst(end));
        let steps =
            heard.windows(2).map(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs()).max().unwrap();
        assert!(steps < 6000, "a step of {steps}: {:?}", hearing.stats());
    }

    #[test]
    fn what_is_muted_is_silence_and_soon_nothing_at_all() {
        let mut speaking = Speaking::new(&SpeakingSettings::default(), 0).unwrap();
        let mut hearing = Hearing::new(JitterSettings::default()).unwrap();
        let mut out = [0; FRAME_SAMPLES];
        let (mut sent, mut loudest) = (0, Loudness::SILENCE);
        for n in 0..200 {
            let muted = n >= 50;
            let now = TICK * u32::try_from(n).unwrap();
            if let Some(spoken) = speaking.speak(&tone(n, 440.0), muted).unwrap() {
                sent += usize::from(n >= 100);
                hearing.push(now, u16::try_from(n).unwrap(), spoken.timestamp, &spoken.payload);
            }
            hearing.play(now, &mut out);
            if n >= 60 {
                loudest = loudest.min(hearing.loudness());
            }
        }

        assert!(sent <= 10, "{sent} packets of silence in two seconds");
        assert!(loudest.0 >= 80, "{loudest:?}");
    }

    #[test]
    fn packets_that_are_no_sound_are_counted_and_harm_nobody() {
        let mut hearing = Hearing::new(JitterSettings::default()).unwrap();
        let mut out = [0; FRAME_SAMPLES];
        for n in 0..2000_u32 {
            let length = usize::try_from(n % 61).unwrap();
            let payload: Vec<u8> = (0..length).map(|i| (n as usize * 31 + i * 17) as u8).collect();
            let now = TICK * n;
            hearing.push(now, n as u16, n.wrapping_mul(2_654_435_761), &payload);
            hearing.push(now, n as u16, n * 960, &payload);
            hearing.play(now, &mut out);
        }

        assert!(hearing.stats().broken > 0);
    }
}
