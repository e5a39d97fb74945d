//! A network between two ends that loses, repeats and stops on command.
use crate::{
    media::{packet, send_voice, voice},
    pair::{End, OPEN, Pair, settings},
};
use bytes::Bytes;
use calls_core::peer::{EncodedVideo, Layer, PeerSettings, Rotation, VideoCodec};
use calls_machine::{FromPeer, LocalCandidate, PeerOrder, RemoteCandidate};
use calls_protocol::{Candidate, IceServers};
use std::{
    collections::HashSet,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{net::UdpSocket, task::JoinSet, time::timeout};

/// Two doors: what an end sends to its own goes out of the other one.
pub(crate) struct Forwarder {
    doors: [SocketAddr; 2],
    ends: Arc<Mutex<[Option<SocketAddr>; 2]>>,
    is_dead: Arc<AtomicBool>,
    /// In a thousand, of packets that are media.
    pub(crate) lost: Arc<AtomicU32>,
    /// In a thousand, of all others.
    lost_before: Arc<AtomicU32>,
    repeated: Arc<AtomicU32>,
    /// In a thousand, of all: so many are followed by a changed one, as from somebody who listens on the way.
    pub(crate) forged: Arc<AtomicU32>,
    _tasks: JoinSet<()>,
}

impl Forwarder {
    pub(crate) async fn new(seed: u64) -> Self {
        let sockets = [bound().await, bound().await];
        let mut forwarder = Self {
            doors: [sockets[0].local_addr().unwrap(), sockets[1].local_addr().unwrap()],
            ends: Arc::default(),
            is_dead: Arc::default(),
            lost: Arc::default(),
            lost_before: Arc::default(),
            repeated: Arc::default(),
            forged: Arc::default(),
            _tasks: JoinSet::new(),
        };
        for side in [0, 1] {
            let (from, to) = (sockets[side].clone(), sockets[1 - side].clone());
            let (ends, is_dead) = (forwarder.ends.clone(), forwarder.is_dead.clone());
            let (lost, repeated) = (forwarder.lost.clone(), forwarder.repeated.clone());
            let lost_before = forwarder.lost_before.clone();
            let forged = forwarder.forged.clone();
            forwarder._tasks.spawn(async move {
                let mut buffer = [0; 2048];
                // The same numbers in every run.
                let mut state = seed * 2 + side as u64;
                let mut chance = move || {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 33) as u32 % 1000
                };
                while let Ok((length, _)) = from.recv_from(&mut buffer).await {
                    let end = ends.lock().unwrap()[1 - side];
                    let is_media = (128..192).contains(&buffer[0]);
                    let part = if is_media { &lost } else { &lost_before };
                    let is_lost = chance() < part.load(Ordering::Relaxed);
                    if let Some(end) = end
                        && !is_dead.load(Ordering::Relaxed)
                        && !is_lost
                    {
                        to.send_to(&buffer[..length], end).await.unwrap();
                        if is_media && chance() < repeated.load(Ordering::Relaxed) {
                            to.send_to(&buffer[..length], end).await.unwrap();
                        }
                        if chance() < forged.load(Ordering::Relaxed) {
                            let forgery = forge(&buffer[..length], &mut chance);
                            to.send_to(&forgery, end).await.unwrap();
                        }
                    }
                }
            });
        }
        forwarder
    }

    /// So many packets in a thousand are followed by a forged one from now on.
    pub(crate) fn forge(&self, in_a_thousand: u32) {
        self.forged.store(in_a_thousand, Ordering::Relaxed);
    }

    /// An address of one end, as the other end shall see it.
    fn moved(&self, side: usize, theirs: &LocalCandidate) -> RemoteCandidate {
        let json = theirs.candidate.as_json();
        let port = json.split(' ').nth(5).unwrap();
        self.ends.lock().unwrap()[side] = Some((Ipv4Addr::LOCALHOST, port.parse().unwrap()).into());
        let moved = json.replace(&format!(" {port} "), &format!(" {} ", self.doors[1 - side].port()));
        RemoteCandidate {
            candidate: Candidate::from_json(&moved).unwrap(),
            sdp_mid: theirs.sdp_mid.clone(),
            sdp_m_line_index: theirs.sdp_m_line_index,
        }
    }

    pub(crate) async fn pair(&self, settings: impl Fn() -> PeerSettings) -> Pair {
        let mut pair = Pair::new(settings, IceServers::default()).await;
        for end in [&pair.a, &pair.b] {
            end.order(PeerOrder::Gate(OPEN)).await;
            end.order(PeerOrder::Connect).await;
        }
        pair.a.order(PeerOrder::MakeOffer { restart: false }).await;
        let (mut a_is_up, mut b_is_up) = (false, false);
        while !(a_is_up && b_is_up) {
            tokio::select! {
                said = pair.a.next() => a_is_up |= self.pass(0, said, &pair.b).await,
                said = pair.b.next() => b_is_up |= self.pass(1, said, &pair.a).await,
            }
        }
        pair
    }

    async fn pass(&self, side: usize, said: FromPeer, to: &End) -> bool {
        match said {
            FromPeer::OfferMade(offer) => to.order(PeerOrder::TakeOffer(offer)).await,
            FromPeer::AnswerMade(answer) => to.order(PeerOrder::TakeAnswer(answer)).await,
            FromPeer::Candidate(candidate) => {
                to.order(PeerOrder::TakeCandidate(self.moved(side, &candidate))).await;
            }
            FromPeer::Up => return true,
            _ => {}
        }
        false
    }
}

