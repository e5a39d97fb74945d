-- What an existing messenger has before calls are added: its people and its groups. Both servers read names from here.
CREATE TABLE wo_users (
  user_id INT PRIMARY KEY,
  first_name VARCHAR(60) NOT NULL DEFAULT '',
  last_name VARCHAR(60) NOT NULL DEFAULT '',
  username VARCHAR(60) NOT NULL DEFAULT '',
  avatar VARCHAR(200) NOT NULL DEFAULT ''
);
CREATE TABLE wo_groupchatusers (
  id INT AUTO_INCREMENT PRIMARY KEY,
  group_id INT NOT NULL,
  user_id INT NOT NULL,
  KEY group_id (group_id)
);
CREATE TABLE wo_groupchat (
  group_id INT PRIMARY KEY,
  group_name VARCHAR(60) NOT NULL DEFAULT ''
);
INSERT INTO wo_users (user_id, first_name, last_name, username)
  SELECT seq, CONCAT('First', seq), CONCAT('Last', seq), CONCAT('user', seq) FROM seq_1_to_20000;
