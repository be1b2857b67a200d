-- The journal: what was billed, append-only.
--
-- One row per entry, with both accounts, so that an entry without its other leg cannot be written; the view
-- `posting` shows the two legs. Texts that repeat (who, what, at which price) are rows of their own, written
-- once, so that an entry is a few numbers. Amounts and quantities are whole numbers of 10^-9; instants are Unix
-- seconds in UTC; STRICT keeps floating point out.

-- The one row of the ledger itself. `currency` is fixed by the first entry; `head` is its last hash.
CREATE TABLE ledger (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  currency TEXT CHECK (length(currency) = 3),
  entries  INTEGER NOT NULL CHECK (entries >= 0),
  head     BLOB CHECK (length(head) = 32)
) STRICT;
INSERT INTO ledger (id, currency, entries, head) VALUES (1, NULL, 0, NULL);

-- Who tells facts: a scenario, an import.
CREATE TABLE source (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE account (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE            -- cost-centre/etl, vendor/azure
) STRICT;

-- Whose a usage is: the dimensions of every report. Empty text means none.
CREATE TABLE subject (
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
  UNIQUE (cluster_id, run_id, workspace, team, cluster_name, job_name, pool, owner, policy)
) STRICT;

CREATE TABLE meter (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE            -- vm/AZURE/westus2/Standard_DS3_v2/spot
) STRICT;

-- Money per unit, with where the number comes from. Decimal text: a price is kept as written.
CREATE TABLE price (
  id         INTEGER PRIMARY KEY,
  unit_price TEXT NOT NULL,
  currency   TEXT NOT NULL CHECK (length(currency) = 3),
  source     TEXT NOT NULL,
  synthetic  INTEGER NOT NULL CHECK (synthetic IN (0, 1)),
  UNIQUE (source, unit_price, currency, synthetic)
) STRICT;

-- What many entries share in words: who tells, who owes whom, for whose use of which meter, at which price. An
-- entry names one of these, so that it is a few numbers and one reference.
CREATE TABLE terms (
  id             INTEGER PRIMARY KEY,
  source_id      INTEGER NOT NULL REFERENCES source (id),
  debit_account  INTEGER NOT NULL REFERENCES account (id),
  credit_account INTEGER NOT NULL REFERENCES account (id),
  subject_id     INTEGER NOT NULL REFERENCES subject (id),
  meter_id       INTEGER NOT NULL REFERENCES meter (id),
  price_id       INTEGER NOT NULL REFERENCES price (id),
  UNIQUE (subject_id, meter_id, price_id, source_id, debit_account, credit_account),
  CHECK (debit_account <> credit_account)
) STRICT;

-- `key` names the fact: its first six bytes are the period's start, so this index grows at its end, and a fact
-- told twice is met here. `hash` covers this entry, the texts of its terms, and all entries before it. The smallest
-- integer has no negative and would make a leg that is not the other's opposite.
CREATE TABLE entry (
  number        INTEGER PRIMARY KEY CHECK (number > 0),
  key           BLOB NOT NULL UNIQUE CHECK (length(key) = 22),
  terms_id      INTEGER NOT NULL REFERENCES terms (id),
  resource      TEXT NOT NULL,
  since         INTEGER NOT NULL,
  period_start  INTEGER NOT NULL,
  period_end    INTEGER NOT NULL,
  quantity_nano INTEGER NOT NULL,
  amount_nano   INTEGER NOT NULL CHECK (amount_nano >= -9223372036854775807),
  hash          BLOB NOT NULL CHECK (length(hash) = 32),
  CHECK (since <= period_start AND period_start < period_end)
) STRICT;

CREATE VIEW posting (entry, account, amount_nano) AS
  SELECT number, debit_account, amount_nano FROM entry JOIN terms ON terms.id = terms_id
  UNION ALL
  SELECT number, credit_account, -amount_nano FROM entry JOIN terms ON terms.id = terms_id;

-- A usage without a price is told, never counted as zero. When its price becomes known and the fact is told
-- again, `settled_by` names the entry; the row stays.
CREATE TABLE unpriced (
  key          BLOB PRIMARY KEY CHECK (length(key) = 22),
  source_id    INTEGER NOT NULL REFERENCES source (id),
  resource     TEXT NOT NULL,
  subject_id   INTEGER NOT NULL REFERENCES subject (id),
  meter_id     INTEGER NOT NULL REFERENCES meter (id),
  since        INTEGER NOT NULL CHECK (since <= period_start),
  period_start INTEGER NOT NULL,
  period_end   INTEGER NOT NULL CHECK (period_end > period_start),
  per_hour     TEXT,
  reason       TEXT NOT NULL CHECK (reason IN ('no-price', 'no-rate')),
  settled_by   INTEGER REFERENCES entry (number)
) STRICT, WITHOUT ROWID;

-- Sums of the entries of a UTC day (days since 1970-01-01), written in the transaction of the entries: a report
-- reads these and scans no entries. The price is part of the line, so that every number of a report has its source.
CREATE TABLE rollup_day (
  day           INTEGER NOT NULL,
  subject_id    INTEGER NOT NULL REFERENCES subject (id),
  meter_id      INTEGER NOT NULL REFERENCES meter (id),
  price_id      INTEGER NOT NULL REFERENCES price (id),
  quantity_nano INTEGER NOT NULL,
  cost_nano     INTEGER NOT NULL,
  entries       INTEGER NOT NULL CHECK (entries > 0),
  PRIMARY KEY (day, subject_id, meter_id, price_id)
) STRICT, WITHOUT ROWID;

-- What is written stays written. A correction is another entry.
CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON entry
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry is not changed'); END;
CREATE TRIGGER entry_is_not_deleted BEFORE DELETE ON entry
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry is not deleted'); END;
CREATE TRIGGER terms_are_not_changed BEFORE UPDATE ON terms
  BEGIN SELECT RAISE(ABORT, 'entries name these terms: they are not changed'); END;
CREATE TRIGGER subject_is_not_changed BEFORE UPDATE ON subject
  BEGIN SELECT RAISE(ABORT, 'entries name this subject: it is not changed'); END;
CREATE TRIGGER meter_is_not_changed BEFORE UPDATE ON meter
  BEGIN SELECT RAISE(ABORT, 'entries name this meter: it is not changed'); END;
CREATE TRIGGER price_is_not_changed BEFORE UPDATE ON price
  BEGIN SELECT RAISE(ABORT, 'entries name this price: it is not changed'); END;
CREATE TRIGGER account_is_not_changed BEFORE UPDATE ON account
  BEGIN SELECT RAISE(ABORT, 'entries name this account: it is not changed'); END;
CREATE TRIGGER source_is_not_changed BEFORE UPDATE ON source
  BEGIN SELECT RAISE(ABORT, 'entries name this source: it is not changed'); END;
