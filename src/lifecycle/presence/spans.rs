//! Times in which something was seen: stretches of Unix seconds, in order, none touching another.
//!
//! Minutes come in any order, twice, and by files that overlap; what is kept is the same. It takes as much room as there are gaps.

/// Stretches of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<(i64, i64)>);

/// What a stretch was to those known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// Nothing of it was known.
    New,
    /// A part of it was.
    Overlapping,
    /// All of it was.
    Known,
}

impl Spans {
    /// Adds `[start, end)`; without length it is nothing new.
    pub fn add(&mut self, start: i64, end: i64) -> Added {
        if start >= end {
            return Added::Known;
        }
        // Most rows follow the last one.
        match self.0.last_mut() {
            Some((_, last)) if *last == start => {
                *last = end;
                return Added::New;
            }
            Some((_, last)) if *last < start => {
                self.0.push((start, end));
                return Added::New;
            }
            None => {
                self.0.push((start, end));
                return Added::New;
            }
            _ => {}
        }
        let first = self.0.partition_point(|(_, known)| *known < start);
        let past = self.0.partition_point(|(known, _)| *known <= end);
        let touched = self.0.get(first..past).unwrap_or_default();
        let covered: i64 = touched
            .iter()
            .map(|(s, e)| end.min(*e).saturating_sub(start.max(*s)).max(0))
            .fold(0, i64::saturating_add);
        let from = touched.first().map_or(start, |(s, _)| start.min(*s));
        let to = touched.last().map_or(end, |(_, e)| end.max(*e));
        self.0.splice(first..past, [(from, to)]);
        match covered {
            0 => Added::New,
            n if n == end.saturating_sub(start) => Added::Known,
            _ => Added::Overlapping,
        }
    }

    /// The first second.
    pub fn start(&self) -> Option<i64> {
        self.0.first().map(|(start, _)| *start)
    }

    /// The first second after the last.
    pub fn end(&self) -> Option<i64> {
        self.0.last().map(|(_, end)| *end)
    }

    /// The stretches.
    pub fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().copied()
    }

    /// The times between them.
    pub fn gaps(&self) -> impl Iterator<Item = (i64, i64)> {
        let after = self.0.iter().skip(1);
        self.0
            .iter()
            .zip(after)
            .map(|((_, end), (next, _))| (*end, *next))
    }

    /// What of `[start, end)` is in none of them, in order.
    pub fn missing(&self, start: i64, end: i64) -> Vec<(i64, i64)> {
        let (mut missing, mut at) = (Vec::new(), start);
        for (known, until) in self.iter().filter(|(s, e)| *s < end && *e > start) {
            if at < known {
                missing.push((at, known));
            }
            at = at.max(until);
        }
        if at < end {
            missing.push((at, end));
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against second by second: what is added, in any order, is what is kept.
        #[test]
        fn spans_are_what_was_added(stretches in proptest::collection::vec((0_i64..60, 0_i64..12), 0..30), window in (0_i64..70, 0_i64..70)) {
            let (mut spans, mut seconds) = (Spans::default(), [false; 100]);
            for (start, length) in stretches {
                let range = usize::try_from(start).unwrap()..usize::try_from(start + length).unwrap();
                let known = seconds[range.clone()].iter().filter(|s| **s).count();
                let expected = match known {
                    n if n == range.len() => Added::Known,
                    0 => Added::New,
                    _ => Added::Overlapping,
                };
                prop_assert_eq!(spans.add(start, start + length), expected);
                seconds[range].fill(true);
            }
            let kept: Vec<(i64, i64)> = spans.iter().collect();
            prop_assert!(kept.iter().all(|(s, e)| s < e));
            prop_assert!(kept.windows(2).all(|pair| pair[0].1 < pair[1].0));
            for (second, seen) in (0_i64..).zip(seconds) {
                prop_assert_eq!(kept.iter().any(|(s, e)| *s <= second && second < *e), seen);
            }
            for (second, seen) in (0_i64..).zip(seconds) {
                let inside = window.0 <= second && second < window.1;
                let missing = spans.missing(window.0, window.1);
                prop_assert_eq!(missing.iter().any(|(s, e)| *s <= second && second < *e), inside && !seen);
            }
        }
    }
}
