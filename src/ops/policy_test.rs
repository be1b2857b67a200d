//! Policy test: runs cases and tells pass, fail and error apart.

use serde_json::Value;
use std::path::{Path, PathBuf};

use super::files::{below, has_extension, read_text};
use super::judge::{Asked, CostBefore, context, judge};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::intake::requests::instance_pool::pool;
use crate::model::cost_change::Range;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::{Inexact, parse_decimal};
use crate::model::facts::ClustersFact;
use crate::model::period::parse_instant;
use crate::model::place::Workspace;
use crate::model::unknown::Unknown;
use crate::plugin::Host;
use crate::policy::bundled;
use crate::policy::case::{Case, CaseFile};
use crate::policy::document::PolicyDocument;
use crate::policy::loaded::{Policy, single_rule};
use crate::pricing::catalogue::Catalogue;
use crate::pricing::estimate::estimate;

/// How a case went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseResult {
    /// As expected.
    Pass,
    /// Judged, and not as expected: what differs.
    Fail(Vec<String>),
    /// Not judged at all.
    Error(Diagnostics),
}

/// A case and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestedCase {
    /// File of the case.
    pub source: String,
    /// Its line.
    pub line: usize,
    /// What it shows.
    pub name: String,
    /// How it went.
    pub result: CaseResult,
}

/// What is tested: a file of cases, and the policy or plugin they are for.
#[derive(Debug, Clone)]
pub struct Suite {
    /// Name of the case file.
    pub source: String,
    /// Its text.
    pub cases: String,
    /// What judges.
    pub subject: Subject,
}

/// What judges the requests of a suite.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A policy document, by source and text. Its plugin files lie in the folder.
    Policy {
        /// Name of the document.
        source: String,
        /// Its text.
        text: String,
        /// Folder of its plugin files.
        folder: PathBuf,
    },
    /// A plugin, with the settings of each case.
    Plugin {
        /// Its name.
        name: String,
        /// Its component; none for the bundled one.
        file: Option<PathBuf>,
    },
}

/// The suites of the bundled policies.
pub fn bundled_suites() -> Vec<Suite> {
    bundled::BUNDLED
        .iter()
        .map(|b| Suite {
            source: format!("policies/{}/cases.yaml", b.name),
            cases: b.cases.to_owned(),
            subject: Subject::Policy {
                source: format!("policies/{}/policy.yaml", b.name),
                text: b.policy.to_owned(),
                folder: PathBuf::new(),
            },
        })
        .collect()
}

/// The suites of the bundled plugins; a folder of components (`NAME.wasm` or `NAME/NAME.wasm`) may stand in
/// for the bundled ones.
pub fn bundled_plugin_suites(components: Option<&Path>) -> Vec<Suite> {
    crate::plugin::bundled::BUNDLED
        .iter()
        .map(|b| {
            let file = components.map(|folder| {
                let flat = folder.join(format!("{}.wasm", b.name));
                if flat.is_file() {
                    flat
                } else {
                    folder.join(b.name).join(format!("{}.wasm", b.name))
                }
            });
            Suite {
                source: format!("plugins/{}/cases.yaml", b.name),
                cases: b.cases.to_owned(),
                subject: Subject::Plugin {
                    name: b.name.to_owned(),
                    file,
                },
            }
        })
        .collect()
}

/// The suites below a folder: every `cases.yaml`, with the policy or the component beside it.
///
/// # Errors
/// `file::*`; `case::nothing-to-test` where nothing lies beside the cases.
pub fn suites_below(folder: &Path) -> Result<Vec<Suite>, Diagnostics> {
    let is_cases = |p: &Path| {
        p.file_stem().and_then(|s| s.to_str()) == Some("cases") && has_extension(p, &["yaml", "yml", "json"])
    };
    let files = below(folder, &is_cases)?;
    if files.is_empty() {
        let message = "no cases.yaml below this folder";
        return Err(Diagnostic::error("case::none", folder.display().to_string(), message).into());
    }
    files.iter().map(|file| suite_of(file)).collect()
}

fn suite_of(cases: &Path) -> Result<Suite, Diagnostics> {
    let text = read_text(cases)?;
    let folder = cases.parent().map(Path::to_owned).unwrap_or_default();
    let policy = ["policy.yaml", "policy.yml", "policy.json"]
        .iter()
        .map(|n| folder.join(n))
        .find(|p| p.is_file());
    let subject = match policy {
        Some(path) => {
            let policy = read_text(&path)?;
            Subject::Policy {
                source: policy.source,
                text: policy.text,
                folder,
            }
        }
        None => {
            let file = CaseFile::parse(&text.source, &text.text)?;
            let name = file.plugin.ok_or_else(|| {
                let message = "no policy.yaml beside these cases, and they name no plugin";
                Diagnostic::error("case::nothing-to-test", &text.source, message)
            })?;
            let component = folder.join(format!("{name}.wasm"));
            Subject::Plugin {
                name,
                file: component.is_file().then_some(component),
            }
        }
    };
    Ok(Suite {
        source: text.source,
        cases: text.text,
        subject,
    })
}

