//! The buffer under networks of every kind, under a virtual clock.
use super::*;
use std::collections::VecDeque;

fn packet(n: u64) -> Packet {
    Packet {
        sequence: u16::try_from(n % 65_536).unwrap(),
        timestamp: u32::try_from(n * FRAME % (1 << 32)).unwrap(),
        samples: FRAME,
        payload: n.to_be_bytes().to_vec(),
    }
}

fn number(payload: &[u8]) -> u64 {
    u64::from_be_bytes(payload.try_into().unwrap())
}

const TICK: Duration = Duration::from_millis(20);

/// Plays a stream of `count` packets; `arrives` says how late each comes, or that it does not. Shows what was heard.
fn play(count: u64, arrives: impl Fn(u64) -> Vec<Duration>) -> (Vec<Pulled>, JitterBuffer) {
    let mut buffer = JitterBuffer::new(JitterSettings::default());
    let mut coming: Vec<(Duration, u64)> = (0..count)
        .flat_map(|n| arrives(n).into_iter().map(move |late| (TICK * u32::try_from(n).unwrap() + late, n)))
        .collect();
    coming.sort();
    let mut coming = VecDeque::from(coming);
    let mut heard = Vec::new();
    let mut now = Duration::ZERO;
    while now < TICK * u32::try_from(count + 50).unwrap() {
        while let Some((at, n)) = coming.front().copied().filter(|(at, _)| *at <= now) {
            coming.pop_front();
            buffer.push(at, packet(n));
        }
        heard.push(buffer.pull(now));
        now += TICK;
    }
    (heard, buffer)
}

fn played(heard: &[Pulled]) -> Vec<u64> {
    heard
        .iter()
        .filter_map(
            |pulled| if let Pulled::Play { payload, .. } = pulled { Some(number(payload)) } else { None },
        )
        .collect()
}

/// A number that follows from the packet's and looks like chance.
fn chance(seed: u64, n: u64) -> u64 {
    let mut x = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ seed.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 32)
}

#[test]
fn a_good_network_is_played_as_it_comes() {
    let (heard, buffer) = play(500, |_| vec![Duration::from_millis(30)]);

    assert_eq!(played(&heard), (0..500).collect::<Vec<_>>());
    assert_eq!(buffer.stats().made_up, samples_of(&heard));
    assert!(buffer.stats().target <= Duration::from_millis(20), "{:?}", buffer.stats());
}

fn samples_of(heard: &[Pulled]) -> u64 {
    heard.iter().map(|pulled| if let Pulled::MakeUp { samples } = pulled { *samples } else { 0 }).sum()
}

#[test]
fn a_packet_that_is_lost_is_recovered_from_the_next_one() {
    // The first loss is made up for; from then on the next packet is waited for.
    let is_lost = |n: u64| n == 50 || n == 100;
    let (heard, buffer) = play(200, |n| if is_lost(n) { vec![] } else { vec![Duration::from_millis(30)] });

    let place =
        heard.iter().position(|pulled| matches!(pulled, Pulled::Recover { .. })).expect("it is recovered");
    assert!(matches!(&heard[place], Pulled::Recover { payload, samples: 960 } if number(payload) == 101));
    assert!(matches!(&heard[place + 1], Pulled::Play { payload, .. } if number(payload) == 101));
    assert_eq!(buffer.stats().played, 198);
}

#[test]
fn packets_that_overtake_each_other_are_put_in_order_and_doubles_are_heard_once() {
    let late = |n: u64| Duration::from_millis(if n.is_multiple_of(3) { 75 } else { 30 });
    let (heard, buffer) = play(400, |n| vec![late(n), late(n) + Duration::from_millis(3)]);

    let played = played(&heard);
    assert!(played.is_sorted_by(|a, b| a < b));
    assert!(played.len() > 385, "{} of 400", played.len());
    assert!(buffer.stats().twice > 350, "{:?}", buffer.stats());
}

