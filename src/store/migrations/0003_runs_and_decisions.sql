-- Which scenarios were billed into this ledger. A name stands for one content: the digest holds everything the
-- bill depends on, so that a changed scenario cannot mix its facts with those of the old one.
CREATE TABLE run (
  name         TEXT PRIMARY KEY,
  digest       TEXT NOT NULL CHECK (length(digest) = 64),
  seed         TEXT NOT NULL,
  period_start INTEGER NOT NULL,
  period_end   INTEGER NOT NULL CHECK (period_end > period_start),
  finished     INTEGER NOT NULL CHECK (finished IN (0, 1))
) STRICT;

-- What was decided, so that a decision can be counted and replayed. Policies, violations and the estimate are
-- JSON text: they are read back whole.
CREATE TABLE decision (
  source     TEXT NOT NULL,
  request    TEXT NOT NULL,
  at         INTEGER NOT NULL,
  policies   TEXT NOT NULL CHECK (json_valid(policies)),
  outcome    TEXT NOT NULL CHECK (outcome IN ('allow', 'undetermined', 'deny')),
  violations TEXT NOT NULL CHECK (json_valid(violations)),
  estimate   TEXT NOT NULL CHECK (json_valid(estimate)),
  PRIMARY KEY (source, request, at)
) STRICT;
