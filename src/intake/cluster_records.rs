//! Records of clusters that exist: answers of `clusters/list` and `clusters/get`, rows of `system.compute.clusters`.
//!
//! This is the one place that reads them, whatever they are read for. JSON is read whole, since answers of the API have fields whose
//! lines are told; any other table (CSV, Parquet) goes row by row through [`crate::model::rows`], and packed files are unpacked.
//! In go bytes; out come clusters, each as the request that would create it as it is today, with its place. What the
//! server added (state, executors, default tags, the snapshot in `spec`) is left out of that request: the effective
//! settings are what a policy judges. Where a pool decides the node type, the pool is told with it. What a source does
//! not tell is unknown, not absent.

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::ControlFlow;

use super::compute_clusters_table as table;
use super::existing_clusters::ExistingCluster;
use super::record::Record;
use super::requests::request::{Request, Surroundings};
use crate::databricks::cluster_source::ClusterSource;
use crate::databricks::cluster_spec::ClusterSpec;
use crate::databricks::instance_pool::{InstancePool, PoolAttributes};
use crate::model::attribute;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::json_text::{JsonText, items, members};
use crate::model::rows::{self, Codes, Form, Input, Opened, Row, Told};
use crate::model::unknown::Unknown;

/// What was read from one source.
#[derive(Debug, Default)]
pub struct Read {
    /// The clusters, in the order written, deleted ones and earlier records of one cluster included.
    pub clusters: Vec<ExistingCluster>,
    /// What could not be read, and warnings.
    pub problems: Diagnostics,
}

/// Fields of `clusters/get` that the server sets and `clusters/create` does not take.
const SERVER_FIELDS: [&str; 29] = [
    "assigned_principal",
    "cluster_cores",
    "cluster_id",
    "cluster_log_status",
    "cluster_memory_mb",
    "cluster_source",
    "creator_user_name",
    "default_tags",
    "disk_spec",
    "driver",
    "driver_healthy",
    "driver_instance_source",
    "effective_spark_version",
    "executors",
    "init_scripts_safe_mode",
    "instance_source",
    "jdbc_port",
    "last_activity_time",
    "last_restarted_time",
    "last_state_loss_time",
    "pinned_by_user_name",
    "release_version",
    "spark_context_id",
    "spec",
    "start_time",
    "state",
    "state_message",
    "terminated_time",
    "termination_reason",
];

/// Largest JSON that is read: 256 MiB.
const MAX_BYTES: u64 = 256 << 20;

/// Reads a source.
pub fn read(source: &str, input: Input) -> Read {
    match rows::opened(input) {
        Ok(Opened::Json(mut text)) => {
            let mut bytes = Vec::new();
            let limit = MAX_BYTES.saturating_add(1);
            match text.by_ref().take(limit).read_to_end(&mut bytes) {
                Ok(_) => of_bytes(source, bytes),
                Err(error) => Read::of(damaged(source, &error)),
            }
        }
        Ok(Opened::Other(input)) => {
            let json = JsonText::new(source, "");
            let mut reader = Reader::new(source, &json);
            reader.table(input);
            reader.read
        }
        Err(error) => Read::of(damaged(source, &error)),
    }
}

fn damaged(source: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("file::damaged", source, error.to_string()).hint("fetch the file again")
}

