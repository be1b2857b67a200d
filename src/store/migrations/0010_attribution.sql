-- Whose a charge is, in full: custom tags beside workspace, cluster, job, run, pool, owner and policy.
--
-- Tags are a JSON object of texts in the order of its keys, empty text for none; the subjects of a team share a row of them.
CREATE TABLE tags (
  id   INTEGER PRIMARY KEY,
  tags TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO tags (id, tags) VALUES (1, '');

CREATE TABLE subject_with_tags (
  id           INTEGER PRIMARY KEY,
  workspace    TEXT NOT NULL,
  team         TEXT NOT NULL,
  cluster_id   TEXT NOT NULL,
  cluster_name TEXT NOT NULL,
  job_name     TEXT NOT NULL,
  run_id       TEXT NOT NULL,
  pool         TEXT NOT NULL,
  owner        TEXT NOT NULL,
  policy       TEXT NOT NULL,
  tags_id      INTEGER NOT NULL REFERENCES tags (id),
  UNIQUE (cluster_id, run_id, workspace, team, cluster_name, job_name, pool, owner, policy, tags_id)
) STRICT;
INSERT INTO subject_with_tags
  SELECT id, workspace, team, cluster_id, cluster_name, job_name, run_id, pool, owner, policy, 1 FROM subject;
DROP TABLE subject;
ALTER TABLE subject_with_tags RENAME TO subject;
CREATE TRIGGER subject_is_not_changed BEFORE UPDATE ON subject
  BEGIN SELECT RAISE(ABORT, 'entries name this subject: it is not changed'); END;
CREATE TRIGGER tags_are_not_changed BEFORE UPDATE ON tags
  BEGIN SELECT RAISE(ABORT, 'subjects name these tags: they are not changed'); END;

-- Entries of before were told without tags. Told again with them, they say the same.
CREATE TABLE untagged (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  entries  INTEGER NOT NULL,             -- entries there were
  subjects INTEGER NOT NULL              -- the last subject there was
) STRICT;
INSERT INTO untagged (id, entries, subjects)
  SELECT 1, entries, (SELECT coalesce(max(id), 0) FROM subject) FROM ledger;

-- Where a row stood that became an entry. No part of the fact: other files may tell the same row.
CREATE TABLE source_file (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE source_row (
  entry   INTEGER PRIMARY KEY REFERENCES entry (number),
  file_id INTEGER NOT NULL REFERENCES source_file (id),
  line    INTEGER NOT NULL
) STRICT;

-- Shared cost of a month (idle instances of a pool; a workspace's resource group, whose pool is empty text) that is moved from the
-- cost centre that bears it to those that used it. A later one of the same cost says what it adds to those before; each
-- has what was split at that time, so that the sum of all is held against the last.
CREATE TABLE allocation (
  number     INTEGER PRIMARY KEY CHECK (number > 0),
  month      TEXT NOT NULL CHECK (length(month) = 7),
  workspace  TEXT NOT NULL,
  pool       TEXT NOT NULL,
  bearer     INTEGER NOT NULL REFERENCES account (id),
  split_key  TEXT NOT NULL CHECK (split_key IN ('by-seconds', 'by-cost')),
  cost_nano  INTEGER NOT NULL,           -- the shared cost
  kept_nano  INTEGER NOT NULL,           -- what of it stays with the bearer
  moved_nano INTEGER NOT NULL,           -- what this one relieves the bearer of: the sum of its shares
  entries    INTEGER NOT NULL,           -- entries of the ledger at that time
  hash       BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX allocation_by_month ON allocation (month);

-- What it adds to a cost centre. The weight is seconds, or 10^-9 of the currency.
CREATE TABLE allocation_share (
  allocation  INTEGER NOT NULL REFERENCES allocation (number),
  account     INTEGER NOT NULL REFERENCES account (id),
  weight      INTEGER NOT NULL,
  amount_nano INTEGER NOT NULL,
  PRIMARY KEY (allocation, account)
) STRICT, WITHOUT ROWID;

-- How many there are, and the hash of the last.
CREATE TABLE allocations (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL,
  head  BLOB CHECK (length(head) = 32)
) STRICT;
INSERT INTO allocations (id, count, head) VALUES (1, 0, NULL);

CREATE TRIGGER allocation_in_a_closed_month BEFORE INSERT ON allocation
  WHEN NEW.month <= (SELECT max(month) FROM closing)
  BEGIN SELECT RAISE(ABORT, 'a month that is closed stays closed'); END;
CREATE TRIGGER allocation_is_not_changed BEFORE UPDATE ON allocation
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an allocation is not changed'); END;
CREATE TRIGGER allocation_is_not_deleted BEFORE DELETE ON allocation
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an allocation is not deleted'); END;
CREATE TRIGGER allocation_share_is_not_changed BEFORE UPDATE ON allocation_share
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an allocation is not changed'); END;
CREATE TRIGGER allocation_share_is_not_deleted BEFORE DELETE ON allocation_share
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an allocation is not deleted'); END;
CREATE TRIGGER source_row_is_not_changed BEFORE UPDATE ON source_row
  BEGIN SELECT RAISE(ABORT, 'where a row stood is not changed'); END;
