-- Months that are closed: what is told of them later is booked in the earliest month that is open.
--
-- `entries` and `head` are the ledger's when the month was closed. An entry of a higher number whose charge lies before the
-- end of a closed month is late; in which month it is booked follows from the closings before it, so that no entry has to say so.
CREATE TABLE closing (
  month     TEXT PRIMARY KEY CHECK (length(month) = 7),  -- 2026-10
  closed_at INTEGER NOT NULL,
  entries   INTEGER NOT NULL CHECK (entries > 0),
  head      BLOB NOT NULL CHECK (length(head) = 32)
) STRICT;

-- What each vendor was owed for the month when it was closed.
CREATE TABLE closing_cost (
  month     TEXT NOT NULL REFERENCES closing (month),
  vendor    TEXT NOT NULL,
  cost_nano INTEGER NOT NULL,
  PRIMARY KEY (month, vendor)
) STRICT, WITHOUT ROWID;

-- Sums of late entries, by the month in which they are booked, written in the transaction of the entries. `rollup_day` has
-- none of them, so that a closed month stays what it was.
CREATE TABLE rollup_late (
  billing_month TEXT NOT NULL,
  day           INTEGER NOT NULL,
  subject_id    INTEGER NOT NULL REFERENCES subject (id),
  meter_id      INTEGER NOT NULL REFERENCES meter (id),
  price_id      INTEGER NOT NULL REFERENCES price (id),
  quantity_nano INTEGER NOT NULL,
  cost_nano     INTEGER NOT NULL,
  entries       INTEGER NOT NULL CHECK (entries > 0),
  PRIMARY KEY (billing_month, day, subject_id, meter_id, price_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER closing_is_not_changed BEFORE UPDATE ON closing
  BEGIN SELECT RAISE(ABORT, 'a month that is closed stays closed'); END;
CREATE TRIGGER closing_is_not_deleted BEFORE DELETE ON closing
  BEGIN SELECT RAISE(ABORT, 'a month that is closed stays closed'); END;
CREATE TRIGGER closing_cost_is_not_changed BEFORE UPDATE ON closing_cost
  BEGIN SELECT RAISE(ABORT, 'a month that is closed stays closed'); END;
CREATE TRIGGER closing_cost_is_not_deleted BEFORE DELETE ON closing_cost
  BEGIN SELECT RAISE(ABORT, 'a month that is closed stays closed'); END;
