//! The attributes that questions are about, and the few values they take in policies and requests alike.

use serde_json::{Value, json};

/// An attribute as a definition names it, with its values.
#[derive(Debug, Clone)]
pub struct Subject {
    pub path: &'static str,
    pub values: Vec<Value>,
}

impl Subject {
    /// It is an attribute of list entries; requests get whole lists instead.
    pub fn is_in_list(&self) -> bool {
        self.path.starts_with("init_scripts.") || self.path.starts_with("ssh_public_keys.")
    }

    /// It is one of the names for `cluster_log_conf`; requests get the whole of that instead.
    pub fn is_in_logs(&self) -> bool {
        self.path.starts_with("cluster_log_conf.")
    }

    /// No request carries it.
    pub fn is_virtual(&self) -> bool {
        ["dbus_per_hour", "cluster_type", "cluster_source"].contains(&self.path)
    }

    /// Some of its values are numbers.
    pub fn has_numbers(&self) -> bool {
        self.values.iter().any(Value::is_number)
    }
}

/// The file systems of logs and the scripts that lie there.
pub const PLACES: [&str; 3] = ["dbfs:/a", "dbfs:/b", "s3://logs/a"];

/// Regions of `s3` places.
pub const REGIONS: [&str; 2] = ["us-west-2", "eu-west-1"];

/// Public keys.
pub const KEYS: [&str; 3] = ["ssh-rsa a", "ssh-rsa b", "rsa a"];

/// Policies that clusters are counted under.
pub const POLICIES: [&str; 2] = ["P", "Q"];

/// Attributes that have to do with each other.
pub fn groups() -> Vec<Vec<Subject>> {
    vec![
        pools(),
        sizes(),
        runtime(),
        tags(),
        confs(),
        scripts(),
        keys(),
        logs(),
        virtuals(),
        aws(),
        other_clouds(),
        plain(),
        unheard_of(),
    ]
}

fn subject(path: &'static str, values: Value) -> Subject {
    let Value::Array(values) = values else {
        return subject(path, json!([values]));
    };
    Subject { path, values }
}

fn pools() -> Vec<Subject> {
    let types = json!(["i3.xlarge", "i3.2xlarge", "Standard_DS3_v2", "i3.Xlarge"]);
    vec![
        subject("instance_pool_id", json!(["pool-a", "pool-b"])),
        subject("driver_instance_pool_id", json!(["pool-a", "pool-b"])),
        subject("node_type_id", types.clone()),
        subject("driver_node_type_id", types),
        subject("enable_elastic_disk", booleans()),
        subject("aws_attributes.zone_id", json!(["auto", "us-west-2a"])),
    ]
}

fn sizes() -> Vec<Subject> {
    vec![
        subject("num_workers", json!([0, 1, 4, 8, "4", 4.0])),
        subject("autoscale.min_workers", json!([1, 2, "2", 4])),
        subject("autoscale.max_workers", json!([2, 4, 8, "8", 8.0])),
        subject("virtual_cluster_size", json!(["SMALL", "LARGE"])),
    ]
}

fn runtime() -> Vec<Subject> {
    let versions = json!([
        "15.4.x-scala2.12",
        "15.4.x-photon-scala2.12",
        "17.3.x-scala2.13",
        "17.3.x-photon-scala2.13",
        "17.3.x-gpu-ml-scala2.13",
        "dlt:11.3",
        "auto:latest-lts",
        // Twice: they matter only where they meet an absent version.
        "auto:latest-lts-ml",
        "auto:latest-lts-ml",
        "auto:prev-lts",
        "auto:prev-lts",
    ]);
    let modes = json!([
        "SINGLE_USER",
        "DATA_SECURITY_MODE_DEDICATED",
        "USER_ISOLATION",
        "DATA_SECURITY_MODE_STANDARD",
        "NONE",
    ]);
    vec![
        subject("spark_version", versions),
        subject("runtime_engine", json!(["PHOTON", "STANDARD"])),
        subject("data_security_mode", modes),
    ]
}

fn tags() -> Vec<Subject> {
    let values = json!(["etl", "web", "Etl", 1, true]);
    vec![
        subject("custom_tags.team", values.clone()),
        subject("custom_tags.business unit", values.clone()),
        subject("custom_tags.dbacademy.event_id", values.clone()),
        subject("spark_env_vars.LEVEL", values),
    ]
}

