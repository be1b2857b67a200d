//! A second evaluator of the Databricks cluster policy language, to ask the plugin `cluster-policy` against.
//!
//! It was written from the reference and from the table of decisions in the plugin's README, by somebody who had not
//! seen the plugin. It is slow on purpose: an attribute is a path, a value is JSON, a search is a loop, and nothing
//! is remembered from one question to the next.
//!
//! In come the settings of the rule and a review of the cluster as asked for; out goes what is filled in, and what
//! is wrong or open afterwards. The facts are taken as given for both halves. Families are resolved before.

mod attribute;
mod definition;
mod log_conf;
mod question;
mod supply;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use attribute::read;
use question::Question;

/// What is filled in, and what is wrong or open afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Path, value, and true for a fixed value, false for a default.
    pub supplied: Vec<(String, Value, bool)>,
    /// Paths of violations.
    pub violated: BTreeSet<String>,
    /// The texts of Databricks by path; not every violation has one.
    pub messages: BTreeMap<String, Vec<String>>,
    /// Paths that could not be judged.
    pub undetermined: BTreeSet<String>,
}

impl Answer {
    fn violate(&mut self, path: &str, message: Option<String>) {
        self.violated.insert(path.to_owned());
        if let Some(message) = message {
            self.messages.entry(path.to_owned()).or_default().push(message);
        }
    }
}

/// Answers for one review.
///
/// # Errors
/// The definition cannot be loaded.
pub fn judge(settings: &Value, review: &Value) -> Result<Answer, String> {
    let question = Question {
        settings,
        elements: definition::load(settings)?,
        review,
    };
    let (supplied, cluster) = supply::supply(&question);
    let mut answer = Answer {
        supplied,
        ..Answer::default()
    };
    for element in &question.elements {
        verdict::evaluate(&question, element, &cluster, &mut answer);
    }
    refuse_alias(&question, &cluster, &mut answer);
    if !question.chooses("structure", "ignore") {
        check_pools(&cluster, &mut answer);
        check_sizes(&cluster, &mut answer);
    }
    count_clusters(&question, &mut answer);
    Ok(answer)
}

/// Aliases are for policies; a request names a version.
fn refuse_alias(question: &Question<'_>, cluster: &Value, answer: &mut Answer) {
    let version = read(cluster, "spark_version").unwrap_or_default();
    let refused = version
        .as_str()
        .filter(|key| key.is_empty() || key.starts_with("auto:"));
    if let Some(key) = refused.filter(|_| !question.is_unknown("spark_version")) {
        answer.violate("spark_version", Some(format!("Invalid spark version {key}.")));
    }
}

/// A pool brings its node type along.
fn check_pools(cluster: &Value, answer: &mut Answer) {
    let given = |path: &str| read(cluster, path).is_some();
    let mut refuse = |path: &str| {
        let message = format!("The field '{path}' cannot be supplied when an instance pool ID is provided.");
        answer.violate(path, Some(message));
    };
    if given("node_type_id") && given("instance_pool_id") {
        refuse("node_type_id");
    }
    if given("driver_node_type_id") && (given("driver_instance_pool_id") || given("instance_pool_id")) {
        refuse("driver_node_type_id");
    }
}

/// A cluster has one size at most; the API would insist on one.
fn check_sizes(cluster: &Value, answer: &mut Answer) {
    let sizes = ["virtual_cluster_size", "num_workers", "autoscale"];
    let given = sizes.iter().filter(|size| read(cluster, size).is_some()).count();
    if given > 1 {
        let at = read(cluster, "num_workers").map_or("virtual_cluster_size", |_| "num_workers");
        let message = "Exactly 1 of virtual_cluster_size, num_workers or autoscale must be specified.";
        answer.violate(at, Some(message.to_owned()));
    }
}

/// One cluster more must still be within `max_clusters_per_user`.
fn count_clusters(question: &Question<'_>, answer: &mut Answer) {
    let Some(most) = question.settings["max_clusters_per_user"].as_u64() else {
        return;
    };
    match question.active_clusters() {
        None => {
            answer.undetermined.insert("policy_id".to_owned());
        }
        Some(active) if active >= most => answer.violate("policy_id", None),
        Some(_) => {}
    }
}

#[cfg(test)]
mod cases;
