//! What a change costs, as people read it: rounded cell by cell, exact nowhere but in JSON.

use rust_decimal::Decimal;

use super::number;
use crate::model::cost_change::{CostChange, Range, ResourceCost, Total};
use crate::model::exact::decimal_text;
use crate::model::resource::Action;

/// Decimals of a cost per month.
const MONTH: u32 = 2;
/// Decimals of a cost per hour: a small cluster costs cents.
const HOUR: u32 = 3;

/// Before, after and how much more, per month and per hour.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cells {
    pub month: [String; 3],
    pub hour: [String; 3],
}

/// The cells of a resource; `-` where it does not exist.
pub(super) fn cells(resource: &ResourceCost) -> Cells {
    let (is_before, is_after) = resource.exists();
    let side = |exists: bool, range: Range, places| match exists {
        true => shown(range, places),
        false => "-".to_owned(),
    };
    let three = |(before, after): (Range, Range), places| {
        [
            side(is_before, before, places),
            side(is_after, after, places),
            difference(before, after, places),
        ]
    };
    Cells {
        month: three(resource.per_month(), MONTH),
        hour: three(resource.per_hour(), HOUR),
    }
}

/// The cells of all resources together.
pub(super) fn total_cells(total: &Total) -> Cells {
    // Where nothing is known a sum of nothing would read as free.
    let known = |range: Range, unknown: usize| match range == Range::ZERO && unknown > 0 {
        true => Range::default(),
        false => range,
    };
    let sums = |(before, after): (Range, Range), unknown: usize| match after == Range::ZERO
        && before == Range::ZERO
    {
        true => (known(before, unknown), known(after, unknown)),
        false => (before, after),
    };
    let three = |before, after, places| {
        [
            shown(before, places),
            shown(after, places),
            difference(before, after, places),
        ]
    };
    let (month_before, month_after) = sums((total.before_per_month, total.after_per_month), total.unknown);
    let (hour_before, hour_after) = sums(
        (total.before_per_hour, total.after_per_hour),
        total.unknown_per_hour,
    );
    Cells {
        month: three(month_before, month_after, MONTH),
        hour: three(hour_before, hour_after, HOUR),
    }
}

/// `+12.50 USD a month`, `+12.50 to +25.00 USD a month`; what is unknown is not passed over.
pub(super) fn headline(cost: &CostChange) -> String {
    let total = &cost.total;
    if total.known == 0 && total.unknown > 0 {
        return "unknown a month".to_owned();
    }
    let difference = difference(total.before_per_month, total.after_per_month, MONTH);
    let currency = cost.currency;
    match total.unknown {
        0 => format!("{difference} {currency} a month"),
        n => format!(
            "{difference} {currency} a month and {} of unknown cost",
            number(n, "resource")
        ),
    }
}

/// What a reader must know of the sums: what is in none of them.
pub(super) fn left_out(total: &Total) -> Vec<String> {
    let told = |n: usize, span: &str| {
        let resources = number(n, "resource");
        (n > 0).then(|| format!("what {resources} cost {span} is unknown and in no sum"))
    };
    told(total.unknown, "a month")
        .into_iter()
        .chain(told(total.unknown_per_hour, "an hour"))
        .collect()
}

/// Resources that the change is about; the others are in the sums alone.
pub(super) fn rows(change: &CostChange) -> impl Iterator<Item = &ResourceCost> {
    change.resources.iter().filter(|r| !stays(r))
}

/// Whether a resource stays as it is and costs what it cost: a pool that changes changes its clusters too.
fn stays(resource: &ResourceCost) -> bool {
    resource.action == Action::NoOp && resource.before == resource.after
}

/// How many resources are in the sums alone.
pub(super) fn unchanged(change: &CostChange) -> Option<String> {
    match change.resources.iter().filter(|r| stays(r)).count() {
        0 => None,
        1 => {
            Some("1 resource stays as it is, and is in the sums alone as far as its cost is known".to_owned())
        }
        n => Some(format!(
            "{n} resources stay as they are, and are in the sums alone as far as their cost is known"
        )),
    }
}

