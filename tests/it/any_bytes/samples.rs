//! Valid samples for each reader, as text, packed, and as Parquet.

use std::fs;
use std::io::Write;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType};

use super::targets::INCLUDED;
use crate::bench::project;

fn file(path: &str) -> Vec<u8> {
    fs::read(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const NODES: &str = "workspace_id,cluster_id,instance_id,start_time,end_time,driver,node_type\n\
    42,c-1,i-1,2026-10-01T00:00:00Z,2026-10-01T00:01:00Z,true,m5.xlarge\n\
    42,c-1,i-2,2026-10-01T00:00:00Z,2026-10-01T00:01:00Z,false,m5.xlarge\n\
    42,c-1,i-1,2026-10-01T00:02:00Z,2026-10-01T00:03:00Z,true,m5.xlarge\n\
    42,c-2,i-2,2026-10-01T00:05:00Z,2026-10-01T00:06:00Z,false,m5.xlarge\n";
const TYPES: &str = "node_type,core_count,memory_mb,gpu_count\nm5.xlarge,4.0,16384,0\ng5.xlarge,4,16384,1\n";
const POOLS: &str = "instance_pool_id,change_time,instance_pool_name,azure_attributes\n\
    p-1,2026-10-01T00:00:00Z,warm,\"{\"\"availability\"\":\"\"SPOT_AZURE\"\"}\"\n";
const RUNS: &str = "job_id,run_id,period_start_time,run_name\n77,5,2026-10-01T10:00:00.000+0000,nightly\n";
const CLUSTERS: &str = "cluster_id,change_time,cluster_name,owned_by,worker_node_type,worker_count,tags,azure_attributes\n\
    c-1,2026-09-01 00:00:00,etl,ana,Standard_DS3_v2,2,\"{\"\"team\"\":\"\"data\"\"}\",\"{\"\"first_on_demand\"\":\"\"1\"\",\"\"availability\"\":\"\"SPOT_AZURE\"\"}\"\n";
const POLICIES: &str = r#"{"policies": [{"policy_id": "P1", "name": "etl", "definition": "{\"num_workers\": {\"type\": \"range\", \"maxValue\": 4}}"}]}"#;
const OFFER_CSV: &str = concat!(
    "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"made up\"\n\"OfferCode\",\"AmazonEC2\"\n",
    "\"SKU\",\"TermType\",\"EffectiveDate\",\"StartingRange\",\"EndingRange\",\"Unit\",\"PricePerUnit\",\"Currency\",\"Product Family\",",
    "\"Location Type\",\"Instance Type\",\"Tenancy\",\"Operating System\",\"License Model\",\"usageType\",\"CapacityStatus\",\"Pre Installed S/W\",\"Region Code\"\n",
    "\"A\",\"OnDemand\",\"2026-09-01\",\"0\",\"Inf\",\"Hrs\",\"0.2140000000\",\"USD\",\"Compute Instance\",",
    "\"AWS Region\",\"m5.xlarge\",\"Shared\",\"Linux\",\"No License required\",\"EU-BoxUsage:m5.xlarge\",\"Used\",\"NA\",\"eu-west-1\"\n",
);
const ACCOUNT: &str = "tests/cli/price-import.in/account_prices_made_up.csv";

/// The samples of a reader.
pub fn samples(name: &str) -> Vec<Vec<u8>> {
    let all_forms = |text: &str| {
        vec![
            text.as_bytes().to_vec(),
            gzip(text.as_bytes()),
            json_of(text),
            parquet_of(text),
        ]
    };
    let text = |path: &str| String::from_utf8(file(path)).unwrap();
    match name {
        "rows" => [NODES, TYPES].iter().flat_map(|text| all_forms(text)).collect(),
        "billing_usage" => {
            let mut all = all_forms(&text("tests/cli/ingest-billing-usage.in/march.csv"));
            all.push(file("tests/cli/ingest-billing-usage.in/corrections.ndjson"));
            all
        }
        "legacy_usage" => all_forms(&text("tests/cli/ingest-legacy-usage.in/log.csv")),
        "node_timeline" => all_forms(NODES),
        "node_types" => all_forms(TYPES),
        "context" => [POOLS, RUNS].iter().flat_map(|text| all_forms(text)).collect(),
        "cluster_records" => {
            let mut all = all_forms(CLUSTERS);
            all.push(file("tests/fixtures/cluster-events/clusters.json"));
            all
        }
        "cluster_events" => ["plain.json", "spot.json", "edit.json", "faulty.ndjson"]
            .iter()
            .map(|name| file(&format!("tests/fixtures/cluster-events/{name}")))
            .collect(),
        "azure_cost" => vec![
            file("tests/cli/reconcile.in/azure-02.csv"),
            file("tests/cli/reconcile.in/azure-03.csv"),
        ],
        "requests" => vec![
            JOB.as_bytes().to_vec(),
            PIPELINE.as_bytes().to_vec(),
            file("examples/requests/etl-nightly.json"),
            file("examples/requests/etl-nightly-fixed.json"),
        ],
        "workspace_policies" => vec![POLICIES.as_bytes().to_vec()],
        "azure_retail" => vec![
            file("tests/cli/price-import.in/pages/page-1.json"),
            file("tests/cli/price-import.in/pages/page-2.json"),
        ],
        "aws_price_list" => {
            let offer = file("tests/cli/price-import.in/aws/index.json");
            let spot = text("tests/cli/price-import.in/aws/spot.json").replace("eu-west-1b", "us-west-2b");
            vec![
                gzip(&offer),
                offer,
                spot.into_bytes(),
                OFFER_CSV.as_bytes().to_vec(),
            ]
        }
        "gcp_skus" => vec![file("tests/cli/price-import.in/gcp/page.json")],
        "list_prices" => {
            let one_cloud = text(ACCOUNT).replace(",AWS,", ",AZURE,").replace(
                "2026-10-01T00:00:00Z,,",
                "2025-10-01T00:00:00Z,2026-10-01T00:00:00Z,",
            );
            all_forms(&one_cloud)
        }
        "account_prices" => all_forms(&text(ACCOUNT)),
        "own_prices" => vec![
            file("tests/cli/price-import.out/aws.json"),
            file("tests/cli/price-import.out/contract.json"),
            file("pricing/gcp/node_rates.json"),
        ],
        "documents" => vec![
            file("policies/etl-jobs/policy.yaml"),
            file("policies/etl-jobs/cases.yaml"),
            file("tests/cli/admission.in/tollgate.yaml"),
            file("tests/cli/admission.in/waivers.yaml"),
            file("tests/cli/reconcile.in/scenario.yaml"),
        ],
        "terraform_plan" => vec![file("tests/fixtures/terraform/estate.json")],
        "bundle" => {
            let part = |name: &str| text(&format!("tests/fixtures/bundle/lakehouse/{name}"));
            let with = |part: String| {
                format!(
                    "{}{INCLUDED}{part}",
                    text("tests/fixtures/bundle/lakehouse/databricks.yml")
                )
            };
            vec![
                with(part("resources/nightly.yml")).into_bytes(),
                with(part("shared/compute.yaml")).into_bytes(),
            ]
        }
        "bundle_validated" => ["dev", "prod"]
            .iter()
            .map(|target| file(&format!("tests/fixtures/bundle/lakehouse/validate.{target}.json")))
            .collect(),
        other => panic!("no samples for {other}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn table(text: &str) -> (Vec<String>, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    (header, reader.records().map(Result::unwrap).collect())
}

/// The rows of a CSV, one JSON object a line.
fn json_of(text: &str) -> Vec<u8> {
    let (header, rows) = table(text);
    let mut lines = String::new();
    for row in &rows {
        let cells = header
            .iter()
            .cloned()
            .zip(row.iter().map(serde_json::Value::from));
        let object: serde_json::Map<String, serde_json::Value> = cells.collect();
        lines.push_str(&format!("{}\n", serde_json::Value::Object(object)));
    }
    lines.into_bytes()
}

/// The rows of a CSV as Parquet, every column a text.
pub fn parquet_of(text: &str) -> Vec<u8> {
    let (header, rows) = table(text);
    let columns: String = header
        .iter()
        .map(|name| format!("OPTIONAL BYTE_ARRAY {} (UTF8);\n", name.replace('.', "_")))
        .collect();
    let schema =
        parquet::schema::parser::parse_message_type(&format!("message rows {{ {columns} }}")).unwrap();
    let mut file =
        parquet::file::writer::SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default())
            .unwrap();
    let mut group = file.next_row_group().unwrap();
    for n in 0..header.len() {
        let cells: Vec<&str> = rows.iter().map(|row| &row[n]).collect();
        let levels: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_empty())).collect();
        let values: Vec<ByteArray> = cells
            .iter()
            .filter(|cell| !cell.is_empty())
            .map(|cell| ByteArray::from(*cell))
            .collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, Some(&levels), None)
            .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    file.into_inner().unwrap()
}

const JOB: &str = r#"{"name": "etl", "tags": {"team": "a"},
  "schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"},
  "job_clusters": [{"job_cluster_key": "main", "new_cluster": {"spark_version": "15.4.x-scala2.12",
    "node_type_id": "i3.xlarge", "autoscale": {"min_workers": 1, "max_workers": 4}}}],
  "tasks": [{"task_key": "a", "job_cluster_key": "main"}, {"task_key": "b", "new_cluster": {"num_workers": 2}},
    {"task_key": "c", "for_each_task": {"inputs": "[]", "task": {"task_key": "d", "new_cluster": {"num_workers": 1}}}}],
  "environments": [{"environment_key": "default", "spec": {"client": "1"}}]}"#;

const PIPELINE: &str = r#"[{"name": "p", "edition": "PRO", "catalog": "main",
  "clusters": [{"label": "default", "autoscale": {"min_workers": 1, "max_workers": 5, "mode": "ENHANCED"}}]},
 {"instance_pool_name": "small", "node_type_id": "Standard_DS3_v2", "min_idle_instances": 1},
 {"clusters": [{"num_workers": 1}], "next_page_token": ""}]"#;
