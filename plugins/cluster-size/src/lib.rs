//! How many workers a cluster may have, and in which of the three ways it may say so.

use serde::Deserialize;
use tollgate_sdk::settings::Problems;
use tollgate_sdk::{
    AUTOSCALE_MAX, AUTOSCALE_MIN, NUM_WORKERS, Review, Rule, SettingProblem, Verdict, Violation, WorkerCount,
    allowed, names_single_node, plugin,
};

/// The configured rule.
pub struct ClusterSize(Settings);

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    workers: Bounds,
    #[serde(default)]
    autoscale: Form,
    #[serde(default)]
    single_node: Form,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    min: Option<i64>,
    max: Option<i64>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    #[default]
    Allow,
    Require,
    Forbid,
}

impl Rule for ClusterSize {
    const NAME: &str = "cluster-size";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        problems.ordered("/workers", settings.workers.min, settings.workers.max);
        if settings.single_node == Form::Require {
            if settings.autoscale == Form::Require {
                problems.add("/autoscale", "a single node cannot scale: nothing would pass");
            }
            if let Some(min) = settings.workers.min.filter(|min| *min > 0) {
                problems.add(
                    "/workers/min",
                    format!("a single node has no workers, fewer than `{min}`: nothing would pass"),
                );
            }
        }
        problems.or(ClusterSize(settings))
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        let size = Size::of(review);
        self.0.judge_autoscale(&size, &mut verdict);
        self.0.judge_single_node(&size, &mut verdict);
        // A change of form that is already asked for comes with its size.
        let form_is_fine = verdict.violations.is_empty();
        self.0.judge_workers(&size, form_is_fine, &mut verdict);
        verdict
    }
}

/// What the request says of its size.
struct Size<'d> {
    review: &'d Review<'d>,
    scales: bool,
    single_node: bool,
    /// The largest known number of workers.
    most: Option<i64>,
}

impl<'d> Size<'d> {
    fn of(review: &'d Review<'d>) -> Self {
        let scales = review.scales();
        let most = review.max_workers().count.known();
        Size {
            review,
            scales,
            single_node: !scales && (most == Some(0) || names_single_node(review)),
            most,
        }
    }

    /// The attribute of the form that an unknown value leaves open.
    fn unknown_form(&self) -> Option<&'static str> {
        ["autoscale", NUM_WORKERS]
            .into_iter()
            .find(|path| self.review.is_unknown(path))
    }
}

impl Settings {
    fn judge_autoscale(&self, size: &Size<'_>, verdict: &mut Verdict) {
        if self.autoscale == Form::Allow {
            return;
        }
        if size.review.is_unknown("autoscale") {
            return verdict.undetermined("autoscale", "`autoscale` is not known yet");
        }
        match (self.autoscale, size.scales) {
            (Form::Require, false) => verdict.violate(self.not_scaling(size)),
            (Form::Forbid, true) => {
                let violation = Violation::new(
                    AUTOSCALE_MAX,
                    "the cluster scales, only a fixed `num_workers` is allowed",
                )
                .actual_if(size.most)
                .allowed(allowed::absent());
                verdict.violate(match size.most {
                    Some(most) => violation.remedy_fixed_size(self.workers.clamp(most).max(1)),
                    None => violation,
                });
            }
            _ => {}
        }
    }

    fn not_scaling(&self, size: &Size<'_>) -> Violation {
        let violation = Violation::new(
            AUTOSCALE_MAX,
            "the cluster does not scale, `autoscale` is required",
        )
        .allowed(allowed::present());
        let most = self.workers.clamp(size.most.unwrap_or(0));
        let least = self.workers.min.unwrap_or(1).max(1);
        // Only a cluster of fixed size with room between both bounds has an obvious counterpart that scales.
        if size.single_node || most <= least {
            return violation;
        }
        violation
            .remedy(NUM_WORKERS, tollgate_sdk::json::Null)
            .remedy(AUTOSCALE_MIN, least)
            .remedy(AUTOSCALE_MAX, most)
    }

