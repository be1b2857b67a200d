//! What a change costs: each resource before and after, per hour and per month, and all of them together.
//!
//! A range goes from the smallest size (`autoscale.min_workers`) to the largest. What is unknown is unknown and in no
//! sum; how many resources that are is told beside the sums.

use rust_decimal::Decimal;

use super::estimate::Estimate;
use super::exact::{Inexact, add, multiply};
use super::money::Currency;
use super::period::Instant;
use super::resource::{Action, Kind};

/// What a change costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostChange {
    /// Currency of all costs.
    pub currency: Currency,
    /// The instant whose prices were taken, before and after alike: the difference is that of the change, not of prices.
    pub at: Instant,
    /// Every resource that costs something, in the order of the input.
    pub resources: Vec<ResourceCost>,
    /// All of them together.
    pub total: Total,
}

/// One resource of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceCost {
    /// File, or `-`.
    pub source: String,
    /// First line.
    pub line: usize,
    /// Where inside; none for a whole file.
    pub address: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// What happens to it.
    pub action: Action,
    /// What it costs now; none where it does not exist.
    pub before: Option<Cost>,
    /// What it would cost; none where it will not exist.
    pub after: Option<Cost>,
}

/// What a resource costs at one side of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// Per hour that it runs.
    pub per_hour: Range,
    /// Per month, with the hours assumed.
    pub per_month: Range,
    /// Hours a month that it runs, as far as they are assumed; none where nobody says.
    pub hours_per_month: Option<Decimal>,
    /// Where these hours come from: `31 runs of 45 minutes: schedule of the job, usage.yaml`.
    pub hours_from: String,
    /// Why a cost is unknown: meters without a price, attributes that nobody knows yet; empty where it is known.
    pub unknown: Vec<String>,
}

/// From the smallest size to the largest; none where it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// At the smallest size.
    pub min: Option<Decimal>,
    /// At the largest size.
    pub max: Option<Decimal>,
}

/// All resources together: what is known of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// Per hour, before; everything that runs at once.
    pub before_per_hour: Range,
    /// Per hour, after.
    pub after_per_hour: Range,
    /// Per month, before.
    pub before_per_month: Range,
    /// Per month, after.
    pub after_per_month: Range,
    /// Resources that change and whose cost per month is unknown before or after; it is in no sum of either side.
    pub unknown: usize,
    /// The same for the cost per hour.
    pub unknown_per_hour: usize,
    /// Resources that change and whose cost per month is known.
    pub known: usize,
}

impl Range {
    /// Nothing.
    pub const ZERO: Range = Range {
        min: Some(Decimal::ZERO),
        max: Some(Decimal::ZERO),
    };

    /// What an hour of a cluster costs.
    pub fn of(estimate: &Estimate) -> Range {
        Range {
            min: estimate.min.cost_per_hour,
            max: estimate.max.cost_per_hour,
        }
    }

    /// So many hours of it; unknown where the hours are.
    ///
    /// # Errors
    /// [`Inexact`] when the product has more digits than a decimal holds.
    pub fn times(self, hours: Option<Decimal>) -> Result<Range, Inexact> {
        let product = |cost: Option<Decimal>| match (cost, hours) {
            (Some(cost), Some(hours)) => multiply(cost, hours).map(Some),
            _ => Ok(None),
        };
        Ok(Range {
            min: product(self.min)?,
            max: product(self.max)?,
        })
    }

    /// Whether both ends are known.
    pub fn is_known(&self) -> bool {
        self.min.is_some() && self.max.is_some()
    }

    /// The sum, unknown as soon as one part is.
    ///
    /// # Errors
    /// [`Inexact`] when a number outgrows what decimals hold.
    pub fn plus(self, other: Range) -> Result<Range, Inexact> {
        let sum = |a: Option<Decimal>, b: Option<Decimal>| match (a, b) {
            (Some(a), Some(b)) => add(a, b).map(Some),
            _ => Ok(None),
        };
        Ok(Range {
            min: sum(self.min, other.min)?,
            max: sum(self.max, other.max)?,
        })
    }

