//! What is known of Databricks' own answers: small definitions, a request each, and how it was judged there.
//!
//! The facts are those of the reference's test vectors (observed errors, the documents, recorded tests of
//! databricks/cli); [`ours`] tells them again, [`shared`] reads them from the corpus outside the project. Both must
//! hold for every evaluator.

use serde_json::{Map, Value, json};

use super::naive::{self, Answer};
use crate::bench;

/// One observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    /// What it shows.
    pub name: String,
    /// The definition.
    pub definition: Value,
    /// The create body; it says itself whether it asks for defaults.
    pub cluster: Value,
    /// `all-purpose`, `job` or `dlt`.
    pub workload: String,
    /// The cluster is admitted.
    pub admitted: bool,
    /// Texts that are given, word for word; empty where only the outcome is known.
    pub messages: Vec<String>,
    /// What exactly is filled in, path to value; none where nothing is known of it.
    pub filled: Option<Map<String, Value>>,
    /// The text of 2020, when a missing `fixed` was a violation (`missing_fixed: deny`).
    pub of_2020: Option<String>,
}

impl Vector {
    /// The settings of a rule with this definition; the dialect is the default one.
    pub fn settings(&self) -> Value {
        json!({"definition": self.definition})
    }

    /// A review of the request; its facts are empty, since no vector depends on one.
    pub fn review(&self) -> Value {
        json!({
            "action": "create", "at": "2026-10-01T00:00:00Z", "principal": null,
            "workload": self.workload, "cloud": "AWS", "cluster": self.cluster,
            "facts": {
                "estimate": {"max": {"dbu_per_hour": null}},
                "nodes": {"driver": {"node_type_id": null, "gpus": null, "from_pool": false}, "worker": null},
                "runtime_aliases": {},
                "clusters": null,
            },
        })
    }

    fn admitted(name: &str, definition: Value, cluster: Value) -> Vector {
        Vector {
            name: name.to_owned(),
            definition,
            cluster,
            workload: "all-purpose".to_owned(),
            admitted: true,
            messages: Vec::new(),
            filled: None,
            of_2020: None,
        }
    }

    fn refused(name: &str, definition: Value, cluster: Value) -> Vector {
        Vector {
            admitted: false,
            ..Vector::admitted(name, definition, cluster)
        }
    }

    fn workload(mut self, workload: &str) -> Vector {
        workload.clone_into(&mut self.workload);
        self
    }

    fn saying(mut self, message: &str) -> Vector {
        self.messages.push(message.to_owned());
        self
    }

    fn filling(mut self, filled: Value) -> Vector {
        self.filled = filled.as_object().cloned();
        self
    }

    fn saying_in_2020(mut self, message: &str) -> Vector {
        self.of_2020 = Some(message.to_owned());
        self
    }
}

/// The vectors as this project tells them.
pub fn ours() -> Vec<Vector> {
    [fixed(), limits(), patterns(), lists(), structure()].concat()
}

fn fixed() -> Vec<Vector> {
    let tag = |key: &str, value: &str| json!({key: {"type": "fixed", "value": value}});
    vec![
        Vector::refused(
            "a boolean contradicts its fixed value",
            json!({"enable_elastic_disk": {"type": "fixed", "value": true}}),
            json!({"enable_elastic_disk": false}),
        )
        .saying("Validation failed for enable_elastic_disk, the value must be true (is \"false\")"),
        Vector::refused(
            "a node type contradicts its fixed value",
            json!({"node_type_id": {"type": "fixed", "value": "Standard_D4ads_v5"}}),
            json!({"node_type_id": "Standard_F8s"}),
        )
        .saying(
            "Validation failed for node_type_id, the value must be Standard_D4ads_v5 (is \"Standard_F8s\")",
        ),
        Vector::refused(
            "a tag contradicts its fixed value",
            tag("custom_tags.CostCenter", "from-fixed"),
            json!({"custom_tags": {"CostCenter": "not-what-the-policy-says"}}),
        )
        .saying(
            "Validation failed for custom_tags, CostCenter must be from-fixed (is \"not-what-the-policy-says\")",
        ),
        Vector::admitted(
            "a fixed tag is filled in where defaults are asked for",
            tag("custom_tags.FixedTag", "from-fixed"),
            json!({"apply_policy_default_values": true}),
        )
        .filling(json!({"custom_tags.FixedTag": "from-fixed"})),
        Vector::admitted(
            "a fixed tag is filled in where nobody asks for defaults",
            tag("custom_tags.environment", "dev"),
            json!({}),
        )
        .filling(json!({"custom_tags.environment": "dev"}))
        .saying_in_2020("Validation failed for custom_tags, environment must be present"),
        Vector::refused(
            "the workload is another one",
            tag("cluster_type", "job"),
            json!({}),
        )
        .saying("Validation failed for cluster_type, the value must be job (is \"all-purpose\")"),
    ]
}

