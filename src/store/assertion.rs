//! Assertions: append-only; the last one of each vendor and month holds.

use rusqlite::{Row, params};

use super::database::Database;
use super::error::{At, StoreError};
use crate::ledger::account::VENDORS;
use crate::ledger::assertion::Assertion;
use crate::ledger::check::Finding;
use crate::model::exact::{decimal_text, parse_decimal};
use crate::model::money::Currency;
use crate::model::period::{Instant, Month, from_unix};

/// An assertion as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAssertion {
    /// Its number, in order of telling.
    pub number: i64,
    /// What it says.
    pub assertion: Assertion,
    /// When it was told.
    pub told_at: Instant,
    /// The number of the one that took its place.
    pub superseded_by: Option<i64>,
}

impl Database {
    /// Tells an assertion, durably when this returns; false where the last one of its vendor and month says the same, and nothing
    /// was written.
    ///
    /// # Errors
    /// What the file does not allow.
    pub fn tell_assertion(&mut self, assertion: &Assertion, told_at: Instant) -> Result<bool, StoreError> {
        let holds = |known: &StoredAssertion| known.superseded_by.is_none() && known.assertion == *assertion;
        if self.assertions()?.iter().any(holds) {
            return Ok(false);
        }
        self.connection
            .execute(
                "INSERT INTO assertion (vendor, month, amount, currency, tolerance, note, told_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    assertion.vendor,
                    assertion.month.to_string(),
                    decimal_text(assertion.amount),
                    assertion.currency.as_str(),
                    decimal_text(assertion.tolerance),
                    assertion.note,
                    told_at.timestamp(),
                ],
            )
            .at(&self.path, "writing an assertion")?;
        Ok(true)
    }

    /// Every assertion, in order of telling.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn assertions(&self) -> Result<Vec<StoredAssertion>, StoreError> {
        let doing = "reading assertions";
        let sql = "SELECT id, vendor, month, amount, currency, tolerance, note, told_at, \
                   (SELECT min(later.id) FROM assertion later \
                    WHERE later.vendor = a.vendor AND later.month = a.month AND later.id > a.id) FROM assertion a ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path, doing)?;
        let mut rows = statement.query([]).at(&self.path, doing)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path, doing)? {
            found.push(self.assertion(row)?);
        }
        Ok(found)
    }

    fn assertion(&self, row: &Row<'_>) -> Result<StoredAssertion, StoreError> {
        let doing = "reading assertions";
        let number: i64 = row.get(0).at(&self.path, doing)?;
        let text = |column: usize| row.get::<_, String>(column).at(&self.path, doing);
        let unreadable = |why: String| StoreError::Unreadable {
            path: self.path.clone(),
            place: format!("assertion {number}"),
            why,
        };
        let vendor = text(1)?;
        let known = VENDORS.into_iter().find(|known| *known == vendor);
        let month: Result<Month, _> = text(2)?.parse();
        let decimal = |text: String| parse_decimal(&text).map_err(|e| unreadable(e.to_string()));
        let told_at: i64 = row.get(7).at(&self.path, doing)?;
        Ok(StoredAssertion {
            number,
            assertion: Assertion {
                vendor: known.ok_or_else(|| unreadable(format!("`{vendor}` is no vendor")))?,
                month: month.map_err(|e| unreadable(e.to_string()))?,
                amount: decimal(text(3)?)?,
                currency: Currency::try_from(text(4)?).map_err(|e| unreadable(e.to_string()))?,
                tolerance: decimal(text(5)?)?,
                note: text(6)?,
            },
            told_at: from_unix(told_at),
            superseded_by: row.get(8).at(&self.path, doing)?,
        })
    }

    /// What a vendor is owed for a month, in nanos, from the daily roll-ups.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn owed(&self, vendor: &str, month: Month) -> Result<i128, StoreError> {
        let totals = self.totals(month)?;
        Ok(totals.by_vendor.get(vendor).copied().unwrap_or_default())
    }

    /// Holds the ledger against every assertion that was not superseded.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub(super) fn hold_assertions(&self, currency: Option<Currency>) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        for stored in self
            .assertions()?
            .into_iter()
            .filter(|a| a.superseded_by.is_none())
        {
            let assertion = stored.assertion;
            let owed = self.owed(assertion.vendor, assertion.month)?;
            findings.extend(assertion.finding(owed, currency));
        }
        Ok(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, dec, vm_hour};

    fn asserted(vendor: &'static str, month: &str, amount: &str) -> Assertion {
        Assertion {
            vendor,
            month: month.parse().unwrap(),
            amount: dec(amount),
            currency: Currency::USD,
            tolerance: dec("0"),
            note: String::new(),
        }
    }

    #[test]
    fn the_last_assertion_of_a_vendor_and_month_is_held() {
        let mut database = Database::in_memory().unwrap();
        database.append("s", &vm_hour("i-1", 0)).unwrap();
        let codes = |database: &Database| -> Vec<&'static str> {
            let report = crate::store::check::check(database, &mut |_, _| ()).unwrap();
            report.findings.iter().map(|f| f.code).collect()
        };
        let now = at("2026-11-03");
        // An hour at 0.229.
        for (told, new, found) in [
            (asserted("azure", "2026-10", "0.23"), true, 1),
            (asserted("azure", "2026-10", "0.23"), false, 1),
            (asserted("azure", "2026-09", "0"), true, 1),
            (asserted("azure", "2026-10", "0.229"), true, 0),
            (asserted("databricks", "2026-10", "1"), true, 1),
        ] {
            assert_eq!(database.tell_assertion(&told, now).unwrap(), new, "{told}");
            assert_eq!(codes(&database), vec!["ledger::assertion"; found], "{told}");
        }
        let kept = database.assertions().unwrap();
        let superseded: Vec<_> = kept.iter().map(|a| (a.number, a.superseded_by)).collect();
        assert_eq!(superseded, [(1, Some(3)), (2, None), (3, None), (4, None)]);
        assert_eq!(kept[2].assertion, asserted("azure", "2026-10", "0.229"));
        assert_eq!(kept[2].told_at, now);
        for sql in ["UPDATE assertion SET amount = '1'", "DELETE FROM assertion"] {
            assert!(database.connection.execute(sql, []).is_err(), "{sql}");
        }
    }
}
