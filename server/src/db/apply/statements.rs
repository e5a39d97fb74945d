//! The statements that write a batch. Where the dialects differ, both texts stand side by side.
use super::super::{conn::Dialect, rows::Shape};

pub(super) const CALLS_BY_ID: Shape =
    in_list("calls by id", |_| "SELECT id, room_name FROM wo_calls WHERE id IN (");
pub(super) const CALLS_BY_ROOM: Shape =
    in_list("calls by room", |_| "SELECT id, room_name FROM wo_calls WHERE room_name IN (");
pub(super) const CALL_TYPES: Shape =
    in_list("call types", |_| "SELECT id, room_name, call_type FROM wo_calls WHERE id IN (");
pub(super) const GROUPS_BY_ID: Shape =
    in_list("groups by id", |_| "SELECT id, room_name FROM wo_group_calls WHERE id IN (");
pub(super) const GROUPS_BY_ROOM: Shape =
    in_list("groups by room", |_| "SELECT id, room_name FROM wo_group_calls WHERE room_name IN (");
pub(super) const GROUP_TYPES: Shape =
    in_list("group types", |_| "SELECT id, room_name, call_type FROM wo_group_calls WHERE id IN (");

const fn in_list(name: &'static str, head: fn(Dialect) -> &'static str) -> Shape {
    Shape { name, head, row: "?", between: ", ", tail: |_| ")" }
}

pub(super) const INSERT_CALLS: Shape = Shape {
    name: "insert calls",
    head: |_| {
        "INSERT INTO wo_calls (id, from_id, to_id, call_type, status, room_name, sdp_offer, sdp_answer, created_at, \
         accepted_at, ended_at, duration, end_reason, ended_by, created_ms, accepted_ms, expires_ms, from_device, to_device) VALUES "
    },
    row: "(?, ?, ?, ?, ?, ?, ?, ?, @, @, @, ?, ?, ?, ?, ?, ?, ?, ?)",
    between: ", ",
    tail: |_| "",
};

pub(super) const ANSWER_CALLS: Shape = Shape {
    name: "answer calls",
    head: |dialect| match dialect {
        Dialect::MySql => "UPDATE wo_calls AS c JOIN (",
        Dialect::Sqlite => {
            "UPDATE wo_calls AS c SET status = CASE c.status WHEN 'ringing' THEN 'connected' ELSE c.status END, \
             sdp_answer = v.answer, accepted_at = datetime(v.at_ms / 1000, 'unixepoch'), accepted_ms = v.at_ms, \
             to_device = v.device FROM ("
        }
    },
    row: "SELECT CAST(? AS SIGNED) AS id, CAST(? AS CHAR) AS answer, CAST(? AS SIGNED) AS at_ms, \
          CAST(? AS CHAR) AS device",
    between: " UNION ALL ",
    tail: |dialect| match dialect {
        Dialect::MySql => {
            ") AS v ON v.id = c.id SET \
             c.status = CASE c.status WHEN 'ringing' THEN 'connected' ELSE c.status END, \
             c.sdp_answer = v.answer, c.accepted_at = FROM_UNIXTIME(v.at_ms DIV 1000), c.accepted_ms = v.at_ms, \
             c.to_device = v.device"
        }
        Dialect::Sqlite => ") AS v WHERE v.id = c.id",
    },
};

