//! The queue of what is still to happen, ordered by time, then by priority, then by the order of asking.
//!
//! Most of it is far ahead: tomorrow's session, the end of thirty days. That lies unordered, minute by minute; only the
//! minute that has come is put in order. So the heap is small and stays in the processor's cache, however many clusters
//! there are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Unix seconds.
pub(super) type Second = i64;

/// What happens first among the things of one instant. Lower comes earlier; the reasons are with the
/// variants of the happenings.
pub(super) type Priority = u8;

#[derive(Debug)]
struct Entry<T> {
    at: Second,
    priority: Priority,
    sequence: u64,
    what: T,
}

impl<T> Entry<T> {
    fn key(&self) -> (Second, Priority, u64) {
        (self.at, self.priority, self.sequence)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// Seconds of a stretch.
const STRETCH: Second = 60;

/// What is still to happen.
#[derive(Debug)]
pub(super) struct Queue<T> {
    /// What happens before `near_end`.
    near: BinaryHeap<Reverse<Entry<T>>>,
    near_end: Second,
    /// The rest, by the number of its stretch.
    far: BTreeMap<Second, Vec<Reverse<Entry<T>>>>,
    sequence: u64,
}

impl<T> Queue<T> {
    /// Nothing is to happen.
    pub fn new() -> Queue<T> {
        Queue {
            near: BinaryHeap::new(),
            near_end: Second::MIN,
            far: BTreeMap::new(),
            sequence: 0,
        }
    }

    /// Lets something happen at an instant.
    pub fn push(&mut self, at: Second, priority: Priority, what: T) {
        let sequence = self.sequence;
        self.sequence = self.sequence.saturating_add(1);
        let entry = Reverse(Entry {
            at,
            priority,
            sequence,
            what,
        });
        if at < self.near_end {
            self.near.push(entry);
        } else {
            self.far.entry(at.div_euclid(STRETCH)).or_default().push(entry);
        }
    }

    /// The next thing to happen before `end`.
    pub fn pop_before(&mut self, end: Second) -> Option<(Second, T)> {
        while self.near.is_empty() {
            let (stretch, entries) = self.far.pop_first()?;
            self.near = entries.into();
            self.near_end = stretch.saturating_add(1).saturating_mul(STRETCH);
        }
        let Reverse(next) = self.near.peek()?;
        if next.at >= end {
            return None;
        }
        self.near.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn time_goes_before_priority_and_priority_before_the_order_of_asking() {
        let mut queue = Queue::new();
        for (at, priority, what) in [
            (2, 0, "e"),
            (1, 1, "c"),
            (1, 0, "a"),
            (1, 1, "d"),
            (1, 0, "b"),
            (3, 0, "f"),
        ] {
            queue.push(at, priority, what);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop_before(3))
            .map(|(_, what)| what)
            .collect();
        assert_eq!(order, ["a", "b", "c", "d", "e"]);
    }

    proptest! {
        /// Whatever is asked for while things happen, near or far: the order is that of a sorted list.
        #[test]
        fn the_order_is_that_of_a_sorted_list(
            asked in prop::collection::vec((0_i64..3_000, 0_u8..3, prop::collection::vec((0_i64..3_000, 0_u8..3), 0..3)), 0..40),
        ) {
            let mut queue = Queue::new();
            let mut list: Vec<(Second, Priority, u64)> = Vec::new();
            let mut sequence = 0;
            let mut ask = |queue: &mut Queue<u64>, list: &mut Vec<_>, at, priority| {
                queue.push(at, priority, sequence);
                list.push((at, priority, sequence));
                sequence += 1;
            };
            for (at, priority, _) in &asked {
                ask(&mut queue, &mut list, *at, *priority);
            }
            let mut later = asked.iter().map(|(_, _, later)| later);
            while let Some((now, number)) = queue.pop_before(2_500) {
                list.sort_unstable();
                let first = list.remove(0);
                prop_assert_eq!((now, number), (first.0, first.2));
                for (after, priority) in later.next().into_iter().flatten() {
                    ask(&mut queue, &mut list, now + after, *priority);
                }
            }
            prop_assert!(list.iter().all(|(at, ..)| *at >= 2_500));
        }
    }
}
