//! The part of the catalogue of diagnostics that is about rows of nodes.

use crate::bench::tollgate_in;
use crate::errors::{Case, files, prepared, write};

const COMMAND: &str = "ingest node-timeline n.csv --ledger l.db --region westus2";
const HEADER: &str = "workspace_id,cluster_id,instance_id,start_time,end_time,driver,node_type\n";

/// A minute of `i-1` on a day of October 2026, in a cluster, as a node type.
fn minute(at: &str, cluster: &str, node_type: &str) -> String {
    let day = |minute: &str| format!("2026-10-{}:{minute}:00Z", at.replace(' ', "T"));
    format!("42,{cluster},i-1,{},{},true,{node_type}\n", day("00"), day("01"))
}

const TYPE: &str = "Standard_DS3_v2";

fn told(code: &'static str, rows: &[String]) -> Case {
    let end = minute("09 00", "c-9", TYPE).replace("i-1", "i-9");
    files(
        code,
        COMMAND,
        &[("n.csv", &format!("{HEADER}{}{end}", rows.concat()))],
    )
}

/// The same command once more, after another telling.
fn again(code: &'static str, first: &str, more: &'static str, then: &str) -> Case {
    let (first, then) = (format!("{HEADER}{first}"), format!("{HEADER}{then}"));
    prepared(code, COMMAND, move |folder| {
        write(folder, "n.csv", &first);
        let command = format!("{COMMAND} {more}");
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let ended = tollgate_in(folder, &arguments).output().unwrap();
        assert!(ended.status.code() == Some(0), "{ended:?}");
        write(folder, "n.csv", &then);
    })
}

pub fn nodes() -> Vec<Case> {
    let one = || minute("01 10", "c-1", TYPE);
    let with_types = |code, types: &'static str| {
        let rows = format!("{HEADER}{}", one());
        let command = "ingest node-timeline n.csv --ledger l.db --region westus2 --node-types t.csv";
        files(code, command, &[("n.csv", &rows), ("t.csv", types)])
    };
    let elsewhere = "{\"price_book\": \"own\", \"cloud\": \"AZURE\", \"currency\": \"USD\", \"sources\": {\"s\": {\"title\": \"t\"}},\n \"prices\": [{\"meter\": {\"kind\": \"vm\", \"region\": \"westus2\", \"node_type_id\": \"Standard_DS3_v2\", \"purchase_option\": \"on_demand\"}, \"unit\": \"hour\", \"unit_price\": \"20000000000000\", \"from\": null, \"to\": null, \"source\": \"s\"}]}\n";
    vec![
        files("node::empty", COMMAND, &[("n.csv", "")]),
        files(
            "node::syntax",
            COMMAND,
            &[("n.csv", &format!("{HEADER}42,c-1\n"))],
        ),
        files(
            "node::other-table",
            COMMAND,
            &[("n.csv", "record_id,sku_name\nr-1,PREMIUM_JOBS_COMPUTE\n")],
        ),
        files(
            "node::column",
            COMMAND,
            &[("n.csv", &format!("{HEADER}{}", one().replace("true", "perhaps")))],
        ),
        told("node::gap", &[one(), minute("01 12", "c-1", TYPE)]),
        told(
            "node::overlap",
            &[one(), minute("01 12", "c-1", TYPE), minute("01 11", "c-2", TYPE)],
        ),
        told("node::types", &[one(), minute("01 12", "c-1", "Standard_D4s_v3")]),
        told("node::torn", &[one(), one().replace("2026-", "2025-")]),
        told("node::cloud", &[minute("01 10", "c-1", "large")]),
        // Known to have lived for two days by the first telling, gone after a minute by the second.
        again(
            "node::billed-beyond",
            &one(),
            "--until 2026-10-03",
            &format!("{}{}", one(), minute("09 00", "c-9", TYPE).replace("i-1", "i-9")),
        ),
        files(
            "node::region",
            "ingest node-timeline n.csv --ledger l.db",
            &[("n.csv", &format!("{HEADER}{}", one()))],
        ),
        files(
            "node::rate",
            "ingest node-timeline n.csv --ledger l.db --region westus2 --until 2026-10-03 --prices own.json",
            &[("n.csv", &format!("{HEADER}{}", one())), ("own.json", elsewhere)],
        ),
        prepared(
            "node::not-whole",
            "ingest node-timeline n.csv --ledger l.db --region westus2 --correct",
            |folder| {
                let rows = [minute("01 10", "c-1", TYPE), minute("01 11", "c-1", TYPE)];
                write(folder, "n.csv", format!("{HEADER}{}", rows.concat()));
                let arguments: Vec<&str> = COMMAND.split(' ').collect();
                let ended = tollgate_in(folder, &arguments).output().unwrap();
                assert!(ended.status.code() == Some(0), "{ended:?}");
                write(folder, "n.csv", format!("{HEADER}{}", rows[1]));
            },
        ),
        again(
            "node::billed-otherwise",
            &one().replace("DS3_v2", "DS4_v2"),
            "",
            &one(),
        ),
        with_types(
            "node::unknown-type",
            "node_type,core_count,memory_mb,gpu_count\nStandard_D4s_v3,4,16384,0\n",
        ),
        with_types(
            "node::type-differs",
            "node_type,core_count,memory_mb,gpu_count\nStandard_DS3_v2,4.0,14337,0\n",
        ),
    ]
}
