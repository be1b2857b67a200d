//! The question: settings and a review, and what can be asked of the two.

use serde_json::Value;

use super::attribute::{is_within, kind, read, text};
use super::definition::Element;

/// Everything that one answer depends on.
#[derive(Debug)]
pub struct Question<'a> {
    /// The settings of the rule.
    pub settings: &'a Value,
    /// The definition in them.
    pub elements: Vec<Element>,
    /// The request with its circumstances and facts.
    pub review: &'a Value,
}

impl Question<'_> {
    /// The dialect departs from its default: `chooses("missing_fixed", "deny")`.
    pub fn chooses(&self, name: &str, value: &str) -> bool {
        text(&self.settings["dialect"][name]) == value
    }

    /// The request asks for `defaultValue`s.
    pub fn defaults_asked(&self) -> bool {
        text(&self.review["cluster"]["apply_policy_default_values"]) == "true"
    }

    /// The element is not looked at: its attribute is not known, and the dialect ignores those.
    pub fn ignores(&self, element: &Element) -> bool {
        kind(&element.path).is_none() && self.chooses("unknown_attributes", "ignore")
    }

    /// The review says that the attribute is not known yet.
    pub fn is_unknown(&self, path: &str) -> bool {
        let unknown = self.review["unknown"].as_array();
        unknown.is_some_and(|unknown| unknown.iter().any(|above| is_within(path, &text(above))))
    }

    /// The element for a path.
    pub fn element(&self, path: &str) -> Option<&Element> {
        self.elements.iter().find(|element| element.path == path)
    }

    /// The runtime keys that `auto:latest-lts` stands for; none where the facts do not know it.
    pub fn alias(&self, alias: &str) -> Option<Vec<String>> {
        let keys = self.review["facts"]["runtime_aliases"][alias].as_array()?;
        (!keys.is_empty()).then(|| keys.iter().map(text).collect())
    }

    /// The driver or the workers have GPUs.
    pub fn has_gpus(&self) -> bool {
        let nodes = &self.review["facts"]["nodes"];
        let gpus = |node: &Value| node["gpus"].as_u64().unwrap_or(0) > 0;
        gpus(&nodes["driver"]) || gpus(&nodes["worker"])
    }

    /// The value of a virtual attribute; none where the facts leave it open.
    pub fn virtual_value(&self, path: &str, cluster: &Value) -> Option<Value> {
        let workload = self.review["workload"].as_str();
        match path {
            "cluster_type" => Some(self.review["workload"].clone()),
            "cluster_source" => match workload {
                Some("job") => Some(Value::from("JOB")),
                Some("dlt") => Some(Value::from("PIPELINE")),
                _ => Some(Value::from("UI")),
            },
            _ if !names_size(cluster) => None,
            _ => {
                let most = &self.review["facts"]["estimate"]["max"]["dbu_per_hour"];
                (!most.is_null()).then(|| most.clone())
            }
        }
    }

    /// The node type that a pool brings along, for `node_type_id` and `driver_node_type_id`.
    pub fn node_type_of_pool(&self, path: &str) -> Option<Value> {
        let nodes = &self.review["facts"]["nodes"];
        let node = match path {
            "node_type_id" if !nodes["worker"].is_null() => &nodes["worker"],
            _ => &nodes["driver"],
        };
        read(node, "node_type_id")
    }

    /// How many clusters of this policy the principal has running; none where nobody told.
    pub fn active_clusters(&self) -> Option<u64> {
        let clusters = &self.review["facts"]["clusters"];
        if clusters.is_null() {
            return None;
        }
        let policy = self.settings["policy_id"].as_str();
        let policy = policy.or(self.review["cluster"]["policy_id"].as_str());
        Some(
            clusters["active_by_policy"][policy.unwrap_or("")]
                .as_u64()
                .unwrap_or(0),
        )
    }
}

/// The request says in some way how large the cluster is.
fn names_size(cluster: &Value) -> bool {
    let sizes = ["num_workers", "autoscale", "virtual_cluster_size"];
    sizes.iter().any(|size| !cluster[*size].is_null())
        || cluster["is_single_node"] == Value::Bool(true)
        || text(&cluster["spark_conf"]["spark.databricks.cluster.profile"]) == "singleNode"
}
