//! Bundles in memory.

use std::collections::BTreeMap;

use super::*;
use crate::intake::requests::request::Request;
use crate::model::glob;
use crate::model::resource::{Action, Kind};
use serde_json::json;

/// Files in one folder; one without text is no text.
struct InMemory(BTreeMap<&'static str, Option<String>>);

impl Files for InMemory {
    fn matching(&self, _: &str, pattern: &str) -> Result<Vec<String>, Diagnostics> {
        let names = self.0.keys().filter(|name| glob::matches_name(pattern, name));
        Ok(names.map(|name| (*name).to_owned()).collect())
    }

    fn text(&self, path: &str) -> Result<String, Diagnostics> {
        let text = self.0.get(path).cloned().flatten();
        text.ok_or_else(|| Diagnostic::error("file::not-text", path, "other bytes").into())
    }
}

fn read_with(options: &BundleOptions, root: &str, parts: &[(&'static str, Option<&str>)]) -> Reading {
    let mut all: BTreeMap<_, _> = parts
        .iter()
        .map(|(name, text)| (*name, text.map(str::to_owned)))
        .collect();
    all.insert("databricks.yml", Some(root.to_owned()));
    let mut reading = read("databricks.yml", root, &InMemory(all), options);
    reading.link();
    reading
}

fn read_one(root: &str) -> Reading {
    read_with(&BundleOptions::default(), root, &[])
}

/// Code, file, line and path of everything that was told.
fn told(reading: &Reading) -> Vec<String> {
    let all = reading.problems.0.iter();
    all.map(|p| format!("{} {}:{} {}", p.code, p.source, p.line, p.path))
        .collect()
}

fn found<'r>(reading: &'r Reading, address: &str) -> &'r Request {
    let is_it = |request: &&Request| request.address.as_deref() == Some(address);
    reading
        .requests
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("{address}: {reading:?}"))
}

#[test]
fn the_file_of_the_target_is_read_and_what_is_wrong_in_it_is_told_there() {
    let root = "bundle: {name: b}\nvariables:\n  n: {default: 1}\ntargets: {dev: {default: true}, prod: {}}\nresources:\n  clusters:\n    \
                c: {spark_version: 15.4.x-scala2.12, node_type_id: a, num_workers: \"${var.n}\"}\n";
    let dev = ".databricks/bundle/dev/variable-overrides.json";
    let with = |target: &str, text: &str| {
        let options = BundleOptions {
            target: Some(target.to_owned()),
            ..BundleOptions::default()
        };
        read_with(&options, root, &[(dev, Some(text))])
    };
    let workers = |reading: &Reading| found(reading, "resources.clusters.c").body["num_workers"].clone();
    assert_eq!(workers(&with("dev", "{\"n\": 4}")), json!(4));
    assert_eq!(workers(&with("prod", "{\"n\": 4}")), json!(1));
    // A value is wrong where it is put in.
    assert_eq!(
        told(&with("dev", "{\n\"n\": \"many\"}")),
        ["request::wrong-type databricks.yml:7 resources.clusters.c.num_workers"]
    );
    for (text, expected) in [("[]", "bundle::wrong-type"), ("{", "document::syntax")] {
        let told = told(&with("dev", text));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("{expected} {dev}:1 ")), "{told:?}");
    }
}

