//! Clusters that nobody uses must end: bounds on `autotermination_minutes`.

use serde::Deserialize;
use tollgate_sdk::json::Null;
use tollgate_sdk::settings::Problems;
use tollgate_sdk::{Reading, Review, Rule, SettingProblem, Supplied, Verdict, Violation, allowed, plugin};

const PATH: &str = "autotermination_minutes";

/// The configured rule.
pub struct AutoTermination(Settings);

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    minutes: Minutes,
    #[serde(default)]
    never: Never,
    default: Option<i64>,
    #[serde(default)]
    job_clusters: JobClusters,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Minutes {
    min: Option<i64>,
    max: Option<i64>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Never {
    #[default]
    Forbid,
    Allow,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum JobClusters {
    #[default]
    Ignore,
    ForbidSetting,
}

impl Rule for AutoTermination {
    const NAME: &str = "auto-termination";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");
    const SUPPLIES: bool = true;

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        problems.ordered("/minutes", settings.minutes.min, settings.minutes.max);
        if let Some(default) = settings.default
            && !settings.admits(default)
        {
            problems.add(
                "/default",
                format!(
                    "`{default}` would itself be denied: {} are allowed",
                    settings.range()
                ),
            );
        }
        problems.or(AutoTermination(settings))
    }

    fn supply(&self, review: &Review<'_>) -> Vec<Supplied> {
        match (self.0.default, review.value(PATH)) {
            (Some(default), Reading::Absent) if is_all_purpose(review) => {
                vec![Supplied::default_value(PATH, default)]
            }
            _ => Vec::new(),
        }
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        if is_all_purpose(review) {
            self.0.judge(review)
        } else {
            self.0.judge_job_cluster(review)
        }
    }
}

/// Clusters of jobs and pipelines end with their run and have no such setting.
fn is_all_purpose(review: &Review<'_>) -> bool {
    !matches!(&*review.workload(), "job" | "dlt")
}

impl Settings {
    fn judge(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        let Some(found) = review.count(PATH).settle(PATH, &mut verdict) else {
            return verdict;
        };
        let minutes = found.unwrap_or(0);
        if !self.admits(minutes) {
            let violation = Violation::new(PATH, self.message(found))
                .actual_if(found)
                .allowed(self.allowed());
            verdict.violate(match self.nearest(minutes) {
                Some(nearest) => violation.remedy(PATH, nearest),
                None => violation,
            });
        }
        verdict
    }

    fn judge_job_cluster(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        if self.job_clusters == JobClusters::Ignore {
            return verdict;
        }
        match review.value(PATH) {
            Reading::Is(found) => verdict.violate(
                Violation::new(
                    PATH,
                    format!(
                        "`{PATH}` is `{}`, but a cluster of a job or pipeline ends with its run",
                        found.json()
                    ),
                )
                .actual(found)
                .allowed(allowed::absent())
                .remedy(PATH, Null),
            ),
            unclear => verdict.unclear(PATH, &unclear),
        }
        verdict
    }

    fn admits(&self, minutes: i64) -> bool {
        if minutes == 0 {
            return self.never == Never::Allow;
        }
        self.minutes.min.is_none_or(|min| minutes >= min) && self.minutes.max.is_none_or(|max| minutes <= max)
    }

    /// The smallest change: the nearest bound, or for a cluster that never ends the default, else the upper bound.
    fn nearest(&self, minutes: i64) -> Option<i64> {
        let Minutes { min, max } = self.minutes;
        match minutes {
            0 => self.default.filter(|default| *default > 0).or(max).or(min),
            _ if max.is_some_and(|max| minutes > max) => max,
            _ => min,
        }
        .filter(|nearest| self.admits(*nearest))
    }

    fn allowed(&self) -> String {
        let least = if self.never == Never::Forbid {
            Some(self.minutes.min.unwrap_or(1))
        } else {
            self.minutes.min
        };
        allowed::range(least, self.minutes.max)
    }

    fn message(&self, found: Option<i64>) -> String {
        let range = self.range();
        match found {
            None => {
                format!("`{PATH}` is not given, so the cluster would never terminate; {range} are allowed")
            }
            Some(0) => format!("`{PATH}` is `0`, so the cluster would never terminate; {range} are allowed"),
            Some(found) => format!("`{PATH}` is `{found}`; {range} are allowed"),
        }
    }

    fn range(&self) -> String {
        let never = if self.never == Never::Allow {
            ", or `0` for never,"
        } else {
            ""
        };
        match (self.minutes.min, self.minutes.max) {
            (Some(min), Some(max)) => format!("`{min}` to `{max}` minutes{never}"),
            (Some(min), None) => format!("`{min}` minutes or more{never}"),
            (None, Some(max)) => format!("at most `{max}` minutes{never}"),
            (None, None) => format!("minutes above `0`{never}"),
        }
    }
}

plugin!(AutoTermination);

#[cfg(test)]
mod tests {
    use tollgate_sdk::harness::{Harness, Json, json, review};

    use super::AutoTermination;

    fn rule(settings: Json) -> Harness<AutoTermination> {
        Harness::new(settings).unwrap()
    }

    #[test]
    fn absent_zero_and_null_all_mean_never() {
        let rule = rule(json!({"minutes": {"min": 10, "max": 120}}));
        for cluster in [
            json!({}),
            json!({"autotermination_minutes": 0}),
            json!({"autotermination_minutes": null}),
        ] {
            let outcome = rule.evaluate(cluster);
            let violation = outcome.violates("autotermination_minutes");
            assert_eq!(violation.remedy_json(), json!({"autotermination_minutes": 120}));
            assert_eq!(violation.allowed_json(), json!({"minValue": 10, "maxValue": 120}));
        }
    }

    #[test]
    fn both_bounds_are_allowed_and_the_nearest_is_the_remedy() {
        let rule = rule(json!({"minutes": {"min": 10, "max": 120}}));
        rule.evaluate(json!({"autotermination_minutes": 10})).allows();
        rule.evaluate(json!({"autotermination_minutes": 120})).allows();
        for (found, nearest) in [(9, 10), (121, 120)] {
            let outcome = rule.evaluate(json!({"autotermination_minutes": found}));
            let remedy = outcome.violates("autotermination_minutes").remedy_json();
            assert_eq!(remedy, json!({"autotermination_minutes": nearest}));
        }
    }

    #[test]
    fn a_value_of_another_type_is_named() {
        let outcome = rule(json!({})).evaluate(json!({"autotermination_minutes": "60"}));
        assert!(
            outcome
                .violates("autotermination_minutes")
                .message
                .contains("expected a whole number")
        );
    }

    #[test]
    fn clusters_of_jobs_have_no_such_setting() {
        let given = review(json!({"autotermination_minutes": 60})).workload("job");
        rule(json!({})).evaluate(given.clone()).allows();
        rule(json!({}))
            .evaluate(review(json!({})).workload("dlt"))
            .allows();
        let strict = rule(json!({"job_clusters": "forbid-setting"}));
        let outcome = strict.evaluate(given);
        assert_eq!(
            outcome.violates("autotermination_minutes").remedy_json(),
            json!({"autotermination_minutes": null})
        );
    }

    #[test]
    fn the_default_is_supplied_where_it_is_missing_and_meant() {
        let rule = rule(json!({"default": 30}));
        assert_eq!(rule.supply(json!({}))[0].value, "30");
        assert!(rule.supply(json!({"autotermination_minutes": 0})).is_empty());
        assert!(rule.supply(review(json!({})).workload("job")).is_empty());
        assert!(
            rule.supply(review(json!({})).unknown(&["autotermination_minutes"]))
                .is_empty()
        );
    }

    #[test]
    fn an_unknown_value_is_undetermined() {
        let outcome = rule(json!({})).evaluate(review(json!({})).unknown(&["autotermination_minutes"]));
        outcome.cannot_judge("autotermination_minutes");
    }

    #[test]
    fn settings_that_deny_their_own_default_are_refused() {
        let settings = json!({"default": 0, "minutes": {"min": 5, "max": 2}});
        let pointers: Vec<_> = Harness::<AutoTermination>::new(settings).err().unwrap();
        assert_eq!(
            pointers.iter().map(|p| p.pointer.as_str()).collect::<Vec<_>>(),
            ["/minutes", "/default"]
        );
    }

    #[test]
    fn a_setting_of_another_type_is_pointed_at() {
        let problems = Harness::<AutoTermination>::new(json!({"minutes": {"max": "x"}}))
            .err()
            .unwrap();
        assert_eq!(problems[0].pointer, "/minutes/max");
    }
}
