//! What can go wrong, as Kotlin catches it.
use calls_core::{Closed, ConnectError, JoinError, signaling::TrustError};
use std::error::Error;

/// Why something was not done. The message says what, and why down to the first cause.
#[derive(Debug, thiserror::Error, uniffi::Error)]
#[uniffi(flat_error)]
pub enum CallsError {
    /// The calls were closed: connect again.
    #[error("the calls were closed; connect again")]
    Closed,
    /// The address of the server is none.
    #[error("this is no address of a server: {0}")]
    BadServer(String),
    /// This can be no user, group or device.
    #[error("this can be nobody: {0}")]
    BadName(String),
    /// This can be no room.
    #[error("this cannot be the name of a room: {0}")]
    BadRoom(String),
    /// No server can be trusted with these settings.
    #[error("no connection can be trusted with these settings: {0}")]
    Trust(String),
    /// The system gives no thread, timer or file.
    #[error("the system has no room for more: {0}")]
    System(String),
}

impl From<Closed> for CallsError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<ConnectError> for CallsError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Trust(cause) => cause.into(),
            ConnectError::System(cause) => Self::system(cause),
        }
    }
}

impl From<TrustError> for CallsError {
    fn from(error: TrustError) -> Self {
        Self::Trust(words(&error))
    }
}

impl From<JoinError> for CallsError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Name(cause) => Self::BadRoom(words(&cause)),
            JoinError::Closed(Closed) => Self::Closed,
        }
    }
}

impl CallsError {
    /// The system has no room for something.
    pub(crate) fn system(cause: impl Error) -> Self {
        Self::System(words(&cause))
    }

    /// It can be nobody's name or number.
    pub(crate) fn bad_name(cause: impl Error) -> Self {
        Self::BadName(words(&cause))
    }
}

/// An error with all its causes: Kotlin cannot ask for them one by one.
pub(crate) fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cause_is_told() {
        let cause = std::io::Error::other("all 512 threads are in use");
        let error = CallsError::from(ConnectError::System(cause));

        assert_eq!(error.to_string(), "the system has no room for more: all 512 threads are in use");
    }
}
