//! One WebSocket to the server: where it is, how it is trusted.
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{fmt, io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, protocol::WebSocketConfig},
};
use url::Url;

/// Larger than any message of the server; what is larger is no friend.
const LARGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    is_secure: bool,
    host: String,
    port: u16,
    /// Where Socket.IO is, with a slash at both ends.
    path: String,
}

/// Why a server's address cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not an address.
    #[error("`{0}` is no address such as https://calls.example.org")]
    NotAUrl(String),
    /// It is one of something else.
    #[error("the server is reached by https or http, not by `{0}`")]
    Scheme(String),
}

impl ServerUrl {
    /// Reads `https://host[:port][/path]`; `wss`, `http` and `ws` are fine, too.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let url = Url::parse(text).map_err(|_| UrlError::NotAUrl(text.into()))?;
        let is_secure = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            other => return Err(UrlError::Scheme(other.into())),
        };
        let host = url.host_str().ok_or_else(|| UrlError::NotAUrl(text.into()))?.to_owned();
        let port = url.port().unwrap_or(if is_secure { 443 } else { 80 });
        let path = format!("{}/socket.io/", url.path().trim_end_matches('/'));
        Ok(Self { is_secure, host, port, path })
    }

    /// A name or address, without the brackets of IPv6.
    fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// Which servers are believed to be the one that was meant.
#[derive(Clone, Default)]
pub struct Trust {
    /// Authorities besides those that browsers trust, as DER; for a company's own.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// SHA-256 of the public keys (SPKI) that the server may have. None: any with a good certificate.
    pub pinned_keys: Vec<[u8; 32]>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust({} extra roots, {} pinned keys)", self.extra_roots.len(), self.pinned_keys.len())
    }
}

/// Why the trust that was asked for cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// One of the authorities is none.
    #[error("an extra root is no certificate of an authority")]
    Root(#[source] rustls::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

impl Trust {
    /// What a TLS connection is made with.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in &self.extra_roots {
            roots.add(root.clone()).map_err(TrustError::Root)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Tls)?;
        if self.pinned_keys.is_empty() {
            return Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()));
        }
        let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|error| TrustError::Tls(rustls::Error::General(error.to_string())))?;
        let verifier = Arc::new(Pinned { usual, keys: self.pinned_keys.clone(), provider });
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        Ok(Arc::new(builder.with_no_client_auth()))
    }
}

/// Asks for more than a good certificate: a key that is known.
struct Pinned {
    usual: Arc<WebPkiServerVerifier>,
    keys: Vec<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pinned({} keys)", self.keys.len())
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified =
            self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let bad = || rustls::Error::InvalidCertificate(rustls::CertificateError::BadEncoding);
        let key = webpki::EndEntityCert::try_from(end_entity).map_err(|_| bad())?.subject_public_key_info();
        let digest = ring::digest::digest(&ring::digest::SHA256, &key);
        let is_known = self.keys.iter().any(|known| known == digest.as_ref());
        let stranger = rustls::CertificateError::ApplicationVerificationFailure;
        if is_known { Ok(verified) } else { Err(rustls::Error::InvalidCertificate(stranger)) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Bytes in both directions, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A WebSocket that is open.
pub(super) type Socket = WebSocketStream<Box<dyn Stream>>;

/// Why there is none. The address is not in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("the server cannot be reached")]
    Reach(#[source] io::Error),
    #[error("the server's certificate is not good for it")]
    Tls(#[source] io::Error),
    #[error("the server's name cannot be in a certificate")]
    Name,
    #[error("the server does not speak WebSocket here")]
    WebSocket(#[source] Box<tungstenite::Error>),
}

/// Opens one.
pub(super) async fn open(server: ServerUrl, tls: Arc<ClientConfig>) -> Result<Socket, OpenError> {
    let stream = TcpStream::connect((server.bare_host(), server.port)).await.map_err(OpenError::Reach)?;
    // A frame is small and somebody waits for it. A connection that is gone already says so when it is used.
    let _ = stream.set_nodelay(true);
    let stream: Box<dyn Stream> = if server.is_secure {
        let name = ServerName::try_from(server.bare_host().to_owned()).map_err(|_| OpenError::Name)?;
        Box::new(TlsConnector::from(tls).connect(name, stream).await.map_err(OpenError::Tls)?)
    } else {
        Box::new(stream)
    };
    let scheme = if server.is_secure { "wss" } else { "ws" };
    let ServerUrl { host, port, path, .. } = &server;
    let url = format!("{scheme}://{host}:{port}{path}?EIO=4&transport=websocket");
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let opened = client_async_with_config(url, stream, Some(config)).await;
    let (socket, _) = opened.map_err(|error| OpenError::WebSocket(Box::new(error)))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_as_people_name_it() {
        for (text, expected) in [
            ("https://calls.example.org", Some((true, "calls.example.org", 443, "/socket.io/"))),
            ("http://127.0.0.1:3000/", Some((false, "127.0.0.1", 3000, "/socket.io/"))),
            ("wss://calls.example.org:449/app/", Some((true, "calls.example.org", 449, "/app/socket.io/"))),
            ("http://[::1]:3000", Some((false, "::1", 3000, "/socket.io/"))),
            ("https://xn--e1aybc.example", Some((true, "xn--e1aybc.example", 443, "/socket.io/"))),
            // The tables for this are left out, see `idna_adapter` in the workspace's Cargo.toml.
            ("https://тест.example", None),
            ("calls.example.org", None),
            ("ftp://calls.example.org", None),
        ] {
            let read = ServerUrl::parse(text).ok();
            let shown =
                read.as_ref().map(|url| (url.is_secure, url.bare_host(), url.port, url.path.as_str()));
            assert_eq!(shown, expected, "{text}");
        }
    }

    #[test]
    fn an_authority_that_is_none_is_an_error() {
        let trust = Trust { extra_roots: vec![CertificateDer::from(vec![1, 2, 3])], ..Trust::default() };

        assert!(matches!(trust.config(), Err(TrustError::Root(_))));
        assert!(Trust::default().config().is_ok());
    }
}
