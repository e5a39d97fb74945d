//! The command line: one flag a setting, made from the list of settings, and a few commands.
use crate::{
    auth,
    settings::{self, Given, KEYS, Key, Problem, Settings, Source},
};
use calls_protocol::UserId;
use clap::{Arg, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use clap_complete::Shell;
use std::{
    fmt::Write,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

/// What the operator asked for.
#[derive(Debug)]
pub enum Asked {
    /// To serve.
    Serve(Given),
    /// To say something and go; the exit code is 0 for a good word and 1 for a bad one.
    Say {
        /// The word, whole lines.
        text: String,
        /// Whether it is good.
        good: bool,
    },
}

const EXAMPLES: &str = "\
Examples:
  calls-server                                     try it here: http://127.0.0.1:3000, nobody signs in
  calls-server --database-url sqlite:calls.db      another file for the calls
  calls-server --config calls-server.toml          what production looks like; see config.example.toml
  JWT_SECRET_FILE=/run/secrets/jwt calls-server --host 0.0.0.0
                                                   the same by the environment and flags
  calls-server check-config                        what is in force, where it comes from, what is wrong
  calls-server token --user 5                      a token for a first try

Every flag is also a setting of the file and of the environment: --turn-secret, turn_secret, TURN_SECRET.
A flag goes before the environment, the environment before the file. What is secret shows in the list of
processes when given as a flag: give it by a file.";

/// The whole command line.
pub fn command() -> Command {
    let config = Arg::new("config")
        .long("config")
        .short('c')
        .value_name("FILE")
        .global(true)
        .value_parser(value_parser!(PathBuf))
        .help(format!("Settings file; by default {} if it is there", Given::USUAL_FILE));
    let user = Arg::new("for_user").long("user").required(true).value_name("ID").help("Whose token");
    let ttl = Arg::new("for_seconds").long("ttl").default_value("3600").value_name("SECONDS");
    let shell = Arg::new("shell").required(true).value_parser(value_parser!(Shell));
    Command::new("calls-server")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The server of WorldMates Calls: signalling, REST, TURN for a start, in one process")
        .after_help(EXAMPLES)
        .arg(config)
        .args(KEYS.iter().flat_map(|key| [Some(flag(key)), key.secret.then(|| file_flag(key))]).flatten())
        .subcommand(
            Command::new("check-config")
                .about("Says which settings are in force, where they come from and what is wrong with them"),
        )
        .subcommand(
            Command::new("token")
                .about("Makes a token for a first try, signed with jwt_secret")
                .arg(user.value_parser(|text: &str| text.parse::<UserId>()))
                .arg(
                    ttl.value_parser(value_parser!(u64).range(1..=366 * 86_400))
                        .help("How long it is good for"),
                ),
        )
        .subcommand(
            Command::new("completions").about("Writes what your shell needs to complete commands").arg(shell),
        )
        .subcommand(
            Command::new("example-config").about("Writes config.example.toml: every setting, explained"),
        )
        .subcommand(Command::new("settings-table").about("Writes the table of docs/deploy.md").hide(true))
}

fn flag(key: &'static Key) -> Arg {
    let default = if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
    let arg = Arg::new(key.name)
        .long(key.flag())
        .value_name(key.value)
        .global(true)
        .help_heading(key.section)
        .help(format!("{}{default}", key.help));
    // Only help and completion come from here: a wrong value is told by the settings, wherever it comes from.
    match key.value {
        // Named, so that `--open-rooms check-config` is a mistake and not a value.
        "BOOL" => arg
            .num_args(0..=1)
            .default_missing_value("true")
            .value_parser(PossibleValuesParser::new(["true", "false"])),
        "text|json" => arg.value_parser(PossibleValuesParser::new(["text", "json"])),
        "on|off|auto" => arg.value_parser(PossibleValuesParser::new(["on", "off", "auto"])),
        _ => arg,
    }
}

fn file_flag(key: &'static Key) -> Arg {
    Arg::new(format!("{}_file", key.name))
        .long(format!("{}-file", key.flag()))
        .value_name("FILE")
        .global(true)
        .help_heading(key.section)
        .help(format!("File with {}", key.name))
}

/// Reads the arguments and does what needs no server. `make_given` adds the environment.
pub fn ask(
    arguments: impl IntoIterator<Item = impl Into<std::ffi::OsString> + Clone>,
    make_given: impl FnOnce(Option<PathBuf>, Vec<(String, String)>) -> Given,
) -> Result<Asked, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    let (chosen, matches) = matches.subcommand().map_or((None, &matches), |(name, sub)| (Some(name), sub));
    let given = || make_given(matches.get_one::<PathBuf>("config").cloned(), flags(matches));
    let good = |text: String| Asked::Say { text, good: true };
    Ok(match chosen {
        None => Asked::Serve(given()),
        Some("check-config") => check_config(&given()),
        Some("token") => token(&given(), matches),
        Some("completions") => {
            let shell = *matches.get_one::<Shell>("shell").expect("clap asks for it");
            let mut out = Vec::new();
            clap_complete::generate(shell, &mut command(), "calls-server", &mut out);
            good(String::from_utf8_lossy(&out).into_owned())
        }
        Some("example-config") => good(settings::example_file()),
        Some("settings-table") => good(settings::settings_table()),
        Some(other) => unreachable!("clap knows no command {other}"),
    })
}

/// What was given by flags, by the names of the settings.
fn flags(matches: &ArgMatches) -> Vec<(String, String)> {
    let names = KEYS.iter().flat_map(|key| {
        let file = key.secret.then(|| format!("{}_file", key.name));
        [Some(key.name.to_owned()), file].into_iter().flatten()
    });
    let value = |name: String| matches.get_one::<String>(&name).cloned().map(|text| (name, text));
    names.filter_map(value).collect()
}

fn check_config(given: &Given) -> Asked {
    let report = settings::report(given);
    let mut text = String::new();
    let width = report.in_force.iter().map(|setting| setting.name.len()).max().unwrap_or(0);
    // Padded no further than most values are long: one long list must not push all sources out of sight.
    let column =
        report.in_force.iter().map(|setting| setting.value.chars().count().min(28)).max().unwrap_or(0);
    for setting in &report.in_force {
        let settings::InForce { name, value, source } = setting;
        writeln!(text, "{name:width$}  {value:column$}  {source}").expect("a String takes every text");
    }
    for (nth, line) in report.summary.iter().enumerate() {
        let gap = if nth == 0 { "\n" } else { "" };
        writeln!(text, "{gap}{line}").expect("a String takes every text");
    }
    text.push_str(&told(&report.problems, &report.warnings));
    let good = report.problems.is_empty();
    if good {
        text.push_str("\nthe settings are good\n");
    }
    Asked::Say { text, good }
}

/// Problems and warnings as the operator reads them.
pub fn told(problems: &[Problem], warnings: &[String]) -> String {
    let mut text = String::new();
    for warning in warnings {
        write!(text, "\nwarning: {warning}\n").expect("a String takes every text");
    }
    for problem in problems {
        write!(text, "\nproblem: {problem}\n").expect("a String takes every text");
    }
    if !problems.is_empty() {
        let plural = if problems.len() == 1 { "problem" } else { "problems" };
        write!(text, "\n{} {plural}: the server does not start\n", problems.len())
            .expect("a String takes every text");
    }
    text
}

fn token(given: &Given, matches: &ArgMatches) -> Asked {
    let user = *matches.get_one::<UserId>("for_user").expect("clap asks for it");
    let ttl = *matches.get_one::<u64>("for_seconds").expect("it has a default");
    let bad = |text: String| Asked::Say { text, good: false };
    let settings = match Settings::load(given) {
        Ok((settings, _)) => settings,
        Err(problems) => return bad(told(&problems, &[])),
    };
    let Some((jwt, secret)) = settings.auth.jwt.and_then(|jwt| Some((jwt.clone(), jwt.secret?))) else {
        let reason = "a token needs the secret that the server checks it with; give it as for the server";
        return bad(told(&[Problem::new("jwt_secret", &Source::Default, reason)], &[]));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let token = auth::make_test_token(&secret, &jwt, user, now, ttl);
    Asked::Say { text: format!("{token}\n"), good: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Auth, Proof};
    use calls_protocol::UnixMillis;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn asked(line: &str) -> Asked {
        let given = |file, flags| Given { file, flags, ..Given::default() };
        ask(line.split(' '), given).unwrap_or_else(|error| panic!("{error}"))
    }

    fn said(line: &str) -> (String, bool) {
        match asked(line) {
            Asked::Say { text, good } => (text, good),
            Asked::Serve(_) => panic!("it would serve: {line}"),
        }
    }

    #[test]
    fn the_command_line_fits_together() {
        command().debug_assert();
    }

    #[test]
    fn every_setting_is_a_flag_and_the_help_shows_it_with_examples() {
        let help = command().render_long_help().to_string();

        for key in KEYS {
            assert!(help.contains(&format!("--{}", key.flag())), "{}", key.name);
        }
        assert!(help.contains("calls-server token --user 5"));
        assert!(help.contains("--turn-secret-file"));
    }

    #[test]
    fn flags_reach_the_settings_before_and_behind_a_command() {
        let Asked::Serve(given) = asked("calls-server --port 0 --host ::1 --allow-open-on-public-address")
        else {
            panic!("it should serve");
        };
        let settings = Settings::load(&given).unwrap().0;

        assert_eq!(settings.listen.to_string(), "[::1]:0");
        assert!(said("calls-server --port 7 check-config").0.contains("port "));
        for line in ["calls-server --port 77 check-config", "calls-server check-config --port 77"] {
            let (text, good) = said(line);
            let row = text.lines().find(|row| row.starts_with("port ")).unwrap();
            assert!(row.contains(" 77 ") && row.ends_with(" flag") && good, "{row}");
        }
    }

    #[test]
    fn check_config_masks_secrets_and_fails_on_a_problem() {
        let (text, good) = said(&format!("calls-server check-config --jwt-secret {SECRET} --turn-ttl 1"));

        assert!(!good);
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.contains("(set, not shown)"), "{text}");
        assert!(text.contains("problem: --turn-ttl (flag): `1` is not a whole number from 60"), "{text}");
        assert!(text.ends_with("1 problem: the server does not start\n"), "{text}");
    }

    #[test]
    fn check_config_says_in_plain_words_what_is_in_force() {
        let plain = said("calls-server check-config").0;
        let url = "mysql://calls:hidden-word@db:3306/socialhub";
        let (full, good) = said(&format!(
            "calls-server check-config --jwt-secret {SECRET} --telegram-bot-token 1:A --database-url {url} \
             --turn-server turn.example.org --turn-secret {SECRET} --metrics-token {SECRET}"
        ));

        for line in [
            "listens on 127.0.0.1:3000",
            "users sign in not at all: everybody on this machine can be everybody, others are refused",
            "calls are remembered in a file (SQLite): data/calls.db",
            "media is relayed by the embedded relay at 127.0.0.1, port 3478 (UDP), for this machine alone",
            "/metrics is for this machine",
        ] {
            assert!(plain.lines().any(|said| said == line), "{line}\n{plain}");
        }
        for line in [
            "users sign in by tokens of the messenger, or by Telegram (its users from 2^52 on)",
            "calls are remembered in MariaDB or MySQL: db:3306/socialhub",
            "/metrics is for whoever sends metrics_token",
        ] {
            assert!(full.lines().any(|said| said == line), "{line}\n{full}");
        }
        assert!(full.contains("media is relayed by turn:turn.example.org:3478?transport=udp, "), "{full}");
        assert!(good && !full.contains("hidden-word"), "{full}");
    }

    #[test]
    fn check_config_tries_the_folder_of_the_data() {
        let folder = std::env::temp_dir().join(format!("calls-cli-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("file");
        std::fs::write(&file, "").unwrap();
        let check = |data_dir: &std::path::Path| {
            said(&format!("calls-server check-config --data-dir {}", data_dir.display()))
        };

        let (fits, is_good) = check(&folder.join("new/er"));
        let (told, is_bad) = check(&file.join("in-a-file"));
        let left = std::fs::read_dir(&folder).unwrap().count();
        std::fs::remove_dir_all(&folder).unwrap();

        assert!(is_good, "{fits}");
        assert!(!is_bad && told.contains("cannot be written to"), "{told}");
        assert_eq!(left, 1, "nothing is left behind");
    }

    #[test]
    fn a_token_made_here_signs_its_user_in() {
        let (token, good) = said(&format!("calls-server token --user 5 --jwt-secret {SECRET}"));
        let Asked::Serve(given) = asked(&format!("calls-server --jwt-secret {SECRET}")) else { panic!() };
        let auth = Auth::new(&Settings::load(&given).unwrap().0.auth);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;

        let user = auth.check(Proof::Token(token.trim_end()), UnixMillis(now)).unwrap();

        assert!(good);
        assert_eq!(user, Some(UserId::new(5).unwrap()));
        assert!(!said("calls-server token --user 5").1);
    }

    #[test]
    fn completions_are_made_for_every_shell() {
        for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
            let (text, good) = said(&format!("calls-server completions {shell}"));

            assert!(good && text.contains("turn-secret-file"), "{shell}");
        }
    }

    #[test]
    fn a_wrong_command_line_is_refused() {
        for line in [
            "calls-server serve",
            "calls-server --colour",
            "calls-server --open-rooms check-config",
            "calls-server token --user 0",
        ] {
            assert!(ask(line.split(' '), |_, _| Given::default()).is_err(), "{line}");
        }
    }
}
