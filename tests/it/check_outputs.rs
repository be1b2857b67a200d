//! The outputs of `tollgate check`: each holds to the schema of its readers, whatever was found.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tollgate::model::schema::Schema;
use tollgate::report::check::json::SCHEMA;

use crate::bench::{Ended, project, run, tollgate, tollgate_in};
use crate::lint::valid_sarif;

const PLACE: [&str; 8] = [
    "--policy",
    "etl-jobs",
    "--region",
    "westus2",
    "--workload",
    "job",
    "--at",
    "2026-10-01",
];

/// Lays out requests that are allowed, denied, undetermined, not readable, and of names that mean harm.
fn prepare(folder: &Path) {
    for name in ["good.json", "too-large.json", "unpriced.json", "broken.json"] {
        fs::copy(project(&format!("tests/cli/check.in/{name}")), folder.join(name)).unwrap();
    }
    let mut body: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("good.json")).unwrap()).unwrap();
    body["cluster_name"] = "a|b `c` <i>@team</i> ]]>\n::error::x \u{1b}[31m\u{202e}&amp;\"'".into();
    body["num_workers"] = 30.into();
    body["custom_tags"]["x|<b>\n"] = "\u{0}".into();
    let pool =
        json!({"instance_pool_name": "small", "node_type_id": "Standard_DS3_v2", "min_idle_instances": 1});
    fs::write(folder.join("hostile, 100%.json"), body.to_string()).unwrap();
    fs::write(folder.join("pool.json"), pool.to_string()).unwrap();
}

/// The check of such files, in a format.
pub fn checked(files: &[&str], format: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let arguments: Vec<&str> = ["check"]
        .iter()
        .chain(files)
        .chain(&PLACE)
        .chain(&["--format", format])
        .copied()
        .collect();
    tollgate_in(folder.path(), &arguments).output().unwrap().into()
}

/// What [`prepare`] lays out.
pub const ALL: [&str; 6] = [
    "good.json",
    "too-large.json",
    "unpriced.json",
    "broken.json",
    "hostile, 100%.json",
    "pool.json",
];

#[test]
fn json_is_as_its_schema_says() {
    let schema = Schema::parse(SCHEMA).unwrap();
    let report: Value = serde_json::from_str(&checked(&ALL, "json-report").stdout).unwrap();
    assert_eq!(schema.problems(&report), []);
    assert_eq!(
        report["summary"],
        json!({"verdict": "unanswered", "clusters": 4, "allowed": 1, "denied": 2, "undetermined": 1, "waived": 0,
            "others": 1, "unanswered": 0, "errors": 1, "warnings": 0})
    );
    let ended = checked(&ALL, "json");
    assert_eq!(ended.code, Some(2));
    for (line, decision) in ended.stdout.lines().zip(report["decisions"].as_array().unwrap()) {
        let one: Value = serde_json::from_str(line).unwrap();
        assert_eq!(schema.problems(&one), []);
        assert_eq!(&one, decision, "one form in both");
    }
    let none: Value = serde_json::from_str(&checked(&["no-such.json"], "json-report").stdout).unwrap();
    assert_eq!(schema.problems(&none), []);
    assert_eq!(none["problems"][0]["code"], "file::unreadable");
}

#[test]
fn the_schema_is_printed_as_it_is_published() {
    let printed = run(&["schema", "check"]);
    let published = fs::read_to_string(project("docs/schema/check.schema.json")).unwrap();
    assert_eq!((printed.code, printed.stdout), (Some(0), published));
}

#[test]
fn sarif_is_valid_and_each_rule_brings_its_manual() {
    let ended = checked(&ALL, "sarif");
    let log: Value = serde_json::from_str(&ended.stdout).unwrap();
    valid_sarif(&log);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(
            rules[rule]["help"]["markdown"]
                .as_str()
                .unwrap()
                .starts_with("# ")
        );
    }
    let uris: Vec<&Value> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        .collect();
    assert!(
        uris.contains(&&json!("hostile%2C%20100%25.json"))
            || uris.contains(&&json!("hostile,%20100%25.json"))
    );
    let notifications = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notifications[0]["descriptor"]["id"], "request::wrong-type");
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let fingerprints = |text: &str| -> Vec<Value> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("r.json"), text).unwrap();
        let arguments = [&["check", "r.json", "--format", "sarif"][..], &PLACE].concat();
        let ended: Ended = tollgate_in(folder.path(), &arguments).output().unwrap().into();
        let log: Value = serde_json::from_str(&ended.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results
            .into_iter()
            .map(|r| r["partialFingerprints"].clone())
            .collect()
    };
    let large = fs::read_to_string(project("tests/cli/check.in/too-large.json")).unwrap();
    let before = fingerprints(&large);
    assert_eq!(before, fingerprints(&format!("\n\n\n{large}")));
    assert_eq!(before.len(), 1);
}