/// A packet with some bytes changed, cut short, drawn out, or made up but for its first byte, which says its kind.
fn forge(packet: &[u8], chance: &mut impl FnMut() -> u32) -> Vec<u8> {
    let mut forged = packet.to_vec();
    let at = |forged: &[u8], chance: u32| chance as usize % forged.len().max(1);
    match chance() % 4 {
        0 => {
            for _ in 0..=chance() % 8 {
                let place = at(&forged, chance());
                forged[place] = chance() as u8;
            }
        }
        1 => forged.truncate(at(packet, chance())),
        2 => forged.extend(std::iter::repeat_with(|| chance() as u8).take(100)),
        _ => forged.iter_mut().skip(1).for_each(|byte| *byte = chance() as u8),
    }
    forged
}

async fn bound() -> Arc<UdpSocket> {
    Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_of_the_path_is_told_and_its_return_too() {
    let forwarder = Forwarder::new(21).await;
    // Longer than two rounds of consent, which is all that a silent call says.
    let settings = || PeerSettings { lost_after: Duration::from_millis(4500), ..settings() };
    let mut pair = forwarder.pair(settings).await;
    send_voice(&pair.a.peer, voice(1)).await;
    packet(&mut pair.b.out.voice).await;

    forwarder.is_dead.store(true, Ordering::Relaxed);
    pair.a.wait_for(&FromPeer::Lost).await;
    pair.b.wait_for(&FromPeer::Lost).await;
    forwarder.is_dead.store(false, Ordering::Relaxed);
    pair.a.wait_for(&FromPeer::Up).await;
    pair.b.wait_for(&FromPeer::Up).await;

    send_voice(&pair.a.peer, voice(2)).await;
    assert_eq!(packet(&mut pair.b.out.voice).await.payload, voice(2).payload);
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_loss_lost_packets_of_a_picture_come_again_and_none_comes_twice() {
    let forwarder = Forwarder::new(21).await;
    let mut pair = forwarder.pair(settings).await;
    forwarder.lost.store(50, Ordering::Relaxed);
    forwarder.repeated.store(50, Ordering::Relaxed);
    const FRAMES: u32 = 150;

    let mut seen = HashSet::new();
    let mut frames = HashSet::new();
    for number in 0..FRAMES {
        let frame = EncodedVideo {
            timestamp: number * 3000,
            payload: Bytes::from(vec![number as u8; 5000]),
            codec: VideoCodec::Vp8,
            key: number == 0,
            rotation: Rotation::None,
            layer: Layer::Whole,
        };
        pair.a.peer.send_picture(frame).unwrap();
        let pause = tokio::time::sleep(Duration::from_millis(10));
        tokio::pin!(pause);
        loop {
            tokio::select! {
                got = packet(&mut pair.b.out.picture) => {
                    assert!(seen.insert((got.ssrc, got.sequence)), "{} came twice", got.sequence);
                    frames.insert(got.timestamp);
                }
                () = &mut pause => break,
            }
        }
    }
    // The last ones are asked for again after a while.
    while let Ok(Some(got)) = timeout(Duration::from_millis(600), pair.b.out.picture.recv()).await {
        assert!(seen.insert((got.ssrc, got.sequence)), "{} came twice", got.sequence);
    }

    let stats = pair.b.peer.stats().await.unwrap();
    let sent = pair.a.peer.stats().await.unwrap().picture_sent;
    println!("{} of 750 packets, {} repeated away, {sent:?}", seen.len(), stats.repeated);
    // A sequence of five packets a frame; what is lost at the very end is not missed by anybody.
    assert!(seen.len() >= 745, "{} of {}", seen.len(), FRAMES * 5);
    // Nobody asks for the same packet twenty times.
    assert!(sent.packets < 750 * 5 / 4, "{sent:?}");
    pair.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_of_all_packets_lost_does_not_keep_two_from_connecting() {
    let mut times = Vec::new();
    for seed in 0..20 {
        let forwarder = Forwarder::new(seed).await;
        forwarder.lost_before.store(330, Ordering::Relaxed);
        let begin = Instant::now();
        let pair = forwarder.pair(settings).await;
        times.push(begin.elapsed());
        pair.close().await;
    }

    times.sort_unstable();
    println!("{times:?}");
    // Without repetitions of our own, a part of them never connects.
    assert!(times[10] < Duration::from_secs(3), "{times:?}");
}
