-- How far a server that runs may count; empty after one that stopped in good order.

CREATE TABLE IF NOT EXISTS wo_call_numbers (
  name VARCHAR(32) PRIMARY KEY,
  taken INT NOT NULL
);
