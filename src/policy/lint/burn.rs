//! A bound on `dbus_per_hour` that not even the smallest cluster of the policy keeps.

use rust_decimal::Decimal;
use tollgate_policy_language::{Element, Rule};

use super::subject::{Subject, fits};
use super::values::bounds;
use super::{attributes, nodes};
use crate::model::finding::Finding;

/// The smallest cluster that the elements on node types and size admit, against the bound.
pub(super) fn dbus_unreachable(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let path = "dbus_per_hour";
    let Some(Rule::Range { max: Some(most), .. }) = subject.element(path).map(|e| &e.rule) else {
        return;
    };
    // What a pool is made of is not written here.
    let pools = ["instance_pool_id", "driver_instance_pool_id"];
    if pools
        .iter()
        .any(|pool| subject.element(pool).is_some() && !subject.forbids(pool))
    {
        return;
    }
    let Some(workers) = fewest_workers(subject) else {
        return;
    };
    let Some((least, node)) = smallest(subject, workers) else {
        return;
    };
    if least > *most {
        let of = if workers.is_zero() {
            format!("a single `{node}`")
        } else {
            format!("{workers} workers of `{node}` and a driver")
        };
        let message = format!(
            "at most {most} DBU an hour are allowed, and the smallest cluster of this policy ({of}) uses {least}"
        );
        findings.extend(
            subject
                .between("lint::dbus-unreachable", &[path, nodes::PATHS[0]], message)
                .map(|f| f.hint("raise `maxValue`, or allow smaller nodes or fewer of them")),
        );
    }
}

/// DBUs of the smallest cluster and its node type; none where a rate is not known.
fn smallest<'a>(subject: &'a Subject<'_>, workers: Decimal) -> Option<(Decimal, &'a str)> {
    let [worker, driver] = nodes::PATHS.map(|path| subject.element(path));
    let cheapest_driver = match driver {
        Some(driver) if !matches!(driver.rule, Rule::Forbidden) => {
            Some(admitted(subject, driver)?.into_iter().min()?.0)
        }
        _ => None,
    };
    let may_be_absent = driver.is_none_or(|d| d.is_optional);
    let candidates = match worker {
        Some(worker) => admitted(subject, worker)?,
        None => all(subject),
    };
    candidates
        .into_iter()
        .filter_map(|(rate, id)| {
            let own = if may_be_absent {
                cheapest_driver.map_or(rate, |d| d.min(rate))
            } else {
                cheapest_driver?
            };
            Some((workers.checked_mul(rate)?.checked_add(own)?, id))
        })
        .min()
}

/// Node types that an element admits, with their rates; none where one that it names has no known rate.
fn admitted<'a>(subject: &'a Subject<'_>, element: &Element) -> Option<Vec<(Decimal, &'a str)>> {
    match &element.rule {
        Rule::Fixed(_) | Rule::Allowlist(_) => element
            .rule
            .values()
            .iter()
            .map(|value| {
                let (id, node) = subject.world.node_types.get_key_value(&value.text)?;
                Some((node.dbu_per_hour?, id.as_str()))
            })
            .collect(),
        _ => {
            let fitting = all(subject).into_iter().filter(|(_, id)| fits(element, id));
            Some(fitting.collect())
        }
    }
}

/// All node types of the policy's cloud with a known rate.
fn all<'a>(subject: &'a Subject<'_>) -> Vec<(Decimal, &'a str)> {
    let cloud = subject
        .read()
        .find_map(|(entry, _)| attributes::cloud_of(subject, entry));
    subject
        .world
        .node_types
        .iter()
        .filter(|(_, node)| cloud.is_none_or(|cloud| node.cloud == cloud))
        .filter_map(|(id, node)| Some((node.dbu_per_hour?, id.as_str())))
        .collect()
}

/// The fewest workers that a cluster can have; none where it can have no size at all.
fn fewest_workers(subject: &Subject<'_>) -> Option<Decimal> {
    let least = |path: &str| {
        let least = subject.element(path).and_then(|e| bounds(&e.rule).0);
        least.unwrap_or(Decimal::ZERO).max(Decimal::ZERO)
    };
    let scaled = ["autoscale.min_workers", "autoscale.max_workers"];
    let by_number = !subject.forbids("num_workers") && !scaled.iter().any(|path| subject.surely(path));
    let by_scale = !scaled.iter().any(|path| subject.forbids(path)) && !subject.surely("num_workers");
    let number = by_number.then(|| least("num_workers"));
    // The estimate is made at the most workers, and those are not fewer than the least.
    let scale = by_scale.then(|| least(scaled[0]).max(least(scaled[1])));
    number.into_iter().chain(scale).min()
}
