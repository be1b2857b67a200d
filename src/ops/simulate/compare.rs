//! Compare: variants of one scenario, simulated with the same chance and set side by side. No ledger is written.

use std::path::PathBuf;

use super::admit::admit;
use super::figures::{Collector, Costs};
use super::source::Source;
use super::stream::{Rater, lived_step};
use super::{Step, count, live_error, policy_source};
use crate::lifecycle::simulation::Record;
use crate::lifecycle::{Scenario, simulate as live};
use crate::model::decision::Outcome;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::money::Currency;
use crate::ops::policies::Policies;
use crate::ops::prices::catalogue;
use crate::plugin::Host;
use crate::report::comparison::{Comparison, Figures};

/// What to compare.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// The scenario: a file, or a folder with `scenario.yaml`.
    pub scenario: PathBuf,
    /// Names of its variants; `base` is the scenario itself.
    pub variants: Vec<String>,
    /// Policies instead of those the scenario or the variant names.
    pub policies: Option<PathBuf>,
}

/// Simulates variants and counts what comes of them.
///
/// # Errors
/// `file::*`, `scenario::*` (an unknown variant among them), `policy::*`, `price::*`, `request::*`, `simulate::*`.
pub fn compare(
    options: &CompareOptions,
    host: &Host,
    observe: &mut dyn FnMut(&str, Step),
) -> Result<Comparison, Diagnostics> {
    let read = Source::read(&options.scenario)?;
    let base = Scenario::parse(read.main.clone(), read.includes.clone())?;
    let mut comparison = Comparison {
        scenario: base.name.clone(),
        seed: base.seed,
        currency: None,
        variants: Vec::with_capacity(options.variants.len()),
    };
    for name in &options.variants {
        let scenario = base.variant(name)?;
        let (figures, currency) = figures_of(&scenario, name, &read, options, host, observe)?;
        match (comparison.currency, currency) {
            (Some(a), Some(b)) if a != b => {
                let message = format!(
                    "`{name}` is billed in {b}, the variants before it in {a}: they cannot be compared"
                );
                return Err(Diagnostic::error("simulate::failed", &base.name, message).into());
            }
            (None, found) => comparison.currency = found,
            _ => {}
        }
        comparison.variants.push(figures);
    }
    Ok(comparison)
}

fn figures_of(
    scenario: &Scenario,
    name: &str,
    read: &Source,
    options: &CompareOptions,
    host: &Host,
    observe: &mut dyn FnMut(&str, Step),
) -> Result<(Figures, Option<Currency>), Diagnostics> {
    let prices: Vec<PathBuf> = scenario.prices.iter().map(|p| read.folder.join(p)).collect();
    let mut catalogue = catalogue(&prices)?;
    let source = policy_source(options.policies.as_ref(), scenario, &read.folder);
    let mut policies = Policies::open(&source, host)?;
    let (requests, simulation) = admit(scenario, &mut policies, &mut catalogue, &mut |step| {
        observe(name, step)
    })?;
    let mut collector = Collector::default();
    let mut costs = Costs::default();
    let mut rater = Rater::new(&catalogue, simulation.period);
    live(
        &simulation,
        &mut |record| {
            collector.note(&record);
            match &record {
                Record::Usage(usage) => costs.add(usage, &mut rater),
                _ => Ok(()),
            }
        },
        &mut |p| observe(name, lived_step(&p)),
    )
    .map_err(|e| live_error(&scenario.name, &e))?;
    let currency = costs.currency;
    let mut figures = collector.figures(name, costs);
    let allowed = requests
        .iter()
        .filter(|r| r.judged.decision.outcome == Outcome::Allow)
        .count();
    figures.requests_allowed = count(allowed);
    figures.requests_denied = count(requests.len().saturating_sub(allowed));
    Ok((figures, currency))
}