fn limits() -> Vec<Vector> {
    vec![
        Vector::admitted(
            "a default is filled in where it is asked for",
            json!({"custom_tags.DefaultTag": {"type": "unlimited", "defaultValue": "from-default"}}),
            json!({"apply_policy_default_values": true}),
        )
        .filling(json!({"custom_tags.DefaultTag": "from-default"})),
        Vector::admitted(
            "a default gives way to the request",
            json!({"node_type_id": {"type": "unlimited", "defaultValue": "policy-node"}}),
            json!({"node_type_id": "user-node", "apply_policy_default_values": true}),
        )
        .filling(json!({})),
        Vector::refused(
            "a forbidden number of workers is given",
            json!({"num_workers": {"type": "forbidden", "hidden": true}}),
            json!({"num_workers": 4}),
        )
        .saying("Validation failed for num_workers, the value cannot be present (is \"4\")"),
        Vector::refused(
            "an attribute with a list of values is missing",
            json!({"data_security_mode": {"type": "allowlist", "values": ["SINGLE_USER"]}}),
            json!({}),
        )
        .saying("Validation failed for data_security_mode, the value must be present"),
        Vector::refused(
            "a tag that may be anything is missing",
            json!({"custom_tags.COST_BUCKET": {"type": "unlimited"}}),
            json!({}),
        )
        .saying("Validation failed for custom_tags, COST_BUCKET must be present"),
        Vector::refused(
            "an optional attribute is given and wrong",
            json!({"driver_node_type_id": {"type": "allowlist", "values": ["a"], "isOptional": true}}),
            json!({"driver_node_type_id": "b"}),
        ),
        Vector::admitted(
            "a blank escapes a blocklist",
            json!({"spark_version": {"type": "blocklist", "values": ["4.0"]}}),
            json!({"spark_version": " 4.0"}),
        ),
        Vector::refused(
            "no automatic termination counts as zero minutes",
            json!({"autotermination_minutes": {"type": "range", "minValue": 10, "maxValue": 120}}),
            json!({"autotermination_minutes": 0}),
        ),
        Vector::refused(
            "a number is below its range",
            json!({"aws_attributes.first_on_demand": {"type": "range", "minValue": 1}}),
            json!({"aws_attributes": {"first_on_demand": 0}}),
        )
        .saying("Validation failed for aws_attributes.first_on_demand, the value cannot be less than 1"),
        Vector::admitted(
            "the bounds belong to the range",
            json!({"num_workers": {"type": "range", "minValue": 1, "maxValue": 10}}),
            json!({"num_workers": 10}),
        ),
        Vector::refused(
            "a pipeline's runtime is in no list",
            json!({"spark_version": {"type": "allowlist", "values": ["13.1.x-scala2.12", "12.2.x-scala2.12"]}}),
            json!({"spark_version": "dlt:11.3"}),
        )
        .workload("dlt")
        .saying(
            "Validation failed for spark_version, needs to be one of (13.1.x-scala2.12, 12.2.x-scala2.12) \
             (is an element in \"List(dlt:11.3, dlt:11.3)\")",
        ),
    ]
}

fn patterns() -> Vec<Vector> {
    let pattern = |path: &str, pattern: &str| json!({path: {"type": "regex", "pattern": pattern}});
    vec![
        Vector::refused(
            "a pattern is anchored at the start",
            pattern("spark_version", "5\\.[3456].*"),
            json!({"spark_version": "x5.3"}),
        ),
        Vector::refused(
            "alternatives stay inside the anchors",
            pattern("node_type_id", "A|B"),
            json!({"node_type_id": "AB"}),
        ),
        Vector::admitted(
            "an anchor that is written does no harm",
            pattern("aws_attributes.availability", "^SPOT.*"),
            json!({"aws_attributes": {"availability": "SPOT"}}),
        ),
    ]
}

