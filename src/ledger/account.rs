//! Accounts: who owes and who is owed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::model::meter::Meter;
use crate::model::usage::{Subject, UNALLOCATED};

/// The vendors there are, as [`Meter::vendor`] names them.
pub const VENDORS: [&str; 4] = ["aws", "azure", "databricks", "gcp"];

/// One side of an entry: `cost-centre/etl`, `vendor/azure`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Owes: a team's cost centre, never empty.
    CostCentre(Arc<str>),
    /// Is owed: one of [`VENDORS`].
    Vendor(&'static str),
}

impl Account {
    /// The cost centre that owes for a subject. A subject without a team owes as `unallocated`.
    pub fn of_subject(subject: &Subject) -> Account {
        Account::CostCentre(Arc::from(team(subject)))
    }

    /// Whether this is [`Account::of_subject`].
    pub fn is_of_subject(&self, subject: &Subject) -> bool {
        matches!(self, Account::CostCentre(name) if **name == *team(subject))
    }

    /// The vendor that is owed for a meter.
    pub fn of_meter(meter: &Meter) -> Account {
        Account::Vendor(meter.vendor())
    }

    /// `cost-centre` or `vendor`.
    pub fn kind(&self) -> &'static str {
        match self {
            Account::CostCentre(_) => "cost-centre",
            Account::Vendor(_) => "vendor",
        }
    }

    /// The part after the kind.
    pub fn name(&self) -> &str {
        match self {
            Account::CostCentre(team) => team,
            Account::Vendor(vendor) => vendor,
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
#[error("`{0}` is not an account; expected `cost-centre/TEAM` or `vendor/aws|azure|databricks|gcp`")]
pub struct NotAnAccount(pub String);

impl FromStr for Account {
    type Err = NotAnAccount;
    fn from_str(text: &str) -> Result<Self, NotAnAccount> {
        let found = match text.split_once('/') {
            Some(("cost-centre", team)) if !team.is_empty() => Some(Account::CostCentre(Arc::from(team))),
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
        ] {
            assert_eq!(text.parse::<Account>().unwrap().to_string(), text);
        }
        for wrong in ["", "etl", "cost-centre/", "vendor/oracle", "vendor/"] {
            assert!(wrong.parse::<Account>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_has_no_team_owes_as_unallocated() {
        assert_eq!(
            Account::of_subject(&Subject::default()).to_string(),
            "cost-centre/unallocated"
        );
        assert!(Account::of_subject(&Subject::default()).is_of_subject(&Subject::default()));
        assert!(!Account::Vendor("azure").is_of_subject(&Subject::default()));
    }
}
