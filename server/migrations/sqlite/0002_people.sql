-- Only the embedded database gets these: without a messenger beside it, names and groups have to be somewhere.

CREATE TABLE IF NOT EXISTS wo_users (
  user_id INTEGER PRIMARY KEY AUTOINCREMENT,
  first_name VARCHAR(60) NOT NULL DEFAULT '',
  last_name VARCHAR(60) NOT NULL DEFAULT '',
  avatar VARCHAR(500)
);

CREATE TABLE IF NOT EXISTS wo_groupchat (
  group_id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_name VARCHAR(255) NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS wo_groupchatusers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INT NOT NULL,
  user_id INT NOT NULL,
  UNIQUE (group_id, user_id)
);
CREATE INDEX IF NOT EXISTS wo_groupchatusers_user ON wo_groupchatusers (user_id);