#[test]
fn what_is_wrong_is_told_where_it_was_written() {
    let root = "bundle: {name: b}\ninclude: ['*.yml']\nvariables:\n  n: {default: many}\ntargets:\n  dev:\n    resources:\n      jobs:\n        \
                etl:\n          job_clusters:\n            - job_cluster_key: main\n              new_cluster:\n                \
                autotermination_minutes: soon\n";
    let part = "resources:\n  jobs:\n    etl:\n      job_clusters:\n        - job_cluster_key: main\n          new_cluster:\n            \
                node_type_id: [a]\n            num_workers: ${var.n}\n            spark_conf: {}\n    good:\n      tasks:\n        - task_key: a\n          \
                new_cluster: {node_type_id: i3.xlarge, num_workers: 1}\n";
    let reading = read_with(&BundleOptions::default(), root, &[("etl.yml", Some(part))]);
    let at = "resources.jobs.etl.job_clusters.main";
    let mut told = told(&reading);
    told.sort();
    assert_eq!(
        told,
        [
            format!("request::wrong-type databricks.yml:13 {at}.autotermination_minutes"),
            format!("request::wrong-type etl.yml:7 {at}.node_type_id"),
            format!("request::wrong-type etl.yml:8 {at}.num_workers"),
        ]
    );
    // One bad resource does not hide others.
    let good = found(&reading, "resources.jobs.good.tasks.a");
    assert_eq!(
        (good.source.as_str(), good.line, good.around.kind),
        ("etl.yml", 13, Kind::TaskCluster)
    );
    assert_eq!(good.around.target.as_deref(), Some("dev"));
}

#[test]
fn attributes_have_the_place_at_which_their_value_was_written() {
    let root = "bundle: {name: b}
include: [part.yml]
variables:
  tags:
    type: complex
    default:
      team: data
targets:
  dev:
    resources:
      jobs:
        etl:
          tasks:
            - task_key: a
              new_cluster:
                num_workers: 9
";
    let part = "resources:
  jobs:
    etl:
      tasks:
        - task_key: a
          new_cluster:
            node_type_id: i3.xlarge
            num_workers: 1
            custom_tags: ${var.tags}
            spark_conf:
              spark.x: 1
";
    let reading = read_with(&BundleOptions::default(), root, &[("part.yml", Some(part))]);
    let request = found(&reading, "resources.jobs.etl.tasks.a");
    assert_eq!((request.source.as_str(), request.line), ("part.yml", 7));
    for (path, place) in [
        ("node_type_id", ("part.yml", 7)),
        ("num_workers", ("databricks.yml", 16)),
        ("custom_tags", ("part.yml", 9)),
        ("custom_tags.team", ("databricks.yml", 7)),
        ("custom_tags.missing", ("part.yml", 9)),
        ("spark_conf.spark.x", ("part.yml", 11)),
        ("autoscale.max_workers", ("part.yml", 7)),
    ] {
        assert_eq!(request.place_of(path), place, "{path}");
    }
}

#[test]
fn files_that_are_wrong_do_not_hide_the_others() {
    let root = "bundle: {name: b}\ninclude: ['*.yml', missing.yml, 'x*', 7]\nresources:\n  clusters:\n    \
                c: {node_type_id: i3.xlarge, num_workers: 1}\n    n:\n  jobs: []\n  cluster: {}\n";
    let parts = [
        ("tabs.yml", Some("resources:\n\tjobs: {}\n")),
        ("bytes.yml", None),
        (
            "twice.yml",
            Some("resources:\n  clusters:\n    d: {num_workers: 1, num_workers: 2}\n"),
        ),
        (
            "again.yml",
            Some("resources:\n  clusters:\n    c: {num_workers: 3}\n    e: {node_type_id: i3.xlarge}\n"),
        ),
        ("scalar.yml", Some("just text\n")),
    ];
    let reading = read_with(&BundleOptions::default(), root, &parts);
    let addresses: Vec<_> = reading
        .requests
        .iter()
        .filter_map(|r| r.address.as_deref())
        .collect();
    assert_eq!(addresses, ["resources.clusters.c", "resources.clusters.e"]);
    assert_eq!(reading.requests[0].body["num_workers"], 1);
    assert_eq!(
        told(&reading),
        [
            "bundle::include-missing databricks.yml:2 include.1",
            "bundle::include-matches-nothing databricks.yml:2 include.2",
            "bundle::wrong-type databricks.yml:2 include.3",
            "bundle::resource-twice again.yml:3 resources.clusters.c",
            "file::not-text bytes.yml:0 ",
            "bundle::wrong-type scalar.yml:1 ",
            "document::syntax tabs.yml:2 ",
            "document::syntax twice.yml:3 ",
            "bundle::unknown-key databricks.yml:8 resources.cluster",
            "bundle::wrong-type databricks.yml:6 resources.clusters.n",
            "bundle::wrong-type databricks.yml:7 resources.jobs",
        ]
    );
}

