//! Which machines a cluster may consist of.

mod names;

use serde::Deserialize;
use tollgate_sdk::{Reading, Review, Rule, SettingProblem, Value, Verdict, Violation, allowed, plugin};

use crate::names::Names;

/// The configured rule.
pub struct NodeType {
    workers: Lists,
    /// None: the driver's machine is held against the workers' lists.
    driver: Option<Lists>,
    gpu: Demand,
    max_vcpus: Option<i64>,
    max_memory_mb: Option<i64>,
}

struct Lists {
    allow: Option<Names>,
    deny: Names,
}

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    workers: ListSettings,
    #[serde(default)]
    driver: ListSettings,
    #[serde(default)]
    gpu: Demand,
    max_vcpus: Option<i64>,
    max_memory_mb: Option<i64>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListSettings {
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Demand {
    #[default]
    Allow,
    Require,
    Forbid,
}

impl Rule for NodeType {
    const NAME: &str = "node-type";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");
    const FACTS: &[&str] = &["nodes"];

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let ListSettings { allow, deny } = settings.driver;
        let driver = (allow.is_some() || deny.is_some()).then(|| ListSettings {
            allow: allow.or_else(|| settings.workers.allow.clone()),
            deny: deny.or_else(|| settings.workers.deny.clone()),
        });
        Ok(NodeType {
            workers: Lists::new(settings.workers),
            driver: driver.map(Lists::new),
            gpu: settings.gpu,
            max_vcpus: settings.max_vcpus,
            max_memory_mb: settings.max_memory_mb,
        })
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        let Some(nodes) = review.fact("nodes") else {
            verdict.undetermined("node_type_id", "the machines of the cluster are not known");
            return verdict;
        };
        let worker = nodes.get("worker").filter(|worker| worker.is_map());
        let mut judged = None;
        if let Some(fact) = worker {
            let path = worker_path(fact);
            if let Some(node) = Node::read("worker", path, fact, review, &mut verdict) {
                self.judge_lists(&self.workers, &node, &mut verdict);
                self.judge_machine(&node, &mut verdict);
            }
            judged = Some(path);
        }
        let Some(fact) = nodes.get("driver").filter(|driver| driver.is_map()) else {
            return verdict;
        };
        let path = driver_path(fact, review);
        // A driver that follows the workers is the same machine, and nothing is said of it twice.
        let follows = judged == Some(path);
        if follows && self.driver.is_none() {
            return verdict;
        }
        // Whatever keeps a shared machine from being read is in the verdict already.
        let mut aside = Verdict::pass();
        let target = if follows { &mut aside } else { &mut verdict };
        let Some(node) = Node::read("driver", path, fact, review, target) else {
            return verdict;
        };
        self.judge_lists(self.driver.as_ref().unwrap_or(&self.workers), &node, &mut verdict);
        if !follows {
            self.judge_machine(&node, &mut verdict);
        }
        verdict
    }
}

fn is_from_pool(fact: Value<'_>) -> bool {
    fact.get("from_pool").and_then(Value::boolean) == Some(true)
}

fn worker_path(fact: Value<'_>) -> &'static str {
    if is_from_pool(fact) {
        "instance_pool_id"
    } else {
        "node_type_id"
    }
}

/// The attribute that decides the driver's machine: its own, else the workers'.
fn driver_path(fact: Value<'_>, review: &Review<'_>) -> &'static str {
    let (own, shared) = match is_from_pool(fact) {
        true => ("driver_instance_pool_id", "instance_pool_id"),
        false => ("driver_node_type_id", "node_type_id"),
    };
    if matches!(review.value(own), Reading::Absent) {
        shared
    } else {
        own
    }
}

/// A machine of the cluster.
struct Node<'r> {
    role: &'static str,
    path: &'static str,
    node_type_id: std::borrow::Cow<'r, str>,
    fact: Value<'r>,
}

impl<'r> Node<'r> {
    /// Reads what is known of a machine; what is not goes into the verdict.
    fn read(
        role: &'static str,
        path: &'static str,
        fact: Value<'r>,
        review: &'r Review<'r>,
        verdict: &mut Verdict,
    ) -> Option<Self> {
        // Which pool is enough to know the machine, whatever its id will be.
        let given = match review.reference(path) {
            Some(_) => None,
            None => review.text(path).settle(path, verdict)?,
        };
        let node_type_id = match fact.get("node_type_id").and_then(Value::text) {
            Some(node_type_id) => node_type_id,
            None if path == "node_type_id" || path == "driver_node_type_id" => match given {
                Some(given) => given,
                None => {
                    verdict.undetermined(
                        path,
                        format!("`{path}` is not given, so the {role}'s machine is not known"),
                    );
                    return None;
                }
            },
            None => {
                let pool = given.or_else(|| review.reference(path)).unwrap_or_default();
                verdict.undetermined(path, format!("pool `{pool}` is not known, nor are its machines"));
                return None;
            }
        };
        Some(Node {
            role,
            path,
            node_type_id,
            fact,
        })
    }

