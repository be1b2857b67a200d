//! The body of `clusters/create`, read once into types; what decides a bill is typed, the rest stays JSON.

use serde_json::Value;

use super::fields::{FieldProblem, Fields};
use crate::model::meter::PurchaseOption;
use crate::model::place::Cloud;
use crate::model::tags::Tags;
use crate::model::unknown::Unknown;

/// A cluster as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterSpec {
    /// `cluster_name`.
    pub cluster_name: Option<String>,
    /// `spark_version`, the runtime key.
    pub spark_version: Option<String>,
    /// `node_type_id` of the workers, and of the driver unless it has its own.
    pub node_type_id: Option<String>,
    /// `driver_node_type_id`.
    pub driver_node_type_id: Option<String>,
    /// `instance_pool_id`.
    pub instance_pool_id: Option<String>,
    /// `driver_instance_pool_id`.
    pub driver_instance_pool_id: Option<String>,
    /// `policy_id`.
    pub policy_id: Option<String>,
    /// Smallest and largest number of workers; the driver is not one of them.
    pub workers: WorkerRange,
    /// `autotermination_minutes`; 0 and none both mean "never" through the API.
    pub autotermination_minutes: Option<u32>,
    /// `runtime_engine` is `PHOTON`, or the runtime key is a Photon one.
    pub photon: bool,
    /// How VMs are bought.
    pub purchase: Purchase,
    /// `custom_tags`, in the order written.
    pub custom_tags: Vec<(String, String)>,
    /// The cloud whose attribute block is present, if exactly one is.
    pub cloud: Option<Cloud>,
    /// Attributes that decide what it costs and that nobody knows yet, sorted; what it costs is then unknown too.
    pub undecided: Vec<String>,
}

/// Attributes that decide what a cluster costs.
const DECIDING: [&str; 15] = [
    "autoscale",
    "aws_attributes.availability",
    "aws_attributes.first_on_demand",
    "azure_attributes.availability",
    "azure_attributes.first_on_demand",
    "driver_instance_pool_id",
    "driver_node_type_id",
    "gcp_attributes.availability",
    "gcp_attributes.first_on_demand",
    "instance_pool_id",
    "is_single_node",
    "node_type_id",
    "num_workers",
    "runtime_engine",
    "spark_version",
];

/// Smallest and largest number of workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerRange {
    /// `num_workers` or `autoscale.min_workers`.
    pub min: u32,
    /// `num_workers` or `autoscale.max_workers`.
    pub max: u32,
}

/// `availability` and `first_on_demand` of the cloud's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purchase {
    /// Verbatim: `SPOT_WITH_FALLBACK_AZURE`.
    pub availability: Option<String>,
    /// The first so many nodes, driver included, are on demand.
    pub first_on_demand: u32,
}

/// A node's part in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Runs the Spark driver; exactly one.
    Driver,
    /// Runs executors.
    Worker,
}

/// One node the cluster asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSlot<'a> {
    /// Driver or worker.
    pub role: Role,
    /// The node type named in the request; none where a pool decides.
    pub node_type_id: Option<&'a str>,
    /// The pool it comes from.
    pub instance_pool_id: Option<&'a str>,
    /// On demand or spot; a pool's own setting overrides it.
    pub purchase_option: PurchaseOption,
}

impl ClusterSpec {
    /// Whether its runtime is Databricks Light, which has a SKU of its own for jobs: `apache-spark-2.4.x-scala2.11`.
    pub fn is_light(&self) -> bool {
        let version = self.spark_version.as_deref();
        version.is_some_and(|version| version.starts_with("apache-spark-"))
    }

