//! From encoded frames to RTP packets.
use super::{
    description::Agreed,
    media::{EncodedAudio, EncodedVideo, VideoCodec},
};
use bytes::Bytes;
use rtc::rtp::{
    Header, Packet,
    codec::{h264::H264Payloader, vp8::Vp8Payloader},
    packetizer::Payloader,
};
use std::sync::Arc;
use tracing::debug;
use webrtc::media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP};

/// Of a payload. With RTP, its extensions, SRTP, TURN's channel and IPv6 it stays below 1280, which every path carries.
const LARGEST_PAYLOAD: usize = 1150;

/// One stream: its packets are counted here, whatever source is in front of it.
pub(crate) struct Outgoing {
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    sequence: u16,
    /// RFC 3550: neither sequence nor time begins where somebody could guess it.
    time_offset: u32,
    vp8: Vp8Payloader,
    h264: H264Payloader,
    /// The name of its size, if it is one of several: each packet carries it.
    rid: Option<&'static str>,
    pub(crate) agreed: Agreed,
}

impl Outgoing {
    pub(crate) fn new(
        (track, ssrc): (Arc<TrackLocalStaticRTP>, u32),
        time_offset: u32,
        rid: Option<&'static str>,
    ) -> Self {
        let mut vp8 = Vp8Payloader::default();
        vp8.enable_picture_id = true;
        Self {
            track,
            ssrc,
            // Below half, so that the first packets that are lost do not look as if the counter had gone round.
            sequence: (super::random_u32() & 0x7fff) as u16,
            time_offset,
            vp8,
            h264: H264Payloader::default(),
            rid,
            agreed: Agreed::default(),
        }
    }

    pub(crate) async fn audio(&mut self, frame: EncodedAudio) {
        let (true, Some(payload_type)) = (self.agreed.sends, self.agreed.opus) else { return };
        let level = self.agreed.audio_level.map(|id| (id, Bytes::copy_from_slice(&[frame.level.to_byte()])));
        self.send(payload_type, frame.timestamp, false, frame.payload, level).await;
    }

    pub(crate) async fn video(&mut self, frame: EncodedVideo) {
        let payload_type = self.agreed.video.iter().find(|(codec, _)| *codec == frame.codec);
        let (true, Some((_, payload_type))) = (self.agreed.sends, payload_type.copied()) else { return };
        let payloads = match frame.codec {
            VideoCodec::Vp8 => self.vp8.payload(LARGEST_PAYLOAD, &frame.payload),
            VideoCodec::H264 => self.h264.payload(LARGEST_PAYLOAD, &frame.payload),
        };
        let Ok(payloads) = payloads else {
            debug!(codec = ?frame.codec, length = frame.payload.len(), "a picture cannot be put into packets");
            return;
        };
        let count = payloads.len();
        let rotation = Bytes::copy_from_slice(&[frame.rotation.to_byte()]);
        let names = self.names();
        for (index, payload) in payloads.into_iter().enumerate() {
            let is_last = index + 1 == count;
            let rotation = self.agreed.orientation.filter(|_| is_last).map(|id| (id, rotation.clone()));
            let extra = names.iter().cloned().chain(rotation);
            self.send(payload_type, frame.timestamp, is_last, payload, extra).await;
        }
    }

    /// By what a packet says of which m-line and size it is. One stream alone is told by its number.
    fn names(&self) -> Vec<(u8, Bytes)> {
        let Agreed { mid, mid_id, rid_id, .. } = &self.agreed;
        let (Some(mid_id), Some(rid_id), Some(rid)) = (*mid_id, *rid_id, self.rid) else { return Vec::new() };
        vec![(mid_id, Bytes::copy_from_slice(mid.as_bytes())), (rid_id, Bytes::from_static(rid.as_bytes()))]
    }

    async fn send(
        &mut self,
        payload_type: u8,
        time: u32,
        marker: bool,
        payload: Bytes,
        extra: impl IntoIterator<Item = (u8, Bytes)>,
    ) {
        let mut header = Header {
            version: 2,
            marker,
            payload_type,
            sequence_number: self.sequence,
            timestamp: time.wrapping_add(self.time_offset),
            ssrc: self.ssrc,
            ..Header::default()
        };
        for (id, bytes) in extra {
            if header.set_extension(id, bytes).is_err() {
                // An id that they chose and that the header cannot hold: the packet is good without it.
                debug!(id, "a header extension is left out");
            }
        }
        self.sequence = self.sequence.wrapping_add(1);
        if self.track.write_rtp(Packet { header, payload }).await.is_err() {
            debug!("the stack takes no packets any more");
        }
    }
}
