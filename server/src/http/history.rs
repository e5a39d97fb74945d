//! The past calls of a user, wherever they are kept.
use calls_protocol::UserId;
use serde::Serialize;
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// Which calls are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryAsked {
    /// Whose.
    pub user: UserId,
    /// Behind which call of the page before; its `next`.
    pub before: Option<String>,
    /// How many at most, from 1 to 100.
    pub limit: u32,
}

/// A page of past calls, newest first.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HistoryPage {
    /// The calls, as they go out.
    pub calls: Vec<serde_json::Value>,
    /// What to send as `before` for the next page; none on the last one.
    pub next: Option<String>,
}

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HistoryFault {
    /// `before` is not what a page ended with.
    #[error("`before` is not the `next` of a page of this history")]
    Cursor,
    /// The database does not answer.
    #[error("the history cannot be read now; try again in a moment")]
    Away,
}

type Answer = Pin<Box<dyn Future<Output = Result<HistoryPage, HistoryFault>> + Send>>;

/// Reads the history; a closure, so that the routes need not know what a database is.
#[derive(Clone)]
pub struct CallHistory(Arc<dyn Fn(HistoryAsked) -> Answer + Send + Sync>);

impl CallHistory {
    /// Reads by `read`.
    pub fn new<F>(read: impl Fn(HistoryAsked) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<HistoryPage, HistoryFault>> + Send + 'static,
    {
        Self(Arc::new(move |asked| Box::pin(read(asked))))
    }

    /// Nothing is remembered.
    pub fn none() -> Self {
        Self::new(|_| std::future::ready(Ok(HistoryPage::default())))
    }

    pub(super) async fn read(&self, asked: HistoryAsked) -> Result<HistoryPage, HistoryFault> {
        (self.0)(asked).await
    }
}

impl fmt::Debug for CallHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallHistory(…)")
    }
}
