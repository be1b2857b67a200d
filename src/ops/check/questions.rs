//! Requests that ask the same question are asked once.
//!
//! The clusters of a hundred jobs that were made of one template differ in nothing that a rule is shown. A decision is a pure
//! function of the policies and of what they are shown, so one answer is that of all of them. What is said of a request
//! by its place (waivers) comes after.

use std::collections::HashMap;
use std::sync::Arc;

use super::{CheckOptions, Prepared};
use crate::ops::judge::CostBefore;
use crate::ops::policies::Policies;

/// For each request the first that asks the same question.
pub(super) fn first_of(
    asked: &[(Prepared, CostBefore)],
    policies: &Policies<'_>,
    options: &CheckOptions,
) -> Vec<usize> {
    let by_cost = policies.ask_for("cost_change");
    let mut first: HashMap<String, usize> = HashMap::with_capacity(asked.len());
    let of = |(i, (prepared, before)): (usize, &(Prepared, CostBefore))| {
        let question = question(prepared, by_cost.then_some(before), options);
        *first.entry(question).or_insert(i)
    };
    asked.iter().enumerate().map(of).collect()
}

/// Everything that a decision hangs on and that differs between the requests of one check.
fn question(prepared: &Prepared, before: Option<&CostBefore>, options: &CheckOptions) -> String {
    let around = &prepared.request.around;
    let workload = around.workload.unwrap_or(options.workload);
    // The requests of one document share their pools, so it is enough whose they are.
    let pools = Arc::as_ptr(&around.pools);
    format!(
        "{} {workload} {:?} {:?} {:?} {before:?} {pools:p}",
        prepared.request.body, around.unknown, prepared.workspace, prepared.choice.policy,
    )
}
