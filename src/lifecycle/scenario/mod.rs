//! A scenario: the user's file of workspaces, pools, clusters and jobs over a period.
//!
//! A scenario may include further files with pools, clusters and jobs (one per team, say). Reading files is
//! the caller's part: [`Scenario::includes`] tells what to read, [`Scenario::parse`] takes the documents.
//! Requests stay JSON here, with their places: admission reads and judges them.
//!
//! ```text
//! form      the file's structure, field by field
//! plan      what is planned: clusters with their commands, jobs with their tasks
//! check     from the form to the plan, with every problem and its place
//!           (clusters, hazards, jobs, pools, prices, times, work: one part of the form each)
//! variant   the same scenario with something changed
//! ```

mod check;
mod clusters;
mod form;
mod hazards;
mod jobs;
mod plan;
mod pools;
mod prices;
mod times;
mod variant;
mod work;
mod workspaces;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub use plan::{
    ClusterPlan, CommandPlan, ComputePlan, JobClusterPlan, JobPlan, PriceChange, ScenarioPool, TaskPlan, User,
};
pub use variant::{BASE, Variant};

use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::InstancePool;
use crate::lifecycle::hazard::{Hazards, Incident};
use crate::lifecycle::simulation::Simulation;
use crate::lifecycle::timing::Timing;
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
    /// What it shows.
    pub description: Option<String>,
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
    /// What may go wrong.
    pub hazards: Hazards,
    /// What goes wrong, in order of time.
    pub incidents: Vec<Incident>,
    /// Prices that change, in order of time.
    pub price_changes: Vec<PriceChange>,
    /// Who may ask; none where anybody may.
    pub users: Option<Vec<User>>,
    /// Where clusters run; names are unique.
    pub workspaces: Vec<Workspace>,
    /// Pools; ids are unique.
    pub pools: Vec<ScenarioPool>,
    /// All-purpose clusters in the order of the files; names are unique.
    pub clusters: Vec<ClusterPlan>,
    /// Jobs in the order of the files; names are unique.
    pub jobs: Vec<JobPlan>,
    /// Its variants, in order of their names.
    pub variants: Vec<Variant>,
    /// The variant that this is; [`BASE`] for the scenario itself.
    pub variant: String,
    /// What is odd about it and hinders nothing.
    pub warnings: Diagnostics,
    /// What it was read from, before any variant changed it.
    documents: Arc<Documents>,
}

/// The documents of a scenario.
#[derive(Debug, Clone)]
struct Documents {
    main: Arc<Document>,
    includes: Vec<Document>,
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

    /// Reads a scenario and the files it includes, in the order of [`Scenario::includes`]. Each of its variants is
    /// read too, so that none fails later.
    ///
    /// # Errors
    /// Everything wrong in all documents: what does not fit the schema (`scenario::schema`); else
    /// `scenario::instant`, `scenario::date`, `scenario::time`, `scenario::period`, `scenario::range`,
    /// `scenario::duplicate`, `scenario::unknown-workspace`, `scenario::unknown-pool`, `scenario::unknown-user`,
    /// `scenario::unknown-name`, `scenario::schedule`, `scenario::outside-period`, `scenario::order`,
    /// `scenario::one-of`, `scenario::circle`, `scenario::meter`, `price::number`, `rate::number`. Of
    /// `scenario::never` (a session, a job or a command that never takes place) it only warns.
    pub fn parse(main: Document, includes: Vec<Document>) -> Result<Scenario, Diagnostics> {
        let documents = Arc::new(Documents {
            main: Arc::new(main),
            includes,
        });
        let scenario = variant::base(&documents)?;
        let broken = scenario
            .variants
            .iter()
            .filter_map(|v| scenario.variant(&v.name).err());
        let problems: Vec<Diagnostic> = broken.flat_map(|found| found.0).collect();
        if problems.is_empty() {
            Ok(scenario)
        } else {
            Err(Diagnostics(problems).sorted())
        }
    }

    /// A simulation of this scenario, without any workspace, pool, cluster or job yet.
    pub fn simulation(&self) -> Simulation {
        Simulation {
            seed: self.seed,
            period: self.period,
            timing: self.timing,
            hazards: self.hazards.clone(),
            incidents: self.incidents.clone(),
            workspaces: Vec::new(),
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
        self.team_of_tags(&pool.custom_tags)
    }

    /// The cost centre of something with these tags.
    pub fn team_of_tags(&self, custom_tags: &BTreeMap<String, String>) -> String {
        self.team(|tag| custom_tags.get(tag).map(String::as_str))
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

/// Holds all documents against their schemas.
fn fit(main: &Document, includes: &[Document]) -> Result<(), Diagnostics> {
    let schemas = schemas().as_ref().map_err(|e| {
        // The schemas are part of the program: a test compiles them.
        Diagnostics::from(Diagnostic::error("scenario::schema", &main.source, e.to_string()))
    })?;
    let mut problems = Vec::new();
    problems.extend(schemas.main.check(main, "scenario::schema").err());
    for part in includes {
        problems.extend(schemas.included.check(part, "scenario::schema").err());
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Diagnostics(problems.into_iter().flat_map(|d| d.0).collect()).sorted())
}

#[cfg(test)]
mod tests;
