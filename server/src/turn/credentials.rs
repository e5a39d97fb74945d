//! Which STUN and TURN servers a user may use, and the time-limited name and password for them.
//!
//! The name is `<expiry>:<userId>` and the password `base64(HMAC-SHA1(secret, name))`: what coturn checks with
//! `use-auth-secret`, so that a relay needs to know nobody but shares one secret with this server.
//! Pure: the time is an argument, and nothing here opens a socket.
use super::ice_url::{Host, IceUrl, IceUrlError, STUN_PORT, TURN_TLS_PORT};
use base64::{Engine, prelude::BASE64_STANDARD};
use calls_protocol::{IceServer, IceServers, Seconds, UnixMillis, UserId};
use ring::{hmac, rand::SecureRandom};
use serde::Serialize;
use std::{collections::HashMap, fmt, sync::Mutex, time::Duration};

/// The secret printed in the documents this server replaces the handler of. Everybody can read it there.
const PUBLIC_SAMPLE: &str = "a7f3e9c2d8b4f6a1c5e8d9b2f4a6c8e1d3f5a7b9c2e4f6a8b1d3f5a7c9e2f4a6";

/// What stands in `deploy/turnserver.conf` until the operator writes a secret of their own.
const PLACEHOLDER: &str = "replace-me-with-openssl-rand-hex-32";

/// 128 bits when the characters are random bytes; a word that people think of is shorter.
const SHORTEST_SECRET: usize = 16;

/// One answer is good for so long: within it a user gets the same name and password again.
const LONGEST_WINDOW: Duration = Duration::from_secs(300);

/// Users whose answer is kept; about 2 MB at the most. Beyond it answers are made anew, never wrong.
const CACHED_USERS: usize = 4096;

/// Why a text cannot be the secret shared with a TURN server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nothing, or only spaces.
    #[error("the TURN secret is empty; make one with `openssl rand -hex 32`")]
    Empty,
    /// Too easily guessed.
    #[error("the TURN secret has {0} bytes, at least 16 are needed; make one with `openssl rand -hex 32`")]
    TooShort(usize),
    /// The one that everybody can read in the documentation.
    #[error(
        "the TURN secret is the sample printed in public documents; make one with `openssl rand -hex 32`"
    )]
    PublicSample,
    /// The one from the example configuration.
    #[error("the TURN secret is still the placeholder; make one with `openssl rand -hex 32`")]
    Placeholder,
    /// The operating system gave no random bytes.
    #[error("no random bytes for a TURN secret from the operating system")]
    NoRandomness,
}

/// The secret shared with the TURN servers (`static-auth-secret` of coturn). Never printed.
#[derive(Clone)]
pub struct TurnSecret(hmac::Key);

impl TurnSecret {
    /// Reads a secret as an operator writes it; space around it, such as a file's last newline, is not part of it.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let secret = text.trim();
        let bare: String = secret.chars().filter(|c| !c.is_whitespace()).collect();
        if bare.is_empty() {
            return Err(SecretError::Empty);
        }
        if bare.eq_ignore_ascii_case(PUBLIC_SAMPLE) {
            return Err(SecretError::PublicSample);
        }
        if bare.eq_ignore_ascii_case(PLACEHOLDER) {
            return Err(SecretError::Placeholder);
        }
        if secret.len() < SHORTEST_SECRET {
            return Err(SecretError::TooShort(secret.len()));
        }
        Ok(Self::from_bytes(secret.as_bytes()))
    }

    /// A secret that nobody knows, for a relay that lives in this very process.
    pub fn random() -> Result<Self, SecretError> {
        let mut bytes = [0; 32];
        ring::rand::SystemRandom::new().fill(&mut bytes).map_err(|_| SecretError::NoRandomness)?;
        Ok(Self::from_bytes(&bytes))
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, bytes))
    }

    /// The password that belongs to a name.
    pub(super) fn password(&self, username: &str) -> String {
        BASE64_STANDARD.encode(hmac::sign(&self.0, username.as_bytes()))
    }
}

impl fmt::Debug for TurnSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnSecret(…)")
    }
}

/// The name for a user until a moment.
pub(super) fn username(expiry: Seconds, user: UserId) -> String {
    format!("{}:{user}", expiry.0)
}

