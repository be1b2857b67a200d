//! Elements that cannot be met together, each of them harmless alone.

use std::collections::BTreeMap;
use tollgate_policy_language::{Rule, Target};

use super::subject::Subject;
use super::values::bounds;
use crate::model::finding::Finding;

/// A pool, and the node type that the API refuses beside it. The driver comes from the workers' pool where it has
/// none of its own.
fn pools(subject: &Subject<'_>) -> [(&'static str, &'static str); 2] {
    let own = subject.element("driver_instance_pool_id").is_some();
    let driver = if own {
        "driver_instance_pool_id"
    } else {
        "instance_pool_id"
    };
    [
        ("instance_pool_id", "node_type_id"),
        (driver, "driver_node_type_id"),
    ]
}

const AUTOSCALE: [&str; 2] = ["autoscale.min_workers", "autoscale.max_workers"];

/// A pool that every cluster has, and a node type that is filled in beside it.
pub(super) fn pool_and_node_type(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (pool, node) in pools(subject) {
        let fixed = subject
            .element(node)
            .is_some_and(|e| matches!(e.rule, Rule::Fixed(_)));
        if subject.surely(pool) && fixed {
            let message = format!(
                "every cluster has `{pool}` and gets `{node}`: the API refuses a node type beside a pool"
            );
            findings.extend(
                subject
                    .between("lint::pool-and-node-type", &[node, pool], message)
                    .map(|f| f.hint(format!("remove `{node}`: the pool decides, or forbid `{pool}`"))),
            );
        }
    }
}

/// A pool and a node type that are both demanded of the request.
pub(super) fn pool_or_node_type(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (pool, node) in pools(subject) {
        let fixed = subject
            .element(node)
            .is_some_and(|e| matches!(e.rule, Rule::Fixed(_)));
        if subject.surely(pool) && subject.surely(node) && !fixed {
            let message = format!(
                "`{pool}` and `{node}` are both demanded, and a request cannot give both; only the node type of the pool itself can satisfy this"
            );
            findings.extend(
                subject
                    .between("lint::pool-or-node-type", &[node, pool], message)
                    .map(|f| f.hint(format!("set `isOptional` on `{node}`, or remove it"))),
            );
        }
    }
}

/// A number of workers and a span of workers, both on every cluster.
pub(super) fn size_twice(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let Some(scaled) = AUTOSCALE.into_iter().find(|path| subject.surely(path)) else {
        return;
    };
    if subject.surely("num_workers") {
        let message =
            format!("`num_workers` and `{scaled}` are both on every cluster, and the API takes one of them");
        findings.extend(
            subject
                .between("lint::size-twice", &["num_workers", scaled], message)
                .map(|f| f.hint("forbid one of them, or set `isOptional` on both")),
        );
    }
}

/// No size at all.
pub(super) fn no_size(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let Some(scaled) = AUTOSCALE.into_iter().find(|path| subject.forbids(path)) else {
        return;
    };
    let other = ["virtual_cluster_size", "is_single_node"]
        .into_iter()
        .any(|path| subject.element(path).is_some());
    if subject.forbids("num_workers") && !other {
        let message = format!("`num_workers` and `{scaled}` are both forbidden: no cluster has a size");
        findings.extend(
            subject
                .between("lint::no-size", &["num_workers", scaled], message)
                .map(|f| f.hint("admit one of them; for a single node fix `num_workers` to 0")),
        );
    }
}

/// Defaults that exclude each other once all of them are filled in.
pub(super) fn defaults_collide(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let sizes = AUTOSCALE.map(|path| ("num_workers", path));
    for (one, other) in pools(subject).into_iter().chain(sizes) {
        let both = subject.fills_in(one) && subject.fills_in(other);
        let worse = subject.surely(one) && subject.surely(other);
        if both && !worse {
            let message = format!(
                "`{one}` and `{other}` are both filled in where a request asks for defaults, and the API takes one of them"
            );
            let found = subject.between("lint::defaults-collide", &[one, other], message);
            findings.extend(found.map(|f| f.hint("keep the default of one of them")));
        }
    }
}

/// The least of `autoscale.min_workers` above the most of `autoscale.max_workers`.
pub(super) fn autoscale_order(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let [min, max] = AUTOSCALE.map(|path| subject.element(path));
    if let (Some(min), Some(max)) = (min, max)
        && let (Some(least), Some(most)) = (bounds(&min.rule).0, bounds(&max.rule).1)
        && least > most
    {
        let message =
            format!("`autoscale.min_workers` is at least {least} and `autoscale.max_workers` at most {most}");
        findings.extend(
            subject
                .between("lint::autoscale-order", &AUTOSCALE, message)
                .map(|f| f.hint("the least must not be above the most")),
        );
    }
}

/// One entry of a list that must be of two kinds at once.
pub(super) fn entry_of_two_kinds(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let mut kinds: BTreeMap<usize, &str> = BTreeMap::new();
    for (entry, element) in subject.read() {
        let Target::Entry {
            list,
            index: Some(index),
            rest,
        } = &element.target
        else {
            continue;
        };
        let Some(kind) = rest
            .first()
            .filter(|_| list == "init_scripts" && element.requires())
        else {
            continue;
        };
        let first = kinds.entry(*index).or_insert(kind);
        if first != kind {
            let message = format!(
                "`init_scripts.{index}` must be `{first}` and `{kind}` at once, and an entry is one of them"
            );
            let finding = subject.at("lint::entry-of-two-kinds", entry, message);
            findings.push(finding.hint("give each script an index of its own"));
        }
    }
}

/// A place for logs without the kind of place.
pub(super) fn log_path_without_type(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let path = "cluster_log_conf.path";
    if subject.fills_in(path) && !subject.fills_in("cluster_log_conf.type") && subject.own(path).is_some() {
        let message = "`cluster_log_conf.path` is filled in and `cluster_log_conf.type` is not: a path alone says not where";
        findings.extend(
            subject
                .between("lint::log-path-without-type", &[path], message)
                .map(|f| f.hint("add `cluster_log_conf.type` with `DBFS`, `S3` or `VOLUMES`")),
        );
    }
}
