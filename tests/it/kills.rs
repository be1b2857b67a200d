//! Kills of the real program at points that are drawn over its whole run, each on a ledger of its own; every third is killed once
//! more while it is completed. Afterwards the ledger is in order, and the completion brings it to the content that it has
//! when nobody disturbs.
//!
//! What is compared is the whole content: the bytes of the file that `VACUUM INTO` makes of it, where rows lie in the order of their
//! keys and nothing is left of pages that were in use before. `TOLLGATE_KILLS` says how many kills.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::bench::{run, tollgate};

/// All points hang on it. A failure shows the point.
const SEED: u64 = 0x7011_6a7e;

/// Looks at the log, at most, from when the ledger is as far as a point says until the kill. They take about as long as a
/// transaction, so that kills come inside of one and between two.
const MOST_LOOKS: u64 = 10_000;
/// Points, at most, that are drawn until a kill comes in time.
const MOST_POINTS: u32 = 20;

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// What tells how far a run is.
#[derive(Debug, Clone, Copy)]
pub enum Gauge {
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
pub struct Totals {
    pub logged: u64,
    pub entries: u64,
    pub events: u64,
}

impl Totals {
    fn of(&self, gauge: Gauge) -> u64 {
        match gauge {
            Gauge::Logged => self.logged,
            Gauge::Entries => self.entries,
            Gauge::Events => self.events,
        }
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

/// What is killed.
pub struct Work {
    /// Arguments of the program, without the ledger.
    pub arguments: Vec<String>,
    /// Those that cut it into many transactions.
    pub in_parts: Vec<String>,
    /// A ledger that it begins with; none where it makes one.
    pub begins_with: Option<PathBuf>,
    /// What tells how far a run is.
    pub gauges: Vec<Gauge>,
}

/// A folder, and what a run comes to that nobody disturbs.
pub struct Site {
    folder: tempfile::TempDir,
    work: Work,
    pub totals: Totals,
    whole: Vec<u8>,
}

impl Site {
    /// `prepare` makes what is worked on in the site's folder.
    pub fn new(prepare: impl FnOnce(&Path) -> Work) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let work = prepare(folder.path());
        let mut site = Site {
            folder,
            work,
            totals: Totals::default(),
            whole: Vec::new(),
        };
        let ledger = site.fresh("whole");
        let mut child = site.start_in_parts(&ledger);
        let mut watcher = Watcher::new(&ledger);
        while child.try_wait().unwrap().is_none() {
            site.totals.logged = site.totals.logged.max(watcher.look(Gauge::Logged));
        }
        assert!(is_done(&mut child));
        site.totals.entries = watcher.look(Gauge::Entries);
        site.totals.events = watcher.look(Gauge::Events);
        drop(watcher);
        site.whole = site.content(&ledger);
        site
    }

    pub fn ledger(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    /// A ledger as a run finds it.
    fn fresh(&self, name: &str) -> PathBuf {
        let ledger = self.ledger(name);
        remove(&ledger);
        if let Some(from) = &self.work.begins_with {
            fs::copy(from, &ledger).unwrap();
        }
        ledger
    }

    pub fn start(&self, ledger: &Path, more: &[&str]) -> Child {
        let mut arguments: Vec<&str> = self.work.arguments.iter().map(String::as_str).collect();
        arguments.extend(["--ledger", ledger.to_str().unwrap()]);
        arguments.extend(more);
        tollgate(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn start_in_parts(&self, ledger: &Path) -> Child {
        let parts: Vec<&str> = self.work.in_parts.iter().map(String::as_str).collect();
        self.start(ledger, &parts)
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

    /// A point of the run, each as likely as the others.
    fn point(&self, chance: &mut Chance) -> Point {
        let gauges = &self.work.gauges;
        let drawn = chance.below(u64::try_from(gauges.len()).unwrap());
        self.totals
            .point_after(gauges[usize::try_from(drawn).unwrap()], 0, chance)
    }

    /// Runs until the point and kills. False if the run came to its end first.
    fn kill(&self, ledger: &Path, point: Point) -> bool {
        let mut child = self.start_in_parts(ledger);
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

    /// Whether a run has written all that it writes.
    fn finished(&self, ledger: &Path) -> bool {
        let mut watcher = Watcher::new(ledger);
        self.work.gauges.iter().all(|gauge| match gauge {
            Gauge::Logged => true,
            other => watcher.look(*other) == self.totals.of(*other),
        }) && watcher.number("SELECT count(*) FROM run WHERE finished = 0") == 0
    }

    /// Kills a run on a fresh ledger and tells where. A point that the run is past before it can be killed there is drawn
    /// again.
    fn kill_once(&self, name: &str, chance: &mut Chance) -> (PathBuf, Point) {
        for _ in 0..MOST_POINTS {
            let (ledger, point) = (self.fresh(name), self.point(chance));
            if self.kill(&ledger, point) {
                return (ledger, point);
            }
        }
        panic!("a run comes to its end before it is killed at any of {MOST_POINTS} points");
    }

    /// One kill, or two, and the completion.
    fn disturb(&self, number: u64) {
        let mut chance = Chance(SEED ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let (ledger, first) = self.kill_once(&format!("killed-{number}"), &mut chance);
        let mut points = vec![first];
        self.check(&ledger, number, &points);
        if number.is_multiple_of(3) {
            let counted: Vec<Gauge> = self.work.gauges.iter().copied().skip(1).collect();
            let drawn = usize::try_from(number / 3).unwrap() % counted.len();
            let from = Watcher::new(&ledger).look(counted[drawn]);
            points.push(self.totals.point_after(counted[drawn], from, &mut chance));
            // Where it was late the second run has completed the ledger already, and the third finds that.
            self.kill(&ledger, points[1]);
            self.check(&ledger, number, &points);
        }
        let completed = is_done(&mut self.start_in_parts(&ledger));
        assert!(completed, "kill {number} at {points:?}");
        self.compare(&ledger, &format!("kill {number} at {points:?}"));
        remove(&ledger);
    }

    /// The ledger that a kill left is in order; a kill may come before there is one.
    fn check(&self, ledger: &Path, number: u64, points: &[Point]) {
        if Watcher::new(ledger).number("SELECT count(*) FROM ledger") == 0 {
            return;
        }
        let checked = run(&["ledger", "check", ledger.to_str().unwrap()]);
        assert_eq!(
            checked.code,
            Some(0),
            "kill {number} at {points:?}: {}",
            checked.stdout
        );
    }

    fn compare(&self, ledger: &Path, what: &str) {
        assert_eq!(head(ledger), head(&self.ledger("whole")), "{what}");
        assert!(
            self.content(ledger) == self.whole,
            "{what}: the same entries, and other content"
        );
    }

    /// Kills as often as `TOLLGATE_KILLS` says, else as often as is usual here.
    pub fn kill_often(&self, usual: u64) {
        let kills: u64 = std::env::var("TOLLGATE_KILLS").map_or(usual, |n| n.parse().unwrap());
        let next = Mutex::new(0..kills);
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(2));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    // The guard is gone before the kill.
                    let number = || next.lock().unwrap().next();
                    while let Some(number) = number() {
                        self.disturb(number);
                    }
                });
            }
        });
    }
}

/// Whether a run came to its end: what it says of single rows does not matter.
fn is_done(child: &mut Child) -> bool {
    matches!(child.wait().unwrap().code(), Some(0 | 1))
}

/// How many entries, and the hash of the last.
pub fn head(ledger: &Path) -> (i64, String) {
    let sql = "SELECT entries, hex(head) FROM ledger";
    let connection = open(ledger).unwrap();
    connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

pub fn remove(ledger: &Path) {
    for of in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{of}", ledger.display()));
    }
}
