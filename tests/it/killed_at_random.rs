//! Killed anywhere: wherever a simulation was killed, the next one completes the ledger to the same bytes.
//!
//! The real program lives through a month in some twenty transactions and is killed with SIGKILL at points that are drawn
//! over the whole run, each time on a ledger of its own; every third is killed once more while it is completed. What is
//! compared is the whole content: the bytes of the file that `VACUUM INTO` makes of it, where rows lie in the order of their
//! keys and nothing is left of pages that were in use before. `TOLLGATE_KILLS` says how many kills.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::bench::tollgate;

/// All points hang on it. A failure shows the point.
const SEED: u64 = 0x7011_6a7e;

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
/// Looks at the log, at most, from when the ledger is as far as a point says until the kill. They take about as long as a
/// transaction, so that kills come inside of one and between two.
const MOST_LOOKS: u64 = 10_000;
/// Points, at most, that are drawn until a kill comes in time.
const MOST_POINTS: u32 = 20;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// What tells how far a run is.
#[derive(Debug, Clone, Copy)]
enum Gauge {
    /// Bytes of the write-ahead log, which grows inside of commits.
    Logged,
    /// Entries that are committed.
    Entries,
    /// Events that are committed, of clusters and of instances.
    Events,
}

/// When to kill: so far, and so many looks at the log later.
#[derive(Debug, Clone, Copy)]
struct Point {
    gauge: Gauge,
    reached: u64,
    looks: u64,
}

/// How far a whole run comes on each gauge.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    logged: u64,
    entries: u64,
    events: u64,
}

impl Totals {
    fn of(&self, gauge: Gauge) -> u64 {
        match gauge {
            Gauge::Logged => self.logged,
            Gauge::Entries => self.entries,
            Gauge::Events => self.events,
        }
    }

    /// A point of the run, each as likely as the others.
    fn point(&self, chance: &mut Chance) -> Point {
        let gauges = [Gauge::Logged, Gauge::Entries, Gauge::Events];
        self.point_after(gauges[usize::try_from(chance.below(3)).unwrap()], 0, chance)
    }

    fn point_after(&self, gauge: Gauge, from: u64, chance: &mut Chance) -> Point {
        Point {
            gauge,
            reached: from + chance.below((self.of(gauge) + 1).saturating_sub(from).max(1)),
            looks: chance.below(MOST_LOOKS),
        }
    }
}

/// A ledger as another process sees it while it is written.
struct Watcher {
    ledger: PathBuf,
    log: PathBuf,
    connection: Option<Connection>,
}

impl Watcher {
    fn new(ledger: &Path) -> Watcher {
        Watcher {
            ledger: ledger.to_owned(),
            log: PathBuf::from(format!("{}-wal", ledger.display())),
            connection: None,
        }
    }

    fn look(&mut self, gauge: Gauge) -> u64 {
        match gauge {
            Gauge::Logged => fs::metadata(&self.log).map_or(0, |found| found.len()),
            Gauge::Entries => self.number("SELECT entries FROM ledger"),
            Gauge::Events => self.number("SELECT told FROM history"),
        }
    }

    /// 0 while there is nothing to be read.
    fn number(&mut self, sql: &str) -> u64 {
        if self.connection.is_none() {
            self.connection = open(&self.ledger);
        }
        let Some(connection) = &self.connection else {
            return 0;
        };
        let read = connection
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([], |row| row.get::<_, i64>(0)));
        u64::try_from(read.unwrap_or(0)).unwrap()
    }
}

fn open(ledger: &Path) -> Option<Connection> {
    Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()
}

/// A folder with the scenario, and what a run of it comes to that nobody disturbs.
struct Site {
    folder: tempfile::TempDir,
    totals: Totals,
    whole: Vec<u8>,
}

