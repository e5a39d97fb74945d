//! Feedback that nobody honest sends.
use crate::link::{Link, SECOND};
use crate::world::World;
use calls_rtp::bandwidth::Feedback;
use proptest::prelude::*;
use std::time::Duration;

/// A feedback packet of these chunks and deltas.
fn feedback(base: u16, count: u16, reference: u32, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x8F, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
    packet.extend(base.to_be_bytes());
    packet.extend(count.to_be_bytes());
    packet.extend(&(reference << 8).to_be_bytes());
    packet.extend(body);
    packet.resize(packet.len().next_multiple_of(4), 0);
    let length = (packet.len() / 4 - 1) as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn nonsense_changes_nothing_that_matters(
        packets in prop::collection::vec(
            (any::<u16>(), 1..200_u16, 0..1_u32 << 24, prop::collection::vec(any::<u8>(), 400)),
            1..60,
        ),
        near: bool,
        seed in 1..100_u64,
    ) {
        let mut world = World::with_one(seed, Link::of(1_000_000), 2_500_000);
        world.run(10);
        let before = world.estimate();
        for (base, count, reference, body) in packets {
            // Either any numbers, or those that were just sent.
            let base = if near { world.last_number().wrapping_sub(base % 300) } else { base };
            let packet = feedback(base, count, reference, &body);
            if let Some(nonsense) = Feedback::parse(&packet) {
                let now = Duration::from_micros(world.now);
                world.flows[0].estimator.feedback(now, &nonsense);
            }
            world.run_for(SECOND / 50);
            let after = world.estimate();
            prop_assert!((50_000..=20_000_000).contains(&after), "{}", after);
        }
        // It is as if nothing had been.
        let back = world.seconds_until(850_000, 10);
        prop_assert!(back.is_some(), "{} before, {} after", before, world.estimate());
        world.run(5);
        prop_assert!(world.estimate() < 1_300_000, "{} before, {} after", before, world.estimate());
        let since = world.now;
        world.run(10);
        prop_assert!(world.waits(since).0 < 60.0, "{:?}", world.waits(since));
    }
}

#[test]
fn numbers_that_were_never_sent_change_nothing_at_all() {
    let run = |lies: bool| {
        let mut world = World::with_one(1, Link::of(1_000_000), 2_500_000);
        for step in 0..500_u32 {
            world.run_for(SECOND / 50);
            if lies {
                let base = world.last_number().wrapping_add(1000);
                let packet =
                    feedback(base, 100, step * 1_000_003, &[0x20, 100, 0, 0, 0, 0, 0, 0, 0, 0].repeat(11));
                let now = Duration::from_micros(world.now);
                world.flows[0].estimator.feedback(now, &Feedback::parse(&packet).unwrap());
            }
        }
        world.estimates(0).collect::<Vec<_>>()
    };

    assert_eq!(run(true), run(false));
}
