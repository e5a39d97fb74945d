//! What the app says when it connects.
use crate::{CallsError, error::words};
use calls_core::{
    Config,
    peer::PeerSettings,
    signaling::{Proofs, ServerUrl, Trust, Who},
};
use calls_protocol::{DeviceId, GroupId, UserId};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use std::sync::Arc;

/// Where sound comes from and goes to.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum MicrophoneKind {
    /// The sound card of the system.
    SoundCard,
    /// A tone, for tests; what others say is not heard.
    Tone {
        /// Its pitch.
        hertz: f64,
    },
    /// Nothing is said or heard.
    Silent,
}

/// What the camera is.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum CameraKind {
    /// That of the phone, opened by the app when [`crate::Platform`] is asked to.
    Phone,
    /// A picture that moves and tells a number, where there is no camera.
    TestPattern {
        /// The number.
        number: i64,
    },
    /// None.
    None,
}

/// What the app says when it connects.
#[derive(Debug, Clone, uniffi::Record)]
pub struct CallsConfig {
    /// The server, such as `https://calls.example.org`.
    pub server: String,
    /// Who calls from here.
    pub user: i64,
    /// This device, the same at each start of the app.
    pub device: String,
    /// What kind of device it is, for the server's log.
    #[uniffi(default = "android")]
    pub platform: String,
    /// Where a push reaches this device.
    #[uniffi(default = None)]
    pub push_token: Option<String>,
    /// Lets nobody see an address of this device: everything goes through a relay.
    #[uniffi(default = false)]
    pub relay_only: bool,
    /// Authorities that may vouch for the server besides those that browsers trust, as PEM.
    #[uniffi(default = None)]
    pub extra_roots: Option<String>,
    /// SHA-256 of the public keys (SPKI) that the server may have; none: any with a good certificate.
    #[uniffi(default = [])]
    pub pinned_keys: Vec<Vec<u8>>,
    /// Looks by itself whether the device is in another network. Whoever says so (Android tells it) turns it off.
    #[uniffi(default = false)]
    pub watch_network: bool,
    /// Where sound comes from and goes to.
    pub microphone: MicrophoneKind,
    /// What the camera is.
    pub camera: CameraKind,
}

/// How the app proves who its user is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Proof {
    /// A signed token of the messenger.
    Token {
        /// The token.
        token: String,
    },
    /// What Telegram gave to a mini app.
    Telegram {
        /// As it is.
        init_data: String,
    },
    /// Nothing: the server is open, for trying it out.
    Open,
}

/// Where proofs come from: the app, which asks its own server.
#[uniffi::export(with_foreign)]
#[async_trait::async_trait]
pub trait ProofSource: Send + Sync {
    /// A proof; none if there is none now, for want of a network for example. With `fresh` the last one was refused.
    async fn fetch(&self, fresh: bool) -> Result<Option<Proof>, ProofError>;
}

/// The app failed to say who it is. It is asked again.
#[derive(Debug, thiserror::Error, uniffi::Error)]
#[uniffi(flat_error)]
pub enum ProofError {
    /// It threw something.
    #[error("no proof: {0}")]
    Failed(String),
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ProofError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed(error.reason)
    }
}

/// The app's proofs as the engine asks for them.
struct Asked(Arc<dyn ProofSource>);

impl Proofs for Asked {
    fn fetch(&self, fresh: bool) -> BoxFuture<'_, Option<Value>> {
        Box::pin(async move {
            // Between us and the app, since what is given up while the app thinks leaks a waker in UniFFI, and with one of
            // tokio's the whole runtime with all its files. The ones of this queue hold on to nothing.
            let mut asked: FuturesUnordered<_> = [self.0.fetch(fresh)].into_iter().collect();
            match asked.next().await? {
                Ok(proof) => proof.map(|proof| match proof {
                    Proof::Token { token } => json!({ "token": token }),
                    Proof::Telegram { init_data } => json!({ "initData": init_data }),
                    Proof::Open => json!({}),
                }),
                Err(error) => {
                    // What the app threw may quote a token.
                    drop(error);
                    tracing::warn!("the app gave no proof of who it is");
                    None
                }
            }
        })
    }
}

impl CallsConfig {
    /// As the engine takes it.
    pub(crate) fn engine(&self, proofs: Arc<dyn ProofSource>) -> Result<Config, CallsError> {
        let server = ServerUrl::parse(&self.server).map_err(|error| CallsError::BadServer(words(&error)))?;
        let who = Who {
            user: user(self.user)?,
            device: DeviceId::new(&self.device).map_err(CallsError::bad_name)?,
            platform: self.platform.clone(),
            push_token: self.push_token.clone(),
        };
        let peer = PeerSettings { relay_only: self.relay_only, ..PeerSettings::default() };
        let config = Config::new(server, who, Arc::new(Asked(proofs)));
        Ok(Config { trust: self.trust()?, peer, watch_network: self.watch_network, ..config })
    }

    fn trust(&self) -> Result<Trust, CallsError> {
        let bad = |why: String| CallsError::Trust(why);
        let extra_roots = match &self.extra_roots {
            Some(pem) => CertificateDer::pem_slice_iter(pem.as_bytes())
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| bad(error.to_string()))?,
            None => Vec::new(),
        };
        let pinned_keys = self.pinned_keys.iter().map(|key| {
            <[u8; 32]>::try_from(&key[..]).map_err(|_| bad(format!("a pin has 32 bytes, not {}", key.len())))
        });
        Ok(Trust { extra_roots, pinned_keys: pinned_keys.collect::<Result<_, _>>()? })
    }
}

/// A user as the engine names them.
pub(crate) fn user(user: i64) -> Result<UserId, CallsError> {
    UserId::new(unsigned(user)?).map_err(CallsError::bad_name)
}

/// A group as the engine names it.
pub(crate) fn group(group: i64) -> Result<GroupId, CallsError> {
    GroupId::new(unsigned(group)?).map_err(CallsError::bad_name)
}

/// Java has no numbers without a sign.
fn unsigned(id: i64) -> Result<u64, CallsError> {
    u64::try_from(id).map_err(|_| CallsError::BadName(format!("{id} is negative")))
}
