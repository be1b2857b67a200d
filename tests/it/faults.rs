//! A disk that fails at any call: an ingestion that it stops ends with a diagnostic and 2, leaves a ledger that is in order, and
//! is completed by the next one to the same head.
//!
//! `tests/faults/faults.c` is compiled here and preloaded; where there is no `cc` the tests say that they were skipped. A sample of the
//! calls fails in the usual run; `TOLLGATE_FAULTS=all` lets every one fail in every way.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::bench::{Ended, project, tollgate};
use crate::killed_ingest::rows;
use crate::kills::{head, remove};

/// Rows of the first edition, in transactions of so many facts: a new ledger, and some four transactions.
const ROWS: usize = 200;
const BATCH: &str = "60";
/// Calls that fail in each way in the usual run.
const SAMPLE: u64 = 8;

/// How a call fails, and whether what follows may succeed.
const KINDS: [&str; 4] = ["eio", "enospc", "short", "short-enospc"];

/// The library, compiled; none where there is no compiler.
fn library(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("faults.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .arg(project("tests/faults/faults.c"))
        .output();
    let Ok(compiled) = compiled else {
        let _ = writeln!(std::io::stderr(), "skipped: a failing disk needs `cc`");
        return None;
    };
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    Some(library)
}

struct Disk {
    folder: tempfile::TempDir,
    library: PathBuf,
    usage: PathBuf,
}

impl Disk {
    fn new() -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let library = library(folder.path())?;
        let usage = folder.path().join("usage.csv");
        let text: Vec<String> = rows(0).lines().take(ROWS + 1).map(str::to_owned).collect();
        fs::write(&usage, text.join("\n")).unwrap();
        Some(Disk {
            folder,
            library,
            usage,
        })
    }

    fn ledger(&self, name: &str) -> PathBuf {
        // The library compares whole paths.
        self.folder
            .path()
            .canonicalize()
            .unwrap()
            .join(format!("{name}.db"))
    }

    fn ingest(&self, ledger: &Path, fault: Option<(u64, &str)>) -> Ended {
        let (usage, path) = (self.usage.to_str().unwrap(), ledger.to_str().unwrap());
        let mut command = tollgate(&[
            "ingest",
            "billing-usage",
            usage,
            "--ledger",
            path,
            "--batch-facts",
            BATCH,
        ]);
        if let Some((at, kind)) = fault {
            command
                .env("LD_PRELOAD", &self.library)
                .env("FAULT_PATH", ledger)
                .env("FAULT_AT", at.to_string())
                .env("FAULT_KIND", kind)
                .env("FAULT_COUNT", ledger.with_extension("count"));
        }
        command.output().unwrap().into()
    }

    /// Calls that an undisturbed ingestion makes, and the head that it ends with.
    fn undisturbed(&self) -> (u64, (i64, String)) {
        let ledger = self.ledger("whole");
        let ended = self.ingest(&ledger, Some((0, "eio")));
        assert_eq!(ended.code, Some(1), "some rows have no price: {}", ended.stderr);
        let calls = fs::read_to_string(ledger.with_extension("count")).unwrap();
        (calls.parse().unwrap(), head(&ledger))
    }

    /// One call fails. What the program says of it, or nothing where it came to its end.
    fn fail(&self, at: u64, kind: &str, whole: &(i64, String)) -> Option<String> {
        let what = format!("{kind} at call {at}");
        let ledger = self.ledger(&format!("{kind}-{at}"));
        let ended = self.ingest(&ledger, Some((at, kind)));
        assert!(!ended.stderr.contains("panicked"), "{what}: {}", ended.stderr);
        let said = match ended.code {
            // What fails as the file is closed loses nothing: what is not in the file is in the log.
            Some(1) if kind != "short" || head(&ledger) == *whole => None,
            Some(2) => Some(code(&ended.stderr)),
            other => panic!("{what}: {other:?} {}", ended.stderr),
        };
        self.check(&ledger, &what);
        if said.is_none() {
            assert_eq!(head(&ledger), *whole, "{what}");
        }
        let again = self.ingest(&ledger, None);
        assert_eq!(again.code, Some(1), "{what}: {}", again.stderr);
        self.check(&ledger, &what);
        assert_eq!(head(&ledger), *whole, "{what}");
        remove(&ledger);
        said
    }

    /// The ledger is in order, or there is none yet.
    fn check(&self, ledger: &Path, what: &str) {
        let ended: Ended = tollgate(&["ledger", "check", ledger.to_str().unwrap()])
            .output()
            .unwrap()
            .into();
        let none_yet = ended.code == Some(2) && code(&ended.stderr) == "store::missing";
        assert!(
            ended.code == Some(0) || none_yet,
            "{what}: {}{}",
            ended.stdout,
            ended.stderr
        );
    }
}

/// `store::io` of `error[store::io] ...`.
fn code(stderr: &str) -> String {
    let code = stderr.split(['[', ']']).nth(1);
    code.unwrap_or_else(|| panic!("no diagnostic: {stderr}"))
        .to_owned()
}

#[test]
fn whatever_call_fails_the_ledger_is_in_order_and_the_next_run_completes_it() {
    let Some(disk) = Disk::new() else { return };
    let (calls, whole) = disk.undisturbed();
    assert!(calls > 60, "the library sees what the program writes: {calls}");
    let is_all = std::env::var("TOLLGATE_FAULTS").is_ok_and(|asked| asked == "all");
    let step = if is_all { 1 } else { calls.div_ceil(SAMPLE) };
    let points: Vec<(u64, &str)> = KINDS
        .into_iter()
        .zip(1..)
        .flat_map(|(kind, from)| {
            (from..=calls)
                .step_by(usize::try_from(step).unwrap())
                .map(move |at| (at, kind))
        })
        .collect();
    let (next, told) = (Mutex::new(points.iter()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let point = || next.lock().unwrap().next();
                while let Some((at, kind)) = point() {
                    let said = disk
                        .fail(*at, kind, &whole)
                        .unwrap_or_else(|| "came to its end".to_owned());
                    *told.lock().unwrap().entry((*kind, said)).or_insert(0_u32) += 1;
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    let _ = writeln!(std::io::stderr(), "{calls} calls: {told:?}");
    // Every failure has a code of its own; a short write that is followed by others is none.
    let said = |kind: &str| -> Vec<&str> {
        let of = told
            .keys()
            .filter(|(of, said)| *of == kind && said != "came to its end");
        of.map(|(_, said)| said.as_str()).collect()
    };
    assert_eq!(said("short"), [""; 0]);
    assert!(said("eio").contains(&"store::io"), "{told:?}");
    assert!(said("enospc").contains(&"store::full"), "{told:?}");
    for kind in KINDS {
        assert!(
            said(kind)
                .iter()
                .all(|code| ["store::io", "store::full", "store::cannot-open"].contains(code)),
            "{told:?}"
        );
    }
}