#[test]
fn workflow_commands_are_one_line_each() {
    let ended = checked(&ALL, "github");
    for line in ended.stdout.lines() {
        let rest = line.strip_prefix("::").unwrap();
        let (command, _) = rest.split_once("::").unwrap();
        let (level, properties) = command.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        for property in properties.split(',') {
            let (key, value) = property.split_once('=').unwrap();
            assert!(
                ["file", "line", "col", "title"].contains(&key) && !value.contains(':'),
                "{line}"
            );
        }
    }
    assert!(
        ended
            .stdout
            .contains("file=hostile%2C 100%25.json,line=1,title=etl-jobs/size::")
    );
}

#[test]
fn files_are_written_whatever_the_answer_and_hold_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let arguments = [
        &[
            "check",
            "too-large.json",
            "--format",
            "text=a.txt",
            "--format",
            "json=b.json",
            "-q",
        ][..],
        &PLACE,
    ]
    .concat();
    let ended: Ended = tollgate_in(folder.path(), &arguments).output().unwrap().into();
    assert_eq!(
        (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
        (Some(1), "", "")
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("a.txt").starts_with("DENY too-large  (too-large.json)\n"));
    assert_eq!(read("b.json"), checked(&["too-large.json"], "json").stdout);
    let names = fs::read_dir(folder.path()).unwrap();
    let left: Vec<_> = names
        .filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "new"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn one_file_that_cannot_be_written_keeps_no_other_from_it() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let arguments = [
        &[
            "check",
            "good.json",
            "--format",
            "sarif=none/a.sarif",
            "--format",
            "junit=b.xml",
        ][..],
        &PLACE,
    ]
    .concat();
    let ended: Ended = tollgate_in(folder.path(), &arguments).output().unwrap().into();
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stdout.starts_with("ALLOW "),
        "the answer is told all the same"
    );
    assert!(
        ended.stderr.starts_with("error[file::not-written] none/a.sarif"),
        "{}",
        ended.stderr
    );
    assert!(folder.path().join("b.xml").is_file());
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let flags = ["check", "good.json", "--quiet", "--format", "json=/dev/stdout"];
    let arguments = [&flags[..], &PLACE].concat();
    let ended: Ended = tollgate_in(folder.path(), &arguments).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let decision: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(decision["decision"], "allow");

    // Both streams in one file, as `> log 2>&1` has it: neither writes over the other.
    let log = folder.path().join("log");
    let both = fs::File::create(&log).unwrap();
    let arguments = [&flags[..], &["broken.json"], &PLACE].concat();
    let mut command = tollgate_in(folder.path(), &arguments);
    command.stdout(both.try_clone().unwrap()).stderr(both);
    assert_eq!(command.status().unwrap().code(), Some(2));
    let log = fs::read_to_string(log).unwrap();
    let (decision, problems) = log.split_once('\n').unwrap();
    let decision: Value = serde_json::from_str(decision).unwrap();
    assert_eq!(decision["decision"], "allow");
    assert!(problems.starts_with("error["), "{log}");
}

/// Neither a long result nor a short one is lost in silence.
#[test]
#[cfg(target_os = "linux")]
fn standard_output_that_takes_nothing_is_told() {
    let check = [&["check", "tests/cli/check.in/good.json"][..], &PLACE].concat();
    for arguments in [&check[..], &["schema", "check"], &["policy", "list"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = tollgate(arguments);
        let ended: Ended = command.stdout(full).output().unwrap().into();
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        assert!(
            ended.stderr.contains("error[file::not-written] stdout"),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

/// Not even a broken policy leaves the files of an earlier check in place.
#[test]
fn files_tell_that_there_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    for name in ["c.md", "c.sarif"] {
        fs::write(folder.path().join(name), "of yesterday").unwrap();
    }
    let mut command = tollgate(&[
        "check",
        "good.json",
        "--policies",
        "none",
        "--format",
        "markdown=c.md",
        "--format",
        "sarif=c.sarif",
    ]);
    let ended: Ended = command.current_dir(folder.path()).output().unwrap().into();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("c.md").starts_with("<!-- tollgate-check -->\n## tollgate: no answer\n"));
    valid_sarif(&serde_json::from_str(&read("c.sarif")).unwrap());
}
