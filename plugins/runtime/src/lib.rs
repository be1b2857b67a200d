//! Which Databricks runtimes a cluster may use.

mod date;

use std::cmp::Ordering;

use serde::Deserialize;
use tollgate_sdk::settings::Problems;
use tollgate_sdk::{Pattern, Review, Rule, SettingProblem, Value, Verdict, Violation, allowed, plugin};

const PATH: &str = "spark_version";

/// The configured rule.
pub struct Runtime {
    allow: Option<Vec<Pattern>>,
    deny: Vec<Pattern>,
    minimum: Option<Version>,
    lts_only: bool,
    ml: Demand,
    gpu: Demand,
    min_days_left: Option<i64>,
}

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    allow: Option<Vec<String>>,
    #[serde(default)]
    deny: Vec<String>,
    minimum: Option<String>,
    #[serde(default)]
    lts_only: bool,
    #[serde(default)]
    ml: Demand,
    #[serde(default)]
    gpu: Demand,
    end_of_support: Option<EndOfSupport>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Demand {
    #[default]
    Allow,
    Require,
    Forbid,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndOfSupport {
    #[serde(default)]
    min_days_left: i64,
}

/// The number of a runtime, as far as it orders runtimes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: i64,
    minor: i64,
}

impl Rule for Runtime {
    const NAME: &str = "runtime";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");
    const FACTS: &[&str] = &["runtime"];

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        let allow = settings.allow.map(|allow| problems.patterns("/allow", &allow));
        let deny = problems.patterns("/deny", &settings.deny);
        let minimum = settings.minimum.and_then(|minimum| {
            let version = Version::parse(&minimum);
            if version.is_none() {
                problems.add(
                    "/minimum",
                    format!("`{minimum}` is not a runtime's number, such as `14.3`"),
                );
            }
            version
        });
        problems.or(Runtime {
            allow,
            deny,
            minimum,
            lts_only: settings.lts_only,
            ml: settings.ml,
            gpu: settings.gpu,
            min_days_left: settings.end_of_support.map(|end| end.min_days_left),
        })
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        // A pipeline's runtime is chosen by its channel; its clusters have no such attribute.
        if review.workload() == "dlt" {
            return verdict;
        }
        let Some(found) = review.text(PATH).settle(PATH, &mut verdict) else {
            return verdict;
        };
        let Some(found) = found else {
            verdict.violate(Violation::new(PATH, "`spark_version` is not given").allowed(allowed::present()));
            return verdict;
        };
        self.judge_name(&found, &mut verdict);
        let judge = Judge {
            found: &found,
            fact: review.fact("runtime"),
        };
        self.judge_minimum(&judge, &mut verdict);
        if self.lts_only {
            judge.demand(
                Demand::Require,
                "lts",
                "a long-term support release",
                &mut verdict,
            );
        }
        judge.demand(self.ml, "ml", "a runtime for machine learning", &mut verdict);
        judge.demand(self.gpu, "gpu", "a runtime for GPUs", &mut verdict);
        self.judge_end_of_support(&judge, review, &mut verdict);
        verdict
    }
}

impl Runtime {
    fn judge_name(&self, found: &str, verdict: &mut Verdict) {
        if let Some(allow) = &self.allow
            && !allow.iter().any(|pattern| pattern.matches(found))
        {
            let written: Vec<&str> = allow.iter().map(Pattern::written).collect();
            let listed = written
                .iter()
                .map(|pattern| format!("`{pattern}`"))
                .collect::<Vec<_>>()
                .join(", ");
            verdict.violate(
                Violation::new(
                    PATH,
                    format!("`{PATH}` is `{found}`, which matches none of {listed}"),
                )
                .actual(found)
                .allowed(allowed::pattern(&written.join("|"))),
            );
        }
        if let Some(pattern) = self.deny.iter().find(|pattern| pattern.matches(found)) {
            let written: Vec<&str> = self.deny.iter().map(Pattern::written).collect();
            verdict.violate(
                Violation::new(
                    PATH,
                    format!("`{PATH}` is `{found}`, which `{}` denies", pattern.written()),
                )
                .actual(found)
                .allowed(allowed::blocklist(&written)),
            );
        }
    }

