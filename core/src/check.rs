//! The check before a call: what works here and what does not, before somebody waits for an answer.
//!
//! It uses the parts that a call uses, so that it cannot be right where a call is wrong.
mod words;

pub use words::{Words, in_words};

use crate::{
    Host,
    api::Config,
    audio::{Device, FRAME_SAMPLES, Loudness},
    peer::{EncodedAudio, Level, Peer, PeerOutput, PeerSettings, RelayProtocol},
    signaling::{Signaling, SignalingConfig, Told, Trouble, Trust, TrustError},
};
use calls_machine::{FromPeer, Gate, LocalCandidate, PeerOrder, RemoteCandidate};
use calls_protocol::{IceServer, IceServers};
use std::time::{Duration, Instant};
use tokio::time::{interval, timeout};

/// A server that has not answered by then is not there, whatever the network is.
const SERVER: Duration = Duration::from_secs(10);
/// An answer to one question over UDP, a few times repeated; for TCP and TLS a few round trips more.
const ADDRESS: Duration = Duration::from_secs(5);
/// Two allocations, a connection and a second of voice.
const MEDIA: Duration = Duration::from_secs(10);
/// Of voice through the relay.
const FRAMES: u32 = 50;
/// A part that is not missed: a voice is mended over it.
const UNHEARD: f32 = 0.05;
/// Of the microphone.
const LISTEN: u32 = 25;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The connection to the server, and whether it knows us.
    Server,
    /// How the network translates our address.
    Address,
    /// A relay, by one way to reach it.
    Relay(RelayProtocol),
    /// Voice from here through a relay and back.
    Media,
    /// The microphone and the loudspeaker.
    Sound,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// It works.
    Fine {
        /// How long it took.
        took: Duration,
    },
    /// The server does not name anything of the kind.
    NotOffered,
    /// It does not answer.
    NoAnswer,
    /// The server does not take our word.
    SignedOut,
    /// The server is no server for calls.
    Stranger,
    /// There is no way to try it, since something before it failed.
    Skipped,
    /// Voice comes back with holes: the part that is missing, from 0 to 1.
    Lossy {
        /// The part.
        lost: f32,
    },
    /// The microphone hears nothing at all, not even noise.
    Silent,
}

impl Finding {
    /// Whether a call can live with it.
    pub fn is_fine(&self) -> bool {
        matches!(self, Self::Fine { .. } | Self::NotOffered)
    }
}

/// What all that was found comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outlook {
    /// Calls can be made, and nothing is known that would spoil them.
    Good,
    /// Calls can be made, but something does not work that some of them need.
    Limited,
    /// No call can be made.
    NoCalls,
}

impl Outlook {
    /// Of everything that was found.
    pub fn of<'a>(found: impl IntoIterator<Item = (Subject, &'a Finding)>) -> Self {
        let mut outlook = Self::Good;
        for (subject, finding) in found {
            match subject {
                _ if finding.is_fine() => {}
                Subject::Server => return Self::NoCalls,
                Subject::Address | Subject::Relay(_) | Subject::Media | Subject::Sound => {
                    outlook = Self::Limited;
                }
            }
        }
        outlook
    }
}

/// Checks everything, one thing after another, and tells each as it is known. Needs a tokio runtime. Use a device id of
/// its own in `config`, or the app's own connection is replaced.
pub async fn check(
    config: &Config,
    host: &dyn Host,
    mut tell: impl FnMut(Subject, &Finding),
) -> Result<Outlook, TrustError> {
    let mut all = Vec::new();
    let mut tell = |subject, finding: Finding| {
        tell(subject, &finding);
        all.push((subject, finding));
    };
    let tls = Trust { pinned_keys: Vec::new(), ..config.trust.clone() }.config()?;
    let settings = PeerSettings { tls: config.peer.tls.clone().or(Some(tls)), ..config.peer.clone() };
    let (found, servers) = server(config).await?;
    let servers = servers.unwrap_or_default();
    let is_known = found.is_fine();
    tell(Subject::Server, found);
    let or_skipped = |found| if is_known { found } else { Finding::Skipped };

    let stun = only(&servers, |url| url.starts_with("stun:"));
    tell(Subject::Address, or_skipped(address(&settings, stun, false, "srflx").await));
    let mut relay = None;
    for protocol in [RelayProtocol::Udp, RelayProtocol::Tcp, RelayProtocol::Tls] {
        let by_it = only(&servers, |url| relay_protocol(url) == Some(protocol));
        let found = address(&settings, by_it.clone(), true, "relay").await;
        if found.is_fine() && !by_it.0.is_empty() {
            relay = relay.or(Some(by_it));
        }
        tell(Subject::Relay(protocol), or_skipped(found));
    }
    let through = match relay {
        Some(relay) => media(&settings, relay).await,
        None => Finding::Skipped,
    };
    tell(Subject::Media, through);
    tell(Subject::Sound, sound(host.sound()).await);
    Ok(Outlook::of(all.iter().map(|(subject, finding)| (*subject, finding))))
}

