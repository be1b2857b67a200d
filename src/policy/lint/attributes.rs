//! Which attributes a definition speaks of: unknown ones, old ones, those of two clouds, gaps in lists.

use std::collections::BTreeMap;
use tollgate_policy_language::attribute::{self, ATTRIBUTES, VIRTUAL};
use tollgate_policy_language::path::{LISTS, MAPS};
use tollgate_policy_language::{Rule, Target};

use super::subject::{Entry, Subject};
use super::texts::is_template;
use crate::model::finding::Finding;
use crate::model::place::Cloud;
use crate::model::suggest::hint;

/// A path that no request has.
pub(super) fn unknown_attribute(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for entry in &subject.entries {
        let path = entry.path;
        // An element that is none has a fault of its own, and so do the paths of 2020.
        let skipped = !entry.node().is_object() || path.starts_with('.') || is_template(path);
        // `autoscale: {min_workers: ...}` is told what to write where its type is missing.
        let nested = entry.node().get("type").is_none() && below(path).next().is_some();
        if attribute::is_known(path) || skipped || nested {
            continue;
        }
        let message = format!("the Clusters API has no attribute `{path}`");
        findings.push(
            subject
                .at("lint::unknown-attribute", entry, message)
                .hint(known(path)),
        );
    }
}

/// Attributes below a path.
fn below(path: &str) -> impl Iterator<Item = &'static str> {
    let start = format!("{path}.");
    ATTRIBUTES
        .iter()
        .map(|a| a.path)
        .filter(move |known| known.starts_with(&start))
}

fn known(path: &str) -> String {
    if MAPS.contains(&path) {
        return format!("add a key: `{path}.KEY`");
    }
    let list = LISTS
        .iter()
        .find(|list| path.starts_with(&format!("{list}.")) || path == **list);
    if let Some(list) = list {
        let form = match *list {
            "init_scripts" => "init_scripts.N.KIND.destination",
            "ssh_public_keys" => "ssh_public_keys.N",
            other => return format!("write `{other}.N`, N from 0 or `*`"),
        };
        return format!("write `{form}`, N from 0 or `*`");
    }
    let parts: Vec<&str> = below(path).collect();
    if !parts.is_empty() {
        return format!("elements speak of its parts: {}", parts.join(", "));
    }
    // Only the name is wrong more often than its parent.
    let last = path.rsplit('.').next().unwrap_or(path);
    let same: Vec<&str> = ATTRIBUTES
        .iter()
        .map(|a| a.path)
        .filter(|known| known.rsplit('.').next() == Some(last) && *known != last)
        .collect();
    match same.as_slice() {
        [] => {
            let all: Vec<&str> = ATTRIBUTES.iter().map(|a| a.path).chain(VIRTUAL).collect();
            hint(path, &all, |_| {
                "compare with the request of `clusters/create`".to_owned()
            })
        }
        [one] => format!("did you mean `{one}`?"),
        some => format!("did you mean one of {}?", some.join(", ")),
    }
}

/// `.dbus_per_hour` and `cluster_source`, which policies of 2020 carry.
pub(super) fn legacy_attribute(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for entry in &subject.entries {
        let (message, hint) = match entry.path {
            "cluster_source" => (
                "`cluster_source` is the name of 2020 for `cluster_type`, and undocumented".to_owned(),
                "write `cluster_type` with `all-purpose`, `job` or `dlt`".to_owned(),
            ),
            path if path.starts_with('.') => (
                "a path that begins with a dot is of 2020, and names no attribute now".to_owned(),
                format!("write `{}`", path.trim_start_matches('.')),
            ),
            _ => continue,
        };
        findings.push(subject.at("lint::legacy-attribute", entry, message).hint(hint));
    }
}

/// `custom_tags.*` is a tag named `*`.
pub(super) fn star_key(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for entry in &subject.entries {
        if let Target::Key { map, key } = Target::of(entry.path)
            && key == "*"
        {
            let message = format!("`*` is no wildcard in `{map}`: this rules the key named `*`");
            let finding = subject.at("lint::star-key", entry, message);
            findings.push(finding.hint("write one element for each key"));
        }
    }
}

/// The cloud that an element is for: by its block, or by the node types it names.
pub(super) fn cloud_of(subject: &Subject<'_>, entry: &Entry<'_>) -> Option<Cloud> {
    let block = Cloud::ALL
        .into_iter()
        .find(|cloud| entry.path.split('.').next() == Some(cloud.attributes_key()));
    block.or_else(|| {
        let names_nodes = super::nodes::PATHS.contains(&entry.path);
        let nodes = entry.scalars();
        names_nodes.then(|| nodes.iter().find_map(|(_, _, id)| subject.world.cloud_of(id)))?
    })
}

/// Elements of two clouds: a workspace is in one.
pub(super) fn mixed_clouds(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<Cloud, &Entry<'_>> = BTreeMap::new();
    for (entry, element) in subject.read() {
        // What is forbidden is never there, and an optional attribute of another cloud harms nobody.
        if element.is_optional || matches!(element.rule, Rule::Forbidden) {
            continue;
        }
        if let Some(cloud) = cloud_of(subject, entry) {
            first.entry(cloud).or_insert(entry);
        }
    }
    if first.len() < 2 {
        return;
    }
    let places: Vec<String> = first
        .iter()
        .map(|(cloud, entry)| format!("{cloud} (`{}`)", entry.path))
        .collect();
    if let Some(entry) = first.values().last() {
        let message = format!("elements of several clouds: {}", places.join(", "));
        let finding = subject.at("lint::mixed-clouds", entry, message);
        findings.push(finding.hint("a workspace is in one cloud: keep one policy for each"));
    }
}

/// `init_scripts.1` without `init_scripts.0`.
pub(super) fn list_gap(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let mut lists: BTreeMap<String, BTreeMap<usize, &Entry<'_>>> = BTreeMap::new();
    for (entry, element) in subject.read() {
        if let Target::Entry {
            list,
            index: Some(index),
            ..
        } = &element.target
            && element.requires()
        {
            lists
                .entry(list.clone())
                .or_default()
                .entry(*index)
                .or_insert(entry);
        }
    }
    for (list, entries) in &lists {
        let gap = entries.iter().enumerate().find(|(i, (index, _))| i != *index);
        if let Some((missing, (index, entry))) = gap {
            let message =
                format!("`{list}.{index}` is demanded and `{list}.{missing}` is not: entries count from 0");
            let finding = subject.at("lint::list-gap", entry, message);
            findings.push(finding.hint(format!(
                "write `{list}.{missing}`, or rule `{list}.{missing}` too"
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_attribute_is_told_what_it_may_be() {
        assert_eq!(known("custom_tags"), "add a key: `custom_tags.KEY`");
        assert_eq!(
            known("autotermination_minuts"),
            "did you mean `autotermination_minutes`?"
        );
        assert!(known("autoscale").contains("autoscale.min_workers, autoscale.max_workers"));
        assert!(known("init_scripts.0").contains("init_scripts.N.KIND.destination"));
        assert_eq!(known("max_workers"), "did you mean `autoscale.max_workers`?");
        assert!(known("zone_id").contains("aws_attributes.zone_id, gcp_attributes.zone_id"));
    }
}
