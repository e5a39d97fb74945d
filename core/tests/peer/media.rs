//! Frames in at one end, packets out at the other.
use crate::pair::{OPEN, PATIENCE, Pair, settings};
use bytes::Bytes;
use calls_core::peer::{
    Content, EncodedAudio, EncodedVideo, Layer, Level, NotSent, Peer, PeerSettings, ReceivedPacket, Rotation,
    VideoCodec,
};
use calls_machine::{Gate, PeerOrder};
use calls_protocol::IceServers;
use std::time::Duration;
use tokio::{sync::mpsc::Receiver, time::timeout};

pub(crate) async fn packet(from: &mut Receiver<ReceivedPacket>) -> ReceivedPacket {
    timeout(PATIENCE, from.recv()).await.expect("a packet comes").expect("the connection lives")
}

pub(crate) fn voice(number: u32) -> EncodedAudio {
    EncodedAudio {
        timestamp: number * 960,
        payload: Bytes::from(number.to_be_bytes().repeat(20)),
        level: Level { below_loudest_db: (number % 128) as u8, voice: number % 2 == 1 },
    }
}

/// Sends, and waits when earlier frames still wait.
pub(crate) async fn send_voice(peer: &Peer, frame: EncodedAudio) {
    while peer.send_voice(frame.clone()) == Err(NotSent::Busy) {
        tokio::task::yield_now().await;
    }
}

async fn send_picture(peer: &Peer, frame: EncodedVideo) {
    while peer.send_picture(frame.clone()) == Err(NotSent::Busy) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voice_arrives_byte_by_byte_both_ways_with_its_level() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;

    for number in 0..100 {
        send_voice(&pair.a.peer, voice(number)).await;
        send_voice(&pair.b.peer, voice(1000 + number)).await;
        for (out, sent) in [(&mut pair.b.out, voice(number)), (&mut pair.a.out, voice(1000 + number))] {
            let got = packet(&mut out.voice).await;
            assert_eq!(
                (got.content, &got.payload, got.level),
                (Content::Opus, &sent.payload, Some(sent.level))
            );
        }
    }
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_and_sequence_of_a_stream_go_on_whatever_source_is_in_front_of_it() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    let mut before: Option<ReceivedPacket> = None;

    // A camera, then a screen: the pictures differ, the stream does not.
    for number in 0..40_u32 {
        let payload = if number < 20 { vec![1; 300] } else { vec![2; 900] };
        let frame = EncodedVideo {
            timestamp: number * 3000,
            payload: payload.clone().into(),
            codec: VideoCodec::Vp8,
            key: number % 20 == 0,
            rotation: Rotation::None,
            layer: Layer::Whole,
        };
        send_picture(&pair.a.peer, frame).await;
        let got = packet(&mut pair.b.out.picture).await;
        assert!(got.marker && got.payload.ends_with(&payload));
        if let Some(before) = before {
            assert_eq!(got.ssrc, before.ssrc);
            assert_eq!(got.sequence, before.sequence.wrapping_add(1));
            assert_eq!(got.timestamp, before.timestamp.wrapping_add(3000));
        }
        before = Some(got);
    }
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_in_many_packets_arrives_whole_both_ways_with_its_rotation() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    let picture: Vec<u8> = (0..30_000_u32).map(|byte| (byte * 7 % 251) as u8).collect();

    for (from, to) in [(&pair.a.peer, &mut pair.b.out), (&pair.b.peer, &mut pair.a.out)] {
        for rotation in [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters] {
            let payload = picture.clone().into();
            let frame = EncodedVideo {
                timestamp: 9000,
                payload,
                codec: VideoCodec::Vp8,
                key: true,
                rotation,
                layer: Layer::Whole,
            };
            send_picture(from, frame).await;
            let mut whole = Vec::new();
            loop {
                let got = packet(&mut to.picture).await;
                assert_eq!(got.content, Content::Video(VideoCodec::Vp8));
                whole.extend_from_slice(after_vp8_descriptor(&got.payload));
                if got.marker {
                    assert_eq!(got.rotation, Some(rotation));
                    break;
                }
            }
            assert!(whole == picture, "{} bytes of {}", whole.len(), picture.len());
        }
    }
    pair.close().await;
}