#[test]
fn the_target_is_the_one_that_was_named_or_says_so_or_is_alone() {
    let targets = |text: &str, wanted: Option<&str>| {
        let root = format!("bundle: {{name: b}}\nresources: {{clusters: {{c: {{num_workers: 1}}}}}}\n{text}");
        let options = BundleOptions {
            target: wanted.map(str::to_owned),
            ..BundleOptions::default()
        };
        let reading = read_with(&options, &root, &[]);
        let target = reading.requests.first().and_then(|r| r.around.target.clone());
        (target, reading.problems.0.first().map(|p| p.code))
    };
    let is = |name: &str| (Some(name.to_owned()), None);
    let two = "targets: {dev: {default: yes}, prod: }\n";
    assert_eq!(targets("", None), is("default"));
    assert_eq!(targets("", Some("default")), is("default"));
    assert_eq!(targets("", Some("dev")), (None, Some("bundle::unknown-target")));
    assert_eq!(targets("targets: {prod: }\n", None), is("prod"));
    assert_eq!(targets("environments: {old: {}}\n", None), is("old"));
    assert_eq!(targets(two, None), is("dev"));
    assert_eq!(targets(two, Some("prod")), is("prod"));
    assert_eq!(
        targets("targets: {a: , b: }\n", None),
        (None, Some("bundle::no-default-target"))
    );
    let both = "targets: {a: {default: true}, b: {default: true}}\n";
    assert_eq!(
        targets(both, None),
        (None, Some("bundle::several-default-targets"))
    );
    assert_eq!(
        targets("targets: [a]\n", None),
        (None, Some("bundle::wrong-type"))
    );
}

#[test]
fn who_deploys_may_be_unknown() {
    let reading = read_one(
        "bundle: {name: b}\nresources:\n  clusters:\n    c: {cluster_name: c, num_workers: 1}\n  instance_pools:\n    \
         p: {instance_pool_name: p, node_type_id: i3.xlarge}\ntargets: {dev: {mode: development}}\n",
    );
    let cluster = found(&reading, "resources.clusters.c");
    assert_eq!(
        cluster.name.as_deref(),
        Some("[dev ${workspace.current_user.short_name}] c")
    );
    assert_eq!(cluster.around.unknown.paths, ["cluster_name", "custom_tags.dev"]);
    assert_eq!(
        cluster.around.injected,
        ["autotermination_minutes", "custom_tags.dev"]
    );
    let pool = &reading.resources[0];
    assert_eq!(
        pool.name.as_deref(),
        Some("[dev ${workspace.current_user.short_name}] p")
    );
    assert_eq!(told(&reading), [""; 0]);
}

#[test]
fn a_cluster_may_stand_in_for_the_compute_of_jobs() {
    let reading = read_one(
        "bundle: {name: b}\nresources:\n  jobs:\n    j:\n      tasks:\n        - {task_key: a, new_cluster: {num_workers: 1}}\n        \
         - {task_key: b, for_each_task: {task: {task_key: c, new_cluster: {num_workers: 1}}}}\n        - {task_key: d, sql_task: {}}\n\
         targets: {dev: {mode: development, cluster_id: 0101-a}}\n",
    );
    assert_eq!(reading.requests.len(), 0, "{reading:?}");
}

