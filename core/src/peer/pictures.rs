//! A picture of ours on its way out: each of its sizes is a stream of its own.
use super::{
    description::Agreed,
    media::{EncodedVideo, KeyFrameWanted, Layer, VideoCodec},
    send::Outgoing,
    stack::OurTrack,
};
use calls_protocol::PictureKind;

pub(crate) struct OurPicture {
    kind: PictureKind,
    streams: Vec<Stream>,
    agreed: Agreed,
}

struct Stream {
    layer: Layer,
    outgoing: Outgoing,
    /// The other side has seen a key frame of this codec, and all that followed.
    sees: Option<VideoCodec>,
}

impl OurPicture {
    pub(crate) fn new(kind: PictureKind, OurTrack { track, streams }: OurTrack) -> Self {
        // The same moment has the same time in each size: who changes between them need not guess.
        let time_offset = super::random_u32();
        let are_several = streams.len() > 1;
        let stream = |(layer, ssrc): (Layer, u32)| {
            let rid = are_several.then(|| layer.rid());
            let outgoing = Outgoing::new((track.clone(), ssrc), time_offset, rid);
            Stream { layer, outgoing, sees: None }
        };
        let streams = streams.into_iter().map(stream).collect();
        Self { kind, streams, agreed: Agreed::default() }
    }

    pub(crate) fn agree(&mut self, agreed: &Agreed) {
        self.agreed.clone_from(agreed);
        self.streams.iter_mut().for_each(|stream| stream.outgoing.agreed.clone_from(agreed));
    }

    pub(crate) fn has_place(&self) -> bool {
        self.agreed.has_place
    }

    /// What may be sent, the best first.
    pub(crate) fn codecs(&self) -> Vec<VideoCodec> {
        let all = self.agreed.video.iter().filter(|_| self.agreed.sends);
        all.map(|(codec, _)| *codec).collect()
    }

    /// Sends a frame if it may pass. Otherwise what is needed before the next one can.
    pub(crate) async fn send(&mut self, frame: EncodedVideo, may_pass: bool) -> Result<(), KeyFrameWanted> {
        let layer = frame.layer;
        // Sizes without names would be one stream to them.
        let is_told = layer == Layer::Whole || self.agreed.rid_id.is_some();
        let is_taken = may_pass && is_told && self.codecs().contains(&frame.codec);
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.layer == layer) else {
            // A size that goes only to others.
            return Ok(());
        };
        if !is_taken {
            stream.sees = None;
            return Ok(());
        }
        // The other side would not notice that those before it are missing: the sequence has no gap.
        if !frame.key && stream.sees != Some(frame.codec) {
            return Err(KeyFrameWanted { kind: self.kind, layer });
        }
        stream.sees = Some(frame.codec);
        stream.outgoing.video(frame).await;
        Ok(())
    }
}