/// Runs a suite.
///
/// # Errors
/// When the cases cannot be read or the policy cannot be loaded: then no case can be judged.
pub fn run(suite: &Suite, host: &Host, catalogue: &mut Catalogue) -> Result<Vec<TestedCase>, Diagnostics> {
    let file = CaseFile::parse(&suite.source, &suite.cases)?;
    let policy = match &suite.subject {
        Subject::Policy { source, text, folder } => {
            let document = PolicyDocument::parse(source, text)?;
            Some(Policy::load(&document, host, &|file| {
                std::fs::read(folder.join(file))
            })?)
        }
        Subject::Plugin { .. } => None,
    };
    let mut tested = Vec::with_capacity(file.cases.len());
    for case in &file.cases {
        let result = match (&policy, &suite.subject) {
            (Some(policy), _) => run_case(case, policy, catalogue, &suite.source),
            (None, Subject::Plugin { name, file }) => {
                plugin_policy(case, name, file.as_deref(), host, &suite.source)
                    .and_then(|policy| run_case(case, &policy, catalogue, &suite.source))
            }
            (None, Subject::Policy { .. }) => Ok(CaseResult::Pass),
        };
        tested.push(TestedCase {
            source: suite.source.clone(),
            line: case.line,
            name: case.name.clone(),
            result: result.unwrap_or_else(CaseResult::Error),
        });
    }
    Ok(tested)
}

/// A policy of the plugin alone, with the settings of the case.
fn plugin_policy(
    case: &Case,
    name: &str,
    file: Option<&Path>,
    host: &Host,
    source: &str,
) -> Result<Policy, Diagnostics> {
    let no_settings = Value::Object(serde_json::Map::new());
    let settings = case.settings.as_ref().unwrap_or(&no_settings);
    let path = file.map(|f| f.display().to_string());
    let document = single_rule(name, name, path.as_deref(), settings).to_string();
    let document = PolicyDocument::parse(&format!("{source}:{}", case.line), &document)?;
    Policy::load(&document, host, &|file| std::fs::read(file))
}

fn run_case(
    case: &Case,
    policy: &Policy,
    catalogue: &mut Catalogue,
    source: &str,
) -> Result<CaseResult, Diagnostics> {
    let error =
        |code, message: String| Diagnostics::from(Diagnostic::error(code, source, message).at(case.line, 0));
    let at = parse_instant(&case.at).map_err(|e| error("case::instant", e.to_string()))?;
    let read = |what: &str, body: &Value| {
        ClusterSpec::read(body).map_err(|problems| {
            let found = problems.into_iter().map(|p| {
                Diagnostic::error(p.code, source, p.message)
                    .at(case.line, 0)
                    .path(format!("{what}.{}", p.path))
            });
            Diagnostics(found.collect())
        })
    };
    read("request", &case.request)?;
    let workspace = Workspace {
        region: case.region.clone(),
        ..Workspace::new(case.cloud, case.tier)
    };
    catalogue.load(workspace.cloud, workspace.region.as_deref())?;
    let clusters = case
        .active_clusters
        .clone()
        .map(|active_by_policy| ClustersFact { active_by_policy });
    let unknown = Unknown::of(case.unknown.iter().cloned());
    let pools: Vec<InstancePool> = case
        .pools
        .iter()
        .filter_map(|body| pool(body.get("instance_pool_id")?.as_str()?, body))
        .collect();
    let asked = Asked {
        body: &case.request,
        principal: case.principal.as_deref(),
        workspace: &workspace,
        workload: case.workload,
        at,
        pools: &pools,
        unknown: &unknown,
        trace: false,
        cost: None,
        clusters: clusters.as_ref(),
    };
    let inexact = |e: Inexact| error("estimate::inexact", e.to_string());
    let before = match &case.before {
        Some(before) => {
            Range::of(&estimate(catalogue, &context(&asked), &read("before", before)?).map_err(inexact)?)
        }
        None => Range::ZERO,
    };
    let hours = case.hours_per_month.as_deref().map(parse_decimal).transpose();
    let hours = hours.map_err(|e| error("case::hours", e.to_string()))?;
    let asked = Asked {
        cost: Some(CostBefore {
            per_hour: before,
            per_month: match before == Range::ZERO {
                true => Range::ZERO,
                false => before.times(hours).map_err(inexact)?,
            },
            hours_per_month: hours,
            total: None,
        }),
        ..asked
    };
    let decision =
        judge(&[policy], catalogue, &asked).map_err(|e| error("request::not-judged", e.to_string()))?;
    let differences = case.expect.differences(&decision);
    Ok(if differences.is_empty() {
        CaseResult::Pass
    } else {
        CaseResult::Fail(differences)
    })
}
