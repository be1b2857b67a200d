//! What exists at an instant: machines, disks and workspaces written as a simulation writes them, listed by the program.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tollgate::model::machine::{AddedDisk, Machine};
use tollgate::model::meter::PurchaseOption;
use tollgate::model::period::{Instant, Period, from_unix, parse_instant};
use tollgate::model::place::{Cloud, Tier, Workspace};
use tollgate::model::usage::Subject;
use tollgate::ops::resources::{ResourceOptions, resources};
use tollgate::store::Database;
use tollgate::store::records::RecordBatch;

use crate::bench::{Ended, tollgate_in};

fn period(start: &str, end: &str) -> Period {
    Period::new(parse_instant(start).unwrap(), parse_instant(end).unwrap()).unwrap()
}

fn machine(
    id: &str,
    subject: &Arc<Subject>,
    driver: bool,
    option: PurchaseOption,
    period: Period,
) -> Machine {
    Machine {
        instance_id: id.into(),
        subject: Arc::clone(subject),
        node_type_id: "Standard_DS3_v2".into(),
        purchase_option: option,
        driver,
        period,
    }
}

/// A ledger `l.db` of two workspaces over October: in `lakehouse` (a gateway, three disks a node, no addresses) a
/// cluster of a driver and a spot worker runs on 2 October from 02:00 to 03:00, the worker is given a disk at 02:20 and
/// lost at 02:40, and a pool keeps one machine idle until 12:00; `sandbox` is on AWS and has no machine.
pub fn filled(folder: &Path) {
    let october = period("2026-10-01", "2026-11-01");
    let workspaces = [
        (
            Workspace {
                name: "lakehouse".to_owned(),
                region: Some("westus2".to_owned()),
                node_disks: ["E6", "P15", "P10"].map(str::to_owned).to_vec(),
                nat_gateway: true,
                root_storage_gb: Some(100),
                ..Workspace::new(Cloud::Azure, Tier::Premium)
            },
            october,
        ),
        (
            Workspace {
                name: "sandbox".to_owned(),
                region: Some("ap-northeast-1".to_owned()),
                ..Workspace::new(Cloud::Aws, Tier::Enterprise)
            },
            october,
        ),
    ];
    let nightly = Arc::new(Subject {
        workspace: "lakehouse".to_owned(),
        team: "data".to_owned(),
        cluster_id: "1002-020000-abcdefgh".to_owned(),
        cluster_name: "nightly".to_owned(),
        ..Subject::default()
    });
    let idle = Arc::new(Subject {
        workspace: "lakehouse".to_owned(),
        team: "platform".to_owned(),
        pool: "warm".to_owned(),
        ..Subject::default()
    });
    let hour = period("2026-10-02T02:00:00Z", "2026-10-02T03:00:00Z");
    let lost = period("2026-10-02T02:00:00Z", "2026-10-02T02:40:00Z");
    let machines = [
        machine(
            "cc",
            &idle,
            false,
            PurchaseOption::OnDemand,
            period("2026-10-01", "2026-10-02T12:00:00Z"),
        ),
        machine("aa", &nightly, false, PurchaseOption::Spot, lost),
        machine("bb", &nightly, true, PurchaseOption::OnDemand, hour),
    ];
    let added_disks = [AddedDisk {
        instance_id: "aa".into(),
        number: 1,
        disk: "P15".into(),
        added: parse_instant("2026-10-02T02:20:00Z").unwrap(),
    }];
    let batch = RecordBatch {
        machines: &machines,
        added_disks: &added_disks,
        workspaces: &workspaces,
        ..RecordBatch::default()
    };
    let mut database = Database::open(folder.join("l.db")).unwrap();
    database.append_records("october", &batch).unwrap();
}

fn listed(arguments: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let arguments: Vec<&str> = arguments.split(' ').collect();
    tollgate_in(folder.path(), &arguments).output().unwrap().into()
}

