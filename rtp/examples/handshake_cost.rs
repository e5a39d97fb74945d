//! What a handshake costs, and what is kept of it: `cargo run --release -p calls-rtp --example handshake_cost`.
use calls_rtp::handshake::{Handshake, Identity, Role};
use calls_rtp::protect::{Opener, Sealer};
use std::time::{Duration, Instant};

/// How many there are.
const PEERS: usize = 2000;

fn main() {
    let (server, peer) =
        (Identity::generate().expect("random bytes"), Identity::generate().expect("random bytes"));
    println!("keys at work: {} bytes to seal, {} to open", size_of::<Sealer>(), size_of::<Opener>());
    // Nothing of the first half is given back before the second half is measured: it would hide what that takes.
    let mut all = Vec::new();
    for role in [Role::Passive, Role::Active] {
        let before = resident();
        // The fastest: other programs only make it slower.
        let mut busy = Duration::MAX;
        for _ in 0..PEERS {
            let mut this = Duration::ZERO;
            all.push(one(&server, role, &peer, &mut this));
            busy = busy.min(this);
        }
        let each = resident().saturating_sub(before) / PEERS;
        println!("{role:?}: {} us, {each} bytes with the keys and what hears a goodbye", busy.as_micros());
    }
}

/// One association of a server with a peer that is gone afterwards. Only the server's work is counted.
fn one(server: &Identity, role: Role, peer: &Identity, busy: &mut Duration) -> (Handshake, Sealer, Opener) {
    let now = Instant::now();
    let begun = Instant::now();
    let mut ours = Handshake::new(now, server, role, peer.fingerprint().clone());
    *busy += begun.elapsed();
    let other = if role == Role::Active { Role::Passive } else { Role::Active };
    let mut theirs = Handshake::new(now, peer, other, server.fingerprint().clone());
    let (mut to_us, mut to_them) = (Vec::<Vec<u8>>::new(), Vec::<Vec<u8>>::new());
    theirs.wake(now, &mut |datagram| to_us.push(datagram.to_vec())).expect("a good path");
    ours.wake(now, &mut |datagram| to_them.push(datagram.to_vec())).expect("a good path");
    while !to_us.is_empty() || !to_them.is_empty() {
        for datagram in std::mem::take(&mut to_us) {
            let begun = Instant::now();
            ours.receive(now, &datagram, &mut |datagram| to_them.push(datagram.to_vec()))
                .expect("a good path");
            *busy += begun.elapsed();
        }
        for datagram in std::mem::take(&mut to_them) {
            theirs
                .receive(now, &datagram, &mut |datagram| to_us.push(datagram.to_vec()))
                .expect("a good path");
        }
    }
    let keys = ours.keys().expect("both agreed");
    (ours, keys.sealer(), keys.opener())
}

/// Bytes of memory that this program has.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
