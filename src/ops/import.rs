//! Import: cluster policies of a workspace become policies of tollgate, with cases that show what they do.

mod meant;
mod texts;
mod write;

use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use tollgate_policy_language::Definition;

use self::meant::{Meant, meant};
use self::write::Staged;
use super::files::Text;
use super::judge::{Asked, judge};
use super::policy_test::{CaseResult, run, suites_below};
use crate::intake::workspace_policies::{WorkspacePolicy, read};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::facts::ClustersFact;
use crate::model::period::parse_instant;
use crate::model::place::{Cloud, Tier, Workspace};
use crate::model::unknown::NOTHING;
use crate::plugin::Host;
use crate::policy::case::AT;
use crate::policy::document::PolicyDocument;
use crate::policy::loaded::{Policy, single_rule};
use crate::policy::starting_cases::{StartingCases, starting_cases};
use crate::pricing::catalogue::Catalogue;

/// How to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// Folder that the policies are put into, each in one of its own.
    pub output: PathBuf,
    /// Name of the one policy of the source; a bare definition has none of its own.
    pub name: Option<String>,
    /// Write over what is there.
    pub force: bool,
    /// Cloud of the cases; else read off the definition, else Azure.
    pub cloud: Option<Cloud>,
}

/// A policy that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its name in tollgate.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// Its cases, and what they do not show.
    pub cases: StartingCases,
}

/// Imports every policy of a source.
///
/// # Errors
/// When nothing can be written: `import::exists`, `file::*`. What is wrong with one policy is in the second part, and the
/// others are imported.
pub fn import(
    source: &Text,
    host: &Host,
    catalogue: &mut Catalogue,
    options: &ImportOptions,
) -> Result<(Vec<Imported>, Diagnostics), Diagnostics> {
    let found = read(&source.source, &source.text);
    let mut problems = found.problems;
    if options.name.is_some() && found.policies.len() > 1 {
        let message = format!("--name names one policy, found {}", found.policies.len());
        let problem = Diagnostic::error("import::name", &source.source, message);
        problems.0.push(problem.hint("without --name each keeps its own"));
        return Err(problems);
    }
    let mut ready: Vec<Ready> = Vec::new();
    for policy in &found.policies {
        match prepare(policy, host, catalogue, options) {
            Ok(mut one) => {
                one.name = unused(&one.name, &ready);
                ready.push(one);
            }
            Err(found) => problems.0.extend(found.0),
        }
    }
    if ready.is_empty() {
        return Ok((Vec::new(), problems));
    }
    if let Err(found) = write(&ready, host, catalogue, options) {
        problems.0.extend(found.0);
        return Err(problems);
    }
    let imported = ready.into_iter().map(|one| Imported {
        folder: options.output.join(&one.name),
        name: one.name,
        cases: one.cases,
    });
    Ok((imported.collect(), problems))
}

/// Writes every file, or none.
fn write(
    ready: &[Ready<'_>],
    host: &Host,
    catalogue: &mut Catalogue,
    options: &ImportOptions,
) -> Result<(), Diagnostics> {
    let mut staged = Staged::begin(&options.output, options.force)?;
    for one in ready {
        for (file, text) in one.files() {
            staged.add(&one.name, file, &text)?;
        }
    }
    verify(staged.folder(), host, catalogue)?;
    staged.commit()
}

/// A policy that only has to be written.
struct Ready<'p> {
    policy: &'p WorkspacePolicy,
    name: String,
    cloud: Cloud,
    /// Settings of the rule; those that a file holds are not among them.
    settings: Map<String, Value>,
    /// The text of `definition.json`; none where a family and its overrides say it all.
    definition: Option<String>,
    cases: StartingCases,
}

impl Ready<'_> {
    /// The policy id under which a user's clusters are counted, where they are.
    fn counted_under(&self) -> Option<&str> {
        let policy_id = self.settings.get("policy_id").and_then(Value::as_str);
        self.policy
            .max_clusters_per_user
            .map(|_| policy_id.unwrap_or_default())
    }

    fn files(&self) -> Vec<(&'static str, String)> {
        let mut files = vec![
            (
                "policy.yaml",
                texts::policy(self.policy, &self.name, &self.settings),
            ),
            (
                "cases.yaml",
                texts::cases(&self.name, self.cloud, self.counted_under(), &self.cases),
            ),
        ];
        if let Some(definition) = &self.definition {
            files.push(("definition.json", texts::definition(definition)));
        }
        files
    }
}

