//! The Databricks cluster policy language: a definition judges as Databricks judges it.
//!
//! ```text
//! settings ─ settings.rs ─► prepared.rs (frozen into the image)
//! review ─ situation.rs ─► what stands where ─ supply.rs ─► values filled in
//!                                            ├ judge.rs ─► violations, worded by message.rs
//!                                            ├ structure.rs ─► what the API refuses anyway
//!                                            └ trace.rs ─► how it came about, where asked for
//! ```

mod dialect;
mod judge;
mod message;
mod prepared;
mod settings;
mod situation;
mod structure;
mod supply;
mod trace;

use tollgate_sdk::settings::Problems;
use tollgate_sdk::{Review, Rule, SettingProblem, Supplied, Verdict, plugin};

use dialect::Dialect;
use settings::Definitions;
pub use settings::Settings;
use situation::Situation;
use trace::Trace;

/// The configured rule.
pub struct ClusterPolicy {
    definitions: Definitions,
    dialect: Dialect,
    max_clusters_per_user: Option<u64>,
    policy_id: Option<String>,
}

impl Rule for ClusterPolicy {
    const NAME: &str = "cluster-policy";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");
    const FACTS: &[&str] = &["estimate", "nodes", "runtime_aliases", "clusters"];
    const SUPPLIES: bool = true;

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        match settings.definitions(&mut problems) {
            Some(definitions) => problems.or(ClusterPolicy {
                definitions,
                dialect: settings.dialect,
                max_clusters_per_user: settings.max_clusters_per_user,
                policy_id: settings.policy_id,
            }),
            None => Err(problems.into_found()),
        }
    }

    fn supply(&self, review: &Review<'_>) -> Vec<Supplied> {
        match self.definitions.of(&review.cloud()) {
            Some(definition) => supply::supplies(definition, &Situation::new(review, &self.dialect)),
            None => Vec::new(),
        }
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        let situation = Situation::new(review, &self.dialect);
        let mut trace = review.wants_trace().then(Trace::default);
        let definition = self.definitions.of(&review.cloud());
        if let Some(definition) = definition {
            judge::judge(definition, &situation, &mut verdict, &mut trace);
        }
        structure::check(&situation, definition, &mut verdict);
        if let Some(most) = self.max_clusters_per_user {
            structure::clusters_per_user(&situation, self.policy_id.as_deref(), most, &mut verdict);
        }
        verdict.details = trace.map(Trace::details);
        verdict
    }
}

plugin!(ClusterPolicy);
