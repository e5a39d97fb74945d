//! How the WebRTC stack is set up for a call, and what it tells.
use super::{
    description::{AUDIO_LEVEL, MID, ORIENTATION, RID},
    estimate::Estimate,
    feedback::KeyFrameRequests,
    media::{KeyFrameWanted, Layer, VideoCodec},
    net::Net,
    pace::CHECK_EVERY,
    settings::PeerSettings,
};
use calls_protocol::PictureKind;
use rtc::{
    ice::mdns::MulticastDnsMode,
    interceptor::CongestionControlBuilder,
    media_stream::MediaStreamTrack,
    peer_connection::{
        configuration::interceptor_registry::{configure_nack, configure_rtcp_reports, configure_twcc},
        transport::RTCDtlsTransportState,
    },
    rtp_transceiver::rtp_sender::{
        RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
        RTCRtpHeaderExtensionCapability, RtpCodecKind,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tracing::{debug, warn};
use webrtc::{
    error::Error,
    media_stream::{track_local::static_rtp::TrackLocalStaticRTP, track_remote::TrackRemote},
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
        RTCConfigurationBuilder, RTCIceConnectionState, RTCIceServer, RTCIceTransportPolicy,
        RTCPeerConnectionIceEvent, RTCPeerConnectionState, Registry, SettingEngineBuilder, Slot,
        transport::DtlsTransport,
    },
};

/// What the stack tells the owner of a connection.
pub(crate) enum Told {
    /// An address of ours.
    Candidate(String),
    Ice(RTCIceConnectionState),
    State(RTCPeerConnectionState),
    /// Their audio or video comes.
    Track(Arc<dyn TrackRemote>),
}

/// Candidates of all interfaces and servers, and states; the owner takes each at once. One more means that the owner
/// hangs, and it is dropped: a lost candidate is one of many, and a lost state is seen by the watch.
pub(crate) const TOLD: usize = 256;

/// The stack, and the one track that each kind of media has for the whole call.
pub(crate) struct Stack {
    pub(crate) connection: Arc<dyn PeerConnection>,
    pub(crate) audio: OurTrack,
    pub(crate) camera: OurTrack,
    /// Where it goes beside the camera.
    pub(crate) screen: Option<OurTrack>,
}

/// A track of ours, and the numbers of its streams.
#[derive(Clone)]
pub(crate) struct OurTrack {
    pub(crate) track: Arc<TrackLocalStaticRTP>,
    /// The smallest first.
    pub(crate) streams: Vec<(Layer, u32)>,
}

/// Consent is asked for this often, by each side; the watch waits for more than two of them.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// A relay is taken only when nothing better answered until then, since the stack never changes to a better path.
const RELAY_AFTER: Duration = Duration::from_millis(400);

impl Stack {
    pub(crate) async fn build(
        settings: &PeerSettings,
        net: &Arc<Net>,
        estimate: &Arc<Estimate>,
        told: mpsc::Sender<Told>,
        wanted: mpsc::Sender<KeyFrameWanted>,
    ) -> Result<Self, Error> {
        let audio = track(RtpCodecKind::Audio, &opus(), &[Layer::Whole]);
        // The codec of a frame decides what it is sent as; the track only has to name one that is spoken.
        let first = settings.video.first().copied().unwrap_or(VideoCodec::Vp8);
        let layers = if settings.media_server { &Layer::ALL[..] } else { &[Layer::Whole] };
        let camera = track(RtpCodecKind::Video, &video_codec(first), layers);
        let screen = || track(RtpCodecKind::Video, &video_codec(first), &[Layer::Whole]);
        let screen = settings.media_server.then(screen);
        let streams = |kind, track: &OurTrack| -> Vec<_> {
            track
                .streams
                .iter()
                .map(|(layer, ssrc)| (*ssrc, KeyFrameWanted { kind, layer: *layer }))
                .collect()
        };
        let mut pictures = streams(PictureKind::Camera, &camera);
        pictures.extend(screen.iter().flat_map(|screen| streams(PictureKind::Screen, screen)));
        let plan = Plan { settings, net, estimate, handler: Arc::new(Handler { net: net.clone(), told }) };
        let requests = || KeyFrameRequests::new(pictures.clone(), wanted.clone());
        let connection = match plan.connection(settings.local_names, requests()).await {
            Err(_) if settings.local_names => {
                // The port of mDNS can be taken or forbidden; a call without it is still a call.
                warn!("names of the local network cannot be looked up");
                plan.connection(false, requests()).await?
            }
            other => other?,
        };
        for ours in [&audio, &camera].into_iter().chain(&screen) {
            connection.add_track(ours.track.clone()).await?;
        }
        Ok(Self { connection, audio, camera, screen })
    }
}

/// What a connection is made of.
struct Plan<'a> {
    settings: &'a PeerSettings,
    net: &'a Arc<Net>,
    estimate: &'a Arc<Estimate>,
    handler: Arc<Handler>,
}