/// What is assumed of how long resources run, each once with how many it concerns, and why a cost is unknown.
pub(super) fn assumptions(cost: &CostChange) -> Vec<String> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for resource in &cost.resources {
        for line in assumed(resource) {
            match found.iter_mut().find(|(known, _)| *known == line) {
                Some((_, n)) => *n = n.saturating_add(1),
                None => found.push((line, 1)),
            }
        }
    }
    let told = |(line, n): (String, usize)| format!("{line} ({})", number(n, "resource"));
    found.into_iter().map(told).collect()
}

fn assumed(resource: &ResourceCost) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for cost in resource.before.iter().chain(&resource.after) {
        let hours = cost
            .hours_per_month
            .map(|hours| format!("{} hours a month", plain(hours)));
        let from = (!cost.hours_from.is_empty()).then(|| cost.hours_from.clone());
        let hours: Vec<String> = hours.into_iter().chain(from).collect();
        if !hours.is_empty() {
            lines.push(hours.join(": "));
        }
        lines.extend(cost.unknown.iter().map(|why| format!("cost unknown: {why}")));
    }
    // Before and after are the same as a rule.
    lines.dedup();
    lines
}

/// What a resource is called in a table: its name, else where it is.
pub(super) fn name(resource: &ResourceCost) -> &str {
    let address = resource.address.as_deref();
    resource.name.as_deref().or(address).unwrap_or(&resource.source)
}

/// Kind and action, where they are not the usual ones: `job-cluster, update`.
pub(super) fn what(resource: &ResourceCost) -> String {
    match resource.action {
        Action::Create => resource.kind.to_string(),
        action => format!("{}, {action}", resource.kind),
    }
}

/// `12.50`, `12.50 to 25.00`, or `unknown`.
fn shown(range: Range, places: u32) -> String {
    both(range, &|n| fixed(n, places))
}

fn difference(before: Range, after: Range, places: u32) -> String {
    let signed = |n: Decimal| {
        let text = fixed(n, places);
        // What is rounded to nothing has no sign.
        let is_more = n > Decimal::ZERO && text.bytes().any(|b| matches!(b, b'1'..=b'9'));
        if is_more { format!("+{text}") } else { text }
    };
    after
        .minus(before)
        .map_or_else(|_| "unknown".to_owned(), |more| both(more, &signed))
}

fn both(range: Range, text: &dyn Fn(Decimal) -> String) -> String {
    match (range.min.map(text), range.max.map(text)) {
        (Some(min), Some(max)) if min == max => min,
        (Some(min), Some(max)) => format!("{min} to {max}"),
        _ => "unknown".to_owned(),
    }
}

/// Rounded half to even, with all its places.
fn fixed(n: Decimal, places: u32) -> String {
    let mut rounded = n.round_dp(places);
    rounded.rescale(places);
    if rounded.is_zero() {
        rounded.set_sign_positive(true);
    }
    rounded.to_string()
}

fn plain(n: Decimal) -> String {
    decimal_text(n.round_dp(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exact::parse_decimal;

    fn range(min: &str, max: &str) -> Range {
        Range {
            min: parse_decimal(min).ok(),
            max: parse_decimal(max).ok(),
        }
    }

    #[test]
    fn ranges_and_differences() {
        assert_eq!(shown(range("1.005", "1.005"), 2), "1.00");
        assert_eq!(shown(range("1", "2.5"), 2), "1.00 to 2.50");
        assert_eq!(shown(Range::default(), 2), "unknown");
        assert_eq!(difference(Range::ZERO, range("1", "2"), 2), "+1.00 to +2.00");
        assert_eq!(difference(range("1", "2"), Range::ZERO, 2), "-1.00 to -2.00");
        assert_eq!(difference(range("1", "1"), range("1.001", "1.001"), 2), "0.00");
        assert_eq!(difference(range("1.001", "1.001"), range("1", "1"), 2), "0.00");
        assert_eq!(difference(Range::default(), range("1", "2"), 2), "unknown");
    }
}
