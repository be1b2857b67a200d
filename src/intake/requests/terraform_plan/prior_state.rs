//! The state before, for what the changes do not have: pools and policies that data sources looked up, and those that a plan for
//! some targets leaves out.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;

use super::configuration::Told;
use super::entry::{Entry, pools_of};
use super::lean;
use super::shape::Values;
use super::types::Type;
use crate::databricks::instance_pool::InstancePool;
use crate::intake::requests::instance_pool::pool;
use crate::intake::requests::reading::Resource;
use crate::model::resource::{Action, Kind};
use crate::model::unknown::Unknown;

#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow, default)]
    values: StateValues<'a>,
}

#[derive(Default, Deserialize)]
struct StateValues<'a> {
    #[serde(borrow, default)]
    root_module: Module<'a>,
}

#[derive(Default, Deserialize)]
struct Module<'a> {
    #[serde(borrow, default)]
    resources: Vec<StateResource<'a>>,
    #[serde(borrow, default)]
    child_modules: Vec<Module<'a>>,
}

#[derive(Deserialize)]
struct StateResource<'a> {
    address: String,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    values: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sensitive_values: Option<&'a RawValue>,
}

/// Pools and policies of the prior state that no change tells of. A state that cannot be read tells nothing.
pub fn known(
    source: &str,
    line: usize,
    state: Option<&RawValue>,
    entries: &[(Entry<'_>, Action)],
) -> Vec<Resource> {
    let is_worth_reading = |raw: &&RawValue| {
        ["\"databricks_instance_pool\"", "\"databricks_cluster_policy\""]
            .iter()
            .any(|kind| raw.get().contains(kind))
    };
    let state = state.filter(is_worth_reading);
    let Some(state) = state.and_then(|raw| serde_json::from_str::<State<'_>>(raw.get()).ok()) else {
        return Vec::new();
    };
    let changed: BTreeSet<&str> = entries.iter().map(|(entry, _)| entry.address.as_str()).collect();
    let mut found = Vec::new();
    state.values.root_module.gather(&mut |resource| {
        if !changed.contains(resource.address.as_str()) {
            found.extend(resource.known(source, line));
        }
    });
    found
}

/// The pools of a state before: those that changes tell of, and those that none does.
pub fn pools<'e>(entries: impl Iterator<Item = &'e Entry<'e>>, known: &[Resource]) -> Vec<InstancePool> {
    let changed = entries
        .filter(|entry| entry.kind == Type::InstancePool)
        .flat_map(pools_of);
    let others = known
        .iter()
        .filter(|resource| resource.kind == Kind::InstancePool);
    let others = others.filter_map(|resource| {
        let id = resource.body.get("instance_pool_id").and_then(Value::as_str)?;
        pool(id, &resource.body)
    });
    changed.chain(others).collect()
}

impl Module<'_> {
    fn gather<'s>(&'s self, take: &mut dyn FnMut(&'s StateResource<'s>)) {
        for resource in &self.resources {
            take(resource);
        }
        for module in &self.child_modules {
            module.gather(take);
        }
    }
}

impl StateResource<'_> {
    fn known(&self, source: &str, line: usize) -> Option<Resource> {
        let kind = match Type::of(&self.kind)? {
            kind @ (Type::InstancePool | Type::ClusterPolicy) => kind,
            _ => return None,
        };
        let values = lean::values(self.values).ok()?;
        let sensitive = lean::marks(self.sensitive_values).ok()?;
        let Value::Object(values) = values else {
            return None;
        };
        let values = Values {
            values,
            unknown: &Value::Null,
            sensitive: &sensitive,
            told: Told::Nothing,
            own: &[],
        };
        let shaped = values.shaped();
        let unknown = Unknown::of(shaped.open.into_keys());
        let Value::Object(mut body) = shaped.body else {
            return None;
        };
        // What a data source knows of a pool stands in a block of its own.
        if let Some(Value::Object(inner)) = body.shift_remove("pool_info") {
            let id = body.shift_remove("id");
            body = inner;
            body.extend(id.map(|id| ("id".to_owned(), id)));
        }
        kind.name_id(&mut body);
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Resource {
            source: source.to_owned(),
            line,
            address: Some(self.address.clone()),
            name: text("instance_pool_name").or_else(|| text("name")),
            kind: match kind {
                Type::InstancePool => Kind::InstancePool,
                _ => Kind::ClusterPolicy,
            },
            action: Action::NoOp,
            body: Value::Object(body),
            unknown,
            before: None,
        })
    }
}