impl Plan<'_> {
    async fn connection(
        &self,
        local_names: bool,
        requests: KeyFrameRequests,
    ) -> Result<Arc<dyn PeerConnection>, Error> {
        let Self { settings, net, estimate, handler } = self;
        let mut engine = media_engine(settings)?;
        let registry = configure_nack(Registry::new(), &mut engine);
        let control = CongestionControlBuilder::new(estimate.estimator(settings.start_bitrate)).build();
        let registry = configure_twcc(configure_rtcp_reports(registry), &mut engine)?
            .with(Slot::CongestionControl, control)
            .with(Slot::Custom(12_500), requests);
        let names = if local_names { MulticastDnsMode::QueryOnly } else { MulticastDnsMode::Disabled };
        let relay_after = if settings.relay_only { Duration::ZERO } else { RELAY_AFTER };
        let engine_settings = SettingEngineBuilder::new()
            .with_include_loopback_candidate(true)
            .with_multicast_dns_mode(names)
            .with_multicast_dns_timeout(Some(Duration::from_secs(5)))
            .with_discard_local_candidates_during_ice_restart(true)
            // As many as there are until somebody gives up: checks begin long before the other side answers.
            .with_ice_connection_attempts(Some(CHECK_EVERY), Some(u16::MAX))
            // Our own watch says when a path is lost. The stack would throw its candidates away, while a call still rings.
            .with_ice_timeouts(Some(Duration::ZERO), Some(Duration::ZERO), Some(KEEP_ALIVE))
            .with_host_acceptance_min_wait(Some(Duration::ZERO))
            .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
            // By default a second: and an address is "peer reflexive" whenever a check overtakes the candidate that names
            // it, and stays so. That was the one set-up of twenty that took 1.0 to 1.2 s.
            .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
            .with_relay_acceptance_min_wait(Some(relay_after))
            .build();
        let servers = net.servers().of_stack.iter().map(|server| RTCIceServer {
            urls: vec![server.url.clone()],
            username: server.username.clone(),
            credential: server.credential.clone(),
        });
        let policy =
            if settings.relay_only { RTCIceTransportPolicy::Relay } else { RTCIceTransportPolicy::All };
        let configuration = RTCConfigurationBuilder::new()
            .with_ice_servers(servers.collect())
            .with_ice_transport_policy(policy)
            .build();
        let connection = PeerConnectionBuilder::new()
            .with_configuration(configuration)
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            .with_setting_engine(engine_settings)
            .with_handler(handler.clone())
            .with_runtime(net.runtime())
            .with_udp_addrs(settings.addresses.clone())
            .build()
            .await?;
        Ok(Arc::new(connection))
    }
}

