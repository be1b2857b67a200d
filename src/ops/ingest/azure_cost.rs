//! Cost exports of Azure: read, and kept beside the ledger as statement lines.
//!
//! All files of one telling are one export for each billing period they speak of: Azure cuts a large export into files. Nothing is
//! billed. A file without any row that can be read is none of costs, and nothing is written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;

use super::Step;
use super::rejects::{Rejects, with_rejects};
use crate::intake::azure_cost::read;
use crate::model::amount::Amount;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::Inexact;
use crate::model::period::{Instant, rfc3339};
use crate::model::rows::Input;
use crate::model::statement::StatementLine;
use crate::ops::files::TableFile;
use crate::ops::ledger::{diagnose, open};
use crate::report::statement::{IngestedStatement, Outcome, Parts, PeriodTold, parts};
use crate::store::statement::{Export, Told, digest};

/// What all files of one telling have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostOptions {
    /// The ledger.
    pub ledger: PathBuf,
    /// What of the account the export covers; empty for all.
    pub scope: String,
    /// When it was exported, if known.
    pub exported_at: Option<Instant>,
    /// When it is told.
    pub told_at: Instant,
    /// A file for the rows that cannot be read.
    pub rejects: Option<PathBuf>,
}

/// Lines of one billing period, each with the place of its file.
type Lines = Vec<(usize, StatementLine)>;

/// Tells an export. What is wrong with rows is in the second part.
///
/// # Errors
/// `statement::not-an-export` and `statement::empty` for a file of something else, `statement::too-large` for sums beyond 128 bits,
/// `store::*`.
pub fn ingest(
    sources: &[TableFile],
    options: &CostOptions,
    progress: &mut dyn FnMut(Step),
) -> Result<(IngestedStatement, Diagnostics), Diagnostics> {
    let ((told, problems), shown) = with_rejects(options.rejects.as_deref(), |rejects| {
        tell(sources, options, rejects, progress)
    })?;
    let all = shown.0.into_iter().chain(problems.0).collect();
    Ok((told, Diagnostics(all).sorted()))
}

fn tell(
    sources: &[TableFile],
    options: &CostOptions,
    rejects: &mut Rejects<'_>,
    progress: &mut dyn FnMut(Step),
) -> Result<(IngestedStatement, Diagnostics), Diagnostics> {
    let mut told = IngestedStatement {
        ledger: options.ledger.display().to_string(),
        ..IngestedStatement::default()
    };
    let mut problems = Diagnostics::default();
    let mut files: Vec<(String, String)> = Vec::new();
    let mut periods: BTreeMap<(NaiveDate, NaiveDate), Lines> = BTreeMap::new();
    for file in sources {
        let bytes = file.read()?;
        let digest = blake3::hash(&bytes).to_string();
        if files.iter().any(|(_, known)| *known == digest) {
            told.repeated_files.push(file.source.clone());
            continue;
        }
        let read = read(&file.source, Input::of(bytes));
        if read.seen == 0 {
            let problems: Vec<Diagnostic> = read.rejected.into_iter().flat_map(|r| r.problems).collect();
            return Err(match problems.is_empty() {
                true => empty(&file.source),
                false => Diagnostics(problems),
            });
        }
        told.rows = told.rows.saturating_add(read.seen);
        told.rejected = told
            .rejected
            .saturating_add(read.seen.saturating_sub(read.lines.len()));
        read.rejected
            .into_iter()
            .for_each(|rejected| rejects.reject(rejected));
        progress(Step::Read(u64::try_from(told.rows).unwrap_or(u64::MAX)));
        for line in read.lines {
            let period = (line.period_start, line.period_end);
            periods.entry(period).or_default().push((files.len(), line));
        }
        files.push((file.source.clone(), digest));
    }
    let mut database = open(&options.ledger)?;
    for (period, lines) in periods {
        let counted = count(&lines).map_err(|e| too_large(&told.ledger, &e))?;
        let export = Export {
            vendor: "azure",
            scope: options.scope.clone(),
            period,
            files: files.clone(),
            digest: digest(&files),
            exported_at: options.exported_at,
            told_at: options.told_at,
            lines,
            rejected: u64::try_from(told.rejected).unwrap_or(u64::MAX),
        };
        let done = database
            .tell_statement(&export)
            .map_err(|e| diagnose(&options.ledger, &e))?;
        let (outcome, replaced_lines) = match done {
            Told::InForce { replaced } => (Outcome::InForce, replaced),
            Told::Known { in_force: true } => (Outcome::Known, 0),
            Told::Known { in_force: false } => (Outcome::Superseded, 0),
            Told::Older { .. } => (Outcome::Older, 0),
        };
        problems.0.extend(not_taken(&export, done));
        told.periods.push(PeriodTold {
            billing_period_start: period.0.to_string(),
            billing_period_end: period.1.to_string(),
            outcome,
            lines: export.lines.len(),
            replaced_lines,
            parts: parts(counted),
        });
    }
    Ok((told, problems))
}

fn empty(source: &str) -> Diagnostics {
    Diagnostic::error(
        "statement::empty",
        source,
        "a header and no row: expected the lines of a billing period",
    )
    .hint("an export of the first hours of a month may be empty: tell the next one")
    .into()
}

/// The diagnostic of sums that cannot be held.
pub fn too_large(source: &str, error: &Inexact) -> Diagnostics {
    Diagnostic::error("statement::too-large", source, error.to_string())
        .hint("are the columns of quantity and cost what their names say?")
        .into()
}

fn count(lines: &Lines) -> Result<Parts, Inexact> {
    let mut counted = Parts::new();
    for (_, line) in lines {
        let key = (line.belonging(), line.currency.to_string());
        let (number, cost) = counted.entry(key).or_insert((0, Amount::ZERO));
        *number = number.saturating_add(1);
        *cost = cost.plus(Amount::of_decimal(line.cost)?)?;
    }
    Ok(counted)
}

/// Why an export was not taken, and what would bring it in force.
fn not_taken(export: &Export, told: Told) -> Option<Diagnostic> {
    let (start, end) = export.period;
    let files: Vec<&str> = export.files.iter().map(|(name, _)| name.as_str()).collect();
    let why = match told {
        Told::Known { in_force: false } => "told before, and replaced by another since".to_owned(),
        Told::Older { in_force } => format!(
            "older than the one in force, which was exported at {}",
            rfc3339(in_force)
        ),
        Told::Known { in_force: true } | Told::InForce { .. } => return None,
    };
    let message = format!("the export of {start} to {end} is {why}; nothing changed");
    let warning = Diagnostic::warning("statement::not-taken", files.join(", "), message);
    Some(warning.hint("`--exported-at` with a later time brings it in force"))
}
