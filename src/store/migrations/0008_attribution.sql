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
