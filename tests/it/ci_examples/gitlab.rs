//! The GitLab snippet.

use serde_json::{Value, json};

use super::steps::{gitlab, yaml};
use super::{codes, ready, said};

#[test]
fn gitlab_shows_both_checks_and_keeps_one_note_each() {
    let Some(mut yard) = ready("gitlab_shows_both_checks_and_keeps_one_note_each") else {
        return;
    };
    yard.git_in("policies", &["init", "--quiet", "--initial-branch=main"]);
    yard.git_in("policies", &["add", "--all"]);
    yard.git_in("policies", &["commit", "--quiet", "--message=policies"]);
    // Notes of others fill a page and more, and one begins as ours does.
    let marker = "<!-- tollgate-check --><!-- terraform -->\nmine";
    let notes: Vec<Value> = (0..120)
        .map(|id| {
            let body = if id == 3 { marker } else { "looks good" };
            json!({"id": 1000 + id, "system": false, "user": {"login": "mallory"}, "body": body})
        })
        .collect();
    yard.write("comments.json", &json!(notes).to_string());
    let steps = gitlab(&yard, "tollgate-terraform");
    let told = yard.run(&steps);
    assert_eq!(codes(&told), [("script", 0), ("after_script", 0)], "{told:#?}");
    assert!(said(&told, "after_script").stdout.contains("commented\n"));
    assert!(
        said(&yard.run(&steps), "after_script")
            .stdout
            .contains("comment 161 is up to date\n")
    );
    assert!(
        !yard.at("repository/infrastructure/plan.json").exists(),
        "the plan holds secrets"
    );
    for _ in 0..2 {
        let told = yard.run(&gitlab(&yard, "tollgate-bundle"));
        assert_eq!(codes(&told), [("script", 1), ("after_script", 0)], "{told:#?}");
        assert!(
            said(&told, "script").stdout.contains("cost: +61.75 USD a month"),
            "{told:#?}"
        );
    }
    let notes = yard.json("comments.json");
    let bodies: Vec<&str> = notes
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["body"].as_str().unwrap())
        .collect();
    assert_eq!(bodies.len(), 122);
    assert_eq!(bodies[3], marker);
    assert!(bodies[120].starts_with("<!-- tollgate-check --><!-- terraform -->\n## tollgate: allowed"));
    assert!(bodies[121].starts_with("<!-- tollgate-check --><!-- bundle -->\n## tollgate: denied"));
    for job in ["terraform", "bundle"] {
        let junit =
            &yaml("examples/ci/gitlab/tollgate.gitlab-ci.yml")[&format!("tollgate-{job}")]["artifacts"];
        assert_eq!(junit["reports"]["junit"], format!(".tollgate/out/{job}.xml"));
    }
    assert!(yard.at("repository/.tollgate/out/bundle.xml").is_file());
}