pub(super) const END_CALLS: Shape = Shape {
    name: "end calls",
    head: |dialect| match dialect {
        Dialect::MySql => "UPDATE wo_calls AS c JOIN (",
        Dialect::Sqlite => {
            "UPDATE wo_calls AS c SET \
             status = CASE v.status WHEN 0 THEN 'ended' WHEN 1 THEN 'missed' ELSE 'rejected' END, \
             end_reason = v.reason, ended_by = v.ended_by, duration = v.duration, \
             ended_at = datetime(v.at_ms / 1000, 'unixepoch') FROM ("
        }
    },
    row: "SELECT CAST(? AS SIGNED) AS id, CAST(? AS SIGNED) AS status, CAST(? AS CHAR) AS reason, \
          CAST(? AS SIGNED) AS ended_by, CAST(? AS SIGNED) AS at_ms, CAST(? AS SIGNED) AS duration",
    between: " UNION ALL ",
    tail: |dialect| match dialect {
        Dialect::MySql => {
            ") AS v ON v.id = c.id SET \
             c.status = CASE v.status WHEN 0 THEN 'ended' WHEN 1 THEN 'missed' ELSE 'rejected' END, \
             c.end_reason = v.reason, c.ended_by = v.ended_by, c.duration = v.duration, \
             c.ended_at = FROM_UNIXTIME(v.at_ms DIV 1000)"
        }
        Dialect::Sqlite => ") AS v WHERE v.id = c.id",
    },
};

pub(super) const INSERT_GROUPS: Shape = Shape {
    name: "insert groups",
    head: |_| {
        "INSERT INTO wo_group_calls (id, group_id, initiated_by, call_type, status, room_name, created_at, \
         started_at, ended_at, duration, end_reason, created_ms, started_ms, expires_ms) VALUES "
    },
    row: "(?, ?, ?, ?, ?, ?, @, @, @, ?, ?, ?, ?, ?)",
    between: ", ",
    tail: |_| "",
};

pub(super) const ACTIVATE_GROUPS: Shape = Shape {
    name: "activate groups",
    head: |dialect| match dialect {
        Dialect::MySql => "UPDATE wo_group_calls AS c JOIN (",
        Dialect::Sqlite => {
            "UPDATE wo_group_calls AS c SET status = CASE c.status WHEN 'ringing' THEN 'active' ELSE c.status END, \
             started_at = datetime(v.at_ms / 1000, 'unixepoch'), started_ms = v.at_ms FROM ("
        }
    },
    row: "SELECT CAST(? AS SIGNED) AS id, CAST(? AS SIGNED) AS at_ms",
    between: " UNION ALL ",
    tail: |dialect| match dialect {
        Dialect::MySql => {
            ") AS v ON v.id = c.id SET \
             c.status = CASE c.status WHEN 'ringing' THEN 'active' ELSE c.status END, \
             c.started_at = FROM_UNIXTIME(v.at_ms DIV 1000), c.started_ms = v.at_ms"
        }
        Dialect::Sqlite => ") AS v WHERE v.id = c.id",
    },
};

pub(super) const END_GROUPS: Shape = Shape {
    name: "end groups",
    head: |dialect| match dialect {
        Dialect::MySql => "UPDATE wo_group_calls AS c JOIN (",
        Dialect::Sqlite => {
            "UPDATE wo_group_calls AS c SET status = 'ended', end_reason = v.reason, \
             duration = (v.at_ms - c.started_ms) / 1000, ended_at = datetime(v.at_ms / 1000, 'unixepoch') FROM ("
        }
    },
    row: "SELECT CAST(? AS SIGNED) AS id, CAST(? AS CHAR) AS reason, CAST(? AS SIGNED) AS at_ms",
    between: " UNION ALL ",
    tail: |dialect| match dialect {
        Dialect::MySql => {
            ") AS v ON v.id = c.id SET c.status = 'ended', c.end_reason = v.reason, \
             c.duration = (v.at_ms - c.started_ms) DIV 1000, c.ended_at = FROM_UNIXTIME(v.at_ms DIV 1000)"
        }
        Dialect::Sqlite => ") AS v WHERE v.id = c.id",
    },
};

