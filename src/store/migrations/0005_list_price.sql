-- What the vendor asks of everybody, beside what was agreed on.
--
-- A price is what is owed per unit; where a contract says so, `list_unit_price` is the list price. Empty text means that
-- the price is the list price.
CREATE TABLE price_with_list (
  id              INTEGER PRIMARY KEY,
  unit_price      TEXT NOT NULL,
  currency        TEXT NOT NULL CHECK (length(currency) = 3),
  source          TEXT NOT NULL,
  synthetic       INTEGER NOT NULL CHECK (synthetic IN (0, 1)),
  list_unit_price TEXT NOT NULL,
  UNIQUE (source, unit_price, currency, synthetic, list_unit_price)
) STRICT;
INSERT INTO price_with_list SELECT id, unit_price, currency, source, synthetic, '' FROM price;
DROP TABLE price;
ALTER TABLE price_with_list RENAME TO price;
CREATE TRIGGER price_is_not_changed BEFORE UPDATE ON price
  BEGIN SELECT RAISE(ABORT, 'entries name this price: it is not changed'); END;
