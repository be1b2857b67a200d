//! Jobs: clusters, tasks, where they run.

use super::*;
use crate::lifecycle::workload::RunIf;
use proptest::prelude::*;

/// A team of a cluster and a job with these lines.
fn job(lines: &str) -> String {
    format!(
        "clusters:\n  - {{ name: adhoc, workspace: analytics, principal: a, create_at: 2026-10-02, request: {{}} }}\njobs:\n  - name: etl\n    workspace: analytics\n    principal: a\n    policy: etl-jobs\n    schedule: {{ every_minutes: 60 }}\n{lines}"
    )
}

fn one(lines: &str) -> JobPlan {
    let mut scenario = parse(MAIN, &[&job(lines)]).unwrap_or_else(|e| panic!("{e:?}"));
    scenario.jobs.remove(0)
}

fn wrong(lines: &str) -> Problems {
    parse(MAIN, &[&job(lines)]).unwrap_err()
}

const TASKS: &str = r#"    max_concurrent_runs: 2
    queue: true
    timeout_seconds: 7200
    job_clusters:
      - { job_cluster_key: shared, new_cluster: { num_workers: 1, node_type_id: x } }
      - { job_cluster_key: big, policy: gpu-training, new_cluster: { num_workers: 9, node_type_id: x } }
    tasks:
      - { task_key: report, depends_on: [load, clean], run_if: AT_LEAST_ONE_SUCCESS, existing_cluster: adhoc, run_minutes: 1 }
      - { task_key: extract, job_cluster_key: shared, run_minutes: { min: 5, max: 40 } }
      - task_key: clean
        depends_on: [extract]
        run_if: ALL_DONE
        job_cluster_key: big
        work: { driver_seconds: 5, stages: [ { tasks: 8, task_seconds: 10 } ] }
        failures_per_million: 50000
        max_retries: 3
        min_retry_interval_seconds: 60
        retry_on_timeout: true
        timeout_seconds: 900
        libraries: [ { pypi: { package: "simplejson==3.8.0" } }, { whl: /Volumes/main/x.whl } ]
      - { task_key: load, depends_on: [extract, extract], new_cluster: { num_workers: 2, instance_pool_id: pool-a }, run_minutes: 1 }
      - { task_key: score, depends_on: [clean], run_if: NONE_FAILED, serverless: { dbu_per_hour: "4.50", custom_tags: { team: ml } }, work: { driver_seconds: 90 } }
      - { task_key: free, serverless: {}, run_minutes: 1, timeout_seconds: 0 }
"#;

#[test]
fn tasks_come_after_those_they_depend_on_and_otherwise_as_written() {
    let plan = one(TASKS);
    let order: Vec<_> = plan
        .tasks
        .iter()
        .map(|t| (t.key.as_str(), t.depends_on.as_slice(), t.run_if))
        .collect();
    assert_eq!(
        order,
        [
            ("extract", [].as_slice(), RunIf::AllSuccess),
            ("clean", &[0], RunIf::AllDone),
            ("load", &[0], RunIf::AllSuccess),
            ("report", &[1, 2], RunIf::AtLeastOneSuccess),
            ("score", &[1], RunIf::NoneFailed),
            ("free", &[], RunIf::AllSuccess),
        ]
    );
    let compute: Vec<_> = plan.tasks.iter().map(|t| &t.compute).collect();
    let serverless = |dbu: Option<i64>, team: Option<&str>| ComputePlan::Serverless {
        dbu_per_hour: dbu.map(|n| rust_decimal::Decimal::new(n, 2)),
        custom_tags: team
            .map(|t| ("team".to_owned(), t.to_owned()))
            .into_iter()
            .collect(),
    };
    assert_eq!(
        compute,
        [
            &ComputePlan::JobCluster(0),
            &ComputePlan::JobCluster(1),
            &ComputePlan::JobCluster(2),
            &ComputePlan::Existing("adhoc".to_owned()),
            &serverless(Some(450), Some("ml")),
            &serverless(None, None),
        ]
    );
    let clusters: Vec<_> = plan
        .job_clusters
        .iter()
        .map(|c| {
            (
                plan.request_name(c),
                c.policy.as_deref(),
                c.request.value["num_workers"].clone(),
            )
        })
        .collect();
    let line = |name: &str, policy, workers: i64| (name.to_owned(), Some(policy), serde_json::json!(workers));
    assert_eq!(
        clusters,
        [
            line("etl/shared", "etl-jobs", 1),
            line("etl/big", "gpu-training", 9),
            line("etl/load", "etl-jobs", 2),
        ]
    );
    assert_eq!(
        (plan.max_concurrent_runs, plan.queue, plan.timeout_seconds),
        (2, true, Some(7200))
    );
    // Minutes are drawn in seconds.
    assert_eq!(
        plan.tasks[0].work,
        Work::of_driver(Between { min: 300, max: 2400 })
    );
    let clean = &plan.tasks[1];
    assert_eq!(
        (clean.failures_per_million, clean.max_retries, clean.retry_seconds),
        (50_000, 3, 60)
    );
    assert_eq!((clean.retry_on_timeout, clean.timeout_seconds), (true, Some(900)));
    let with: Vec<_> = plan
        .tasks
        .iter()
        .filter(|t| t.has_libraries)
        .map(|t| t.key.as_str())
        .collect();
    assert_eq!(with, ["clean"]);
    assert_eq!(
        (clean.work.driver_seconds, clean.work.stages.len()),
        (Between::exactly(5), 1)
    );
    let free = &plan.tasks[5];
    assert_eq!(
        (free.timeout_seconds, free.max_retries, free.retry_on_timeout),
        (None, 0, false)
    );
}