#[test]
fn references_to_pools_and_policies_of_the_bundle_are_linked_and_lookups_are_unknown() {
    let reading = read_one(
        "bundle: {name: b}\nvariables:\n  pool: {default: '${resources.instance_pools.p.id}'}\n  policy: {lookup: {cluster_policy: x}}\n\
         resources:\n  instance_pools:\n    p: {instance_pool_name: p, node_type_id: i3.xlarge}\n  clusters:\n    \
         c: {instance_pool_id: '${var.pool}', policy_id: '${var.policy}', num_workers: 1}\n",
    );
    let cluster = found(&reading, "resources.clusters.c");
    assert_eq!(cluster.around.unknown.paths, ["instance_pool_id", "policy_id"]);
    let to = &cluster.around.unknown.references["instance_pool_id"];
    assert!(
        cluster
            .around
            .pools
            .iter()
            .any(|pool| pool.instance_pool_id == *to)
    );
}

#[test]
fn a_bundle_without_end_ends() {
    let laughs: String = (1..12)
        .map(|i| {
            format!(
                "  a{i}: &a{i} [{}]\n",
                vec![format!("*a{}", i - 1); 10].join(", ")
            )
        })
        .collect();
    let code = |root: &str| told(&read_one(root)).into_iter().next().unwrap_or_default();
    let deep = format!(
        "bundle: {{name: b}}\nresources: {}{}\n",
        "[".repeat(200),
        "]".repeat(200)
    );
    assert!(code(&format!("x:\n  a0: &a0 x\n{laughs}bundle: {{name: b}}\n")).starts_with("document::syntax"));
    assert!(code(&deep).starts_with("document::depth"));
    assert!(code(&"- ".repeat(10_000)).starts_with("document::depth"));
    let itself = read_with(
        &BundleOptions::default(),
        "bundle: {name: b}\ninclude: ['*.yml']\nresources: {clusters: {c: {num_workers: 1}}}\n",
        &[("part.yml", Some("include: ['*.yml', databricks.yml]\n"))],
    );
    assert_eq!(told(&itself), ["bundle::include-ignored part.yml:1 include"]);
    assert_eq!(itself.requests.len(), 1);
}

fn printed(text: &str) -> Reading {
    let json = JsonText::new("v.json", text);
    let raw = json.documents("x::syntax").found[0];
    validated("v.json", &json, raw, serde_json::from_str(text).unwrap())
}

#[test]
fn what_the_cli_prints_is_read_as_it_is() {
    let reading = printed(
        "{\"bundle\": {\"target\": \"dev\"}, \"targets\": {},\n\"resources\": {\"clusters\": {\"c\": {\"id\": \"0101-a\", \"url\": \"https://x\",\n\
         \"num_workers\": \"${var.n}\", \"node_type_id\": \"i3.xlarge\"}, \"d\": 7},\n\
         \"jobs\": {\"j\": {\"name\": \"j\", \"schedule\": {\"quartz_cron_expression\": \"${var.cron}\"}, \"tags\": {\"a\": \"${var.a}\", \"b\": \"c\"},\n\
         \"tasks\": [{\"task_key\": \"t\",\n\"new_cluster\": {\"num_workers\": true}}, {\"task_key\": \"u\", \"new_cluster\": {\"num_workers\": 1}}]}}}}",
    );
    let cluster = found(&reading, "resources.clusters.c");
    assert_eq!(cluster.body, json!({"node_type_id": "i3.xlarge"}));
    assert_eq!((cluster.around.action, cluster.line), (Action::Update, 2));
    let task = found(&reading, "resources.jobs.j.tasks.u");
    assert_eq!(task.around.job_tags, [("b".to_owned(), "c".to_owned())]);
    assert_eq!(
        task.around.schedule.as_ref().unwrap().quartz_cron_expression,
        None
    );
    assert_eq!(
        told(&reading),
        [
            "bundle::unmerged v.json:1 targets",
            "bundle::wrong-type v.json:3 resources.clusters.d",
            "request::wrong-type v.json:6 resources.jobs.j.tasks.t.num_workers",
        ]
    );
}
