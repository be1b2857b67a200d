//! Random simulations of six hours.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::sync::Arc;

use super::super::between::Between;
use super::super::fixture::{
    admitted, after_changes, at, bill_in, job, one_day, pool, query, session, task, times,
};
use super::super::hazard::{Eviction, Hazards, Incident, IncidentKind, Quota};
use super::super::schedule::RunSchedule;
use super::super::simulation::{AdmittedCluster, Command, Serverless, Simulation};
use super::super::timing::Timing;
use super::super::workload::{
    Activity, Afterwards, BusyKind, Compute, Job, JobCluster, RunIf, Session, Stage, Task, Work,
};
use crate::model::increment::Increment;
use crate::model::place::{Tier, TierChange};
use crate::model::tags::Tags;

/// Length of the period.
const SECONDS: u32 = 6 * 3_600;

/// Time of day of a second.
pub fn clock(second: u32) -> String {
    format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

fn seconds(max: u32) -> BoxedStrategy<Between> {
    prop_oneof![
        2 => Just(Between::exactly(0)),
        3 => (0..=max).prop_map(Between::exactly),
        2 => (0..=max, 0..=max).prop_map(|(a, b)| Between { min: a.min(b), max: a.max(b) }),
    ]
    .boxed()
}

fn timing() -> impl Strategy<Value = Timing> {
    let early = (
        seconds(9),
        seconds(9),
        seconds(200),
        seconds(40),
        seconds(40),
        seconds(90),
        seconds(90),
    );
    let late = (
        seconds(40),
        seconds(30),
        seconds(30),
        seconds(20),
        seconds(30),
        seconds(30),
    );
    let others = (
        seconds(120),
        seconds(120),
        seconds(60),
        seconds(60),
        seconds(200),
        seconds(200),
        seconds(200),
        seconds(200),
    );
    (early, late, others, 0_u32..=100, 0_u32..10).prop_map(|(e, l, o, percent, locality_wait)| Timing {
        accept: e.0,
        validate: e.1,
        allocate: e.2,
        network: e.3,
        disks: e.4,
        image: e.5,
        docker_image: e.6,
        init_scripts: l.0,
        driver_boot: l.1,
        spark_context: l.2,
        register: l.3,
        libraries: l.4,
        security: l.5,
        terminate: o.0,
        decommission: o.1,
        recover: o.2,
        autoscale_interval: o.3,
        driver_pause: o.4,
        driver_grace: o.5,
        metastore_outage: o.6,
        dbfs_outage: o.7,
        enough_workers_percent: percent,
        locality_wait,
    })
}

/// Nothing, or a chance of up to one in two.
fn chance() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0_u32), 1 => 0_u32..500_000]
}

fn hazards() -> impl Strategy<Value = Hazards> {
    let quota = prop::option::weighted(0.3, 0_u32..60);
    (prop::array::uniform12(chance()), quota).prop_map(|(c, vcpus)| Hazards {
        evictions: vec![Eviction {
            node_type_id: None,
            per_million_hours: c[0],
        }],
        spot_unavailable: c[1],
        stockout: c[2] / 4,
        init_script_failure: c[3],
        driver_unreachable: c[4],
        driver_not_responding: c[5],
        metastore_down: c[6],
        dbfs_down: c[7],
        spark_exception: c[8],
        disk_full: c[9],
        worker_lost: c[10],
        node_excluded: c[11],
        quotas: vcpus
            .map(|vcpus| Quota {
                workspace: "w".to_owned(),
                vcpus,
            })
            .into_iter()
            .collect(),
    })
}

fn size() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_u32..5).prop_map(|n| json!({"num_workers": n})),
        (0_u32..3, 1_u32..6)
            .prop_map(|(min, more)| json!({"autoscale": {"min_workers": min, "max_workers": min + more}})),
    ]
}

