//! What surrounds clusters and jobs: timing, users, workspaces, pools, hazards, incidents, prices.

use super::*;
use crate::databricks::instance_pool::DockerImage;
use crate::lifecycle::hazard::{Eviction, IncidentKind, Quota};
use crate::model::meter::PurchaseOption;
use crate::model::period::rfc3339;
use crate::model::place::Cloud;

/// The small scenario with lines added to its main file.
fn with(lines: &str) -> String {
    format!("{MAIN}{lines}")
}

#[test]
fn every_duration_is_read_under_its_name_and_the_others_stay() {
    let names = [
        "accept",
        "validate",
        "allocate",
        "network",
        "disks",
        "image",
        "docker_image",
        "init_scripts",
        "driver_boot",
        "spark_context",
        "register",
        "libraries",
        "security",
        "terminate",
        "decommission",
        "recover",
        "autoscale_interval",
        "driver_pause",
        "driver_grace",
        "metastore_outage",
        "dbfs_outage",
    ];
    let all: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(i, name)| format!("{name}: {}", 1000 + i))
        .collect();
    let text = format!(
        "timing: {{ {}, enough_workers_percent: 100, locality_wait: 7 }}\n",
        all.join(", ")
    );
    let timing = parse(&with(&text), &[TEAM]).unwrap().timing;
    let shown = format!("{timing:?}");
    for (i, name) in names.iter().enumerate() {
        let number = 1000 + i;
        let expected = format!("{name}: Between {{ min: {number}, max: {number} }}");
        assert!(shown.contains(&expected), "{expected} in {shown}");
    }
    assert_eq!((timing.enough_workers_percent, timing.locality_wait), (100, 7));
    let one = parse(&with("timing: { allocate: { min: 60, max: 90 } }\n"), &[TEAM])
        .unwrap()
        .timing;
    let expected = Timing {
        allocate: Between { min: 60, max: 90 },
        ..Timing::default()
    };
    assert_eq!(one, expected);
}

#[test]
fn old_names_and_numbers_out_of_range_are_refused() {
    for wrong in [
        "{ cold_start_seconds: 240 }",
        "{ warm_start_seconds: 30 }",
        "{ termination_seconds: 60 }",
        "{ allocate: -1 }",
        "{ allocate: 86401 }",
        "{ allocate: { min: 1 } }",
        "{ enough_workers_percent: 0 }",
        "{ enough_workers_percent: 101 }",
        "{ locality_wait: { min: 1, max: 2 } }",
    ] {
        let problems = parse(&with(&format!("timing: {wrong}\n")), &[TEAM]).unwrap_err();
        assert!(
            problems.iter().all(|(_, _, code)| *code == "scenario::schema"),
            "{wrong}"
        );
    }
    let problems = parse(&with("timing: { recover: { min: 9, max: 3 } }\n"), &[TEAM]).unwrap_err();
    assert_eq!(seen(&problems), [("timing.recover", 9, "scenario::range")]);
}

#[test]
fn with_users_every_principal_is_one_of_them_in_any_case() {
    let users =
        "users:\n  - { name: Ana@Example.com, description: analyst }\n  - { name: etl@example.com }\n";
    let scenario = parse(&with(users), &[TEAM]).unwrap();
    let read = scenario.users.unwrap();
    assert_eq!(
        (read[0].name.as_str(), read[0].description.as_deref(), read.len()),
        ("Ana@Example.com", Some("analyst"), 2)
    );
    let less = "users:\n  - { name: anna@example.com }\n  - { name: anna@example.com }\n";
    let found = told(&with(less), &[TEAM]).unwrap_err();
    let lines: Vec<_> = found
        .0
        .iter()
        .map(|d| (d.path.as_str(), d.code, d.hint.as_deref()))
        .collect();
    assert_eq!(
        lines,
        [
            ("users.1.name", "scenario::duplicate", None),
            (
                "clusters.0.principal",
                "scenario::unknown-user",
                Some("did you mean `anna@example.com`?")
            ),
            (
                "jobs.0.principal",
                "scenario::unknown-user",
                Some("did you mean `anna@example.com`?")
            ),
        ]
    );
}

