//! Variants: what they change, what stays, where their problems are shown.

use super::*;
use crate::lifecycle::hazard::Eviction;
use crate::model::meter::PurchaseOption;
use crate::model::place::Cloud;
use serde_json::json;

const VARIANTS: &str = r#"timing: { allocate: 100, image: 50 }
hazards: { evictions: [ { per_million_hours: 5 } ], stockout_per_million: 9 }
incidents:
  - { at: 2026-10-02, object: adhoc, evict: 1 }
  - { at: 2026-10-03, object: etl, evict: 1 }
variants:
  strict:
    description: everything under one policy
    policy: etl-jobs
  no-pool:
    requests: { instance_pool_id: null, node_type_id: Standard_DS3_v2, custom_tags: { cost: "1" } }
    pools: { pool-a: null }
  spot-pool:
    pools: { pool-a: { azure_attributes: { availability: SPOT_AZURE }, custom_tags: { team: null } } }
  slow:
    timing: { allocate: { min: 1, max: 200 }, image: null }
    hazards: { evictions: [ ], stockout_per_million: null, disk_full_per_million: 3 }
    policies: other/policies
  nightly:
    only: [etl]
"#;

fn main() -> String {
    format!("{MAIN}{VARIANTS}")
}

fn scenario() -> Scenario {
    parse(&main(), &[TEAM]).unwrap_or_else(|e| panic!("{e:?}"))
}

#[test]
fn variants_are_listed_and_the_scenario_itself_is_base() {
    let scenario = scenario();
    let names: Vec<_> = scenario.variants.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["nightly", "no-pool", "slow", "spot-pool", "strict"]);
    let strict = &scenario.variants[4];
    assert_eq!(strict.description.as_deref(), Some("everything under one policy"));
    assert_eq!(scenario.variants[2].policies.as_deref(), Some("other/policies"));
    let again = scenario.variant("slow").unwrap().variant(BASE).unwrap();
    assert_eq!((again.variant.as_str(), again.timing), (BASE, scenario.timing));
    assert_eq!(again.pools, scenario.pools);
    // A variant of a variant is that of the scenario.
    let other = scenario.variant("slow").unwrap().variant("strict").unwrap();
    assert_eq!(
        (other.variant.as_str(), other.timing),
        ("strict", scenario.timing)
    );
    let found = scenario.variant("strikt").unwrap_err();
    assert_eq!(
        (found.0[0].code, found.0[0].hint.as_deref()),
        ("scenario::unknown-name", Some("did you mean `strict`?"))
    );
}

