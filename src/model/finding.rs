//! What a linter finds: a diagnostic, and the change of the file that would settle it where that is safe.

use super::diagnostic::{Diagnostic, Severity};

/// What a linter can find. Its code is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lint {
    /// `lint::kebab-name`.
    pub code: &'static str,
    /// Error where the policy does not do what it says; warning where it probably was not meant.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// Why it matters, in a paragraph.
    pub why: &'static str,
    /// Where that is known from.
    pub source: &'static str,
    /// What `--fix` does about it; none where a person must decide.
    pub fix: Option<&'static str>,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What and where.
    pub diagnostic: Diagnostic,
    /// What would settle it.
    pub fix: Option<Fix>,
}

/// A change of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fix {
    /// What is done, in the past tense: `renamed to ...`.
    pub done: String,
    /// The bytes concerned; together or not at all.
    pub edits: Vec<Edit>,
}

/// Some bytes of a file, and what stands there instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// First byte.
    pub start: usize,
    /// First byte after.
    pub end: usize,
    /// The new text.
    pub text: String,
}

impl Finding {
    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.diagnostic.hint = Some(hint.into());
        self
    }

    /// Adds a fix, where all of its edits can be made.
    pub fn fix(mut self, done: impl Into<String>, edits: impl IntoIterator<Item = Option<Edit>>) -> Finding {
        let edits: Option<Vec<Edit>> = edits.into_iter().collect();
        self.fix = edits.filter(|edits| !edits.is_empty()).map(|edits| Fix {
            done: done.into(),
            edits,
        });
        self
    }
}

impl From<Diagnostic> for Finding {
    fn from(diagnostic: Diagnostic) -> Finding {
        Finding {
            diagnostic,
            fix: None,
        }
    }
}

/// Makes those changes of a text that do not touch each other, the first of two that do; what was changed, and how
/// many of the fixes were made.
pub fn apply<'a>(text: &str, fixes: impl IntoIterator<Item = &'a Fix>) -> (String, Vec<&'a Fix>) {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut made = Vec::new();
    for fix in fixes {
        let apart = |edit: &Edit| {
            taken
                .iter()
                .all(|other| edit.end <= other.start || other.end <= edit.start)
        };
        let there = |edit: &Edit| edit.start <= edit.end && text.get(edit.start..edit.end).is_some();
        if fix.edits.iter().all(|edit| apart(edit) && there(edit)) {
            taken.extend(&fix.edits);
            made.push(fix);
        }
    }
    taken.sort_unstable_by_key(|edit| edit.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in taken {
        out.push_str(text.get(at..edit.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    (out, made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        Fix {
            done: String::new(),
            edits: edits
                .iter()
                .map(|(start, end, text)| Edit {
                    start: *start,
                    end: *end,
                    text: (*text).to_owned(),
                })
                .collect(),
        }
    }

    #[test]
    fn only_the_bytes_concerned_change_and_changes_do_not_touch() {
        let fixes = [
            fix(&[(4, 5, "")]),
            fix(&[(0, 1, "A"), (2, 3, "")]),
            fix(&[(1, 3, "never")]),
            fix(&[(90, 91, "never")]),
        ];
        let (text, made) = apply("abcdefg", &fixes);
        assert_eq!((text.as_str(), made.len()), ("Abdfg", 2));
    }
}
