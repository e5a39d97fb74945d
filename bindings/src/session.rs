//! One user's calls, as far as the check of the link needs them: every path of the engine begins here.
use calls_core::{
    Callee, Calls, Config, Host,
    audio::{Device, NullDevice, SoundCard},
    signaling::{Proofs, ServerUrl, Who},
};
use calls_protocol::{CallType, DeviceId, UserId};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Why something was not done.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum SessionError {
    /// An argument is not what it should be, or the engine cannot begin.
    #[error("{what}")]
    Begin {
        /// In words.
        what: String,
    },
    /// The session was closed.
    #[error("the calls were closed; connect again")]
    Closed,
}

impl From<calls_core::Closed> for SessionError {
    fn from(_: calls_core::Closed) -> Self {
        Self::Closed
    }
}

/// One user's calls on this device.
#[derive(uniffi::Object)]
pub struct Session {
    calls: Calls,
}

#[uniffi::export]
impl Session {
    /// Begins to connect, and goes on trying until it is closed. `proof` is the JSON that the server shall believe.
    #[uniffi::constructor]
    pub fn connect(server: &str, user: u64, device: &str, proof: &str) -> Result<Arc<Self>, SessionError> {
        let who = Who {
            user: UserId::new(user).map_err(begin)?,
            device: DeviceId::new(device).map_err(begin)?,
            platform: "android".into(),
            push_token: None,
        };
        let proof = Arc::new(Proof(serde_json::from_str(proof).map_err(begin)?));
        let config = Config::new(ServerUrl::parse(server).map_err(begin)?, who, proof);
        let calls = Calls::connect(config, Arc::new(Phone)).map_err(begin)?;
        Ok(Arc::new(Self { calls }))
    }

    /// Calls somebody.
    pub async fn dial(&self, user: u64) -> Result<(), SessionError> {
        let callee = Callee::User(UserId::new(user).map_err(begin)?);
        self.calls.dial(callee, CallType::Audio).await?;
        Ok(())
    }

    /// Answers what rings.
    pub fn accept(&self) -> Result<(), SessionError> {
        self.each_call(|call| call.accept(CallType::Audio))
    }

    /// Ends every call.
    pub fn hang_up(&self) -> Result<(), SessionError> {
        self.each_call(calls_core::Call::hang_up)
    }

    /// Ends everything. Afterwards nothing is left.
    pub async fn close(&self) {
        self.calls.close().await;
    }
}

impl Session {
    fn each_call(
        &self,
        what: impl Fn(&calls_core::Call) -> Result<(), calls_core::Closed>,
    ) -> Result<(), SessionError> {
        let snapshot = self.calls.snapshots().borrow().clone();
        for call in &snapshot.calls {
            what(&self.calls.call(call.key))?;
        }
        Ok(())
    }
}

fn begin(error: impl std::fmt::Display) -> SessionError {
    SessionError::Begin { what: error.to_string() }
}

/// What the app says once and for all.
struct Proof(serde_json::Value);

impl Proofs for Proof {
    fn fetch(&self, fresh: bool) -> BoxFuture<'_, Option<serde_json::Value>> {
        let proof = (!fresh).then(|| self.0.clone());
        Box::pin(async { proof })
    }
}

/// This phone.
struct Phone;

impl Host for Phone {
    fn sound(&self) -> Box<dyn Device> {
        match SoundCard::new(|event| tracing::info!(?event, "sound card")) {
            Ok(card) => Box::new(card),
            Err(error) => {
                tracing::warn!(%error, "no thread for the sound card: this call is silent");
                Box::new(NullDevice)
            }
        }
    }
}
