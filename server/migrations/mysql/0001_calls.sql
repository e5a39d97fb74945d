-- Every statement here can be run again: MariaDB commits each at once, so a server that is killed in the middle
-- starts over. Tables that exist already are left as they are; what they lack is added afterwards (src/db/adopt.rs).

CREATE TABLE IF NOT EXISTS wo_calls (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  from_id INT NOT NULL,
  to_id INT NOT NULL,
  call_type ENUM('audio','video') NOT NULL DEFAULT 'audio',
  status ENUM('ringing','connected','ended','missed','rejected') NOT NULL DEFAULT 'ringing',
  room_name VARCHAR(100) NOT NULL,
  sdp_offer LONGTEXT NULL,
  sdp_answer LONGTEXT NULL,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  accepted_at DATETIME NULL,
  ended_at DATETIME NULL,
  duration INT NULL,
  end_reason VARCHAR(255) NULL,
  ended_by INT NULL,
  created_ms BIGINT NULL,
  accepted_ms BIGINT NULL,
  expires_ms BIGINT NULL,
  from_device VARCHAR(128) NULL,
  to_device VARCHAR(128) NULL,
  UNIQUE KEY wo_calls_room (room_name),
  KEY wo_calls_from (from_id),
  KEY wo_calls_to (to_id),
  KEY wo_calls_status (status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS wo_group_calls (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  group_id INT NOT NULL,
  initiated_by INT NOT NULL,
  call_type ENUM('audio','video') NOT NULL DEFAULT 'audio',
  status ENUM('ringing','active','ended') NOT NULL DEFAULT 'ringing',
  room_name VARCHAR(100) NOT NULL,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  started_at DATETIME NULL,
  ended_at DATETIME NULL,
  duration INT NULL,
  end_reason VARCHAR(255) NULL,
  created_ms BIGINT NULL,
  started_ms BIGINT NULL,
  expires_ms BIGINT NULL,
  UNIQUE KEY wo_group_calls_room (room_name),
  KEY wo_group_calls_group (group_id),
  KEY wo_group_calls_by (initiated_by),
  KEY wo_group_calls_status (status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS wo_group_call_participants (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  group_call_id INT NOT NULL,
  user_id INT NOT NULL,
  joined_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  left_at DATETIME NULL,
  duration INT NULL,
  joined_ms BIGINT NULL,
  left_ms BIGINT NULL,
  device_id VARCHAR(128) NULL,
  record_key BIGINT NULL,
  UNIQUE KEY wo_group_call_participants_once (group_call_id, user_id, record_key),
  KEY wo_group_call_participants_user (user_id, group_call_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS wo_ice_candidates (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  room_name VARCHAR(100) NOT NULL,
  user_id INT NULL,
  candidate LONGTEXT NOT NULL,
  sdp_mid VARCHAR(100) NOT NULL DEFAULT '',
  sdp_m_line_index INT NOT NULL DEFAULT 0,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  record_key BIGINT NULL,
  UNIQUE KEY wo_ice_candidates_once (room_name, record_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS wo_call_statistics (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  call_id INT NULL,
  group_call_id INT NULL,
  user_id INT NOT NULL,
  call_type VARCHAR(32) NOT NULL DEFAULT 'audio',
  packet_loss FLOAT NULL,
  average_latency INT NULL,
  rtt_ms DOUBLE NULL,
  jitter_ms DOUBLE NULL,
  loss_pct DOUBLE NULL,
  bitrate_kbps DOUBLE NULL,
  audio_level DOUBLE NULL,
  mos DOUBLE NULL,
  candidate_type VARCHAR(32) NULL,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  record_key BIGINT NULL,
  UNIQUE KEY wo_call_statistics_once (user_id, record_key),
  KEY wo_call_statistics_call (call_id),
  KEY wo_call_statistics_group_call (group_call_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS wo_call_devices (
  user_id BIGINT NOT NULL,
  device_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  platform VARCHAR(32) NOT NULL DEFAULT '',
  push_token TEXT NULL,
  updated_at DATETIME NOT NULL,
  PRIMARY KEY (user_id, device_id),
  KEY wo_call_devices_token (push_token(64))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
