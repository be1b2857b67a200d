//! The part of the catalogue of diagnostics that is about tables: files that cannot be read, rows that cannot be billed.

use crate::errors::{Case, files, prepared, usage_row, write};

pub fn tables() -> Vec<Case> {
    vec![
        prepared(
            "file::damaged",
            "ingest billing-usage part.parquet --ledger l.db",
            |folder| {
                write(folder, "part.parquet", b"PAR1 and then it breaks off");
            },
        ),
        prepared(
            "file::no-parts",
            "ingest billing-usage export --ledger l.db",
            |folder| {
                write(folder, "export/_SUCCESS", "");
                write(folder, "export/_delta_log/0.json", "{}");
            },
        ),
        files(
            "usage::no-original",
            "ingest billing-usage u.json --ledger l.db",
            &[(
                "u.json",
                &usage_row("AZURE", "DBU", "-1").replace("ORIGINAL", "RETRACTION"),
            )],
        ),
        files(
            "usage::more",
            "ingest billing-usage u.json --ledger l.db",
            &[("u.json", &usage_row("AZURE", "GB", "1").repeat(103))],
        ),
        files(
            "usage::sku",
            "ingest legacy-usage log.csv --ledger l.db --cloud AWS",
            &[(
                "log.csv",
                "workspaceId,timestamp,clusterId,sku,dbus\n1,2019-02-22T09:59:59.999Z,c-1,STANDARD_AUTOMATED_NON_OPSEC,8\n",
            )],
        ),
        context("context::empty", ""),
        context("context::syntax", "instance_pool_id,change_time\np-1\n"),
        context("context::other-table", "cluster_id,change_time\nc-1,2026-05-01\n"),
        context("context::column", "instance_pool_id,change_time\np-1,yesterday\n"),
    ]
}

fn context(code: &'static str, pools: &str) -> Case {
    let usage = usage_row("AZURE", "DBU", "1");
    files(
        code,
        "ingest billing-usage u.json --ledger l.db --pools p.csv",
        &[("u.json", &usage), ("p.csv", pools)],
    )
}
