//! A card without a card: bursts of any size by a clock of its own, against an engine that comes each 20 ms.
use super::*;
use std::f64::consts::TAU;

const HERTZ: f64 = 440.0;

/// What a card is like.
#[derive(Clone, Copy)]
struct Card {
    rate: u32,
    channels: usize,
    /// Sizes of its bursts, in turn.
    bursts: &'static [usize],
    /// How much faster its clock is: 0.0003 is 300 in a million.
    fast: f64,
}

const PLAIN: Card = Card { rate: 48_000, channels: 1, bursts: &[480], fast: 0.0 };

/// What came of it.
struct Run {
    stats: StreamStats,
    /// All that was heard, at the engine's rate or the card's.
    heard: Vec<f32>,
    /// The most that ever waited, in milliseconds.
    most_ms: f64,
}

/// A microphone that hears a tone, for so many seconds. `late` is by how many milliseconds each frame of the engine is late.
fn record(card: Card, seconds: u32, late: impl Fn(u32) -> u32) -> Run {
    let (mut captured, open) = microphone();
    let mut capturing = open(card.rate);
    let (mut brought, mut bursts, mut heard, mut most) = (0_u64, card.bursts.iter().cycle(), Vec::new(), 0);
    let mut burst = bursts.next().copied().unwrap_or(480);
    for frame in 0..seconds * 50 {
        let now = f64::from(frame * 20 + late(frame)) / 1000.0;
        let until = (now * f64::from(card.rate) * (1.0 + card.fast)) as u64;
        while brought + burst as u64 <= until {
            let tone: Vec<f32> = (brought..brought + burst as u64)
                .map(|n| (n as f64 / f64::from(card.rate) * HERTZ * TAU).sin() as f32 * 0.5)
                .flat_map(|sample| std::iter::repeat_n(sample, card.channels))
                .collect();
            captured.take(&tone, card.channels, |sample| sample);
            brought += burst as u64;
            burst = bursts.next().copied().unwrap_or(480);
        }
        let mut out = [0; FRAME_SAMPLES];
        capturing.capture(&mut out);
        most = most.max(capturing.reader.len());
        heard.extend(out.map(|sample| f32::from(sample) / 32_768.0));
    }
    Run { stats: capturing.stats(), heard, most_ms: most as f64 * 1000.0 / f64::from(card.rate) }
}

/// A loudspeaker that is given a tone.
fn sing(card: Card, seconds: u32, late: impl Fn(u32) -> u32) -> Run {
    let (mut played, open) = loudspeaker();
    let mut playing = open(card.rate);
    let (mut taken, mut bursts, mut heard, mut most) = (0_u64, card.bursts.iter().cycle(), Vec::new(), 0);
    let mut burst = bursts.next().copied().unwrap_or(480);
    for frame in 0..seconds * 50 {
        let now = f64::from(frame * 20 + late(frame)) / 1000.0;
        let until = (now * f64::from(card.rate) * (1.0 + card.fast)) as u64;
        while taken + burst as u64 <= until {
            let mut wanted = vec![0.0; burst * card.channels];
            played.fill(&mut wanted, card.channels, |sample| sample);
            heard.extend(wanted.chunks(card.channels).map(|frame| frame[0]));
            taken += burst as u64;
            burst = bursts.next().copied().unwrap_or(480);
        }
        let mut samples = [0; FRAME_SAMPLES];
        for (n, sample) in samples.iter_mut().enumerate() {
            let at = u64::from(frame) * FRAME_SAMPLES as u64 + n as u64;
            *sample = ((at as f64 / 48_000.0 * HERTZ * TAU).sin() * 16_384.0) as i16;
        }
        playing.play(&samples);
        most = most.max(playing.writer.len());
    }
    Run { stats: playing.stats(), heard, most_ms: most as f64 * 1000.0 / f64::from(card.rate) }
}

/// How far the steepest rise goes beyond that of the tone itself: a click rises at once.
fn click(samples: &[f32], rate: u32) -> f32 {
    let steepest = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    steepest / (HERTZ * TAU * 0.5 / f64::from(rate)) as f32
}

fn on_time(_: u32) -> u32 {
    0
}

const CARDS: &[Card] = &[
    PLAIN,
    Card { rate: 44_100, channels: 2, bursts: &[441, 17, 1_024], ..PLAIN },
    Card { rate: 16_000, bursts: &[160], ..PLAIN },
    Card { rate: 8_000, bursts: &[1, 79], ..PLAIN },
    Card { rate: 96_000, channels: 6, bursts: &[192, 4_096], ..PLAIN },
    // Bluetooth in large pieces.
    Card { rate: 32_000, bursts: &[1_920], ..PLAIN },
];

#[test]
fn after_a_moment_every_card_gives_and_takes_an_unbroken_tone() {
    for card in CARDS {
        for (way, run, rate) in
            [("in", record(*card, 8, on_time), 48_000), ("out", sing(*card, 8, on_time), card.rate)]
        {
            let half = run.heard.len() / 2;
            let power: f32 = run.heard[half..].iter().map(|sample| sample * sample).sum();

            let what = format!("{way} at {} Hz in {:?}: {:?}", card.rate, card.bursts, run.stats);
            assert!((power / half as f32 - 0.125).abs() < 0.002, "{what}: a tone of half the loudest");
            assert!(click(&run.heard[half..], rate) < 1.05, "{what}: {}", click(&run.heard[half..], rate));
            assert!(run.stats.gaps <= 1, "{what}");
            assert!(run.most_ms < 170.0, "{what}: {} ms waited", run.most_ms);
        }
    }
}

