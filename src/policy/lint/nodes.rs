//! Node types: those that nobody offers.

use super::subject::Subject;
use crate::model::finding::Finding;
use crate::model::suggest::hint;

/// Attributes that name node types.
pub(super) const PATHS: [&str; 2] = ["node_type_id", "driver_node_type_id"];

/// A node type that is not in the catalogue of its cloud.
pub(super) fn unknown_node_type(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let world = subject.world;
    for (entry, _) in subject.read() {
        let flexible = entry.path.contains("_node_type_flexibility.");
        if !PATHS.contains(&entry.path) && !flexible {
            continue;
        }
        let mut told: Vec<String> = Vec::new();
        for (_, node, text) in entry.scalars() {
            // Fleets are many node types under one name, and the catalogue has the single ones.
            let known =
                world.node_types.contains_key(&text) || text.contains("-fleet") || told.contains(&text);
            let cloud = world.cloud_of(&text);
            if known || cloud.is_some_and(|cloud| !world.knows_nodes_of(cloud)) {
                continue;
            }
            let of_cloud: Vec<&str> = world
                .node_types
                .iter()
                .filter(|(_, node)| cloud.is_none_or(|cloud| node.cloud == cloud))
                .map(|(id, _)| id.as_str())
                .collect();
            let message = format!("no node type `{text}` is known");
            let finding = subject.found("lint::unknown-node-type", node.span, entry.path, message);
            findings.push(finding.hint(hint(&text, &of_cloud, |_| {
                "compare with `tollgate price show`, and with the workspace's list of node types".to_owned()
            })));
            told.push(text);
        }
    }
}
