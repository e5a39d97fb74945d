//! From what the stack receives to packets that a jitter buffer can take.
use super::{
    description::Agreed,
    media::{Content, Level, Mid, ReceivedPacket},
};
use calls_samples::Rotation;
use rtc::{rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication, rtp::Packet};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use tracing::debug;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

/// Five seconds of voice. A full one drops what comes: whoever reads it hangs.
pub(crate) const VOICE_QUEUE: usize = 256;
/// A second of a picture at 5 Mbit/s, dropped likewise.
pub(crate) const PICTURE_QUEUE: usize = 512;
/// Several requests for a key frame are one; there are four pictures, the sizes of the camera and the screen.
pub(crate) const WANTED_QUEUE: usize = 4;

/// Streams that one track may have had. Each is 140 bytes.
const MOST_STREAMS: usize = 8;

/// A key frame is large; asking more often than it can come makes the path worse.
const ASK_EVERY: Duration = Duration::from_millis(300);

/// What all receivers of a connection share with its owner.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    /// What arrives may be heard and seen.
    pub(crate) is_open: AtomicBool,
    /// Packets that nobody took in time.
    pub(crate) dropped: AtomicU64,
    /// Packets that came again.
    pub(crate) repeated: AtomicU64,
}

/// What was agreed on, and which stream of theirs is in which part of their description.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) audio: Agreed,
    pub(crate) video: Agreed,
    pub(crate) mids: BTreeMap<u32, Mid>,
}