    /// How much more this is than before, size by size.
    ///
    /// # Errors
    /// [`Inexact`] when a number outgrows what decimals hold.
    pub fn minus(self, before: Range) -> Result<Range, Inexact> {
        let negative = |n: Option<Decimal>| n.map(|n| -n);
        self.plus(Range {
            min: negative(before.min),
            max: negative(before.max),
        })
    }
}

impl ResourceCost {
    /// Cost per month before and after; what does not exist costs nothing, and what nobody told is unknown.
    pub fn per_month(&self) -> (Range, Range) {
        self.sides(|cost| cost.per_month)
    }

    /// Cost per hour before and after; what does not exist costs nothing, and what nobody told is unknown.
    pub fn per_hour(&self) -> (Range, Range) {
        self.sides(|cost| cost.per_hour)
    }

    /// Whether it is there before, and after.
    pub fn exists(&self) -> (bool, bool) {
        (self.action != Action::Create, self.action != Action::Delete)
    }

    fn sides(&self, of: fn(&Cost) -> Range) -> (Range, Range) {
        let side = |cost: &Option<Cost>, exists: bool| match (cost, exists) {
            (Some(cost), _) => of(cost),
            (None, false) => Range::ZERO,
            (None, true) => Range::default(),
        };
        let (before, after) = self.exists();
        (side(&self.before, before), side(&self.after, after))
    }
}

impl Total {
    /// The sums over resources, each over those of which it is known.
    ///
    /// # Errors
    /// [`Inexact`] when a number outgrows what decimals hold.
    pub fn of(resources: &[ResourceCost]) -> Result<Total, Inexact> {
        let mut total = Total {
            before_per_hour: Range::ZERO,
            after_per_hour: Range::ZERO,
            before_per_month: Range::ZERO,
            after_per_month: Range::ZERO,
            ..Total::default()
        };
        for resource in resources {
            // What stays as it is makes no difference, known or not.
            let changes = usize::from(resource.action != Action::NoOp);
            let (before, after) = resource.per_month();
            if before.is_known() && after.is_known() {
                total.known = total.known.saturating_add(changes);
                total.before_per_month = total.before_per_month.plus(before)?;
                total.after_per_month = total.after_per_month.plus(after)?;
            } else {
                total.unknown = total.unknown.saturating_add(changes);
            }
            let (before, after) = resource.per_hour();
            if before.is_known() && after.is_known() {
                total.before_per_hour = total.before_per_hour.plus(before)?;
                total.after_per_hour = total.after_per_hour.plus(after)?;
            } else {
                total.unknown_per_hour = total.unknown_per_hour.saturating_add(changes);
            }
        }
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exact::parse_decimal;

    #[test]
    fn what_is_unknown_is_in_no_sum() {
        let range = |min: &str, max: &str| Range {
            min: parse_decimal(min).ok(),
            max: parse_decimal(max).ok(),
        };
        let cost = |per_hour: Range, per_month: Range| Cost {
            per_hour,
            per_month,
            hours_per_month: None,
            hours_from: String::new(),
            unknown: Vec::new(),
        };
        let resource = |action: Action, before: Option<Cost>, after: Option<Cost>| ResourceCost {
            source: "p.json".to_owned(),
            line: 1,
            address: None,
            name: None,
            kind: Kind::Cluster,
            action,
            before,
            after,
        };
        let one = cost(range("1", "2"), range("100", "200"));
        let two = cost(range("1.5", "2.5"), range("150", "250"));
        let unknown = cost(Range::default(), Range::default());
        let all = [
            resource(Action::Update, Some(one.clone()), Some(two)),
            resource(Action::Create, None, Some(unknown)),
            resource(Action::Delete, Some(one.clone()), None),
            // Of what is changed and nobody said what it was, nothing is known.
            resource(Action::Update, None, Some(one)),
        ];
        let total = Total::of(&all).unwrap();
        assert_eq!((total.unknown, total.unknown_per_hour, total.known), (2, 2, 2));
        assert_eq!(
            (total.before_per_month, total.after_per_month),
            (range("200", "400"), range("150", "250"))
        );
        let more = total.after_per_month.minus(total.before_per_month).unwrap();
        assert_eq!(more, range("-50", "-150"));
    }
}
