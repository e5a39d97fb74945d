//! What the operator can set: one file, the environment and flags, read into types that cannot be wrong.
//!
//! [`KEYS`] is the one list of settings. [`Settings::load`] reads them all and tells every problem at once, in
//! words that name the setting, who said it and what to do. Nothing here opens a socket or a database.
mod check;
mod example;
mod keys;
mod sources;
mod summary;
mod values;

pub use check::{InForce, Report, report};
pub use example::{example_file, settings_table};
pub use keys::{KEYS, Key};
pub use sources::{Given, Source};
pub use summary::{check_folder, summary};
pub use values::{CorsOrigins, Network, Networks, Secret};

use crate::{
    auth::VerifyingKey,
    calls::CallSettings,
    sfu::SfuSettings,
    turn::{IceSettings, IceUrl, TurnAccess, TurnSecret, TurnUrls},
};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

/// Something that keeps the server from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, as the one who set it wrote it: `turn_secret`, `TURN_SECRET` or `--turn-secret`.
    pub setting: String,
    /// Who set it.
    pub source: Source,
    /// What is wrong and what to do.
    pub reason: String,
}

impl Problem {
    pub(crate) fn new(name: &str, source: &Source, reason: impl Into<String>) -> Self {
        let setting = match source {
            Source::Default | Source::File(_) => name.to_owned(),
            Source::Environment => name.to_uppercase(),
            Source::Flag => format!("--{}", name.replace('_', "-")),
        };
        Self { setting, source: source.clone(), reason: reason.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.setting, self.source, self.reason)
    }
}

/// Everything that is set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where Socket.IO, REST and the pages are served.
    pub listen: SocketAddr,
    /// Web pages of which origins may call.
    pub cors: CorsOrigins,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
    /// What `GET /metrics` asks for.
    pub metrics_token: Option<Secret>,
    /// How long a stopping server waits.
    pub drain: Duration,
    /// Who may speak.
    pub auth: AuthSettings,
    /// Where calls are remembered.
    pub database: Database,
    /// The folder of what the server itself keeps.
    pub data_dir: PathBuf,
    /// Whether candidates are written to the database.
    pub store_candidates: bool,
    /// The messenger's own tables.
    pub messenger: MessengerTables,
    /// STUN and TURN servers that run elsewhere; see [`Settings::ice_with_embedded`].
    pub ice: IceSettings,
    /// The relay in this process.
    pub embedded_turn: Option<EmbeddedTurn>,
    /// The media server in this process.
    pub sfu: Option<SfuSettings>,
    /// The numbers of the rules.
    pub calls: CallSettings,
    /// Whether anybody may open a room by its name.
    pub open_rooms: bool,
    /// How much of what is too much.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: LogSettings,
}

impl Settings {
    /// Reads the settings; with them come warnings: what works, but is hardly meant.
    pub fn load(given: &Given) -> Result<(Self, Vec<String>), Vec<Problem>> {
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        let values = sources::gather(given, &mut problems, &mut warnings);
        let settings = check::settings(&values, &mut problems, &mut warnings);
        // A setting that could not be read has a problem, and `settings` is then made of defaults in its place.
        if problems.is_empty() { Ok((settings, warnings)) } else { Err(problems) }
    }

    /// All STUN and TURN servers, once it is known on which port the embedded one listens.
    pub fn ice_with_embedded(&self, port: u16) -> IceSettings {
        let mut ice = self.ice.clone();
        if let Some(relay) = &self.embedded_turn {
            let host = match relay.external_ip.unwrap_or(relay.bind) {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            };
            let stun: Result<IceUrl, _> = format!("stun:{host}:{port}").parse();
            let turn = TurnUrls::parse(&format!("turn:{host}:{port}?transport=udp"));
            ice.stun.extend(stun);
            ice.turn.extend(turn);
            ice.access = Some(TurnAccess::Secret(relay.secret.clone()));
        }
        ice
    }
}

/// Which proofs of who is speaking are taken.
#[derive(Debug, Clone, Default)]
pub struct AuthSettings {
    /// Tokens of the messenger.
    pub jwt: Option<JwtSettings>,
    /// The token of the bot whose mini app signs people in.
    pub telegram: Option<Secret>,
    /// Whoever brings no proof is believed. Stands alone.
    pub open: bool,
    /// That goes for others than this machine, too: the operator says so.
    pub open_to_others: bool,
}

/// How a token is checked.
#[derive(Debug, Clone, Default)]
pub struct JwtSettings {
    /// For HS256.
    pub secret: Option<Secret>,
    /// For RS256 or ES256, whichever the key is for.
    pub public_key: Option<VerifyingKey>,
    /// What `aud` must name.
    pub audience: Option<String>,
    /// What `iss` must be.
    pub issuer: Option<String>,
}

/// Where calls are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// Nowhere: gone with the process.
    Memory,
    /// A file.
    Sqlite(PathBuf),
    /// MariaDB or MySQL: `mysql://USER:PASSWORD@HOST:PORT/DATABASE`.
    MySql(Secret),
}

/// Names of the messenger's tables and columns. Each is a plain name, safe to stand in SQL in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessengerTables {
    /// The table of users.
    pub users: String,
    /// Its id.
    pub users_id: String,
    /// Its columns that make up the name.
    pub users_name: Vec<String>,
    /// Its picture, if it has one.
    pub users_avatar: Option<String>,
    /// The table of groups.
    pub groups: String,
    /// Its id.
    pub groups_id: String,
    /// Its name.
    pub groups_name: String,
    /// The table of who is in which group.
    pub members: String,
    /// Its group.
    pub members_group: String,
    /// Its user.
    pub members_user: String,
}

/// The relay in this process.
#[derive(Debug, Clone)]
pub struct EmbeddedTurn {
    /// The address it listens on.
    pub bind: IpAddr,
    /// The port it listens on; 0 lets the system choose.
    pub port: u16,
    /// The ports it relays on.
    pub relay_ports: RangeInclusive<u16>,
    /// The address others reach it at, where that is another.
    pub external_ip: Option<IpAddr>,
    /// Whether it relays to private and loopback addresses.
    pub allow_private_peers: bool,
    /// Relays one user may hold.
    pub allocations_per_user: usize,
    /// Relays all users may hold.
    pub allocations: usize,
    /// What one user may relay each way, in kbit/s.
    pub kbps_per_user: u32,
    /// What its names and passwords are made with; a new one each start unless one is set.
    pub secret: TurnSecret,
}

/// How much of what is too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections of one address at once; no limit if none.
    pub connections_per_address: Option<usize>,
    /// Handshakes of one address in a minute; no limit if none.
    pub handshakes_per_minute: Option<u32>,
    /// Largest message of a client.
    pub message_bytes: usize,
    /// Events of one connection in a second.
    pub events_per_second: u32,
    /// REST requests of one user, or of one address without a user, in a minute.
    pub requests_per_minute: u32,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// One line of text, or one JSON object.
    pub format: LogFormat,
    /// A filter that `tracing-subscriber` reads.
    pub filter: String,
}

/// How an event looks in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line of text.
    Text,
    /// A JSON object on a line.
    Json,
}

#[cfg(test)]
mod tests;
