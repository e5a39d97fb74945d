//! Names and passwords as the server gives them to its users.
use calls_protocol::{UnixMillis, UserId};
use calls_server::turn::{IceIssuer, IceSettings, TurnAccess, TurnSecret};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const SECRET: &str = "5d1c2f0e9b8a47f6a3e4d5c6b7a89012";

pub(crate) fn secret() -> TurnSecret {
    TurnSecret::parse(SECRET).unwrap()
}

/// A name and its password.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
}

impl User {
    /// Good from now on for a time.
    pub(crate) fn for_a_while(id: u64, ttl: Duration) -> Self {
        Self::issued(id, ttl, SystemTime::now())
    }

    /// Good for an hour.
    pub(crate) fn good(id: u64) -> Self {
        Self::for_a_while(id, Duration::from_secs(3600))
    }

    /// Was good until some minutes ago.
    pub(crate) fn expired(id: u64) -> Self {
        Self::issued(id, Duration::from_secs(60), SystemTime::now() - Duration::from_secs(600))
    }

    /// The name is good, the password is somebody else's.
    pub(crate) fn guessing(id: u64) -> Self {
        Self { password: Self::good(id + 1).password, ..Self::good(id) }
    }

    /// The moment until which it is good.
    pub(crate) fn expiry(&self) -> SystemTime {
        let seconds = self.name.split_once(':').unwrap().0.parse().unwrap();
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn issued(id: u64, ttl: Duration, at: SystemTime) -> Self {
        let settings = IceSettings::of_host("127.0.0.1", TurnAccess::Secret(secret())).unwrap();
        let issuer = IceIssuer::new(IceSettings { ttl, ..settings });
        let now = UnixMillis(at.duration_since(UNIX_EPOCH).unwrap().as_millis() as u64);
        let given = issuer.credentials(UserId::new(id).unwrap(), now).unwrap();
        Self { name: given.username, password: given.credential }
    }
}
