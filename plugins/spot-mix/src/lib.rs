//! How much of a cluster may, or must, be spot capacity.

use std::borrow::Cow;

use serde::Deserialize;
use tollgate_sdk::settings::Problems;
use tollgate_sdk::{
    Decimal, Reading, Review, Rule, SettingProblem, Value, Verdict, Violation, WorkerCount, allowed, plugin,
};

/// The configured rule.
pub struct SpotMix {
    availability: Option<Vec<String>>,
    first_on_demand: Bounds<i64>,
    driver_on_demand: bool,
    spot_share: Bounds<Decimal>,
    bid: Option<Bid>,
}

#[derive(Clone, Copy)]
struct Bounds<T> {
    min: Option<T>,
    max: Option<T>,
}

struct Bid {
    price: Bounds<Decimal>,
    allow_market: bool,
}

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    availability: Option<Vec<String>>,
    #[serde(default)]
    first_on_demand: Numbers,
    #[serde(default)]
    driver_on_demand: bool,
    #[serde(default)]
    spot_share: Decimals,
    spot_bid_max_price: Option<BidSettings>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    min: Option<i64>,
    max: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decimals {
    min: Option<String>,
    max: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BidSettings {
    min: Option<String>,
    max: Option<String>,
    #[serde(default)]
    allow_market: bool,
}

impl Rule for SpotMix {
    const NAME: &str = "spot-mix";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        let Numbers { min, max } = settings.first_on_demand;
        problems.ordered("/first_on_demand", min, max);
        let spot_share = bounds(
            "/spot_share",
            &settings.spot_share.min,
            &settings.spot_share.max,
            &mut problems,
        );
        let bid = settings.spot_bid_max_price.map(|bid| Bid {
            price: bounds("/spot_bid_max_price", &bid.min, &bid.max, &mut problems),
            allow_market: bid.allow_market,
        });
        let mut share = |name: &str, bound: Option<Decimal>| {
            if let Some(bound) = bound.filter(|bound| *bound < Decimal::ZERO || *bound > Decimal::ONE) {
                problems.add(
                    format!("/spot_share/{name}"),
                    format!("`{bound}` is no share, `0` to `1` are"),
                );
            }
        };
        share("min", spot_share.min);
        share("max", spot_share.max);
        problems.or(SpotMix {
            availability: settings.availability,
            first_on_demand: Bounds { min, max },
            driver_on_demand: settings.driver_on_demand,
            spot_share,
            bid,
        })
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        let Some(cloud) = Cloud::of(review) else {
            verdict.undetermined(
                "cloud",
                "the cloud of the request is not known, nor which attributes hold for it",
            );
            return verdict;
        };
        self.judge_availability(cloud, review, &mut verdict);
        self.judge_first_on_demand(cloud, review, &mut verdict);
        if self.driver_on_demand || self.spot_share.min.is_some() || self.spot_share.max.is_some() {
            self.judge_mix(cloud, review, &mut verdict);
        }
        if let Some(bid) = &self.bid {
            bid.judge(cloud, review, &mut verdict);
        }
        verdict
    }
}

fn bounds(
    pointer: &str,
    min: &Option<String>,
    max: &Option<String>,
    problems: &mut Problems,
) -> Bounds<Decimal> {
    let bounds = Bounds {
        min: problems.decimal(&format!("{pointer}/min"), min.as_deref()),
        max: problems.decimal(&format!("{pointer}/max"), max.as_deref()),
    };
    problems.ordered(pointer, bounds.min, bounds.max);
    bounds
}

/// The attributes of a cloud, and what it does when they are not given.
struct Cloud {
    availability: &'static str,
    first_on_demand: &'static str,
    spot_bid_max_price: Option<&'static str>,
    /// What Databricks uses when `availability` is not given.
    default: &'static str,
    on_demand: &'static str,
}

