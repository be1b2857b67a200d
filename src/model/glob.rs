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