/// The addresses of one TURN server. All of them relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnUrls(Vec<IceUrl>);

impl TurnUrls {
    /// Every way into the server at a host: UDP and TCP on 3478, TLS on 5349. A port written beside the host
    /// (`turn.example.org:13478`) takes the place of 3478, and TLS is left out, since nobody knows its port.
    pub fn of_host(host: &str) -> Result<Self, IceUrlError> {
        let host = host.trim();
        let Host { name, port } = Host::parse(host, host)?;
        let plain = port.unwrap_or(STUN_PORT);
        let mut urls =
            vec![format!("turn:{name}:{plain}?transport=udp"), format!("turn:{name}:{plain}?transport=tcp")];
        if port.is_none() {
            urls.push(format!("turns:{name}:{TURN_TLS_PORT}?transport=tcp"));
        }
        urls.iter().map(|url| url.parse()).collect::<Result<_, _>>().map(Self)
    }

    /// The addresses as the operator wrote them, separated by commas or spaces (`TURN_URL`).
    pub fn parse(list: &str) -> Result<Self, IceUrlError> {
        let urls = parse_list(list)?;
        match urls.iter().find(|url| !url.is_turn()) {
            Some(stun) => Err(IceUrlError::Scheme(stun.to_string())),
            None => Ok(Self(urls)),
        }
    }

    /// The addresses.
    pub fn iter(&self) -> impl Iterator<Item = &IceUrl> {
        self.0.iter()
    }
}

/// Reads addresses separated by commas or spaces; an empty list is an error, since somebody meant to name one.
fn parse_list(list: &str) -> Result<Vec<IceUrl>, IceUrlError> {
    let parts = list.split([',', ' ', '\n', '\t']).filter(|part| !part.is_empty());
    let urls: Vec<IceUrl> = parts.map(str::parse).collect::<Result<_, _>>()?;
    if urls.is_empty() { Err(IceUrlError::Scheme(list.to_owned())) } else { Ok(urls) }
}

/// The address of STUN at a host that also relays.
pub fn stun_url_of_host(host: &str) -> Result<IceUrl, IceUrlError> {
    let Host { name, port } = Host::parse(host.trim(), host)?;
    format!("stun:{name}:{}", port.unwrap_or(STUN_PORT)).parse()
}

/// What opens the TURN servers.
#[derive(Clone)]
pub enum TurnAccess {
    /// A secret shared with them; every user gets a name and password of their own, for a while.
    Secret(TurnSecret),
    /// One name and password for everybody, as hosted services give out (`TURN_USERNAME`, `TURN_PASSWORD`).
    Fixed {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
}

impl fmt::Debug for TurnAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(…)",
            Self::Fixed { .. } => "Fixed(…)",
        })
    }
}

/// The servers that the operator named. With no `turn` or no `access`, users get `stun` alone.
#[derive(Debug, Clone)]
pub struct IceSettings {
    /// STUN servers.
    pub stun: Vec<IceUrl>,
    /// TURN servers; all of them are opened by the same `access`.
    pub turn: Vec<TurnUrls>,
    /// What opens the TURN servers.
    pub access: Option<TurnAccess>,
    /// How long a name and password are good for, at least; at most a tenth or five minutes longer.
    pub ttl: Duration,
}

impl IceSettings {
    /// A day, as the documents this server follows have it: longer than any call, and than a phone sleeps.
    pub const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);

    /// No server at all: two phones on one network still find each other.
    pub fn none() -> Self {
        Self { stun: Vec::new(), turn: Vec::new(), access: None, ttl: Self::DEFAULT_TTL }
    }

    /// The server at one host (`TURN_SERVER`): STUN, and TURN over UDP, TCP and TLS.
    pub fn of_host(host: &str, access: TurnAccess) -> Result<Self, IceUrlError> {
        Ok(Self {
            stun: vec![stun_url_of_host(host)?],
            turn: vec![TurnUrls::of_host(host)?],
            access: Some(access),
            ttl: Self::DEFAULT_TTL,
        })
    }
}

impl Default for IceSettings {
    fn default() -> Self {
        Self::none()
    }
}

/// The answer of `POST /api/turn-credentials`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TurnCredentials {
    /// `<expiry>:<userId>`, or the fixed name.
    pub username: String,
    /// The password.
    pub credential: String,
    /// They are good for at least so long.
    pub ttl: Seconds,
    /// Where they open the door.
    pub urls: Vec<String>,
}

