//! Requests for key frames, heard where the stack hears them.
//!
//! Reports of the other side end inside the stack unless a link of its chain is interested. This one is, in requests for
//! key frames alone; everything passes it unchanged.
use super::media::KeyFrameWanted;
use rtc::{
    interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket},
    rtcp::payload_feedbacks::{
        full_intra_request::FullIntraRequest, picture_loss_indication::PictureLossIndication,
    },
    sansio::Protocol,
};
use std::{collections::VecDeque, time::Instant};
use tokio::sync::mpsc;
use webrtc::error::Error;

pub(crate) struct KeyFrameRequests {
    wanted: mpsc::Sender<KeyFrameWanted>,
    /// Of our picture. A request may also be for a stream that is none of ours.
    ssrc: u32,
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl KeyFrameRequests {
    pub(crate) fn new(ssrc: u32, wanted: mpsc::Sender<KeyFrameWanted>) -> Self {
        Self { wanted, ssrc, reads: VecDeque::new(), writes: VecDeque::new() }
    }

    fn asks(&self, packet: &dyn rtc::rtcp::Packet) -> bool {
        let any = packet.as_any();
        if let Some(request) = any.downcast_ref::<PictureLossIndication>() {
            return request.media_ssrc == self.ssrc;
        }
        any.downcast_ref::<FullIntraRequest>()
            .is_some_and(|request| request.fir.iter().any(|entry| entry.ssrc == self.ssrc))
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for KeyFrameRequests {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(reports) = &packet.message.packet
            && reports.iter().any(|report| self.asks(&**report))
        {
            // Full: one that is not seen yet asks for the same.
            let _waits_already = self.wanted.try_send(KeyFrameWanted);
        }
        self.reads.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.writes.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }
}

impl Interceptor for KeyFrameRequests {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}

    fn unbind_local_stream(&mut self, _: &StreamInfo) {}

    fn bind_remote_stream(&mut self, _: &StreamInfo) {}

    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
