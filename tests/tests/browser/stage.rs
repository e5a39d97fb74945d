//! A server with two people.
use anyhow::Result;
use calls_tests::{
    browser::{Browser, Page, Person},
    server::TestServer,
};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use tokio::sync::{Mutex, MutexGuard};

/// Browsers are large, and machines of tests are small: one stage at a time.
static STAGE: Mutex<()> = Mutex::const_new(());

/// A server, while nobody else has one.
pub(crate) struct Stage {
    pub(crate) server: TestServer,
    _alone: MutexGuard<'static, ()>,
}

/// Nobody else has a stage while this is held.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    STAGE.lock().await
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A server with settings as an operator gives them.
    pub(crate) async fn with(environment: &[(&str, &str)]) -> Self {
        let alone = alone().await;
        Self { server: TestServer::start(environment).await, _alone: alone }
    }

    /// A server whose open rooms are on the media server from the first on. Firefox is not on loopback, so the media server
    /// is not either.
    pub(crate) async fn of_rooms() -> Self {
        let address = reachable().to_string();
        let sfu = [
            ("SFU", "on"),
            ("SFU_PORT", "0"),
            ("SFU_BIND", address.as_str()),
            ("SFU_MESH_OF_OPEN_ROOM", "1"),
        ];
        Self::with(&sfu).await
    }

    /// Ann's page and Bob's.
    pub(crate) async fn two(&self, ann: Browser, bob: Browser) -> Result<(Page, Page)> {
        let server = self.server.address();
        tokio::try_join!(Page::open(ann, server, Person::ANN), Page::open(bob, server, Person::BOB))
    }

    pub(crate) async fn over(self, pages: impl IntoIterator<Item = Page>) -> Result<()> {
        for page in pages {
            page.close().await?;
        }
        self.server.stop().await;
        Ok(())
    }
}

/// This machine's address, as others would see it.
fn reachable() -> IpAddr {
    // Nothing is sent: the system only says by which of its addresses it would go there.
    let socket =
        UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("192.0.2.1:9").map(|()| socket));
    let address = socket.and_then(|socket| socket.local_addr()).map(|address| address.ip());
    address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