fn of_bytes(source: &str, bytes: Vec<u8>) -> Read {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        let message = format!("larger than {} MiB", MAX_BYTES >> 20);
        let problem = Diagnostic::error("file::too-large", source, message);
        return Read::of(problem.hint("split it, or export the table as Parquet"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => of_json(source, &text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let message = format!("expected UTF-8 text, found other bytes at offset {at}");
            Read::of(Diagnostic::error("file::not-text", source, message).hint(FORMS))
        }
    }
}

fn of_json(source: &str, text: &str) -> Read {
    let json = JsonText::new(source, text);
    let mut reader = Reader::new(source, &json);
    reader.documents();
    if let Some(line) = reader.more {
        let message = "the list goes on: its last page has a `next_page_token`, so clusters are missing";
        let problem = Diagnostic::warning("cluster::more-pages", source, message).at(line, 0);
        let hint = "fetch the pages that follow and put them into the same file, one after the other";
        reader.read.problems.0.push(problem.hint(hint));
    }
    reader.read
}

impl Read {
    /// Nothing but a problem.
    fn of(problem: Diagnostic) -> Read {
        Read {
            clusters: Vec::new(),
            problems: problem.into(),
        }
    }
}

/// What can be read.
const FORMS: &str = "expected the JSON of clusters/list or clusters/get, or rows of system.compute.clusters as CSV with a header, JSON or Parquet";

const CODES: Codes = Codes {
    empty: "cluster::empty",
    syntax: "cluster::syntax",
    not_a_row: "cluster::not-a-cluster",
    what: "clusters",
    forms: FORMS,
};

struct Reader<'a> {
    source: &'a str,
    json: &'a JsonText<'a>,
    read: Read,
    /// The line of the last page, if it says that others follow.
    more: Option<usize>,
}

/// A row as an object. What a cell holds as JSON stays what it is.
fn fields(row: &Row) -> Map<String, Value> {
    let value = |name: &str| {
        let cell = row.cell(name)?;
        let value = match cell.form {
            Form::Text => Value::String(cell.text.clone()),
            Form::Json => serde_json::from_str(&cell.text).ok()?,
        };
        Some((name.to_owned(), value))
    };
    row.columns().filter_map(value).collect()
}

