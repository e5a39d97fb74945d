//! Every setting, once: its name, its default, and one sentence that explains it.
//!
//! From this table come the names in the file, in the environment and on the command line, the help, the list of
//! `check-config` and the table in `docs/deploy.md`.

/// One setting. `turn_secret` in the file is `TURN_SECRET` in the environment and `--turn-secret` as a flag.
#[derive(Debug)]
pub struct Key {
    /// The name in the file.
    pub name: &'static str,
    /// What it belongs to; also the heading in the help.
    pub section: &'static str,
    /// The default as text; empty if there is none.
    pub default: &'static str,
    /// What stands for the value in the help.
    pub value: &'static str,
    /// Never printed, and may come from a file named by `<NAME>_FILE`.
    pub secret: bool,
    /// What it is for.
    pub help: &'static str,
}

impl Key {
    /// The name in the environment.
    pub fn env(&self) -> String {
        self.name.to_uppercase()
    }

    /// The name as a flag, without the two dashes.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

/// The setting of that name in the file.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

macro_rules! keys {
    ($($section:literal: { $($name:ident = $default:literal, $value:literal $(, $secret:ident)?; $help:literal)* })*) => {
        &[$($(Key {
            name: stringify!($name),
            section: $section,
            default: $default,
            value: $value,
            secret: is_secret!($($secret)?),
            help: $help,
        },)*)*]
    };
}

macro_rules! is_secret {
    () => {
        false
    };
    (secret) => {
        true
    };
}

/// Every setting.
pub const KEYS: &[Key] = keys! {
    "Server": {
        host = "127.0.0.1", "ADDRESS";
            "Address to listen on; 0.0.0.0 or :: for every network"
        port = "3000", "PORT";
            "Port of Socket.IO, REST and pages; 0 lets the system choose"
        cors_origins = "localhost", "LIST";
            "Web origins that may call this server: `https://app.example.org`, `localhost` (any port), `*`, `none`"
        trusted_proxies = "127.0.0.1,::1", "LIST";
            "Reverse proxies whose X-Forwarded-For is believed when requests are counted"
        metrics_token = "", "TOKEN", secret;
            "Bearer token that GET /metrics asks for; without one only this machine may read it, and not through a proxy"
        drain_seconds = "10", "SECONDS";
            "How long a stopping server waits for its calls to move away"
    }
    "Who is speaking": {
        auth_mode = "", "LIST";
            "`jwt`, `telegram`, both, or `open` alone; by default whatever a key is given for, else `open`"
        allow_open_on_public_address = "false", "BOOL";
            "Allows `open` where others reach it: everybody can then be everybody"
        jwt_secret = "", "SECRET", secret;
            "Secret of HS256 tokens"
        jwt_public_key = "", "PEM", secret;
            "Public key of RS256 or ES256 tokens, as PEM"
        jwt_audience = "", "TEXT";
            "If set, `aud` of a token must name it"
        jwt_issuer = "", "TEXT";
            "If set, `iss` of a token must be it"
        telegram_bot_token = "", "TOKEN", secret;
            "Token of the bot whose mini app signs people in"
    }
    "Database": {
        database_url = "", "URL", secret;
            "`sqlite:FILE`, `mysql://USER:PASSWORD@HOST/DATABASE` or `none` (memory only); default: SQLite in the data folder"
        data_dir = "data", "FOLDER";
            "Folder of what the server itself keeps"
        mysql_host = "", "HOST";
            "Host of MariaDB or MySQL, in place of a URL"
        mysql_port = "3306", "PORT";
            "Its port"
        mysql_user = "", "NAME";
            "Its user"
        mysql_password = "", "PASSWORD", secret;
            "The password of that user"
        mysql_database = "", "NAME";
            "Its database"
        store_candidates = "true", "BOOL";
            "Whether ICE candidates are written to wo_ice_candidates; they are addresses of people"
    }
    "Messenger": {
        users_table = "wo_users", "NAME";
            "The messenger's table of users; only read"
        users_id_column = "user_id", "NAME";
            "Its column with the id"
        users_name_columns = "first_name,last_name", "LIST";
            "Its columns that make up the name shown in a call"
        users_avatar_column = "avatar", "NAME";
            "Its column with the picture; `none` if it has none"
        groups_table = "wo_groupchat", "NAME";
            "The messenger's table of groups; only read"
        groups_id_column = "group_id", "NAME";
            "Its column with the id"
        groups_name_column = "group_name", "NAME";
            "Its column with the name"
        members_table = "wo_groupchatusers", "NAME";
            "The messenger's table of who is in which group; only read"
        members_group_column = "group_id", "NAME";
            "Its column with the group"
        members_user_column = "user_id", "NAME";
            "Its column with the user"
    }
    "STUN and TURN": {
        turn_server = "", "HOST";
            "Host of a TURN server: STUN and TURN on 3478 (UDP and TCP), TLS on 5349"
        turn_url = "", "LIST";
            "TURN addresses in full, beside a host or in place of one: `turn:turn.example.org:80?transport=tcp`"
        turn_secret = "", "SECRET", secret;
            "Secret shared with the TURN server (coturn: static-auth-secret); users get names and passwords for a while"
        turn_username = "", "NAME";
            "Fixed name for TURN, in place of a secret: every user sees it"
        turn_password = "", "PASSWORD", secret;
            "Fixed password for TURN, in place of a secret: every user sees it"
        turn_ttl = "86400", "SECONDS";
            "How long the names and passwords are good for"
        stun_urls = "", "LIST";
            "STUN addresses in full: `stun:stun.example.org:3478`"
    }
    "Embedded TURN": {
        turn_embedded = "auto", "on|off|auto";
            "Relay in this very process (UDP); `auto`: if no other STUN or TURN server is named"
        turn_bind = "", "ADDRESS";
            "Address that it listens on; default: that of `host`, or every one if turn_external_ip is set and `host` is this machine"
        turn_port = "3478", "PORT";
            "Port that it listens on"
        turn_relay_ports = "49152-65535", "FROM-TO";
            "Ports that it relays on"
        turn_external_ip = "", "ADDRESS";
            "Address that others reach it at, where that is not the one it listens on"
        turn_allow_private_peers = "auto", "on|off|auto";
            "Whether it relays to private and loopback addresses; `auto`: only while it listens on loopback"
        turn_allocations_per_user = "10", "COUNT";
            "Relays that one user may hold at once"
        turn_allocations = "1000", "COUNT";
            "Relays that all users may hold at once"
        turn_kbps_per_user = "8000", "KBIT/S";
            "Bandwidth that one user may relay, each way"
    }
    "Media server": {
        sfu = "auto", "on|off|auto";
            "Media server for group calls in this very process (UDP and TCP); `auto`: if it is known where clients reach it"
        sfu_bind = "", "ADDRESS";
            "Address that it listens on; default: that of `host`, or every one if sfu_addresses is set and `host` is this machine"
        sfu_port = "10000", "PORT";
            "Port that it listens on, one for all"
        sfu_addresses = "", "LIST";
            "Addresses that clients reach it at, the best first; default: turn_external_ip, or the one that it listens on"
        sfu_tcp = "true", "BOOL";
            "Whether it takes TCP as well, on the same port, from networks that let nothing else out"
        sfu_threads = "0", "COUNT";
            "Threads that it works with; 0: as many as there are processors"
        sfu_slots = "25", "COUNT";
            "Others that one person sees at once; whoever speaks or is looked at takes the place of somebody else"
        sfu_mesh_of_group = "2", "COUNT";
            "Up to so many people a group call goes straight between devices; 1: always by the media server"
        sfu_mesh_of_open_room = "4", "COUNT";
            "The same for rooms that were opened by their name"
    }
    "Calls": {
        ring_seconds = "45", "SECONDS";
            "How long a call rings"
        resume_seconds = "30", "SECONDS";
            "How long a device that lost its connection may take to come back into its call"
        max_participants = "50", "COUNT";
            "How many people one room takes"
        open_rooms = "true", "BOOL";
            "Whether anybody who is signed in may open a room by its name"
    }
    "Limits": {
        limit_connections = "100000", "COUNT";
            "Connections at once; fewer where the system gives fewer open files"
        limit_connections_per_address = "5000", "COUNT";
            "Connections of one address (IPv6: one /64) at once; 0: no limit. This machine and trusted_proxies are not counted"
        limit_handshakes_per_minute = "3000", "COUNT";
            "Times one address may connect to Socket.IO in a minute; 0: no limit. Counted as above"
        limit_message_bytes = "262144", "BYTES";
            "Largest message of a client"
        limit_candidates = "200", "COUNT";
            "ICE candidates of one side in one call"
        limit_calls_per_minute = "20", "COUNT";
            "Calls that one user may start in a minute"
        limit_events_per_second = "100", "COUNT";
            "Events that one connection may send in a second"
        limit_requests_per_minute = "60", "COUNT";
            "REST requests for credentials or history of one user (or, without sign-in, one address) in a minute"
    }
    "Log": {
        log_format = "text", "text|json";
            "One line of text or one JSON object an event"
        log_level = "info", "LEVEL";
            "`error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,calls_server::turn=debug`"
    }
};

/// Settings of parts that this version does not have, told apart from spelling mistakes.
pub(super) const NOT_YET: &[&str] = &["redis_url", "fcm_service_account", "vapid_private_key"];

/// The known name nearest to a mistaken one, if one is near.
pub(super) fn did_you_mean(wrong: &str) -> Option<&'static str> {
    let names = KEYS.iter().map(|key| (distance(wrong, key.name), key.name));
    // A third of the letters wrong is another word, not a slip.
    names.min().filter(|(distance, _)| *distance <= 1 + wrong.len() / 4).map(|(_, name)| name)
}

/// How many letters to add, drop, change or swap with the next to make `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name_that_was_meant() {
        for (wrong, meant) in [
            ("turn_secert", Some("turn_secret")),
            ("jwtsecret", Some("jwt_secret")),
            ("tunr_server", Some("turn_server")),
            ("limit_call_per_minute", Some("limit_calls_per_minute")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(did_you_mean(wrong), meant, "{wrong}");
        }
    }

    #[test]
    fn names_are_unique_and_every_help_is_a_sentence() {
        for (index, key) in KEYS.iter().enumerate() {
            assert!(KEYS[..index].iter().all(|other| other.name != key.name), "{} stands twice", key.name);
            assert!(key.help.len() > 7 && !key.help.ends_with('.'), "{}", key.name);
        }
    }
}
