//! A simulation, killed anywhere: wherever it was killed, the next one completes the ledger to the same bytes.
//!
//! The real program lives through a month in some twenty transactions; how it is killed is in `kills`.

use std::fs;

use crate::kills::{Gauge, Site, Work, head};

/// A month with something for every table: a pool of spot machines, an autoscaling cluster whose disks run full, jobs, usage
/// without a price, a request that is denied. 7,500 records, about.
const SCENARIO: &str = r#"
scenario: disturbed
seed: 1
period: { start: 2026-10-01T00:00:00Z, end: 2026-11-01T00:00:00Z }
team_tag: team
workspaces: [ { name: w, cloud: AZURE, region: westus2, tier: PREMIUM, node_disks: [E6], autoscale_disk: P15 } ]
hazards: { evictions: [ { per_million_hours: 50000 } ], disk_full_per_million: 200000, worker_lost_per_million: 5000 }
pools:
  - { instance_pool_id: warm, instance_pool_name: warm, workspace: w, node_type_id: Standard_DS3_v2, min_idle_instances: 1,
      idle_instance_autotermination_minutes: 20, azure_attributes: { availability: SPOT_AZURE } }
clusters:
  - name: notebooks
    workspace: w
    principal: ana@example.com
    create_at: 2026-10-01T08:00:00Z
    request: { spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, autoscale: { min_workers: 1, max_workers: 4 },
               autotermination_minutes: 30, enable_elastic_disk: true, custom_tags: { team: bi, cost_center: CC-1100 } }
    sessions:
      - { days: [mon, tue, wed, thu, fri], start: "08:00",
          commands: { count: { min: 2, max: 5 }, pause_seconds: { min: 60, max: 900 },
                      work: { stages: [ { tasks: 40, task_seconds: { min: 10, max: 90 } } ] } } }
  - { name: wide, workspace: w, principal: ana@example.com, create_at: 2026-10-01T08:00:00Z,
      request: { spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, num_workers: 500 } }
jobs:
  - name: hourly
    workspace: w
    principal: svc
    schedule: { every_minutes: 240 }
    tasks:
      - { task_key: load, new_cluster: { spark_version: 15.4.x-scala2.12, instance_pool_id: warm, num_workers: 1,
            custom_tags: { team: etl, cost_center: CC-1100 } }, run_minutes: { min: 5, max: 40 } }
      - { task_key: free, depends_on: [load], serverless: {}, run_minutes: 5 }
"#;

/// Records of one transaction: some twenty transactions.
const BATCH: &str = "350";

fn site() -> Site {
    Site::new(|folder| {
        let scenario = folder.join("scenario.yaml");
        fs::write(&scenario, SCENARIO).unwrap();
        let scenario = scenario.to_str().unwrap();
        Work {
            arguments: ["simulate", scenario].map(str::to_owned).into(),
            in_parts: ["--batch-records", BATCH].map(str::to_owned).into(),
            begins_with: None,
            gauges: vec![Gauge::Logged, Gauge::Entries, Gauge::Events],
        }
    })
}

#[test]
fn wherever_it_is_killed_the_next_run_completes_the_ledger_to_the_same_bytes() {
    let site = site();
    assert!(
        site.totals.entries > 2_500 && site.totals.logged > 1 << 20,
        "{:?}",
        site.totals
    );
    site.kill_often(12);
}

/// In transactions of the usual size it is the same chain; only the numbers that texts get hang on what is written when.
#[test]
fn the_size_of_transactions_does_not_change_the_chain() {
    let site = site();
    let (usual, whole) = (site.ledger("usual"), site.ledger("whole"));
    assert!(site.start(&usual, &[]).wait().unwrap().success());
    assert_eq!(head(&usual), head(&whole));
}
