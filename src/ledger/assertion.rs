//! Assertions: what an invoice says a vendor's month comes to, held against the ledger.
//!
//! A month's sum is what the vendor's account is owed for charges inside the month, in UTC. Both sides are compared exactly.

use rust_decimal::Decimal;
use std::fmt;

use super::check::{Finding, code, general, nano_text};
use crate::model::amount::Amount;
use crate::model::exact::{Inexact, decimal_text};
use crate::model::money::Currency;
use crate::model::period::Month;

/// What somebody says a vendor's month comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// One of [`VENDORS`](super::account::VENDORS).
    pub vendor: &'static str,
    /// The month, in UTC.
    pub month: Month,
    /// What the vendor is owed for it.
    pub amount: Decimal,
    /// Its currency.
    pub currency: Currency,
    /// By how much the ledger may differ, in either direction: not negative.
    pub tolerance: Decimal,
    /// Where the amount comes from: an invoice's number. Empty for none.
    pub note: String,
}

/// How the ledger stands to an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// They agree, within the tolerance; ledger minus assertion.
    Agrees(Amount),
    /// They do not; ledger minus assertion.
    Differs(Amount),
    /// The ledger is kept in another currency.
    OtherCurrency(Currency),
}

impl Assertion {
    /// Holds a month's sum of the ledger against it; a ledger without an entry has no currency and comes to nothing.
    ///
    /// # Errors
    /// [`Inexact`] for numbers beyond 10^10 or 24 decimal places.
    pub fn hold(&self, found_nano: i128, currency: Option<Currency>) -> Result<Holding, Inexact> {
        if let Some(other) = currency.filter(|c| *c != self.currency) {
            return Ok(Holding::OtherCurrency(other));
        }
        let asserted = Amount::of_decimal(self.amount)?;
        let difference = Amount::of_nano(found_nano)?.minus(asserted)?;
        Ok(
            match difference.absolute() <= Amount::of_decimal(self.tolerance)? {
                true => Holding::Agrees(difference),
                false => Holding::Differs(difference),
            },
        )
    }

    /// What a check finds where the ledger disagrees.
    pub fn finding(&self, found_nano: i128, currency: Option<Currency>) -> Option<Finding> {
        let found = match self.hold(found_nano, currency) {
            Ok(Holding::Agrees(_)) => return None,
            Ok(Holding::Differs(by)) => {
                let way = if by > Amount::ZERO { "more" } else { "less" };
                format!(
                    "{} {}, {} {way}",
                    nano_text(found_nano),
                    self.currency,
                    by.absolute()
                )
            }
            Ok(Holding::OtherCurrency(other)) => format!("kept in {other}"),
            Err(inexact) => inexact.to_string(),
        };
        let what = format!("what {} is owed for {}", self.vendor, self.month);
        Some(general(code::ASSERTION, &what, self, found))
    }
}

/// `12345.67 USD within 0.01, as asserted (invoice 7)`.
impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Assertion {
            amount,
            currency,
            tolerance,
            ..
        } = self;
        write!(f, "{} {currency}", decimal_text(*amount))?;
        if !tolerance.is_zero() {
            write!(f, " within {}", decimal_text(*tolerance))?;
        }
        f.write_str(", as asserted")?;
        match self.note.as_str() {
            "" => Ok(()),
            // On one line, whatever it holds.
            note => write!(f, " ({})", note.escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::dec;

    fn asserted(amount: &str, tolerance: &str) -> Assertion {
        Assertion {
            vendor: "azure",
            month: "2026-10".parse().unwrap(),
            amount: dec(amount),
            currency: Currency::USD,
            tolerance: dec(tolerance),
            note: "invoice 7".to_owned(),
        }
    }

    #[test]
    fn the_tolerance_is_the_largest_difference_that_passes() {
        let hold = |tolerance: &str| asserted("10", tolerance).finding(10_010_000_000, Some(Currency::USD));
        assert_eq!(hold("0.01"), None);
        assert_eq!(
            hold("0.009999999").unwrap().to_string(),
            "what azure is owed for 2026-10 should be 10 USD within 0.009999999, as asserted (invoice 7) but is 10.01 USD, 0.01 more"
        );
        let nothing = asserted("10", "0").finding(0, None).unwrap();
        assert!(
            nothing.to_string().ends_with("but is 0 USD, 10 less"),
            "{nothing}"
        );
        assert_eq!(asserted("0", "0").finding(0, None), None);
    }

    #[test]
    fn another_currency_never_agrees() {
        let euro = Currency::try_from("EUR".to_owned()).unwrap();
        let found = asserted("0", "1").finding(0, Some(euro)).unwrap();
        assert!(found.to_string().ends_with("but is kept in EUR"), "{found}");
    }
}
