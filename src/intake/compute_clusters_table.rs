//! One row of the system table `system.compute.clusters`, from CSV (every cell is text), JSON or Parquet.
//!
//! The table has one row per change and fewer attributes than the API: those it lacks are unknown.

use chrono::DateTime;
use serde_json::{Map, Number, Value};

use super::moment::moment;
use super::record::Record;
use crate::databricks::cluster_source::ClusterSource;
use crate::model::period::Instant;

/// A cell that is not what its column holds.
pub(super) struct ColumnProblem {
    pub column: String,
    pub message: String,
}

/// Attributes of a request that the table has no column for.
const NOT_IN_THE_TABLE: [&str; 17] = [
    "cluster_log_conf",
    "dependency_mode",
    "docker_image",
    "driver_node_type_flexibility",
    "enable_local_disk_encryption",
    "is_single_node",
    "kind",
    "remote_disk_throughput",
    "runtime_engine",
    "single_user_name",
    "spark_conf",
    "spark_env_vars",
    "ssh_public_keys",
    "total_initial_remote_disk_size",
    "use_ml_runtime",
    "worker_node_type_flexibility",
    "workload_type",
];

/// Members of the attribute blocks that are numbers; the table holds them as text.
const NUMBERS: [&str; 9] = [
    "boot_disk_size",
    "ebs_volume_count",
    "ebs_volume_iops",
    "ebs_volume_size",
    "ebs_volume_throughput",
    "first_on_demand",
    "local_ssd_count",
    "spot_bid_max_price",
    "spot_bid_price_percent",
];

/// Whether an object is a row of the table and no answer of the API.
pub(super) fn is_row(fields: &Map<String, Value>) -> bool {
    ["change_time", "worker_node_type", "dbr_version"]
        .iter()
        .any(|column| fields.contains_key(*column))
}

/// Reads a row.
pub(super) fn of_row(fields: &Map<String, Value>) -> Result<Record, Vec<ColumnProblem>> {
    let mut row = Row {
        fields,
        problems: Vec::new(),
    };
    let record = Record {
        cluster_id: row.text("cluster_id").unwrap_or_default(),
        workspace_id: row.text("workspace_id"),
        state: None,
        cluster_source: row.text("cluster_source").map(|s| ClusterSource::read(&s)),
        creator: row.text("owned_by"),
        changed_at: row.time("change_time"),
        is_deleted: row.time("delete_time").is_some(),
        unknown: NOT_IN_THE_TABLE.map(str::to_owned).to_vec(),
        body: row.body(),
    };
    if record.cluster_id.is_empty() {
        let _: Option<()> = row.wrong("cluster_id", "an id");
    }
    if row.problems.is_empty() {
        Ok(record)
    } else {
        Err(row.problems)
    }
}

struct Row<'a> {
    fields: &'a Map<String, Value>,
    problems: Vec<ColumnProblem>,
}

