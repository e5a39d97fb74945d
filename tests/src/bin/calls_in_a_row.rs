//! Many calls between two engines, one after the other, and what they leave behind: nothing.
//!
//! A process of its own, so that its threads, files and memory are those of the calls alone. The server runs in another
//! one; its address is the first argument, the number of calls the second.
use anyhow::{Context, Result, ensure};
use calls_core::{Callee, EndReason};
use calls_protocol::{CallType, UserId};
use calls_tests::phone::Phone;
use serde_json::json;
use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Longer than a connection takes to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    threads: usize,
    files: usize,
    sockets: usize,
    memory_kb: u64,
}

fn held() -> Result<Held> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let memory_kb = line.split_ascii_whitespace().nth(1).context("no figure")?.parse()?;
    let open: Vec<_> =
        fs::read_dir("/proc/self/fd")?.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect();
    let sockets = open.iter().filter(|link| link.to_string_lossy().starts_with("socket:")).count();
    let threads = fs::read_dir("/proc/self/task")?.count();
    Ok(Held { threads, files: open.len(), sockets, memory_kb })
}

/// What it holds once that is no more than `before`, or what it still holds after a while.
async fn settled(before: Held) -> Result<Held> {
    let begun = Instant::now();
    loop {
        let now = held()?;
        let is_more = now.threads > before.threads || now.files > before.files;
        if !is_more || begun.elapsed() > PATIENCE {
            return Ok(now);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn call(ann: &Phone, bob: &Phone) -> Result<()> {
    let call = ann.calls.dial(Callee::User(UserId::new(2)?), CallType::Audio).await?;
    bob.rings().await?.accept(CallType::Audio)?;
    ann.hears(Some(2)).await?;
    bob.hears(Some(1)).await?;
    call.hang_up()?;
    ensure!(ann.ended().await? == EndReason::WeHungUp, "another end");
    ensure!(bob.ended().await? == EndReason::TheyHungUp, "another end");
    call.dismiss()?;
    bob.until("over", |_| true).await?.dismiss()?;
    for phone in [ann, bob] {
        phone.calls.snapshots().wait_for(|snapshot| snapshot.calls.is_empty()).await?;
        phone.hears(None).await?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let server: SocketAddr = arguments.next().context("no address of a server")?.parse()?;
    let calls: u64 = arguments.next().context("no number of calls")?.parse()?;
    let first = held()?;
    let (ann, bob) = (Phone::new(server, 1)?, Phone::new(server, 2)?);
    bob.registered().await?;
    let idle = held()?;
    let mut quarter = idle;
    for n in 1..=calls {
        call(&ann, &bob).await.with_context(|| format!("call {n}"))?;
        if n == calls / 4 {
            // The allocator has what it wants by now.
            quarter = settled(idle).await?;
        }
    }
    let after = settled(idle).await?;
    ann.calls.close().await;
    bob.calls.close().await;
    drop((ann, bob));
    let closed = settled(first).await?;
    let [first, idle, quarter, after, closed] = [first, idle, quarter, after, closed].map(|held| {
        json!({ "threads": held.threads, "files": held.files, "sockets": held.sockets, "memory_kb": held.memory_kb })
    });
    println!(
        "{}",
        json!({ "calls": calls, "before": first, "idle": idle, "quarter": quarter, "after": after, "closed": closed })
    );
    Ok(())
}