impl fmt::Debug for TurnCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnCredentials").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

/// Gives users their servers.
#[derive(Debug)]
pub struct IceIssuer {
    settings: IceSettings,
    /// What a user gets who may not relay; also the first entry of everybody else.
    stun: IceServers,
    window: Duration,
    cache: Mutex<Cache>,
}

/// Answers of one window. All of them grow old at the same moment, so they go together.
#[derive(Debug)]
struct Cache {
    expiry: Seconds,
    servers: HashMap<UserId, IceServers>,
}

impl IceIssuer {
    /// An issuer for these servers.
    pub fn new(settings: IceSettings) -> Self {
        let stun = match settings.stun.as_slice() {
            [] => IceServers::default(),
            urls => IceServers([stun_entry(urls)].into()),
        };
        // A time to live of seconds, as tests and careful operators set it, is not stretched to minutes.
        let window = (settings.ttl / 10).clamp(Duration::from_secs(1), LONGEST_WINDOW);
        Self {
            settings,
            stun,
            window,
            cache: Mutex::new(Cache { expiry: Seconds(0), servers: HashMap::new() }),
        }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &IceSettings {
        &self.settings
    }

    /// The servers a user may use now.
    ///
    /// Asked for with every ring and answer, so within a few minutes the same user gets the same servers again
    /// and neither the HMAC nor the allocation is paid twice.
    pub fn ice_servers(&self, user: UserId, now: UnixMillis) -> IceServers {
        let Some(access) = self.turn_access() else { return self.stun.clone() };
        let expiry = self.expiry(now);
        // A poisoned lock means that a thread died between two plain writes; the map is whole either way.
        let mut cache = self.cache.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if cache.expiry != expiry || cache.servers.len() >= CACHED_USERS {
            cache.expiry = expiry;
            cache.servers.clear();
        }
        cache.servers.entry(user).or_insert_with(|| self.make(access, user, expiry)).clone()
    }

    /// STUN alone, for somebody of whom nothing is known.
    pub fn stun_servers(&self) -> IceServers {
        self.stun.clone()
    }

    /// The name and password for TURN alone; none where no TURN is configured.
    pub fn credentials(&self, user: UserId, now: UnixMillis) -> Option<TurnCredentials> {
        let access = self.turn_access()?;
        let (username, credential) = name_and_password(access, user, self.expiry(now));
        let urls = self.settings.turn.iter().flat_map(TurnUrls::iter).map(IceUrl::to_string).collect();
        Some(TurnCredentials { username, credential, ttl: self.ttl(), urls })
    }

    /// How long an answer is good for, at least.
    pub fn ttl(&self) -> Seconds {
        Seconds(self.settings.ttl.as_secs())
    }

    fn turn_access(&self) -> Option<&TurnAccess> {
        self.settings.access.as_ref().filter(|_| !self.settings.turn.is_empty())
    }

    /// The moment until which names made now are good: a whole time to live from the end of this window, so that
    /// whoever asks late in the window still gets all of it.
    fn expiry(&self, now: UnixMillis) -> Seconds {
        let window = self.window.as_secs();
        let window_end = (now.0 / 1000 / window).saturating_add(1).saturating_mul(window);
        Seconds(window_end.saturating_add(self.settings.ttl.as_secs()))
    }

    fn make(&self, access: &TurnAccess, user: UserId, expiry: Seconds) -> IceServers {
        let (username, credential) = name_and_password(access, user, expiry);
        let relays = self.settings.turn.iter().map(|urls| IceServer {
            urls: urls.iter().map(IceUrl::to_string).collect(),
            username: Some(username.clone()),
            credential: Some(credential.clone()),
        });
        IceServers(self.stun.0.iter().cloned().chain(relays).collect())
    }
}

fn stun_entry(urls: &[IceUrl]) -> IceServer {
    IceServer { urls: urls.iter().map(IceUrl::to_string).collect(), username: None, credential: None }
}

fn name_and_password(access: &TurnAccess, user: UserId, expiry: Seconds) -> (String, String) {
    match access {
        TurnAccess::Secret(secret) => {
            let username = username(expiry, user);
            let password = secret.password(&username);
            (username, password)
        }
        TurnAccess::Fixed { username, password } => (username.clone(), password.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    /// 2023-11-14 22:13:20 UTC, the end of a five-minute window less 100 s.
    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    fn with_secret(ttl: Duration) -> IceIssuer {
        let access = TurnAccess::Secret(TurnSecret::parse(SECRET).unwrap());
        IceIssuer::new(IceSettings { ttl, ..IceSettings::of_host("turn.example.org", access).unwrap() })
    }

    #[test]
    fn a_password_is_what_node_crypto_computes() {
        let secret = TurnSecret::parse(SECRET).unwrap();

        // createHmac('sha1', SECRET).update(name).digest('base64')
        assert_eq!(secret.password("1700000000:123"), "TyhcxjdzgzU05XhOTHor+rZeO9g=");
        assert_eq!(secret.password("1763803800:9007199254740991"), "gXuT5BVzQJlNBYRYgmE/Atoj/+8=");
    }

    #[test]
    fn a_weak_or_public_secret_is_refused_by_its_fault() {
        let upper = PUBLIC_SAMPLE.to_uppercase();
        let spaced = format!("{} {}\n", &PUBLIC_SAMPLE[..32], &PUBLIC_SAMPLE[32..]);
        for (text, fault) in [
            ("", SecretError::Empty),
            (" \t\n", SecretError::Empty),
            ("secret", SecretError::TooShort(6)),
            ("  fifteen-bytes-x  ", SecretError::TooShort(15)),
            (PUBLIC_SAMPLE, SecretError::PublicSample),
            (&upper, SecretError::PublicSample),
            (&spaced, SecretError::PublicSample),
            (&format!("\t{PUBLIC_SAMPLE}\r\n"), SecretError::PublicSample),
            (PLACEHOLDER, SecretError::Placeholder),
        ] {
            assert_eq!(TurnSecret::parse(text).err(), Some(fault), "{text:?}");
        }
        assert!(TurnSecret::parse("sixteen-bytes-xy").is_ok());
    }

    #[test]
    fn the_newline_of_a_secret_file_is_not_part_of_the_secret() {
        let from_file = TurnSecret::parse(&format!("{SECRET}\n")).unwrap();

        assert_eq!(from_file.password("1:1"), TurnSecret::parse(SECRET).unwrap().password("1:1"));
    }

    #[test]
    fn neither_secret_nor_password_is_ever_printed() {
        let issuer = with_secret(IceSettings::DEFAULT_TTL);
        let given = issuer.credentials(user(7), NOW).unwrap();
        let fixed = TurnAccess::Fixed { username: "webrtc".into(), password: "securepassword123".into() };

        let printed = format!("{issuer:?} {given:?} {fixed:?}");

        for hidden in [SECRET, &given.credential, &given.username, "webrtc", "securepassword123"] {
            assert!(!printed.contains(hidden), "{printed}");
        }
    }

    #[test]
    fn a_user_gets_stun_and_every_way_into_the_relay_under_a_name_of_their_own() {
        let issuer = with_secret(IceSettings::DEFAULT_TTL);

        let servers = serde_json::to_value(issuer.ice_servers(user(123), NOW)).unwrap();

        let username = "1700086500:123";
        let expected = serde_json::json!([
            { "urls": ["stun:turn.example.org:3478"] },
            {
                "urls": [
                    "turn:turn.example.org:3478?transport=udp",
                    "turn:turn.example.org:3478?transport=tcp",
                    "turns:turn.example.org:5349?transport=tcp",
                ],
                "username": username,
                "credential": TurnSecret::parse(SECRET).unwrap().password(username),
            },
        ]);
        assert_eq!(servers, expected);
    }

    #[test]
    fn credentials_alone_say_the_same_as_the_servers() {
        let issuer = with_secret(IceSettings::DEFAULT_TTL);

        let servers = issuer.ice_servers(user(5), NOW);
        let alone = issuer.credentials(user(5), NOW).unwrap();

        assert_eq!(servers.0[1].username.as_deref(), Some(alone.username.as_str()));
        assert_eq!(servers.0[1].credential.as_deref(), Some(alone.credential.as_str()));
        assert_eq!(servers.0[1].urls, alone.urls);
        assert_eq!(alone.ttl, Seconds(86_400));
    }

    #[test]
    fn an_answer_is_good_for_the_whole_time_to_live_and_not_much_longer() {
        for ttl in [1, 9, 60, 600, 86_400] {
            let issuer = with_secret(Duration::from_secs(ttl));
            for offset in 0..2_000 {
                let now = UnixMillis(NOW.0 + offset * 499);

                let left = issuer.expiry(now).0 * 1000 - now.0;

                let most = ttl * 1000 + (ttl * 100).clamp(1_000, 300_000);
                assert!((ttl * 1000..=most).contains(&left), "ttl {ttl}, {left} ms left");
            }
        }
    }

    #[test]
    fn within_a_window_the_same_answer_is_shared_and_after_it_a_new_one_is_made() {
        let issuer = with_secret(IceSettings::DEFAULT_TTL);

        let first = issuer.ice_servers(user(1), NOW);
        let again = issuer.ice_servers(user(1), UnixMillis(NOW.0 + 99_999));
        let other = issuer.ice_servers(user(2), NOW);
        let later = issuer.ice_servers(user(1), UnixMillis(NOW.0 + 100_000));

        assert!(std::sync::Arc::ptr_eq(&first.0, &again.0));
        assert_ne!(first, other);
        assert_ne!(first, later);
    }

    #[test]
    fn the_answers_kept_are_bounded() {
        let issuer = with_secret(IceSettings::DEFAULT_TTL);

        for id in 1..=2 * CACHED_USERS as u64 + 10 {
            let _servers = issuer.ice_servers(user(id), NOW);
        }

        assert!(issuer.cache.lock().unwrap().servers.len() <= CACHED_USERS);
    }

    #[test]
    fn without_turn_users_get_stun_alone_and_without_anything_nothing() {
        let stun = vec!["stun:stun.example.org".parse().unwrap()];
        let stun_only = IceIssuer::new(IceSettings { stun, ..IceSettings::none() });
        let nothing = IceIssuer::new(IceSettings::none());

        assert_eq!(stun_only.ice_servers(user(1), NOW).0[0].urls, ["stun:stun.example.org"]);
        assert_eq!(stun_only.ice_servers(user(1), NOW), stun_only.stun_servers());
        assert!(stun_only.credentials(user(1), NOW).is_none());
        assert!(nothing.ice_servers(user(1), NOW).0.is_empty());
    }

    #[test]
    fn relays_without_anything_to_open_them_are_not_offered() {
        let turn = vec![TurnUrls::of_host("turn.example.org").unwrap()];
        let issuer = IceIssuer::new(IceSettings { turn, ..IceSettings::none() });

        assert!(issuer.ice_servers(user(1), NOW).0.is_empty());
    }

    #[test]
    fn a_fixed_name_and_password_are_handed_on_with_the_addresses_as_written() {
        let turn = vec![
            TurnUrls::parse("turn:global.relay.metered.ca:80, turns:global.relay.metered.ca:443").unwrap(),
            TurnUrls::of_host("backup.example.org:13478").unwrap(),
        ];
        let access = TurnAccess::Fixed { username: "webrtc".into(), password: "securepassword123".into() };
        let issuer = IceIssuer::new(IceSettings { turn, access: Some(access), ..IceSettings::none() });

        let servers = issuer.ice_servers(user(1), NOW);

        assert_eq!(
            servers.0[0].urls,
            ["turn:global.relay.metered.ca:80", "turns:global.relay.metered.ca:443"]
        );
        assert_eq!(
            servers.0[1].urls,
            ["turn:backup.example.org:13478?transport=udp", "turn:backup.example.org:13478?transport=tcp"]
        );
        for server in servers.0.iter() {
            assert_eq!(server.username.as_deref(), Some("webrtc"));
            assert_eq!(server.credential.as_deref(), Some("securepassword123"));
        }
    }

    #[test]
    fn a_stun_address_is_no_relay() {
        assert!(TurnUrls::parse("stun:stun.example.org").is_err());
        assert!(TurnUrls::parse(" , ").is_err());
    }

    #[test]
    fn an_ipv6_host_keeps_its_brackets() {
        let urls = TurnUrls::of_host("[2001:db8::1]").unwrap();

        assert_eq!(urls.iter().next().unwrap().as_str(), "turn:[2001:db8::1]:3478?transport=udp");
    }
}
