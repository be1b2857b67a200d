//! The Azure DevOps pipeline.

use super::steps::{azure_devops, yaml};
use super::{asked, codes, ready, said};

#[test]
fn azure_devops_shows_both_checks_and_keeps_one_comment() {
    let Some(mut yard) = ready("azure_devops_shows_both_checks_and_keeps_one_comment") else {
        return;
    };
    let steps = azure_devops(&yard, "terraform");
    let told = yard.run(&steps);
    assert_eq!(
        codes(&told),
        [
            ("Install", 0),
            ("Plan", 0),
            ("Check", 0),
            ("Comment", 0),
            ("Remove the plan", 0)
        ],
        "{told:#?}"
    );
    assert_eq!(
        said(&yard.run(&steps), "Comment").stdout,
        "comment 7/comments/1 is up to date\n"
    );
    let threads = yard.json("comments.json");
    assert_eq!(threads.as_array().unwrap().len(), 1);
    assert_eq!(threads[0]["status"], "closed");
    let content = threads[0]["comments"][0]["content"].as_str().unwrap();
    assert!(
        content.starts_with("<!-- tollgate-check --><!-- terraform -->\n## tollgate: allowed"),
        "{content}"
    );
    let all = "https://dev.azure.com/example/project/_apis/git/repositories/etl/pullRequests/12/threads";
    assert_eq!(
        asked(&yard),
        [
            format!("GET {all}"),
            format!("POST {all}"),
            format!("GET {all}"),
            format!("PATCH {all}/7/comments/1")
        ]
    );

    let told = yard.run(&azure_devops(&yard, "bundle"));
    assert_eq!(
        codes(&told),
        [("Install", 0), ("Base", 0), ("Check", 1), ("Comment", 0)],
        "{told:#?}"
    );
    let check = &said(&told, "Check").stdout;
    assert!(
        check.contains("##vso[task.logissue type=error]tollgate bundle: not allowed"),
        "{check}"
    );
    assert!(
        check.contains("##vso[task.complete result=Failed;]tollgate ended with 1"),
        "{check}"
    );
    assert!(check.contains("cost: +61.75 USD a month"), "{check}");
    for job in yaml("examples/ci/azure-devops/azure-pipelines.yml")["jobs"]
        .as_array()
        .unwrap()
    {
        let steps = job["steps"].as_array().unwrap();
        let tests = steps
            .iter()
            .find(|s| s["task"] == "PublishTestResults@2")
            .unwrap();
        assert!(
            yard.at("out")
                .join(tests["inputs"]["testResultsFiles"].as_str().unwrap())
                .is_file()
        );
    }
}
