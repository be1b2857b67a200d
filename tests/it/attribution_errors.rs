//! The part of the catalogue of diagnostics that is about cost centres and allocations.

use rusqlite::Connection;
use std::path::Path;

use crate::bench::{project, tollgate_in};
use crate::errors::{Case, files, prepared, write};

fn rules(code: &'static str, text: &str) -> Case {
    files(
        code,
        "cost-centre explain --cost-centres rules.yaml",
        &[("rules.yaml", text)],
    )
}

pub fn cost_centres() -> Vec<Case> {
    vec![
        rules(
            "attribution::schema",
            "cost_centres:\n  - cost_centre: 4711\n    when: { tag: { CostCenter: 4711 }, workspce: lake }\n",
        ),
        rules(
            "attribution::name",
            "cost_centres:\n  - cost_centre: \"{team}\"\n    when: { workspace: lake }\n",
        ),
        rules(
            "attribution::empty-condition",
            "cost_centres:\n  - cost_centre: data\n    when: {}\n",
        ),
        rules(
            "attribution::double",
            "cost_centres:\n  - cost_centre: data\n    when: { pool: p }\n  - cost_centre: data\n    when: { pool: p }\n",
        ),
        rules(
            "attribution::unreachable",
            "cost_centres:\n  - cost_centre: data\n    when: { pool: \"p*\" }\n  - cost_centre: ml\n    when: { pool: [p1, p2], owner: x }\n",
        ),
    ]
}

/// A month of a pool, allocated.
fn allocated(folder: &Path) {
    for name in ["scenario.yaml", "cost-centres.yaml"] {
        let text = std::fs::read(project("tests/cli/allocate.in").join(name)).unwrap();
        write(folder, name, text);
    }
    run(
        folder,
        "simulate scenario.yaml --ledger l.db --cost-centres cost-centres.yaml",
    );
    run(folder, "ledger allocate l.db --month 2026-10");
}

fn run(folder: &Path, command: &str) {
    let words: Vec<&str> = command.split(' ').collect();
    let ended = tollgate_in(folder, &words).output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{command}: {ended:?}");
}

pub fn allocations() -> Vec<Case> {
    vec![
        prepared(
            "allocation::closed",
            "ledger allocate l.db --month 2026-10",
            |folder| {
                allocated(folder);
                run(folder, "ledger close l.db --month 2026-10 --at 2026-11-03");
            },
        ),
        prepared("ledger::allocation", "ledger check l.db", |folder| {
            allocated(folder);
            Connection::open(folder.join("l.db"))
                .unwrap()
                .execute_batch(
                    "PRAGMA journal_mode = DELETE; DROP TRIGGER allocation_share_is_not_changed;
                     UPDATE allocation_share SET amount_nano = amount_nano + 1 WHERE weight = 1800",
                )
                .unwrap();
        }),
    ]
}
