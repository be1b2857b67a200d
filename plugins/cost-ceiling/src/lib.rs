//! What a cluster may cost per hour, in DBU and in money.

use serde::Deserialize;
use tollgate_sdk::settings::Problems;
use tollgate_sdk::{
    AUTOSCALE_MAX, AUTOSCALE_MIN, Decimal, Review, Rule, SettingProblem, Value, Verdict, Violation, allowed,
    plugin,
};

/// The configured rule.
pub struct CostCeiling {
    dbu: Ceiling,
    cost: Ceiling,
    /// None where no ceiling is in money.
    currency: Option<String>,
    unpriced: Unpriced,
}

/// The most of one measure that a cluster may reach.
#[derive(Clone, Copy, Default)]
struct Ceiling {
    at_min: Option<Decimal>,
    at_max: Option<Decimal>,
}

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    dbu_per_hour: Option<DbuSettings>,
    cost_per_hour: Option<CostSettings>,
    #[serde(default)]
    unpriced: Unpriced,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DbuSettings {
    at_min: Option<String>,
    at_max: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CostSettings {
    currency: String,
    at_min: Option<String>,
    at_max: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unpriced {
    Allow,
    Deny,
    #[default]
    Undetermined,
}

/// One of the two things that an hour of a cluster takes.
struct Measure<'c> {
    ceiling: Ceiling,
    /// The attribute path of violations. `dbus_per_hour` is Databricks' own, plural and all.
    path: &'static str,
    /// Its member in the estimate.
    member: &'static str,
    unit: &'c str,
    attributes: &'static [&'static str],
}

/// Attributes that decide how many DBU an hour takes.
const DBU_ATTRIBUTES: [&str; 9] = [
    "node_type_id",
    "driver_node_type_id",
    "instance_pool_id",
    "driver_instance_pool_id",
    "num_workers",
    "autoscale",
    "spark_version",
    "runtime_engine",
    "is_single_node",
];

/// The same for money, to which the purchase option of the machines adds.
const COST_ATTRIBUTES: [&str; 12] = [
    "node_type_id",
    "driver_node_type_id",
    "instance_pool_id",
    "driver_instance_pool_id",
    "num_workers",
    "autoscale",
    "spark_version",
    "runtime_engine",
    "is_single_node",
    "azure_attributes",
    "aws_attributes",
    "gcp_attributes",
];

impl Rule for CostCeiling {
    const NAME: &str = "cost-ceiling";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");
    const FACTS: &[&str] = &["estimate"];

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        let dbu = settings.dbu_per_hour.map(|dbu| {
            Ceiling::new(
                "/dbu_per_hour",
                dbu.at_min.as_deref(),
                dbu.at_max.as_deref(),
                &mut problems,
            )
        });
        let cost = settings.cost_per_hour.as_ref().map(|cost| {
            Ceiling::new(
                "/cost_per_hour",
                cost.at_min.as_deref(),
                cost.at_max.as_deref(),
                &mut problems,
            )
        });
        problems.or(CostCeiling {
            dbu: dbu.unwrap_or_default(),
            cost: cost.unwrap_or_default(),
            currency: settings.cost_per_hour.map(|cost| cost.currency),
            unpriced: settings.unpriced,
        })
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        let measures = [
            Measure {
                ceiling: self.dbu,
                path: "dbus_per_hour",
                member: "dbu_per_hour",
                unit: "DBU",
                attributes: &DBU_ATTRIBUTES,
            },
            Measure {
                ceiling: self.cost,
                path: "cost_per_hour",
                member: "cost_per_hour",
                unit: self.currency.as_deref().unwrap_or_default(),
                attributes: &COST_ATTRIBUTES,
            },
        ];
        let estimate = review.fact("estimate");
        for measure in measures.iter().filter(|measure| measure.ceiling.is_set()) {
            match self.usable(measure, estimate, review) {
                Ok(estimate) => self.judge(measure, estimate, review, &mut verdict),
                Err(why) => verdict.undetermined(measure.path, why),
            }
        }
        verdict
    }
}

impl Ceiling {
    fn new(pointer: &str, at_min: Option<&str>, at_max: Option<&str>, problems: &mut Problems) -> Self {
        Ceiling {
            at_min: problems.decimal(&format!("{pointer}/at_min"), at_min),
            at_max: problems.decimal(&format!("{pointer}/at_max"), at_max),
        }
    }

