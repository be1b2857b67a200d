//! The part of the catalogue of diagnostics that is about plans of Terraform.

use crate::errors::{Case, files};

const CHECK: &str = "check plan.json --cloud AWS --region eu-west-1 --workload all-purpose --at 2026-10-01";

fn plan(code: &'static str, text: &str) -> Case {
    files(code, CHECK, &[("plan.json", text)])
}

/// A plan of one cluster, what is said besides, and what is said of the cluster.
fn cluster(code: &'static str, besides: &str, change: &str) -> Case {
    let text = format!(
        "{{\"format_version\": \"1.2\", {besides}\n \"resource_changes\": [\n  {{\"address\": \"databricks_cluster.a\", \"mode\": \"managed\", \
         \"type\": \"databricks_cluster\", \"name\": \"a\",\n   \"change\": {{{change}}}}}]}}\n"
    );
    plan(code, &text)
}

const CREATED: &str = "\"actions\": [\"create\"], \"after\": {\"spark_version\": \"15.4.x-scala2.12\", \"node_type_id\": \"m5.large\", \
    \"num_workers\": 1, \"custom_tags\": {\"team\": \"a\", \"cost_center\": \"CC-1100\"}}";

pub fn plans() -> Vec<Case> {
    let job = "{\"format_version\": \"1.2\", \"resource_changes\": [\n  {\"address\": \"databricks_job.j\", \"mode\": \"managed\", \
         \"type\": \"databricks_job\", \"name\": \"j\",\n   \"change\": {\"actions\": [\"create\"], \"after\": {\"name\": \"j\"}, \
         \"after_unknown\": {\"job_cluster\": true}}}]}\n";
    vec![
        plan(
            "plan::syntax",
            "{\"format_version\": \"1.2\",\n \"planned_values\": {\"root_module\": {\n",
        ),
        plan(
            "plan::not-a-plan",
            "{\"format_version\": \"1.0\", \"provider_schemas\": {}}\n",
        ),
        plan(
            "plan::version",
            "{\"format_version\": \"2.0\", \"resource_changes\": []}\n",
        ),
        plan(
            "plan::resource-changes",
            "{\"format_version\": \"1.2\", \"resource_changes\": {\"databricks_cluster.a\": {}}}\n",
        ),
        plan(
            "plan::resource",
            "{\"format_version\": \"1.2\", \"resource_changes\": [\n  {\"address\": \"databricks_cluster.a\"}]}\n",
        ),
        cluster("plan::action", "", "\"actions\": [\"renovate\"]"),
        plan("plan::hidden", job),
        cluster("plan::errored", "\"errored\": true,", CREATED),
        cluster("plan::incomplete", "\"complete\": false,", CREATED),
        cluster("plan::configuration", "\"configuration\": 7,", CREATED),
    ]
}
