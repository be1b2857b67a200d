//! Applying contracts: commitments and volume tiers, once a month's usage is known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{below, has_extension, read_text};
use super::ledger::{diagnose, open_existing};
use crate::ledger::agreement::{Application, Line, Teller, differences};
use crate::ledger::rate::Rated;
use crate::model::agreement::{Commitment, VolumeTiers};
use crate::model::charge::Charge;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::Inexact;
use crate::model::money::Currency;
use crate::model::period::{Month, Period};
use crate::pricing::contract::Contract;
use crate::report::agreements::Agreements;
use crate::store::{Database, StoreError};

/// Applies contracts to all months from their beginning to the end of `month`, so that late usage of earlier months counts too. Only
/// what the ledger does not have yet is posted; applying again posts nothing. `progress` is told days done and days in all.
///
/// # Errors
/// `store::*`, `file::*`, `price::*` of the contracts; `agreement::*` for agreements that do not fit the ledger or each other. Then
/// nothing is written; when the ledger can no longer be written, the days before are, and applying again writes the rest.
pub fn apply(
    ledger: &Path,
    contracts: &[PathBuf],
    month: Month,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Agreements, Diagnostics> {
    let contracts = read(contracts)?;
    let mut database = open_existing(ledger)?;
    let named = |error| diagnose(ledger, &error);
    let source = ledger.display().to_string();
    let commitments: Vec<&Commitment> = contracts.iter().flat_map(Contract::commitments).collect();
    let tiers: Vec<&VolumeTiers> = contracts.iter().flat_map(Contract::volume_tiers).collect();
    let currency = database.head().map_err(named)?.currency;
    fit(
        &commitments,
        &tiers,
        &known(&database).map_err(named)?,
        currency,
        &source,
    )?;
    let periods = commitments.iter().map(|c| c.period);
    let begins = periods
        .chain(tiers.iter().map(|t| t.period))
        .map(|p| p.start)
        .min();
    let span = begins.and_then(|begin| Period::new(begin, month.period().end));
    let too_large =
        |e: Inexact| Diagnostics::from(Diagnostic::error("agreement::number", &*source, e.to_string()));
    let mut application =
        Application::begin(commitments.iter().copied(), tiers.iter().copied()).map_err(too_large)?;
    let mut told = Agreements::new(month, currency);
    let days: Vec<Period> = span.map(|span| span.days().collect()).unwrap_or_default();
    let all = u64::try_from(days.len()).unwrap_or(u64::MAX);
    for (done, day) in (1..).zip(days) {
        let (charges, posted) = of_day(&database, day, &application).map_err(named)?;
        let said = application.day(day, charges).map_err(too_large)?;
        if month.period().contains(day.start) {
            said.iter().for_each(|line| told.add(line));
        }
        for (source, charges) in differences(said, posted).map_err(too_large)? {
            let batch: Vec<Rated> = charges.into_iter().map(Rated::Charge).collect();
            let appended = database.append(&source, &batch).map_err(named)?;
            told.posted = told.posted.saturating_add(appended.new);
        }
        progress(done, all);
    }
    told.head = database.head().map_err(named)?.hash;
    Ok(told)
}

/// Contracts, by file; files and folders are read as price books are.
fn read(paths: &[PathBuf]) -> Result<Vec<Contract>, Diagnostics> {
    let mut contracts = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        for file in below(path, &|p| has_extension(p, &["json"]))? {
            let text = read_text(&file)?;
            match Contract::parse(&text.source, &text.text) {
                Ok(contract) => contracts.push(contract),
                Err(found) => problems.extend(found.0),
            }
        }
    }
    match problems.is_empty() {
        true => Ok(contracts),
        false => Err(Diagnostics(problems).sorted()),
    }
}

/// Agreements whose entries a ledger has.
fn known(database: &Database) -> Result<BTreeSet<Arc<str>>, StoreError> {
    let sources = database.sources()?;
    let tellers = sources.iter().filter_map(|source| source.parse::<Teller>().ok());
    Ok(tellers.map(|teller| teller.agreement).collect())
}

/// Whether these agreements may be applied to a ledger together.
fn fit(
    commitments: &[&Commitment],
    tiers: &[&VolumeTiers],
    known: &BTreeSet<Arc<str>>,
    ledger: Option<Currency>,
    source: &str,
) -> Result<(), Diagnostics> {
    let of_commitments = commitments.iter().map(|c| (&c.name, &c.source, c.currency));
    let of_tiers = tiers.iter().map(|t| (&t.name, &t.source, t.currency));
    let mut seen: BTreeMap<&Arc<str>, &Arc<str>> = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, place, currency) in of_commitments.chain(of_tiers) {
        if let Some(other) = seen.insert(name, place) {
            let message = format!("`{name}` is the name of two agreements: {other} and {place}");
            problems.push(Diagnostic::error("agreement::name", source, message));
        }
        if let Some(ledger) = ledger.filter(|ledger| *ledger != currency) {
            let message = format!("`{name}` ({place}) is in {currency}, the ledger in {ledger}");
            problems.push(
                Diagnostic::error("agreement::currency", source, message)
                    .hint("a ledger has one currency: keep another ledger for this contract"),
            );
        }
    }
    if seen.is_empty() {
        let message = "the contracts have neither `commitments` nor `volume_tiers`";
        problems.push(Diagnostic::error("agreement::none", source, message).hint(
            "`terms` of a contract are no matter of this command: give them with --prices when usage is told",
        ));
    }
    for name in known.iter().filter(|name| !seen.contains_key(*name)) {
        let message =
            format!("the ledger has entries of `{name}`, of which no contract that is given speaks");
        problems.push(
            Diagnostic::error("agreement::unknown", source, message)
                .hint("give all contracts of the ledger: what one has paid, another must not pay again"),
        );
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Diagnostics(problems)),
    }
}

/// The charges of a day that an agreement may speak of, and the lines of agreements that are posted.
fn of_day(
    database: &Database,
    day: Period,
    application: &Application<'_>,
) -> Result<(Vec<Charge>, Vec<Line>), StoreError> {
    let (mut charges, mut posted) = (Vec::new(), Vec::new());
    database.visit_entries(Some(&day), &mut |stored| {
        let entry = stored.entry;
        match entry.source.parse::<Teller>() {
            Ok(teller) => posted.push(Line {
                teller,
                charge: entry.charge,
            }),
            Err(_) if application.speaks_of(&entry.charge) => charges.push(entry.charge),
            Err(_) => {}
        }
        Ok::<(), StoreError>(())
    })?;
    Ok((charges, posted))
}
