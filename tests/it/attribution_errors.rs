//! The part of the catalogue of diagnostics that is about cost centres and allocations.

use crate::errors::{Case, files};

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
