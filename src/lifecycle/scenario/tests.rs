mod clusters;
mod jobs;
mod schema;
mod variants;
mod world;

use super::*;
use crate::lifecycle::between::Between;
use crate::lifecycle::workload::{Activity, Work};

const MAIN: &str = r#"
scenario: small
seed: 7
period: { start: 2026-10-01T00:00:00Z, end: 2026-11-01T00:00:00Z }
team_tag: team
workspaces: [ { name: analytics, cloud: AZURE, region: westus2, tier: PREMIUM } ]
pools: [ { workspace: analytics, instance_pool_id: pool-a, node_type_id: Standard_DS3_v2, custom_tags: { team: ml } } ]
include: [teams/a.yaml]
"#;

const TEAM: &str = r#"
clusters:
  - name: adhoc
    workspace: analytics
    principal: ana@example.com
    create_at: 2026-10-01T08:00:00Z
    request: { num_workers: 1, instance_pool_id: pool-a }
    sessions:
      - { days: [mon, fri], start: "09:00", minutes: 210 }
      - { on: 2026-10-05, start: "13:00", minutes: { min: 30, max: 90 }, then: terminate }
jobs:
  - name: etl
    workspace: analytics
    principal: etl@example.com
    schedule: { every_minutes: 60 }
    run_minutes: 10
    new_cluster: { num_workers: 1, node_type_id: Standard_DS3_v2 }
"#;