    fn is_set(self) -> bool {
        self.at_min.is_some() || self.at_max.is_some()
    }
}

impl CostCeiling {
    /// The estimate, if it says something about this measure of this request.
    fn usable<'r>(
        &self,
        measure: &Measure<'_>,
        estimate: Option<Value<'r>>,
        review: &Review<'_>,
    ) -> Result<Value<'r>, String> {
        if let Some(unknown) = measure.attributes.iter().find(|path| review.is_open_within(path)) {
            return Err(format!(
                "`{unknown}` is not known yet, and {} depends on it",
                measure.path
            ));
        }
        let estimate = estimate.ok_or("there is no estimate for this request")?;
        let currency = estimate.get("currency").and_then(Value::text).unwrap_or_default();
        match self.currency.as_deref() {
            Some(wanted) if measure.path == "cost_per_hour" && wanted != currency => Err(format!(
                "the estimate is in `{currency}`, the ceiling in `{wanted}`"
            )),
            _ => Ok(estimate),
        }
    }

    fn judge(&self, measure: &Measure<'_>, estimate: Value<'_>, review: &Review<'_>, verdict: &mut Verdict) {
        let sizes = [
            ("min", "minimum", measure.ceiling.at_min),
            ("max", "maximum", measure.ceiling.at_max),
        ];
        for (size, name, ceiling) in sizes {
            let Some(ceiling) = ceiling else { continue };
            let total = estimate.get(size).and_then(|total| total.get(measure.member));
            let Some(found) = total.and_then(Value::decimal_text) else {
                // Said once: what has no price at one size has none at the other.
                return self.judge_unpriced(measure, estimate, verdict);
            };
            if found <= ceiling {
                continue;
            }
            let (path, unit) = (measure.path, measure.unit);
            let violation = Violation::new(
                path,
                format!("`{found}` {unit} per hour at {name} size, at most `{ceiling}` is allowed"),
            )
            .actual(found)
            .allowed(allowed::range(None, Some(ceiling)));
            verdict.violate(self.with_remedy(violation, estimate, review));
        }
    }

    fn judge_unpriced(&self, measure: &Measure<'_>, estimate: Value<'_>, verdict: &mut Verdict) {
        let mut meters = String::new();
        for meter in estimate
            .get("unpriced")
            .into_iter()
            .flat_map(Value::items)
            .filter_map(Value::text)
        {
            meters.push_str(if meters.is_empty() { ": `" } else { ", `" });
            meters.push_str(&meter);
            meters.push('`');
        }
        let message = format!(
            "{} of this request is not known, because a price is missing{meters}",
            measure.path
        );
        match self.unpriced {
            Unpriced::Allow => {}
            Unpriced::Undetermined => verdict.undetermined(measure.path, message),
            Unpriced::Deny => {
                let ceiling = measure.ceiling.at_max.or(measure.ceiling.at_min);
                verdict.violate(Violation::new(measure.path, message).allowed(allowed::range(None, ceiling)));
            }
        }
    }

    /// Adds the largest cluster that stays below every ceiling. All violations of a request carry the same remedy.
    fn with_remedy(&self, violation: Violation, estimate: Value<'_>, review: &Review<'_>) -> Violation {
        let Some((at_min, at_max)) = self.limits(estimate) else {
            return violation;
        };
        let asked = review.max_workers().count.known();
        if !review.scales() {
            let workers = at_min.min(at_max);
            return match asked {
                Some(asked) if workers < asked => violation.remedy_max_workers(review, workers),
                _ => violation,
            };
        }
        let (Some(min), Some(max)) = (review.min_workers().count.known(), asked) else {
            return violation;
        };
        let (low, high) = (min.min(at_min), max.min(at_max));
        if low >= high {
            // No room to scale is left below the ceiling at maximum size.
            let fixed = high.min(at_min);
            return if fixed > 1 && high <= at_min {
                violation.remedy_max_workers(review, high)
            } else if fixed > 0 {
                violation.remedy_fixed_size(fixed)
            } else {
                violation
            };
        }
        if low < 1 && low < min {
            return violation;
        }
        let violation = if low < min {
            violation.remedy(AUTOSCALE_MIN, low)
        } else {
            violation
        };
        if high < max {
            violation.remedy(AUTOSCALE_MAX, high)
        } else {
            violation
        }
    }

    /// The most workers at minimum and at maximum size, by the rate of the dearest worker.
    ///
    /// None if a rate that a ceiling needs is not known, or if the driver alone is above a ceiling.
    fn limits(&self, estimate: Value<'_>) -> Option<(i64, i64)> {
        let (mut at_min, mut at_max) = (i64::MAX, i64::MAX);
        for (ceiling, member) in [(self.dbu, "dbu_per_hour"), (self.cost, "cost_per_hour")] {
            if !ceiling.is_set() {
                continue;
            }
            let rate = |role: &str| estimate.get(role)?.get(member)?.decimal_text();
            let (driver, worker) = (rate("driver")?, rate("worker")?);
            if let Some(ceiling) = ceiling.at_min {
                at_min = at_min.min(workers_below(ceiling, driver, worker)?);
            }
            if let Some(ceiling) = ceiling.at_max {
                at_max = at_max.min(workers_below(ceiling, driver, worker)?);
            }
        }
        Some((at_min, at_max))
    }
}

