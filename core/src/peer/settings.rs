//! What a connection can be told before it begins.
use super::media::VideoCodec;
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio_rustls::rustls::ClientConfig;

/// What a connection can be told before it begins. The default is right for a phone.
#[derive(Clone)]
pub struct PeerSettings {
    /// Where its sockets are. An unspecified address means each interface that there is at that moment.
    pub addresses: Vec<SocketAddr>,
    /// Nothing but relays: the other side does not learn an address of ours.
    pub relay_only: bool,
    /// Names of the local network (mDNS) among their addresses are looked up. Off: an app that may use the microphone
    /// gets plain addresses from every browser, and multicast costs a phone a lock and a permission.
    pub local_names: bool,
    /// What TURN over TLS trusts. One configuration serves the whole engine; none leaves such servers out.
    pub tls: Option<Arc<ClientConfig>>,
    /// Which pictures can be sent and shown, the best first.
    pub video: Vec<VideoCodec>,
    /// The other side is the media server: the camera goes in several sizes, and the screen beside it.
    pub media_server: bool,
    /// What is sent before anything is known about the path, in bits per second.
    pub start_bitrate: u32,
    /// Nothing from the other side for so long, not even consent, and the path is lost.
    pub lost_after: Duration,
}

impl Default for PeerSettings {
    fn default() -> Self {
        Self {
            addresses: vec![(Ipv4Addr::UNSPECIFIED, 0).into(), (Ipv6Addr::UNSPECIFIED, 0).into()],
            relay_only: false,
            local_names: false,
            tls: None,
            video: vec![VideoCodec::Vp8, VideoCodec::H264],
            media_server: false,
            // The estimate grows slowly and never probes.
            start_bitrate: 500_000,
            lost_after: Duration::from_secs(5),
        }
    }
}