fn lists() -> Vec<Vector> {
    vec![
        Vector::admitted(
            "a pattern for all scripts asks for none",
            json!({"init_scripts.*.dbfs.destination": {"type": "regex", "pattern": ".*x.*"}}),
            json!({}),
        ),
        Vector::admitted(
            "a script of its own rule is spared the rule for all",
            json!({"init_scripts.0.dbfs.destination": {"type": "fixed", "value": "a"},
                "init_scripts.*.dbfs.destination": {"type": "forbidden"}}),
            json!({"init_scripts": [{"dbfs": {"destination": "a"}}]}),
        ),
    ]
}

fn structure() -> Vec<Vector> {
    vec![
        Vector::refused(
            "a node type beside a pool",
            json!({}),
            json!({"instance_pool_id": "p", "node_type_id": "n"}),
        )
        .saying("The field 'node_type_id' cannot be supplied when an instance pool ID is provided."),
    ]
}

/// The vectors of the corpus outside the project (`TOLLGATE_SHARED`), where it is present.
pub fn shared(test: &str) -> Option<Vec<Vector>> {
    let root = bench::shared(test)?;
    let text = std::fs::read_to_string(root.join("data/policies/vectors.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    Some(vectors.iter().map(read).collect())
}

fn read(vector: &Value) -> Vector {
    let expect = &vector["expect"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut cluster = vector["request"].clone();
    if vector["apply_policy_default_values"] == json!(true) {
        cluster["apply_policy_default_values"] = json!(true);
    }
    let mut messages: Vec<String> = expect["messages"]
        .as_array()
        .map_or_else(Vec::new, |texts| texts.iter().map(text).collect());
    messages.extend(expect["messages_shape"].as_str().map(str::to_owned));
    Vector {
        name: text(&vector["id"]),
        definition: vector["policy"].clone(),
        cluster,
        workload: text(&vector["cluster_type"]),
        admitted: expect["ok"].as_bool().unwrap(),
        messages,
        filled: expect["fills"].as_object().cloned(),
        of_2020: expect["old_2020"].as_str().map(str::to_owned),
    }
}

/// Whether an evaluator, settings and review in, answers as was observed.
pub fn holds(vector: &Vector, judge: &dyn Fn(&Value, &Value) -> Answer) {
    let answer = judge(&vector.settings(), &vector.review());
    let name = &vector.name;
    assert_eq!(answer.violated.is_empty(), vector.admitted, "{name}\n{answer:#?}");
    assert!(answer.undetermined.is_empty(), "{name}\n{answer:#?}");
    if !vector.messages.is_empty() {
        let said: Vec<String> = answer.messages.values().flatten().cloned().collect();
        assert_eq!(said, vector.messages, "{name}");
    }
    if let Some(filled) = &vector.filled {
        let supplied: Map<String, Value> = answer
            .supplied
            .into_iter()
            .map(|(path, value, _)| (path, value))
            .collect();
        assert_eq!(&supplied, filled, "{name}");
    }
    if let Some(message) = &vector.of_2020 {
        let mut settings = vector.settings();
        settings["dialect"] = json!({"missing_fixed": "deny"});
        let answer = judge(&settings, &vector.review());
        let said: Vec<&String> = answer.messages.values().flatten().collect();
        assert_eq!(said, [message], "{name}");
        assert!(answer.supplied.is_empty(), "{name}");
    }
}

fn holds_for_naive(vector: &Vector) {
    holds(vector, &|settings, review| {
        naive::judge(settings, review).unwrap()
    });
}

#[test]
fn our_vectors_hold() {
    let vectors = ours();
    assert_eq!(vectors.len(), 23);
    vectors.iter().for_each(holds_for_naive);
}

#[test]
fn the_vectors_of_the_corpus_hold() {
    let Some(vectors) = shared("the_vectors_of_the_corpus_hold") else {
        return;
    };
    vectors.iter().for_each(holds_for_naive);
}

/// Each vector of the corpus is one of ours, and the other way round.
#[test]
fn ours_tell_the_facts_of_the_corpus() {
    let Some(shared) = shared("ours_tell_the_facts_of_the_corpus") else {
        return;
    };
    let nameless = |vectors: Vec<Vector>| -> Vec<Vector> {
        let name = String::new();
        let mut nameless: Vec<Vector> = vectors
            .into_iter()
            .map(|vector| Vector {
                name: name.clone(),
                ..vector
            })
            .collect();
        nameless.sort_by_key(|vector| format!("{vector:?}"));
        nameless
    };
    assert_eq!(nameless(ours()), nameless(shared));
}