type Problems = Vec<(String, usize, &'static str)>;

/// Path, line and code of each problem, sorted by place.
fn parse(main: &str, teams: &[&str]) -> Result<Scenario, Problems> {
    told(main, teams).map_err(|d| d.0.into_iter().map(|d| (d.path, d.line, d.code)).collect())
}

fn told(main: &str, teams: &[&str]) -> Result<Scenario, Diagnostics> {
    let read = |source: &str, text: &str| Document::parse(source, text).unwrap();
    let includes = teams
        .iter()
        .enumerate()
        .map(|(i, t)| read(&format!("team{i}.yaml"), t))
        .collect();
    Scenario::parse(read("main.yaml", main), includes)
}

/// Problems as they are compared with: borrowed.
fn seen(problems: &Problems) -> Vec<(&str, usize, &str)> {
    problems
        .iter()
        .map(|(path, line, code)| (path.as_str(), *line, *code))
        .collect()
}

fn warnings(scenario: &Scenario) -> Vec<(&'static str, &str)> {
    scenario
        .warnings
        .0
        .iter()
        .map(|d| (d.code, d.path.as_str()))
        .collect()
}

#[test]
fn a_scenario_and_its_parts_are_read_with_their_defaults() {
    assert_eq!(
        Scenario::includes(&Document::parse("m", MAIN).unwrap()),
        ["teams/a.yaml"]
    );
    let scenario = parse(MAIN, &[TEAM]).unwrap();
    assert_eq!(scenario.timing, Timing::default());
    assert!(scenario.warnings.0.is_empty());
    let [cluster] = scenario.clusters.as_slice() else {
        panic!()
    };
    assert_eq!(cluster.request.value["cluster_name"], "adhoc");
    assert_eq!(
        (
            cluster.request.source.as_str(),
            cluster.request.place("/num_workers").line
        ),
        ("team0.yaml", 7)
    );
    assert_eq!(cluster.sessions.len(), 2);
    assert_eq!(scenario.pools[0].pool.instance_pool_name, "pool-a");
    assert_eq!(scenario.team_of_pool(&scenario.pools[0].pool), "ml");
    assert_eq!(scenario.team_of_cluster(&ClusterSpec::default()), "unallocated");
    let [job] = scenario.jobs.as_slice() else { panic!() };
    assert_eq!(
        (job.max_concurrent_runs, job.queue, job.timeout_seconds),
        (1, false, None)
    );
    let [task] = job.tasks.as_slice() else { panic!() };
    assert_eq!(
        (task.key.as_str(), &task.compute),
        ("main", &ComputePlan::JobCluster(0))
    );
    // Ten minutes of the driver.
    assert_eq!(task.work, Work::of_driver(Between::exactly(600)));
    assert_eq!(job.request_name(&job.job_clusters[0]), "etl");
    assert_eq!(
        (scenario.users, scenario.variants.len(), scenario.variant.as_str()),
        (None, 0, BASE)
    );
    let Activity::Busy { minutes, .. } = cluster.sessions[0].activity else {
        panic!()
    };
    assert_eq!(minutes, Between::exactly(210));
}

#[test]
fn what_does_not_fit_the_schema_is_told_for_all_files_at_once() {
    let main = MAIN
        .replace("seed: 7", "seed: -1")
        .replace("team_tag", "team_tga");
    let team = TEAM
        .replace("run_minutes: 10", "run_minutes: { min: 1 }")
        .replace("num_workers: 1, i", "i");
    let problems = parse(&main, &[&team]).unwrap_err();
    assert!(problems.iter().all(|(_, _, code)| *code == "scenario::schema"));
    let paths: Vec<_> = problems
        .iter()
        .map(|(path, line, _)| (path.as_str(), *line))
        .collect();
    assert_eq!(paths, [("seed", 3), ("team_tga", 5), ("jobs.0.run_minutes", 16)]);
    assert!(parse(TEAM, &[]).is_err());
    assert!(parse(MAIN, &["seed: 1\n"]).is_err());
}

#[test]
fn contradictions_are_told_all_at_once_with_their_places() {
    let team = r#"
clusters:
  - name: adhoc
    workspace: analytic
    principal: a
    create_at: 2026-11-01T00:00:00Z
    terminate_at: yesterday
    request: { instance_pool_id: pool-b }
    sessions:
      - { start: "9 o'clock", minutes: { min: 9, max: 3 } }
  - name: adhoc
    workspace: analytics
    principal: a
    create_at: 2026-10-02T00:00:00Z
    terminate_at: 2026-10-01T00:00:00Z
    request: {}
jobs:
  - name: etl
    workspace: analytics
    principal: a
    schedule: { on: 2026-02-30, at: "02:00" }
    run_minutes: 1
    new_cluster: {}
  - name: etl2
    workspace: analytics
    principal: a
    schedule: { every_minutes: 5, at: "02:00" }
    run_minutes: 1
    new_cluster: {}
"#;
    let problems = parse(MAIN, &[team]).unwrap_err();
    let seen: Vec<_> = problems
        .iter()
        .map(|(path, line, code)| (path.as_str(), *line, *code))
        .collect();
    assert_eq!(
        seen,
        [
            ("clusters.0.workspace", 4, "scenario::unknown-workspace"),
            ("clusters.0.create_at", 6, "scenario::outside-period"),
            ("clusters.0.terminate_at", 7, "scenario::instant"),
            ("clusters.0.request.instance_pool_id", 8, "scenario::unknown-pool"),
            ("clusters.0.sessions.0", 10, "scenario::schedule"),
            ("clusters.0.sessions.0.start", 10, "scenario::time"),
            ("clusters.0.sessions.0.minutes", 10, "scenario::range"),
            ("clusters.1.name", 11, "scenario::duplicate"),
            ("clusters.1.terminate_at", 15, "scenario::order"),
            ("jobs.0.schedule.on", 21, "scenario::date"),
            ("jobs.1.schedule", 27, "scenario::schedule"),
        ]
    );
}

#[test]
fn a_period_ends_after_its_start_and_within_a_year() {
    for end in ["2026-10-01", "2026-09-01", "2027-10-03"] {
        let problems = parse(&MAIN.replace("2026-11-01T00:00:00Z", end), &[]).unwrap_err();
        assert_eq!(
            problems,
            [("period.end".to_owned(), 4, "scenario::period")],
            "{end}"
        );
    }
    assert!(parse(&MAIN.replace("2026-11-01T00:00:00Z", "2027-10-02"), &[]).is_ok());
}

#[test]
fn what_never_takes_place_is_a_warning() {
    let scenario = parse(MAIN, &[&TEAM.replace("on: 2026-10-05", "on: 2026-12-05")]).unwrap();
    let warnings: Vec<_> = scenario
        .warnings
        .0
        .iter()
        .map(|d| (d.code, d.path.as_str()))
        .collect();
    assert_eq!(warnings, [("scenario::never", "clusters.0.sessions.1")]);
    assert!(!scenario.warnings.has_errors());
}

#[test]
fn the_example_month_is_read_without_a_warning() {
    let read = |source: &str, text: &str| Document::parse(source, text).unwrap();
    let main = read(
        "scenario.yaml",
        include_str!("../../../examples/october/scenario.yaml"),
    );
    let parts = [
        (
            "teams/data-platform.yaml",
            include_str!("../../../examples/october/teams/data-platform.yaml"),
        ),
        (
            "teams/analytics.yaml",
            include_str!("../../../examples/october/teams/analytics.yaml"),
        ),
        (
            "teams/ml.yaml",
            include_str!("../../../examples/october/teams/ml.yaml"),
        ),
    ];
    assert_eq!(Scenario::includes(&main), parts.map(|(source, _)| source));
    let month = Scenario::parse(
        main,
        parts.iter().map(|(source, text)| read(source, text)).collect(),
    );
    let month = month.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(
        (month.clusters.len(), month.jobs.len(), month.pools.len()),
        (29, 42, 3)
    );
    assert_eq!(month.warnings.to_string(), "");
}

#[test]
fn the_example_week_and_its_variants_are_read_without_a_warning() {
    let read = |source: &str, text: &str| Document::parse(source, text).unwrap();
    let main = read(
        "scenario.yaml",
        include_str!("../../../examples/lifecycle/scenario.yaml"),
    );
    let parts = vec![
        read(
            "teams/analytics.yaml",
            include_str!("../../../examples/lifecycle/teams/analytics.yaml"),
        ),
        read(
            "teams/data-platform.yaml",
            include_str!("../../../examples/lifecycle/teams/data-platform.yaml"),
        ),
    ];
    let week = Scenario::parse(main, parts).unwrap_or_else(|problems| panic!("{problems}"));
    let names: Vec<&str> = week.variants.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["calm", "jobs-only", "no-pool", "on-demand", "strict"]);
    for name in names.into_iter().chain([BASE]) {
        let variant = week.variant(name).unwrap();
        assert_eq!(variant.warnings.to_string(), "", "{name}");
    }
    assert_eq!(week.variant("calm").unwrap().hazards.evictions, []);
}
