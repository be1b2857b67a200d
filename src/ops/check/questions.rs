//! Requests that ask the same question are asked once.
//!
//! The clusters of a hundred jobs that were made of one template differ in nothing that a rule is shown. A decision is a pure
//! function of the policies and of what they are shown, so one answer is that of all of them. What is said of a request
//! by its place (waivers) comes after.

use std::collections::HashMap;
use std::sync::Arc;

use super::{CheckOptions, Prepared};
use crate::model::side_by_side::side_by_side;

/// For each request the first that asks the same question.
pub(super) fn first_of(asked: &[Prepared], options: &CheckOptions) -> Vec<usize> {
    let questions = side_by_side(asked.iter().collect(), &|prepared| question(prepared, options));
    let mut first: HashMap<String, usize> = HashMap::with_capacity(asked.len());
    let numbered = questions.into_iter().enumerate();
    numbered
        .map(|(i, question)| *first.entry(question).or_insert(i))
        .collect()
}

/// Everything that a decision hangs on and that differs between the requests of one check.
fn question(prepared: &Prepared, options: &CheckOptions) -> String {
    let around = &prepared.request.around;
    let workload = around.workload.unwrap_or(options.workload);
    // The requests of one document share their pools, so it is enough whose they are.
    let pools = Arc::as_ptr(&around.pools);
    format!(
        "{} {workload} {:?} {:?} {:?} {:?} {pools:p}",
        prepared.request.body, around.unknown, prepared.workspace, prepared.choice.policy, prepared.cost,
    )
}
