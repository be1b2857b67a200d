-- What happened to clusters and pool instances, and which machines there were: for the event history, for the rules
-- that look back, and for the question what existed at an instant.
--
-- Texts that repeat are rows of their own, so that an event is a few numbers and one text. Instants are Unix seconds
-- in UTC. Empty text means none.

-- Short texts that repeat: event types, states, node types.
CREATE TABLE name (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- A cluster as one source tells of it. Of no cluster there is a row too, with an empty `cluster_id`.
CREATE TABLE cluster (
  id         INTEGER PRIMARY KEY,
  source_id  INTEGER NOT NULL REFERENCES source (id),
  workspace  TEXT NOT NULL,
  cluster_id TEXT NOT NULL,
  UNIQUE (cluster_id, workspace, source_id)
) STRICT;

CREATE TABLE pool (
  id               INTEGER PRIMARY KEY,
  workspace        TEXT NOT NULL,
  instance_pool_id TEXT NOT NULL,
  UNIQUE (instance_pool_id, workspace)
) STRICT;

CREATE TABLE instance (
  id          INTEGER PRIMARY KEY,
  source_id   INTEGER NOT NULL REFERENCES source (id),
  instance_id TEXT NOT NULL,
  UNIQUE (instance_id, source_id)
) STRICT;

-- How many events were told in all: each carries its number, which orders the events of one second.
CREATE TABLE history (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  told INTEGER NOT NULL CHECK (told >= 0)
) STRICT;
INSERT INTO history (id, told) VALUES (1, 0);

-- The key is what an event says, its details by the first eight bytes of their BLAKE3: telling a history twice writes
-- nothing, and two events of one second and one type stay two if they say different things. Rows lie by cluster and
-- time: clusters are numbered as they are first told of, so that a history told in order of time is written near the
-- end of the tree, and the history of one cluster is read in one stretch.
CREATE TABLE cluster_event (
  cluster_row INTEGER NOT NULL REFERENCES cluster (id),
  timestamp   INTEGER NOT NULL,
  event_type  INTEGER NOT NULL REFERENCES name (id),
  digest      INTEGER NOT NULL,
  told        INTEGER NOT NULL,
  details     TEXT NOT NULL,
  PRIMARY KEY (cluster_row, timestamp, event_type, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE instance_event (
  instance_row INTEGER NOT NULL REFERENCES instance (id),
  event_time   INTEGER NOT NULL,
  state        INTEGER NOT NULL REFERENCES name (id),
  cluster_row  INTEGER NOT NULL REFERENCES cluster (id),
  pool_row     INTEGER NOT NULL REFERENCES pool (id),
  told         INTEGER NOT NULL,
  PRIMARY KEY (instance_row, event_time, state, cluster_row, pool_row)
) STRICT, WITHOUT ROWID;

-- A virtual machine that existed. 2^span seconds are more than it lasted: what existed at an instant is found by a
-- short range of starts for each span.
CREATE TABLE machine (
  instance_row    INTEGER PRIMARY KEY REFERENCES instance (id),
  subject_id      INTEGER NOT NULL REFERENCES subject (id),
  node_type       INTEGER NOT NULL REFERENCES name (id),
  purchase_option TEXT NOT NULL CHECK (purchase_option IN ('on_demand', 'spot')),
  driver          INTEGER NOT NULL CHECK (driver IN (0, 1)),
  period_start    INTEGER NOT NULL,
  period_end      INTEGER NOT NULL CHECK (period_end >= period_start),
  span            INTEGER NOT NULL CHECK (span BETWEEN 0 AND 63)
) STRICT;
CREATE INDEX machine_by_time ON machine (span, period_start);

-- A disk that disk autoscaling added; it goes with its machine.
CREATE TABLE added_disk (
  instance_row INTEGER NOT NULL REFERENCES instance (id),
  number       INTEGER NOT NULL CHECK (number > 0),
  disk         TEXT NOT NULL,
  added        INTEGER NOT NULL,
  PRIMARY KEY (instance_row, number)
) STRICT, WITHOUT ROWID;

-- A workspace and the period over which its resource group existed. There are few.
CREATE TABLE workspace (
  source_id       INTEGER NOT NULL REFERENCES source (id),
  name            TEXT NOT NULL,
  cloud           TEXT NOT NULL,
  region          TEXT NOT NULL,
  tier            TEXT NOT NULL,
  public_ip       INTEGER NOT NULL CHECK (public_ip IN (0, 1)),
  node_disks      TEXT NOT NULL CHECK (json_valid(node_disks)),
  nat_gateway     INTEGER NOT NULL CHECK (nat_gateway IN (0, 1)),
  root_storage_gb INTEGER,
  autoscale_disk  TEXT NOT NULL,
  period_start    INTEGER NOT NULL,
  period_end      INTEGER NOT NULL CHECK (period_end > period_start),
  PRIMARY KEY (source_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX workspace_by_time ON workspace (period_start, period_end);

-- What became of each cluster. `gone` is when it was permanently deleted.
CREATE TABLE cluster_record (
  cluster_row INTEGER PRIMARY KEY REFERENCES cluster (id),
  subject_id  INTEGER NOT NULL REFERENCES subject (id),
  state       TEXT NOT NULL,
  pinned      INTEGER NOT NULL CHECK (pinned IN (0, 1)),
  gone        INTEGER
) STRICT;
