//! Patterns of paths: `teams/etl/**`, `**/*.yml`.
//!
//! `*` stands for any characters of one name, `**` for any characters, slashes included, and `**/` at the beginning of a name
//! for any folders, none included. There is nothing else: no classes, no braces.

/// What one part of a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// This character.
    Char(char),
    /// `*`
    Name,
    /// `**`
    Anything,
    /// `**/`
    Folders,
}

/// What stands for `**` and `**/` in a pattern that is itself looked at as a text. No path has these.
const ANYTHING: char = '\u{1}';
const FOLDERS: char = '\u{2}';

/// Whether a path is what a pattern says.
pub fn matches(pattern: &str, path: &str) -> bool {
    let text: Vec<char> = path.chars().collect();
    fits(&parts(pattern), &text)
}

/// Whether a pattern matches whatever another one does. What it says is certain; for subtler reasons nothing is said.
pub fn covers(wide: &str, narrow: &str) -> bool {
    let text: Vec<char> = parts(narrow)
        .into_iter()
        .map(|part| match part {
            Part::Char(c) => c,
            Part::Name => '*',
            Part::Anything => ANYTHING,
            Part::Folders => FOLDERS,
        })
        .collect();
    fits(&parts(wide), &text)
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    let mut begins = true;
    while let Some(first) = rest.chars().next() {
        let (part, length) = match (rest.starts_with("**/") && begins, rest.starts_with("**"), first) {
            (true, ..) => (Part::Folders, 3),
            (_, true, _) => (Part::Anything, 2),
            (.., '*') => (Part::Name, 1),
            (.., c) => (Part::Char(c), c.len_utf8()),
        };
        begins = matches!(part, Part::Folders | Part::Char('/'));
        parts.push(part);
        rest = rest.get(length..).unwrap_or("");
    }
    parts
}

/// Which beginnings of the text the parts so far can have matched, part by part.
fn fits(parts: &[Part], text: &[char]) -> bool {
    let mut reached: Vec<bool> = vec![false; text.len().saturating_add(1)];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for part in parts {
        reached = match part {
            Part::Char(wanted) => step(&reached, text, wanted),
            // Only a star matches a star.
            Part::Name => spread(
                &reached,
                text,
                |c| !matches!(c, '/' | ANYTHING | FOLDERS),
                |_| true,
            ),
            Part::Anything => spread(&reached, text, |_| true, |_| true),
            Part::Folders => spread(&reached, text, |_| true, |c| matches!(c, '/' | FOLDERS)),
        };
    }
    reached.last().copied().unwrap_or_default()
}

fn step(reached: &[bool], text: &[char], wanted: &char) -> Vec<bool> {
    let moved = reached.iter().zip(text).map(|(here, c)| *here && c == wanted);
    std::iter::once(false).chain(moved).collect()
}

/// From every place that was reached any number of characters that may be passed; it ends after one that may end it, or at
/// once.
fn spread(
    reached: &[bool],
    text: &[char],
    passes: impl Fn(char) -> bool,
    ends: impl Fn(char) -> bool,
) -> Vec<bool> {
    let mut on_the_way = false;
    let mut next = Vec::with_capacity(reached.len());
    let before = std::iter::once(None).chain(text.iter().copied().map(Some));
    for (here, before) in reached.iter().zip(before) {
        on_the_way = on_the_way && before.is_some_and(&passes);
        next.push(*here || (on_the_way && before.is_some_and(&ends)));
        on_the_way = on_the_way || *here;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_names_and_two_for_folders() {
        for (pattern, path, expected) in [
            ("teams/*/databricks.yml", "teams/etl/databricks.yml", true),
            ("teams/*/databricks.yml", "teams/etl/x/databricks.yml", false),
            ("teams/**", "teams/etl/x.json", true),
            ("teams/**", "teams", false),
            ("teams/**/x.json", "teams/x.json", true),
            ("teams/**/x.json", "teams/a/b/x.json", true),
            ("teams/**/x.json", "teams/ax.json", false),
            ("**/*.yml", "databricks.yml", true),
            ("**/*.yml", "a/b/c.yml", true),
            ("a**z", "a/b/z", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("é*", "éa", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        for (wide, narrow, expected) in [
            ("teams/**", "teams/etl/**", true),
            ("teams/*", "teams/etl/**", false),
            ("teams/*", "teams/*.json", true),
            ("**/*.yml", "teams/**/*.yml", true),
            ("**/x.yml", "**/x.yml", true),
            ("*", "**", false),
            ("**", "*", true),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide} {narrow}");
        }
    }

    proptest! {
        #[test]
        fn patterns_match_what_a_regular_expression_matches(pattern in "[ab*/]{0,7}", path in "[ab/]{0,8}") {
            let mut expression = String::from("^");
            for part in parts(&pattern) {
                match part {
                    Part::Char(c) => expression.push(c),
                    Part::Name => expression.push_str("[^/]*"),
                    Part::Anything => expression.push_str(".*"),
                    Part::Folders => expression.push_str("(.*/)?"),
                }
            }
            expression.push('$');
            let expression = regex::Regex::new(&expression).unwrap();
            prop_assert_eq!(matches(&pattern, &path), expression.is_match(&path));
        }

        #[test]
        fn what_a_covered_pattern_matches_the_wider_one_matches(wide in "[ab*/]{0,5}", narrow in "[ab*/]{0,5}", path in "[ab/]{0,7}") {
            if covers(&wide, &narrow) && matches(&narrow, &path) {
                prop_assert!(matches(&wide, &path));
            }
        }
    }
}