    fn judge_minimum(&self, judge: &Judge<'_>, verdict: &mut Verdict) {
        let Some(minimum) = &self.minimum else { return };
        match (judge.integer("major"), judge.integer("minor")) {
            (Some(major), Some(minor)) => {
                if (Version { major, minor }).cmp(minimum) == Ordering::Less {
                    let least = format!("{}.{}", minimum.major, minimum.minor);
                    verdict.violate(judge.violation(
                        &format!("runtime `{major}.{minor}` is older than `{least}`"),
                        allowed::member("minValue", least.as_str()),
                    ));
                }
            }
            _ => verdict.undetermined(PATH, format!("`{}` does not tell its version", judge.found)),
        }
    }

    fn judge_end_of_support(&self, judge: &Judge<'_>, review: &Review<'_>, verdict: &mut Verdict) {
        let Some(min_days_left) = self.min_days_left else {
            return;
        };
        let end = judge.member("end_of_support").and_then(Value::text);
        let (Some(end), Some(today)) = (end, date::day(&review.at())) else {
            return verdict.undetermined(
                PATH,
                format!("the end of support of `{}` is not known", judge.found),
            );
        };
        let Some(last) = date::day(&end) else {
            return verdict.undetermined(
                PATH,
                format!("the end of support of `{}` is `{end}`, no date", judge.found),
            );
        };
        let left = last.saturating_sub(today);
        if left >= min_days_left {
            return;
        }
        let message = match left {
            ..0 => format!("support of `{}` ended on `{end}`", judge.found),
            _ => format!(
                "support of `{}` ends on `{end}`, in `{left}` days; at least `{min_days_left}` are required",
                judge.found
            ),
        };
        verdict.violate(judge.violation(&message, allowed::member("min_days_left", min_days_left)));
    }
}

/// The runtime asked for and what the catalogue knows of it.
struct Judge<'r> {
    found: &'r str,
    fact: Option<Value<'r>>,
}

