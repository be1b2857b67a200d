-- What vendors say they have billed, beside the ledger: statement lines move no balance and are in no chain of hashes.
--
-- A vendor tells an open billing period anew every day. The latest telling holds: its lines take the place of those before,
-- which are counted and go. Which tellings there were stays written. Decimals are text, as exact as the vendor writes them; days
-- are days since 1970-01-01.
CREATE TABLE statement_export (
  id           INTEGER PRIMARY KEY,
  vendor       TEXT NOT NULL,
  scope        TEXT NOT NULL,            -- what of the vendor's it covers: a subscription; empty for all
  period_start INTEGER NOT NULL,
  period_end   INTEGER NOT NULL CHECK (period_end >= period_start),  -- the last day, which belongs to it
  digest       TEXT NOT NULL CHECK (length(digest) = 64),            -- BLAKE3 of the files' digests
  exported_at  INTEGER,                  -- when the vendor made it, if somebody said so
  told_at      INTEGER NOT NULL,
  lines        INTEGER NOT NULL CHECK (lines >= 0),
  rejected     INTEGER NOT NULL CHECK (rejected >= 0),               -- rows of its files that could not be read
  replaced     INTEGER NOT NULL CHECK (replaced >= 0),               -- lines that it took the place of
  replaced_by  INTEGER REFERENCES statement_export (id)
) STRICT;
CREATE UNIQUE INDEX statement_in_force ON statement_export (vendor, scope, period_start, period_end)
  WHERE replaced_by IS NULL;

CREATE TABLE statement_file (
  export_id INTEGER NOT NULL REFERENCES statement_export (id),
  number    INTEGER NOT NULL CHECK (number > 0),
  name      TEXT NOT NULL,
  digest    TEXT NOT NULL CHECK (length(digest) = 64),
  PRIMARY KEY (export_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE statement_line (
  export_id         INTEGER NOT NULL,
  number            INTEGER NOT NULL CHECK (number > 0),
  file              INTEGER NOT NULL,
  day               INTEGER NOT NULL,
  meter_category    TEXT NOT NULL,
  meter_subcategory TEXT NOT NULL,
  meter_name        TEXT NOT NULL,
  meter_id          TEXT NOT NULL,
  meter_region      TEXT NOT NULL,
  resource_location TEXT NOT NULL,
  resource_id       TEXT NOT NULL,
  resource_group    TEXT NOT NULL,
  quantity          TEXT NOT NULL,
  unit_of_measure   TEXT NOT NULL,
  unit_price        TEXT,
  effective_price   TEXT,
  cost              TEXT NOT NULL,
  currency          TEXT NOT NULL CHECK (length(currency) = 3),
  charge_type       TEXT NOT NULL,
  tags              TEXT NOT NULL CHECK (json_valid(tags)),
  service_type      TEXT NOT NULL,
  PRIMARY KEY (export_id, number),
  FOREIGN KEY (export_id, file) REFERENCES statement_file (export_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_line_by_day ON statement_line (day);

-- What somebody says a vendor's month comes to, off an invoice. `ledger check` holds the ledger against the last one of each
-- vendor and month; those before stay written.
CREATE TABLE assertion (
  id        INTEGER PRIMARY KEY,
  vendor    TEXT NOT NULL,
  month     TEXT NOT NULL CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'),
  amount    TEXT NOT NULL,
  currency  TEXT NOT NULL CHECK (length(currency) = 3),
  tolerance TEXT NOT NULL,
  note      TEXT NOT NULL,
  told_at   INTEGER NOT NULL
) STRICT;
CREATE TRIGGER assertion_is_not_changed BEFORE UPDATE ON assertion
  BEGIN SELECT RAISE(ABORT, 'an assertion is not changed: a later one supersedes it'); END;
CREATE TRIGGER assertion_is_not_deleted BEFORE DELETE ON assertion
  BEGIN SELECT RAISE(ABORT, 'an assertion is not deleted: a later one supersedes it'); END;
