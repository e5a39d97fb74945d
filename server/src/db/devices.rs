//! Devices and their push tokens, in a table of our own.
use super::{
    QueryError, Store,
    cache::Cache,
    conn::{Conn, Dialect, Row, Value},
    rate::Rate,
    rows::time,
};
use calls_protocol::{DeviceId, UnixMillis, UserId};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Devices of one user that are remembered: phones, tablets and browsers of years. The one that was not seen for the
/// longest time goes.
pub(super) const MOST_DEVICES: usize = 20;

/// A device that says nothing new is written again after this time, so that its row tells who was seen lately.
const WRITTEN_AGAIN: Duration = Duration::from_secs(60 * 60);

/// As many devices of one user are written in a minute: all that there can be, and then some.
const NEWS_A_MINUTE: u32 = 30;

/// Users of whom it is known what was written; a few hundred bytes each.
const REMEMBERED: usize = 20_000;

/// A device that a push can reach.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    /// The app's own name for the installation.
    pub id: DeviceId,
    /// `android`, `ios`, `web` …; empty if the client did not say.
    pub platform: String,
    /// What the push service calls it.
    pub push_token: Option<String>,
}

impl fmt::Debug for Device {
    /// Without the token: whoever has it can push.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_token = self.push_token.is_some();
        write!(f, "Device({:?}, {:?}, token: {has_token})", self.id, self.platform)
    }
}

impl Store {
    /// The devices of a user that a push can reach.
    pub(super) async fn devices(&self, user: UserId) -> Result<Vec<Device>, QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok(vec![]) };
        let sql = format!(
            "SELECT device_id, platform, push_token FROM wo_call_devices \
             WHERE user_id = ? AND push_token IS NOT NULL ORDER BY updated_at DESC, device_id LIMIT {MOST_DEVICES}"
        );
        let rows = conn.fetch(sql, &[user.get().into()]).await?;
        Ok(rows.iter().filter_map(device).collect())
    }

    /// Remembers a device. Its token belongs to whoever signed in last: a phone that changed hands rings for one.
    pub(super) async fn save_device(
        &self,
        user: UserId,
        device: &Device,
        at: UnixMillis,
    ) -> Result<Vec<UserId>, QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok(vec![]) };
        let former = match &device.push_token {
            Some(token) => give_up(&mut conn, user, token).await?,
            None => vec![],
        };
        let platform: String = device.platform.chars().take(32).collect();
        let insert =
            "INSERT INTO wo_call_devices (user_id, device_id, platform, push_token, updated_at) VALUES";
        let stamp = time(conn.dialect());
        let known = match conn.dialect() {
            Dialect::MySql => {
                "ON DUPLICATE KEY UPDATE platform = VALUES(platform), \
                 push_token = COALESCE(VALUES(push_token), push_token), updated_at = VALUES(updated_at)"
            }
            Dialect::Sqlite => {
                "ON CONFLICT DO UPDATE SET platform = excluded.platform, \
                 push_token = COALESCE(excluded.push_token, push_token), updated_at = excluded.updated_at"
            }
        };
        let values = [
            user.get().into(),
            device.id.as_str().into(),
            platform.into(),
            device.push_token.as_deref().into(),
            (at.0 / 1000).into(),
        ];
        conn.execute(format!("{insert} (?, ?, ?, ?, {stamp}) {known}").into(), &values).await?;
        forget_oldest(&mut conn, user, &device.id).await?;
        Ok(former)
    }

    /// Forgets a token that the push service no longer knows.
    pub(super) async fn forget_token(&self, user: UserId, token: &str) -> Result<(), QueryError> {
        let Some(mut conn) = self.reader().await? else { return Ok(()) };
        let sql = "UPDATE wo_call_devices SET push_token = NULL WHERE user_id = ? AND push_token = ?";
        conn.execute(sql.into(), &[user.get().into(), token.into()]).await?;
        Ok(())
    }
}

