-- What a commitment has paid.
--
-- Where a reservation, a savings plan or prepaid units have paid for a usage, `unit_price` is what a unit takes of their payments,
-- `commitment` their name, and `contracted_unit_price` what a unit would have cost without them. Empty texts mean that nobody has
-- paid beforehand.
CREATE TABLE price_with_commitment (
  id                    INTEGER PRIMARY KEY,
  unit_price            TEXT NOT NULL,
  currency              TEXT NOT NULL CHECK (length(currency) = 3),
  source                TEXT NOT NULL,
  synthetic             INTEGER NOT NULL CHECK (synthetic IN (0, 1)),
  list_unit_price       TEXT NOT NULL,
  commitment            TEXT NOT NULL,
  contracted_unit_price TEXT NOT NULL,
  UNIQUE (source, unit_price, currency, synthetic, list_unit_price, commitment, contracted_unit_price),
  CHECK ((commitment = '') = (contracted_unit_price = ''))
) STRICT;
INSERT INTO price_with_commitment
  SELECT id, unit_price, currency, source, synthetic, list_unit_price, '', '' FROM price;
DROP TABLE price;
ALTER TABLE price_with_commitment RENAME TO price;
CREATE TRIGGER price_is_not_changed BEFORE UPDATE ON price
  BEGIN SELECT RAISE(ABORT, 'entries name this price: it is not changed'); END;
