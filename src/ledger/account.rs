//! Accounts: who owes and who is owed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::model::charge::Price;
use crate::model::meter::{Meter, MeterKind};
use crate::model::usage::{Subject, UNALLOCATED};

/// The vendors there are, as [`Meter::vendor`] names them.
pub const VENDORS: [&str; 4] = ["aws", "azure", "databricks", "gcp"];

/// One side of an entry: `cost-centre/etl`, `vendor/azure`, `commitment/dbcu-2026`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Owes: a team's cost centre, never empty.
    CostCentre(Arc<str>),
    /// Is owed: one of [`VENDORS`].
    Vendor(&'static str),
    /// Has been paid beforehand and is owed by who uses it: a commitment, never empty.
    Commitment(Arc<str>),
}

impl Account {
    /// The cost centre that owes for a subject. A subject without a team owes as `unallocated`.
    pub fn of_subject(subject: &Subject) -> Account {
        Account::CostCentre(Arc::from(team(subject)))
    }

    /// Who owes for a charge: the subject's cost centre; for its purchase, the commitment.
    pub fn debit(subject: &Subject, meter: &Meter, price: &Price) -> Account {
        match (&meter.kind, &price.commitment) {
            (MeterKind::Commitment { name, .. }, None) => Account::Commitment(Arc::from(name.as_str())),
            _ => Account::of_subject(subject),
        }
    }

    /// Who is owed for a charge: the meter's vendor, or the commitment that has paid.
    pub fn credit(meter: &Meter, price: &Price) -> Account {
        match &price.commitment {
            Some(paid) => Account::Commitment(Arc::clone(&paid.name)),
            None => Account::Vendor(meter.vendor()),
        }
    }

    /// `cost-centre`, `vendor` or `commitment`.
    pub fn kind(&self) -> &'static str {
        match self {
            Account::CostCentre(_) => "cost-centre",
            Account::Vendor(_) => "vendor",
            Account::Commitment(_) => "commitment",
        }
    }

    /// The part after the kind.
    pub fn name(&self) -> &str {
        match self {
            Account::CostCentre(team) => team,
            Account::Vendor(vendor) => vendor,
            Account::Commitment(name) => name,
        }
    }
}

fn team(subject: &Subject) -> &str {
    if subject.team.is_empty() {
        UNALLOCATED
    } else {
        &subject.team
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.name())
    }
}

/// A text that is not an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an account; expected `cost-centre/TEAM`, `vendor/aws|azure|databricks|gcp` or `commitment/NAME`"
)]
pub struct NotAnAccount(pub String);

impl FromStr for Account {
    type Err = NotAnAccount;
    fn from_str(text: &str) -> Result<Self, NotAnAccount> {
        let found = match text.split_once('/') {
            Some(("cost-centre", team)) if !team.is_empty() => Some(Account::CostCentre(Arc::from(team))),
            Some(("commitment", name)) if !name.is_empty() => Some(Account::Commitment(Arc::from(name))),
            Some(("vendor", name)) => VENDORS
                .into_iter()
                .find(|vendor| *vendor == name)
                .map(Account::Vendor),
            _ => None,
        };
        found.ok_or_else(|| NotAnAccount(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_read_back_what_they_show() {
        for text in [
            "cost-centre/etl",
            "cost-centre/a/b",
            "vendor/azure",
            "vendor/databricks",
            "commitment/dbcu-2026",
        ] {
            assert_eq!(text.parse::<Account>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "etl",
            "cost-centre/",
            "commitment/",
            "vendor/oracle",
            "vendor/",
        ] {
            assert!(wrong.parse::<Account>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_has_no_team_owes_as_unallocated() {
        assert_eq!(
            Account::of_subject(&Subject::default()).to_string(),
            "cost-centre/unallocated"
        );
    }
}
