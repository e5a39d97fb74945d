//! A real picture, from a camera at one end to what is shown at the other.
use crate::{
    forwarder::Forwarder,
    pair::{OPEN, PATIENCE, Pair, settings},
};
use bytes::Bytes;
use calls_core::{
    peer::{EncodedVideo, Layer, NotSent, PeerSettings, ReceivedPacket, Rotation, VideoCodec},
    video::{
        Codecs, Filming, Frame, Maker, Sink, Software, Studio, Watching, Wish,
        pattern::{self, TestPattern},
    },
};
use calls_machine::{Gate, PeerOrder};
use calls_protocol::IceServers;
use std::sync::{Arc, atomic::Ordering};
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

fn camera(who: u64) -> Box<dyn Maker> {
    let source = Box::new(TestPattern::new(who, 320, 180));
    Box::new(Studio::new(source, Box::new(Software), None))
}

struct Shown(mpsc::UnboundedSender<Frame>);

impl Sink for Shown {
    fn show(&mut self, frame: &Frame) {
        // The test is over.
        let _nobody_looks = self.0.send(frame.clone());
    }
}

/// A camera at one end, a screen at the other, and what an engine does between them.
struct Call {
    pair: Pair,
    filming: Filming,
    watching: Watching,
    made: mpsc::Receiver<EncodedVideo>,
    shown: mpsc::UnboundedReceiver<Frame>,
    asked: Arc<Notify>,
}

impl Call {
    fn new(mut pair: Pair) -> Self {
        let (make, made) = mpsc::channel(4);
        let filming = Filming::start(move |frame| make.try_send(frame).is_ok()).unwrap();
        filming.wish(Wish::Codecs(pair.a.out.picture_codecs.borrow_and_update().clone()));
        let (show, shown) = mpsc::unbounded_channel();
        let asked = Arc::<Notify>::default();
        let ask = asked.clone();
        let packets: mpsc::Receiver<ReceivedPacket> =
            std::mem::replace(&mut pair.b.out.picture, mpsc::channel(1).1);
        let sink = Box::new(Shown(show));
        let watching = Watching::start(packets, Box::new(Software), move || ask.notify_one(), sink).unwrap();
        Self { pair, filming, watching, made, shown, asked }
    }

    async fn next_shown(&mut self) -> Frame {
        let Self { pair, filming, made, shown, asked, .. } = self;
        let shown = async {
            loop {
                tokio::select! {
                    Some(frame) = made.recv() => {
                        if pair.a.peer.send_picture(frame).is_err() {
                            filming.wish(Wish::Unsent(Layer::Whole));
                        }
                    }
                    Some(_) = pair.a.out.key_frame_wanted.recv() => filming.wish(Wish::KeyFrame(Layer::Whole)),
                    () = asked.notified() => pair.b.peer.ask_for_key_frame().await.unwrap(),
                    Some(frame) = shown.recv() => return frame,
                }
            }
        };
        timeout(PATIENCE, shown).await.expect("something is shown")
    }

    /// Until so many frames of this one were shown. Before them there may be some of the other one, and nothing else.
    async fn until_seen(&mut self, who: u64, count: usize, before: Option<u64>) {
        let mut seen = 0;
        while seen < count {
            let said = pattern::who(&self.next_shown().await);
            assert!(said == Some(who) || (seen == 0 && before.is_some() && said == before), "{said:?}");
            seen += usize::from(said == Some(who));
        }
    }

    async fn end(self) {
        println!("{:?}\n{:?}", self.filming.stats(), self.watching.stats());
        drop((self.filming, self.watching));
        self.pair.close().await;
    }
}