#[test]
fn two_clocks_that_differ_make_neither_a_gap_nor_a_queue() {
    // Nine times what real clocks differ by, so that less than a minute stands for seven.
    const SECONDS: u32 = 50;
    const FAST: f64 = 0.0009;
    let apart = (2.0 * FAST * f64::from(SECONDS) * 48_000.0) as i64;
    let both = [-FAST, FAST].map(|fast| Card { fast, ..PLAIN });
    for (runs, apart) in [
        (both.map(|card| record(card, SECONDS, on_time)), apart),
        (both.map(|card| sing(card, SECONDS, on_time)), -apart),
    ] {
        for run in &runs {
            assert_eq!((run.stats.gaps, run.stats.skipped_frames), (0, 0), "{:?}", run.stats);
            assert!(run.most_ms < 60.0, "{} ms waited", run.most_ms);
            assert!(click(&run.heard[4_800..], 48_000) < 1.05);
        }
        // What lay ready at the beginning and lies ready now: bursts come whole, and up to three may be counted or not.
        let [slow, quick] = runs.map(|run| run.stats.drift_samples);
        assert!((quick - slow).abs_diff(apart) < 3 * 480, "{quick} - {slow}, and not {apart}");
    }
}

#[test]
fn an_engine_that_is_late_at_times_gets_a_larger_reserve_and_no_more_gaps() {
    // Each second one frame is late by 18 ms.
    let late = |frame: u32| if frame % 50 == 49 { 18 } else { 0 };

    for run in [record(PLAIN, 20, late), sing(PLAIN, 20, late)] {
        assert!(run.stats.gaps <= 3, "{:?}", run.stats);
        let end = &run.heard[run.heard.len() - 10 * 48_000..];
        assert!(click(end, 48_000) < 1.05, "no gap in the last ten seconds: {:?}", run.stats);
    }
}

#[test]
fn what_waited_while_the_engine_slept_is_left_out_softly() {
    let (mut captured, open) = microphone();
    let mut capturing = open(48_000);
    for _ in 0..50 {
        captured.take(&[0.25_f32; 480], 1, |sample| sample);
    }
    let mut all = Vec::new();

    for _ in 0..60 {
        captured.take(&[0.25_f32; 960], 1, |sample| sample);
        let mut out = [0; FRAME_SAMPLES];
        capturing.capture(&mut out);
        all.extend(out);
    }

    let stats = capturing.stats();
    assert!((22..=25).contains(&stats.skipped_frames), "half a second is 25 frames: {stats:?}");
    assert!(capturing.reader.len() < 48 * 60, "{} samples wait", capturing.reader.len());
    assert!(all[960..].iter().all(|sample| (8_190..=8_194).contains(sample)), "and nobody hears it");
}

#[test]
fn a_dead_card_costs_neither_memory_nor_time_and_a_closed_one_is_silent() {
    let (_played, open) = loudspeaker();
    let mut playing = open(48_000);
    let (_captured, listen) = microphone();
    let mut capturing = listen(48_000);

    for _ in 0..1_000 {
        playing.play(&[1_000; FRAME_SAMPLES]);
        let mut out = [1; FRAME_SAMPLES];
        capturing.capture(&mut out);
        assert_eq!(out, [0; FRAME_SAMPLES]);
    }

    assert!(playing.writer.len() < 48 * 120, "{} samples wait", playing.writer.len());
    assert_eq!(capturing.stats().gaps, 0, "what never began did not stop");
}

#[test]
fn what_a_loudspeaker_plays_dies_away_where_nothing_follows() {
    let (mut played, open) = loudspeaker();
    let mut playing = open(48_000);
    for _ in 0..3 {
        playing.play(&[16_384; FRAME_SAMPLES]);
    }
    let mut wanted = [0.0; 2 * 4_800];

    played.fill(&mut wanted, 2, |sample| sample);

    assert!(wanted[9_000..].iter().all(|sample| sample.abs() < 1e-6));
    let drop = wanted.windows(3).map(|three| three[0] - three[2]).fold(0.0, f32::max);
    assert!(drop < 0.02, "{drop}: no click");
    assert_eq!(playing.stats().gaps, 1);
}

#[test]
fn samples_of_any_kind_become_ours_and_back() {
    let (mut captured, open) = microphone();
    let mut capturing = open(48_000);
    for _ in 0..4 {
        captured.take(&[[i32::MAX / 2, 0]; 960].concat(), 2, |sample| sample as f32 / i32::MAX as f32);
    }
    let mut out = [0; FRAME_SAMPLES];

    capturing.capture(&mut out);

    assert_eq!(out[900], 8_192, "a quarter: the mean of a half and nothing");
    assert_eq!((loud(2.0), loud(-2.0), loud(f32::NAN)), (i16::MAX, i16::MIN, 0));
}
