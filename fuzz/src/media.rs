//! What must hold for any bytes of media, RTP and RTCP alike.
use calls_rtp::{
    bandwidth::{Estimator, Feedback},
    control::{self, Message},
    h264,
    packet::Packet,
    vp8::Descriptor,
};
use std::time::Duration;

/// Read as a packet, as reports, and as a payload: nothing is outside of what came, and an estimate keeps its limits.
pub fn packet(data: &[u8]) {
    if let Some(packet) = Packet::parse(data) {
        assert!(packet.head_len + packet.payload.len() + packet.padding <= data.len());
        (0..16).for_each(|id| assert!(packet.extension(id).is_none_or(|value| value.len() <= data.len())));
        payload(packet.payload);
    }
    payload(data);
    let mut estimator = Estimator::new(Duration::ZERO, 300_000, 50_000..=5_000_000);
    for n in 0..50 {
        estimator.sent(Duration::from_millis(n * 10), 1_000, None);
    }
    for message in control::messages(data) {
        match message {
            Message::Sender(_, blocks) | Message::Receiver(blocks) => assert!(blocks.iter().count() < 32),
            Message::Transport(whole) => {
                if let Some(feedback) = Feedback::parse(whole) {
                    estimator.feedback(Duration::from_secs(1), &feedback);
                }
            }
            Message::Nack { missing, .. } => assert!(missing.iter().count() <= data.len() * 17),
            Message::KeyPicture { .. } => {}
            Message::Bye(leaving) => assert!(leaving.iter().count() < 32),
        }
    }
    estimator.tick(Duration::from_secs(2));
    assert!((50_000..=5_000_000).contains(&estimator.estimate()));
}

fn payload(data: &[u8]) {
    let _begins = h264::begins_key(data);
    if let Some(descriptor) = Descriptor::parse(data) {
        let mut copy = data.to_vec();
        descriptor.renumber(&mut copy, 7, 7);
        assert_eq!(copy.len(), data.len());
    }
}
