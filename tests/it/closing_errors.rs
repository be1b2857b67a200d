//! The part of the catalogue of diagnostics that is about closed months, corrections, and contracts applied to months.

use rusqlite::Connection;
use std::fs;
use std::path::Path;

use crate::bench::tollgate_in;
use crate::errors::{Case, prepared, write};

/// Two months with a row of usage each; one of October has no price.
fn told(folder: &Path) {
    let row = |id: &str, sku: &str, day: &str| {
        format!(
            r#"{{"record_id":"{id}","workspace_id":"42","sku_name":"{sku}","cloud":"AZURE","usage_start_time":"{day}T00:00:00Z","usage_end_time":"{day}T01:00:00Z","usage_unit":"DBU","usage_quantity":"10","record_type":"ORIGINAL"}}"#
        )
    };
    let rows = [
        row("r-1", "PREMIUM_JOBS_COMPUTE", "2026-09-30"),
        row("r-2", "PREMIUM_JOBS_COMPUTE", "2026-10-01"),
        row("r-3", "PREMIUM_UNHEARD_OF", "2026-10-01"),
    ];
    write(folder, "usage.ndjson", rows.join("\n"));
    // Usage without a price ends with 1.
    run(folder, "ingest billing-usage usage.ndjson --ledger l.db", 1);
}

fn run(folder: &Path, command: &str, code: i32) {
    let words: Vec<&str> = command.split(' ').collect();
    let ended = tollgate_in(folder, &words).output().unwrap();
    assert_eq!(ended.status.code(), Some(code), "{command}: {ended:?}");
}

fn closed(folder: &Path) {
    told(folder);
    run(folder, "ledger close l.db --month 2026-09 --at 2026-11-03", 0);
}

pub fn closings() -> Vec<Case> {
    vec![
        prepared(
            "closing::not-over",
            "ledger close l.db --month 2026-09 --at 2026-09-30",
            told,
        ),
        prepared(
            "closing::nothing",
            "ledger close l.db --month 2026-08 --at 2026-11-03",
            told,
        ),
        prepared(
            "closing::order",
            "ledger close l.db --month 2026-10 --at 2026-11-03 --with-unpriced",
            told,
        ),
        prepared(
            "closing::unpriced",
            "ledger close l.db --month 2026-10 --at 2026-11-03",
            closed,
        ),
        prepared("ledger::correction", "ledger check l.db", |folder| {
            told(folder);
            let corrected = fs::read_to_string(folder.join("usage.ndjson")).unwrap();
            write(folder, "usage.ndjson", corrected.replacen("\"10\"", "\"12\"", 1));
            run(
                folder,
                "ingest billing-usage usage.ndjson --ledger l.db --correct",
                1,
            );
            Connection::open(folder.join("l.db"))
                .unwrap()
                .execute_batch(
                    "PRAGMA journal_mode = DELETE; DROP TRIGGER correction_is_not_changed;
                     UPDATE correction SET corrected = 2 WHERE number = 3",
                )
                .unwrap();
        }),
        prepared("ledger::closing", "ledger check l.db", |folder| {
            closed(folder);
            Connection::open(folder.join("l.db"))
                .unwrap()
                .execute_batch(
                    "PRAGMA journal_mode = DELETE; DROP TRIGGER closing_cost_is_not_changed;
                     UPDATE closing_cost SET cost_nano = 4000000000",
                )
                .unwrap();
        }),
    ]
}

/// Usage, and contracts beside it: `units.json` as it should be.
fn with_contracts(folder: &Path) {
    told(folder);
    let contract = |currency: &str, commitment: &str| {
        format!("{{\"contract\": \"acme\", \"currency\": \"{currency}\", {commitment}}}\n")
    };
    let units = |name: &str, upfront: &str| {
        format!(
            "\"commitments\": [{{\"name\": \"{name}\", \"kind\": \"prepaid\", \"cloud\": \"AZURE\", \"from\": \"2026-09-01\", \
             \"to\": \"2027-09-01\", \"meters\": [\"dbu/*\"], \"units\": \"100\", \"payments\": {{\"upfront\": \"{upfront}\"}}}}]"
        )
    };
    write(folder, "units.json", contract("USD", &units("units", "90")));
    write(folder, "other.json", contract("USD", &units("other", "90")));
    write(folder, "euro.json", contract("EUR", &units("euro", "90")));
    write(
        folder,
        "dear.json",
        contract("USD", &units("dear", "99999999999")),
    );
    let terms = "\"terms\": [{\"meters\": [\"dbu/*\"], \"discount_percent\": \"1\"}]";
    write(folder, "terms.json", contract("USD", terms));
}

pub fn agreements() -> Vec<Case> {
    vec![
        prepared(
            "agreement::none",
            "ledger apply-contract l.db --month 2026-10 --contract terms.json",
            with_contracts,
        ),
        prepared(
            "agreement::currency",
            "ledger apply-contract l.db --month 2026-10 --contract euro.json",
            with_contracts,
        ),
        prepared(
            "agreement::name",
            "ledger apply-contract l.db --month 2026-10 --contract units.json --contract units.json",
            with_contracts,
        ),
        prepared(
            "agreement::number",
            "ledger apply-contract l.db --month 2026-10 --contract dear.json",
            with_contracts,
        ),
        prepared(
            "agreement::unknown",
            "ledger apply-contract l.db --month 2026-10 --contract other.json",
            |folder| {
                with_contracts(folder);
                run(
                    folder,
                    "ledger apply-contract l.db --contract units.json --month 2026-10",
                    0,
                );
            },
        ),
    ]
}
