-- A history that is written at its end.
--
-- Events lay by cluster, so that each of ten thousand clusters had a page of its own that every batch wrote again. Now
-- they lie by day, and by cluster within it: a batch writes the pages of its own day, and the history of one cluster is
-- read in one stretch for each day that there is.
CREATE TABLE cluster_event_by_day (
  day         INTEGER NOT NULL,         -- days since 1970-01-01, of the timestamp
  cluster_row INTEGER NOT NULL REFERENCES cluster (id),
  timestamp   INTEGER NOT NULL,
  event_type  INTEGER NOT NULL REFERENCES name (id),
  digest      INTEGER NOT NULL,
  told        INTEGER NOT NULL,
  details     TEXT NOT NULL,
  PRIMARY KEY (day, cluster_row, timestamp, event_type, digest)
) STRICT, WITHOUT ROWID;
INSERT INTO cluster_event_by_day
  SELECT (timestamp - ((timestamp % 86400) + 86400) % 86400) / 86400, cluster_row, timestamp, event_type, digest, told,
         details
  FROM cluster_event ORDER BY 1, 2, 3, 4, 5;
DROP TABLE cluster_event;
ALTER TABLE cluster_event_by_day RENAME TO cluster_event;

-- The days of which there are events, each found by one step in the key.
CREATE VIEW event_day (day) AS
  WITH RECURSIVE days (day) AS (
    SELECT min(day) FROM cluster_event
    UNION ALL
    SELECT (SELECT min(day) FROM cluster_event WHERE day > days.day) FROM days WHERE days.day IS NOT NULL
  )
  SELECT day FROM days WHERE day IS NOT NULL;

-- A machine carries its own id: an id is told of once in a machine's life, so that a row of its own for each was
-- written twice and read never. Ids begin with the second of the launch and lie near the end of the tree. Rows of
-- `instance` are those of pools, which events name again and again.
CREATE TABLE machine_by_id (
  instance_id     TEXT NOT NULL,
  source_id       INTEGER NOT NULL REFERENCES source (id),
  subject_id      INTEGER NOT NULL REFERENCES subject (id),
  node_type       INTEGER NOT NULL REFERENCES name (id),
  purchase_option TEXT NOT NULL CHECK (purchase_option IN ('on_demand', 'spot')),
  driver          INTEGER NOT NULL CHECK (driver IN (0, 1)),
  period_start    INTEGER NOT NULL,
  period_end      INTEGER NOT NULL CHECK (period_end >= period_start),
  span            INTEGER NOT NULL CHECK (span BETWEEN 0 AND 63),
  PRIMARY KEY (instance_id, source_id)
) STRICT, WITHOUT ROWID;
INSERT INTO machine_by_id
  SELECT instance_id, source_id, subject_id, node_type, purchase_option, driver, period_start, period_end, span
  FROM machine JOIN instance ON instance.id = instance_row ORDER BY 1, 2;

CREATE TABLE added_disk_by_id (
  instance_id TEXT NOT NULL,
  source_id   INTEGER NOT NULL REFERENCES source (id),
  number      INTEGER NOT NULL CHECK (number > 0),
  disk        TEXT NOT NULL,
  added       INTEGER NOT NULL,
  PRIMARY KEY (instance_id, source_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO added_disk_by_id
  SELECT instance_id, source_id, number, disk, added
  FROM added_disk JOIN instance ON instance.id = instance_row ORDER BY 1, 2, 3;

DROP TABLE added_disk;
DROP TABLE machine;
ALTER TABLE machine_by_id RENAME TO machine;
ALTER TABLE added_disk_by_id RENAME TO added_disk;
CREATE INDEX machine_by_time ON machine (span, period_start);
DELETE FROM instance WHERE id NOT IN (SELECT instance_row FROM instance_event);
