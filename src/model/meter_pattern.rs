//! Patterns of meters: `dbu/AZURE/PREMIUM_*`. What a contract speaks of.

use std::fmt;

use super::meter::Meter;

/// What the texts of meters that a contract may speak of begin with.
pub const KINDS: [&str; 6] = ["vm/", "dbu/", "disk/", "public_ip/", "nat_gateway/", "storage/"];

/// The text of a meter in which `*` stands for any characters, none included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterPattern(String);

/// A pattern that no meter could match.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` begins with no kind of meter; expected one of {kinds}, as in `dbu/AZURE/PREMIUM_*`", kinds = KINDS.join(" "))]
pub struct NotAPattern(pub String);

impl MeterPattern {
    /// A pattern that begins with a kind of meter, or with a star.
    ///
    /// # Errors
    /// [`NotAPattern`].
    pub fn new(text: &str) -> Result<MeterPattern, NotAPattern> {
        if text.starts_with('*') || KINDS.iter().any(|kind| text.starts_with(kind)) {
            Ok(MeterPattern(text.to_owned()))
        } else {
            Err(NotAPattern(text.to_owned()))
        }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it speaks of a meter.
    pub fn matches(&self, meter: &Meter) -> bool {
        self.matches_text(&meter.to_string())
    }

    /// Whether it speaks of a meter of this text.
    pub fn matches_text(&self, meter: &str) -> bool {
        matches(&self.0, meter)
    }
}

impl fmt::Display for MeterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is what a pattern says.
fn matches(pattern: &str, text: &str) -> bool {
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

    #[test]
    fn a_pattern_begins_with_a_kind_of_meter() {
        assert!(MeterPattern::new("vm/AZURE/*").is_ok());
        assert!(MeterPattern::new("*JOBS*").is_ok());
        assert!(MeterPattern::new("JOBS").is_err());
        assert!(MeterPattern::new("commitment/AZURE/vm/x").is_err());
    }

    proptest! {
        #[test]
        fn patterns_match_what_a_regular_expression_matches(pattern in "[ab*]{0,7}", text in "[ab]{0,9}") {
            let expression = regex::Regex::new(&format!("^{}$", pattern.replace('*', ".*"))).unwrap();
            prop_assert_eq!(matches(&pattern, &text), expression.is_match(&text));
        }
    }
}