    fn judge_single_node(&self, size: &Size<'_>, verdict: &mut Verdict) {
        if self.single_node == Form::Allow {
            return;
        }
        if let Some(path) = size.unknown_form() {
            return verdict.undetermined(path, format!("`{path}` is not known yet"));
        }
        match (self.single_node, size.single_node) {
            (Form::Require, false) => verdict.violate(
                Violation::new(
                    size.review.max_workers().path,
                    "the cluster has workers, only a single node is allowed",
                )
                .actual_if(size.most)
                .allowed(allowed::value(0_i64))
                .remedy_single_node(size.review),
            ),
            (Form::Forbid, true) => {
                let least = self.workers.min.unwrap_or(1).max(1);
                let violation =
                    Violation::new(NUM_WORKERS, "the cluster is a single node, workers are required")
                        .actual_if(size.most)
                        .allowed(allowed::range(Some(least), self.workers.max));
                // A cluster declared a single node needs more undone than its number of workers.
                let declared = names_single_node(size.review);
                verdict.violate(if declared {
                    violation
                } else {
                    violation.remedy(NUM_WORKERS, least)
                });
            }
            _ => {}
        }
    }

    fn judge_workers(&self, size: &Size<'_>, form_is_fine: bool, verdict: &mut Verdict) {
        if let Some(max) = self.workers.max {
            let WorkerCount { path, count } = size.review.max_workers();
            let Some(found) = count.settle(path, verdict) else {
                return;
            };
            match found {
                None => return verdict.violate(self.absent(size, path)),
                Some(found) if found > max => {
                    let violation =
                        Violation::new(path, format!("`{path}` is `{found}`, at most `{max}` is allowed"))
                            .actual(found)
                            .allowed(self.workers.allowed());
                    verdict.violate(match form_is_fine {
                        true => violation.remedy_max_workers(size.review, max),
                        false => violation,
                    });
                }
                Some(_) => {}
            }
        }
        if let Some(min) = self.workers.min {
            let WorkerCount { path, count } = size.review.min_workers();
            let Some(found) = count.settle(path, verdict) else {
                return;
            };
            match found {
                None => verdict.violate(self.absent(size, path)),
                Some(found) if found < min => {
                    let violation = Violation::new(
                        path,
                        format!("`{path}` is `{found}`, at least `{min}` is required"),
                    )
                    .actual(found)
                    .allowed(self.workers.allowed());
                    verdict.violate(if form_is_fine {
                        self.raise(violation, size, min)
                    } else {
                        violation
                    });
                }
                Some(_) => {}
            }
        }
    }

    fn absent(&self, size: &Size<'_>, path: &str) -> Violation {
        let message = match size.scales {
            true => format!("`{path}` is not given"),
            false => "neither `num_workers` nor `autoscale` is given".into(),
        };
        Violation::new(path, message).allowed(self.workers.allowed())
    }

    /// Adds the smallest change that brings the cluster up to `min` workers.
    fn raise(&self, violation: Violation, size: &Size<'_>, min: i64) -> Violation {
        if !size.scales {
            return if names_single_node(size.review) {
                violation
            } else {
                violation.remedy(NUM_WORKERS, min)
            };
        }
        match size.most {
            Some(most) if most > min => violation.remedy(AUTOSCALE_MIN, min),
            Some(_) if self.workers.max.is_none_or(|max| min < max) => violation
                .remedy(AUTOSCALE_MIN, min)
                .remedy(AUTOSCALE_MAX, min.saturating_add(1)),
            Some(_) if self.autoscale != Form::Require => violation.remedy_fixed_size(min),
            _ => violation,
        }
    }
}

impl Bounds {
    fn clamp(self, workers: i64) -> i64 {
        workers
            .min(self.max.unwrap_or(workers))
            .max(self.min.unwrap_or(0))
    }

    fn allowed(self) -> String {
        allowed::range(self.min, self.max)
    }
}

plugin!(ClusterSize);

#[cfg(test)]
mod tests {
    use tollgate_sdk::harness::{Harness, Json, json, review};

    use super::ClusterSize;

    fn rule(settings: Json) -> Harness<ClusterSize> {
        Harness::new(settings).unwrap()
    }

    fn scaling(min: i64, max: i64) -> Json {
        json!({"autoscale": {"min_workers": min, "max_workers": max}})
    }

    #[test]
    fn the_upper_bound_holds_for_either_way_of_saying_it() {
        let rule = rule(json!({"workers": {"max": 8}}));
        rule.evaluate(json!({"num_workers": 8})).allows();
        rule.evaluate(scaling(1, 8)).allows();
        let outcome = rule.evaluate(json!({"num_workers": 9}));
        assert_eq!(
            outcome.violates("num_workers").remedy_json(),
            json!({"num_workers": 8})
        );
        let outcome = rule.evaluate(scaling(2, 20));
        assert_eq!(
            outcome.violates("autoscale.max_workers").remedy_json(),
            json!({"autoscale.max_workers": 8})
        );
    }

