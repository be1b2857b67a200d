//! Patterns with stars, as contracts and rules for cost centres have them.

/// Whether a text is what a pattern says: `*` stands for any characters, none included.
///
/// A pattern covers another where it matches its text: only a star matches a star.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(head) else {
        return false;
    };
    let Some((middle, tail)) = rest.rsplit_once('*') else {
        return left.len() >= rest.len() && left.ends_with(rest);
    };
    // Between two stars each part is best found as early as it can be.
    for part in middle.split('*') {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.len() >= tail.len() && left.ends_with(tail)
}

/// Whether the name of a file is what a pattern of a shell says: `*` stands for any characters, `?` for one, `[a-z]` and
/// `[^a-z]` for one of a set, `\\` takes the next character as it is. A pattern that is broken matches nothing.
pub fn matches_name(pattern: &str, name: &str) -> bool {
    let Some(pattern) = parts(pattern) else {
        return false;
    };
    let name: Vec<char> = name.chars().collect();
    // Positions in the name that the pattern so far may have reached: linear in both, whatever the stars.
    let mut reached = vec![false; name.len().saturating_add(1)];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for part in &pattern {
        let mut next = vec![false; reached.len()];
        let mut from_here = false;
        for (i, slot) in next.iter_mut().enumerate() {
            *slot = match part {
                Part::Any => {
                    from_here |= reached.get(i).copied().unwrap_or_default();
                    from_here
                }
                one => i.checked_sub(1).is_some_and(|before| {
                    reached.get(before).copied().unwrap_or_default()
                        && name.get(before).is_some_and(|c| one.takes(*c))
                }),
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// A part of a pattern of names.
enum Part {
    Any,
    One,
    Char(char),
    Set { not: bool, ranges: Vec<(char, char)> },
}

impl Part {
    fn takes(&self, c: char) -> bool {
        match self {
            Part::Any | Part::One => true,
            Part::Char(wanted) => *wanted == c,
            Part::Set { not, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *not,
        }
    }
}

fn parts(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        parts.push(match c {
            '*' => Part::Any,
            '?' => Part::One,
            '\\' => Part::Char(rest.next()?),
            '[' => {
                let not = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                loop {
                    let low = match rest.next()? {
                        ']' if !ranges.is_empty() => break,
                        '\\' => rest.next()?,
                        c => c,
                    };
                    let high = match rest.next_if_eq(&'-') {
                        Some(_) => match rest.next()? {
                            '\\' => rest.next()?,
                            c => c,
                        },
                        None => low,
                    };
                    ranges.push((low, high));
                }
                Part::Set { not, ranges }
            }
            c => Part::Char(c),
        });
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("dbu/*", "dbu/AZURE/X", true),
            ("dbu/*/X", "dbu/AZURE/XX", false),
            ("*X*X", "aXbX", true),
            ("*X*X", "aX", false),
            ("a*a", "a", false),
            ("**", "", true),
            ("a", "a", true),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn names_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*.yml", "etl.yml", true),
            ("*.yml", ".yml", true),
            ("**", "x", true),
            ("?.yml", "a.yml", true),
            ("?.yml", "ab.yml", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[]a]", "]", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[a", "a", false),
            ("", "", true),
            ("a*b*c", "a1b2b3c", true),
        ] {
            assert_eq!(matches_name(pattern, name), expected, "{pattern} {name}");
        }
        assert!(!matches_name(&"*a".repeat(1_000), &"a".repeat(999)));
    }

    proptest! {
        #[test]
        fn patterns_match_what_a_regular_expression_matches(pattern in "[ab*]{0,7}", text in "[ab]{0,9}") {
            let expression = regex::Regex::new(&format!("^{}$", pattern.replace('*', ".*"))).unwrap();
            prop_assert_eq!(matches(&pattern, &text), expression.is_match(&text));
        }

        #[test]
        fn a_pattern_covers_what_it_matches(wide in "[ab*]{0,5}", narrow in "[ab*]{0,5}", text in "[abc]{0,8}") {
            if matches(&wide, &narrow) && matches(&narrow, &text) {
                prop_assert!(matches(&wide, &text));
            }
        }
    }
}