/// RFC 7741, section 4.2, as far as it is in use: an extension with a picture id.
fn after_vp8_descriptor(payload: &[u8]) -> &[u8] {
    let mut length = 1;
    if payload[0] & 0x80 != 0 {
        length += 1;
        if payload[1] & 0x80 != 0 {
            length += if payload[2] & 0x80 != 0 { 2 } else { 1 };
        }
    }
    &payload[length..]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h264_goes_where_both_speak_it() {
    let settings = || PeerSettings { video: vec![VideoCodec::H264], ..settings() };
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    // One slice larger than a packet.
    let slice: Vec<u8> =
        std::iter::once(0x65).chain((1..4000_u32).map(|byte| (byte % 255) as u8 | 1)).collect();
    let annex_b: Vec<u8> = [&[0, 0, 0, 1][..], &slice].concat();

    let payload = annex_b.into();
    let frame = EncodedVideo {
        timestamp: 0,
        payload,
        codec: VideoCodec::H264,
        key: true,
        rotation: Rotation::None,
        layer: Layer::Whole,
    };
    send_picture(&pair.a.peer, frame).await;

    let mut whole = vec![slice[0]];
    loop {
        let got = packet(&mut pair.b.out.picture).await;
        assert_eq!(
            (got.content, got.payload[0] & 0x1f),
            (Content::Video(VideoCodec::H264), 28),
            "a part of a slice"
        );
        whole.extend_from_slice(&got.payload[2..]);
        if got.marker {
            break;
        }
    }
    assert!(whole == slice);
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_for_a_key_frame_reaches_whoever_makes_them() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    let frame = EncodedVideo {
        timestamp: 0,
        payload: vec![1; 100].into(),
        codec: VideoCodec::Vp8,
        key: true,
        rotation: Rotation::None,
        layer: Layer::Whole,
    };

    // The first packet makes the track known at the other side, which then asks by itself.
    send_picture(&pair.a.peer, frame.clone()).await;
    packet(&mut pair.b.out.picture).await;
    timeout(PATIENCE, pair.a.out.key_frame_wanted.recv()).await.unwrap().unwrap();

    let asked = async {
        // Several in a short time are one.
        loop {
            pair.b.peer.ask_for_key_frame().await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = asked => {}
        wanted = timeout(PATIENCE, pair.a.out.key_frame_wanted.recv()) => assert!(wanted.unwrap().is_some()),
    }
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_gate_lets_nothing_out_and_nothing_up() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    let orders = [
        // Muted, and heard again.
        (Gate { voice: false, ..OPEN }, OPEN),
        // On hold at the other end.
        (OPEN, Gate { play: false, ..OPEN }),
    ];

    for (number, (ours, theirs)) in orders.into_iter().enumerate() {
        let number = number as u32 * 10;
        pair.a.order(PeerOrder::Gate(ours)).await;
        pair.b.order(PeerOrder::Gate(theirs)).await;
        // An order is carried out when the question after it is answered.
        let before = pair.a.peer.stats().await.unwrap().voice_sent.packets;
        pair.b.peer.stats().await.unwrap();
        send_voice(&pair.a.peer, voice(number)).await;
        if ours.voice {
            // It leaves, and ends at the gate of the other side.
            while pair.b.peer.stats().await.unwrap().voice_received.packets <= before {
                tokio::task::yield_now().await;
            }
        }
        while pair.a.peer.send_voice(voice(number + 1)).is_err() {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        pair.a.order(PeerOrder::Gate(OPEN)).await;
        pair.b.order(PeerOrder::Gate(OPEN)).await;
        pair.a.peer.stats().await.unwrap();
        pair.b.peer.stats().await.unwrap();
        send_voice(&pair.a.peer, voice(number + 2)).await;

        assert_eq!(packet(&mut pair.b.out.voice).await.payload, voice(number + 2).payload);
    }
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_tell_how_it_does_and_no_address() {
    use calls_core::peer::PathEnd;
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    for number in 0..10 {
        send_voice(&pair.a.peer, voice(number)).await;
        packet(&mut pair.b.out.voice).await;
    }

    let (ours, theirs) = (pair.a.peer.stats().await.unwrap(), pair.b.peer.stats().await.unwrap());

    assert_eq!((ours.voice_sent.packets, theirs.voice_received.packets), (10, 10));
    assert_eq!(theirs.voice_received.packets_lost, 0);
    assert!(theirs.voice_received.jitter < Duration::from_secs(1), "{theirs:?}");
    let path = ours.path.expect("a path was found");
    assert_eq!((path.ours, path.relay), (PathEnd::Host, None));
    assert!(ours.bytes_sent > 800 && ours.estimate >= 30_000, "{ours:?}");
    assert!(!format!("{ours:?}{theirs:?}").contains("127.0.0"));
    pair.close().await;
}
