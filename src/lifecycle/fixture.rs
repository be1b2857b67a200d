//! Small simulations for the tests of this layer.

use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::sync::Arc;

use super::between::Between;
use super::hazard::Hazards;
use super::schedule::{Days, RunSchedule, SessionTimes, parse_time_of_day};
use super::simulation::{
    Admitted, AdmittedCluster, Command, MeteredPool, MeteredWorkspace, NodeKind, Outcome, Simulation,
};
use super::timing::Timing;
use super::workload::{
    Activity, Afterwards, BusyKind, Compute, Job, JobCluster, RunIf, Session, Stage, Task, Work,
};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::model::increment::Increment;
use crate::model::meter::{MeterKind, MeterRate, NodeMeters};
use crate::model::period::{Instant, Period, parse_instant};
use crate::model::place::Workspace;
use crate::model::usage::Usage;

pub const VM: &str = "vm/AZURE/westus2/Standard_DS3_v2/on_demand";
pub const SPOT: &str = "vm/AZURE/westus2/Standard_DS3_v2/spot";
pub const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

/// An instant of 2026-10-01.
pub fn at(time: &str) -> Instant {
    parse_instant(&format!("2026-10-01T{time}Z")).unwrap()
}

/// A machine takes 210 s, the driver 30 s more, a tear-down 60 s; everything else takes no time. So a cold start takes
/// 240 s, one with idle machines of a pool 30 s.
pub fn plain() -> Timing {
    let s = Between::exactly;
    Timing {
        accept: s(0),
        validate: s(0),
        allocate: s(210),
        network: s(0),
        disks: s(0),
        image: s(0),
        docker_image: s(0),
        init_scripts: s(20),
        driver_boot: s(30),
        spark_context: s(0),
        register: s(0),
        libraries: s(0),
        security: s(0),
        ..Timing::default()
    }
}

/// 2026-10-01 with plain timing, nothing in it.
pub fn one_day() -> Simulation {
    Simulation {
        seed: 1,
        period: Period::new(at("00:00:00"), parse_instant("2026-10-02").unwrap()).unwrap(),
        timing: plain(),
        hazards: Hazards::default(),
        incidents: Vec::new(),
        workspaces: vec![MeteredWorkspace {
            workspace: serde_json::from_value::<Workspace>(
                json!({"name": "w", "cloud": "AZURE", "region": "westus2", "tier": "PREMIUM", "autoscale_disk": "P15"}),
            )
            .unwrap(),
            meters: Vec::new(),
            added_disk: Some(rate("disk/AZURE/westus2/P15", Decimal::ONE)),
        }],
        pools: Vec::new(),
        clusters: Vec::new(),
        jobs: Vec::new(),
    }
}

fn rate(meter: &str, per_hour: Decimal) -> MeterRate {
    MeterRate {
        meter: meter.parse().unwrap(),
        per_hour: Some(per_hour),
        increment: Increment::PER_SECOND,
    }
}

/// A machine of four cores, 0.75 DBU per hour.
pub fn node() -> NodeKind {
    let meters = |vm| NodeMeters {
        while_provisioned: vec![rate(vm, Decimal::ONE)],
        while_running: rate(DBU, Decimal::new(75, 2)),
    };
    NodeKind {
        node_type_id: "Standard_DS3_v2".into(),
        vcpus: Some(4),
        local_disk_mb: Some(100_000),
        on_demand: meters(VM),
        spot: meters(SPOT),
        after_tier_changes: Vec::new(),
    }
}

/// A request as JSON.
pub fn admitted(request: Value) -> Admitted {
    Admitted {
        spec: ClusterSpec::read(&request).unwrap(),
        attributes: Arc::new(request),
        workspace: "w".to_owned(),
        team: "a-team".to_owned(),
        policy: "p".to_owned(),
        owner: "ana@example.com".to_owned(),
        driver: node(),
        worker: node(),
    }
}

