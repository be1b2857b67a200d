//! By how much a change may make clusters dearer: each by itself, and all together.

use serde::Deserialize;
use tollgate_sdk::settings::Problems;
use tollgate_sdk::{Decimal, Review, Rule, SettingProblem, Value, Verdict, Violation, allowed, plugin};

/// The configured rule.
pub struct CostIncrease {
    currency: String,
    cluster: Limits,
    total: Limits,
    size: Size,
    unknown: Unknown,
}

/// The most by which something may get dearer.
#[derive(Clone, Copy, Default)]
struct Limits {
    per_month: Option<Decimal>,
    per_hour: Option<Decimal>,
    percent: Option<Decimal>,
}

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    currency: String,
    cluster: Option<LimitSettings>,
    total: Option<LimitSettings>,
    #[serde(default)]
    size: Size,
    #[serde(default)]
    unknown: Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitSettings {
    per_month: Option<String>,
    per_hour: Option<String>,
    percent: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Size {
    #[default]
    Max,
    Min,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unknown {
    Allow,
    Deny,
    #[default]
    Undetermined,
}

/// Costs before and after a change, over a month or an hour.
#[derive(Clone, Copy)]
struct Change {
    before: Decimal,
    after: Decimal,
}

/// What gets dearer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Cluster,
    Total,
}

impl Rule for CostIncrease {
    const NAME: &str = "cost-increase";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");
    const FACTS: &[&str] = &["cost_change"];

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        let cluster = settings
            .cluster
            .map(|limits| Limits::new("/cluster", &limits, &mut problems));
        let total = settings
            .total
            .map(|limits| Limits::new("/total", &limits, &mut problems));
        problems.or(CostIncrease {
            currency: settings.currency,
            cluster: cluster.unwrap_or_default(),
            total: total.unwrap_or_default(),
            size: settings.size,
            unknown: settings.unknown,
        })
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        let Some(fact) = review.fact("cost_change") else {
            if self.cluster.is_set() || self.total.is_set() {
                let path = What::Cluster.path("month");
                self.not_known(path, "what the change costs is not known", &mut verdict);
            }
            return verdict;
        };
        let currency = fact.get("currency").and_then(Value::text).unwrap_or_default();
        if currency != self.currency {
            let message = format!("costs are in `{currency}`, the limits in `{}`", self.currency);
            verdict.undetermined(What::Cluster.path("month"), message);
            return verdict;
        }
        self.judge(What::Cluster, self.cluster, fact, &mut verdict);
        if self.total.is_set() && self.gets_dearer(fact) {
            self.judge(What::Total, self.total, fact, &mut verdict);
        }
        verdict
    }
}

impl Limits {
    fn new(pointer: &str, settings: &LimitSettings, problems: &mut Problems) -> Self {
        let mut decimal =
            |key: &str, text: &Option<String>| problems.decimal(&format!("{pointer}/{key}"), text.as_deref());
        Limits {
            per_month: decimal("per_month", &settings.per_month),
            per_hour: decimal("per_hour", &settings.per_hour),
            percent: decimal("percent", &settings.percent),
        }
    }

    fn is_set(self) -> bool {
        self.per_month.is_some() || self.per_hour.is_some() || self.percent.is_some()
    }
}

impl What {
    /// The attribute path of violations; there is no such attribute, as there is none for `dbus_per_hour`.
    fn path(self, span: &str) -> &'static str {
        match (self, span) {
            (What::Cluster, "hour") => "cost_per_hour",
            (What::Cluster, _) => "cost_per_month",
            (What::Total, "hour") => "total_cost_per_hour",
            (What::Total, _) => "total_cost_per_month",
        }
    }

    /// The member of the fact.
    fn member(self, span: &str) -> &'static str {
        match (self, span) {
            (What::Cluster, "hour") => "per_hour",
            (What::Cluster, _) => "per_month",
            (What::Total, "hour") => "total_per_hour",
            (What::Total, _) => "total_per_month",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            What::Cluster => "the cluster",
            What::Total => "everything in the change together",
        }
    }
}

