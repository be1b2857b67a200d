//! The history's promise of speed: what a simulation tells is written durably at hundreds of thousands of records a
//! second, and what existed at an instant, or happened to one cluster, is read without looking at the rest.
//!
//! `cargo bench --bench history`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tollgate::databricks::event::{
    Cause, ClusterEvent, EventDetails, EventType, InstanceEvent, InstanceState,
};
use tollgate::ledger::rate::{Rated, rate};
use tollgate::model::charge::{Price, PriceInForce};
use tollgate::model::machine::Machine;
use tollgate::model::meter::{Meter, PurchaseOption};
use tollgate::model::money::{Currency, UnitPrice};
use tollgate::model::period::{Instant, Period, from_unix, parse_instant};
use tollgate::model::usage::{Subject, Usage};
use tollgate::store::Database;
use tollgate::store::records::RecordBatch;

/// Records of a kind in one transaction.
const BATCH: usize = 20_000;
const MILLION: i64 = 1_000_000;
const MONTH: i64 = 31 * 86_400;
/// Clusters that live all month; they have a third of all events.
const LASTING: i64 = 300;
/// Events of a job's cluster, which lives for an hour.
const OF_JOB: i64 = 12;

fn main() {
    divan::main();
}

fn start() -> i64 {
    parse_instant("2026-10-01").unwrap().timestamp()
}

/// In order of time, evenly over a month: every third event is one of a lasting cluster, the others are those of jobs'
/// clusters, of which many run at once. The first of a cluster carries its definition.
fn cluster_events(count: i64) -> Vec<ClusterEvent> {
    let lasting: Vec<Arc<str>> = (0..LASTING)
        .map(|n| format!("1001-010101-last{n:04}").into())
        .collect();
    let jobs: Vec<Arc<str>> = (0..count / OF_JOB + 1)
        .map(|n| format!("1001-020202-{n:08x}").into())
        .collect();
    let workspace: Arc<str> = "prod-westus2".into();
    let attributes = Arc::new(json!({
        "cluster_name": "etl-nightly", "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2",
        "azure_attributes": {"first_on_demand": 1, "availability": "SPOT_WITH_FALLBACK_AZURE", "spot_bid_max_price": -1},
        "custom_tags": {"team": "data", "cost_center": "CC-1100"}, "data_security_mode": "SINGLE_USER",
    }));
    // How many jobs' clusters run at once; they take turns.
    let at_once = 64;
    let event = |n: i64| {
        let (cluster_id, first) = if n % 3 == 0 {
            (
                &lasting[usize::try_from(n / 3 % LASTING).unwrap()],
                n / 3 < LASTING,
            )
        } else {
            let k = n - n / 3 - 1;
            let (group, within) = (k / (at_once * OF_JOB), k % (at_once * OF_JOB));
            let cluster = group * at_once + within % at_once;
            (
                &jobs[usize::try_from(cluster).unwrap() % jobs.len()],
                within < at_once,
            )
        };
        let workers = u32::try_from(n % 9).unwrap();
        let details = if first {
            EventDetails {
                attributes: Some(Arc::clone(&attributes)),
                user: Some("ana@example.com".into()),
                ..EventDetails::default()
            }
        } else {
            EventDetails {
                current_num_workers: Some(workers),
                target_num_workers: Some(workers + 1),
                cause: Some(Cause::Autoscale),
                ..EventDetails::default()
            }
        };
        ClusterEvent {
            timestamp: from_unix(start() + n * MONTH / count),
            workspace: Arc::clone(&workspace),
            cluster_id: Arc::clone(cluster_id),
            event_type: if first {
                EventType::Creating
            } else {
                EventType::Resizing
            },
            details,
        }
    };
    (0..count).map(event).collect()
}