impl Row<'_> {
    fn body(&mut self) -> Map<String, Value> {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        for (column, name) in [
            ("cluster_name", "cluster_name"),
            ("dbr_version", "spark_version"),
            ("worker_node_type", "node_type_id"),
            ("driver_node_type", "driver_node_type_id"),
            ("worker_instance_pool_id", "instance_pool_id"),
            ("driver_instance_pool_id", "driver_instance_pool_id"),
            ("data_security_mode", "data_security_mode"),
            ("policy_id", "policy_id"),
        ] {
            put(name, self.text(column).map(Value::String));
        }
        put(
            "autotermination_minutes",
            self.number("auto_termination_minutes").map(Value::Number),
        );
        put(
            "enable_elastic_disk",
            self.flag("enable_elastic_disk").map(Value::Bool),
        );
        let mut autoscale = Map::new();
        for (column, name) in [
            ("min_autoscale_workers", "min_workers"),
            ("max_autoscale_workers", "max_workers"),
        ] {
            if let Some(number) = self.number(column) {
                autoscale.insert(name.to_owned(), Value::Number(number));
            }
        }
        let workers = self.number("worker_count").map(Value::Number);
        match autoscale.is_empty() {
            true => put("num_workers", workers),
            false => put("autoscale", Some(Value::Object(autoscale))),
        }
        put("custom_tags", self.object("tags").map(Value::Object));
        for block in ["aws_attributes", "azure_attributes", "gcp_attributes"] {
            put(
                block,
                self.object(block).map(|members| Value::Object(typed(members))),
            );
        }
        put("init_scripts", self.scripts());
        body
    }

    fn cell(&self, column: &str) -> Option<&Value> {
        self.fields
            .get(column)
            .filter(|v| !v.is_null() && v.as_str() != Some(""))
    }

    fn text(&mut self, column: &str) -> Option<String> {
        match self.cell(column)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => self.wrong(column, "text"),
        }
    }

    fn number(&mut self, column: &str) -> Option<Number> {
        match self.cell(column)? {
            Value::Number(number) => Some(number.clone()),
            Value::String(text) => match number(text) {
                Some(number) => Some(number),
                None => self.wrong(column, "a number"),
            },
            _ => self.wrong(column, "a number"),
        }
    }

    fn flag(&mut self, column: &str) -> Option<bool> {
        match self.cell(column)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => match text.to_ascii_lowercase().parse() {
                Ok(flag) => Some(flag),
                Err(_) => self.wrong(column, "true or false"),
            },
            _ => self.wrong(column, "true or false"),
        }
    }

    fn time(&mut self, column: &str) -> Option<Instant> {
        let read = match self.cell(column)? {
            Value::String(text) => moment(text),
            // Exports of data frames write milliseconds since 1970.
            Value::Number(number) => number.as_i64().and_then(DateTime::from_timestamp_millis),
            _ => None,
        };
        match read {
            Some(read) => Some(read),
            None => self.wrong(column, "a time, `2026-10-01T00:00:00Z`"),
        }
    }

    /// A struct or map: an object, or its JSON as text.
    fn object(&mut self, column: &str) -> Option<Map<String, Value>> {
        let read = match self.cell(column)? {
            Value::Object(members) => Some(members.clone()),
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        };
        match read {
            Some(mut members) => {
                members.retain(|_, value| !value.is_null());
                (!members.is_empty()).then_some(members)
            }
            None => self.wrong(column, "an object, or its JSON as text"),
        }
    }

    /// The table has the paths of the scripts alone; what kind each is, its beginning tells.
    fn scripts(&mut self) -> Option<Value> {
        let column = "init_scripts";
        let read = match self.cell(column)? {
            Value::Array(items) => Some(items.clone()),
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        };
        let Some(items) = read else {
            return self.wrong(column, "a list of paths, or its JSON as text");
        };
        let mut scripts = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::String(path) => scripts.push(script(&path)),
                Value::Object(_) => scripts.push(item),
                _ => return self.wrong(column, "a list of paths"),
            }
        }
        (!scripts.is_empty()).then_some(Value::Array(scripts))
    }

    fn wrong<T>(&mut self, column: &str, expected: &str) -> Option<T> {
        let found = self.fields.get(column).unwrap_or(&Value::Null).to_string();
        let shown: String = found.chars().take(60).collect();
        self.problems.push(ColumnProblem {
            column: column.to_owned(),
            message: format!("found `{shown}`, expected {expected}"),
        });
        None
    }
}

fn script(path: &str) -> Value {
    let kind = [
        ("/Volumes/", "volumes"),
        ("dbfs:", "dbfs"),
        ("s3:", "s3"),
        ("s3a:", "s3"),
        ("abfss:", "abfss"),
        ("gs:", "gcs"),
        ("file:", "file"),
    ]
    .iter()
    .find(|(start, _)| path.starts_with(start))
    .map_or("workspace", |(_, kind)| kind);
    serde_json::json!({ kind: { "destination": path } })
}

/// The members of an attribute block in the types of the API.
fn typed(mut members: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in &mut members {
        if let Value::String(text) = value
            && NUMBERS.contains(&name.as_str())
            && let Some(number) = number(text)
        {
            *value = Value::Number(number);
        }
    }
    members
}