fn confs() -> Vec<Subject> {
    vec![
        subject("spark_conf.spark.speculation", booleans()),
        subject("spark_conf.spark.task.cpus", json!([1, "1", 2, "1.0"])),
        subject(
            "spark_conf.spark.databricks.cluster.profile",
            json!(["singleNode", "serverless"]),
        ),
        subject(
            "spark_conf.fs.azure.account.key.sto.dfs.core.windows.net",
            json!(["{{secrets/scope/key}}", "x"]),
        ),
    ]
}

fn scripts() -> Vec<Subject> {
    let places = json!(PLACES);
    let mut subjects: Vec<Subject> = [
        "init_scripts.0.dbfs.destination",
        "init_scripts.1.dbfs.destination",
        "init_scripts.2.dbfs.destination",
        "init_scripts.*.dbfs.destination",
        "init_scripts.0.s3.destination",
        "init_scripts.1.workspace.destination",
        "init_scripts.*.workspace.destination",
    ]
    .into_iter()
    .map(|path| subject(path, places.clone()))
    .collect();
    subjects.push(subject("init_scripts.0.s3.region", json!(REGIONS)));
    subjects.push(subject("init_scripts.*.s3.region", json!(REGIONS)));
    subjects
}

fn keys() -> Vec<Subject> {
    ["ssh_public_keys.0", "ssh_public_keys.1", "ssh_public_keys.*"]
        .into_iter()
        .map(|path| subject(path, json!(KEYS)))
        .collect()
}

fn logs() -> Vec<Subject> {
    vec![
        subject(
            "cluster_log_conf.type",
            json!(["S3", "S3", "DBFS", "VOLUMES", "NONE"]),
        ),
        subject("cluster_log_conf.path", json!(PLACES)),
        subject("cluster_log_conf.region", json!(REGIONS)),
    ]
}

fn virtuals() -> Vec<Subject> {
    vec![
        subject("dbus_per_hour", json!([10, 12.5, "12.5", 50, 0.9])),
        subject(
            "cluster_type",
            json!(["all-purpose", "job", "dlt", "job-compute"]),
        ),
        subject("cluster_source", json!(["UI", "JOB", "Job", "Pipeline"])),
    ]
}

fn aws() -> Vec<Subject> {
    let availability = json!(["SPOT", "ON_DEMAND", "SPOT_WITH_FALLBACK"]);
    vec![
        subject("aws_attributes.availability", availability),
        subject("aws_attributes.first_on_demand", json!([0, 1, 100_001, "1"])),
        subject("aws_attributes.spot_bid_price_percent", json!([50, 100, "100"])),
        subject("aws_attributes.ebs_volume_count", json!([0, 1, 10])),
        subject(
            "aws_attributes.instance_profile_arn",
            json!([
                "arn:aws:iam::1:instance-profile/a",
                "arn:aws:iam::1:instance-profile/b"
            ]),
        ),
    ]
}

fn other_clouds() -> Vec<Subject> {
    let availability = json!(["SPOT_AZURE", "ON_DEMAND_AZURE", "SPOT_WITH_FALLBACK_AZURE"]);
    vec![
        subject("azure_attributes.availability", availability),
        subject("azure_attributes.first_on_demand", json!([0, 1, "1"])),
        subject(
            "azure_attributes.spot_bid_max_price",
            json!([-1, -1.0, "-1", 0.5]),
        ),
        subject("gcp_attributes.local_ssd_count", json!([0, 1, 2])),
        subject("gcp_attributes.use_preemptible_executors", booleans()),
        subject(
            "gcp_attributes.availability",
            json!(["PREEMPTIBLE_GCP", "ON_DEMAND_GCP"]),
        ),
    ]
}

fn plain() -> Vec<Subject> {
    vec![
        subject("cluster_name", json!(["etl", "web", "etl-1", "30", 30])),
        subject("autotermination_minutes", json!([0, 10, 30, "30", 60, 10_000])),
        subject("single_user_name", json!(["ana@example.com", "bo@example.com"])),
        subject("enable_local_disk_encryption", booleans()),
        subject("workload_type.clients.jobs", booleans()),
        subject("docker_image.url", json!(["registry/a", "registry/b"])),
        subject("is_single_node", booleans()),
    ]
}

fn unheard_of() -> Vec<Subject> {
    vec![
        subject("brand_new_attribute", json!(["a", "b", 1, true])),
        subject("aws_attributes.brand_new", json!(["a", 1])),
        subject(".dbus_per_hour", json!([10, 20])),
    ]
}

fn booleans() -> Value {
    json!([true, false, "true", "false"])
}