/// A cluster created at a time of 2026-10-01.
pub fn cluster(name: &str, create_at: &str, request: Value, sessions: Vec<Session>) -> AdmittedCluster {
    AdmittedCluster {
        name: name.to_owned(),
        admitted: admitted(request),
        create_at: at(create_at),
        commands: Vec::new(),
        sessions,
    }
}

/// A command at a time of 2026-10-01.
pub fn command(time: &str, command: Command) -> (Instant, Command) {
    (at(time), command)
}

/// A session on 2026-10-01 that keeps the driver busy.
pub fn session(start: &str, minutes: u32) -> Session {
    Session {
        times: times(start),
        activity: Activity::Busy {
            minutes: Between::exactly(minutes),
            kind: BusyKind::Command,
        },
        then: Afterwards::Idle,
    }
}

/// A session on 2026-10-01 of one command.
pub fn query(start: &str, work: Work) -> Session {
    Session {
        times: times(start),
        activity: Activity::Commands {
            count: Between::exactly(1),
            pause_seconds: Between::exactly(0),
            work: Arc::new(work),
        },
        then: Afterwards::Idle,
    }
}

/// Work of stages that follow each other: so many tasks of so many seconds.
pub fn stages(stages: &[(u32, u32)]) -> Work {
    let stage = |(i, (tasks, seconds)): (usize, &(u32, u32))| Stage {
        tasks: *tasks,
        task_seconds: Between::exactly(*seconds),
        after: i.checked_sub(1).into_iter().collect(),
        remote_percent: None,
        disk_mb_per_task: 0,
    };
    Work {
        driver_seconds: Between::exactly(0),
        stages: stages.iter().enumerate().map(stage).collect(),
    }
}

/// A task on the job's first cluster that keeps its driver busy.
pub fn task(key: &str, minutes: u32, depends_on: &[usize]) -> Task {
    Task {
        key: key.to_owned(),
        depends_on: depends_on.to_vec(),
        run_if: RunIf::AllSuccess,
        compute: Compute::JobCluster(0),
        work: Arc::new(Work::of_driver(Between::exactly(minutes * 60))),
        has_libraries: false,
        failures_per_million: 0,
        max_retries: 0,
        retry_seconds: 0,
        retry_on_timeout: false,
        timeout_seconds: None,
    }
}

/// A job with one run on 2026-10-01, of one task on one cluster.
pub fn job(name: &str, start: &str, minutes: u32, request: Value) -> Job {
    Job {
        name: name.to_owned(),
        workspace: "w".to_owned(),
        principal: "ana@example.com".to_owned(),
        schedule: RunSchedule::Days(times(start)),
        max_concurrent_runs: 1,
        queue: false,
        timeout_seconds: None,
        job_clusters: vec![JobCluster {
            key: name.to_owned(),
            admitted: admitted(request),
        }],
        tasks: vec![task("main", minutes, &[])],
    }
}

/// A pool of the team `pool-team`.
pub fn pool(id: &str, fields: Value) -> MeteredPool {
    let mut pool = json!({
        "instance_pool_id": id, "instance_pool_name": id, "node_type_id": "Standard_DS3_v2"
    });
    for (key, value) in fields.as_object().unwrap() {
        pool[key] = value.clone();
    }
    MeteredPool {
        workspace: "w".to_owned(),
        pool: serde_json::from_value(pool).unwrap(),
        team: "pool-team".to_owned(),
        node: node(),
    }
}