#[test]
fn a_policy_takes_the_place_of_every_policy() {
    let team = TEAM.replacen("principal: ana", "policy: mine\n    principal: ana", 1);
    let long = "  - { name: long, workspace: analytics, principal: p, schedule: { every_minutes: 60 }, job_clusters: [ { job_cluster_key: a, policy: own, new_cluster: {} }, { job_cluster_key: b, new_cluster: {} } ], tasks: [ { task_key: x, job_cluster_key: a, run_minutes: 1 }, { task_key: y, job_cluster_key: b, run_minutes: 1 }, { task_key: z, new_cluster: {}, run_minutes: 1 } ] }\n";
    let scenario = parse(&main(), &[&format!("{team}{long}")]).unwrap();
    let policies = |scenario: &Scenario| -> Vec<Option<String>> {
        let clusters = scenario.clusters.iter().map(|c| c.policy.clone());
        let jobs = scenario
            .jobs
            .iter()
            .flat_map(|j| j.job_clusters.iter().map(|c| c.policy.clone()));
        clusters.chain(jobs).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(policies(&scenario), [some("mine"), None, some("own"), None, None]);
    let strict = scenario.variant("strict").unwrap();
    assert_eq!(policies(&strict), vec![some("etl-jobs"); 5]);
}

#[test]
fn requests_and_pools_are_merged_and_null_removes() {
    let base = scenario();
    let changed = base.variant("no-pool").unwrap();
    assert!(changed.pools.is_empty());
    assert_eq!(
        changed.clusters[0].request.value,
        json!({"num_workers": 1, "node_type_id": "Standard_DS3_v2", "custom_tags": {"cost": "1"}, "cluster_name": "adhoc"})
    );
    assert_eq!(
        changed.jobs[0].job_clusters[0].request.value,
        json!({"num_workers": 1, "node_type_id": "Standard_DS3_v2", "custom_tags": {"cost": "1"}})
    );
    // Places: what was merged stands in the variant, the rest where it was.
    let request = &changed.clusters[0].request;
    let at = |pointer: &str| {
        let found = request.error("scenario::schema", pointer, "m");
        (found.source, found.path)
    };
    let main = |path: &str| ("main.yaml".to_owned(), path.to_owned());
    assert_eq!(
        at("/custom_tags/cost"),
        main("variants.no-pool.requests.custom_tags.cost")
    );
    assert_eq!(
        at("/instance_pool_id"),
        main("variants.no-pool.requests.instance_pool_id")
    );
    assert_eq!(
        at("/num_workers"),
        ("team0.yaml".to_owned(), "num_workers".to_owned())
    );
    // The base is as it was.
    assert_eq!(base.clusters[0].request.value["instance_pool_id"], "pool-a");
    let spot = base.variant("spot-pool").unwrap();
    let pool = &spot.pools[0].pool;
    assert_eq!(pool.purchase_option(Cloud::Azure), PurchaseOption::Spot);
    assert_eq!(spot.team_of_pool(pool), "unallocated");
    assert_eq!(pool.node_type_id, "Standard_DS3_v2");
}

#[test]
fn timing_hazards_and_policies_are_merged() {
    let base = scenario();
    let slow = base.variant("slow").unwrap();
    let expected = Timing {
        allocate: Between { min: 1, max: 200 },
        ..Timing::default()
    };
    assert_eq!(slow.timing, expected);
    assert_eq!((base.timing.allocate.min, base.timing.image.min), (100, 50));
    let expected = Hazards {
        disk_full: 3,
        ..Hazards::default()
    };
    assert_eq!(slow.hazards, expected);
    let eviction = Eviction {
        node_type_id: None,
        per_million_hours: 5,
    };
    assert_eq!(
        (base.hazards.evictions, base.hazards.stockout),
        (vec![eviction], 9)
    );
    assert_eq!(
        (slow.policies.as_deref(), base.policies),
        (Some("other/policies"), None)
    );
}

#[test]
fn only_some_are_there_and_incidents_of_the_others_are_not() {
    let nightly = scenario().variant("nightly").unwrap();
    assert_eq!((nightly.clusters.len(), nightly.jobs.len()), (0, 1));
    let objects: Vec<_> = nightly.incidents.iter().map(|i| i.object.as_str()).collect();
    assert_eq!(objects, ["etl"]);
}

#[test]
fn a_job_needs_the_cluster_it_runs_on() {
    let job = "  - { name: sql, workspace: analytics, principal: p, schedule: { every_minutes: 60 }, tasks: [ { task_key: x, existing_cluster: adhoc, run_minutes: 1 } ] }\n";
    let main = main().replace("only: [etl]", "only: [sql]");
    let found = told(&main, &[&format!("{TEAM}{job}")]).unwrap_err();
    let all: Vec<_> = found
        .0
        .iter()
        .map(|d| (d.code, d.path.as_str(), d.message.as_str()))
        .collect();
    assert_eq!(
        all,
        [(
            "scenario::unknown-name",
            "variants.nightly.only",
            "leaves out `adhoc`, on which the job `sql` runs"
        )]
    );
}

#[test]
fn what_is_wrong_with_a_variant_is_told_when_the_scenario_is_read() {
    let wrong = format!(
        "{MAIN}{}",
        r#"variants:
  base: {}
  a: { only: [etl, elt], pools: { pool-b: {} } }
"#
    );
    assert_eq!(
        seen(&parse(&wrong, &[TEAM]).unwrap_err()),
        [
            ("variants.base", 10, "scenario::duplicate"),
            ("variants.a.only.1", 11, "scenario::unknown-name"),
            ("variants.a.pools.pool-b", 11, "scenario::unknown-pool"),
        ]
    );
    let broken = format!(
        "{MAIN}{}",
        r#"variants:
  a: { requests: { instance_pool_id: pool-b } }
  b: { pools: { pool-a: { min_idle_instances: -1 } } }
  c: { timing: { allocate: { min: 9, max: 3 } } }
  d: { hazards: { quotas: [ { workspace: x, vcpus: 1 } ] } }
  e: { pools: { pool-a: null } }
  f: { timing: { alocate: 9 } }
"#
    );
    assert_eq!(
        seen(&parse(&broken, &[TEAM]).unwrap_err()),
        [
            (
                "variants.a.requests.instance_pool_id",
                10,
                "scenario::unknown-pool"
            ),
            (
                "variants.b.pools.pool-a.min_idle_instances",
                11,
                "scenario::schema"
            ),
            ("variants.c.timing.allocate", 12, "scenario::range"),
            (
                "variants.d.hazards.quotas.0.workspace",
                13,
                "scenario::unknown-workspace"
            ),
            ("variants.f.timing.alocate", 15, "scenario::schema"),
            // The request names a pool that the variant removes.
            ("clusters.0.request.instance_pool_id", 7, "scenario::unknown-pool"),
        ]
    );
    for wrong in [
        "{ only: [] }",
        "{ policy: 7 }",
        "{ requests: 7 }",
        "{ pools: { pool-a: 7 } }",
        "{ request: {} }",
    ] {
        let text = format!("{MAIN}variants: {{ a: {wrong} }}\n");
        assert_eq!(
            parse(&text, &[TEAM]).unwrap_err()[0].2,
            "scenario::schema",
            "{wrong}"
        );
    }
    let name = format!("{MAIN}variants: {{ \"No Pool\": {{}} }}\n");
    assert_eq!(parse(&name, &[TEAM]).unwrap_err()[0].2, "scenario::schema");
}