/// Every instance of a pool is launched, is ready, is placed, is ready again and ends: five events in order of time.
fn instance_events(count: i64) -> Vec<InstanceEvent> {
    let states = [
        InstanceState::Launching,
        InstanceState::Ready,
        InstanceState::Placed,
        InstanceState::Ready,
        InstanceState::Terminated,
    ];
    let (workspace, pool): (Arc<str>, Arc<str>) = ("prod-westus2".into(), "0101-000000-pool-warm".into());
    let (none, cluster): (Arc<str>, Arc<str>) = ("".into(), "1001-010101-last0001".into());
    let instances: Vec<Arc<str>> = (0..count / 5 + 1).map(instance).collect();
    let at_once = 100;
    let event = |n: i64| {
        let (group, within) = (n / (at_once * 5), n % (at_once * 5));
        let state = states[usize::try_from(within / at_once).unwrap()];
        let number = usize::try_from(group * at_once + within % at_once).unwrap();
        InstanceEvent {
            event_time: from_unix(start() + n * MONTH / count),
            workspace: Arc::clone(&workspace),
            instance_id: Arc::clone(&instances[number % instances.len()]),
            instance_pool_id: Arc::clone(&pool),
            cluster_id: Arc::clone(if state == InstanceState::Placed {
                &cluster
            } else {
                &none
            }),
            state,
        }
    };
    (0..count).map(event).collect()
}

/// 32 hexadecimal digits that are in no order.
fn instance(n: i64) -> Arc<str> {
    let number = u128::try_from(n + 1).unwrap();
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    format!("{mixed:032x}").into()
}

/// Hours of machines and their DBUs, in order of time.
fn facts(count: i64) -> Vec<Rated> {
    let subjects: Vec<Arc<Subject>> = (0..500).map(subject).collect();
    let meters = [
        "vm/AZURE/westus2/Standard_DS3_v2/on_demand",
        "dbu/AZURE/PREMIUM_JOBS_COMPUTE",
    ]
    .map(|text| Arc::new(text.parse::<Meter>().unwrap()));
    let price = Price {
        unit_price: UnitPrice("0.229".parse().unwrap()),
        list_unit_price: None,
        commitment: None,
        currency: Currency::USD,
        source: Arc::from("azure-westus2#list-2026-10-01"),
        synthetic: false,
    };
    let fact = |n: i64| {
        let from = start() + n * (MONTH - 4_000) / count;
        let day_end = (from / 86_400 + 1) * 86_400;
        let period = Period::new(from_unix(from), from_unix((from + 1_199).min(day_end))).unwrap();
        let usage = Usage {
            resource: format!("{n:016x}"),
            subject: Arc::clone(&subjects[usize::try_from(n % 500).unwrap()]),
            meter: Arc::clone(&meters[usize::try_from(n % 2).unwrap()]),
            per_hour: Some("0.75".parse().unwrap()),
            period,
            since: period.start,
        };
        let price = Some(price.clone());
        rate(&usage, &[PriceInForce { period, price }]).unwrap().remove(0)
    };
    (0..count).map(fact).collect()
}

fn subject(cluster: i64) -> Arc<Subject> {
    Arc::new(Subject {
        workspace: "prod-westus2".to_owned(),
        team: format!("team-{:02}", cluster % 20),
        cluster_id: format!("1001-0101{cluster:02}-abcd{cluster:04}"),
        cluster_name: format!("etl-nightly-{cluster}"),
        owner: format!("user{}@example.com", cluster % 60),
        policy: "etl-jobs".to_owned(),
        ..Subject::default()
    })
}

/// Machines that lived from minutes to a day, by their end.
fn machines(count: i64) -> Vec<Machine> {
    let subjects: Vec<Arc<Subject>> = (0..500).map(subject).collect();
    let node_type: Arc<str> = "Standard_DS3_v2".into();
    let machine = |n: i64| {
        let end = start() + 86_400 + n * (MONTH - 86_400) / count;
        let length = 300 + n * 7_919 % 86_000;
        Machine {
            instance_id: instance(n),
            subject: Arc::clone(&subjects[usize::try_from(n % 500).unwrap()]),
            node_type_id: Arc::clone(&node_type),
            purchase_option: PurchaseOption::Spot,
            driver: n % 5 == 0,
            period: Period::new(from_unix(end - length), from_unix(end)).unwrap(),
        }
    };
    (0..count).map(machine).collect()
}

