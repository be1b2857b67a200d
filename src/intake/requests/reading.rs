//! What was read from a source: requests, resources that are no cluster, and what could not be read.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::instance_pool::pool;
use super::request::{PolicyFound, Request};
use crate::databricks::instance_pool::InstancePool;
use crate::model::diagnostic::Diagnostics;
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;

/// What was read from one source.
#[derive(Debug, Default)]
pub struct Reading {
    /// The requests, in the order written.
    pub requests: Vec<Request>,
    /// What else there is, in the order written: pools, policies, warehouses, serverless compute.
    pub resources: Vec<Resource>,
    /// Pools and policies that the document knows of and does not define: what data sources of a plan looked up. Facts for the
    /// requests, and nothing that is asked for.
    pub known: Vec<Resource>,
    /// What could not be read, and warnings.
    pub problems: Diagnostics,
    /// The document says what there is before: a plan. What it does not name stays as it is.
    pub tells_change: bool,
}

/// Something that is no cluster, and yet costs money or decides what may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// File, or `-`.
    pub source: String,
    /// First line, from 1.
    pub line: usize,
    /// Where inside the source; none for the whole file.
    pub address: Option<String>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// What would happen to it.
    pub action: Action,
    /// As its API takes it; what is unknown is not in it. Null where it is deleted.
    pub body: Value,
    /// What is not known yet.
    pub unknown: Unknown,
    /// As it is before; none where there is none.
    pub before: Option<Value>,
}

impl Reading {
    /// How many requests, resources and problems there are.
    pub fn len(&self) -> usize {
        let problems = self.problems.0.len();
        let requests = self.requests.len();
        requests
            .saturating_add(self.resources.len())
            .saturating_add(problems)
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes over what another reading has.
    pub fn append(&mut self, mut other: Reading) {
        self.requests.append(&mut other.requests);
        self.resources.append(&mut other.resources);
        self.known.append(&mut other.known);
        self.problems.0.append(&mut other.problems.0);
        self.tells_change |= other.tells_change;
    }

    /// Gives every request the pools and the policy of this document that it names, by id or by reference.
    pub fn link(&mut self) {
        let resources = || self.resources.iter().filter(|r| r.action != Action::Delete);
        let defined: BTreeSet<String> = resources().flat_map(Resource::ids).collect();
        // What the document defines is newer than what it looked up.
        let known = || {
            self.known
                .iter()
                .filter(|r| !r.ids().any(|id| defined.contains(&id)))
        };
        let of_kind = |kind: Kind| resources().chain(known()).filter(move |r| r.kind == kind);
        let pools: Vec<InstancePool> = of_kind(Kind::InstancePool)
            .flat_map(|r| r.ids().filter_map(|id| pool(&id, &r.body)))
            .collect();
        let policies: BTreeMap<String, Arc<PolicyFound>> = of_kind(Kind::ClusterPolicy)
            .flat_map(|r| {
                let found = Arc::new(PolicyFound {
                    name: r.address.clone().or_else(|| r.name.clone()).unwrap_or_default(),
                    source: r.source.clone(),
                    line: r.line,
                    settings: r.policy_settings(),
                });
                r.ids().map(move |id| (id, Arc::clone(&found)))
            })
            .collect();
        let pools = Arc::new(pools);
        for request in &mut self.requests {
            if !pools.is_empty() {
                request.around.pools = Arc::clone(&pools);
            }
            let named = request.around.unknown.references.get("policy_id");
            let named = named.or(request.spec.policy_id.as_ref());
            if let Some(found) = named.and_then(|name| policies.get(name)) {
                request.around.policy = Some(Arc::clone(found));
            }
        }
    }
}

impl Resource {
    /// What requests name it by: its address, and its id where it has one.
    fn ids(&self) -> impl Iterator<Item = String> {
        let id = ["instance_pool_id", "policy_id", "id"]
            .into_iter()
            .find_map(|key| self.body.get(key).and_then(Value::as_str));
        self.address.clone().into_iter().chain(id.map(str::to_owned))
    }

    /// A cluster policy as settings of the plugin `cluster-policy`; none where its definition is not known yet.
    fn policy_settings(&self) -> Option<Value> {
        const TAKEN: [&str; 4] = [
            "definition",
            "policy_family_id",
            "policy_family_definition_overrides",
            "max_clusters_per_user",
        ];
        let mut settings = Map::new();
        for key in TAKEN {
            if self.unknown.touches(key) {
                return None;
            }
            if let Some(value) = self.body.get(key).filter(|v| !v.is_null()) {
                settings.insert(key.to_owned(), value.clone());
            }
        }
        (settings.contains_key("definition") || settings.contains_key("policy_family_id"))
            .then_some(Value::Object(settings))
    }
}
