//! The linter's part of the catalogue of diagnostics: for every code a file that has it.

use std::fs;

use crate::errors::{Case, files, prepared, write};

/// Warnings count, so that the result is shown; the day is one on which some runtimes have ended.
const LINT: &str = "policy lint p.json --strict --at 2026-11-21";

fn definition(code: &'static str, text: &str) -> Case {
    files(code, LINT, &[("p.json", &format!("{{\n  {text}\n}}\n"))])
}

fn object(code: &'static str, text: &str) -> Case {
    files(code, LINT, &[("p.json", &format!("{text}\n"))])
}

fn document(code: &'static str, text: &str) -> Case {
    let command = "policy lint p/policy.yaml --strict --at 2026-11-21";
    files(
        code,
        command,
        &[("p/policy.yaml", text), ("p/cases.yaml", "cases: []\n")],
    )
}

pub fn lints() -> Vec<Case> {
    let mut all = shapes();
    all.extend(values());
    all.extend(together());
    all.extend(workloads_and_world());
    all.extend(objects_and_documents());
    all
}

fn shapes() -> Vec<Case> {
    vec![
        object("lint::not-a-definition", "[{\"foo\": \"bar\"}]"),
        object(
            "lint::definition-syntax",
            "{\"name\": \"p\", \"definition\": \"{\\\"a\\\": 1,}\"}",
        ),
        definition("lint::not-an-element", "\"spark_version\": \"15.4.x-scala2.12\""),
        definition("lint::missing-type", "\"autoscale\": {\"min_workers\": 1}"),
        definition(
            "lint::unknown-type",
            "\"node_type_id\": {\"type\": \"enum\", \"values\": [\"i3.xlarge\"]}",
        ),
        definition(
            "lint::missing-member",
            "\"spark_version\": {\"type\": \"regex\", \"value\": \"15.*\"}",
        ),
        definition(
            "lint::wrong-member-type",
            "\"num_workers\": {\"type\": \"range\", \"maxValue\": \"many\"}",
        ),
        definition(
            "lint::pattern-syntax",
            "\"cluster_name\": {\"type\": \"regex\", \"pattern\": \"(team|\"}",
        ),
        definition(
            "lint::pattern-beyond",
            "\"cluster_name\": {\"type\": \"regex\", \"pattern\": \"(?!prod).*\"}",
        ),
        definition(
            "lint::duplicate-key",
            "\"num_workers\": {\"type\": \"fixed\", \"value\": 1},\n  \"num_workers\": {\"type\": \"fixed\", \"value\": 2}",
        ),
        definition(
            "lint::empty-values",
            "\"node_type_id\": {\"type\": \"allowlist\", \"values\": []}",
        ),
        definition(
            "lint::unknown-member",
            "\"custom_tags.team\": {\"type\": \"unlimited\", \"default_value\": \"sales\"}",
        ),
        definition(
            "lint::idle-member",
            "\"custom_tags.team\": {\"type\": \"unlimited\", \"value\": \"sales\"}",
        ),
        definition(
            "lint::flag-as-text",
            "\"instance_pool_id\": {\"type\": \"forbidden\", \"hidden\": \"true\"}",
        ),
        definition(
            "lint::legacy-type",
            "\"node_type_id\": {\"type\": \"whitelist\", \"values\": [\"i3.xlarge\"]}",
        ),
        definition(
            "lint::unknown-attribute",
            "\"num_worker\": {\"type\": \"fixed\", \"value\": 1}",
        ),
        definition(
            "lint::legacy-attribute",
            "\".dbus_per_hour\": {\"type\": \"range\", \"maxValue\": 5}",
        ),
        definition("lint::star-key", "\"custom_tags.*\": {\"type\": \"unlimited\"}"),
        definition(
            "lint::mixed-clouds",
            "\"node_type_id\": {\"type\": \"fixed\", \"value\": \"i3.xlarge\"},\n  \"azure_attributes.availability\": {\"type\": \"fixed\", \"value\": \"SPOT_AZURE\"}",
        ),
        definition(
            "lint::list-gap",
            "\"init_scripts.1.workspace.destination\": {\"type\": \"fixed\", \"value\": \"/Shared/a.sh\"}",
        ),
    ]
}

