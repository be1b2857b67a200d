-- Corrections: what an entry does to an earlier one.
--
-- A fact that is told differently is reversed by an entry of the opposite quantity and amount, and replaced by one that says what is
-- told now. Both are entries like any other, in the chain of hashes, which covers these links; a fact has one live version, since
-- nothing is reversed or replaced twice.
CREATE TABLE correction (
  number    INTEGER PRIMARY KEY REFERENCES entry (number),
  link      TEXT NOT NULL CHECK (link IN ('reverses', 'replaces')),
  corrected INTEGER NOT NULL REFERENCES entry (number) CHECK (corrected < number),
  UNIQUE (corrected, link)
) STRICT;

CREATE TRIGGER correction_is_not_changed BEFORE UPDATE ON correction
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: a correction is not changed'); END;
CREATE TRIGGER correction_is_not_deleted BEFORE DELETE ON correction
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: a correction is not deleted'); END;

-- Usage without a price that was told differently later, or withdrawn, stays written and no longer waits for a price.
ALTER TABLE unpriced ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0 CHECK (replaced IN (0, 1));
CREATE INDEX unpriced_replaced ON unpriced (replaced) WHERE replaced = 1;
