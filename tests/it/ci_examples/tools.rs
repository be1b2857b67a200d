//! The examples under the eyes of other programs: the schemas of the platforms, pre-commit, shellcheck. A test that lacks
//! its program says that it was skipped; `.ci/run` installs them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::has;
use super::steps::yaml;
use super::yard::Yard;
use crate::bench::{Ended, project};

/// A program beside the Python that `TOLLGATE_PYTHON` names.
fn beside_python(program: &str, test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("TOLLGATE_PYTHON")
        .and_then(|python| Some(Path::new(&python).parent()?.join(program)))
        .filter(|path| path.is_file());
    if found.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {test} needs {program} beside TOLLGATE_PYTHON"
        );
    }
    found
}

#[test]
fn pipelines_are_as_the_schemas_of_their_platforms_say() {
    let test = "pipelines_are_as_the_schemas_of_their_platforms_say";
    let Some(program) = beside_python("check-jsonschema", test) else {
        return;
    };
    let files: [(&str, &str, &[&str]); 4] = [
        ("github/tollgate.yml", "vendor.github-workflows", &[]),
        (
            "github/tollgate.yml",
            "custom.github-workflows-require-timeout",
            &[],
        ),
        (
            "azure-devops/azure-pipelines.yml",
            "vendor.azure-pipelines",
            &["--data-transform", "azure-pipelines"],
        ),
        (
            "gitlab/tollgate.gitlab-ci.yml",
            "vendor.gitlab-ci",
            &["--data-transform", "gitlab-ci"],
        ),
    ];
    for (file, schema, more) in files {
        let mut command = Command::new(&program);
        command
            .args(["--builtin-schema", schema])
            .args(more)
            .arg(project("examples/ci").join(file));
        let ended: Ended = command.output().unwrap().into();
        assert_eq!(ended.code, Some(0), "{file}: {}{}", ended.stdout, ended.stderr);
    }
}

#[test]
fn shellcheck_finds_nothing() {
    if !has("shellcheck", "shellcheck_finds_nothing") {
        return;
    }
    let folder = project("examples/ci/policy-repository/ci");
    let scripts = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let ended: Ended = Command::new("shellcheck")
        .arg("--shell=sh")
        .args(scripts)
        .output()
        .unwrap()
        .into();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
}

#[test]
fn hooks_are_those_that_the_example_names() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let ids: Vec<&str> = hooks
        .as_array()
        .unwrap()
        .iter()
        .map(|hook| hook["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        ["tollgate-check", "tollgate-check-from-source", "tollgate-waivers"]
    );
    let used = &yaml("examples/ci/pre-commit/.pre-commit-config.yaml")["repos"][0]["hooks"][0];
    assert!(ids.contains(&used["id"].as_str().unwrap()));
}

/// The hooks as pre-commit itself runs them, in clones without a network.
#[test]
fn pre_commit_runs_the_hooks() {
    let test = "pre_commit_runs_the_hooks";
    let Some(program) = beside_python("pre-commit", test).filter(|_| has("git", test)) else {
        return;
    };
    let yard = Yard::new();
    let tollgate = yard
        .read("tollgate")
        .replace("[ -n \"$TOLLGATE_CACHE_DIR\" ] || exit 99\n", "");
    yard.write("bin/tollgate", &tollgate);
    fs::create_dir(yard.at("hooks")).unwrap();
    fs::copy(
        project(".pre-commit-hooks.yaml"),
        yard.at("hooks/.pre-commit-hooks.yaml"),
    )
    .unwrap();
    for folder in ["hooks", "policies"] {
        yard.git_in(folder, &["init", "--quiet", "--initial-branch=main"]);
        yard.git_in(folder, &["add", "--all"]);
        yard.git_in(folder, &["commit", "--quiet", "--message=all"]);
    }
    // Where a developer has it.
    fs::rename(yard.at("policies"), yard.at("tollgate-policies")).unwrap();
    let config = fs::read_to_string(project("examples/ci/pre-commit/.pre-commit-config.yaml")).unwrap();
    let config = config
        .replace(
            "https://git.example.com/platform/tollgate",
            &yard.at("hooks").display().to_string(),
        )
        .replace(&"0".repeat(40), &yard.git_in("hooks", &["rev-parse", "HEAD"]));
    yard.write("repository/.pre-commit-config.yaml", &config);
    yard.git(&["add", "--all"]);
    let run = |folder: &str, arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .current_dir(yard.at(folder))
            .env("PRE_COMMIT_HOME", yard.at("kept"));
        yard.ended(command)
    };

    let denied = run("repository", &["run", "--all-files"]);
    assert_eq!(denied.code, Some(1), "{denied:?}");
    assert!(
        denied
            .stdout
            .contains("nightly/size: `num_workers` is `12`, at most `8` is allowed"),
        "{denied:?}"
    );
    fs::copy(
        project("examples/ci/before/bundle/databricks.yml"),
        yard.at("repository/bundle/databricks.yml"),
    )
    .unwrap();
    let allowed = run("repository", &["run", "--all-files"]);
    assert_eq!(allowed.code, Some(0), "{allowed:?}");

    let hooks = yard.at("hooks").display().to_string();
    let waivers = run(
        "tollgate-policies",
        &["try-repo", &hooks, "tollgate-waivers", "--all-files", "--verbose"],
    );
    assert_eq!(waivers.code, Some(0), "{waivers:?}");
    assert!(waivers.stdout.contains("ingest-catches-up"), "{waivers:?}");
    let expired = yard
        .read("tollgate-policies/waivers.yaml")
        .replace("2026-10-31", "2026-10-14");
    yard.write("tollgate-policies/waivers.yaml", &expired);
    let waivers = run(
        "tollgate-policies",
        &["try-repo", &hooks, "tollgate-waivers", "--all-files"],
    );
    assert_eq!(waivers.code, Some(1), "{waivers:?}");
}

/// Only a provider that is built in is there without a network.
#[test]
fn the_real_terraform_makes_a_plan() {
    if !has("terraform", "the_real_terraform_makes_a_plan") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("infrastructure")).unwrap();
    let main = "resource \"terraform_data\" \"x\" {\n  input = \"v\"\n}\n";
    fs::write(folder.path().join("infrastructure/main.tf"), main).unwrap();
    let mut command = Command::new(project("examples/ci/policy-repository/ci/plan.sh"));
    command
        .arg("infrastructure")
        .current_dir(folder.path())
        .env("CHECKPOINT_DISABLE", "1");
    let ended: Ended = command.output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let plan = fs::read_to_string(folder.path().join("infrastructure/plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["resource_changes"][0]["address"], "terraform_data.x");
    assert!(!folder.path().join("infrastructure/tollgate.tfplan").exists());
}
