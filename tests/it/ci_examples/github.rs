//! The GitHub workflow.

use std::fs;

use serde_json::{Value, json};

use super::steps::{azure_devops, github, gitlab, yaml};
use super::{asked, codes, ready, said};

#[test]
fn github_shows_what_a_plan_asks_for_and_keeps_one_comment() {
    let Some(mut yard) = ready("github_shows_what_a_plan_asks_for_and_keeps_one_comment") else {
        return;
    };
    let steps = github(&yard, "terraform", false);
    let all = [
        ("Clean", 0),
        ("Policies", 0),
        ("Install", 0),
        ("Plan", 0),
        ("Check", 0),
        ("Summary", 0),
        ("Comment", 0),
        ("Remove the plan", 0),
    ];
    let told = yard.run(&steps);
    assert_eq!(codes(&told), all, "{told:#?}");
    assert!(
        said(&told, "Check")
            .stdout
            .contains("::notice file=infrastructure/plan.json,line=")
    );
    assert!(
        said(&told, "Check")
            .stdout
            .contains("2 clusters: 2 allowed, 0 denied, 0 undetermined")
    );
    assert_eq!(said(&told, "Comment").stdout, "commented\n");
    assert!(
        yard.read("summary.md")
            .starts_with("<!-- tollgate-check -->\n## tollgate: allowed")
    );
    for file in [
        "terraform.sarif",
        "terraform.xml",
        "terraform.md",
        "terraform.txt",
    ] {
        assert!(yard.at("repository/.tollgate/out").join(file).is_file(), "{file}");
    }
    let told = yard.run(&steps);
    assert_eq!(codes(&told), all, "{told:#?}");
    assert_eq!(said(&told, "Comment").stdout, "comment 41 is up to date\n");
    let comments = yard.json("comments.json");
    assert_eq!(comments.as_array().unwrap().len(), 1);
    let body = comments[0]["body"].as_str().unwrap();
    assert!(
        body.starts_with("<!-- tollgate-check --><!-- terraform -->\n## tollgate: allowed"),
        "{body}"
    );
    assert_eq!(body.matches("tollgate-check").count(), 1);
    let list = "GET repos/team/etl/issues/12/comments";
    assert_eq!(
        asked(&yard),
        [
            list,
            "POST repos/team/etl/issues/12/comments",
            list,
            "PATCH repos/team/etl/issues/comments/41"
        ]
    );
    let terraform: Vec<String> = yard
        .read("calls")
        .lines()
        .filter(|l| l.starts_with("terraform "))
        .map(str::to_owned)
        .take(3)
        .collect();
    assert_eq!(
        terraform,
        [
            "terraform -chdir=infrastructure init -input=false -lockfile=readonly",
            "terraform -chdir=infrastructure plan -input=false -lock=false -out=tollgate.tfplan",
            "terraform -chdir=infrastructure show -json tollgate.tfplan",
        ]
    );
}

