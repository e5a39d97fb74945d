-- The types are those of MariaDB where SQLite has a word for them; times are UTC, as `CURRENT_TIMESTAMP` is here.

CREATE TABLE IF NOT EXISTS wo_calls (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  from_id INT NOT NULL,
  to_id INT NOT NULL,
  call_type TEXT NOT NULL DEFAULT 'audio' CHECK (call_type IN ('audio','video')),
  status TEXT NOT NULL DEFAULT 'ringing' CHECK (status IN ('ringing','connected','ended','missed','rejected')),
  room_name VARCHAR(100) NOT NULL,
  sdp_offer TEXT,
  sdp_answer TEXT,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  accepted_at DATETIME,
  ended_at DATETIME,
  duration INT,
  end_reason VARCHAR(255),
  ended_by INT,
  created_ms INT,
  accepted_ms INT,
  expires_ms INT,
  from_device VARCHAR(128),
  to_device VARCHAR(128)
);

CREATE TABLE IF NOT EXISTS wo_group_calls (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INT NOT NULL,
  initiated_by INT NOT NULL,
  call_type TEXT NOT NULL DEFAULT 'audio' CHECK (call_type IN ('audio','video')),
  status TEXT NOT NULL DEFAULT 'ringing' CHECK (status IN ('ringing','active','ended')),
  room_name VARCHAR(100) NOT NULL,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  started_at DATETIME,
  ended_at DATETIME,
  duration INT,
  end_reason VARCHAR(255),
  created_ms INT,
  started_ms INT,
  expires_ms INT
);

CREATE TABLE IF NOT EXISTS wo_group_call_participants (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_call_id INT NOT NULL,
  user_id INT NOT NULL,
  joined_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  left_at DATETIME,
  duration INT,
  joined_ms INT,
  left_ms INT,
  device_id VARCHAR(128),
  record_key INT
);

CREATE TABLE IF NOT EXISTS wo_ice_candidates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  room_name VARCHAR(100) NOT NULL,
  user_id INT,
  candidate TEXT NOT NULL,
  sdp_mid VARCHAR(100) NOT NULL DEFAULT '',
  sdp_m_line_index INT NOT NULL DEFAULT 0,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  record_key INT
);

CREATE TABLE IF NOT EXISTS wo_call_statistics (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  call_id INT,
  group_call_id INT,
  user_id INT NOT NULL,
  call_type VARCHAR(32) NOT NULL DEFAULT 'audio',
  packet_loss FLOAT,
  average_latency INT,
  rtt_ms DOUBLE,
  jitter_ms DOUBLE,
  loss_pct DOUBLE,
  bitrate_kbps DOUBLE,
  audio_level DOUBLE,
  mos DOUBLE,
  candidate_type VARCHAR(32),
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  record_key INT
);

CREATE TABLE IF NOT EXISTS wo_call_devices (
  user_id INT NOT NULL,
  device_id VARCHAR(128) NOT NULL,
  platform VARCHAR(32) NOT NULL DEFAULT '',
  push_token TEXT,
  updated_at DATETIME NOT NULL,
  PRIMARY KEY (user_id, device_id)
);
CREATE INDEX IF NOT EXISTS wo_call_devices_token ON wo_call_devices (push_token);
