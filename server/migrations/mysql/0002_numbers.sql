-- How far a server that runs may count; empty after one that stopped in good order.

CREATE TABLE IF NOT EXISTS wo_call_numbers (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  taken BIGINT NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
