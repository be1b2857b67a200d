//! Node types that rows name, held against `system.compute.node_types` and against what the price lists know.

use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::seen::Seen;
use super::some;
use crate::intake::node_types::{NodeTypeRow, read as read_types};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::ops::files::TableFile;
use crate::pricing::catalogue::Catalogue;

/// The table, by node type; none where no file is given.
pub(super) type Types = BTreeMap<String, NodeTypeRow>;

/// Reads it. All rows must be readable.
///
/// # Errors
/// `context::*`, `file::*`; all of them.
pub(super) fn read(files: &[TableFile]) -> Result<Option<Types>, Diagnostics> {
    let (mut types, mut problems) = (Types::new(), Diagnostics::default());
    for file in files {
        read_types(&file.source, file.open()?, &mut |told| {
            match told {
                Ok(taken) => {
                    types.insert(taken.row.node_type.clone(), taken.row);
                }
                Err(rejected) => problems.0.extend(rejected.problems),
            }
            ControlFlow::Continue(())
        });
    }
    match problems.has_errors() {
        true => Err(problems.sorted()),
        false => Ok((!files.is_empty()).then_some(types)),
    }
}

/// What is odd about the node types that were seen.
pub(super) fn check(seen: &Seen, types: Option<&Types>, catalogue: &Catalogue, source: &str) -> Diagnostics {
    let instances = seen.workspaces.values().flat_map(|w| w.instances.values());
    let named: BTreeSet<&str> = instances
        .flat_map(|i| i.node_types.iter())
        .map(|t| &**t)
        .collect();
    let mut problems = Diagnostics::default();
    let Some(types) = types else {
        return problems;
    };
    let unknown: BTreeSet<&str> = named
        .iter()
        .copied()
        .filter(|name| !types.contains_key(*name))
        .collect();
    if !unknown.is_empty() {
        let message = format!(
            "{} of the rows' node types are not in --node-types: {}",
            unknown.len(),
            some(&unknown)
        );
        let hint = "is the table of this cloud, and of these days? a node type that is no longer offered is not in it";
        problems
            .0
            .push(Diagnostic::warning("node::unknown-type", source, message).hint(hint));
    }
    let differing: BTreeSet<&str> = named
        .iter()
        .copied()
        .filter(|name| types.get(*name).is_some_and(|row| differs(row, catalogue)))
        .collect();
    if !differing.is_empty() {
        let message = format!(
            "{} of the rows' node types are made of something else in --node-types than in the price lists: {}",
            differing.len(),
            some(&differing)
        );
        let hint =
            "`tollgate price show NODE_TYPE` says what is known; give node rates of your own with --prices";
        problems
            .0
            .push(Diagnostic::warning("node::type-differs", source, message).hint(hint));
    }
    problems
}

/// Whether cores, memory or GPUs are others than those that are known.
fn differs(row: &NodeTypeRow, catalogue: &Catalogue) -> bool {
    let Some(known) = catalogue.rates.node_type(&row.node_type) else {
        return false;
    };
    let is_other =
        |known: Option<u32>, told: Decimal| known.is_some_and(|known| Decimal::from(known) != told);
    is_other(known.vcpus, row.core_count)
        || is_other(known.memory_mb, row.memory_mb)
        || is_other(known.gpus, row.gpu_count)
}