impl<'a> Reader<'a> {
    fn new(source: &'a str, json: &'a JsonText<'a>) -> Reader<'a> {
        Reader {
            source,
            json,
            read: Read::default(),
            more: None,
        }
    }

    fn documents(&mut self) {
        let documents = self.json.documents("cluster::syntax");
        self.read.problems.0.extend(documents.problems);
        let alone = documents.found.len() == 1;
        for document in documents.found {
            let address = match alone {
                true => String::new(),
                false => format!("line {}", self.json.line_of(document.get())),
            };
            self.value(document, address);
        }
    }

    /// A page, a list of pages or clusters, a cluster, a row.
    fn value(&mut self, raw: &'a RawValue, address: String) {
        if let Some(items) = items(raw) {
            for (i, item) in items.into_iter().enumerate() {
                self.value(item, below(&address, &i.to_string()));
            }
            return;
        }
        let page = members(raw).filter(|m| {
            m.keys()
                .all(|k| matches!(k.as_str(), "clusters" | "next_page_token" | "prev_page_token"))
        });
        match page {
            // A workspace without clusters answers `{}`.
            Some(page) => {
                let token = page.get("next_page_token").map(|t| t.get());
                let line = self.json.line_of(raw.get());
                self.more = token.is_some_and(|t| t != "\"\"" && t != "null").then_some(line);
                let clusters = page.get("clusters").copied();
                for (i, item) in clusters.and_then(items).into_iter().flatten().enumerate() {
                    self.record(item, below(&address, &format!("clusters.{i}")));
                }
            }
            None => self.record(raw, address),
        }
    }

    fn record(&mut self, raw: &'a RawValue, address: String) {
        let line = self.json.line_of(raw.get());
        let address = (!address.is_empty()).then_some(address);
        let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(raw.get()) else {
            return self.not_a_cluster(line, address, "no object");
        };
        if table::is_row(&fields) {
            return self.row(&fields, line, address);
        }
        if fields.get("cluster_id").and_then(Value::as_str).is_none() {
            let found: Vec<&str> = fields.keys().take(5).map(String::as_str).collect();
            let found = format!("no `cluster_id` among {}", found.join(", "));
            return self.not_a_cluster(line, address, &found);
        }
        let cluster = of_api(fields);
        let lines = |path: &str| self.json.line_below(raw, attribute::steps(path));
        self.push(cluster, line, address, &lines);
    }

    fn not_a_cluster(&mut self, line: usize, address: Option<String>, found: &str) {
        let message = format!("not a cluster that exists: found {found}");
        let problem = Diagnostic::error("cluster::not-a-cluster", self.source, message).at(line, 0);
        let problem = problem.path(address.unwrap_or_default());
        let hint = format!("{FORMS}; `tollgate check` judges requests");
        self.read.problems.0.push(problem.hint(hint));
    }

    /// Rows of the system table.
    fn table(&mut self, input: Input) {
        rows::read(input, &mut |told| {
            match told {
                Told::Columns(columns) => {
                    let has = |needed: &&str| columns.iter().any(|column| **column == **needed);
                    if !["cluster_id", "change_time"].iter().all(has) {
                        let found: Vec<&str> = columns.iter().take(5).map(|column| &**column).collect();
                        let found = format!(
                            "neither JSON nor a header with `cluster_id` and `change_time`, but `{}`",
                            found.join(",")
                        );
                        self.not_a_cluster(1, None, &found);
                        return ControlFlow::Break(());
                    }
                }
                Told::Row(row) => {
                    let address = Some(format!("line {}", row.line));
                    self.row(&fields(&row), row.line, address);
                }
                Told::Fault(fault) => self.read.problems.0.push(fault.diagnostic(self.source, &CODES)),
            }
            ControlFlow::Continue(())
        });
    }

    fn row(&mut self, fields: &Map<String, Value>, line: usize, address: Option<String>) {
        match table::of_row(fields) {
            Ok(cluster) => self.push(cluster, line, address, &|_| line),
            Err(problems) => {
                for table::ColumnProblem { column, message } in problems {
                    let path = below(address.as_deref().unwrap_or_default(), &column);
                    let problem = Diagnostic::error("cluster::column", self.source, message);
                    self.read.problems.0.push(problem.at(line, 0).path(path));
                }
            }
        }
    }

    /// Takes a cluster over, once its request is read.
    fn push(&mut self, record: Record, line: usize, address: Option<String>, lines: &dyn Fn(&str) -> usize) {
        let Record {
            mut body,
            cluster_id,
            workspace_id,
            state,
            cluster_source,
            creator,
            changed_at,
            is_deleted,
            unknown,
        } = record;
        let pools = pools(&mut body);
        let body = Value::Object(body);
        match ClusterSpec::read(&body) {
            Ok(spec) => self.read.clusters.push(ExistingCluster {
                request: Request {
                    source: self.source.to_owned(),
                    line,
                    address,
                    name: spec.cluster_name.clone(),
                    body,
                    spec,
                    around: Surroundings::default(),
                },
                cluster_id,
                workspace_id,
                state,
                cluster_source,
                creator,
                changed_at,
                is_deleted,
                pools,
                unknown: Unknown::of(unknown),
            }),
            Err(problems) => {
                for problem in problems {
                    let path = below(address.as_deref().unwrap_or_default(), &problem.path);
                    let found = Diagnostic::error(problem.code, self.source, problem.message);
                    let mut found = found.at(lines(&problem.path), 0).path(path);
                    found.hint = problem.hint;
                    self.read.problems.0.push(found);
                }
            }
        }
    }
}

/// The object that `clusters/get` and `clusters/list` give.
fn of_api(mut fields: Map<String, Value>) -> Record {
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    };
    let mut record = Record {
        cluster_id: text("cluster_id").unwrap_or_default(),
        workspace_id: None,
        state: text("state"),
        cluster_source: text("cluster_source").map(|s| ClusterSource::read(&s)),
        creator: text("creator_user_name"),
        changed_at: None,
        is_deleted: false,
        unknown: Vec::new(),
        body: Map::new(),
    };
    fields.retain(|name, value| !SERVER_FIELDS.contains(&name.as_str()) && !value.is_null());
    // Beside `autoscale` it is where the cluster happens to be, no setting.
    if fields.contains_key("autoscale") {
        fields.shift_remove("num_workers");
    }
    if fields.get("policy_id").and_then(Value::as_str) == Some("") {
        fields.shift_remove("policy_id");
    }
    record.body = fields;
    record
}