/// A request for a cluster, of pools or of none.
pub fn request(pools: bool) -> impl Strategy<Value = Value> {
    let spot = prop_oneof![
        3 => Just(Value::Null),
        1 => Just(json!({"availability": "SPOT_AZURE"})),
        1 => Just(json!({"availability": "SPOT_AZURE", "first_on_demand": 1})),
        1 => Just(json!({"availability": "SPOT_WITH_FALLBACK_AZURE", "first_on_demand": 2})),
    ];
    let of = if pools { 0_u32..5 } else { 0_u32..1 };
    let minutes = prop_oneof![Just(0_u32), 1_u32..40];
    (size(), spot, of, minutes, any::<[bool; 6]>()).prop_map(
        |(size, spot, of, minutes, [scripts, libraries, elastic, docker, fifo, loaded])| {
            let mut request = size;
            request["node_type_id"] = json!("Standard_DS3_v2");
            request["autotermination_minutes"] = json!(minutes);
            request["enable_elastic_disk"] = json!(elastic);
            if !spot.is_null() {
                request["azure_attributes"] = spot;
            }
            if of == 1 || of == 2 {
                request["instance_pool_id"] = json!("pool-a");
            }
            if of == 2 || of == 3 {
                request["driver_instance_pool_id"] = json!("pool-b");
            }
            if scripts {
                request["init_scripts"] = json!([{"workspace": {"destination": "/a.sh"}}]);
            }
            if libraries {
                request["libraries"] = json!([{"pypi": {"package": "x"}}]);
            }
            if docker {
                request["docker_image"] = json!({"url": "x"});
            }
            if fifo {
                request["spark_conf"] = json!({"spark.scheduler.mode": "FIFO"});
            }
            if loaded {
                request["spark_version"] = json!("15.4.x-scala2.12");
            }
            request
        },
    )
}

fn work() -> impl Strategy<Value = Work> {
    let stage = (
        0_u32..60,
        seconds(300),
        prop::option::of(0_u32..100),
        0_u32..20_000,
    );
    (seconds(60), prop::collection::vec(stage, 0..3)).prop_map(|(driver_seconds, stages)| Work {
        driver_seconds,
        stages: stages
            .into_iter()
            .enumerate()
            .map(
                |(i, (tasks, task_seconds, remote_percent, disk_mb_per_task))| Stage {
                    tasks,
                    task_seconds,
                    after: i.checked_sub(1).into_iter().collect(),
                    remote_percent,
                    disk_mb_per_task,
                },
            )
            .collect(),
    })
}

fn a_session() -> impl Strategy<Value = Session> {
    let kind = prop_oneof![
        Just(BusyKind::Command),
        Just(BusyKind::Jdbc),
        Just(BusyKind::StructuredStreaming),
        Just(BusyKind::DStream)
    ];
    let then = prop_oneof![4 => Just(Afterwards::Idle), 1 => Just(Afterwards::Terminate)];
    let busy = (seconds(60), kind).prop_map(|(minutes, kind)| Activity::Busy { minutes, kind });
    let commands =
        (seconds(4), seconds(300), work()).prop_map(|(count, pause_seconds, work)| Activity::Commands {
            count,
            pause_seconds,
            work: Arc::new(work),
        });
    (0..SECONDS, prop_oneof![busy, commands], then).prop_map(|(start, activity, then)| Session {
        times: times(&clock(start)),
        activity,
        then,
    })
}

/// Anything that a user may ask.
pub fn command(pools: bool) -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => Just(Command::Start),
        3 => Just(Command::Restart),
        2 => request(pools).prop_map(|r| Command::Edit(Box::new(admitted(r)))),
        3 => (0_u32..6).prop_map(Command::Resize),
        2 => (0_u32..3, 0_u32..4).prop_map(|(min_workers, more)| Command::ResizeAutoscale {
            min_workers,
            max_workers: min_workers + more,
        }),
        2 => Just(Command::Delete),
        1 => Just(Command::PermanentDelete),
        1 => Just(Command::Pin),
        1 => Just(Command::Unpin),
        1 => Just(Command::Retire),
    ]
}

