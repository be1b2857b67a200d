//! The queue of what is still to happen, ordered by time, then by priority, then by the order of asking.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

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

/// What is still to happen.
#[derive(Debug)]
pub(super) struct Queue<T> {
    entries: BinaryHeap<Reverse<Entry<T>>>,
    sequence: u64,
}

impl<T> Queue<T> {
    /// Nothing is to happen.
    pub fn new() -> Queue<T> {
        Queue {
            entries: BinaryHeap::new(),
            sequence: 0,
        }
    }

    /// Lets something happen at an instant.
    pub fn push(&mut self, at: Second, priority: Priority, what: T) {
        let sequence = self.sequence;
        self.sequence = self.sequence.saturating_add(1);
        self.entries.push(Reverse(Entry {
            at,
            priority,
            sequence,
            what,
        }));
    }

    /// The next thing to happen before `end`.
    pub fn pop_before(&mut self, end: Second) -> Option<(Second, T)> {
        let Reverse(next) = self.entries.peek()?;
        if next.at >= end {
            return None;
        }
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