/// Reads one track of theirs until it ends.
pub(crate) async fn listen(
    track: Arc<dyn TrackRemote>,
    is_video: bool,
    known: watch::Receiver<Known>,
    ear: Arc<Ear>,
    queue: mpsc::Sender<ReceivedPacket>,
) {
    let mut streams = Streams::default();
    while let Some(event) = track.poll().await {
        let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
        if packet.payload.is_empty() && !is_video {
            // Padding that probes the path. Of a picture it has to be known, or it would look lost.
            continue;
        }
        if !streams.is_new(packet.header.ssrc, packet.header.sequence_number) {
            ear.repeated.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        if !ear.is_open.load(Ordering::Acquire) {
            continue;
        }
        let received = {
            let known = known.borrow();
            let mid = known.mids.get(&packet.header.ssrc).cloned();
            received(packet, mid, if is_video { &known.video } else { &known.audio })
        };
        if let Some(received) = received
            && queue.try_send(received).is_err()
        {
            ear.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn received(packet: Packet, mid: Option<Mid>, agreed: &Agreed) -> Option<ReceivedPacket> {
    let Packet { header, payload } = packet;
    let content = if agreed.opus == Some(header.payload_type) {
        Content::Opus
    } else {
        let known = agreed.video.iter().find(|(_, number)| *number == header.payload_type)?;
        Content::Video(known.0)
    };
    let byte = |id: Option<u8>| header.get_extension(id?)?.first().copied();
    Some(ReceivedPacket {
        mid,
        content,
        ssrc: header.ssrc,
        came: Instant::now(),
        sequence: header.sequence_number,
        timestamp: header.timestamp,
        marker: header.marker,
        level: byte(agreed.audio_level).map(Level::from_byte),
        rotation: byte(agreed.orientation).map(Rotation::from_byte),
        payload,
    })
}

/// Asks for key frames of their tracks.
#[derive(Default)]
pub(crate) struct KeyFrames(Vec<PictureTrack>);

struct PictureTrack {
    track: Arc<dyn TrackRemote>,
    asked: Option<Instant>,
}

impl KeyFrames {
    pub(crate) fn of(&mut self, track: Arc<dyn TrackRemote>) {
        self.0.push(PictureTrack { track, asked: None });
    }

    /// Of the picture in this part of their description; of all, if none is named.
    pub(crate) async fn ask(&mut self, now: Instant, mid: Option<&Mid>, mids: &BTreeMap<u32, Mid>) {
        for track in &mut self.0 {
            let ssrcs = track.track.ssrcs().await;
            let is_meant = mid.is_none_or(|mid| ssrcs.iter().any(|ssrc| mids.get(ssrc) == Some(mid)));
            if is_meant {
                track.ask(now, ssrcs.last().copied()).await;
            }
        }
    }
}

impl PictureTrack {
    async fn ask(&mut self, now: Instant, ssrc: Option<u32>) {
        if self.asked.is_some_and(|asked| now.saturating_duration_since(asked) < ASK_EVERY) {
            return;
        }
        self.asked = Some(now);
        let (Some(media_ssrc), track) = (ssrc, &self.track) else { return };
        if track
            .write_rtcp(vec![Box::new(PictureLossIndication { sender_ssrc: 0, media_ssrc })])
            .await
            .is_err()
        {
            debug!("the stack takes no requests any more");
        }
    }
}

/// Which packets of each stream were seen.
#[derive(Default)]
struct Streams(Vec<(u32, Seen)>);

impl Streams {
    fn is_new(&mut self, ssrc: u32, sequence: u16) -> bool {
        if let Some((_, seen)) = self.0.iter_mut().find(|(known, _)| *known == ssrc) {
            return seen.is_new(sequence);
        }
        if self.0.len() == MOST_STREAMS {
            self.0.remove(0);
        }
        self.0.push((ssrc, Seen::first(sequence)));
        true
    }
}

/// How far back a packet may still come: 1024 are five seconds of a picture, longer than anybody waits.
const WINDOW: u16 = 1024;

/// Which of the last packets of one stream were seen.
struct Seen {
    newest: u16,
    /// One bit for each packet, at its number modulo the window.
    bits: [u64; WINDOW as usize / 64],
}

impl Seen {
    fn first(sequence: u16) -> Self {
        let mut seen = Self { newest: sequence, bits: [0; WINDOW as usize / 64] };
        seen.mark(sequence);
        seen
    }

    fn is_new(&mut self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.newest);
        if ahead == 0 {
            return false;
        }
        if ahead < 0x8000 {
            // What lies between has not come yet.
            if ahead >= WINDOW {
                self.bits = [0; WINDOW as usize / 64];
            } else {
                (1..ahead).for_each(|step| self.clear(self.newest.wrapping_add(step)));
            }
            self.newest = sequence;
            self.mark(sequence);
            return true;
        }
        let behind = self.newest.wrapping_sub(sequence);
        // Too late for anybody.
        if behind >= WINDOW || self.is_marked(sequence) {
            return false;
        }
        self.mark(sequence);
        true
    }

    fn place(sequence: u16) -> (usize, u64) {
        let index = sequence % WINDOW;
        (usize::from(index / 64), 1 << (index % 64))
    }

    fn mark(&mut self, sequence: u16) {
        let (word, bit) = Self::place(sequence);
        self.bits[word] |= bit;
    }

    fn clear(&mut self, sequence: u16) {
        let (word, bit) = Self::place(sequence);
        self.bits[word] &= !bit;
    }

    fn is_marked(&self, sequence: u16) -> bool {
        let (word, bit) = Self::place(sequence);
        self.bits[word] & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_packet_passes_once_in_whatever_order_it_comes() {
        let mut streams = Streams::default();
        let mut known = HashSet::new();
        let mut state = 7_u64;
        for number in 0..200_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Up to 200 places late, often again, over several rounds of the counter.
            let number = number.saturating_sub((state >> 33) % 200);
            let is_new = streams.is_new(1, number as u16);
            assert_eq!(is_new, known.insert(number), "{number}");
        }
    }

    #[test]
    fn streams_are_told_apart_and_a_jump_is_no_repetition() {
        let mut streams = Streams::default();

        assert!(streams.is_new(1, 10) && streams.is_new(2, 10));
        assert!(!streams.is_new(1, 10));
        assert!(streams.is_new(1, 10 + 5000));
        assert!(!streams.is_new(1, 11), "too late");
        assert!(streams.is_new(1, 10 + 4999));
        for ssrc in 0..1000 {
            streams.is_new(ssrc, 1);
        }
        assert_eq!(streams.0.len(), MOST_STREAMS);
    }
}
