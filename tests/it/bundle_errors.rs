//! The part of the catalogue of diagnostics that is about asset bundles.

use crate::errors::{Case, files, prepared, write};

const CHECK: &str = "check databricks.yml --cloud AWS --region us-west-2 --at 2026-10-01";

fn bundle(code: &'static str, text: &'static str) -> Case {
    files(code, CHECK, &[("databricks.yml", text)])
}

/// A bundle that includes `part.yml`.
fn with_part(code: &'static str, include: &str, part: &'static str) -> Case {
    let root = format!(
        "bundle: {{name: b}}\ninclude:\n  - {include}\nresources:\n  jobs:\n    etl: {{name: etl}}\n"
    );
    files(code, CHECK, &[("databricks.yml", &root), ("part.yml", part)])
}

pub fn bundles() -> Vec<Case> {
    let mut all = files_of_bundles();
    all.extend(targets());
    all.extend(variables());
    all.push(files(
        "bundle::unmerged",
        "check validate.json --cloud AWS --region us-west-2 --at 2026-10-01",
        &[(
            "validate.json",
            "{\"bundle\": {\"name\": \"b\"}, \"resources\": {\"jobs\": {\"etl\": {\"environments\": [{\"environment_key\": \"e\"}]}}},\n \
             \"targets\": {\"dev\": {}}}\n",
        )],
    ));
    all
}

fn files_of_bundles() -> Vec<Case> {
    vec![
        bundle("bundle::not-a-bundle", "policy: etl\nrules: []\n"),
        bundle(
            "document::merge-key",
            "bundle: {name: b}\nresources:\n  jobs:\n    etl:\n      <<: base\n",
        ),
        bundle(
            "bundle::unknown-key",
            "bundle: {name: b}\nvaribles: {}\nresources:\n  schemas: {}\n",
        ),
        bundle(
            "bundle::wrong-type",
            "bundle: {name: b}\nresources:\n  jobs:\n    - name: etl\n",
        ),
        with_part("bundle::include-missing", "resources/etl.yml", ""),
        with_part("bundle::include-matches-nothing", "resources/*.yml", ""),
        with_part("bundle::include-absolute", "/etc/bundle.yml", ""),
        prepared("bundle::include-not-yaml", CHECK, |folder| {
            write(
                folder,
                "databricks.yml",
                "bundle: {name: b}\ninclude: [resources/*]\n",
            );
            write(folder, "resources/etl.py", "print()\n");
        }),
        with_part(
            "bundle::include-ignored",
            "part.yml",
            "include: [part.yml]\nresources:\n  jobs:\n    load: {name: load}\n",
        ),
        with_part(
            "bundle::resource-twice",
            "part.yml",
            "resources:\n  pipelines:\n    etl: {serverless: true}\n",
        ),
        with_part("bundle::merge", "part.yml", "resources:\n  jobs: [etl]\n"),
    ]
}

fn targets() -> Vec<Case> {
    vec![
        files(
            "bundle::unknown-target",
            "check databricks.yml --target prd --cloud AWS --region us-west-2 --at 2026-10-01",
            &[(
                "databricks.yml",
                "bundle: {name: b}\ntargets:\n  dev: {default: true}\n  prod:\n",
            )],
        ),
        bundle(
            "bundle::no-default-target",
            "bundle: {name: b}\ntargets:\n  dev:\n  staging:\n  prod:\n",
        ),
        bundle(
            "bundle::several-default-targets",
            "bundle: {name: b}\ntargets:\n  dev: {default: true}\n  prod: {default: true}\n",
        ),
        bundle(
            "bundle::unknown-mode",
            "bundle: {name: b}\ntargets:\n  dev:\n    mode: developement\n",
        ),
    ]
}

fn variables() -> Vec<Case> {
    let cluster =
        "resources:\n  clusters:\n    c:\n      node_type_id: i3.xlarge\n      num_workers: ${var.workers}\n";
    let of = |code: &'static str, variables: &str| {
        let text = format!("bundle: {{name: b}}\nvariables:\n{variables}{cluster}");
        files(code, CHECK, &[("databricks.yml", &text)])
    };
    let ten: String = (1..9)
        .map(|i| {
            let inner = vec![format!("\"${{var.v{}}}\"", i - 1); 10];
            format!("  v{i}: {{default: [{}]}}\n", inner.join(", "))
        })
        .collect();
    vec![
        of(
            "bundle::variable-without-value",
            "  workers:\n    description: how many\n",
        ),
        of("bundle::undefined-variable", "  worker: {default: 2}\n"),
        of(
            "bundle::cyclic-variable",
            "  workers: {default: \"${var.more}\"}\n  more: {default: \"${var.workers}\"}\n",
        ),
        of(
            "bundle::too-large",
            &format!("  v0: {{default: x}}\n{ten}  workers: {{default: \"${{var.v8}}\"}}\n"),
        ),
        files(
            "bundle::complex-variable",
            "check databricks.yml --var pool=small --cloud AWS --region us-west-2 --at 2026-10-01",
            &[(
                "databricks.yml",
                "bundle: {name: b}\nvariables:\n  pool: {type: complex, default: {}}\n",
            )],
        ),
    ]
}