/// Lets all DBUs run under these meters after the changes of the workspace's tier, at the rates of before.
pub fn after_changes(simulation: &mut Simulation, meters: &[&str]) {
    let of_node = |node: &mut NodeKind| {
        let per_hour = node.on_demand.while_running.per_hour.unwrap_or_default();
        node.after_tier_changes = meters.iter().map(|meter| rate(meter, per_hour)).collect();
    };
    let of_admitted = |admitted: &mut Admitted| {
        of_node(&mut admitted.driver);
        of_node(&mut admitted.worker);
    };
    for cluster in &mut simulation.clusters {
        of_admitted(&mut cluster.admitted);
        for (_, command) in &mut cluster.commands {
            if let Command::Edit(admitted) = command {
                of_admitted(admitted);
            }
        }
    }
    for job in &mut simulation.jobs {
        for cluster in &mut job.job_clusters {
            of_admitted(&mut cluster.admitted);
        }
        for task in &mut job.tasks {
            if let Compute::Serverless(serverless) = &mut task.compute {
                serverless.after_tier_changes = meters.iter().map(|m| m.parse().unwrap()).collect();
            }
        }
    }
}

/// Lets all machines and their disks be billed in such increments.
pub fn bill_in(simulation: &mut Simulation, increment: Increment) {
    let of_node = |node: &mut NodeKind| {
        for meters in [&mut node.on_demand, &mut node.spot] {
            for rate in &mut meters.while_provisioned {
                rate.increment = increment;
            }
        }
    };
    let of_admitted = |admitted: &mut Admitted| {
        of_node(&mut admitted.driver);
        of_node(&mut admitted.worker);
    };
    for cluster in &mut simulation.clusters {
        of_admitted(&mut cluster.admitted);
        for (_, command) in &mut cluster.commands {
            if let Command::Edit(admitted) = command {
                of_admitted(admitted);
            }
        }
    }
    let of_jobs = simulation.jobs.iter_mut().flat_map(|job| &mut job.job_clusters);
    of_jobs.for_each(|cluster| of_admitted(&mut cluster.admitted));
    for pool in &mut simulation.pools {
        of_node(&mut pool.node);
    }
    let disks = simulation
        .workspaces
        .iter_mut()
        .filter_map(|w| w.added_disk.as_mut());
    disks.for_each(|disk| disk.increment = increment);
}

/// Runs a simulation that nobody watches, and keeps all that comes of it.
pub fn run(simulation: &Simulation) -> Outcome {
    let mut outcome = Outcome::default();
    let mut keep = |record| {
        outcome.keep(record);
        Ok(())
    };
    super::simulate(simulation, &mut keep, &mut |_| ()).unwrap();
    outcome
}

pub fn is_vm(usage: &Usage) -> bool {
    matches!(usage.meter.kind, MeterKind::Vm { .. })
}

/// Seconds of a meter, summed over the usages that are wanted.
pub fn seconds(outcome: &Outcome, meter: &str, wanted: impl Fn(&Usage) -> bool) -> i64 {
    let meter = meter.parse().unwrap();
    let usages = outcome.usage.iter();
    let wanted = usages.filter(|u| *u.meter == meter && wanted(u));
    wanted.map(|u| u.period.seconds()).sum()
}

/// Time of day and event of one cluster.
pub fn story(outcome: &Outcome, cluster_id: &str) -> Vec<String> {
    let events = outcome.events.iter().filter(|e| *e.cluster_id == *cluster_id);
    events
        .map(|e| format!("{} {}", e.timestamp.format("%H:%M:%S"), e.event_type.as_str()))
        .collect()
}

pub fn only_cluster(outcome: &Outcome) -> String {
    let [cluster] = outcome.clusters.as_slice() else {
        panic!("{:?}", outcome.clusters)
    };
    cluster.subject.cluster_id.clone()
}

/// Time of day and state of all instances of pools.
pub fn instances(outcome: &Outcome) -> Vec<String> {
    let events = outcome.instance_events.iter();
    events
        .map(|e| format!("{} {}", e.event_time.format("%H:%M:%S"), e.state.as_str()))
        .collect()
}

fn today() -> Days {
    Days::On(NaiveDate::from_ymd_opt(2026, 10, 1).unwrap())
}

pub fn times(start: &str) -> SessionTimes {
    SessionTimes {
        days: today(),
        start: time(start),
        time_zone: None,
    }
}

fn time(text: &str) -> NaiveTime {
    parse_time_of_day(text).unwrap()
}
