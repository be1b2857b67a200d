//! A JSON text whose parts know their line: one document, several after each other, or one per line.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

use super::diagnostic::{Diagnostic, json_message};

/// A text that holds JSON.
#[derive(Debug)]
pub struct JsonText<'a> {
    source: &'a str,
    text: &'a str,
    /// Offsets of all line breaks.
    line_ends: Vec<usize>,
}

/// What was found in a text.
#[derive(Debug, Default)]
pub struct Documents<'a> {
    /// The documents, in the order written.
    pub found: Vec<&'a RawValue>,
    /// What is no JSON.
    pub problems: Vec<Diagnostic>,
}

impl<'a> JsonText<'a> {
    /// A text; parts of it are given as slices of this very text.
    pub fn new(source: &'a str, text: &'a str) -> JsonText<'a> {
        let line_ends = text.match_indices('\n').map(|(i, _)| i).collect();
        JsonText {
            source,
            text,
            line_ends,
        }
    }

    /// Every document; what is no JSON gets the given code. Where each line is a document, a broken one does not hide
    /// the others.
    pub fn documents(&self, code: &'static str) -> Documents<'a> {
        let mut documents = Documents::default();
        let text = self.text.trim_start_matches('\u{feff}');
        if let Ok(one) = serde_json::from_str::<&RawValue>(text) {
            documents.found.push(one);
        } else if is_line_by_line(text) {
            for line in text.lines().filter(|l| !l.trim().is_empty()) {
                match serde_json::from_str::<&RawValue>(line) {
                    Ok(one) => documents.found.push(one),
                    Err(error) => documents.problems.push(self.syntax(code, line, &error)),
                }
            }
        } else {
            for one in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
                match one {
                    Ok(one) => documents.found.push(one),
                    Err(error) => documents.problems.push(self.syntax(code, text, &error)),
                }
            }
        }
        documents
    }

    fn syntax(&self, code: &'static str, part: &str, error: &serde_json::Error) -> Diagnostic {
        let line = self.line_of(part).saturating_add(error.line()).saturating_sub(1);
        Diagnostic::error(code, self.source, json_message(error)).at(line, error.column())
    }

    /// The line on which a part of the text begins, from 1.
    pub fn line_of(&self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.line_ends
            .partition_point(|end| *end < offset)
            .saturating_add(1)
    }

    /// The line of the value at some steps below a part; that of its nearest parent where there is none.
    pub fn line_below<'s>(&self, part: &'a RawValue, steps: impl IntoIterator<Item = &'s str>) -> usize {
        let mut at = part;
        for step in steps {
            match member(at, step) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        self.line_of(at.get())
    }

    /// The line of the value that a JSON pointer leads to, below a part; that of its nearest parent where there is none.
    pub fn line_at(&self, part: &'a RawValue, pointer: &str) -> usize {
        let steps: Vec<String> = pointer
            .split('/')
            .skip(1)
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect();
        self.line_below(part, steps.iter().map(String::as_str))
    }
}

/// A member of an object or an array, by its key or index.
pub fn member<'a>(of: &'a RawValue, step: &str) -> Option<&'a RawValue> {
    match of.get().as_bytes().first() {
        Some(b'{') => members(of)?.get(step).copied(),
        Some(b'[') => items(of)?.get(step.parse::<usize>().ok()?).copied(),
        _ => None,
    }
}

/// The members of an object; none for anything else.
pub fn members(of: &RawValue) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(of.get()).ok()
}

/// The items of an array; none for anything else.
pub fn items(of: &RawValue) -> Option<Vec<&RawValue>> {
    of.get()
        .starts_with('[')
        .then(|| serde_json::from_str(of.get()).ok())?
}

/// The first line is a whole JSON object and there are others.
fn is_line_by_line(text: &str) -> bool {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let first = lines
        .next()
        .is_some_and(|l| l.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(l).is_ok());
    first && lines.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<usize>, Vec<usize>) {
        let json = JsonText::new("x.json", text);
        let documents = json.documents("x::syntax");
        (
            documents.found.iter().map(|d| json.line_of(d.get())).collect(),
            documents.problems.iter().map(|p| p.line).collect(),
        )
    }

    #[test]
    fn documents_stand_alone_one_per_line_or_one_after_the_other() {
        assert_eq!(lines("\u{feff}\n{\"a\": 1}\n"), (vec![2], vec![]));
        assert_eq!(lines("{\"a\": 1}\n{broken\n{\"a\": 2}\n"), (vec![1, 3], vec![2]));
        assert_eq!(lines("{\n\"a\": 1}\n{\n\"a\": 2}"), (vec![1, 3], vec![]));
        assert_eq!(lines("{\n\"a\": 1}\n{\n\"a\" 2}"), (vec![1], vec![4]));
        assert_eq!(lines(&"[".repeat(100_000)).1.len(), 1);
    }

    #[test]
    fn values_below_have_lines() {
        let text = "{\"a\": [1,\n {\"b.c\":\n 2}]}";
        let json = JsonText::new("x.json", text);
        let all = json.documents("x::syntax").found[0];
        assert_eq!(json.line_below(all, ["a", "1", "b.c"]), 3);
        assert_eq!(json.line_below(all, ["a", "1", "nothing", "here"]), 2);
    }
}
