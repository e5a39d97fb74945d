//! A server with two people.
use anyhow::Result;
use calls_tests::{
    browser::{Browser, Page, Person},
    server::TestServer,
};
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
