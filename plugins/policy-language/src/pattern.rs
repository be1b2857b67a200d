//! Regular expressions that must match the whole value, as the policy language has them.

use regex_lite::Regex;

/// A regular expression, anchored at both ends whatever its author wrote.
pub struct Pattern {
    written: String,
    anchored: Regex,
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pattern").field(&self.written).finish()
    }
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Why the pattern does not compile; lookaround and back-references are not available.
    pub fn new(written: &str) -> Result<Self, String> {
        // On its own first: `a)(b` only becomes an expression through the group put around it.
        Regex::new(written).map_err(|error| error.to_string())?;
        // The line break ends a comment that a pattern in verbose mode may end with.
        let anchored = match Regex::new(&format!(r"\A(?:{written})\z")) {
            Ok(anchored) => anchored,
            Err(_) => Regex::new(&format!("\\A(?:{written}\n)\\z")).map_err(|error| error.to_string())?,
        };
        // A first search fills the cache of the matcher, which is then frozen into the image with the pattern.
        anchored.is_match("");
        Ok(Pattern {
            written: written.into(),
            anchored,
        })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.anchored.is_match(text)
    }

    /// The pattern as its author wrote it.
    pub fn written(&self) -> &str {
        &self.written
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn both_ends_are_anchored() {
        let pattern = Pattern::new("a|bc").unwrap();
        assert!(pattern.matches("a") && pattern.matches("bc"));
        assert!(!pattern.matches("ac") && !pattern.matches("abc") && !pattern.matches("a\n"));
    }

    #[test]
    fn anchors_of_the_author_are_harmless() {
        assert!(Pattern::new("^15\\.4.*$").unwrap().matches("15.4.x-scala2.12"));
    }

    #[test]
    fn a_trailing_comment_does_not_swallow_the_anchor() {
        let pattern = Pattern::new("(?x) a b # letters").unwrap();
        assert!(pattern.matches("ab") && !pattern.matches("abc"));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        assert!(Pattern::new("a)(b").is_err());
        assert!(Pattern::new("[").is_err());
    }
}
