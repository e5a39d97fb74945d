//! Any bytes at all, real packets with changes among them.
#[path = "../../../fuzz/src/media.rs"]
#[allow(unreachable_pub, reason = "in its own crate it is reached")]
mod media;

use calls_rtp::{bandwidth::Arrivals, control};
use proptest::prelude::*;
use std::time::Duration;

/// Reports as a receiver writes them.
fn report() -> impl Strategy<Value = Vec<u8>> {
    let lost = prop::collection::vec(any::<u16>(), 1..20);
    (any::<u16>(), 1..60_u16, lost).prop_map(|(first, count, lost)| {
        let mut arrivals = Arrivals::default();
        for n in 0..count {
            arrivals.note(first.wrapping_add(n), Duration::from_millis(u64::from(n)));
        }
        let mut bytes = [0; 1_500];
        let len = arrivals.write(1, 2, &mut bytes);
        let mut more = [0; 400];
        let mut writer = control::Writer::new(&mut more);
        writer.nack(1, 2, &lost);
        writer.key_picture(1, 2);
        let end = writer.len();
        [&bytes[..len], &more[..end]].concat()
    })
}

proptest! {
    #[test]
    fn reports_with_changes_are_read_or_left(
        report in report(), changes in prop::collection::vec((any::<u16>(), any::<u8>()), 0..6), end in any::<u16>()
    ) {
        media::packet(&report);
        let mut changed = report;
        for (at, byte) in changes {
            let at = usize::from(at) % changed.len();
            changed[at] = byte;
        }
        changed.truncate(usize::from(end) % (changed.len() + 1));
        media::packet(&changed);
    }

    #[test]
    fn whatever_comes_is_read_or_left(
        first in prop::sample::select(vec![0x80_u8, 0x90, 0xb0, 0xa0, 0x81, 0x8f]),
        second in prop::sample::select(vec![200_u8, 201, 203, 205, 206, 96, 111, 224]),
        rest in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        media::packet(&[&[first, second], &rest[..]].concat());
    }
}