#[test]
fn a_workspace_has_its_fixed_part_and_pools_are_of_every_cloud() {
    let main = r#"
scenario: clouds
seed: 1
period: { start: 2026-10-01, end: 2026-10-02 }
workspaces:
  - { name: az, cloud: AZURE, region: westus2, tier: PREMIUM, public_ip: true, node_disks: [E6], nat_gateway: true, root_storage_gb: 200, autoscale_disk: P15 }
  - { name: aws, cloud: AWS, region: eu-west-1, tier: ENTERPRISE }
  - { name: gcp, cloud: GCP, region: europe-west1, tier: PREMIUM }
pools:
  - workspace: aws
    instance_pool_id: pool-aws
    instance_pool_name: Warm
    node_type_id: i3.xlarge
    min_idle_instances: 1
    max_capacity: 10
    idle_instance_autotermination_minutes: 15
    preloaded_spark_versions: [15.4.x-scala2.12]
    preloaded_docker_images: [ { url: registry.example.com/ml:3, basic_auth: { username: a, password: b } } ]
    enable_elastic_disk: true
    disk_spec: { disk_count: 1, disk_size: 100, disk_type: { ebs_volume_type: GENERAL_PURPOSE_SSD } }
    custom_tags: { team: ml }
    aws_attributes: { availability: ON_DEMAND, zone_id: eu-west-1a }
  - { workspace: aws, instance_pool_id: pool-spot, node_type_id: i3.xlarge }
  - { workspace: gcp, instance_pool_id: pool-gcp, node_type_id: n2-standard-4, gcp_attributes: { gcp_availability: PREEMPTIBLE_GCP, local_ssd_count: 1 } }
"#;
    let scenario = parse(main, &[]).unwrap();
    let azure = &scenario.workspaces[0];
    assert_eq!(
        (
            azure.nat_gateway,
            azure.root_storage_gb,
            azure.autoscale_disk.as_deref()
        ),
        (true, Some(200), Some("P15"))
    );
    let aws = &scenario.workspaces[1];
    assert_eq!(
        (aws.nat_gateway, aws.root_storage_gb, &aws.autoscale_disk),
        (false, None, &None)
    );
    let [warm, spot, gcp] = scenario.pools.as_slice() else {
        panic!()
    };
    assert_eq!(
        warm.pool.preloaded_docker_images,
        [DockerImage {
            url: "registry.example.com/ml:3".to_owned(),
            basic_auth: Some(serde_json::json!({"username": "a", "password": "b"})),
        }]
    );
    assert_eq!(
        (
            warm.pool.min_idle_instances,
            warm.pool.max_capacity,
            warm.pool.enable_elastic_disk
        ),
        (1, Some(10), true)
    );
    assert_eq!(warm.pool.disk_spec.as_ref().unwrap()["disk_size"], 100);
    assert_eq!(warm.pool.purchase_option(Cloud::Aws), PurchaseOption::OnDemand);
    // AWS pools are spot where nothing is said.
    assert_eq!(spot.pool.purchase_option(Cloud::Aws), PurchaseOption::Spot);
    assert_eq!(gcp.pool.purchase_option(Cloud::Gcp), PurchaseOption::Spot);
    assert_eq!(gcp.pool.instance_pool_name, "pool-gcp");
}

#[test]
fn pools_are_unique_and_in_a_workspace_and_their_images_have_addresses() {
    let pools = "  - { workspace: other, instance_pool_id: pool-a, node_type_id: x }\n";
    let team = format!("pools:\n{pools}{TEAM}");
    assert_eq!(
        seen(&parse(MAIN, &[&team]).unwrap_err()),
        [
            ("pools.0.workspace", 2, "scenario::unknown-workspace"),
            ("pools.0.instance_pool_id", 2, "scenario::duplicate"),
        ]
    );
    let nameless = team.replace(
        "workspace: other",
        "preloaded_docker_images: [{}], workspace: other",
    );
    let found = told(MAIN, &[&nameless]).unwrap_err();
    assert_eq!(found.0[0].code, "scenario::schema");
    // What a reference leads to knows its keys too.
    let slip = team.replace("node_type_id: x", "node_typ_id: x, node_type_id: x");
    let found = told(MAIN, &[&slip]).unwrap_err();
    assert_eq!(found.0[0].hint.as_deref(), Some("did you mean `node_type_id`?"));
}