async fn a_call_with_loss(codec: VideoCodec, seed: u64) {
    let forwarder = Forwarder::new(seed).await;
    let pair = forwarder.pair(|| PeerSettings { video: vec![codec], ..settings() }).await;
    assert_eq!(*pair.a.out.picture_codecs.borrow(), [codec]);
    let mut call = Call::new(pair);
    forwarder.lost.store(100, Ordering::Relaxed);

    call.filming.film(camera(4711));
    call.until_seen(4711, 60, None).await;
    // The screen takes the place of the camera; nothing is said to the other side.
    call.filming.film(camera(4712));
    call.until_seen(4712, 30, Some(4711)).await;

    let stats = call.watching.stats().seeing;
    assert_eq!((stats.codec, stats.broken, stats.assembly.malformed), (Some(codec), 0, 0));
    call.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vp8_is_seen_undamaged_though_each_tenth_packet_is_lost() {
    a_call_with_loss(VideoCodec::Vp8, 31).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h264_is_seen_undamaged_though_each_tenth_packet_is_lost() {
    a_call_with_loss(VideoCodec::H264, 32).await;
}

/// Whose a key frame is.
fn shows(frame: &EncodedVideo) -> Option<u64> {
    pattern::who(&Software.decoder(frame.codec).unwrap().decode(&frame.payload).unwrap()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_was_held_back_goes_on_with_a_key_frame() {
    let mut call = Call::new(Pair::connected(settings, IceServers::default()).await);
    call.filming.film(camera(1));
    call.until_seen(1, 5, None).await;

    call.pair.a.order(PeerOrder::Gate(Gate { picture: false, ..OPEN })).await;
    call.filming.film(camera(2));
    // Its key frame is made, and ends at the gate; so do some that stand on it.
    let mut held_back = 0;
    while held_back < 3 {
        let frame = timeout(PATIENCE, call.made.recv()).await.unwrap().unwrap();
        let counts = held_back > 0 || frame.key && shows(&frame) == Some(2);
        match call.pair.a.peer.send_picture(frame) {
            Ok(()) => held_back += usize::from(counts),
            Err(_) => call.filming.wish(Wish::Unsent(Layer::Whole)),
        }
    }
    call.pair.a.order(PeerOrder::Gate(OPEN)).await;

    call.until_seen(2, 5, Some(1)).await;
    call.end().await;
}

fn a_frame() -> EncodedVideo {
    EncodedVideo {
        timestamp: 0,
        payload: Bytes::from_static(&[1; 100]),
        codec: VideoCodec::Vp8,
        key: false,
        rotation: Rotation::None,
        layer: Layer::Whole,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_begins_with_a_key_frame_or_asks_for_one() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;
    let frame = |key| EncodedVideo { key, ..a_frame() };

    pair.a.peer.send_picture(frame(false)).unwrap();
    timeout(PATIENCE, pair.a.out.key_frame_wanted.recv()).await.unwrap().unwrap();
    assert_eq!(pair.a.peer.stats().await.unwrap().picture_sent.packets, 0);
    pair.a.peer.send_picture(frame(true)).unwrap();

    timeout(PATIENCE, pair.b.out.picture.recv()).await.unwrap().unwrap();
    pair.close().await;
}

#[tokio::test]
async fn after_a_frame_that_was_refused_only_a_key_frame_is_taken() {
    let pair = Pair::connected(settings, IceServers::default()).await;
    let frame = |key| EncodedVideo { key, ..a_frame() };

    // On one thread nobody takes them meanwhile.
    let refused = (0..1000).find_map(|_| pair.a.peer.send_picture(frame(false)).err());
    let after = pair.a.peer.send_picture(frame(false));
    pair.a.peer.stats().await.unwrap();
    let later = pair.a.peer.send_picture(frame(false));

    assert_eq!((refused, after), (Some(NotSent::Busy), Err(NotSent::Busy)));
    assert_eq!(later, Err(NotSent::Busy), "though there is room");
    timeout(PATIENCE, async {
        while pair.a.peer.send_picture(frame(true)).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(pair.a.peer.send_picture(frame(false)), Ok(()));
    pair.close().await;
}
