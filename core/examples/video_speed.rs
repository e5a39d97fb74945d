//! How long a picture takes to be encoded and decoded here: `cargo run --release --example video_speed`.
use calls_core::{
    peer::VideoCodec,
    video::{Codecs, EncoderSettings, Showing, Sizes, Software, Wish, pattern::TestPattern},
};
use std::{
    fs,
    time::{Duration, Instant},
};

const FRAMES: u32 = 150;

/// How long this thread had the processor, so that a busy machine gives the same numbers. Elsewhere than on Linux, time.
fn used(begin: Instant) -> Duration {
    let said = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = said.and_then(|said| said.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| begin.elapsed(), Duration::from_nanos)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let clock = Instant::now();
    println!("codec  size       encode   decode   kbit/s  (ms a frame, one thread)");
    for codec in [VideoCodec::Vp8, VideoCodec::H264] {
        for (width, height, bitrate) in [(640, 360, 600_000), (1280, 720, 1_500_000)] {
            let pattern = TestPattern::new(1, width, height);
            let settings = EncoderSettings { codec, width, height, bitrate, frame_rate: 30 };
            let mut encoder = Software.encoder(settings)?;
            let mut decoder = Software.decoder(codec)?;
            let (mut encoding, mut decoding, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
            for number in 0..FRAMES {
                let frame = pattern.at(Duration::from_secs(1) / 30 * number);
                let begin = used(clock);
                let encoded = encoder.encode(&frame, number * 3000, false)?;
                encoding += used(clock) - begin;
                let Some(encoded) = encoded else { continue };
                bytes += encoded.payload.len();
                let begin = used(clock);
                decoder.decode(&encoded.payload)?;
                decoding += used(clock) - begin;
            }
            let each = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(FRAMES);
            let kilobits = bytes * 8 * 30 / FRAMES as usize / 1000;
            let size = format!("{width}x{height}");
            let codec = format!("{codec:?}");
            println!("{codec:5}  {size:9}  {:6.2}   {:6.2}   {kilobits:6}", each(encoding), each(decoding));
        }
    }
    for sizes in [Sizes::One, Sizes::UpTo { height: u16::MAX }] {
        let mut showing = Showing::new(Duration::ZERO, Box::new(Software), 5_000_000);
        showing.wish(Duration::ZERO, Wish::Codecs(vec![VideoCodec::Vp8]));
        showing.wish(Duration::ZERO, Wish::Sizes(sizes));
        let pattern = TestPattern::new(1, 1280, 720);
        let (mut busy, mut made) = (Duration::ZERO, Vec::new());
        for number in 0..FRAMES {
            let now = Duration::from_secs(1) / 30 * number;
            let frame = pattern.at(now);
            let begin = used(clock);
            showing.show(now, &frame, &mut made)?;
            busy += used(clock) - begin;
        }
        let each = busy.as_secs_f64() * 1000.0 / f64::from(FRAMES);
        let (layers, core) = (showing.stats().layers, each * 30.0 / 10.0);
        println!("720 lines for others, VP8, in {layers} sizes: {each:.2} ms a frame, {core:.0} % of a core");
    }
    let frame = TestPattern::new(1, 1280, 720).at(Duration::ZERO);
    let begin = used(clock);
    for _ in 0..FRAMES {
        frame.scaled(640, 360)?;
    }
    println!("720 lines to 360: {:.2}", (used(clock) - begin).as_secs_f64() * 1000.0 / f64::from(FRAMES));
    Ok(())
}
