//! From texts to [`Settings`]: every value is read, and every value that cannot be used becomes a [`Problem`].
mod media;

use super::{
    AuthSettings, Database, EmbeddedTurn, Given, JwtSettings, Limits, LogFormat, LogSettings,
    MessengerTables, Problem, Secret, Settings, Source,
    keys::KEYS,
    sources::{Value, Values, gather},
    summary::{check_folder, summary},
    values::words,
};
use crate::{
    auth::VerifyingKey,
    calls::CallSettings,
    turn::{IceSettings, IceUrl, TurnAccess, TurnSecret, TurnUrls, stun_url_of_host},
};
use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

/// One setting as `check-config` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Its name in the file.
    pub name: &'static str,
    /// Its value; a secret only says that it is set.
    pub value: String,
    /// Who set it.
    pub source: Source,
}

/// What `check-config` shows.
#[derive(Debug)]
pub struct Report {
    /// Every setting that has a value, in the order of the list.
    pub in_force: Vec<InForce>,
    /// The same in plain words, if all of it can be used.
    pub summary: Vec<String>,
    /// What works, but is hardly meant.
    pub warnings: Vec<String>,
    /// What keeps the server from starting.
    pub problems: Vec<Problem>,
}

/// Reads the settings to show them instead of using them.
pub fn report(given: &Given) -> Report {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let values = gather(given, &mut problems, &mut warnings);
    let settings = settings(&values, &mut problems, &mut warnings);
    let summary = if problems.is_empty() { summary(&settings) } else { Vec::new() };
    if problems.is_empty() {
        problems.extend(check_folder(&settings));
    }
    let in_force = KEYS
        .iter()
        .filter_map(|key| {
            let Value { text, source } = values.get(key.name)?.clone();
            let value = if key.secret { "(set, not shown)".into() } else { text };
            Some(InForce { name: key.name, value, source })
        })
        .collect();
    Report { in_force, summary, warnings, problems }
}

/// Reads every value. Where one is wrong a harmless one takes its place, so that the next problem is found too.
pub(super) fn settings(values: &Values, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) -> Settings {
    let mut read = Reader { values, problems, warnings };
    let listen =
        SocketAddr::new(read.host("host").unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), read.port("port"));
    let data_dir = PathBuf::from(read.text("data_dir"));
    let (ice, embedded_turn) = read.turn(listen.ip());
    let auth = read.auth(listen.ip());
    let sfu = read.sfu(listen.ip(), auth.open && !auth.open_to_others);
    let media = read.media(sfu.is_some());
    Settings {
        listen,
        cors: read.parsed("cors_origins").unwrap_or_default(),
        trusted_proxies: read.parsed("trusted_proxies").unwrap_or_default(),
        metrics_token: read.secret("metrics_token"),
        drain: read.seconds("drain_seconds", 0..=3600),
        auth,
        database: read.database(&data_dir),
        data_dir,
        store_candidates: read.yes("store_candidates"),
        messenger: read.messenger(),
        ice,
        embedded_turn,
        calls: CallSettings { media, ..read.calls() },
        sfu,
        open_rooms: read.yes("open_rooms"),
        limits: Limits {
            connections: read.number("limit_connections", 1..=10_000_000) as usize,
            connections_per_address: read.limit("limit_connections_per_address").map(|most| most as usize),
            handshakes_per_minute: read.limit("limit_handshakes_per_minute").map(|most| most as u32),
            message_bytes: read.number("limit_message_bytes", 4096..=16 << 20) as usize,
            events_per_second: read.number("limit_events_per_second", 1..=1_000_000) as u32,
            requests_per_minute: read.number("limit_requests_per_minute", 1..=1_000_000) as u32,
        },
        log: read.log(),
    }
}

