//! Where the database is: `sqlite:FILE`, `mysql://…` or `none`, read once into a type that never shows a password.
use crate::settings::{Database, Settings};
use sqlx::mysql::MySqlConnectOptions;
use std::{fmt, path::PathBuf, str::FromStr};

/// What the store has to know to open.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// Where the database is.
    pub place: Place,
    /// Whether candidates are written to `wo_ice_candidates`; they are addresses of people. Without, descriptions are
    /// written without theirs.
    pub store_candidates: bool,
}

impl DatabaseSettings {
    /// This place, with candidates.
    pub fn new(place: Place) -> Self {
        Self { place, store_candidates: true }
    }

    /// What the operator set.
    pub fn of(settings: &Settings) -> Result<Self, PlaceError> {
        let place = match &settings.database {
            Database::Memory => Place::Memory,
            Database::Sqlite(file) => Place::Sqlite(file.clone()),
            Database::MySql(url) => url.reveal().parse()?,
        };
        Ok(Self { place, store_candidates: settings.store_candidates })
    }
}

/// Where the database is.
#[derive(Clone)]
pub enum Place {
    /// Nowhere: gone with the process.
    Memory,
    /// A file; it and its folder are made if they do not exist.
    Sqlite(PathBuf),
    /// MariaDB or MySQL.
    MySql(Box<MySqlConnectOptions>),
}

/// Why a text names no database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Not one of the three forms. The text is not shown: a password may be in it.
    #[error("expected sqlite:FILE, mysql://USER:PASSWORD@HOST:PORT/DATABASE or none")]
    Form,
    /// `mysql://` and something that is no address.
    #[error("not a mysql:// address: {0} (percent-encode signs such as @ : / # in the password)")]
    Address(&'static str),
    /// `mysql://HOST` without a path.
    #[error("no database in the mysql:// address: add /DATABASE at its end")]
    NoDatabase,
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if text == "none" {
            return Ok(Self::Memory);
        }
        if let Some(file) = text.strip_prefix("sqlite:") {
            // `sqlite://data/x.db` is what other tools write; two slashes more than the file has.
            let file = file.strip_prefix("//").unwrap_or(file);
            return if file.is_empty() { Err(PlaceError::Form) } else { Ok(Self::Sqlite(file.into())) };
        }
        let Some(rest) = text.strip_prefix("mysql://").or_else(|| text.strip_prefix("mariadb://")) else {
            return Err(PlaceError::Form);
        };
        let options = MySqlConnectOptions::from_str(&format!("mysql://{rest}"))
            // sqlx quotes parts of the address in its errors; a fixed sentence cannot leak the password.
            .map_err(|_| PlaceError::Address("it cannot be read"))?;
        match options.get_database() {
            None | Some("") => Err(PlaceError::NoDatabase),
            Some(_) => Ok(Self::MySql(Box::new(options))),
        }
    }
}

impl Place {
    /// The place without its secrets: `sqlite:data/calls.db`, `mysql://db.example.org:3306/socialhub`.
    pub fn shown(&self) -> String {
        match self {
            Self::Memory => "none".into(),
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
            Self::MySql(options) => {
                let database = options.get_database().unwrap_or_default();
                match options.get_socket() {
                    Some(socket) => format!("mysql://{}/{database}", socket.display()),
                    None => format!("mysql://{}:{}/{database}", options.get_host(), options.get_port()),
                }
            }
        }
    }
}

impl Place {
    /// Which database it is, wherever it has moved: what waits for it may be written there.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Memory => "none".into(),
            Self::Sqlite(_) => "sqlite".into(),
            Self::MySql(options) => format!("mysql/{}", options.get_database().unwrap_or_default()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_read() {
        for (text, shown) in [
            ("none", "none"),
            ("sqlite:data/calls.db", "sqlite:data/calls.db"),
            ("sqlite:///var/lib/calls.db", "sqlite:/var/lib/calls.db"),
            ("mysql://u:p@db.example.org/social", "mysql://db.example.org:3306/social"),
            ("mariadb://u:p@db.example.org:3307/social", "mysql://db.example.org:3307/social"),
        ] {
            assert_eq!(text.parse::<Place>().unwrap().shown(), shown);
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for text in
            ["", "sqlite:", "postgres://u:hunter2@h/d", "mysql://u:hunter2@h:port/d", "mysql://u:hunter2@h"]
        {
            let error = text.parse::<Place>().unwrap_err().to_string();

            assert!(!error.contains("hunter2") && error.len() > 20, "{error}");
        }
        let place: Place = "mysql://u:hunter2@h/d".parse().unwrap();
        assert!(!format!("{place:?} {:?}", DatabaseSettings::new(place.clone())).contains("hunter2"));
    }
}