#[test]
fn hazards_are_read_one_by_one() {
    let hazards = "hazards:
  evictions: [ { node_type_id: Standard_DS3_v2, per_million_hours: 20000 }, { per_million_hours: 5000 } ]
  spot_unavailable_per_million: 1
  stockout_per_million: 2
  quotas: [ { workspace: analytics, vcpus: 64 } ]
  init_script_failure_per_million: 3
  driver_unreachable_per_million: 4
  driver_not_responding_per_million: 5
  metastore_down_per_million: 6
  dbfs_down_per_million: 8
  spark_exception_per_million: 9
  node_excluded_per_million: 10
  disk_full_per_million: 7
  worker_lost_per_million: 1000000
";
    let eviction = |node: Option<&str>, per_million_hours| Eviction {
        node_type_id: node.map(str::to_owned),
        per_million_hours,
    };
    let expected = Hazards {
        evictions: vec![eviction(Some("Standard_DS3_v2"), 20_000), eviction(None, 5_000)],
        spot_unavailable: 1,
        stockout: 2,
        quotas: vec![Quota {
            workspace: "analytics".to_owned(),
            vcpus: 64,
        }],
        init_script_failure: 3,
        driver_unreachable: 4,
        driver_not_responding: 5,
        metastore_down: 6,
        dbfs_down: 8,
        spark_exception: 9,
        node_excluded: 10,
        disk_full: 7,
        worker_lost: 1_000_000,
    };
    assert_eq!(parse(&with(hazards), &[TEAM]).unwrap().hazards, expected);
    assert_eq!(parse(MAIN, &[TEAM]).unwrap().hazards, Hazards::default());
    let certain = hazards.replace("1000000", "1000001");
    assert_eq!(
        seen(&parse(&with(&certain), &[TEAM]).unwrap_err()),
        [("hazards.worker_lost_per_million", 22, "scenario::schema")]
    );
    let twice = "hazards: { quotas: [ { workspace: analytics, vcpus: 1 }, { workspace: analytics, vcpus: 2 }, { workspace: x, vcpus: 0 } ] }\n";
    let problems = parse(&with(twice), &[TEAM]).unwrap_err();
    let codes: Vec<_> = problems
        .iter()
        .map(|(path, _, code)| (path.as_str(), *code))
        .collect();
    assert_eq!(
        codes,
        [
            ("hazards.quotas.1.workspace", "scenario::duplicate"),
            ("hazards.quotas.2.workspace", "scenario::unknown-workspace"),
        ]
    );
}

#[test]
fn incidents_come_in_order_of_time_with_exactly_one_effect() {
    let incidents = "incidents:
  - { at: 2026-10-03, object: etl, driver_unreachable: true }
  - { at: 2026-10-02, object: adhoc, evict: 0 }
  - { at: 2026-10-02, object: adhoc, lose_worker: 1 }
  - { at: 2026-10-01, object: adhoc, disk_full: 2 }
  - { at: 2026-10-04, object: adhoc, driver_not_responding: true }
  - { at: 2026-10-05, object: adhoc, metastore_down: true }
  - { at: 2026-10-06, object: adhoc, dbfs_down: true }
  - { at: 2026-10-07, object: etl, spark_exception: true }
  - { at: 2026-10-08, object: etl, exclude_node: 3 }
";
    let read = parse(&with(incidents), &[TEAM]).unwrap().incidents;
    let kinds: Vec<_> = read.iter().map(|i| (i.object.as_str(), i.what)).collect();
    assert_eq!(
        kinds,
        [
            ("adhoc", IncidentKind::DiskFull(2)),
            ("adhoc", IncidentKind::Evict(0)),
            ("adhoc", IncidentKind::LoseWorker(1)),
            ("etl", IncidentKind::DriverUnreachable),
            ("adhoc", IncidentKind::DriverNotResponding),
            ("adhoc", IncidentKind::MetastoreDown),
            ("adhoc", IncidentKind::DbfsDown),
            ("etl", IncidentKind::SparkException),
            ("etl", IncidentKind::ExcludeNode(3)),
        ]
    );
    assert_eq!(rfc3339(read[0].at), "2026-10-01T00:00:00Z");
    let wrong = "incidents:
  - { at: 2026-10-03, object: adhok, evict: 1 }
  - { at: 2026-12-03, object: adhoc, evict: 1 }
  - { at: soon, object: adhoc }
  - { at: 2026-10-03, object: adhoc, evict: 1, disk_full: 1 }
";
    let found = told(&with(wrong), &[TEAM]).unwrap_err();
    let lines: Vec<_> = found
        .0
        .iter()
        .map(|d| (d.line, d.path.as_str(), d.code))
        .collect();
    assert_eq!(
        lines,
        [
            (10, "incidents.0.object", "scenario::unknown-name"),
            (11, "incidents.1.at", "scenario::outside-period"),
            (12, "incidents.2", "scenario::one-of"),
            (12, "incidents.2.at", "scenario::instant"),
            (13, "incidents.3", "scenario::one-of"),
        ]
    );
    assert_eq!(found.0[0].hint.as_deref(), Some("did you mean `adhoc`?"));
    assert!(
        found.0[4]
            .message
            .starts_with("found `evict` and `disk_full`, expected exactly one of")
    );
    for wrong in [
        "lose_worker: 0",
        "disk_full: 0",
        "exclude_node: 0",
        "spark_exception: 1",
        "evict: -1",
        "metastore_down: false",
    ] {
        let text = format!("incidents: [ {{ at: 2026-10-03, object: adhoc, {wrong} }} ]\n");
        let problems = parse(&with(&text), &[TEAM]).unwrap_err();
        assert_eq!(problems[0].2, "scenario::schema", "{wrong}");
    }
}

