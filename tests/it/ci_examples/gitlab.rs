//! The GitLab snippet.

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
    let marker = "<!-- tollgate-check --><!-- terraform -->\nmine";
    yard.write(
        "comments.json",
        &format!(r#"[{{"id": 3, "system": false, "user": {{"login": "mallory"}}, "body": {marker:?}}}]"#),
    );
    let steps = gitlab(&yard, "tollgate-terraform");
    let told = yard.run(&steps);
    assert_eq!(codes(&told), [("script", 0), ("after_script", 0)], "{told:#?}");
    assert!(said(&told, "after_script").stdout.contains("commented\n"));
    assert!(
        said(&yard.run(&steps), "after_script")
            .stdout
            .contains("comment 42 is up to date\n")
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
    assert_eq!(bodies.len(), 3);
    assert_eq!(bodies[0], marker);
    assert!(bodies[1].starts_with("<!-- tollgate-check --><!-- terraform -->\n## tollgate: allowed"));
    assert!(bodies[2].starts_with("<!-- tollgate-check --><!-- bundle -->\n## tollgate: denied"));
    for job in ["terraform", "bundle"] {
        let junit =
            &yaml("examples/ci/gitlab/tollgate.gitlab-ci.yml")[&format!("tollgate-{job}")]["artifacts"];
        assert_eq!(junit["reports"]["junit"], format!(".tollgate/out/{job}.xml"));
    }
    assert!(yard.at("repository/.tollgate/out/bundle.xml").is_file());
}