/// Takes the node types that come from pools out of a request, and gives the pools that have them: a request may not
/// name both, and the pool's attributes are those that the server reports for the cluster.
pub(super) fn pools(body: &mut Map<String, Value>) -> Vec<InstancePool> {
    let text =
        |body: &Map<String, Value>, name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let workers = text(body, "instance_pool_id");
    let driver = text(body, "driver_instance_pool_id").or_else(|| workers.clone());
    let attributes = PoolAttributes {
        aws_attributes: body.get("aws_attributes").cloned(),
        azure_attributes: body.get("azure_attributes").cloned(),
        gcp_attributes: body.get("gcp_attributes").map(|block| {
            // The pool's own block calls it otherwise.
            let mut block = block.clone();
            if let Some(availability) = block.get("availability").cloned()
                && let Some(members) = block.as_object_mut()
            {
                members.insert("gcp_availability".to_owned(), availability);
            }
            block
        }),
    };
    let mut pools: Vec<InstancePool> = Vec::new();
    for (pool, node_type) in [(workers, "node_type_id"), (driver, "driver_node_type_id")] {
        let Some(instance_pool_id) = pool else { continue };
        let Some(Value::String(node_type_id)) = body.shift_remove(node_type) else {
            continue;
        };
        if pools.iter().all(|p| p.instance_pool_id != instance_pool_id) {
            pools.push(InstancePool {
                instance_pool_name: instance_pool_id.clone(),
                instance_pool_id,
                node_type_id,
                min_idle_instances: 0,
                max_capacity: None,
                idle_instance_autotermination_minutes: 0,
                preloaded_spark_versions: Vec::new(),
                preloaded_docker_images: Vec::new(),
                enable_elastic_disk: false,
                disk_spec: None,
                custom_tags: BTreeMap::new(),
                attributes: attributes.clone(),
            });
        }
    }
    pools
}