async fn server(config: &Config) -> Result<(Finding, Option<IceServers>), TrustError> {
    let begun = Instant::now();
    let mut signaling = Signaling::start(SignalingConfig {
        server: config.server.clone(),
        who: config.who.clone(),
        proofs: config.proofs.clone(),
        trust: config.trust.clone(),
        settings: config.link.clone(),
    })?;
    let mut found = (Finding::NoAnswer, None);
    let told = async {
        while let Some(told) = signaling.next().await {
            match told {
                Told::Up(registered) => {
                    found = (Finding::Fine { took: begun.elapsed() }, Some(registered.ice_servers));
                    return;
                }
                Told::SignedOut(_) => {
                    found.0 = Finding::SignedOut;
                    return;
                }
                Told::Down(Trouble::Stranger) => {
                    found.0 = Finding::Stranger;
                    return;
                }
                Told::Down(_) | Told::Event { .. } | Told::Answer { .. } => {}
            }
        }
    };
    // Too late is what `found` says from the beginning.
    let _in_time = timeout(SERVER, told).await;
    signaling.close().await;
    Ok(found)
}

/// The servers with those of their addresses that count.
fn only(servers: &IceServers, counts: impl Fn(&str) -> bool) -> IceServers {
    let of = |server: &IceServer| {
        let urls: Vec<String> = server.urls.iter().filter(|url| counts(url)).cloned().collect();
        (!urls.is_empty()).then(|| IceServer { urls, ..server.clone() })
    };
    IceServers(servers.0.iter().filter_map(of).collect())
}

fn relay_protocol(url: &str) -> Option<RelayProtocol> {
    match url {
        _ if url.starts_with("turns:") => Some(RelayProtocol::Tls),
        _ if !url.starts_with("turn:") => None,
        _ if url.ends_with("?transport=tcp") => Some(RelayProtocol::Tcp),
        _ => Some(RelayProtocol::Udp),
    }
}

/// Whether these servers give us an address of such a kind.
async fn address(settings: &PeerSettings, servers: IceServers, relay_only: bool, kind: &str) -> Finding {
    if servers.0.is_empty() {
        return Finding::NotOffered;
    }
    let begun = Instant::now();
    let (peer, mut output) = Peer::start(PeerSettings { relay_only, ..settings.clone() });
    let wanted = format!(" typ {kind}");
    let found = async {
        peer.order(PeerOrder::Create { servers }).await.ok()?;
        peer.order(PeerOrder::MakeOffer { restart: false }).await.ok()?;
        while let Some(said) = output.told.recv().await {
            let FromPeer::Candidate(ours) = said else { continue };
            if ours.candidate.as_json().contains(&wanted) {
                return Some(());
            }
        }
        None
    };
    let found = timeout(ADDRESS, found).await;
    let took = begun.elapsed();
    peer.close().await;
    match found {
        Ok(Some(())) => Finding::Fine { took },
        Ok(None) | Err(_) => Finding::NoAnswer,
    }
}

/// Two ends here, and nothing but the relay between them.
async fn media(settings: &PeerSettings, servers: IceServers) -> Finding {
    let settings = PeerSettings { relay_only: true, ..settings.clone() };
    let (ann, ann_output) = Peer::start(settings.clone());
    let (bob, bob_output) = Peer::start(settings);
    let tried = timeout(MEDIA, there((&ann, ann_output), (&bob, bob_output), servers)).await;
    ann.close().await;
    bob.close().await;
    match tried {
        Ok(Some((lost, took))) if lost < UNHEARD => Finding::Fine { took },
        Ok(Some((lost, _))) => Finding::Lossy { lost },
        Ok(None) | Err(_) => Finding::NoAnswer,
    }
}

