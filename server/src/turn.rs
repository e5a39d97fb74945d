//! STUN and TURN: how two phones behind routers find a way to each other.
//!
//! [`credentials`] says which servers a user may use and makes the time-limited names and passwords for them.
//! [`embedded`] is a server of both kinds in this very process. This module knows nothing of calls.
pub mod credentials;
pub mod embedded;
mod ice_url;

pub use credentials::{
    IceIssuer, IceSettings, SecretError, TurnAccess, TurnCredentials, TurnSecret, TurnUrls, stun_url_of_host,
};
pub use ice_url::{IceUrl, IceUrlError, STUN_PORT, TURN_TLS_PORT};
