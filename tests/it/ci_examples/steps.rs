//! The steps of each platform's pipeline, with what the platform puts in the place of its expressions.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tollgate::model::document::Document;

use super::yard::{Runs, Step, TERRAFORM_SHA256, Yard};
use crate::bench::project;

/// A YAML file of the examples.
pub fn yaml(path: &str) -> Value {
    let text = fs::read_to_string(project(path)).unwrap();
    Document::parse(path, &text).unwrap().value
}

fn pairs(of: &Value) -> Vec<(String, String)> {
    let object = of.as_object().into_iter().flatten();
    object
        .map(|(key, value)| {
            // Whoever uses the examples writes the digest down; the one that is there matches nothing.
            let value = match (key.as_str(), value.as_str()) {
                ("TERRAFORM_SHA256", _) => TERRAFORM_SHA256.to_owned(),
                (_, Some(text)) => text.to_owned(),
                (_, None) => value.to_string(),
            };
            (key.clone(), value)
        })
        .collect()
}

fn array(of: &Value) -> &[Value] {
    of.as_array().map_or(&[], Vec::as_slice)
}

fn text(of: &Value) -> String {
    of.as_str().unwrap_or_default().to_owned()
}

fn replaced(text: &str, by: &[(&str, &str)]) -> String {
    by.iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Of a job of the GitHub workflow.
pub fn github(yard: &Yard, job: &str, is_fork: bool) -> Vec<Step> {
    let workflow = yaml("examples/ci/github/tollgate.yml");
    let job = &workflow["jobs"][job];
    let fork = is_fork.to_string();
    let expressions = [
        (
            "${{ github.event.pull_request.head.repo.full_name != github.repository }}",
            fork.as_str(),
        ),
        ("${{ github.token }}", "secret-token"),
        ("${{ github.event.pull_request.number }}", "12"),
        ("${{ secrets.DATABRICKS_PLAN_TOKEN }}", "plan-token"),
    ];
    let own = [
        ("GITHUB_REPOSITORY", "team/etl".to_owned()),
        ("GITHUB_STEP_SUMMARY", yard.at("summary.md").display().to_string()),
        ("GITHUB_PATH", yard.at("path").display().to_string()),
        ("RUNNER_TEMP", yard.at("temp").display().to_string()),
    ];
    array(&job["steps"])
        .iter()
        .filter(|step| step["run"].is_string() || step["with"]["path"] == ".tollgate/policies")
        .filter(|step| is_fork || step["if"] != "env.IS_FORK == 'true'")
        .map(|step| {
            let given = pairs(&workflow["env"])
                .into_iter()
                .chain(pairs(&job["env"]))
                .chain(pairs(&step["env"]));
            let given = given.map(|(key, value)| (key, replaced(&value, &expressions)));
            let own = own.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
            Step {
                name: text(&step["name"]),
                runs: match step["if"].as_str() {
                    None | Some("env.IS_FORK == 'true'") => Runs::AfterSuccess,
                    Some("always()") => Runs::Always,
                    Some("always() && steps.check.outcome != 'skipped'") => Runs::AfterCheck,
                    Some(other) => panic!("what does {other} mean?"),
                },
                script: match step["with"]["path"].as_str() {
                    // In the place of the action that checks the policies out.
                    Some(path) => format!("mkdir .tollgate\ncp -R \"$YARD/policies\" {path}"),
                    None => text(&step["run"]),
                },
                environment: own.chain(given).collect(),
                folder: yard.at("repository"),
            }
        })
        .collect()
}

/// Of a job of the Azure DevOps pipeline.
pub fn azure_devops(yard: &Yard, job: &str) -> Vec<Step> {
    let pipeline = yaml("examples/ci/azure-devops/azure-pipelines.yml");
    let job = array(&pipeline["jobs"]).iter().find(|j| j["job"] == job).unwrap();
    let root = yard.at("").display().to_string();
    let macros = [
        ("$(Pipeline.Workspace)", root.trim_end_matches('/')),
        ("$(System.AccessToken)", "secret-token"),
        ("$(DATABRICKS_PLAN_TOKEN)", "plan-token"),
    ];
    let own = [
        ("AGENT_TEMPDIRECTORY", yard.at("temp").display().to_string()),
        (
            "SYSTEM_COLLECTIONURI",
            "https://dev.azure.com/example/".to_owned(),
        ),
        ("SYSTEM_TEAMPROJECTID", "project".to_owned()),
        ("BUILD_REPOSITORY_ID", "etl".to_owned()),
        ("SYSTEM_PULLREQUEST_PULLREQUESTID", "12".to_owned()),
    ];
    array(&job["steps"])
        .iter()
        .filter(|step| step["script"].is_string())
        .map(|step| {
            let given = pairs(&pipeline["variables"])
                .into_iter()
                .chain(pairs(&job["variables"]))
                .chain(pairs(&step["env"]));
            let given = given.map(|(key, value)| (key, replaced(&value, &macros)));
            let own = own.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
            let folder = step["workingDirectory"]
                .as_str()
                .map_or(root.clone(), |f| replaced(f, &macros));
            Step {
                name: text(&step["displayName"]),
                runs: match step["condition"].as_str() {
                    None => Runs::AfterSuccess,
                    Some("always()") => Runs::Always,
                    Some("and(succeededOrFailed(), eq(variables['Build.Reason'], 'PullRequest'))") => {
                        Runs::Always
                    }
                    Some(other) => panic!("what does {other} mean?"),
                },
                // The platform runs a script without `-e`.
                script: format!("set +e\n{}", text(&step["script"])),
                environment: own.chain(given).collect(),
                folder: Path::new(&folder).to_owned(),
            }
        })
        .collect()
}

/// Of a job of the GitLab snippet: one for `before_script` and `script`, which share a shell, one for `after_script`.
pub fn gitlab(yard: &Yard, job: &str) -> Vec<Step> {
    let snippet = yaml("examples/ci/gitlab/tollgate.gitlab-ci.yml");
    let (base, job) = (&snippet[".tollgate"], &snippet[job]);
    let clone = "https://gitlab-ci-token:job-token@gitlab.example.com/platform/tollgate-policies.git";
    let own = [
        ("CI_API_V4_URL", "https://gitlab.example.com/api/v4".to_owned()),
        ("CI_PROJECT_ID", "5".to_owned()),
        ("CI_MERGE_REQUEST_IID", "12".to_owned()),
        (
            "CI_MERGE_REQUEST_DIFF_BASE_SHA",
            yard.git(&["rev-parse", "HEAD^1"]),
        ),
        ("CI_JOB_TOKEN", "job-token".to_owned()),
        ("CI_SERVER_HOST", "gitlab.example.com".to_owned()),
        ("TOLLGATE_GITLAB_TOKEN", "secret-token".to_owned()),
        // In the place of the network.
        ("GIT_CONFIG_COUNT", "1".to_owned()),
        (
            "GIT_CONFIG_KEY_0",
            format!("url.{}.insteadOf", yard.at("policies").display()),
        ),
        ("GIT_CONFIG_VALUE_0", clone.to_owned()),
    ];
    let own = own.map(|(key, value)| (key.to_owned(), value));
    let environment: Vec<_> = own
        .into_iter()
        .chain(pairs(&base["variables"]))
        .chain(pairs(&job["variables"]))
        .collect();
    let lines = |of: &Value| array(of).iter().map(|line| text(line) + "\n").collect::<String>();
    let step = |name: &str, script: String| Step {
        name: name.to_owned(),
        runs: if name == "script" {
            Runs::AfterSuccess
        } else {
            Runs::Always
        },
        script,
        environment: environment.clone(),
        folder: yard.at("repository"),
    };
    vec![
        step("script", lines(&base["before_script"]) + &lines(&job["script"])),
        step("after_script", lines(&job["after_script"])),
    ]
}