/// One step deeper in an address.
fn below(address: &str, step: &str) -> String {
    match (address, step) {
        ("", step) => step.to_owned(),
        (address, "") => address.to_owned(),
        (address, step) => format!("{address}.{step}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(record: &Value) -> ExistingCluster {
        let read = read("c.json", Input::of(record.to_string()));
        assert_eq!(read.problems, Diagnostics::default());
        let [cluster] = read.clusters.as_slice() else {
            panic!("{} clusters", read.clusters.len())
        };
        cluster.clone()
    }

    fn codes(text: &str) -> Vec<(&'static str, usize, String)> {
        let problems = read("c", Input::of(text)).problems.0;
        problems.into_iter().map(|d| (d.code, d.line, d.path)).collect()
    }

    #[test]
    fn what_the_server_added_is_no_part_of_the_request() {
        let cluster = one(
            &json!({"cluster_id": "c-1", "creator_user_name": "ana", "state": "RUNNING", "cluster_source": "UI",
            "cluster_name": "n", "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 3,
            "autoscale": {"min_workers": 1, "max_workers": 4}, "policy_id": "P1", "custom_tags": {"team": "a"},
            "default_tags": {"Vendor": "Databricks"}, "executors": [{"node_id": "x"}], "spark_context_id": 4_i64 << 60,
            "spec": {"apply_policy_default_values": true}, "single_user_name": null, "a_new_setting": 1}),
        );
        assert_eq!(
            cluster.request.body,
            json!({"cluster_name": "n", "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2",
                "autoscale": {"min_workers": 1, "max_workers": 4}, "policy_id": "P1", "custom_tags": {"team": "a"},
                "a_new_setting": 1})
        );
        assert_eq!(
            (cluster.cluster_id.as_str(), cluster.creator.as_deref()),
            ("c-1", Some("ana"))
        );
        assert!(cluster.is_active() && cluster.unknown.is_empty() && cluster.pools.is_empty());
    }

    #[test]
    fn node_types_of_pools_are_the_pools() {
        let cluster = one(
            &json!({"cluster_id": "c", "instance_pool_id": "p", "driver_instance_pool_id": "d",
            "node_type_id": "i3.xlarge", "driver_node_type_id": "m5.xlarge", "num_workers": 1,
            "aws_attributes": {"availability": "SPOT"}}),
        );
        let pools: Vec<_> = cluster
            .pools
            .iter()
            .map(|p| (p.instance_pool_id.as_str(), p.node_type_id.as_str()))
            .collect();
        assert_eq!(pools, [("p", "i3.xlarge"), ("d", "m5.xlarge")]);
        assert_eq!(cluster.request.spec.node_type_id, None);
        assert_eq!(cluster.request.body.get("driver_node_type_id"), None);
        // One pool for both: its node type is told once.
        let both = one(
            &json!({"cluster_id": "c", "instance_pool_id": "p", "node_type_id": "i3.xlarge",
            "driver_node_type_id": "i3.xlarge"}),
        );
        assert_eq!(both.pools.len(), 1);
    }

    #[test]
    fn pages_lists_and_lines_are_all_read() {
        let one = r#"{"cluster_id": "c", "num_workers": 1}"#;
        let places = |text: &str| -> Vec<(Option<String>, usize)> {
            let read = read("c", Input::of(text));
            assert_eq!(read.problems, Diagnostics::default(), "{text}");
            let place = |c: ExistingCluster| (c.request.address, c.request.line);
            read.clusters.into_iter().map(place).collect()
        };
        let at = |address: &str, line: usize| (Some(address.to_owned()), line);
        assert_eq!(places(one), [(None, 1)]);
        assert_eq!(places(&format!("[{one},\n{one}]")), [at("0", 1), at("1", 2)]);
        let page = format!("{{\"clusters\": [\n{one}], \"next_page_token\": \"t\"}}");
        let last = format!("{{\"clusters\": [{one}], \"next_page_token\": \"\"}}");
        assert_eq!(
            places(&format!("{page}\n{last}")),
            [at("line 1.clusters.0", 2), at("line 3.clusters.0", 3)]
        );
        assert_eq!(
            places(&format!("[{page}, {last}]")),
            [at("0.clusters.0", 2), at("1.clusters.0", 2)]
        );
        assert_eq!(
            places(&format!("{one}\n{one}\n")),
            [at("line 1", 1), at("line 2", 2)]
        );
        assert_eq!(places("{}"), []);
        assert_eq!(codes(&page), [("cluster::more-pages", 1, String::new())]);
    }

    #[test]
    fn what_is_no_cluster_is_named_by_its_place() {
        let none = String::new();
        assert_eq!(codes(" \n"), [("cluster::empty", 0, none.clone())]);
        assert_eq!(codes("a,b\n1,2\n"), [("cluster::not-a-cluster", 1, none.clone())]);
        assert_eq!(
            codes("{\"num_workers\": 1}"),
            [("cluster::not-a-cluster", 1, none)]
        );
        assert_eq!(
            codes("{\"clusters\": [7,\n {\"cluster_id\": \"c\",\n \"num_workers\": \"x\"}]}"),
            [
                ("cluster::not-a-cluster", 1, "clusters.0".to_owned()),
                ("request::wrong-type", 3, "clusters.1.num_workers".to_owned())
            ]
        );
        assert_eq!(codes("{\"cluster_id\": }")[0].0, "cluster::syntax");
    }
}