#[test]
fn price_changes_come_in_order_of_time_and_once_for_a_meter_and_an_instant() {
    let changes = r#"price_changes:
  - { at: 2026-10-20, meter: dbu/AZURE/PREMIUM_JOBS_COMPUTE, unit_price: "0.30" }
  - { at: 2026-10-10, meter: vm/AZURE/westus2/Standard_DS3_v2/spot, unit_price: "0" }
"#;
    let read = parse(&with(changes), &[TEAM]).unwrap().price_changes;
    let shown: Vec<_> = read
        .iter()
        .map(|c| {
            (
                rfc3339(c.at),
                c.meter.to_string(),
                c.unit_price.to_string(),
                c.document.place("").line,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (
                "2026-10-10T00:00:00Z".to_owned(),
                "vm/AZURE/westus2/Standard_DS3_v2/spot".to_owned(),
                "0".to_owned(),
                11
            ),
            (
                "2026-10-20T00:00:00Z".to_owned(),
                "dbu/AZURE/PREMIUM_JOBS_COMPUTE".to_owned(),
                "0.3".to_owned(),
                10
            ),
        ]
    );
    let wrong = r#"price_changes:
  - { at: 2026-10-20, meter: dbu/AZURE/A, unit_price: "0.30" }
  - { at: 2026-10-20, meter: dbu/AZURE/A, unit_price: "0.31" }
  - { at: 2026-12-20, meter: PREMIUM_JOBS_COMPUTE, unit_price: "0.30" }
  - { at: 2026-10-20, meter: dbu/AZURE/B, unit_price: "0.00000000000000000000000000000001" }
"#;
    assert_eq!(
        seen(&parse(&with(wrong), &[TEAM]).unwrap_err()),
        [
            ("price_changes.1", 11, "scenario::duplicate"),
            ("price_changes.2.at", 12, "scenario::outside-period"),
            ("price_changes.2.meter", 12, "scenario::meter"),
            ("price_changes.3.unit_price", 13, "price::number"),
        ]
    );
    for wrong in ["0.28", "\"-1\"", "\"0,28\"", "\"1e3\""] {
        let text =
            format!("price_changes: [ {{ at: 2026-10-20, meter: dbu/AZURE/A, unit_price: {wrong} }} ]\n");
        assert_eq!(
            parse(&with(&text), &[TEAM]).unwrap_err()[0].2,
            "scenario::schema",
            "{wrong}"
        );
    }
}

#[test]
fn tiers_change_in_order_of_time_and_to_another_tier() {
    let with = |changes: &str| {
        let main = with("");
        let named = "name: analytics,";
        assert!(main.contains(named), "{main}");
        main.replacen(named, &format!("{named} tier_changes: {changes},"), 1)
    };
    let read = parse(
        &with("[ { at: 2026-10-20, tier: PREMIUM }, { at: 2026-10-10, tier: STANDARD } ]"),
        &[TEAM],
    )
    .unwrap();
    let changes = &read
        .workspaces
        .iter()
        .find(|w| w.name == "analytics")
        .unwrap()
        .tier_changes;
    let shown: Vec<String> = changes
        .iter()
        .map(|c| format!("{} {}", c.at.date_naive(), c.tier))
        .collect();
    assert_eq!(shown, ["2026-10-10 STANDARD", "2026-10-20 PREMIUM"]);
    for (changes, code) in [
        (
            "[ { at: 2026-12-20, tier: STANDARD } ]",
            "scenario::outside-period",
        ),
        ("[ { at: soon, tier: STANDARD } ]", "scenario::instant"),
        ("[ { at: 2026-10-20, tier: GOLD } ]", "scenario::schema"),
        ("[ { at: 2026-10-20, tier: PREMIUM } ]", "scenario::order"),
        (
            "[ { at: 2026-10-20, tier: STANDARD }, { at: 2026-10-20, tier: PREMIUM } ]",
            "scenario::duplicate",
        ),
    ] {
        let wrong = parse(&with(changes), &[TEAM]).unwrap_err();
        assert_eq!((wrong.len(), wrong[0].2), (1, code), "{changes} {wrong:?}");
        assert!(
            wrong[0].0.starts_with("workspaces.") || code == "scenario::schema",
            "{wrong:?}"
        );
    }
}