/// The next records of a kind.
fn part<T>(all: &[T], batch: usize) -> &[T] {
    let from = (batch * BATCH).min(all.len());
    &all[from..(from + BATCH).min(all.len())]
}

#[derive(Default)]
struct Told {
    facts: Vec<Rated>,
    cluster_events: Vec<ClusterEvent>,
    instance_events: Vec<InstanceEvent>,
    machines: Vec<Machine>,
}

impl Told {
    fn records(&self) -> usize {
        self.facts.len() + self.cluster_events.len() + self.instance_events.len() + self.machines.len()
    }

    /// A new file; every batch is on disk before the next begins.
    fn written(&self) -> (TempDir, Database) {
        let folder = TempDir::new().unwrap();
        let mut database = Database::open(folder.path().join("ledger.db")).unwrap();
        self.write(&mut database);
        (folder, database)
    }

    fn write(&self, database: &mut Database) {
        let longest = self.facts.len().max(self.cluster_events.len());
        let longest = longest.max(self.instance_events.len()).max(self.machines.len());
        for n in 0..longest.div_ceil(BATCH) {
            let batch = RecordBatch {
                facts: part(&self.facts, n),
                cluster_events: part(&self.cluster_events, n),
                instance_events: part(&self.instance_events, n),
                machines: part(&self.machines, n),
                ..RecordBatch::default()
            };
            database.append_records("bench", &batch).unwrap();
        }
    }
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_million_cluster_events_and_half_as_many_of_instances(bencher: divan::Bencher) {
    let told = Told {
        cluster_events: cluster_events(MILLION),
        instance_events: instance_events(MILLION / 2),
        ..Told::default()
    };
    bencher
        .counter(divan::counter::ItemsCount::new(told.records()))
        .bench_local(|| told.written());
}

/// The same again: all known.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_million_cluster_events_known(bencher: divan::Bencher) {
    let told = Told {
        cluster_events: cluster_events(MILLION),
        ..Told::default()
    };
    let (_folder, mut database) = told.written();
    bencher
        .counter(divan::counter::ItemsCount::new(told.records()))
        .bench_local(|| told.write(&mut database));
}

/// Two million cluster events and two million facts, written together as a simulation writes them.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn two_million_events_and_two_million_facts(bencher: divan::Bencher) {
    let told = Told {
        facts: facts(2 * MILLION),
        cluster_events: cluster_events(2 * MILLION),
        ..Told::default()
    };
    bencher
        .counter(divan::counter::ItemsCount::new(told.records()))
        .bench_local(|| told.written());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn half_a_million_machines(bencher: divan::Bencher) {
    let told = Told {
        machines: machines(MILLION / 2),
        ..Told::default()
    };
    bencher
        .counter(divan::counter::ItemsCount::new(told.records()))
        .bench_local(|| told.written());
}

/// Of half a million, those of one instant.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn machines_of_an_instant(bencher: divan::Bencher) {
    let told = Told {
        machines: machines(MILLION / 2),
        ..Told::default()
    };
    let (_folder, database) = told.written();
    let at: Instant = parse_instant("2026-10-20T12:00:00Z").unwrap();
    bencher.bench_local(|| assert!(!database.machines_at(at).unwrap().is_empty()));
}

/// Of a million, those of one cluster that lived all month.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn events_of_a_cluster(bencher: divan::Bencher) {
    let told = Told {
        cluster_events: cluster_events(MILLION),
        ..Told::default()
    };
    let (_folder, database) = told.written();
    bencher.bench_local(|| {
        let found = database.cluster_events("1001-010101-last0007").unwrap();
        assert_eq!(found.len(), 1_112);
    });
}