/// Takes a token from everybody else, and says from whom.
async fn give_up(conn: &mut Conn, to: UserId, token: &str) -> Result<Vec<UserId>, sqlx::Error> {
    let sql = "SELECT user_id FROM wo_call_devices WHERE push_token = ? AND user_id <> ?";
    let rows = conn.fetch(sql, &[token.into(), to.get().into()]).await?;
    if !rows.is_empty() {
        let sql = "DELETE FROM wo_call_devices WHERE push_token = ? AND user_id <> ?";
        conn.execute(sql.into(), &[token.into(), to.get().into()]).await?;
    }
    Ok(rows.iter().filter_map(|row| super::restart::user(row, 0)).collect())
}

/// Keeps the device that was just seen and those that were seen last before it.
async fn forget_oldest(conn: &mut Conn, user: UserId, seen: &DeviceId) -> Result<(), sqlx::Error> {
    let others = MOST_DEVICES - 1;
    // As many at once as a table from before may have too many.
    let sql = format!(
        "SELECT device_id FROM wo_call_devices WHERE user_id = ? AND device_id <> ? \
         ORDER BY updated_at DESC, device_id LIMIT 100 OFFSET {others}"
    );
    for row in conn.fetch(sql, &[user.get().into(), seen.as_str().into()]).await? {
        let sql = "DELETE FROM wo_call_devices WHERE user_id = ? AND device_id = ?";
        let values: [Value<'_>; 2] = [user.get().into(), row.text(0).into()];
        conn.execute(sql.into(), &values).await?;
    }
    Ok(())
}

fn device(row: &Row) -> Option<Device> {
    let id = DeviceId::new(&row.text(0)?).ok()?;
    Some(Device { id, platform: row.text(1).unwrap_or_default(), push_token: row.text(2) })
}

/// What was written lately, so that a client that registers again and again writes nothing.
#[derive(Debug)]
pub(super) struct News {
    users: Cache<UserId, Arc<Mutex<Written>>>,
    rate: Rate<UserId>,
    hash: RandomState,
}

/// Devices of one user and what they said, the oldest first. Hashes, as tokens are long.
type Written = Vec<(u64, u64)>;

impl News {
    pub(super) fn new() -> Self {
        let users = Cache::new(REMEMBERED, WRITTEN_AGAIN);
        Self { users, rate: Rate::new(NEWS_A_MINUTE), hash: RandomState::new() }
    }

    /// Whether this is worth a row: it says something new, and the user did not say too much that is new. From now on
    /// it counts as written.
    pub(super) fn take(&self, user: UserId, device: &Device) -> bool {
        let written = self.users.get(user).unwrap_or_else(|| {
            let written = Arc::default();
            self.users.put_for(user, Arc::clone(&written), WRITTEN_AGAIN);
            written
        });
        let id = self.hash.hash_one(&device.id);
        let said = self.hash.hash_one((&device.platform, &device.push_token));
        // Nothing in here panics half way through a change.
        let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.contains(&(id, said)) || !self.rate.allows(user) {
            return false;
        }
        written.retain(|(known, _)| *known != id);
        if written.len() == MOST_DEVICES {
            written.remove(0);
        }
        written.push((id, said));
        true
    }

    /// It was not written after all, or is not in its row any more.
    pub(super) fn forget(&self, user: UserId) {
        if let Some(written) = self.users.get(user) {
            written.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, token: &str) -> Device {
        Device { id: id.parse().unwrap(), platform: "android".into(), push_token: Some(token.into()) }
    }

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_that_says_the_same_again_is_no_news_for_an_hour() {
        let news = News::new();

        assert!(news.take(user(1), &device("phone", "t1")));
        assert!(!news.take(user(1), &device("phone", "t1")));
        assert!(news.take(user(1), &device("phone", "t2")), "a new token");
        assert!(news.take(user(2), &device("phone", "t2")), "another user");
        news.forget(user(1));
        assert!(news.take(user(1), &device("phone", "t2")), "it was not written");
        tokio::time::advance(WRITTEN_AGAIN).await;
        assert!(news.take(user(1), &device("phone", "t2")), "seen again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_with_new_tokens_without_end_is_written_so_often_in_a_minute() {
        let news = News::new();
        let flood = |from: u32| {
            let takes = (from..from + 1000).filter(|n| news.take(user(1), &device("phone", &n.to_string())));
            takes.count()
        };

        assert_eq!((flood(0), flood(1000)), (30, 0));
        news.forget(user(1));
        assert_eq!(flood(2000), 0, "failures do not open the door");
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(flood(3000), 30);
    }
}