fn values() -> Vec<Case> {
    let regex = |path: &str, pattern: &str| {
        format!("\"{path}\": {{\"type\": \"regex\", \"pattern\": \"{pattern}\"}}")
    };
    vec![
        definition(
            "lint::value-as-text",
            "\"num_workers\": {\"type\": \"range\", \"maxValue\": \"10\"}",
        ),
        definition(
            "lint::impossible-value",
            "\"enable_elastic_disk\": {\"type\": \"fixed\", \"value\": \"yes\"}",
        ),
        definition(
            "lint::default-breaks-rule",
            "\"node_type_id\": {\"type\": \"allowlist\", \"values\": [\"i3.xlarge\"], \"defaultValue\": \"i3.2xlarge\"}",
        ),
        definition(
            "lint::range-order",
            "\"num_workers\": {\"type\": \"range\", \"minValue\": 8, \"maxValue\": 4}",
        ),
        definition("lint::range-open", "\"num_workers\": {\"type\": \"range\"}"),
        definition(
            "lint::range-on-text",
            "\"cluster_name\": {\"type\": \"range\", \"minValue\": 1}",
        ),
        definition(
            "lint::unknown-value",
            "\"runtime_engine\": {\"type\": \"fixed\", \"value\": \"Photon\"}",
        ),
        definition(
            "lint::beyond-api",
            "\"autotermination_minutes\": {\"type\": \"fixed\", \"value\": 5}",
        ),
        definition("lint::redundant-anchor", &regex("cluster_name", "^team-.*$")),
        definition("lint::anchored-branch", &regex("cluster_name", "^team|prod$")),
        definition(
            "lint::separator-in-class",
            &regex("node_type_id", "Standard_DS3_v[2,3]"),
        ),
        definition("lint::unescaped-dot", &regex("spark_version", "15.4.x-scala.*")),
        definition(
            "lint::scala-pinned",
            &regex("spark_version", "1[5-9]\\\\..*-scala2\\\\.12"),
        ),
        definition("lint::matches-nothing", &regex("spark_version", "15\\\\.4")),
    ]
}

fn together() -> Vec<Case> {
    let two = |one: &str, other: &str| format!("{one},\n  {other}");
    let pool = "\"instance_pool_id\": {\"type\": \"fixed\", \"value\": \"1030-pool\"}";
    vec![
        definition(
            "lint::pool-and-node-type",
            &two(
                pool,
                "\"node_type_id\": {\"type\": \"fixed\", \"value\": \"i3.xlarge\"}",
            ),
        ),
        definition(
            "lint::pool-or-node-type",
            &two(
                pool,
                "\"node_type_id\": {\"type\": \"allowlist\", \"values\": [\"i3.xlarge\"]}",
            ),
        ),
        definition(
            "lint::size-twice",
            &two(
                "\"num_workers\": {\"type\": \"range\", \"maxValue\": 8}",
                "\"autoscale.max_workers\": {\"type\": \"range\", \"maxValue\": 8}",
            ),
        ),
        definition(
            "lint::no-size",
            &two(
                "\"num_workers\": {\"type\": \"forbidden\"}",
                "\"autoscale.max_workers\": {\"type\": \"forbidden\"}",
            ),
        ),
        definition(
            "lint::defaults-collide",
            &two(
                "\"instance_pool_id\": {\"type\": \"unlimited\", \"isOptional\": true, \"defaultValue\": \"1030-pool\"}",
                "\"node_type_id\": {\"type\": \"unlimited\", \"defaultValue\": \"i3.xlarge\"}",
            ),
        ),
        definition(
            "lint::autoscale-order",
            &two(
                "\"autoscale.min_workers\": {\"type\": \"fixed\", \"value\": 8}",
                "\"autoscale.max_workers\": {\"type\": \"range\", \"maxValue\": 4}",
            ),
        ),
        definition(
            "lint::entry-of-two-kinds",
            &two(
                "\"init_scripts.0.workspace.destination\": {\"type\": \"fixed\", \"value\": \"/Shared/a.sh\"}",
                "\"init_scripts.0.volumes.destination\": {\"type\": \"fixed\", \"value\": \"/Volumes/a/b/c.sh\"}",
            ),
        ),
        definition(
            "lint::log-path-without-type",
            "\"cluster_log_conf.path\": {\"type\": \"fixed\", \"value\": \"dbfs:/logs\"}",
        ),
        definition(
            "lint::dbus-unreachable",
            &two(
                "\"node_type_id\": {\"type\": \"fixed\", \"value\": \"Standard_DS5_v2\"},\n  \"num_workers\": {\"type\": \"range\", \"minValue\": 4}",
                "\"dbus_per_hour\": {\"type\": \"range\", \"maxValue\": 10}",
            ),
        ),
    ]
}