impl<'r> Judge<'r> {
    fn member(&self, key: &str) -> Option<Value<'r>> {
        self.fact?.get(key)
    }

    fn integer(&self, key: &str) -> Option<i64> {
        self.member(key)?.integer()
    }

    fn violation(&self, message: &str, allowed: String) -> Violation {
        Violation::new(PATH, message).actual(self.found).allowed(allowed)
    }

    fn demand(&self, demand: Demand, key: &str, what: &str, verdict: &mut Verdict) {
        let wanted = match demand {
            Demand::Allow => return,
            Demand::Require => true,
            Demand::Forbid => false,
        };
        match self.member(key).and_then(Value::boolean) {
            None => verdict.undetermined(PATH, format!("whether `{}` is {what} is not known", self.found)),
            Some(is) if is != wanted => {
                let message = match wanted {
                    true => format!("`{}` is not {what}, which is required", self.found),
                    false => format!("`{}` is {what}, which is not allowed", self.found),
                };
                verdict.violate(self.violation(&message, allowed::member(key, wanted)));
            }
            Some(_) => {}
        }
    }
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Version {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

plugin!(Runtime);

#[cfg(test)]
mod tests {
    use tollgate_sdk::harness::{Harness, Json, Sample, json, review};

    use super::Runtime;

    fn rule(settings: Json) -> Harness<Runtime> {
        Harness::new(settings).unwrap()
    }

    fn asked(key: &str, fact: Json) -> Sample {
        review(json!({"spark_version": key})).fact("runtime", fact)
    }

    fn lts_15_4() -> Sample {
        let fact = json!({
            "key": "15.4.x-scala2.12", "version": "15.4", "major": 15, "minor": 4, "lts": true, "ml": false,
            "gpu": false, "photon": false, "aarch64": false, "end_of_support": "2026-10-31",
        });
        asked("15.4.x-scala2.12", fact)
    }

    fn snapshot() -> Sample {
        let fact = json!({
            "key": "17.x-snapshot-scala2.13", "version": null, "major": null, "minor": null, "lts": null,
            "ml": false, "gpu": false, "photon": false, "aarch64": false, "end_of_support": null,
        });
        asked("17.x-snapshot-scala2.13", fact)
    }

    #[test]
    fn patterns_match_the_whole_version() {
        rule(json!({"allow": ["15\\.4\\..*"]}))
            .evaluate(lts_15_4())
            .allows();
        rule(json!({"allow": ["15\\.4"]}))
            .evaluate(lts_15_4())
            .violates("spark_version");
        rule(json!({"deny": ["15\\.4\\..*"]}))
            .evaluate(lts_15_4())
            .violates("spark_version");
        rule(json!({"allow": []}))
            .evaluate(lts_15_4())
            .violates("spark_version");
    }

    #[test]
    fn versions_compare_as_numbers() {
        rule(json!({"minimum": "15.4"})).evaluate(lts_15_4()).allows();
        rule(json!({"minimum": "9.1"})).evaluate(lts_15_4()).allows();
        let outcome = rule(json!({"minimum": "15.10"})).evaluate(lts_15_4());
        assert_eq!(
            outcome.violates("spark_version").allowed_json(),
            json!({"minValue": "15.10"})
        );
    }

    #[test]
    fn what_the_catalogue_does_not_know_is_not_guessed() {
        for settings in [
            json!({"minimum": "14.3"}),
            json!({"lts_only": true}),
            json!({"end_of_support": {}}),
        ] {
            rule(settings.clone())
                .evaluate(snapshot())
                .cannot_judge("spark_version");
            rule(settings)
                .evaluate(json!({"spark_version": "custom:x"}))
                .cannot_judge("spark_version");
        }
        rule(json!({"allow": ["17\\..*"], "ml": "forbid"}))
            .evaluate(snapshot())
            .allows();
    }

    #[test]
    fn the_last_day_of_support_is_supported() {
        let zero = rule(json!({"end_of_support": {}}));
        zero.evaluate(lts_15_4().at("2026-10-31T23:59:59Z")).allows();
        zero.evaluate(lts_15_4().at("2026-11-01T00:00:00Z"))
            .violates("spark_version");
        let month = rule(json!({"end_of_support": {"min_days_left": 30}}));
        month.evaluate(lts_15_4().at("2026-10-01T00:00:00Z")).allows();
        let outcome = month.evaluate(lts_15_4().at("2026-10-02T00:00:00Z"));
        assert!(outcome.violates("spark_version").message.contains("in `29` days"));
    }

    #[test]
    fn demands_hold_both_ways() {
        rule(json!({"ml": "require"}))
            .evaluate(lts_15_4())
            .violates("spark_version");
        rule(json!({"gpu": "forbid", "ml": "forbid"}))
            .evaluate(lts_15_4())
            .allows();
    }

    #[test]
    fn a_pipeline_has_no_runtime_to_judge_and_everything_else_must_name_one() {
        rule(json!({"lts_only": true}))
            .evaluate(review(json!({})).workload("dlt"))
            .allows();
        rule(json!({})).evaluate(json!({})).violates("spark_version");
        rule(json!({}))
            .evaluate(json!({"spark_version": 15.4}))
            .violates("spark_version");
        rule(json!({}))
            .evaluate(review(json!({})).unknown(&["spark_version"]))
            .cannot_judge("spark_version");
    }

    #[test]
    fn settings_that_do_not_compile_are_pointed_at() {
        let settings = json!({"allow": ["ok", "["], "deny": ["("], "minimum": "LTS"});
        let problems = Harness::<Runtime>::new(settings).err().unwrap();
        let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/allow/1", "/deny/0", "/minimum"]);
    }
}
