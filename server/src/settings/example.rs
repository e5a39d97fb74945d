//! The list of settings as an operator reads it: the example file, and the table in `docs/deploy.md`.
use super::keys::{KEYS, Key};
use std::fmt::Write;

const HEAD: &str = "\
# Settings of calls-server. Copy to `calls-server.toml` beside where it runs, or name it by --config.
#
# The environment (`TURN_SECRET`) goes before this file, a flag (`--turn-secret`) before both. A setting marked
# `secret` may come from a file of its own: turn_secret_file = \"/run/secrets/turn\" or TURN_SECRET_FILE.
# `calls-server check-config` shows what is in force and what is wrong. Every line below is the default, if there
# is one. Written by `calls-server example-config`; change the list of settings, not this file.
";

/// The example file: every setting, explained, as a comment.
pub fn example_file() -> String {
    let mut out = String::from(HEAD);
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            write!(out, "\n# ---- {section} ----\n").expect("a String takes every text");
        }
        let secret = if key.secret { " (secret)" } else { "" };
        write!(out, "\n# {}{secret}\n# {} = {}\n", key.help, key.name, example_value(key))
            .expect("a String takes every text");
    }
    out
}

fn example_value(key: &Key) -> String {
    let plain = ["true", "false"].contains(&key.default) || key.default.parse::<u64>().is_ok();
    if plain { key.default.into() } else { format!("\"{}\"", key.default) }
}

/// The table of settings in Markdown.
pub fn settings_table() -> String {
    let mut out = String::from("| setting | default | what it is for |\n|---|---|---|\n");
    for key in KEYS {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        let secret = if key.secret { " *(secret)*" } else { "" };
        let help = key.help.replace('|', "\\|");
        let default = default.replace('|', "\\|");
        writeln!(out, "| `{}` | {default} | {help}{secret} |", key.name).expect("a String takes every text");
    }
    out
}
