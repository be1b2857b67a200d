//! The JSON of a plan, as far as it is read: its resource changes, its configuration, its prior state.
//!
//! A plan tells most things three times (`planned_values`, `resource_changes`, `prior_state`). The text is walked once, parts
//! that matter are kept as slices of it, and no tree of the whole is ever built.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use crate::model::strict_json::twice;

/// A plan, its parts still text.
#[derive(Default)]
pub struct Plan<'a> {
    /// `format_version`.
    pub format_version: Option<&'a RawValue>,
    /// `resource_changes`; a plan without any resource does not have it.
    pub resource_changes: Option<Changes<'a>>,
    /// `deferred_changes`: resources that a later plan will change.
    pub deferred_changes: Option<&'a RawValue>,
    /// `planned_values`.
    pub planned_values: Option<&'a RawValue>,
    /// `variables`: the values that the plan was made with.
    pub variables: Option<&'a RawValue>,
    /// `configuration`.
    pub configuration: Option<&'a RawValue>,
    /// `prior_state`.
    pub prior_state: Option<&'a RawValue>,
    /// `errored`.
    pub errored: Option<&'a RawValue>,
    /// `complete`; older versions do not tell.
    pub complete: Option<&'a RawValue>,
    /// Every key.
    pub keys: BTreeSet<String>,
}

/// `resource_changes`, entry by entry, so that a broken one does not hide the others.
pub enum Changes<'a> {
    /// As it must be.
    Listed(Vec<&'a RawValue>),
    /// Something that is no list: what it is.
    Other(&'static str),
}

/// An entry of `resource_changes`.
#[derive(serde::Deserialize)]
pub struct ResourceChange<'a> {
    /// `module.compute["finance"].databricks_cluster.env[0]`.
    pub address: String,
    /// `module.compute["finance"]`; none in the root module.
    #[serde(default)]
    pub module_address: Option<String>,
    /// `managed` or `data`.
    #[serde(borrow)]
    pub mode: Cow<'a, str>,
    /// `databricks_cluster`.
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    /// `env`.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Key of an object that was to be replaced earlier and is still there.
    #[serde(default)]
    pub deposed: Option<String>,
    /// What changes.
    #[serde(borrow)]
    pub change: Change<'a>,
}

/// What changes of a resource.
#[derive(serde::Deserialize)]
pub struct Change<'a> {
    /// `["update"]`, `["delete", "create"]`.
    #[serde(borrow)]
    pub actions: Vec<Cow<'a, str>>,
    /// Values of the state.
    #[serde(borrow, default)]
    pub before: Option<&'a RawValue>,
    /// Values planned; unknown ones are missing.
    #[serde(borrow, default)]
    pub after: Option<&'a RawValue>,
    /// `true` where a value is unknown.
    #[serde(borrow, default)]
    pub after_unknown: Option<&'a RawValue>,
    /// `true` where a value of `before` is sensitive.
    #[serde(borrow, default)]
    pub before_sensitive: Option<&'a RawValue>,
    /// `true` where a value of `after` is sensitive.
    #[serde(borrow, default)]
    pub after_sensitive: Option<&'a RawValue>,
}

/// A module of `planned_values`.
#[derive(Default, serde::Deserialize)]
struct Planned {
    #[serde(default)]
    resources: Vec<PlannedResource>,
    #[serde(default)]
    child_modules: Vec<Planned>,
}

#[derive(serde::Deserialize)]
struct PlannedResource {
    #[serde(default)]
    mode: String,
}

#[derive(serde::Deserialize)]
struct PlannedValues {
    #[serde(default)]
    root_module: Planned,
}

impl Planned {
    fn has_resources(&self) -> bool {
        let is_managed = |resource: &PlannedResource| resource.mode != "data";
        self.resources.iter().any(is_managed) || self.child_modules.iter().any(Planned::has_resources)
    }
}

impl Plan<'_> {
    /// Whether it has a key.
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// Whether `planned_values` have resources, or cannot be read.
    pub fn plans_resources(&self) -> bool {
        self.planned_values.is_some_and(|raw| {
            let read = serde_json::from_str::<PlannedValues>(raw.get());
            read.map_or(true, |values| values.root_module.has_resources())
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Plan<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(PlanVisitor)
    }
}

struct PlanVisitor;

impl<'de> Visitor<'de> for PlanVisitor {
    type Value = Plan<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the object of a plan")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Plan<'de>, A::Error> {
        let mut plan = Plan::default();
        while let Some(key) = members.next_key::<String>()? {
            let place = match key.as_str() {
                "resource_changes" => {
                    plan.resource_changes = members.next_value()?;
                    None
                }
                "format_version" => Some(&mut plan.format_version),
                "deferred_changes" => Some(&mut plan.deferred_changes),
                "planned_values" => Some(&mut plan.planned_values),
                "variables" => Some(&mut plan.variables),
                "configuration" => Some(&mut plan.configuration),
                "prior_state" => Some(&mut plan.prior_state),
                "errored" => Some(&mut plan.errored),
                "complete" => Some(&mut plan.complete),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    None
                }
            };
            if let Some(place) = place {
                *place = members.next_value()?;
            }
            if plan.keys.contains(&key) {
                return Err(twice(&key));
            }
            plan.keys.insert(key);
        }
        Ok(plan)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Changes<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ChangesVisitor)
    }
}

struct ChangesVisitor;

impl<'de> Visitor<'de> for ChangesVisitor {
    type Value = Changes<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of resource changes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Changes<'de>, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = items.next_element()? {
            found.push(item);
        }
        Ok(Changes::Listed(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Changes<'de>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Changes::Other("an object"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Changes<'de>, E> {
        Ok(Changes::Other("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Changes<'de>, E> {
        Ok(Changes::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Changes<'de>, E> {
        Ok(Changes::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Changes<'de>, E> {
        Ok(Changes::Other("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Changes<'de>, E> {
        Ok(Changes::Other("text"))
    }
}