#[test]
fn a_short_job_may_have_stages_and_one_cluster_needs_no_key() {
    let plan = one(
        "    work: { stages: [ { tasks: 8, task_seconds: 10 } ] }\n    new_cluster: { node_type_id: x }\n",
    );
    assert_eq!(plan.tasks[0].work.stages.len(), 1);
    let long = one(
        "    tasks: [ { task_key: a, new_cluster: {}, run_minutes: 1 }, { task_key: b, serverless: {}, run_minutes: 1 } ]\n",
    );
    assert_eq!(long.request_name(&long.job_clusters[0]), "etl");
    let none = one("    tasks: [ { task_key: b, serverless: {}, run_minutes: 1 } ]\n");
    assert!(none.job_clusters.is_empty());
}

#[test]
fn every_run_if_of_the_api_is_read() {
    for (name, expected) in [
        ("ALL_SUCCESS", RunIf::AllSuccess),
        ("ALL_DONE", RunIf::AllDone),
        ("NONE_FAILED", RunIf::NoneFailed),
        ("AT_LEAST_ONE_SUCCESS", RunIf::AtLeastOneSuccess),
        ("ALL_FAILED", RunIf::AllFailed),
        ("AT_LEAST_ONE_FAILED", RunIf::AtLeastOneFailed),
    ] {
        let text =
            format!("    tasks: [ {{ task_key: a, run_if: {name}, serverless: {{}}, run_minutes: 1 }} ]\n");
        assert_eq!(one(&text).tasks[0].run_if, expected);
    }
}

#[test]
fn a_job_is_short_or_long() {
    for (lines, path) in [
        ("    run_minutes: 1\n", "jobs.0"),
        ("    new_cluster: {}\n", "jobs.0"),
        (
            "    new_cluster: {}\n    run_minutes: 1\n    work: { driver_seconds: 1 }\n",
            "jobs.0",
        ),
        (
            "    new_cluster: {}\n    run_minutes: 1\n    tasks: [ { task_key: a, serverless: {}, run_minutes: 1 } ]\n",
            "jobs.0",
        ),
        (
            "    run_minutes: 1\n    tasks: [ { task_key: a, serverless: {}, run_minutes: 1 } ]\n",
            "jobs.0.run_minutes",
        ),
        (
            "    work: { driver_seconds: 1 }\n    tasks: [ { task_key: a, serverless: {}, run_minutes: 1 } ]\n",
            "jobs.0.work",
        ),
        (
            "    new_cluster: {}\n    run_minutes: 1\n    job_clusters: [ { job_cluster_key: a, new_cluster: {} } ]\n",
            "jobs.0.job_clusters",
        ),
        (
            "    tasks: [ { task_key: a, run_minutes: 1 } ]\n",
            "jobs.0.tasks.0",
        ),
        (
            "    tasks: [ { task_key: a, serverless: {} } ]\n",
            "jobs.0.tasks.0",
        ),
        (
            "    tasks: [ { task_key: a, serverless: {}, run_minutes: 1, work: { driver_seconds: 1 } } ]\n",
            "jobs.0.tasks.0",
        ),
        (
            "    tasks: [ { task_key: a, serverless: {}, existing_cluster: adhoc, run_minutes: 1 } ]\n",
            "jobs.0.tasks.0",
        ),
    ] {
        let problems = wrong(lines);
        let found: Vec<_> = problems
            .iter()
            .map(|(path, _, code)| (path.as_str(), *code))
            .collect();
        assert_eq!(found, [(path, "scenario::one-of")], "{lines}");
    }
}

