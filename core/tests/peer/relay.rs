//! Through coturn with the configuration that operators get, over UDP, TCP and TLS.
use crate::{
    media::{packet, send_voice, voice},
    pair::{Pair, settings},
    relay::{programs::Coturn, users::User},
};
use calls_core::peer::{PathEnd, PeerSettings, RelayProtocol};
use calls_machine::{FromPeer, PeerOrder};
use calls_protocol::{IceServer, IceServers};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

#[path = "../../../tests/tests/turn/programs.rs"]
#[allow(dead_code, reason = "the tests of the relay use all of it")]
pub(crate) mod programs;

/// What `programs` needs to know that coturn answers.
pub(crate) mod client {
    use std::{
        net::{SocketAddr, UdpSocket},
        time::Duration,
    };

    /// The server answered a question about our address.
    pub(crate) fn seen_address(server: SocketAddr, within: Duration) -> Option<SocketAddr> {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        socket.set_read_timeout(Some(within)).unwrap();
        let request = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        socket.send_to(&request, server).unwrap();
        socket.recv_from(&mut [0; 500]).ok().map(|(_, from)| from)
    }
}

/// Names and passwords as the server gives them to its users.
pub(crate) mod users {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use std::time::{SystemTime, UNIX_EPOCH};

    pub(crate) const SECRET: &str = "5d1c2f0e9b8a47f6a3e4d5c6b7a89012";

    pub(crate) struct User {
        pub(crate) name: String,
        pub(crate) password: String,
    }

    impl User {
        pub(crate) fn good(id: u64) -> Self {
            let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3600;
            let name = format!("{until}:{id}");
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
            Self { password: BASE64_STANDARD.encode(ring::hmac::sign(&key, name.as_bytes())), name }
        }
    }
}

/// Trusts one certificate and nothing else.
#[derive(Debug)]
struct Only(CertificateDer<'static>, Arc<CryptoProvider>);

impl ServerCertVerifier for Only {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.0 { Ok(ServerCertVerified::assertion()) } else { Err(Error::DecryptError) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.1.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.1.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}

fn trusting(coturn: &Coturn) -> Arc<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let certificate = CertificateDer::from_pem_file(coturn.certificate()).unwrap();
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Only(certificate, provider)))
        .with_no_client_auth();
    Arc::new(config)
}

fn coturn() -> Coturn {
    Coturn::start(programs::Peers::LoopbackToo, &[IpAddr::V4(Ipv4Addr::LOCALHOST)])
}

fn servers(urls: &[String], user: u64) -> IceServers {
    let User { name, password } = User::good(user);
    IceServers(
        vec![IceServer { urls: urls.to_vec(), username: Some(name), credential: Some(password) }].into(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voice_goes_through_a_relay_alone_by_udp_tcp_and_tls_and_a_restart_does_too() {
    let coturn = tokio::task::spawn_blocking(coturn).await.unwrap();
    let tls = trusting(&coturn);
    let settings = || PeerSettings { relay_only: true, tls: Some(tls.clone()), ..settings() };
    let ways = [
        (RelayProtocol::Udp, format!("turn:127.0.0.1:{}?transport=udp", coturn.port)),
        (RelayProtocol::Tcp, format!("turn:127.0.0.1:{}?transport=tcp", coturn.port)),
        (RelayProtocol::Tls, format!("turns:127.0.0.1:{}?transport=tcp", coturn.tls_port)),
    ];

    for (number, (protocol, url)) in ways.into_iter().enumerate() {
        let mut pair = Pair::new(settings, servers(&[url], number as u64)).await;
        let took = pair.connect().await;
        println!("{protocol:?}: up after {took:?}");
        for round in 0..2 {
            // The stack loses the first packet of a stream that comes through a relay, and what is on its way while
            // paths change.
            for end in [(&pair.a.peer, &mut pair.b.out), (&pair.b.peer, &mut pair.a.out)] {
                let (from, to) = end;
                while to.voice.try_recv().is_err() {
                    send_voice(from, voice(1000)).await;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                while timeout(Duration::from_millis(100), to.voice.recv()).await.is_ok() {}
            }
            for number in 0..50 {
                send_voice(&pair.a.peer, voice(number)).await;
                send_voice(&pair.b.peer, voice(number)).await;
                assert_eq!(packet(&mut pair.b.out.voice).await.payload, voice(number).payload);
                assert_eq!(packet(&mut pair.a.out.voice).await.payload, voice(number).payload);
            }
            let path = pair.a.peer.stats().await.unwrap().path.unwrap();
            assert_eq!((path.ours, path.relay), (PathEnd::Relay, Some(protocol)));
            if round == 0 {
                (pair.a.heard, pair.b.heard) = (Vec::new(), Vec::new());
                pair.a.order(PeerOrder::MakeOffer { restart: true }).await;
                pair.until(|pair| {
                    pair.a.heard.contains(&FromPeer::Up) && pair.b.heard.contains(&FromPeer::Up)
                })
                .await;
            }
        }
        pair.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_relay_at_hand_the_direct_way_is_taken() {
    let coturn = tokio::task::spawn_blocking(coturn).await.unwrap();
    let urls = [
        format!("stun:127.0.0.1:{}", coturn.port),
        format!("turn:127.0.0.1:{}", coturn.port),
        format!("turn:127.0.0.1:{}?transport=tcp", coturn.port),
        // Nobody is there: the others must not wait for it.
        "turn:127.0.0.1:9?transport=tcp".to_owned(),
        "turns:127.0.0.1:9".to_owned(),
        "nonsense".to_owned(),
    ];
    let mut pair = Pair::new(settings, servers(&urls, 50)).await;

    let took = pair.connect().await;

    println!("up after {took:?}");
    let path = pair.a.peer.stats().await.unwrap().path.unwrap();
    assert_eq!((path.ours, path.relay), (PathEnd::Host, None));
    pair.close().await;
}
