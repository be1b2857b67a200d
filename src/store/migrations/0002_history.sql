-- What happened to clusters and pool instances, for the event history and for the rules that look back.
--
-- The natural key is the whole event, details included: telling a history twice writes nothing, and two events
-- of one second and one type stay two if they say different things.
CREATE TABLE cluster_event (
  source     TEXT NOT NULL,
  workspace  TEXT NOT NULL,
  cluster_id TEXT NOT NULL,
  timestamp  INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  details    TEXT NOT NULL CHECK (json_valid(details)),
  PRIMARY KEY (source, workspace, cluster_id, timestamp, event_type, details)
) STRICT;

CREATE TABLE instance_event (
  source           TEXT NOT NULL,
  workspace        TEXT NOT NULL,
  instance_id      TEXT NOT NULL,
  event_time       INTEGER NOT NULL,
  state            TEXT NOT NULL,
  instance_pool_id TEXT NOT NULL,
  cluster_id       TEXT NOT NULL,
  PRIMARY KEY (source, workspace, instance_id, event_time, state, instance_pool_id, cluster_id)
) STRICT;