/// Opus, VP8, H.264, and no RTX: with it, the stack asks for each lost packet until it leaves the log, about 26 times.
/// Without it, a repeated packet comes in the stream itself and is noticed.
fn media_engine(settings: &PeerSettings) -> Result<MediaEngine, Error> {
    let mut engine = MediaEngine::default();
    engine.register_codec(
        RTCRtpCodecParameters { rtp_codec: opus(), payload_type: 111 },
        RtpCodecKind::Audio,
    )?;
    for codec in &settings.video {
        let payload_type = match codec {
            VideoCodec::Vp8 => 96,
            VideoCodec::H264 => 102,
        };
        let rtp_codec = video_codec(*codec);
        engine.register_codec(RTCRtpCodecParameters { rtp_codec, payload_type }, RtpCodecKind::Video)?;
    }
    for (uri, kind) in [
        (AUDIO_LEVEL, RtpCodecKind::Audio),
        (ORIENTATION, RtpCodecKind::Video),
        (MID, RtpCodecKind::Audio),
        (MID, RtpCodecKind::Video),
        (RID, RtpCodecKind::Video),
    ] {
        if uri == RID && !settings.media_server {
            continue;
        }
        engine.register_header_extension(RTCRtpHeaderExtensionCapability { uri: uri.into() }, kind, None)?;
    }
    Ok(engine)
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: "audio/opus".into(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1;usedtx=1".into(),
        rtcp_feedback: vec![],
    }
}

fn video_codec(codec: VideoCodec) -> RTCRtpCodec {
    let (mime_type, fmtp) = match codec {
        VideoCodec::Vp8 => ("video/VP8", ""),
        VideoCodec::H264 => {
            ("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
        }
    };
    let feedback = [("ccm", "fir"), ("nack", ""), ("nack", "pli")];
    RTCRtpCodec {
        mime_type: mime_type.into(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: fmtp.into(),
        rtcp_feedback: feedback
            .map(|(typ, parameter)| RTCPFeedback { typ: typ.into(), parameter: parameter.into() })
            .into(),
    }
}

fn track(kind: RtpCodecKind, codec: &RTCRtpCodec, layers: &[Layer]) -> OurTrack {
    // Not 0, which some receivers take for "none". No two of one connection are the same.
    let first = super::random_u32() | 1;
    let streams: Vec<(Layer, u32)> =
        layers.iter().zip(0..).map(|(layer, number)| (*layer, first.wrapping_add(2 * number))).collect();
    // Not the same at both ends: the stack finds what is said about our track by this name, among theirs first.
    let name = format!("{}-{first:x}", if kind == RtpCodecKind::Audio { "voice" } else { "picture" });
    let coding = |(layer, ssrc): &(Layer, u32)| {
        // One alone needs no name.
        let rid = if layers.len() > 1 { layer.rid().to_owned() } else { String::new() };
        RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { rid, ssrc: Some(*ssrc), ..Default::default() },
            codec: codec.clone(),
            ..Default::default()
        }
    };
    let codings = streams.iter().map(coding).collect();
    let track = MediaStreamTrack::new("call".into(), name.clone(), name, kind, codings);
    OurTrack { track: Arc::new(TrackLocalStaticRTP::new(track)), streams }
}

/// Called on the stack's own task: it passes on and returns.
struct Handler {
    net: Arc<Net>,
    told: mpsc::Sender<Told>,
}

impl Handler {
    fn tell(&self, told: Told) {
        if self.told.try_send(told).is_err() {
            debug!("the owner of a connection does not listen");
        }
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        match event.candidate.to_json() {
            Ok(init) if !init.candidate.is_empty() => self.tell(Told::Candidate(init.candidate)),
            // The end of the list: nobody needs it.
            Ok(_) => {}
            Err(_) => debug!("an address of ours cannot be written"),
        }
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        if state == RTCIceConnectionState::Checking {
            // After a restart: here, so that already the next sleep is short.
            self.net.pace.hurry_if_open();
        }
        self.tell(Told::Ice(state));
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if state == RTCPeerConnectionState::Connected {
            self.net.pace.steady();
        }
        self.tell(Told::State(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.tell(Told::Track(track));
    }
}

/// Whether the other side said good-bye.
pub(crate) async fn is_closed(transport: &dyn DtlsTransport) -> bool {
    matches!(transport.state().await, Ok(RTCDtlsTransportState::Closed))
}