static AZURE: Cloud = Cloud {
    availability: "azure_attributes.availability",
    first_on_demand: "azure_attributes.first_on_demand",
    spot_bid_max_price: Some("azure_attributes.spot_bid_max_price"),
    default: "ON_DEMAND_AZURE",
    on_demand: "ON_DEMAND_AZURE",
};

static AWS: Cloud = Cloud {
    availability: "aws_attributes.availability",
    first_on_demand: "aws_attributes.first_on_demand",
    spot_bid_max_price: None,
    default: "SPOT_WITH_FALLBACK",
    on_demand: "ON_DEMAND",
};

static GCP: Cloud = Cloud {
    availability: "gcp_attributes.availability",
    first_on_demand: "gcp_attributes.first_on_demand",
    spot_bid_max_price: None,
    default: "ON_DEMAND_GCP",
    on_demand: "ON_DEMAND_GCP",
};

impl Cloud {
    fn of(review: &Review<'_>) -> Option<&'static Cloud> {
        match &*review.cloud() {
            "AZURE" => Some(&AZURE),
            "AWS" => Some(&AWS),
            "GCP" => Some(&GCP),
            _ => None,
        }
    }
}

/// The pool that nodes come from; it, and not the request, then says what their availability is.
fn pool<'d>(review: &'d Review<'d>) -> Reading<'d, Cow<'d, str>> {
    review.text("instance_pool_id")
}

