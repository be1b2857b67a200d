//! Where the scripts that a cluster starts with may come from.

use std::borrow::Cow;

use serde::Deserialize;
use tollgate_sdk::settings::Problems;
use tollgate_sdk::{Reading, Review, Rule, SettingProblem, Value, Verdict, Violation, allowed, plugin};

const PATH: &str = "init_scripts";

/// The kinds of storage that the Clusters API knows.
const KINDS: [&str; 7] = ["workspace", "volumes", "abfss", "s3", "gcs", "dbfs", "file"];

/// The configured rule.
pub struct InitScripts(Settings);

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    kinds: Option<Vec<String>>,
    folders: Option<Vec<String>>,
    max: Option<usize>,
}

impl Rule for InitScripts {
    const NAME: &str = "init-scripts";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        for (i, kind) in settings.kinds.iter().flatten().enumerate() {
            if !KINDS.contains(&kind.as_str()) {
                problems.add(
                    format!("/kinds/{i}"),
                    format!("`{kind}` is no kind of init script"),
                );
            }
        }
        for (i, folder) in settings.folders.iter().flatten().enumerate() {
            if folder.is_empty() || climbs(folder) {
                problems.add(format!("/folders/{i}"), format!("`{folder}` names no folder"));
            }
        }
        problems.or(InitScripts(settings))
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        let Some(Some(scripts)) = review.list(PATH).settle(PATH, &mut verdict) else {
            return verdict;
        };
        let mut number = 0_usize;
        for (i, script) in scripts.items().enumerate() {
            number = number.saturating_add(1);
            self.0.judge(&format!("{PATH}.{i}"), script, review, &mut verdict);
        }
        self.0.judge_number(number, &mut verdict);
        verdict
    }
}

impl Settings {
    fn judge_number(&self, found: usize, verdict: &mut Verdict) {
        let Some(max) = self.max.filter(|max| found > *max) else {
            return;
        };
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        verdict.violate(
            Violation::new(
                PATH,
                format!("`{found}` init scripts, at most `{max}` are allowed"),
            )
            .actual(i64::try_from(found).unwrap_or(i64::MAX))
            .allowed(allowed::range(None, Some(max))),
        );
    }

    fn judge(&self, path: &str, script: Value<'_>, review: &Review<'_>, verdict: &mut Verdict) {
        if review.is_unknown(path) {
            return verdict.undetermined(path, format!("`{path}` is not known yet"));
        }
        let mut kinds = script.members().filter(|(_, place)| !place.is_null()).peekable();
        if kinds.peek().is_none() {
            let expected = "expected a kind of storage with a `destination`";
            // What a plan leaves out because it is not known yet is no fault of the request.
            if review.is_unknown_within(path) {
                return verdict.undetermined(path, format!("`{path}` is not known yet"));
            }
            return verdict.violate(
                Violation::new(path, format!("`{path}` is `{}`, {expected}", script.json())).actual(script),
            );
        }
        for (kind, _) in kinds {
            self.judge_place(&kind, &format!("{path}.{kind}.destination"), review, verdict);
        }
    }

    fn judge_place(&self, kind: &str, path: &str, review: &Review<'_>, verdict: &mut Verdict) {
        let destination = review.text(path);
        let kind_is_allowed = match &self.kinds {
            Some(kinds) => kinds.iter().any(|allowed| allowed == kind),
            None => KINDS.contains(&kind),
        };
        if !kind_is_allowed {
            return verdict.violate(self.wrong_kind(kind, path, &destination));
        }
        let Some(destination) = destination.settle(path, verdict) else {
            return;
        };
        let Some(destination) = destination else {
            return verdict.violate(
                Violation::new(path, "the script has no `destination`").allowed(allowed::present()),
            );
        };
        let Some(folders) = &self.folders else { return };
        if climbs(&destination) {
            return verdict.violate(
                Violation::new(
                    path,
                    format!("`{destination}` climbs out of its folder with `..`"),
                )
                .actual(&*destination)
                .allowed(folders_allowed(folders)),
            );
        }
        if !folders.iter().any(|folder| is_inside(&destination, folder)) {
            let listed = folders
                .iter()
                .map(|folder| format!("`{folder}`"))
                .collect::<Vec<_>>()
                .join(", ");
            verdict.violate(
                Violation::new(
                    path,
                    format!("`{destination}` lies outside the allowed folders: {listed}"),
                )
                .actual(&*destination)
                .allowed(folders_allowed(folders)),
            );
        }
    }

    fn wrong_kind(&self, kind: &str, path: &str, destination: &Reading<'_, Cow<'_, str>>) -> Violation {
        let kinds: Vec<&str> = match &self.kinds {
            Some(kinds) => kinds.iter().map(String::as_str).collect(),
            None => KINDS.to_vec(),
        };
        let listed = kinds
            .iter()
            .map(|kind| format!("`{kind}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let destination = match destination {
            Reading::Is(destination) => Some(destination.as_ref()),
            _ => None,
        };
        Violation::new(
            path,
            format!("an init script of kind `{kind}`; allowed: {listed}"),
        )
        .actual_if(destination)
        .allowed(allowed::member("kinds", kinds))
    }
}

fn folders_allowed(folders: &[String]) -> String {
    allowed::member("folders", folders)
}

/// Whether a destination lies below a folder; the folder itself is no script.
fn is_inside(destination: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    destination
        .strip_prefix(folder)
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|rest| !rest.is_empty())
}

