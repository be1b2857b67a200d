//! Variants: the same scenario with something changed.
//!
//! A variant merges its patches into the documents of the scenario, and the result is read like any other scenario. A
//! merged value keeps its place in the variant, so that what is wrong with it is shown there.

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Documents, Scenario, check, fit};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::document::{Document, pointer_step};
use crate::model::suggest::hint;

/// The name of the scenario itself among its variants.
pub const BASE: &str = "base";

/// A variant that a scenario names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name, unique in the scenario and not [`BASE`].
    pub name: String,
    /// What it shows.
    pub description: Option<String>,
    /// The folder of policies that it brings, relative to the scenario's file.
    pub policies: Option<String>,
}

/// What of a scenario is left out, beside what its documents say.
#[derive(Debug, Default)]
pub(super) struct Left<'a> {
    /// The only clusters and jobs there are, and where that is said; all without.
    pub only: Option<(BTreeSet<&'a str>, String)>,
    /// Pools that are not there.
    pub pools: BTreeSet<&'a str>,
}

/// The scenario itself.
pub(super) fn base(documents: &Arc<Documents>) -> Result<Scenario, Diagnostics> {
    fit(&documents.main, &documents.includes)?;
    let main = documents.main.as_ref();
    check::read(documents, (main, &documents.includes), BASE, &Left::default())
}

impl Scenario {
    /// The scenario as one of its variants has it; [`BASE`] is the scenario without any.
    ///
    /// # Errors
    /// `scenario::unknown-name` with the nearest name; what [`Scenario::parse`] finds wrong with the changed scenario.
    pub fn variant(&self, name: &str) -> Result<Scenario, Diagnostics> {
        if name == BASE {
            return base(&self.documents);
        }
        let original = &self.documents.main;
        let at = pointer_step("/variants", name);
        let Some(Value::Object(variant)) = original.value.pointer(&at) else {
            return Err(self.unknown_variant(name).into());
        };
        let mut main = original.as_ref().clone();
        let mut includes = self.documents.includes.clone();
        for key in ["timing", "hazards", "policies"] {
            main.merge(&pointer_step("", key), original, &pointer_step(&at, key));
        }
        let mut left = Left {
            only: variant.get("only").and_then(Value::as_array).map(|names| {
                let names = names.iter().filter_map(Value::as_str).collect();
                (names, pointer_step(&at, "only"))
            }),
            pools: BTreeSet::new(),
        };
        let pools = variant.get("pools").and_then(Value::as_object);
        for (id, patch) in pools.into_iter().flatten() {
            if patch.is_null() {
                left.pools.insert(id);
            }
        }
        for document in std::iter::once(&mut main).chain(&mut includes) {
            patch(document, original, &at, variant);
        }
        fit(&main, &includes)?;
        check::read(&self.documents, (&main, &includes), name, &left)
    }

    fn unknown_variant(&self, name: &str) -> Diagnostic {
        let names: Vec<&str> = std::iter::once(BASE)
            .chain(self.variants.iter().map(|v| v.name.as_str()))
            .collect();
        let message = format!("there is no variant `{name}`");
        let found = self
            .documents
            .main
            .error("scenario::unknown-name", "/variants", message);
        found.hint(hint(name, &names, |all| format!("known: {all}")))
    }
}

/// Merges the pools, policy and requests of a variant into one of the documents.
fn patch(
    document: &mut Document,
    original: &Arc<Document>,
    at: &str,
    variant: &serde_json::Map<String, Value>,
) {
    let ids: Vec<Option<String>> = items(document, "/pools")
        .map(|pool| {
            pool.get("instance_pool_id")
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
        .collect();
    let changed = variant.get("pools").and_then(Value::as_object);
    for (i, id) in ids.iter().enumerate() {
        if let Some(id) = id
            && changed.is_some_and(|pools| pools.get(id).is_some_and(Value::is_object))
        {
            let from = pointer_step(&pointer_step(at, "pools"), id);
            document.merge(&format!("/pools/{i}"), original, &from);
        }
    }
    for request in requests(document) {
        document.merge(&request, original, &pointer_step(at, "requests"));
    }
    for policy in policies(document) {
        document.merge(&policy, original, &pointer_step(at, "policy"));
    }
}

/// Where a document asks for clusters.
fn requests(document: &Document) -> Vec<String> {
    let mut found: Vec<String> = (0..items(document, "/clusters").count())
        .map(|i| format!("/clusters/{i}/request"))
        .collect();
    for i in 0..items(document, "/jobs").count() {
        let job = format!("/jobs/{i}");
        found.push(format!("{job}/new_cluster"));
        for list in ["job_clusters", "tasks"] {
            let list = pointer_step(&job, list);
            found.extend((0..items(document, &list).count()).map(|k| format!("{list}/{k}/new_cluster")));
        }
    }
    found.retain(|at| document.value.pointer(at).is_some());
    found
}

/// Where a document names policies, or could: of clusters and jobs, and of those job clusters that have their own.
fn policies(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    for list in ["/clusters", "/jobs"] {
        found.extend((0..items(document, list).count()).map(|i| format!("{list}/{i}/policy")));
    }
    for i in 0..items(document, "/jobs").count() {
        let list = format!("/jobs/{i}/job_clusters");
        let own = items(document, &list).enumerate();
        let own = own.filter(|(_, cluster)| cluster.get("policy").is_some());
        found.extend(own.map(|(k, _)| format!("{list}/{k}/policy")));
    }
    found
}

fn items<'d>(document: &'d Document, at: &str) -> impl Iterator<Item = &'d Value> {
    let list = document.value.pointer(at).and_then(Value::as_array);
    list.into_iter().flatten()
}