/// The most workers that cost no more than the ceiling together with the driver; none if not even none do.
fn workers_below(ceiling: Decimal, driver: Decimal, worker: Decimal) -> Option<i64> {
    let room = ceiling
        .checked_sub(driver)
        .filter(|room| *room >= Decimal::ZERO)?;
    if worker <= Decimal::ZERO {
        return Some(i64::MAX);
    }
    let workers = room.checked_div(worker)?.floor();
    // A quotient is rounded at its 28th digit, which may have carried it over the next whole number.
    let fits = workers.checked_mul(worker).is_some_and(|taken| taken <= room);
    let workers = if fits {
        workers
    } else {
        workers.checked_sub(Decimal::ONE)?
    };
    i64::try_from(workers).ok()
}

plugin!(CostCeiling);

#[cfg(test)]
mod tests {
    use tollgate_sdk::decimal::parse;
    use tollgate_sdk::harness::{Harness, Json, Sample, json, review};

    use super::{CostCeiling, workers_below};

    fn rule(settings: Json) -> Harness<CostCeiling> {
        Harness::new(settings).unwrap()
    }

    /// An estimate of DS3_v2 on premium job compute in westus2: 0.75 DBU and 0.454 USD for each node.
    fn estimate(min: i64, max: i64) -> Json {
        let node = json!({"dbu_per_hour": "0.75", "cost_per_hour": "0.454"});
        let total = |nodes: i64| {
            let times = |rate: &str| (parse(rate).unwrap() * tollgate_sdk::Decimal::from(nodes)).to_string();
            json!({"nodes": nodes, "dbu_per_hour": times("0.75"), "cost_per_hour": times("0.454")})
        };
        json!({"currency": "USD", "driver": node, "worker": node, "min": total(min + 1), "max": total(max + 1), "unpriced": []})
    }

    fn fixed(workers: i64) -> Sample {
        review(json!({"num_workers": workers})).fact("estimate", estimate(workers, workers))
    }

    fn scaling(min: i64, max: i64) -> Sample {
        review(json!({"autoscale": {"min_workers": min, "max_workers": max}}))
            .fact("estimate", estimate(min, max))
    }

    #[test]
    fn a_ceiling_is_allowed_to_be_reached() {
        let rule = rule(json!({"dbu_per_hour": {"at_max": "3"}}));
        rule.evaluate(fixed(3)).allows();
        let outcome = rule.evaluate(fixed(4));
        let violation = outcome.violates("dbus_per_hour");
        assert_eq!(violation.actual.as_deref(), Some("\"3.75\""));
        assert_eq!(violation.allowed_json(), json!({"maxValue": "3"}));
        assert_eq!(violation.remedy_json(), json!({"num_workers": 3}));
    }

    #[test]
    fn both_ceilings_give_the_same_remedy() {
        let settings =
            json!({"dbu_per_hour": {"at_max": "6"}, "cost_per_hour": {"currency": "USD", "at_max": "2.50"}});
        let outcome = rule(settings).evaluate(scaling(1, 9));
        assert_eq!(outcome.paths(), ["cost_per_hour", "dbus_per_hour"]);
        for violation in &outcome.violations {
            assert_eq!(violation.remedy_json(), json!({"autoscale.max_workers": 4}));
        }
    }

