//! Attribution: rules for cost centres, read from a file and asked for what is about to be billed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::files::{Text, read_text};
use crate::intake::cost_centres::read;
use crate::model::cost_centre::{Asked, CostCentres};
use crate::model::diagnostic::Diagnostics;
use crate::model::meter::Meter;
use crate::model::usage::Subject;
use crate::report::cost_centres::RulesExplained;

/// Subjects that are remembered: those of so many clusters and meters.
const REMEMBERED: usize = 65_536;

/// Reads the rules of a file.
///
/// # Errors
/// `file::*`, `document::*`, `attribution::*`.
pub fn rules(path: &Path) -> Result<CostCentres, Diagnostics> {
    rules_of(&read_text(path)?)
}

/// The rules in a text that was read.
///
/// # Errors
/// `document::*`, `attribution::*`.
pub fn rules_of(text: &Text) -> Result<CostCentres, Diagnostics> {
    read(&text.source, &text.text)
}

/// How the rules of a file look at a subject and what is billed: every rule up to the one that decides.
///
/// # Errors
/// Those of [`rules`].
pub fn explain(path: &Path, subject: &Subject, billed: &Billed) -> Result<RulesExplained, Diagnostics> {
    let rules = rules(path)?;
    let asked = Asked::of(subject).told(
        billed.cloud.as_deref(),
        billed.meter.as_deref(),
        billed.sku.as_deref(),
    );
    let decided = rules.decide(&asked);
    let last = decided
        .rule
        .map_or(rules.rules.len(), |rule| rule.saturating_add(1));
    let looked = rules.rules.iter().take(last);
    Ok(RulesExplained {
        rule: decided.rule.map(|rule| rule.saturating_add(1)),
        cost_centre: decided.cost_centre,
        looked: looked
            .map(|rule| (rule.line, rule.cost_centre.to_string(), rule.look(&asked)))
            .collect(),
    })
}

/// What is billed, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Billed {
    /// The cloud.
    pub cloud: Option<String>,
    /// The class: `dbu`, `vm`, `disk`, `network`, `storage`.
    pub meter: Option<String>,
    /// The SKU or VM size.
    pub sku: Option<String>,
}

/// What was asked for, so that its addresses are nobody else's as long as they are remembered.
type Kept = (Arc<Subject>, Option<Arc<Meter>>);

#[derive(Debug)]
struct Known {
    _kept: Kept,
    owing: Arc<Subject>,
}

/// Rules at work: whose a subject's use of a meter is.
#[derive(Debug)]
pub struct Attribution {
    rules: CostCentres,
    /// By the addresses of subject and meter.
    known: HashMap<(usize, usize), Known>,
    /// One subject for all of its meters that one cost centre owes for: the ledger knows subjects by their address.
    owing: HashMap<(usize, String), Arc<Subject>>,
}

impl Attribution {
    /// Puts rules to work.
    pub fn new(rules: CostCentres) -> Attribution {
        Attribution {
            rules,
            known: HashMap::new(),
            owing: HashMap::new(),
        }
    }

    /// The subject with who owes for its use of a meter as its team; without a meter, for what is billed on no meter.
    pub fn of(&mut self, subject: &Arc<Subject>, meter: Option<&Arc<Meter>>) -> Arc<Subject> {
        let of_meter = meter.map_or(0, |meter| Arc::as_ptr(meter).addr());
        let key = (Arc::as_ptr(subject).addr(), of_meter);
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(&known.owing);
        }
        if self.known.len() >= REMEMBERED {
            // Addresses are kept together with what they are of.
            self.known.clear();
            self.owing.clear();
        }
        let team = self.team(subject, meter.map(AsRef::as_ref));
        let owing = self.owing.entry((key.0, team)).or_insert_with_key(|(_, team)| {
            let mut owing = subject.as_ref().clone();
            owing.team.clone_from(team);
            Arc::new(owing)
        });
        let owing = Arc::clone(owing);
        let known = Known {
            _kept: (Arc::clone(subject), meter.map(Arc::clone)),
            owing: Arc::clone(&owing),
        };
        self.known.insert(key, known);
        owing
    }

    /// Who owes for a subject's use of a meter.
    pub fn team(&self, subject: &Subject, meter: Option<&Meter>) -> String {
        let asked = Asked::of(subject);
        let asked = match meter {
            Some(meter) => asked.billed(meter),
            None => asked,
        };
        self.rules.decide(&asked).cost_centre
    }
}

/// Who owes for a subject's use: as the rules say, where there are some.
pub(super) fn owing(
    attribution: &mut Option<Attribution>,
    subject: &Arc<Subject>,
    meter: Option<&Arc<Meter>>,
) -> Arc<Subject> {
    match attribution {
        Some(attribution) => attribution.of(subject, meter),
        None => Arc::clone(subject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subject_of_one_cost_centre_is_one() {
        let text = "cost_centres:\n  - cost_centre: machines\n    when: { meter: vm }\n  - cost_centre: '{workspace}'\n";
        let mut attribution = Attribution::new(read("cc.yaml", text).unwrap());
        let meter = |text: &str| Arc::new(text.parse::<Meter>().unwrap());
        let (vm, ip) = (
            meter("vm/AZURE/westus2/D8/spot"),
            meter("public_ip/AZURE/westus2"),
        );
        let dbu = meter("dbu/AZURE/PREMIUM_JOBS_COMPUTE");
        let subject = Arc::new(Subject {
            workspace: "w".to_owned(),
            team: "told".to_owned(),
            ..Subject::default()
        });
        let of_dbu = attribution.of(&subject, Some(&dbu));
        assert_eq!(of_dbu.team, "w");
        assert!(Arc::ptr_eq(&of_dbu, &attribution.of(&subject, Some(&ip))));
        assert!(Arc::ptr_eq(&of_dbu, &attribution.of(&subject, None)));
        assert_eq!(attribution.of(&subject, Some(&vm)).team, "machines");
    }
}
