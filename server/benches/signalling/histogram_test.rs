//! Readings are as fine as promised.
use super::histogram::{BUCKETS, Histogram, bucket_of, top_of};
use std::time::Duration;

#[test]
fn every_value_falls_into_a_bucket_that_ends_within_two_percent_of_it() {
    let mut value = 1_u64;
    while value < 1 << 32 {
        for micros in [value - 1, value, value + value / 3] {
            let top = top_of(bucket_of(micros));

            assert!(top >= micros && top as f64 <= micros as f64 * 1.016, "{micros} is in a bucket to {top}");
        }
        value *= 2;
    }
}

#[test]
fn buckets_follow_each_other_without_a_gap() {
    for bucket in 1..BUCKETS {
        assert_eq!(bucket_of(top_of(bucket - 1) + 1), bucket);
        assert_eq!(bucket_of(top_of(bucket)), bucket);
    }
}

#[test]
fn quantiles_of_one_to_a_thousand_are_what_they_should_be() {
    let mut histogram = Histogram::default();
    (1..=1000).for_each(|ms| histogram.add(Duration::from_millis(ms)));

    for (share, expected) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
        let read = histogram.quantile_ms(share).unwrap();

        assert!((read - expected).abs() <= expected * 0.016, "{share}: {read} ms");
    }
}

#[test]
fn nothing_measured_is_no_number() {
    assert_eq!(Histogram::default().quantile_ms(0.99), None);
}
