//! Allocations: their chain, that their legs sum to zero, and that what was moved is what is not kept.

use std::collections::BTreeMap;

use crate::ledger::account::Account;
use crate::ledger::allocation::Shared;
use crate::ledger::allocation::chain::genesis;
use crate::ledger::check::{Finding, code, nano_text};
use crate::model::period::Month;
use crate::store::allocation::{StoredAllocation, head, read_all};
use crate::store::error::StoreError;
use crate::store::intern::Tables;

/// What of a month somebody bears.
type Borne = (Month, Shared, Account);

/// Holds all allocations against what they say of themselves and each other.
pub(super) fn walk_allocations(tables: Tables<'_>) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    let (count, last) = head(tables)?;
    let (mut before, mut walked) = (genesis(), 0_u64);
    let mut moved: BTreeMap<Borne, (i128, i128)> = BTreeMap::new();
    for stored in read_all(tables, None)? {
        walked = walked.saturating_add(1);
        let expected = stored.allocation.hash(&before);
        let number = stored.number;
        compare(
            &mut findings,
            format!("the number of allocation {walked}"),
            walked,
            number,
        );
        compare(
            &mut findings,
            format!("the hash of allocation {number}"),
            expected,
            stored.hash,
        );
        compare(
            &mut findings,
            format!("what allocation {number} moves, by its shares"),
            nano_text(stored.allocation.moved_nano()),
            nano_text(stored.moved_nano),
        );
        before = stored.hash;
        note(&mut moved, &stored);
    }
    compare(
        &mut findings,
        "the number of allocations".to_owned(),
        count,
        walked,
    );
    compare(
        &mut findings,
        "the hash of the last allocation".to_owned(),
        last,
        before,
    );
    for ((month, shared, bearer), (sum, not_kept)) in moved {
        compare(
            &mut findings,
            format!("what was moved of {month}, {shared}, from {bearer}"),
            nano_text(not_kept),
            nano_text(sum),
        );
    }
    Ok(findings)
}

/// Adds what is moved; the last allocation says what is not kept.
fn note(moved: &mut BTreeMap<Borne, (i128, i128)>, stored: &StoredAllocation) {
    let allocation = &stored.allocation;
    let planned = &allocation.planned;
    let borne = (allocation.month, planned.shared.clone(), planned.bearer.clone());
    let (sum, not_kept) = moved.entry(borne).or_default();
    *sum = sum.saturating_add(allocation.moved_nano());
    *not_kept = planned.cost_nano.saturating_sub(allocation.kept_nano);
}

fn compare<T: ToString + PartialEq>(findings: &mut Vec<Finding>, what: String, expected: T, found: T) {
    if expected != found {
        findings.push(Finding {
            code: code::ALLOCATION,
            entry: None,
            what,
            expected: expected.to_string(),
            found: found.to_string(),
        });
    }
}