#[test]
fn names_that_lead_nowhere_and_keys_given_twice_are_told() {
    let problems = wrong(
        r#"    job_clusters:
      - { job_cluster_key: shared, new_cluster: { instance_pool_id: pool-z } }
      - { job_cluster_key: shared, new_cluster: {} }
    tasks:
      - { task_key: a, depends_on: [b, c], job_cluster_key: share, run_minutes: 1 }
      - { task_key: a, job_cluster_key: shared, run_minutes: { min: 2, max: 1 } }
      - { task_key: d, existing_cluster: adhok, run_minutes: 1 }
      - { task_key: shared, new_cluster: { driver_instance_pool_id: pool-y }, run_minutes: 1 }
      - { task_key: e, job_cluster_key: own, run_minutes: 1 }
      - { task_key: own, new_cluster: {}, run_minutes: 1 }
      - { task_key: f, job_cluster_key: own, run_minutes: 1 }
      - { task_key: g, serverless: { dbu_per_hour: "0.00000000000000000000000000000001" }, run_minutes: 1 }
"#,
    );
    let job = |rest: &str| format!("jobs.0.{rest}");
    let expected = [
        (
            job("job_clusters.0.new_cluster.instance_pool_id"),
            "scenario::unknown-pool",
        ),
        (job("job_clusters.1.job_cluster_key"), "scenario::duplicate"),
        (job("tasks.0.depends_on.0"), "scenario::unknown-name"),
        (job("tasks.0.depends_on.1"), "scenario::unknown-name"),
        (job("tasks.0.job_cluster_key"), "scenario::unknown-name"),
        (job("tasks.1.task_key"), "scenario::duplicate"),
        (job("tasks.1.run_minutes"), "scenario::range"),
        (job("tasks.2.existing_cluster"), "scenario::unknown-name"),
        (job("tasks.3.task_key"), "scenario::duplicate"),
        (
            job("tasks.3.new_cluster.driver_instance_pool_id"),
            "scenario::unknown-pool",
        ),
        // A cluster of a single task has no key that another could name, before it or after.
        (job("tasks.4.job_cluster_key"), "scenario::unknown-name"),
        (job("tasks.6.job_cluster_key"), "scenario::unknown-name"),
        (job("tasks.7.serverless.dbu_per_hour"), "rate::number"),
    ];
    let problems: Vec<_> = problems.into_iter().map(|(path, _, code)| (path, code)).collect();
    assert_eq!(problems, expected);
}

#[test]
fn a_cluster_of_another_workspace_is_not_at_hand() {
    let main = MAIN.replace(
        "workspaces: [ ",
        "workspaces: [ { name: other, cloud: AZURE, region: westus2, tier: PREMIUM }, ",
    );
    let lines = job("    tasks: [ { task_key: a, existing_cluster: adhoc, run_minutes: 1 } ]\n");
    let moved = lines.replacen("workspace: analytics", "workspace: other", 1);
    let found = told(&main, &[&moved]).unwrap_err();
    assert_eq!(found.0.len(), 1, "{found}");
    assert_eq!(found.0[0].message, "workspace `analytics` has no cluster `adhoc`");
}

#[test]
fn circles_are_shown() {
    for (text, message) in [
        ("a>a", "waits for itself: a after a"),
        ("a>b b>c c>b", "waits for itself: b after c after b"),
        ("a> b>d c>b d>c", "waits for itself: b after d after c after b"),
    ] {
        let tasks: String = text
            .split(' ')
            .map(|task| {
                let (key, needs) = task.split_once('>').unwrap();
                format!(
                    "      - {{ task_key: {key}, depends_on: [{needs}], serverless: {{}}, run_minutes: 1 }}\n"
                )
            })
            .collect();
        let found = told(MAIN, &[&job(&format!("    tasks:\n{tasks}"))]).unwrap_err();
        let all: Vec<_> = found.0.iter().map(|d| (d.code, d.message.as_str())).collect();
        assert_eq!(all, [("scenario::circle", message)]);
        assert!(found.0[0].path.ends_with(".depends_on"));
    }
}