/// An all-purpose cluster.
pub fn cluster(name: &'static str, pools: bool) -> impl Strategy<Value = AdmittedCluster> {
    let commands = prop::collection::vec((0..SECONDS, command(pools)), 0..8);
    let sessions = prop::collection::vec(a_session(), 0..5);
    (request(pools), 0..SECONDS / 2, commands, sessions).prop_map(
        move |(request, create, mut commands, sessions)| {
            commands.sort_by_key(|(second, _)| *second);
            AdmittedCluster {
                name: name.to_owned(),
                admitted: admitted(request),
                create_at: at(&clock(create)),
                commands: commands
                    .into_iter()
                    .filter(|(second, _)| *second >= create)
                    .map(|(second, command)| (at(&clock(second)), command))
                    .collect(),
                sessions,
            }
        },
    )
}

fn a_task(index: usize) -> impl Strategy<Value = Task> {
    let compute = prop_oneof![
        3 => Just(Compute::JobCluster(0)),
        2 => Just(Compute::JobCluster(1)),
        2 => Just(Compute::Existing("one".to_owned())),
        1 => Just(Compute::Serverless(Serverless {
            workspace: "w".to_owned(),
            team: "a-team".to_owned(),
            tags: Tags::default(),
            meter: "dbu/AZURE/PREMIUM_JOBS_SERVERLESS_COMPUTE_US_WEST_2".parse().unwrap(),
            after_tier_changes: Vec::new(),
            dbu_per_hour: Some(Decimal::TWO),
        })),
    ];
    let run_if = prop_oneof![
        Just(RunIf::AllSuccess),
        Just(RunIf::AllDone),
        Just(RunIf::NoneFailed),
        Just(RunIf::AtLeastOneSuccess),
        Just(RunIf::AllFailed),
        Just(RunIf::AtLeastOneFailed)
    ];
    let depends_on = prop::collection::btree_set(0..index.max(1), 0..=index.min(2));
    let timeout = prop::option::weighted(0.3, 0_u32..2_000);
    (
        compute,
        run_if,
        depends_on,
        work(),
        chance(),
        0_u32..3,
        0_u32..100,
        any::<[bool; 2]>(),
        timeout,
    )
        .prop_map(
            move |(
                compute,
                run_if,
                depends_on,
                work,
                failures,
                max_retries,
                retry_seconds,
                [retry_on_timeout, has_libraries],
                timeout,
            )| Task {
                depends_on: depends_on.into_iter().collect(),
                run_if,
                compute,
                work: Arc::new(work),
                failures_per_million: failures,
                max_retries,
                retry_seconds,
                retry_on_timeout,
                has_libraries,
                timeout_seconds: timeout,
                ..task(&format!("t{index}"), 0, &[])
            },
        )
}

fn a_job() -> impl Strategy<Value = Job> {
    let tasks = (1_usize..4).prop_flat_map(|count| (0..count).map(a_task).collect::<Vec<_>>());
    let requests = (request(true), request(true));
    let timeout = prop::option::weighted(0.3, 0_u32..4_000);
    (tasks, requests, 20_u32..200, 1_u32..3, any::<bool>(), timeout).prop_map(
        |(tasks, requests, minutes, max_concurrent_runs, queue, timeout_seconds)| {
            let base = job("etl", "02:00", 0, requests.0);
            let second = JobCluster {
                key: "second".to_owned(),
                admitted: admitted(requests.1),
            };
            Job {
                schedule: RunSchedule::Every { minutes },
                max_concurrent_runs,
                queue,
                timeout_seconds,
                job_clusters: base.job_clusters.iter().cloned().chain([second]).collect(),
                tasks,
                ..base
            }
        },
    )
}

fn incident() -> impl Strategy<Value = Incident> {
    let what = prop_oneof![
        2 => (0_u32..4).prop_map(IncidentKind::Evict),
        2 => (1_u32..4).prop_map(IncidentKind::LoseWorker),
        2 => (1_u32..4).prop_map(IncidentKind::DiskFull),
        1 => Just(IncidentKind::DriverUnreachable),
        1 => Just(IncidentKind::DriverNotResponding),
        1 => Just(IncidentKind::MetastoreDown),
        1 => Just(IncidentKind::DbfsDown),
        2 => Just(IncidentKind::SparkException),
        2 => (1_u32..4).prop_map(IncidentKind::ExcludeNode),
    ];
    let object = prop_oneof![Just("one"), Just("two"), Just("etl")];
    (0..SECONDS, object, what).prop_map(|(second, object, what)| Incident {
        at: at(&clock(second)),
        object: object.to_owned(),
        what,
    })
}

