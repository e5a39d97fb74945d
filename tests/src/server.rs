//! A server inside the test's own process, on a port of the system's choice.
use crate::folder::Folder;
use calls_server::{
    server::Server,
    settings::{Database, Given, Settings},
};
use std::{collections::BTreeMap, net::SocketAddr};

/// A running server and the folder of its data.
pub struct TestServer {
    server: Server,
    /// Removed with it, unless another server goes on there.
    folder: Option<Folder>,
}

/// Settings as an operator would give them in the environment, for a server that a test starts.
///
/// # Panics
/// If they are wrong; the message says how.
pub fn settings(environment: &[(&str, &str)]) -> Settings {
    let usual =
        [("PORT", "0"), ("TURN_PORT", "0"), ("SFU", "off"), ("DATABASE_URL", "none"), ("LOG_LEVEL", "error")];
    let all: BTreeMap<_, _> = usual.iter().chain(environment).copied().collect();
    let given = Given {
        environment: all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ..Given::default()
    };
    match Settings::load(&given) {
        Ok((settings, _)) => settings,
        Err(problems) => panic!("{problems:?}"),
    }
}

impl TestServer {
    /// Starts a server that remembers nothing; `environment` changes its settings.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(environment: &[(&str, &str)]) -> Self {
        Self::start_with(settings(environment)).await
    }

    /// Starts a server with settings that no operator could give, such as a ring of a second.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start_with(settings: Settings) -> Self {
        let server = Server::start(settings).await.expect("the server starts");
        Self { server, folder: None }
    }

    /// Starts a server with an embedded database in a folder.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start_in(folder: Folder, environment: &[(&str, &str)]) -> Self {
        let mut settings = settings(environment);
        settings.database = Database::Sqlite(folder.path().join("calls.db"));
        Self { folder: Some(folder), ..Self::start_with(settings).await }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The server itself.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The folder of its data, if it has one.
    pub fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    /// Stops it as an operator would, and gives back the folder.
    ///
    /// # Panics
    /// If something was not written.
    pub async fn stop(self) -> Option<Folder> {
        self.server.stop().await.expect("everything is written");
        self.folder
    }
}
