//! What is noted is what is read, by us and by a reader that we did not write.
use super::*;
use bytes::Bytes;
use proptest::prelude::*;
use rtc_rtcp::transport_feedbacks::transport_layer_cc::{PacketStatusChunk, SymbolTypeTcc, TransportLayerCc};
use rtc_shared::marshal::{Marshal, MarshalSize, Unmarshal};
use std::{collections::BTreeMap, time::Duration};

/// Steps over numbers and times: mostly the next packet soon, sometimes a gap, a late one, a long silence.
fn arrivals() -> impl Strategy<Value = Vec<(u16, u64)>> {
    let gap = prop_oneof![20 => Just(1_i32), 3 => 1..40_i32, 2 => -30..0_i32, 1 => 100..700_i32];
    let wait = prop_oneof![20 => 0..30_000_u64, 4 => 50_000..300_000_u64, 1 => 5_000_000..20_000_000_u64];
    (any::<u16>(), prop::collection::vec((gap, wait), 1..400)).prop_map(|(first, steps)| {
        let (mut last, mut at) = (i32::from(first), 40_000_000_u64);
        let step = |(gap, wait): (i32, u64)| {
            let number = (last + gap).max(i32::from(first));
            (last, at) = (last.max(number), at + wait);
            (number as u16, at)
        };
        steps.into_iter().map(step).collect()
    })
}

/// Everything that waits, in packets of this size.
fn written(arrivals: &mut Arrivals, size: usize) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while arrivals.is_waiting() {
        let mut packet = vec![0xAA; size];
        let length = arrivals.write(1, 2, &mut packet);
        assert!(length > 0 && length <= size && length.is_multiple_of(4), "{length} of {size}");
        packet.truncate(length);
        packets.push(packet);
    }
    packets
}

/// What a foreign reader finds in a packet.
fn foreign(packet: &[u8]) -> Vec<(u16, Option<i64>)> {
    let read = TransportLayerCc::unmarshal(&mut Bytes::copy_from_slice(packet)).unwrap();
    let symbols = read.packet_chunks.iter().flat_map(|chunk| match chunk {
        PacketStatusChunk::RunLengthChunk(run) => vec![run.packet_status_symbol; run.run_length.into()],
        PacketStatusChunk::StatusVectorChunk(vector) => vector.symbol_list.clone(),
    });
    let mut at = i64::from(read.reference_time) * 64_000;
    let mut deltas = read.recv_deltas.iter();
    let mut arrival = |symbol| {
        (symbol != SymbolTypeTcc::PacketNotReceived).then(|| {
            at += deltas.next().unwrap().delta;
            at
        })
    };
    symbols
        .take(read.packet_status_count.into())
        .enumerate()
        .map(|(n, symbol)| (read.base_sequence_number.wrapping_add(n as u16), arrival(symbol)))
        .collect()
}

proptest! {
    #[test]
    fn what_is_noted_is_what_is_read(noted in arrivals(), size in 64..1400_usize, often in 1..100_usize) {
        let (mut arrivals, mut read) = (Arrivals::default(), BTreeMap::new());
        let mut truth = BTreeMap::new();
        for part in noted.chunks(often) {
            for (number, at) in part {
                arrivals.note(*number, Duration::from_micros(*at));
                truth.entry(*number).or_insert((*at / 250 * 250) as i64);
            }
            for packet in written(&mut arrivals, size) {
                let feedback = Feedback::parse(&packet).unwrap();
                let found: Vec<_> = feedback.packets().collect();
                if found.iter().any(|(_, at)| at.is_some()) {
                    prop_assert_eq!(&found, &foreign(&packet));
                }
                read.extend(found.into_iter().filter_map(|(number, at)| Some((number, at?))));
            }
        }
        for (number, at) in &read {
            prop_assert_eq!(truth.get(number), Some(at));
        }
        // Those that were further behind than what is kept are not told.
        prop_assert!(read.len() + 3 >= truth.len(), "{} of {}", read.len(), truth.len());
    }

    #[test]
    fn what_another_writes_is_read_as_it_reads_it(noted in arrivals(), cut in 0..40_usize) {
        let mut arrivals = Arrivals::default();
        for (number, at) in noted {
            arrivals.note(number, Duration::from_micros(at));
        }
        for packet in written(&mut arrivals, 1200) {
            let Ok(ours) = TransportLayerCc::unmarshal(&mut Bytes::copy_from_slice(&packet)) else { continue };
            let mut theirs = vec![0; ours.marshal_size()];
            ours.marshal_to(&mut theirs).unwrap();
            let found: Vec<_> = Feedback::parse(&theirs).unwrap().packets().collect();
            prop_assert_eq!(found, foreign(&theirs));
            // Half a packet is none.
            let shorter = theirs.len().saturating_sub(cut + 4);
            prop_assert!(Feedback::parse(&theirs[..shorter]).is_none());
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300), whole: bool) {
        if whole && bytes.len() >= HEAD {
            let length = (bytes.len() / 4 - 1) as u16;
            bytes[..2].copy_from_slice(&[0x8F, 205]);
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            bytes[14] &= 1;
        }
        if let Some(feedback) = Feedback::parse(&bytes) {
            prop_assert_eq!(feedback.packets().count(), usize::from(feedback.count));
        }
    }
}

#[test]
fn numbers_that_begin_again_are_told_across_the_end() {
    let mut arrivals = Arrivals::default();
    for n in 0..20_u16 {
        arrivals.note(65_526_u16.wrapping_add(n), Duration::from_millis(5 * u64::from(n)));
    }

    let packets = written(&mut arrivals, 1200);

    let found: Vec<_> = Feedback::parse(&packets[0]).unwrap().packets().collect();
    assert_eq!((packets.len(), found.len()), (1, 20));
    assert_eq!((found[0], found[19]), ((65_526, Some(0)), (9, Some(95_000))));
}

#[test]
fn a_steady_stream_is_told_in_one_run_and_a_late_packet_is_told_again() {
    let mut arrivals = Arrivals::default();
    for n in (0..100).filter(|n| *n != 50) {
        arrivals.note(n, Duration::from_millis(10 * u64::from(n)));
    }
    let packets = written(&mut arrivals, 1200);
    // Three chunks and 99 times.
    assert!(packets.len() == 1 && packets[0].len() <= HEAD + 3 * 2 + 99 + 3, "{packets:?}");

    arrivals.note(50, Duration::from_millis(1200));

    let packets = written(&mut arrivals, 1200);
    let found: Vec<_> = Feedback::parse(&packets[0]).unwrap().packets().collect();
    assert_eq!((found[0], found[1]), ((50, Some(1_200_000)), (51, Some(510_000))));
    assert_eq!(arrivals.write(1, 2, &mut [0; 1200]), 0, "nothing is left to tell");
}