    #[test]
    fn autoscale_wins_over_the_zero_that_terraform_sends_beside_it() {
        let cluster = json!({"num_workers": 0, "autoscale": {"min_workers": 2, "max_workers": 4}});
        rule(json!({"single_node": "forbid", "workers": {"min": 2}}))
            .evaluate(cluster)
            .allows();
    }

    #[test]
    fn the_remedy_keeps_max_above_min() {
        let outcome = rule(json!({"workers": {"max": 8}})).evaluate(scaling(10, 20));
        let remedy = outcome.violates("autoscale.max_workers").remedy_json();
        assert_eq!(
            remedy,
            json!({"autoscale.min_workers": 7, "autoscale.max_workers": 8})
        );
        let outcome = rule(json!({"workers": {"max": 1}})).evaluate(scaling(1, 2));
        let remedy = outcome.violates("autoscale.max_workers").remedy_json();
        assert_eq!(remedy, json!({"autoscale": null, "num_workers": 1}));
        let outcome = rule(json!({"workers": {"min": 4}})).evaluate(scaling(1, 3));
        let remedy = outcome.violates("autoscale.min_workers").remedy_json();
        assert_eq!(
            remedy,
            json!({"autoscale.min_workers": 4, "autoscale.max_workers": 5})
        );
    }

    #[test]
    fn a_request_without_a_size_is_one_violation() {
        rule(json!({"workers": {"min": 1, "max": 8}}))
            .evaluate(json!({}))
            .violates("num_workers");
        rule(json!({})).evaluate(json!({})).allows();
    }

    #[test]
    fn single_nodes_are_recognised_in_three_ways() {
        let rule = rule(json!({"single_node": "forbid"}));
        let profile = json!({"spark_conf": {"spark.databricks.cluster.profile": "singleNode"}});
        for cluster in [
            json!({"num_workers": 0}),
            json!({"is_single_node": true}),
            profile,
        ] {
            rule.evaluate(cluster).violates("num_workers");
        }
    }

    #[test]
    fn a_required_single_node_is_declared_completely() {
        let outcome = rule(json!({"single_node": "require"})).evaluate(scaling(1, 2));
        let remedy = outcome.violates("autoscale.max_workers").remedy_json();
        assert_eq!(
            remedy["spark_conf.spark.databricks.cluster.profile"],
            "singleNode"
        );
        assert_eq!(
            (&remedy["autoscale"], &remedy["num_workers"]),
            (&Json::Null, &json!(0))
        );
    }

    #[test]
    fn one_form_is_turned_into_the_other() {
        let outcome = rule(json!({"autoscale": "require"})).evaluate(json!({"num_workers": 6}));
        let remedy = outcome.violates("autoscale.max_workers").remedy_json();
        assert_eq!(
            remedy,
            json!({"num_workers": null, "autoscale.min_workers": 1, "autoscale.max_workers": 6})
        );
        let outcome = rule(json!({"autoscale": "forbid", "workers": {"max": 4}})).evaluate(scaling(2, 6));
        assert_eq!(
            outcome.paths(),
            ["autoscale.max_workers", "autoscale.max_workers"]
        );
        assert_eq!(
            outcome.violations[0].remedy_json(),
            json!({"autoscale": null, "num_workers": 4})
        );
        assert_eq!(outcome.violations[1].remedy, None);
    }

    #[test]
    fn unknown_sizes_are_undetermined_and_odd_ones_are_named() {
        let rule = rule(json!({"workers": {"max": 8}}));
        rule.evaluate(review(json!({})).unknown(&["num_workers"]))
            .cannot_judge("num_workers");
        rule.evaluate(review(json!({})).unknown(&["autoscale"]))
            .cannot_judge("autoscale.max_workers");
        rule.evaluate(json!({"num_workers": "4"})).violates("num_workers");
        rule.evaluate(json!({"num_workers": -1})).violates("num_workers");
        rule.evaluate(json!({"autoscale": [1]}))
            .violates("autoscale.max_workers");
        rule.evaluate(json!({"autoscale": 3})).violates("autoscale");
    }

    #[test]
    fn settings_that_nothing_passes_are_refused() {
        let settings = json!({"single_node": "require", "autoscale": "require", "workers": {"min": 1}});
        assert_eq!(Harness::<ClusterSize>::new(settings).err().unwrap().len(), 2);
    }
}
