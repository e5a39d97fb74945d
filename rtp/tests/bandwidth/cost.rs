//! What a packet costs. `cargo test --release -p calls-rtp --test bandwidth cost -- --ignored --nocapture`
use calls_rtp::bandwidth::{Arrivals, Estimator, Feedback, Kind, Pacer};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const ROUNDS: u32 = 20_000;
/// At 2 Mbit/s, between two feedbacks.
const PACKETS: u32 = 20;

#[test]
#[ignore = "it measures"]
fn cost_of_a_packet() {
    let mut estimator = Estimator::new(Duration::ZERO, 2_000_000, 50_000..=20_000_000);
    let (mut pacer, mut arrivals) = (Pacer::new(2_000_000), Arrivals::default());
    let [mut sending, mut pacing, mut noting, mut hearing] = [Duration::ZERO; 4];
    let mut now = Duration::ZERO;
    let mut buffer = [0; 1200];
    for _ in 0..ROUNDS {
        let mut numbers = [(0, Duration::ZERO); PACKETS as usize];
        let begin = Instant::now();
        for (n, slot) in (0..).zip(&mut numbers) {
            let at = now + Duration::from_micros(n * 4_500);
            *slot = (estimator.sent(at, 1_100, None), at);
        }
        sending += begin.elapsed();
        let begin = Instant::now();
        for (_, at) in &numbers {
            black_box(pacer.may_send(*at, Kind::Picture));
            pacer.sent(*at, 1_100);
        }
        pacing += begin.elapsed();
        let begin = Instant::now();
        for (number, at) in numbers {
            arrivals.note(number, at + Duration::from_millis(20));
        }
        let length = arrivals.write(1, 2, &mut buffer);
        noting += begin.elapsed();
        now += Duration::from_millis(90);
        let begin = Instant::now();
        let feedback = Feedback::parse(&buffer[..length]).unwrap();
        estimator.feedback(now + Duration::from_millis(40), &feedback);
        hearing += begin.elapsed();
    }
    let each = |time: Duration| time.as_nanos() / u128::from(ROUNDS * PACKETS);
    println!("sent {} ns, pacer {} ns", each(sending), each(pacing));
    println!("noted and written {} ns, feedback {} ns", each(noting), each(hearing));
    println!("an estimator takes {} bytes", size_of::<Estimator>());
    assert!(estimator.estimate() > 1_000_000, "{}", estimator.estimate());
}
