//! Where the value of a setting comes from: default, file, environment or flag; the later one wins.
use super::{
    Problem,
    keys::{KEYS, Key, NOT_YET, did_you_mean, find},
};
use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

/// What was given from outside, before anything is read from it.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The file that was asked for by name; it must exist.
    pub file: Option<PathBuf>,
    /// The file that is read if it is there.
    pub usual_file: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Flags by the name of their setting, or that name with `_file` behind it.
    pub flags: Vec<(String, String)>,
}

impl Given {
    /// The file that is read if nobody names another.
    pub const USUAL_FILE: &'static str = "calls-server.toml";

    /// This process's environment and the usual file, with these flags.
    pub fn to_this_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        // A variable that is no text cannot be one of ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file, usual_file: Some(Self::USUAL_FILE.into()), environment, flags }
    }
}

/// Who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody.
    Default,
    /// The settings file.
    File(PathBuf),
    /// The environment.
    Environment,
    /// The command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A value as text, and who said it.
#[derive(Clone)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) source: Source,
}

/// What is in force, as text, for every setting that has a value.
#[derive(Clone, Default)]
pub(super) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// The value of a setting, its default included.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// Reads all four places; what is wrong on the way is told, and what is right goes on.
pub(super) fn gather(given: &Given, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) -> Values {
    let mut values = Values::default();
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        values.0.insert(key.name, Value { text: key.default.into(), source: Source::Default });
    }
    if let Some((path, pairs)) = read_file(given, problems) {
        take(&mut values, &pairs, &Source::File(path), problems, warnings);
    }
    let (environment, strangers) = of_environment(given);
    warnings.extend(strangers);
    take(&mut values, &environment, &Source::Environment, problems, warnings);
    take(&mut values, &given.flags, &Source::Flag, problems, warnings);
    values
}

/// Lets one place speak. An empty text says nothing: that is how a compose file passes on what is not set.
fn take(
    values: &mut Values,
    pairs: &[(String, String)],
    source: &Source,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) {
    let mut taken: Vec<&str> = Vec::new();
    for (name, text) in pairs.iter().filter(|(_, text)| !text.is_empty()) {
        let (key, text) = match meaning(name) {
            Ok(Meaning::Value(key)) => (key, text.clone()),
            Ok(Meaning::FileOf(key)) => match read_secret(Path::new(text), warnings) {
                Ok(secret) => (key, secret),
                Err(reason) => {
                    problems.push(Problem::new(name, source, reason));
                    continue;
                }
            },
            Err(reason) => {
                problems.push(Problem::new(name, source, reason));
                continue;
            }
        };
        if taken.contains(&key.name) {
            let reason = format!("given twice: as {0} and as {0}_file", key.name);
            problems.push(Problem::new(key.name, source, reason));
        }
        taken.push(key.name);
        values.0.insert(key.name, Value { text, source: source.clone() });
    }
}

enum Meaning {
    Value(&'static Key),
    FileOf(&'static Key),
}

fn meaning(name: &str) -> Result<Meaning, String> {
    if let Some(key) = find(name) {
        return Ok(Meaning::Value(key));
    }
    if let Some(key) = name.strip_suffix("_file").and_then(find).filter(|key| key.secret) {
        return Ok(Meaning::FileOf(key));
    }
    Err(match did_you_mean(name.strip_suffix("_file").unwrap_or(name)) {
        _ if NOT_YET.iter().any(|part| name.starts_with(part)) => {
            "this version has no such part yet; leave the setting out".into()
        }
        Some(known) => format!("there is no such setting; did you mean `{known}`?"),
        None => "there is no such setting; `calls-server --help` lists all of them".into(),
    })
}

/// A secret from its file, without the line end that editors leave. Systemd's credentials come this way.
fn read_secret(path: &Path, warnings: &mut Vec<String>) -> Result<String, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    warn_if_everybody_can_read(path, warnings);
    let secret = text.trim_end_matches(['\r', '\n']).to_owned();
    if secret.is_empty() { Err(format!("{} is empty", path.display())) } else { Ok(secret) }
}

#[cfg(unix)]
fn warn_if_everybody_can_read(path: &Path, warnings: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0) {
        warnings
            .push(format!("{} holds a secret and every user of this machine can read it", path.display()));
    }
}

#[cfg(not(unix))]
fn warn_if_everybody_can_read(_: &Path, _: &mut Vec<String>) {}

fn read_file(given: &Given, problems: &mut Vec<Problem>) -> Option<(PathBuf, Vec<(String, String)>)> {
    let path = match (&given.file, &given.usual_file) {
        (Some(path), _) => path,
        (None, Some(path)) if path.exists() => path,
        (None, _) => return None,
    };
    let source = Source::File(path.clone());
    let mut failed = |reason: String| problems.push(Problem::new("--config", &source, reason));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            failed(format!("cannot read it: {error}"));
            return None;
        }
    };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            // The library's own text shows the line, and on that line a secret may stand.
            let line = error.span().map_or(0, |at| text[..at.start.min(text.len())].lines().count().max(1));
            failed(format!("line {line}: {}", error.message()));
            return None;
        }
    };
    let mut pairs = Vec::new();
    for (name, value) in &table {
        match as_text(value) {
            Some(text) => pairs.push((name.clone(), text)),
            None => problems.push(Problem::new(name, &source, not_a_value(value))),
        }
    }
    Some((path.clone(), pairs))
}

/// A value of the file as it would stand in the environment; lists are joined by commas.
fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(items) => {
            items.iter().map(as_text).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn not_a_value(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(_) => "there are no sections in this file; write the settings without one".into(),
        other => {
            format!("a {} where text, a whole number, true, false or a list was expected", other.type_str())
        }
    }
}

/// Our settings among the variables, and a word on those that look like ours but are not.
///
/// A variable of another program is no mistake, so here a stranger is only pointed out.
fn of_environment(given: &Given) -> (Vec<(String, String)>, Vec<String>) {
    let (mut ours, mut strangers) = (Vec::new(), Vec::new());
    for (variable, text) in &given.environment {
        let name = variable.to_lowercase();
        if *variable != name.to_uppercase() {
            continue;
        }
        match meaning(&name) {
            Ok(_) => ours.push((name, text.clone())),
            Err(_) if NOT_YET.iter().any(|part| name.starts_with(part)) => {
                strangers.push(format!("{variable} is ignored: this version has no such part yet"));
            }
            Err(_) => {
                // Only words of our own families: PORTS or HOSTS of somebody else are none of our business.
                let ours = ["turn_", "jwt_", "auth_", "limit_", "stun_", "telegram_", "mysql_"];
                if let Some(meant) =
                    did_you_mean(&name).filter(|_| ours.iter().any(|part| name.starts_with(part)))
                {
                    strangers.push(format!(
                        "{variable} in the environment is no setting; did you mean {}?",
                        meant.to_uppercase()
                    ));
                }
            }
        }
    }
    (ours, strangers)
}