/// The name, or the name with the first number that makes it one of its own.
fn unused(name: &str, ready: &[Ready<'_>]) -> String {
    let is_used = |candidate: &str| ready.iter().any(|r| r.name == candidate);
    let numbered = (2_usize..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|candidate| !is_used(candidate))
        .unwrap_or_default()
}

fn prepare<'p>(
    policy: &'p WorkspacePolicy,
    host: &Host,
    catalogue: &mut Catalogue,
    options: &ImportOptions,
) -> Result<Ready<'p>, Diagnostics> {
    let Some(name) = options.name.as_ref().or(policy.name.as_ref()) else {
        let problem = policy.problem("import::name", "a definition has no name of its own");
        return Err(problem.hint("give --name team-analytics").into());
    };
    let name = slug(name)
        .or_else(|| slug(policy.policy_id.as_deref()?))
        .unwrap_or_else(|| "policy".to_owned());
    let Meant {
        definition,
        mut settings,
        text,
        cloud,
    } = meant(policy, options.cloud)?;
    if let Some(most) = policy.max_clusters_per_user {
        settings.insert("max_clusters_per_user".to_owned(), json!(most));
    }
    if let Some(id) = &policy.policy_id {
        settings.insert("policy_id".to_owned(), json!(id));
    }
    let loaded = load(policy, &settings, host)?;
    catalogue.load(cloud, None)?;
    let mut cases = cases(&definition, cloud, &loaded, catalogue);
    if let Some(most) = policy.max_clusters_per_user {
        cases.limit_clusters_per_user(most);
    }
    if text.is_some() {
        settings.shift_remove("definition");
        settings.shift_insert(0, "definition_file".to_owned(), json!("definition.json"));
    }
    Ok(Ready {
        policy,
        name,
        cloud,
        settings,
        definition: text,
        cases,
    })
}

/// The policy in its sandbox. What the language admits and the plugin does not is told at the policy.
fn load(policy: &WorkspacePolicy, settings: &Map<String, Value>, host: &Host) -> Result<Policy, Diagnostics> {
    let document = single_rule(
        "cluster-policy",
        "cluster-policy",
        None,
        &Value::Object(settings.clone()),
    )
    .to_string();
    let loaded = PolicyDocument::parse(&policy.source, &document)
        .and_then(|document| Policy::load(&document, host, &|file| std::fs::read(file)));
    loaded.map_err(|found| {
        let told = found
            .0
            .into_iter()
            .map(|d| policy.problem("import::malformed", d.message));
        Diagnostics(told.collect())
    })
}

fn cases(definition: &Definition, cloud: Cloud, policy: &Policy, catalogue: &Catalogue) -> StartingCases {
    let workspace = Workspace::new(cloud, Tier::Premium);
    let at = parse_instant(AT).unwrap_or_default();
    let none = ClustersFact::default();
    starting_cases(definition, cloud, &|request, workload| {
        let asked = Asked {
            body: request,
            principal: None,
            workspace: &workspace,
            workload,
            at,
            pools: &[],
            unknown: &NOTHING,
            clusters: Some(&none),
            trace: false,
            cost: None,
        };
        judge(&[policy], catalogue, &asked).map_err(|e| e.to_string())
    })
}

/// Runs what was put together as `tollgate policy test` will run it.
fn verify(folder: &Path, host: &Host, catalogue: &mut Catalogue) -> Result<(), Diagnostics> {
    for suite in suites_below(folder)? {
        for case in run(&suite, host, catalogue)? {
            let why = match case.result {
                CaseResult::Pass => continue,
                CaseResult::Fail(differences) => differences.join("; "),
                CaseResult::Error(problems) => problems.to_string(),
            };
            let message = format!("the case `{}` is judged otherwise than before: {why}", case.name);
            return Err(Diagnostic::error("import::not-verified", case.source, message).into());
        }
    }
    Ok(())
}

/// `Team analytics (prod)` as the name of a policy: `team-analytics-prod`.
fn slug(name: &str) -> Option<String> {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    (!words.is_empty()).then(|| words.join("-"))
}