impl SpotMix {
    fn judge_availability(&self, cloud: &Cloud, review: &Review<'_>, verdict: &mut Verdict) {
        let Some(list) = &self.availability else { return };
        let path = cloud.availability;
        let found = match review.text(path) {
            Reading::Absent => match pool(review) {
                Reading::Absent => None,
                pool => return from_pool(path, &pool, verdict),
            },
            Reading::Is(found) => Some(found),
            unclear => return verdict.unclear(path, &unclear),
        };
        if found
            .as_ref()
            .is_some_and(|found| list.iter().any(|entry| entry == found))
        {
            return;
        }
        let allowed = list
            .iter()
            .map(|entry| format!("`{entry}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let message = match &found {
            Some(found) => format!("`{path}` is `{found}`; allowed: {allowed}"),
            None => format!(
                "`{path}` is not given, and Databricks would use `{}`; allowed: {allowed}",
                cloud.default
            ),
        };
        let violation = Violation::new(path, message)
            .actual_if(found.as_deref())
            .allowed(allowed::values(list));
        verdict.violate(match list.as_slice() {
            [only] => violation.remedy(path, only),
            _ => violation,
        });
    }

    fn judge_first_on_demand(&self, cloud: &Cloud, review: &Review<'_>, verdict: &mut Verdict) {
        let Bounds { min, max } = self.first_on_demand;
        if min.is_none() && max.is_none() {
            return;
        }
        let path = cloud.first_on_demand;
        let Some(given) = review.count(path).settle(path, verdict) else {
            return;
        };
        let found = given.unwrap_or(0);
        let (bound, message) = match (min, max) {
            (Some(min), _) if found < min => (min, format!("at least `{min}` is required")),
            (_, Some(max)) if found > max => (max, format!("at most `{max}` is allowed")),
            _ => return,
        };
        let found = match given {
            Some(found) => format!("`{path}` is `{found}`"),
            None => format!("`{path}` is not given, which counts as `0`"),
        };
        verdict.violate(
            Violation::new(path, format!("{found}; {message}"))
                .actual_if(given)
                .allowed(allowed::range(min, max))
                .remedy(path, bound),
        );
    }

    fn judge_mix(&self, cloud: &Cloud, review: &Review<'_>, verdict: &mut Verdict) {
        let availability = match review.text(cloud.availability) {
            Reading::Absent => match pool(review) {
                Reading::Absent => Cow::Borrowed(cloud.default),
                pool => return from_pool(cloud.availability, &pool, verdict),
            },
            Reading::Is(found) => found,
            // Already in the verdict where there is a list of availabilities.
            unclear if self.availability.is_none() => return verdict.unclear(cloud.availability, &unclear),
            _ => return,
        };
        let bounded = self.first_on_demand.min.is_some() || self.first_on_demand.max.is_some();
        let first_on_demand = match review.count(cloud.first_on_demand).or(0) {
            Reading::Is(first) => first,
            unclear if !bounded => return verdict.unclear(cloud.first_on_demand, &unclear),
            _ => return,
        };
        let mix = Mix {
            cloud,
            first_on_demand,
            on_demand: availability == cloud.on_demand,
        };
        if self.driver_on_demand {
            mix.judge_driver(&availability, verdict);
        }
        self.judge_share(&mix, review, verdict);
    }

    fn judge_share(&self, mix: &Mix<'_>, review: &Review<'_>, verdict: &mut Verdict) {
        let Bounds { min, max } = self.spot_share;
        if min.is_none() && max.is_none() {
            return;
        }
        // On demand from the first node to the last, whatever their number.
        let nodes = if mix.on_demand {
            1
        } else {
            let WorkerCount { path, count } = review.max_workers();
            match count.settle(path, verdict) {
                Some(Some(workers)) => workers.saturating_add(1),
                Some(None) => {
                    return verdict.undetermined(
                        path,
                        "the request names no size, so no share of its nodes can be told",
                    );
                }
                None => return,
            }
        };
        let spot = if mix.on_demand {
            0
        } else {
            nodes.saturating_sub(mix.first_on_demand).max(0)
        };
        // Compared as products, because a quotient such as 1/3 has no exact decimal.
        let product = |share: Decimal| share.checked_mul(Decimal::from(nodes));
        let found = Decimal::from(spot);
        let above = max.filter(|max| product(*max).is_some_and(|limit| found > limit));
        let below = min.filter(|min| product(*min).is_some_and(|limit| found < limit));
        let (bound, is) = match (above, below) {
            (Some(max), _) => (max, "at most"),
            (_, Some(min)) => (min, "at least"),
            _ => return,
        };
        let path = if mix.on_demand {
            mix.cloud.availability
        } else {
            mix.cloud.first_on_demand
        };
        let what = match mix.on_demand {
            true => "no node would be on spot".into(),
            false => format!("`{spot}` of `{nodes}` nodes would be on spot at maximum size"),
        };
        let violation = Violation::new(path, format!("{what}; {is} a share of `{bound}` is allowed"))
            .allowed(allowed::member("spot_share", share_allowed(min, max)));
        let limit = product(bound).unwrap_or_default();
        let first = match above {
            Some(_) => i64::try_from(limit.floor())
                .ok()
                .map(|spot| nodes.saturating_sub(spot)),
            None if mix.on_demand => None,
            None => i64::try_from(limit.ceil())
                .ok()
                .map(|spot| nodes.saturating_sub(spot)),
        };
        verdict.violate(match first {
            Some(first) => violation
                .actual(mix.first_on_demand)
                .remedy(mix.cloud.first_on_demand, first),
            None => violation,
        });
    }
}

fn share_allowed(min: Option<Decimal>, max: Option<Decimal>) -> Raw {
    Raw(allowed::range(min, max))
}

/// JSON text that is already written.
struct Raw(String);

impl tollgate_sdk::json::ToJson for Raw {
    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

fn from_pool(path: &str, pool: &Reading<'_, Cow<'_, str>>, verdict: &mut Verdict) {
    match pool {
        Reading::Is(pool) => verdict.undetermined(
            path,
            format!("the nodes come from pool `{pool}`, which decides their availability and is not part of the request"),
        ),
        unclear => verdict.unclear("instance_pool_id", unclear),
    }
}

/// Which of a cluster's nodes are on demand: the first ones, driver included, or all.
struct Mix<'c> {
    cloud: &'c Cloud,
    first_on_demand: i64,
    on_demand: bool,
}

impl Mix<'_> {
    fn judge_driver(&self, availability: &str, verdict: &mut Verdict) {
        if self.on_demand || self.first_on_demand > 0 {
            return;
        }
        let path = self.cloud.first_on_demand;
        verdict.violate(
            Violation::new(
                path,
                format!("the driver would be on spot: availability is `{availability}` and the first `0` nodes are on demand"),
            )
            .actual(self.first_on_demand)
            .allowed(allowed::range(Some(1_i64), None))
            .remedy(path, 1_i64),
        );
    }
}