#[test]
fn github_keeps_the_exit_code_and_tells_all_the_same() {
    let Some(mut yard) = ready("github_keeps_the_exit_code_and_tells_all_the_same") else {
        return;
    };
    // A stranger has begun a comment as the workflow does.
    let marker = "<!-- tollgate-check --><!-- bundle -->\nmine";
    yard.write(
        "comments.json",
        &format!(r#"[{{"id": 3, "user": {{"login": "mallory"}}, "body": {marker:?}}}]"#),
    );
    let steps = github(&yard, "bundle", false);
    let told = yard.run(&steps);
    assert_eq!(
        codes(&told),
        [
            ("Clean", 0),
            ("Policies", 0),
            ("Install", 0),
            ("Base", 0),
            ("Check", 1),
            ("Summary", 0),
            ("Comment", 0)
        ],
        "{told:#?}"
    );
    let check = &said(&told, "Check").stdout;
    assert!(
        check.contains("::error file=bundle/resources/nightly.yml,line=13,title=nightly/size::"),
        "{check}"
    );
    assert!(check.contains("cost: +61.75 USD a month"), "{check}");
    let comments = yard.json("comments.json");
    assert_eq!(comments[0]["body"], marker);
    assert!(
        comments[1]["body"]
            .as_str()
            .unwrap()
            .contains("+61.75 USD a month")
    );

    // Policies that cannot be read are no answer, and the comment says so.
    fs::remove_dir_all(yard.at("policies/policies/nightly")).unwrap();
    let told = yard.run(&steps);
    assert_eq!(
        codes(&told),
        [
            ("Clean", 0),
            ("Policies", 0),
            ("Install", 0),
            ("Base", 0),
            ("Check", 2),
            ("Summary", 0),
            ("Comment", 0)
        ],
        "{told:#?}"
    );
    assert!(
        yard.json("comments.json")[1]["body"]
            .as_str()
            .unwrap()
            .contains("## tollgate: no answer")
    );
}

#[test]
fn github_fails_where_a_fork_asks() {
    let Some(mut yard) = ready("github_fails_where_a_fork_asks") else {
        return;
    };
    let bundle = github(&yard, "bundle", true);
    assert_eq!(codes(&yard.run(&bundle)), [("No forks", 1)]);
    let terraform = github(&yard, "terraform", true);
    assert_eq!(
        codes(&yard.run(&terraform)),
        [("No forks", 1), ("Remove the plan", 0)]
    );
}

/// It would allow everything.
const FORGED: &str = "#!/bin/sh\nexit 0\n";

#[test]
fn a_tollgate_that_the_change_brings_is_not_run() {
    let Some(mut yard) = ready("a_tollgate_that_the_change_brings_is_not_run") else {
        return;
    };
    fs::create_dir_all(yard.at("repository/.tollgate/root/bin")).unwrap();
    yard.write("repository/.tollgate/root/bin/tollgate", FORGED);
    yard.write("repository/.tollgate/root/revision", &"0".repeat(40));
    yard.git(&["add", "--all"]);
    let told = yard.run(&gitlab(&yard, "tollgate-bundle"));
    assert!(
        said(&told, "script").stdout.contains("belongs to the pipeline"),
        "{told:#?}"
    );
    assert_eq!(said(&told, "script").code, Some(1));
    let told = yard.run(&github(&yard, "bundle", false));
    assert!(said(&told, "Check").stdout.contains("nightly/size"), "{told:#?}");
}

#[test]
fn a_bundle_that_was_not_there_before_is_new() {
    let Some(mut yard) = ready("a_bundle_that_was_not_there_before_is_new") else {
        return;
    };
    yard.git(&["mv", "bundle", "other"]);
    let mut steps = github(&yard, "bundle", false);
    for step in &mut steps {
        step.environment
            .push(("BUNDLE_FOLDER".to_owned(), "other".to_owned()));
    }
    let told = yard.run(&steps);
    let check = &said(&told, "Check").stdout;
    assert!(check.contains("cost: +106.70 USD a month"), "{told:#?}");
    assert!(
        !yard.read("summary.md").contains("problem"),
        "that nothing was there is none"
    );
}

#[test]
fn a_plan_that_fails_fails_the_job_and_says_nothing() {
    let Some(mut yard) = ready("a_plan_that_fails_fails_the_job_and_says_nothing") else {
        return;
    };
    yard.write("broken", "");
    let told = yard.run(&github(&yard, "terraform", false));
    assert_eq!(
        codes(&told),
        [
            ("Clean", 0),
            ("Policies", 0),
            ("Install", 0),
            ("Plan", 1),
            ("Remove the plan", 0)
        ],
        "{told:#?}"
    );
    let told = yard.run(&azure_devops(&yard, "terraform"));
    assert_eq!(
        codes(&told),
        [
            ("Install", 0),
            ("Plan", 1),
            ("Comment", 0),
            ("Remove the plan", 0)
        ],
        "{told:#?}"
    );
    assert!(said(&told, "Comment").stdout.contains("nothing to tell"));
    assert_eq!(yard.json("comments.json"), json!([]));
}

#[test]
fn terraform_of_another_digest_is_refused() {
    let Some(mut yard) = ready("terraform_of_another_digest_is_refused") else {
        return;
    };
    let mut steps = github(&yard, "terraform", false);
    for step in &mut steps {
        step.environment
            .push(("TERRAFORM_SHA256".to_owned(), "0".repeat(64)));
    }
    let told = yard.run(&steps);
    assert_eq!(
        codes(&told),
        [
            ("Clean", 0),
            ("Policies", 0),
            ("Install", 1),
            ("Remove the plan", 0)
        ],
        "{told:#?}"
    );
    assert!(!yard.at("temp/terraform/terraform").exists());
}

/// What a reviewer would look for first.
#[test]
fn the_workflow_asks_for_little_and_runs_no_text_of_others() {
    let workflow = yaml("examples/ci/github/tollgate.yml");
    assert_eq!(workflow["permissions"], json!({}));
    assert!(workflow["on"].as_object().unwrap().keys().eq(["pull_request"]));
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        let may = json!({"contents": "read", "pull-requests": "write", "security-events": "write", "actions": "read"});
        assert_eq!(job["permissions"], may, "{name}");
        for step in job["steps"].as_array().unwrap() {
            assert!(
                !step["run"].as_str().unwrap_or_default().contains("${{"),
                "{step}"
            );
            let action = step["uses"].as_str().unwrap_or("actions/");
            assert!(
                action.starts_with("actions/") || action.starts_with("github/"),
                "{action}"
            );
            assert_ne!(
                action.split('@').next(),
                Some("actions/upload-artifact"),
                "a plan holds secrets"
            );
            if action.starts_with("actions/checkout@") {
                assert_eq!(step["with"]["persist-credentials"], Value::Bool(false));
            }
        }
    }
}
