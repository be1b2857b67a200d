//! A scenario: the user's file of workspaces, pools, clusters and jobs over a period.
//!
//! A scenario may include further files with pools, clusters and jobs (one per team, say). Reading files is
//! the caller's part: [`Scenario::includes`] tells what to read, [`Scenario::parse`] takes the documents.
//! Requests stay JSON here, with their places: admission reads and judges them.

mod check;
mod form;

use std::sync::OnceLock;

use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::lifecycle::simulation::{Life, Runs, Simulation, Timing};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::Document;
use crate::model::period::Period;
use crate::model::place::Workspace;
use crate::model::schema::{NotASchema, Schema};
use crate::model::usage::UNALLOCATED;

/// The JSON Schema of scenarios, for editors and for [`Scenario::parse`].
pub const SCHEMA: &str = include_str!("scenario.schema.json");

/// A scenario without contradictions.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What all chance hangs on.
    pub seed: u64,
    /// What is simulated.
    pub period: Period,
    /// The custom tag that names cost centres.
    pub team_tag: Option<String>,
    /// The user's own price books and node rates: paths relative to the scenario's file.
    pub prices: Vec<String>,
    /// The folder of policies, relative to the scenario's file; none for the bundled ones.
    pub policies: Option<String>,
    /// How long things take.
    pub timing: Timing,
    /// Where clusters run; names are unique.
    pub workspaces: Vec<Workspace>,
    /// Pools; ids are unique.
    pub pools: Vec<ScenarioPool>,
    /// All-purpose clusters in the order of the files; names are unique.
    pub clusters: Vec<ClusterPlan>,
    /// Jobs in the order of the files; names are unique.
    pub jobs: Vec<JobPlan>,
    /// What is odd about it and hinders nothing.
    pub warnings: Diagnostics,
}

/// A pool of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioPool {
    /// Name of its workspace.
    pub workspace: String,
    /// The pool as the API takes it.
    pub pool: InstancePool,
}

/// An all-purpose cluster that somebody asks for.
#[derive(Debug, Clone)]
pub struct ClusterPlan {
    /// Its unique name.
    pub name: String,
    /// Name of its workspace.
    pub workspace: String,
    /// Who asks.
    pub principal: String,
    /// The policy that judges it besides the guardrails.
    pub policy: Option<String>,
    /// The body of `clusters/create`, `cluster_name` filled in, with its places.
    pub request: Document,
    /// When it is created, used and terminated, if it may be.
    pub life: Life,
}

/// A job that somebody asks for.
#[derive(Debug, Clone)]
pub struct JobPlan {
    /// Its unique name.
    pub name: String,
    /// Name of its workspace.
    pub workspace: String,
    /// Who asks.
    pub principal: String,
    /// The policy that judges its cluster besides the guardrails.
    pub policy: Option<String>,
    /// Its `new_cluster`, with its places.
    pub request: Document,
    /// When its runs are due and how long they work, if they may.
    pub runs: Runs,
}

impl Scenario {
    /// The files that a scenario includes, as it writes them. What is no text is left to [`Scenario::parse`].
    pub fn includes(main: &Document) -> Vec<String> {
        let listed = main.value.get("include").and_then(serde_json::Value::as_array);
        listed
            .into_iter()
            .flatten()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect()
    }

    /// Reads a scenario and the files it includes, in the order of [`Scenario::includes`].
    ///
    /// # Errors
    /// Everything wrong in all documents: what does not fit the schema (`scenario::schema`); else
    /// `scenario::instant`, `scenario::date`, `scenario::time`, `scenario::period`, `scenario::range`,
    /// `scenario::duplicate`, `scenario::unknown-workspace`, `scenario::unknown-pool`, `scenario::schedule`,
    /// `scenario::outside-period`, `scenario::order`. Of `scenario::never` (a session or job that never takes
    /// place) it only warns.
    pub fn parse(main: Document, includes: Vec<Document>) -> Result<Scenario, Diagnostics> {
        let schemas = schemas().as_ref().map_err(|e| {
            // The schemas are part of the program: a test compiles them.
            Diagnostics::from(Diagnostic::error("scenario::schema", &main.source, e.to_string()))
        })?;
        let mut problems = Vec::new();
        problems.extend(schemas.main.check(&main, "scenario::schema").err());
        for part in &includes {
            problems.extend(schemas.included.check(part, "scenario::schema").err());
        }
        if problems.is_empty() {
            return check::read(&main, &includes);
        }
        Err(Diagnostics(problems.into_iter().flat_map(|d| d.0).collect()).sorted())
    }

    /// A simulation of this scenario, without any pool, cluster or job yet.
    pub fn simulation(&self) -> Simulation {
        Simulation {
            seed: self.seed,
            period: self.period,
            timing: self.timing,
            pools: Vec::new(),
            clusters: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// The cost centre of a completed request.
    pub fn team_of_cluster(&self, spec: &ClusterSpec) -> String {
        self.team(|tag| spec.custom_tag(tag))
    }

    /// The cost centre of a pool's idle instances.
    pub fn team_of_pool(&self, pool: &InstancePool) -> String {
        self.team(|tag| pool.custom_tags.get(tag).map(String::as_str))
    }

    fn team<'a>(&self, value_of: impl FnOnce(&str) -> Option<&'a str>) -> String {
        let team = self.team_tag.as_deref().and_then(value_of).map(str::trim);
        team.filter(|t| !t.is_empty()).unwrap_or(UNALLOCATED).to_owned()
    }
}

struct Schemas {
    main: Schema,
    included: Schema,
}

fn schemas() -> &'static Result<Schemas, NotASchema> {
    static COMPILED: OnceLock<Result<Schemas, NotASchema>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let whole: serde_json::Value = serde_json::from_str(SCHEMA).map_err(|e| NotASchema(e.to_string()))?;
        let mut part = whole.pointer("/$defs/included").cloned().unwrap_or_default();
        if let (Some(part), Some(defs)) = (part.as_object_mut(), whole.get("$defs")) {
            part.insert("$defs".to_owned(), defs.clone());
        }
        Ok(Schemas {
            main: Schema::parse(SCHEMA)?,
            included: Schema::parse(&part.to_string())?,
        })
    })
}

#[cfg(test)]
mod tests;
