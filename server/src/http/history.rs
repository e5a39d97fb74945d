//! The past calls of a user, wherever they are kept.
use crate::db::{Directory, HistoryCursor, HistoryEntry, Other, Store};
use calls_protocol::{CallId, CallType, GroupId, RoomName, Seconds, UnixMillis, UserId};
use serde::Serialize;
use std::{fmt, future::Future, pin::Pin, sync::Arc};
use tracing::warn;

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
    /// With whom.
    #[serde(flatten)]
    pub with: PastCallWith,
    /// `incoming` or `outgoing`.
    pub direction: &'static str,
    /// `ended`, `missed`, `rejected`, or what it still is.
    pub status: String,
    /// The finer word, if there is one: `completed`, `timeout` …
    pub end_reason: Option<String>,
    /// Sound, or sound and picture.
    pub call_type: CallType,
    /// Its room.
    pub room_name: RoomName,
    /// When it began to ring.
    pub started_at: UnixMillis,
    /// In seconds, from the answer to the end; none if it was never answered.
    pub duration: Option<Seconds>,
}

/// The other side of a call.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PastCallWith {
    /// A person.
    #[serde(rename_all = "camelCase")]
    User {
        /// Who.
        user_id: UserId,
        /// The name.
        user_name: String,
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

impl From<HistoryEntry> for PastCall {
    fn from(entry: HistoryEntry) -> Self {
        let HistoryEntry { call, other, direction, status, end_reason, call_type, room, started, duration } =
            entry;
        let with = match other {
            Other::User { id, profile } => PastCallWith::User {
                user_id: id,
                user_name: profile.name.clone(),
                avatar: profile.avatar.clone(),
            },
            Other::Group { id, name } => PastCallWith::Group { group_id: id, group_name: name },
        };
        Self {
            call_id: call,
            with,
            direction: direction.as_str(),
            status,
            end_reason,
            call_type,
            room_name: room,
            started_at: started,
            duration,
        }
    }
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

    /// Reads the database.
    pub fn of_store(store: Store, directory: Directory) -> Self {
        Self::new(move |asked| {
            let (store, directory) = (store.clone(), directory.clone());
            async move {
                let HistoryAsked { user, before, limit } = asked;
                let before = before.map(|text| text.parse::<HistoryCursor>()).transpose();
                let before = before.map_err(|_| HistoryFault::Cursor)?;
                let page = store.history(&directory, user, before, limit as usize).await;
                let page = page.map_err(|error| {
                    warn!(%error, "the history could not be read");
                    HistoryFault::Away
                })?;
                let next = page.next.map(|cursor| cursor.to_string());
                Ok(HistoryPage { calls: page.entries.into_iter().map(PastCall::from).collect(), next })
            }
        })
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
