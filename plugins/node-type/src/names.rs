//! Lists of node types, exact or with `*` for any run of characters.

use tollgate_sdk::allowed;

/// Entries as their author wrote them.
pub struct Names(pub Vec<String>);

impl Names {
    /// The first entry that a node type matches.
    pub fn matching(&self, node_type_id: &str) -> Option<&str> {
        self.0
            .iter()
            .map(String::as_str)
            .find(|entry| matches(entry, node_type_id))
    }

    /// The one node type that a list admits.
    pub fn only(&self) -> Option<&str> {
        match self.0.as_slice() {
            [only] if !only.contains('*') => Some(only),
            _ => None,
        }
    }

    /// The entries, for a message.
    pub fn listed(&self) -> String {
        if self.0.is_empty() {
            return "the allowed ones, of which there are none".into();
        }
        self.0
            .iter()
            .map(|entry| format!("`{entry}`"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// A list of values, or a pattern where an entry stands for many.
    pub fn allowed(&self) -> String {
        if self.0.iter().any(|entry| entry.contains('*')) {
            return allowed::pattern(
                &self
                    .0
                    .iter()
                    .map(|entry| pattern(entry))
                    .collect::<Vec<_>>()
                    .join("|"),
            );
        }
        allowed::values(&self.0)
    }

    /// Anything but the entries.
    pub fn blocked(&self) -> String {
        allowed::blocklist(&self.0)
    }
}

/// The regular expression that an entry stands for.
fn pattern(entry: &str) -> String {
    let mut pattern = String::with_capacity(entry.len().saturating_mul(2));
    for c in entry.chars() {
        match c {
            '*' => pattern.push_str(".*"),
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') => pattern.push(c),
            c => pattern.extend(['\\', c]),
        }
    }
    pattern
}

fn matches(entry: &str, text: &str) -> bool {
    let Some((first, rest)) = entry.split_once('*') else {
        return entry == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        // What follows the last star ends the text; anything before it is taken where it first occurs.
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.split_once(part) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{matches, pattern};

    #[test]
    fn stars_stand_for_any_run_of_characters() {
        for (entry, text) in [
            ("a", "a"),
            ("*", ""),
            ("*", "a"),
            ("a*", "a"),
            ("a*", "abc"),
            ("*c", "abc"),
            ("a*c", "ac"),
            ("a*c", "abcbc"),
            ("Standard_D*s_v5", "Standard_D8s_v5"),
            ("*a*", "bab"),
            ("a**b", "ab"),
            ("*ab*ab", "abab"),
        ] {
            assert!(matches(entry, text), "{entry} {text}");
        }
        for (entry, text) in [
            ("a", "ab"),
            ("a", "A"),
            ("a*", "ba"),
            ("a*a", "a"),
            ("*c", "ca"),
            ("a*b*c", "ac"),
            ("*ab*ab", "ab"),
            ("m5.large", "m5xlarge"),
        ] {
            assert!(!matches(entry, text), "{entry} {text}");
        }
    }

    #[test]
    fn dots_are_dots() {
        assert_eq!(pattern("m5.*"), "m5\\..*");
    }
}
