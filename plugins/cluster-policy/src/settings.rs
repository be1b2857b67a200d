//! Settings to prepared definitions, one per cloud where a family is named.

use serde::Deserialize;
use serde_json::{Map, Value};
use tollgate_policy_language::family::{CLOUDS, Family, ids};
use tollgate_policy_language::{Definition, Problem};
use tollgate_sdk::settings::Problems;

use crate::dialect::Dialect;
use crate::prepared::Prepared;

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    definition: Option<Value>,
    policy_family_id: Option<String>,
    policy_family_definition_overrides: Option<Value>,
    pub(crate) max_clusters_per_user: Option<u64>,
    pub(crate) policy_id: Option<String>,
    #[serde(default)]
    pub(crate) dialect: Dialect,
}

/// The definitions of a policy.
pub(crate) enum Definitions {
    /// One for every cloud.
    Same(Prepared),
    /// One per cloud, in the order of [`CLOUDS`].
    PerCloud(Vec<Prepared>),
}

impl Definitions {
    /// That for a cloud; the first where the cloud is not known.
    pub fn of(&self, cloud: &str) -> Option<&Prepared> {
        match self {
            Definitions::Same(definition) => Some(definition),
            Definitions::PerCloud(definitions) => {
                let place = CLOUDS
                    .iter()
                    .position(|known| *known == cloud)
                    .unwrap_or_default();
                definitions.get(place)
            }
        }
    }
}

impl Settings {
    /// Prepares the definitions; what is wrong goes to the problems.
    pub(crate) fn definitions(&self, problems: &mut Problems) -> Option<Definitions> {
        match (&self.definition, &self.policy_family_id) {
            (Some(_), Some(_)) => {
                problems.add(
                    "/policy_family_id",
                    "policy_family_id and definition cannot be used together",
                );
                None
            }
            (None, None) => {
                problems.add(
                    "",
                    "give `definition` (or `definition_file`), or `policy_family_id`",
                );
                None
            }
            (Some(definition), None) => {
                if self.policy_family_definition_overrides.is_some() {
                    let message = "overrides need a `policy_family_id`";
                    problems.add("/policy_family_definition_overrides", message);
                }
                let definition = self.prepared(definition, "/definition", problems)?;
                Some(Definitions::Same(definition))
            }
            (None, Some(id)) => self.family(id, problems),
        }
    }

    fn prepared(&self, definition: &Value, pointer: &str, problems: &mut Problems) -> Option<Prepared> {
        match Definition::parse(definition) {
            Ok(definition) => Some(Prepared::new(definition, &self.dialect)),
            Err(found) => {
                // Places inside a text are not places of the settings.
                let inside = !definition.is_string();
                for Problem { pointer: at, fault } in found {
                    let at = if inside { at.as_str() } else { "" };
                    problems.add(format!("{pointer}{at}"), fault.to_string());
                }
                None
            }
        }
    }

    fn family(&self, id: &str, problems: &mut Problems) -> Option<Definitions> {
        let Some(family) = Family::find(id) else {
            let known: Vec<_> = ids().collect();
            let message = format!("there is no policy family `{id}`; known are {}", known.join(", "));
            problems.add("/policy_family_id", message);
            return None;
        };
        let overrides = self.overrides(problems)?;
        let merged = CLOUDS.iter().map(|cloud| {
            let merged = Value::Object(family.merged(cloud, &overrides));
            Definition::parse(&merged)
                .ok()
                .map(|d| Prepared::new(d, &self.dialect))
        });
        merged.collect::<Option<Vec<_>>>().map(Definitions::PerCloud)
    }

    /// The overrides, held against the language by themselves.
    fn overrides(&self, problems: &mut Problems) -> Option<Map<String, Value>> {
        let pointer = "/policy_family_definition_overrides";
        let Some(written) = &self.policy_family_definition_overrides else {
            return Some(Map::new());
        };
        self.prepared(written, pointer, problems)?;
        match written {
            Value::Object(overrides) => Some(overrides.clone()),
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }
}