impl Bid {
    fn judge(&self, cloud: &Cloud, review: &Review<'_>, verdict: &mut Verdict) {
        let Some(path) = cloud.spot_bid_max_price else {
            return;
        };
        let value = review.value(path);
        let given = match &value {
            Reading::Is(value) => Some(*value),
            _ => None,
        };
        let Some(found) = review.decimal(path).settle(path, verdict) else {
            return;
        };
        let market = Decimal::NEGATIVE_ONE;
        let price = found.unwrap_or(market);
        let Bounds { min, max } = self.price;
        if price == market {
            if !self.allow_market {
                verdict.violate(self.violation(
                    path,
                    given,
                    "any price up to the on-demand one",
                    max.or(min),
                ));
            }
        } else if min.is_some_and(|min| price < min) {
            verdict.violate(self.violation(path, given, "too low", min));
        } else if max.is_some_and(|max| price > max) {
            verdict.violate(self.violation(path, given, "too high", max));
        }
    }

    fn violation(
        &self,
        path: &str,
        given: Option<Value<'_>>,
        what: &str,
        nearest: Option<Decimal>,
    ) -> Violation {
        let found = match given {
            Some(found) => format!("`{path}` is `{}`", found.json()),
            None => format!("`{path}` is not given, which counts as `-1`"),
        };
        let market = if self.allow_market { ", or `-1`" } else { "" };
        let range = match (self.price.min, self.price.max) {
            (Some(min), Some(max)) => format!("`{min}` to `{max}`{market} is allowed"),
            (Some(min), None) => format!("`{min}` or more{market} is allowed"),
            (None, Some(max)) => format!("at most `{max}`{market} is allowed"),
            (None, None) => "a price of its own is required".into(),
        };
        let violation = Violation::new(path, format!("{found}, {what}; {range}"))
            .actual_if(given)
            .allowed(allowed::range(self.price.min, self.price.max));
        match nearest {
            // A number, because that is what the attribute takes.
            Some(nearest) => violation.remedy(path, Raw(nearest.to_string())),
            None => violation,
        }
    }
}

plugin!(SpotMix);

#[cfg(test)]
mod tests {
    use tollgate_sdk::harness::{Harness, Json, json, review};

    use super::SpotMix;

    const FIRST: &str = "azure_attributes.first_on_demand";
    const AVAILABILITY: &str = "azure_attributes.availability";

    fn rule(settings: Json) -> Harness<SpotMix> {
        Harness::new(settings).unwrap()
    }

    fn spot(first: i64, workers: i64) -> Json {
        json!({
            "num_workers": workers,
            "azure_attributes": {"availability": "SPOT_WITH_FALLBACK_AZURE", "first_on_demand": first},
        })
    }

    #[test]
    fn an_availability_that_is_not_given_is_not_in_the_list() {
        let rule = rule(json!({"availability": ["SPOT_WITH_FALLBACK_AZURE"]}));
        rule.evaluate(spot(1, 2)).allows();
        let outcome = rule.evaluate(json!({"num_workers": 2}));
        let violation = outcome.violates(AVAILABILITY);
        assert!(violation.message.contains("`ON_DEMAND_AZURE`"));
        assert_eq!(
            violation.remedy_json(),
            json!({AVAILABILITY: "SPOT_WITH_FALLBACK_AZURE"})
        );
    }

    #[test]
    fn the_driver_is_the_first_node() {
        let rule = rule(json!({"driver_on_demand": true}));
        rule.evaluate(spot(1, 4)).allows();
        rule.evaluate(json!({"num_workers": 4})).allows();
        let outcome = rule.evaluate(spot(0, 4));
        assert_eq!(outcome.violates(FIRST).remedy_json(), json!({FIRST: 1}));
        // Databricks on AWS uses spot when nothing is said.
        rule.evaluate(review(json!({"num_workers": 4})).cloud("AWS"))
            .violates("aws_attributes.first_on_demand");
    }

