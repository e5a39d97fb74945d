//! Settings as operators write them, right and wrong.
use super::*;
use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn by_flags(list: &[(&str, &str)]) -> Given {
    Given { flags: pairs(list), ..Given::default() }
}

fn load(list: &[(&str, &str)]) -> Settings {
    Settings::load(&by_flags(list)).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

fn problems(given: &Given) -> String {
    let problems = Settings::load(given).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// A folder of this test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("calls-settings-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn with_nothing_set_it_is_open_on_loopback_with_a_file_and_a_relay() {
    let (settings, warnings) = Settings::load(&Given::default()).unwrap();

    assert_eq!(settings.listen.to_string(), "127.0.0.1:3000");
    assert!(settings.auth.open && settings.auth.jwt.is_none() && settings.auth.telegram.is_none());
    assert_eq!(settings.database, Database::Sqlite("data/calls.db".into()));
    let relay = settings.embedded_turn.as_ref().unwrap();
    assert!(relay.bind.is_loopback() && relay.port == 3478 && relay.allow_private_peers);
    let ice = settings.ice_with_embedded(3478);
    assert_eq!(ice.stun[0].as_str(), "stun:127.0.0.1:3478");
    assert_eq!(ice.turn[0].iter().next().unwrap().as_str(), "turn:127.0.0.1:3478?transport=udp");
    let media = settings.sfu.as_ref().unwrap();
    assert!(media.bind.is_loopback() && media.port == 10_000 && media.tcp);
    assert_eq!(settings.calls.ring, Duration::from_secs(45));
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn a_media_server_runs_by_itself_where_clients_find_it() {
    let no_others = ("turn_server", "turn.example.org");
    for (given, expected) in [
        (&[("turn_external_ip", "203.0.113.5")][..], Some(("0.0.0.0", "203.0.113.5"))),
        (&[("sfu_addresses", "203.0.113.5"), no_others], Some(("0.0.0.0", "203.0.113.5"))),
        (&[("host", "203.0.113.5")], Some(("203.0.113.5", "203.0.113.5"))),
        // One of each kind, and what listens for one of IPv6 takes the other as well.
        (&[("sfu_addresses", "203.0.113.5, 2001:db8::5"), no_others], Some(("::", "203.0.113.5"))),
        // Behind a proxy, or on every address, nobody knows.
        (&[no_others], None),
        (&[("host", "0.0.0.0")], None),
        (&[("sfu_addresses", "203.0.113.5"), ("sfu", "off")], None),
        // Who says so gets it.
        (&[("sfu", "on")], Some(("127.0.0.1", "127.0.0.1"))),
    ] {
        let given = [&[("jwt_secret", SECRET), ("turn_secret", SECRET)][..], given].concat();
        let (settings, warnings) = Settings::load(&by_flags(&given)).unwrap();

        let media = settings.sfu.as_ref();
        let is_at = media.map(|media| (media.bind.to_string(), media.addresses[0].to_string()));
        assert_eq!(is_at, expected.map(|(bind, address)| (bind.into(), address.into())), "{given:?}");
        let is_told = warnings.iter().any(|warning| warning.contains("sfu_addresses"));
        assert_eq!(is_told, expected.is_none() && !given.contains(&("sfu", "off")), "{given:?} {warnings:?}");
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let folder = Folder::new();
    let given = Given {
        file: Some(folder.write("s.toml", "port = 1001\nring_seconds = 21\nmax_participants = 5\n")),
        environment: pairs(&[("PORT", "1002"), ("RING_SECONDS", "22"), ("HOME", "/x"), ("MYSQL_HOST", "")]),
        flags: pairs(&[("port", "1003")]),
        ..Given::default()
    };

    let settings = Settings::load(&given).unwrap().0;
    let from: Vec<_> = report(&given)
        .in_force
        .into_iter()
        .filter(|setting| setting.source != Source::Default)
        .map(|setting| (setting.name, setting.value, setting.source.to_string()))
        .collect();

    assert_eq!(settings.listen.port(), 1003);
    assert_eq!(settings.calls.ring, Duration::from_secs(22));
    assert_eq!(settings.calls.participants, 5);
    assert_eq!(from.len(), 3, "{from:?}");
    assert_eq!(from[0], ("port", "1003".into(), "flag".into()));
    assert_eq!(from[1], ("ring_seconds", "22".into(), "environment".into()));
    assert!(from[2].2.starts_with("file "), "{from:?}");
}

#[test]
fn the_environment_of_the_documents_works_as_printed() {
    let given = Given {
        environment: pairs(&[
            ("MYSQL_HOST", "localhost"),
            ("MYSQL_USER", "root"),
            ("MYSQL_PASSWORD", "p@ss/wörd"),
            ("MYSQL_DATABASE", "socialhub"),
            ("PORT", "3000"),
            ("TURN_SERVER", "your-domain.com"),
            ("TURN_USERNAME", "webrtc"),
            ("TURN_PASSWORD", "securepassword123"),
        ]),
        ..Given::default()
    };

    let settings = Settings::load(&given).unwrap().0;

    let url = "mysql://root:p%40ss%2Fw%C3%B6rd@localhost:3306/socialhub";
    assert_eq!(settings.database, Database::MySql(Secret::new(url)));
    assert!(settings.embedded_turn.is_none());
    assert!(matches!(&settings.ice.access, Some(TurnAccess::Fixed { username, .. }) if username == "webrtc"));
    assert_eq!(settings.ice.turn[0].iter().count(), 3);
}

#[test]
fn every_problem_is_told_at_once_with_who_said_it_and_what_to_do() {
    let folder = Folder::new();
    let given = Given {
        file: Some(
            folder.write("s.toml", "prot = 1\nhost = 'example.org'\nring_seconds = 1.5\n[turn]\nx = 1\n"),
        ),
        environment: pairs(&[("PORT", "70000"), ("TURN_SECRET", "short"), ("STORE_CANDIDATES", "maybe")]),
        flags: pairs(&[("turn_server", "turn.example.org/path"), ("log_format", "xml")]),
        ..Given::default()
    };

    let told = problems(&given);

    for (who, what) in [
        ("prot (file ", "did you mean `port`?"),
        ("host (file ", "`example.org` is not an IP address"),
        ("ring_seconds (file ", "a float where"),
        ("turn (file ", "no sections"),
        ("PORT (environment)", "`70000` is not a whole number from 0 to 65535"),
        ("TURN_SECRET (environment)", "5 bytes, at least 16 are needed"),
        ("STORE_CANDIDATES (environment)", "neither true nor false"),
        ("--turn-server (flag)", "names no host"),
        ("--log-format (flag)", "neither text nor json"),
    ] {
        assert!(
            told.lines().any(|line| line.starts_with(who) && line.contains(what)),
            "{who} {what}\n{told}"
        );
    }
}

#[test]
fn the_public_sample_secret_is_refused_from_wherever_it_comes() {
    let sample = "a7f3e9c2d8b4f6a1c5e8d9b2f4a6c8e1d3f5a7b9c2e4f6a8b1d3f5a7c9e2f4a6";
    let folder = Folder::new();
    let path = folder.write("turn", &format!("{}\n", sample.to_uppercase()));
    let file = folder.write("s.toml", &format!("turn_secret = '{sample}'\n"));
    for given in [
        by_flags(&[("turn_secret", sample)]),
        by_flags(&[("turn_secret_file", path.to_str().unwrap())]),
        Given { environment: pairs(&[("TURN_SECRET", sample)]), ..Given::default() },
        Given { file: Some(file), ..Given::default() },
    ] {
        let told = problems(&given);

        assert!(told.contains("sample printed in public documents"), "{told}");
        assert!(!told.to_lowercase().contains(sample), "{told}");
    }
}

#[test]
fn whoever_writes_a_whole_address_for_a_host_is_told_what_to_write() {
    for wrong in
        ["https://turn.example.org/", "turn:turn.example.org?transport=udp", "stun://turn.example.org"]
    {
        let told = problems(&by_flags(&[("turn_server", wrong), ("turn_secret", SECRET)]));

        assert!(told.contains("write the host alone, `turn.example.org`, or"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[test]
fn open_mode_where_others_reach_it_is_refused_unless_said_so() {
    for (list, refused) in [
        (vec![("host", "0.0.0.0")], true),
        (vec![("host", "::")], true),
        (vec![("host", "192.0.2.7"), ("auth_mode", "open")], true),
        (vec![("host", "0.0.0.0"), ("allow_open_on_public_address", "true")], false),
        (vec![("host", "0.0.0.0"), ("jwt_secret", SECRET)], false),
        (vec![("host", "::1")], false),
        (vec![("host", "localhost"), ("auth_mode", "open")], false),
        (vec![("host", "127.8.8.8")], false),
    ] {
        let told = problems(&by_flags(&list));

        assert_eq!(told.contains("everybody can be everybody"), refused, "{list:?}\n{told}");
        assert_eq!(!told.is_empty(), refused, "{list:?}\n{told}");
    }
}

#[test]
fn sign_in_is_what_keys_are_given_for_unless_said_otherwise() {
    let modes = |list: &[(&str, &str)]| {
        let auth = load(list).auth;
        (auth.jwt.is_some(), auth.telegram.is_some(), auth.open)
    };

    assert_eq!(modes(&[("jwt_secret", SECRET)]), (true, false, false));
    assert_eq!(modes(&[("telegram_bot_token", "1:A")]), (false, true, false));
    assert_eq!(modes(&[("jwt_secret", SECRET), ("telegram_bot_token", "1:A")]), (true, true, false));
    assert_eq!(modes(&[("jwt_secret", SECRET), ("auth_mode", "open")]), (false, false, true));
    for beside in ["jwt, open", "open, telegram"] {
        let keys = [("jwt_secret", SECRET), ("telegram_bot_token", "1:A"), ("auth_mode", beside)];
        assert!(problems(&by_flags(&keys)).contains("`open` cannot stand beside another mode"), "{beside}");
    }
    assert!(problems(&by_flags(&[("auth_mode", "jwt")])).contains("needs jwt_secret"));
    assert!(problems(&by_flags(&[("auth_mode", "telegram")])).contains("@BotFather"));
    assert!(problems(&by_flags(&[("auth_mode", "basic")])).contains("none of jwt, telegram and open"));
    assert!(problems(&by_flags(&[("jwt_secret", "secret")])).contains("openssl rand -hex 32"));
}

#[test]
fn a_secret_comes_from_a_file_without_its_line_end() {
    let folder = Folder::new();
    let path = folder.write("jwt", &format!("{SECRET}\r\n"));
    let empty = folder.write("empty", "\n");
    let given = Given {
        environment: vec![("JWT_SECRET_FILE".into(), path.to_str().unwrap().into())],
        ..Given::default()
    };

    let settings = Settings::load(&given).unwrap().0;

    assert_eq!(settings.auth.jwt.unwrap().secret.unwrap().reveal(), SECRET);
    let told = problems(&by_flags(&[("jwt_secret_file", empty.to_str().unwrap())]));
    assert!(told.starts_with("--jwt-secret-file (flag)") && told.contains("is empty"), "{told}");
    let told = problems(&by_flags(&[("jwt_secret_file", "/nowhere/at/all")]));
    assert!(told.contains("cannot read /nowhere/at/all"), "{told}");
    let told = problems(&by_flags(&[("jwt_secret_file", path.to_str().unwrap()), ("jwt_secret", SECRET)]));
    assert!(told.contains("given twice"), "{told}");
    let told = problems(&by_flags(&[("port_file", path.to_str().unwrap())]));
    assert!(told.contains("no such setting"), "{told}");
}

#[test]
fn a_database_is_named_by_a_url_or_by_its_parts() {
    let database = |list: &[(&str, &str)]| load(list).database;
    let mysql = |url: &str| Database::MySql(Secret::new(url));

    assert_eq!(database(&[("database_url", "none")]), Database::Memory);
    assert_eq!(database(&[("database_url", "sqlite:a/b.db")]), Database::Sqlite("a/b.db".into()));
    assert_eq!(database(&[("database_url", "sqlite:///var/b.db")]), Database::Sqlite("/var/b.db".into()));
    assert_eq!(database(&[("data_dir", "/var/x")]), Database::Sqlite("/var/x/calls.db".into()));
    assert_eq!(database(&[("database_url", "mariadb://u:p@h/d")]), mysql("mysql://u:p@h/d"));
    for (url, told) in [
        ("postgres://u:hunter2@h/d", "PostgreSQL is not supported"),
        ("hunter2@h/d", "must begin with"),
        ("mysql://u:hunter2@h", "must be like mysql://"),
        ("sqlite:", "write a file after"),
    ] {
        let problems = problems(&by_flags(&[("database_url", url)]));
        assert!(problems.contains(told), "{url}: {problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }
    let problems = problems(&by_flags(&[("mysql_host", "db")]));
    assert!(problems.contains("--mysql-user") || problems.contains("mysql_user"), "{problems}");
    assert!(problems.contains("mysql_database"), "{problems}");
}

#[test]
fn a_name_that_would_end_up_in_sql_is_made_of_letters() {
    for name in ["wo_users; DROP TABLE wo_calls", "a`b", "a.b", "x'", "ü"] {
        let told = problems(&by_flags(&[("users_table", name)]));

        assert!(told.contains("is no name of letters"), "{name}: {told}");
    }
    assert_eq!(load(&[("users_name_columns", "name")]).messenger.users_name, ["name"]);
    assert_eq!(load(&[("users_avatar_column", "none")]).messenger.users_avatar, None);
}

#[test]
fn turn_is_complete_or_refused() {
    for (list, told) in [
        (vec![("turn_server", "t.example.org")], "opens to nobody without turn_secret"),
        (vec![("turn_url", "turn:t.example.org")], "opens to nobody without turn_secret"),
        (vec![("turn_server", "t.example.org"), ("turn_username", "u")], "turn_username is given"),
        (vec![("turn_url", "stun:t.example.org"), ("turn_secret", SECRET)], "must begin with"),
        (vec![("turn_relay_ports", "80-90")], "is not like 49152-65535"),
        (vec![("turn_relay_ports", "5000-4000")], "is not like 49152-65535"),
        (vec![("turn_embedded", "maybe")], "none of `on`, `off` and `auto`"),
        (
            vec![("turn_embedded", "on"), ("turn_bind", "0.0.0.0")],
            "set turn_external_ip to the one that others reach it at",
        ),
        (
            vec![("turn_embedded", "on"), ("turn_username", "u"), ("turn_password", "p")],
            "cannot be used together",
        ),
    ] {
        let problems = problems(&by_flags(&list));
        assert!(problems.contains(told), "{list:?}: {problems}");
    }
}

#[test]
fn a_public_server_without_turn_is_warned_and_one_with_its_address_relays() {
    let public = [("host", "0.0.0.0"), ("jwt_secret", SECRET)];
    let with_address = [("host", "0.0.0.0"), ("jwt_secret", SECRET), ("turn_external_ip", "198.51.100.7")];

    let (without, warnings) = Settings::load(&by_flags(&public)).unwrap();
    let with = load(&with_address);

    assert!(without.embedded_turn.is_none());
    assert!(warnings.iter().any(|warning| warning.contains("turn_external_ip")), "{warnings:?}");
    assert!(!with.embedded_turn.as_ref().unwrap().allow_private_peers);
    assert_eq!(with.ice_with_embedded(40_000).stun[0].as_str(), "stun:198.51.100.7:40000");
}

#[test]
fn a_variable_that_looks_like_ours_but_is_not_is_pointed_out() {
    let given = Given {
        environment: pairs(&[
            ("TURN_SECERT", SECRET),
            ("PORTS", "1"),
            ("HOSTNAME", "x"),
            ("REDIS_URL", "redis://h"),
            ("Turn_Server", "x"),
        ]),
        ..Given::default()
    };

    let (_, warnings) = Settings::load(&given).unwrap();

    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("did you mean TURN_SECRET?"), "{warnings:?}");
    assert!(warnings[1].starts_with("REDIS_URL is ignored"), "{warnings:?}");
}

#[test]
fn nothing_secret_is_printed_by_any_way_of_printing() {
    let hidden = "hunter2hunter2hunter2hunter2hunter2";
    let list: Vec<(String, String)> = KEYS
        .iter()
        .filter(|key| key.secret && key.name != "jwt_public_key")
        .map(|key| (key.name.to_owned(), hidden.to_owned()))
        .chain(pairs(&[
            ("database_url", &format!("mysql://u:{hidden}@h/d")),
            ("turn_server", "t.example.org"),
        ]))
        .filter(|(name, text)| name != "database_url" || text.starts_with("mysql"))
        .collect();
    let given = Given { flags: list, ..Given::default() };

    let report = report(&given);
    let settings = Settings::load(&given);

    let printed = format!("{:?} {:?} {:?} {settings:?}", report.in_force, report.warnings, report.problems);
    assert!(!printed.contains(hidden), "{printed}");
    assert!(settings.is_ok());
}

#[test]
fn a_broken_file_names_the_line_and_does_not_show_it() {
    let folder = Folder::new();
    let file = folder.write("s.toml", "port = 3000\njwt_secret = 'hunter2hunter2\n");

    let told = problems(&Given { file: Some(file), ..Given::default() });
    let missing = problems(&Given { file: Some("/nowhere.toml".into()), ..Given::default() });

    assert!(told.contains("line 2") && !told.contains("hunter2"), "{told}");
    assert!(missing.contains("cannot read it"), "{missing}");
}

#[test]
fn the_example_file_is_current_and_changes_nothing() {
    let written = include_str!("../../config.example.toml");
    let folder = Folder::new();
    let file = folder.write("example.toml", written);
    let without_hash: String =
        written.lines().filter_map(|line| line.strip_prefix("# ").filter(|l| l.contains(" = "))).fold(
            String::new(),
            |out, line| if line.starts_with(char::is_lowercase) { out + line + "\n" } else { out },
        );
    let told = folder.write("told.toml", &without_hash);

    assert_eq!(
        written,
        example_file(),
        "write it anew: cargo run -p calls-server -- example-config > server/config.example.toml"
    );
    assert!(Settings::load(&Given { file: Some(file), ..Given::default() }).is_ok());
    // Every default, written out, is taken as it stands.
    assert_eq!(problems(&Given { file: Some(told), ..Given::default() }), "");
    assert_eq!(without_hash.lines().count(), KEYS.len());
}

#[test]
fn the_table_in_the_documentation_is_current() {
    let document = include_str!("../../../docs/deploy.md");
    let (_, rest) = document.split_once("`calls-server settings-table` -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- /settings -->").unwrap();

    assert_eq!(table, settings_table(), "write it anew: cargo run -p calls-server -- settings-table");
}

#[test]
fn the_documentation_and_the_unit_name_settings_that_exist() {
    let texts = [
        include_str!("../../../docs/deploy.md"),
        include_str!("../../../deploy/calls-server.service"),
        include_str!("../../../deploy/compose.yaml"),
        include_str!("../../../deploy/Dockerfile"),
    ];
    let ours = [
        "turn_",
        "jwt_",
        "auth_",
        "limit_",
        "stun_",
        "telegram_",
        "mysql_",
        "log_",
        "cors_",
        "users_",
        "members_",
    ];
    let no_settings = ["turn_host", "mysql_password_file", "jwt_secret_file", "turn_secret_file"];
    for text in texts {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_lowercase);
        for word in words.filter(|word| ours.iter().any(|family| word.starts_with(family))) {
            let known = KEYS.iter().any(|key| key.name == word) || no_settings.contains(&&*word);
            assert!(known, "{word} is no setting");
        }
    }
}

#[test]
fn behind_a_proxy_the_relay_listens_where_others_reach_it() {
    for (given, expected) in [
        (&[("turn_external_ip", "203.0.113.5")][..], "0.0.0.0"),
        (&[("turn_external_ip", "203.0.113.5"), ("turn_bind", "127.0.0.1")], "127.0.0.1"),
        (&[], "127.0.0.1"),
    ] {
        let settings = load(given);
        let relay = settings.embedded_turn.as_ref().expect("no other is named");
        assert_eq!(relay.bind.to_string(), expected, "{given:?}");
        assert_eq!(relay.allow_private_peers, expected == "127.0.0.1", "{given:?}");
    }
}

#[test]
fn a_log_level_that_is_none_is_told_and_a_filter_is_not() {
    for wrong in ["warning", "loud", "info,verbose"] {
        assert!(problems(&by_flags(&[("log_level", wrong)])).contains("no level"), "{wrong}");
    }
    for fine in ["warn", "info,calls_server::turn=debug", "off"] {
        load(&[("log_level", fine)]);
    }
}