struct Reader<'a> {
    values: &'a Values,
    problems: &'a mut Vec<Problem>,
    warnings: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The text of a setting, empty if there is none.
    fn text(&self, name: &str) -> String {
        self.value(name).map(|value| value.text.clone()).unwrap_or_default()
    }

    fn optional(&self, name: &str) -> Option<String> {
        self.value(name).map(|value| value.text.clone())
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.optional(name).map(Secret::new)
    }

    fn problem(&mut self, name: &str, reason: impl Into<String>) {
        let source = self.value(name).map_or(Source::Default, |value| value.source.clone());
        self.problems.push(Problem::new(name, &source, reason));
    }

    /// The outcome, or its problem.
    fn taken<T>(&mut self, name: &str, outcome: Result<T, impl Display>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(reason) => {
                self.problem(name, reason.to_string());
                None
            }
        }
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.optional(name)?;
        self.taken(name, text.parse())
    }

    fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> u64 {
        let text = self.text(name);
        match text.trim().parse() {
            Ok(number) if range.contains(&number) => number,
            Ok(_) | Err(_) => {
                let (least, most) = range.into_inner();
                self.problem(name, format!("`{text}` is not a whole number from {least} to {most}"));
                least
            }
        }
    }

    /// A limit where 0 means that there is none.
    fn limit(&mut self, name: &str) -> Option<u64> {
        Some(self.number(name, 0..=1_000_000)).filter(|most| *most > 0)
    }

    fn port(&mut self, name: &str) -> u16 {
        self.number(name, 0..=u64::from(u16::MAX)) as u16
    }

    fn seconds(&mut self, name: &str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(name, range))
    }

    fn yes(&mut self, name: &str) -> bool {
        let text = self.text(name);
        match text.as_str() {
            "true" | "yes" | "on" | "1" => true,
            "false" | "no" | "off" | "0" => false,
            other => {
                self.problem(name, format!("`{other}` is neither true nor false"));
                false
            }
        }
    }

    /// `on`, `off`, or what `auto` means here.
    fn on_off_auto(&mut self, name: &str, auto: bool) -> bool {
        let text = self.text(name);
        match text.as_str() {
            "auto" => auto,
            "on" | "true" | "yes" | "1" => true,
            "off" | "false" | "no" | "0" => false,
            other => {
                self.problem(name, format!("`{other}` is none of `on`, `off` and `auto`"));
                false
            }
        }
    }

    fn host(&mut self, name: &str) -> Option<IpAddr> {
        let text = self.optional(name)?;
        if text == "localhost" {
            return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        let wrong = |_| {
            format!("`{text}` is not an IP address; 127.0.0.1 is this machine alone, 0.0.0.0 every network")
        };
        self.taken(name, bare.parse().map_err(wrong))
    }

    fn auth(&mut self, host: IpAddr) -> AuthSettings {
        let secret = self.jwt_secret();
        let public_key = self.jwt_public_key();
        let has_jwt = self.is_set("jwt_secret") || self.is_set("jwt_public_key");
        let has_telegram = self.is_set("telegram_bot_token");

        let (mut jwt, mut telegram, mut open) = (has_jwt, has_telegram, !has_jwt && !has_telegram);
        if let Some(modes) = self.optional("auth_mode") {
            (jwt, telegram, open) = (false, false, false);
            for mode in words(&modes) {
                match mode {
                    "jwt" => jwt = true,
                    "telegram" => telegram = true,
                    "open" => open = true,
                    other => {
                        self.problem("auth_mode", format!("`{other}` is none of jwt, telegram and open"));
                    }
                }
            }
            if jwt && !has_jwt {
                let reason = "`jwt` needs jwt_secret (HS256) or jwt_public_key (RS256, ES256)";
                self.problem("auth_mode", reason);
            }
            if telegram && !has_telegram {
                self.problem("auth_mode", "`telegram` needs telegram_bot_token, which @BotFather gives");
            }
            if (has_jwt && !jwt) || (has_telegram && !telegram) {
                self.warnings.push(format!(
                    "auth_mode is `{modes}`, so the key that is given for another mode is not used"
                ));
            }
        }
        if open && (jwt || telegram) {
            let reason = "`open` cannot stand beside another mode: whoever brings no token could be anybody, so that \
                          tokens would protect nobody; leave `open` out, or use it alone";
            self.problem("auth_mode", reason);
        }
        let open_to_others = open && self.open_to_others(host);
        let (audience, issuer) = (self.optional("jwt_audience"), self.optional("jwt_issuer"));
        AuthSettings {
            jwt: jwt.then_some(JwtSettings { secret, public_key, audience, issuer }),
            telegram: self.secret("telegram_bot_token").filter(|_| telegram),
            open,
            open_to_others,
        }
    }

    /// In `open` mode everybody can be everybody, so others must not reach it by accident.
    fn open_to_others(&mut self, host: IpAddr) -> bool {
        let allowed = self.yes("allow_open_on_public_address");
        if allowed {
            self.warnings.push(format!(
                "no sign-in on {host}: whoever reaches the port, or a proxy in front of it, can be anybody"
            ));
        } else if !host.is_loopback() {
            let about = if self.is_set("auth_mode") { "auth_mode" } else { "host" };
            self.problem(
                about,
                format!(
                    "{host} is reached from other machines, and without sign-in everybody can be everybody: give \
                     jwt_secret, jwt_public_key or telegram_bot_token, listen on 127.0.0.1, or, if you really \
                     want it, set allow_open_on_public_address = true"
                ),
            );
        }
        allowed
    }

    fn jwt_secret(&mut self) -> Option<Secret> {
        /// RFC 7518 section 3.2 asks for as many bytes as the hash has.
        const WANTED: usize = 32;
        /// Shorter ones are found by trying.
        const LEAST: usize = 16;
        let secret = self.secret("jwt_secret")?;
        let length = secret.reveal().len();
        if length < LEAST {
            let reason = format!(
                "it has {length} bytes and at least {LEAST} are needed, 32 are wanted; make one with \
                 `openssl rand -hex 32` and give it to the messenger, too"
            );
            self.problem("jwt_secret", reason);
        } else if length < WANTED {
            self.warnings.push(format!("jwt_secret has {length} bytes; 32 are wanted for HS256"));
        }
        Some(secret)
    }

    fn jwt_public_key(&mut self) -> Option<VerifyingKey> {
        let pem = self.optional("jwt_public_key")?;
        self.taken("jwt_public_key", VerifyingKey::from_pem(&pem))
    }

    fn database(&mut self, data_dir: &std::path::Path) -> Database {
        let url = self.optional("database_url");
        let host = self.optional("mysql_host");
        if url.is_some() && host.is_some() {
            self.warnings.push("mysql_host and its kind are not used: database_url is given".into());
        }
        match (url, host) {
            (Some(url), _) => self.database_of_url(&url),
            (None, Some(host)) => self.mysql(&host),
            (None, None) => {
                let alone = ["mysql_user", "mysql_password", "mysql_database"];
                if let Some(name) = alone.into_iter().find(|name| self.is_set(name)) {
                    self.problem(name, "it has no meaning without mysql_host");
                }
                Database::Sqlite(data_dir.join("calls.db"))
            }
        }
    }

    fn database_of_url(&mut self, url: &str) -> Database {
        if url == "none" {
            return Database::Memory;
        }
        if let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            if path.is_empty() || path.starts_with(":memory:") {
                self.problem("database_url", "write a file after `sqlite:`, or `none` to remember nothing");
            }
            return Database::Sqlite(path.into());
        }
        let is_mysql = ["mysql://", "mariadb://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
        if let Some(rest) = is_mysql {
            let database = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).split_once('/');
            if database.is_none_or(|(host, name)| host.is_empty() || name.is_empty()) {
                self.problem("database_url", "it must be like mysql://USER:PASSWORD@HOST/DATABASE");
            }
            return Database::MySql(Secret::new(format!("mysql://{rest}")));
        }
        // The URL may hold a password, so it is not repeated.
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let reason = if scheme.starts_with("postgres") {
            "calls are stored in SQLite, MariaDB or MySQL; PostgreSQL is not supported by this version"
        } else {
            "it must begin with sqlite:, mysql: or mariadb:, or be `none`"
        };
        self.problem("database_url", reason);
        Database::Memory
    }

    fn mysql(&mut self, host: &str) -> Database {
        let user = self.required("mysql_user", "mysql_host");
        let database = self.required("mysql_database", "mysql_host");
        let port = self.port("mysql_port");
        let password = self.optional("mysql_password").unwrap_or_default();
        let (user, password, database) = (escaped(&user), escaped(&password), escaped(&database));
        let host =
            if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.into() };
        Database::MySql(Secret::new(format!("mysql://{user}:{password}@{host}:{port}/{database}")))
    }

    fn required(&mut self, name: &'static str, beside: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(name, format!("it is missing: {beside} is given, so this one is needed"));
            String::new()
        })
    }

    fn messenger(&mut self) -> MessengerTables {
        let avatar = self.text("users_avatar_column");
        MessengerTables {
            users: self.table("users_table"),
            users_id: self.table("users_id_column"),
            users_name: self.names("users_name_columns"),
            users_avatar: (avatar != "none").then(|| self.table("users_avatar_column")),
            groups: self.table("groups_table"),
            groups_id: self.table("groups_id_column"),
            groups_name: self.table("groups_name_column"),
            members: self.table("members_table"),
            members_group: self.table("members_group_column"),
            members_user: self.table("members_user_column"),
        }
    }

    fn table(&mut self, name: &str) -> String {
        self.names(name).into_iter().next().unwrap_or_default()
    }

    /// Names of tables and columns stand in SQL, where no value can be bound; so nothing but letters passes.
    fn names(&mut self, name: &str) -> Vec<String> {
        let text = self.text(name);
        let is_name = |word: &str| {
            word.len() <= 64 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$".contains(&b))
        };
        if let Some(wrong) = words(&text).find(|word| !is_name(word)) {
            self.problem(name, format!("`{wrong}` is no name of letters, digits and _"));
        }
        words(&text).filter(|word| is_name(word)).map(str::to_owned).collect()
    }

    fn turn(&mut self, host: IpAddr) -> (IceSettings, Option<EmbeddedTurn>) {
        let mut ice = IceSettings::none();
        ice.ttl = self.seconds("turn_ttl", 60..=30 * 86_400);
        let list = self.text("stun_urls");
        for word in words(&list).filter(|word| *word != "none") {
            ice.stun.extend(self.taken("stun_urls", word.parse::<IceUrl>()));
        }
        if let Some(server) = self.optional("turn_server").filter(|server| self.is_host(server)) {
            ice.stun.extend(self.taken("turn_server", stun_url_of_host(&server)));
            ice.turn.extend(self.taken("turn_server", TurnUrls::of_host(&server)));
        }
        if let Some(urls) = self.optional("turn_url") {
            ice.turn.extend(self.taken("turn_url", TurnUrls::parse(&urls)));
        }
        let names_turn = self.is_set("turn_server") || self.is_set("turn_url");
        let secret = self.turn_secret();
        ice.access = match (&secret, self.is_set("turn_username")) {
            (Some(secret), fixed) => {
                if fixed {
                    self.warnings.push("turn_username is not used: turn_secret is given".into());
                }
                Some(TurnAccess::Secret(secret.clone()))
            }
            (None, true) => {
                let password = self.required("turn_password", "turn_username");
                if self.text("turn_username") == "wmuser" && password == "wmpass" {
                    let reason = "this name and password are printed in public documents: anybody could relay through \
                                  your server; use turn_secret, or choose others";
                    self.problem("turn_password", reason);
                }
                Some(TurnAccess::Fixed { username: self.text("turn_username"), password })
            }
            (None, false) => None,
        };
        if names_turn && ice.access.is_none() && !self.is_set("turn_secret") {
            let about = if self.is_set("turn_server") { "turn_server" } else { "turn_url" };
            let reason = "a TURN server opens to nobody without turn_secret (coturn: static-auth-secret), or \
                          turn_username and turn_password; a server that only does STUN belongs into stun_urls";
            self.problem(about, reason);
        }
        let embedded = self.embedded_turn(host, !names_turn && ice.stun.is_empty(), secret);
        if embedded.is_some() && matches!(ice.access, Some(TurnAccess::Fixed { .. })) {
            let reason = "the embedded relay and a fixed turn_username cannot be used together; use turn_secret \
                          for both, or leave turn_embedded off";
            self.problem("turn_embedded", reason);
        }
        (ice, embedded)
    }

    /// Whether `turn_server` names a host; a whole address is what people write first.
    fn is_host(&mut self, server: &str) -> bool {
        const SCHEMES: [&str; 6] = ["https:", "http:", "turns:", "turn:", "stuns:", "stun:"];
        let Some(rest) = SCHEMES.iter().find_map(|scheme| server.strip_prefix(scheme)) else { return true };
        let host = rest.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or_default();
        let reason = format!(
            "`{server}` is a whole address; write the host alone, `{host}`, or TURN addresses into turn_url: \
             `turn:{host}?transport=udp`"
        );
        self.problem("turn_server", reason);
        false
    }

    fn turn_secret(&mut self) -> Option<TurnSecret> {
        let text = self.optional("turn_secret")?;
        self.taken("turn_secret", TurnSecret::parse(&text))
    }

    fn embedded_turn(
        &mut self,
        host: IpAddr,
        no_other: bool,
        secret: Option<TurnSecret>,
    ) -> Option<EmbeddedTurn> {
        let external_ip: Option<IpAddr> = self.parsed("turn_external_ip");
        let bind = self.host("turn_bind").unwrap_or(match external_ip {
            // The server is behind a proxy and listens to it alone; nobody relays through that proxy.
            Some(IpAddr::V4(_)) if host.is_loopback() => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Some(IpAddr::V6(_)) if host.is_loopback() => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            Some(_) | None => host,
        });
        let by_itself = self.text("turn_embedded") == "auto";
        let on = self.on_off_auto("turn_embedded", no_other);
        // Read in any case: a mistake in them is worth telling even while the relay is off.
        let port = self.port("turn_port");
        let relay_ports = self.relay_ports();
        let allow_private_peers = self.on_off_auto("turn_allow_private_peers", bind.is_loopback());
        let allocations_per_user = self.number("turn_allocations_per_user", 1..=10_000) as usize;
        let allocations = self.number("turn_allocations", 1..=60_000) as usize;
        let kbps_per_user = self.number("turn_kbps_per_user", 8..=10_000_000) as u32;
        if !on {
            return None;
        }
        if bind.is_unspecified() && external_ip.is_none() {
            let reason = "the embedded relay listens on every address, so set turn_external_ip to the one that \
                          others reach it at";
            if by_itself {
                self.warnings.push(format!(
                    "no STUN or TURN server, calls will fail between many networks: {reason}, or name one by \
                     turn_server"
                ));
                return None;
            }
            self.problem("turn_embedded", reason);
        }
        let secret = match secret {
            Some(secret) => secret,
            None => self.taken("turn_secret", TurnSecret::random())?,
        };
        Some(EmbeddedTurn {
            bind,
            port,
            relay_ports,
            external_ip,
            allow_private_peers,
            allocations_per_user,
            allocations,
            kbps_per_user,
            secret,
        })
    }

    fn relay_ports(&mut self) -> RangeInclusive<u16> {
        let text = self.text("turn_relay_ports");
        let range = text.split_once('-').and_then(|(from, to)| {
            let (from, to): (u16, u16) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            (from >= 1024 && from <= to).then_some(from..=to)
        });
        range.unwrap_or_else(|| {
            self.problem("turn_relay_ports", format!("`{text}` is not like 49152-65535, from 1024 up"));
            49_152..=65_535
        })
    }

    fn calls(&mut self) -> CallSettings {
        CallSettings {
            ring: self.seconds("ring_seconds", 5..=600),
            grace: self.seconds("resume_seconds", 1..=600),
            attempts_per_minute: self.number("limit_calls_per_minute", 1..=100_000) as usize,
            candidates: self.number("limit_candidates", 10..=10_000) as usize,
            participants: self.number("max_participants", 2..=1000) as usize,
            ..CallSettings::default()
        }
    }

    fn log(&mut self) -> LogSettings {
        let format = match self.text("log_format").as_str() {
            "json" => LogFormat::Json,
            "text" => LogFormat::Text,
            other => {
                self.problem("log_format", format!("`{other}` is neither text nor json"));
                LogFormat::Text
            }
        };
        let filter = self.text("log_level");
        // A bare word that is no level would be taken for the name of a module, and everything else be silent.
        let is_level = |word: &str| ["error", "warn", "info", "debug", "trace", "off"].contains(&word);
        if let Some(wrong) =
            filter.split(',').map(str::trim).find(|word| !word.contains(['=', '[']) && !is_level(word))
        {
            self.problem(
                "log_level",
                format!("`{wrong}` is no level: error, warn, info, debug, trace or off"),
            );
        } else if let Err(error) = filter.parse::<tracing_subscriber::EnvFilter>() {
            self.problem("log_level", format!("`{filter}` is no filter such as `info`: {error}"));
        }
        LogSettings { format, filter }
    }
}

/// A part of a URL, with everything but letters and digits as `%XX`.
fn escaped(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes every text");
        }
        out
    })
}