impl Site {
    fn new() -> Site {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("scenario.yaml"), SCENARIO).unwrap();
        let mut site = Site {
            folder,
            totals: Totals::default(),
            whole: Vec::new(),
        };
        let ledger = site.ledger("whole");
        let mut child = site.start(&ledger, &["--batch-records", BATCH]);
        let mut watcher = Watcher::new(&ledger);
        while child.try_wait().unwrap().is_none() {
            site.totals.logged = site.totals.logged.max(watcher.look(Gauge::Logged));
        }
        assert!(child.wait().unwrap().success());
        site.totals.entries = watcher.look(Gauge::Entries);
        site.totals.events = watcher.look(Gauge::Events);
        drop(watcher);
        site.whole = site.content(&ledger);
        site
    }

    fn ledger(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    fn start(&self, ledger: &Path, more: &[&str]) -> Child {
        let scenario = self.folder.path().join("scenario.yaml");
        let arguments = [
            "simulate",
            scenario.to_str().unwrap(),
            "--ledger",
            ledger.to_str().unwrap(),
        ];
        tollgate(&[&arguments, more].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Everything that a ledger holds, as the bytes of a file that holds nothing else.
    fn content(&self, ledger: &Path) -> Vec<u8> {
        let vacuumed = ledger.with_extension("vacuumed");
        let connection = open(ledger).unwrap();
        connection
            .execute("VACUUM INTO ?1", [vacuumed.to_str().unwrap()])
            .unwrap();
        let content = fs::read(&vacuumed).unwrap();
        fs::remove_file(vacuumed).unwrap();
        content
    }

    /// Runs until the point and kills. False if the run came to its end first.
    fn kill(&self, ledger: &Path, point: Point) -> bool {
        let mut child = self.start(ledger, &["--batch-records", BATCH]);
        let mut watcher = Watcher::new(ledger);
        // Against a program that hangs; nothing else hangs on the clock.
        let given_up = Instant::now() + Duration::from_secs(120);
        while watcher.look(point.gauge) < point.reached {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            assert!(Instant::now() < given_up, "{point:?} never came");
            std::thread::yield_now();
        }
        for _ in 0..point.looks {
            watcher.look(Gauge::Logged);
        }
        // It may have ended meanwhile; it is waited for below.
        let _ = child.kill();
        child.wait().unwrap().signal() == Some(9) && !self.finished(ledger)
    }

    /// Whether a run has come to its end in a ledger.
    fn finished(&self, ledger: &Path) -> bool {
        Watcher::new(ledger).number("SELECT count(*) FROM run WHERE finished = 1") > 0
    }

    /// Kills a run on a fresh ledger and tells where. A point that the run is past before it can be killed there is drawn
    /// again.
    fn kill_once(&self, ledger: &Path, chance: &mut Chance) -> Point {
        for _ in 0..MOST_POINTS {
            let point = self.totals.point(chance);
            if self.kill(ledger, point) {
                return point;
            }
            remove(ledger);
        }
        panic!("a run comes to its end before it is killed at any of {MOST_POINTS} points");
    }

    /// One kill, or two, and the completion.
    fn disturb(&self, number: u64) {
        let mut chance = Chance(SEED ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let ledger = self.ledger(&format!("killed-{number}"));
        let mut points = vec![self.kill_once(&ledger, &mut chance)];
        if number.is_multiple_of(3) {
            let gauge = [Gauge::Entries, Gauge::Events][usize::try_from(number / 3 % 2).unwrap()];
            let from = Watcher::new(&ledger).look(gauge);
            points.push(self.totals.point_after(gauge, from, &mut chance));
            // Where it was late the second run has completed the ledger already, and the third finds that.
            self.kill(&ledger, points[1]);
        }
        let completed = self.start(&ledger, &["--batch-records", BATCH]).wait().unwrap();
        assert!(completed.success(), "kill {number} at {points:?}: {completed}");
        self.compare(&ledger, &format!("kill {number} at {points:?}"));
        remove(&ledger);
    }

    fn compare(&self, ledger: &Path, what: &str) {
        assert_eq!(head(ledger), head(&self.ledger("whole")), "{what}");
        assert!(
            self.content(ledger) == self.whole,
            "{what}: the same entries, and other content"
        );
    }
}

/// How many entries, and the hash of the last.
fn head(ledger: &Path) -> (i64, String) {
    let sql = "SELECT entries, hex(head) FROM ledger";
    let connection = open(ledger).unwrap();
    connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

fn remove(ledger: &Path) {
    for of in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{of}", ledger.display()));
    }
}

#[test]
fn wherever_it_is_killed_the_next_run_completes_the_ledger_to_the_same_bytes() {
    let kills: u64 = std::env::var("TOLLGATE_KILLS").map_or(12, |n| n.parse().unwrap());
    let site = Site::new();
    assert!(
        site.totals.entries > 2_500 && site.totals.logged > 1 << 20,
        "{:?}",
        site.totals
    );
    // In transactions of the usual size it is the same chain; only the numbers that texts get hang on what is written when.
    let usual = site.ledger("usual");
    assert!(site.start(&usual, &[]).wait().unwrap().success());
    assert_eq!(head(&usual), head(&site.ledger("whole")));
    let next = Mutex::new(0..kills);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(2));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                // The guard is gone before the kill.
                let number = || next.lock().unwrap().next();
                while let Some(number) = number() {
                    site.disturb(number);
                }
            });
        }
    });
}