    /// What the message calls the machine.
    fn name(&self) -> String {
        let from_pool = if is_from_pool(self.fact) {
            ", from a pool,"
        } else {
            ""
        };
        format!("the {}'s node type `{}`{from_pool}", self.role, self.node_type_id)
    }

    fn violation(&self, what: &str, allowed: String) -> Violation {
        Violation::new(self.path, format!("{} {what}", self.name()))
            .actual(&*self.node_type_id)
            .allowed(allowed)
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.fact.get(key)?.integer()
    }

    /// A number that the rule needs; its absence goes into the verdict.
    fn needed(&self, key: &str, what: &str, verdict: &mut Verdict) -> Option<i64> {
        let number = self.number(key);
        if number.is_none() {
            verdict.undetermined(
                self.path,
                format!("{what} of `{}` is not in the catalogue", self.node_type_id),
            );
        }
        number
    }
}

impl NodeType {
    fn judge_lists(&self, lists: &Lists, node: &Node<'_>, verdict: &mut Verdict) {
        if let Some(allow) = &lists.allow
            && allow.matching(&node.node_type_id).is_none()
        {
            let violation = node.violation(&format!("is not among {}", allow.listed()), allow.allowed());
            verdict.violate(match allow.only().filter(|_| !is_from_pool(node.fact)) {
                Some(only) => violation.remedy(node.path, only),
                None => violation,
            });
        }
        if let Some(entry) = lists.deny.matching(&node.node_type_id) {
            verdict.violate(node.violation(&format!("is denied by `{entry}`"), lists.deny.blocked()));
        }
    }

    fn judge_machine(&self, node: &Node<'_>, verdict: &mut Verdict) {
        self.judge_gpu(node, verdict);
        let bounds = [
            (self.max_vcpus, "vcpus", "vCPUs", "the number of vCPUs"),
            (self.max_memory_mb, "memory_mb", "MB of memory", "the memory"),
        ];
        for (max, key, unit, what) in bounds {
            let Some(max) = max else { continue };
            let Some(found) = node.needed(key, what, verdict) else {
                continue;
            };
            if found > max {
                let message = format!("has `{found}` {unit}, at most `{max}` are allowed");
                verdict.violate(node.violation(&message, allowed::member(key, Max(max))));
            }
        }
    }

    fn judge_gpu(&self, node: &Node<'_>, verdict: &mut Verdict) {
        if self.gpu == Demand::Allow {
            return;
        }
        match (self.gpu, node.needed("gpus", "the number of GPUs", verdict)) {
            (Demand::Require, Some(0)) => {
                verdict
                    .violate(node.violation("has no GPU, one is required", allowed::member("gpus", Min(1))));
            }
            (Demand::Forbid, Some(gpus @ 1..)) => {
                verdict.violate(node.violation(
                    &format!("has GPUs (`{gpus}`), none is allowed"),
                    allowed::member("gpus", Max(0)),
                ));
            }
            _ => {}
        }
    }
}

/// An upper bound, in the words of the policy language.
struct Max(i64);

/// A lower bound, in the words of the policy language.
struct Min(i64);

impl tollgate_sdk::json::ToJson for Max {
    fn write(&self, out: &mut String) {
        out.push_str(&allowed::range(None, Some(self.0)));
    }
}

impl tollgate_sdk::json::ToJson for Min {
    fn write(&self, out: &mut String) {
        out.push_str(&allowed::range(Some(self.0), None));
    }
}

impl Lists {
    fn new(settings: ListSettings) -> Self {
        Lists {
            allow: settings.allow.map(Names),
            deny: Names(settings.deny.unwrap_or_default()),
        }
    }
}

plugin!(NodeType);

#[cfg(test)]
mod tests {
    use tollgate_sdk::harness::{Harness, Json, Sample, json, review};

    use super::NodeType;

    fn rule(settings: Json) -> Harness<NodeType> {
        Harness::new(settings).unwrap()
    }

    fn node(id: &str, vcpus: i64, gpus: i64) -> Json {
        json!({"node_type_id": id, "vcpus": vcpus, "memory_mb": vcpus * 3584, "gpus": gpus, "from_pool": false})
    }

    /// A cluster that says nothing of its driver.
    fn of(id: &str) -> Sample {
        let node = node(id, 4, 0);
        review(json!({"node_type_id": id})).fact("nodes", json!({"driver": node, "worker": node}))
    }

    fn with_driver(worker: Json, driver: Json) -> Sample {
        let cluster =
            json!({"node_type_id": worker["node_type_id"], "driver_node_type_id": driver["node_type_id"]});
        review(cluster).fact("nodes", json!({"driver": driver, "worker": worker}))
    }

