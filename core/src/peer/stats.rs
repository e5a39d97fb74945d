//! How a connection does, in few numbers and without an address.
use super::{net::Net, servers::RelayProtocol};
use rtc::{
    rtp_transceiver::rtp_sender::RtpCodecKind,
    statistics::report::{RTCStatsReport, RTCStatsReportEntry},
};
use std::{fmt, time::Duration};
use webrtc::peer_connection::RTCIceCandidateType;

/// How a connection does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerStats {
    /// There and back.
    pub round_trip: Option<Duration>,
    /// Which way packets go, once one was found.
    pub path: Option<PathStats>,
    /// Our voice.
    pub voice_sent: SentStats,
    /// Our pictures.
    pub picture_sent: SentStats,
    /// Their voice.
    pub voice_received: ReceivedStats,
    /// Their picture.
    pub picture_received: ReceivedStats,
    /// All bytes that left, with all headers but those of UDP.
    pub bytes_sent: u64,
    /// All bytes that came.
    pub bytes_received: u64,
    /// What may be sent by the estimate, in bits per second.
    pub estimate: u64,
    /// Packets that came twice.
    pub repeated: u64,
    /// Packets that nobody took in time.
    pub dropped: u64,
}

/// Which way packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathStats {
    /// At our end.
    pub ours: PathEnd,
    /// At theirs.
    pub theirs: PathEnd,
    /// How our relay is reached, if the path has one.
    pub relay: Option<RelayProtocol>,
}

impl fmt::Display for PathStats {
    /// `host -> relay by udp`, and the like.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.relay.map(|relay| format!(" by {relay:?}")).unwrap_or_default();
        f.write_str(&format!("{:?} -> {:?}{by}", self.ours, self.theirs).to_lowercase())
    }
}

/// What an end of a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathEnd {
    /// The device itself.
    Host,
    /// As the network translates it.
    Translated,
    /// A relay.
    Relay,
}

/// A voice or a picture of ours, in all its sizes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SentStats {
    /// So many packets.
    pub packets: u64,
    /// Their payloads.
    pub bytes: u64,
    /// Again, because they were lost.
    pub packets_repeated: u64,
    /// The part that was lost lately, as they say: 0 to 1.
    pub lost: Option<f64>,
}

/// One stream of theirs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReceivedStats {
    /// So many packets.
    pub packets: u64,
    /// Their payloads.
    pub bytes: u64,
    /// So many never came.
    pub packets_lost: i64,
    /// By how much their times of arrival vary.
    pub jitter: Duration,
}

pub(crate) fn read(report: &RTCStatsReport, net: &Net) -> PeerStats {
    let mut stats = PeerStats::default();
    let mut selected = None;
    for entry in report.iter() {
        match entry {
            RTCStatsReportEntry::Transport(transport) => {
                stats.bytes_sent = transport.bytes_sent;
                stats.bytes_received = transport.bytes_received;
                selected = Some(transport.selected_candidate_pair_id.as_str());
            }
            RTCStatsReportEntry::OutboundRtp(stream) => {
                let sent = &stream.sent_rtp_stream_stats;
                let into = if sent.rtp_stream_stats.kind == RtpCodecKind::Video {
                    &mut stats.picture_sent
                } else {
                    &mut stats.voice_sent
                };
                into.packets += sent.packets_sent;
                into.bytes += sent.bytes_sent;
                into.packets_repeated += stream.retransmitted_packets_sent;
            }
            RTCStatsReportEntry::RemoteInboundRtp(stream) => {
                let received = &stream.received_rtp_stream_stats;
                let is_video = received.rtp_stream_stats.kind == RtpCodecKind::Video;
                let into = if is_video { &mut stats.picture_sent } else { &mut stats.voice_sent };
                // Of several sizes, that of the worst.
                into.lost = Some(into.lost.unwrap_or_default().max(stream.fraction_lost));
            }
            RTCStatsReportEntry::InboundRtp(stream) => {
                let received = &stream.received_rtp_stream_stats;
                let is_video = received.rtp_stream_stats.kind == RtpCodecKind::Video;
                let into = if is_video { &mut stats.picture_received } else { &mut stats.voice_received };
                into.packets += received.packets_received;
                into.bytes += stream.bytes_received;
                into.packets_lost += received.packets_lost;
                // The stack gives it on the clock of the stream, not in seconds as it says.
                let clock = if is_video { 90_000.0 } else { 48_000.0 };
                into.jitter = into.jitter.max(seconds(received.jitter / clock));
            }
            _ => {}
        }
    }
    let Some(selected) = selected.filter(|id| !id.is_empty()) else { return stats };
    for entry in report.iter() {
        if let RTCStatsReportEntry::IceCandidatePair(pair) = entry
            && pair.stats.id == selected
        {
            let round_trip = seconds(pair.current_round_trip_time);
            stats.round_trip = (round_trip > Duration::ZERO).then_some(round_trip);
            stats.path = path(report, &pair.local_candidate_id, &pair.remote_candidate_id, net);
        }
    }
    stats
}

fn path(report: &RTCStatsReport, local: &str, remote: &str, net: &Net) -> Option<PathStats> {
    let (mut ours, mut theirs, mut relay) = (None, None, None);
    for entry in report.iter() {
        match entry {
            RTCStatsReportEntry::LocalCandidate(candidate) if candidate.stats.id.ends_with(local) => {
                ours = end(candidate.candidate_type);
                if ours == Some(PathEnd::Relay) {
                    relay = Some(net.servers().protocol_of(&candidate.url));
                }
            }
            RTCStatsReportEntry::RemoteCandidate(candidate) if candidate.stats.id.ends_with(remote) => {
                theirs = end(candidate.candidate_type);
            }
            _ => {}
        }
    }
    // A candidate that was learnt from a check is in no list: it is one that a network translated.
    let unknown = PathEnd::Translated;
    Some(PathStats { ours: ours.unwrap_or(unknown), theirs: theirs.unwrap_or(unknown), relay })
}

fn end(kind: RTCIceCandidateType) -> Option<PathEnd> {
    match kind {
        RTCIceCandidateType::Host => Some(PathEnd::Host),
        RTCIceCandidateType::Srflx | RTCIceCandidateType::Prflx => Some(PathEnd::Translated),
        RTCIceCandidateType::Relay => Some(PathEnd::Relay),
        _ => None,
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