    /// Reads a create body.
    ///
    /// # Errors
    /// Every field of the wrong type, template text where a value must stand, contradictory sizes.
    pub fn read(body: &Value) -> Result<ClusterSpec, Vec<FieldProblem>> {
        let Value::Object(object) = body else {
            return Err(vec![FieldProblem {
                path: String::new(),
                code: "request::wrong-type",
                message: "expected a JSON object, the body of clusters/create".to_owned(),
                hint: None,
            }]);
        };
        let mut fields = Fields::new(object, "");
        let mut spec = ClusterSpec {
            // Names are free text: a template in one hinders nothing.
            cluster_name: object
                .get("cluster_name")
                .and_then(Value::as_str)
                .map(str::to_owned),
            spark_version: fields.text("spark_version"),
            node_type_id: fields.text("node_type_id"),
            driver_node_type_id: fields.text("driver_node_type_id"),
            instance_pool_id: fields.text("instance_pool_id"),
            driver_instance_pool_id: fields.text("driver_instance_pool_id"),
            policy_id: fields.text("policy_id"),
            autotermination_minutes: fields.count("autotermination_minutes"),
            custom_tags: fields.map("custom_tags"),
            ..ClusterSpec::default()
        };
        let engine = fields.text("runtime_engine");
        spec.photon = engine.as_deref() == Some("PHOTON")
            || (engine.is_none()
                && spec
                    .spark_version
                    .as_deref()
                    .is_some_and(|v| v.contains("-photon-")));
        fields.map("spark_conf");
        fields.map("spark_env_vars");
        for scripts in fields.objects("init_scripts") {
            fields.absorb(scripts);
        }
        spec.workers = read_workers(&mut fields);
        (spec.purchase, spec.cloud) = read_purchase(&mut fields);
        if fields.problems.is_empty() {
            Ok(spec)
        } else {
            Err(fields.problems)
        }
    }

    /// Reads a body of which some is not known yet, and therefore missing. A pool that is only referred to stands in the
    /// place of its id.
    ///
    /// # Errors
    /// Those of [`ClusterSpec::read`].
    pub fn read_known(body: &Value, unknown: &Unknown) -> Result<ClusterSpec, Vec<FieldProblem>> {
        if unknown.is_empty() {
            return ClusterSpec::read(body);
        }
        let mut known = body.clone();
        // Half an autoscale block is no size.
        if let (true, Some(object)) = (unknown.touches("autoscale"), known.as_object_mut()) {
            object.shift_remove("autoscale");
        }
        let mut spec = ClusterSpec::read(&known)?;
        let pool = |path: &str| unknown.references.get(path).cloned();
        spec.instance_pool_id = pool("instance_pool_id").or(spec.instance_pool_id);
        spec.driver_instance_pool_id = pool("driver_instance_pool_id").or(spec.driver_instance_pool_id);
        let open = |path: &&&str| unknown.touches(path) && !unknown.references.contains_key(**path);
        spec.undecided = DECIDING
            .iter()
            .filter(open)
            .map(|path| (*path).to_owned())
            .collect();
        Ok(spec)
    }

    /// Whether nobody knows yet how many workers it has.
    pub fn size_is_unknown(&self) -> bool {
        self.undecided
            .iter()
            .any(|path| path == "num_workers" || path == "autoscale")
    }

    /// The nodes of this cluster with so many workers, driver first. The first `first_on_demand` are on
    /// demand whatever the availability.
    pub fn nodes(&self, workers: u32) -> impl Iterator<Item = NodeSlot<'_>> {
        let spot = self.asks_for_spot();
        (0..=workers).map(move |i| {
            let role = if i == 0 { Role::Driver } else { Role::Worker };
            let (own_type, own_pool) = match role {
                Role::Driver => (
                    self.driver_node_type_id
                        .as_deref()
                        .or(self.node_type_id.as_deref()),
                    self.driver_instance_pool_id
                        .as_deref()
                        .or(self.instance_pool_id.as_deref()),
                ),
                Role::Worker => (self.node_type_id.as_deref(), self.instance_pool_id.as_deref()),
            };
            NodeSlot {
                role,
                node_type_id: own_type,
                instance_pool_id: own_pool,
                purchase_option: if spot && i >= self.purchase.first_on_demand {
                    PurchaseOption::Spot
                } else {
                    PurchaseOption::OnDemand
                },
            }
        })
    }

    /// Whether the availability asks for spot (or preemptible) instances.
    pub fn asks_for_spot(&self) -> bool {
        self.purchase.availability.as_deref().is_some_and(is_spot)
    }

    /// All custom tags.
    pub fn tags(&self) -> Tags {
        Tags::of_custom_tags(&self.custom_tags)
    }

    /// The value of a custom tag.
    pub fn custom_tag(&self, key: &str) -> Option<&str> {
        self.custom_tags
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
    }
}

