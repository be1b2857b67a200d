//! What rules would make of a ledger: which rule takes how much, and who would owe what.

use std::collections::BTreeMap;
use std::path::Path;

use super::attribution::rules;
use super::ledger::{diagnose, open_read_only};
use crate::ledger::account::Account;
use crate::ledger::summary::CostRow;
use crate::model::cost_centre::{Asked, CostCentres};
use crate::model::diagnostic::Diagnostics;
use crate::model::period::{Month, Period, SECONDS_PER_DAY, from_unix};
use crate::report::cost_centres::{CentreLine, RuleLine, RulesOverLedger};
use crate::store::{Database, StoreError};

/// Asks the rules of a file for all that a ledger has, or what is billed in a month of it. Nothing is written.
///
/// # Errors
/// `store::*`, and those of [`rules`].
pub fn rules_over_ledger(
    ledger: &Path,
    file: &Path,
    month: Option<Month>,
) -> Result<RulesOverLedger, Diagnostics> {
    let rules = rules(file)?;
    let database = open_read_only(ledger)?;
    let read = billed(&database, month).and_then(|rows| Ok((rows, database.head()?.currency)));
    let (rows, currency) = read.map_err(|e| diagnose(ledger, &e))?;
    let mut told = RulesOverLedger {
        currency,
        month,
        rules: lines(&rules),
        ..RulesOverLedger::default()
    };
    for row in &rows {
        add(&mut told, &rules, row);
    }
    Ok(told)
}

/// Daily rows of a month with its corrections; of all months where none is named.
fn billed(database: &Database, month: Option<Month>) -> Result<Vec<CostRow>, StoreError> {
    if let Some(month) = month {
        let mut rows = database.cost_rows(&month.period())?;
        rows.extend(database.late_rows(month)?);
        return Ok(rows);
    }
    let (first, last) = (database.earliest_day()?, database.latest_day()?);
    let mut rows = Vec::new();
    if let (Some(first), Some(last)) = (first, last) {
        let whole = Period {
            start: first,
            end: from_unix(last.timestamp().saturating_add(SECONDS_PER_DAY)),
        };
        rows = database.cost_rows(&whole)?;
    }
    rows.extend(database.all_late_rows()?);
    Ok(rows)
}

fn lines(rules: &CostCentres) -> Vec<RuleLine> {
    let deciding = (1_usize..).zip(&rules.rules).map(|(number, rule)| RuleLine {
        number: Some(number),
        line: rule.line,
        cost_centre: rule.cost_centre.to_string(),
        ..RuleLine::default()
    });
    let otherwise = RuleLine {
        cost_centre: rules.otherwise.clone(),
        ..RuleLine::default()
    };
    deciding.chain([otherwise]).collect()
}

fn add(told: &mut RulesOverLedger, rules: &CostCentres, row: &CostRow) {
    let decided = rules.decide(&Asked::of(&row.subject).billed(&row.meter));
    let cost = i128::from(row.cost_nano);
    let otherwise = told.rules.len().saturating_sub(1);
    if let Some(line) = told.rules.get_mut(decided.rule.unwrap_or(otherwise)) {
        line.entries = line.entries.saturating_add(row.entries);
        line.cost_nano = line.cost_nano.saturating_add(cost);
    }
    let centre =
        |centres: &mut BTreeMap<String, CentreLine>, name: &str, add: fn(&mut CentreLine) -> &mut i128| {
            let sum = add(centres.entry(name.to_owned()).or_default());
            *sum = sum.saturating_add(cost);
        };
    let booked = Account::of_subject(&row.subject);
    centre(&mut told.centres, &decided.cost_centre, |line| {
        &mut line.by_rules_nano
    });
    centre(&mut told.centres, booked.name(), |line| &mut line.booked_nano);
}