fn json(arguments: &str) -> Value {
    let ended = listed(&format!("resources --ledger l.db --format json {arguments}"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    serde_json::from_str(&ended.stdout).unwrap()
}

/// How many there are of each kind.
fn totals(json: &Value) -> BTreeMap<String, u64> {
    let totals = json["totals"].as_object().unwrap();
    totals
        .iter()
        .map(|(k, n)| (k.clone(), n.as_u64().unwrap()))
        .collect()
}

fn counts(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    expected.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect()
}

/// The fixed part: Azure 1 group, 1 account, 4 containers, 1 security group, 1 network, 1 gateway, 1 address; AWS 2 buckets,
/// 1 security group, 1 network.
const FIXED: [(&str, u64); 7] = [
    ("resource_group", 1),
    ("storage_account", 1),
    ("storage_container", 6),
    ("security_group", 2),
    ("virtual_network", 2),
    ("nat_gateway", 1),
    ("public_ip", 1),
];

#[test]
fn with_all_clusters_off_only_the_fixed_part_is_there() {
    assert_eq!(totals(&json("--at 2026-10-02T12:00:00Z")), counts(&FIXED));
    let resources = json("--at 2026-10-20");
    let resources = resources["resources"].as_array().unwrap();
    assert!(
        resources
            .iter()
            .all(|r| r["instance_id"] == "" && r["driver"].is_null())
    );
    // The pool's machine is there while no cluster is.
    let idle = json("--at 2026-10-02T11:59:59Z");
    assert_eq!(totals(&idle).get("virtual_machine"), Some(&1));
    let last = idle["resources"]
        .as_array()
        .unwrap()
        .iter()
        .rfind(|r| r["instance_id"] == "cc")
        .unwrap();
    assert_eq!(
        (&last["pool"], &last["cluster_id"], &last["name"]),
        (&"warm".into(), &"".into(), &"cc-0-scratchVolume".into())
    );
}

/// Each of the three nodes has 1 machine, 2 interfaces, 1 system disk and 2 others; the worker has a third from 02:20 on.
#[test]
fn machines_come_and_go_with_what_hangs_on_them() {
    let of_nodes = |nodes: u64, more_disks: u64| {
        let mut all = counts(&FIXED);
        all.extend(counts(&[
            ("virtual_machine", nodes),
            ("network_interface", 2 * nodes),
            ("os_disk", nodes),
            ("data_disk", 2 * nodes + more_disks),
        ]));
        all
    };
    for (at, nodes, more_disks) in [
        ("2026-10-02T01:59:59Z", 1, 0),
        ("2026-10-02T02:00:00Z", 3, 0),
        ("2026-10-02T02:19:59Z", 3, 0),
        ("2026-10-02T02:20:00Z", 3, 1),
        ("2026-10-02T02:40:00Z", 2, 0),
        ("2026-10-02T03:00:00Z", 1, 0),
    ] {
        assert_eq!(
            totals(&json(&format!("--at {at}"))),
            of_nodes(nodes, more_disks),
            "{at}"
        );
    }
}

#[test]
fn what_is_asked_for_is_listed_and_nothing_else() {
    let sandbox = json("--at 2026-10-02T02:30:00Z --workspace sandbox");
    assert_eq!(sandbox["resources"].as_array().unwrap().len(), 4);
    let cluster = json("--at 2026-10-02T02:30:00Z --cluster 1002-020000-abcdefgh");
    let cluster: Vec<_> = cluster["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["name"].as_str().unwrap(), r["meter"].as_str().unwrap()))
        .collect();
    assert_eq!(
        cluster,
        [
            ("bb", "vm/AZURE/westus2/Standard_DS3_v2/on_demand"),
            ("bb-privateNIC", ""),
            ("bb-publicNIC", ""),
            ("bb-osDisk", "disk/AZURE/westus2/E6"),
            ("bb-containerRootVolume", "disk/AZURE/westus2/P15"),
            ("bb-0-scratchVolume", "disk/AZURE/westus2/P10"),
            ("aa", "vm/AZURE/westus2/Standard_DS3_v2/spot"),
            ("aa-privateNIC", ""),
            ("aa-publicNIC", ""),
            ("aa-osDisk", "disk/AZURE/westus2/E6"),
            ("aa-containerRootVolume", "disk/AZURE/westus2/P15"),
            ("aa-0-scratchVolume", "disk/AZURE/westus2/P10"),
            ("aa-1-scratchVolume", "disk/AZURE/westus2/P15"),
        ]
    );
    // A cluster that is known and off has nothing.
    let off = json("--at 2026-10-02T05:00:00Z --cluster 1002-020000-abcdefgh");
    assert_eq!(off["resources"], Value::Array(Vec::new()));
    let before = listed("resources --ledger l.db --at 2026-09-01");
    assert_eq!(
        before.stdout,
        "Resources at 2026-09-01T00:00:00Z: none\n\
         the ledger tells of workspaces over [2026-10-01T00:00:00Z, 2026-11-01T00:00:00Z)\n"
    );
}

#[test]
fn the_forms_agree() {
    let of = |format: &str| {
        let ended = listed(&format!(
            "resources --ledger l.db --at 2026-10-02T02:30:00Z --format {format}"
        ));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        ended.stdout
    };
    let csv = of("csv");
    assert_eq!(csv, of("csv"), "same input, same bytes");
    let json: Value = serde_json::from_str(&of("json")).unwrap();
    let rows = json["resources"].as_array().unwrap();
    // No cell of these has a comma or a quote; the name is the eighth.
    let read: Vec<&str> = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(7).unwrap())
        .collect();
    let told: Vec<&str> = rows.iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(read, told);
    let text = of("text");
    assert!(text.starts_with(&format!("Resources at 2026-10-02T02:30:00Z: {}\n", rows.len())));
    for name in told {
        assert!(text.contains(name), "{name}");
    }
    assert!(
        text.contains("\nCluster nightly (1002-020000-abcdefgh), team data: 2 machines\n"),
        "{text}"
    );
    assert!(
        text.contains("\nPool warm, idle, team platform: 1 machine\n"),
        "{text}"
    );
}

/// Lives through a scenario whose clusters take their nodes from the pool `warm`; the ledger is `pools.db`.
fn simulate_pool(folder: &Path, seed: u64, more: &str) {
    let text = format!(
        "scenario: pools\nseed: {seed}\nperiod: {{ start: 2026-10-01, end: 2026-10-02 }}\nteam_tag: team\n\
         workspaces: [ {{ name: w, cloud: AZURE, region: westus2, tier: PREMIUM }} ]\n{more}"
    );
    std::fs::write(folder.join("pools.yaml"), text).unwrap();
    let arguments = [
        "simulate",
        "pools.yaml",
        "--ledger",
        "pools.db",
        "--format",
        "json",
    ];
    let ended: Ended = tollgate_in(folder, &arguments).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

/// A cluster of `nodes` nodes from the pool `warm`.
fn of_pool(name: &str, create_at: &str, terminate_at: &str, nodes: u32) -> String {
    format!(
        "  - {{ name: {name}, workspace: w, principal: ana@example.com, create_at: \"2026-10-01T{create_at}Z\",\n\
         \x20     terminate_at: \"2026-10-01T{terminate_at}Z\", request: {{ spark_version: 15.4.x-scala2.12,\n\
         \x20     instance_pool_id: warm, num_workers: {}, autotermination_minutes: 60,\n\
         \x20     custom_tags: {{ team: etl, cost_center: CC-1100 }} }} }}\n",
        nodes - 1
    )
}

/// What the ledger of a pool says exists then.
fn resources_at(folder: &Path, at: Instant) -> Value {
    let options = ResourceOptions {
        at,
        workspace: None,
        cluster_id: None,
    };
    tollgate::report::resources::json(&resources(&folder.join("pools.db"), &options).unwrap())
}

/// The counts of the only pool: idle, used, pending idle, pending used, terminating.
fn pool_counts(found: &Value) -> [u64; 5] {
    let [pool] = found["instance_pools"].as_array().unwrap().as_slice() else {
        panic!("{found}")
    };
    let place = (&pool["workspace"], &pool["instance_pool_id"]);
    assert_eq!(place, (&"w".into(), &"warm".into()));
    let of = |key: &str| pool["stats"][key].as_u64().unwrap();
    [
        of("idle_count"),
        of("used_count"),
        of("pending_idle_count"),
        of("pending_used_count"),
        pool["terminating"].as_u64().unwrap(),
    ]
}

/// Machines that exist and for which it is so.
fn count_machines(found: &Value, wanted: impl Fn(&Value) -> bool) -> u64 {
    let rows = found["resources"].as_array().unwrap().iter();
    let machines = rows.filter(|r| r["kind"] == "virtual_machine" && wanted(r));
    u64::try_from(machines.count()).unwrap()
}

/// One idle instance of at most four is kept, others idle for ten minutes; each takes 210 s from its launch and 60 s to go.
///
/// `long` takes the idle one at 08:00:00 and has two launched, and the pool one for itself. It ends at 09:00:00 and gives
/// its three back at 09:01:00, which go at 09:11:00. `short` takes the idle one at 10:00:00 and has one launched, which has
/// not come when it gives both back at 10:02:00.
#[test]
fn a_pool_is_counted_as_the_api_counts_it() {
    let folder = tempfile::tempdir().unwrap();
    let pool = "pools: [ { instance_pool_id: warm, instance_pool_name: warm, workspace: w, node_type_id: Standard_DS3_v2,\n\
                \x20   min_idle_instances: 1, max_capacity: 4, idle_instance_autotermination_minutes: 10 } ]\nclusters:\n";
    let clusters = of_pool("long", "08:00:00", "09:00:00", 3) + &of_pool("short", "10:00:00", "10:01:00", 2);
    simulate_pool(folder.path(), 1, &(pool.to_owned() + &clusters));
    for (at, expected) in [
        ("00:00:00", [0, 0, 1, 0, 0]),
        ("00:03:29", [0, 0, 1, 0, 0]),
        ("00:03:30", [1, 0, 0, 0, 0]),
        ("07:59:59", [1, 0, 0, 0, 0]),
        ("08:00:00", [0, 1, 1, 2, 0]),
        ("08:03:30", [1, 3, 0, 0, 0]),
        ("09:00:59", [1, 3, 0, 0, 0]),
        ("09:01:00", [4, 0, 0, 0, 0]),
        ("09:11:00", [1, 0, 0, 0, 3]),
        ("09:12:00", [1, 0, 0, 0, 0]),
        ("10:00:00", [0, 1, 1, 1, 0]),
        ("10:01:59", [0, 1, 1, 1, 0]),
        ("10:02:00", [1, 0, 2, 0, 0]),
        ("10:03:30", [3, 0, 0, 0, 0]),
    ] {
        let then = parse_instant(&format!("2026-10-01T{at}Z")).unwrap();
        assert_eq!(pool_counts(&resources_at(folder.path(), then)), expected, "{at}");
    }
    // Idle again at the end, it was a cluster's at 08:30: there it is listed.
    let found = resources_at(folder.path(), parse_instant("2026-10-01T08:30:00Z").unwrap());
    let of = |cluster: &str| count_machines(&found, |r| r["cluster_name"] == cluster);
    assert_eq!((of("long"), of("")), (3, 1));
}

/// Whenever one looks, a pool's counts and what is being torn down are all of its machines, each listed under whoever has it
/// then. The pool is of spot machines, of
/// which one in three is lost every hour, idle or not.
#[test]
fn the_counts_of_a_pool_are_all_its_machines() {
    let pool = "hazards: { evictions: [ { per_million_hours: 333333 } ], spot_unavailable_per_million: 100000 }\n\
                pools: [ { instance_pool_id: warm, instance_pool_name: warm, workspace: w, node_type_id: Standard_DS3_v2,\n\
                \x20   min_idle_instances: 2, max_capacity: 9, idle_instance_autotermination_minutes: 7,\n\
                \x20   azure_attributes: { availability: SPOT_AZURE } } ]\nclusters:\n";
    let clusters: String = (0..20_u32)
        .map(|n| {
            let (create, terminate) = (n * 3_000 + 61 * (n % 7), n * 3_000 + 60 + 977 * (n % 5));
            let clock = |s: u32| format!("{:02}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60);
            of_pool(
                &format!("c{n}"),
                &clock(create),
                &clock(terminate.max(create + 1)),
                1 + n % 4,
            )
        })
        .collect();
    let midnight = parse_instant("2026-10-01").unwrap().timestamp();
    let mut seen = [0; 5];
    for seed in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        simulate_pool(folder.path(), seed, &(pool.to_owned() + &clusters));
        // Every eleventh minute and a second of its own in it.
        for n in 0..130 {
            let at = from_unix(midnight + n * 660 + (n * 37) % 60);
            let found = resources_at(folder.path(), at);
            let counts = pool_counts(&found);
            let exist = count_machines(&found, |r| r["pool"] == "warm");
            assert_eq!(counts.iter().sum::<u64>(), exist, "seed {seed}, {at}: {counts:?}");
            // Those that no cluster has or waits for are listed under the pool.
            let [idle, _, pending_idle, _, terminating] = counts;
            let listed = count_machines(&found, |r| r["pool"] == "warm" && r["cluster_id"] == "");
            assert_eq!(
                listed,
                idle + pending_idle + terminating,
                "seed {seed}, {at}: {counts:?}"
            );
            seen.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        }
    }
    assert!(seen.iter().all(|sum| *sum > 0), "{seen:?}");
}
