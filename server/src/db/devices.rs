//! Devices and their push tokens, in a table of our own.
use super::{
    QueryError, Store,
    conn::{Conn, Dialect, Row},
    rows::time,
};
use calls_protocol::{DeviceId, UnixMillis, UserId};
use std::fmt;

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
        let sql = "SELECT device_id, platform, push_token FROM wo_call_devices \
                   WHERE user_id = ? AND push_token IS NOT NULL ORDER BY device_id";
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

fn device(row: &Row) -> Option<Device> {
    let id = DeviceId::new(&row.text(0)?).ok()?;
    Some(Device { id, platform: row.text(1).unwrap_or_default(), push_token: row.text(2) })
}
