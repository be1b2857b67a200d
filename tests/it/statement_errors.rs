//! The part of the catalogue of diagnostics that is about vendors' statements.

use std::path::Path;

use crate::errors::{Case, billed, files, prepared, write};
use crate::statement::{HEADER, vm};

const INGEST: &str = "ingest azure-cost e.csv --ledger l.db";

fn export(code: &'static str, rows: &[String]) -> Case {
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    files(code, INGEST, &[("e.csv", &text)])
}

/// The ledger of two nights, 0.600166666 USD of it Azure's; and a command in its folder.
fn two_nights(folder: &Path, command: &[&str]) {
    write(folder, "l.db", billed());
    if !command.is_empty() {
        let done = crate::bench::tollgate_in(folder, command).output().unwrap();
        assert!(done.status.success());
    }
}

const ASSERT: [&str; 11] = [
    "ledger",
    "assert",
    "l.db",
    "--vendor",
    "azure",
    "--month",
    "2026-10",
    "--amount",
    "0.61",
    "--currency",
    "USD",
];

fn assertions() -> Vec<Case> {
    vec![
        prepared("ledger::assertion", "ledger check l.db", |folder| {
            two_nights(folder, &ASSERT)
        }),
        prepared(
            "assertion::currency",
            "ledger assert l.db --vendor azure --month 2026-10 --amount 0.61 --currency EUR",
            |folder| two_nights(folder, &[]),
        ),
        prepared(
            "assertion::amount",
            "ledger assert l.db --vendor azure --month 2026-10 --amount 10000000000 --currency USD",
            |folder| two_nights(folder, &[]),
        ),
    ]
}

pub fn statements() -> Vec<Case> {
    let mut all = assertions();
    all.extend(exports());
    all.extend(reconciliations());
    all
}

fn reconciliations() -> Vec<Case> {
    vec![
        prepared(
            "reconcile::nothing",
            "reconcile 2026-10 --ledger l.db",
            |folder| two_nights(folder, &[]),
        ),
        prepared(
            "reconcile::currency",
            "reconcile 2026-10 --ledger l.db",
            |folder| {
                let euros = vm("i-1", "01", "10", "2.29").replace("USD", "EUR");
                write(folder, "e.csv", format!("{HEADER}\n{euros}\n"));
                two_nights(folder, &["ingest", "azure-cost", "e.csv", "--ledger", "l.db"]);
            },
        ),
    ]
}

fn exports() -> Vec<Case> {
    vec![
        files(
            "statement::not-an-export",
            INGEST,
            &[("e.csv", "Date,Service,Cost\n10/01/2026,VM,1\n")],
        ),
        files("statement::empty", INGEST, &[("e.csv", &format!("{HEADER}\n"))]),
        export(
            "statement::syntax",
            &[vm("i-1", "1", "10", "2.29"), "10/01/2026,Virtual".to_owned()],
        ),
        export("statement::column", &[vm("i-1", "32", "10", "2.29")]),
        export(
            "statement::number",
            &[vm("i-1", "1", "10", "2,29").replace("2,29", "\"2,29\"")],
        ),
        prepared("statement::too-large", INGEST, |folder| {
            let rows = vec![vm("i-1", "1", "10", "9999999999"); 17_100];
            write(folder, "e.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
        }),
        prepared(
            "statement::not-taken",
            "ingest azure-cost e.csv --ledger l.db --exported-at 2026-10-02",
            |folder| {
                write(
                    folder,
                    "e.csv",
                    format!("{HEADER}\n{}\n", vm("i-1", "1", "9", "2.061")),
                );
                write(
                    folder,
                    "later.csv",
                    format!("{HEADER}\n{}\n", vm("i-1", "1", "10", "2.29")),
                );
                let told = [
                    "ingest",
                    "azure-cost",
                    "later.csv",
                    "--ledger",
                    "l.db",
                    "--exported-at",
                    "2026-10-03",
                ];
                let done = crate::bench::tollgate_in(folder, &told).output().unwrap();
                assert!(done.status.success());
            },
        ),
    ]
}
