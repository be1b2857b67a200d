//! From the form to a scenario: what a schema cannot say is checked here, all of it before anything is told.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::form::{Main, Part};
use super::variant::{BASE, Left, Variant};
use super::{Documents, Scenario, ScenarioPool};
use crate::lifecycle::between::Between;
use crate::lifecycle::timing::Timing;
use crate::model::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::model::document::{Document, pointer_step};
use crate::model::period::{Instant, Period, SECONDS_PER_DAY, parse_instant, rfc3339};
use crate::model::suggest::hint;

/// A scenario simulates at most a leap year.
const MAX_DAYS: i64 = 366;

/// Reads documents that fit the schema. `documents` are those before any variant; `left` is left out.
pub(super) fn read(
    documents: &Arc<Documents>,
    (main, includes): (&Document, &[Document]),
    variant: &str,
    left: &Left<'_>,
) -> Result<Scenario, Diagnostics> {
    let mut form: Main = form(main)?;
    let mut parts = vec![(main, form.take_part())];
    for include in includes {
        parts.push((include, self::form(include)?));
    }
    let mut checker = Checker::new(main, &form, &parts, left);
    let workspaces = checker.all_workspaces(main, std::mem::take(&mut form.workspaces));
    let users = form.users.iter().flatten();
    checker.names(main, "/users", users.map(|u| &u.name), "user");
    let timing = form.timing.over(Timing::default(), |name, range| {
        checker.range(main, &format!("/timing/{name}"), range)
    });
    let hazards = checker.hazards(main, &form.hazards);
    let price_changes = checker.price_changes(main, &form.price_changes);
    let pools = checker.all_pools(&mut parts);
    let (mut clusters, mut jobs) = (Vec::new(), Vec::new());
    for (document, part) in parts {
        for (i, cluster) in part.clusters.into_iter().enumerate() {
            clusters.extend(checker.cluster(document, &format!("/clusters/{i}"), cluster));
        }
        for (i, job) in part.jobs.into_iter().enumerate() {
            jobs.extend(checker.job(document, &format!("/jobs/{i}"), job));
        }
    }
    clusters.retain(|cluster| checker.stays(&cluster.name));
    jobs.retain(|job| checker.stays(&job.name));
    checker.still_there(main, &jobs);
    let incidents = checker.incidents(main, &form.incidents);
    let variants = checker.variants(main, form.variants);
    let Checker { period, problems, .. } = checker;
    let found = Diagnostics(problems).sorted();
    match period {
        Some(period) if !found.has_errors() => Ok(Scenario {
            name: form.scenario,
            description: form.description,
            seed: form.seed,
            period,
            team_tag: form.team_tag,
            prices: form.prices,
            policies: form.policies,
            timing,
            hazards,
            incidents,
            price_changes,
            users: form.users,
            workspaces,
            pools,
            clusters,
            jobs,
            variants,
            variant: variant.to_owned(),
            warnings: found,
            documents: Arc::clone(documents),
        }),
        _ => Err(found),
    }
}

/// The form of a document that fits the schema; the schema leaves only numbers out of range.
fn form<T: DeserializeOwned>(document: &Document) -> Result<T, Diagnostics> {
    serde_json::from_value(document.value.clone())
        .map_err(|e| document.error("scenario::schema", "", e.to_string()).into())
}