#[test]
fn a_pause_on_purpose_is_a_rest_and_not_a_loss() {
    let mut buffer = JitterBuffer::new(JitterSettings::default());
    let mut now = Duration::ZERO;
    let mut heard = Vec::new();
    for n in 0..100_u64 {
        // Between 40 and 60 they say nothing: timestamps go on, sequence numbers do not.
        let said = !(40..60).contains(&n);
        if said {
            let sequence = u16::try_from(if n < 40 { n } else { n - 20 }).unwrap();
            buffer.push(now, Packet { sequence, ..packet(n) });
        }
        heard.push(buffer.pull(now));
        now += TICK;
    }

    assert_eq!(buffer.stats().recovered, 0);
    assert!(played(&heard).len() >= 78, "{}", played(&heard).len());
    assert!(samples_of(&heard) <= FRAME * 7, "{} samples made up", samples_of(&heard));
}

#[test]
fn a_stream_that_begins_anew_is_played_and_numbers_may_turn_over() {
    let mut buffer = JitterBuffer::new(JitterSettings::default());
    let mut heard = Vec::new();
    for n in 0..200_u64 {
        let n_of = |n: u64| if n < 100 { n } else { n + 3_000_000_000 / FRAME };
        // The first begins just before its 32 bits are used up.
        let timestamp =
            u32::try_from((u64::from(u32::MAX) - 20 * FRAME + n_of(n) * FRAME) % (1 << 32)).unwrap();
        let sequence = 65_500_u16.wrapping_add(u16::try_from(n).unwrap());
        buffer.push(TICK * u32::try_from(n).unwrap(), Packet { timestamp, sequence, ..packet(n) });
        heard.push(buffer.pull(TICK * u32::try_from(n).unwrap()));
    }

    assert!(played(&heard).len() >= 195, "{}", played(&heard).len());
    assert!(played(&heard).is_sorted());
}

#[test]
fn whatever_the_network_does_nothing_is_heard_twice_or_out_of_order_and_the_wait_is_bounded() {
    for seed in 0..400 {
        let loss = chance(seed, 1) % 30;
        let jitter = chance(seed, 2) % 250;
        let spike = 1 + chance(seed, 3) % 80;
        let arrives = |n: u64| {
            if chance(seed, 1000 + n) % 100 < loss {
                return vec![];
            }
            let mut late = chance(seed, 9000 + n) % (jitter + 1);
            if (n / 10).is_multiple_of(spike) {
                late += 400;
            }
            let once = Duration::from_millis(late);
            if chance(seed, 5000 + n).is_multiple_of(20) { vec![once, once + TICK] } else { vec![once] }
        };

        let (heard, buffer) = play(600, arrives);

        let played = played(&heard);
        assert!(played.is_sorted_by(|a, b| a < b), "seed {seed}");
        let stats = buffer.stats();
        assert!(stats.target <= JitterSettings::default().most, "seed {seed}: {stats:?}");
        assert!(buffer.waiting() <= Duration::from_millis(1200), "seed {seed}: {:?} wait", buffer.waiting());
        let came: u64 = (0..600).filter(|n| !arrives(*n).is_empty()).count() as u64;
        assert!(
            stats.played + stats.late + buffer.waiting.len() as u64 + stats.overflowed >= came,
            "seed {seed}: {stats:?} of {came}"
        );
        assert!(
            played.len() as u64 * 10 >= came * 5,
            "seed {seed}: {} of {came} with jitter {jitter}",
            played.len()
        );
    }
}

#[test]
fn after_any_trouble_a_good_network_brings_the_delay_down_again() {
    let (heard, buffer) = play(1500, |n| {
        let late = if (100..300).contains(&n) { chance(7, n) % 200 } else { 20 };
        vec![Duration::from_millis(late)]
    });

    assert!(buffer.stats().target <= Duration::from_millis(30), "{:?}", buffer.stats());
    // Whoever plays leaves quiet parts out as long as it is asked to hurry; nobody here does, so it keeps asking.
    assert!(matches!(heard[1400], Pulled::Play { hurry: true, .. }), "{:?}", heard[1400]);
}

#[test]
fn a_packet_that_begins_within_another_one_is_let_go() {
    let mut buffer = JitterBuffer::new(JitterSettings::default());
    for (n, timestamp) in [(0, 0), (1, 480), (2, 960)] {
        buffer.push(Duration::ZERO, Packet { timestamp, ..packet(n) });
    }

    let heard: Vec<Pulled> = (0..5_u32).map(|n| buffer.pull(TICK * (n + 2))).collect();

    assert_eq!(played(&heard), [0, 2]);
    assert_eq!(buffer.stats().late, 1);
}
