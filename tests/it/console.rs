//! Console sessions: what a person types and sees, with exit codes. Each command once; the rules have their own tests.

use std::fs;

use trycmd::TestCases;

use crate::bench::{Ended, images, project, tollgate};

/// Sessions with the built program and the cache of the tests.
pub fn sessions() -> TestCases {
    let cases = TestCases::new();
    cases
        .register_bin("tollgate", std::path::Path::new(env!("CARGO_BIN_EXE_tollgate")))
        .env("TOLLGATE_CACHE_DIR", images().display().to_string())
        .env("COLUMNS", "100");
    cases
}

#[test]
fn sessions_are_as_written() {
    // The folder is made before many programs want it at once.
    fs::create_dir_all(images()).unwrap();
    sessions().case("tests/cli/*.md").case("tests/cli/*.toml");
}

/// The README's sessions, with ledgers that are new ones each time.
#[test]
fn the_sessions_of_the_readme_are_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = fs::read_to_string(project("README.md")).unwrap();
    for ledger in ["october.db", "week.db"] {
        let path = folder.path().join(ledger).display().to_string();
        text = text.replace(ledger, &path);
    }
    let readme = folder.path().join("README.md");
    fs::write(&readme, text).unwrap();
    sessions().case(readme);
}

/// The help of a command, on lines long enough that nothing is broken in two.
fn help(command: &[String]) -> String {
    let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    let ended: Ended = tollgate(&arguments)
        .env("COLUMNS", "1000")
        .output()
        .unwrap()
        .into();
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{arguments:?}"
    );
    ended.stdout
}

/// Every command, found by asking each for its subcommands.
fn commands(prefix: &[String], found: &mut Vec<Vec<String>>) {
    let help = help(prefix);
    let mut listed = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .peekable();
    if listed.peek().is_none() {
        found.push(prefix.to_vec());
        return;
    }
    for line in listed.take_while(|line| !line.is_empty()) {
        // Descriptions too long for the line go on deeper.
        let Some(name) = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) else {
            continue;
        };
        let name = name.split_whitespace().next().unwrap();
        if name != "help" {
            commands(&[prefix, &[name.to_owned()]].concat(), found);
        }
    }
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let mut all = Vec::new();
    commands(&[], &mut all);
    assert!(all.len() >= 12, "{all:?}");
    let mut without = Vec::new();
    for command in &all {
        let help = help(command);
        let example = help.lines().find(|line| line.contains("Example: tollgate "));
        let shown = format!("tollgate {}", command.join(" "));
        if !example.is_some_and(|line| line.contains(&shown)) {
            without.push(shown);
        }
    }
    assert_eq!(without, Vec::<String>::new(), "no example in their help");
}

/// An example that does not parse is worse than none: each is run as far as its arguments are read.
#[test]
fn the_examples_of_the_help_are_understood() {
    let mut all = Vec::new();
    commands(&[], &mut all);
    for command in &all {
        let help = help(command);
        for line in help.lines() {
            let Some((_, example)) = line
                .split_once("tollgate ")
                .filter(|_| line.contains("Example: "))
            else {
                continue;
            };
            let words: Vec<&str> = example
                .split_whitespace()
                .take_while(|w| *w != ">" && *w != "|")
                .collect();
            // An unknown flag stops the reading before `--help` is obeyed.
            let with_help: Vec<&str> = words.iter().copied().chain(["--help"]).collect();
            let ended: Ended = tollgate(&with_help).output().unwrap().into();
            assert_eq!(ended.code, Some(0), "{example}: {}", ended.stderr);
        }
    }
}
