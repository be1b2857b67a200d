//! A walk over the text of a regular expression: its alternatives, its anchors, its classes, its dots.

use crate::model::tree::Span;

/// What a walk over a pattern can look for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A class with its brackets.
    Class,
    /// A `.` that matches any character and is not repeated.
    Dot,
    /// A `|` outside of groups.
    Bar,
}

/// Where the parts of one kind are, as first byte and first byte after.
pub(super) fn spans(pattern: &str, wanted: Part) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut groups, mut class): (usize, Option<(usize, usize)>) = (0, None);
    let mut chars = pattern.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, class) {
            ('\\', _) => {
                chars.next();
            }
            ('[', None) => {
                class = Some((at, 1));
                // A bracket that comes first is a letter of the class.
                chars.next_if(|(_, c)| *c == '^');
                chars.next_if(|(_, c)| *c == ']');
            }
            ('[', Some((start, depth))) => class = Some((start, depth.saturating_add(1))),
            (']', Some((start, 1))) => {
                class = None;
                if wanted == Part::Class {
                    found.push((start, at.saturating_add(1)));
                }
            }
            (']', Some((start, depth))) => class = Some((start, depth.saturating_sub(1))),
            (_, Some(_)) => {}
            ('(', None) => groups = groups.saturating_add(1),
            (')', None) => groups = groups.saturating_sub(1),
            ('.', None)
                if wanted == Part::Dot && !matches!(chars.peek(), Some((_, '*' | '+' | '?' | '{'))) =>
            {
                found.push((at, at.saturating_add(1)));
            }
            ('|', None) if wanted == Part::Bar && groups == 0 => found.push((at, at.saturating_add(1))),
            _ => {}
        }
    }
    found
}

/// The alternatives of a pattern.
pub(super) fn branches(pattern: &str) -> Vec<Span> {
    let mut branches = Vec::new();
    let mut start = 0;
    for (bar, after) in spans(pattern, Part::Bar) {
        branches.push(Span { start, end: bar });
        start = after;
    }
    branches.push(Span {
        start,
        end: pattern.len(),
    });
    branches
}

/// Whether an alternative begins with `^` and ends with `$`. In a pattern with flags neither is certain.
pub(super) fn anchors(pattern: &str, branch: Span) -> (bool, bool) {
    let text = pattern.get(branch.start..branch.end).unwrap_or_default();
    let verbose = pattern.match_indices("(?").any(|(at, _)| {
        pattern
            .get(at.saturating_add(2)..)
            .is_some_and(|t| t.starts_with(|c: char| c.is_ascii_alphabetic()))
    });
    if verbose {
        return (false, false);
    }
    let rest = text.strip_prefix('^');
    let start = rest.is_some_and(|rest| !rest.starts_with(['*', '+', '?', '{']));
    let end = text
        .strip_suffix('$')
        .is_some_and(|before| before.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 0);
    (start, end)
}

/// Classes whose letters stand between commas or bars, with which of the two.
pub(super) fn classes_with_separators(pattern: &str) -> Vec<(&str, char)> {
    let mut found = Vec::new();
    for (start, end) in spans(pattern, Part::Class) {
        let class = pattern.get(start..end).unwrap_or_default();
        let inner = class.trim_start_matches('[').trim_end_matches(']');
        for separator in [',', '|'] {
            let parts: Vec<&str> = inner.split(separator).collect();
            let single = |part: &&str| part.len() == 1 && part.bytes().all(|b| b.is_ascii_alphanumeric());
            if parts.len() > 1 && parts.iter().all(single) {
                found.push((class, separator));
            }
        }
    }
    found
}

/// A pattern without some of its letters.
pub(super) fn removed(text: &str, drops: &[Span]) -> String {
    text.char_indices()
        .filter(|(at, _)| drops.iter().all(|drop| drop.start != *at))
        .map(|(_, c)| c)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_anchors(pattern: &str) -> Option<String> {
        let branches = branches(pattern);
        let mut drops = Vec::new();
        for branch in &branches {
            let (start, end) = anchors(pattern, *branch);
            if branches.len() > 1 && !(start && end) {
                return None;
            }
            if start {
                drops.push(Span {
                    start: branch.start,
                    end: branch.start + 1,
                });
            }
            if end {
                drops.push(Span {
                    start: branch.end - 1,
                    end: branch.end,
                });
            }
        }
        (!drops.is_empty()).then(|| removed(pattern, &drops))
    }

    #[test]
    fn anchors_are_seen_where_they_are_anchors() {
        for (pattern, without) in [
            ("^a$", Some("a")),
            ("^(a|b)$", Some("(a|b)")),
            ("a$", Some("a")),
            ("^a$|^b$", Some("a|b")),
            ("^a|b$", None),
            ("a\\$", None),
            ("a\\\\$", Some("a\\\\")),
            ("[$]", None),
            ("^*a", None),
            ("(?x)a # b$", None),
        ] {
            assert_eq!(without_anchors(pattern).as_deref(), without, "{pattern}");
        }
    }

    #[test]
    fn a_walk_knows_classes_groups_and_escapes() {
        let count = |pattern: &str, part| spans(pattern, part).len();
        assert_eq!(count("a|(b|c)|[|]", Part::Bar), 2);
        assert_eq!(count("6.[0-9].x\\.[.].*", Part::Dot), 2);
        assert_eq!(count("[]a]b[^]]", Part::Class), 2);
        assert_eq!(
            classes_with_separators("v[2,3][a-c][A|B][1,]"),
            [("[2,3]", ','), ("[A|B]", '|')]
        );
    }
}