    #[test]
    fn a_driver_that_is_not_given_is_judged_once_with_the_workers() {
        let rule = rule(json!({"workers": {"allow": ["Standard_DS3_v2"]}}));
        rule.evaluate(of("Standard_DS3_v2")).allows();
        let outcome = rule.evaluate(of("Standard_DS5_v2"));
        let violation = outcome.violates("node_type_id");
        assert_eq!(
            violation.remedy_json(),
            json!({"node_type_id": "Standard_DS3_v2"})
        );
        assert_eq!(violation.allowed_json(), json!({"values": ["Standard_DS3_v2"]}));
    }

    #[test]
    fn the_driver_falls_back_to_the_lists_of_the_workers() {
        let rule = rule(json!({"workers": {"allow": ["Standard_DS*"]}}));
        let outcome = rule.evaluate(with_driver(
            node("Standard_DS3_v2", 4, 0),
            node("Standard_E8s_v5", 8, 0),
        ));
        outcome.violates("driver_node_type_id");
    }

    #[test]
    fn lists_of_its_own_hold_for_a_driver_that_follows_the_workers() {
        let rule = rule(json!({"workers": {"allow": ["Standard_D*"]}, "driver": {"allow": ["Standard_E*"]}}));
        let outcome = rule.evaluate(of("Standard_DS3_v2"));
        assert!(
            outcome
                .violates("node_type_id")
                .message
                .starts_with("the driver's")
        );
        rule.evaluate(with_driver(
            node("Standard_DS3_v2", 4, 0),
            node("Standard_E8s_v5", 8, 0),
        ))
        .allows();
    }

    #[test]
    fn bounds_hold_for_each_role() {
        let rule = rule(json!({"max_vcpus": 8, "max_memory_mb": 28672, "gpu": "forbid"}));
        rule.evaluate(with_driver(node("a", 8, 0), node("b", 8, 0)))
            .allows();
        let outcome = rule.evaluate(with_driver(node("a", 16, 0), node("b", 4, 1)));
        assert_eq!(
            outcome.paths(),
            ["driver_node_type_id", "node_type_id", "node_type_id"]
        );
    }

    #[test]
    fn a_pool_is_where_its_machines_are_objected_to() {
        let machine = json!({"node_type_id": "Standard_DS5_v2", "vcpus": 16, "memory_mb": 57344, "gpus": 0, "from_pool": true});
        let pooled = review(json!({"instance_pool_id": "p-1"}))
            .fact("nodes", json!({"driver": machine, "worker": machine}));
        let outcome = rule(json!({"workers": {"allow": ["Standard_DS3_v2"]}})).evaluate(pooled);
        assert_eq!(outcome.violates("instance_pool_id").remedy, None);
        let unknown = json!({"node_type_id": null, "from_pool": true});
        let pooled = review(json!({"instance_pool_id": "p-2"}))
            .fact("nodes", json!({"driver": unknown, "worker": unknown}));
        rule(json!({"max_vcpus": 8}))
            .evaluate(pooled)
            .cannot_judge("instance_pool_id");
    }

    #[test]
    fn what_the_catalogue_does_not_know_is_undetermined() {
        let unknown = json!({"node_type_id": "Standard_New", "vcpus": null, "from_pool": false});
        let asked = review(json!({"node_type_id": "Standard_New"}))
            .fact("nodes", json!({"driver": unknown, "worker": unknown}));
        rule(json!({"max_vcpus": 8}))
            .evaluate(asked.clone())
            .cannot_judge("node_type_id");
        rule(json!({"workers": {"allow": ["Standard_*"]}}))
            .evaluate(asked)
            .allows();
        rule(json!({}))
            .evaluate(json!({"node_type_id": "a"}))
            .cannot_judge("node_type_id");
    }

    #[test]
    fn a_single_node_has_a_driver_only() {
        let driver = node("Standard_DS5_v2", 16, 0);
        let single = review(json!({"node_type_id": "Standard_DS5_v2", "num_workers": 0}))
            .fact("nodes", json!({"driver": driver, "worker": null}));
        rule(json!({"max_vcpus": 8}))
            .evaluate(single)
            .violates("node_type_id");
    }

    #[test]
    fn unknown_and_odd_attributes() {
        let nothing = json!({"node_type_id": null, "from_pool": false});
        let facts = json!({"driver": nothing, "worker": nothing});
        let rule = rule(json!({"workers": {"allow": ["a"]}}));
        let unknown = review(json!({}))
            .unknown(&["node_type_id"])
            .fact("nodes", facts.clone());
        rule.evaluate(unknown).cannot_judge("node_type_id");
        rule.evaluate(review(json!({"node_type_id": 7})).fact("nodes", facts))
            .violates("node_type_id");
    }
}