impl CostIncrease {
    /// Whether this cluster has a part in the rise of the total, or may have one.
    fn gets_dearer(&self, fact: Value<'_>) -> bool {
        let change = |span| self.change(What::Cluster, span, fact);
        match (change("month"), change("hour")) {
            (Some(month), Some(hour)) => month.after > month.before || hour.after > hour.before,
            _ => true,
        }
    }

    fn change(&self, what: What, span: &str, fact: Value<'_>) -> Option<Change> {
        let size = match self.size {
            Size::Max => "max",
            Size::Min => "min",
        };
        let both = fact.get(what.member(span))?;
        let side = |side: &str| both.get(side)?.get(size)?.decimal_text();
        Some(Change {
            before: side("before")?,
            after: side("after")?,
        })
    }

    fn judge(&self, what: What, limits: Limits, fact: Value<'_>, verdict: &mut Verdict) {
        if what == What::Total {
            let by_month = limits.per_month.or(limits.percent);
            self.judge_left_out("total_unknown", "month", by_month, fact, verdict);
            self.judge_left_out("total_unknown_per_hour", "hour", limits.per_hour, fact, verdict);
        }
        let spans = [("a", "month", limits.per_month), ("an", "hour", limits.per_hour)];
        for (article, span, limit) in spans {
            let Some(limit) = limit else { continue };
            let path = what.path(span);
            let Some(change) = self.change(what, span, fact) else {
                let message = format!("what {} costs {article} {span} is not known", what.noun());
                self.not_known(path, &message, verdict);
                continue;
            };
            let Some(more) = change
                .after
                .checked_sub(change.before)
                .filter(|more| *more > limit)
            else {
                continue;
            };
            let currency = &self.currency;
            let message = format!(
                "{} gets dearer by `{}` {currency} {article} {span}, at most `{}` is allowed",
                what.noun(),
                more.normalize(),
                limit.normalize()
            );
            verdict.violate(
                Violation::new(path, message)
                    .actual(more.normalize())
                    .allowed(allowed::range(None, Some(limit))),
            );
        }
        if let Some(percent) = limits.percent {
            self.judge_percent(what, percent, fact, verdict);
        }
    }

    /// Says that some of the change is in no sum, where a limit rests on the sum.
    fn judge_left_out(
        &self,
        member: &str,
        span: &str,
        limit: Option<Decimal>,
        fact: Value<'_>,
        verdict: &mut Verdict,
    ) {
        let left_out = fact.get(member).and_then(Value::integer).unwrap_or(0);
        if limit.is_some() && left_out > 0 {
            let message = format!("of `{left_out}` of the resources of the change the cost is not known");
            self.not_known(What::Total.path(span), &message, verdict);
        }
    }

    fn judge_percent(&self, what: What, percent: Decimal, fact: Value<'_>, verdict: &mut Verdict) {
        let path = what.path("month");
        let Some(change) = self.change(what, "month", fact) else {
            let message = format!("what {} costs a month is not known", what.noun());
            self.not_known(path, &message, verdict);
            return;
        };
        if change.before <= Decimal::ZERO {
            return;
        }
        // Multiplied, not divided: exact. What outgrows 28 digits is far above any limit.
        let hundred = Decimal::ONE_HUNDRED;
        let more = change.after.checked_sub(change.before);
        let sides = more
            .and_then(|more| more.checked_mul(hundred))
            .zip(percent.checked_mul(change.before));
        if sides.is_some_and(|(more, most)| more <= most) {
            return;
        }
        let message = format!(
            "{} gets dearer by more than `{}` percent: `{}` {currency} a month, before `{}`",
            what.noun(),
            percent.normalize(),
            change.after.normalize(),
            change.before.normalize(),
            currency = self.currency,
        );
        verdict.violate(
            Violation::new(path, message)
                .actual(change.after.normalize())
                .allowed(allowed::member("maxPercent", percent)),
        );
    }

    fn not_known(&self, path: &str, message: &str, verdict: &mut Verdict) {
        match self.unknown {
            Unknown::Allow => {}
            Unknown::Undetermined => verdict.undetermined(path, message),
            Unknown::Deny => verdict.violate(Violation::new(path, message)),
        }
    }
}

plugin!(CostIncrease);

#[cfg(test)]
mod tests {
    use tollgate_sdk::harness::{Harness, Json, Sample, json, review};

