//! Nothing is left when a connection ends.
use crate::{
    media::voice,
    pair::{End, OPEN, PATIENCE, Pair, settings},
};
use calls_core::peer::{NotSent, Peer, PeerSettings};
use calls_machine::{FromPeer, PeerOrder};
use calls_protocol::IceServers;
use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Tasks, open files and threads: other tests have theirs in the same process, so this one is run by the next one in a
/// process of its own.
#[test]
#[ignore = "run by two_hundred_rounds_leave_no_task_no_socket_and_no_thread"]
fn alone() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let left = || {
            let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
            (tasks, count("/proc/self/fd"), count("/proc/self/task"))
        };
        round(0).await;
        settle(&left, left()).await;
        let before = left();

        for number in 0..200 {
            round(number).await;
        }

        settle(&left, before).await;
        println!("before and after: {before:?} tasks, files, threads");
    });
}

async fn round(number: u32) {
    let mut pair = Pair::new(settings, IceServers::default()).await;
    if number.is_multiple_of(4) {
        pair.connect().await;
    }
    if number.is_multiple_of(2) {
        pair.close().await;
    } else {
        // Let go, it ends by itself.
        drop(pair);
    }
}

/// Polls, since nothing tells when a task that nobody holds has ended. Threads for names come and go by themselves.
async fn settle(left: impl Fn() -> (usize, usize, usize), wanted: (usize, usize, usize)) {
    let deadline = Instant::now() + PATIENCE;
    let is_so = |now: (usize, usize, usize)| now.0 <= wanted.0 && now.1 <= wanted.1 && now.2 <= wanted.2;
    while !is_so(left()) {
        assert!(Instant::now() < deadline, "{:?} left, {wanted:?} before", left());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn two_hundred_rounds_leave_no_task_no_socket_and_no_thread() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "end::alone", "--nocapture"])
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    print!("{said}");
    assert!(output.status.success() && said.contains("1 passed"));
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

    // With sockets on whatever this machine has.
    let (peer, mut out) = Peer::start(PeerSettings::default());
    peer.order(PeerOrder::Create { servers: IceServers::default() }).await.unwrap();
    peer.order(PeerOrder::MakeOffer { restart: false }).await.unwrap();
    assert!(matches!(out.told.recv().await, Some(FromPeer::OfferMade(_))));
    peer.close().await;

    // One that never began.
    let (peer, _out) = Peer::start(settings());
    peer.close().await;
}