    #[test]
    fn the_share_counts_the_driver_and_the_largest_size() {
        let rule = rule(json!({"spot_share": {"max": "0.8"}}));
        rule.evaluate(spot(1, 4)).allows();
        let outcome = rule.evaluate(spot(1, 9));
        let violation = outcome.violates(FIRST);
        assert!(
            violation.message.contains("`9` of `10` nodes"),
            "{}",
            violation.message
        );
        assert_eq!(violation.remedy_json(), json!({FIRST: 2}));
        let scaling = json!({
            "autoscale": {"min_workers": 1, "max_workers": 9},
            "azure_attributes": {"availability": "SPOT_AZURE", "first_on_demand": 2},
        });
        rule.evaluate(scaling).allows();
    }

    #[test]
    fn a_third_is_compared_exactly() {
        let rule = rule(json!({"spot_share": {"min": "0.3333333333333333333333333333"}}));
        rule.evaluate(spot(2, 2)).allows();
        let outcome = rule.evaluate(spot(3, 2));
        assert_eq!(outcome.violates(FIRST).remedy_json(), json!({FIRST: 2}));
    }

    #[test]
    fn a_least_share_is_not_met_on_demand() {
        let outcome = rule(json!({"spot_share": {"min": "0.5"}})).evaluate(json!({"num_workers": 4}));
        assert_eq!(outcome.violates(AVAILABILITY).remedy, None);
    }

    #[test]
    fn a_pool_decides_for_its_nodes() {
        let outcome = rule(json!({"driver_on_demand": true}))
            .evaluate(json!({"instance_pool_id": "p", "num_workers": 1}));
        outcome.cannot_judge(AVAILABILITY);
    }

    #[test]
    fn market_price_is_minus_one_or_nothing() {
        let rule = rule(json!({"spot_bid_max_price": {"min": "0.01", "max": "0.1"}}));
        let bid = |price: Json| json!({"azure_attributes": {"spot_bid_max_price": price}});
        let path = "azure_attributes.spot_bid_max_price";
        rule.evaluate(bid(json!(0.1))).allows();
        for (price, nearest) in [
            (json!(-1), 0.1),
            (json!(-1.0), 0.1),
            (Json::Null, 0.1),
            (json!(0.2), 0.1),
            (json!(0), 0.01),
        ] {
            let outcome = rule.evaluate(bid(price));
            assert_eq!(outcome.violates(path).remedy_json(), json!({path: nearest}));
        }
        let market = Harness::<SpotMix>::new(json!({"spot_bid_max_price": {"allow_market": true}})).unwrap();
        market.evaluate(bid(json!(-1.0))).allows();
    }

    #[test]
    fn unknown_and_odd_values() {
        let rule = rule(json!({"driver_on_demand": true, "spot_share": {"max": "0.5"}}));
        rule.evaluate(review(json!({})).unknown(&["azure_attributes"]))
            .cannot_judge(AVAILABILITY);
        rule.evaluate(json!({"azure_attributes": 7, "num_workers": 1}))
            .violates("azure_attributes");
        rule.evaluate(review(spot(1, 0)).unknown(&["num_workers"]))
            .cannot_judge("num_workers");
        rule.evaluate(review(json!({})).cloud("")).cannot_judge("cloud");
    }

    #[test]
    fn shares_lie_between_nothing_and_everything() {
        let settings =
            json!({"spot_share": {"min": "80", "max": "x"}, "first_on_demand": {"min": 2, "max": 1}});
        let pointers: Vec<_> = Harness::<SpotMix>::new(settings).err().unwrap();
        let pointers: Vec<_> = pointers.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/first_on_demand", "/spot_share/max", "/spot_share/min"]
        );
    }
}