/// Says a second of nothing in particular from one to the other. Which part of it did not come, counted from the first
/// that did, and how long the connection took. None if there was none.
async fn there(
    (ann, mut ann_output): (&Peer, PeerOutput),
    (bob, mut bob_output): (&Peer, PeerOutput),
    servers: IceServers,
) -> Option<(f32, Duration)> {
    let open = Gate { voice: true, picture: false, play: true };
    for peer in [ann, bob] {
        peer.order(PeerOrder::Create { servers: servers.clone() }).await.ok()?;
        peer.order(PeerOrder::Gate(open)).await.ok()?;
        peer.order(PeerOrder::Connect).await.ok()?;
    }
    let begun = Instant::now();
    ann.order(PeerOrder::MakeOffer { restart: false }).await.ok()?;
    let (mut are_up, mut said, mut took, mut first_at) = ((false, false), 0, Duration::ZERO, 0);
    let mut came: Vec<u16> = Vec::new();
    let mut tick = interval(Duration::from_millis(20));
    // What was said last needs a moment to come.
    while said < FRAMES + 25 && came.len() < FRAMES as usize {
        tokio::select! {
            said = ann_output.told.recv() => are_up.0 |= pass(said?, bob).await?,
            said = bob_output.told.recv() => are_up.1 |= pass(said?, ann).await?,
            Some(packet) = bob_output.voice.recv() => {
                if came.is_empty() {
                    first_at = said;
                }
                came.push(packet.sequence);
            }
            _ = tick.tick(), if are_up == (true, true) => {
                if said == 0 {
                    took = begun.elapsed();
                }
                if said < FRAMES {
                    let level = Level { below_loudest_db: 127, voice: false };
                    // The shortest frame of Opus that there is: silence.
                    let payload = vec![0xf8, 0xff, 0xfe].into();
                    let _sent = ann.send_voice(EncodedAudio { timestamp: said * FRAME_SAMPLES as u32, payload, level });
                }
                said += 1;
            }
        }
    }
    let (first, last) = (*came.first()?, *came.last()?);
    // What is missing at the end counts as well: a relay may stop after a moment.
    let said_since = FRAMES.saturating_sub(first_at.max(1) - 1).min(FRAMES) as f32;
    let awaited = (f32::from(last.wrapping_sub(first)) + 1.0).max(said_since);
    Some((1.0 - (came.len() as f32 / awaited).min(1.0), took))
}

/// Carries a word to the other end. Whether it said that media can flow.
async fn pass(said: FromPeer, other: &Peer) -> Option<bool> {
    let order = match said {
        FromPeer::OfferMade(offer) => PeerOrder::TakeOffer(offer),
        FromPeer::AnswerMade(answer) => PeerOrder::TakeAnswer(answer),
        FromPeer::Candidate(LocalCandidate { candidate, sdp_mid, sdp_m_line_index }) => {
            PeerOrder::TakeCandidate(RemoteCandidate { candidate, sdp_mid, sdp_m_line_index })
        }
        FromPeer::Up => return Some(true),
        FromPeer::TheirFault | FromPeer::OurFault | FromPeer::Closed => return None,
        FromPeer::AnswerApplied | FromPeer::WantsToOffer | FromPeer::Lost => return Some(false),
    };
    other.order(order).await.ok()?;
    Some(false)
}

/// Listens for half a second.
async fn sound(mut device: Box<dyn Device>) -> Finding {
    let begun = Instant::now();
    device.microphone(true);
    let mut tick = interval(Duration::from_millis(20));
    let mut samples = [0; FRAME_SAMPLES];
    let mut loudest = Loudness::SILENCE;
    for _ in 0..LISTEN {
        tick.tick().await;
        device.capture(&mut samples);
        device.play(&[0; FRAME_SAMPLES]);
        loudest = loudest.min(Loudness::of(&samples));
    }
    device.microphone(false);
    // A real microphone in a quiet room hears its own noise; zeros come from one that may not be used.
    if loudest == Loudness::SILENCE { Finding::Silent } else { Finding::Fine { took: begun.elapsed() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_to_a_relay_that_is_closed_limits_calls_and_a_server_that_is_gone_ends_them() {
        let fine = Finding::Fine { took: Duration::from_millis(5) };
        let by = |server: &Finding, udp: &Finding, sound: &Finding| {
            Outlook::of([
                (Subject::Server, server),
                (Subject::Relay(RelayProtocol::Udp), udp),
                (Subject::Relay(RelayProtocol::Tcp), &fine),
                (Subject::Sound, sound),
            ])
        };

        assert_eq!(by(&fine, &fine, &fine), Outlook::Good);
        assert_eq!(by(&fine, &Finding::NotOffered, &fine), Outlook::Good);
        assert_eq!(by(&fine, &Finding::NoAnswer, &fine), Outlook::Limited);
        assert_eq!(by(&fine, &fine, &Finding::Silent), Outlook::Limited);
        assert_eq!(by(&Finding::SignedOut, &Finding::Skipped, &fine), Outlook::NoCalls);
    }

    #[test]
    fn each_way_to_a_relay_is_told_from_the_others() {
        let urls = [
            "stun:a:3478",
            "turn:a:3478",
            "turn:a:3478?transport=udp",
            "turn:a:3478?transport=tcp",
            "turns:a:443",
        ];
        let servers = IceServers(std::sync::Arc::new([IceServer {
            urls: urls.map(str::to_owned).to_vec(),
            username: Some("u".into()),
            credential: Some("c".into()),
        }]));
        let count = |protocol| {
            let by_it = only(&servers, |url| relay_protocol(url) == Some(protocol));
            by_it.0.iter().map(|server| server.urls.len()).sum::<usize>()
        };

        let counts = [RelayProtocol::Udp, RelayProtocol::Tcp, RelayProtocol::Tls].map(count);

        assert_eq!(counts, [2, 1, 1]);
        assert_eq!(only(&servers, |url| url.starts_with("sip:")), IceServers::default());
    }
}
