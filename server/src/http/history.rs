//! The past calls of a user, wherever they are kept.
use calls_protocol::{CallId, CallType, GroupId, RoomName, Seconds, UnixMillis, UserId};
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
    /// The calls.
    pub calls: Vec<PastCall>,
    /// What to send as `before` for the next page; none on the last one.
    pub next: Option<String>,
}

/// A call as its user sees it afterwards.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PastCall {
    /// Its row.
    pub call_id: CallId,
    /// The other side.
    #[serde(flatten)]
    pub with: PastCallWith,
    /// `incoming` or `outgoing`.
    pub direction: &'static str,
    /// `ended`, `missed`, `rejected`, or what it still is.
    pub status: String,
    /// The finer word, if there is one: `completed`, `timeout` …
    pub reason: Option<String>,
    /// Sound, or sound and picture.
    pub call_type: CallType,
    /// Its room.
    pub room_name: RoomName,
    /// When it began to ring.
    pub started_at: UnixMillis,
    /// In seconds, from the answer to the end; none if it was never answered.
    pub duration: Option<Seconds>,
}

/// With whom a call was.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum PastCallWith {
    /// A person.
    #[serde(rename_all = "camelCase")]
    User {
        /// Who.
        user_id: UserId,
        /// The name.
        name: String,
        /// The picture.
        avatar: Option<String>,
    },
    /// A group.
    #[serde(rename_all = "camelCase")]
    Group {
        /// Which.
        group_id: GroupId,
        /// Its name.
        group_name: String,
    },
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