    #[test]
    fn the_remedy_keeps_both_ends_below_their_ceilings() {
        let at_min = rule(json!({"dbu_per_hour": {"at_min": "2.25", "at_max": "6"}}));
        let outcome = at_min.evaluate(scaling(4, 6));
        assert_eq!(
            outcome.violates("dbus_per_hour").remedy_json(),
            json!({"autoscale.min_workers": 2})
        );
        let at_max = rule(json!({"dbu_per_hour": {"at_max": "3"}}));
        let outcome = at_max.evaluate(scaling(5, 6));
        let remedy = outcome.violates("dbus_per_hour").remedy_json();
        assert_eq!(
            remedy,
            json!({"autoscale.min_workers": 2, "autoscale.max_workers": 3})
        );
        let tight = rule(json!({"dbu_per_hour": {"at_max": "1.5"}}));
        let outcome = tight.evaluate(scaling(2, 6));
        assert_eq!(
            outcome.violates("dbus_per_hour").remedy_json(),
            json!({"autoscale": null, "num_workers": 1})
        );
    }

    #[test]
    fn no_remedy_where_the_driver_alone_is_too_dear() {
        let outcome = rule(json!({"dbu_per_hour": {"at_max": "0.5"}})).evaluate(fixed(2));
        assert_eq!(outcome.violates("dbus_per_hour").remedy, None);
        let outcome = rule(json!({"dbu_per_hour": {"at_max": "1"}})).evaluate(fixed(2));
        assert_eq!(outcome.violates("dbus_per_hour").remedy_json()["num_workers"], 0);
        let outcome = rule(json!({"dbu_per_hour": {"at_max": "1"}})).evaluate(scaling(1, 2));
        assert_eq!(outcome.violates("dbus_per_hour").remedy, None);
    }

    #[test]
    fn a_missing_price_is_not_zero() {
        let mut fact = estimate(2, 2);
        fact["max"]["cost_per_hour"] = Json::Null;
        fact["unpriced"] = json!(["vm/AZURE/eastus/Standard_X/spot"]);
        let asked = review(json!({"num_workers": 2})).fact("estimate", fact);
        let with = |unpriced: &str| {
            rule(json!({"cost_per_hour": {"currency": "USD", "at_max": "9"}, "unpriced": unpriced}))
        };
        with("undetermined")
            .evaluate(asked.clone())
            .cannot_judge("cost_per_hour");
        let outcome = with("deny").evaluate(asked.clone());
        assert!(
            outcome
                .violates("cost_per_hour")
                .message
                .contains("`vm/AZURE/eastus/Standard_X/spot`")
        );
        with("allow").evaluate(asked).allows();
    }

    #[test]
    fn another_currency_is_not_compared() {
        let rule = rule(json!({"cost_per_hour": {"currency": "EUR", "at_max": "0.01"}}));
        rule.evaluate(fixed(2)).cannot_judge("cost_per_hour");
    }

    #[test]
    fn unknown_attributes_make_the_estimate_worthless() {
        let dbu = rule(json!({"dbu_per_hour": {"at_max": "9"}}));
        dbu.evaluate(fixed(2).unknown(&["node_type_id"]))
            .cannot_judge("dbus_per_hour");
        dbu.evaluate(fixed(2).unknown(&["azure_attributes.availability"]))
            .allows();
        let cost = rule(json!({"cost_per_hour": {"currency": "USD", "at_max": "9"}}));
        cost.evaluate(fixed(2).unknown(&["azure_attributes.availability"]))
            .cannot_judge("cost_per_hour");
        cost.evaluate(json!({"num_workers": 1}))
            .cannot_judge("cost_per_hour");
    }

    #[test]
    fn quotients_are_not_rounded_up() {
        let decimal = |text: &str| parse(text).unwrap();
        assert_eq!(
            workers_below(
                decimal("1"),
                decimal("0"),
                decimal("0.3333333333333333333333333334")
            ),
            Some(2)
        );
        assert_eq!(
            workers_below(decimal("1"), decimal("0.1"), decimal("0.3")),
            Some(3)
        );
        assert_eq!(workers_below(decimal("1"), decimal("1.1"), decimal("0.3")), None);
    }

    #[test]
    fn ceilings_are_decimals() {
        let settings =
            json!({"dbu_per_hour": {"at_max": "a"}, "cost_per_hour": {"currency": "USD", "at_min": "1,5"}});
        let problems = Harness::<CostCeiling>::new(settings).err().unwrap();
        let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/dbu_per_hour/at_max", "/cost_per_hour/at_min"]);
    }
}