fn number(text: &str) -> Option<Number> {
    serde_json::from_str(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::cluster_records::read;
    use super::super::existing_clusters::ExistingCluster;
    use crate::databricks::cluster_source::ClusterSource;
    use crate::databricks::cluster_spec::WorkerRange;
    use crate::model::diagnostic::Diagnostics;
    use crate::model::rows::Input;
    use serde_json::json;

    fn one(text: &str) -> ExistingCluster {
        let read = read("c", Input::of(text));
        assert_eq!(read.problems, Diagnostics::default());
        assert_eq!(read.clusters.len(), 1);
        read.clusters[0].clone()
    }

    #[test]
    fn a_row_of_csv_and_of_json_is_the_same_request() {
        let csv = concat!(
            "account_id,workspace_id,cluster_id,cluster_name,owned_by,create_time,delete_time,driver_node_type,worker_node_type,",
            "worker_count,min_autoscale_workers,max_autoscale_workers,auto_termination_minutes,enable_elastic_disk,tags,",
            "cluster_source,init_scripts,azure_attributes,dbr_version,change_time,data_security_mode,policy_id\n",
            "a,42,c-1,\"etl, nightly\",ana,2026-09-01T00:00:00Z,,Standard_D4s_v3,Standard_DS3_v2,,1,4,30,true,",
            "\"{\"\"team\"\":\"\"data\"\"}\",JOB,\"[\"\"/Volumes/main/s.sh\"\",\"\"/Shared/s.sh\"\"]\",",
            "\"{\"\"first_on_demand\"\":\"\"1\"\",\"\"availability\"\":\"\"SPOT_WITH_FALLBACK_AZURE\"\",\"\"spot_bid_max_price\"\":\"\"-1\"\"}\",",
            "15.4.x-scala2.12,2026-09-02T10:00:00.000+0000,USER_ISOLATION,P1\n"
        );
        let json = json!({"workspace_id": "42", "cluster_id": "c-1", "cluster_name": "etl, nightly", "owned_by": "ana",
            "delete_time": null, "driver_node_type": "Standard_D4s_v3", "worker_node_type": "Standard_DS3_v2",
            "worker_count": null, "min_autoscale_workers": 1, "max_autoscale_workers": 4, "auto_termination_minutes": 30,
            "enable_elastic_disk": true, "tags": {"team": "data"}, "cluster_source": "JOB",
            "init_scripts": ["/Volumes/main/s.sh", "/Shared/s.sh"], "aws_attributes": null,
            "azure_attributes": {"first_on_demand": 1, "availability": "SPOT_WITH_FALLBACK_AZURE", "spot_bid_max_price": -1},
            "dbr_version": "15.4.x-scala2.12", "change_time": "2026-09-02T10:00:00Z",
            "data_security_mode": "USER_ISOLATION", "policy_id": "P1"});
        let from_csv = one(csv);
        let from_json = one(&json.to_string());
        assert_eq!(from_csv.request.body, from_json.request.body);
        assert_eq!(
            from_csv.request.body["init_scripts"],
            json!([{"volumes": {"destination": "/Volumes/main/s.sh"}}, {"workspace": {"destination": "/Shared/s.sh"}}])
        );
        assert_eq!(from_csv.changed_at, from_json.changed_at);
        assert_eq!((from_csv.request.line, from_json.request.line), (2, 1));
        assert_eq!(from_csv.cluster_source, Some(ClusterSource::Job));
        assert_eq!(from_csv.request.spec.workers, WorkerRange { min: 1, max: 4 });
        assert_eq!(from_csv.request.spec.purchase.first_on_demand, 1);
        assert!(from_csv.unknown.covers("spark_conf"));
        assert!(!from_csv.is_deleted && from_csv.state.is_none() && !from_csv.is_active());
    }

    #[test]
    fn every_cell_that_cannot_be_read_is_named() {
        let problems = read(
            "c.csv",
            Input::of(
                "cluster_id,change_time,worker_count,tags\nc-1,yesterday,two,team=data\nc-2,2026-09-01 00:00:00,1,{}\n,2026-09-01,1,\n",
            ),
        );
        let seen: Vec<_> = problems
            .problems
            .0
            .iter()
            .map(|d| (d.code, d.line, d.path.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("cluster::column", 2, "line 2.change_time"),
                ("cluster::column", 2, "line 2.worker_count"),
                ("cluster::column", 2, "line 2.tags"),
                ("cluster::column", 4, "line 4.cluster_id"),
            ]
        );
        assert_eq!(problems.clusters.len(), 1);
        let torn = read("c.csv", Input::of("cluster_id,change_time\nc-1\n"))
            .problems
            .0;
        assert_eq!((torn[0].code, torn[0].line), ("cluster::syntax", 2));
    }
}
