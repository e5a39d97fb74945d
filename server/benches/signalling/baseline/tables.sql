-- The baseline's own tables, with the columns of the source documents that a 1-1 call writes.
-- calls-server makes its tables itself.
CREATE TABLE wo_calls (
  id INT AUTO_INCREMENT PRIMARY KEY,
  from_id INT NOT NULL,
  to_id INT NOT NULL,
  call_type ENUM('audio', 'video') NOT NULL DEFAULT 'audio',
  status ENUM('ringing', 'connected', 'ended', 'missed', 'rejected') NOT NULL DEFAULT 'ringing',
  room_name VARCHAR(100) NOT NULL,
  sdp_offer MEDIUMTEXT,
  sdp_answer MEDIUMTEXT,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  accepted_at DATETIME NULL,
  ended_at DATETIME NULL,
  duration INT NULL,
  UNIQUE KEY room_name (room_name),
  KEY from_id (from_id),
  KEY to_id (to_id)
);
CREATE TABLE wo_ice_candidates (
  id INT AUTO_INCREMENT PRIMARY KEY,
  room_name VARCHAR(100) NOT NULL,
  user_id INT NOT NULL,
  candidate TEXT NOT NULL,
  sdp_mid VARCHAR(20),
  sdp_m_line_index INT,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  KEY room_name (room_name)
);