/// What is known while a scenario is read, and what is wrong with it so far.
pub(super) struct Checker<'a> {
    pub(super) period: Option<Period>,
    workspaces: BTreeSet<String>,
    /// Who may ask; none where anybody may.
    users: Option<Vec<String>>,
    /// Workspace and id.
    pub(super) pools: BTreeSet<(String, String)>,
    /// Names of clusters, with their workspaces.
    pub(super) clusters: BTreeMap<String, String>,
    jobs: BTreeSet<String>,
    pub(super) left: &'a Left<'a>,
    /// Kind and name of what has been read.
    named: BTreeSet<(&'static str, String)>,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn new(document: &Document, form: &Main, parts: &[(&Document, Part)], left: &'a Left<'a>) -> Checker<'a> {
        let clusters = parts.iter().flat_map(|(_, part)| &part.clusters);
        let jobs = parts.iter().flat_map(|(_, part)| &part.jobs);
        let users = form.users.as_ref();
        let mut checker = Checker {
            period: None,
            workspaces: form.workspaces.iter().map(|w| w.name.clone()).collect(),
            users: users.map(|users| users.iter().map(|u| u.name.clone()).collect()),
            pools: BTreeSet::new(),
            clusters: clusters.map(|c| (c.name.clone(), c.workspace.clone())).collect(),
            jobs: jobs.map(|j| j.name.clone()).collect(),
            left,
            named: BTreeSet::new(),
            problems: Vec::new(),
        };
        checker.period = checker.read_period(document, form);
        checker
    }

    fn read_period(&mut self, document: &Document, form: &Main) -> Option<Period> {
        let start = self.instant(document, "/period/start", &form.period.start);
        let end = self.instant(document, "/period/end", &form.period.end);
        let (start, end) = (start?, end?);
        let period = Period::new(start, end);
        match period {
            None => {
                let message = format!(
                    "ends {}, expected after its start, {}",
                    rfc3339(end),
                    rfc3339(start)
                );
                self.error(document, "/period/end", "scenario::period", message);
            }
            Some(period) if period.seconds() > MAX_DAYS.saturating_mul(SECONDS_PER_DAY) => {
                let days = period.seconds().div_euclid(SECONDS_PER_DAY);
                let message = format!("{days} days long, expected at most {MAX_DAYS}");
                self.error(document, "/period/end", "scenario::period", message);
            }
            Some(_) => {}
        }
        period
    }

    /// The pools of all documents. Pools have to be known before anything names one.
    fn all_pools(&mut self, parts: &mut [(&Document, Part)]) -> Vec<ScenarioPool> {
        let mut pools = Vec::new();
        for (document, part) in parts {
            for (i, pool) in std::mem::take(&mut part.pools).into_iter().enumerate() {
                pools.extend(self.pool(document, &format!("/pools/{i}"), pool));
            }
        }
        pools.retain(|p| !self.left.pools.contains(p.pool.instance_pool_id.as_str()));
        self.pools = pools
            .iter()
            .map(|p| (p.workspace.clone(), p.pool.instance_pool_id.clone()))
            .collect();
        pools
    }

    fn variants(
        &mut self,
        document: &Document,
        forms: BTreeMap<String, super::form::VariantForm>,
    ) -> Vec<Variant> {
        let mut variants = Vec::new();
        for (name, form) in forms {
            let at = pointer_step("/variants", &name);
            if name == BASE {
                let message = format!("`{BASE}` is the scenario itself; expected another name");
                self.error(document, &at, "scenario::duplicate", message);
            }
            for (i, object) in form.only.iter().flatten().enumerate() {
                self.object(document, &format!("{at}/only/{i}"), object);
            }
            for id in form
                .pools
                .keys()
                .filter(|id| !self.is_pool(id))
                .cloned()
                .collect::<Vec<_>>()
            {
                let at = pointer_step(&pointer_step(&at, "pools"), &id);
                let problem =
                    document.error("scenario::unknown-pool", &at, format!("there is no pool `{id}`"));
                let known = self.pools.iter().map(|(_, id)| id.as_str());
                self.problems.push(hinted(problem, &id, known));
            }
            let policies = document.value.pointer(&pointer_step(&at, "policies"));
            variants.push(Variant {
                name,
                description: form.description,
                policies: policies.and_then(Value::as_str).map(str::to_owned),
            });
        }
        variants
    }

    fn is_pool(&self, id: &str) -> bool {
        self.left.pools.contains(id) || self.pools.iter().any(|(_, known)| known == id)
    }

    /// Whether a cluster or job of this name is not left out.
    pub(super) fn stays(&self, name: &str) -> bool {
        self.left
            .only
            .as_ref()
            .is_none_or(|(only, _)| only.contains(name))
    }

    /// A cluster or a job that something names.
    pub(super) fn object(&mut self, document: &Document, at: &str, name: &str) {
        if !self.clusters.contains_key(name) && !self.jobs.contains(name) {
            let known: BTreeSet<&str> = self
                .clusters
                .keys()
                .chain(&self.jobs)
                .map(String::as_str)
                .collect();
            let message = format!("there is no cluster or job `{name}`");
            let problem = document.error("scenario::unknown-name", at, message);
            let problem = hinted(problem, name, known.into_iter());
            self.problems.push(problem);
        }
    }

    pub(super) fn principal(&mut self, document: &Document, at: &str, name: &str) {
        // User names of a workspace are the same in any case.
        if let Some(users) = &self.users
            && !users.iter().any(|user| user.eq_ignore_ascii_case(name))
        {
            let at = pointer_step(at, "principal");
            let message = format!("`{name}` is not among the users");
            let problem = document.error("scenario::unknown-user", &at, message);
            let problem = hinted(problem, name, users.iter().map(String::as_str));
            self.problems.push(problem);
        }
    }

    pub(super) fn instant(&mut self, document: &Document, at: &str, text: &str) -> Option<Instant> {
        match parse_instant(text) {
            Ok(instant) => Some(instant),
            Err(e) => {
                self.error(document, at, "scenario::instant", e.to_string());
                None
            }
        }
    }

    /// An instant in the period; none if it is not an instant.
    pub(super) fn instant_inside(&mut self, document: &Document, at: &str, text: &str) -> Option<Instant> {
        let instant = self.instant(document, at, text)?;
        if let Some(period) = self.period
            && !period.contains(instant)
        {
            let message = format!("{} lies outside the period {period}", rfc3339(instant));
            self.error(document, at, "scenario::outside-period", message);
        }
        Some(instant)
    }

    pub(super) fn range(&mut self, document: &Document, at: &str, range: Between) -> Between {
        if range.min > range.max {
            let message = format!(
                "`min` is {}, expected at most `max`, which is {}",
                range.min, range.max
            );
            self.error(document, at, "scenario::range", message);
        }
        range
    }

    /// The one that is given of several, of which exactly one must be.
    pub(super) fn exactly_one<T, const N: usize>(
        &mut self,
        document: &Document,
        at: &str,
        choices: [(&'static str, Option<T>); N],
    ) -> Option<T> {
        let all = quoted(choices.iter().map(|(name, _)| *name), " and ");
        let mut given = choices
            .into_iter()
            .filter_map(|(name, choice)| Some((name, choice?)));
        let (first, rest): (_, Vec<_>) = (given.next(), given.collect());
        let found = match (first, rest.as_slice()) {
            (Some((_, choice)), []) => return Some(choice),
            (None, _) => "found none".to_owned(),
            (Some((first, _)), rest) => {
                let names = std::iter::once(first).chain(rest.iter().map(|(name, _)| *name));
                format!("found {}", quoted(names, " and "))
            }
        };
        self.error(
            document,
            at,
            "scenario::one-of",
            format!("{found}, expected exactly one of {all}"),
        );
        None
    }

    fn names<'n>(
        &mut self,
        document: &Document,
        at: &str,
        names: impl Iterator<Item = &'n String>,
        kind: &'static str,
    ) {
        for (i, name) in names.enumerate() {
            self.name(document, &format!("{at}/{i}/name"), name, kind);
        }
    }

    pub(super) fn name(&mut self, document: &Document, at: &str, name: &str, kind: &'static str) {
        if !self.named.insert((kind, name.to_owned())) {
            self.duplicate(document, at, kind, name);
        }
    }

    pub(super) fn duplicate(&mut self, document: &Document, at: &str, kind: &str, name: &str) {
        let message = format!("there is already a {kind} `{name}`");
        self.error(document, at, "scenario::duplicate", message);
    }

    pub(super) fn workspace(&mut self, document: &Document, at: &str, name: &str) {
        if self.workspaces.contains(name) {
            return;
        }
        let at = pointer_step(at, "workspace");
        let problem = document.error(
            "scenario::unknown-workspace",
            &at,
            format!("there is no workspace `{name}`"),
        );
        let known = self.workspaces.iter().map(String::as_str);
        self.problems.push(hinted(problem, name, known));
    }

    /// A name that `known` lacks.
    pub(super) fn unknown<'n>(
        &mut self,
        document: &Document,
        at: &str,
        (name, message): (&str, String),
        known: impl Iterator<Item = &'n str>,
    ) {
        let problem = document.error("scenario::unknown-name", at, message);
        self.problems.push(hinted(problem, name, known));
    }

    pub(super) fn error(&mut self, document: &Document, at: &str, code: &'static str, message: String) {
        self.problems.push(document.error(code, at, message));
    }

    pub(super) fn warning(&mut self, document: &Document, at: &str, message: &str) {
        let warning = document.error("scenario::never", at, message);
        self.problems.push(Diagnostic {
            severity: Severity::Warning,
            ..warning
        });
    }
}

/// Adds the nearest name, or all that there are.
pub(super) fn hinted<'a>(
    problem: Diagnostic,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    let known: Vec<&str> = known.collect();
    if known.is_empty() {
        return problem;
    }
    problem.hint(hint(name, &known, |all| format!("known: {all}")))
}

/// `a`, `b` and `c`.
fn quoted<'n>(names: impl Iterator<Item = &'n str>, last: &str) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((end, [])) => end.clone(),
        Some((end, before)) => format!("{}{last}{end}", before.join(", ")),
        None => String::new(),
    }
}
