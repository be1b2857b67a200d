//! Policy families: the definitions that Databricks keeps, and the overrides put over them.

use serde_json::{Map, Value};

/// A family, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// `personal-vm`.
    pub policy_family_id: String,
    /// `Personal Compute`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What of it is known, and what is our reconstruction.
    pub known: String,
    /// `max_clusters_per_user`, where the family has one.
    pub max_clusters_per_user: Option<u64>,
    definitions: Map<String, Value>,
}

/// The clouds that families are written for.
pub const CLOUDS: [&str; 3] = ["AWS", "AZURE", "GCP"];

/// The files of the families, by id.
const FILES: [(&str, &str); 5] = [
    ("job-cluster", include_str!("families/job-cluster.json")),
    ("personal-vm", include_str!("families/personal-vm.json")),
    ("power-user", include_str!("families/power-user.json")),
    ("shared-compute", include_str!("families/shared-compute.json")),
    (
        "shared-data-science",
        include_str!("families/shared-data-science.json"),
    ),
];

/// The ids of all families.
pub fn ids() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(id, _)| *id)
}

impl Family {
    /// The family of an id.
    pub fn find(id: &str) -> Option<Family> {
        let (_, text) = FILES.iter().find(|(known, _)| *known == id)?;
        let written: Value = serde_json::from_str(text).ok()?;
        let text = |member: &str| {
            written
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Some(Family {
            policy_family_id: text("policy_family_id"),
            name: text("name"),
            description: text("description"),
            known: text("known"),
            max_clusters_per_user: written.get("max_clusters_per_user").and_then(Value::as_u64),
            definitions: written.get("definitions")?.as_object()?.clone(),
        })
    }

    /// The definition for a cloud; that of the first cloud where the cloud is not known.
    pub fn definition(&self, cloud: &str) -> Map<String, Value> {
        let of = |cloud: &str| self.definitions.get(cloud).and_then(Value::as_object).cloned();
        of(cloud)
            .or_else(|| CLOUDS.iter().find_map(|cloud| of(cloud)))
            .unwrap_or_default()
    }

    /// The definition with overrides: an element of the overrides replaces that of the same path, others are added.
    pub fn merged(&self, cloud: &str, overrides: &Map<String, Value>) -> Map<String, Value> {
        let mut merged = self.definition(cloud);
        for (path, element) in overrides {
            merged.insert(path.clone(), element.clone());
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Definition, Finding, Meanings};
    use serde_json::json;

    #[test]
    fn every_family_reads_for_every_cloud_and_no_default_breaks_its_own_rule() {
        let meanings = Meanings {
            alias_holds: &|_, _| None,
            enum_aliases: true,
        };
        for id in ids() {
            let family = Family::find(id).unwrap();
            assert_eq!(family.policy_family_id, id);
            assert!(!family.known.is_empty(), "{id} says what of it is known");
            for cloud in CLOUDS {
                let definition = Definition::parse(&Value::Object(family.definition(cloud))).unwrap();
                assert!(!definition.elements.is_empty(), "{id} {cloud}");
                for element in &definition.elements {
                    if let Some(default) = &element.default {
                        let finding = element.judge(&default.text, &meanings);
                        assert!(
                            !matches!(finding, Finding::Breaks(_)),
                            "{id} {cloud} {}",
                            element.path
                        );
                    }
                }
            }
        }
        assert_eq!(Family::find("no-such-family"), None);
    }

    #[test]
    fn overrides_replace_whole_elements() {
        let overrides =
            json!({"node_type_id": {"type": "fixed", "value": "x"}, "custom_tags.a": {"type": "unlimited"}});
        let merged = Family::find("personal-vm")
            .unwrap()
            .merged("AZURE", overrides.as_object().unwrap());
        assert_eq!(merged["node_type_id"], json!({"type": "fixed", "value": "x"}));
        assert!(merged.contains_key("custom_tags.a") && merged.contains_key("num_workers"));
    }
}
