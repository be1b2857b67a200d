//! The pipelines of `examples/ci`: every step runs here as its platform would run it, with the real tollgate and programs
//! that stand in for those that leave the machine. What the platforms themselves do is not tried.

use std::io::Write;
use std::process::Command;

use crate::bench::{Ended, project};
use crate::console::sessions;

mod azure_devops;
mod github;
mod gitlab;
mod steps;
mod tools;
mod yard;

use yard::Yard;

/// Whether a program is there; who passes by skipping says so.
fn has(program: &str, test: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        let _ = writeln!(std::io::stderr(), "skipped: {test} needs {program}");
    }
    found
}

/// A folder for the pipelines, where `jq` and `git` are.
fn ready(test: &str) -> Option<Yard> {
    (has("jq", test) && has("git", test)).then(Yard::new)
}

fn codes(told: &[(String, Ended)]) -> Vec<(&str, i32)> {
    told.iter()
        .map(|(name, ended)| (name.as_str(), ended.code.unwrap()))
        .collect()
}

fn said<'a>(told: &'a [(String, Ended)], step: &str) -> &'a Ended {
    &told
        .iter()
        .find(|(name, _)| name == step)
        .unwrap_or_else(|| panic!("no {step}: {told:?}"))
        .1
}

/// How the host was asked for comments: methods and paths.
fn asked(yard: &Yard) -> Vec<String> {
    let calls = yard.read("calls");
    assert!(
        !calls.contains("secret-token"),
        "arguments are seen by everybody: {calls}"
    );
    let methods = |line: &str| -> Option<String> {
        let words: Vec<&str> = line.split(' ').collect();
        let method = words.iter().position(|w| *w == "--request" || *w == "--method");
        let method = method.map_or("GET", |at| words[at + 1]);
        let path = words.iter().find(|w| {
            ["comments", "notes", "threads"]
                .iter()
                .any(|what| w.contains(what))
        })?;
        Some(format!("{method} {}", path.split('?').next().unwrap()))
    };
    calls.lines().filter_map(methods).collect()
}

#[test]
fn the_sessions_of_its_readme_are_as_written() {
    sessions().case(project("examples/ci/README.md"));
}