fn workloads_and_world() -> Vec<Case> {
    let of = |kind: &str, element: &str| {
        format!("\"cluster_type\": {{\"type\": \"fixed\", \"value\": \"{kind}\"}},\n  {element}")
    };
    let runtime = |key: &str| format!("\"spark_version\": {{\"type\": \"fixed\", \"value\": \"{key}\"}}");
    vec![
        definition(
            "lint::cluster-type",
            "\"cluster_type\": {\"type\": \"allowlist\", \"values\": [\"all-purpose-compute\"]}",
        ),
        definition(
            "lint::virtual-forbidden",
            "\"dbus_per_hour\": {\"type\": \"forbidden\"}",
        ),
        definition(
            "lint::dbus-not-a-range",
            "\"dbus_per_hour\": {\"type\": \"fixed\", \"value\": 50}",
        ),
        definition(
            "lint::never-terminates",
            "\"autotermination_minutes\": {\"type\": \"range\", \"maxValue\": 120}",
        ),
        definition(
            "lint::autotermination-on-jobs",
            &of(
                "job",
                "\"autotermination_minutes\": {\"type\": \"fixed\", \"value\": 10}",
            ),
        ),
        definition(
            "lint::breaks-pipelines",
            &of(
                "dlt",
                "\"enable_elastic_disk\": {\"type\": \"fixed\", \"value\": true}",
            ),
        ),
        definition(
            "lint::required-by-accident",
            "\"driver_node_type_id\": {\"type\": \"allowlist\", \"values\": [\"i3.xlarge\"]}",
        ),
        definition(
            "lint::unknown-node-type",
            "\"node_type_id\": {\"type\": \"fixed\", \"value\": \"Standard_DS3v2\"}",
        ),
        definition("lint::runtime-ended", &runtime("11.3.x-scala2.12")),
        definition("lint::runtime-ending", &runtime("14.3.x-scala2.12")),
        definition("lint::unknown-runtime", &runtime("15.4")),
        definition("lint::unknown-alias", &runtime("auto:latest-tls")),
        definition(
            "lint::secret",
            "\"spark_conf.fs.azure.account.key.acct.dfs.core.windows.net\": {\"type\": \"fixed\", \"value\": \"c2VjcmV0IGtleQ\"}",
        ),
        definition(
            "lint::template",
            "\"custom_tags.team\": {\"type\": \"fixed\", \"value\": \"${var.team}\"}",
        ),
    ]
}

fn objects_and_documents() -> Vec<Case> {
    let rule = |settings: &str| {
        format!(
            "policy: p\ndescription: d\nrules:\n  - rule: shape\n    plugin: cluster-policy\n    settings: {{ {settings} }}\n"
        )
    };
    let size = "rules:\n  - { rule: size, plugin: cluster-size, settings: { workers: { max: 5 } } }\n";
    vec![
        object("lint::definition-object", "{\"name\": \"p\", \"definition\": {}}"),
        object("lint::no-definition", "{\"name\": \"p\", \"policy_id\": \"ABC\"}"),
        object(
            "lint::two-definitions",
            "{\"name\": \"p\", \"policy_family_id\": \"personal-vm\", \"definition\": \"{}\"}",
        ),
        document(
            "lint::overrides-without-family",
            &rule("definition: {}, policy_family_definition_overrides: {}"),
        ),
        object(
            "lint::unknown-family",
            "{\"name\": \"p\", \"policy_family_id\": \"job-clusters\"}",
        ),
        object("lint::policy-name", "{\"name\": \"\", \"definition\": \"{}\"}"),
        object(
            "lint::max-clusters",
            "{\"name\": \"p\", \"definition\": \"{}\", \"max_clusters_per_user\": 0}",
        ),
        document("lint::definition-file", &rule("definition_file: definition.json")),
        document("lint::no-description", &format!("policy: p\n{size}")),
        files(
            "lint::no-cases",
            "policy lint p --strict",
            &[("p/policy.yaml", &format!("policy: p\ndescription: d\n{size}"))],
        ),
        document(
            "lint::guardrail-monitors",
            &format!("policy: p\ndescription: d\nguardrail: true\n{size}").replace(
                "plugin: cluster-size",
                "plugin: cluster-size, enforcement: monitor",
            ),
        ),
        prepared("policy::nothing-to-lint", "policy lint empty", |folder| {
            fs::create_dir(folder.join("empty")).unwrap();
            write(folder, "empty/request.json", "{\"num_workers\": 2}\n");
        }),
        files("policy::not-fixable", "policy lint - --fix", &[]),
        files(
            "policy::unknown-lint",
            "policy lint --explain never-terminate",
            &[],
        ),
    ]
}