/// `record_key` 0 marks rows of ours: rows from before have none, and may double as they like.
pub(super) const UPSERT_SEATS: Shape = Shape {
    name: "upsert seats",
    head: |_| {
        "INSERT INTO wo_group_call_participants (group_call_id, user_id, joined_at, left_at, duration, joined_ms, \
         left_ms, device_id, record_key) VALUES "
    },
    row: "(?, ?, @, @, ?, ?, ?, ?, 0)",
    between: ", ",
    // MariaDB sets from left to right and reads what it just set; SQLite reads the row as it was. So what is computed
    // from both moments comes before the moments themselves.
    tail: |dialect| match dialect {
        Dialect::MySql => {
            " ON DUPLICATE KEY UPDATE \
             left_at = IF(GREATEST(COALESCE(left_ms, -1), COALESCE(VALUES(left_ms), -1)) \
             >= GREATEST(COALESCE(joined_ms, 0), COALESCE(VALUES(joined_ms), 0)), \
             FROM_UNIXTIME(GREATEST(COALESCE(left_ms, 0), COALESCE(VALUES(left_ms), 0)) DIV 1000), NULL), \
             duration = IF(GREATEST(COALESCE(left_ms, -1), COALESCE(VALUES(left_ms), -1)) \
             >= GREATEST(COALESCE(joined_ms, 0), COALESCE(VALUES(joined_ms), 0)), \
             (GREATEST(COALESCE(left_ms, 0), COALESCE(VALUES(left_ms), 0)) \
             - GREATEST(COALESCE(joined_ms, 0), COALESCE(VALUES(joined_ms), 0))) DIV 1000, NULL), \
             device_id = IF(VALUES(joined_ms) >= COALESCE(joined_ms, 0), VALUES(device_id), device_id), \
             joined_ms = GREATEST(COALESCE(joined_ms, VALUES(joined_ms)), COALESCE(VALUES(joined_ms), joined_ms)), \
             left_ms = GREATEST(COALESCE(left_ms, VALUES(left_ms)), COALESCE(VALUES(left_ms), left_ms)), \
             record_key = 0"
        }
        Dialect::Sqlite => {
            " ON CONFLICT DO UPDATE SET \
             left_at = CASE WHEN max(COALESCE(left_ms, -1), COALESCE(excluded.left_ms, -1)) \
             >= max(COALESCE(joined_ms, 0), COALESCE(excluded.joined_ms, 0)) THEN \
             datetime(max(COALESCE(left_ms, 0), COALESCE(excluded.left_ms, 0)) / 1000, 'unixepoch') END, \
             duration = CASE WHEN max(COALESCE(left_ms, -1), COALESCE(excluded.left_ms, -1)) \
             >= max(COALESCE(joined_ms, 0), COALESCE(excluded.joined_ms, 0)) THEN \
             (max(COALESCE(left_ms, 0), COALESCE(excluded.left_ms, 0)) \
             - max(COALESCE(joined_ms, 0), COALESCE(excluded.joined_ms, 0))) / 1000 END, \
             device_id = CASE WHEN excluded.joined_ms >= COALESCE(joined_ms, 0) THEN excluded.device_id \
             ELSE device_id END, \
             joined_ms = max(COALESCE(joined_ms, excluded.joined_ms), COALESCE(excluded.joined_ms, joined_ms)), \
             left_ms = max(COALESCE(left_ms, excluded.left_ms), COALESCE(excluded.left_ms, left_ms)), \
             record_key = 0"
        }
    },
};

fn twice_is_once(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::MySql => " ON DUPLICATE KEY UPDATE record_key = VALUES(record_key)",
        Dialect::Sqlite => " ON CONFLICT DO NOTHING",
    }
}

pub(super) const INSERT_CANDIDATES: Shape = Shape {
    name: "insert candidates",
    head: |_| {
        "INSERT INTO wo_ice_candidates (room_name, user_id, candidate, sdp_mid, sdp_m_line_index, created_at, \
         record_key) VALUES "
    },
    row: "(?, ?, ?, ?, ?, @, ?)",
    between: ", ",
    tail: twice_is_once,
};

pub(super) const INSERT_STATISTICS: Shape = Shape {
    name: "insert statistics",
    head: |_| {
        "INSERT INTO wo_call_statistics (call_id, group_call_id, user_id, call_type, packet_loss, average_latency, \
         rtt_ms, jitter_ms, loss_pct, bitrate_kbps, audio_level, mos, candidate_type, created_at, record_key) VALUES "
    },
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, @, ?)",
    between: ", ",
    tail: twice_is_once,
};