fn a_pool(id: &'static str) -> impl Strategy<Value = super::super::simulation::MeteredPool> {
    let max = prop::option::weighted(0.6, 0_u32..8);
    (0_u32..4, max, 0_u32..40, any::<[bool; 2]>()).prop_map(move |(min, max, minutes, [spot, loaded])| {
        let availability = if spot { "SPOT_AZURE" } else { "ON_DEMAND_AZURE" };
        let versions = if loaded { vec!["15.4.x-scala2.12"] } else { Vec::new() };
        pool(
            id,
            json!({"min_idle_instances": min, "max_capacity": max, "idle_instance_autotermination_minutes": minutes,
                "preloaded_spark_versions": versions, "azure_attributes": {"availability": availability}}),
        )
    })
}

/// Per second, with the minimum of AWS and GCP, or by larger parts.
fn increment() -> impl Strategy<Value = Increment> {
    prop_oneof![1 => Just((1, 0)), 1 => Just((1, 60)), 2 => (1_u32..4_000, 0_u32..4_000)]
        .prop_map(|(seconds, minimum)| Increment::new(seconds, minimum).unwrap())
}

/// The tier, and when it changes to the other: autoscaling is another then, and DBUs have another SKU.
fn tiers() -> impl Strategy<Value = (Tier, Vec<TierChange>)> {
    let change = prop::option::weighted(0.4, 1..SECONDS);
    (any::<bool>(), change).prop_map(|(standard, change)| {
        let (tier, other) = match standard {
            true => (Tier::Standard, Tier::Premium),
            false => (Tier::Premium, Tier::Standard),
        };
        let changes = change.into_iter().map(|second| TierChange {
            at: at(&clock(second)),
            tier: other,
        });
        (tier, changes.collect())
    })
}

/// Two all-purpose clusters, a job, two pools.
pub fn simulation() -> impl Strategy<Value = Simulation> {
    let hazards = prop_oneof![1 => Just(Hazards::default()), 2 => hazards()];
    let incidents = prop::collection::vec(incident(), 0..6);
    let objects = (
        cluster("one", true),
        cluster("two", true),
        a_job(),
        a_pool("pool-a"),
        a_pool("pool-b"),
    );
    let place = (tiers(), increment());
    (any::<u64>(), timing(), hazards, incidents, objects, place).prop_map(
        |(seed, timing, hazards, mut incidents, (one, two, job, a, b), ((tier, tier_changes), increment))| {
            incidents.sort_by_key(|i| i.at);
            let mut simulation = of_clusters(vec![one, two]);
            let workspace = &mut simulation.workspaces[0].workspace;
            (workspace.tier, workspace.tier_changes) = (tier, tier_changes);
            let mut simulation = Simulation {
                seed,
                timing,
                hazards,
                incidents,
                pools: vec![a, b],
                jobs: vec![job],
                ..simulation
            };
            bill_in(&mut simulation, increment);
            after_changes(&mut simulation, &["dbu/AZURE/OF_THE_OTHER_TIER"]);
            simulation
        },
    )
}

/// Six hours with these clusters and plain timing.
pub fn of_clusters(clusters: Vec<AdmittedCluster>) -> Simulation {
    let mut simulation = one_day();
    simulation.period.end = at(&clock(SECONDS));
    simulation.clusters = clusters;
    simulation
}

/// A cluster without pool whose users work on it and ask things of it.
pub fn used() -> impl Strategy<Value = AdmittedCluster> {
    let bursts = prop::collection::vec((0..SECONDS, 1_u32..80, 1_u32..400, 1_u32..40), 0..5);
    (cluster("adhoc", false), bursts).prop_map(|(mut cluster, bursts)| {
        for (start, tasks, seconds, minutes) in bursts {
            let work = super::super::fixture::stages(&[(tasks, seconds)]);
            cluster.sessions.push(query(&clock(start), work));
            cluster.sessions.push(session(&clock(start), minutes));
        }
        cluster
    })
}
