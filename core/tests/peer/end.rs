//! Nothing is left when a connection ends.
use crate::{
    media::voice,
    pair::{End, OPEN, Pair, settings},
};
use calls_core::peer::{NotSent, Peer};
use calls_machine::{FromPeer, PeerOrder};
use calls_protocol::IceServers;
use std::{fs, time::Duration};

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

#[test]
fn two_hundred_rounds_leave_no_task_and_no_socket() {
    // A runtime of its own, and open files are looked at as a trend: other tests of this process have theirs.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let before = tasks();
        for round in 0..200 {
            let mut pair = Pair::new(settings, IceServers::default()).await;
            if round % 4 == 0 {
                pair.connect().await;
            }
            if round % 2 == 0 {
                pair.close().await;
            } else {
                // Let go, it ends by itself.
                drop(pair);
            }
        }
        wait_until(|| tasks() == before).await;
    });
}

/// Polls, since nothing tells when a task that nobody holds has ended.
async fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + crate::pair::PATIENCE;
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "{} tasks, {} open files", tasks(), open_files());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_side_hears_a_good_bye() {
    let mut pair = Pair::connected(settings, IceServers::default()).await;

    pair.a.peer.close().await;

    pair.b.wait_for(&FromPeer::Closed).await;
    pair.b.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_end_everything_says_so() {
    let pair = Pair::connected(settings, IceServers::default()).await;
    let (a, b) = (pair.a, pair.b);
    a.order(PeerOrder::Close).await;
    let End { peer, mut out, .. } = a;

    while out.told.recv().await.is_some() {}

    assert!(peer.order(PeerOrder::Connect).await.is_err());
    assert_eq!(peer.send_voice(voice(1)), Err(NotSent::Closed));
    assert!(peer.stats().await.is_err());
    assert!(peer.ask_for_key_frame().await.is_err());
    peer.close().await;
    b.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_before_the_beginning_and_twice_do_no_harm() {
    let (peer, mut out) = Peer::start(settings());
    peer.order(PeerOrder::Connect).await.unwrap();
    peer.order(PeerOrder::Gate(OPEN)).await.unwrap();
    assert!(peer.stats().await.is_err());
    for _ in 0..2 {
        peer.order(PeerOrder::Create { servers: IceServers::default() }).await.unwrap();
        peer.order(PeerOrder::RollBack).await.unwrap();
        peer.order(PeerOrder::Connect).await.unwrap();
    }
    peer.order(PeerOrder::MakeOffer { restart: false }).await.unwrap();

    assert!(matches!(out.told.recv().await, Some(FromPeer::OfferMade(_))));
    peer.close().await;

    // One that never began.
    let (peer, _out) = Peer::start(settings());
    peer.close().await;
}