#[test]
fn a_cluster_without_a_task_is_a_warning() {
    let lines = "    job_clusters: [ { job_cluster_key: idle, new_cluster: {} } ]\n    tasks: [ { task_key: a, serverless: {}, run_minutes: 1 } ]\n";
    let scenario = parse(MAIN, &[&job(lines)]).unwrap();
    assert_eq!(
        warnings(&scenario),
        [("scenario::never", "jobs.0.job_clusters.0")]
    );
}

#[test]
fn libraries_of_serverless_compute_are_a_warning() {
    let lines = "    tasks: [ { task_key: a, serverless: {}, run_minutes: 1, libraries: [ { cran: { package: ada } } ] } ]\n";
    let scenario = parse(MAIN, &[&job(lines)]).unwrap();
    assert_eq!(
        warnings(&scenario),
        [("scenario::never", "jobs.0.tasks.0.libraries")]
    );
}

#[test]
fn numbers_out_of_range_do_not_fit_the_schema() {
    for wrong_one in [
        "max_concurrent_runs: 0",
        "max_concurrent_runs: 1001",
        "queue: 1",
        "timeout_seconds: -1",
        "tasks: []",
        "tasks: [ { task_key: a b, serverless: {}, run_minutes: 1 } ]",
        "tasks: [ { task_key: a, serverless: {}, run_minutes: 1, max_retries: -1 } ]",
        "tasks: [ { task_key: a, new_cluster: {}, run_minutes: 1, libraries: [ { pypi: simplejson } ] } ]",
        "tasks: [ { task_key: a, new_cluster: {}, run_minutes: 1, libraries: [ { jar: a, whl: b } ] } ]",
        "tasks: [ { task_key: a, serverless: {}, run_minutes: 1, failures_per_million: 1000001 } ]",
        "tasks: [ { task_key: a, serverless: { dbu_per_hour: 4.5 }, run_minutes: 1 } ]",
        "tasks: [ { task_key: a, serverless: {}, run_if: SOMETIMES, run_minutes: 1 } ]",
    ] {
        let problems = wrong(&format!("    {wrong_one}\n"));
        assert_eq!(problems[0].2, "scenario::schema", "{wrong_one}");
    }
}

proptest! {
    /// Of any tasks without a circle, in any order of writing: each comes after those it depends on, and two of which
    /// neither waits for the other, directly or not, keep their order where nothing between them forbids it.
    #[test]
    fn any_order_of_writing_is_sorted(
        edges in prop::collection::vec((0_usize..9, 0_usize..9), 0..20),
        written in Just((0_usize..9).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        // A task of a higher number may wait for one of a lower: no circle.
        let needs = |i: usize| -> Vec<String> {
            let lower = edges.iter().filter(|(a, b)| (*a).max(*b) == i && a != b);
            lower.map(|(a, b)| format!("t{}", a.min(b))).collect()
        };
        let tasks: String = written.iter().map(|i| {
            format!("      - {{ task_key: t{i}, depends_on: [{}], serverless: {{}}, run_minutes: 1 }}\n", needs(*i).join(", "))
        }).collect();
        let plan = one(&format!("    tasks:\n{tasks}"));
        prop_assert_eq!(plan.tasks.len(), 9);
        let keys: Vec<&str> = plan.tasks.iter().map(|t| t.key.as_str()).collect();
        let mut as_written: Vec<String> = written.iter().map(|i| format!("t{i}")).collect();
        for (at, task) in plan.tasks.iter().enumerate() {
            let mut expected = needs(task.key[1..].parse().unwrap());
            expected.sort();
            expected.dedup();
            let mut found: Vec<String> = task.depends_on.iter().map(|d| keys[*d].to_owned()).collect();
            found.sort();
            prop_assert_eq!(found, expected);
            prop_assert!(task.depends_on.iter().all(|d| *d < at));
            // It is the first as written of those that were ready.
            let ready = as_written.iter().position(|key| {
                needs(key[1..].parse().unwrap()).iter().all(|n| keys[..at].contains(&n.as_str()))
            }).unwrap();
            prop_assert_eq!(&as_written.remove(ready), &task.key);
        }
    }
}