/// Whether an `availability` of any cloud names spot or preemptible instances.
pub fn is_spot(availability: &str) -> bool {
    availability.starts_with("SPOT") || availability.starts_with("PREEMPTIBLE")
}

/// `autoscale` wins over `num_workers`: clients send `num_workers: 0` beside an autoscale block.
fn read_workers(fields: &mut Fields<'_>) -> WorkerRange {
    let fixed = fields.count("num_workers");
    let Some(mut autoscale) = fields.object("autoscale") else {
        let n = fixed.unwrap_or(0);
        return WorkerRange { min: n, max: n };
    };
    let (min, max) = (autoscale.count("min_workers"), autoscale.count("max_workers"));
    let readable = autoscale.problems.is_empty();
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let message = format!("found {max}, expected at least min_workers, which is {min}");
        autoscale.push("max_workers", "request::range", message, None);
    } else if readable && max.is_none() {
        autoscale.push(
            "max_workers",
            "request::missing",
            "expected a whole number".to_owned(),
            None,
        );
    }
    fields.absorb(autoscale);
    let max = max.unwrap_or(0);
    // The API's own default for an absent minimum is 1.
    WorkerRange {
        min: min.unwrap_or(1).min(max),
        max,
    }
}

fn read_purchase(fields: &mut Fields<'_>) -> (Purchase, Option<Cloud>) {
    let mut purchase = Purchase::default();
    let mut clouds = Vec::new();
    for cloud in Cloud::ALL {
        let Some(mut block) = fields.object(cloud.attributes_key()) else {
            continue;
        };
        clouds.push(cloud);
        let availability = block.text("availability");
        let first_on_demand = block.integer("first_on_demand", 0);
        block.number_text("spot_bid_max_price");
        fields.absorb(block);
        purchase.availability = purchase.availability.or(availability);
        // A number above every cluster's size means "all on demand", so clamping loses nothing.
        let first = u32::try_from(first_on_demand.unwrap_or(0)).unwrap_or(u32::MAX);
        purchase.first_on_demand = purchase.first_on_demand.max(first);
    }
    let cloud = match clouds.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    (purchase, cloud)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_on_demand_nodes_include_the_driver() {
        let spec = ClusterSpec::read(
            &json!({"num_workers": 2, "node_type_id": "w", "driver_node_type_id": "d",
            "azure_attributes": {"availability": "SPOT_WITH_FALLBACK_AZURE", "first_on_demand": 2}}),
        )
        .unwrap();
        let seen: Vec<_> = spec
            .nodes(spec.workers.max)
            .map(|n| (n.node_type_id.unwrap(), n.purchase_option.as_str()))
            .collect();
        assert_eq!(seen, [("d", "on_demand"), ("w", "on_demand"), ("w", "spot")]);
        assert_eq!(spec.cloud, Some(Cloud::Azure));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = json!({"num_workers": "two", "custom_tags": [{"key": "a"}], "node_type_id": "${var.x}",
            "autoscale": {"min_workers": 5, "max_workers": 2}, "init_scripts": [7]});
        let problems = ClusterSpec::read(&wrong).unwrap_err();
        let mut seen: Vec<_> = problems.iter().map(|p| (p.path.as_str(), p.code)).collect();
        seen.sort();
        assert_eq!(
            seen,
            [
                ("autoscale.max_workers", "request::range"),
                ("custom_tags", "request::wrong-type"),
                ("init_scripts.0", "request::wrong-type"),
                ("node_type_id", "request::template"),
                ("num_workers", "request::wrong-type"),
            ]
        );
        assert!(ClusterSpec::read(&json!([1])).is_err());
    }

    #[test]
    fn autoscale_wins_over_num_workers_zero_and_floats_that_are_whole_pass() {
        let spec = ClusterSpec::read(
            &json!({"num_workers": 0, "autoscale": {"min_workers": 1.0, "max_workers": 4}}),
        );
        assert_eq!(spec.unwrap().workers, WorkerRange { min: 1, max: 4 });
        assert!(ClusterSpec::read(&json!({"num_workers": 1.5})).is_err());
        assert!(ClusterSpec::read(&json!({"num_workers": 1e300})).is_err());
    }
}
