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
    /// Our pictures, by their streams. A request may also be for a stream that is none of ours.
    pictures: Vec<(u32, KeyFrameWanted)>,
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl KeyFrameRequests {
    pub(crate) fn new(pictures: Vec<(u32, KeyFrameWanted)>, wanted: mpsc::Sender<KeyFrameWanted>) -> Self {
        Self { wanted, pictures, reads: VecDeque::new(), writes: VecDeque::new() }
    }

    /// Which pictures a report asks for.
    fn asked(&self, report: &dyn rtc::rtcp::Packet) -> Vec<KeyFrameWanted> {
        let any = report.as_any();
        let asks = |ssrc: u32| match any.downcast_ref::<PictureLossIndication>() {
            Some(request) => request.media_ssrc == ssrc,
            None => any
                .downcast_ref::<FullIntraRequest>()
                .is_some_and(|request| request.fir.iter().any(|entry| entry.ssrc == ssrc)),
        };
        self.pictures.iter().filter(|(ssrc, _)| asks(*ssrc)).map(|(_, wanted)| *wanted).collect()
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for KeyFrameRequests {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(reports) = &packet.message.packet {
            for wanted in reports.iter().flat_map(|report| self.asked(&**report)) {
                // Full: those that are not seen yet most likely ask for the same, and whoever waits asks again.
                let _waits_already = self.wanted.try_send(wanted);
            }
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
