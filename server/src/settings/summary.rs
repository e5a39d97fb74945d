//! What is in force, in plain words for an operator, and whether the folder of the data can be written to.
use super::{Database, Problem, Settings, Source};
use crate::turn::TurnAccess;
use std::{
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// A few lines, each with its subject in front.
pub fn summary(settings: &Settings) -> Vec<String> {
    vec![
        format!("listens on {}", settings.listen),
        sign_in(settings),
        format!("calls are remembered {}", database(&settings.database)),
        relay(settings),
        media_server(settings),
        metrics(settings),
    ]
}

fn sign_in(settings: &Settings) -> String {
    let auth = &settings.auth;
    let who = match (&auth.jwt, &auth.telegram) {
        (Some(_), Some(_)) => "by tokens of the messenger, or by Telegram (its users from 2^52 on)",
        (Some(_), None) => "by tokens of the messenger",
        (None, Some(_)) => "by Telegram",
        (None, None) if auth.open_to_others => "not at all, and from everywhere: everybody can be everybody",
        (None, None) => "not at all: everybody on this machine can be everybody, others are refused",
    };
    format!("users sign in {who}")
}

fn database(database: &Database) -> String {
    match database {
        Database::Memory => "nowhere: they are gone with the process".into(),
        Database::Sqlite(file) => format!("in a file (SQLite): {}", file.display()),
        Database::MySql(url) => {
            // What stands before the @ holds the password.
            let place = url.reveal().rsplit_once('@').map_or("?", |(_, place)| place);
            format!("in MariaDB or MySQL: {place}")
        }
    }
}

fn relay(settings: &Settings) -> String {
    let named = settings.ice.turn.iter().flat_map(|urls| urls.iter()).map(ToString::to_string);
    let named: Vec<String> = named.collect();
    let credentials = match &settings.ice.access {
        Some(TurnAccess::Fixed { .. }) => "one fixed name for everybody",
        Some(TurnAccess::Secret(_)) | None => "a name and password for each user",
    };
    let embedded = settings.embedded_turn.as_ref().map(|relay| {
        let address = relay.external_ip.unwrap_or(relay.bind);
        let whom = if address.is_loopback() { ", for this machine alone" } else { "" };
        format!("by the embedded relay at {address}, port {} (UDP){whom}", relay.port)
    });
    match (named.is_empty(), embedded) {
        (true, None) => "media is not relayed: calls fail between networks that let nothing in".into(),
        (true, Some(embedded)) => format!("media is relayed {embedded}"),
        (false, None) => format!("media is relayed by {}, with {credentials}", named.join(", ")),
        (false, Some(embedded)) => {
            format!("media is relayed by {}, with {credentials}, and {embedded}", named.join(", "))
        }
    }
}

fn media_server(settings: &Settings) -> String {
    let Some(sfu) = &settings.sfu else {
        return "there is no media server: group calls stay between a few devices".into();
    };
    let addresses: Vec<String> = sfu.addresses.iter().map(ToString::to_string).collect();
    let whom = if sfu.addresses.iter().all(IpAddr::is_loopback) { ", for this machine alone" } else { "" };
    format!(
        "group calls go by the media server at {}, port {} ({}){whom}",
        addresses.join(" and "),
        sfu.port,
        if sfu.tcp { "UDP and TCP" } else { "UDP" }
    )
}

fn metrics(settings: &Settings) -> String {
    let whom = if settings.metrics_token.is_some() { "whoever sends metrics_token" } else { "this machine" };
    format!("/metrics is for {whom}")
}

/// What is wrong with the folder of the data, if it is needed. Nothing is left behind.
pub fn check_folder(settings: &Settings) -> Option<Problem> {
    let Database::Sqlite(file) = &settings.database else { return None };
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    let error = try_write(folder).err()?;
    let reason = format!(
        "{} cannot be written to ({error}): give it to the user that the server runs as, or set data_dir",
        folder.display()
    );
    Some(Problem::new("data_dir", &Source::Default, reason))
}

/// Makes a file in the folder, or in the nearest one above it that is there: the server makes the rest.
fn try_write(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|folder| *folder == Path::new("") || folder.exists());
    let there = there.filter(|folder| *folder != Path::new("")).map_or(PathBuf::from("."), Path::to_path_buf);
    let probe = there.join(format!(".calls-server-{}", std::process::id()));
    fs::File::create_new(&probe)?;
    fs::remove_file(&probe)
}