    use super::CostIncrease;

    fn rule(settings: Json) -> Harness<CostIncrease> {
        Harness::new(settings).unwrap()
    }

    fn range(min: &str, max: &str) -> Json {
        json!({"min": min, "max": max})
    }

    /// 100 to 200 a month before, `min` to `max` after; an hour costs a hundredth of it. In all 1000 before and 1100 after.
    fn change(min: &str, max: &str) -> Json {
        json!({
            "currency": "USD", "hours_per_month": "100",
            "per_month": {"before": range("100", "200"), "after": range(min, max)},
            "per_hour": {"before": range("1", "2"), "after": range("1.5", "2.5")},
            "total_per_month": {"before": range("500", "1000"), "after": range("550", "1100")},
            "total_per_hour": {"before": range("5", "10"), "after": range("5.5", "11")},
            "total_unknown": 0, "total_unknown_per_hour": 1,
        })
    }

    fn with(fact: Json) -> Sample {
        review(json!({"num_workers": 1})).fact("cost_change", fact)
    }

    #[test]
    fn a_limit_may_be_reached() {
        let rule = rule(json!({"currency": "USD", "cluster": {"per_month": "50", "per_hour": "0.5"}}));
        rule.evaluate(with(change("150", "250"))).allows();
        let outcome = rule.evaluate(with(change("150", "250.01")));
        let violation = outcome.violates("cost_per_month");
        assert_eq!(violation.actual.as_deref(), Some("\"50.01\""));
        assert_eq!(violation.allowed_json(), json!({"maxValue": "50"}));
        rule.evaluate(with(change("100", "10"))).allows();
    }

    #[test]
    fn either_size_can_be_held_against_the_limit() {
        let rule = rule(json!({"currency": "USD", "size": "min", "cluster": {"per_month": "50"}}));
        rule.evaluate(with(change("150", "9999"))).allows();
        rule.evaluate(with(change("151", "200")))
            .violates("cost_per_month");
    }

    #[test]
    fn percent_are_of_what_was_before_and_say_nothing_of_what_is_new() {
        let rule = rule(json!({"currency": "USD", "cluster": {"percent": "25"}}));
        rule.evaluate(with(change("100", "250"))).allows();
        let outcome = rule.evaluate(with(change("100", "250.000000001")));
        assert_eq!(
            outcome.violates("cost_per_month").allowed_json(),
            json!({"maxPercent": "25"})
        );
        let mut new = change("100", "9999");
        new["per_month"]["before"] = range("0", "0");
        rule.evaluate(with(new)).allows();
    }

    #[test]
    fn the_total_is_told_at_clusters_that_get_dearer() {
        let rule = rule(json!({"currency": "USD", "total": {"per_month": "99", "percent": "5"}}));
        let outcome = rule.evaluate(with(change("100", "201")));
        assert_eq!(outcome.paths(), ["total_cost_per_month", "total_cost_per_month"]);
        let mut cheaper = change("100", "200");
        cheaper["per_hour"]["after"] = range("1", "2");
        rule.evaluate(with(cheaper)).allows();
        let mut partly = change("100", "201");
        partly["total_unknown"] = json!(2);
        let outcome = rule.evaluate(with(partly));
        assert_eq!(outcome.undetermined.len(), 1);
    }

    #[test]
    fn what_is_not_known_is_said_as_the_settings_want() {
        let settings =
            |unknown: &str| json!({"currency": "USD", "unknown": unknown, "cluster": {"per_month": "1"}});
        let mut open = change("1", "2");
        open["per_month"]["after"] = json!({"min": null, "max": null});
        rule(settings("undetermined"))
            .evaluate(with(open.clone()))
            .cannot_judge("cost_per_month");
        rule(settings("deny"))
            .evaluate(with(open.clone()))
            .violates("cost_per_month");
        rule(settings("allow")).evaluate(with(open)).allows();
        rule(settings("undetermined"))
            .evaluate(json!({}))
            .cannot_judge("cost_per_month");
        let mut euros = change("1", "2");
        euros["currency"] = json!("EUR");
        rule(settings("allow"))
            .evaluate(with(euros))
            .cannot_judge("cost_per_month");
    }
}