/// Whether a segment of a path means the folder above, spelled out or percent-encoded.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|segment| {
        segment == ".." || (segment.contains('%') && segment.replace("%2e", ".").replace("%2E", ".") == "..")
    })
}

plugin!(InitScripts);

#[cfg(test)]
mod tests {
    use tollgate_sdk::harness::{Harness, Json, json, review};

    use super::InitScripts;

    fn rule(settings: Json) -> Harness<InitScripts> {
        Harness::new(settings).unwrap()
    }

    fn script(kind: &str, destination: &str) -> Json {
        json!({"init_scripts": [{kind: {"destination": destination}}]})
    }

    #[test]
    fn a_script_lies_inside_a_folder_and_not_beside_it() {
        let rule = rule(json!({"folders": ["/Shared/init", "/Volumes/main/ops/scripts/"]}));
        rule.evaluate(script("workspace", "/Shared/init/a.sh")).allows();
        rule.evaluate(script("volumes", "/Volumes/main/ops/scripts/x/a.sh"))
            .allows();
        for outside in [
            "/Shared/initial/a.sh",
            "/Shared/init",
            "/Shared/init/",
            "Shared/init/a.sh",
            "/shared/init/a.sh",
        ] {
            rule.evaluate(script("workspace", outside))
                .violates("init_scripts.0.workspace.destination");
        }
    }

    #[test]
    fn nothing_climbs_out_of_a_folder() {
        let rule = rule(json!({"folders": ["/Shared/init"]}));
        for climbing in [
            "/Shared/init/../a.sh",
            "/Shared/init/x/%2e%2E/a.sh",
            "/Shared/init/.%2e/a.sh",
            "/Shared/init\\..\\a.sh",
        ] {
            let outcome = rule.evaluate(script("workspace", climbing));
            assert!(
                outcome
                    .violates("init_scripts.0.workspace.destination")
                    .message
                    .contains("climbs")
            );
        }
        rule.evaluate(script("workspace", "/Shared/init/..a.sh")).allows();
    }

    #[test]
    fn kinds_are_named_and_those_nobody_knows_are_not_allowed() {
        let rule = rule(json!({"kinds": ["volumes"]}));
        rule.evaluate(script("volumes", "/Volumes/a")).allows();
        rule.evaluate(script("dbfs", "dbfs:/a"))
            .violates("init_scripts.0.dbfs.destination");
        Harness::<InitScripts>::new(json!({}))
            .unwrap()
            .evaluate(script("ftp", "x"))
            .violates("init_scripts.0.ftp.destination");
    }

    #[test]
    fn every_script_is_judged() {
        let rule = rule(json!({"folders": ["/a"], "max": 1}));
        let outcome = rule.evaluate(json!({"init_scripts": [
            {"workspace": {"destination": "/a/1"}},
            {"workspace": {"destination": "/b/2"}, "dbfs": null},
            {"s3": {"region": "eu-west-1"}},
            {}, null, "x",
        ]}));
        let expected = [
            "init_scripts",
            "init_scripts.1.workspace.destination",
            "init_scripts.2.s3.destination",
            "init_scripts.3",
            "init_scripts.4",
            "init_scripts.5",
        ];
        assert_eq!(outcome.paths(), expected);
    }

    #[test]
    fn no_scripts_are_fine() {
        let rule = rule(json!({"max": 0, "folders": ["/a"]}));
        rule.evaluate(json!({})).allows();
        rule.evaluate(json!({"init_scripts": []})).allows();
    }

    #[test]
    fn unknown_and_odd_values() {
        let rule = rule(json!({"folders": ["/a"]}));
        rule.evaluate(review(json!({})).unknown(&["init_scripts"]))
            .cannot_judge("init_scripts");
        let path = "init_scripts.0.volumes.destination";
        let partly = review(json!({"init_scripts": [{"volumes": {}}]})).unknown(&[path]);
        rule.evaluate(partly).cannot_judge(path);
        let bare = review(json!({"init_scripts": [{}]})).unknown(&[path]);
        rule.evaluate(bare).cannot_judge("init_scripts.0");
        rule.evaluate(json!({"init_scripts": "x"}))
            .violates("init_scripts");
        rule.evaluate(json!({"init_scripts": [{"volumes": {"destination": 1}}]}))
            .violates(path);
        rule.evaluate(json!({"init_scripts": [{"volumes": "x"}]}))
            .violates("init_scripts.0.volumes");
    }

    #[test]
    fn settings_name_kinds_and_folders() {
        let problems = Harness::<InitScripts>::new(json!({"kinds": ["http"], "folders": ["", "/a/../b"]}))
            .err()
            .unwrap();
        let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/kinds/0", "/folders/0", "/folders/1"]);
    }
}
