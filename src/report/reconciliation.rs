//! A reconciliation: the ledger's month beside a vendor's, every difference in a class, and a residual that is always shown.
//!
//! Money and quantities are exact in every form, so that anybody can add them up: ledger, invoice rule, classes and residual come
//! to the statement to the last digit. Lines may be limited; sums never are.

mod render;

use serde::Serialize;
use std::collections::BTreeMap;

pub use self::render::{csv, json, markdown, text};
use crate::ledger::reconcile::invoice_rule::InvoiceRule;
use crate::ledger::reconcile::{Class, Compared, Difference};
use crate::model::amount::Amount;
use crate::model::exact::Inexact;
use crate::model::money::Currency;
use crate::model::period::Month;

/// What both sides come to, before they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// What the ledger's roll-ups come to.
    pub ledger: Amount,
    /// By how much the invoice rules change that.
    pub rule: Amount,
    /// What the statement comes to, as far as it is Databricks'.
    pub statement: Amount,
}

/// What is not compared, and why nobody should forget it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Aside {
    /// Lines of resources that are not Databricks'.
    pub foreign_lines: u64,
    /// What they cost, by currency.
    pub foreign_cost: BTreeMap<String, Amount>,
    /// Rows of the statement that could not be read.
    pub rejected_rows: u64,
    /// Facts of the statement for which we have no price.
    pub unpriced_there: u64,
    /// Usages of the ledger without a price.
    pub unpriced_here: u64,
}

/// One statement against the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// `azure-cost` or `billing-usage`.
    pub against: &'static str,
    /// The month.
    pub month: Month,
    /// The currency; none where neither side has an amount.
    pub currency: Option<Currency>,
    /// The rules our side was recomputed under; none is `exact`.
    pub rules: Vec<InvoiceRule>,
    /// The sums.
    pub sums: Sums,
    /// The comparison.
    pub compared: Compared,
    /// What is left over: statement - ledger - rule - classes. Anything but 0 is a fault of ours.
    pub residual: Amount,
    /// The sum of all differences without their signs, and of the residual.
    pub off: Amount,
    /// How far they may be off.
    pub tolerance: Amount,
    /// What is not compared.
    pub aside: Aside,
}

/// A class, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ClassSum {
    /// Lines.
    pub lines: u64,
    /// The vendor's money less ours.
    pub difference: Amount,
    /// The same without signs.
    pub absolute: Amount,
}

impl Reconciliation {
    /// Draws the sums together.
    ///
    /// # Errors
    /// [`Inexact`] beyond 128 bits.
    pub fn new(
        (against, month, currency): (&'static str, Month, Option<Currency>),
        rules: Vec<InvoiceRule>,
        sums: Sums,
        compared: Compared,
        tolerance: Amount,
        aside: Aside,
    ) -> Result<Reconciliation, Inexact> {
        let told = sums.ledger.plus(sums.rule)?.plus(compared.money()?)?;
        let residual = sums.statement.minus(told)?;
        let off = compared
            .differences
            .iter()
            .try_fold(residual.absolute(), |sum, d| sum.plus(d.money.absolute()))?;
        Ok(Reconciliation {
            against,
            month,
            currency,
            rules,
            sums,
            compared,
            residual,
            off,
            tolerance,
            aside,
        })
    }

    /// Whether they agree: what they are off, residual included, is within the tolerance, and every row of the statement could be read and
    /// priced. Differences of opposite signs do not cancel.
    pub fn agrees(&self) -> bool {
        self.off <= self.tolerance && self.aside.rejected_rows == 0 && self.aside.unpriced_there == 0
    }

    /// The sums of a class.
    ///
    /// # Errors
    /// [`Inexact`] beyond 128 bits.
    pub fn class(&self, class: Class) -> Result<ClassSum, Inexact> {
        let mut sum = ClassSum::default();
        for difference in self.lines(class) {
            sum = ClassSum {
                lines: sum.lines.saturating_add(1),
                difference: sum.difference.plus(difference.money)?,
                absolute: sum.absolute.plus(difference.money.absolute())?,
            };
        }
        Ok(sum)
    }

    /// The lines of a class.
    pub fn lines(&self, class: Class) -> impl Iterator<Item = &Difference> {
        self.compared.differences.iter().filter(move |d| d.class == class)
    }

    /// `exact`, or the rules by their names.
    pub fn rule_names(&self) -> String {
        let names: Vec<&str> = self.rules.iter().map(|rule| rule.as_str()).collect();
        match names.is_empty() {
            true => "exact".to_owned(),
            false => names.join(","),
        }
    }

    /// The currency's letters.
    pub fn currency_name(&self) -> String {
        self.currency.map(|c| c.to_string()).unwrap_or_default()
    }
}
